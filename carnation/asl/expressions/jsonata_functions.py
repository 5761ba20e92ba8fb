"""The functions that AWS adds to JSONata, and those whose answer depends on time or chance.

Each is made for one evaluation, since it takes its clock and its randomness from the scope. What is
missing, rounded or refused is as it was measured on AWS; numbers are rounded towards zero.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html#jsonata-functions-provided-by-sfn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType

from carnation.asl.expressions.intrinsic_functions import HASHES, hash_text, make_uuid, split_chunks
from carnation.asl.expressions.jsonata_values import LimitError, to_number
from carnation.asl.expressions.scope import Scope
from carnation.document.values import is_number
from carnation.errors import EvaluationError
from carnation.lazy import TYPE_CHECKING, json

if TYPE_CHECKING:
    from typing import Any, NoReturn, TypeAlias

Maker: TypeAlias = "Callable[[Scope, ModuleType], Callable[..., Any]]"
MAX_RANGE = 360_145  # what AWS has memory for


def _make_partition(scope: Scope, dialect: ModuleType) -> Callable[..., Any]:
    def partition(items: Any = None, size: Any = None, *more: Any) -> Any:
        _reject_more(more, "partition", 3)
        if items is None or items == []:
            return None
        if not isinstance(items, list):
            raise EvaluationError(
                'T0412: Argument 1 of function "partition" must be an array of undefined'
            )
        count = len(items) if size is None else _whole(size, "partition", 2)
        if count < 0:
            raise EvaluationError("D3137: Second argument must be zero or greater")
        return split_chunks(list(items), count) if count else None

    return partition


def _make_range(scope: Scope, dialect: ModuleType) -> Callable[..., Any]:
    def make_range(first: Any = None, last: Any = None, step: Any = None, *more: Any) -> Any:
        _reject_more(more, "range", 4)
        start, end = _whole(first, "range", 1), _whole(last, "range", 2)
        stride = 0 if step is None else _whole(step, "range", 3)
        if stride == 0:
            return None
        numbers = range(start, end + (1 if stride > 0 else -1), stride)
        if len(numbers) > MAX_RANGE:
            raise LimitError(dialect.MEMORY)
        # as a sequence: of a single number the number is left, and of none nothing
        return dialect.Utils.create_sequence_from_iter(numbers)

    return make_range


def _make_hash(scope: Scope, dialect: ModuleType) -> Callable[..., Any]:
    def hash_value(data: Any = None, algorithm: Any = None, *more: Any) -> Any:
        _reject_more(more, "hash", 3)
        if not isinstance(data, str):
            _reject("hash", 1)
        if algorithm is None:
            return None
        if not isinstance(algorithm, str):
            _reject("hash", 2)
        if algorithm not in HASHES:
            raise EvaluationError(
                f"D3137: Hash algorithm '{algorithm}' must be one of "
                "SHA-1, SHA-384, SHA-256, SHA-512, MD5"
            )
        return hash_text(data, algorithm)

    return hash_value


def _make_random(scope: Scope, dialect: ModuleType) -> Callable[..., Any]:
    def number(seed: Any = None, *more: Any) -> float:
        _reject_more(more, "random", 2)
        return scope.chance.random() if seed is None else draw_double(_whole(seed, "random", 1))

    return number


def draw_double(seed: int) -> float:
    """Draw the number that Java's `Random(seed).nextDouble()` gives.

    >>> draw_double(42)
    0.7275636800328681
    """
    state = (seed ^ 0x5DEECE66D) & (1 << 48) - 1
    parts = []
    for bits in (26, 27):
        state = (state * 0x5DEECE66D + 0xB) & (1 << 48) - 1
        parts.append(state >> (48 - bits))
    return float((parts[0] << 27) + parts[1]) / (1 << 53)


def _make_uuid(scope: Scope, dialect: ModuleType) -> Callable[..., Any]:
    def uuid(*more: Any) -> str:
        _reject_more(more, "uuid", 1)
        return make_uuid(scope.chance)

    return uuid


def _make_parse(scope: Scope, dialect: ModuleType) -> Callable[..., Any]:
    def parse(text: Any = None, *more: Any) -> Any:
        _reject_more(more, "parse", 2)
        if text is None:
            return None
        if not isinstance(text, str):
            _reject("parse", 1)
        try:
            value = json.loads(
                text,
                object_pairs_hook=_unique_members,
                parse_float=_finite_number,
                parse_constant=_finite_number,
            )
        except ValueError:
            raise EvaluationError("D3137: Invalid JSON") from None
        return dialect.NULL if value is None else value

    return parse


def _unique_members(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) < len(members):
        raise ValueError
    return found


def _finite_number(text: str) -> int | float:
    value = float(text)
    if value - value != 0:  # infinite, or not a number
        raise ValueError
    return to_number(value)


def _make_now(scope: Scope, dialect: ModuleType) -> Callable[..., Any]:
    def now(picture: Any = None, timezone: Any = None, *more: Any) -> Any:
        return dialect.format_moment(int(scope.now() * 1000), picture, timezone)

    return now


def _whole(value: Any, name: str, position: int) -> int:
    if not is_number(value):
        _reject(name, position)
    return int(value)


def _reject_more(more: tuple[Any, ...], name: str, position: int) -> None:
    if more:
        _reject(name, position)


def _reject(name: str, position: int) -> NoReturn:
    raise EvaluationError(
        f'T0410: Argument {position} of function "{name}" does not match function signature'
    )


FUNCTIONS: Mapping[str, Maker] = {
    "partition": _make_partition,
    "range": _make_range,
    "hash": _make_hash,
    "random": _make_random,
    "uuid": _make_uuid,
    "parse": _make_parse,
    "now": _make_now,
    "millis": lambda scope, dialect: lambda *more: int(scope.now() * 1000),
}
