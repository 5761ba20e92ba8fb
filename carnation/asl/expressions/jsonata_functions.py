"""The functions that AWS adds to JSONata, and those whose answer depends on time or chance.

Each is made for one evaluation, since it takes its clock and its randomness from the scope.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html#jsonata-functions-provided-by-sfn.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from carnation.asl.expressions.intrinsic_functions import (
    FunctionError,
    hash_text,
    make_uuid,
    split_chunks,
)
from carnation.asl.expressions.scope import Scope
from carnation.errors import EvaluationError

Maker = Callable[[Scope, ModuleType], Callable[..., Any]]
RANGE_LIMIT = 1_000_000


def _make_partition(scope: Scope, library: ModuleType) -> Callable[..., Any]:
    def partition(items: Any = None, size: Any = None, *more: Any) -> Any:
        if items is None:
            return None
        count = _number(size, "partition", 2)
        if count < 1:
            raise EvaluationError("The second argument of $partition must be a positive number")
        return split_chunks(items if isinstance(items, list) else [items], math.floor(count))

    return partition


def _make_range(scope: Scope, library: ModuleType) -> Callable[..., Any]:
    def numbers(first: Any = None, last: Any = None, step: Any = None, *more: Any) -> Any:
        start, end = _number(first, "range", 1), _number(last, "range", 2)
        stride = _number(step, "range", 3)
        if stride == 0:
            raise EvaluationError("The third argument of $range must not be 0")
        count = max(0, math.floor((end - start) / stride) + 1)
        if count > RANGE_LIMIT:
            raise EvaluationError(f"$range would give more than {RANGE_LIMIT} numbers")
        return [start + stride * at for at in range(count)]

    return numbers


def _make_hash(scope: Scope, library: ModuleType) -> Callable[..., Any]:
    def hash_value(data: Any = None, algorithm: Any = None, *more: Any) -> Any:
        if data is None:
            return None
        if not isinstance(data, str):
            raise _mistyped("hash", 1)
        try:
            return hash_text(data, "SHA-256" if algorithm is None else algorithm)
        except FunctionError as failure:
            raise EvaluationError(str(failure)) from None

    return hash_value


def _make_random(scope: Scope, library: ModuleType) -> Callable[..., Any]:
    def number(seed: Any = None, *more: Any) -> float:
        return scope.chance.random() if seed is None else random.Random(seed).random()  # noqa: S311

    return number


def _make_parse(scope: Scope, library: ModuleType) -> Callable[..., Any]:
    def parse(text: Any = None, *more: Any) -> Any:
        if text is None:
            return None
        if not isinstance(text, str):
            raise _mistyped("parse", 1)
        try:
            value = json.loads(text)
        except ValueError:
            raise EvaluationError(f"$parse was given what is no JSON: {text}") from None
        return library.utils.Utils.NULL_VALUE if value is None else value

    return parse


def _make_now(scope: Scope, library: ModuleType) -> Callable[..., Any]:
    def now(picture: Any = None, timezone: Any = None, *more: Any) -> Any:
        millis = int(scope.now() * 1000)
        return library.functions.Functions.datetime_from_millis(millis, picture, timezone)

    return now


def _number(value: Any, name: str, position: int) -> Any:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise _mistyped(name, position)
    return value


def _mistyped(name: str, position: int) -> EvaluationError:
    return EvaluationError(
        f"T0410: Argument {position} of function {name} does not match function signature"
    )


FUNCTIONS: Mapping[str, Maker] = {
    "partition": _make_partition,
    "range": _make_range,
    "hash": _make_hash,
    "random": _make_random,
    "uuid": lambda scope, library: lambda *more: make_uuid(scope.chance),
    "parse": _make_parse,
    "now": _make_now,
    "millis": lambda scope, library: lambda *more: int(scope.now() * 1000),
}
