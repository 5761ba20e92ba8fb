"""The resource types that the emulator makes itself are there, and say what was asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from carnation.emulator import Emulator
from carnation.errors import EmulatorError
from tests.emulator.test_stacks import ROLE, ROLE_ARN, deploy

POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
}


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as opened:
        yield opened


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    """Make a resource of a template."""
    return {"Type": f"AWS::{kind}", "Properties": properties}


def test_an_alarm_watches_what_it_was_given(emulator: Emulator) -> None:
    alarm = resource(
        "CloudWatch::Alarm",
        AlarmName="watch",
        Namespace="AWS/SQS",
        MetricName="ApproximateAgeOfOldestMessage",
        Dimensions=[{"Name": "QueueName", "Value": "q"}],
        Statistic="Maximum",
        Period="300",
        EvaluationPeriods="1",
        DatapointsToAlarm=1,
        Threshold="0.5",
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
        AlarmActions=[{"Ref": "Topic"}],
    )
    outputs = {"Arn": {"Fn::GetAtt": ["Alarm", "Arn"]}, "Name": {"Ref": "Alarm"}}
    made = deploy(emulator, {"Topic": resource("SNS::Topic"), "Alarm": alarm}, outputs)
    (found,) = emulator.client("cloudwatch").describe_alarms(AlarmNames=["watch"])["MetricAlarms"]
    assert made.outputs == {"Arn": found["AlarmArn"], "Name": "watch"}
    assert (found["Period"], found["Threshold"]) == (300, 0.5)
    assert found["AlarmActions"] == [made.resources[made.stack_name]["Topic"]]
    assert found["TreatMissingData"] == "notBreaching"


def test_a_subscription_and_a_policy_of_a_topic(emulator: Emulator) -> None:
    subscription = resource(
        "SNS::Subscription",
        TopicArn={"Ref": "Topic"},
        Protocol="email",
        Endpoint="a@example.com",
        FilterPolicy={"a": ["b"]},
    )
    policy = resource("SNS::TopicPolicy", Topics=[{"Ref": "Topic"}], PolicyDocument=POLICY)
    topic = resource("SNS::Topic", TopicName="t")
    outputs = {"Topic": {"Ref": "Topic"}, "Subscription": {"Ref": "S"}}
    made = deploy(emulator, {"Topic": topic, "S": subscription, "P": policy}, outputs)
    sns = emulator.client("sns")
    (found,) = sns.list_subscriptions()["Subscriptions"]
    assert found["Endpoint"] == "a@example.com"
    assert found["SubscriptionArn"] == made.outputs["Subscription"]
    attributes = sns.get_subscription_attributes(SubscriptionArn=made.outputs["Subscription"])
    assert json.loads(attributes["Attributes"]["FilterPolicy"]) == {"a": ["b"]}
    topic_attributes = sns.get_topic_attributes(TopicArn=made.outputs["Topic"])["Attributes"]
    assert json.loads(topic_attributes["Policy"]) == POLICY


def test_policies_of_a_queue_and_a_bucket(emulator: Emulator) -> None:
    resources = {
        "Queue": resource("SQS::Queue", QueueName="guarded"),
        "QueuePolicy": resource(
            "SQS::QueuePolicy", Queues=[{"Ref": "Queue"}], PolicyDocument=POLICY
        ),
        "Bucket": resource("S3::Bucket", BucketName="guarded"),
        "BucketPolicy": resource(
            "S3::BucketPolicy", Bucket={"Ref": "Bucket"}, PolicyDocument=json.dumps(POLICY)
        ),
    }
    made = deploy(emulator, resources, {"Url": {"Ref": "Queue"}})
    attributes = emulator.client("sqs").get_queue_attributes(
        QueueUrl=made.outputs["Url"], AttributeNames=["Policy"]
    )
    assert json.loads(attributes["Attributes"]["Policy"]) == POLICY
    policy = emulator.client("s3").get_bucket_policy(Bucket="guarded")["Policy"]
    assert json.loads(policy) == POLICY


def test_a_policy_is_kept_and_not_enforced(emulator: Emulator) -> None:
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="plain-http")
    refusal = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": "arn:aws:s3:::plain-http/*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = {"Version": "2012-10-17", "Statement": [refusal]}
    s3.put_bucket_policy(Bucket="plain-http", Policy=json.dumps(policy))
    s3.put_object(Bucket="plain-http", Key="k", Body=b"body")
    assert emulator.objects("plain-http") == {"k": b"body"}


def test_a_schedule(emulator: Emulator) -> None:
    schedule = resource(
        "Scheduler::Schedule",
        Name="often",
        ScheduleExpression="rate(15 minutes)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": "arn:aws:states:us-east-1:123456789012:stateMachine:m", "RoleArn": ROLE_ARN},
    )
    made = deploy(
        emulator, {"Role": ROLE, "Often": schedule}, {"Arn": {"Fn::GetAtt": ["Often", "Arn"]}}
    )
    found = emulator.client("scheduler").get_schedule(Name="often")
    assert found["Arn"] == made.outputs["Arn"]
    assert (found["ScheduleExpression"], found["State"]) == ("rate(15 minutes)", "ENABLED")


def test_a_key_can_be_described_and_used_under_its_alias(emulator: Emulator) -> None:
    key = resource(
        "KMS::Key",
        KeyPolicy=POLICY,
        Description="d",
        EnableKeyRotation="true",
        Tags=[{"Key": "a", "Value": "b"}],
    )
    disabled = resource("KMS::Key", KeyPolicy=POLICY, Enabled=False)
    alias = resource("KMS::Alias", AliasName="alias/k", TargetKeyId={"Ref": "Key"})
    made = deploy(
        emulator,
        {"Key": key, "Alias": alias, "Disabled": disabled},
        {"Arn": {"Fn::GetAtt": ["Key", "Arn"]}, "Id": {"Ref": "Key"}, "Off": {"Ref": "Disabled"}},
    )
    kms = emulator.client("kms")
    described = kms.describe_key(KeyId="alias/k")["KeyMetadata"]
    assert (described["Arn"], described["KeyId"]) == (made.outputs["Arn"], made.outputs["Id"])
    assert described["Description"] == "d"
    assert kms.get_key_rotation_status(KeyId=made.outputs["Id"])["KeyRotationEnabled"] is True
    assert kms.list_resource_tags(KeyId=made.outputs["Id"])["Tags"] == [
        {"TagKey": "a", "TagValue": "b"}
    ]
    secret = kms.encrypt(KeyId="alias/k", Plaintext=b"p")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=secret)["Plaintext"] == b"p"
    assert kms.describe_key(KeyId=made.outputs["Off"])["KeyMetadata"]["Enabled"] is False


def test_a_log_group_keeps_its_key_its_retention_and_its_tags(emulator: Emulator) -> None:
    key = resource("KMS::Key", KeyPolicy=POLICY)
    group = resource(
        "Logs::LogGroup",
        LogGroupName="/g",
        RetentionInDays="30",
        KmsKeyId={"Fn::GetAtt": ["Key", "Arn"]},
        Tags=[{"Key": "a", "Value": "b"}],
    )
    plain = resource("Logs::LogGroup", LogGroupName="/g-plain")
    made = deploy(
        emulator,
        {"Key": key, "Group": group, "Plain": plain},
        {"Arn": {"Fn::GetAtt": ["Group", "Arn"]}},
    )
    found = emulator.client("logs").describe_log_groups(logGroupNamePrefix="/g")["logGroups"]
    assert [(row["logGroupName"], row.get("retentionInDays")) for row in found] == [
        ("/g", 30),
        ("/g-plain", None),
    ]
    assert found[0]["arn"] == made.outputs["Arn"]
    assert found[0]["kmsKeyId"].startswith("arn:aws:kms:")


def test_a_function_keeps_what_moto_leaves_out(emulator: Emulator) -> None:
    function = resource(
        "Lambda::Function",
        FunctionName="complete",
        Runtime="python3.13",
        Handler="handler.handle",
        Architectures=["arm64"],
        Role=ROLE_ARN,
        Code={"S3Bucket": "artifacts", "S3Key": "echo.zip"},
        Timeout="7",
        MemorySize="256",
        KmsKeyArn="arn:aws:kms:us-east-1:123456789012:key/k",
        TracingConfig={"Mode": "Active"},
        LoggingConfig={"LogFormat": "JSON"},
        ReservedConcurrentExecutions="5",
        Environment={"Variables": {"A": "1"}},
        Tags=[{"Key": "a", "Value": "b"}],
    )
    deploy(emulator, {"Role": ROLE, "F": function}, {"Arn": {"Fn::GetAtt": ["F", "Arn"]}})
    answer = emulator.client("lambda").get_function(FunctionName="complete")
    found = answer["Configuration"]
    assert (found["Timeout"], found["MemorySize"]) == (7, 256)
    assert found["Architectures"] == ["arm64"]
    assert found["TracingConfig"] == {"Mode": "Active"}
    assert found["KMSKeyArn"].endswith("/k")
    assert answer["Tags"] == {"a": "b"}
    assert answer["Concurrency"] == {"ReservedConcurrentExecutions": 5}


def test_a_table_has_its_recovery_and_its_time_to_live(emulator: Emulator) -> None:
    table = resource(
        "DynamoDB::Table",
        TableName="kept",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "N"}],
        KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": "true"},
        TimeToLiveSpecification={"AttributeName": "ttl", "Enabled": True},
        DeletionProtectionEnabled=False,
    )
    plain = resource("DynamoDB::Table", **{**table["Properties"], "TableName": "plain"})
    for name in ("PointInTimeRecoverySpecification", "TimeToLiveSpecification"):
        del plain["Properties"][name]
    deploy(emulator, {"Table": table, "Plain": plain}, {"Arn": {"Fn::GetAtt": ["Table", "Arn"]}})
    dynamodb = emulator.client("dynamodb")

    def read(name: str) -> tuple[str, str]:
        backups = dynamodb.describe_continuous_backups(TableName=name)
        recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        return recovery["PointInTimeRecoveryStatus"], expiry["TimeToLiveStatus"]

    assert read("kept") == ("ENABLED", "ENABLED")
    assert read("plain") == ("DISABLED", "DISABLED")


def test_an_attribute_that_is_not_there_is_an_error_that_names_those_that_are(
    emulator: Emulator,
) -> None:
    schedule = resource("KMS::Alias", AliasName="alias/a", TargetKeyId={"Ref": "Key"})
    key = resource("KMS::Key", KeyPolicy=POLICY)
    topic = resource("SNS::Topic", TopicName={"Fn::GetAtt": ["Alias", "Arn"]})
    with pytest.raises(EmulatorError, match="supported for AWS::KMS::Alias: none"):
        deploy(emulator, {"Key": key, "Alias": schedule, "Topic": topic})
