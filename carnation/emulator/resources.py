"""Resource types that moto's CloudFormation skips or makes badly, made through its own APIs.

Each is a row in `MAKERS`: a function that gets the connection, the name CloudFormation would give
and the resolved properties, makes the thing, and gives back what `Ref` and `GetAtt` are to say.
The properties are those of the CloudFormation resource reference:
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/introduction.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from botocore.exceptions import ClientError
from moto.core.common_models import CloudFormationModel

from carnation.emulator import machines
from carnation.emulator.templates import as_boolean
from carnation.errors import EmulatorError

Properties = Mapping[str, Any]
_GONE = re.compile("NotFound|NonExist|DoesNotExist|NoSuch")  # then it is deleted
Connect = Callable[[str], Any]


class Made(NamedTuple):
    """What a resource says of itself: its physical ID (`Ref`) and its attributes (`GetAtt`)."""

    ref: str
    attributes: Mapping[str, Any] = {}


Maker = Callable[[Connect, str, Properties], Made]


class MadeResource(CloudFormationModel):
    """A resource made by a row of `MAKERS`, as moto's CloudFormation wants to see it."""

    # set by the emulator that is open; moto makes resources through class methods only
    connect: Connect

    def __init__(self, made: Made, kind: str) -> None:
        """Take what the maker gave."""
        self.made, self.type = made, kind

    @property
    def physical_resource_id(self) -> str:
        """Give what `Ref` gives."""
        return self.made.ref

    def is_created(self) -> bool:
        """Nothing here takes time."""
        return True

    def get_cfn_attribute(self, name: str) -> Any:
        """Give an attribute, or fail with the names of those there are."""
        if name not in self.made.attributes:
            raise KeyError(f"{self.type} has {', '.join(self.made.attributes) or 'none'}")
        return self.made.attributes[name]

    @staticmethod
    def cloudformation_name_type() -> str:
        """Name no property: the makers look for their own."""
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        """Name a type that no template has: rows are found by `find_model`."""
        return "Carnation::Emulator::Resource"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        """Say yes: whether it is so is found out when the attribute is read."""
        return True

    def delete(self, *_: Any) -> None:
        """Delete the resource, where its type has anything to delete."""
        from carnation.emulator.updaters import DELETERS  # whose rows are made of these

        try:
            if self.type in DELETERS:
                DELETERS[self.type](self.connect, self.made.ref)
        except ClientError as error:
            if not _GONE.search(error.response["Error"]["Code"]):
                raise

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, *_: Any, **__: Any
    ) -> MadeResource:
        """Make the resource."""
        kind = cloudformation_json["Type"]
        properties = cloudformation_json.get("Properties") or {}
        return cls(MAKERS[kind](cls.connect, resource_name, properties), kind)


def _rename(properties: Properties, **renamed: str) -> dict[str, Any]:
    """Take the named properties along under the API's names, where they are given."""
    return {api: properties[own] for own, api in renamed.items() if own in properties}


def _as_text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document)


def _as_numbers(value: Any) -> Any:
    """Turn a parameter's text back into the number it means, as CloudFormation does."""
    return float(value) if isinstance(value, str) else value


_ALARM_NUMBERS = ("EvaluationPeriods", "Period", "Threshold", "DatapointsToAlarm")


def _make_alarm(connect: Connect, name: str, properties: Properties) -> Made:
    request: dict[str, Any] = {"AlarmName": name, **properties}
    for field in _ALARM_NUMBERS:
        if field in request:
            number = _as_numbers(request[field])
            request[field] = number if field == "Threshold" else int(number)
    cloudwatch = connect("cloudwatch")
    cloudwatch.put_metric_alarm(**request)
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[request["AlarmName"]])["MetricAlarms"]
    return Made(request["AlarmName"], {"Arn": alarm["AlarmArn"]})


def _make_subscription(connect: Connect, name: str, properties: Properties) -> Made:
    request = {key: properties[key] for key in ("TopicArn", "Protocol", "Endpoint")}
    attributes = {
        key: _as_text(properties[key])
        for key in ("FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy")
        if key in properties
    }
    arn = connect("sns").subscribe(**request, Attributes=attributes, ReturnSubscriptionArn=True)[
        "SubscriptionArn"
    ]
    return Made(arn, {"Arn": arn})


def _make_topic_policy(connect: Connect, name: str, properties: Properties) -> Made:
    for topic in properties["Topics"]:
        connect("sns").set_topic_attributes(
            TopicArn=topic,
            AttributeName="Policy",
            AttributeValue=_as_text(properties["PolicyDocument"]),
        )
    return Made(name, {"Id": name})


def _make_queue_policy(connect: Connect, name: str, properties: Properties) -> Made:
    for queue in properties["Queues"]:
        connect("sqs").set_queue_attributes(
            QueueUrl=queue, Attributes={"Policy": _as_text(properties["PolicyDocument"])}
        )
    return Made(name, {"Id": name})


def _make_bucket_policy(connect: Connect, name: str, properties: Properties) -> Made:
    bucket = properties["Bucket"]
    policy = _as_text(properties["PolicyDocument"])
    connect("s3").put_bucket_policy(Bucket=bucket, Policy=policy)
    return Made(bucket)


def _make_function(connect: Connect, name: str, properties: Properties) -> Made:
    request: dict[str, Any] = {"FunctionName": name, **properties}
    request["Tags"] = {tag["Key"]: tag["Value"] for tag in properties.get("Tags", ())}
    if "KmsKeyArn" in request:
        request["KMSKeyArn"] = request.pop("KmsKeyArn")
    reserved = request.pop("ReservedConcurrentExecutions", None)
    for field in ("Timeout", "MemorySize"):
        if field in request:
            request[field] = int(request[field])
    if isinstance(request["Code"].get("ZipFile"), str):
        raise EmulatorError(
            "Code.ZipFile holds source text; give the function's zip by S3Bucket and S3Key."
        )
    client = connect("lambda")
    arn = client.create_function(**request)["FunctionArn"]
    if reserved is not None:
        client.put_function_concurrency(
            FunctionName=request["FunctionName"], ReservedConcurrentExecutions=int(reserved)
        )
    return Made(request["FunctionName"], {"Arn": arn})


def _make_function_version(connect: Connect, name: str, properties: Properties) -> Made:
    client = connect("lambda")
    request = _rename(properties, FunctionName="FunctionName", Description="Description")
    expected = properties.get("CodeSha256")
    answer = client.publish_version(**request)
    if expected is not None and expected != answer["CodeSha256"]:
        raise EmulatorError(
            f"CodeSha256 is {expected}, and the function's code has {answer['CodeSha256']}. "
            "The zip in the bucket is not the one the template was made for; build again."
        )
    arn = answer["FunctionArn"]
    return Made(arn, {"Version": answer["Version"], "FunctionArn": arn})


def _make_function_alias(connect: Connect, name: str, properties: Properties) -> Made:
    routing = properties.get("RoutingConfig") or {}
    weights = {
        row["FunctionVersion"]: float(row["FunctionWeight"])
        for row in routing.get("AdditionalVersionWeights", ())
    }
    answer = connect("lambda").create_alias(
        FunctionName=properties["FunctionName"],
        Name=properties["Name"],
        FunctionVersion=properties["FunctionVersion"],
        Description=properties.get("Description", ""),
        RoutingConfig={"AdditionalVersionWeights": weights},
    )
    return Made(answer["AliasArn"], {"AliasArn": answer["AliasArn"]})


def _make_invoke_config(connect: Connect, name: str, properties: Properties) -> Made:
    request = dict(properties)
    for field in ("MaximumRetryAttempts", "MaximumEventAgeInSeconds"):
        if field in request:
            request[field] = int(request[field])
    connect("lambda").put_function_event_invoke_config(**request)
    return Made(name)


def _make_schedule(connect: Connect, name: str, properties: Properties) -> Made:
    request = {"Name": name, "State": "ENABLED", **properties}
    arn = connect("scheduler").create_schedule(**request)["ScheduleArn"]
    return Made(request["Name"], {"Arn": arn})


def _make_key(connect: Connect, name: str, properties: Properties) -> Made:
    client = connect("kms")
    tags = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in properties.get("Tags", ())]
    request = _rename(
        properties,
        Description="Description",
        KeySpec="KeySpec",
        KeyUsage="KeyUsage",
        MultiRegion="MultiRegion",
    )
    metadata = client.create_key(Policy=_as_text(properties["KeyPolicy"]), Tags=tags, **request)[
        "KeyMetadata"
    ]
    if as_boolean(properties.get("EnableKeyRotation", False)):
        client.enable_key_rotation(KeyId=metadata["KeyId"])
    if not as_boolean(properties.get("Enabled", True)):
        client.disable_key(KeyId=metadata["KeyId"])
    return Made(metadata["KeyId"], {"Arn": metadata["Arn"], "KeyId": metadata["KeyId"]})


def _make_key_alias(connect: Connect, name: str, properties: Properties) -> Made:
    connect("kms").create_alias(
        AliasName=properties["AliasName"], TargetKeyId=properties["TargetKeyId"]
    )
    return Made(properties["AliasName"])


def _make_log_group(connect: Connect, name: str, properties: Properties) -> Made:
    logs = connect("logs")
    group = properties.get("LogGroupName", name)
    request = _rename(properties, KmsKeyId="kmsKeyId", LogGroupClass="logGroupClass")
    tags = {tag["Key"]: tag["Value"] for tag in properties.get("Tags", ())}
    logs.create_log_group(logGroupName=group, **({"tags": tags} if tags else {}), **request)
    if "RetentionInDays" in properties:
        days = int(properties["RetentionInDays"])
        logs.put_retention_policy(logGroupName=group, retentionInDays=days)
    (found,) = (
        row
        for row in logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
        if row["logGroupName"] == group
    )
    return Made(group, {"Arn": found["arn"]})


MAKERS: dict[str, Maker] = {
    "AWS::CloudWatch::Alarm": _make_alarm,
    "AWS::KMS::Alias": _make_key_alias,
    "AWS::KMS::Key": _make_key,
    "AWS::Lambda::Alias": _make_function_alias,
    "AWS::Lambda::EventInvokeConfig": _make_invoke_config,
    "AWS::Lambda::Function": _make_function,
    "AWS::Lambda::Version": _make_function_version,
    "AWS::Logs::LogGroup": _make_log_group,
    "AWS::S3::BucketPolicy": _make_bucket_policy,
    "AWS::SNS::Subscription": _make_subscription,
    "AWS::SNS::TopicPolicy": _make_topic_policy,
    "AWS::SQS::QueuePolicy": _make_queue_policy,
    "AWS::Scheduler::Schedule": _make_schedule,
    "AWS::StepFunctions::StateMachine": lambda *a: Made(*machines.make_machine(*a)),
    "AWS::StepFunctions::StateMachineAlias": lambda *a: Made(*machines.make_alias(*a)),
    "AWS::StepFunctions::StateMachineVersion": lambda *a: Made(*machines.make_version(*a)),
}
