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

_PARAMETERS = ("ProjectName", "Environment", "KeyArn", "PermissionsBoundaryArn", "Schedule")
_ACTIONS = {
    "sqs:sendMessage": "sqs:SendMessage",
    "aws-sdk:sqs:sendMessage": "sqs:SendMessage",
    "aws-sdk:sqs:deleteMessage": "sqs:DeleteMessage",
}
_QUEUES = {"${QueueUrl}": "@queue", "${DeadLetterQueueUrl}": "@dead-letters"}


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
        _trust("states", name_arn("states", "stateMachine:@state-machine*")),
        _list_machine_permissions(definition, (collect, process)),
        _UNBOUND,
    )
    _add_role(
        template,
        "ScheduleRole",
        "schedule",
        _trust("scheduler", name_arn("scheduler", "schedule-group/default")),
        [
            allow(
                "StartExecution",
                "states:StartExecution",
                [name_arn("states", "stateMachine:@state-machine:live")],
            ),
            use_key("states", "kms:Decrypt", "kms:GenerateDataKey"),
        ],
        condition="HasSchedule",
    )
    template.add_output(Output("StateMachineRoleArn", Value=GetAtt(machine, "Arn")))
    return template


_UNBOUND = (
    ("CKV_AWS_111", "X-Ray and log delivery know no resources; AWS's own policies say * too"),
)


def _add_function_role(
    template: Template, function: Function, statements: Sequence[Statement]
) -> None:
    logs = name_arn("logs", f"log-group:/aws/lambda/@{function.resource}:*")
    _add_role(
        template,
        f"{function.title}Role",
        function.resource,
        _trust("lambda", name_arn("lambda", f"function:@{function.resource}*")),
        [
            allow("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], logs),
            allow("Trace", ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], "*"),
            use_key("lambda", "kms:Decrypt"),
            *statements,
        ],
        _UNBOUND,
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


def _list_machine_permissions(
    definition: Mapping[str, Any], functions: Sequence[Function]
) -> list[Statement]:
    """Derive what the state machine's role needs from the definition's own tasks.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html,
    https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
    """
    invoked = [name_arn("lambda", f"function:@{one.resource}:*") for one in functions]
    used: dict[str, dict[str, None]] = {}
    for place in walk_states(definition):
        task = str(place.state.get("Resource", "")).partition(":states:::")[2]
        queue = _QUEUES.get(place.state.get("Parameters", {}).get("QueueUrl", ""))
        if task in _ACTIONS and queue:
            used.setdefault(_ACTIONS[task], {})[queue] = None
    return [
        allow("InvokeVersions", "lambda:InvokeFunction", invoked),
        *(
            allow(action.partition(":")[2], action, [name_arn("sqs", queue) for queue in queues])
            for action, queues in used.items()
        ),
        use_key("sqs", "kms:Decrypt", "kms:GenerateDataKey"),
        allow(
            "EncryptExecutions",
            ["kms:Decrypt", "kms:GenerateDataKey"],
            Ref("KeyArn"),
            StringEquals={
                "kms:EncryptionContext:aws:states:stateMachineArn": name_arn(
                    "states", "stateMachine:@state-machine"
                )
            },
        ),
        allow("DeliverLogs", list(_LOG_DELIVERY), "*"),
        allow("Trace", list(_TRACING), "*"),
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


def _trust(service: str, source: Sub) -> dict[str, Any]:
    return policy_of(
        {
            "Effect": "Allow",
            "Principal": {"Service": f"{service}.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": Ref("AWS::AccountId")},
                "ArnLike": {"aws:SourceArn": source},
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
