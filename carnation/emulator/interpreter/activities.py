"""What a client of the Step Functions API waits for: an activity's task, a synchronous execution.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetActivityTask.html and
…/API_StartSyncExecution.html.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from moto.core.exceptions import AWSError
from moto.core.responses import ActionResult
from moto.stepfunctions.exceptions import InvalidToken
from moto.stepfunctions.responses import StepFunctionResponse

from carnation.emulator.interpreter.executions import Run
from carnation.emulator.interpreter.task_runner import Activities
from carnation.emulator.patching import Patches
from carnation.engine import Outcome, Started

Answer = Callable[[Any, str, Outcome], None]
_LONG_POLL = 60.0
_SHORT_POLL = 1.0  # where time is virtual


class _TypeError(AWSError):
    TYPE = "StateMachineTypeNotSupported"
    STATUS = 400


def install(
    patches: Patches,
    activities: Activities,
    answer: Answer,
    find: Callable[[str], Run],
    *,
    real_time: bool,
) -> None:
    """Add the two actions."""
    seconds = _LONG_POLL if real_time else _SHORT_POLL

    def get_activity_task(response: Any) -> ActionResult:
        backend, arn = response.stepfunction_backend, response._get_param("activityArn")
        backend.describe_activity(arn)  # or it raises ActivityDoesNotExist
        task = activities.take(arn, seconds)
        while task is not None:
            try:
                answer(backend, task.token, Started(response._get_param("workerName")))
            except InvalidToken:  # it has timed out, or its execution has ended
                task = activities.take(arn, 0.0)
                continue
            found = {"taskToken": task.token, "input": json.dumps(task.parameters)}
            return ActionResult(found)
        return ActionResult({})

    def start_sync_execution(response: Any) -> ActionResult:
        backend = response.stepfunction_backend
        arn, name = response._get_param("stateMachineArn"), response._get_param("name")
        machine = backend.describe_state_machine(":".join(arn.split(":")[:7]))
        if machine.type != "EXPRESS":
            raise _TypeError("This operation is not supported by this type of state machine")
        run = backend.start_execution(arn, name, response._get_param("input") or "{}")
        run.done.wait()
        return ActionResult(_describe_sync(run))

    patches.set(StepFunctionResponse, "get_activity_task", get_activity_task)
    patches.set(StepFunctionResponse, "start_sync_execution", start_sync_execution)


def _describe_sync(run: Run) -> dict[str, Any]:
    taken = math.ceil(max(run.seconds + run.waited, 1e-3) * 10) * 100
    found = {
        "executionArn": run.execution_arn,
        "stateMachineArn": run.state_machine_arn,
        "name": run.name,
        "startDate": run.start_date,
        "stopDate": run.stop_date,
        # a synchronous execution knows no ABORTED
        "status": "FAILED" if run.status == "ABORTED" else run.status,
        "input": json.dumps(run.input_data),
        "inputDetails": {"included": True},
        "billingDetails": {"billedMemoryUsedInMB": 64, "billedDurationInMilliseconds": taken},
    }
    if run.status == "SUCCEEDED":
        return {**found, "output": json.dumps(run.output), "outputDetails": {"included": True}}
    parts = {"error": run.error, "cause": run.cause}
    return {**found, **{key: text for key, text in parts.items() if text is not None}}
