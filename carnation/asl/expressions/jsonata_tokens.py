"""The words of JSONata: names, variables, literals and operators, read without `re`.

Where a word may be what jsonata-python refuses, or reads in a way of its own, it is unsure.
"""

from __future__ import annotations

from math import isfinite

from carnation.lazy import TYPE_CHECKING
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from typing import Any

END = "(end)"
_BLANKS = frozenset(" \t\n\r")
_PAIRS = frozenset({"..", ":=", "!=", ">=", "<=", "**", "~>"})
_SIGNS = frozenset(".[]{}(),@#;:?+-*/%|=<>^&!~")
_STOPS = _SIGNS | _BLANKS
_DIGITS = frozenset("0123456789")
_HEX = frozenset("0123456789abcdefABCDEF")
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS = {"true": True, "false": False, "null": None}


class UnsureError(Exception):
    """Only the library knows."""


class Token(NamedTuple):
    """A word: by which rule it is read, what it is, its value, and where it ends."""

    id: str
    type: str
    value: Any
    position: int


class Tokens:
    """Reads a text word by word."""

    def __init__(self, text: str) -> None:
        """Begin."""
        self.text, self.at, self.size = text, 0, len(text)

    def next(self, *, infix: bool) -> Token:
        """Read a word; a `/` is a division where an operator may come, `infix`."""
        text, at = self.text, self._skip()
        if at >= self.size:
            return Token(END, END, None, self.size)
        sign = text[at]
        if sign in _SIGNS:
            if (sign == "/" and not infix) or text[at : at + 2] in ("?:", "??") or sign in "!~%":
                return self._read_rare(sign, infix)
            pair = text[at : at + 2]
            sign = pair if pair in _PAIRS else sign
            self.at = at + len(sign)
            return Token(sign, "operator", sign, self.at)
        if sign in "\"'":
            return Token("(literal)", "string", self._read_string(sign), self.at)
        if sign in _DIGITS:
            return Token("(literal)", "number", self._read_number(), self.at)
        if sign == "`":
            self.at = text.find("`", at + 1) + 1
            if not self.at:
                raise UnsureError
            return Token("(name)", "name", text[at + 1 : self.at - 1], self.at)
        return self._read_word()

    def _read_rare(self, sign: str, infix: bool) -> Token:
        pair = self.text[self.at : self.at + 2]
        if pair in _PAIRS or (sign == "%" and infix):
            sign = pair if pair in _PAIRS else sign
            self.at += len(sign)
            return Token(sign, "operator", sign, self.at)
        raise UnsureError

    def _skip(self) -> int:
        """Step over blanks and comments."""
        text, at, size = self.text, self.at, self.size
        while at < size:
            if text[at] in _BLANKS:
                at += 1
            elif text[at] == "/" and text[at + 1 : at + 2] == "*":
                at = text.find("*/", at + 2) + 2
                if at < 2 or at >= size:
                    raise UnsureError
            else:
                break
        self.at = at
        return at

    def _read_word(self) -> Token:
        text, at, end = self.text, self.at, self.at + 1
        while end < self.size and text[end] not in _STOPS:
            end += 1
        self.at, word = end, text[at:end]
        if word[0] == "$":
            return Token("(literal)", "variable", word[1:], end)
        if word in ("and", "or", "in"):
            return Token(word, "operator", word, end)
        if word in _WORDS:
            return Token("(literal)", "value", _WORDS[word], end)
        return Token("(name)", "name", word, end)

    def _read_string(self, quote: str) -> str:
        text, start = self.text, self.at + 1
        end = text.find(quote, start)
        if end < 0:
            raise UnsureError
        if text.find("\\", start, end) < 0:
            self.at = end + 1
            return text[start:end]
        parts, at = [], start
        while at < self.size and text[at] != quote:
            letter, at = text[at], at + 1
            if letter == "\\":
                letter, at = self._read_escape(at)
            parts.append(letter)
        if at >= self.size:
            raise UnsureError
        self.at = at + 1
        return "".join(parts)

    def _read_escape(self, at: int) -> tuple[str, int]:
        letter = self.text[at : at + 1]
        if letter in _ESCAPES:
            return _ESCAPES[letter], at + 1
        digits = self.text[at + 1 : at + 5]
        if letter != "u" or len(digits) < 4 or not _HEX.issuperset(digits):
            raise UnsureError
        return chr(int(digits, 16)), at + 5

    def _read_number(self) -> int | float:
        text, start = self.text, self.at
        end = start + 1 if text[start] == "0" else self._skip_digits(start)
        if text[end : end + 1] == "." and self._skip_digits(end + 1) > end + 1:
            end = self._skip_digits(end + 1)
        if text[end : end + 1] in ("e", "E"):
            exponent = end + 2 if text[end + 1 : end + 2] in ("+", "-") else end + 1
            end = self._skip_digits(exponent) if self._skip_digits(exponent) > exponent else end
        self.at, value = end, float(text[start:end])
        if not isfinite(value):
            raise UnsureError
        return int(value) if value.is_integer() else value

    def _skip_digits(self, at: int) -> int:
        while at < self.size and self.text[at] in _DIGITS:
            at += 1
        return at
