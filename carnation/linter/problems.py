"""Problems: what a rule yields."""

from __future__ import annotations

from typing import NamedTuple


class Problem(NamedTuple):
    """What a rule yields: where (a JSON pointer), what, and the name of the state it is in.

    `facts` are the names that a fix needs: what is there, and what was meant.
    """

    pointer: str
    message: str
    state: str = ""
    facts: tuple[str, ...] = ()
