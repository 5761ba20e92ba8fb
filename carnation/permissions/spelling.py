"""ARNs in other words: whether what is granted is what is needed, however each is spelled.

A template may say `${AWS::Region}` where a definition says `eu-west-1`: it is the same there, and
so are partition and account. Any other placeholder stands for one value that only a deployment
knows; `${!Jobs}` is the name that CloudFormation gives to a resource, which no other one has.
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache

from carnation.lazy import compile_lazily

_PLACEHOLDER = compile_lazily(r"\$\{([^{}]+)\}|\{[^{}]*\}")
_PSEUDO = {"partition": "\ue000", "region": "\ue001", "accountid": "\ue002", "urlsuffix": "\ue003"}
_UNKNOWN, _NAMED = 0xE100, 0xF000
_HIDDEN = ("\ue000", "\uefff")
"""The first and the last character that stands for a placeholder with an unknown value."""


class Match(IntEnum):
    """How a grant answers a need: not, perhaps, in part, where the template says so, or surely."""

    NO = 0
    MAYBE = 1
    PART = 2
    THERE = 3
    COVERS = 4


@lru_cache(maxsize=4096)
def compare_arns(granted: str, needed: str) -> Match:
    """Compare the resource of a grant with a needed one; each may be a pattern.

    >>> compare_arns("arn:aws:sqs:*:1:jobs", "arn:aws:sqs:eu-west-1:1:jobs").name
    'COVERS'
    >>> compare_arns("arn:aws:sqs:*:1:jobs", "arn:${AWS::Partition}:sqs:eu-west-1:1:jobs").name
    'THERE'
    >>> compare_arns("arn:aws:sqs:eu-west-1:1:jobs", "arn:aws:sqs:eu-west-1:1:*").name
    'PART'
    >>> compare_arns("${Topic}", "arn:aws:sns:eu-west-1:1:told").name
    'MAYBE'
    """
    if granted in ("*", needed):
        return Match.COVERS
    names: dict[str, str] = {}
    wide, narrow = _Spelling(granted, names), _Spelling(needed, names)
    if wide.parts and narrow.parts:
        return min(map(_compare_field, wide.parts, narrow.parts, range(6)))
    return _compare(wide.text, narrow.text)


class _Spelling:
    """A text with a character in place of each placeholder, and its six parts if it has them."""

    def __init__(self, text: str, names: dict[str, str]) -> None:
        def hide(found: re.Match[str]) -> str:
            name = found[1] or found[0]
            plain = re.sub(r"^(AWS::|aws:)|[_-]", "", name).lower()
            if plain in _PSEUDO:
                return _PSEUDO[plain]
            first = _NAMED if name.startswith("!") else _UNKNOWN
            return names.setdefault(name, chr(first + len(names)))

        self.text = _PLACEHOLDER.sub(hide, text)
        parts = self.text.split(":", 5)
        self.parts = parts if len(parts) == 6 and parts[0] == "arn" else []


def _compare_field(granted: str, needed: str, at: int) -> Match:
    own = {1: _PSEUDO["partition"], 3: _PSEUDO["region"], 4: _PSEUDO["accountid"]}.get(at)
    if own and own in (granted, needed) and granted and needed:
        other = needed if granted == own else granted
        if not re.search(r"[*?]", other) and not any(map(_is_hidden, other.replace(own, ""))):
            return Match.COVERS if granted == needed else Match.THERE
    return _compare(granted, needed)


def _compare(granted: str, needed: str) -> Match:
    if _covers(granted, needed):
        return Match.COVERS
    if _covers(needed, granted):
        return Match.PART
    if not _meet(granted, needed):
        return Match.NO
    return Match.MAYBE


def _covers(wide: str, narrow: str) -> bool:
    if wide == narrow or wide == "*":
        return True
    return bool(re.search(r"[*?]", wide)) and _compile(wide).fullmatch(narrow) is not None


@lru_cache(maxsize=4096)
def _compile(pattern: str) -> re.Pattern[str]:
    # `?` is one character, and never a `*` of the other pattern
    parts = [
        ".*" if part == "*" else "[^*]" if part == "?" else re.escape(part)
        for part in re.split(r"([*?])", re.sub(r"\*+", "*", pattern))
    ]
    return re.compile("".join(parts), re.DOTALL)


def _is_hidden(character: str) -> bool:
    return _HIDDEN[0] <= character <= _HIDDEN[1]


def _open(text: str) -> str:
    """Put `*` in the place of each placeholder with an unknown value."""
    if text.isascii():
        return text
    return "".join(["*" if _is_hidden(character) else character for character in text])


def _meet(first: str, second: str) -> bool:
    """Return whether some text is taken in by both patterns; what is unknown may be anything."""
    one, other = map(_open, (first, second))
    reached = {0}
    for position in range(len(one) + 1):
        at = one[position : position + 1]
        column = _follow(reached, other)
        if not at:
            return len(other) in column
        reached = _step(column, at, other)
    return False


def _follow(reached: set[int], other: str) -> set[int]:
    """Continue over stars of the other pattern that match nothing."""
    found = set(reached)
    for place in reached:
        while place < len(other) and other[place] == "*":
            place += 1
            found.add(place)
    return found


def _step(column: set[int], at: str, other: str) -> set[int]:
    if at == "*":  # for nothing, or for any more of the other
        return set(range(min(column), len(other) + 1)) if column else set()
    found = set()
    for place in column:
        if place < len(other) and (at == "?" or other[place] in ("*", "?", at)):
            found.add(place if other[place] == "*" else place + 1)
        if place and other[place - 1] == "*":
            found.add(place)
    return found
