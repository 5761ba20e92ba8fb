"""Fields that are numbers: written out, behind a path, or out of JSONata; and what no number is."""

from __future__ import annotations

import re
from collections.abc import Mapping

from carnation.document.values import Json
from carnation.engine.data_flow import blame
from carnation.engine.failures import RUNTIME, StateError
from carnation.engine.fibers import Fiber
from carnation.engine.payloads import Compiled, compile_jsonata, compile_path, is_jsonata, to_text

_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?", re.ASCII)


def compile_number(
    body: Mapping[str, Json], field: str, language: str, default: Json = None
) -> Compiled | None:
    """Compile a field that is a number, a JSONata expression, or `<field>Path`; None if absent."""
    if f"{field}Path" in body:
        find = compile_path(body[f"{field}Path"])
        return lambda scope: _as_number(find(scope))
    value = body.get(field, default)
    if value is None:
        return None
    if language == "JSONata" and is_jsonata(value):
        return compile_jsonata(value, field, "number")
    return lambda scope: value


def _as_number(value: Json) -> Json:
    """Take a text that is a number for one, as AWS does behind a path.

    >>> _as_number("-2"), _as_number("1.5"), _as_number("1_000"), _as_number("inf")
    (-2, 1.5, '1_000', 'inf')
    """
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return float(value) if set(value) & set(".eE") else int(value)
    return value


def is_whole(value: Json) -> bool:
    """Return whether a value is an integer.

    >>> is_whole(2), is_whole(2.0), is_whole(True), is_whole(float("inf"))
    (True, True, False, False)
    """
    whole = isinstance(value, float) and value.is_integer()
    return whole or (isinstance(value, int) and not isinstance(value, bool))


def check_number(
    fiber: Fiber, body: Mapping[str, Json], name: str, given: Json, *, least: int = 0
) -> int:
    """Return the whole number that a field gave, or fail in AWS's words."""
    if not is_whole(given):
        raise fail_number(fiber, body, name, given, "integer")
    if given < least:
        cause = f"{name} must be positive." if least else f"{name} cannot be negative."
        raise blame(fiber, StateError(RUNTIME, cause))
    return int(given)


def fail_number(
    fiber: Fiber, body: Mapping[str, Json], name: str, given: Json, wanted: str
) -> StateError:
    """Make the failure of a field that refers to what is no number of the kind."""
    text = given if isinstance(given, str) else to_text(given)
    path = f"{name}Path"
    cause = (
        f'The {path} field refers to value "{text}" which is not a valid {wanted}: '
        f"{body.get(path, body.get(name))}"
    )
    return blame(fiber, StateError(RUNTIME, cause))
