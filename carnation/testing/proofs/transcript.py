"""Telling a scenario in lines for a person: who called what, for which event, what went wrong."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from carnation.engine import Execution, Failed, Outcome, Task
from carnation.testing.proofs import scenarios
from carnation.testing.proofs.scenarios import FaultPoint

FindKeys = Callable[[Any], Iterable[Any]]
"""Finds the keys of the items of a workflow's work in a value."""

_MAX_LINE_LENGTH = 100
_FAULTS = {
    scenarios.STOP: "the execution is aborted here",
    scenarios.TIME_OUT: "the execution times out here",
    scenarios.CRASH: "the handler's process dies here",
    scenarios.LOSE: "the answer is lost",
    scenarios.EXPIRE: "the state's time is over before the answer comes",
    scenarios.THROTTLE: "the call is throttled",
    scenarios.HALF: "half of the batch fails",
    scenarios.DUPLICATE: "it happens twice",
    scenarios.LOSE_CHILD: "the child execution ends here",
    scenarios.DENY: "the call is denied from here on",
}


def format_value(value: Any) -> str:
    """Show a value in one line, cut where it gets long.

    >>> format_value({"order": 1})
    '{"order": 1}'
    """
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _MAX_LINE_LENGTH else text[: _MAX_LINE_LENGTH - 1] + "…"


def _format_items(find_keys: FindKeys, value: Any) -> str:
    keys = list(dict.fromkeys(find_keys(value)))
    if not keys:
        return ""
    noun = "event" if len(keys) == 1 else "events"
    return f" {noun} {format_value(', '.join(map(str, keys)))}"


def read_invocation(task: Task) -> tuple[str, Any]:
    """Return the name of the function a task invokes, and the payload; of a stub, its call."""
    if task.kind == "LambdaFunction":
        return _function_name(task.resource), task.parameters
    if task.service != "lambda":
        return f"{task.service}:{task.action}".lstrip(":"), task.parameters
    parameters = task.parameters if isinstance(task.parameters, Mapping) else {}
    payload = parameters.get("Payload", {})
    if isinstance(payload, str):
        with contextlib.suppress(ValueError):
            payload = json.loads(payload)
    return _function_name(str(parameters.get("FunctionName", ""))), payload


def _function_name(arn: str) -> str:
    parts = arn.split(":")
    return parts[6] if len(parts) > 6 else arn


def format_call(
    find_keys: FindKeys, service: str, action: str, parameters: Mapping[str, Any], answer: Any
) -> str:
    """Format a call that was made."""
    if "Bucket" in parameters:
        return (
            f"{service} {action} {parameters.get('Key', '')}{_format_items(find_keys, parameters)}"
        )
    events = _format_items(find_keys, parameters)
    if action.startswith(("Receive", "Get")):
        received = _format_items(find_keys, {key: answer.get(key) for key in ("Messages", "Item")})
        return f"{service} {action} →{received or ' nothing'}"
    return f"{service} {action}{events}"


def format_error(error: Exception) -> str:
    """Name a service's error by its code."""
    answer = getattr(error, "response", {}).get("Error", {})
    return str(answer.get("Code") or getattr(error, "code", type(error).__name__))


def format_refusal(
    find_keys: FindKeys, service: str, action: str, parameters: Mapping[str, Any], error: Exception
) -> str:
    """Format a call that a service refused."""
    return f"{format_call(find_keys, service, action, parameters, {})} → {format_error(error)}"


def format_invocation(find_keys: FindKeys, function: str, payload: Any, outcome: Outcome) -> str:
    """Return what a function gave."""
    given = f" with {outcome.error}" if isinstance(outcome, Failed) else ""
    ended = "fails" if isinstance(outcome, Failed) else "returns"
    return f"{function}{_format_items(find_keys, payload)} {ended}{given}"


def format_fault(kind: str, point: FaultPoint) -> str:
    """Return what goes wrong, and where."""
    where = f", {point.phase} {point.action}" if point.action else ""
    again = kind == scenarios.DUPLICATE and point.runs_again
    return f"✗ {'it runs a second time here' if again else _FAULTS[kind]}{where}"


def format_end(execution: Execution) -> str:
    """Return how an execution ended."""
    error = f" {execution.error}" if execution.error else ""
    return f"the execution is {execution.status}{error}"
