"""The flow: how the states of a definition are told in functions, from top to bottom.

A *part* is one function. Its chain is the way that goes on by itself; a state next to it (for a
rule or an error) is defined just before the state that moves there; a longer way next to it, and
the inside of a Map or Parallel, is a part of its own. Nothing here knows how Python is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from carnation.adoption.graph import Node, Scope
from carnation.records import NamedTuple

_BESIDE = 2  # states that are told next to a chain; more of them make a part of their own
_MAX_DEPTH = 100  # parts within parts; each is a call while the module builds its graph


class Define(NamedTuple):
    """Step: here a state is made."""

    node: Node


class Draw(NamedTuple):
    """Step: here another part is drawn, for those in this part that move to it."""

    part: Section


Step = Define | Draw


class Section:
    """One function: `steps` in the order of its source, and the `chain` it gives back.

    `scope` is the scope it draws from the start, or None for a way within one; `origin` is the
    state outside that it belongs to, or None for the machine; `references` counts how often its
    states move to a state.
    """

    def __init__(self, start: Node, scope: Scope | None, origin: Node | None, depth: int) -> None:
        self.start = start
        self.scope = scope
        self.origin = origin
        self.depth = depth
        self.chain: list[Node] = []
        self.steps: list[Step] = []
        self.parts: list[Section] = []
        self.references: Counter[Node] = Counter()


class Flow:
    """The parts of a definition in reading order, and where each state is told.

    `homes` gives each state's part; `chained` the state that follows in its chain; `inner` the
    chain of a small scope that is told next to its state; `drawn` the part of a larger one.
    """

    def __init__(self, scopes: Sequence[Scope]) -> None:
        self.parts: list[Section] = []
        self.homes: dict[Node, Section] = {}
        self.chained: dict[Node, Node] = {}
        self.inner: dict[Scope, list[Node]] = {}
        self.drawn: dict[Scope | Node, Section] = {}
        self._scopes = {node: scope for scope in scopes for node in scope.nodes.values()}
        self._wanted: set[Node] = set()
        waiting = [Section(scopes[0].start, scopes[0], None, 0)]
        while waiting:
            part = waiting.pop()
            self.parts.append(part)
            self._arrange_part(part)
            waiting += reversed(part.parts)

    def find(self, node: Node, name: str) -> Node:
        """Find the state that a state names as its target."""
        return self._scopes[node].nodes[name]

    def moves_by_itself(self, node: Node) -> Node | None:
        """Return the state that a state moves to by itself; a Choice's default is no such move."""
        if node.main is None or node.type == "Choice":
            return None
        return self.find(node, node.main)

    def _arrange_part(self, part: Section) -> None:
        part.chain = self._follow(part.start, part)
        stack: list[Iterator[Step | list[Node]]] = [self._arrange(part.chain, part)]
        while stack:  # a stack of our own: states beside states may nest deep
            step = next(stack[-1], None)
            if step is None:
                stack.pop()
            elif isinstance(step, list):
                stack.append(self._arrange(step, part))
            else:
                part.steps.append(step)
            if not stack:
                stack += [self._arrange_left(part)] if self._wanted else []
        defined = (step.node for step in part.steps if isinstance(step, Define))
        part.references = Counter(
            self.find(node, name) for node in defined for name in node.list_targets()
        )

    def _arrange_left(self, part: Section) -> Iterator[Step | list[Node]]:
        """Return what was put off for a state that had been told already."""
        wanted, self._wanted = self._wanted, set()
        for target in sorted(wanted, key=lambda node: node.pointer):
            if target not in self.homes:
                yield from self._arrange_side(target, part)

    def _follow(self, start: Node, part: Section, *, beside: bool = False) -> list[Node]:
        """Follow a way as long as nothing outside of it has to be told first.

        A way beside a chain does not lead on through a Choice, which names its default itself.
        """
        chain = [start]
        self.homes[start] = part
        while (
            not (beside and chain[-1].type == "Choice")
            and (target := self._continue(chain[-1], part)) is not None
        ):
            self.chained[chain[-1]] = target
            self.homes[target] = part
            chain.append(target)
        return chain

    def _continue(self, node: Node, part: Section) -> Node | None:
        if node.main is None:
            return None
        target = self.find(node, node.main)
        if target in self.homes or (node.type == "Choice" and self._is_way_out(node, target)):
            return None
        dominator = target.dominator
        own = dominator is None or self.homes[dominator] is part
        if own and not (dominator and self._leads(dominator, node)):
            self._wanted.add(target)
            return None
        return target

    def _leads(self, dominator: Node, node: Node) -> bool:
        """Return whether a chain leads from one state to another."""
        while dominator is not node:
            if dominator not in self.chained:
                return False
            dominator = self.chained[dominator]
        return True

    def _is_way_out(self, node: Node, default: Node) -> bool:
        """Return whether a Choice's default only ends, and what matters follows a rule."""
        return (
            default.size == 1
            and default.main is None
            and any(child.size > 1 for child in node.children)
        )

    def _arrange(self, chain: list[Node], part: Section) -> Iterator[Step | list[Node]]:
        for node in chain:
            for scope in node.scopes:
                yield from self._arrange_scope(scope, part)
            for target in self._list_sides(node):
                if target not in self.homes:
                    yield from self._arrange_side(target, part)
            yield Define(node)
            for child in node.children:
                if child in self._wanted and child not in self.homes:
                    yield from self._arrange_side(child, part)

    def _list_sides(self, node: Node) -> Iterator[Node]:
        for name in node.others:
            yield self.find(node, name)
        if node.type == "Choice" and node.main is not None and node not in self.chained:
            yield self.find(node, node.main)

    def _arrange_scope(self, scope: Scope, part: Section) -> Iterator[Step | list[Node]]:
        if self._is_small(scope.start, part):
            self.inner[scope] = self._follow(scope.start, part)
            yield self.inner[scope]
        else:
            inner = Section(scope.start, scope, scope.owner, part.depth + 1)
            self.homes[scope.start] = inner
            self.drawn[scope] = inner
            part.parts.append(inner)

    def _arrange_side(self, start: Node, part: Section) -> Iterator[Step | list[Node]]:
        if self._is_small(start, part):
            yield self._follow(start, part, beside=True)
        else:
            inner = Section(start, None, start.dominator, part.depth + 1)
            self.homes[start] = inner
            self.drawn[start] = inner
            part.parts.append(inner)
            yield Draw(inner)

    def _is_small(self, start: Node, part: Section) -> bool:
        return start.size <= _BESIDE or part.depth >= _MAX_DEPTH
