"""How to walk a definition: its states through every Map and Parallel, their transitions.

Works on plain documents, wherever they come from, without recursion, and believes nothing: what is
not shaped like a state is passed over (saying so is the lint's).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from carnation.document import join_pointer


class Place(NamedTuple):
    """A state in a definition: its name, its body, and the JSON pointer to it."""

    name: str
    state: Mapping[str, Any]
    pointer: str


def walk_states(definition: Mapping[str, Any]) -> Iterator[Place]:
    """Yield every state, outer scopes before the scopes inside them, in the order they stand.

    >>> inner = {"StartAt": "B", "States": {"B": {"Type": "Succeed"}}}
    >>> outer = {"StartAt": "A", "States": {"A": {"Type": "Map", "ItemProcessor": inner}}}
    >>> [place.pointer for place in walk_states(outer)]
    ['/States/A', '/States/A/ItemProcessor/States/B']
    """
    scopes: list[tuple[Mapping[str, Any], str]] = [(definition, "")]
    for scope, pointer in scopes:  # grows while we walk
        states = scope.get("States")
        for name, state in states.items() if isinstance(states, Mapping) else ():
            if isinstance(state, Mapping):
                place = Place(name, state, join_pointer(pointer, "States", name))
                yield place
                scopes.extend((inner, pointer) for pointer, inner in list_scopes(place))


def list_scopes(place: Place) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the scopes inside a state, a Map's processor or a Parallel's branches, by pointer."""
    for key in ("ItemProcessor", "Iterator"):
        inner = place.state.get(key)
        if isinstance(inner, Mapping):
            yield f"{place.pointer}/{key}", inner
    branches = place.state.get("Branches")
    for index, branch in enumerate(branches if isinstance(branches, list) else ()):
        if isinstance(branch, Mapping):
            yield f"{place.pointer}/Branches/{index}", branch
