"""Paths and payload templates over shapes: what they pick, place and fill."""

from __future__ import annotations

from carnation.asl.expressions import Path, parse_path
from carnation.document.values import Json
from carnation.errors import ExpressionError
from carnation.linter.rules.risks.shapes import (
    ANY,
    List,
    Miss,
    Object,
    Shape,
    look_up,
    shape_of,
)
from carnation.linter.rules.risks.shapes import put as put_shape


def _parse(text: object) -> Path | None:
    try:
        return parse_path(text) if isinstance(text, str) else None
    except ExpressionError:
        return None


def pick(shape: Shape, text: object) -> Shape:
    """Return what `InputPath`, `OutputPath` or `ItemsPath` picks; null picks an empty object."""
    if text is None:
        return Object({})
    path = _parse(text)
    if path is None or path.root != "$":
        return ANY
    found = look_up(shape, path)
    return ANY if isinstance(found, Miss) else found


def put_result(raw: Shape, text: object, result: Shape) -> Shape:
    """Return what a state hands on, its result put at `ResultPath`; null keeps the input."""
    if text is None:
        return raw
    path = _parse(text)
    return ANY if path is None or path.root != "$" else put_shape(raw, path, result)


def fill(template: Json, shape: Shape, depth: int = 0) -> Shape:
    """Return the shape of a payload template, filled from a shape."""
    if depth > 12 or not isinstance(template, dict):
        return shape_of(template) if not isinstance(template, list) else ANY
    fields: dict[str, Shape] = {}
    for key, value in template.items():
        if key.endswith(".$"):
            fields[key[:-2]] = pick(shape, value)
        else:
            fields[key] = fill(value, shape, depth + 1)
    return Object(fields)


def kind_of(shape: Shape) -> str:
    """Name the type of a value, '' where it is not known."""
    if isinstance(shape, Object):
        return "object"
    return "list" if isinstance(shape, List) else shape.kind if shape is not None else ""
