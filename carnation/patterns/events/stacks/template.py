"""The template of the events workflow, and how it is split by kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from troposphere import GetAtt, Output, Ref, Template
from troposphere.scheduler import (
    DeadLetterConfig,
    FlexibleTimeWindow,
    RetryPolicy,
    Schedule,
    Target,
)

from carnation.asl import walk_states
from carnation.cloudformation.substitutions import find_substitutions
from carnation.document import dump_json
from carnation.patterns.events.stacks.alarms import add_alarms
from carnation.patterns.events.stacks.files import add_files
from carnation.patterns.events.stacks.functions import add_functions
from carnation.patterns.events.stacks.queues import add_queues
from carnation.patterns.events.stacks.resources import Bucket, Files, Table
from carnation.patterns.events.stacks.roles import add_roles
from carnation.patterns.events.stacks.stores import add_store
from carnation.permissions import is_distributed
from carnation.stacks.by_kind import ROOT, ByKind
from carnation.stacks.key import add_key
from carnation.stacks.machine_role import Substitution
from carnation.stacks.parameters import add_conditions, open_template
from carnation.stacks.resources import Function, Sources
from carnation.stacks.snippets import KEY, resource_name, to_arn
from carnation.stacks.stack import add_machine_version, add_state_machine
from carnation.stacks.topics import add_alarm_topic
from carnation.stacks.writing import add_once

LAYOUT = ByKind(
    places={
        "QueueSchedule": ROOT,
        "ExecutionsUnfinishedFilter": ROOT,
        "FilesBucket": "files",
        "FilesBucketPolicy": "files",
    },
    ids={"FilesBucket": "Bucket", "FilesBucketPolicy": "BucketPolicy"},
    stacks={
        "sns": ("TopicStack", "The topic that alarms publish to"),
        "sqs": ("QueueStack", "The queue of failed events, and its dead-letter queue"),
        "dynamodb": ("StoreStack", "The table of events"),
        "s3": ("StoreStack", "The bucket of events"),
        "files": ("FilesStack", "The files of executions"),
    },
    parameters={
        "QueueUrl": ("QueueUrl", "The URL of the queue"),
        "DeadLetterQueueUrl": ("DeadLetterQueueUrl", "The URL of the dead-letter queue"),
        "TableName": ("StoreName", "The table or bucket of events"),
        "BucketName": ("StoreName", "The table or bucket of events"),
        "FilesBucketName": ("FilesBucketName", "The bucket of files"),
    },
)
"""Where the committed templates depart from the layout by kind."""

_QUEUE_ONLY = '{"start_seq": 0, "end_seq": 0}'


def make_template(
    sources: Sources,
    functions: Sequence[Function],
    store: Table | Bucket,
    files: Files | None,
    known: Mapping[str, Substitution],
) -> Template:
    """Make the template of everything that the events workflow has."""
    template = open_template(sources.workflow, *_list_parameters(sources, store))
    add_conditions(template, "MakesKey", "HasBoundary", "HasEmail", "HasSchedule", "MovesGradually")
    nouns = (tuple(functions), type(store), store, files, dump_json(sources.definition))

    def add_first(template: Template) -> None:
        add_key(template, "MakesKey")
        add_alarm_topic(template)
        add_queues(template, sources)
        add_store(template, store)
        if files:
            add_files(template)
        add_roles(template, sources.definition, functions, store, files, known)

    def watch(template: Template) -> None:
        add_alarms(template, functions, store, sources.definition)

    add_once(template, ("first", *nouns), add_first)
    add_functions(template, sources, functions, store, files)
    add_once(template, ("alarms", *nouns), watch)
    _add_machine(template, sources, known, functions[0])
    _add_schedule(template)
    _add_outputs(template, store, files)
    return template


def _add_machine(
    template: Template, sources: Sources, known: Mapping[str, Substitution], collect: Function
) -> None:
    """Add the state machine; its alias is moved back by what no event can cause.

    An execution fails with `EventsFailed` every day; that must not undo a gradual deployment.
    """
    used = find_substitutions(sources.definition)
    machine = add_state_machine(
        template,
        sources,
        {name: one.value for name, one in known.items() if name in used},
        role_arn=GetAtt("StateMachineRole", "Arn"),
    )
    watched = {
        "ExecutionsAbortedAlarm": "executions-aborted",
        "ExecutionsTimedOutAlarm": "executions-timed-out",
        f"{collect.title}ErrorsAlarm": f"{collect.name_part}-errors",
    }
    names = [resource_name(name) for name in watched.values()]
    add_machine_version(template, machine, names, after=list(watched))


def _list_parameters(
    sources: Sources, store: Table | Bucket
) -> tuple[dict[str, list[str]], dict[str, dict[str, Any]]]:
    """List the root's parameters by group, and the properties of its own."""
    unused = [] if isinstance(store, Table) else ["DeletionProtection"]
    if "MaxConcurrency" not in find_substitutions(sources.definition):
        unused.append("MaxConcurrency")
    own = dict(_OWN)
    if any(is_distributed(place.body) for place in walk_states(sources.definition)):
        own["MaxConcurrency"] = _BATCHES
    groups = {
        label: [name for name in names if name not in unused] for label, names in _GROUPS.items()
    }
    return groups, own


_BATCHES = {
    "Type": "Number",
    "Description": "Maximum number of concurrent child executions of the Map",
    "Default": 100,
    "MinValue": 1,
    "MaxValue": 10_000,
}
_OWN: Mapping[str, dict[str, Any]] = {
    "DeletionProtection": {"Description": "Whether the store of events has deletion protection"},
    "MaxConcurrency": {
        "Type": "Number",
        "Description": "Maximum number of events that are processed concurrently",
        "Default": 10,
        "MinValue": 1,
        "MaxValue": 40,
    },
    "Schedule": {
        "Description": (
            "Schedule on which executions process the queue, at least once a day; empty: none"
        ),
        "Default": "",
        "AllowedPattern": (
            r"(rate\((1 (minute|hour|day)|\d{1,3} minutes|([2-9]|1\d|2[0-4]) hours)\)"
            r"|cron\(\S+ \S+ [*?] \* [*?]( \*)?\))?"
        ),
        "ConstraintDescription": (
            "a schedule that comes once a day or more often, as in rate(15 minutes): the queue "
            "keeps an event for 7 days, in which it is tried four times"
        ),
    },
}
_GROUPS = {
    "Names": ["ProjectName", "Environment", "ArtifactBucket"],
    "Work": ["MaxConcurrency", "Schedule", "DeploymentType"],
    "Safety": ["KeyArn", "DeletionProtection", "PermissionsBoundaryArn"],
    "Watching": ["AlarmEmail", "LogRetentionDays"],
}


def _add_schedule(template: Template) -> None:
    template.add_resource(
        Schedule(
            "QueueSchedule",
            Condition="HasSchedule",
            Name=resource_name("queue"),
            Description="Processes the queue",
            ScheduleExpression=Ref("Schedule"),
            FlexibleTimeWindow=FlexibleTimeWindow(Mode="OFF"),
            KmsKeyArn=KEY,
            Target=Target(
                Arn=Ref("StateMachineAlias"),
                RoleArn=to_arn("iam", "role/@schedule", region=False),
                Input=_QUEUE_ONLY,
                DeadLetterConfig=DeadLetterConfig(Arn=to_arn("sqs", "@undelivered")),
                RetryPolicy=RetryPolicy(MaximumRetryAttempts=3, MaximumEventAgeInSeconds=3600),
            ),
        )
    )


def _add_outputs(template: Template, store: Table | Bucket, files: Files | None) -> None:
    for name, value in (
        ("StateMachineArn", Ref("StateMachine")),
        ("StateMachineVersionArn", Ref("StateMachineVersion")),
        ("StateMachineAliasArn", Ref("StateMachineAlias")),
        ("QueueUrl", Ref("Queue")),
        ("DeadLetterQueueUrl", Ref("DeadLetterQueue")),
        (store.output, Ref(store.resource)),
        *([(files.output, Ref(files.resource))] if files else []),
        ("TopicArn", Ref("Topic")),
        ("KeyArn", KEY),
    ):
        template.add_output(Output(name, Value=value))
