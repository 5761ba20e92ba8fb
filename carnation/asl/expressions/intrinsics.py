"""Intrinsic functions: `States.Format('{} of {}', $.n, States.ArrayLength($.all))`.

Parsed once into a tree of calls, literals and paths; evaluated against a scope.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from carnation.asl.expressions.intrinsic_functions import FUNCTIONS, FunctionError
from carnation.asl.expressions.paths import Path, read_path
from carnation.asl.expressions.scanner import Scanner
from carnation.asl.expressions.steps import NoMatchError
from carnation.errors import EvaluationError, suggest_name
from carnation.lazy import TYPE_CHECKING, compile_lazily
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from typing import Any, NoReturn

    from carnation.asl.expressions.scope import Scope


class Literal(NamedTuple):
    """A text, number, boolean or null among the arguments.

    `raw` is a text as it is written, which `States.Format` needs to see which braces are escaped.
    """

    value: Any
    raw: str
    column: int


class Intrinsic(NamedTuple):
    """A call of an intrinsic function, with its arguments in order."""

    name: str
    arguments: tuple[Literal | Path | Intrinsic, ...]
    text: str
    column: int

    def calls(self) -> Iterator[Intrinsic]:
        """Yield this call and the calls inside it."""
        waiting: list[Intrinsic] = [self]
        for call in waiting:  # grows while we walk
            yield call
            waiting.extend(item for item in call.arguments if isinstance(item, Intrinsic))

    def paths(self) -> Iterator[Path]:
        """Yield every path among the arguments, nested ones included."""
        for call in self.calls():
            yield from (item for item in call.arguments if isinstance(item, Path))

    def evaluate(self, scope: Scope) -> Any:
        """Compute its value; raises `EvaluationError`, `NoMatchError` for a path."""
        values = [_value_of(argument, scope) for argument in self.arguments]
        first = self.arguments[0] if self.arguments else None
        if self.name == "States.Format" and isinstance(first, Literal):
            values[0] = first.raw
        try:
            return FUNCTIONS[self.name].compute(scope, *values)
        except FunctionError as failure:
            raise EvaluationError(
                f"The function '{self.text}' had the following error: {failure}"
            ) from None


def _value_of(argument: Literal | Path | Intrinsic, scope: Scope) -> Any:
    if isinstance(argument, Literal):
        return argument.value
    if isinstance(argument, Intrinsic):
        return argument.evaluate(scope)
    try:
        return argument.evaluate(scope)
    except NoMatchError as missing:
        missing.args = (argument.text,)
        raise


_NAME = compile_lazily(r"States\.[A-Za-z0-9]*")
_WORD = compile_lazily(r"(?:true|false|null)\b")
_WORDS = {"true": True, "false": False, "null": None}


@lru_cache(maxsize=4096)
def parse_intrinsic(text: str) -> Intrinsic:
    """Parse a call; raises `ExpressionError` with the column of what is wrong.

    >>> from carnation.asl.expressions import Scope
    >>> parse_intrinsic("States.MathAdd($.n, 1)").evaluate(Scope({"n": 2}))
    3
    >>> parse_intrinsic("States.MathAd($.n, 1)")
    Traceback (most recent call last):
    carnation.errors.ExpressionError: the intrinsic function 'States.MathAd($.n, 1)', column 1: ...
    """
    scanner = Scanner(text, "the intrinsic function")
    call = _read_call(scanner)
    scanner.skip_blanks()
    if not scanner.at_end:
        scanner.reject("unexpected text after the last ')'. Remove it.")
    return call


def _read_call(scanner: Scanner) -> Intrinsic:
    scanner.descend()
    start = scanner.at
    found = scanner.match(_NAME)
    if found is None:
        scanner.reject("an intrinsic function is called 'States.' and its name.")
    name = found[0]
    if name not in FUNCTIONS:
        hint = suggest_name(name, FUNCTIONS) or " See the list of intrinsic functions."
        scanner.reject(f"function '{name}' not found.{hint}", start + 1)
    arguments = _read_arguments(scanner, name)
    _check_count(scanner, name, len(arguments), start + 1)
    scanner.depth -= 1
    return Intrinsic(name, arguments, scanner.text[start : scanner.at], start + 1)


def _read_arguments(scanner: Scanner, name: str) -> tuple[Literal | Path | Intrinsic, ...]:
    scanner.expect("(", f"the arguments are missing. Write '{name}(…)'.")
    arguments: list[Literal | Path | Intrinsic] = []
    scanner.skip_blanks()
    if scanner.accept(")"):
        return ()
    while True:
        scanner.skip_blanks()
        arguments.append(_read_argument(scanner))
        scanner.skip_blanks()
        if scanner.accept(")"):
            return tuple(arguments)
        scanner.expect(",", "a ',' or the closing ')' is missing.")


def _read_argument(scanner: Scanner) -> Literal | Path | Intrinsic:
    column = scanner.column
    if scanner.peek("$"):
        return read_path(scanner)
    if scanner.peek("States."):
        return _read_call(scanner)
    if scanner.peek("'"):
        return _read_text(scanner)
    found = scanner.match(_WORD)
    if found:
        return Literal(_WORDS[found[0]], found[0], column)
    number = scanner.accept_number()
    if number is None:
        scanner.reject(
            "an argument is a path, a text in '…', a number, true, false, null or a call."
        )
    return Literal(number, scanner.text[column - 1 : scanner.at], column)


_TEXT = compile_lazily(r"'((?:[^'\\]|\\.)*)'", re.DOTALL)
_ESCAPE = compile_lazily(r"\\(.)", re.DOTALL)
_KNOWN_ESCAPES = "'{}\\"
_ESCAPED = compile_lazily(r"\\(['{}\\])")


def _read_text(scanner: Scanner) -> Literal:
    column = scanner.column
    found = scanner.match(_TEXT)
    if found is None:
        scanner.reject("the text does not end. Close it with '.")
    for escape in _ESCAPE.finditer(found[1]):
        if escape[1] not in _KNOWN_ESCAPES:
            scanner.reject(
                f"'{escape[0]}' is not an escape. A text knows \\' \\{{ \\}} \\\\ only.",
                column + 1 + escape.start(),
            )
    return Literal(_ESCAPED.sub(r"\1", found[1]), found[1], column)


def _check_count(scanner: Scanner, name: str, count: int, column: int) -> None:
    low, high = FUNCTIONS[name].low, FUNCTIONS[name].high
    if count < low or (high is not None and count > high):
        _reject_count(scanner, name, count, column)


def _reject_count(scanner: Scanner, name: str, count: int, column: int) -> NoReturn:
    low, high = FUNCTIONS[name].low, FUNCTIONS[name].high
    wanted = f"{low}" if low == high else f"{low} or more" if high is None else f"{low} to {high}"
    scanner.reject(f"'{name}' expects {wanted} arguments, got {count}.", column)
