"""Data to run a definition on: what was given, what was declared, and what is guessed for the rest.

A guess is an object that makes its members up when they are asked for, by what the definition reads
them as. It holds what was read and nothing more, so payloads with guesses in them are lower bounds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from carnation.estimates.inference import ITEM, WHOLE, InferredData
from carnation.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

TEXT = "x" * 24
_MAX_DEPTH = 8


class Guess(dict[str, "Any"]):
    """An object whose members are made up, each the first time that it is asked for."""

    def __init__(self, world: SampleData, *, is_item: bool = False) -> None:
        """Begin with nothing; in an item, no list is as long as the one that it is in."""
        super().__init__()
        self.world, self.is_item = world, is_item

    def get(self, name: str, default: Any = None) -> Any:
        """Return a member, made up if need be."""
        if name not in self and name in self.world.hints.absent:
            return default
        if name not in self:
            self[name] = self.world.guess(name, is_item=self.is_item)
        return super().get(name)

    def __missing__(self, name: str) -> Any:
        if name in self.world.hints.absent:
            raise KeyError(name)
        return self.get(name)


class SampleData:
    """The data of one run: `count` items wherever the outermost Maps look for theirs.

    If it `is_full`, guesses hold from the start what the definition reads of them: states that
    copy a guess lose its readiness to make up more.
    """

    def __init__(
        self,
        hints: InferredData,
        count: int,
        given: Any = None,
        results: Mapping[str, Any] | None = None,
        *,
        is_full: bool = False,
    ) -> None:
        """Take what is given: the input, and results by the names of their states."""
        self.hints, self.count = hints, count
        self.is_full = is_full
        self._open: list[str] = []
        self._given, self._results = given, results or {}
        self.made: set[str] = set()
        """The names of lists that are guesses."""

    @property
    def input(self) -> Any:
        """The execution's input."""
        if self._given is None:
            return self._make_whole("")
        return self.scale(self._given, "" in self.hints.whole)

    def find_result(self, state: str, name: str = "") -> Any:
        """Return the result of a state's task or function that gets a name in the state."""
        if state in self._results:
            return self.scale(self._results[state], state in self.hints.whole)
        if name in self.hints.values and name not in self.hints.objects:
            return self.hints.values[name]
        return self._make_whole(state)

    def is_known(self, state: str) -> bool:
        """Return whether somebody said what a state's task gives."""
        return state in self._results

    def _make_whole(self, state: str) -> Any:
        is_whole = state in self.hints.whole
        guess = self._fill(ITEM if is_whole else WHOLE, is_item=is_whole)
        return [guess] * self.count if is_whole else guess

    def _fill(self, name: str, *, is_item: bool = False) -> Guess:
        """Make a guess; a full one has its members, but none that it is in itself.

        What a Choice asks to be present is there from the start, full or not.
        """
        guess, hints = Guess(self, is_item=is_item), self.hints
        if len(self._open) < _MAX_DEPTH:
            self._open.append(name)
            for member in hints.members.get(name, ()):
                wanted = self.is_full or member in hints.present
                if wanted and member not in self._open and member not in hints.absent:
                    guess[member] = self.guess(member, is_item=is_item)
            self._open.pop()
        return guess

    def scale(self, value: Any, is_items: bool, depth: int = 0) -> Any:
        """Copy a value, with as many items as this world has where items are mapped over."""
        if isinstance(value, list):
            if is_items and value:
                return [value[at % len(value)] for at in range(self.count)]
            return value
        if isinstance(value, Mapping) and depth < _MAX_DEPTH:
            return {
                name: self.scale(inner, name in self.hints.items, depth + 1)
                for name, inner in value.items()
            }
        return value

    def guess(self, name: str, *, is_item: bool = False) -> Any:
        """Make up what is behind a name."""
        hints = self.hints
        if name in hints.texts:
            return self._write(name)
        if name in hints.items and not is_item:
            return [self._fill(ITEM if self.is_full else name, is_item=True)] * self.count
        if name in hints.lists or name in hints.items:
            self.made.add(name)
            inner = name in hints.objects
            one = self._fill(name, is_item=is_item) if inner else hints.values.get(name, TEXT)
            return [one] * hints.lengths.get(name, 1)
        if name in hints.objects:
            return self._fill(name, is_item=is_item)
        return hints.values.get(name, TEXT)

    def _write(self, name: str) -> str:
        """Write as JSON an object with all that is read anywhere: nobody knows what of it is."""
        names = {member: None for inner in self.hints.members.values() for member in inner}
        known = (member for member in names if member not in self.hints.texts)
        kept, self.is_full = self.is_full, True
        self._open.append(name)
        # in a text there are no items: each of them would hold the text again
        made = (
            {}
            if len(self._open) > 1
            else {member: self.guess(member, is_item=True) for member in known}
        )
        self._open.pop()
        self.is_full = kept
        return json.dumps(made)


def sample_schema(schema: Any, depth: int = 0) -> Any:
    """Make a value of a JSON schema: an example if there is one, else the plainest of its type.

    >>> sample_schema({"type": "object", "properties": {"n": {"type": "integer"}}})
    {'n': 1}
    """
    if not isinstance(schema, Mapping) or depth > _MAX_DEPTH:
        return {}
    for field in ("const", "default"):
        if field in schema:
            return schema[field]
    for field in ("examples", "enum"):
        if schema.get(field):
            return schema[field][0]
    for field in ("anyOf", "oneOf", "allOf"):
        if schema.get(field):
            return sample_schema(schema[field][0], depth + 1)
    kind = schema.get("type", "object" if "properties" in schema else "string")
    kind = kind[0] if isinstance(kind, list) and kind else kind
    if kind == "object":
        members = schema.get("properties", {})
        return {name: sample_schema(inner, depth + 1) for name, inner in members.items()}
    if kind == "array":
        return [sample_schema(schema.get("items", {}), depth + 1)]
    return _sample_scalar(kind, schema)


def _sample_scalar(kind: Any, schema: Mapping[str, Any]) -> Any:
    if kind in ("integer", "number"):
        return schema.get("minimum", 1)
    if kind in ("boolean", "null"):
        return True if kind == "boolean" else None
    if schema.get("format") == "date-time":
        return "2016-03-14T01:59:00Z"
    longest = min(schema.get("maxLength", len(TEXT)), len(TEXT))
    return "x" * max(longest, schema.get("minLength", 0))
