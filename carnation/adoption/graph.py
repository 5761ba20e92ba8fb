"""The graph of one scope, as adoption needs it: who moves where, and who dominates whom.

A scope is a machine, a Map's processor or a Parallel's branch. A state *dominates* another if every
way to that other one leads through it; the nearest such state is where a person would tell of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from carnation import asl
from carnation.asl.graph import CATCH, CHOICE, DEFAULT, NEXT
from carnation.errors import DefinitionError, suggest_name


class Node:
    """A state in its scope: `main` is where it moves by itself, `others` where rules and errors do.

    `scopes` are the scopes inside it; `children` the states it dominates directly; `size` is how
    many states a person reads there: itself, those it dominates, those in scopes inside.
    """

    def __init__(self, state: asl.State) -> None:
        self.name = state.name
        self.state = state.body
        self.pointer = state.pointer
        self.type = state.type
        own = DEFAULT if self.type == "Choice" else NEXT
        moves = state.transitions
        self.main = next((move.target for move in moves if move.kind == own), None)
        self.others = [move.target for move in moves if move.kind in (CHOICE, CATCH)]
        self.scopes: list[Scope] = []
        self.dominator: Node | None = None
        self.children: list[Node] = []
        self.size = 1

    def list_targets(self) -> Iterator[str]:
        """Yield where this state may move, its own way first."""
        if self.main is not None:
            yield self.main
        yield from self.others


class Scope:
    """The states of a scope by name; `start` is where it begins; `pointer` finds it."""

    def __init__(self, scope: asl.Scope, owner: Node | None) -> None:
        self.body = scope.body
        self.pointer = scope.pointer
        self.owner = owner
        self.nodes = {state.name: Node(state) for state in scope.states.values()}
        self.start = self.nodes[str(self.body["StartAt"])]
        self.unreached = _mark_dominators(self)

    @property
    def size(self) -> int:
        """Count the states, those in scopes inside included."""
        return self.start.size


def read_scopes(body: Mapping[str, Any]) -> list[Scope]:
    """Read a definition's scopes, outer ones first; each knows the state it is in.

    Raises `DefinitionError` for what has no graph: a part of another shape, a transition that
    names no state of its scope.
    """
    definition = asl.read_definition(body)
    for problem in (*definition.malformed, *find_lost_transitions(definition)):
        raise DefinitionError(f"{problem.pointer}: {problem.message}.")
    owners: dict[asl.State | None, Node] = {}
    scopes = []
    for inner in definition.scopes:
        scope = Scope(inner, owners.get(inner.owner))
        if scope.owner is not None:
            scope.owner.scopes.append(scope)
        owners.update((state, scope.nodes[state.name]) for state in inner.states.values())
        scopes.append(scope)
    for scope in reversed(scopes):
        _measure(scope)
    return scopes


def find_lost_transitions(definition: asl.Definition) -> Iterator[asl.Problem]:
    """Yield where a scope does not start, or a transition leads, at a state of the scope."""
    for scope in definition.scopes:
        if scope.start is None:
            yield scope.problem("'StartAt' names no state of this graph", "/StartAt")
        for state in scope.states.values():
            for move in state.transitions:
                if move.target not in scope.states:
                    near = suggest_name(move.target, scope.states).rstrip("?")
                    yield state.problem(
                        f"state '{state.name}' moves to '{move.target}', which does not exist{near}"
                    )


def _measure(scope: Scope) -> None:
    for node in reversed(_order_nodes(scope)):  # a dominator is before what it dominates
        node.size = 1 + sum(child.size for child in node.children)
        node.size += sum(scope.size for scope in node.scopes)


def _order_nodes(scope: Scope) -> list[Node]:
    """List the reachable nodes so that each is before the nodes it dominates."""
    ordered = [scope.start]
    for node in ordered:
        ordered += node.children
    return ordered


def _mark_dominators(scope: Scope) -> list[str]:
    """Find each node's dominator; give the names of states that nothing leads to.

    The algorithm is Cooper's, Harvey's and Kennedy's: https://www.cs.rice.edu/~keith/EMBED/dom.pdf
    """
    postorder = _walk_postorder(scope)
    number = {node.name: at for at, node in enumerate(postorder)}
    before: dict[str, list[Node]] = {name: [] for name in number}
    for node in postorder:
        for target in dict.fromkeys(node.list_targets()):
            before[target].append(node)
    found: dict[str, Node] = {scope.start.name: scope.start}
    changed = True
    while changed:
        changed = False
        for node in reversed(postorder[:-1]):
            ready = [other for other in before[node.name] if other.name in found]
            best = ready[0]
            for other in ready[1:]:
                best = _meet(best, other, found, number)
            if found.get(node.name) is not best:
                found[node.name] = best
                changed = True
    _link(scope, found)
    return [name for name in scope.nodes if name not in number]


def _meet(one: Node, other: Node, found: Mapping[str, Node], number: Mapping[str, int]) -> Node:
    while one is not other:
        while number[one.name] < number[other.name]:
            one = found[one.name]
        while number[other.name] < number[one.name]:
            other = found[other.name]
    return one


def _link(scope: Scope, found: Mapping[str, Node]) -> None:
    """Set the dominator of each node, and the nodes of each: first those it moves to."""
    for node in scope.nodes.values():
        if node is not scope.start and node.name in found:
            node.dominator = found[node.name]
    waiting = [scope.start]
    seen = {scope.start.name}
    for node in waiting:  # grows while we walk
        for target in node.list_targets():
            if target not in seen:
                seen.add(target)
                inner = scope.nodes[target]
                waiting.append(inner)
                if inner.dominator is not None:
                    inner.dominator.children.append(inner)


def _walk_postorder(scope: Scope) -> list[Node]:
    ordered: list[Node] = []
    seen = {scope.start.name}
    stack = [(scope.start, scope.start.list_targets())]
    while stack:
        node, targets = stack[-1]
        for target in targets:
            if target not in seen:
                seen.add(target)
                inner = scope.nodes[target]
                stack.append((inner, inner.list_targets()))
                break
        else:
            ordered.append(node)
            stack.pop()
    return ordered
