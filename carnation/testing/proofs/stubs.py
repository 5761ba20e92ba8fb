"""A definition by itself, to be proved: its tasks are stubs, and each call of one is a point.

Nothing is deployed. A stub gives what `results` says of its state, `{}` where it says nothing. What
goes wrong at a call is what may go wrong with an invocation: refused, done and its answer lost,
done twice, out of time.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, cast

from carnation.engine import Execution, Outcome, Port, Submitted, Succeeded, Task
from carnation.engine import compile_definition as compile_machine
from carnation.errors import UsageError
from carnation.sources import read_target
from carnation.testing.proofs.environment import Environment

if TYPE_CHECKING:
    from carnation.emulator import Emulator

ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:stubbed"


class Stubs(Port):
    """Performs tasks by giving what was said of their states."""

    def __init__(self, results: Mapping[str, Any]) -> None:
        """Take results by the names of states."""
        self.results = results

    def perform(self, task: Task) -> Outcome:
        """Return the state's result; of an invocation, as its payload."""
        result = self.results.get(task.name, {})
        if task.service == "lambda" and not (isinstance(result, dict) and "Payload" in result):
            result = {"Payload": result, "StatusCode": 200}
        if task.is_sync or task.is_callback:
            return Submitted({}, Succeeded(result))
        return Succeeded(result)


class _Machines:
    """What a scenario asks of an emulator, where there is only a definition."""

    def __init__(self, definition: Mapping[str, Any], port: Port, *, express: bool) -> None:
        self.machine, self.port, self.express = compile_machine(definition), port, express

    def hold(
        self, machine_arn: str, given: Any, *, name: str, wrap: Callable[[Port], Port]
    ) -> Execution:
        """Begin an execution that its caller steps."""
        arn = f"{machine_arn.replace(':stateMachine:', ':execution:')}:{name}"
        return Execution(
            self.machine, given, wrap(self.port), arn=arn, machine_arn=machine_arn,
            express=self.express,
        )  # fmt: skip

    def intercept(self, **_: Any) -> AbstractContextManager[None]:
        """Stand around no calls: stubs make none."""
        return nullcontext()

    def let_time_pass(self, _: float) -> None:
        """Let nothing age."""

    def clear(self, _: Any) -> None:
        """Empty no stores."""


class StubbedEnvironment(Environment):
    """A definition whose tasks are stubs; `attempts` say what was called, and how often."""

    is_stubbed = True

    def __init__(
        self,
        definition: Mapping[str, Any],
        results: Mapping[str, Any] | None = None,
        *,
        express: bool = False,
    ) -> None:
        """Take a definition, and what its tasks give, by the names of their states."""
        stubs = _Machines(definition, Stubs(results or {}), express=express)
        self.emulator = cast("Emulator", stubs)
        self.records = None
        self.outputs = {"StateMachineArn": ARN}
        self._by_kind = {}
        self.forget()

    def __enter__(self) -> StubbedEnvironment:
        """Open nothing."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close nothing."""


def at_most_once(state: str) -> Callable[[Environment], Iterator[str]]:
    """Make the invariant that a state's call has its effect once for the same parameters."""

    def at_most_once(environment: Environment) -> Iterator[str]:
        done: Counter[str] = Counter()
        for attempt in environment.attempts:
            if attempt.state == state:
                done[json.dumps(attempt.payload, sort_keys=True)] += attempt.times
        for payload, times in done.items():
            if times > len(environment.inputs):
                yield f"'{state}' was done {times} times with {payload[:200]}"

    return at_most_once


def completes(environment: Environment) -> Iterator[str]:
    """Report, in the end, an execution that did not succeed."""
    for number, execution in enumerate(environment.executions if environment.is_settled else (), 1):
        if execution.status != "SUCCEEDED":
            error = f" {execution.error}" if execution.error else ""
            yield f"execution {number} ended as {execution.status}{error}"


def open_stubs(target: str, results: Any) -> StubbedEnvironment:
    """Open the one definition of a file (of a template: FILE#NAME) with stubs for its Tasks."""
    found = read_target(target).sources
    if len(found) != 1:
        names = ", ".join(f"{target}#{one.name}" for one in found)
        raise UsageError(f"{target} holds {len(found)} state machines. Name one: {names or 'none'}")
    if not isinstance(results, dict):
        raise UsageError("--results must be an object: results by the names of Task states.")
    express = found[0].type == "EXPRESS"
    return StubbedEnvironment(found[0].value, results, express=express)
