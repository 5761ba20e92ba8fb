"""Progress: what the events of an execution say, counted while they are written."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from carnation.engine import Child, Event
from carnation.engine.child_executions import MapRun

_CALLS = ("TaskScheduled", "LambdaFunctionScheduled", "ActivityScheduled")
_ITERATED = ("MapIterationSucceeded", "MapIterationFailed")
_ENDED = ("ExecutionSucceeded", "ExecutionFailed")
_EVERY = 0.1  # seconds between two lines for a person to read


class Progress:
    """Counts items done, failures and retries, and keeps the moment of every event.

    A failure that is retried is a retry and no longer a failure. `moments` are seconds since the
    beginning, by the event's id: on paper, waits take time and handlers take none.

    >>> progress = Progress(clock=iter([0.0, 1.0, 2.0]).__next__)
    >>> progress.add({"id": 1, "type": "MapStateStarted", "mapStateStartedEventDetails":
    ...               {"length": 4}})
    >>> progress.add({"id": 2, "type": "MapIterationSucceeded"})
    >>> progress.format()
    '1 of 4 items, 0.5 items/s'
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, *, keeps_children: bool = False
    ) -> None:
        """Begin to count; what happens in children is kept where a report is to show it."""
        self.done = self.total = self.retried = 0
        self.moments: dict[int, float] = {}
        self._clock, self._begun = clock, clock()
        self._failures: set[tuple[str, int]] = set()
        self._lengths: dict[int, int] = {}  # of Maps, by the event that told it
        self._inside: dict[str, list[int]] = {}  # children: items planned, and done
        self.map_runs: dict[str, MapRun] = {}
        self.children: dict[str, dict[int, list[tuple[Event, float]]]] = {}
        self._keeps_children = keeps_children
        self._told, self._now = -_EVERY, 0.0

    @property
    def failed(self) -> int:
        """The attempts that failed and were not retried."""
        return len(self._failures)

    @property
    def seconds(self) -> float:
        """The seconds since the beginning, as of the last event."""
        return self._now

    def add(self, event: Mapping[str, Any]) -> None:
        """Count an event as the API writes it."""
        kind, number, before = event["type"], event["id"], event.get("previousEventId", 0)
        self._count(kind, number, before, event.get("mapStateStartedEventDetails", {}))

    def add_event(self, event: Event) -> None:
        """Count an event of the engine, which is not written yet."""
        self._count(event.type, event.id, event.previous_id, event.details)

    def _count(self, kind: str, number: int, before: int, details: Mapping[str, Any]) -> None:
        self.moments[number] = self._now = self._clock() - self._begun
        if kind == "MapStateStarted":
            self._lengths[number] = details["length"]
            self.total += self._lengths[number]
        elif kind == "MapRunStarted":  # its children tell how many items there are
            self.total -= self._lengths.pop(before, 0)
        elif kind in _ITERATED:
            self.done += 1
        else:
            self._count_attempt("", kind, number, before)

    def add_child(self, child: Child, event: Event) -> None:
        """Count an event of a child execution; its items are its batch, or those of its own Map."""
        moment = self._now = self._clock() - self._begun
        if self._keeps_children:
            of_run = self.children.setdefault(child.map_run.arn, {})
            of_run.setdefault(child.number, []).append((event, moment))
        if child.map_run.arn not in self.map_runs:
            self.map_runs[child.map_run.arn] = child.map_run
            self.total += child.map_run.items["total"]
        inside = self._inside.setdefault(child.arn, [child.items, 0])
        if event.type == "MapStateStarted":
            self.total += event.details["length"] - inside[0]
            inside[0] = event.details["length"]
        elif event.type in _ITERATED:
            self.done, inside[1] = self.done + 1, inside[1] + 1
        elif event.type in _ENDED:
            self.done += max(0, inside[0] - inside[1])
            del self._inside[child.arn]
        else:
            self._count_attempt(child.arn, event.type, event.id, event.previous_id)

    def _count_attempt(self, whose: str, kind: str, number: int, before: int) -> None:
        if kind in _CALLS and (whose, before) in self._failures:
            self._failures.discard((whose, before))
            self.retried += 1
        elif _is_failure(kind):
            self._failures.add((whose, number))

    def is_due(self) -> bool:
        """Return whether a person could read another line by now."""
        due = self.seconds - self._told >= _EVERY
        if due:
            self._told = self.seconds
        return due

    def format(self) -> str:
        """Describe how far the execution is: items done, failed, retried, and the rate."""
        parts = [f"{self.done:,} of {self.total:,} items"] if self.total else []
        parts += [f"{self.failed:,} failed"] if self.failed else []
        parts += [f"{self.retried:,} retried"] if self.retried else []
        if self.done and self.seconds:
            rate = self.done / self.seconds
            parts.append(f"{rate:,.0f} items/s" if rate >= 10 else f"{rate:.1f} items/s")
        return ", ".join(parts) or f"{len(self.moments):,} events"


def _is_failure(kind: str) -> bool:
    called = kind.startswith(("Task", "LambdaFunction", "Activity"))
    return called and kind.endswith(("Failed", "TimedOut"))
