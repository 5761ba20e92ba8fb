"""Properties of a template turned into requests of an API, by the API's own description.

CloudFormation's properties have the names of the API's members, nearly: the case of the first
letter differs, numbers come as text, documents as mappings, and tags in five forms.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from carnation.cloudformation.parameters import as_text
from carnation.emulator.cloudformation.kind import ResourceError
from carnation.errors import suggest_name

_NUMBERS: dict[str, Callable[[Any], Any]] = {
    "integer": lambda value: int(float(value)),
    "long": lambda value: int(float(value)),
    "float": float,
    "double": float,
}


def as_boolean(value: Any) -> bool:
    """Turn a parameter's text back into the boolean it means.

    >>> as_boolean("true"), as_boolean("false"), as_boolean(None)
    (True, False, False)
    """
    return str(value).lower() == "true"


def as_document(value: Any) -> str:
    """Write a document as JSON, unless it is text already."""
    return value if isinstance(value, str) else json.dumps(value)


def as_plain_text(value: Any) -> str:
    """Write a value as text: a document as JSON, a scalar as CloudFormation does."""
    return as_document(value) if isinstance(value, (Mapping, list)) else as_text(value)


def as_tags(value: Any) -> dict[str, str]:
    """Read tags, a list of keys and values or a mapping, as a mapping."""
    if isinstance(value, Mapping):
        return {str(key): as_text(item) for key, item in value.items()}
    return {str(row["Key"]): as_text(row["Value"]) for row in value or ()}


def as_tag_rows(tags: Any) -> list[dict[str, str]]:
    """Read tags as a list of keys and values."""
    return [{"Key": key, "Value": value} for key, value in as_tags(tags).items()]


def change_tags(
    wanted: Mapping[str, Any],
    had: Mapping[str, Any],
    untag: Callable[[list[str]], object],
    tag: Callable[[dict[str, str]], object],
) -> None:
    """Let `untag` remove the keys that are not wanted any more, and `tag` set what is wanted."""
    tags, before = as_tags(wanted.get("Tags")), as_tags(had.get("Tags"))
    gone = [key for key in before if key not in tags]
    if gone:
        untag(gone)
    if tags and tags != before:
        tag(tags)


def make_request(
    client: Any, action: str, values: Mapping[str, Any], **more: Any
) -> dict[str, Any]:
    """Make the request of an action; raises `ResourceError` for what the action does not take.

    `more` is taken as it is. A value of None is left out.
    """
    shape = client.meta.service_model.operation_model(_operation(client, action)).input_shape
    given = {name: value for name, value in values.items() if value is not None}
    return {**_convert(given, shape, ""), **{k: v for k, v in more.items() if v is not None}}


def call(client: Any, action: str, values: Mapping[str, Any], **more: Any) -> Any:
    """Make a call with properties as its request."""
    return getattr(client, action)(**make_request(client, action, values, **more))


def _operation(client: Any, action: str) -> str:
    return str(client.meta.method_to_api_mapping[action])


def _convert(value: Any, shape: Shape | None, where: str) -> Any:
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        return _convert_structure(value, shape, where)
    if isinstance(shape, ListShape):
        return _convert_list(value, shape, where)
    if isinstance(shape, MapShape):
        if isinstance(value, list):
            return as_tags(value)
        if isinstance(value, Mapping):
            return {
                key: _convert(item, shape.value, f"{where}.{key}") for key, item in value.items()
            }
    return _convert_scalar(value, shape, where)


def _convert_structure(value: Mapping[str, Any], shape: StructureShape, where: str) -> Any:
    members = {name.lower(): name for name in shape.members}
    made = {}
    for key, item in value.items():
        name = members.get(key.lower())
        if name is None:
            path = f"{where}.{key}".lstrip(".")
            known = suggest_name(key, [name[:1].upper() + name[1:] for name in shape.members])
            raise ResourceError(f"Encountered unsupported property {path}.{known}")
        made[name] = _convert(item, shape.members[name], f"{where}.{key}")
    return made


def _convert_list(value: Any, shape: ListShape, where: str) -> Any:
    items = value if isinstance(value, list) else [value]
    member = shape.member
    if isinstance(value, Mapping) and isinstance(member, StructureShape):
        items = [{"Key": key, "Value": item} for key, item in value.items()]
    if isinstance(member, StructureShape) and "TagKey" in member.members:
        return [{"TagKey": row["Key"], "TagValue": as_text(row["Value"])} for row in items]
    return [_convert(item, member, f"{where}.{index}") for index, item in enumerate(items)]


def _convert_scalar(value: Any, shape: Shape | None, where: str) -> Any:
    kind = shape.type_name if shape is not None else ""
    if kind == "boolean":
        return as_boolean(value)
    if kind in _NUMBERS:
        try:
            return _NUMBERS[kind](value)
        except (TypeError, ValueError):
            raise ResourceError(f"{where.lstrip('.')}: expected a number, got {value!r}") from None
    if kind == "blob":
        return value if isinstance(value, bytes) else as_document(value).encode()
    if kind == "string":
        return as_plain_text(value)
    if kind == "timestamp":
        return value if isinstance(value, datetime) else as_text(value)
    return value


def pick(properties: Mapping[str, Any], *names: str, **renamed: str) -> dict[str, Any]:
    """Take properties by name, those of `renamed` under the API's name, where they are given.

    >>> pick({"A": 1, "B": 2}, "A", B="b", C="c")
    {'A': 1, 'b': 2}
    """
    found = {name: properties[name] for name in names if name in properties}
    return found | {api: properties[own] for own, api in renamed.items() if own in properties}


def without(properties: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Take all properties but these."""
    return {name: value for name, value in properties.items() if name not in names}


def read_answer(answer: Mapping[str, Any], names: Mapping[str, Any]) -> dict[str, Any]:
    """Read, out of an answer, the properties that are named, in the case of their names."""
    lowered = {key.lower(): value for key, value in answer.items()}
    return {
        name: _like(lowered[name.lower()], wanted)
        for name, wanted in names.items()
        if name.lower() in lowered
    }


def _like(found: Any, wanted: Any) -> Any:
    """Write a value of an answer as a template would: keys in its case, documents as mappings."""
    if isinstance(wanted, Mapping):
        if isinstance(found, str):
            try:
                return json.loads(found)
            except ValueError:
                return found
        return read_answer(found, wanted) if isinstance(found, Mapping) else found
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        return [_like(item, like) for item, like in zip(found, wanted, strict=True)]
    return found
