"""Risks of waiting: too long, for ever, or for nobody."""

from __future__ import annotations

from collections.abc import Iterator

from carnation.asl.graph import Node, Problem, State
from carnation.document.values import Json
from carnation.lazy import re
from carnation.linter.findings import ERROR, NOTE, WARNING, risk
from carnation.linter.machine import Machine
from carnation.services.task_calls import find_integration, read_call

_LIMITS = ("TimeoutSeconds", "TimeoutSecondsPath", "HeartbeatSeconds", "HeartbeatSecondsPath")
_TOKEN = "Task.Token"  # noqa: S105  a path, no secret
_WHOLE_CONTEXT = (
    r"\$states(?!\.(?:input|result|errorOutput|context\.(?:Execution|StateMachine|State\b)))"
)
_EXPRESS_SECONDS = 300


def _is_bounded(machine: Machine, state: State) -> bool:
    return any(name in state.body for name in _LIMITS) or "TimeoutSeconds" in machine.body


def _list_waiting(machine: Machine, *patterns: str) -> Iterator[State]:
    for state in machine.by_type["Task"]:
        resource = find_integration(state.body)
        if resource is not None and resource.pattern in patterns:
            yield state


@risk("callback-without-timeout", WARNING)
def find_endless_callbacks(machine: Machine) -> Iterator[Problem]:
    """A Task waits for a task token with no limit.

    Problem: if the holder of the token dies, no one answers; the execution stays open for up to
    a year, and nothing alarms.
    Solution: give the Task a `HeartbeatSeconds` or `TimeoutSeconds`, and catch `States.Timeout`.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html
    """
    for state in _list_waiting(machine, "waitForTaskToken"):
        if not _is_bounded(machine, state):
            yield state.problem("it may wait for its callback for a year; set a timeout")


@risk("callback-without-token", ERROR)
def find_lost_tokens(machine: Machine) -> Iterator[Problem]:
    """A Task waits for a task token that it does not send.

    Problem: nothing in what the Task sends holds the token (`$$.Task.Token`, or
    `$states.context.Task.Token`), so no one can answer; it waits until its timeout, or forever.
    Solution: send the token, as in `"TaskToken.$": "$$.Task.Token"`.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html
    """
    for state in _list_waiting(machine, "waitForTaskToken"):
        payload = read_call(state.body).given
        if payload is not None and not _holds_token(payload) and "Assign" not in _whole(machine):
            yield state.problem("its arguments do not contain the task token")


def _whole(machine: Machine) -> set[str]:
    """Return the fields at any depth: a variable may hold the token."""
    return {"Assign"} if any("Assign" in part.body for part in machine.parts) else set()


def _holds_token(value: Json) -> bool:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            # the whole context, or a substitution, may bring it along
            if _TOKEN in item or item == "$$" or "${" in item or item.endswith(".Task"):
                return True
            if re.search(_WHOLE_CONTEXT, item):
                return True
        elif isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    return False


@risk("sync-without-timeout", NOTE)
def find_endless_jobs(machine: Machine) -> Iterator[Problem]:
    """A Task waits for a job (`.sync`) with no limit.

    Problem: a job that hangs holds the execution open for up to a year.
    Solution: give the Task a `TimeoutSeconds` somewhat above what the job takes.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html
    """
    for state in _list_waiting(machine, "sync", "sync:2"):
        if not _is_bounded(machine, state):
            yield state.problem("it may wait for its job for a year; set 'TimeoutSeconds'")


@risk("heartbeat-not-below-timeout", ERROR)
def find_late_heartbeats(machine: Machine) -> Iterator[Problem]:
    """`HeartbeatSeconds` is not smaller than `TimeoutSeconds`.

    Problem: the timeout comes first, so that no missing heartbeat is ever noticed.
    Solution: make the heartbeat a fraction of the timeout.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html
    """
    for state in machine.by_type["Task"]:
        beat, limit = (_number(state, name) for name in ("HeartbeatSeconds", "TimeoutSeconds"))
        if beat is not None and limit is not None and beat >= limit:
            yield state.problem(
                f"the heartbeat ({beat:g} s) is not below the timeout ({limit:g} s)",
                "/HeartbeatSeconds",
            )


def _number(part: Node, name: str) -> float | None:
    value = part.body.get(name)
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


@risk("backoff-beyond-timeout", WARNING)
def find_long_backoffs(machine: Machine) -> Iterator[Problem]:
    """The waits of a retrier add up to more than the whole execution may take.

    Problem: the last retries can never happen; the execution times out between them, and no catcher
    of the state sees it.
    Solution: fewer attempts, a `MaxDelaySeconds`, or a longer timeout of the state machine.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    """
    limit = machine.body.get("TimeoutSeconds")
    if not isinstance(limit, (int, float)):
        return
    for part in machine.parts_of("Retrier"):
        total = _add_up(part, float(limit))
        if total > limit:
            yield part.problem(f"its waits exceed the state machine's timeout of {limit:g} s")


def _add_up(part: Node, enough: float) -> float:
    delay = _number(part, "IntervalSeconds") or 1
    attempts = _number(part, "MaxAttempts")
    rate = _number(part, "BackoffRate") or 2
    most = _number(part, "MaxDelaySeconds") or float("inf")
    total = 0.0
    for _ in range(int(min(3 if attempts is None else attempts, 100_000))):
        total += min(delay, most)
        if total > enough:
            break
        delay = min(delay * rate, 1e12)
    return total


@risk("express-too-slow", WARNING)
def find_slow_express(machine: Machine) -> Iterator[Problem]:
    """An Express state machine waits longer than an Express execution may take.

    Problem: an Express execution ends after five minutes, whatever its states say.
    Solution: make the state machine Standard, or the wait shorter.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html
    """
    for state in machine.states if machine.type == "EXPRESS" else ():
        seconds = _number(state, "Seconds")
        if state.place == "Wait" and seconds is not None and seconds >= _EXPRESS_SECONDS:
            yield state.problem("an Express execution ends after 300 seconds", "/Seconds")
