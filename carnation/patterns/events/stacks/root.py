"""The root stack: parameters, the key, the nested stacks, the state machine and its version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from troposphere import (
    Equals,
    GetAtt,
    If,
    Not,
    NoValue,
    Output,
    Parameter,
    Ref,
    Sub,
    Template,
)
from troposphere.cloudformation import Stack
from troposphere.logs import LogGroup
from troposphere.scheduler import FlexibleTimeWindow, RetryPolicy, Schedule, Target
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

from carnation.asl import find_substitutions, walk_states
from carnation.document import digest, keyed_path
from carnation.patterns.events.stacks.alarms import EXECUTION_ALARMS
from carnation.patterns.events.stacks.resources import Bucket, Files, Table
from carnation.permissions import is_distributed
from carnation.stacks.key import add_key
from carnation.stacks.machine_role import Substitution
from carnation.stacks.resources import Function, Sources
from carnation.stacks.snippets import describe_parameter, name_arn, name_resource

_QUEUE_ONLY = '{"start_seq": 0, "end_seq": 0}'
_LOG_DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557,
             2922, 3288, 3653]  # fmt: skip


def make_root_stack(
    sources: Sources,
    nested: Mapping[str, str],
    functions: Sequence[Function],
    store: Table | Bucket,
    files: Files | None,
    known: Mapping[str, Substitution],
) -> Template:
    """Make <workflow>-root-stack.yaml; `nested` holds the text of each nested template by path."""
    template = Template(Description=f"{sources.workflow}: the root of its stacks")
    template.set_version("2010-09-09")
    unused = [] if isinstance(store, Table) else ["DeletionProtection"]
    if "MaxConcurrency" not in find_substitutions(sources.definition):
        unused.append("MaxConcurrency")
    _add_parameters(template, sources, unused)
    _add_conditions(template)
    add_key(template, "MakesKey")
    stacks = _Stacks(template, sources, nested)
    _add_nested(stacks, functions, store, files)
    machine = _add_machine(template, sources, known)
    _add_version(template, machine)
    _add_schedule(template)
    _add_outputs(template, store, files)
    return template


def _add_parameters(template: Template, sources: Sources, unused: Sequence[str]) -> None:
    own: dict[str, dict[str, Any]] = {
        **_PARAMETERS,
        "ProjectName": {"Default": sources.workflow[:23].rstrip("-")},
    }
    if any(is_distributed(place.state) for place in walk_states(sources.definition)):
        own["MaxConcurrency"] = _BATCHES
    for _, names in _GROUPS:
        for name in names:
            if name not in unused:
                properties = {"Type": "String", **describe_parameter(name), **own[name]}
                template.add_parameter(Parameter(name, **properties))
    groups = [
        {"Label": {"default": label}, "Parameters": [name for name in names if name not in unused]}
        for label, names in _GROUPS
    ]
    template.set_metadata({"AWS::CloudFormation::Interface": {"ParameterGroups": groups}})


_BATCHES = {
    "Type": "Number",
    "Description": "How many child executions of the Map run at once",
    "Default": 100,
    "MinValue": 1,
    "MaxValue": 10_000,
}
_PARAMETERS: Mapping[str, dict[str, Any]] = {
    "Environment": {"Default": "dev"},
    "ArtifactBucket": {
        "AllowedPattern": "[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
        "ConstraintDescription": "the name of a bucket in this region",
    },
    "MaxConcurrency": {
        "Type": "Number",
        "Description": "How many events are processed at once",
        "Default": 10,
        "MinValue": 1,
        "MaxValue": 40,
    },
    "Schedule": {
        "Default": "",
        "AllowedPattern": r"((rate|cron)\(.+\))?",
        "ConstraintDescription": "a schedule that comes again, as in rate(15 minutes)",
    },
    "DeploymentType": {
        "Description": "How the alias moves to a new version",
        "Default": "ALL_AT_ONCE",
        "AllowedValues": ["ALL_AT_ONCE", "CANARY", "LINEAR"],
    },
    "KeyArn": {
        "Description": "The ARN of a customer-managed key; empty: the stack makes one",
        "Default": "",
        "AllowedPattern": "(arn:[a-z-]+:kms:.+:key/.+)?",
        "ConstraintDescription": "the ARN of a key, not of an alias",
    },
    "DeletionProtection": {"Default": "true"},
    "PermissionsBoundaryArn": {
        "Default": "",
        "AllowedPattern": "(arn:[a-z-]+:iam::.+:policy/.+)?",
        "ConstraintDescription": "the ARN of a managed policy",
    },
    "AlarmEmail": {
        "Default": "",
        "AllowedPattern": r"([^@\s]+@[^@\s]+)?",
        "ConstraintDescription": "an address, as in who@example.com",
    },
    "LogRetentionDays": {"Default": 30, "AllowedValues": _LOG_DAYS},
}
_GROUPS = (
    ("Names", ["ProjectName", "Environment", "ArtifactBucket"]),
    ("Work", ["MaxConcurrency", "Schedule", "DeploymentType"]),
    ("Safety", ["KeyArn", "DeletionProtection", "PermissionsBoundaryArn"]),
    ("Watching", ["AlarmEmail", "LogRetentionDays"]),
)


def _add_conditions(template: Template) -> None:
    template.add_condition("MakesKey", Equals(Ref("KeyArn"), ""))
    template.add_condition("HasSchedule", Not(Equals(Ref("Schedule"), "")))
    template.add_condition("MovesGradually", Not(Equals(Ref("DeploymentType"), "ALL_AT_ONCE")))


_KEY = If("MakesKey", GetAtt("Key", "Arn"), Ref("KeyArn"))


class _Stacks:
    """The nested stacks as the root sees them: a template by key, and parameters."""

    def __init__(self, template: Template, sources: Sources, nested: Mapping[str, str]) -> None:
        self.template, self.sources, self.nested = template, sources, nested

    def add(self, title: str, name: str, *passed: str, **given: Any) -> None:
        path = f"cft/nested-stacks/{name}-stack.yaml"
        key = keyed_path(f"{self.sources.workflow}/{path}", digest(self.nested[path]))
        self.template.add_resource(
            Stack(
                title,
                TemplateURL=Sub(
                    "https://${ArtifactBucket}.s3.${AWS::Region}.${AWS::URLSuffix}/" + key
                ),
                Parameters={
                    "ProjectName": Ref("ProjectName"),
                    "Environment": Ref("Environment"),
                    **{parameter: Ref(parameter) for parameter in passed},
                    **given,
                },
            )
        )


def _add_nested(
    stacks: _Stacks, functions: Sequence[Function], store: Table | Bucket, files: Files | None
) -> None:
    stacks.add("TopicStack", "sns", "AlarmEmail", KeyArn=_KEY)
    stacks.add("QueueStack", "sqs", KeyArn=_KEY)
    protection = ["DeletionProtection"] if isinstance(store, Table) else []
    stacks.add("StoreStack", store.stack, *protection, KeyArn=_KEY)
    written: dict[str, Any] = {}
    if files:
        stacks.add("FilesStack", files.stack, KeyArn=_KEY)
        written[files.output] = GetAtt("FilesStack", f"Outputs.{files.output}")
    stacks.add("RoleStack", "iam-role", "PermissionsBoundaryArn", "Schedule", KeyArn=_KEY)
    held = GetAtt("StoreStack", f"Outputs.{store.output}")
    stacks.add(
        "FunctionStack", "lambda-function", "ArtifactBucket", "LogRetentionDays",
        KeyArn=_KEY,
        QueueUrl=GetAtt("QueueStack", "Outputs.QueueUrl"),
        DeadLetterQueueUrl=GetAtt("QueueStack", "Outputs.DeadLetterQueueUrl"),
        **({"StoreName": held} if len(functions) > 1 else {}),
        **written,
    )  # fmt: skip
    stacks.template.resources["FunctionStack"].resource["DependsOn"] = ["RoleStack"]
    stacks.add(
        "AlarmStack", "cloudwatch", "Schedule", TopicArn=GetAtt("TopicStack", "Outputs.TopicArn")
    )


def _add_machine(
    template: Template, sources: Sources, known: Mapping[str, Substitution]
) -> StateMachine:
    used = find_substitutions(sources.definition)
    logs = template.add_resource(
        LogGroup(
            "StateMachineLogs",
            DeletionPolicy="Retain",
            UpdateReplacePolicy="Retain",
            LogGroupName=Sub("/aws/vendedlogs/states/${ProjectName}-${Environment}-state-machine"),
            RetentionInDays=Ref("LogRetentionDays"),
            KmsKeyId=_KEY,
        )
    )
    return template.add_resource(
        StateMachine(
            "StateMachine",
            StateMachineName=name_resource("state-machine"),
            StateMachineType="STANDARD",
            RoleArn=GetAtt("RoleStack", "Outputs.StateMachineRoleArn"),
            DefinitionS3Location=S3Location(
                Bucket=Ref("ArtifactBucket"),
                Key=keyed_path(
                    f"{sources.workflow}/{sources.definition_path}", sources.definition_sha256
                ),
            ),
            DefinitionSubstitutions={
                name: one.value for name, one in known.items() if name in used
            },
            EncryptionConfiguration=EncryptionConfiguration(
                Type="CUSTOMER_MANAGED_KMS_KEY", KmsKeyId=_KEY, KmsDataKeyReusePeriodSeconds=300
            ),
            LoggingConfiguration=_log_to(logs),
            TracingConfiguration=TracingConfiguration(Enabled=True),
        )
    )


def _log_to(logs: LogGroup) -> LoggingConfiguration:
    group = CloudWatchLogsLogGroup(LogGroupArn=GetAtt(logs, "Arn"))
    return LoggingConfiguration(
        Level="ERROR",  # the history has every event; the log outlives it for what failed
        IncludeExecutionData=True,
        Destinations=[LogDestination(CloudWatchLogsLogGroup=group)],
    )


def _add_version(template: Template, machine: StateMachine) -> None:
    """Publish a version for each revision, retained, and move the alias to it.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-stepfunctions-statemachinealias.html
    """
    version = template.add_resource(
        StateMachineVersion(
            "StateMachineVersion",
            DeletionPolicy="Retain",
            UpdateReplacePolicy="Retain",
            StateMachineArn=Ref(machine),
            StateMachineRevisionId=GetAtt(machine, "StateMachineRevisionId"),
        )
    )
    gradual = {"Percentage": 10, "Interval": 5}
    template.add_resource(
        StateMachineAlias(
            "StateMachineAlias",
            DependsOn=["AlarmStack"],
            Name="live",
            DeploymentPreference=DeploymentPreference(
                StateMachineVersionArn=Ref(version),
                Type=Ref("DeploymentType"),
                Alarms=[name_resource(f"executions-{name}") for name in EXECUTION_ALARMS],
                **{key: If("MovesGradually", value, NoValue) for key, value in gradual.items()},
            ),
        )
    )


def _add_schedule(template: Template) -> None:
    template.add_resource(
        Schedule(
            "QueueSchedule",
            Condition="HasSchedule",
            Name=name_resource("queue"),
            Description="Works through the queue",
            ScheduleExpression=Ref("Schedule"),
            FlexibleTimeWindow=FlexibleTimeWindow(Mode="OFF"),
            KmsKeyArn=_KEY,
            Target=Target(
                Arn=Ref("StateMachineAlias"),
                RoleArn=name_arn("iam", "role/@schedule", region=False),
                Input=_QUEUE_ONLY,
                RetryPolicy=RetryPolicy(MaximumRetryAttempts=3, MaximumEventAgeInSeconds=3600),
            ),
        )
    )


def _add_outputs(template: Template, store: Table | Bucket, files: Files | None) -> None:
    for name, value in (
        ("StateMachineArn", Ref("StateMachine")),
        ("StateMachineVersionArn", Ref("StateMachineVersion")),
        ("StateMachineAliasArn", Ref("StateMachineAlias")),
        ("QueueUrl", GetAtt("QueueStack", "Outputs.QueueUrl")),
        ("DeadLetterQueueUrl", GetAtt("QueueStack", "Outputs.DeadLetterQueueUrl")),
        (store.output, GetAtt("StoreStack", f"Outputs.{store.output}")),
        *([(files.output, GetAtt("FilesStack", f"Outputs.{files.output}"))] if files else []),
        ("TopicArn", GetAtt("TopicStack", "Outputs.TopicArn")),
        ("KeyArn", _KEY),
    ):
        template.add_output(Output(name, Value=value))
