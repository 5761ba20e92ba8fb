"""JSONata as AWS runs it: the library's evaluator with the texts and limits of JSONata 2.0.6.

jsonata-python follows a Java port of JSONata. What AWS runs differs in numbers that are not finite,
in how the arguments of a call are checked, in the words of errors, and in its limits. This module
is the only one that imports the library; it is loaded when the first expression is parsed.
"""

from __future__ import annotations

import copy
import json
import math
import re
import time
from collections.abc import Mapping

from jsonata.jexception import JException
from jsonata.jsonata import Jsonata
from jsonata.signature import Signature
from jsonata.utils import Utils

from carnation.asl.expressions.jsonata_library import IMPLEMENTATIONS, format_moment
from carnation.asl.expressions.jsonata_values import (
    MAX_CHARACTERS,
    MAX_ITEMS,
    MEMORY,
    LimitError,
    Limits,
    format_number,
    to_number,
)
from carnation.asl.expressions.patterns import compile_pattern
from carnation.document.values import is_number
from carnation.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

__all__ = [
    "DEPTH",
    "MEMORY",
    "NULL",
    "Expression",
    "JException",
    "Jsonata",
    "NewerError",
    "Utils",
    "describe",
    "format_moment",
]
NULL = Utils.NULL_VALUE
# as measured: 100 evaluations inside of each other, [1..873782], a text of 2^22 characters
MAX_DEPTH = 100
MAX_RANGE = 10_000_000

DEPTH = (
    "Stack overflow error: Check for non-terminating recursive function. "
    "Consider rewriting as tail-recursive."
)
TIMEOUT = "Expression evaluation timeout: Check for infinite loop"


class _Frame(Jsonata.Frame):  # type: ignore[misc]  # the library has no types
    """Variables, inside of others."""

    def lookup(self, name: str) -> Any:
        """Find the value of a name; nobody binds the callbacks that the library looks for."""
        if name.startswith("__evaluate"):
            return None
        frame: Any = self
        while frame is not None:
            if name in frame.bindings:
                return frame.bindings[name]
            frame = frame.parent
        return None


# the second character is what version 2.0.6 stumbles over
_NEWER = ("??", "?:")


class _Newer:
    """An operator of a later version of JSONata: 2.0.6 takes its second character for a mistake."""

    def __init__(self, name: str, known: Any) -> None:
        self.id, self.lbp, self.type, self.position = name, known.lbp, "operator", 0

    def create(self) -> _Newer:
        """Return the symbol of one place in a text."""
        return copy.copy(self)

    def nud(self) -> Any:
        """Reject it at the beginning of an expression."""
        return self.led(None)

    def led(self, left: Any) -> Any:
        """Reject it behind an expression."""
        raise NewerError("S0211", self.position - 1, self.id[1])


class NewerError(JException):  # type: ignore[misc]
    """An operator is newer than the version of JSONata that AWS runs."""


class Expression(Jsonata):  # type: ignore[misc]
    """A parsed expression."""

    def __init__(self, text: str) -> None:
        """Parse it; raises `JException`, also for the operators that are newer than 2.0.6."""
        symbols = Jsonata.get_parser().symbol_table
        for name in _NEWER:
            symbols[name] = _Newer(name, symbols["("])
        super().__init__(text, compile_pattern)
        self.environment = self.create_frame(_FRAME)
        self.set_output_convert_nulls(False)
        self._depth, self._until = 0, math.inf

    def get_per_thread_instance(self) -> Expression:
        """Return itself: each evaluation has a copy."""
        return self

    def create_frame(self, enclosing_environment: Any = None) -> _Frame:
        """Create a frame of variables."""
        return _Frame(enclosing_environment)

    def run(self, bindings: Mapping[str, Any]) -> Any:
        """Evaluate without a document; raises `JException` or `LimitError`."""
        running = copy.copy(self)  # expressions are kept, and threads may share them
        Jsonata.CURRENT.jsonata = running  # the library's functions call back through it
        running._depth, running._until = 0, time.monotonic() + Limits.seconds
        return running.evaluate(None, bindings)

    def eval(self, expr: Any, input: Any, environment: Any) -> Any:
        """Evaluate a part, within the limits."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise LimitError(DEPTH)
        if time.monotonic() > self._until:
            raise LimitError(TIMEOUT)
        try:
            result = self._eval(expr, input, environment)
        finally:
            self._depth -= 1
        if isinstance(result, (list, str)):
            limit = MAX_ITEMS if isinstance(result, list) else MAX_CHARACTERS
            if len(result) > limit:
                raise LimitError(MEMORY)
        return result

    def evaluate_numeric_expression(self, lhs: Any, rhs: Any, op: str) -> Any:
        """Compute with doubles: what is too large is infinite, what has no value NaN."""
        for code, value in (("T2001", lhs), ("T2002", rhs)):
            if value is not None and not _is_finite(value):
                raise JException(code, -1, op, value)
        if lhs is None or rhs is None:
            return None
        return to_number(_ARITHMETIC[op](float(lhs), float(rhs)))

    def evaluate_unary(self, expr: Any, input: Any, environment: Any) -> Any:
        """Negate a number; arrays and objects are the library's."""
        if str(expr.value) != "-":
            return super().evaluate_unary(expr, input, environment)
        value = self.eval(expr.expression, input, environment)
        if value is None:
            return None
        if not _is_finite(value):
            raise JException("D1002", expr.position, value)
        return to_number(-float(value))

    def evaluate_includes_expression(self, lhs: Any, rhs: Any) -> bool:
        """Look for a value among others: of the same type, and no array or object."""
        if lhs is None or rhs is None or isinstance(lhs, (list, dict)):
            return False
        items = rhs if isinstance(rhs, list) else [rhs]
        return any(_is_same(lhs, NULL if item is None else item) for item in items)

    def evaluate_range_expression(self, lhs: Any, rhs: Any) -> Any:
        """Make the numbers of a range."""
        for code, value in (("T2003", lhs), ("T2004", rhs)):
            if value is not None and not (is_number(value) and value == math.floor(value)):
                raise JException(code, -1, value)
        if lhs is None or rhs is None or lhs > rhs:
            return None
        size = int(rhs) - int(lhs) + 1
        if size > MAX_RANGE:
            raise JException("D2014", -1, size)
        if size > MAX_ITEMS:
            raise LimitError(MEMORY)
        return Utils.create_sequence_from_iter(range(int(lhs), int(rhs) + 1))


def _is_same(left: Any, right: Any) -> bool:
    return bool(left == right) and isinstance(left, bool) == isinstance(right, bool)


def _is_finite(value: Any) -> bool:
    """Return whether a value is a number that JSON could hold; raises `JException` for infinity."""
    if not is_number(value) or math.isnan(value):
        return False
    if math.isinf(value):
        raise JException("D1001", 0, value)
    return True


def _divide(left: float, right: float) -> float:
    if right:
        return left / right
    return math.copysign(math.inf, left) * math.copysign(1.0, right) if left else math.nan


def _remainder(left: float, right: float) -> float:
    return math.fmod(left, right) if right else math.nan


_ARITHMETIC = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": _divide,
    "%": _remainder,
}


class _Arguments(Signature):  # type: ignore[misc]
    """A function's signature."""

    def get_symbol(self, value: Any) -> str:
        """Return the letter of a value's type; null has its own."""
        return "l" if value is NULL else str(super().get_symbol(value))

    def set_function_name(self, function_name: str) -> None:
        """Keep the name: the library renames a function that is bound to a variable."""

    def validate(self, args: Any, context: Any) -> Any:
        """Check the arguments of a call, and take the context for one that is missing."""
        try:
            return super().validate(args, context)
        except JException as error:
            if error.error == "T0411":
                raise JException("T0411", -1, error.expected, self.function_name) from None
            raise

    def throw_validation_error(self, bad_args: Any, bad_sig: Any, function_name: Any) -> Any:
        """Name the first argument that does not fit."""
        pattern, good = "", 0
        for param in self._params:
            pattern += param.regex
            found = re.match(pattern, bad_sig)
            if found is None:
                break
            good = found.end()
        raise JException("T0410", -1, good + 1, function_name)


class _Native(Jsonata.JNativeFunction):  # type: ignore[misc]
    """A function of the library: with its signature, and its implementation or a better one."""

    def __init__(self, name: str, original: Any) -> None:
        """Take over from the library's function."""
        self.function_name, self.function = name, None
        self.signature = object.__new__(_Arguments)
        self.signature.__dict__.update(original.signature.__dict__)
        self.method, self.nargs = original.method, original.nargs
        if name in IMPLEMENTATIONS:
            self.method = IMPLEMENTATIONS[name]
            self.nargs = 0

    def call(self, input: Any, args: Any) -> Any:
        """Call it; what it computes is a number as JSONata has it."""
        if self.nargs:
            return super().call(input, args)
        result = self.method(*args)
        return to_number(result) if isinstance(result, float) else result


def _make_frame() -> Any:
    frame = _Frame(None)
    for name, function in Jsonata.static_frame.bindings.items():
        if name != "eval":  # AWS has none
            frame.bind(name, _Native(name, function))
    return frame


_FRAME = _make_frame()
_ITEMS = {
    **{"a": "arrays", "b": "booleans", "f": "functions"},
    **{"n": "numbers", "o": "objects", "s": "strings"},
}


def describe(error: Any) -> str:
    """Write an error as AWS does: its code, and JSONata's text with the values as JSON."""
    template = JException.error_codes.get(error.error)
    if template is None:
        return str(error.error)
    given = [error.current, error.expected, error.extra]
    if error.error == "T0412":
        given[2] = _ITEMS.get(str(error.extra)[:1])
    waiting = iter(given)

    def fill(found: re.Match[str]) -> str:
        value = next(waiting, None)
        return str(value) if found[0].startswith("{{{") else _to_json(value)

    text = template.replace("Object", "function").replace('"', "'")
    return f"{error.error}: " + re.sub(r"\{\{\{\w+\}\}\}|\{\{\w+\}\}", fill, text)


def _to_json(value: Any) -> str:
    if value is None:
        return "undefined"
    if is_number(value):
        return format_number(value)
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=lambda other: None)
