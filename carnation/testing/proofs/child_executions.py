"""Executions that a state starts: stepped like the one that starts them, in the same thread.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html.
"""

from __future__ import annotations

import json
from typing import Any, Protocol

from carnation.engine import Failed, Outcome, Submitted, Succeeded, Task
from carnation.errors import EmulatorError
from carnation.testing.proofs import scenarios
from carnation.testing.proofs.actors import Actor
from carnation.testing.proofs.scenarios import AFTER, BEFORE, TASK
from carnation.testing.proofs.signals import expire

_ACTION = "StartExecution"


class Starter(Protocol):
    """What starting an execution asks of the scheduler."""

    def reach(self, actor: Actor, phase: str, place: str, action: str) -> str | None:
        """Come to a point; returns the kind of what goes wrong there, if anything does."""

    def find(self, name: str) -> Actor | None:
        """Return the run with a name."""

    def start(self, machine: str, given: Any, name: str | None, caller: Actor | None) -> Actor:
        """Start a run that `caller` waits for, if it is given."""

    def finish(self, actor: Actor) -> None:
        """Step a run to its end."""

    def postpone(self, actor: Actor) -> None:
        """Step a run to its end when the one that goes on has ended."""


def start_execution(starter: Starter, caller: Actor, task: Task) -> Outcome:
    """Start the execution that a task asks for, and run it to its end if the task waits for it."""
    kind = starter.reach(caller, BEFORE, TASK, _ACTION)
    if kind == scenarios.THROTTLE:
        return Failed("StepFunctions.AWSStepFunctionsException", "Rate exceeded")
    if kind == scenarios.DENY:
        return Failed("StepFunctions.AccessDeniedException", "it is denied")
    if caller.has_ended:
        return Failed(None)  # never seen
    outcome = _start(starter, caller, task)
    kind = starter.reach(caller, AFTER, TASK, _ACTION)
    if kind == scenarios.LOSE:
        return Failed("StepFunctions.SdkClientException", "the answer was lost")
    if kind == scenarios.EXPIRE:
        return expire(task)
    if kind == scenarios.DUPLICATE:
        _start(starter, caller, task)
    return outcome


def _start(starter: Starter, caller: Actor, task: Task) -> Outcome:
    parameters = task.parameters
    name, given = parameters.get("Name"), parameters.get("Input", {})
    given = json.loads(given) if isinstance(given, str) else given
    same = starter.find(name) if name else None
    waits = task.is_sync or "Sync" in task.action
    if same is not None and not same.execution.is_express:
        if same.execution.input != given or same.execution.status != "RUNNING":
            return Failed("StepFunctions.ExecutionAlreadyExistsException", f"'{name}' exists")
        return Succeeded({"ExecutionArn": same.execution.arn})
    arn = str(parameters.get("StateMachineArn"))
    try:
        actor = starter.start(arn, given, name, caller if waits else None)
    except EmulatorError as error:
        return Failed("StepFunctions.StateMachineDoesNotExistException", str(error))
    if waits:
        starter.finish(actor)
        return _describe(actor, task)
    starter.postpone(actor)
    answer = {"ExecutionArn": actor.execution.arn, "StartDate": actor.passed}
    return Submitted(answer) if task.is_callback else Succeeded(answer)


def _describe(actor: Actor, task: Task) -> Outcome:
    """Describe an execution that has ended, as the task that waited for it sees it."""
    execution, is_plain = actor.execution, task.action.endswith(":2")
    found: dict[str, Any] = {
        "ExecutionArn": execution.arn,
        "Input": execution.input if is_plain else json.dumps(execution.input),
        "Name": actor.name,
        "StateMachineArn": execution.machine_arn,
        "Status": execution.status,
    }
    if execution.status == "SUCCEEDED":
        found["Output"] = execution.output if is_plain else json.dumps(execution.output)
        return Succeeded(found)
    found |= {"Error": execution.error, "Cause": execution.cause}
    if task.is_sync:
        return Failed("States.TaskFailed", json.dumps(found))
    return Succeeded(found)  # startSyncExecution tells the status, and does not fail
