"""The roles: one for each function, one for the state machine, one for the schedule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from troposphere import Template

from carnation.patterns.events.stacks.files import list_file_permissions
from carnation.patterns.events.stacks.resources import Bucket, Files, Table
from carnation.patterns.events.stacks.stores import list_store_permissions
from carnation.stacks.machine_role import Substitution, list_machine_permissions
from carnation.stacks.resources import Function
from carnation.stacks.roles import add_function_role, add_role, state_machine_arns, trust
from carnation.stacks.snippets import KEY, Statement, allow, to_arn, use_key


def add_roles(
    template: Template,
    definition: Mapping[str, Any],
    functions: Sequence[Function],
    store: Table | Bucket,
    files: Files | None,
    known: Mapping[str, Substitution],
) -> None:
    """Add the roles."""
    own = list_file_permissions() if files else []
    permissions = ([*_list_collect_permissions(), *own], list_store_permissions(store))
    for function, statements in zip(functions, permissions, strict=False):
        add_function_role(template, function, statements)
    add_role(
        template,
        "StateMachineRole",
        "state-machine",
        trust("states", *state_machine_arns(definition)),
        list_machine_permissions(definition, [store.service, *(["s3"] if files else [])], known),
        _UNBOUND_MACHINE,
    )
    add_role(
        template,
        "ScheduleRole",
        "schedule",
        # a role cannot be bound to one schedule, only to the group
        trust("scheduler", to_arn("scheduler", "schedule-group/default")),
        _list_schedule_permissions(),
        condition="HasSchedule",
    )


_UNBOUND_MACHINE = (
    ("CKV_AWS_111", "The actions of X-Ray and of log delivery know no resources, only *"),
)


def _list_collect_permissions() -> list[Statement]:
    """List what collecting needs: receive and delete here, send to the dead letters there."""
    return [
        allow(
            "ReceiveEvents", ["sqs:DeleteMessage", "sqs:ReceiveMessage"], to_arn("sqs", "@queue")
        ),
        allow("GiveUpNoEvents", "sqs:SendMessage", to_arn("sqs", "@dead-letters")),
        use_key("sqs", "kms:Decrypt", "kms:GenerateDataKey"),
    ]


def _list_schedule_permissions() -> list[Statement]:
    """List what the schedule needs: to start an execution, to read its input, to keep what fails.

    Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/encryption-rest.html
    """
    schedule = to_arn("scheduler", "schedule/default/@queue")
    return [
        allow(
            "StartExecution",
            "states:StartExecution",
            to_arn("states", "stateMachine:@state-machine:live"),
        ),
        allow(
            "DecryptInput",
            "kms:Decrypt",
            KEY,
            StringEquals={"kms:EncryptionContext:aws:scheduler:schedule:arn": schedule},
        ),
        allow("KeepUndelivered", "sqs:SendMessage", to_arn("sqs", "@undelivered")),
        use_key("sqs", "kms:Decrypt", "kms:GenerateDataKey"),
    ]
