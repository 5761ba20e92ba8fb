"""The graph of each scope: what can be reached, and what can come back to itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from carnation.asl import Place, list_scopes
from carnation.changes.matching import find_scope, list_targets
from carnation.document import join_pointer

Graph = Mapping[str, list[str]]


class Flow(NamedTuple):
    """A definition as a graph: pointers of states; `reached` those that their scope can reach."""

    places: Mapping[str, Place]
    targets: Graph
    reached: frozenset[str]


def draw_flow(definition: Mapping[str, Any], places: list[Place]) -> Flow:
    """Draw the graph of a definition; a target that does not exist leads nowhere."""
    known = {place.pointer: place for place in places}
    targets = {
        place.pointer: [
            pointer
            for name in list_targets(place.state)
            if (pointer := join_pointer(find_scope(place.pointer), "States", name)) in known
        ]
        for place in places
    }
    return Flow(known, targets, frozenset(_reach(_list_starts(definition, places), targets)))


def _list_starts(definition: Mapping[str, Any], places: list[Place]) -> Iterator[str]:
    yield join_pointer("", "States", str(definition.get("StartAt")))
    for place in places:
        for pointer, scope in list_scopes(place):
            yield join_pointer(pointer, "States", str(scope.get("StartAt")))


def _reach(starts: Iterator[str], targets: Graph) -> set[str]:
    waiting = [start for start in starts if start in targets]
    reached: set[str] = set()
    while waiting:
        pointer = waiting.pop()
        if pointer not in reached:
            reached.add(pointer)
            waiting.extend(targets[pointer])
    return reached


def find_cycles(targets: Graph) -> list[list[str]]:
    """List the groups of states each of which can come back to itself (Tarjan, without recursion).

    >>> find_cycles({"a": ["b"], "b": ["a", "c"], "c": [], "d": ["d"]})
    [['a', 'b'], ['d']]
    """
    search = _Search(targets)
    for pointer in targets:
        if pointer not in search.index:
            search.visit(pointer)
    groups = [group for group in search.groups if len(group) > 1 or group[0] in targets[group[0]]]
    order = {pointer: place for place, pointer in enumerate(targets)}
    return sorted((sorted(group, key=order.__getitem__) for group in groups),
                  key=lambda group: order[group[0]])  # fmt: skip


class _Search:
    """Tarjan's search for strongly connected components.

    Source: https://doi.org/10.1137/0201010
    """

    def __init__(self, targets: Graph) -> None:
        self.targets = targets
        self.index: dict[str, int] = {}
        self.low: dict[str, int] = {}
        self.stack: list[str] = []
        self.on_stack: set[str] = set()
        self.groups: list[list[str]] = []

    def visit(self, start: str) -> None:
        work = [(start, self.enter(start))]
        while work:
            node, rest = work[-1]
            target = next(rest, None)
            if target is None:
                work.pop()
                self.close(node)
                if work:
                    above = work[-1][0]
                    self.low[above] = min(self.low[above], self.low[node])
            elif target not in self.index:
                work.append((target, self.enter(target)))
            elif target in self.on_stack:
                self.low[node] = min(self.low[node], self.index[target])

    def enter(self, node: str) -> Iterator[str]:
        self.index[node] = self.low[node] = len(self.index)
        self.stack.append(node)
        self.on_stack.add(node)
        return iter(self.targets[node])

    def close(self, node: str) -> None:
        if self.low[node] == self.index[node]:
            place = self._find(node)
            group = self.stack[place:]
            del self.stack[place:]
            self.on_stack.difference_update(group)
            self.groups.append(group)

    def _find(self, node: str) -> int:
        place = len(self.stack) - 1
        while self.stack[place] != node:
            place -= 1
        return place
