"""Operations on executions: start, describe, list, stop, redrive, their histories.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html and
the pages of the other operations.
"""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from carnation.emulator.interpreter.api.aliases import choose_version
from carnation.emulator.interpreter.api.child_executions import describe_child, find_child
from carnation.emulator.interpreter.api.encryption import check_key
from carnation.emulator.interpreter.api.errors import (
    ApiError,
    validation_error,
    wrong_type,
)
from carnation.emulator.interpreter.api.map_runs import find_map_run
from carnation.emulator.interpreter.api.names import check_name, parse_arn
from carnation.emulator.interpreter.api.pages import cut_page
from carnation.emulator.interpreter.api.records import (
    Region,
    StateMachine,
    check_active,
    find_execution,
)
from carnation.emulator.interpreter.api.state_machines import describe_revision
from carnation.emulator.interpreter.requests import ExecutionRequest, read_time
from carnation.errors import UsageError

if TYPE_CHECKING:
    from carnation.emulator.interpreter.children import ChildExecution
    from carnation.emulator.interpreter.executions import EmulatedExecution

Params = Mapping[str, Any]
_MAX_INPUT = 262_144
_ENDED_BADLY = ("FAILED", "TIMED_OUT", "ABORTED")
_MAX_REDRIVABLE = 24_999
_REDRIVABLE_DAYS = 14
_DATA = ("input", "output", "parameters", "assignedVariables", "evaluatedArguments", "item")


def start_execution(region: Region, params: Params) -> dict[str, Any]:
    """Start an execution; the same request for one that runs gives the same answer."""
    run = _start(region, params, is_synchronous=False)
    return {"executionArn": run.arn, "startDate": run.start_date}


def _start(region: Region, params: Params, *, is_synchronous: bool) -> EmulatedExecution:
    machine, arn = region.find_machine(params["stateMachineArn"])
    check_active(machine)
    if is_synchronous and not machine.is_express:
        raise wrong_type()
    name, text = params.get("name") or str(uuid.uuid4()), params.get("input", "{}")
    check_name(name)
    check_input(text)
    version, alias = choose_version(machine, arn)
    revision = version.revision if version else machine.revision
    check_key(region, revision.encryption)
    execution_arn = _execution_name(region, machine, name)
    existing = region.executions.get(execution_arn)
    if existing is not None:
        if existing.status == "RUNNING" and existing.request.input_text == text:
            return existing
        text = f"Execution Already Exists: '{execution_arn}'"
        raise ApiError("ExecutionAlreadyExists", text)
    request = ExecutionRequest(
        arn=execution_arn,
        name=name,
        machine_arn=machine.arn,
        machine_name=machine.name,
        revision=revision,
        is_express=machine.is_express,
        input_text=text,
        version_arn=version.arn if version else None,
        alias_arn=alias.arn if alias else None,
        trace_header=params.get("traceHeader"),
        is_synchronous=is_synchronous,
    )
    return region.start(region, request)


def _execution_name(region: Region, machine: StateMachine, name: str) -> str:
    if machine.is_express:
        return region.arn("express", f"{machine.name}:{name}:{uuid.uuid4()}")
    return region.arn("execution", f"{machine.name}:{name}")


def check_input(text: str) -> None:
    """Raise `ApiError` for an input that is not JSON, or too large."""
    if len(text.encode("utf-8", "surrogatepass")) > _MAX_INPUT:
        raise validation_error(
            "1 validation error detected: Value at 'input' failed to satisfy constraint: Member "
            f"must have length less than or equal to {_MAX_INPUT}"
        )
    try:
        json.loads(text, parse_constant=_reject_constant)
    except (ValueError, RecursionError) as error:
        detail = f"Invalid State Machine Execution Input: '{error}'"
        raise ApiError("InvalidExecutionInput", detail) from None


def _reject_constant(name: str) -> None:
    raise ValueError(f"Non-standard token '{name}'")


def start_sync_execution(region: Region, params: Params) -> dict[str, Any]:
    """Run an Express state machine to the end."""
    with region.lock:
        run = _start(region, params, is_synchronous=True)
    run.done.wait()
    taken = math.ceil(max(run.seconds + run.waited, 1e-3) * 10) * 100
    succeeded = run.status == "SUCCEEDED"
    shown = params.get("includedData", "ALL_DATA") == "ALL_DATA"
    return {
        "executionArn": run.arn,
        "stateMachineArn": run.machine_arn,
        "name": run.name,
        "startDate": run.start_date,
        "stopDate": run.stop_date,
        # a synchronous execution knows no ABORTED
        "status": "FAILED" if run.status == "ABORTED" else run.status,
        "input": run.request.input_text if shown else None,
        "inputDetails": {"included": shown},
        "output": run.output_text if succeeded and shown else None,
        "outputDetails": {"included": shown} if succeeded else None,
        "error": run.error,
        "cause": run.cause,
        "traceHeader": run.request.trace_header,
        "billingDetails": {"billedMemoryUsedInMB": 64, "billedDurationInMilliseconds": taken},
    }


def describe_execution(region: Region, params: Params) -> dict[str, Any]:
    """Describe an execution, or a child execution of a distributed Map."""
    arn = parse_arn(params["executionArn"], "execution")
    shown = params.get("includedData", "ALL_DATA") == "ALL_DATA"
    if arn.label:
        return describe_child(*find_child(region, arn), shown=shown)
    run = find_execution(region, arn.text)
    if shown:
        check_key(region, run.request.revision.encryption)
    succeeded = run.status == "SUCCEEDED"
    return {
        **_outline(run),
        **_describe_redrive(region, run),
        "input": run.request.input_text if shown else None,
        "inputDetails": {"included": shown},
        "output": run.output_text if succeeded and shown else None,
        "outputDetails": {"included": shown} if succeeded else None,
        "error": run.error,
        "cause": run.cause,
        "traceHeader": run.request.trace_header,
    }


def _outline(run: EmulatedExecution) -> dict[str, Any]:
    return {
        "executionArn": run.arn,
        "stateMachineArn": run.machine_arn,
        "name": run.name,
        "status": run.status,
        "startDate": run.start_date,
        "stopDate": run.stop_date if run.status != "RUNNING" else None,
        "stateMachineVersionArn": run.request.version_arn,
        "stateMachineAliasArn": run.request.alias_arn,
        "redriveCount": run.redrives,
        "redriveDate": run.redrive_date,
    }


def _describe_redrive(region: Region, run: EmulatedExecution) -> dict[str, Any]:
    reason = _why_not_redrivable(region, run)
    if reason is None:
        return {"redriveStatus": "REDRIVABLE"}
    return {"redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": reason}


def _why_not_redrivable(region: Region, run: EmulatedExecution) -> str | None:
    machine = region.machines.get(run.machine_arn)
    if machine is not None and machine.status == "DELETING":
        return "State machine is in DELETING status"
    if run.status not in _ENDED_BADLY:
        return f"Execution is {run.status} and cannot be redriven"
    if run.event_count >= _MAX_REDRIVABLE:
        return "Execution history event limit exceeded"
    if run.stop_date is not None and (read_time() - run.stop_date).days >= _REDRIVABLE_DAYS:
        return "Execution redrivable period exceeded"
    return None


def list_executions(region: Region, params: Params) -> dict[str, Any]:
    """List executions of a state machine, a version, an alias or a Map Run, the newest first."""
    if ("stateMachineArn" in params) == ("mapRunArn" in params):
        raise validation_error(
            "Exactly one of stateMachineArn and mapRunArn must be specified",
            "MISSING_REQUIRED_PARAMETER",
        )
    if "mapRunArn" in params:
        return _list_children(region, params)
    machine, arn = region.find_machine(params["stateMachineArn"])
    if machine.is_express:
        raise wrong_type()
    rows = [
        run
        for run in region.list_executions_of(machine)
        if _is_wanted(run, params)
        and (not arn.qualifier or arn.text in (run.request.version_arn, run.request.alias_arn))
    ]
    rows.reverse()
    page, more = cut_page("ListExecutions", params, rows, lambda run: run.arn)
    return {"executions": [_outline(run) for run in page], **more}


def _is_wanted(run: EmulatedExecution | ChildExecution, params: Params) -> bool:
    status, redriven = params.get("statusFilter"), params.get("redriveFilter")
    return status in (None, run.status) and (
        redriven is None or (redriven == "REDRIVEN") == (run.redrives > 0)
    )


def _list_children(region: Region, params: Params) -> dict[str, Any]:
    run, map_run = find_map_run(region, params["mapRunArn"])
    rows = [row for row in run.children.list(map_run.arn) if _is_wanted(row, params)]
    rows.reverse()
    page, more = cut_page("ListExecutions", params, rows, lambda child: child.arn)
    return {"executions": [describe_child(run, child, outline=True) for child in page], **more}


def get_execution_history(region: Region, params: Params) -> dict[str, Any]:
    """Return a page of an execution's history."""
    arn = parse_arn(params["executionArn"], "execution")
    if arn.label:
        run, child = find_child(region, arn)
        if child.events is None:
            raise ApiError(
                "InternalFailure",
                "The emulator keeps the histories of the first 1,000 children of an execution; "
                f"that of '{arn.text}' is not among them.",
                501,
            )
        events = [run.export(event) for event in child.events]
    else:
        run = find_execution(region, arn.text)
        events = run.events
    if params.get("includeExecutionData", True):
        check_key(region, run.request.revision.encryption)
    if params.get("reverseOrder"):
        events.reverse()
    page, more = cut_page("GetExecutionHistory", params, events, lambda event: event["id"])
    if not params.get("includeExecutionData", True):
        page = [_leave_out_data(event) for event in page]
    return {"events": page, **more}


def _leave_out_data(event: Mapping[str, Any]) -> dict[str, Any]:
    left_out = (*_DATA, *(f"{name}Details" for name in _DATA))
    return {
        key: {name: item for name, item in value.items() if name not in left_out}
        if isinstance(value, dict)
        else value
        for key, value in event.items()
    }


def stop_execution(region: Region, params: Params) -> dict[str, Any]:
    """Abort an execution; one that has ended stays as it is."""
    run = find_execution(region, params["executionArn"])
    run.stop(params.get("error"), params.get("cause"))
    return {"stopDate": run.stop_date}


def redrive_execution(region: Region, params: Params) -> dict[str, Any]:
    """Go on with an execution from where it failed, timed out or was stopped."""
    run = find_execution(region, params["executionArn"])
    token = params.get("clientToken")
    if token is not None and token == run.redrive_token:
        return {"redriveDate": run.redrive_date}
    reason = _why_not_redrivable(region, run)
    try:
        if reason is not None:
            raise UsageError(reason)
        date = run.redrive()
    except UsageError as error:
        raise ApiError("ExecutionNotRedrivable", str(error)) from None
    run.redrive_token = token
    return {"redriveDate": date}


def describe_state_machine_for_execution(region: Region, params: Params) -> dict[str, Any]:
    """Describe the state machine as it was when the execution started."""
    arn = parse_arn(params["executionArn"], "execution")
    run = find_child(region, arn)[0] if arn.label else find_execution(region, arn.text)
    revision = run.request.revision
    found = {
        "stateMachineArn": run.machine_arn,
        "name": run.request.machine_name,
        "updateDate": revision.date,
        "revisionId": revision.id,
        **describe_revision(region, revision, params),
    }
    if arn.label:
        found["label"] = arn.label
        found["mapRunArn"] = find_child(region, arn)[1].map_run_arn
    return found
