"""A cursor over the text of an expression, with errors that say the column."""

from __future__ import annotations

from carnation.errors import ExpressionError
from carnation.lazy import TYPE_CHECKING, compile_lazily, re

if TYPE_CHECKING:
    from typing import NoReturn

LENGTH_LIMIT = 50_000  # characters of one expression; the longest that is published has 2,000
_SHOWN = 200
DEPTH_LIMIT = 50  # AWS takes 10 levels of nested intrinsics; the rest is for filters
_NUMBER = compile_lazily(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


def check_length(text: str, what: str) -> None:
    """Raise `ExpressionError` for a text that is too long to be an expression."""
    if len(text) > LENGTH_LIMIT:
        raise ExpressionError(
            f"{what} '{text[:40]}…' has {len(text):,} characters, and only up to {LENGTH_LIMIT:,} "
            "are read. Split it.", 1
        )  # fmt: skip


def cut_text(text: str) -> str:
    """Cut an expression for an error."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


class Scanner:
    """Reads a text from left to right."""

    def __init__(self, text: str, what: str, at: int = 0, end: int | None = None) -> None:
        """Begin at an offset; `what` is what the errors call the text."""
        check_length(text, what)
        self.text, self.what, self.at = text, what, at
        self.end = len(text) if end is None else end
        self.depth = 0

    @property
    def column(self) -> int:
        """The column of the next character, counted from 1."""
        return self.at + 1

    def reject(self, problem: str, column: int | None = None) -> NoReturn:
        """Raise `ExpressionError`: what is wrong, where, in which text."""
        column = self.column if column is None else column
        shown = cut_text(self.text)
        raise ExpressionError(f"{self.what} '{shown}', column {column}: {problem}", column)

    def peek(self, text: str) -> bool:
        """Return whether this text comes next."""
        return self.text.startswith(text, self.at, self.end)

    def accept(self, text: str) -> bool:
        """Step over a text if it comes next."""
        found = self.peek(text)
        if found:
            self.at += len(text)
        return found

    def expect(self, text: str, problem: str) -> None:
        """Step over a text that has to come next."""
        if not self.accept(text):
            self.reject(problem)

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Step over what a pattern matches here, if it does."""
        found = pattern.match(self.text, self.at, self.end)
        if found:
            self.at = found.end()
        return found

    def skip_blanks(self) -> None:
        """Step over blanks."""
        while self.at < self.end and self.text[self.at] in " \t\r\n":
            self.at += 1

    @property
    def at_end(self) -> bool:
        """Whether all is read."""
        return self.at >= self.end

    def accept_number(self) -> int | float | None:
        """Read a number, if one comes next."""
        found = self.match(_NUMBER)
        if found is None:
            return None
        text = found[0]
        return int(text) if text.lstrip("-").isdigit() else float(text)

    def accept_quoted(self) -> str:
        """Read a quoted text, in which a backslash keeps the quote."""
        start, quote, parts = self.column, self.text[self.at], list[str]()
        self.at += 1
        while not self.at_end and self.text[self.at] != quote:
            letter = self.text[self.at]
            if letter == "\\" and self.text[self.at + 1 : self.at + 2] in (quote, "\\"):
                self.at += 1
                letter = self.text[self.at]
            parts.append(letter)
            self.at += 1
        if self.at_end:
            self.reject(f"the quoted text does not end. Close it with {quote}.", start)
        self.at += 1
        return "".join(parts)

    def descend(self) -> None:
        """Go one level deeper; refuses a text that nests without end."""
        self.depth += 1
        if self.depth > DEPTH_LIMIT:
            self.reject(f"it is nested deeper than {DEPTH_LIMIT} levels. Reduce the nesting.")
