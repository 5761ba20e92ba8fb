"""Every resource type is made, updated, replaced, rolled back and deleted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from carnation.emulator import Emulator
from carnation.emulator.cloudformation.kinds import KINDS
from carnation.emulator.cloudformation.service import MOUNT
from carnation.services.properties import read_attributes, read_properties
from tests.emulator.test_emulator import ECHO, pack

TRUST = {"Version": "2012-10-17", "Statement": []}
OPEN = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
}
ALLOW = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
}
MORE = {**ALLOW, "Statement": [{**ALLOW["Statement"][0], "Sid": "Other"}]}  # type: ignore[index,dict-item]
CODE = {"S3Bucket": "code", "S3Key": "echo.zip"}
DEFINITION = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
OTHER = {"StartAt": "B", "States": {"B": {"Type": "Succeed"}}}
HASH = [{"AttributeName": "a", "AttributeType": "S"}]
KEY = [{"AttributeName": "a", "KeyType": "HASH"}]
METRIC = {
    "Namespace": "N",
    "MetricName": "M",
    "Statistic": "Sum",
    "Period": "60",
    "EvaluationPeriods": 1,
    "Threshold": "1",
    "ComparisonOperator": "GreaterThanThreshold",
}
API_KEY = {"ApiKeyAuthParameters": {"ApiKeyName": "n", "ApiKeyValue": "v"}}


def of(kind: str, **properties: Any) -> dict[str, Any]:
    """Make a resource of a template."""
    return {"Type": f"AWS::{kind}", "Properties": properties}


def arn(name: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [name, "Arn"]}


def ref(name: str) -> dict[str, Any]:
    return {"Ref": name}


ROLE = of("IAM::Role", AssumeRolePolicyDocument=TRUST)
QUEUE = of("SQS::Queue")
TOPIC = of("SNS::Topic")
BUCKET = of("S3::Bucket")
TABLE = of(
    "DynamoDB::Table", AttributeDefinitions=HASH, KeySchema=KEY, BillingMode="PAY_PER_REQUEST",
    StreamSpecification={"StreamViewType": "NEW_IMAGE"},
)  # fmt: skip
GROUP = of("Logs::LogGroup")
FUNCTION = of(
    "Lambda::Function", Runtime="python3.13", Handler="handler.handle", Role=arn("Role"), Code=CODE
)
MACHINE = of("StepFunctions::StateMachine", Definition=DEFINITION, RoleArn=arn("Role"))
VERSION = of("StepFunctions::StateMachineVersion", StateMachineArn=ref("Machine"))
CONNECTION = of("Events::Connection", AuthorizationType="API_KEY", AuthParameters=API_KEY)
API = of("ApiGatewayV2::Api", Name="api", ProtocolType="HTTP")
SECRET = of("SecretsManager::Secret", SecretString="s")
OTHERS = {
    "Role": ROLE, "Queue": QUEUE, "Other": QUEUE, "Topic": TOPIC, "Bucket": BUCKET, "Table": TABLE,
    "Group": GROUP, "Function": FUNCTION, "Machine": MACHINE, "Connection": CONNECTION, "Api": API,
    "Secret": SECRET, "MachineVersion": VERSION, "Key": of("KMS::Key"),
    "FunctionVersion": of("Lambda::Version", FunctionName=ref("Function")),
}  # fmt: skip

# type: properties, those that update it, those that replace it ({}: none does)
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "ApiGatewayV2::Api": (
        {"Name": "a", "ProtocolType": "HTTP"}, {"Name": "b", "Tags": {"k": "v"}},
        {"ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.action"},
    ),
    "ApiGatewayV2::Authorizer": (
        {"ApiId": ref("Api"), "AuthorizerType": "JWT", "Name": "jwt",
         "IdentitySource": ["$request.header.Authorization"],
         "JwtConfiguration": {"Audience": ["a"], "Issuer": "https://i"}},
        {"Name": "other"}, {},
    ),
    "ApiGatewayV2::Integration": (
        {"ApiId": ref("Api"), "IntegrationType": "AWS_PROXY", "PayloadFormatVersion": "1.0",
         "IntegrationSubtype": "StepFunctions-StartExecution", "CredentialsArn": arn("Role"),
         "RequestParameters": {"StateMachineArn": ref("Machine"), "Input": "$request.body"}},
        {"Description": "other"}, {},
    ),
    "ApiGatewayV2::Route": (
        {"ApiId": ref("Api"), "RouteKey": "GET /a"}, {"AuthorizationType": "AWS_IAM"}, {},
    ),
    "ApiGatewayV2::Stage": (
        {"ApiId": ref("Api"), "StageName": "$default", "AutoDeploy": "true"},
        {"Description": "other"}, {"StageName": "other"},
    ),
    "CDK::Metadata": ({"Analytics": "a"}, {"Analytics": "b"}, {}),
    "CloudFormation::WaitConditionHandle": ({}, {}, {}),
    "CloudWatch::Alarm": (METRIC, {"Threshold": "2"}, {"AlarmName": "other"}),
    "CloudWatch::CompositeAlarm": (
        {"AlarmName": "c", "AlarmRule": "TRUE"}, {"AlarmRule": "FALSE"}, {"AlarmName": "d"},
    ),
    "CloudWatch::Dashboard": (
        {"DashboardName": "d", "DashboardBody": '{"widgets":[]}'},
        {"DashboardBody": {"widgets": []}}, {"DashboardName": "e"},
    ),
    "DynamoDB::Table": (
        {**TABLE["Properties"], "TableName": "t"},
        {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": "true"},
         "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": "true"},
         "Tags": [{"Key": "k", "Value": "v"}]},
        {"TableName": "u"},
    ),
    "DynamoDB::GlobalTable": (
        {"AttributeDefinitions": HASH, "KeySchema": KEY, "BillingMode": "PAY_PER_REQUEST",
         "Replicas": [{"Region": "us-east-1"}]},
        {"TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": True}}, {"TableName": "g"},
    ),
    "ECR::Repository": (
        {"RepositoryName": "rr"},
        {"LifecyclePolicy": {"LifecyclePolicyText": json.dumps({"rules": [{
            "rulePriority": 1, "selection": {"tagStatus": "untagged", "countType":
            "sinceImagePushed", "countUnit": "days", "countNumber": 1},
            "action": {"type": "expire"}}]})}},
        {"RepositoryName": "ss"},
    ),
    "Events::ApiDestination": (
        {"ConnectionArn": arn("Connection"), "HttpMethod": "POST",
         "InvocationEndpoint": "https://example.com"},
        {"HttpMethod": "PUT"}, {"Name": "d"},
    ),
    "Events::Archive": (
        {"SourceArn": "arn:aws:events:us-east-1:123456789012:event-bus/default"},
        {"RetentionDays": "3"}, {"ArchiveName": "a"},
    ),
    "Events::Connection": (
        {"AuthorizationType": "API_KEY", "AuthParameters": API_KEY}, {"Description": "d"},
        {"Name": "c"},
    ),
    "Events::EventBus": ({"Name": "b"}, {"Description": "d"}, {"Name": "c"}),
    "Events::EventBusPolicy": (
        {"StatementId": "s", "Statement": {"Effect": "Allow", "Principal": "*", "Action":
         "events:PutEvents", "Resource": "*"}}, {}, {"StatementId": "t"},
    ),
    "Events::Rule": (
        {"EventPattern": {"source": ["a"]},
         "Targets": [{"Id": "q", "Arn": arn("Queue")}, {"Id": "o", "Arn": arn("Other")}]},
        {"EventPattern": {"source": ["b"]}, "Targets": [{"Id": "q", "Arn": arn("Queue")}]},
        {"Name": "n"},
    ),
    "IAM::ManagedPolicy": (
        {"PolicyDocument": ALLOW}, {"PolicyDocument": MORE, "Roles":
         [ref("Role")]}, {"ManagedPolicyName": "m"},
    ),
    "IAM::Policy": (
        {"PolicyName": "p", "PolicyDocument": ALLOW, "Roles": [ref("Role")]},
        {"PolicyName": "q"}, {},
    ),
    "IAM::Role": (
        {"AssumeRolePolicyDocument": TRUST, "RoleName": "r", "Policies":
         [{"PolicyName": "p", "PolicyDocument": ALLOW}]},
        {"Description": "d", "Policies": [], "ManagedPolicyArns":
         ["arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"]},
        {"RoleName": "s"},
    ),
    "IAM::RolePolicy": (
        {"RoleName": ref("Role"), "PolicyName": "p", "PolicyDocument": ALLOW},
        {"PolicyDocument": MORE}, {"PolicyName": "q"},
    ),
    "KMS::Alias": (
        {"AliasName": "alias/a", "TargetKeyId": ref("Key")}, {}, {"AliasName": "alias/b"},
    ),
    "KMS::Key": (
        {"KeyPolicy": OPEN}, {"Description": "d", "EnableKeyRotation": "true"},
        {},
    ),
    "Kinesis::Stream": ({"ShardCount": "1"}, {}, {"Name": "s"}),
    "Lambda::Alias": (
        {"FunctionName": ref("Function"), "Name": "live",
         "FunctionVersion": {"Fn::GetAtt": ["FunctionVersion", "Version"]}},
        {"Description": "d"}, {"Name": "other"},
    ),
    "Lambda::EventInvokeConfig": (
        {"FunctionName": ref("Function"), "Qualifier": "$LATEST"},
        {"MaximumRetryAttempts": "0"}, {},
    ),
    "Lambda::EventSourceMapping": (
        {"FunctionName": ref("Function"), "EventSourceArn": arn("Queue")}, {"BatchSize": "5"},
        {"EventSourceArn": arn("Other")},
    ),
    "Lambda::Function": (
        {**FUNCTION["Properties"], "FunctionName": "f"},
        {"Timeout": "9", "Environment": {"Variables": {"A": "1"}},
         "ReservedConcurrentExecutions": 3, "Tags": [{"Key": "k", "Value": "v"}]},
        {"FunctionName": "g"},
    ),
    "Lambda::LayerVersion": (
        {"Content": CODE, "CompatibleRuntimes": ["python3.13"]}, {}, {"Description": "d"},
    ),
    "Lambda::Permission": (
        {"FunctionName": ref("Function"), "Action": "lambda:InvokeFunction", "Principal":
         "events.amazonaws.com"}, {}, {"Principal": "s3.amazonaws.com"},
    ),
    "Lambda::Url": (
        {"TargetFunctionArn": ref("Function"), "AuthType": "NONE"}, {"AuthType": "AWS_IAM"}, {},
    ),
    "Lambda::Version": ({"FunctionName": ref("Function")}, {}, {}),
    "Logs::LogGroup": (
        {"LogGroupName": "/g"}, {"RetentionInDays": "3", "Tags": [{"Key": "k", "Value": "v"}]},
        {"LogGroupName": "/h"},
    ),
    "Logs::LogStream": ({"LogGroupName": ref("Group")}, {}, {"LogStreamName": "s"}),
    "Logs::MetricFilter": (
        {"LogGroupName": ref("Group"), "FilterPattern": "", "MetricTransformations":
         [{"MetricName": "m", "MetricNamespace": "n", "MetricValue": "1"}]},
        {"FilterPattern": "ERROR"}, {},
    ),
    "Logs::ResourcePolicy": (
        {"PolicyName": "p", "PolicyDocument": json.dumps(ALLOW)},
        {"PolicyDocument": json.dumps(OPEN)}, {"PolicyName": "q"},
    ),
    "Pipes::Pipe": (
        {"Source": arn("Queue"), "Target": ref("Machine"), "RoleArn": arn("Role"),
         "TargetParameters": {"StepFunctionStateMachineParameters":
                              {"InvocationType": "FIRE_AND_FORGET"}}},
        {"Description": "d", "SourceParameters": {"SqsQueueParameters": {"BatchSize": 2}}},
        {"Source": arn("Other")},
    ),
    "S3::Bucket": (
        {"BucketName": "bucket-b"},
        {"VersioningConfiguration": {"Status": "Enabled"},
         "PublicAccessBlockConfiguration": {"BlockPublicAcls": "true"},
         "BucketEncryption": {"ServerSideEncryptionConfiguration": [
             {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]},
         "LifecycleConfiguration": {"Rules": [
             {"Id": "r", "Status": "Enabled", "ExpirationInDays": 3}]},
         "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}},
        {"BucketName": "bucket-c"},
    ),
    "S3::BucketPolicy": (
        {"Bucket": ref("Bucket"), "PolicyDocument": OPEN},
        {"PolicyDocument": {**OPEN, "Id": "other"}}, {},
    ),
    "SNS::Subscription": (
        {"TopicArn": ref("Topic"), "Protocol": "sqs", "Endpoint": arn("Queue")},
        {"RawMessageDelivery": "true"}, {"Endpoint": arn("Other")},
    ),
    "SNS::Topic": (
        {"TopicName": "t", "KmsMasterKeyId": ref("Key")}, {"DisplayName": "d"}, {"TopicName": "u"},
    ),
    "SNS::TopicPolicy": (
        {"Topics": [ref("Topic")], "PolicyDocument": OPEN},
        {"PolicyDocument": {**OPEN, "Id": "other"}}, {},
    ),
    "SQS::Queue": (
        {"QueueName": "q"},
        {"VisibilityTimeout": "9", "Tags": [{"Key": "k", "Value": "v"}]}, {"QueueName": "r"},
    ),
    "SQS::QueuePolicy": (
        {"Queues": [ref("Queue")], "PolicyDocument": OPEN},
        {"Queues": [ref("Other")]}, {},
    ),
    "SSM::Parameter": (
        {"Name": "/p", "Type": "String", "Value": "a"}, {"Value": "b"}, {"Name": "/q"},
    ),
    "Scheduler::Schedule": (
        {"ScheduleExpression": "rate(1 hour)", "FlexibleTimeWindow": {"Mode": "OFF"},
         "Target": {"Arn": ref("Machine"), "RoleArn": arn("Role")}},
        {"ScheduleExpression": "rate(2 hours)"}, {"Name": "s"},
    ),
    "Scheduler::ScheduleGroup": (
        {"Name": "g"}, {"Tags": [{"Key": "k", "Value": "v"}]}, {"Name": "h"},
    ),
    "SecretsManager::ResourcePolicy": (
        {"SecretId": ref("Secret"), "ResourcePolicy": ALLOW}, {"ResourcePolicy": OPEN}, {},
    ),
    "SecretsManager::Secret": (
        {"Name": "s", "GenerateSecretString": {"GenerateStringKey": "p", "SecretStringTemplate":
         "{}", "PasswordLength": "20"}},
        {"Description": "d"}, {"Name": "t"},
    ),
    "StepFunctions::Activity": (
        {"Name": "a"}, {"Tags": [{"Key": "k", "Value": "v"}]}, {"Name": "b"},
    ),
    "StepFunctions::StateMachine": (
        {"Definition": DEFINITION, "RoleArn": arn("Role"), "StateMachineName": "m"},
        {"Definition": OTHER, "Tags": [{"Key": "k", "Value": "v"}]}, {"StateMachineName": "n"},
    ),
    "StepFunctions::StateMachineAlias": (
        {"Name": "live", "RoutingConfiguration": [{"StateMachineVersionArn": ref("MachineVersion"),
                                                   "Weight": "100"}]},
        {"Description": "d"}, {"Name": "other"},
    ),
    "StepFunctions::StateMachineVersion": ({"StateMachineArn": ref("Machine")}, {}, {}),
}  # fmt: skip
ELSEWHERE = {
    "AWS::CloudFormation::CustomResource",  # test_cloudformation_stacks.py
    "AWS::CloudFormation::WaitCondition",
}


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(in_process=True) as opened:
        s3 = opened.client("s3")
        s3.create_bucket(Bucket="code")
        s3.put_object(Bucket="code", Key="echo.zip", Body=pack(ECHO))
        yield opened


def find_needed(resource: Any, found: dict[str, Any]) -> dict[str, Any]:
    """Find the other resources that one refers to."""
    text = json.dumps(resource)
    for name, body in OTHERS.items():
        if f'"{name}"' in text and name not in found:
            found[name] = body
            find_needed(body, found)
    return found


def make_template(kind: str, properties: dict[str, Any], **more: Any) -> str:
    thing = {"Type": f"AWS::{kind}", "Properties": properties}
    everything = [*CASES[kind], thing]
    resources = {**find_needed(everything, {}), "Thing": thing, **more}
    return json.dumps({"Resources": resources})


def change(emulator: Emulator, verb: str, name: str, text: str) -> tuple[str, str]:
    """Create or update a stack; gives its status and the physical ID of the thing."""
    cloudformation = emulator.client("cloudformation")
    call = getattr(cloudformation, f"{verb}_stack")
    call(StackName=name, TemplateBody=text, Capabilities=["CAPABILITY_NAMED_IAM"])
    (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    if "ROLLBACK" in stack["StackStatus"]:
        events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        failed = [row for row in events if "FAILED" in row["ResourceStatus"]]
        first = next(row for row in reversed(failed))
        if first["LogicalResourceId"] != "Bad":
            return stack["StackStatus"], first["ResourceStatusReason"]
    if stack["StackStatus"] == "ROLLBACK_COMPLETE":
        return stack["StackStatus"], ""
    rows = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
    (thing,) = (row for row in rows if row["LogicalResourceId"] == "Thing")
    return stack["StackStatus"], thing["PhysicalResourceId"]


def find_unknown_attributes(stack: str) -> Iterator[str]:
    """Yield the attributes that rows give, and validation would not know."""
    assert MOUNT.service is not None
    for store in MOUNT.service.engine.stores.values():
        found = store.find(stack)
        for resource in found.resources.values() if found else ():
            known = read_attributes(resource.kind) | set(resource.properties)
            names = read_properties(resource.kind).get("")
            known |= names.known if names else set()
            yield from set(resource.attributes) - known if names else ()


def test_every_row_has_a_case() -> None:
    assert {f"AWS::{kind}" for kind in CASES} == set(KINDS) - ELSEWHERE


BAD = {
    "Type": "AWS::SNS::Subscription", "DependsOn": "Thing",
    "Properties": {"TopicArn": "arn:aws:sns:us-east-1:123456789012:none", "Protocol": "sqs"},
}  # fmt: skip


@pytest.mark.parametrize("kind", CASES)
def test_a_type_is_made_updated_replaced_rolled_back_and_deleted(
    emulator: Emulator, kind: str
) -> None:
    properties, updated, replacing = CASES[kind]
    name = f"s-{kind.replace('::', '-')}"
    assert change(emulator, "create", name, make_template(kind, properties, Bad=BAD)) == (
        "ROLLBACK_COMPLETE", "",
    )  # fmt: skip
    cloudformation = emulator.client("cloudformation")
    cloudformation.delete_stack(StackName=name)
    status, first = change(emulator, "create", name, make_template(kind, properties))
    assert status == "CREATE_COMPLETE", first
    assert not list(find_unknown_attributes(name))
    wanted = {**properties, **updated}
    if updated:
        status, now = change(emulator, "update", name, make_template(kind, wanted))
        assert (status, now) == ("UPDATE_COMPLETE", first)
        broken = make_template(kind, properties, Bad=BAD)
        status, now = change(emulator, "update", name, broken)
        assert (status, now) == ("UPDATE_ROLLBACK_COMPLETE", first)
    if replacing:
        changed = {**wanted, **replacing}
        status, now = change(emulator, "update", name, make_template(kind, changed, Bad=BAD))
        assert (status, now) == ("UPDATE_ROLLBACK_COMPLETE", first)
        status, now = change(emulator, "update", name, make_template(kind, changed))
        assert (status, now != first) == ("UPDATE_COMPLETE", True)
    cloudformation.delete_stack(StackName=name)
    status, found = change(emulator, "create", name, make_template(kind, properties))
    assert status == "CREATE_COMPLETE", found
    cloudformation.delete_stack(StackName=name)
    deleted = cloudformation.list_stacks(StackStatusFilter=["DELETE_COMPLETE"])["StackSummaries"]
    assert name in {row["StackName"] for row in deleted}
