"""Stacks end as AWS would end them: events, rollback, retained resources, exports, change sets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from carnation.emulator import Emulator
from tests.emulator.test_cloudformation_kinds import ROLE, arn, of, ref
from tests.emulator.test_emulator import pack

BAD = {
    "Type": "AWS::SNS::Subscription", "DependsOn": "Q",
    "Properties": {"TopicArn": "arn:aws:sns:us-east-1:123456789012:none", "Protocol": "sqs"},
}  # fmt: skip
RETAIN = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
IAM = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(in_process=True) as opened:
        yield opened


@pytest.fixture
def cloudformation(emulator: Emulator) -> Any:
    return emulator.client("cloudformation")


def template(resources: dict[str, Any], **sections: Any) -> str:
    return json.dumps({"Resources": resources, **sections})


def queue(name: str, **more: Any) -> dict[str, Any]:
    return {**of("SQS::Queue", QueueName=name), **more}


def status(cloudformation: Any, name: str) -> str:
    (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    return str(stack["StackStatus"])


def events(cloudformation: Any, name: str) -> list[tuple[str, str]]:
    rows = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    return [(row["LogicalResourceId"], row["ResourceStatus"]) for row in reversed(rows)]


def queues(emulator: Emulator) -> list[str]:
    urls = emulator.client("sqs").list_queues().get("QueueUrls", [])
    return sorted(url.rsplit("/", 1)[1] for url in urls)


def test_a_failed_creation_rolls_back_and_says_so_in_its_events(
    emulator: Emulator, cloudformation: Any
) -> None:
    text = template({
        "Q": queue("q"), "Kept": queue("kept", **RETAIN),
        "New": queue("new", DeletionPolicy="RetainExceptOnCreate"),
        "Bad": {**BAD, "DependsOn": ["Q", "Kept", "New"]},
    })  # fmt: skip
    cloudformation.create_stack(StackName="s", TemplateBody=text)
    found = events(cloudformation, "s")
    assert found[:4] == [
        ("s", "CREATE_IN_PROGRESS"), ("Q", "CREATE_IN_PROGRESS"), ("Q", "CREATE_IN_PROGRESS"),
        ("Q", "CREATE_COMPLETE"),
    ]  # fmt: skip
    assert found[-8:] == [
        ("Bad", "CREATE_FAILED"), ("s", "ROLLBACK_IN_PROGRESS"),
        ("New", "DELETE_IN_PROGRESS"), ("New", "DELETE_COMPLETE"), ("Kept", "DELETE_SKIPPED"),
        ("Q", "DELETE_IN_PROGRESS"), ("Q", "DELETE_COMPLETE"), ("s", "ROLLBACK_COMPLETE"),
    ]  # fmt: skip
    assert queues(emulator) == ["kept"]
    with pytest.raises(ClientError, match="ROLLBACK_COMPLETE state and can not be updated"):
        cloudformation.update_stack(StackName="s", TemplateBody=text)


def test_a_failed_update_puts_everything_back(emulator: Emulator, cloudformation: Any) -> None:
    before = template({"Q": queue("q"), "Old": queue("old")})
    cloudformation.create_stack(StackName="s", TemplateBody=before)
    after = template({"Q": queue("renamed"), "Added": queue("added"), "Bad": BAD})
    cloudformation.update_stack(StackName="s", TemplateBody=after)
    assert status(cloudformation, "s") == "UPDATE_ROLLBACK_COMPLETE"
    assert queues(emulator) == ["old", "q"]
    assert cloudformation.get_template(StackName="s")["TemplateBody"] == json.loads(before)
    cloudformation.update_stack(StackName="s", TemplateBody=template({"Q": queue("renamed")}))
    assert status(cloudformation, "s") == "UPDATE_COMPLETE"
    assert queues(emulator) == ["renamed"]


def test_an_update_without_changes_and_one_that_needs_another_name_are_refused(
    cloudformation: Any,
) -> None:
    cloudformation.create_stack(StackName="s", TemplateBody=template({"Q": queue("q")}))
    with pytest.raises(ClientError, match="No updates are to be performed"):
        cloudformation.update_stack(StackName="s", TemplateBody=template({"Q": queue("q")}))
    named = of("SQS::Queue", QueueName="q.fifo", FifoQueue=True)
    with pytest.raises(ClientError, match=r"resource type .* \[Q\]"):
        cloudformation.update_stack(StackName="s", TemplateBody=template({"Q": of("SNS::Topic")}))
    cloudformation.create_stack(StackName="t", TemplateBody=template({"Q": named}))
    plain = {**named["Properties"], "FifoQueue": False}
    text = template({"Q": of("SQS::Queue", **plain)})
    cloudformation.update_stack(StackName="t", TemplateBody=text)
    rows = cloudformation.describe_stack_events(StackName="t")["StackEvents"]
    reasons = [row.get("ResourceStatusReason", "") for row in rows]
    assert any("Rename q.fifo and update the stack again" in reason for reason in reasons)


def test_what_is_retained_stays_and_what_is_protected_fails(
    emulator: Emulator, cloudformation: Any
) -> None:
    table = of(
        "DynamoDB::Table", TableName="t", BillingMode="PAY_PER_REQUEST",
        DeletionProtectionEnabled=True,
        AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
    )  # fmt: skip
    text = template({"Q": queue("q", **RETAIN), "Table": table})
    cloudformation.create_stack(StackName="s", TemplateBody=text, EnableTerminationProtection=True)
    with pytest.raises(ClientError, match="TerminationProtection is enabled"):
        cloudformation.delete_stack(StackName="s")
    cloudformation.update_termination_protection(StackName="s", EnableTerminationProtection=False)
    cloudformation.delete_stack(StackName="s")
    assert status(cloudformation, "s") == "DELETE_FAILED"
    cloudformation.delete_stack(StackName="s", RetainResources=["Table"])
    with pytest.raises(ClientError, match="does not exist"):
        cloudformation.describe_stacks(StackName="s")
    assert queues(emulator) == ["q"]
    assert emulator.client("dynamodb").list_tables()["TableNames"] == ["t"]


def test_exports_hold_what_others_import(cloudformation: Any) -> None:
    outputs = {"Url": {"Value": ref("Q"), "Export": {"Name": "url"}}}
    text = template({"Q": queue("q")}, Outputs=outputs)
    cloudformation.create_stack(StackName="giver", TemplateBody=text)
    taker = template({"P": of("SSM::Parameter", Name="/p", Type="String",
                              Value={"Fn::ImportValue": "url"})})  # fmt: skip
    cloudformation.create_stack(StackName="taker", TemplateBody=taker)
    assert cloudformation.list_imports(ExportName="url")["Imports"] == ["taker"]
    cloudformation.delete_stack(StackName="giver")
    assert status(cloudformation, "giver") == "CREATE_COMPLETE"
    cloudformation.update_stack(StackName="giver", TemplateBody=template({"Q": queue("q")}))
    assert status(cloudformation, "giver") == "UPDATE_ROLLBACK_COMPLETE"
    cloudformation.create_stack(StackName="again", TemplateBody=text.replace('"q"', '"r"'))
    assert status(cloudformation, "again") == "ROLLBACK_COMPLETE"
    cloudformation.delete_stack(StackName="taker")
    cloudformation.delete_stack(StackName="giver")
    assert not cloudformation.list_exports()["Exports"]


def test_nested_stacks_fail_and_roll_back_with_their_root(
    emulator: Emulator, cloudformation: Any
) -> None:
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="templates")

    def put(resources: dict[str, Any]) -> None:
        s3.put_object(Bucket="templates", Key="inner", Body=template(resources).encode())

    url = f"{emulator.endpoint}/templates/inner"
    root = template({"Nested": of("CloudFormation::Stack", TemplateURL=url),
                     "Late": {**queue("late"), "DependsOn": "Nested"}})  # fmt: skip
    put({"Q": queue("q"), "Bad": BAD})
    cloudformation.create_stack(StackName="s", TemplateBody=root)
    assert status(cloudformation, "s") == "ROLLBACK_COMPLETE"
    assert queues(emulator) == []
    cloudformation.delete_stack(StackName="s")
    put({"Q": queue("q")})
    cloudformation.create_stack(StackName="s", TemplateBody=root)
    put({"Q": {**queue("q"), "Properties": {"QueueName": "q", "DelaySeconds": 7}}})
    worse = json.loads(root)
    worse["Resources"]["Bad"] = {**BAD, "DependsOn": "Nested"}
    cloudformation.update_stack(StackName="s", TemplateBody=json.dumps(worse))
    assert status(cloudformation, "s") == "UPDATE_ROLLBACK_COMPLETE"
    (nested,) = (
        row["PhysicalResourceId"]
        for row in cloudformation.describe_stack_resources(StackName="s")["StackResources"]
        if row["LogicalResourceId"] == "Nested"
    )
    assert status(cloudformation, nested) == "UPDATE_ROLLBACK_COMPLETE"
    cloudformation.update_stack(StackName="s", TemplateBody=root)
    assert status(cloudformation, nested) == "UPDATE_COMPLETE"
    put({"Odd": {"Type": "AWS::No::Such"}})
    with pytest.raises(ClientError, match=r"'Odd' \(AWS::No::Such\)"):
        cloudformation.create_stack(StackName="t", TemplateBody=root)


def test_a_stack_is_in_its_own_region_and_account(emulator: Emulator) -> None:
    from carnation.emulator.clients import Clients

    text = template({"Q": queue("q")}, Outputs={"Url": {"Value": ref("Q")}})
    far = Clients("eu-west-1", ("AKIAEXAMPLE000000000", "x"))("cloudformation")
    far.create_stack(StackName="s", TemplateBody=text)
    (stack,) = far.describe_stacks(StackName="s")["Stacks"]
    assert "eu-west-1" in stack["StackId"]
    assert "eu-west-1" in stack["Outputs"][0]["OutputValue"]
    assert not emulator.client("cloudformation").describe_stacks()["Stacks"]
    assert queues(emulator) == []


def test_a_change_set_says_what_executing_it_would_do(cloudformation: Any) -> None:
    cloudformation.create_stack(
        StackName="s", TemplateBody=template({"Q": queue("q"), "Gone": queue("gone", **RETAIN)})
    )
    after = {"Q": queue("other", UpdateReplacePolicy="Retain"), "New": of("SNS::Topic")}
    cloudformation.create_change_set(StackName="s", ChangeSetName="c", TemplateBody=template(after))
    found = cloudformation.describe_change_set(StackName="s", ChangeSetName="c")
    rows = [row["ResourceChange"] for row in found["Changes"]]
    names = ("Action", "LogicalResourceId", "Replacement", "PolicyAction")
    assert [tuple(row.get(name) for name in names) for row in rows] == [
        ("Modify", "Q", "True", "ReplaceAndRetain"),
        ("Add", "New", None, None),
        ("Remove", "Gone", None, "Retain"),
    ]
    cloudformation.execute_change_set(StackName="s", ChangeSetName="c")
    assert status(cloudformation, "s") == "UPDATE_COMPLETE"
    with pytest.raises(ClientError, match="cannot be executed in its current status"):
        cloudformation.execute_change_set(StackName="s", ChangeSetName="c")


def test_drift_names_what_was_changed_by_hand(emulator: Emulator, cloudformation: Any) -> None:
    text = template({"Q": of("SQS::Queue", QueueName="q", VisibilityTimeout="30"),
                     "P": of("SSM::Parameter", Name="/p", Type="String", Value="a")})  # fmt: skip
    cloudformation.create_stack(StackName="s", TemplateBody=text)
    sqs = emulator.client("sqs")
    url = sqs.get_queue_url(QueueName="q")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "9"})
    emulator.client("ssm").delete_parameter(Name="/p")
    cloudformation.detect_stack_drift(StackName="s")
    rows = cloudformation.describe_stack_resource_drifts(StackName="s")["StackResourceDrifts"]
    found = {row["LogicalResourceId"]: row for row in rows}
    assert found["P"]["StackResourceDriftStatus"] == "DELETED"
    (difference,) = found["Q"]["PropertyDifferences"]
    assert (difference["PropertyPath"], difference["ActualValue"]) == ("/VisibilityTimeout", "9")


CUSTOM = """
import json, urllib.request
def handle(event, context):
    import boto3
    bucket, key = event["ResponseURL"].split("?")[0].split("/")[-2:]
    body = {"Status": event["ResourceProperties"].get("Say", "SUCCESS"), "Reason": "asked to",
            "PhysicalResourceId": "mine", "Data": {"Got": event["RequestType"]}}
    boto3.client("s3").put_object(Bucket=bucket.split(".")[0], Key=key, Body=json.dumps(body))
"""


def test_a_custom_resource_is_asked_and_its_failure_is_reported(
    emulator: Emulator, cloudformation: Any
) -> None:
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="code")
    s3.put_object(Bucket="code", Key="c.zip", Body=pack(CUSTOM))
    function = of(
        "Lambda::Function", Runtime="python3.13", Handler="handler.handle", Role=arn("Role"),
        Code={"S3Bucket": "code", "S3Key": "c.zip"},
    )  # fmt: skip
    custom = {"Type": "Custom::Thing", "Properties": {"ServiceToken": arn("F")}}
    outputs = {"Got": {"Value": {"Fn::GetAtt": ["C", "Got"]}}}
    resources = {"Role": ROLE, "F": function, "C": custom}
    cloudformation.create_stack(
        StackName="s", TemplateBody=template(resources, Outputs=outputs), Capabilities=IAM
    )
    (stack,) = cloudformation.describe_stacks(StackName="s")["Stacks"]
    assert (stack["StackStatus"], stack["Outputs"][0]["OutputValue"]) == (
        "CREATE_COMPLETE", "Create",
    )  # fmt: skip
    custom["Properties"]["Say"] = "FAILED"  # type: ignore[index]
    cloudformation.create_stack(StackName="t", TemplateBody=template(resources), Capabilities=IAM)
    rows = cloudformation.describe_stack_events(StackName="t")["StackEvents"]
    assert any("asked to" in row.get("ResourceStatusReason", "") for row in rows)


def test_capabilities_and_unknown_properties_are_asked_for(cloudformation: Any) -> None:
    with pytest.raises(ClientError, match=r"Requires capabilities : \[CAPABILITY_IAM\]"):
        cloudformation.create_stack(StackName="s", TemplateBody=template({"Role": ROLE}))
    odd = template({"Q": of("SQS::Queue", VisibilityTimeot=3)})
    cloudformation.create_stack(StackName="t", TemplateBody=odd)
    assert events(cloudformation, "t") == [
        ("t", "CREATE_IN_PROGRESS"), ("t", "ROLLBACK_IN_PROGRESS"), ("t", "ROLLBACK_COMPLETE")
    ]  # fmt: skip
    (row,) = cloudformation.describe_events(StackName="t", Filters={"FailedEvents": True})[
        "OperationEvents"
    ]
    assert row["ValidationPath"] == "/Resources/Q/Properties/VisibilityTimeot"
    assert "Did you mean 'VisibilityTimeout'" in row["ValidationStatusReason"]
