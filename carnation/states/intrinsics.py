"""The 18 intrinsic functions of JSONPath as typed calls that compose.

Each takes plain values, paths and other calls, and returns an expression. Lists and mappings as
arguments are written as calls as well. Source:
https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
"""

from __future__ import annotations

from typing import Any, Literal, Protocol

from carnation.errors import DefinitionError
from carnation.states.arguments import find_line
from carnation.states.context import Expression
from carnation.states.values import render_argument


class Dynamic(Protocol):
    """An expression: one of ours, or a placeholder of the SDK."""

    def to_jsonpath(self) -> str:
        """Return the expression as ASL writes it."""


Text = str | Dynamic
Number = int | Dynamic
List = list[Any] | tuple[Any, ...] | Dynamic
Hash = Literal["MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512"]


def _call(name: str, *arguments: Any) -> Expression:
    written = [render_argument(argument, f"States.{name}") for argument in arguments]
    return Expression(f"States.{name}({', '.join(written)})")


def _reject(name: str, problem: str) -> None:
    raise DefinitionError(f"the call of States.{name} ({find_line()}) {problem}")


def array(*items: Any) -> Expression:
    """Make a list of its arguments.

    >>> array(1, "two", Expression("$.three"))
    Expression("States.Array(1, 'two', $.three)")
    """
    return _call("Array", *items)


def array_partition(items: List, size: Number) -> Expression:
    """Cut a list into lists of at most `size` items."""
    if isinstance(size, int) and size < 1:
        _reject("ArrayPartition", f"has the size {size}; expected an integer >= 1.")
    return _call("ArrayPartition", items, size)


def array_contains(items: List, value: Any) -> Expression:
    """Return whether a list holds a value."""
    return _call("ArrayContains", items, value)


def array_range(first: Number, last: Number, step: Number) -> Expression:
    """List numbers from `first` to `last`, both included; at most 1,000."""
    if step == 0:
        _reject("ArrayRange", "has the step 0. Use another step.")
    return _call("ArrayRange", first, last, step)


def array_get_item(items: List, index: Number) -> Expression:
    """Take the item of this number; the first is 0.

    >>> array_get_item(array_unique(Expression("$.tags")), 0)
    Expression('States.ArrayGetItem(States.ArrayUnique($.tags), 0)')
    """
    return _call("ArrayGetItem", items, index)


def array_length(items: List) -> Expression:
    """Count the items of a list."""
    return _call("ArrayLength", items)


def array_unique(items: List) -> Expression:
    """Take every different item of a list once."""
    return _call("ArrayUnique", items)


def base64_encode(text: Text) -> Expression:
    """Encode a text of up to 10,000 characters."""
    return _call("Base64Encode", text)


def base64_decode(text: Text) -> Expression:
    """Decode a text of up to 10,000 characters."""
    return _call("Base64Decode", text)


def hash_of(data: Any, algorithm: Hash | Dynamic) -> Expression:
    """Return the hash of a value (`States.Hash`) by MD5, SHA-1, SHA-256, SHA-384 or SHA-512."""
    known = ("MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512")
    if isinstance(algorithm, str) and algorithm not in known:
        _reject("Hash", f"has the algorithm '{algorithm}'; expected one of {', '.join(known)}.")
    return _call("Hash", data, algorithm)


def json_merge(first: Any, second: Any) -> Expression:
    """Merge two objects, shallowly; of a key that both have the second's value stays."""
    return _call("JsonMerge", first, second, False)


def string_to_json(text: Text) -> Expression:
    """Read a text as JSON."""
    return _call("StringToJson", text)


def json_to_string(value: Any) -> Expression:
    """Write a value as JSON, into a text."""
    return _call("JsonToString", value)


def math_random(first: Number, last: Number, seed: Number | None = None) -> Expression:
    """Draw an integer from `first` (included) to `last` (not included)."""
    return _call("MathRandom", first, last, *(() if seed is None else (seed,)))


def math_add(first: Number, second: Number) -> Expression:
    """Add two integers.

    >>> math_add(Expression("$.attempt"), 1)
    Expression('States.MathAdd($.attempt, 1)')
    """
    return _call("MathAdd", first, second)


def string_split(text: Text, separators: Text) -> Expression:
    """Cut a text at each of the characters in `separators`."""
    return _call("StringSplit", text, separators)


def uuid() -> Expression:
    """Make a random UUID, version 4."""
    return _call("UUID")


def format_text(template: str, *values: Any) -> Expression:
    """Put values where the template has `{}` (`States.Format`); as many as it has of them.

    >>> format_text("order {} of {}", Expression("$.id"), 3)
    Expression("States.Format('order {} of {}', $.id, 3)")
    """
    if template.count("{}") != len(values):
        _reject("Format", f"has {template.count('{}')} places and {len(values)} values.")
    pieces = [render_argument(piece, "")[1:-1] for piece in template.split("{}")]
    written = [render_argument(value, "States.Format") for value in values]
    return Expression(f"States.Format({', '.join([_join(pieces), *written])})")


def _join(pieces: list[str]) -> str:
    """Join the pieces of a template that were escaped apart."""
    return "'" + "{}".join(pieces) + "'"
