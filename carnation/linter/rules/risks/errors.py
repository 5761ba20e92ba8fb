"""Risks about errors: retriers and catchers that cannot act, and those that are missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from carnation.asl.graph import Node, Problem, State
from carnation.lazy import re
from carnation.linter.findings import NOTE, WARNING, risk
from carnation.linter.machine import Machine
from carnation.linter.rules.errors import ALL, RESERVED, names_of
from carnation.linter.rules.maps import is_distributed
from carnation.services.task_calls import FUNCTION, find_integration, read_resource

_FOLDED = {name.casefold(): name for name in RESERVED}
_NOT_A_TASK_FAILURE = {"States.Timeout", "States.HeartbeatTimeout", ALL}
_TERMINAL = {"States.Runtime", "States.DataLimitExceeded"}
_TRANSIENT = {
    "Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException", "Lambda.ClientExecutionTimeoutException",
    "States.TaskFailed", ALL,
}  # fmt: skip


def find_meant_name(name: str) -> str:
    """Return AWS's error name that was meant by one in other letters; '' if none was.

    >>> find_meant_name("state.all")
    'States.ALL'
    """
    folded = name.casefold()
    return _FOLDED.get(folded) or _FOLDED.get(folded.replace("state.", "states.", 1), "")


def is_of_http(name: str) -> bool:
    """Return whether an error names an HTTP task's status: `States.Http.StatusCode.404`."""
    return re.match(r"States\.Http\.StatusCode\.\d{3}\Z", name) is not None


@risk("miscased-error-name", WARNING)
def find_miscased_names(machine: Machine) -> Iterator[Problem]:
    """An error name looks like one of AWS's, but is not.

    Problem: error names are compared letter by letter. `State.ALL`, `States.all` or
    `States.Timeouts` match nothing, so the retrier or catcher never acts.
    Solution: write the name as AWS does; errors of your own need another prefix than `States.`.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    """
    for part in machine.parts_of("Retrier", "Catcher"):
        for name in names_of(part):
            meant = find_meant_name(name)
            if meant and meant != name:
                yield part.problem(f"no error is named '{name}'; '{meant}' is", "/ErrorEquals")
            elif name.startswith("States.") and name not in RESERVED and not is_of_http(name):
                yield part.problem(f"AWS has no error '{name[:60]}'", "/ErrorEquals")


@risk("dead-retrier", WARNING)
def find_dead_retriers(machine: Machine) -> Iterator[Problem]:
    """A retrier or catcher names an error that one before it already handles.

    Problem: the first one that matches acts. `States.TaskFailed` matches everything but timeouts,
    and a name that is listed twice acts once.
    Solution: put the more exact one first, or take the second one out.
    Source: https://states-language.net/spec.html#errors
    """
    for state in machine.states:
        for parts in (state.retriers, state.catchers):
            yield from _find_dead(parts)


def _find_dead(parts: Sequence[Node]) -> Iterator[Problem]:
    taken: set[str] = set()
    for part in parts:
        names = names_of(part)
        for name in dict.fromkeys(name for name in names if name in taken):
            yield part.problem(f"'{name}' is handled by one before", "/ErrorEquals", (name,))
        dead = [name for name in names if name not in taken | _NOT_A_TASK_FAILURE | _TERMINAL]
        if dead and "States.TaskFailed" in taken:
            listed = ", ".join(f"'{name}'" for name in dead[:3])
            more = " and more" if len(dead) > 3 else ""
            yield part.problem(f"'States.TaskFailed' before handles {listed}{more}", "/ErrorEquals")
        taken.update(names)


@risk("retried-terminal-error", NOTE)
def find_retried_terminal_errors(machine: Machine) -> Iterator[Problem]:
    """A retrier names an error that comes again each time.

    Problem: `States.Runtime` and `States.DataLimitExceeded` are decided by the data; a retry meets
    them again, and `States.ALL` does not take them.
    Solution: fix the cause: a path that is not there, a payload above 256 KiB.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    """
    for part in machine.parts_of("Retrier"):
        for name in dict.fromkeys(name for name in names_of(part) if name in _TERMINAL):
            yield part.problem(f"'{name}' comes again at each retry", "/ErrorEquals")


@risk("lambda-without-retry", NOTE)
def find_unretried_functions(machine: Machine) -> Iterator[Problem]:
    """A Task that invokes a Lambda function does not retry Lambda's transient errors.

    Problem: Lambda fails now and then without the function's fault (throttling, a lost connection);
    without a retrier such a moment fails the execution.
    Solution: retry `Lambda.ServiceException`, `Lambda.AWSLambdaException`,
    `Lambda.SdkClientException` and `Lambda.TooManyRequestsException`.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html
    """
    for state in machine.by_type["Task"]:
        if not _invokes_function(state):
            continue
        if not any(_TRANSIENT.intersection(names_of(part)) for part in state.retriers):
            yield state.problem("Lambda's transient errors are not retried")


def _invokes_function(state: State) -> bool:
    resource = read_resource(state.body.get("Resource"))
    return resource.kind == FUNCTION or resource[1:3] == ("lambda", "invoke")


@risk("fan-out-without-jitter", NOTE)
def find_synchronous_retries(machine: Machine) -> Iterator[Problem]:
    """The retriers of a distributed Map's Tasks all wait equally long.

    Problem: many iterations that fail at one moment (throttling) come back at one moment.
    Solution: `"JitterStrategy": "FULL"`.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    """
    for state in machine.by_type["Map"]:
        if not is_distributed(state):
            continue
        for scope in state.inner:
            for inner in scope.states.values():
                for part in inner.retriers:
                    if part.body.get("JitterStrategy") != "FULL":
                        yield part.problem("many iterations will retry at the same moment")


@risk("fail-without-error", NOTE)
def find_nameless_failures(machine: Machine) -> Iterator[Problem]:
    """A Fail state does not say with which error.

    Problem: the caller of the execution, and every alarm on it, cannot distinguish
    this end from another.
    Solution: give it an `Error` (a short name) and a `Cause`.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-fail.html
    """
    for state in machine.by_type["Fail"]:
        if "Error" not in state.body and "ErrorPath" not in state.body:
            yield state.problem("it fails without an 'Error'")


@risk("heartbeat-never-sent", NOTE)
def find_silent_heartbeats(machine: Machine) -> Iterator[Problem]:
    """A Task has `HeartbeatSeconds`, and nothing can send a heartbeat.

    Problem: heartbeats come from activities and from holders of a task token; for any other Task
    the field does nothing.
    Solution: use `TimeoutSeconds`.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html
    """
    for state in machine.by_type["Task"]:
        resource = find_integration(state.body)
        if "HeartbeatSeconds" in state.body and resource and not resource.pattern:
            yield state.problem("nothing sends heartbeats for this Task", "/HeartbeatSeconds")
