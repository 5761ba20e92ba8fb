"""Schemas: the shape of a document, declared as a JSON schema or as Python's own types.

A workflow declares what its input, its output and the results of its states look like. The
checks read JSON Schema (https://json-schema.org/draft/2020-12), however it was declared.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any

from carnation.errors import WorkflowError, suggest_name

_NAMES = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}
_TYPES = (*_NAMES.values(), "object", "array")
_UNIONS = (typing.Union, getattr(types, "UnionType", typing.Union))
_SUPPORTED = "str, int, float, bool, None, list, dict, Optional, Union, Literal, Any"


def make_schema(declared: object, owner: str = "the schema") -> dict[str, Any]:
    """Make the JSON schema of what was declared; `owner` names it in errors.

    `declared` is a JSON schema (a mapping), which is copied, a TypedDict, a dataclass, or any of
    the types that these may hold: str, int, float, bool, None, list, dict with names as keys,
    Optional, Union, Literal, Any, NotRequired, nested as you like. Members without a default are
    required; others that the type does not name may be beside them. Raises `WorkflowError` for what
    no document can hold.

    >>> make_schema(dict[str, list[int]])
    {'type': 'object', 'additionalProperties': {'type': 'array', 'items': {'type': 'integer'}}}
    """
    if isinstance(declared, Mapping):
        return _copy_schema(declared, owner)
    return _translate(declared, owner, ())


def _translate(hint: Any, where: str, outer: tuple[Any, ...]) -> dict[str, Any]:
    hint = type(None) if hint is None else hint
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint in (Any, object):
        return {}
    if hint in _NAMES:
        return {"type": _NAMES[hint]}
    if origin is typing.Annotated:
        return _translate(arguments[0], where, outer)
    if origin in _UNIONS:
        return _join([_translate(argument, where, outer) for argument in arguments])
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    if list in (hint, origin):
        return {"type": "array", **_translate_inner("items", arguments, f"{where}[]", outer)}
    if dict in (hint, origin) and arguments[:1] in ((), (str,)):
        inner = _translate_inner("additionalProperties", arguments[1:], f"{where}.*", outer)
        return {"type": "object", **inner}
    if typing.is_typeddict(hint) or (isinstance(hint, type) and dataclasses.is_dataclass(hint)):
        return _translate_members(hint, where, outer)
    raise WorkflowError(
        f"{where} is declared as {getattr(hint, '__name__', hint)!r}, which is not JSON "
        f"serializable. Declare a JSON schema, a TypedDict, or a dataclass with {_SUPPORTED}."
    )


def _translate_inner(
    name: str, arguments: tuple[Any, ...], where: str, outer: tuple[Any, ...]
) -> dict[str, Any]:
    inner = _translate(arguments[0], where, outer) if arguments else {}
    return {name: inner} if inner else {}


def _join(schemas: list[dict[str, Any]]) -> dict[str, Any]:
    """Join alternatives: bare types into one list of names, others into `anyOf`."""
    if {} in schemas:
        return {}
    if all(schema.keys() == {"type"} for schema in schemas):
        return {"type": [schema["type"] for schema in schemas]}
    return {"anyOf": schemas}


def _translate_members(hint: Any, where: str, outer: tuple[Any, ...]) -> dict[str, Any]:
    if hint in outer:
        raise WorkflowError(
            f"{where} is declared as {hint.__name__}, which holds itself. "
            "Declare it as a JSON schema, with $defs and $ref."
        )
    try:
        hints = typing.get_type_hints(hint, include_extras=True)
    except NameError as error:
        raise WorkflowError(
            f"{where} is declared as {hint.__name__}, and {error}. Import it where "
            f"{hint.__name__} is written, at the level of the module."
        ) from None
    required = set(_list_required(hint))
    properties: dict[str, Any] = {}
    for name, member in hints.items():
        marker = str(getattr(member, "__origin__", "")).rpartition(".")[2]
        if marker in ("Required", "NotRequired"):
            (required.add if marker == "Required" else required.discard)(name)
            member = member.__args__[0]
        properties[name] = _translate(member, f"{where}.{name}", (*outer, hint))
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    wanted = [name for name in properties if name in required]
    return {**schema, "required": wanted} if wanted else schema


def _list_required(hint: Any) -> Iterator[str]:
    if typing.is_typeddict(hint):
        yield from hint.__required_keys__
        return
    for field in dataclasses.fields(hint):
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            yield field.name


def _copy_schema(schema: Any, where: str) -> dict[str, Any]:
    """Copy a JSON schema; raise `WorkflowError` for what is not JSON or names no type."""
    named = schema.get("type")
    for name in named if isinstance(named, (list, tuple)) else () if named is None else (named,):
        if name not in _TYPES:
            hint = suggest_name(str(name), _TYPES) or f" Expected one of {', '.join(_TYPES)}."
            raise WorkflowError(f"{where}: unknown type {name!r}.{hint}")
    copy: dict[str, Any] = _copy(schema, where)
    return copy


def _copy(value: Any, where: str) -> Any:
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: _copy(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_copy(item, f"{where}[{index}]") for index, item in enumerate(value)]
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    raise WorkflowError(
        f"{where} holds {value!r}, which is not JSON serializable. A JSON schema consists of "
        f"mappings, lists, strings, numbers, True, False, and None."
    )
