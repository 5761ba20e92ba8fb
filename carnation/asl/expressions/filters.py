"""Filters of a path: `[?(@.price < 10 && @.tags contains 'new')]`.

A filter is parsed into a tree of plain tuples, and evaluated for each item of an array.
Source: https://github.com/json-path/JsonPath#filter-operators.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from carnation.asl.expressions.scanner import Scanner
from carnation.lazy import TYPE_CHECKING, compile_lazily, re
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from carnation.asl.expressions.patterns import Pattern

MISSING: Any = object()  # the value of what a document does not hold
Operand: TypeAlias = "tuple[str, Any]"  # ("path", (root, steps)) or ("value", value)
PathReader: TypeAlias = "Callable[[Scanner], tuple[str, Any]]"


class Predicate(NamedTuple):
    """A filter, or a part of one: `or`, `and`, `not`, `exists`, or a comparison's operator."""

    operator: str
    parts: tuple[Any, ...]


def parse_filter(scanner: Scanner, read_path: PathReader) -> Predicate:
    """Read `(…)` behind a `?`."""
    scanner.skip_blanks()
    if not scanner.peek("("):
        scanner.reject("write a filter in parentheses: '[?(@.a == 1)]'.")
    return _read_unary(scanner, read_path)


def _read_or(scanner: Scanner, read_path: PathReader) -> Predicate:
    return _read_chain(scanner, "||", "or", lambda: _read_and(scanner, read_path))


def _read_and(scanner: Scanner, read_path: PathReader) -> Predicate:
    return _read_chain(scanner, "&&", "and", lambda: _read_unary(scanner, read_path))


def _read_chain(
    scanner: Scanner, sign: str, operator: str, read: Callable[[], Predicate]
) -> Predicate:
    parts = [read()]
    scanner.skip_blanks()
    while scanner.accept(sign):
        parts.append(read())
        scanner.skip_blanks()
    return parts[0] if len(parts) == 1 else Predicate(operator, tuple(parts))


def _read_unary(scanner: Scanner, read_path: PathReader) -> Predicate:
    scanner.descend()
    scanner.skip_blanks()
    if scanner.accept("!"):
        found = Predicate("not", (_read_unary(scanner, read_path),))
    elif scanner.accept("("):
        found = _read_or(scanner, read_path)
        scanner.skip_blanks()
        scanner.expect(")", "the filter does not end. Close it with ')'.")
    else:
        found = _read_comparison(scanner, read_path)
    scanner.depth -= 1
    return found


_OPERATOR = compile_lazily(r"===?|!==?|<=|>=|<|>|=~|[A-Za-z]+")


def _read_comparison(scanner: Scanner, read_path: PathReader) -> Predicate:
    left = _read_operand(scanner, read_path)
    scanner.skip_blanks()
    column = scanner.column
    found = scanner.match(_OPERATOR)
    if found is None:
        return Predicate("exists", (left,))
    operator = {"===": "==", "!==": "!="}.get(found[0], found[0].lower())
    if operator not in _COMPARISONS:
        scanner.reject(f"unknown operator '{found[0]}'. Known: {', '.join(_COMPARISONS)}.", column)
    scanner.skip_blanks()
    return Predicate(operator, (left, _read_operand(scanner, read_path)))


_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None}
_WORD = compile_lazily(r"true|false|null")
_BARE = compile_lazily(r"[A-Za-z_][A-Za-z0-9_-]*")  # AWS's own samples compare with unquoted text
_REGEX = compile_lazily(r"/((?:[^/\\]|\\.)*)/([a-z]*)")


def _read_operand(scanner: Scanner, read_path: PathReader) -> Operand:
    if scanner.peek("@") or scanner.peek("$"):
        return "path", read_path(scanner)
    if scanner.peek("'") or scanner.peek('"'):
        return "value", scanner.accept_quoted()
    found = scanner.match(_WORD)
    if found:
        return "value", _WORDS[found[0]]
    found = scanner.match(_REGEX)
    if found:
        return "value", _compiled(scanner, found)
    if scanner.accept("["):
        return "value", _read_list(scanner, read_path)
    bare = scanner.match(_BARE)
    if bare:
        return "value", bare[0]
    number = scanner.accept_number()
    if number is None:
        scanner.reject("a path ('@.name'), a text, a number or a list is missing.")
    return "value", number


def _compiled(scanner: Scanner, found: re.Match[str]) -> Pattern:
    from carnation.asl.expressions.patterns import Pattern  # few filters have one

    try:
        return Pattern(found[1], re.IGNORECASE if "i" in found[2] else 0)
    except re.error as error:
        return scanner.reject(f"invalid regular expression: {error}.", found.start() + 1)


def _read_list(scanner: Scanner, read_path: PathReader) -> list[Any]:
    items: list[Any] = []
    scanner.skip_blanks()
    while not scanner.accept("]"):
        kind, value = _read_operand(scanner, read_path)
        if kind == "path":
            scanner.reject("a list in a filter holds values, no paths.")
        items.append(value)
        scanner.skip_blanks()
        if not scanner.accept(",") and not scanner.peek("]"):
            scanner.reject("the list does not end. Close it with ']'.")
        scanner.skip_blanks()
    return items


def holds(predicate: Predicate, value_of: Callable[[Operand], Any]) -> bool:
    """Return whether a filter lets an item through; `value_of` gives the operands their values."""
    operator, parts = predicate
    if operator == "or":
        return any(holds(part, value_of) for part in parts)
    if operator == "and":
        return all(holds(part, value_of) for part in parts)
    if operator == "not":
        return not holds(parts[0], value_of)
    if operator == "exists":
        return value_of(parts[0]) is not MISSING
    return _COMPARISONS[operator](value_of(parts[0]), value_of(parts[1]))


def same(left: Any, right: Any) -> bool:
    """Compare two JSON values as JSON does: `true` is not 1, and 1 is 1.0.

    >>> same(True, 1), same(1, 1.0)
    (False, True)
    """
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def check(left: Any, right: Any) -> bool:
        numbers = all(
            isinstance(side, (int, float)) and not isinstance(side, bool) for side in (left, right)
        )
        texts = isinstance(left, str) and isinstance(right, str)
        return (numbers or texts) and compare(left, right)

    return check


def _is_in(item: Any, items: Any) -> bool:
    return isinstance(items, list) and any(same(item, each) for each in items)


def _contains(whole: Any, part: Any) -> bool:
    if isinstance(whole, str):
        return isinstance(part, str) and part in whole
    return _is_in(part, whole)


def _matches(text: Any, pattern: Any) -> bool:
    fits: Callable[[str], Any] | None = getattr(pattern, "fullmatch", None)
    if not isinstance(text, str) or fits is None:
        return isinstance(text, str) and bool(text == pattern)
    return bool(fits(text))


def _both_lists(
    compare: Callable[[Sequence[Any], Sequence[Any]], bool],
) -> Callable[[Any, Any], bool]:
    return lambda left, right: (
        isinstance(left, list) and isinstance(right, list) and compare(left, right)
    )


def _has_size(value: Any, size: Any) -> bool:
    expected = len(size) if isinstance(size, (str, list)) else size
    return isinstance(value, (str, list)) and same(len(value), expected)


def _is_empty(value: Any, wanted: Any) -> bool:
    return isinstance(value, (str, list)) and (len(value) == 0) is (wanted is True)


_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": same,
    "!=": lambda left, right: not same(left, right),
    "<": _ordered(lambda left, right: bool(left < right)),
    "<=": _ordered(lambda left, right: bool(left <= right)),
    ">": _ordered(lambda left, right: bool(left > right)),
    ">=": _ordered(lambda left, right: bool(left >= right)),
    "=~": _matches,
    "in": _is_in,
    "nin": lambda item, items: not _is_in(item, items),
    "contains": _contains,
    "subsetof": _both_lists(lambda left, right: all(_is_in(item, right) for item in left)),
    "anyof": _both_lists(lambda left, right: any(_is_in(item, right) for item in left)),
    "noneof": _both_lists(lambda left, right: not any(_is_in(item, right) for item in left)),
    "size": _has_size,
    "empty": _is_empty,
}
