"""The history of an execution: AWS's event types, ids and details.

An event points at the one before it in its own fiber of control, which AWS calls
`previousEventId`. Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from carnation.document.values import Json
from carnation.records import NamedTuple

LIMIT = 25_000


class Event(NamedTuple):
    """One event; `details` is what is in AWS's `…EventDetails`, values as JSON values."""

    id: int
    previous_id: int
    type: str
    details: dict[str, Json]
    at: float


_new_event = partial(tuple.__new__, Event)  # what Event() does, at a third of its cost
Observer = Callable[[Event], None]


class HistoryFull(Exception):  # noqa: N818 - it is a signal, and ends the execution
    """The next event would be the last that AWS keeps."""


class History:
    """Events in the order in which they happened."""

    __slots__ = ("count", "events", "limit", "observe")

    def __init__(self, limit: int | None, observe: Observer | None, *, keep: bool = True) -> None:
        """Begin; without `keep`, events are shown to the observer and forgotten."""
        self.limit = limit or 0
        self.observe = observe
        self.events: list[Event] | None = [] if keep else None
        self.count = 0

    def __iter__(self) -> Iterator[Event]:
        """Yield the events that are kept."""
        return iter(self.events or ())

    def add(
        self,
        type_: str,
        previous_id: int,
        details: dict[str, Json],
        at: float,
        *,
        is_end: bool = False,
    ) -> int:
        """Write an event and give its id; raises `HistoryFull` before the last one but an end."""
        number = self.count + 1
        if number == self.limit and not is_end:
            raise HistoryFull
        self.count = number
        if self.events is None and self.observe is None:
            return number
        event = _new_event((number, previous_id, type_, details, at))
        if self.events is not None:
            self.events.append(event)
        if self.observe is not None:
            self.observe(event)
        return number
