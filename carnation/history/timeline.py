"""A run as the page shows it: rows of states and items, flat, every value once.

Thousands of items hand the same values on from state to state; a row names a value by its place in
one list, so that the page stays small.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from carnation.asl import walk_states
from carnation.engine import Event, export_event
from carnation.engine.child_executions import MapRun
from carnation.errors import CarnationError
from carnation.history.progress import Progress
from carnation.history.visits import Children, Scope, Visit, read_visits
from carnation.records import NamedTuple

OK, RETRIED, FAILED, OPEN = "ok", "retried", "failed", "open"


_KEYS = ("id", "key", "name", "Key")
_MAX_KEY_LENGTH = 40
ItemNamer = Callable[[Mapping[str, Any]], str]


class Failure(NamedTuple):
    """What failed for good: the state, the item by batch, index and key, why, what came of it."""

    state: str
    where: str
    error: str
    cause: str
    at: float
    then: str


@dataclass
class Recorded:
    """An execution that has ended: what it was given, how it ended, and its rows.

    A row is a visit of a state (`v`), or an item or branch (`g`, of the key `k`) with its visits
    side by side; `d` is how deep it lies. `values` are JSON texts that visits name by their index;
    `lines` what the workflow's reporter says of the run.
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
    waited: float = 0.0
    first_failure: Failure | None = None
    lines: Sequence[str] = ()


def record_run(
    definition: Mapping[str, Any],
    execution: Any,
    given: Any,
    progress: Progress | None = None,
    *,
    number: int = 1,
    name_item: ItemNamer | None = None,
) -> Recorded:
    """Record an execution for the page, with the moments and children of its observer.

    `name_item` gives the key of an item that a workflow's reporter knows, or ''.
    Raises `CarnationError` for an execution without a history.
    """
    if not execution.history:
        raise CarnationError(
            f"run {number} has no history, from which a report is made. Start it as a STANDARD "
            f"execution."
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
        waited=round(getattr(execution, "waited", 0.0), 4),
    )
    children = Children()
    for arn, histories in progress.children.items():
        children.histories[arn] = {
            child: [*clock.stamp_child(events)] for child, events in histories.items()
        }
    pointers = {place.name: place.pointer for place in walk_states(definition)}
    writer = _Writer(found, pointers, name_item or _no_name)
    writer.write(read_visits([*clock.stamp(execution.history)], children))
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
        """Return the events with the moment at which each happened."""
        for event in history:
            yield {**event, "timestamp": self._at(event)}

    def stamp_child(self, events: Sequence[tuple[Event, float]]) -> Iterator[dict[str, Any]]:
        """Return the events of a child likewise."""
        for event, moment in events:
            yield {**export_event(event), "timestamp": event.at - self._first + moment}


class _Writer:
    """Writes visits as rows, a state before what is inside it."""

    def __init__(self, found: Recorded, pointers: Mapping[str, str], name_item: ItemNamer) -> None:
        self.found, self.pointers, self.name_item = found, pointers, name_item
        self.known: dict[str, int] = {}

    def write(self, root: Scope) -> None:
        """Write everything; without recursion, since a Map may be in a Map in a Map."""
        waiting: list[tuple[Scope | Visit, int, str, str]] = [
            (visit, 0, "", "") for visit in reversed(root.visits)
        ]
        self._count_moves(root)
        self._note_failures(root, "")
        while waiting:
            one, depth, owner, way = waiting.pop()
            if isinstance(one, Visit):
                self.found.rows.append({"d": depth, "v": self._describe(one)})
                waiting += [(inner, depth + 1, one.name, way) for inner in reversed(one.scopes)]
                continue
            self._count_moves(one)
            visits = [self._describe(visit) for visit in one.visits]
            key = self._find_key(one)
            row = {"d": depth, "g": one.label, "o": owner, "w": visits}
            self.found.rows.append({**row, "k": key} if key else row)
            here = f"{way}{owner} {one.label}{f' ({key})' if key else ''}"
            self._note_failures(one, here)
            inner = [(scope, visit) for visit in one.visits for scope in visit.scopes]
            waiting += [
                (scope, depth + 1, visit.name, f"{here}, ") for scope, visit in reversed(inner)
            ]

    def _find_key(self, scope: Scope) -> str:
        """Return the key of an item: as the reporter names it, or its first field that is one."""
        given = scope.visits[0].input if scope.visits else None
        if not isinstance(given, Mapping):
            return str(given)[:_MAX_KEY_LENGTH] if isinstance(given, (str, int)) else ""
        items = given.get("Items")
        if isinstance(items, list) and len(given) <= 2:  # a batch
            return f"a batch of {len(items)}"
        named = self.name_item(given)
        return (named or find_item_name(given))[:_MAX_KEY_LENGTH]

    def _note_failures(self, scope: Scope, where: str) -> None:
        """Remember the failure that came first of all."""
        known = self.found.first_failure
        for place, visit in enumerate(scope.visits):
            at = _find_end(visit, self.found.seconds)
            if _visit_status(visit) != FAILED or (known and not _is_before(at, where, known)):
                continue
            error, cause = visit.errors[-1] if visit.errors else _read_fail(visit, self.found)
            after = scope.visits[place + 1 :]
            known = Failure(visit.name, where, error, cause, at, after[0].name if after else "")
        self.found.first_failure = known

    def _describe(self, visit: Visit) -> dict[str, Any]:
        row: dict[str, Any] = {
            "n": visit.name,
            "p": self.pointers.get(visit.name, ""),
            "t": visit.type,
            "s": _visit_status(visit),
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


def _no_name(value: Mapping[str, Any]) -> str:
    return ""


def find_item_name(value: Mapping[str, Any]) -> str:
    """Name an item by a field that looks like a key; '' where none does.

    >>> find_item_name({"n": 3, "order_id": 17}), find_item_name({"n": 3})
    ('order_id 17', '')
    """
    names = [*(name for name in _KEYS if name in value)]
    names += [name for name in value if name.lower().endswith(("_id", "id", "_no", "_key"))]
    for name in names:
        if isinstance(value[name], (str, int)) and not isinstance(value[name], bool):
            return f"{name} {value[name]}"
    return ""


def _is_before(at: float, where: str, known: Failure) -> bool:
    """Return whether a failure came first; what is inside fails before what is around it."""
    inside = where != known.where and where.startswith(known.where)
    return at < known.at or (at == known.at and inside)


def _read_fail(visit: Visit, found: Recorded) -> tuple[str, str]:
    """Return the error of a Fail state, which ends the execution with it."""
    return (found.error, found.cause) if visit.type == "Fail" else ("", "")


def _visit_status(visit: Visit) -> str:
    if visit.type == "Fail" or (visit.errors and len(visit.errors) >= visit.attempts):
        return FAILED
    if visit.errors:
        return RETRIED
    return OK if visit.left else OPEN


def _find_end(visit: Visit, end: float) -> float:
    if visit.left_at is not None:
        return visit.left_at
    return visit.failed_at if visit.failed_at is not None else end
