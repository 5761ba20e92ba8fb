"""A run as the page shows it: rows of states and items, flat, every value once.

Thousands of items hand the same values on from state to state; a row names a value by its place in
one list, so that the page stays small.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from carnation.asl import walk_states
from carnation.engine import Event, export_event
from carnation.engine.child_executions import MapRun
from carnation.errors import CarnationError
from carnation.history.progress import Progress
from carnation.history.visits import Children, Scope, Visit, read_visits

OK, RETRIED, FAILED, OPEN = "ok", "retried", "failed", "open"


@dataclass
class Recorded:
    """An execution that has ended: what it was given, how it ended, and its rows.

    A row is a visit of a state (`v`), or an item or branch (`g`) with its visits side by side;
    `d` is how deep it lies. `values` are JSON texts that visits name by their index.
    """

    input: str
    status: str
    error: str
    cause: str
    seconds: float
    rows: list[dict[str, Any]] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    moves: dict[str, int] = field(default_factory=dict)
    definition: Mapping[str, Any] = field(default_factory=dict)
    map_runs: list[MapRun] = field(default_factory=list)


def record_run(
    definition: Mapping[str, Any],
    execution: Any,
    given: Any,
    progress: Progress | None = None,
    *,
    number: int = 1,
) -> Recorded:
    """Record an execution for the page, with the moments and children of whoever watched it.

    Raises `CarnationError` for an execution without a history.
    """
    if not execution.history:
        raise CarnationError(
            f"run {number} has no history, and a report tells what is in the history. "
            "Start it as a STANDARD execution."
        )
    progress = progress or Progress()
    clock = _Clock(execution.history, progress.moments)
    found = Recorded(
        json.dumps(given, ensure_ascii=False),
        execution.status,
        execution.error or "",
        execution.cause or "",
        round(clock.end, 4),
        definition=definition,
        map_runs=list(progress.map_runs.values()),
    )
    children = Children()
    for arn, histories in progress.children.items():
        children.histories[arn] = {
            child: [*clock.stamp_child(events)] for child, events in histories.items()
        }
    pointers = {place.name: place.pointer for place in walk_states(definition)}
    _Writer(found, pointers).write(read_visits([*clock.stamp(execution.history)], children))
    return found


class _Clock:
    """Seconds since the start: those that passed here, and those that passed on paper."""

    def __init__(self, history: Sequence[Mapping[str, Any]], moments: Mapping[int, float]) -> None:
        self._moments, self._first = moments, history[0]["timestamp"].timestamp()
        self.end = max(map(self._at, history))

    def _at(self, event: Mapping[str, Any]) -> float:
        paper = float(event["timestamp"].timestamp()) - self._first
        return float(paper + self._moments.get(event["id"], 0.0))

    def stamp(self, history: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        """Give the events with the moment at which each happened."""
        for event in history:
            yield {**event, "timestamp": self._at(event)}

    def stamp_child(self, events: Sequence[tuple[Event, float]]) -> Iterator[dict[str, Any]]:
        """Give the events of a child likewise."""
        for event, moment in events:
            yield {**export_event(event), "timestamp": event.at - self._first + moment}


class _Writer:
    """Writes visits as rows, a state before what lies inside it."""

    def __init__(self, found: Recorded, pointers: Mapping[str, str]) -> None:
        self.found, self.pointers = found, pointers
        self.known: dict[str, int] = {}

    def write(self, root: Scope) -> None:
        """Write everything; without recursion, since a Map may lie in a Map in a Map."""
        waiting: list[tuple[Scope | Visit, int, str]] = [
            (visit, 0, "") for visit in reversed(root.visits)
        ]
        self._count_moves(root)
        while waiting:
            one, depth, owner = waiting.pop()
            if isinstance(one, Visit):
                self.found.rows.append({"d": depth, "v": self._describe(one)})
                waiting += [(scope, depth + 1, one.name) for scope in reversed(one.scopes)]
                continue
            self._count_moves(one)
            visits = [self._describe(visit) for visit in one.visits]
            self.found.rows.append({"d": depth, "g": one.label, "o": owner, "w": visits})
            inner = [(scope, visit) for visit in one.visits for scope in visit.scopes]
            waiting += [(scope, depth + 1, visit.name) for scope, visit in reversed(inner)]

    def _describe(self, visit: Visit) -> dict[str, Any]:
        row: dict[str, Any] = {
            "n": visit.name,
            "p": self.pointers.get(visit.name, ""),
            "t": visit.type,
            "s": _judge(visit),
            "a": round(visit.entered_at, 4),
            "b": round(_find_end(visit, self.found.seconds), 4),
            "i": self._keep(visit.input),
        }
        if visit.left:
            row["o"] = self._keep(visit.output)
        if visit.errors:
            row["e"] = visit.errors
        if visit.attempts > 1:
            row["r"] = visit.attempts
        return row

    def _keep(self, value: Any) -> int:
        text = json.dumps(value, ensure_ascii=False)
        if text not in self.known:
            self.known[text] = len(self.found.values)
            self.found.values.append(text)
        return self.known[text]

    def _count_moves(self, scope: Scope) -> None:
        """Count each transition by the pointers of its two states."""
        pointers = [self.pointers.get(visit.name, "") for visit in scope.visits]
        for source, target in pairwise(pointers):
            move = f"{source}\n{target}"
            self.found.moves[move] = self.found.moves.get(move, 0) + 1


def _judge(visit: Visit) -> str:
    if visit.type == "Fail" or (visit.errors and len(visit.errors) >= visit.attempts):
        return FAILED
    if visit.errors:
        return RETRIED
    return OK if visit.left else OPEN


def _find_end(visit: Visit, end: float) -> float:
    if visit.left_at is not None:
        return visit.left_at
    return visit.failed_at if visit.failed_at is not None else end
