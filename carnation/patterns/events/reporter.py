"""The reporter of events: what `run`, `start`, `recover` and `dlq` say of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from carnation.console import align_table
from carnation.records import NamedTuple
from carnation.workflow.reporters import ItemAttempt

if TYPE_CHECKING:
    from carnation.patterns.events.injection import FaultInjector
    from carnation.patterns.events.ledger import EventLocation

_EVENTS = 50  # how many events that are not written are listed
_MAX_MESSAGE_LENGTH = 40  # characters of a message that has no number


class EventsReport(NamedTuple):
    """What a run did with its events."""

    fields: Mapping[str, Any]
    lines: Sequence[str]
    explains: bool


class EventsReporter:
    """Knows what an event looks like, and where every one is."""

    entry_point = "carnation.patterns.events.reporter:EVENTS"
    outputs: Sequence[str] = ("BucketName", "DeadLetterQueueUrl", "QueueUrl", "TableName")
    settled_errors: Sequence[str] = ("EventsFailed",)
    input_errors: Sequence[str] = ("InvalidInput",)
    dead_letters: Mapping[str, str] = {"DeadLetterQueueUrl": "QueueUrl"}
    noun = "event"

    def __init__(self) -> None:
        """Let further runs only work through the queue."""
        self.next_input: Any = {"start_seq": 0, "end_seq": 0}

    def choose_faults(self, which: str, attempts: int, seed: int) -> FaultInjector:
        """Choose events by number (`3,5-7`) or rate (`10%`)."""
        from carnation.patterns.events.injection import FaultInjector, choose_failures

        fault = choose_failures(which, attempts, seed)
        assert fault is not None  # noqa: S101 - only for no choice at all
        return FaultInjector(fault)

    def describe_run(self, execution: Any) -> EventsReport:
        """Count the events that a run made, received, wrote and failed."""
        from carnation.patterns.events.ledger import tally_run

        counts = tally_run(execution)
        if counts is None:
            return EventsReport({}, (), False)
        line = f"{counts.made} made, {counts.received} received from the queue"
        if counts.written is not None:
            line += f", {counts.written} written, {len(counts.failed)} failed"
        return EventsReport(counts._asdict(), (line,), bool(counts.failed))

    def find(self, reader: Any, outputs: Mapping[str, str]) -> Iterable[EventLocation]:
        """Find every event: written, waiting in the queue, or in the dead-letter queue."""
        from carnation.patterns.events.ledger import find_events

        return find_events(reader, outputs)

    def describe_places(
        self, found: Sequence[EventLocation]
    ) -> tuple[Mapping[str, Any], Sequence[str]]:
        """Count events by place, and list those that are not written."""
        from carnation.patterns.events.ledger import PLACES, WRITTEN, count_places

        counts = count_places(found)
        rows = [[f"  {PLACES[place]}", str(count)] for place, count in counts.items()]
        lines = ["Final location of all events", *align_table(rows, right=[1])]
        elsewhere = [event for event in found if event.place != WRITTEN]
        if elsewhere:
            rows = [
                ["  event", "attempt", "where", "why"],
                *(_make_row(event, PLACES[event.place]) for event in elsewhere[:_EVENTS]),
            ]
            lines += ["", *align_table(rows, right=[1])]
        if len(elsewhere) > _EVENTS:
            lines.append(f"  and {len(elsewhere) - _EVENTS} more; --format json lists them")
        return {"counts": counts, "events": [event._asdict() for event in found]}, lines

    def name(self, fields: Mapping[str, Any]) -> str:
        """Name an event by its key."""
        if "sequence_no" not in fields:
            return ""
        return f"{fields['sequence_no']}/{fields.get('generated_unix_time', '')}"

    def reset(self, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return an event its three retries again."""
        return {**fields, "retry_attempt": 1} if "retry_attempt" in fields else fields

    def attempts(self, value: Any) -> Iterable[ItemAttempt]:
        """Find which attempts of which events are in a value."""
        from carnation.patterns.events.records import find_attempts

        for one in find_attempts(value):
            yield ItemAttempt(one["sequence_no"], one["retry_attempt"], one)

    def find_keys(self, value: Any) -> Iterable[int]:
        """Find the sequence numbers of the events in a value."""
        from carnation.patterns.events.records import find_numbers

        return find_numbers(value)


def _make_row(event: EventLocation, place: str) -> list[str]:
    attempt = "" if event.retry_attempt is None else str(event.retry_attempt)
    name = (
        event.event
        if len(event.event) <= _MAX_MESSAGE_LENGTH
        else event.event[: _MAX_MESSAGE_LENGTH - 1] + "…"
    )
    return [f"  {name}", attempt, place, event.reason]


EVENTS = EventsReporter()
