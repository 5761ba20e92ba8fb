"""A history as what happened: visits of states, one below the other, as they lay inside each other.

Reads the events as GetExecutionHistory gives them, from wherever they come: the engine, the
local emulator, or an account.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from carnation.engine import Child, Event, export_event
from carnation.errors import UsageError

_CALLED = ("LambdaFunctionScheduled", "TaskScheduled", "ActivityScheduled")
_BEGUN = (*_CALLED, "MapStateStarted", "ParallelStateStarted")
_FAILED = ("Failed", "TimedOut")
_END_OF_TIME = 253_402_300_800  # the year 10000


@dataclass
class Scope:
    """States one after the other: the execution, an iteration (`index`), or a branch."""

    label: str
    index: int | None = None
    visits: list[Visit] = field(default_factory=list)


@dataclass
class Visit:
    """One stay in a state.

    `errors` are the failures of its attempts, `calls` what was asked of its service in each;
    `waited` the seconds between a failure and the next attempt, or that a Wait waited. `output` is
    None for a state that was not left.
    """

    name: str
    type: str
    input: Any = None
    output: Any = None
    left: bool = False
    attempts: int = 0
    errors: list[tuple[str, str]] = field(default_factory=list)
    calls: list[Any] = field(default_factory=list)
    results: list[Any] = field(default_factory=list)
    waited: float = 0.0
    scopes: list[Scope] = field(default_factory=list)
    entered_at: float = 0.0
    failed_at: float | None = None
    left_at: float | None = None

    @property
    def retries(self) -> int:
        """The attempts after the first."""
        return max(0, self.attempts - 1)


class Children:
    """The histories of the children of distributed Maps: by the Map's run, then by their number.

    An execution keeps nothing of them, so they are kept while they are written.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.histories: dict[str, dict[int, list[Mapping[str, Any]]]] = {}

    def keep(self, child: Child, event: Event) -> None:
        """Keep an event: what an engine's `observe_child` and an emulator's `on_child` take."""
        of_run = self.histories.setdefault(child.map_run.arn, {})
        of_run.setdefault(child.number, []).append(export_event(event))

    def find(self, map_run: str) -> Iterator[tuple[int, Sequence[Mapping[str, Any]]]]:
        """Yield the number and the history of each child of a Map's run."""
        yield from sorted(self.histories.get(map_run, {}).items())


class _Place:
    """Where an event stands: in a scope, within a visit, whose own scope is in another place."""

    __slots__ = ("outer", "scope", "visit")

    def __init__(self, scope: Scope, visit: Visit | None, outer: _Place | None) -> None:
        self.scope, self.visit, self.outer = scope, visit, outer


def read_visits(events: Sequence[Mapping[str, Any]], children: Children | None = None) -> Scope:
    """Read a history, and those of the children that its Maps started; returns the outermost scope.

    >>> read_visits([{"id": 1, "previousEventId": 0, "type": "ExecutionStarted"}]).visits
    []
    """
    root = Scope("")
    places: dict[int, _Place] = {0: _Place(root, None, None)}
    for event in events:
        before = places.get(event.get("previousEventId", 0)) or places[0]
        places[event["id"]] = _read_event(event, before)
        if event["type"] == "MapRunStarted" and children is not None and before.visit is not None:
            for number, history in children.find(find_details(event)["mapRunArn"]):
                scope = read_visits(history, children)
                scope.label, scope.index = f"[{number}]", number
                before.visit.scopes.append(scope)
    return root


def walk_visits(scope: Scope) -> Iterator[Visit]:
    """Yield every visit, a state before what is inside it."""
    waiting = [scope]
    while waiting:
        current = waiting.pop()
        inner = []
        for visit in current.visits:
            yield visit
            inner += visit.scopes
        waiting.extend(reversed(inner))


def walk_scopes(scope: Scope) -> Iterator[tuple[Visit | None, Scope]]:
    """Yield every scope with the visit that it is in."""
    waiting: list[tuple[Visit | None, Scope]] = [(None, scope)]
    for owner, current in waiting:  # grows while we walk
        yield owner, current
        waiting.extend((visit, inner) for visit in current.visits for inner in visit.scopes)


def _read_event(event: Mapping[str, Any], place: _Place) -> _Place:
    kind, details = str(event["type"]), find_details(event)
    at = _moment(event.get("timestamp"))
    if kind.endswith("StateEntered"):
        return _enter(details, kind, place, at)
    if kind.endswith("StateExited"):
        return _leave(details, place, at)
    if kind == "MapIterationStarted":
        scope = Scope(f"[{details.get('index', 0)}]", details.get("index", 0))
        owner = _find(place, str(details.get("name")))
        if owner.visit is not None:
            owner.visit.scopes.append(scope)
        return _Place(scope, None, owner)
    if kind.startswith("MapIteration"):
        return _find(place, str(details.get("name")))
    if kind.startswith(("Execution", "MapRun")):
        return place
    if kind.startswith(("MapState", "ParallelState")):
        return _note(kind, details, _find_type(place, kind), at)
    return _note(kind, details, place, at) if place.visit is not None else place


def _enter(details: Mapping[str, Any], kind: str, place: _Place, at: float) -> _Place:
    visit = Visit(details["name"], kind.removesuffix("StateEntered"), _load(details.get("input")))
    visit.entered_at = at
    scope, outer = place.scope, place.outer
    if place.visit is not None and not place.visit.left and place.visit.type == "Parallel":
        outer = place
        scope = Scope(f"[{len(place.visit.scopes)}]", len(place.visit.scopes))
        place.visit.scopes.append(scope)
    scope.visits.append(visit)
    return _Place(scope, visit, outer)


def _leave(details: Mapping[str, Any], place: _Place, at: float) -> _Place:
    found = _find(place, details["name"])
    visit = found.visit
    if visit is not None:
        visit.left, visit.output = True, _load(details.get("output"))
        visit.left_at = at
        if visit.type == "Wait":
            visit.waited = at - visit.entered_at
    return found


def _note(kind: str, details: Mapping[str, Any], place: _Place, at: float) -> _Place:
    """Note in a visit that an attempt began, gave a result, or failed."""
    visit = place.visit
    if visit is None:
        return place
    if kind in _BEGUN:
        visit.attempts += 1
        visit.calls.append(_load(details.get("parameters", details.get("input"))))
        if visit.failed_at is not None:
            visit.waited += at - visit.failed_at
            visit.failed_at = None
    elif kind.endswith(_FAILED) and not kind.endswith("ScheduleFailed"):
        visit.errors.append((str(details.get("error") or ""), str(details.get("cause") or "")))
        visit.failed_at = at
    elif kind.endswith("Succeeded"):
        visit.results.append(_load(details.get("output")))
    return place


def _find(place: _Place, name: str) -> _Place:
    """Find the visit of a name that a place is in."""
    found: _Place | None = place
    while found is not None:
        if found.visit is not None and found.visit.name == name:
            return found
        found = found.outer
    return place


def _find_type(place: _Place, kind: str) -> _Place:
    wanted = "Parallel" if kind.startswith("Parallel") else "Map"
    found: _Place | None = place
    while found is not None:
        if found.visit is not None and found.visit.type == wanted and not found.visit.left:
            return found
        found = found.outer
    return place


def find_details(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the details of an event, whatever they are called."""
    for key, value in event.items():
        if key.endswith("EventDetails") and isinstance(value, Mapping):
            return value
    return {}


def _load(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _moment(stamp: Any) -> float:
    if isinstance(stamp, datetime):
        return stamp.timestamp()
    try:
        if isinstance(stamp, str):
            return datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp()
        seconds = float(stamp or 0.0)
    except (TypeError, ValueError, OverflowError):
        seconds = math.nan
    if not 0 <= seconds < _END_OF_TIME:
        raise UsageError(
            f"an event of the history has the timestamp '{str(stamp)[:40]}', which is no time. "
            "Get the history again with get-execution-history."
        )
    return seconds
