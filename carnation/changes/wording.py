"""The words of the sentences: values shortened, durations a person can weigh, lists with an end."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

from carnation.changes.records import MISSING

_MAX_QUOTE_LENGTH = 60
_UNITS = ((86400, "d"), (3600, "h"), (60, "min"))


def quote(value: object, longest: int = _MAX_QUOTE_LENGTH) -> str:
    """Show a value in a sentence, shortened in the middle, where two texts differ least.

    >>> quote({"a": 1}), quote(MISSING), quote("x" * 99, 9)
    ('{"a": 1}', 'nothing', '"xxx…xxx"')
    """
    if value is MISSING:
        return "nothing"
    return shorten(json.dumps(value, ensure_ascii=False), longest)


def quote_target(target: object) -> str:
    """Name the state that a field names, or show what it has instead.

    >>> quote_target("Pay"), quote_target(3)
    ("'Pay'", '3')
    """
    return f"'{shorten(target)}'" if isinstance(target, str) else quote(target)


def shorten(text: str, longest: int = _MAX_QUOTE_LENGTH) -> str:
    """Shorten a text in its middle."""
    if len(text) <= longest:
        return text
    head = longest // 2
    return f"{text[:head]}…{text[len(text) - (longest - head - 1) :]}"


def contrast(before: object, after: object) -> str:
    """Describe what a value was and is; long texts from a little before where they part.

    >>> contrast(30, 10), contrast(MISSING, "a"), contrast("a", MISSING)
    ('30 to 10', '"a" was added', '"a" was removed')
    """
    if before is MISSING:
        return f"{quote(after)} was added"
    if after is MISSING:
        return f"{quote(before)} was removed"
    if isinstance(before, str) and isinstance(after, str):
        before, after = _trim(before, after)
    return f"{quote(before)} to {quote(after)}"


def _trim(before: str, after: str) -> tuple[str, str]:
    if max(len(before), len(after)) <= _MAX_QUOTE_LENGTH - 2:
        return before, after
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    start = max(0, start - 12)
    head = "…" if start else ""
    return head + before[start:], head + after[start:]


def format_seconds(seconds: float) -> str:
    """Describe a duration.

    >>> [format_seconds(s) for s in (63, 6.0, 0.5, 600, 7260, 90000, float("inf"))]
    ['63 s', '6 s', '0.5 s', '10 min', '2 h 1 min', '1 d 1 h', 'for ever']
    """
    if math.isinf(seconds) or seconds > 86400 * 365 * 100:
        return "for ever"
    if seconds < 120:
        return f"{seconds:.10g} s"
    left = round(seconds)
    parts = []
    for size, unit in _UNITS:
        if left >= size:
            parts.append(f"{left // size} {unit}")
            left %= size
    if left and len(parts) < 2:
        parts.append(f"{left} s")
    return " ".join(parts[:2])


def quote_subject(subject: str) -> str:
    """Quote the name of a state or a resource; "the state machine" is no name.

    >>> quote_subject("Pay"), quote_subject("the state machine")
    ("'Pay'", 'the state machine')
    """
    return subject if subject.startswith("the ") else f"'{shorten(subject, 40)}'"


def format_list(words: Sequence[str], most: int = 4) -> str:
    """Join words, and count those beyond the first few.

    >>> format_list(["a", "b", "c"]), format_list(list("abcdef"), 2)
    ('a, b and c', 'a, b and 4 more')
    """
    if len(words) > most + 1:
        return f"{', '.join(words[:most])} and {len(words) - most} more"
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
