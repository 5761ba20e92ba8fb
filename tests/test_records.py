"""Our `NamedTuple` is that of `typing`, but for the time in which a class is made."""

from __future__ import annotations

import copy
import pickle
import typing

import pytest

from carnation.records import NamedTuple


class Place(NamedTuple):
    """Where something is."""

    line: int
    column: int = 1

    @property
    def shown(self) -> str:
        return f"{self.line}:{self.column}"


class TypedPlace(typing.NamedTuple):
    """Where something is."""

    line: int
    column: int = 1

    @property
    def shown(self) -> str:
        return f"{self.line}:{self.column}"


def test_a_record_is_what_typing_makes() -> None:
    assert Place(3) == TypedPlace(3) == (3, 1)
    assert Place(line=3, column=2).shown == "3:2"
    assert repr(Place(3)) == repr(TypedPlace(3)).removeprefix("Typed")
    for name in ("_fields", "_field_defaults", "__bases__", "__doc__", "__match_args__"):
        assert getattr(Place, name) == getattr(TypedPlace, name), name
    assert (Place.__module__, Place.__qualname__) == (__name__, "Place")


def test_a_record_can_be_copied_and_its_annotations_read() -> None:
    place = Place(3, 4)
    assert pickle.loads(pickle.dumps(place)) == copy.copy(place) == place
    assert place._replace(line=5) == (5, 4)
    assert typing.get_type_hints(Place) == {"line": int, "column": int}


def test_a_record_wants_its_fields_and_has_no_others() -> None:
    with pytest.raises(TypeError):
        Place()  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        Place(1).other = 2  # type: ignore[attr-defined]
