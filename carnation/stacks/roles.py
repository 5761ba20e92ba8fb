"""Roles: each allows the actions and ARNs that are used, and is assumed by one service only.

A role can be assumed on behalf of this account's own resource only.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from json import dumps
from typing import Any

from troposphere import If, Ref, Sub, Template
from troposphere.iam import ManagedPolicy, Policy, Role

from carnation.asl import walk_states
from carnation.errors import WorkflowError
from carnation.permissions import is_distributed
from carnation.resources.functions import Function
from carnation.stacks.snippets import (
    KEY,
    Statement,
    allow,
    except_from,
    make_plain,
    policy_of,
    resource_name,
    to_arn,
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
    logs = to_arn("logs", f"log-group:/aws/lambda/@{function.name_part}:*")
    versions = version_arns("lambda", f"function:@{function.name_part}")
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


def version_arns(service: str, resource: str) -> tuple[Sub, Sub]:
    """Name a resource and its versions and aliases, and nothing whose name only begins alike."""
    return to_arn(service, resource), to_arn(service, f"{resource}:*")


def state_machine_arns(definition: Mapping[str, Any]) -> tuple[Sub, ...]:
    """Name the state machine, and what a distributed Map starts: `name/label`, AWS says."""
    own = "stateMachine:@state-machine"
    maps = any(is_distributed(place.body) for place in walk_states(definition))
    inner = (to_arn("states", f"{own}/*"),) if maps else ()
    return (*version_arns("states", own), *inner)


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

    Without a name, CloudFormation makes one. Statements that are too long for a role's own policy
    go to managed policies.
    """
    given: dict[str, Any] = {"Condition": condition} if condition else {}
    if exceptions:
        given["Metadata"] = except_from(*exceptions)
    managed = _add_managed(template, title, statements, given) if is_long(statements) else []
    return template.add_resource(
        Role(
            title,
            **given,
            **({"RoleName": resource_name(name)} if name else {}),
            AssumeRolePolicyDocument=trust,
            PermissionsBoundary=If(
                "HasBoundary", Ref("PermissionsBoundaryArn"), Ref("AWS::NoValue")
            ),
            **(
                {"ManagedPolicyArns": managed}
                if managed
                else {"Policies": [_own_policy(statements)]}
            ),
        )
    )


def _own_policy(statements: Sequence[Statement]) -> Policy:
    return Policy(PolicyName="least-privilege", PolicyDocument=policy_of(*statements))


MAX_INLINE, MAX_MANAGED, MAX_ATTACHED = 10_240, 6_144, 10
"""How many characters a role's own policies may have, how many a managed one, and how many of them.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""
_MAX_PART_LENGTHS = {
    "AWS::Partition": 10, "AWS::Region": 14, "AWS::AccountId": 12, "ProjectName": 23,
    "Environment": 10,
}  # fmt: skip
_MAX_ARN_LENGTH = 150  # of what only the deployment knows


def measure(statements: Sequence[Statement]) -> int:
    """Measure a policy as IAM does, without blanks, each reference at its longest.

    >>> measure([allow("Send", "sqs:SendMessage", "*")])
    75
    """
    text = _render_statements(statements)
    text = re.sub(r'\{"(Ref|Fn::GetAtt)":("[^"]*"|\[[^]]*\])\}', "x" * _MAX_ARN_LENGTH, text)
    return len(
        re.sub(r"\$\{([^}]*)\}", lambda m: "x" * _MAX_PART_LENGTHS.get(m[1], _MAX_ARN_LENGTH), text)
    )


def is_long(statements: Sequence[Statement]) -> bool:
    """Return whether statements are too long for a role's own policy."""
    text = _render_statements(statements)
    references = text.count('{"') + text.count("${")
    if len(text) + references * _MAX_ARN_LENGTH <= MAX_INLINE - _MARGIN:
        return False  # as most are, which needs no look at each reference
    return measure(statements) > MAX_INLINE - _MARGIN


def _render_statements(statements: Sequence[Statement]) -> str:
    return dumps(make_plain(list(statements)), separators=(",", ":"))


_MARGIN = 60  # the version, and the brackets around the statements


def _split(statement: Statement) -> list[Statement]:
    """Split a statement that is too long for one policy by its resources."""
    resources = statement["Resource"]
    if not isinstance(resources, list) or measure([statement]) <= MAX_MANAGED - _MARGIN:
        return [statement]
    half = len(resources) // 2
    halves = ((f"{statement['Sid']}{letter}", part)
              for letter, part in (("A", resources[:half]), ("B", resources[half:])))  # fmt: skip
    return [
        part for sid, some in halves for part in _split({**statement, "Sid": sid, "Resource": some})
    ]


def _add_managed(
    template: Template, title: str, statements: Sequence[Statement], given: Mapping[str, Any]
) -> list[Ref]:
    """Add managed policies that hold the statements, as few as there can be in their order."""
    pages: list[list[Statement]] = [[]]
    for statement in [part for one in statements for part in _split(one)]:
        if measure([*pages[-1], statement]) > MAX_MANAGED - _MARGIN and pages[-1]:
            pages.append([])
        pages[-1].append(statement)
    if len(pages) > MAX_ATTACHED or any(measure(page) > MAX_MANAGED for page in pages):
        raise WorkflowError(
            f"{title} would need {len(pages)} managed policies of up to {MAX_MANAGED:,} "
            f"characters, and IAM attaches {MAX_ATTACHED}. Move a part of the workflow into a "
            "child workflow, or grant a wider resource: Workflow(uses=[Grant(…)])."
        )
    return [
        Ref(
            template.add_resource(
                ManagedPolicy(f"{title}Policy{number}", **given, PolicyDocument=policy_of(*page))
            )
        )
        for number, page in enumerate(pages, 1)
    ]
