"""Log groups, alarms, dashboards, parameters, repositories, and what makes nothing."""

from __future__ import annotations

import uuid
from typing import Any

from carnation.emulator.cloudformation.kind import (
    Context,
    Kind,
    Made,
    Properties,
    ResourceError,
    already_exists,
    delete_by,
    goes_with_owner,
    make_again,
)
from carnation.emulator.cloudformation.requests import (
    as_document,
    as_tag_rows,
    as_tags,
    call,
    change_tags,
    pick,
    read_answer,
    without,
)


def _make_log_group(context: Context, properties: Properties) -> Made:
    logs = context.connect("logs")
    group = properties.get("LogGroupName") or context.make_name(512)
    call(
        logs, "create_log_group", pick(properties, "KmsKeyId", "LogGroupClass"),
        logGroupName=group, tags=as_tags(properties.get("Tags")) or None,
    )  # fmt: skip
    _set_retention(logs, group, properties)
    return describe_log_group(context, group)


def describe_log_group(context: Context, group: str) -> Made:
    """Return what a log group is to a stack."""
    return Made(group, {"Arn": f"{context.arn('logs', f'log-group:{group}')}:*"})


def _set_retention(logs: Any, group: str, properties: Properties) -> None:
    if "RetentionInDays" in properties:
        days = int(properties["RetentionInDays"])
        logs.put_retention_policy(logGroupName=group, retentionInDays=days)


def _update_log_group(context: Context, ref: str, wanted: Properties, had: Properties) -> None:
    logs = context.connect("logs")
    _set_retention(logs, ref, wanted)
    if "RetentionInDays" in had and "RetentionInDays" not in wanted:
        logs.delete_retention_policy(logGroupName=ref)
    if wanted.get("KmsKeyId") != had.get("KmsKeyId"):
        if wanted.get("KmsKeyId"):
            logs.associate_kms_key(logGroupName=ref, kmsKeyId=wanted["KmsKeyId"])
        else:
            logs.disassociate_kms_key(logGroupName=ref)
    change_tags(
        wanted,
        had,
        lambda keys: logs.untag_log_group(logGroupName=ref, tags=keys),
        lambda tags: logs.tag_log_group(logGroupName=ref, tags=tags),
    )


def _read_log_group(context: Context, ref: str, properties: Properties) -> Properties:
    rows = context.connect("logs").describe_log_groups(logGroupNamePrefix=ref)["logGroups"]
    found = next((row for row in rows if row["logGroupName"] == ref), None)
    if found is None:
        raise ResourceError(f"log group '{ref}' was not found")
    return read_answer(found, pick(properties, "LogGroupName", "RetentionInDays", "KmsKeyId"))


def _make_log_stream(context: Context, properties: Properties) -> Made:
    name = properties.get("LogStreamName") or context.make_name(512)
    group = properties["LogGroupName"]
    context.connect("logs").create_log_stream(logGroupName=group, logStreamName=name)
    return Made(name)


def _delete_log_stream(context: Context, ref: str, properties: Properties) -> None:
    group = properties["LogGroupName"]
    context.connect("logs").delete_log_stream(logGroupName=group, logStreamName=ref)


def _put_logs_policy(context: Context, properties: Properties) -> Made:
    document = as_document(properties["PolicyDocument"])
    name = properties["PolicyName"]
    context.connect("logs").put_resource_policy(policyName=name, policyDocument=document)
    return Made(name)


def _put_metric_filter(context: Context, properties: Properties) -> Made:
    name = properties.get("FilterName") or context.make_name(512)
    call(context.connect("logs"), "put_metric_filter", {**properties, "FilterName": name})
    return Made(name)


def _update_metric_filter(context: Context, ref: str, wanted: Properties, had: Properties) -> None:
    call(context.connect("logs"), "put_metric_filter", {**wanted, "FilterName": ref})


def _delete_metric_filter(context: Context, ref: str, properties: Properties) -> None:
    group = properties["LogGroupName"]
    context.connect("logs").delete_metric_filter(logGroupName=group, filterName=ref)


def _put_alarm(context: Context, properties: Properties, name: str) -> Made:
    rows = [{"Key": key, "Value": value} for key, value in as_tags(properties.get("Tags")).items()]
    cloudwatch = context.connect("cloudwatch")
    values = without(properties, "AlarmName", "Tags")
    call(cloudwatch, "put_metric_alarm", values, AlarmName=name, Tags=rows or None)
    return Made(name, {"Arn": context.arn("cloudwatch", f"alarm:{name}")})


def _make_alarm(context: Context, properties: Properties) -> Made:
    name = properties.get("AlarmName")
    if name and context.connect("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]:
        raise already_exists("AWS::CloudWatch::Alarm", name)
    return _put_alarm(context, properties, name or context.make_name(255))


def _update_alarm(context: Context, ref: str, wanted: Properties, had: Properties) -> None:
    _put_alarm(context, wanted, ref)


def _read_alarm(context: Context, ref: str, properties: Properties) -> Properties:
    rows = context.connect("cloudwatch").describe_alarms(AlarmNames=[ref])["MetricAlarms"]
    if not rows:
        raise ResourceError(f"alarm '{ref}' was not found")
    return read_answer(rows[0], without(properties, "Tags"))


def _delete_alarm(context: Context, ref: str, properties: Properties) -> None:
    context.connect("cloudwatch").delete_alarms(AlarmNames=[ref])


def _record_composite(context: Context, properties: Properties) -> Made:
    """Record a composite alarm, which moto does not have: nothing evaluates its rule here."""
    name = properties.get("AlarmName") or context.make_name(255)
    if not properties["AlarmRule"]:
        raise ResourceError("AlarmRule must not be empty")
    return Made(name, {"Arn": context.arn("cloudwatch", f"alarm:{name}")})


def _put_dashboard(context: Context, properties: Properties, name: str) -> Made:
    body = as_document(properties["DashboardBody"])
    context.connect("cloudwatch").put_dashboard(DashboardName=name, DashboardBody=body)
    return Made(name)


def _make_dashboard(context: Context, properties: Properties) -> Made:
    return _put_dashboard(
        context, properties, properties.get("DashboardName") or context.make_name(255)
    )


def _update_dashboard(context: Context, ref: str, wanted: Properties, had: Properties) -> None:
    _put_dashboard(context, wanted, ref)


def _delete_dashboard(context: Context, ref: str, properties: Properties) -> None:
    context.connect("cloudwatch").delete_dashboards(DashboardNames=[ref])


def _make_parameter(context: Context, properties: Properties) -> Made:
    ssm = context.connect("ssm")
    name = properties.get("Name") or f"CFN-{context.make_name(1000)}"
    rows = [{"Key": key, "Value": value} for key, value in as_tags(properties.get("Tags")).items()]
    values = without(properties, "Name", "Tags")
    call(ssm, "put_parameter", values, Name=name, Tags=rows or None)
    return Made(name, _describe_parameter(context, name, properties))


def _describe_parameter(context: Context, name: str, properties: Properties) -> dict[str, Any]:
    arn = context.arn("ssm", f"parameter/{name.lstrip('/')}")
    return {"Arn": arn, **pick(properties, "Type", "Value")}


def _update_parameter(context: Context, ref: str, wanted: Properties, had: Properties) -> Made:
    values = without(wanted, "Name", "Tags")
    ssm = context.connect("ssm")
    call(ssm, "put_parameter", values, Name=ref, Overwrite=True)
    place = {"ResourceType": "Parameter", "ResourceId": ref}
    change_tags(
        wanted, had,
        lambda keys: ssm.remove_tags_from_resource(**place, TagKeys=keys),
        lambda tags: ssm.add_tags_to_resource(**place, Tags=as_tag_rows(tags)),
    )  # fmt: skip
    return Made(ref, _describe_parameter(context, ref, wanted))


def _read_parameter(context: Context, ref: str, properties: Properties) -> Properties:
    found = context.connect("ssm").get_parameter(Name=ref)["Parameter"]
    return read_answer(found, pick(properties, "Type", "Value"))


_REPOSITORY = ("ImageTagMutability", "ImageScanningConfiguration", "EncryptionConfiguration")


def _make_repository(context: Context, properties: Properties) -> Made:
    name = properties.get("RepositoryName") or context.make_name(256, lower=True)
    found = call(
        context.connect("ecr"), "create_repository",
        pick(properties, *_REPOSITORY),
        repositoryName=name,
    )["repository"]  # fmt: skip
    _set_repository(context, name, properties)
    return Made(name, {"Arn": found["repositoryArn"], "RepositoryUri": found["repositoryUri"]})


def _set_repository(context: Context, name: str, properties: Properties) -> None:
    ecr = context.connect("ecr")
    lifecycle = (properties.get("LifecyclePolicy") or {}).get("LifecyclePolicyText")
    if lifecycle:
        ecr.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=lifecycle)
    policy = properties.get("RepositoryPolicyText")
    if policy:
        ecr.set_repository_policy(repositoryName=name, policyText=as_document(policy))


def _update_repository(context: Context, ref: str, wanted: Properties, had: Properties) -> None:
    _set_repository(context, ref, wanted)


def _delete_repository(context: Context, ref: str, properties: Properties) -> None:
    context.connect("ecr").delete_repository(
        repositoryName=ref, force=bool(properties.get("EmptyOnDelete"))
    )


def _make_nothing(context: Context, properties: Properties) -> Made:
    return Made(context.make_name(255), {"Id": context.logical_id})


def _update_nothing(context: Context, ref: str, wanted: Properties, had: Properties) -> None:
    """Change nothing: it is only written down."""


def _make_wait_handle(context: Context, properties: Properties) -> Made:
    return Made(
        f"https://cloudformation-waitcondition-{context.region}.s3.amazonaws.com/{uuid.uuid4()}"
    )


def _make_wait(context: Context, properties: Properties) -> Made:
    raise ResourceError(
        "WaitCondition timed out. Received 0 conditions: nothing signals here, and the emulator "
        "waits for no time that passes. Use a DependsOn, or a custom resource."
    )


KINDS = {
    "AWS::Logs::LogGroup": Kind(
        _make_log_group, delete_by("logs", "delete_log_group", "logGroupName"),
        _update_log_group, _read_log_group, "LogGroupName",
        unused=frozenset({
            "BearerTokenAuthenticationEnabled", "DataProtectionPolicy",
            "DeletionProtectionEnabled", "FieldIndexPolicies", "ResourcePolicyDocument",
        }),
    ),
    "AWS::Logs::LogStream": Kind(_make_log_stream, _delete_log_stream, name="LogStreamName"),
    "AWS::Logs::ResourcePolicy": Kind(
        _put_logs_policy, delete_by("logs", "delete_resource_policy", "policyName"),
        make_again(_put_logs_policy), name="PolicyName"
    ),
    "AWS::Logs::MetricFilter": Kind(
        _put_metric_filter, _delete_metric_filter, _update_metric_filter, name="FilterName"
    ),
    "AWS::CloudWatch::Alarm": Kind(
        _make_alarm, _delete_alarm, _update_alarm, _read_alarm, "AlarmName"
    ),
    "AWS::CloudWatch::CompositeAlarm": Kind(
        _record_composite, goes_with_owner, _update_nothing, name="AlarmName"
    ),
    "AWS::CloudWatch::Dashboard": Kind(
        _make_dashboard, _delete_dashboard, _update_dashboard, name="DashboardName"
    ),
    "AWS::SSM::Parameter": Kind(
        _make_parameter, delete_by("ssm", "delete_parameter", "Name"),
        _update_parameter, _read_parameter, "Name"
    ),
    "AWS::ECR::Repository": Kind(
        _make_repository, _delete_repository, _update_repository, name="RepositoryName"
    ),
    "AWS::CDK::Metadata": Kind(_make_nothing, goes_with_owner, _update_nothing),
    "AWS::CloudFormation::WaitConditionHandle": Kind(
        _make_wait_handle, goes_with_owner, _update_nothing
    ),
    "AWS::CloudFormation::WaitCondition": Kind(_make_wait, goes_with_owner),
}  # fmt: skip
