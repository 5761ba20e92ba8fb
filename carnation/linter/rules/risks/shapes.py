"""Shapes: what is known of a value before anything runs.

A shape is `ANY` (nothing is known), a `Scalar`, a `List` of one shape, or an `Object` with named
fields that may be open (have others, too). Joining two shapes keeps whatever either could be, so
that a path that a shape has not is a path that no execution has.
"""

from __future__ import annotations

from collections.abc import Mapping

from carnation.asl.expressions import Path
from carnation.document.values import Json
from carnation.lazy import TYPE_CHECKING
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from typing import TypeAlias

_MAX_DEPTH = 12
_MAX_FIELDS = 1000
_WIDEST = 200


class Scalar(NamedTuple):
    """A text, number, boolean or null; `kind` says which ('' if it is not known)."""

    kind: str


class List(NamedTuple):
    """A list whose items have one shape; `most` says how many there may be, 0 that nobody knows."""

    item: Shape
    most: int = 0


class Object(NamedTuple):
    """An object; `origin` says where it comes from, for the message."""

    fields: Mapping[str, Shape]
    is_open: bool = False
    origin: str = ""


Shape: TypeAlias = "Scalar | List | Object | None"
ANY: Shape = None
TEXT = Scalar("text")


class Miss(NamedTuple):
    """A step of a path that leads nowhere, and the shape it was asked of."""

    step: str
    shape: Shape


def shape_of(value: Json, depth: int = 0) -> Shape:
    """Return the shape of a plain value.

    >>> shape_of({"a": [1]})
    Object(fields={'a': List(item=Scalar(kind='number'), most=1)}, is_open=False, origin='')
    """
    if depth > _MAX_DEPTH or (isinstance(value, str) and "${" in value):
        return ANY
    if isinstance(value, Mapping):
        if len(value) > _WIDEST:
            return ANY
        return Object({key: shape_of(item, depth + 1) for key, item in value.items()})
    if isinstance(value, list):
        item = shape_of(value[0], depth + 1) if value else ANY
        for other in value[1:_WIDEST]:
            item = join(item, shape_of(other, depth + 1))
        return List(item if len(value) <= _WIDEST else ANY, len(value))
    if isinstance(value, str):
        return TEXT
    if isinstance(value, bool):
        return Scalar("boolean")
    if value is None:
        return Scalar("")
    return Scalar("number")


def join(left: Shape, right: Shape, depth: int = 0) -> Shape:
    """Return a shape that fits whatever fits one of the two."""
    if left == right:
        return left
    if left is None or right is None or depth > _MAX_DEPTH:
        return ANY
    if isinstance(left, Scalar) and isinstance(right, Scalar):
        return Scalar("")
    if isinstance(left, List) and isinstance(right, List):
        most = max(left.most, right.most) if left.most and right.most else 0
        return List(join(left.item, right.item, depth + 1), most)
    if isinstance(left, Object) and isinstance(right, Object):
        fields = {**left.fields, **right.fields}
        if len(fields) > _WIDEST:
            return ANY
        for name in left.fields.keys() & right.fields.keys():
            fields[name] = join(left.fields[name], right.fields[name], depth + 1)
        origin = left.origin if left.origin == right.origin else ""
        return Object(fields, left.is_open or right.is_open, origin)
    return ANY


def look_up(shape: Shape, path: Path) -> Shape | Miss:
    """Follow a path into a shape: the shape there, or the step that no value could follow."""
    for step in path.steps:
        if shape is None:
            return ANY
        if step.kind == "field":
            if not isinstance(shape, Object):
                return Miss(str(step.value), shape)
            if step.value not in shape.fields:
                return ANY if shape.is_open else Miss(str(step.value), shape)
            shape = shape.fields[step.value]
        elif step.kind == "index" and isinstance(shape, List):
            shape = shape.item
        else:
            return ANY
    return shape


def put(shape: Shape, path: Path, value: Shape) -> Shape:
    """Return a shape with a value put at a path, as `ResultPath` does."""
    if not path.steps:
        return value
    if len(path.steps) > _MAX_DEPTH or any(step.kind != "field" for step in path.steps):
        return ANY
    return _put(shape, [str(step.value) for step in path.steps], value)


def _put(shape: Shape, names: list[str], value: Shape) -> Shape:
    if not names:
        return value
    if not isinstance(shape, Object):
        # what is not known may have any other fields; a scalar makes the state fail anyhow
        inner = _put(ANY, names[1:], value)
        return Object({names[0]: inner}, is_open=True)
    if len(shape.fields) >= _MAX_FIELDS:  # each state copies them
        return ANY
    inner = _put(shape.fields.get(names[0], _missing(shape)), names[1:], value)
    return shape._replace(fields={**shape.fields, names[0]: inner})


def _missing(shape: Object) -> Shape:
    return ANY if shape.is_open else Object({})
