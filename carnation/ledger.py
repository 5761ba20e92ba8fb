"""The ledger: where every event of a workflow is, on the embedded AWS.

An event is a message or an item that carries `sequence_no`; its key is that number together with
`generated_unix_time`. Copies of one event may lie in a queue, so whoever counts, counts keys.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from carnation.emulator import Emulator, Execution

WRITTEN, WAITING, DEAD = "written", "waiting", "dead"
PLACES = {
    WRITTEN: "written",
    WAITING: "waiting in the queue",
    DEAD: "in the dead-letter queue",
}
"""The places an event can be in, and how a person says them."""


class Whereabouts(NamedTuple):
    """One event and the place it is in; `reason` says why it is not written, `body` if no event."""

    sequence_no: int | None
    generated_unix_time: int | None
    place: str
    retry_attempt: int | None
    reason: str


def find_events(emulator: Emulator, outputs: Mapping[str, str]) -> list[Whereabouts]:
    """Find every event, by what the root stack's outputs name: table or bucket, and the queues.

    Sorted by key; the copies of one event in one place are told once.
    """
    found = [
        *_find_written(emulator, outputs),
        *_find_messages(emulator, outputs.get("QueueUrl"), WAITING),
        *_find_messages(emulator, outputs.get("DeadLetterQueueUrl"), DEAD),
    ]
    return sorted(dict.fromkeys(found), key=lambda one: (one.sequence_no is None, *map(str, one)))


def _find_written(emulator: Emulator, outputs: Mapping[str, str]) -> Iterable[Whereabouts]:
    if "TableName" in outputs:
        for item in emulator.items(outputs["TableName"]):
            number, made = int(item["sequenceNo"]), int(item["generatedUnixTime"])
            yield Whereabouts(number, made, WRITTEN, int(item["retryAttempt"]), "")
    if "BucketName" in outputs:
        for body in emulator.objects(outputs["BucketName"]).values():
            event = json.loads(body)
            yield Whereabouts(event["sequence_no"], event["generated_unix_time"], WRITTEN, None, "")


def _find_messages(emulator: Emulator, url: str | None, place: str) -> Iterable[Whereabouts]:
    for message in emulator.messages(url) if url else ():
        reason = message.attributes.get("reason", "")
        event = _read_event(message.body)
        yield Whereabouts(
            event.get("sequence_no"),
            event.get("generated_unix_time"),
            place,
            event.get("retry_attempt"),
            reason,
        )


def _read_event(body: str) -> Mapping[str, Any]:
    try:
        event = json.loads(body)
    except ValueError:
        return {}
    return event if isinstance(event, dict) and "sequence_no" in event else {}


def count_places(events: Iterable[Whereabouts]) -> dict[str, int]:
    """Count events by place, each key once in a place."""
    keys = {(one.place, one.sequence_no, one.generated_unix_time) for one in events}
    return {place: sum(key[0] == place for key in keys) for place in PLACES}


class Tally(NamedTuple):
    """What a run did: events made and received, and what its Map tells of those that failed.

    `written` is None where the run ended before its Map did.
    """

    made: int
    received: int
    written: int | None
    failed: list[dict[str, Any]]


def tally_run(execution: Execution) -> Tally | None:
    """Read a run's tally out of its history; None if it made no list of events."""
    items = next(_read_outputs(execution, "TaskStateExited", "events"), None)
    if items is None:
        return None
    received = sum("receipt_handle" in item for item in items)
    failed = next(_read_outputs(execution, "MapStateExited", "failed"), None)
    written = None if failed is None else len(items) - len(failed)
    return Tally(len(items) - received, received, written, failed or [])


def _read_outputs(execution: Execution, kind: str, field: str) -> Iterator[list[dict[str, Any]]]:
    """Give a field of the outputs of states of a kind, where it is there."""
    for event in execution.history:
        if event["type"] == kind:
            output = json.loads(event["stateExitedEventDetails"]["output"])
            if isinstance(output, dict) and isinstance(output.get(field), list):
                yield output[field]
