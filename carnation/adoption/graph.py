"""The graph of one scope, as adoption needs it: who moves where, and who dominates whom.

A scope is a machine, a Map's processor or a Parallel's branch. A state *dominates* another if every
way to that other one leads through it; the nearest such state is where a person would tell of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from carnation.asl import Place, list_scopes, walk_states
from carnation.asl.fields import STATE_TYPES
from carnation.document import join_pointer


class Node:
    """A state in its scope: `main` is where it moves by itself, `others` where rules and errors do.

    `scopes` are the scopes inside it; `children` the states it dominates directly; `size` is how
    many states a person reads there: itself, those it dominates, those in scopes inside.
    """

    def __init__(self, place: Place) -> None:
        self.name = place.name
        self.state = place.state
        self.pointer = place.pointer
        self.type = str(place.state["Type"])
        choice = self.type == "Choice"
        self.main: str | None = self.state.get("Default" if choice else "Next")
        rules = self.state["Choices"] if choice else self.state.get("Catch", ())
        self.others: list[str] = [rule["Next"] for rule in rules]
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

    def __init__(self, body: Mapping[str, Any], pointer: str, owner: Node | None = None) -> None:
        self.body = body
        self.pointer = pointer
        self.owner = owner
        self.nodes: dict[str, Node] = {}
        for name, state in body["States"].items():
            self.nodes[name] = Node(Place(name, state, join_pointer(pointer, "States", name)))
        self.start = self.nodes[body["StartAt"]]
        self.unreached = _mark_dominators(self)

    @property
    def size(self) -> int:
        """Count the states, those in scopes inside included."""
        return self.start.size


def read_scopes(definition: Mapping[str, Any]) -> list[Scope]:
    """Read a definition's scopes, outer ones first; each knows the state it lies in."""
    scopes = [Scope(definition, "")]
    for scope in scopes:  # grows while we read
        for node in scope.nodes.values():
            for pointer, body in list_scopes(Place(node.name, node.state, node.pointer)):
                node.scopes.append(Scope(body, pointer, node))
            scopes += node.scopes
    for scope in reversed(scopes):
        _measure(scope)
    return scopes


def _measure(scope: Scope) -> None:
    for node in reversed(_order_nodes(scope)):  # a dominator stands before what it dominates
        node.size = 1 + sum(child.size for child in node.children)
        node.size += sum(scope.size for scope in node.scopes)


def _order_nodes(scope: Scope) -> list[Node]:
    """List the reachable nodes so that each stands before the nodes it dominates."""
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
    """Tell each node its dominator, and each dominator its nodes: first those it moves to."""
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


def find_placeholder_target(definition: Mapping[str, Any]) -> str | None:
    """Give the pointer to a state whose transition names no state, as only a placeholder may."""
    bodies = [("", definition)]
    for place in walk_states(definition):
        bodies += list_scopes(place)
    for pointer, body in bodies:
        if body["StartAt"] not in body["States"]:
            return f"{pointer}/StartAt"
        for name, state in body["States"].items():
            place = Place(name, state, join_pointer(pointer, "States", name))
            if state["Type"] not in STATE_TYPES:
                return place.pointer
            if any(target not in body["States"] for target in Node(place).list_targets()):
                return place.pointer
    return None
