"""Equal branches folded into one: of a Parallel, and of a Choice, from three on.

Branches are equal if they differ at most in names and in what their Tasks call: the same types of
states with the same retries and the same moves. The first one represents all, and lists them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import takewhile

from carnation.diagram.graph import END, MISSING, START, Edge, Scope

_MIN_FOLDED = 3
_WORD = re.compile(r"[^\W\d_]+?(?<=[a-z])(?=[A-Z])|[^\W\d_]+|\d+|[\W_]+")


def fold_scopes(scopes: Sequence[Scope]) -> list[Scope]:
    """Fold what is equal in every scope; outer scopes come before inner ones, as they did."""
    graph = _Graph(scopes)
    for scope in reversed(scopes):
        graph.fold_parallels(scope.pointer)
        graph.fold_choices(scope.pointer)
        graph.number_kind(scope.pointer)
    return list(graph.list_scopes())


class _Graph:
    """The nodes of all scopes, as they are folded from the inside out."""

    def __init__(self, scopes: Iterable[Scope]) -> None:
        self.nodes = {node.pointer: node for scope in scopes for node in scope.nodes}
        self.members = {scope.pointer: [n.pointer for n in scope.nodes] for scope in scopes}
        self.edges = {scope.pointer: list(scope.edges) for scope in scopes}
        self.kinds: dict[str, int] = {}
        self.numbers: dict[Hashable, int] = {}

    def list_scopes(self) -> Iterator[Scope]:
        """Return the scopes that are left; edges name their ends as these are called now."""
        left = {""}
        for pointer, members in self.members.items():
            if pointer in left:
                nodes = tuple(self.nodes[member] for member in members)
                left.update(inner for node in nodes for inner in node.scopes)
                yield Scope(pointer, nodes, tuple(self._rename(e) for e in self.edges[pointer]))

    def _rename(self, edge: Edge) -> Edge:
        source, target = self.nodes[edge.source], self.nodes[edge.target]
        return edge._replace(
            source_name=source.name if source.folded else edge.source_name,
            target_name=target.name if target.folded else edge.target_name,
        )

    def fold_parallels(self, pointer: str) -> None:
        """Fold the equal branches of each Parallel in a scope."""
        for member in self.members[pointer]:
            node = self.nodes[member]
            alike = _group_equal({inner: self.kinds[inner] for inner in node.scopes})
            for group in alike:
                self._merge_scopes(group)
            dropped = {inner for group in alike for inner in group[1:]}
            left = tuple(inner for inner in node.scopes if inner not in dropped)
            self.nodes[member] = node._replace(scopes=left)

    def fold_choices(self, pointer: str) -> None:
        """Fold the equal branches of each Choice in a scope."""
        branches = _Branches(self, pointer)
        for member in list(self.members[pointer]):
            if self.nodes[member].type != "Choice":
                continue
            for group in _group_equal(branches.list_branches(member)):
                chains = [branches.follow(first) for first in group]
                for alike in zip(*chains, strict=True):
                    self._merge(alike)
                self._drop(pointer, {
                    other: chains[0][0] if number == 0 else ""
                    for chain in chains[1:] for number, other in enumerate(chain)
                })  # fmt: skip

    def number_kind(self, pointer: str) -> None:
        """Return a scope the number of all that are equal to it."""
        places = {member: place for place, member in enumerate(self.members[pointer])}
        moves = [(places[e.source], places[e.target], e.kind, e.texts) for e in self.edges[pointer]]
        looks = tuple(self.describe(member) for member in places)
        self.kinds[pointer] = self.numbers.setdefault((looks, tuple(moves)), len(self.numbers))

    def describe(self, member: str) -> Hashable:
        """Return what equal nodes have in common."""
        node = self.nodes[member]
        kinds = tuple(self.kinds[inner] for inner in node.scopes)
        caption = "" if node.type == "Task" else node.caption
        return node.type, node.symbol, caption, node.retries, len(node.folded), kinds

    def _merge_scopes(self, alike: Sequence[str]) -> None:
        waiting = [tuple(alike)]
        while waiting:
            for members in zip(*(self.members[one] for one in waiting.pop()), strict=True):
                self._merge(members)
                waiting += zip(*(self.nodes[member].scopes for member in members), strict=True)

    def _merge(self, members: Sequence[str]) -> None:
        """Let the first of equal nodes represent all."""
        alike = [self.nodes[member] for member in members]
        if alike[0].type in (START, END):
            return
        names = tuple(name for node in alike for name in node.folded or (node.name,))
        captions = [node.caption for node in alike]
        told = [f"{node.name}: {text}" for node in alike for text in (node.caption, *node.notes)]
        notes = [text for node in alike for text in node.notes]
        self.nodes[members[0]] = alike[0]._replace(
            name=f"{find_common(names)} × {len(names)}",
            caption=find_common(captions),
            notes=tuple(told if len(set(captions)) > 1 else dict.fromkeys(notes)),
            folded=names,
        )

    def _drop(self, pointer: str, dropped: Mapping[str, str]) -> None:
        """Take nodes away; what led to one leads to the one that represents it, if any."""
        gone = set(dropped)
        gone.update(
            edge.target for edge in self.edges[pointer]
            if edge.source in dropped and edge.kind == "end"
        )  # fmt: skip
        self.members[pointer] = [member for member in self.members[pointer] if member not in gone]
        edges: dict[tuple[str, str, str], Edge] = {}
        for edge in self.edges[pointer]:
            if edge.source not in gone:
                target = dropped.get(edge.target) or edge.target
                key = (edge.source, target, edge.kind)
                texts = edges[key].texts if key in edges else ()
                merged = tuple(dict.fromkeys((*texts, *edge.texts)))
                edges[key] = edge._replace(target=target, texts=merged)
        self.edges[pointer] = list(edges.values())


class _Branches:
    """The branches of the Choices in a scope: states that nothing else leads to, in a row."""

    def __init__(self, graph: _Graph, pointer: str) -> None:
        self._graph = graph
        self._leaving: dict[str, list[Edge]] = {}
        for edge in graph.edges[pointer]:
            self._leaving.setdefault(edge.source, []).append(edge)
        self._arrivals = Counter(edge.target for edge in graph.edges[pointer])

    def list_branches(self, choice: str) -> dict[str, Hashable]:
        """Return the first state of each branch, and what equal branches have in common."""
        targets = [edge.target for edge in self._leaving.get(choice, ()) if self._is_own(edge)]
        return {target: tuple(self._describe(target)) for target in targets}

    def _is_own(self, edge: Edge) -> bool:
        kind = self._graph.nodes[edge.target].type
        return self._arrivals[edge.target] == 1 and kind not in (END, MISSING)

    def _step(self, member: str) -> str | None:
        onward = [edge for edge in self._leaving.get(member, ()) if edge.kind == "next"]
        return onward[0].target if len(onward) == 1 and self._is_own(onward[0]) else None

    def follow(self, member: str) -> list[str]:
        """Return the states of a branch."""
        found, after = [member], self._step(member)
        while after:
            found.append(after)
            after = self._step(after)
        return found

    def _describe(self, first: str) -> Iterator[Hashable]:
        for member in self.follow(first):
            after = self._step(member)
            yield self._graph.describe(member)
            for edge in self._leaving.get(member, ()):
                inside = edge.kind == "end" or edge.target == after
                yield edge.kind, edge.texts, "" if inside else edge.target


def _group_equal(kinds: Mapping[str, Hashable]) -> list[list[str]]:
    groups: dict[Hashable, list[str]] = {}
    for one, kind in kinds.items():
        groups.setdefault(kind, []).append(one)
    return [group for group in groups.values() if len(group) >= _MIN_FOLDED]


def find_common(texts: Sequence[str]) -> str:
    """Return the words that texts begin with and end with.

    >>> find_common(["Load orders", "Load stock"]), find_common(["GetEuTax", "GetUsTax"])
    ('Load', 'Get…Tax')
    """
    if len(set(texts)) == 1:
        return texts[0]
    words = [_WORD.findall(text) for text in texts]
    start = _common_words(words)
    end = _common_words([one[len(start) :][::-1] for one in words])[::-1]
    parts = "".join(start).rstrip(" -_.:/"), "".join(end).lstrip(" -_.:/")
    return "…".join(filter(None, parts)) or f"{texts[0]}, …"


def _common_words(words: Sequence[Sequence[str]]) -> list[str]:
    columns = zip(*words, strict=False)
    return [column[0] for column in takewhile(lambda column: len(set(column)) == 1, columns)]
