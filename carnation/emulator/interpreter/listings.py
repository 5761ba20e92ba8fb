"""Executions as the API tells of them: described, listed, their history page by page.

moto's own leave out versions, redrives and pages. Source:
https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from moto.core.responses import ActionResult
from moto.stepfunctions.responses import StepFunctionResponse

from carnation.emulator.interpreter.executions import Run
from carnation.emulator.patching import Patches

_ENDED_BADLY = ("FAILED", "TIMED_OUT", "ABORTED")
_LONGEST_REDRIVABLE = 24_998  # a redrive needs two more events


def install(patches: Patches) -> None:
    """Put the actions on moto's responses."""
    actions: dict[str, Callable[[Any], ActionResult]] = {
        "describe_execution": _describe,
        "list_executions": _list,
        "get_execution_history": _list_events,
    }
    for name, action in actions.items():
        patches.set(StepFunctionResponse, name, action)


def _describe(response: Any) -> ActionResult:
    run = response.stepfunction_backend.describe_execution(response._get_param("executionArn"))
    output = json.dumps(run.output, separators=(",", ":")) if run.status == "SUCCEEDED" else None
    fields = {
        **_outline(run), **_tell_redrive(run), "input": run.execution_input, "output": output,
        "error": run.error, "cause": run.cause,
    }  # fmt: skip
    return ActionResult(_drop_absent(fields))


def _outline(run: Run) -> dict[str, Any]:
    ended = run.status != "RUNNING"
    return {
        "executionArn": run.execution_arn,
        "stateMachineArn": ":".join(run.state_machine_arn.split(":")[:7]),
        "name": run.name,
        "status": run.status,
        "startDate": run.start_date,
        "stopDate": run.stop_date if ended else None,
        "stateMachineVersionArn": run.version_arn,
        "stateMachineAliasArn": run.alias_arn,
    }


def _tell_redrive(run: Run) -> dict[str, Any]:
    count = sum(1 for event in run.events if event["type"] == "ExecutionRedriven")
    found: dict[str, Any] = {"redriveCount": count, "redriveStatus": "REDRIVABLE"}
    reason = ""
    if run.status not in _ENDED_BADLY:
        reason = f"Execution is {run.status} and cannot be redriven"
    elif len(run.events) > _LONGEST_REDRIVABLE:
        reason = "Execution history event limit exceeded"
    if reason:
        found.update(redriveStatus="NOT_REDRIVABLE", redriveStatusReason=reason)
    return found


def _drop_absent(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _list(response: Any) -> ActionResult:
    """List executions, the newest first."""
    arn, wanted = response._get_param("stateMachineArn"), response._get_param("statusFilter")
    machine = response.stepfunction_backend.describe_state_machine(":".join(arn.split(":")[:7]))
    runs = [
        run
        for run in machine.executions
        if (not wanted or run.status == wanted)
        and (arn == machine.arn or arn in (run.version_arn, run.alias_arn))
    ]
    runs.sort(key=lambda run: run.start_date, reverse=True)
    page, more = _cut(response, runs, 100)
    return ActionResult({"executions": [_drop_absent(_outline(run)) for run in page], **more})


def _list_events(response: Any) -> ActionResult:
    run = response.stepfunction_backend.describe_execution(response._get_param("executionArn"))
    events = run.events
    if response._get_param("reverseOrder"):
        events.reverse()
    page, more = _cut(response, events, 100)
    return ActionResult({"events": page, **more})


def _cut(response: Any, rows: Sequence[Any], usual: int) -> tuple[Sequence[Any], dict[str, str]]:
    """Cut the page that is asked for; gives the token of the next, where there is one."""
    start = int(response._get_param("nextToken") or 0)
    end = start + min(1000, int(response._get_param("maxResults") or 0) or usual)
    return rows[start:end], ({"nextToken": str(end)} if end < len(rows) else {})
