from __future__ import annotations

from typing import Any

import pytest

import carnation.asl.expressions
import carnation.document
from carnation.asl.expressions import parse_path
from carnation.linter.rules.risks.shapes import (
    ANY,
    TEXT,
    List,
    Miss,
    Object,
    Scalar,
    join,
    look_up,
    put,
    shape_of,
)

NUMBER = Scalar("number")


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("a", TEXT),
        ("${A}", ANY),
        (1.5, NUMBER),
        (None, Scalar("")),
        ([1, "a"], List(Scalar(""), 2)),
        ([], List(ANY)),
        ([1] * 500, List(ANY, 500)),
        (dict.fromkeys(map(str, range(300))), ANY),
    ],
)
def test_a_plain_value_has_a_shape(value: Any, shape: Any) -> None:
    assert shape_of(value) == shape


def test_what_nests_without_end_is_anything_at_its_bottom() -> None:
    value: Any = 1
    for _ in range(50):
        value = [value]
    shape: Any = shape_of(value)
    while isinstance(shape, List):
        shape = shape.item
    assert shape is ANY


def test_joined_shapes_fit_both() -> None:
    left = Object({"a": TEXT, "b": TEXT}, origin="x")
    right = Object({"a": NUMBER, "c": NUMBER}, origin="x")
    joined = Object({"a": Scalar(""), "b": TEXT, "c": NUMBER}, origin="x")
    assert join(left, right) == joined
    assert join(left, List(TEXT)) is ANY
    assert join(List(left), List(right)) == List(joined)
    assert join(List(TEXT, 2), List(TEXT, 7)) == List(TEXT, 7)
    assert join(List(TEXT, 2), List(TEXT)) == List(TEXT)
    many = [Object(dict.fromkeys(map(str, range(at, at + 150)), TEXT)) for at in (0, 100)]
    assert join(*many) is ANY


def test_a_path_leads_to_a_shape_or_misses() -> None:
    shape = Object({"a": List(Object({"b": TEXT})), "o": Object({}, is_open=True)})
    assert look_up(shape, parse_path("$.a[0].b")) == TEXT
    assert look_up(shape, parse_path("$.o.x.y")) is ANY
    assert look_up(shape, parse_path("$.a[*].z")) is ANY
    assert look_up(shape, parse_path("$.a.b")) == Miss("b", shape.fields["a"])
    assert look_up(shape, parse_path("$.z")) == Miss("z", shape)


def test_a_result_is_put_where_its_path_says() -> None:
    assert put(Object({"a": TEXT}), parse_path("$.b.c"), NUMBER) == Object(
        {"a": TEXT, "b": Object({"c": NUMBER})}
    )
    assert put(ANY, parse_path("$.b"), TEXT) == Object({"b": TEXT}, is_open=True)
    assert put(TEXT, parse_path("$"), NUMBER) == NUMBER
    assert put(TEXT, parse_path("$.a[0]"), NUMBER) is ANY


@pytest.mark.parametrize("room", [carnation.document, carnation.asl.expressions])
def test_a_lazy_front_has_what_it_lists_and_nothing_else(room: Any) -> None:
    assert all(getattr(room, name) for name in room.__all__)
    with pytest.raises(AttributeError, match="has no 'nothing'"):
        room.nothing  # noqa: B018  the access is the test
