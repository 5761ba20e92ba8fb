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

from carnation.stacks.nouns import Bucket, Function, Table
from carnation.stacks.parts import (
    Statement,
    allow,
    except_from,
    name_arn,
    name_resource,
    open_template,
    policy_of,
    use_key,
)
from carnation.stacks.stores import list_store_permissions
from carnation.stacks.uses import Uses, find_uses

_PARAMETERS = ("ProjectName", "Environment", "KeyArn", "PermissionsBoundaryArn", "Schedule")


def make_role_stack(
    definition: Mapping[str, Any], collect: Function, process: Function, store: Table | Bucket
) -> Template:
    """Make iam-role-stack.yaml."""
    template = open_template("Who may do what", *_PARAMETERS)
    template.add_condition("HasBoundary", Not(Equals(Ref("PermissionsBoundaryArn"), "")))
    template.add_condition("HasSchedule", Not(Equals(Ref("Schedule"), "")))
    _add_function_role(template, collect, _list_collect_permissions())
    _add_function_role(template, process, list_store_permissions(store))
    machine = _add_role(
        template,
        "StateMachineRole",
        "state-machine",
        _trust("states", *_name_versions("states", "stateMachine:@state-machine")),
        _list_machine_permissions(find_uses(definition, (collect, process))),
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


def _list_machine_permissions(uses: Uses) -> list[Statement]:
    """List what the state machine needs: its definition's own tasks, its key, logs and traces.

    The key is used by the role itself, not through a service: `kms:ViaService` would stop it.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html,
    https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
    """
    machine = name_arn("states", "stateMachine:@state-machine")
    return [
        allow(
            "InvokeVersions",
            "lambda:InvokeFunction",
            # executions in flight go on with older versions, so none is named
            [name_arn("lambda", f"function:@{function.resource}:*") for function in uses.functions],
        ),
        *(
            allow(
                action.partition(":")[2], action, [name_arn("sqs", f"@{queue}") for queue in queues]
            )
            for action, queues in uses.queues.items()
        ),
        use_key("sqs", "kms:Decrypt", "kms:GenerateDataKey"),
        allow(
            "EncryptExecutions",
            ["kms:Decrypt", "kms:GenerateDataKey"],
            Ref("KeyArn"),
            StringEquals={"kms:EncryptionContext:aws:states:stateMachineArn": machine},
        ),
        allow(
            "EncryptLogs",
            "kms:GenerateDataKey",
            Ref("KeyArn"),
            # the context ends in a star itself; nothing is matched by it
            StringEquals={"kms:EncryptionContext:SourceArn": name_arn("logs", "*")},
        ),
        allow("DeliverLogs", list(_LOG_DELIVERY), "*"),
        allow("Trace", list(_TRACING), "*"),
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


_LOG_DELIVERY = (
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
)
_TRACING = (
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
)


def _name_versions(service: str, resource: str) -> tuple[Sub, Sub]:
    """Name a resource and its versions and aliases, and nothing whose name only begins alike."""
    return name_arn(service, resource), name_arn(service, f"{resource}:*")


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
