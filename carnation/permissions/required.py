"""What a definition's role needs: each action, on what, for which state and why."""

from __future__ import annotations

from collections.abc import Mapping

from carnation.document.values import Json
from carnation.records import NamedTuple
from carnation.services.task_calls import read_call

Condition = tuple[tuple[str, str, tuple[str, ...]], ...]
"""Operator, key and values, each: `(("StringEquals", "iam:PassedToService", ("ecs…",)),)`."""


class RequiredAction(NamedTuple):
    """One IAM action on one resource, which a state (or, with '', the machine itself) needs.

    `why` says what for, and, where `resource` is wider than one would like, why it is. `is_exact`
    is False there: what it really is, only an execution knows. `sid` names the statement of a need
    that no state has, but the machine.
    """

    action: str
    resource: str
    state: str
    why: str
    condition: Condition = ()
    is_exact: bool = True
    sid: str = ""

    @property
    def note(self) -> str:
        """What keeps it from being narrower."""
        return "" if self.is_exact else self.why.partition("; ")[2]


class Target(NamedTuple):
    """What a call is about: an ARN, and what keeps it from being narrower, if anything does."""

    resource: str
    note: str = ""

    @property
    def is_exact(self) -> bool:
        """Return whether nothing is left open."""
        return not self.note


def require(
    action: str, target: Target, state: str, why: str, condition: Condition = ()
) -> RequiredAction:
    """Make a need of an action and its target.

    >>> require("sns:Publish", Target("*", "the topic is worked out"), "Tell", "calls it").why
    'calls it; the topic is worked out'
    """
    reason = f"{why}; {target.note}" if target.note else why
    return RequiredAction(action, target.resource, state, reason, condition, target.is_exact)


def when(operator: str, key: str, *values: str) -> Condition:
    """Write a condition with one test."""
    return ((operator, key, values),)


def to_arn(service: str, resource: str, region: bool = True, account: bool = True) -> str:
    """Name something of this account and region, free of both.

    >>> to_arn("events", "rule/Daily")
    'arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/Daily'
    """
    where = "${AWS::Region}" if region else ""
    whose = "${AWS::AccountId}" if account else ""
    return f"arn:${{AWS::Partition}}:{service}:{where}:{whose}:{resource}"


def own_arn(kind: str, behind: str = "") -> str:
    """Name the state machine itself, or its executions.

    >>> own_arn("execution", ":*").rpartition(":execution:")[2]
    '${StateMachineName}:*'
    """
    return to_arn("states", f"{kind}:${{StateMachineName}}{behind}")


def read_given(state: Mapping[str, Json]) -> Mapping[str, Json]:
    """Return what a state gives to its call; {} where that is worked out as a whole."""
    given = read_call(state).given
    return given if isinstance(given, Mapping) else {}
