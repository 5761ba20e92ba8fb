"""Failures inside an execution: their names, and which retriers and catchers they match.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html.
"""

from __future__ import annotations

from collections.abc import Collection

from carnation.document.values import Json

RUNTIME = "States.Runtime"
QUERY = "States.QueryEvaluationError"
TIMEOUT = "States.Timeout"
HEARTBEAT = "States.HeartbeatTimeout"
DATA_LIMIT = "States.DataLimitExceeded"
TERMINAL = frozenset({RUNTIME, DATA_LIMIT})


class StateError(Exception):
    """A state failed, with AWS's error name and cause; either may be missing."""

    def __init__(self, error: str | None, cause: str | None = None, alias: str = "") -> None:
        """Name it; `alias` is another name that it is caught by."""
        super().__init__(error, cause)
        self.error, self.cause, self.alias = error, cause, alias
        self.is_caught = False  # by States.ALL, although its name is a terminal one

    @property
    def details(self) -> dict[str, Json]:
        """What an event says of it: what is missing is left out."""
        parts = {"error": self.error, "cause": self.cause}
        return {key: text for key, text in parts.items() if text is not None}

    @property
    def output(self) -> dict[str, Json]:
        """What a catcher gets; the cause of a timeout is empty."""
        cause = "" if self.cause is None and self.error == TIMEOUT else self.cause
        return {"Error": self.error, "Cause": cause}


def matches(failure: StateError, names: Collection[str]) -> bool:
    """Return whether a list of ErrorEquals takes this failure.

    >>> matches(StateError("States.Runtime"), ["States.ALL"])
    False
    >>> matches(StateError("States.Timeout"), ["States.TaskFailed"])
    False
    """
    if failure.alias and failure.alias in names:
        return True
    if failure.error == RUNTIME and not failure.is_caught:
        return False  # not even by its name
    if failure.error in names:
        return True
    if failure.error in TERMINAL and not failure.is_caught:
        return False
    return "States.ALL" in names or ("States.TaskFailed" in names and failure.error != TIMEOUT)
