"""What a task calls: the API, how it waits for the answer, and whose.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from carnation.changes.context import StatePair
from carnation.changes.records import Change
from carnation.changes.wording import quote, shorten
from carnation.document.values import Json
from carnation.services.arns import split_arn

_TARGETS = frozenset({
    "ActivityArn", "Bucket", "BucketName", "Cluster", "EventBusName", "FunctionName", "Host",
    "JobDefinition", "JobName", "JobQueue", "ProjectName", "QueueUrl", "StateMachineArn",
    "TableName", "TaskDefinition", "TopicArn", "ApiEndpoint", "ModelId", "StreamName",
})  # fmt: skip
_WAITING = {
    "": "goes on when the call is answered",
    "sync": "waits until the job is done",
    "sync:2": "waits until the job is done, its output parsed",
    "waitForTaskToken": "waits until somebody sends the task token",
}


_ACCOUNT = re.compile(r"(?<!\d)\d{12}(?!\d)")
_FUNCTION = re.compile(r"(arn:[\w-]+:lambda:[^:]*:[^:]*:function:[^:]+|[\w-]+)(?::([\w$-]+))?\Z")


class Call(NamedTuple):
    """A Resource taken apart: `action` is `service:action`; `pattern` is '' for request-response.

    `target` is what a plain ARN names, and the whole of what cannot be taken apart.
    """

    action: str
    pattern: str
    target: str


def read_resource(resource: Json) -> Call:
    """Take a Resource apart.

    >>> read_resource("arn:aws:states:::aws-sdk:sqs:deleteMessage")
    Call(action='sqs:deleteMessage', pattern='', target='')
    >>> read_resource("arn:aws:states:::ecs:runTask.sync").pattern
    'sync'
    >>> read_resource("arn:aws:lambda:eu-west-1:123456789012:function:pay").action
    'lambda:invoke'
    """
    if not isinstance(resource, str):
        return Call("", "", quote(resource))
    parts = split_arn(resource)
    if len(parts) == 6 and parts[2] == "states" and not parts[3] and not parts[4]:
        action, _, pattern = parts[5].removeprefix("aws-sdk:").partition(".")
        return Call(action, pattern, "")
    if len(parts) == 6 and parts[2] == "lambda":
        return Call("lambda:invoke", "", resource)
    return Call("activity" if ":activity:" in resource else "", "", resource)


def find_resource_changes(sides: StatePair) -> Iterator[Change]:
    """Yield what a task calls now, and called before."""
    for edit in sides.find_edits("Resource"):
        old, new = read_resource(edit.before), read_resource(edit.after)
        if old.action != new.action or not (old.action or old.target == new.target):
            kind, sentence = "action-changed", f"calls {_name(new)} instead of {_name(old)}"
        elif old.pattern != new.pattern:
            kind, sentence = "pattern-changed", f"{_format_pattern(new)} ({_name(new)})"
        else:
            kind, sentence = "target-changed", f"calls {_name(new)} instead of {_name(old)}"
            if old.target == new.target:
                sentence = f"its Resource was {quote(edit.before)} and is {quote(edit.after)}"
        yield edit.describe(kind, sides.subject, sentence)


def _name(call: Call) -> str:
    if call.action and not call.target:
        return call.action + (f".{call.pattern}" if call.pattern else "")
    return shorten(call.target)


def _format_pattern(call: Call) -> str:
    return _WAITING.get(call.pattern, f"waits as '{shorten(call.pattern)}' says")


def is_target(pointer: str) -> bool:
    """Tell whether a pointer is to the parameter that names what a task works on.

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
        sentence = "sends to a FIFO target, and gives no MessageGroupId"
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
