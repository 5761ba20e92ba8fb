"""What a task calls: the API, how it waits for the answer, and whose.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from carnation.changes.context import StatePair
from carnation.changes.records import Change
from carnation.changes.wording import quote, shorten
from carnation.document.values import Json
from carnation.services.task_calls import (
    FUNCTION,
    INTEGRATION,
    SUBSTITUTION,
    Resource,
    read_resource,
)

_TARGETS = frozenset({
    "ActivityArn", "Bucket", "BucketName", "Cluster", "EventBusName", "FunctionName", "Host",
    "JobDefinition", "JobName", "JobQueue", "ProjectName", "QueueUrl", "StateMachineArn",
    "TableName", "TaskDefinition", "TopicArn", "ApiEndpoint", "ModelId", "StreamName",
})  # fmt: skip
_WAITING = {
    "": "continues when the call returns",
    "sync": "waits until the job is done",
    "sync:2": "waits until the job is done, its output parsed",
    "waitForTaskToken": "waits until the task token is returned",
}


_UNKNOWN = ("", SUBSTITUTION)
_ACCOUNT = re.compile(r"(?<!\d)\d{12}(?!\d)")
_FUNCTION = re.compile(r"(arn:[\w-]+:lambda:[^:]*:[^:]*:function:[^:]+|[\w-]+)(?::([\w$-]+))?\Z")


def find_resource_changes(sides: StatePair) -> Iterator[Change]:
    """Yield what a task calls now, and called before."""
    for edit in sides.find_edits("Resource"):
        old, new = read_resource(edit.before), read_resource(edit.after)
        sentence = f"calls {_name(edit.after)} instead of {_name(edit.before)}"
        if _read_action(old) != _read_action(new) or old.kind in _UNKNOWN:
            kind = "action-changed"
        elif old.pattern != new.pattern:
            waits = _WAITING.get(new.pattern, f"waits as '{shorten(new.pattern)}' says")
            kind, sentence = "pattern-changed", f"{waits} ({_name(edit.after)})"
        else:
            kind = "target-changed"
            if old.kind == INTEGRATION:  # the ARN is spelled otherwise
                sentence = f"its Resource was {quote(edit.before)} and is {quote(edit.after)}"
        yield edit.describe(kind, sides.subject, sentence)


def _read_action(resource: Resource) -> str:
    """Name what is done, whether by an optimized integration, the SDK's, or a function's ARN."""
    if resource.kind == INTEGRATION:
        return f"{resource.service}:{resource.action}"
    return "lambda:invoke" if resource.kind == FUNCTION else resource.kind


def _name(resource: Json) -> str:
    read = read_resource(resource)
    if read.kind == INTEGRATION:
        return read.full_call.removeprefix("aws-sdk:")
    return shorten(resource) if isinstance(resource, str) else quote(resource)


def is_target(pointer: str) -> bool:
    """Return whether a pointer is to the parameter that names what a task works on.

    >>> is_target("/States/A/Parameters/QueueUrl"), is_target("/States/A/Parameters/MessageBody")
    (True, False)
    """
    head, _, name = pointer.rpartition("/")
    named = name.removesuffix(".$") in _TARGETS
    return named and head.endswith(("/Parameters", "/Arguments"))


def describe_target(change: Change, given: Json) -> Iterator[Change]:
    """Say of another target whether it is another account, or the same function at no alias.

    A queue or topic that keeps the order takes no message without a group.
    """
    before, after = change.before, change.after
    if not isinstance(before, str) or not isinstance(after, str):
        yield change
        return
    notes = [note for note in (_compare_accounts(before, after), _compare_aliases(before, after))
             if note]  # fmt: skip
    yield change._replace(sentence="; ".join([*notes, change.sentence]))
    is_grouped = isinstance(given, Mapping) and any(
        name.removesuffix(".$") == "MessageGroupId" for name in given
    )
    named = change.pointer.rpartition("/")[2] in ("QueueUrl", "TopicArn")
    if named and after.endswith(".fifo") and not is_grouped:
        sentence = "sends to a FIFO target without a MessageGroupId"
        yield Change("group-missing", change.pointer, change.subject, sentence, after=after)


def _compare_accounts(before: str, after: str) -> str:
    accounts = [_ACCOUNT.search(text) for text in (before, after)]
    if not accounts[0] or not accounts[1] or accounts[0][0] == accounts[1][0]:
        return ""
    return f"is in account {accounts[1][0]} instead of {accounts[0][0]}"


def _compare_aliases(before: str, after: str) -> str:
    sides = [_FUNCTION.match(text) for text in (before, after)]
    if not sides[0] or not sides[1] or sides[0][1] != sides[1][1]:
        return ""
    was, now = (side[2] or "$LATEST" for side in sides if side)
    return f"calls the same function, at '{now}' instead of '{was}'"
