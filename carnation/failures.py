"""Failures on purpose: which events fail, and for how many attempts."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

from carnation.errors import UsageError

_RANGE = re.compile(r"(\d+)(?:-(\d+))?\Z")
_SHARE = re.compile(r"(\d+(?:\.\d+)?)%\Z")

INJECTED = "InjectedFault"
Fault = Callable[[Any], "tuple[str, str] | None"]
"""Asked for each payload of a function; gives the name and text of an error, or None."""


def choose_failures(which: str | None, attempts: int, seed: int) -> Fault | None:
    """Make the fault for `--fail`: events by number (`3,5-7`) or share (`10%`), chosen by a seed.

    A chosen event fails its first `attempts` attempts with an error named `InjectedFault`. Raises
    `UsageError` for text that is neither.

    >>> fault = choose_failures("2-3", 1, seed=0)
    >>> fault({"sequence_no": 3, "retry_attempt": 0})
    ('InjectedFault', 'event 3 was chosen to fail')
    >>> fault({"sequence_no": 3, "retry_attempt": 1}) is None
    True
    """
    if which is None:
        return None
    chosen = _choose_share(which, seed) or _choose_numbers(which)

    def fail(payload: Any) -> tuple[str, str] | None:
        if not isinstance(payload, dict) or not {"sequence_no", "retry_attempt"} <= set(payload):
            return None
        number, attempt = payload["sequence_no"], payload["retry_attempt"]
        if attempt >= attempts or not chosen(number):
            return None
        return INJECTED, f"event {number} was chosen to fail"

    return fail


def _choose_share(which: str, seed: int) -> Callable[[int], bool] | None:
    match = _SHARE.match(which.strip())
    if not match:
        return None
    share = float(match[1]) / 100
    if share > 1:
        raise UsageError(f"--fail '{which}': a share is at most 100%.")
    # a stream of its own for each event: the choice depends on no order
    return lambda number: random.Random(f"{seed}:{number}").random() < share  # noqa: S311


def _choose_numbers(which: str) -> Callable[[int], bool]:
    ranges = []
    for part in which.split(","):
        match = _RANGE.match(part.strip())
        if not match:
            raise UsageError(
                f"--fail '{which}': '{part}' is no number and no range (5-7). "
                "A share (10%) stands alone."
            )
        low, high = int(match[1]), int(match[2] or match[1])
        if high < low:
            raise UsageError(f"--fail '{which}': the range {part} ends before it begins.")
        ranges.append(range(low, high + 1))
    return lambda number: any(number in chosen for chosen in ranges)
