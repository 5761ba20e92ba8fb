"""A scanner for JSON that keeps where everything stands, without recursion, in linear time.

It reads plain JSON, and with `relaxed` also what json5 adds: comments, trailing commas, single
quotes, bare keys. A placeholder (`${Name}`) may stand unquoted for a value, as in definitions with
substitutions.
"""

from __future__ import annotations

import json
import re
from math import isinf

from carnation.document.pointers import escape
from carnation.errors import DocumentError
from carnation.lazy import TYPE_CHECKING, compile_lazily
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from typing import Any

_MAX_DEPTH = 900  # a definition nests three levels for each Map; AWS gives up long before
_TOKEN = compile_lazily(
    r"""
      (?P<string>"[^"\\\x00-\x1f]*+(?:\\.[^"\\\x00-\x1f]*+)*+")
    | (?P<mark>[{}\[\],:])
    | (?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![0-9A-Za-z_.]))
    | (?P<word>[A-Za-z_$][A-Za-z0-9_$]*(?!\{))
    | (?P<placeholder>(?:\$\{[^{}"\n]*\})+)
    | (?P<comment>//[^\n]*|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/)
    | (?P<single>'[^'\\\n]*(?:\\.[^'\\\n]*)*')
    | (?P<other_number>[+-]?(?:0[xX][0-9a-fA-F]+|[0-9]*\.[0-9]+|[0-9]+\.?)(?:[eE][+-]?[0-9]+)?)
    """,
    re.VERBOSE | re.DOTALL,
)
_PART = compile_lazily(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\]]|[^\s{}\[\],:"]++')
_BLANKS = compile_lazily(r"[ \t\r\n]*")
_RELAXED_BLANKS = compile_lazily(r"\s*")
_WORDS = {"true": True, "false": False, "null": None}
_ESCAPES = {"'": "'", "\n": "", "v": "\v", "0": "\0"}


class Scanned(NamedTuple):
    """What a scan gives: the value, each pointer's offsets, the pointers of repeated keys.

    `bodies` holds the offsets of objects and arrays, from their first mark to their last.
    """

    value: Any
    offsets: dict[str, tuple[int, int]]
    repeated: list[str]
    bodies: dict[str, tuple[int, int]]


class _Frame:
    """An object or array that is still open."""

    def __init__(self, value: Any, pointer: str, start: int) -> None:
        self.value = value
        self.pointer = pointer
        self.start = start
        self.key: str | None = None
        self.state = "first"  # first, key, colon, value, comma
        self.key_offsets = (0, 0)


class _Scanner:
    def __init__(self, text: str, where: str, relaxed: bool) -> None:
        self.text = text
        self.where = where
        self.relaxed = relaxed
        self.blanks = _RELAXED_BLANKS if relaxed else _BLANKS
        self.offsets: dict[str, tuple[int, int]] = {}
        self.repeated: list[str] = []
        self.bodies: dict[str, tuple[int, int]] = {}
        self.stack: list[_Frame] = []
        self.result: Any = None
        self.done = False

    def scan(self) -> None:
        position, text, size = 0, self.text, len(self.text)
        while True:
            position = self.blanks.match(text, position).end()  # type: ignore[union-attr]
            if position >= size:
                break
            match = _TOKEN.match(text, position)
            if match is None:
                raise self.fail(position, f"unexpected {text[position]!r}")
            if match.lastgroup != "comment":
                self.accept(match)
            elif not self.relaxed:
                raise self.fail(position, "comments have no place in JSON")
            position = match.end()
        if self.stack or not self.done:
            raise self.fail(size, "the text ends too soon")

    def accept(self, match: re.Match[str]) -> None:
        if self.done:
            raise self.fail(match.start(), "more text after the end")
        kind, token = match.lastgroup, match[0]
        if kind == "mark":
            self.accept_mark(token, match.start(), match.end())
        elif self.stack and self.expects_key():
            self.accept_key(self.read_key(match), match.start(), match.end())
        else:
            self.add(self.read_scalar(match), match.start(), match.end())

    def expects_key(self) -> bool:
        frame = self.stack[-1]
        return isinstance(frame.value, dict) and frame.state in ("first", "key", "comma")

    def accept_key(self, key: str, start: int, end: int) -> None:
        frame = self.stack[-1]
        if frame.state == "comma":
            raise self.fail(start, "a comma is missing")
        pointer = _extend(frame.pointer, key)
        if key in frame.value:
            self.repeated.append(pointer)
        frame.key, frame.state, frame.key_offsets = key, "colon", (start, end)

    def accept_mark(self, mark: str, start: int, end: int) -> None:
        frame = self.stack[-1] if self.stack else None
        if mark in "{[":
            self.open({} if mark == "{" else [], start, end)
        elif frame is None:
            raise self.fail(start, f"unexpected {mark!r}")
        elif mark == ":" and frame.state == "colon":
            frame.state = "value"
        elif mark == "," and frame.state == "comma":
            frame.state = "key" if isinstance(frame.value, dict) else "value"
        elif mark == ("}" if isinstance(frame.value, dict) else "]") and self.may_close(frame):
            self.close(end)
        else:
            raise self.fail(start, f"unexpected {mark!r}")

    def may_close(self, frame: _Frame) -> bool:
        after_comma = "key" if isinstance(frame.value, dict) else "value"
        return frame.state in ("first", "comma") or (self.relaxed and frame.state == after_comma)

    def open(self, value: Any, start: int, end: int) -> None:
        if len(self.stack) >= _MAX_DEPTH:
            raise self.fail(start, f"the text nests deeper than {_MAX_DEPTH} levels")
        pointer = self.place(value, start, end)
        self.stack.append(_Frame(value, pointer, start))

    def close(self, end: int) -> None:
        frame = self.stack.pop()
        self.bodies[frame.pointer] = (frame.start, end)
        self.done = not self.stack

    def add(self, value: Any, start: int, end: int) -> None:
        pointer = self.place(value, start, end)
        self.offsets[pointer] = (start, end)
        self.done = not self.stack

    def place(self, value: Any, start: int, end: int) -> str:
        """Put a value where it belongs, and give its pointer; a container is found at its key."""
        if not self.stack:
            self.result = value
            self.offsets[""] = (start, end)
            return ""
        frame = self.stack[-1]
        if isinstance(frame.value, dict):
            if frame.state != "value":
                raise self.fail(start, "a key is missing" if frame.state != "colon" else "no ':'")
            pointer = _extend(frame.pointer, str(frame.key))
            frame.value[frame.key] = value
            self.offsets[pointer] = frame.key_offsets
        else:
            if frame.state == "comma":
                raise self.fail(start, "a comma is missing")
            pointer = f"{frame.pointer}/{len(frame.value)}"
            frame.value.append(value)
            self.offsets[pointer] = (start, end)
        frame.state = "comma"
        return pointer

    def read_key(self, match: re.Match[str]) -> str:
        if match.lastgroup == "string" or (match.lastgroup == "single" and self.relaxed):
            return str(self.read_scalar(match))
        if match.lastgroup == "word" and self.relaxed:
            return match[0]
        raise self.fail(match.start(), "a key must be in double quotes")

    def read_scalar(self, match: re.Match[str]) -> Any:
        kind, token = match.lastgroup, match[0]
        if kind == "string" or kind == "number":
            return self.read_json(token, match.start())
        if kind == "word" and token in _WORDS:
            return _WORDS[token]
        if kind == "placeholder":
            return token
        if kind == "single" and self.relaxed:
            return self.read_single(token, match.start())
        if kind == "other_number" and self.relaxed:
            return self.read_number(token, match.start())
        raise self.fail(match.start(), f"'{token[:20]}' is not a value")

    def read_json(self, token: str, start: int) -> Any:
        try:
            value = json.loads(token)
            if isinstance(value, float) and isinf(value):
                raise self.fail(start, f"{token[:20]} is larger than any number")
            return value
        except ValueError as error:
            if self.relaxed and token.startswith('"'):
                return self.read_single(token, start)
            raise self.fail(start, str(error).partition(":")[0]) from error

    def read_single(self, token: str, start: int) -> str:
        inner = re.sub(r"\\([\s\S])", _read_escape, token[1:-1])
        inner = re.sub(r'(?<!\\)((?:\\\\)*)"', r"\1\\" + '"', inner)
        try:
            return str(json.loads(f'"{inner}"', strict=False))
        except ValueError as error:
            raise self.fail(start, "the string cannot be read") from error

    def read_number(self, token: str, start: int) -> float | int:
        digits = token.lstrip("+-")
        sign = -1 if token.startswith("-") else 1
        try:
            return sign * (int(digits, 16) if digits[:2] in ("0x", "0X") else float(digits))
        except ValueError as error:
            raise self.fail(start, f"'{token[:20]}' is not a number") from error

    def fail(self, offset: int, problem: str) -> DocumentError:
        line = self.text.count("\n", 0, offset) + 1
        column = offset - self.text.rfind("\n", 0, offset)
        return DocumentError(
            f"this is not valid JSON ({problem}). Fix the file.", self.where, line, column
        )


def _read_escape(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[1], match[0])


def _extend(pointer: str, key: str) -> str:
    return f"{pointer}/{escape(key)}"


def scan_text(text: str, where: str, *, relaxed: bool) -> Scanned:
    """Read a text to the end; raises `DocumentError` with line and column where it cannot be read.

    >>> scan_text("{a: [1, /* two */ 2,]}", "x.json5", relaxed=True).value
    {'a': [1, 2]}
    """
    scanner = _Scanner(text, where, relaxed)
    scanner.scan()
    return Scanned(scanner.result, scanner.offsets, scanner.repeated, scanner.bodies)


def find_offsets(text: str) -> dict[str, tuple[int, int]]:
    """Find where each part of a text stands that is valid JSON and repeats no key, by its pointer.

    The same offsets as those of a scan, in a fifth of its time.

    >>> find_offsets('{"a": [true, {}]}')
    {'': (0, 1), '/a': (1, 4), '/a/0': (7, 11), '/a/1': (13, 14)}
    """
    offsets: dict[str, tuple[int, int]] = {}
    around: list[tuple[str, int]] = []
    prefix, index, key, key_span = "", _ROOT, "", (0, 0)
    for part in _PART.finditer(text):
        span = part.span()
        mark = text[span[0]]
        if mark in "}]":
            prefix, index = around.pop()
            key = ""
            continue
        if index == _OBJECT and not key:
            key, key_span = f"{prefix}/{escape(_read_key(part[0]))}", span
            continue
        pointer, place = "", span
        if index == _OBJECT:
            pointer, place, key = key, key_span, ""
        elif index != _ROOT:
            pointer = f"{prefix}/{index}"
            index += 1
        if mark in "{[":
            offsets[pointer] = place
            around.append((prefix, index))
            prefix, index = pointer, _OBJECT if mark == "{" else 0
        else:
            offsets[pointer] = span
    return offsets


_ROOT, _OBJECT = -2, -1
"""What stands for the index where the values around are no list."""


def _read_key(token: str) -> str:
    return str(json.loads(token)) if "\\" in token else token[1:-1]
