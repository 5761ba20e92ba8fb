"""Filters of dead letters: `field=value` and its like, as a command line has them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from carnation.account.operations.dead_letters import DeadLetter
from carnation.errors import UsageError

_OPERATORS = ("!=", ">=", "<=", "=", "~", ">", "<")
Filter = Callable[[DeadLetter], bool]


def read_filters(words: Sequence[str]) -> Filter:
    """Read `field=value`, `!=`, `~` (a pattern), `>`, `<`, `>=`, `<=`; all of them have to hold.

    >>> fits = read_filters(["order>=7", "reason~Declined"])
    >>> fits(DeadLetter("a", "", "", {"order": 9}, "CardDeclined", "", 0, {}))
    True
    """
    tests = [_read_filter(word) for word in words]
    return lambda letter: all(test(letter) for test in tests)


def _read_filter(word: str) -> Filter:
    match = re.fullmatch(r"(\w+)\s*(!=|>=|<=|=|~|>|<)\s*(.*)", word, re.DOTALL)
    if not match:
        raise UsageError(
            f"--where {word}: expected FIELD, one of {' '.join(_OPERATORS)}, and a value, as in "
            "reason=CardDeclined or 'order>=100'."
        )
    field, operator, value = match.groups()
    if operator == "~":
        try:
            pattern = re.compile(value)
        except re.error as error:
            raise UsageError(
                f"--where {word}: '{value}' is not a valid pattern ({error})."
            ) from error
        return lambda letter: bool(pattern.search(str(letter.find(field) or "")))
    if operator in ("=", "!="):
        wanted = operator == "="
        return lambda letter: (str(letter.find(field)) == value) is wanted
    return _compare(field, operator, value, word)


def _compare(field: str, operator: str, value: str, word: str) -> Filter:
    try:
        bound = float(value)
    except ValueError as error:
        raise UsageError(f"--where {word}: '{value}' is not a number.") from error

    def test(letter: DeadLetter) -> bool:
        found = letter.find(field)
        if not isinstance(found, (int, float)):
            return False
        below, equal = found < bound, found == bound
        return {">": not below and not equal, "<": below, ">=": not below, "<=": below or equal}[
            operator
        ]

    return test
