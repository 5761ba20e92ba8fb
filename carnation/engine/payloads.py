"""Payloads: the values of Parameters, Arguments, Assign, Output … with the expressions in them.

A payload is compiled once into a closure of a `Scope`; what holds no expression is a constant.
Failures carry AWS's texts, without the sentence about the state, which the caller adds.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from carnation.asl.expressions import (
    NoMatchError,
    Scope,
    parse_intrinsic,
    parse_jsonata,
    parse_path,
    parse_reference_path,
)
from carnation.asl.expressions.jsonata_values import UNDEFINED, OutcomeError
from carnation.document.values import Json
from carnation.engine.failures import QUERY, RUNTIME, StateError
from carnation.errors import EvaluationError, ExpressionError

Compiled = Callable[[Scope], Json]
INTRINSIC = "States.IntrinsicFailure"


class QueryError(StateError):
    """A JSONata expression failed; `location` is the field it is in."""

    def __init__(self, cause: str, location: str) -> None:
        """Describe what failed where."""
        super().__init__(QUERY, cause)
        self.location = location


_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def to_text(value: Json) -> str:
    """Write a value as compact JSON."""
    return _encode(value)


def is_jsonata(value: Json) -> bool:
    """Return whether a value is a `{% … %}` string."""
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}")


def compile_payload(value: Json, language: str, field: str) -> Compiled:
    """Compile a payload in a query language; `field` names it in errors."""
    if language == "JSONata":
        found = _compile_jsonata_value(value, field)
    else:
        found = _compile_template(value)
    return found if found is not None else _constant(value)


def _constant(value: Json) -> Compiled:
    return lambda scope: value


def _compile_template(value: Json) -> Compiled | None:
    """Compile a JSONPath payload; None where it holds no expression."""
    if isinstance(value, dict):
        parts = [_compile_member(key, item) for key, item in value.items()]
        if any(part is not None for _, part, _ in parts):
            return _object([(key, part or _constant(item)) for key, part, item in parts])
    elif isinstance(value, list):
        items = [_compile_template(item) for item in value]
        if any(item is not None for item in items):
            return _array(
                [part or _constant(item) for part, item in zip(items, value, strict=True)]
            )
    return None


def _compile_member(key: str, item: Json) -> tuple[str, Compiled | None, Json]:
    if key.endswith(".$") and isinstance(item, str):
        return key[:-2], compile_query(item, key), item
    return key, _compile_template(item), item


def _object(members: list[tuple[str, Compiled]]) -> Compiled:
    return lambda scope: {key: part(scope) for key, part in members}


def _array(items: list[Compiled]) -> Compiled:
    return lambda scope: [part(scope) for part in items]


def compile_query(text: str, field: str) -> Compiled:
    """Compile a path or an intrinsic function that is behind a `.$`."""
    if text.startswith("States."):
        return _compile_intrinsic(text)
    path = parse_path(text)

    def find(scope: Scope) -> Json:
        try:
            return path.evaluate(scope)
        except EvaluationError:
            raise StateError(
                RUNTIME,
                f"The JSONPath '{text}' specified for the field '{field}' could not be found "
                f"in the input '{to_text(scope.document)}'",
            ) from None

    return find


def _compile_intrinsic(text: str) -> Compiled:
    call = parse_intrinsic(text)

    def compute(scope: Scope) -> Json:
        try:
            return call.evaluate(scope)
        except NoMatchError as missing:
            raise StateError(
                RUNTIME,
                f"The JsonPath argument for the field '{missing}' could not be found "
                f"in the input '{to_text(scope.document)}'",
            ) from None
        except EvaluationError as error:
            raise StateError(INTRINSIC, str(error)) from None

    return compute


def compile_path(text: str) -> Compiled:
    """Compile InputPath, OutputPath and the fields that end in Path."""
    path = parse_path(text)

    def find(scope: Scope) -> Json:
        try:
            return path.evaluate(scope)
        except EvaluationError as error:
            raise StateError(RUNTIME, f"Invalid path '{text}' : {error}") from None

    return find


def compile_put(text: str) -> Callable[[Json, Json], Json]:
    """Compile a ResultPath."""
    path = parse_reference_path(text)

    def put(document: Json, value: Json) -> Json:
        try:
            return path.put(document, value)
        except EvaluationError as error:
            raise StateError("States.ResultPathMatchFailure", str(error)) from None

    return put


def _compile_jsonata_value(value: Json, field: str) -> Compiled | None:
    if is_jsonata(value):
        return compile_jsonata(value, field)
    if isinstance(value, dict):
        parts = [
            (key, _compile_jsonata_value(item, f"{field}/{key}"), item)
            for key, item in value.items()
        ]
        if any(part is not None for _, part, _ in parts):
            return _object([(key, part or _constant(item)) for key, part, item in parts])
    elif isinstance(value, list):
        items = [_compile_jsonata_value(item, f"{field}[{at}]") for at, item in enumerate(value)]
        if any(item is not None for item in items):
            return _array(
                [part or _constant(item) for part, item in zip(items, value, strict=True)]
            )
    return None


_TYPES: dict[type, str] = {
    bool: "boolean",
    int: "number",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
    type(None): "null",
}


def type_name(value: Json) -> str:
    """Name a value's JSON type."""
    return _TYPES[type(value)]


def compile_jsonata(value: str, field: str, wanted: str = "", also: str = "") -> Compiled:
    """Compile a `{% … %}` string; `wanted` is the JSON type it has to give, or `also` another."""
    text = value[2:-2].strip()
    expression = parse_jsonata(text).prepare()
    said = f"The JSONata expression '{text}' specified for the field '{field}'"

    def evaluate(scope: Scope) -> Json:
        try:
            result = expression.evaluate(scope)
        except OutcomeError as error:
            raise QueryError(f"{said} {error}", field) from None
        except ExpressionError as error:
            raise QueryError(f"{said} threw an error during evaluation. {error}", field) from None
        if result is UNDEFINED:
            raise QueryError(f"{said} returned nothing (undefined).", field)
        if wanted and type_name(result) not in (wanted, also):
            raise QueryError(
                f"{said} returned an unexpected result type. Expected '{wanted}', "
                f"but was '{type_name(result)}' for value: {to_text(result)}",
                field,
            )
        return result

    return evaluate
