"""Requests checked against the service's model, with the texts of AWS's validation.

The model is botocore's. A value of another JSON type is a SerializationException; all else that the
model forbids is one ValidationException that lists every violation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from botocore.model import ListShape, Shape, StructureShape

from carnation.emulator.interpreter.api.errors import ApiError, validation_error

_FAILED = "failed to satisfy constraint: Member must "
_JSON_NAMES = {str: "STRING_VALUE", bool: "TRUE_VALUE", int: "NUMBER_VALUE", float: "DECIMAL_VALUE"}
_KINDS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "string": ("String", lambda value: isinstance(value, str)),
    "boolean": ("Boolean", lambda value: isinstance(value, bool)),
    "integer": ("Integer", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    "long": ("Long", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    "float": (
        "Float",
        lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    ),
}


def check_request(params: Any, shape: StructureShape) -> dict[str, Any]:
    """Return the members that the operation knows, or raise `ApiError`.

    Members that the model does not name are left out, as AWS does; null is as if absent.
    """
    found: dict[str, Any] = _convert(params, shape)
    violations = list(_find_violations(found, shape, ""))
    if violations:
        count = f"{len(violations)} validation error{'s' if len(violations) > 1 else ''} detected: "
        raise validation_error(count + "; ".join(violations))
    return found


def _convert(value: Any, shape: Shape) -> Any:
    if isinstance(shape, StructureShape):
        if not isinstance(value, dict):
            raise _mismatch(value, "structure")
        given = {name: value[name] for name in shape.members if value.get(name) is not None}
        return {name: _convert(item, shape.members[name]) for name, item in given.items()}
    if isinstance(shape, ListShape):
        if not isinstance(value, list):
            raise _mismatch(value, "list")
        return [_convert(item, shape.member) for item in value if item is not None]
    name, fits = _KINDS[shape.type_name]
    if not fits(value):
        raise _mismatch(value, name)
    return value


def _mismatch(value: Any, wanted: str) -> ApiError:
    if isinstance(value, dict):
        text = "Start of structure or map found where not expected."
    elif isinstance(value, list):
        text = "Start of list found where not expected"
    elif wanted in ("structure", "list"):
        text = "Unexpected field type"
    else:
        name = "FALSE_VALUE" if value is False else _JSON_NAMES[type(value)]
        text = f"{name} can not be converted to {'an' if wanted[0] in 'AEIOU' else 'a'} {wanted}"
    return ApiError("SerializationException", text)


def _find_violations(value: Any, shape: Shape, path: str) -> Iterator[str]:
    if isinstance(shape, StructureShape):
        for name, member in shape.members.items():
            inner = f"{path}.{name}" if path else name
            if name in value:
                yield from _find_violations(value[name], member, inner)
            elif name in shape.required_members:
                yield f"Value null at '{inner}' {_FAILED}not be null"
        return
    broken = list(_find_broken(value, shape))
    if broken:
        shown = "" if shape.metadata.get("sensitive") else f" '{_format_value(value, shape)}'"
        for constraint in broken:
            yield f"Value{shown} at '{path}' {_FAILED}{constraint}"
    elif isinstance(shape, ListShape):
        for at, item in enumerate(value, 1):
            yield from _find_violations(item, shape.member, f"{path}.{at}.member")


def _find_broken(value: Any, shape: Shape) -> Iterator[str]:
    limits = shape.metadata
    sized = isinstance(value, (str, list))
    size = len(value) if sized else value
    noun = "length" if sized else "value"
    if not isinstance(value, bool):
        if "max" in limits and size > limits["max"]:
            yield f"have {noun} less than or equal to {limits['max']}"
        if "min" in limits and size < limits["min"]:
            yield f"have {noun} greater than or equal to {limits['min']}"
    pattern = limits.get("pattern")
    if pattern and not _compile(pattern).fullmatch(value):
        yield f"satisfy regular expression pattern: {pattern}"
    if limits.get("enum") and value not in limits["enum"]:
        yield f"satisfy enum value set: [{', '.join(limits['enum'])}]"


@lru_cache
def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern.replace(r"\p{ASCII}", r"[\x00-\x7f]"))


def _format_value(value: Any, shape: Shape) -> str:
    """Write a value as the service's own language does."""
    if isinstance(shape, StructureShape):
        members = (f"{key}={_format_value(value[key], shape.members[key])}" for key in value)
        return f"{shape.name}({', '.join(members)})"
    if isinstance(shape, ListShape):
        return f"[{', '.join(_format_value(item, shape.member) for item in value)}]"
    return str(value)
