"""Executions that a state starts: stepped like the one that starts them, in the same thread.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from carnation.engine import Failed, Outcome, Submitted, Succeeded, Task
from carnation.errors import EmulatorError
from carnation.testing.proofs import scenarios as stories
from carnation.testing.proofs.scenarios import AFTER, BEFORE, TASK

if TYPE_CHECKING:
    from carnation.testing.proofs.actors import Player

_ACTION = "StartExecution"


def start_execution(caller: Player, task: Task) -> Outcome:
    """Start the execution that a task asks for, and run it to its end if the task waits for it."""
    stage = caller.stage
    kind = stage.reach(caller, BEFORE, TASK, _ACTION)
    if kind == stories.THROTTLE:
        return Failed("StepFunctions.AWSStepFunctionsException", "Rate exceeded")
    if caller.has_ended:
        return Failed(None)  # never seen
    outcome = _start(caller, task)
    kind = stage.reach(caller, AFTER, TASK, _ACTION)
    if kind == stories.LOSE:
        return Failed("StepFunctions.SdkClientException", "the answer was lost")
    if kind == stories.EXPIRE:
        return expire(task)
    if kind == stories.DUPLICATE:
        _start(caller, task)
    return outcome


def expire(task: Task) -> Outcome:
    """Give an answer that comes too late; without a TimeoutSeconds it is the integration's own."""
    if task.timeout is None:
        return Failed("States.Timeout", None)
    return Succeeded(None, task.timeout + 1)


def _start(caller: Player, task: Task) -> Outcome:
    stage, parameters = caller.stage, task.parameters
    name, given = parameters.get("Name"), parameters.get("Input", {})
    given = json.loads(given) if isinstance(given, str) else given
    same = next((each for each in stage.players if name and each.name == name), None)
    waits = task.is_sync or "Sync" in task.action
    if same is not None and not same.execution.is_express:
        if same.execution.input != given or same.execution.status != "RUNNING":
            return Failed("StepFunctions.ExecutionAlreadyExistsException", f"'{name}' exists")
        return Succeeded({"ExecutionArn": same.execution.arn})
    arn = str(parameters.get("StateMachineArn"))
    try:
        player = stage.start(arn, given, name, caller if waits else None)
    except EmulatorError as error:
        return Failed("StepFunctions.StateMachineDoesNotExistException", str(error))
    if waits:
        stage.finish(player)
        return _describe(player, task)
    stage.waiting.append(player)
    answer = {"ExecutionArn": player.execution.arn, "StartDate": player.passed}
    return Submitted(answer) if task.is_callback else Succeeded(answer)


def _describe(player: Player, task: Task) -> Outcome:
    """Describe an execution that has ended, as the task that waited for it sees it."""
    execution, is_plain = player.execution, task.action.endswith(":2")
    found: dict[str, Any] = {
        "ExecutionArn": execution.arn,
        "Input": execution.input if is_plain else json.dumps(execution.input),
        "Name": player.name,
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
