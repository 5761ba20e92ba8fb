"""The state machine of any workflow's stack: its log group, version and alias."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from troposphere import GetAtt, If, NoValue, Ref, Sub, Template
from troposphere.logs import LogGroup
from troposphere.stepfunctions import (
    CloudWatchLogsLogGroup,
    DeploymentPreference,
    EncryptionConfiguration,
    LogDestination,
    LoggingConfiguration,
    S3Location,
    StateMachine,
    StateMachineAlias,
    StateMachineVersion,
    TracingConfiguration,
)

from carnation.document import keyed_path
from carnation.stacks.resources import Sources
from carnation.stacks.snippets import KEPT, KEY, except_from, render_name, resource_name


def add_state_machine(
    template: Template,
    sources: Sources,
    substitutions: Mapping[str, Any],
    *,
    role_arn: Any,
    kind: str = "STANDARD",
    key: Any = KEY,
    log_level: str = "ERROR",
    log_data: bool = True,
    tracing: bool = True,
) -> StateMachine:
    """Add the state machine with its log group: encrypted with `key`, or with AWS's own if None.

    Its definition is in the bucket; the key of that object carries the definition's digest.
    """
    logs = add_log_group(template, "StateMachineLogs", "vendedlogs/states/@state-machine", key=key)
    location = keyed_path(
        f"{sources.workflow}/{sources.definition_path}", sources.definition_sha256
    )
    return template.add_resource(
        StateMachine(
            "StateMachine",
            StateMachineName=resource_name("state-machine"),
            StateMachineType=kind,
            RoleArn=role_arn,
            DefinitionS3Location=S3Location(Bucket=Ref("ArtifactBucket"), Key=location),
            **({"DefinitionSubstitutions": dict(substitutions)} if substitutions else {}),
            **({} if key is None else {"EncryptionConfiguration": _encrypt(key)}),
            LoggingConfiguration=_log_to(logs, log_level, log_data),
            TracingConfiguration=TracingConfiguration(Enabled=tracing),
        )
    )


def add_log_group(template: Template, title: str, path: str, *, key: Any) -> LogGroup:
    """Add a log group, retained; `@` represents how names begin."""
    plain = except_from(("CKV_AWS_158", "CloudWatch's own key encrypts logs, as it does all"))
    return template.add_resource(
        LogGroup(
            title,
            **KEPT,
            LogGroupName=Sub("/aws/" + render_name(path)),
            RetentionInDays=Ref("LogRetentionDays"),
            **({"Metadata": plain} if key is None else {"KmsKeyId": key}),
        )
    )


def _encrypt(key: Any) -> EncryptionConfiguration:
    return EncryptionConfiguration(
        Type="CUSTOMER_MANAGED_KMS_KEY", KmsKeyId=key, KmsDataKeyReusePeriodSeconds=300
    )


def _log_to(logs: LogGroup, level: str, data: bool) -> LoggingConfiguration:
    group = CloudWatchLogsLogGroup(LogGroupArn=GetAtt(logs, "Arn"))
    return LoggingConfiguration(
        Level=level,  # a Standard history has every event; the log outlives it for what failed
        IncludeExecutionData=data,
        Destinations=[LogDestination(CloudWatchLogsLogGroup=group)],
    )


def add_machine_version(
    template: Template,
    machine: StateMachine,
    alarms: Sequence[Any],
    *,
    after: Sequence[str] = (),
    alias: str = "live",
) -> None:
    """Publish a version for each revision, retained, and move the alias to it.

    `alarms` are the names of those that move the alias back while it moves gradually.
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-stepfunctions-statemachinealias.html
    """
    version = template.add_resource(
        StateMachineVersion(
            "StateMachineVersion",
            **KEPT,
            StateMachineArn=Ref(machine),
            StateMachineRevisionId=GetAtt(machine, "StateMachineRevisionId"),
        )
    )
    gradual = {"Percentage": 10, "Interval": 5}
    template.add_resource(
        StateMachineAlias(
            "StateMachineAlias",
            **({"DependsOn": list(after)} if after else {}),
            Name=alias,
            DeploymentPreference=DeploymentPreference(
                StateMachineVersionArn=Ref(version),
                Type=Ref("DeploymentType"),
                **({"Alarms": list(alarms)} if alarms else {}),
                **{name: If("MovesGradually", value, NoValue) for name, value in gradual.items()},
            ),
        )
    )
