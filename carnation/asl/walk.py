"""How to walk a definition: its states through every Map and Parallel, their transitions.

Works on plain documents, wherever they come from, without recursion, and believes nothing: what is
not shaped like a state is passed over (saying so is the lint's).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple


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
                place = Place(name, state, f"{pointer}/States/{_escaped(name)}")
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


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


_SUBSTITUTION = re.compile(r"\$\{([A-Za-z0-9_.:-]+)\}")


def find_substitutions(value: object) -> list[str]:
    """List the names of all `${…}` in a document, each once, in the order they are met.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-stepfunctions-statemachine.html

    >>> find_substitutions({"Resource": "arn:${Partition}:states:::sqs:sendMessage"})
    ['Partition']
    """
    found: dict[str, None] = {}
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            if "${" in item:
                found.update(dict.fromkeys(_SUBSTITUTION.findall(item)))
        elif isinstance(item, dict):
            waiting.extend(reversed(item.values()))
        elif isinstance(item, (list, tuple)):
            waiting.extend(reversed(item))
        elif isinstance(item, Mapping):
            waiting.extend(reversed(list(item.values())))
    return list(found)


def fill_substitutions(value: Any, given: Mapping[str, str]) -> Any:
    """Put values in the place of each `${…}` that is given one, keys left alone; a copy.

    >>> fill_substitutions({"Resource": "arn:${Partition}:states:::${Call}"}, {"Partition": "aws"})
    {'Resource': 'arn:aws:states:::${Call}'}
    """
    whole: list[Any] = [value]
    waiting: list[tuple[Any, Any]] = [(whole, 0)]
    for holder, key in waiting:  # grows while we walk
        item = holder[key]
        if isinstance(item, str):
            if "${" in item:
                holder[key] = _SUBSTITUTION.sub(lambda found: given.get(found[1], found[0]), item)
        elif isinstance(item, (dict, Mapping)):
            holder[key] = dict(item)
            waiting.extend((holder[key], name) for name in item)
        elif isinstance(item, (list, tuple)):
            holder[key] = list(item)
            waiting.extend((holder[key], index) for index in range(len(item)))
    return whole[0]
