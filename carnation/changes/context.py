"""Two states side by side, as those who compare their fields see them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from carnation.changes.edits import find_edits
from carnation.changes.records import MISSING, Change, Edit, render_value
from carnation.changes.wording import contrast, shorten
from carnation.document import join_pointer, split_pointer
from carnation.document.values import Json
from carnation.records import NamedTuple

_MAX_PATH_LENGTH = 120


class StatePair(NamedTuple):
    """A state, or a whole definition, in both documents.

    `rename` gives the name that a state of the old one has now; `final` tells whether the state's
    output is the execution's.
    """

    subject: str
    old: Mapping[str, Json]
    new: Mapping[str, Json]
    old_at: str
    new_at: str
    rename: Callable[[str], str] = str
    final: bool = False
    language: str = "JSONPath"
    old_language: str = "JSONPath"

    def find_edits(self, field: str) -> list[Edit]:
        """Compare one field, down to the values that differ."""
        return list(
            find_edits(
                self.old.get(field, MISSING),
                self.new.get(field, MISSING),
                join_pointer(self.old_at, field),
                join_pointer(self.new_at, field),
            )
        )

    def enter(self, field: str, old: int, new: int) -> StatePair:
        """Return the items of a list of mappings, one of each side."""
        return self._replace(
            old=self.old[field][old],
            new=self.new[field][new],
            old_at=f"{self.old_at}/{field}/{old}",
            new_at=f"{self.new_at}/{field}/{new}",
        )

    def describe(self, edit: Edit, kind: str) -> Change:
        """Make a record of an edit in the plainest words: where in the state, from what to what."""
        base = self.old_at if edit.gone else self.new_at
        path = shorten(format_path(split_pointer(edit.pointer[len(base) :])), _MAX_PATH_LENGTH)
        return edit.describe(kind, self.subject, f"{path}: {contrast(edit.before, edit.after)}")

    def add(self, kind: str, field: str, index: int, sentence: str) -> Change:
        """Make a record of an item that only the new side has."""
        place = f"/{index}" if field in self.old else ""  # with the whole field, its place
        pointer = f"{self.new_at}/{field}{place}"
        return Change(kind, pointer, self.subject, sentence, MISSING, self.new[field][index])

    def remove(self, kind: str, field: str, index: int, sentence: str) -> Change:
        """Make a record of an item that only the old side has."""
        place = f"/{index}" if field in self.new else ""
        pointer, item = f"{self.old_at}/{field}{place}", self.old[field][index]
        return Change(kind, pointer, self.subject, sentence, item, MISSING, old=True)


def format_path(parts: list[str]) -> str:
    """Write a way into a state as people write it.

    >>> format_path(["Parameters", "Payload", "0", "id.$"])
    'Parameters.Payload[0].id.$'
    """
    return "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in parts).lstrip(".")


def has_objects(value: Json) -> bool:
    """Return whether a value is a list of mappings, as Retry, Catch and Choices should be."""
    return isinstance(value, list) and all(isinstance(item, Mapping) for item in value)


Matched = tuple[list[tuple[int, int]], list[int], list[int]]


def match_objects(old: list[Json], new: list[Json], leave_out: tuple[str, ...]) -> Matched:
    """Match the items of two lists by what they say, wherever they stand, but for some fields.

    Gives pairs of indexes, then those removed, then those added.

    >>> match_objects([{"a": 1}, {"a": 2}], [{"a": 2, "Next": "X"}], ("Next",))
    ([(1, 0)], [0], [])
    """
    here = [_render_without(item, leave_out) for item in old]
    spelled = [_render_without(item, leave_out) for item in new]
    # what stands where it stood is itself, though its like may stand elsewhere, too
    pairs = [(i, i) for i, text in enumerate(here[: len(spelled)]) if text == spelled[i]]
    kept = {i for i, _ in pairs}
    there: dict[str, list[int]] = {}
    for index, text in enumerate(spelled):
        if index not in kept:
            there.setdefault(text, []).append(index)
    left = []
    for index, text in enumerate(here):
        twins = there.get(text)
        if index in kept:
            continue
        if twins:
            pairs.append((index, twins.pop(0)))
        else:
            left.append(index)
    rest = sorted(index for twins in there.values() for index in twins)
    pairs += zip(left, rest, strict=False)
    return sorted(pairs), left[len(rest) :], rest[len(left) :]


def _render_without(item: Json, leave_out: tuple[str, ...]) -> str:
    return render_value({key: value for key, value in item.items() if key not in leave_out})


def is_reordered(pairs: list[tuple[int, int]]) -> bool:
    """Return whether items that are in both lists have changed places."""
    places = [new for _, new in pairs]
    return places != sorted(places)


def describe_comment(sides: StatePair) -> Iterator[Change]:
    """Yield a change of the Comment, which is noise."""
    for edit in sides.find_edits("Comment"):
        yield edit.describe("comment-changed", sides.subject, "has another Comment")
