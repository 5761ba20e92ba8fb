"""Mocked results of Tasks, checked against the model of the API that they represent.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from botocore.exceptions import UnknownServiceError
from botocore.loaders import create_loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

from carnation.emulator.interpreter.api.errors import ApiError, validation_error
from carnation.services.clients import botocore_name
from carnation.services.task_calls import INTEGRATION, read_resource

_TYPES: Mapping[str, tuple[type | tuple[type, ...], str]] = {
    **dict.fromkeys(("string", "character", "blob", "timestamp"), (str, "a string")),
    **dict.fromkeys(("integer", "long", "float", "double"), ((int, float), "a number")),
    "boolean": (bool, "a boolean"),
    "list": (list, "an array"),
    "map": (dict, "an object"),
    "structure": (dict, "an object"),
}
# what an optimized integration gives in another shape than the API's own
_FREE = {("lambda", "Invoke", "Payload")}


def check_mock_result(resource: str, result: Any, *, strict: bool) -> None:
    """Raise `ApiError` for a result that the API cannot give.

    `strict` wants the fields that the model requires; else only the fields that are there count.
    Results of `.sync` and callbacks are no API's answers and are not looked at, nor is what
    botocore has no model of.
    """
    read = read_resource(resource)
    if read.kind != INTEGRATION or read.pattern:
        return
    shape = _find_shape(read.service, read.action)
    if shape is None:
        return
    free = {field for service, action, field in _FREE if read.owner == service}
    _check(result, shape, "", strict, free)


@lru_cache(maxsize=32)
def _find_shape(service: str, action: str) -> Shape | None:
    name = botocore_name(service)
    try:
        model = ServiceModel(create_loader().load_service_model(name, "service-2"))
    except UnknownServiceError:
        return None
    names = {operation.lower(): operation for operation in model.operation_names}
    operation = names.get(action.lower())
    return model.operation_model(operation).output_shape if operation else None


def _check(value: Any, shape: Shape, name: str, strict: bool, free: set[str]) -> None:
    kind, noun = _TYPES[shape.type_name]
    fits = isinstance(value, kind) and (shape.type_name == "boolean" or not isinstance(value, bool))
    if not fits and not getattr(shape, "is_document_type", False):
        raise _invalid(f"Field '{name}' must be {noun}" if name else f"Result must be {noun}")
    if isinstance(shape, StructureShape):
        _check_members(value, shape, strict, free)
    elif isinstance(shape, ListShape):
        for item in value:
            _check(item, shape.member, name, strict, set())
    elif isinstance(shape, MapShape):
        for item in value.values():
            _check(item, shape.value, name, strict, set())
    else:
        _check_limits(value, shape, name)


def _check_members(
    value: Mapping[str, Any], shape: StructureShape, strict: bool, free: set[str]
) -> None:
    members = {_to_states_case(member): member for member in shape.members}
    for key, member in members.items():
        if value.get(key) is None:
            if strict and member in shape.required_members:
                raise _invalid(f"Required field '{key}' is missing")
        elif key not in free:
            _check(value[key], shape.members[member], key, strict, set())


def _to_states_case(name: str) -> str:
    return name[:1].upper() + name[1:]


def _check_limits(value: Any, shape: Shape, name: str) -> None:
    limits = shape.metadata
    size = len(value) if isinstance(value, str) else value
    noun = "length" if isinstance(value, str) else "value"
    if "min" in limits and size < limits["min"]:
        small = "smaller" if noun == "length" else "less"
        raise _invalid(f"Field '{name}' is {small} than the minimum {noun}")
    if "max" in limits and size > limits["max"]:
        raise _invalid(f"Field '{name}' exceeds the maximum {noun}")
    if limits.get("enum") and value not in limits["enum"]:
        raise _invalid(f"Field '{name}' is not an expected value")


def _invalid(detail: str) -> ApiError:
    return validation_error(f"Mock result schema validation error: {detail}")
