"""Dead letters: who, why, since when; sent back to where they came from, or written and deleted.

A message is deleted only after its copy is safe: in the queue that took it, or on disk. A crash in
between leaves it in two places, which the event's key makes harmless; never in none.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from carnation.account import Account, Deployed
from carnation.account.deployed import list_resources
from carnation.console import count, format_time
from carnation.errors import UsageError, suggest_name
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from carnation.workflow.reporters import Reporter

_UNDELIVERED = "Undelivered"  # the queue behind the rules and schedules of a workflow
_HIDDEN = 300  # seconds that messages stay hidden while they are looked through
_ATTRIBUTE_FIELDS = ("DataType", "StringValue", "BinaryValue")


class DeadLetter(NamedTuple):
    """A dead letter. `event` is its body where that is an object; `since` is a Unix time.

    `received` counts how often it was received; `target` is the ARN that a rule or a schedule
    could not reach.
    """

    id: str
    handle: str
    body: str
    event: Mapping[str, Any]
    reason: str
    execution: str
    since: float
    attributes: Mapping[str, Any]
    received: int = 0
    queue: str = ""

    @property
    def target(self) -> str:
        """The ARN that a rule or a schedule could not reach; '' for any other letter."""
        return str(self.attributes.get("TARGET_ARN", {}).get("StringValue", ""))

    def name(self, reporter: Reporter | None) -> str:
        """Name what it is about: copies of it have the same."""
        return (reporter.name(self.event) if reporter else "") or self.body

    def attempt(self, reporter: Reporter | None) -> str:
        """Return which attempt failed last, as the reporter counts them, or how often it came."""
        attempts = [one.attempt for one in reporter.attempts(self.event)] if reporter else []
        return str(max(attempts)) if attempts else str(self.received or "")

    def find(self, field: str) -> Any:
        """Return what a filter calls `field`: of the letter itself, or of the event.

        `id` is the event's own, where it has one; the message's is `message_id`, too.

        >>> DeadLetter("m1", "", "", {"id": "order-7"}, "", "", 0, {}).find("id")
        'order-7'
        """
        own = {"reason": self.reason, "execution": self.execution, "body": self.body,
               "message_id": self.id}  # fmt: skip
        if field == "id":
            return self.event.get("id", self.id)
        return own.get(field, self.event.get(field))

    def describe(self, reporter: Reporter | None = None) -> dict[str, Any]:
        """Return the letter as a program reads it."""
        return {
            "id": self.id, "key": self.name(reporter), "reason": self.reason, "since": self.since,
            "execution": self.execution, "body": self.body, "attributes": dict(self.attributes),
            "queue": self.queue,
        }  # fmt: skip


def read_letters(account: Account, url: str, limit: int | None = None) -> list[DeadLetter]:
    """Read what is in a dead-letter queue; it stays there, hidden until `release` or 5 minutes.

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
        letters = [
            _make_letter(message, url.rpartition("/")[2]) for message in answer.get("Messages", ())
        ]
        fresh = [letter for letter in letters if letter.id not in found]
        empty = 0 if fresh else empty + 1  # a queue may say that it is empty, and not be
        found.update((letter.id, letter) for letter in letters)
    return sorted(found.values(), key=lambda letter: letter.since)


def _make_letter(message: Mapping[str, Any], queue: str) -> DeadLetter:
    try:
        event = json.loads(message["Body"])
    except (ValueError, RecursionError):  # a sender may nest without limit
        event = {}
    attributes = {
        name: {key: body[key] for key in _ATTRIBUTE_FIELDS if key in body}
        for name, body in (message.get("MessageAttributes") or {}).items()
    }
    system = message.get("Attributes") or {}
    texts = {name: str(body.get("StringValue", "")) for name, body in attributes.items()}
    return DeadLetter(
        message["MessageId"],
        message["ReceiptHandle"],
        message["Body"],
        event if isinstance(event, dict) else {},
        texts.get("reason") or texts.get("ERROR_MESSAGE") or texts.get("ERROR_CODE", ""),
        texts.get("execution", ""),
        float(system.get("SentTimestamp", 0)) / 1000,
        attributes,
        int(system.get("ApproximateReceiveCount", 0)),
        queue,
    )


def release(
    account: Account, url: str, letters: Iterable[DeadLetter], done: Sequence[DeadLetter] = ()
) -> None:
    """Show letters again at once that were only looked at, all but the done; ten at a time."""
    gone = {letter.id for letter in done}
    rows = [letter for letter in letters if letter.id not in gone]
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
    reporter: Reporter | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[DeadLetter]:
    """Send letters to where they came from, each deleted after it arrived; yields each.

    A letter that names a state machine starts it; every other goes to the queue `target`. `rate`
    is messages per second (0: as fast as it goes). `fresh` gives what the reporter knows all its
    retries again; otherwise it is tried once.
    """
    begun = time.monotonic()
    for index, letter in enumerate(letters):
        if time.monotonic() - begun > _HIDDEN / 2:
            _hide(account, source, letters[index:])
            begun = time.monotonic()
        _send_back(account, letter, target, reporter if fresh else None)
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


def _send_back(
    account: Account, letter: DeadLetter, target: str, reporter: Reporter | None
) -> None:
    body = letter.body
    if reporter is not None and letter.event:
        new = reporter.reset(letter.event)
        body = body if new == letter.event else json.dumps(new)
    if ":states:" in letter.target:
        account.call("stepfunctions", "start_execution", stateMachineArn=letter.target, input=body)
        return
    if not target:
        raise UsageError(
            f"letter {letter.id} of '{letter.queue}' names no state machine, and no queue "
            f"redrives to "
            f"'{letter.queue}'. Use purge --to FILE."
        )
    group = {"MessageGroupId": "redrive"} if target.endswith(".fifo") else {}
    once = {"MessageDeduplicationId": letter.id} if group else {}
    account.call(
        "sqs", "send_message", QueueUrl=target, MessageBody=body,
        MessageAttributes=letter.attributes, **group, **once,
    )  # fmt: skip


def find_dead_letter_queues(
    account: Account, deployed: Deployed, reporter: Reporter | None = None
) -> dict[str, str]:
    """Find the dead-letter queues of a stack: the URL of each, with that of the queue behind it.

    '' is behind a queue that only rules and schedules send to. The reporter names those that the
    workflow itself sends to, by outputs of the root stack.
    """
    named: Mapping[str, str] = getattr(reporter, "dead_letters", {})
    outputs = deployed.outputs
    found = {
        outputs[dead]: outputs.get(target, "") for dead, target in named.items() if dead in outputs
    }
    for row in list_resources(account, deployed.stack_id):
        if row["ResourceType"] != "AWS::SQS::Queue" or row["PhysicalResourceId"] in found:
            continue
        url = row["PhysicalResourceId"]
        sources = list(
            account.list("sqs", "list_dead_letter_source_queues", "queueUrls", QueueUrl=url)
        )
        if sources or row["LogicalResourceId"] == _UNDELIVERED:
            found[url] = str(sources[0]) if sources else ""
    return found


def purge(
    account: Account, letters: Mapping[str, Sequence[DeadLetter]], path: str
) -> Iterator[DeadLetter]:
    """Write letters (by the URL of their queue) to a file, and only then delete them; yields each.

    The file has one JSON object a line. It must not exist: what an earlier purge wrote is never
    written over.
    """
    try:
        with open(path, "x", encoding="utf-8") as file:
            for letter in (one for found in letters.values() for one in found):
                file.write(json.dumps(letter.describe(), default=str, sort_keys=True) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise UsageError(f"{path} already exists. Choose another file with --to.") from error
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written ({error.strerror}). Nothing was deleted."
        ) from error
    for url, found in letters.items():
        for letter in found:
            account.call("sqs", "delete_message", QueueUrl=url, ReceiptHandle=letter.handle)
            yield letter


def choose_queues(queues: dict[str, str], name: str | None, stack: str) -> dict[str, str]:
    """Choose the dead-letter queues that are meant: one by its name, else all."""
    names = {url.rpartition("/")[2]: url for url in queues}
    if not queues:
        raise UsageError(f"stack '{stack}' has no dead-letter queue.")
    if name is None:
        return queues
    found = [url for own, url in names.items() if name in (own, url)]
    if not found:
        raise UsageError(
            f"--queue: '{name}' not found.{suggest_name(name, list(names))} The dead-letter queues "
            f"of '{stack}' are {', '.join(names)}."
        )
    return {url: queues[url] for url in found}


def move_letters(
    account: Account,
    queues: Mapping[str, str],
    chosen: Mapping[str, Sequence[DeadLetter]],
    *,
    to: str = "",
    rate: float = 0,
    fresh: bool = False,
    reporter: Reporter | None = None,
) -> Iterator[DeadLetter]:
    """Purge letters into the file `to`, or without one send each back; yields each.

    `chosen` has the letters by the URL of their queue, `queues` the queue behind each of these.
    """
    if to:
        yield from purge(account, chosen, to)
        return
    for url, letters in chosen.items():
        yield from redrive_letters(
            account, letters, url, queues[url], rate=rate, fresh=fresh, reporter=reporter
        )


def list_rows(letters: Sequence[DeadLetter], reporter: Reporter | None) -> list[list[str]]:
    """List letters as the rows of a table, its heads first."""
    heads = [getattr(reporter, "noun", "what"), "reason", "since", "attempts", "from"]
    return [heads] + [
        [
            letter.name(reporter)[:40], letter.reason[:60], format_time(letter.since),
            letter.attempt(reporter), letter.execution.rpartition(":")[2] or letter.queue,
        ]
        for letter in letters
    ]  # fmt: skip


def count_letters(letters: Sequence[DeadLetter], reporter: Reporter | None) -> str:
    """Count letters, and what they are about."""
    different = len({letter.name(reporter) for letter in letters})
    words = f", {count(different, getattr(reporter, 'noun', 'item'))}" if reporter else ""
    return f"{count(len(letters), 'dead letter')}{words}"
