"""Editing a document's text in place: values, keys and items change, everything else stays.

An edit that cannot be made for certain (a key written in a way that hides it, an item of a YAML
block that is not a scalar) is not made: the caller is told which edits were.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from carnation.document.pointers import split_pointer
from carnation.document.reading import Document
from carnation.lazy import TYPE_CHECKING, compile_lazily
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from typing import Any

Splice = tuple[int, int, str]
_COMMA_AFTER = compile_lazily(r"\s*,[ \t]*(?:\r?\n[ \t]*)?")
_COMMA_BEFORE = compile_lazily(r",\s*\Z")
_NEAR = 1_000  # characters between a key and its value, or between two items
_PLAIN = compile_lazily(r"[A-Za-z](?:[A-Za-z0-9_.:/-]*[A-Za-z0-9_])?\Z")


class Edit(NamedTuple):
    """A change at a JSON pointer.

    `kind` is `replace` (a scalar by the text `value`), `rename` (the key becomes `value`), `remove`
    (an item of a list, or the one at `pointer`), or `last` (an item moves to the end of its list).
    """

    kind: str
    pointer: str
    value: str = ""


def edit_text(document: Document, edits: Sequence[Edit]) -> str | None:
    """Return the document's text with all the edits made; None if one of them cannot be made.

    >>> from carnation.document import parse_document
    >>> document = parse_document('{"a": ["x", "y"], /* why */ "b": 1}', "x.json5")
    >>> edit_text(document, [Edit("remove", "/a/0"), Edit("rename", "/b", "c")])
    '{"a": ["y"], /* why */ "c": 1}'
    """
    editor = _Editor(document)
    splices: list[Splice] = []
    for edit in dict.fromkeys(edits):
        made = editor.find_splices(edit)
        if not made:
            return None
        splices += made
    pieces: list[str] = []
    at = 0
    for start, stop, new in sorted(splices):
        if start < at:
            return None  # two edits would meet
        pieces += [document.text[at:start], new]
        at = stop
    return "".join([*pieces, document.text[at:]])


class _Editor:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.text = document.text
        self.is_json = self.text.lstrip().startswith("{")
        self.bodies: Mapping[str, tuple[int, int]] = {}
        if self.is_json:
            from carnation.document.scanner import scan_text

            self.bodies = scan_text(self.text, document.where, relaxed=True).bodies

    def find_splices(self, edit: Edit) -> list[Splice]:
        if edit.kind == "replace":
            return self.replace(edit.pointer, edit.value)
        if edit.kind == "rename":
            return self.rename(edit.pointer, edit.value)
        if edit.kind == "remove":
            return self.remove(edit.pointer)
        return self.move_last(edit.pointer)

    def replace(self, pointer: str, value: str) -> list[Splice]:
        span = self.document.find_scalar(pointer)
        if span is None or not isinstance(_find(self.document.value, pointer), str):
            return []
        written = self.text[slice(*span)]
        if written[:1] not in ("'", '"') and not _PLAIN.match(written):
            return []  # a block of YAML, an alias
        return [(*span, _render_like(written, value))]

    def rename(self, pointer: str, name: str) -> list[Splice]:
        span = self.document.find_scalar(pointer)
        if span is None:
            return []
        old = split_pointer(pointer)[-1]
        if isinstance(_find(self.document.value, pointer), (dict, list)):
            start, end = span
        else:
            key = re.escape(old)
            written = rf"""(?:"{key}"|'{key}'|(?<![\w.$"'-]){key})(?=\s*:\s*\Z)"""
            first = max(0, span[0] - len(old) - _NEAR)
            match = re.compile(written).search(self.text, first, span[0])
            if match is None:
                return []
            start, end = match.span()
        written = self.text[start:end]
        if written.strip("\"'") != old:
            return []
        quoted = written[:1] in ("'", '"')
        bare = name if not self.is_json or name.isidentifier() else json.dumps(name)
        return [(start, end, _render_like(written, name) if quoted else bare)]

    def remove(self, pointer: str) -> list[Splice]:
        span = self.bodies.get(pointer) or self.find_item(pointer)
        if span is None:
            return []
        start, end = span
        after = _COMMA_AFTER.match(self.text, end)
        if after:
            return [(start, after.end(), "")]
        before = _COMMA_BEFORE.search(self.text, max(0, start - _NEAR), start)
        if before:
            return [(before.start(), end, "")]
        return self.remove_line(start, end)

    def find_item(self, pointer: str) -> tuple[int, int] | None:
        holds_more = isinstance(_find(self.document.value, pointer), (dict, list))
        return None if holds_more else self.document.find_scalar(pointer)

    def remove_line(self, start: int, end: int) -> list[Splice]:
        """Remove an item of a block of YAML: a line with a dash and nothing else but the item."""
        first = self.text.rfind("\n", 0, start) + 1
        last = self.text.find("\n", end)
        last = len(self.text) if last < 0 else last + 1
        is_alone = self.text[first:start].strip() == "-" and not self.text[end:last].strip()
        return [(first, last, "")] if is_alone and not self.is_json else []

    def move_last(self, pointer: str) -> list[Splice]:
        """Move an item behind its neighbors: the texts change places, what is between stays."""
        parent, _, index = pointer.rpartition("/")
        items = _find(self.document.value, parent)
        spans = [self.bodies.get(f"{parent}/{at}") for at in range(len(items))]
        kept = [span for span in spans if span is not None]
        if len(kept) != len(items):
            return []
        first = int(index)
        texts = [self.text[slice(*span)] for span in [*kept[first + 1 :], kept[first]]]
        return [(*span, text) for span, text in zip(kept[first:], texts, strict=True)]


def _find(value: Any, pointer: str) -> Any:
    for part in split_pointer(pointer):
        if isinstance(value, list):
            value = value[int(part)] if part.isdigit() and int(part) < len(value) else None
        else:
            value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _render_like(written: str, value: str) -> str:
    """Write a text as another one is written: in its quotes, or without."""
    if written.startswith('"'):
        return json.dumps(value, ensure_ascii=False)
    if written.startswith("'") or not _PLAIN.match(value):
        return "'" + value.replace("'", "''") + "'"
    return value
