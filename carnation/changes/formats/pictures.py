"""Pictures: of a definition only what changed, and the states right before and after it."""

from __future__ import annotations

from collections.abc import Mapping

from carnation.asl import Scope, State, read_definition
from carnation.changes.formats.marks import Marks
from carnation.diagram import draw_mermaid
from carnation.document.values import Json

_INNER = ("ItemProcessor", "Iterator", "Branches")


def draw_changed(definition: Json, marks: Marks) -> str:
    """Draw what is marked, with its neighbors, as Mermaid; '' where nothing is."""
    if not isinstance(definition, Mapping) or not marks:
        return ""
    scope = read_definition(definition).scopes[0]
    reduced = _reduce(scope, _list_marked(marks))
    return draw_mermaid(reduced, marks) if reduced["States"] else ""


def _reduce(scope: Scope, marked: set[str]) -> dict[str, Json]:
    """Leave of a scope what is marked, or holds something marked, and its neighbors."""
    own = {state.name for state in scope.states.values() if state.pointer in marked}
    near = {move.target for name in own for move in scope.states[name].transitions}
    near |= {
        state.name
        for state in scope.states.values()
        if own.intersection(move.target for move in state.transitions)
    }
    kept = own | near
    states = {
        name: _open(state, marked) if name in own else _outline(state, kept)
        for name, state in scope.states.items()
        if name in kept
    }
    start = scope.body.get("StartAt")
    return {**({"StartAt": start} if start in kept else {}), "States": states}


def _list_marked(marks: Marks) -> set[str]:
    """List the pointers of what is marked, and of all that it is in.

    >>> sorted(_list_marked({"/States/A→B": "added"}))
    ['', '/States', '/States/A', '/States/A→B']
    """
    found: set[str] = set()
    for mark in marks:
        for pointer in (mark, mark.rpartition("→")[0]):
            parts = pointer.split("/")
            found.update("/".join(parts[:end]) for end in range(1, len(parts) + 1))
    return found


def _open(state: State, marked: set[str]) -> dict[str, Json]:
    """Return a state that changed, with those of its inner states that did."""
    body = {key: value for key, value in state.body.items() if key not in _INNER}
    for scope in state.inner:
        field = scope.pointer[len(state.pointer) + 1 :].partition("/")[0]
        if field == "Branches":
            body.setdefault(field, []).append(_reduce(scope, marked))
        else:
            body[field] = _reduce(scope, marked)
    return body


def _outline(state: State, kept: set[str]) -> dict[str, Json]:
    """Return a state next to those that changed: what it is, and its ways to what is shown."""
    body = {key: value for key, value in state.body.items() if key not in _INNER}
    for field in ("Next", "Default"):
        if field in body and body[field] not in kept:
            del body[field]
    for field in ("Choices", "Catch"):
        if isinstance(body.get(field), list):
            rules = body[field]
            body[field] = [
                one for one in rules if isinstance(one, Mapping) and one.get("Next") in kept
            ]
    return body
