"""Suppressions: a finding that somebody has looked at and does not want to see again, and why.

In the `Comment` of a state (for that state) or of the state machine (for all of it):
`carnation: ignore RULE because REASON`. Without a reason it does not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from carnation.asl.walk import walk_states
from carnation.rules.findings import Problem

_IGNORE = r"carnation:\s*ignore\s+([a-z0-9-]+)\s+because\s+(\S[^\n;]*)"


class Suppressed:
    """The pairs of rule and state that are not to be reported."""

    def __init__(self, pairs: Mapping[tuple[str, str], str]) -> None:
        self.pairs = pairs

    def __contains__(self, pair: object) -> bool:
        if not isinstance(pair, tuple):
            return False
        return pair in self.pairs or (pair[0], "") in self.pairs


def find_suppressed(definition: Any, problems: Iterable[Problem]) -> Suppressed:
    """Read the comments of a definition, if there is a problem that one could suppress."""
    pairs: dict[tuple[str, str], str] = {}
    if isinstance(definition, Mapping) and any(True for _ in problems):
        bodies = [("", definition)]
        bodies += [(place.name, place.state) for place in walk_states(definition)]
        for name, body in bodies:
            comment = body.get("Comment")
            if isinstance(comment, str) and "carnation:" in comment:
                pairs.update({(rule, name): why for rule, why in re.findall(_IGNORE, comment)})
    return Suppressed(pairs)
