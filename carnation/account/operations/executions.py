"""Executions of a deployed state machine: started, followed, explained, redriven.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from carnation.account import Account
from carnation.document import digest
from carnation.errors import AccountError
from carnation.records import NamedTuple

ENDED = ("FAILED", "TIMED_OUT", "ABORTED")


_DEFINITE = frozenset({
    "States.Runtime", "States.DataLimitExceeded", "States.NoChoiceMatched",
    "States.ParameterPathFailure", "States.ResultPathMatchFailure", "States.IntrinsicFailure",
    "States.QueryEvaluationError",
})  # fmt: skip
"""Errors of which the same input brings about the same again."""


class Failure(NamedTuple):
    """Why an execution failed: the state, the item of a Map, the error, the state's input."""

    state: str
    item: int | None
    error: str
    cause: str
    input: str


def derive_name(text: str) -> str:
    """Name an execution by its input, so that the same input started twice is one execution.

    >>> derive_name('{"b": 1, "a": 2}') == derive_name('{"a":2,"b":1}')
    True
    """
    return f"input-{digest(json.dumps(json.loads(text), sort_keys=True))[:40]}"


def start(account: Account, machine: str, text: str, name: str | None) -> tuple[str, bool]:
    """Start an execution; returns its ARN, and whether one of this name was there before."""
    more = {"name": name} if name else {}
    try:
        answer = account.call(
            "stepfunctions", "start_execution", stateMachineArn=machine, input=text, **more
        )
    except AccountError as error:
        if error.code != "ExecutionAlreadyExists" or not name:
            raise
        base = ":".join(machine.split(":")[:7]).replace(":stateMachine:", ":execution:")
        return f"{base}:{name}", True
    return str(answer["executionArn"]), False


def follow_execution(
    account: Account,
    arn: str,
    on_event: Callable[[Mapping[str, Any]], None] = lambda event: None,
    pause: Callable[[float], None] = time.sleep,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Follow an execution to its end; returns its description and its history.

    Each look reads back from the newest event to those that are known, however long the history.
    """
    events: list[dict[str, Any]] = []
    while True:
        found = account.call("stepfunctions", "describe_execution", executionArn=arn)
        for event in _list_newer(account, arn, len(events)):
            events.append(event)
            on_event(event)
        if found["status"] not in ("RUNNING", "PENDING_REDRIVE"):
            return found, events
        pause(0.1 if account.is_local else 2)


def _list_newer(account: Account, arn: str, known: int) -> list[dict[str, Any]]:
    """List the events after the known ones, oldest first: ids count from 1 without a gap."""
    newer: dict[int, dict[str, Any]] = {}
    for event in account.list(
        "stepfunctions", "get_execution_history", "events",
        executionArn=arn, reverseOrder=True, maxResults=1000,
    ):  # fmt: skip
        if event["id"] <= known:
            break
        newer[event["id"]] = event  # what is written meanwhile moves an event to the next page, too
    return [newer[number] for number in sorted(newer)]


def explain_failure(
    found: Mapping[str, Any], events: Sequence[Mapping[str, Any]]
) -> Failure | None:
    """Find the failure that ended an execution: the last state that something failed in."""
    if found["status"] not in ENDED:
        return None
    by_id = {event["id"]: event for event in events}
    failed = [event for event in events if _find_error(event)]
    # the execution's own last event repeats the error of the one that ended it
    inner = [event for event in failed if not event["type"].startswith("Execution")]
    last = (inner or failed or [{}])[-1]
    entered, item = _look_back(by_id, last)
    error = _find_error(last) or {}
    return Failure(
        entered.get("name", ""),
        item,
        found.get("error") or error.get("error") or found["status"],
        _read_cause(found.get("cause") or error.get("cause") or ""),
        entered.get("input") or found.get("input") or "",
    )


def find_futility(
    found: Mapping[str, Any], failure: Failure, events: Sequence[Mapping[str, Any]]
) -> str:
    """Describe why a redrive would fail again: it takes the same definition and the same input.

    '' where it may help. Source:
    https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html
    """
    if not is_redrivable(found) and not found.get("isExpress"):
        return str(found.get("redriveStatusReason") or "AWS cannot redrive it").rstrip(".")
    if found["status"] != "FAILED":
        return ""
    ended = [event for event in events if event["type"] == "FailStateEntered"]
    name = ended[-1].get("stateEnteredEventDetails", {}).get("name") if ended else ""
    is_last = bool(ended) and events[-1].get("previousEventId") == ended[-1].get("id")
    if ended and (is_last or name == failure.state):
        return f"the Fail state '{name}' would end it again"
    if failure.error in _DEFINITE:
        return f"{failure.error} comes of the definition and the input, which stay the same"
    return ""


def _read_cause(cause: str) -> str:
    """Return a cause in words: that of a Lambda function is its whole answer."""
    try:
        answer = json.loads(cause)
    except ValueError:
        return cause
    return str(answer.get("errorMessage", cause)) if isinstance(answer, dict) else cause


def _find_error(event: Mapping[str, Any]) -> Mapping[str, Any] | None:
    for key, details in event.items():
        if key.endswith("EventDetails") and isinstance(details, Mapping) and "error" in details:
            return details
    return None


def _look_back(
    by_id: Mapping[int, Mapping[str, Any]], event: Mapping[str, Any]
) -> tuple[Mapping[str, Any], int | None]:
    """Go back to the state that an event belongs to, and to the iteration it was in."""
    state: Mapping[str, Any] = {}
    while event:
        if not state and "stateEnteredEventDetails" in event:
            state = event["stateEnteredEventDetails"]
        if event.get("type") == "MapIterationStarted":
            return state, event["mapIterationStartedEventDetails"]["index"]
        event = by_id.get(event.get("previousEventId", 0), {})
    return state, None


def find_redrivable(
    account: Account, machine: str, settled: Sequence[str] = ()
) -> Iterator[dict[str, Any]]:
    """Yield the executions that ended badly, the newest first, but for those of settled errors."""
    for status in ENDED:
        rows = account.list(
            "stepfunctions", "list_executions", "executions",
            stateMachineArn=machine, statusFilter=status,
        )  # fmt: skip
        for row in rows:
            found = account.call(
                "stepfunctions", "describe_execution", executionArn=row["executionArn"]
            )
            if found.get("error") not in settled:
                yield found


def is_redrivable(found: Mapping[str, Any]) -> bool:
    """Return whether AWS would redrive it; where it does not say, asking will tell."""
    return str(found.get("redriveStatus", "REDRIVABLE")) == "REDRIVABLE"


def redrive(account: Account, arn: str) -> None:
    """Let an execution go on from where it failed."""
    account.call("stepfunctions", "redrive_execution", executionArn=arn)
