"""Values of options: numbers, rates, and pairs; errors name the option."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from carnation.errors import UsageError

_MAX = 10**9


def read_integer(option: str, text: str) -> int:
    """Read an integer from 1 to 1,000,000,000, its digits grouped or not.

    >>> read_integer("--items", "100_000")
    100000
    """
    word = text.strip().replace("_", "")
    if not (word.isascii() and word.isdigit() and 0 < int(word) <= _MAX):
        raise UsageError(f"{option} {text}: expected an integer from 1 to {_MAX}.")
    return int(word)


def read_number(option: str, text: str) -> float:
    """Read a number that is not negative."""
    if not re.fullmatch(r"\d+(\.\d+)?", text):
        raise UsageError(f"{option} {text}: expected a number, such as 0.5")
    return float(text)


def read_rate(option: str, text: str) -> float:
    """Read a rate: a percentage, or a number from 0 to 1.

    >>> read_rate("--fail", "1%"), read_rate("--fail", "0.01")
    (0.01, 0.01)
    """
    rate = read_number(option, text.rstrip("%")) / (100 if text.endswith("%") else 1)
    if rate > 1:
        raise UsageError(f"{option} {text}: a share is at most 100%, or 1")
    return rate


def read_pairs(
    option: str, words: Sequence[str], bare: str | None = None
) -> Iterator[tuple[str, str]]:
    """Read `NAME=VALUE` words, the last `=` the dividing one; `bare` names a value without."""
    for word in words:
        name, mark, value = word.rpartition("=")
        if not mark and bare is None:
            raise UsageError(f"{option} {word}: expected NAME=VALUE")
        yield (name, value) if mark else (str(bare), word)
