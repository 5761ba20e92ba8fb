"""A definition as a picture sees it: scopes, each with nodes and the edges between them.

No transition leaves its scope, so each scope is a graph of its own, and a Map or a Parallel is a
node that holds scopes. What a broken definition lacks is shown as lacking: a transition to nowhere
leads to a node of type `Missing`.
"""

from __future__ import annotations

from collections.abc import Mapping

from carnation import asl
from carnation.asl.graph import CATCH, CHOICE, DEFAULT, State, Transition, read_definition
from carnation.diagram.captions import (
    ANY_ERROR,
    count_retries,
    describe_errors,
    describe_retries,
    describe_state,
    find_symbol,
)
from carnation.diagram.conditions import describe_rule
from carnation.document import join_pointer
from carnation.lazy import TYPE_CHECKING
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from typing import Any

START, END, MISSING = "Start", "End", "Missing"
"""Node types that are no state: where a scope is entered, where left, what is not there."""


class Node(NamedTuple):
    """A state, or a marker; `symbol` chooses its icon, `scopes` are those inside, by pointer.

    `folded` are the names of the states that it represents, if these are several.
    """

    pointer: str
    name: str
    type: str
    caption: str = ""
    retries: str = ""
    symbol: str = ""
    notes: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    folded: tuple[str, ...] = ()


class Edge(NamedTuple):
    """The transitions of one kind from one node to another; `texts` say when each is taken.

    `kind` is one of start, next, choice, catch, end. `source` and `target` are pointers.
    """

    source: str
    target: str
    target_name: str
    kind: str
    texts: tuple[str, ...]
    source_name: str = ""


class Scope(NamedTuple):
    """The states of a definition, of an item processor, or of a branch."""

    pointer: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def read_graph(definition: Mapping[str, Any]) -> list[Scope]:
    """Read a definition into scopes, outer before inner; the first is the whole definition."""
    return [_read_scope(scope) for scope in read_definition(definition).scopes]


def _read_scope(scope: asl.Scope) -> Scope:
    nodes: dict[str, Node] = {}
    edges: list[Edge] = []
    start = scope.body.get("StartAt")
    if isinstance(start, str):
        marker = f"{scope.pointer}/StartAt"
        nodes[marker] = Node(marker, "", START)
        edges.append(Edge(marker, _pointer_to(scope, start), start, "start", ()))
    for state in scope.states.values():
        nodes[state.pointer] = _read_node(state)
    for state in scope.states.values():
        edges += _read_edges(state)
        if state.body.get("End") is True:
            end = f"{state.pointer}/End"
            nodes[end] = Node(end, "", END)
            edges.append(Edge(state.pointer, end, "", "end", (), state.name))
    for edge in edges:
        if edge.target not in nodes:
            nodes[edge.target] = Node(edge.target, edge.target_name, MISSING, "does not exist")
    return Scope(scope.pointer, tuple(nodes.values()), tuple(edges))


def _pointer_to(scope: asl.Scope, name: str) -> str:
    return join_pointer(scope.pointer, "States", name)


def _read_node(state: State) -> Node:
    kind, comment = state.body.get("Type"), state.body.get("Comment")
    notes = [comment] if isinstance(comment, str) and comment else []
    return Node(
        state.pointer,
        state.name,
        kind if isinstance(kind, str) else "",
        describe_state(state.body),
        count_retries(state.body),
        find_symbol(state.body),
        (*notes, *describe_retries(state.body)),
        tuple(scope.pointer for scope in state.inner),
    )


def _read_edges(state: State) -> list[Edge]:
    """Gather the transitions of a state: those of one kind to one target are one edge."""
    texts: dict[tuple[str, str], list[str]] = {}
    for move in state.transitions:
        text = _describe(move)
        kind = "choice" if move.kind == DEFAULT else move.kind
        texts.setdefault((kind, move.target), []).extend([text] if text else [])
    return [
        Edge(
            state.pointer,
            _pointer_to(state.scope, target),
            target,
            kind,
            _widest_first(words),
            state.name,
        )
        for (kind, target), words in texts.items()
    ]


def _widest_first(texts: list[str]) -> tuple[str, ...]:
    """Say "any error" before the errors it includes: where a label is cut, it is not."""
    return tuple(sorted(dict.fromkeys(texts), key=lambda text: text != ANY_ERROR))


def _describe(move: Transition) -> str:
    """Describe when a transition is taken; '' for one that always is."""
    if move.kind == CHOICE:
        return describe_rule(move.part.body)
    if move.kind == CATCH:
        return describe_errors(move.part.body)
    return "Default" if move.kind == DEFAULT else ""
