"""What is surely wrong with the arguments of an intrinsic function, before anything runs.

Literals and the results of inner calls have types that are known; so has the number of places in a
template, and the name of a hash algorithm.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
"""

from __future__ import annotations

from collections.abc import Iterator

from carnation.asl.expressions.intrinsic_functions import HASHES
from carnation.asl.expressions.intrinsic_functions import RANGE_LIMIT as _RANGE_LIMIT
from carnation.asl.expressions.intrinsics import Intrinsic, Literal
from carnation.lazy import TYPE_CHECKING, compile_lazily

if TYPE_CHECKING:
    from typing import Any

_TEXT, _NUMBER, _ARRAY, _OBJECT, _FLAG, _ANY = "text", "number", "array", "object", "boolean", ""
_WORDS = {_TEXT: "a string", _NUMBER: "a number", _ARRAY: "an array", _OBJECT: "an object",
          _FLAG: "a boolean"}  # fmt: skip
_TAKES = {
    "States.StringToJson": (_TEXT,),
    "States.ArrayPartition": (_ARRAY, _NUMBER),
    "States.ArrayContains": (_ARRAY, _ANY),
    "States.ArrayRange": (_NUMBER, _NUMBER, _NUMBER),
    "States.ArrayGetItem": (_ARRAY, _NUMBER),
    "States.ArrayLength": (_ARRAY,),
    "States.ArrayUnique": (_ARRAY,),
    "States.Base64Encode": (_TEXT,),
    "States.Base64Decode": (_TEXT,),
    "States.JsonMerge": (_OBJECT, _OBJECT, _FLAG),
    "States.MathRandom": (_NUMBER, _NUMBER, _NUMBER),
    "States.MathAdd": (_NUMBER, _NUMBER),
    "States.StringSplit": (_TEXT, _TEXT),
}
_GIVES = {
    "States.Format": _TEXT, "States.JsonToString": _TEXT, "States.Array": _ARRAY,
    "States.ArrayPartition": _ARRAY, "States.ArrayContains": _FLAG, "States.ArrayRange": _ARRAY,
    "States.ArrayLength": _NUMBER, "States.ArrayUnique": _ARRAY, "States.Base64Encode": _TEXT,
    "States.Base64Decode": _TEXT, "States.Hash": _TEXT, "States.JsonMerge": _OBJECT,
    "States.MathRandom": _NUMBER, "States.MathAdd": _NUMBER, "States.StringSplit": _ARRAY,
    "States.UUID": _TEXT,
}  # fmt: skip
_PLACES = compile_lazily(r"(?s)\\.|(\{\})|([{}])")


def find_wrong_arguments(call: Intrinsic) -> Iterator[str]:
    """Describe what is wrong with the arguments of a call, and of those inside it.

    >>> from carnation.asl.expressions import parse_intrinsic
    >>> [*find_wrong_arguments(parse_intrinsic("States.Format('{} {}', $.a)"))]
    ["'States.Format' has 2 places '{}' in its template, and 1 value for them"]
    """
    for one in call.calls():
        for position, wanted in enumerate(_TAKES.get(one.name, ())[: len(one.arguments)]):
            given = _type_of(one.arguments[position])
            if wanted and given and given != wanted:
                yield f"'{one.name}' expects {_WORDS[wanted]} as argument {position + 1}"
        yield from _CHECKS.get(one.name, _check_nothing)(one)


def _type_of(argument: Any) -> str:
    """Return the type of an argument, '' where it is not known; null is of no type."""
    if isinstance(argument, Intrinsic):
        return _GIVES.get(argument.name, _ANY)
    if not isinstance(argument, Literal):
        return _ANY
    if isinstance(argument.value, bool):
        return _FLAG
    if argument.value is None:
        return "null"
    return _TEXT if isinstance(argument.value, str) else _NUMBER


def _literal(call: Intrinsic, position: int) -> Any:
    argument = call.arguments[position]
    return argument.value if isinstance(argument, Literal) else None


def _check_nothing(call: Intrinsic) -> Iterator[str]:
    return iter(())


def _check_format(call: Intrinsic) -> Iterator[str]:
    template = call.arguments[0]
    if isinstance(template, Intrinsic) and _type_of(template) not in (_TEXT, _ANY):
        yield "'States.Format' expects a string as its template"
    if not isinstance(template, Literal):
        return
    if not isinstance(template.value, str):
        yield "'States.Format' expects a string as its template"
        return
    found = [*_PLACES.finditer(template.raw)]
    places, values = sum(one[1] is not None for one in found), len(call.arguments) - 1
    stray = next((one[2] for one in found if one[2]), "")
    if stray:
        yield f"'States.Format' has a '{stray}' in its template that is not escaped"
    elif places != values:
        holes = f"{places} place{'' if places == 1 else 's'} '{{}}'"
        counted = f"{values} value{'' if values == 1 else 's'}"
        yield f"'States.Format' has {holes} in its template, and {counted} for them"


def _check_hash(call: Intrinsic) -> Iterator[str]:
    algorithm = call.arguments[1]
    if isinstance(algorithm, Literal) and algorithm.value not in HASHES:
        yield f"'States.Hash' does not know {algorithm.raw!r}; it knows {', '.join(HASHES)}"


def _check_partition(call: Intrinsic) -> Iterator[str]:
    size = _literal(call, 1)
    if isinstance(size, (int, float)) and size < 1:
        yield "'States.ArrayPartition' expects a size of at least 1"


def _check_range(call: Intrinsic) -> Iterator[str]:
    first, last, step = (_literal(call, position) for position in range(3))
    if step == 0 and step is not False:
        yield "'States.ArrayRange' expects a step other than 0"
    elif (
        all(type(one) is int for one in (first, last, step))
        and (last - first) // step >= _RANGE_LIMIT
    ):
        yield f"'States.ArrayRange' returns at most {_RANGE_LIMIT:,} items"


def _check_item(call: Intrinsic) -> Iterator[str]:
    index = _literal(call, 1)
    if isinstance(index, (int, float)) and index < 0:
        yield "'States.ArrayGetItem' expects an index of at least 0"


def _check_merge(call: Intrinsic) -> Iterator[str]:
    if _literal(call, 2) is True:
        yield "'States.JsonMerge' merges shallowly only: argument 3 is false"


def _check_json(call: Intrinsic) -> Iterator[str]:
    import json  # only a literal needs it

    text = _literal(call, 0)
    if isinstance(text, str) and text.strip():
        try:
            json.loads(text)
        except ValueError:
            yield "'States.StringToJson' requires valid JSON"


_CHECKS = {
    "States.Format": _check_format,
    "States.Hash": _check_hash,
    "States.ArrayPartition": _check_partition,
    "States.ArrayRange": _check_range,
    "States.ArrayGetItem": _check_item,
    "States.JsonMerge": _check_merge,
    "States.StringToJson": _check_json,
}
