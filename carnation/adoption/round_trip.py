"""The way back: a module of ours is built, and what comes out is compared with what went in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.abc import InspectLoader
from types import ModuleType
from typing import Any

from carnation.asl import walk_states
from carnation.asl.fields import KNOWN
from carnation.document import join_pointer
from carnation.records import NamedTuple
from carnation.workflow import Workflow

_PAYLOADS = ("payload", "items", "object")


class Difference(NamedTuple):
    """Where what was built is not what was adopted, and how."""

    pointer: str
    message: str


class _Loader(InspectLoader):
    """Loads a module from its text, as Python loads one from a file."""

    def __init__(self, text: str) -> None:
        self._text = text

    def get_source(self, fullname: str) -> str:
        """Return the text, whatever the module is called."""
        return self._text


def load_workflow(text: str) -> Workflow:
    """Make the workflow of a module of `definitions/`, given as text."""
    loader = _Loader(text)
    module = ModuleType("_adopted")
    loader.exec_module(module)
    workflow: Workflow = module.make_workflow()
    return workflow


def build_module(text: str) -> dict[str, Any]:
    """Build the definition of a module of `definitions/`, given as text."""
    return load_workflow(text).make_definition()


def find_difference(adopted: Mapping[str, Any], text: str) -> Difference | None:
    """Build a module and find the first place in which it does not give the definition back.

    Equal means equal as JSON (2 is 2.0, and true is not 1); within payloads the order of keys
    counts too, since a person reads them. Raises `DefinitionError` for what cannot be built.
    """
    built = build_module(text)
    for difference in _compare(adopted, built, ""):
        return difference
    for pointer, payload, other in _list_payloads(adopted, built):
        if _order(payload) != _order(other):
            return Difference(pointer, "the keys are in another order")
    return None


def _compare(one: Any, other: Any, pointer: str) -> Iterator[Difference]:
    waiting = [(one, other, pointer)]
    while waiting:
        one, other, pointer = waiting.pop()
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            for key in one.keys() - other.keys():
                yield Difference(join_pointer(pointer, key), "is lost")
            for key in other.keys() - one.keys():
                yield Difference(join_pointer(pointer, key), "is added")
            waiting += ((one[key], other[key], join_pointer(pointer, key)) for key in one)
        elif isinstance(one, list) and isinstance(other, (list, tuple)) and len(one) == len(other):
            pairs = enumerate(zip(one, other, strict=True))
            waiting += ((a, b, join_pointer(pointer, at)) for at, (a, b) in pairs)
        elif isinstance(one, bool) != isinstance(other, bool) or one != other:
            yield Difference(pointer, f"is {_shorten(one)} and becomes {_shorten(other)}")


def _shorten(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _list_payloads(
    adopted: Mapping[str, Any], built: Mapping[str, Any]
) -> Iterator[tuple[str, Any, Any]]:
    others = {place.pointer: place.body for place in walk_states(built)}
    for place in walk_states(adopted):
        other = others[place.pointer]
        yield from _pair_payloads(place.body["Type"], place.body, other, place.pointer)
        for name, part in (("Catch", "Catcher"), ("Choices", "Rule")):
            for at, item in enumerate(place.body.get(name, ())):
                pointer = join_pointer(place.pointer, name, at)
                yield from _pair_payloads(part, item, other[name][at], pointer)


def _pair_payloads(
    place: str, one: Mapping[str, Any], other: Mapping[str, Any], pointer: str
) -> Iterator[tuple[str, Any, Any]]:
    for name, value in one.items():
        field = KNOWN[place].get(name)
        if field is not None and field.kind in _PAYLOADS:
            yield join_pointer(pointer, name), value, other[name]


def _order(value: Any) -> list[list[str]]:
    """List the keys of every mapping in a value, in their order."""
    found, waiting = [], [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Mapping):
            found.append(list(item))
            waiting += item.values()
        elif isinstance(item, (list, tuple)):
            waiting += item
    return found
