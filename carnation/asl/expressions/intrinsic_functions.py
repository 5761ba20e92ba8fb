"""The eighteen intrinsic functions themselves, each on plain values.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping

from carnation.asl.expressions.filters import same
from carnation.lazy import TYPE_CHECKING, compile_lazily, json
from carnation.records import NamedTuple

# what computing needs is loaded when it computes: a caller that only parses pays nothing
if TYPE_CHECKING:
    import random
    from typing import Any

    from carnation.asl.expressions.scope import Scope

TEXT_LIMIT = 10_000  # of Base64 and hash functions, in characters
RANGE_LIMIT = 1_000
HASHES = {
    "MD5": "md5",
    "SHA-1": "sha1",
    "SHA-256": "sha256",
    "SHA-384": "sha384",
    "SHA-512": "sha512",
}


class FunctionError(Exception):
    """Why a function cannot be computed; the caller adds which one."""


class Function(NamedTuple):
    """A function, and how many arguments it takes."""

    compute: Callable[..., Any]
    low: int
    high: int | None


def make_uuid(chance: random.Random) -> str:
    """Make a version 4 UUID out of a given source of randomness."""
    digits = f"{chance.getrandbits(128):032x}"
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def hash_text(data: object, algorithm: object) -> str:
    """Hash a value: text as it is, anything else as compact JSON."""
    if not isinstance(algorithm, str) or algorithm not in HASHES:
        raise FunctionError(f"Invalid algorithm '{algorithm}'. Supported: {', '.join(HASHES)}")
    text = data if isinstance(data, str) else to_json(data)
    import hashlib

    content = text.encode("utf-8", "replace")  # half a pair becomes `?`
    return hashlib.new(HASHES[algorithm], content, usedforsecurity=False).hexdigest()


def to_json(value: object) -> str:
    """Write a value as compact JSON, as AWS does."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def split_chunks(items: list[Any], size: int) -> list[list[Any]]:
    """Cut a list into chunks of a size; the last may be shorter."""
    return [items[at : at + size] for at in range(0, len(items), size)]


def _array(value: Any, position: str = "1st") -> list[Any]:
    if not isinstance(value, list):
        raise FunctionError(f"The {position} argument must be an array")
    return value


def _text(value: Any, position: str = "1st") -> str:
    if not isinstance(value, str):
        raise FunctionError(f"The {position} argument must be a string")
    return value


def _whole(value: Any, position: str) -> int:
    """Round as Java does: halves go up."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not math.isfinite(value):
        raise FunctionError(f"The {position} argument must be a number")
    return math.floor(value + 0.5) if isinstance(value, float) else value


def _partition(scope: Scope, items: Any, size: Any) -> list[Any]:
    count = _whole(size, "2nd")
    if count < 1:
        raise FunctionError("The chunk size must be a positive number")
    return split_chunks(_array(items), count)


def _range(scope: Scope, first: Any, last: Any, step: Any) -> list[int]:
    start, end, stride = _whole(first, "1st"), _whole(last, "2nd"), _whole(step, "3rd")
    if stride == 0:
        raise FunctionError("The step must not be 0")
    numbers = range(start, end + (1 if stride > 0 else -1), stride)
    if numbers[RANGE_LIMIT:]:  # whose length may be beyond what Python counts
        raise FunctionError(f"The array contains more than {RANGE_LIMIT} items")
    return list(numbers)


def _item(scope: Scope, items: Any, index: Any) -> Any:
    at = _whole(index, "2nd")
    if not 0 <= at < len(_array(items)):
        raise FunctionError(f"Index {at} is out of bounds for an array of {len(items)} items")
    return items[at]


def _unique(scope: Scope, items: Any) -> list[Any]:
    found: dict[str, Any] = {}
    for item in _array(items):
        found.setdefault(json.dumps(item, sort_keys=True), item)
    return list(found.values())


def _encode(scope: Scope, text: Any) -> str:
    if len(_text(text)) > TEXT_LIMIT:
        raise FunctionError(f"The input is longer than {TEXT_LIMIT} characters")
    import base64

    return base64.b64encode(text.encode("utf-8", "replace")).decode()


def _decode(scope: Scope, text: Any) -> str:
    if len(_text(text)) > TEXT_LIMIT:
        raise FunctionError(f"The input is longer than {TEXT_LIMIT} characters")
    import base64

    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:
        raise FunctionError("The input is not in valid Base64") from None


def _hash(scope: Scope, data: Any, algorithm: Any) -> str:
    if isinstance(data, str) and len(data) > TEXT_LIMIT:
        raise FunctionError(f"The input is longer than {TEXT_LIMIT} characters")
    return hash_text(data, algorithm)


def _merge(scope: Scope, left: Any, right: Any, deep: Any) -> dict[str, Any]:
    if deep is not False:
        raise FunctionError("Deep merging is not supported: the 3rd argument must be false")
    if not isinstance(left, dict) or not isinstance(right, dict):
        raise FunctionError("The first two arguments must be JSON objects")
    return {**left, **right}


def _parse(scope: Scope, text: Any) -> Any:
    try:
        return json.loads(text) if _text(text).strip() else None
    except ValueError:
        raise FunctionError(f"Invalid JSON: {text}") from None


def _random(scope: Scope, low: Any, high: Any, seed: Any = None) -> int:
    start, end = _whole(low, "1st"), _whole(high, "2nd")
    if start >= end:
        raise FunctionError("The start number must be less than the end number")
    import random

    chance = scope.chance if seed is None else random.Random(_whole(seed, "3rd"))  # noqa: S311
    return chance.randrange(start, end)


def _split(scope: Scope, text: Any, separators: Any) -> list[str]:
    # each character of the second argument separates, and nothing empty is kept
    if not _text(separators, "2nd"):
        return [_text(text)]
    parts = re.split("[" + re.escape(separators) + "]", _text(text))
    return [part for part in parts if part]


_PLACE = compile_lazily(r"\\(.)|(\{\})|([{}])", re.DOTALL)


def _format(scope: Scope, template: Any, *values: Any) -> str:
    waiting = list(values)

    def fill(found: re.Match[str]) -> str:
        if found[1]:
            return found[1] if found[1] in "'{}\\" else found[0]
        if found[3]:
            raise FunctionError(f"A '{found[3]}' in the template is not escaped")
        if not waiting:
            raise FunctionError("number of arguments do not match the occurrences of {}")
        return _shown(waiting.pop(0))

    text = _PLACE.sub(fill, _text(template))
    if waiting:
        raise FunctionError("number of arguments do not match the occurrences of {}")
    return text


def _shown(value: Any) -> str:
    """Write a value as Java's `toString` does: that is what AWS formats with."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}={_shown(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_shown(item) for item in value) + "]"
    return json.dumps(value)


FUNCTIONS: Mapping[str, Function] = {
    "States.Format": Function(_format, 1, None),
    "States.StringToJson": Function(_parse, 1, 1),
    "States.JsonToString": Function(lambda scope, value: to_json(value), 1, 1),
    "States.Array": Function(lambda scope, *values: list(values), 0, None),
    "States.ArrayPartition": Function(_partition, 2, 2),
    "States.ArrayContains": Function(
        lambda scope, items, item: any(same(item, each) for each in _array(items)), 2, 2
    ),
    "States.ArrayRange": Function(_range, 3, 3),
    "States.ArrayGetItem": Function(_item, 2, 2),
    "States.ArrayLength": Function(lambda scope, items: len(_array(items)), 1, 1),
    "States.ArrayUnique": Function(_unique, 1, 1),
    "States.Base64Encode": Function(_encode, 1, 1),
    "States.Base64Decode": Function(_decode, 1, 1),
    "States.Hash": Function(_hash, 2, 2),
    "States.JsonMerge": Function(_merge, 3, 3),
    "States.MathRandom": Function(_random, 2, 3),
    "States.MathAdd": Function(
        lambda scope, left, right: _whole(left, "1st") + _whole(right, "2nd"), 2, 2
    ),
    "States.StringSplit": Function(_split, 2, 2),
    "States.UUID": Function(lambda scope: make_uuid(scope.chance), 0, 0),
}
