"""Child executions of distributed Maps, as the API lists and describes them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from carnation.engine import Child, Event

KEPT_HISTORIES = 1000  # of each execution's children; of the others only the outcome is kept
_ENDS = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionAborted": "ABORTED",
    "ExecutionTimedOut": "TIMED_OUT",
}


class ChildExecution:
    """One child: its outcome, and its history while there are few of them."""

    __slots__ = (
        "arn",
        "events",
        "items",
        "map_run_arn",
        "redrives",
        "started",
        "status",
        "stopped",
    )

    def __init__(self, child: Child, at: float, *, keeps_events: bool) -> None:
        """Begin with its start."""
        self.arn, self.map_run_arn, self.items = child.arn, child.map_run.arn, child.items
        self.started, self.stopped = at, 0.0
        self.status, self.redrives = "RUNNING", 0
        self.events: list[Event] | None = [] if keeps_events else None

    @property
    def name(self) -> str:
        """The last part of its ARN."""
        return self.arn.rpartition(":")[2]

    @property
    def label(self) -> str:
        """The label of the Map that started it."""
        return self.map_run_arn.partition("/")[2].rpartition(":")[0]

    def detail(self, place: int, field: str) -> Any:
        """Return what its first or last event says; None where that is not kept."""
        return self.events[place].details.get(field) if self.events else None


class Children:
    """The children of one execution, by ARN."""

    def __init__(self) -> None:
        """Start with none."""
        self._all: dict[str, ChildExecution] = {}
        self.event_count = 0  # of the histories that are kept

    def add_event(self, child: Child, event: Event) -> None:
        """Take an event of a child's history."""
        found = self._all.get(child.arn)
        if found is None:
            keeps = len(self._all) < KEPT_HISTORIES
            found = self._all[child.arn] = ChildExecution(child, event.at, keeps_events=keeps)
        if found.events is not None:
            found.events.append(event)
            self.event_count += 1
        if event.type == "ExecutionRedriven":
            found.status, found.stopped = "RUNNING", 0.0
            found.redrives += 1
        if event.type in _ENDS:
            found.status, found.stopped = _ENDS[event.type], event.at

    def find(self, arn: str) -> ChildExecution | None:
        """Find a child by its ARN."""
        return self._all.get(arn)

    def list(self, map_run_arn: str) -> Iterable[ChildExecution]:
        """List the children of a Map Run, in the order in which they started."""
        return [child for child in self._all.values() if child.map_run_arn == map_run_arn]
