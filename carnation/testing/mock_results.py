"""Answers: what a test lets a Task meet instead of the real thing, or before it.

Each represents one attempt. `Return`, `ReturnPayload` and `Malformed` are results, `Throw` and
`TimeOut` failures, `Delay` is latency, `Invoke` a handler called in this process, and `REAL` what
would have happened anyway.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from carnation.engine import Failed, Outcome, Succeeded, Task
from carnation.records import NamedTuple

_LONG = 10.0**9  # seconds: later than any timeout


class Return(NamedTuple):
    """A result, checked against the shape that the service gives.

    >>> Return({"MessageId": "1"}).value
    {'MessageId': '1'}
    """

    value: Any


class ReturnPayload(NamedTuple):
    """What a function returns: the whole result of an optimized `lambda:invoke` around it."""

    payload: Any


class Malformed(NamedTuple):
    """A result that no service gives: it is not checked."""

    value: Any


class Throw(NamedTuple):
    """A failure: the name that `ErrorEquals` matches, and its cause."""

    error: str
    cause: str = ""


class Delay(NamedTuple):
    """Seconds, on the execution's clock, before another answer (the real one unless given)."""

    seconds: float
    then: Any = None


class TimeOut(NamedTuple):
    """No answer in time: the state's TimeoutSeconds, or HeartbeatSeconds, runs out."""


class Invoke(NamedTuple):
    """A handler of your own, called here with the function's event and a bare context.

    >>> Invoke(lambda event, context: event["n"] + 1).handler({"n": 1}, None)
    2
    """

    handler: Callable[[Any, Any], Any]


class Real(NamedTuple):
    """What would have happened without the mock."""


REAL = Real()
Answer = Return | ReturnPayload | Malformed | Throw | Delay | TimeOut | Invoke | Real


def find_outcome(answer: Answer, task: Task, real: Callable[[Task], Outcome]) -> Outcome:
    """Make of an answer what the engine takes."""
    if isinstance(answer, Real):
        return real(task)
    if isinstance(answer, Delay):
        return _delay(find_outcome(answer.then or REAL, task, real), answer.seconds)
    if isinstance(answer, Throw):
        return Failed(answer.error, answer.cause)
    if isinstance(answer, TimeOut):
        return Failed("States.Timeout", "", after=_LONG)
    if isinstance(answer, Invoke):
        return _invoke(answer.handler, task)
    if isinstance(answer, ReturnPayload):
        return Succeeded(wrap_payload(answer.payload, task))
    return Succeeded(answer.value)


def _delay(outcome: Outcome, seconds: float) -> Outcome:
    if isinstance(outcome, Succeeded):
        return Succeeded(outcome.output, outcome.after + seconds)
    if isinstance(outcome, Failed):
        return Failed(outcome.error, outcome.cause, outcome.after + seconds)
    return outcome


def wrap_payload(payload: Any, task: Task) -> Any:
    """Put a function's result into what its integration gives."""
    if task.kind == "LambdaFunction":
        return payload
    return {
        "ExecutedVersion": "$LATEST",
        "Payload": payload,
        "SdkHttpMetadata": {"HttpStatusCode": 200},
        "StatusCode": 200,
    }


class _Context(NamedTuple):
    """As much of Lambda's context as a handler called on its own can count on."""

    function_name: str
    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """Return Lambda's default of three seconds."""
        return 3000


def _invoke(handler: Callable[[Any, Any], Any], task: Task) -> Outcome:
    """Call a handler; what it raises is named by its class, as Lambda does."""
    given = task.parameters
    if task.kind != "LambdaFunction" and isinstance(given, Mapping):
        given = given.get("Payload", {})
    try:
        result = handler(json.loads(json.dumps(given)), _Context(task.name, task.token))
        return Succeeded(wrap_payload(json.loads(json.dumps(result)), task))
    except Exception as error:
        cause = {"errorMessage": str(error), "errorType": type(error).__name__}
        return Failed(type(error).__name__, json.dumps(cause))
