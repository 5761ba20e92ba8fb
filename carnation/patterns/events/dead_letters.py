"""Dead letters: who, why, since when; sent back to the queue, or written down and deleted.

A message is deleted only after its copy is safe: in the queue that took it, or on disk. A crash in
between leaves it in two places, which the event's key makes harmless; never in none.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from carnation.account import Account
from carnation.errors import UsageError

_HIDDEN = 300  # seconds that messages stay hidden while they are looked through
_ATTRIBUTE_FIELDS = ("DataType", "StringValue", "BinaryValue")
_OPERATORS = ("!=", ">=", "<=", "=", "~", ">", "<")


class DeadLetter(NamedTuple):
    """A dead letter. `event` is its body where that is an object; `since` is a Unix time."""

    id: str
    handle: str
    body: str
    event: Mapping[str, Any]
    reason: str
    execution: str
    since: float
    attributes: Mapping[str, Any]

    @property
    def key(self) -> str:
        """Name the event: copies of it have the same."""
        event = self.event
        if "sequence_no" in event:
            return f"{event['sequence_no']}/{event.get('generated_unix_time', '')}"
        return self.body

    @property
    def attempt(self) -> str:
        """The attempt that failed last; '' where the body does not say."""
        return str(self.event.get("retry_attempt", ""))

    def find(self, field: str) -> Any:
        """Give what a filter calls `field`: of the letter itself, or of the event."""
        own = {"id": self.id, "reason": self.reason, "execution": self.execution, "body": self.body}
        return own.get(field, self.event.get(field))

    def describe(self) -> dict[str, Any]:
        """Give the letter as a program reads it."""
        return {
            "id": self.id, "key": self.key, "reason": self.reason, "since": self.since,
            "execution": self.execution, "body": self.body, "attributes": dict(self.attributes),
        }  # fmt: skip


Filter = Callable[[DeadLetter], bool]


def read_filters(words: Sequence[str]) -> Filter:
    """Read `field=value`, `!=`, `~` (a pattern), `>`, `<`, `>=`, `<=`; all of them have to hold.

    >>> fits = read_filters(["sequence_no>=7", "reason~Conflict"])
    >>> fits(DeadLetter("a", "", "", {"sequence_no": 9}, "EventConflict", "", 0, {}))
    True
    """
    tests = [_read_filter(word) for word in words]
    return lambda letter: all(test(letter) for test in tests)


def _read_filter(word: str) -> Filter:
    match = re.fullmatch(r"(\w+)\s*(!=|>=|<=|=|~|>|<)\s*(.*)", word, re.DOTALL)
    if not match:
        raise UsageError(
            f"--where {word}: it takes FIELD, one of {' '.join(_OPERATORS)}, and a value, as in "
            "reason=EventConflict or 'sequence_no>=100'."
        )
    field, operator, value = match.groups()
    if operator == "~":
        try:
            pattern = re.compile(value)
        except re.error as error:
            raise UsageError(f"--where {word}: '{value}' is no pattern ({error}).") from error
        return lambda letter: bool(pattern.search(str(letter.find(field) or "")))
    if operator in ("=", "!="):
        wanted = operator == "="
        return lambda letter: (str(letter.find(field)) == value) is wanted
    return _compare(field, operator, value, word)


def _compare(field: str, operator: str, value: str, word: str) -> Filter:
    try:
        bound = float(value)
    except ValueError as error:
        raise UsageError(f"--where {word}: '{value}' is no number.") from error

    def test(letter: DeadLetter) -> bool:
        found = letter.find(field)
        if not isinstance(found, (int, float)):
            return False
        below, equal = found < bound, found == bound
        return {">": not below and not equal, "<": below, ">=": not below, "<=": below or equal}[
            operator
        ]

    return test


def read_letters(account: Account, url: str, limit: int | None = None) -> list[DeadLetter]:
    """Read what lies in a dead-letter queue; it stays there, hidden until `release` or 5 minutes.

    Copies of one message are given once, with the newest receipt.
    """
    found: dict[str, DeadLetter] = {}
    empty = 0
    while empty < 2 and (limit is None or len(found) < limit):
        answer = account.call(
            "sqs", "receive_message",
            QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1, VisibilityTimeout=_HIDDEN,
            MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"],
        )  # fmt: skip
        letters = [_make_letter(message) for message in answer.get("Messages", ())]
        fresh = [letter for letter in letters if letter.id not in found]
        empty = 0 if fresh else empty + 1  # a queue may say that it is empty, and not be
        found.update((letter.id, letter) for letter in letters)
    return sorted(found.values(), key=lambda letter: letter.since)


def _make_letter(message: Mapping[str, Any]) -> DeadLetter:
    try:
        event = json.loads(message["Body"])
    except (ValueError, RecursionError):  # whoever sends may nest as deep as they like
        event = {}
    attributes = {
        name: {key: body[key] for key in _ATTRIBUTE_FIELDS if key in body}
        for name, body in (message.get("MessageAttributes") or {}).items()
    }
    system = message.get("Attributes") or {}
    return DeadLetter(
        message["MessageId"],
        message["ReceiptHandle"],
        message["Body"],
        event if isinstance(event, dict) else {},
        str(attributes.get("reason", {}).get("StringValue", "")),
        str(attributes.get("execution", {}).get("StringValue", "")),
        float(system.get("SentTimestamp", 0)) / 1000,
        attributes,
    )


def release(account: Account, url: str, letters: Iterable[DeadLetter]) -> None:
    """Show letters again at once that were only looked at; several at a time."""
    rows = list(letters)
    for start in range(0, len(rows), 10):
        entries = [
            {"Id": str(index), "ReceiptHandle": letter.handle, "VisibilityTimeout": 0}
            for index, letter in enumerate(rows[start : start + 10])
        ]
        account.call("sqs", "change_message_visibility_batch", QueueUrl=url, Entries=entries)


def redrive_letters(
    account: Account,
    letters: Sequence[DeadLetter],
    source: str,
    target: str,
    *,
    rate: float = 0,
    fresh: bool = False,
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[DeadLetter]:
    """Send letters to the queue, each deleted after its copy was taken; yields each that is done.

    `rate` is Messages per second (0: as fast as it goes). `fresh` gives an event its three retries
    again; otherwise it is tried once.
    """
    begun = time.monotonic()
    for index, letter in enumerate(letters):
        if time.monotonic() - begun > _HIDDEN / 2:
            _hide(account, source, letters[index:])
            begun = time.monotonic()
        account.call(
            "sqs", "send_message",
            QueueUrl=target, MessageBody=_refresh(letter) if fresh else letter.body,
            MessageAttributes=letter.attributes,
        )  # fmt: skip
        account.call("sqs", "delete_message", QueueUrl=source, ReceiptHandle=letter.handle)
        yield letter
        if rate and index + 1 < len(letters):
            pause(1 / rate)


def _hide(account: Account, url: str, letters: Sequence[DeadLetter]) -> None:
    """Keep the next letters hidden while others are sent slowly; the rest get their turn later."""
    for letter in letters:
        account.call(
            "sqs", "change_message_visibility",
            QueueUrl=url, ReceiptHandle=letter.handle, VisibilityTimeout=_HIDDEN,
        )  # fmt: skip


def _refresh(letter: DeadLetter) -> str:
    if "retry_attempt" not in letter.event:
        return letter.body
    return json.dumps({**letter.event, "retry_attempt": 1})


def purge(
    account: Account, letters: Sequence[DeadLetter], url: str, path: str
) -> Iterator[DeadLetter]:
    """Write letters to a file, one JSON object a line, and only then delete them; yields each.

    The file must not exist: what an earlier purge wrote is never written over.
    """
    try:
        with open(path, "x", encoding="utf-8") as file:
            for letter in letters:
                file.write(json.dumps(letter.describe(), default=str, sort_keys=True) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise UsageError(f"{path} is there already. Name another file with --to.") from error
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written ({error.strerror}). Nothing was deleted."
        ) from error
    for letter in letters:
        account.call("sqs", "delete_message", QueueUrl=url, ReceiptHandle=letter.handle)
        yield letter
