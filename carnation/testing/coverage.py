"""Coverage of definitions: which states, transitions, catchers and retriers the tests have taken.

Read from the histories of runs and of their children, so it counts what happened, and not what was
asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from carnation.asl import walk_states
from carnation.history.visits import Visit, walk_scopes
from carnation.testing.runs import TestRun

KINDS = ("states", "transitions", "catchers", "retriers")
Item = tuple[str, ...]  # kind, state, and what tells it from others of the state


@dataclass
class Covered:
    """A definition, and what of it was taken."""

    definition: Mapping[str, Any]
    taken: set[Item] = field(default_factory=set)

    def list_items(self) -> list[Item]:
        """List everything that could be taken, in the definition's order."""
        return [
            item
            for state in walk_states(self.definition)
            for item in _list_items(state.name, state.body)
        ]

    def list_missed(self) -> list[Item]:
        """List what was never taken."""
        return [item for item in self.list_items() if item not in self.taken]

    def count(self, kind: str) -> tuple[int, int]:
        """Count what was taken of a kind, and all there is."""
        items = [item for item in self.list_items() if item[0] == kind]
        return sum(item in self.taken for item in items), len(items)


class Coverage:
    """All definitions that tests have run, by name."""

    def __init__(self) -> None:
        """Begin with none."""
        self.machines: dict[str, Covered] = {}

    def add(self, name: str, definition: Mapping[str, Any], run: TestRun) -> None:
        """Count a run."""
        covered = self._find(name, definition)
        states = {place.name: place.body for place in walk_states(definition)}
        for _, scope in walk_scopes(run.scope):
            for at, visit in enumerate(scope.visits):
                after = scope.visits[at + 1].name if at + 1 < len(scope.visits) else ""
                if visit.name in states:
                    covered.taken.update(_find_taken(visit, states[visit.name], after))

    def _find(self, name: str, definition: Mapping[str, Any]) -> Covered:
        """Find the record of a definition; another one of the same name gets a number.

        Definitions that differ in substituted values only (a table's name) are one.
        """
        number, key, new = 1, name, Covered(definition)
        items = new.list_items()
        while key in self.machines and self.machines[key].list_items() != items:
            number += 1
            key = f"{name} ({number})"
        return self.machines.setdefault(key, new)

    def export(self) -> list[Any]:
        """Return it as plain data, for another process."""
        return [
            [name, covered.definition, [list(item) for item in sorted(covered.taken)]]
            for name, covered in self.machines.items()
        ]

    def merge(self, exported: list[Any]) -> None:
        """Add what another process has counted."""
        for name, definition, taken in exported:
            base = name.partition(" (")[0]
            self._find(base, definition).taken.update(tuple(item) for item in taken)

    @property
    def percent(self) -> float:
        """The share of everything that was taken; 100 where there is nothing."""
        pairs = [covered.count(kind) for covered in self.machines.values() for kind in KINDS]
        total = sum(of for _, of in pairs)
        return 100.0 * sum(taken for taken, _ in pairs) / total if total else 100.0


def _list_items(name: str, state: Mapping[str, Any]) -> Iterator[Item]:
    yield ("states", name)
    for kind, target in dict.fromkeys(_list_moves(state)):
        yield ("transitions", name, kind, target)
    for at, catcher in enumerate(_list(state, "Catch")):
        yield ("catchers", name, str(at), " ".join(map(str, catcher.get("ErrorEquals", ()))))
    for at, retrier in enumerate(_list(state, "Retry")):
        if retrier.get("MaxAttempts", 3):
            yield ("retriers", name, str(at), " ".join(map(str, retrier.get("ErrorEquals", ()))))


def _list_moves(state: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if "Next" in state:
        yield "next", str(state["Next"])
    for rule in _list(state, "Choices"):
        yield "choice", str(rule.get("Next"))
    if "Default" in state:
        yield "choice", str(state["Default"])
    for catcher in _list(state, "Catch"):
        yield "catch", str(catcher.get("Next"))


def _list(state: Mapping[str, Any], field_name: str) -> list[Mapping[str, Any]]:
    entries = state.get(field_name)
    return [entry for entry in entries if isinstance(entry, Mapping)] if entries else []


def _find_taken(visit: Visit, state: Mapping[str, Any], after: str) -> Iterator[Item]:
    """Yield what a visit took."""
    items = list(_list_items(visit.name, state))
    yield ("states", visit.name)
    for error, _ in visit.errors[: visit.retries]:
        yield from _first(items, "retriers", _list(state, "Retry"), error)
    caught = visit.failed_at is not None and visit.left
    if caught:
        error = visit.errors[-1][0]
        catchers = _list(state, "Catch")
        yield from _first(items, "catchers", catchers, error)
    if after:
        kind = "choice" if visit.type == "Choice" else "catch" if caught else "next"
        yield ("transitions", visit.name, kind, after)


def _first(
    items: list[Item], kind: str, entries: list[Mapping[str, Any]], error: str
) -> Iterator[Item]:
    """Yield the first retrier or catcher that takes an error, as the engine finds it."""
    for at, entry in enumerate(entries):
        if takes_error(entry.get("ErrorEquals", ()), error):
            yield from (item for item in items if item[0] == kind and item[2] == str(at))
            return


def takes_error(names: Any, error: str) -> bool:
    """Return whether a list of ErrorEquals takes an error that a state did not die of.

    >>> takes_error(["States.TaskFailed"], "States.Timeout"), takes_error(["States.ALL"], "X")
    (False, True)
    """
    return (
        error in names
        or "States.ALL" in names
        or ("States.TaskFailed" in names and error != "States.Timeout")
        or (error == "States.Timeout" and "States.HeartbeatTimeout" in names)
    )
