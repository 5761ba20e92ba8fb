"""The roles: one for each function, one for the state machine, one for the schedule.

Each allows exactly the actions and ARNs that are used; each can be assumed by one service, on
behalf of this account's own resource only.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from troposphere import Equals, GetAtt, If, Not, Output, Ref, Sub, Template
from troposphere.iam import Policy, Role

from carnation.asl import walk_states
from carnation.patterns.events.stacks.files import list_file_permissions
from carnation.patterns.events.stacks.resources import Bucket, Files, Table
from carnation.patterns.events.stacks.stores import list_store_permissions
from carnation.permissions import is_distributed
from carnation.stacks.machine_role import Substitution, list_machine_permissions
from carnation.stacks.resources import Function
from carnation.stacks.snippets import (
    Statement,
    allow,
    except_from,
    name_arn,
    name_resource,
    open_template,
    policy_of,
    use_key,
)

_PARAMETERS = ("ProjectName", "Environment", "KeyArn", "PermissionsBoundaryArn", "Schedule")


def make_role_stack(
    definition: Mapping[str, Any],
    functions: Sequence[Function],
    store: Table | Bucket,
    files: Files | None,
    known: Mapping[str, Substitution],
) -> Template:
    """Make iam-role-stack.yaml."""
    template = open_template("Who may do what", *_PARAMETERS)
    template.add_condition("HasBoundary", Not(Equals(Ref("PermissionsBoundaryArn"), "")))
    template.add_condition("HasSchedule", Not(Equals(Ref("Schedule"), "")))
    own = list_file_permissions() if files else []
    permissions = ([*_list_collect_permissions(), *own], list_store_permissions(store))
    for function, statements in zip(functions, permissions, strict=False):
        _add_function_role(template, function, statements)
    machine = _add_role(
        template,
        "StateMachineRole",
        "state-machine",
        _trust("states", *_name_machines(definition)),
        list_machine_permissions(definition, [store.service, *(["s3"] if files else [])], known),
        _UNBOUND_MACHINE,
    )
    _add_role(
        template,
        "ScheduleRole",
        "schedule",
        # a role cannot be bound to one schedule, only to the group
        _trust("scheduler", name_arn("scheduler", "schedule-group/default")),
        _list_schedule_permissions(),
        condition="HasSchedule",
    )
    template.add_output(Output("StateMachineRoleArn", Value=GetAtt(machine, "Arn")))
    return template


_UNBOUND_FUNCTION = (
    ("CKV_AWS_111", "The actions of X-Ray know no resources, so that only * can be written"),
)
_UNBOUND_MACHINE = (
    ("CKV_AWS_111", "The actions of X-Ray and of log delivery know no resources, only *"),
)


def _add_function_role(
    template: Template, function: Function, statements: Sequence[Statement]
) -> None:
    logs = name_arn("logs", f"log-group:/aws/lambda/@{function.resource}:*")
    _add_role(
        template,
        f"{function.title}Role",
        function.resource,
        _trust("lambda", *_name_versions("lambda", f"function:@{function.resource}")),
        [
            allow("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], logs),
            allow("Trace", ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], "*"),
            use_key("lambda", "kms:Decrypt"),
            *statements,
        ],
        _UNBOUND_FUNCTION,
    )


def _list_collect_permissions() -> list[Statement]:
    """List what collecting needs: receive and delete here, send to the dead letters there."""
    return [
        allow(
            "ReceiveEvents", ["sqs:DeleteMessage", "sqs:ReceiveMessage"], name_arn("sqs", "@queue")
        ),
        allow("GiveUpNoEvents", "sqs:SendMessage", name_arn("sqs", "@dead-letters")),
        use_key("sqs", "kms:Decrypt", "kms:GenerateDataKey"),
    ]


def _list_schedule_permissions() -> list[Statement]:
    """List what the schedule needs: to start an execution by the alias, and to read its own input.

    Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/encryption-rest.html
    """
    schedule = name_arn("scheduler", "schedule/default/@queue")
    return [
        allow(
            "StartExecution",
            "states:StartExecution",
            name_arn("states", "stateMachine:@state-machine:live"),
        ),
        allow(
            "DecryptInput",
            "kms:Decrypt",
            Ref("KeyArn"),
            StringEquals={"kms:EncryptionContext:aws:scheduler:schedule:arn": schedule},
        ),
    ]


def _name_versions(service: str, resource: str) -> tuple[Sub, Sub]:
    """Name a resource and its versions and aliases, and nothing whose name only begins alike."""
    return name_arn(service, resource), name_arn(service, f"{resource}:*")


def _name_machines(definition: Mapping[str, Any]) -> tuple[Sub, ...]:
    """Name the state machine, and what a distributed Map starts: `name/label`, AWS says."""
    own = "stateMachine:@state-machine"
    maps = any(is_distributed(place.state) for place in walk_states(definition))
    inner = (name_arn("states", f"{own}/*"),) if maps else ()
    return (*_name_versions("states", own), *inner)


def _trust(service: str, *sources: Sub) -> dict[str, Any]:
    return policy_of(
        {
            "Effect": "Allow",
            "Principal": {"Service": f"{service}.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": Ref("AWS::AccountId")},
                "ArnLike": {"aws:SourceArn": list(sources)},
            },
        }
    )


def _add_role(
    template: Template,
    title: str,
    name: str,
    trust: dict[str, Any],
    statements: Sequence[Statement],
    exceptions: Sequence[tuple[str, str]] = (),
    condition: str | None = None,
) -> Role:
    given: dict[str, Any] = {"Condition": condition} if condition else {}
    if exceptions:
        given["Metadata"] = except_from(*exceptions)
    return template.add_resource(
        Role(
            title,
            **given,
            RoleName=name_resource(name),
            AssumeRolePolicyDocument=trust,
            PermissionsBoundary=If(
                "HasBoundary", Ref("PermissionsBoundaryArn"), Ref("AWS::NoValue")
            ),
            Policies=[Policy(PolicyName="least-privilege", PolicyDocument=policy_of(*statements))],
        )
    )
