"""Inputs against what a workflow declares: a member that is missing, or of another type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from carnation.document import join_pointer

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,),
    "null": (type(None),), "object": (dict,), "array": (list,),
}  # fmt: skip


def list_undeclared(schema: Mapping[str, Any], value: Any, pointer: str = "") -> Iterator[str]:
    """List where a value is not as a JSON schema has it: types, members, and enumerated values.

    What else a schema may say (`anyOf`, `$ref`, lengths) is not checked.

    >>> schema = {"type": "object", "required": ["count"],
    ...           "properties": {"count": {"type": "integer"}}}
    >>> list(list_undeclared(schema, {"count": "two"}))
    ["/count is 'two'; declared is integer"]
    >>> list(list_undeclared(schema, {}))
    ["'count' is missing"]
    """
    named = schema.get("type", ())
    types = [named] if isinstance(named, str) else list(named)
    where = pointer or "the input"
    if types and not any(_has_type(value, name) for name in types):
        yield f"{where} is {value!r:.60}; declared is {' or '.join(types)}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where} is {value!r:.60}; declared is one of {schema['enum']!r}"
    if isinstance(value, dict):
        for name in schema.get("required", ()):
            if name not in value:
                yield f"{f'{pointer}: ' if pointer else ''}{name!r} is missing"
    for part, inner, below in _list_parts(schema, value):
        yield from list_undeclared(inner, below, join_pointer(pointer, part))


def _list_parts(schema: Mapping[str, Any], value: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(value, dict):
        properties, others = schema.get("properties", {}), schema.get("additionalProperties")
        for name, below in value.items():
            inner = properties.get(name, others)
            if isinstance(inner, Mapping):
                yield name, inner, below
    if isinstance(value, list) and isinstance(schema.get("items"), Mapping):
        for index, below in enumerate(value):
            yield str(index), schema["items"], below


def _has_type(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    if name == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES.get(name, (object,)))
