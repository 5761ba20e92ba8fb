"""What functions reported in an execution: errors, their messages, and how often each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from carnation.records import NamedTuple


class FunctionFailure(NamedTuple):
    """An error of a function, as it reported it, and how often."""

    error: str
    message: str
    times: int


def list_function_failures(history: Iterable[Mapping[str, Any]]) -> list[FunctionFailure]:
    """List what functions reported in a history, the most frequent first."""
    counts: dict[tuple[str, str], int] = {}
    for event in history:
        details = event.get("taskFailedEventDetails") or event.get(
            "lambdaFunctionFailedEventDetails"
        )
        if details:
            key = (details.get("error", ""), readable_cause(details.get("cause", "")))
            counts[key] = counts.get(key, 0) + 1
    found = [FunctionFailure(error, message, count) for (error, message), count in counts.items()]
    return sorted(found, key=lambda one: -one.times)


def readable_cause(cause: str) -> str:
    """Return the message inside a Lambda error's cause, or the cause as it is.

    >>> readable_cause('{"errorMessage": "no card"}'), readable_cause("no card")
    ('no card', 'no card')
    """
    try:
        return str(json.loads(cause)["errorMessage"])
    except (ValueError, KeyError, TypeError):
        return cause
