"""The root stack: parameters, the key, the nested stacks, the state machine and its version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from troposphere import GetAtt, Output, Ref, Template
from troposphere.scheduler import FlexibleTimeWindow, RetryPolicy, Schedule, Target

from carnation.asl import walk_states
from carnation.patterns.events.stacks.parameters import PROTECTION, SCHEDULE
from carnation.patterns.events.stacks.resources import Bucket, Files, Table
from carnation.permissions import is_distributed
from carnation.stacks.alarms import EXECUTION_ALARMS
from carnation.stacks.key import add_key
from carnation.stacks.machine_role import Substitution
from carnation.stacks.parameters import add_conditions, open_root
from carnation.stacks.resources import Function, Sources
from carnation.stacks.snippets import name_arn, name_resource
from carnation.stacks.stack import ROOT_KEY, NestedStacks, add_machine_version, add_state_machine
from carnation.templates.substitutions import find_substitutions

_QUEUE_ONLY = '{"start_seq": 0, "end_seq": 0}'


def make_root_stack(
    sources: Sources,
    nested: Mapping[str, str],
    functions: Sequence[Function],
    store: Table | Bucket,
    files: Files | None,
    known: Mapping[str, Substitution],
) -> Template:
    """Make <workflow>-root-stack.yaml; `nested` holds the text of each nested template by path."""
    template = open_root(sources.workflow, *_list_parameters(sources, store))
    add_conditions(template, "MakesKey", "HasSchedule", "MovesGradually")
    add_key(template, "MakesKey")
    _add_nested(NestedStacks(template, sources, nested), functions, store, files)
    used = find_substitutions(sources.definition)
    machine = add_state_machine(
        template,
        sources,
        {name: one.value for name, one in known.items() if name in used},
        role_arn=GetAtt("RoleStack", "Outputs.StateMachineRoleArn"),
    )
    alarms = [name_resource(f"executions-{name}") for name in EXECUTION_ALARMS]
    add_machine_version(template, machine, alarms, after=["AlarmStack"])
    _add_schedule(template)
    _add_outputs(template, store, files)
    return template


def _list_parameters(
    sources: Sources, store: Table | Bucket
) -> tuple[dict[str, list[str]], dict[str, dict[str, Any]]]:
    """List the root's parameters by group, and the properties of its own."""
    unused = [] if isinstance(store, Table) else ["DeletionProtection"]
    if "MaxConcurrency" not in find_substitutions(sources.definition):
        unused.append("MaxConcurrency")
    own = dict(_OWN)
    if any(is_distributed(place.state) for place in walk_states(sources.definition)):
        own["MaxConcurrency"] = _BATCHES
    groups = {
        label: [name for name in names if name not in unused] for label, names in _GROUPS.items()
    }
    return groups, own


_BATCHES = {
    "Type": "Number",
    "Description": "How many child executions of the Map run at once",
    "Default": 100,
    "MinValue": 1,
    "MaxValue": 10_000,
}
_OWN: Mapping[str, dict[str, Any]] = {
    "DeletionProtection": PROTECTION,
    "MaxConcurrency": {
        "Type": "Number",
        "Description": "How many events are processed at once",
        "Default": 10,
        "MinValue": 1,
        "MaxValue": 40,
    },
    "Schedule": {
        **SCHEDULE,
        "Default": "",
        "AllowedPattern": r"((rate|cron)\(.+\))?",
        "ConstraintDescription": "a schedule that comes again, as in rate(15 minutes)",
    },
}
_GROUPS = {
    "Names": ["ProjectName", "Environment", "ArtifactBucket"],
    "Work": ["MaxConcurrency", "Schedule", "DeploymentType"],
    "Safety": ["KeyArn", "DeletionProtection", "PermissionsBoundaryArn"],
    "Watching": ["AlarmEmail", "LogRetentionDays"],
}


def _add_nested(
    stacks: NestedStacks, functions: Sequence[Function], store: Table | Bucket, files: Files | None
) -> None:
    stacks.add("TopicStack", "sns", "AlarmEmail", KeyArn=ROOT_KEY)
    stacks.add("QueueStack", "sqs", KeyArn=ROOT_KEY)
    protection = ["DeletionProtection"] if isinstance(store, Table) else []
    stacks.add("StoreStack", store.stack, *protection, KeyArn=ROOT_KEY)
    written: dict[str, Any] = {}
    if files:
        stacks.add("FilesStack", files.stack, KeyArn=ROOT_KEY)
        written[files.output] = GetAtt("FilesStack", f"Outputs.{files.output}")
    stacks.add("RoleStack", "iam-role", "PermissionsBoundaryArn", "Schedule", KeyArn=ROOT_KEY)
    held = GetAtt("StoreStack", f"Outputs.{store.output}")
    stacks.add(
        "FunctionStack", "lambda-function", "ArtifactBucket", "LogRetentionDays",
        after=["RoleStack"],
        KeyArn=ROOT_KEY,
        QueueUrl=GetAtt("QueueStack", "Outputs.QueueUrl"),
        DeadLetterQueueUrl=GetAtt("QueueStack", "Outputs.DeadLetterQueueUrl"),
        **({"StoreName": held} if len(functions) > 1 else {}),
        **written,
    )  # fmt: skip
    stacks.add(
        "AlarmStack", "cloudwatch", "Schedule", TopicArn=GetAtt("TopicStack", "Outputs.TopicArn")
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
            KmsKeyArn=ROOT_KEY,
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
        ("KeyArn", ROOT_KEY),
    ):
        template.add_output(Output(name, Value=value))
