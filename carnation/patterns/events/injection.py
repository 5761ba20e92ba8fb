"""Failures on purpose: which events fail, and for how many attempts."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from carnation.errors import UsageError
from carnation.lazy import compile_lazily

if TYPE_CHECKING:
    from carnation.emulator import Emulator, FunctionError, ServiceError

_RANGE = compile_lazily(r"(\d+)(?:-(\d+))?\Z")
_SHARE = compile_lazily(r"(\d+(?:\.\d+)?)%\Z")

INJECTED_ERROR = "InjectedFault"
Fault = Callable[[Any], "tuple[str, str] | None"]
"""Asked for each payload of a function; returns the name and text of an error, or None."""


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
        return INJECTED_ERROR, f"event {number} was chosen to fail"

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
                f"--fail '{which}': '{part}' is not a number or a range such as 5-7. A "
                "percentage cannot be combined with numbers."
            )
        low, high = int(match[1]), int(match[2] or match[1])
        if high < low:
            raise UsageError(
                f"--fail '{which}': invalid range {part}: the end is smaller than the start."
            )
        ranges.append(range(low, high + 1))
    return lambda number: any(number in chosen for chosen in ranges)


class FaultInjector:
    """Fails chosen events on the local emulator, and counts how often it did.

    An event fails in the function that gets it, or in the call that writes it, where a state makes
    that itself.
    """

    def __init__(self, fault: Fault) -> None:
        """Take what chooses."""
        self.fault, self.count = fault, 0

    def install(self, emulator: Emulator) -> None:
        """Make an emulator ask before every invocation and every call."""
        emulator.intercept(before_invoke=self.before_invoke, before_call=self.before_call)

    def before_invoke(self, function: str, payload: Any) -> FunctionError | None:
        """Fail a function with a chosen event."""
        from carnation.emulator import FunctionError

        found = self._choose(payload)
        return FunctionError(*found) if found else None

    def before_call(
        self, service: str, action: str, parameters: Mapping[str, Any]
    ) -> ServiceError | None:
        """Fail a call that writes a chosen event."""
        from carnation.emulator import ServiceError
        from carnation.patterns.events.records import find_attempts
        from carnation.testing.proofs.records import WRITES

        attempts = find_attempts(parameters) if action in WRITES else ()
        found = next(filter(None, map(self._choose, attempts)), None)
        return ServiceError(*found) if found else None

    def _choose(self, event: Any) -> tuple[str, str] | None:
        found = self.fault(event)
        self.count += found is not None
        return found
