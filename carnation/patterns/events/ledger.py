"""The ledger: where every event of a workflow is, on the local emulator.

An event's key is its `sequence_no` together with its `generated_unix_time`; what has none of these
is named by the object's key or the message's body. Copies of one event may be in a queue, so
counts are counts of keys.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from carnation.records import NamedTuple

if TYPE_CHECKING:
    from carnation.emulator import Emulator, ExecutionResult


WRITTEN, WAITING, DEAD = "written", "waiting", "dead"
PLACES = {
    WRITTEN: "written",
    WAITING: "waiting in the queue",
    DEAD: "in the dead-letter queue",
}
"""The places an event can be in, and how a person says them."""


class EventLocation(NamedTuple):
    """One event and the place it is in.

    `event` is what names it: its sequence number, or, for what has none, its key or its body.
    `reason` says why it is not written.
    """

    event: str
    sequence_no: int | None
    generated_unix_time: int | None
    place: str
    retry_attempt: int | None
    reason: str


def find_events(emulator: Emulator, outputs: Mapping[str, str]) -> list[EventLocation]:
    """Find every event, by what the root stack's outputs name: table or bucket, and the queues.

    Sorted by key; the copies of one event in one place are told once.
    """
    found = [
        *_find_written(emulator, outputs),
        *_find_messages(emulator, outputs.get("QueueUrl"), WAITING),
        *_find_messages(emulator, outputs.get("DeadLetterQueueUrl"), DEAD),
    ]
    return sorted(dict.fromkeys(found), key=_sort_key)


def _sort_key(one: EventLocation) -> tuple[object, ...]:
    numbers = (one.sequence_no or 0, one.generated_unix_time or 0, one.retry_attempt or 0)
    return (one.sequence_no is None, *numbers, one.event, one.place, one.reason)


def _find_written(emulator: Emulator, outputs: Mapping[str, str]) -> Iterable[EventLocation]:
    if "TableName" in outputs:
        for item in emulator.items(outputs["TableName"]):
            attempt = item.get("retryAttempt")
            event = {
                "sequence_no": item.get("sequenceNo"),
                "generated_unix_time": item.get("generatedUnixTime"),
            }
            yield _describe(
                event, WRITTEN, None if attempt is None else int(attempt), name=str(item)
            )
    if "BucketName" in outputs:
        for key, body in emulator.objects(outputs["BucketName"]).items():
            yield _describe(_read_event(body.decode("utf-8", "replace")), WRITTEN, name=key)


def _find_messages(emulator: Emulator, url: str | None, place: str) -> Iterable[EventLocation]:
    for message in emulator.messages(url) if url else ():
        event = _read_event(message.body)
        reason = message.attributes.get("reason", "")
        yield _describe(event, place, event.get("retry_attempt"), reason, name=message.body)


def _describe(
    event: Mapping[str, Any],
    place: str,
    attempt: int | None = None,
    reason: str = "",
    name: str = "",
) -> EventLocation:
    number, made = event.get("sequence_no"), event.get("generated_unix_time")
    attempt = attempt if isinstance(attempt, int) else None
    if number is None or made is None:
        return EventLocation(name, None, None, place, attempt, reason)
    return EventLocation(str(number), int(number), int(made), place, attempt, reason)


def _read_event(body: str) -> Mapping[str, Any]:
    try:
        event = json.loads(body)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}


def count_places(events: Iterable[EventLocation]) -> dict[str, int]:
    """Count events by place, each key once in a place."""
    keys = {(one.place, one.event, one.generated_unix_time) for one in events}
    return {place: sum(key[0] == place for key in keys) for place in PLACES}


class RunCounts(NamedTuple):
    """What a run did: events made and received, and what its Map says of those that failed.

    `written` is None where the run ended before its Map did.
    """

    made: int
    received: int
    written: int | None
    failed: list[dict[str, Any]]


def tally_run(execution: ExecutionResult) -> RunCounts | None:
    """Read a run's tally out of its history; None if it made no list of events."""
    items = next(_read_outputs(execution, "TaskStateExited", "events"), None)
    if items is None:
        return None
    received = sum("receipt_handle" in item for item in items)
    failed = next(_read_outputs(execution, "MapStateExited", "failed"), None)
    written = None if failed is None else len(items) - len(failed)
    return RunCounts(len(items) - received, received, written, failed or [])


def _read_outputs(
    execution: ExecutionResult, kind: str, field: str
) -> Iterator[list[dict[str, Any]]]:
    """Return a field of the outputs of states of a kind, where it is there."""
    for event in execution.history:
        if event["type"] == kind:
            output = json.loads(event["stateExitedEventDetails"]["output"])
            found = output.get(field) if isinstance(output, dict) else None
            if isinstance(found, list) and all(isinstance(one, dict) for one in found):
                yield found
