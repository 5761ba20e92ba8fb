"""Parts that several templates share: names, ARNs made of names, policies.

ARNs of roles, functions, queues and tables are made of names and never taken from a resource of
another stack, since roles name functions and functions name roles: the stacks would go in a circle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from troposphere import AWSHelperFn, BaseAWSObject, GetAtt, If, Ref, Sub

Statement = dict[str, Any]

PREFIX = "${ProjectName}-${Environment}"
"""How the name of every resource begins."""

GONE: Mapping[str, str] = {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}
"""The policies of what goes with its stack."""

KEY = If("MakesKey", GetAtt("Key", "Arn"), Ref("KeyArn"))
"""The customer-managed key: the one that is given, or the one that the stack makes."""

KEPT = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}
"""How what holds data outlives its stack; a creation that fails takes it along, empty as it is.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html
"""

_SCALARS = frozenset({str, int, bool, float, type(None)})


class Plain(dict[str, Any]):
    """A part of a template that is plain already."""


def make_plain(value: Any) -> Any:
    """Turn objects of troposphere into plain dictionaries and lists, each validated once.

    troposphere's own `to_dict` converts every level again for each level above it.

    >>> make_plain([Ref("KeyArn")])
    [{'Ref': 'KeyArn'}]
    """
    kind = type(value)
    if kind in _SCALARS:
        return value
    if kind is dict:
        return {
            key: item if type(item) in _SCALARS else make_plain(item) for key, item in value.items()
        }
    if kind is list:
        return [item if type(item) in _SCALARS else make_plain(item) for item in value]
    if kind is Plain:
        return value
    if isinstance(value, AWSHelperFn):
        return make_plain(value.data) if "data" in value.__dict__ else value.to_dict()
    if isinstance(value, BaseAWSObject):
        value._validate_props()
        value.validate()
        return {key: make_plain(item) for key, item in value.resource.items() if item != {}}
    if isinstance(value, dict):
        return make_plain(dict(value))
    return [make_plain(item) for item in value] if isinstance(value, tuple) else value


def resource_name(part: str) -> Sub:
    """Name a resource: project, environment, part."""
    return Sub(f"{PREFIX}-{part}")


def to_arn(service: str, resource: str, *, region: bool = True) -> Sub:
    """Make the ARN of a resource of this account out of its name, `*` allowed behind it."""
    return Sub(render_arn(service, resource, region=region))


def render_arn(service: str, resource: str, *, region: bool = True) -> str:
    """Spell the ARN of a resource of this account as `Fn::Sub` takes it, `@` for how names begin.

    >>> render_arn("sqs", "@queue")
    'arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${ProjectName}-${Environment}-queue'
    """
    place = "${AWS::Region}" if region else ""
    return f"arn:${{AWS::Partition}}:{service}:{place}:${{AWS::AccountId}}:{render_name(resource)}"


def render_name(part: str) -> str:
    """Spell the name of a resource as `Fn::Sub` takes it, `@` for how every name begins."""
    return part.replace("@", f"{PREFIX}-")


def render_rule(rule: Any) -> str:
    """Render a rule's name in its ARN; `*` where CloudFormation makes the name."""
    given = rule.properties.get("Name", "*")
    name = f"@{rule.name_part}" if rule.named else given if isinstance(given, str) else "*"
    bus = getattr(rule, "bus", None)
    return f"{bus.full_name}/{name}" if bus else name


def allow(sid: str, actions: str | Sequence[str], resources: Any, **conditions: Any) -> Statement:
    """Make a statement that allows actions on resources, under conditions."""
    statement = {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}
    return {**statement, "Condition": conditions} if conditions else statement


def use_key(service: str, *actions: str, key: Any = KEY) -> Statement:
    """Allow the key's use through one service of this region, and through no other."""
    return allow(
        f"UseKeyThrough{service.title()}",
        list(actions),
        key,
        StringEquals={"kms:ViaService": Sub(f"{service}.${{AWS::Region}}.${{AWS::URLSuffix}}")},
    )


def deny_plain_http(resource: Any, action: str) -> Statement:
    """Deny whatever does not come through TLS."""
    return {
        "Sid": "RefusePlainHttp",
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": resource,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def policy_of(*statements: Statement) -> dict[str, Any]:
    """Put statements into a policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def except_from(*rules: tuple[str, str]) -> dict[str, Any]:
    """Write checkov's exceptions into a resource's metadata, each with its reason."""
    return {"checkov": {"skip": [{"id": rule, "comment": reason} for rule, reason in rules]}}
