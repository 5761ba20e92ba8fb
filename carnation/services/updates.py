"""What an update of a resource does to it, from `updates.txt` (made by `scripts/write_updates.py`).

The schemas say which properties are fixed when a resource is made, so that another value replaces
it, and for which that depends. They do not say what interrupts; the few rows below do.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from carnation.records import NamedTuple
from carnation.services.lines import read_words

IN_PLACE, INTERRUPTS, MAY_REPLACE, REPLACES = "in place", "interrupts", "may replace", "replaces"

_INTERRUPTS = frozenset({
    ("AWS::EC2::Instance", "InstanceType"),
    ("AWS::RDS::DBInstance", "DBInstanceClass"),
    ("AWS::RDS::DBInstance", "EngineVersion"),
    ("AWS::RDS::DBCluster", "EngineVersion"),
})  # fmt: skip


_SAM = {
    "AWS::Serverless::StateMachine": (
        "AWS::StepFunctions::StateMachine",
        {"Type": "StateMachineType", "Name": "StateMachineName"},
    ),
    "AWS::Serverless::Function": ("AWS::Lambda::Function", {}),
    "AWS::Serverless::SimpleTable": ("AWS::DynamoDB::Table", {"PrimaryKey": "KeySchema"}),
    "AWS::Serverless::LayerVersion": ("AWS::Lambda::LayerVersion", {}),
}
"""What SAM makes of its types, and what it calls their properties otherwise."""


class _Facts(NamedTuple):
    stateful: bool
    fixed: frozenset[str]
    conditional: frozenset[str]


@lru_cache(maxsize=64)
def _read_type(kind: str) -> _Facts:
    words = read_words("updates.txt", kind) or ()
    return _Facts(
        "*" in words,
        frozenset(word for word in words if word[0] not in "*?"),
        frozenset(word[1:] for word in words if word[0] == "?"),
    )


def is_stateful(kind: str) -> bool:
    """Return whether a resource of a type holds data that goes with it.

    >>> is_stateful("AWS::DynamoDB::Table"), is_stateful("AWS::Lambda::Function")
    (True, False)
    """
    kind = _SAM.get(kind, (kind, {}))[0]
    return _read_type(kind).stateful and kind != "AWS::CloudFormation::Stack"


def find_update(kind: str, way: Sequence[str]) -> str:
    """Describe what a change at some place of a resource's properties does to the resource.

    >>> find_update("AWS::SQS::Queue", ["QueueName"])
    'replaces'
    >>> find_update("AWS::SQS::Queue", ["VisibilityTimeout"])
    'in place'
    """
    kind, named = _SAM.get(kind, (kind, {}))
    way = [named.get(part, part) if not at else part for at, part in enumerate(way)]
    facts = _read_type(kind)
    parts = ["*" if part.isdigit() else part for part in way]
    ways = {"/".join(parts[: end + 1]) for end in range(len(parts))}
    if ways & facts.fixed:
        return REPLACES
    inside = "/".join(parts) + "/"
    if ways & facts.conditional or any(name.startswith(inside) for name in facts.fixed):
        return MAY_REPLACE
    return INTERRUPTS if (kind, parts[0] if parts else "") in _INTERRUPTS else IN_PLACE
