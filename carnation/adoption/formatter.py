r"""Python code as a tree, and its layout: what `ruff format` would leave as it is.

A tree is made of `Token` (a name, or a literal that cannot be split), `Text` (a string) and `Group`
(a call, a list, a dict, a tuple). What fits on a line stands on it; everything else has an item a
line and a comma behind the last, which formatters keep, whatever width they are told.

>>> print(render_code(render_call("Fail", Text("Declined"), error=Text("no"))))
Fail("Declined", error="no")
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from unicodedata import combining, east_asian_width

from carnation.errors import DefinitionError
from carnation.records import NamedTuple

WIDTH = 88  # of a line, ruff's default
WIDEST = 100  # a project may allow this much, and would join what fits into it again
_MAX_DEPTH = 60  # brackets in brackets; Python's own parser gives up at 100 to 200
_NONE: Mapping[str, str] = {}
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class Token(NamedTuple):
    """Code that stands as it is: a name, a number, a call without arguments."""

    code: str


class Text(NamedTuple):
    """A string; a long one is written in several pieces, split at line ends and blanks."""

    value: str


class Item(NamedTuple):
    """One part of a group, with what is before it (`name=`, `"key": `)."""

    code: Code
    prefix: str = ""


class Group(NamedTuple):
    """Items between an opening and a closing bracket; `Task(` opens a call."""

    opening: str
    items: Sequence[Item]
    closing: str


Code = Token | Text | Group


def quote_text(text: str) -> str:
    r"""Write a string as a literal, in the quotes that take fewer escapes, double ones first.

    >>> print(quote_text("it's"), quote_text('say "no"'), quote_text("a\u202eb\n"))
    "it's" 'say "no"' "a\u202eb\n"
    """
    quote = "'" if text.count('"') > text.count("'") else '"'
    return quote + "".join(_escape(char, quote) for char in text) + quote


def _escape(char: str, quote: str) -> str:
    if char == quote:
        return f"\\{char}"
    if char in _ESCAPES:
        return _ESCAPES[char]
    return char if char.isprintable() else repr(char)[1:-1]


def measure(code: str) -> int:
    """Count the columns that code takes: letters of East Asia take two, accents none.

    >>> measure("a"), measure("待"), measure("e\u0301")
    (1, 2, 1)
    """
    if code.isascii():
        return len(code)
    return sum(
        0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in code
    )


def render_value(value: Any, constants: Mapping[str, str] = _NONE, depth: int = 0) -> Code:
    """Return the code of a JSON value, its keys in their order, texts that are constants by name.

    Raises `DefinitionError` for what Python's own parser would not read.

    >>> render_code(render_value({"a": [1.0, None, "x" * 30]}, {"x" * 30: "X"}))
    '{"a": [1.0, None, X]}'
    """
    if depth > _MAX_DEPTH:
        raise DefinitionError(
            f"a value nests deeper than {_MAX_DEPTH} levels, too deep for Python."
        )
    if isinstance(value, str):
        return Token(constants[value]) if value in constants else Text(value)
    if isinstance(value, dict):
        items = [
            Item(render_value(item, constants, depth + 1), f"{quote_text(key)}: ")
            for key, item in value.items()
        ]
        return Group("{", items, "}")
    if isinstance(value, (list, tuple)):
        return Group("[", [Item(render_value(item, constants, depth + 1)) for item in value], "]")
    if isinstance(value, float):
        return Token(json.dumps(value, allow_nan=False).replace("e+", "e"))
    return Token(repr(value))


def render_call(function: str, *given: Code, **named: Code) -> Group:
    """Return the code of a call.

    >>> render_code(render_call("Fail", Text("No"), error=Text("E")))
    'Fail("No", error="E")'
    """
    items = [*map(Item, given), *(Item(code, f"{name}=") for name, code in named.items())]
    return Group(f"{function}(", items, ")")


def render_code(code: Code, indent: int = 0, before: int = 0, after: int = 0) -> str:
    """Lay code out at an indent, with so many characters before and after it on its lines.

    The first line carries no indent, so that it can be behind `name = ` or a prefix.
    """
    flat = _flatten(code, WIDTH - indent - before - after)
    if flat is not None:
        return flat
    if isinstance(code, Text):
        return _split_text(code.value, indent, before + after)
    if isinstance(code, Token) or not code.items:
        return _render_atom(code)
    lines = [code.opening]
    margin = " " * (indent + 4)
    alone = len(code.items) == 1 and not code.items[0].prefix
    for item in code.items:
        inner = render_code(item.code, indent + 4, measure(item.prefix), 1)
        # brackets in brackets need no comma, where the inner ones are on several lines
        end = "" if alone and inner.endswith(("\n" + margin + "]", "\n" + margin + "}")) else ","
        lines.append(f"{margin}{item.prefix}{inner}{end}")
    lines.append(" " * indent + code.closing)
    return "\n".join(lines)


def _render_atom(code: Token | Group) -> str:
    return code.code if isinstance(code, Token) else code.opening + code.closing


def _flatten(code: Code, room: int) -> str | None:
    """Write code on one line, or give None where it takes more room than there is."""
    if isinstance(code, Text):
        flat = quote_text(code.value) if len(code.value) <= 2 * room else ""
        return flat if flat and measure(flat) <= room else None
    if isinstance(code, Token) or not code.items:
        flat = _render_atom(code)
        return flat if measure(flat) <= room else None
    parts = []
    room -= len(code.opening) + len(code.closing) - 2
    for item in code.items:
        inner = _flatten(item.code, room - measure(item.prefix) - 2)
        if inner is None:
            return None
        parts.append(item.prefix + inner)
        room -= measure(parts[-1]) + 2
    return code.opening + ", ".join(parts) + code.closing


def _split_text(text: str, indent: int, around: int) -> str:
    """Write a long string in pieces between brackets, unless it has no place to be split at."""
    whole = quote_text(text)
    if indent + min(around, 4) + measure(whole) <= WIDEST:
        return whole
    margin = " " * (indent + 4)
    pieces = list(_cut(text, WIDTH - indent - 4 - 2))
    if len(pieces) < 2:
        return whole
    return "\n".join(["(", *(margin + quote_text(piece) for piece in pieces), " " * indent + ")"])


def _cut(text: str, room: int) -> list[str]:
    """Cut a text behind its line ends, and what is still too long behind a blank."""
    pieces = []
    for line in text.splitlines(keepends=True):
        rest = line
        while measure(quote_text(rest)) - 2 > room:
            at = _find_cut(rest, room)
            if at <= 0:
                break
            pieces.append(rest[:at])
            rest = rest[at:]
        pieces.append(rest)
    return pieces


def _find_cut(line: str, room: int) -> int:
    """Find the last blank that leaves what is before it within the room; else the next one."""
    width, best = 0, 0
    for at, char in enumerate(line[:-1], 1):
        width += measure(_escape(char, '"'))
        if char == " " and not line[:at].isspace():
            if width > room and best:
                break
            best = at
            if width > room:
                break
    return best
