"""Roles: each allows the actions and ARNs that are used, and is assumed by one service only.

A role can be assumed on behalf of this account's own resource only.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from troposphere import If, Ref, Sub, Template
from troposphere.iam import Policy, Role

from carnation.asl import walk_states
from carnation.permissions import is_distributed
from carnation.resources.functions import Function
from carnation.stacks.snippets import (
    KEY,
    Statement,
    allow,
    except_from,
    name_arn,
    name_resource,
    policy_of,
    use_key,
)

_UNBOUND_FUNCTION = (
    ("CKV_AWS_111", "The actions of X-Ray know no resources, so that only * can be written"),
)


def add_function_role(
    template: Template,
    function: Function,
    statements: Sequence[Statement],
    *,
    name: str | None = None,
    key: Any = KEY,
) -> None:
    """Add the role of a function: its logs, its traces, its key, and the statements given."""
    logs = name_arn("logs", f"log-group:/aws/lambda/@{function.name_part}:*")
    versions = name_versions("lambda", f"function:@{function.name_part}")
    add_role(
        template,
        f"{function.title}Role",
        function.name_part if name is None else name,
        trust("lambda", *versions if function.named else ()),
        [
            allow("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], logs),
            allow("Trace", ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], "*"),
            *([] if key is None else [use_key("lambda", "kms:Decrypt", key=key)]),
            *statements,
        ],
        _UNBOUND_FUNCTION,
    )


def name_versions(service: str, resource: str) -> tuple[Sub, Sub]:
    """Name a resource and its versions and aliases, and nothing whose name only begins alike."""
    return name_arn(service, resource), name_arn(service, f"{resource}:*")


def name_machines(definition: Mapping[str, Any]) -> tuple[Sub, ...]:
    """Name the state machine, and what a distributed Map starts: `name/label`, AWS says."""
    own = "stateMachine:@state-machine"
    maps = any(is_distributed(place.body) for place in walk_states(definition))
    inner = (name_arn("states", f"{own}/*"),) if maps else ()
    return (*name_versions("states", own), *inner)


def trust(service: str, *sources: Sub) -> dict[str, Any]:
    """Let a service assume a role on behalf of these sources of this account only."""
    return policy_of(
        {
            "Effect": "Allow",
            "Principal": {"Service": f"{service}.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": Ref("AWS::AccountId")},
                **({"ArnLike": {"aws:SourceArn": list(sources)}} if sources else {}),
            },
        }
    )


def add_role(
    template: Template,
    title: str,
    name: str,
    trust: dict[str, Any],
    statements: Sequence[Statement],
    exceptions: Sequence[tuple[str, str]] = (),
    condition: str | None = None,
) -> Role:
    """Add a role with one policy, bounded where a boundary is given.

    Without a name, CloudFormation makes one.
    """
    given: dict[str, Any] = {"Condition": condition} if condition else {}
    if exceptions:
        given["Metadata"] = except_from(*exceptions)
    return template.add_resource(
        Role(
            title,
            **given,
            **({"RoleName": name_resource(name)} if name else {}),
            AssumeRolePolicyDocument=trust,
            PermissionsBoundary=If(
                "HasBoundary", Ref("PermissionsBoundaryArn"), Ref("AWS::NoValue")
            ),
            Policies=[Policy(PolicyName="least-privilege", PolicyDocument=policy_of(*statements))],
        )
    )
