"""What JSONata's values are: numbers written as JavaScript writes them, undefined, and errors."""

from __future__ import annotations

import math

from carnation.errors import EvaluationError
from carnation.lazy import TYPE_CHECKING, re

if TYPE_CHECKING:
    from typing import Any

UNDEFINED: Any = type("Undefined", (), {"__repr__": lambda self: "undefined"})()
_MAX_LONG = 2**63 - 1
_EXPONENT = 1e21  # from here on a number is written with an exponent


class OutcomeError(EvaluationError):
    """An expression has no value; the text continues AWS's sentence about the expression."""


class UnsupportedResultError(OutcomeError):
    """An expression gives a function or a regular expression, which no document can hold."""


class InternalError(OutcomeError):
    """An expression makes a function fail in a way that has no error of JSONata."""


MAX_ITEMS = 873_782
MAX_CHARACTERS = MAX_ITEMS * 8
"""As measured on AWS: `[1..873782]` is too large, and so is a text of 2^22 characters."""
MEMORY = "Expression evaluation memory limit exceeded: Check for excessive memory usage"


class Limits:
    """What an evaluation may take; an estimate, which runs samples, gives less time than AWS."""

    seconds = 5.0


class LimitError(OutcomeError):
    """An expression needs more depth, memory or time than AWS gives it."""

    def __init__(self, problem: str) -> None:
        """Describe which."""
        super().__init__(f"threw an error during evaluation: {problem}")


def to_number(value: float) -> int | float:
    """Make a double that is whole an integer, where AWS writes it as one."""
    if math.isfinite(value) and value == math.floor(value) and abs(value) <= _MAX_LONG:
        return int(value)
    return value


def format_number(value: float) -> str:
    """Write a number as JavaScript does.

    >>> format_number(1e20), format_number(1e21), format_number(1e-7), format_number(2.50)
    ('100000000000000000000', '1e+21', '1e-7', '2.5')
    """
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    digits, exponent = _split(float(value))
    sign = "-" if value < 0 else ""
    if value == 0:
        return "0"
    if 1e-6 <= abs(value) < _EXPONENT:
        return sign + _place_point(digits, exponent)
    mantissa = digits if len(digits) == 1 else f"{digits[0]}.{digits[1:]}"
    return f"{sign}{mantissa}e{exponent:+d}"


def _split(value: float) -> tuple[str, int]:
    """Find the shortest digits of a number, and the exponent of the first of them."""
    found = re.fullmatch(r"(\d+)(?:\.(\d+))?(?:e([+-]\d+))?", repr(abs(value)))
    if found is None:
        return "0", 0
    whole, fraction, exponent = found[1], found[2] or "", int(found[3] or 0)
    digits = (whole + fraction).lstrip("0")
    shift = len(whole) - 1 + exponent - (len(whole + fraction) - len(digits))
    return digits.rstrip("0") or "0", shift


def _place_point(digits: str, exponent: int) -> str:
    if exponent < 0:
        return "0." + "0" * (-exponent - 1) + digits
    if exponent >= len(digits) - 1:
        return digits + "0" * (exponent - len(digits) + 1)
    return f"{digits[: exponent + 1]}.{digits[exponent + 1 :]}"


def shorten(value: float) -> int | float:
    """Round what is not whole to 15 digits, as `$string` does."""
    if isinstance(value, int) or not math.isfinite(value) or value == math.floor(value):
        return value
    return float(f"{value:.15g}")
