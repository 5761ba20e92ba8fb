"""Progress: what the events of an execution say, counted while they are written."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

_CALLS = ("TaskScheduled", "LambdaFunctionScheduled", "ActivityScheduled")
_EVERY = 0.1  # seconds between two lines for a person to read


class Progress:
    """Counts items done, failures and retries, and keeps the moment of every event.

    A failure that is retried is a retry and no longer a failure. `moments` are seconds since the
    beginning, by the event's id: on paper, waits take time and handlers take none.

    >>> progress = Progress(clock=iter([0.0, 1.0, 2.0]).__next__)
    >>> progress.add({"id": 1, "type": "MapStateStarted", "mapStateStartedEventDetails":
    ...               {"length": 4}})
    >>> progress.add({"id": 2, "type": "MapIterationSucceeded"})
    >>> progress.tell()
    '1 of 4 items, 0.5 items/s'
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin to count."""
        self.done = self.total = self.retried = 0
        self.moments: dict[int, float] = {}
        self._clock, self._begun = clock, clock()
        self._failures: set[int] = set()
        self._told = -_EVERY

    @property
    def failed(self) -> int:
        """The attempts that failed and were not retried."""
        return len(self._failures)

    @property
    def seconds(self) -> float:
        """The seconds since the beginning, as of the last event."""
        return next(reversed(self.moments.values()), 0.0)

    def add(self, event: Mapping[str, Any]) -> None:
        """Count an event."""
        kind, number = event["type"], event["id"]
        self.moments[number] = self._clock() - self._begun
        if kind == "MapStateStarted":
            self.total += event["mapStateStartedEventDetails"]["length"]
        elif kind in ("MapIterationSucceeded", "MapIterationFailed"):
            self.done += 1
        elif kind in _CALLS and event.get("previousEventId") in self._failures:
            self._failures.discard(event["previousEventId"])
            self.retried += 1
        elif _is_failure(kind):
            self._failures.add(number)

    def is_due(self) -> bool:
        """Tell whether a person could read another line by now."""
        due = self.seconds - self._told >= _EVERY
        if due:
            self._told = self.seconds
        return due

    def tell(self) -> str:
        """Say how far the execution is: items done, failed, retried, and the rate."""
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
