"""Resources updated where they are, and deleted, through moto's own APIs.

A row of `UPDATERS` gets the connection, the physical ID and the properties that are wanted, and
gives what `Ref` and `GetAtt` are to say from now on, or None where these stay as they are.
Which properties replace a resource instead stands in `carnation.services.updates`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from carnation.emulator import machines
from carnation.emulator.resources import MAKERS, Connect, Made, Properties
from carnation.emulator.templates import as_boolean

Updater = Callable[[Connect, str, Properties], "Made | None"]
Deleter = Callable[[Connect, str], object]


def _make_again(kind: str) -> Updater:
    """Give the maker of a type whose API makes and updates by one call."""
    return lambda connect, ref, properties: MAKERS[kind](connect, ref, properties)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


_CONFIGURED = ("Role", "Handler", "Description", "Timeout", "MemorySize", "Environment", "Runtime",
               "TracingConfig", "LoggingConfig", "DeadLetterConfig", "Layers")  # fmt: skip


def _update_function(connect: Connect, ref: str, properties: Properties) -> None:
    client = connect("lambda")
    request = {name: properties[name] for name in _CONFIGURED if name in properties}
    for field in ("Timeout", "MemorySize"):
        if field in request:
            request[field] = int(request[field])
    if "KmsKeyArn" in properties:
        request["KMSKeyArn"] = properties["KmsKeyArn"]
    client.update_function_configuration(FunctionName=ref, **request)
    client.update_function_code(FunctionName=ref, **properties["Code"])


def _update_function_alias(connect: Connect, ref: str, properties: Properties) -> None:
    connect("lambda").update_alias(
        FunctionName=properties["FunctionName"],
        Name=properties["Name"],
        FunctionVersion=properties["FunctionVersion"],
    )


def _update_key(connect: Connect, ref: str, properties: Properties) -> None:
    connect("kms").put_key_policy(
        KeyId=ref, PolicyName="default", Policy=_as_text(properties["KeyPolicy"])
    )


def _update_key_alias(connect: Connect, ref: str, properties: Properties) -> None:
    connect("kms").update_alias(AliasName=ref, TargetKeyId=properties["TargetKeyId"])


def _update_log_group(connect: Connect, ref: str, properties: Properties) -> None:
    logs = connect("logs")
    if "RetentionInDays" in properties:
        days = int(properties["RetentionInDays"])
        logs.put_retention_policy(logGroupName=ref, retentionInDays=days)
    else:
        logs.delete_retention_policy(logGroupName=ref)


def _update_schedule(connect: Connect, ref: str, properties: Properties) -> None:
    connect("scheduler").update_schedule(**{"State": "ENABLED", **properties, "Name": ref})


_QUEUE_FIELDS = ("VisibilityTimeout", "MessageRetentionPeriod", "KmsMasterKeyId", "RedrivePolicy",
                 "RedriveAllowPolicy", "DelaySeconds", "ReceiveMessageWaitTimeSeconds",
                 "MaximumMessageSize")  # fmt: skip


def _update_queue(connect: Connect, ref: str, properties: Properties) -> None:
    wanted = {
        name: _as_text(properties[name])
        if isinstance(properties[name], Mapping)
        else str(properties[name])
        for name in _QUEUE_FIELDS
        if name in properties
    }
    connect("sqs").set_queue_attributes(QueueUrl=ref, Attributes=wanted)


def _update_topic(connect: Connect, ref: str, properties: Properties) -> None:
    for name in ("DisplayName", "KmsMasterKeyId"):
        connect("sns").set_topic_attributes(
            TopicArn=ref, AttributeName=name, AttributeValue=str(properties.get(name, ""))
        )


def _update_role(connect: Connect, ref: str, properties: Properties) -> None:
    iam = connect("iam")
    trust = _as_text(properties["AssumeRolePolicyDocument"])
    iam.update_assume_role_policy(RoleName=ref, PolicyDocument=trust)
    wanted = {row["PolicyName"]: row["PolicyDocument"] for row in properties.get("Policies", ())}
    for name in iam.list_role_policies(RoleName=ref)["PolicyNames"]:
        if name not in wanted:
            iam.delete_role_policy(RoleName=ref, PolicyName=name)
    for name, document in wanted.items():
        iam.put_role_policy(RoleName=ref, PolicyName=name, PolicyDocument=_as_text(document))
    if "PermissionsBoundary" in properties:
        boundary = properties["PermissionsBoundary"]
        iam.put_role_permissions_boundary(RoleName=ref, PermissionsBoundary=boundary)
    else:
        iam.delete_role_permissions_boundary(RoleName=ref)


def _update_table(connect: Connect, ref: str, properties: Properties) -> None:
    tables = connect("dynamodb")
    protected = as_boolean(properties.get("DeletionProtectionEnabled"))
    tables.update_table(TableName=ref, DeletionProtectionEnabled=protected)
    recovery = properties.get("PointInTimeRecoverySpecification") or {}
    enabled = as_boolean(recovery.get("PointInTimeRecoveryEnabled"))
    tables.update_continuous_backups(
        TableName=ref, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": enabled}
    )


def _update_bucket(connect: Connect, ref: str, properties: Properties) -> None:
    s3 = connect("s3")
    versioning = properties.get("VersioningConfiguration") or {"Status": "Suspended"}
    s3.put_bucket_versioning(Bucket=ref, VersioningConfiguration=versioning)
    block = properties.get("PublicAccessBlockConfiguration")
    if block:
        flags = {name: as_boolean(value) for name, value in block.items()}
        s3.put_public_access_block(Bucket=ref, PublicAccessBlockConfiguration=flags)


UPDATERS: dict[str, Updater] = {
    "AWS::CloudWatch::Alarm": _make_again("AWS::CloudWatch::Alarm"),
    "AWS::DynamoDB::Table": _update_table,
    "AWS::IAM::Role": _update_role,
    "AWS::KMS::Alias": _update_key_alias,
    "AWS::KMS::Key": _update_key,
    "AWS::Lambda::Alias": _update_function_alias,
    "AWS::Lambda::EventInvokeConfig": _make_again("AWS::Lambda::EventInvokeConfig"),
    "AWS::Lambda::Function": _update_function,
    "AWS::Logs::LogGroup": _update_log_group,
    "AWS::S3::Bucket": _update_bucket,
    "AWS::S3::BucketPolicy": _make_again("AWS::S3::BucketPolicy"),
    "AWS::SNS::Topic": _update_topic,
    "AWS::SNS::TopicPolicy": _make_again("AWS::SNS::TopicPolicy"),
    "AWS::SQS::Queue": _update_queue,
    "AWS::SQS::QueuePolicy": _make_again("AWS::SQS::QueuePolicy"),
    "AWS::Scheduler::Schedule": _update_schedule,
    "AWS::StepFunctions::StateMachine": lambda *a: Made(*machines.update_machine(*a)),
    "AWS::StepFunctions::StateMachineAlias": lambda *a: machines.update_alias(*a),
}


def _delete_version(connect: Connect, ref: str) -> None:
    name, version = ref.rsplit(":", 1)
    connect("lambda").delete_function(FunctionName=name, Qualifier=version)


def _delete_function_alias(connect: Connect, ref: str) -> None:
    name, alias = ref.rsplit(":", 1)
    connect("lambda").delete_alias(FunctionName=name, Name=alias)


# what has no row (a policy of a topic or a queue) goes with the resource that it belongs to
DELETERS: dict[str, Deleter] = {
    "AWS::CloudWatch::Alarm": lambda c, ref: c("cloudwatch").delete_alarms(AlarmNames=[ref]),
    "AWS::KMS::Alias": lambda c, ref: c("kms").delete_alias(AliasName=ref),
    "AWS::KMS::Key": lambda c, ref: c("kms").schedule_key_deletion(KeyId=ref),
    "AWS::Lambda::Alias": _delete_function_alias,
    "AWS::Lambda::Function": lambda c, ref: c("lambda").delete_function(FunctionName=ref),
    "AWS::Lambda::Version": _delete_version,
    "AWS::Logs::LogGroup": lambda c, ref: c("logs").delete_log_group(logGroupName=ref),
    "AWS::S3::BucketPolicy": lambda c, ref: c("s3").delete_bucket_policy(Bucket=ref),
    "AWS::SNS::Subscription": lambda c, ref: c("sns").unsubscribe(SubscriptionArn=ref),
    "AWS::Scheduler::Schedule": lambda c, ref: c("scheduler").delete_schedule(Name=ref),
    "AWS::StepFunctions::StateMachine": lambda c, ref: c("stepfunctions").delete_state_machine(
        stateMachineArn=ref
    ),
    "AWS::StepFunctions::StateMachineAlias": lambda c, ref: c(
        "stepfunctions"
    ).delete_state_machine_alias(stateMachineAliasArn=ref),
}
