"""The comments of a file: what json5 and YAML let a person write next to a definition.

They are no part of the definition, so a reader drops them; adoption keeps them.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from carnation.asl import walk_states
from carnation.document import Document

_TOKEN = re.compile(
    r"""
      "(?:[^"\\]|\\.)*" | '(?:[^'\\\n]|\\.)*'
    | (?P<line>//[^\n]*) | (?P<block>/\*.*?\*/)
    """,
    re.VERBOSE | re.DOTALL,
)
_HASH = re.compile(r"(?:^|(?<=\s))#[^\n]*", re.MULTILINE)
_YAML_SUFFIXES = (".yaml", ".yml", ".template")


def find_remarks(
    document: Document, definition: Mapping[str, Any], pointer: str = ""
) -> dict[str, list[str]]:
    r"""Find the comments in and before a definition: lines by the state they belong to.

    `pointer` is where the definition stands in the document. A comment on a line of its own belongs
    to the state of what follows it, one behind something to that state; those of no state to ''.

    >>> from carnation.document import parse_document
    >>> text = '// all\n{StartAt: "A", States: {\n// first\nA: {Type: "Succeed"} // last\n}}'
    >>> document = parse_document(text, "x.json5")
    >>> find_remarks(document, document.value)
    {'': ['all'], '/States/A': ['first', 'last']}
    """
    remarks = list(_list_remarks(document))
    if not remarks:
        return {}
    places = sorted(
        (span[0], part)
        for part, span in document.offsets.items()
        if part == pointer or part.startswith(pointer + "/")
    )
    starts = [start for start, _ in places]
    states = {pointer + place.pointer: place.pointer for place in walk_states(definition)}
    found: dict[str, list[str]] = {}
    for start, end, lines in remarks:
        part = _find_part(document.text, start, end, starts, [part for _, part in places])
        if part is not None:
            found.setdefault(_find_state(part, states), []).extend(map(_clean, lines))
    return found


def _find_part(
    text: str, start: int, end: int, starts: Sequence[int], parts: Sequence[str]
) -> str | None:
    """Find what a comment speaks of: what is before it on its line, else what follows it."""
    line = text.rfind("\n", 0, start) + 1
    at = bisect_right(starts, start) - 1
    if at >= 0 and starts[at] >= line and text[line:start].strip():
        return parts[at]
    at = bisect_left(starts, end)
    whole = bool(parts) and parts[0] == ""
    if at < len(starts) and (at or whole):
        return parts[at]
    return "" if whole else None  # in a template: of what is before the definition or behind it


def _find_state(part: str, states: Mapping[str, str]) -> str:
    while part not in states:
        if "/" not in part:
            return ""
        part = part.rpartition("/")[0]
    return states[part]


def _list_remarks(document: Document) -> Iterator[tuple[int, int, list[str]]]:
    """Yield where each comment starts and ends, and its lines."""
    if document.where.endswith(_YAML_SUFFIXES) and not document.text.lstrip().startswith("{"):
        yield from _list_hashes(document.text) if "#" in document.text else ()
        return
    if "//" not in document.text and "/*" not in document.text:
        return
    for match in _TOKEN.finditer(document.text):
        if match["line"]:
            yield match.start(), match.end(), [match[0][2:]]
        elif match["block"]:
            yield match.start(), match.end(), match[0][2:-2].strip().split("\n")


def _list_hashes(text: str) -> Iterator[tuple[int, int, list[str]]]:
    """Yield the comments of YAML: what is between two tokens behind a `#`."""
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    end = 0
    for token in yaml.scan(text, Loader=loader):
        yield from _list_between(text, end, token.start_mark.index)
        end = token.end_mark.index
    yield from _list_between(text, end, len(text))


def _list_between(text: str, start: int, end: int) -> Iterator[tuple[int, int, list[str]]]:
    for match in _HASH.finditer(text, start, end) if "#" in text[start:end] else ():
        yield match.start(), match.end(), [match[0][1:]]


def _clean(line: str) -> str:
    """Take away what only draws a frame, and what Python would not take for text."""
    plain = "".join(char if char.isprintable() else " " for char in line)
    return " ".join(plain.strip().lstrip("#/*").split())
