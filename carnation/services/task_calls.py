"""What a Task calls, read from its `Resource`, and what it sends: one reader for everybody.

`arn:aws:…`, `arn:${AWS::Partition}:…` and `arn:${Partition}:…` are one ARN in three spellings.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from carnation.lazy import TYPE_CHECKING, compile_lazily
from carnation.records import NamedTuple
from carnation.services.arns import split_arn

if TYPE_CHECKING:
    from typing import Any

INTEGRATION, FUNCTION, ACTIVITY, SUBSTITUTION = (
    "integration", "function", "activity", "substitution",
)  # fmt: skip
"""Kinds of resources; of any other text the kind is ''."""

UNKNOWN, MISSING, WRONG, NEWER = "unknown", "missing", "wrong", "newer"
"""The kinds of problems: a parameter that does not exist, one that is needed, a wrong value,
and one that may be newer than what is known here."""

_CALL = compile_lazily(
    r"(?P<sdk>aws-sdk:)?(?P<service>[^:.]+):(?P<action>[^:.]+)(?:\.(?P<pattern>.*))?\Z"
)
# maybe with an alias
_SUBSTITUTION = compile_lazily(r"\$\{[^{}]+\}(?::(?:[\w$-]+|\$\{[^{}]+\}))?\Z")
_OTHER_KINDS = ("activity", "stateMachine", "execution", "express", "mapRun")


class Resource(NamedTuple):
    """A `Resource` taken apart.

    `name` is that of the function (with its version or alias) or activity. Partition, region and
    account may be placeholders, and are '' where the ARN has none.
    """

    kind: str
    service: str = ""
    action: str = ""
    pattern: str = ""
    is_sdk: bool = False
    name: str = ""
    partition: str = ""
    region: str = ""
    account: str = ""

    @property
    def owner(self) -> str:
        """The service as the ARN names it: `sqs`, `aws-sdk:s3`."""
        return f"aws-sdk:{self.service}" if self.is_sdk else self.service

    @property
    def call(self) -> str:
        """The call without its pattern: `sqs:sendMessage`, `aws-sdk:s3:getObject`."""
        return f"{self.owner}:{self.action}" if self.action else ""

    @property
    def full_call(self) -> str:
        """The call with its pattern: `ecs:runTask.sync`."""
        return f"{self.call}.{self.pattern}" if self.pattern else self.call


class TaskCall(NamedTuple):
    """What a Task calls, and what it sends, in which field; '' and None where it sends nothing."""

    resource: Resource
    field: str = ""
    given: Any = None


class CallProblem(NamedTuple):
    """What is wrong with a call: of which kind, at which keys and indexes, in words.

    `facts` are the name that is there and the one that was meant, where that is certain.
    """

    kind: str
    keys: tuple[str, ...]
    message: str
    facts: tuple[str, ...] = ()


def read_call(task: Mapping[str, Any]) -> TaskCall:
    """Read the call of a Task, a Map's `ItemReader` or its `ResultWriter`.

    >>> call = read_call({"Resource": "arn:aws:states:::sqs:sendMessage", "Arguments": "{% 1 %}"})
    >>> call.resource.call, call.field, call.given
    ('sqs:sendMessage', 'Arguments', '{% 1 %}')
    """
    resource = read_resource(task.get("Resource"))
    for field in ("Arguments", "Parameters"):
        if field in task:
            return TaskCall(resource, field, task[field])
    return TaskCall(resource)


def find_integration(task: Mapping[str, Any]) -> Resource | None:
    """Return the integration of a Task; None for a function, activity, or substitution."""
    resource = read_resource(task.get("Resource"))
    return resource if resource.kind == INTEGRATION else None


def read_resource(value: object) -> Resource:
    """Take a `Resource` apart, whatever it is.

    >>> read_resource("arn:aws:states:::ecs:runTask.sync")[:4]
    ('integration', 'ecs', 'runTask', 'sync')
    >>> read_resource("arn:aws:lambda:eu-west-1:123456789012:function:pay:live").name
    'pay:live'
    >>> read_resource("${Pay.Arn}").kind, read_resource(7).kind
    ('substitution', '')
    """
    return _read(value) if isinstance(value, str) else Resource("")


@lru_cache(maxsize=4096)
def _read(text: str) -> Resource:
    parts = split_arn(text)
    if len(parts) < 6 or parts[0] != "arn" or not parts[1]:
        return _read_partial(text)
    _, partition, service, region, account, rest = parts
    if service == "states" and "${" not in region + account + rest:
        found = _CALL.match(rest)
        if found and found["service"] not in _OTHER_KINDS:
            return Resource(
                INTEGRATION, found["service"], found["action"], found["pattern"] or "",
                found["sdk"] is not None, "", partition, region, account,
            )  # fmt: skip
    return _read_partial(text)._replace(partition=partition, region=region, account=account)


def _read_partial(text: str) -> Resource:
    """Read what is told by its words alone: `${Prefix}:function:pay` is a function."""
    for mark, kind in ((":function:", FUNCTION), (":activity:", ACTIVITY)):
        if mark in text:
            return Resource(kind, name=text.partition(mark)[2])
    return Resource(SUBSTITUTION) if _SUBSTITUTION.match(text) else Resource("")
