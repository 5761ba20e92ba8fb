"""Cycles of a graph: which states can come back to themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

Graph = Mapping[str, Sequence[str]]
"""For each node the nodes that it leads to, each of which is one."""


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
