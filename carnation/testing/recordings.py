"""Recorded histories: what an execution in an account was given, asked, and answered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from carnation.document import read_document
from carnation.errors import DocumentError
from carnation.history.visits import find_details, read_visits, walk_visits
from carnation.records import NamedTuple
from carnation.testing.mock_results import Answer, Malformed, Throw
from carnation.testing.mocks import Recorded

_ENDS = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionTimedOut": "TIMED_OUT",
    "ExecutionAborted": "ABORTED",
}


class Recording(NamedTuple):
    """A history that was read.

    `status` is RUNNING where the history has no end; `states` the names of those entered.
    """

    input: Any
    status: str
    output: Any
    error: str
    cause: str
    attempts: Mapping[str, list[Recorded]]
    states: list[str]


def read_recording(path: str | Path) -> Recording:
    """Read a history as `aws stepfunctions get-execution-history` prints it.

    Raises `DocumentError` for what is none, for one whose values were left out
    (`--no-include-execution-data`), and for one that is only a page of a history.
    """
    events = _read_events(str(path))
    begin, end = find_details(events[0]), events[-1]
    if "input" not in begin:
        raise DocumentError(
            "the history has no inputs and outputs. Get it again with --include-execution-data.",
            str(path),
        )
    details = find_details(end)
    visits = list(walk_visits(read_visits(events)))
    attempts: dict[str, list[Recorded]] = {}
    for visit in visits:
        if visit.type == "Task":
            attempts.setdefault(visit.name, []).extend(_list_attempts(visit))
    return Recording(
        json.loads(begin["input"]),
        _ENDS.get(str(end["type"]), "RUNNING"),
        json.loads(details["output"]) if details.get("output") else None,
        str(details.get("error") or ""),
        str(details.get("cause") or ""),
        attempts,
        list(dict.fromkeys(visit.name for visit in visits)),
    )


def _read_events(path: str) -> list[Mapping[str, Any]]:
    value = read_document(path).value
    events = value.get("events") if isinstance(value, Mapping) else value
    if not isinstance(events, list) or not events or not all(map(_is_event, events)):
        raise DocumentError(
            "not an execution history. Expected the output of `aws stepfunctions "
            "get-execution-history`: an object with a list of events.",
            str(path),
        )
    events = sorted(events, key=lambda event: int(event["id"]))
    if events[0]["type"] != "ExecutionStarted" or events[-1]["id"] != len(events):
        raise DocumentError(
            "this is a part of a history. Get all of it, without --max-items.", str(path)
        )
    return events


def _is_event(event: object) -> bool:
    return isinstance(event, Mapping) and isinstance(event.get("id"), int) and "type" in event


def _list_attempts(visit: Any) -> list[Recorded]:
    """Pair what was asked with what came: every attempt but the last one failed."""
    found = []
    for at, call in enumerate(visit.calls):
        answer: Answer
        if at < len(visit.errors):
            answer = Throw(*visit.errors[at])
        elif visit.results:
            answer = Malformed(visit.results[-1])  # as it came, whatever its shape
        else:
            continue  # it was still running, or stopped
        found.append(Recorded(call, answer))
    return found
