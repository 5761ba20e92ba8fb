"""Suppressions: a finding that somebody has looked at and does not want to see again, and why.

In the `Comment` of a state (for that state) or of the state machine (for all of it):
`carnation: ignore RULE because REASON`; in YAML and json5 a remark (`#`, `//`) in the state, or
right above it, does the same. Without a reason it does not count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from carnation.asl import walk_states
from carnation.asl.graph import Problem
from carnation.document.reading import Span
from carnation.document.values import Json
from carnation.lazy import re

_IGNORE = r"carnation:\s*ignore\s+([a-z0-9-]+)\s+because\s+(\S[^\n;]*)"


_MARKS = ("#", "//", "/*")
_FARTHEST = 50  # lines from a remark to the state below it
_ONLY_REMARK = r"\s*(?:#|//|/\*|$)"


class Suppressed:
    """The pairs of rule and state that are not to be reported."""

    def __init__(self, pairs: Mapping[tuple[str, str], str]) -> None:
        self.pairs = pairs

    def __contains__(self, pair: object) -> bool:
        if not isinstance(pair, tuple):
            return False
        return pair in self.pairs or (pair[0], "") in self.pairs


def find_suppressed(
    definition: Json,
    problems: Iterable[Problem],
    text: str = "",
    locate: Callable[[str], Span] | None = None,
) -> Suppressed:
    """Read the comments of a definition, if there is a problem that one could suppress.

    `text` is the file around it and `locate` finds a pointer there, for comments that are none of
    the definition's (`#`, `//`).
    """
    pairs: dict[tuple[str, str], str] = {}
    if isinstance(definition, Mapping) and any(True for _ in problems):
        places = [*walk_states(definition)]
        bodies = [("", definition), *((place.name, place.body) for place in places)]
        for name, body in bodies:
            comment = body.get("Comment")
            if isinstance(comment, str) and "carnation:" in comment:
                pairs.update({(rule, name): why for rule, why in re.findall(_IGNORE, comment)})
        if locate is not None and "carnation:" in text:
            starts = sorted((locate(place.pointer).line, place.name) for place in places)
            pairs.update(_read_remarks(text, starts))
    return Suppressed(pairs)


def _read_remarks(
    text: str, starts: Sequence[tuple[int, str]]
) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield what the remarks of a file suppress: in the state below which or above which they are.

    A remark on a line of its own right above a state is that state's; above all states, it is the
    whole machine's.
    """
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        match = re.search(_IGNORE, line) if "carnation:" in line else None
        if match is None or not any(mark in line[: match.start()] for mark in _MARKS):
            continue
        below = number
        while below < min(len(lines), number + _FARTHEST) and re.match(
            _ONLY_REMARK, lines[below - 1]
        ):
            below += 1
        names = [name for start, name in starts if start <= below]
        yield (match[1], names[-1] if names else ""), match[2]
