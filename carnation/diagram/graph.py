"""A definition as a picture sees it: scopes, each with nodes and the edges between them.

No transition leaves its scope, so each scope is a graph of its own, and a Map or a Parallel is a
node that holds scopes. What a broken definition lacks is shown as lacking: a transition to nowhere
leads to a node of type `Missing`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from carnation.asl import Place, list_scopes, walk_states
from carnation.diagram.captions import (
    count_retries,
    describe_errors,
    describe_retries,
    describe_state,
)
from carnation.diagram.conditions import describe_rule
from carnation.document import join_pointer

START, END, MISSING = "Start", "End", "Missing"
"""Node types that are no state: where a scope is entered, where left, what is not there."""


class Node(NamedTuple):
    """A state, or a marker. `pointer` names it; `scopes` are the pointers of those inside it."""

    pointer: str
    name: str
    type: str
    caption: str = ""
    retries: str = ""
    notes: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()


class Edge(NamedTuple):
    """The transitions of one kind from one node to another; `texts` say when each is taken.

    `kind` is one of start, next, choice, catch, end. `source` and `target` are pointers.
    """

    source: str
    target: str
    target_name: str
    kind: str
    texts: tuple[str, ...]


class Scope(NamedTuple):
    """The states of a definition, of an item processor, or of a branch."""

    pointer: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def read_graph(definition: Mapping[str, Any]) -> list[Scope]:
    """Read a definition into scopes, outer before inner; the first is the whole definition."""
    bodies: dict[str, Mapping[str, Any]] = {"": definition}
    places: dict[str, list[Place]] = {"": []}
    inner: dict[str, list[str]] = {}
    for place in walk_states(definition):
        scope = place.pointer[: place.pointer.rindex("/States/")]
        places[scope].append(place)
        for pointer, body in list_scopes(place):
            bodies[pointer] = body
            places[pointer] = []
            inner.setdefault(place.pointer, []).append(pointer)
    return [
        _read_scope(pointer, body.get("StartAt"), places[pointer], inner)
        for pointer, body in bodies.items()
    ]


def _read_scope(
    scope: str, start: object, places: list[Place], inner: Mapping[str, list[str]]
) -> Scope:
    nodes: dict[str, Node] = {}
    edges: list[Edge] = []
    if isinstance(start, str):
        nodes[f"{scope}/StartAt"] = Node(f"{scope}/StartAt", "", START)
        target = _pointer_to(scope, start)
        edges.append(Edge(f"{scope}/StartAt", target, start, "start", ()))
    for place in places:
        nodes[place.pointer] = _read_node(place, tuple(inner.get(place.pointer, ())))
    for place in places:
        edges += _read_edges(scope, place)
        if place.state.get("End") is True:
            end = f"{place.pointer}/End"
            nodes[end] = Node(end, "", END)
            edges.append(Edge(place.pointer, end, "", "end", ()))
    for edge in edges:
        if edge.target not in nodes:
            nodes[edge.target] = Node(edge.target, edge.target_name, MISSING, "does not exist")
    return Scope(scope, tuple(nodes.values()), tuple(edges))


def _pointer_to(scope: str, name: str) -> str:
    return join_pointer(scope, "States", name)


def _read_node(place: Place, scopes: tuple[str, ...]) -> Node:
    state = place.state
    kind = state.get("Type")
    comment = state.get("Comment")
    notes = [comment] if isinstance(comment, str) and comment else []
    return Node(
        place.pointer,
        place.name,
        kind if isinstance(kind, str) else "",
        describe_state(state),
        count_retries(state),
        (*notes, *describe_retries(state)),
        scopes,
    )


def _read_edges(scope: str, place: Place) -> list[Edge]:
    """Gather the transitions of a state: those of one kind to one target are one edge."""
    texts: dict[tuple[str, str], list[str]] = {}
    for kind, target, text in list_transitions(place.state):
        texts.setdefault((kind, target), []).extend([text] if text else [])
    return [
        Edge(place.pointer, _pointer_to(scope, target), target, kind, tuple(words))
        for (kind, target), words in texts.items()
    ]


def list_transitions(state: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield every transition of a state: its kind, the name it moves to, and when it is taken.

    >>> list(list_transitions({"Type": "Choice", "Choices": [], "Default": "A"}))
    [('choice', 'A', 'Default')]
    """
    if isinstance(state.get("Next"), str):
        yield "next", state["Next"], ""
    for rule in _mappings_of(state.get("Choices")):
        if isinstance(rule.get("Next"), str):
            yield "choice", rule["Next"], describe_rule(rule)
    if isinstance(state.get("Default"), str):
        yield "choice", state["Default"], "Default"
    for catcher in _mappings_of(state.get("Catch")):
        if isinstance(catcher.get("Next"), str):
            yield "catch", catcher["Next"], describe_errors(catcher)


def _mappings_of(items: object) -> list[Mapping[str, Any]]:
    return [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []
