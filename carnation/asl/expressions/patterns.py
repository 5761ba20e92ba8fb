"""Regular expressions within a time: one that backtracks for minutes ends in an error.

Python's own `re` can neither be limited nor stopped; `regex` reads the same patterns, and can.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

from carnation.asl.expressions.jsonata_values import LimitError, Limits
from carnation.lazy import TYPE_CHECKING, re

if TYPE_CHECKING:
    from typing import Any

_MAX_SECONDS = 1.0
_SLOW = (
    "Expression evaluation timeout: a regular expression tries too many ways through a text. "
    "Write it without repetitions inside of repetitions, such as (a+)+."
)


class Pattern:
    """A pattern with the methods that JSONata's functions call, each of which ends in time."""

    def __init__(self, text: str, flags: int) -> None:
        """Check it; it is made ready when something is first looked for."""
        self.text, self.flags = text, flags
        self.groups = re.compile(text, flags).groups

    @cached_property
    def _compiled(self) -> Any:
        try:
            import regex  # only what is evaluated needs it
        except ImportError:
            return re.compile(self.text, self.flags)
        return regex.compile(self.text, self.flags & (re.IGNORECASE | re.MULTILINE))

    def _within(self, call: str, *given: Any) -> Any:
        method: Callable[..., Any] = getattr(self._compiled, call)
        if isinstance(self._compiled, re.Pattern):
            return method(*given)
        try:
            return method(*given, timeout=min(_MAX_SECONDS, Limits.seconds))
        except TimeoutError:
            raise LimitError(_SLOW) from None

    def search(self, text: str) -> Any:
        """Find the first place that fits."""
        return self._within("search", text)

    def finditer(self, text: str) -> Iterator[Any]:
        """Find every place that fits."""
        places = self._within("finditer", text)
        while True:
            try:
                yield next(places)
            except StopIteration:
                return
            except TimeoutError:
                raise LimitError(_SLOW) from None

    def sub(self, new: Any, text: str, count: int = 0) -> Any:
        """Replace what fits."""
        return self._within("sub", new, text, count)

    def fullmatch(self, text: str) -> Any:
        """Return whether all of a text fits."""
        return self._within("fullmatch", text)

    def split(self, text: str, most: int = 0) -> Any:
        """Split a text where the pattern fits."""
        return self._within("split", text, most)


def compile_pattern(text: str, flags: Any) -> Pattern:
    """Make a pattern of JSONata's `/text/im`; raises `re.error`.

    >>> compile_pattern("a+", None).search("baa")[0]
    'aa'
    """
    found = [
        (re.IGNORECASE, getattr(flags, "case_insensitive", False)),
        (re.MULTILINE, getattr(flags, "multiline", False)),
    ]
    return Pattern(text, sum(flag for flag, given in found if given))
