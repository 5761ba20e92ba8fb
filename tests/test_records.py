"""Our `NamedTuple` is that of `typing`, but for the time in which a class is made."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import typing
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from carnation.records import KW_ONLY, NamedTuple, field, record, replace


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


@record(frozen=True)
class Named:
    """What has a name."""

    name: str
    _: KW_ONLY
    note: str = field(default="", compare=False)


@record(frozen=True)
class Box(Named):
    """What has things in it."""

    size: int = 1
    things: list[str] = field(default_factory=list, hash=False)
    count: int = field(default=0, init=False, compare=False)
    kind: ClassVar[str] = "box"

    def __post_init__(self) -> None:
        object.__setattr__(self, "count", len(self.things))


@dataclasses.dataclass(frozen=True)
class PlainNamed:
    """What has a name."""

    name: str
    _: dataclasses.KW_ONLY
    note: str = dataclasses.field(default="", compare=False)


@dataclasses.dataclass(frozen=True)
class PlainBox(PlainNamed):
    """What has things in it."""

    size: int = 1
    things: list[str] = dataclasses.field(default_factory=list, hash=False)
    count: int = dataclasses.field(default=0, init=False, compare=False)
    kind: ClassVar[str] = "box"

    def __post_init__(self) -> None:
        object.__setattr__(self, "count", len(self.things))


def test_a_record_has_the_signature_the_text_and_the_values_of_a_dataclass() -> None:
    assert str(inspect.signature(Box)) == str(inspect.signature(PlainBox)).removesuffix(" -> None")
    assert Box.__match_args__ == PlainBox.__match_args__ == ("name", "size", "things")
    for box in (Box("a", 2, ["b"], note="c"), Box("a")):
        plain = PlainBox(box.name, box.size, box.things, note=box.note)
        assert repr(box) == repr(plain).removeprefix("Plain")
        assert vars(box) == vars(plain)


def test_records_compare_and_hash_by_the_fields_that_count() -> None:
    assert Box("a", note="x") == Box("a", note="y") != Box("a", 2)
    assert hash(Box("a", things=["x"])) == hash(Box("a")) != hash(Box("b"))
    assert Box("a") != Named("a")
    assert replace(Box("a", 2), name="b") == copy.copy(Box("b", 2)) == Box("b", 2)


@pytest.mark.parametrize(
    "use",
    [
        lambda kind: kind(),
        lambda kind: kind("a", 1, [], "too many"),
        lambda kind: kind("a", name="twice"),
        lambda kind: kind("a", unknown=1),
        lambda kind: kind("a", count=1),
        lambda kind: setattr(kind("a"), "name", "b"),
        lambda kind: delattr(kind("a"), "name"),
    ],
)
def test_a_record_refuses_what_a_dataclass_refuses(use: Callable[[Any], object]) -> None:
    with pytest.raises((TypeError, AttributeError)) as plain:
        use(PlainBox)
    with pytest.raises(plain.type):
        use(Box)


def test_a_record_that_is_not_frozen_changes_and_has_no_hash() -> None:
    @record
    class Open:
        value: int = 0

    one = Open()
    one.value = 3
    assert one == Open(3)
    with pytest.raises(TypeError):
        hash(one)
