"""Actions of the Step Functions API that moto does not have, or does by half.

Each is a method put on moto's responses while an emulator is open.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Mapping
from typing import Any

from moto.core.exceptions import AWSError
from moto.core.responses import ActionResult, EmptyResult
from moto.stepfunctions.responses import StepFunctionResponse

from carnation.document import parse_json
from carnation.emulator.interpreter.executions import Run
from carnation.emulator.patching import Patches
from carnation.engine import Port, test_state
from carnation.errors import CarnationError, EmulatorError, UsageError
from carnation.linter import REFUSAL, find_problems

Find = Callable[[str], Run]
Publish = Callable[["str", "str | None", "str | None"], str]


class _NotRedrivableError(AWSError):
    TYPE = "ExecutionNotRedrivable"
    STATUS = 400


class _ConflictError(AWSError):
    TYPE = "ConflictException"
    STATUS = 400


class _ValidationError(AWSError):
    TYPE = "ValidationException"
    STATUS = 400


def install(patches: Patches, find: Find, performer: Port, publish: Publish) -> None:
    """Add the actions."""

    def publish_version(response: Any) -> ActionResult:
        arn, revision, description = (
            response._get_param(name) for name in ("stateMachineArn", "revisionId", "description")
        )
        try:
            version = publish(arn, revision, description)
        except EmulatorError as error:
            raise _ConflictError(str(error)) from error
        now = datetime.datetime.now(tz=datetime.timezone.utc)
        return ActionResult({"stateMachineVersionArn": version, "creationDate": now})

    def redrive_execution(response: Any) -> ActionResult:
        run = find(response._get_param("executionArn"))
        try:
            return ActionResult({"redriveDate": run.redrive()})
        except UsageError as error:
            raise _NotRedrivableError(str(error)) from error

    def test(response: Any) -> ActionResult:
        return ActionResult(_test_state(response._get_param, performer))

    actions: dict[str, Callable[[Any], ActionResult]] = {
        "redrive_execution": redrive_execution,
        "test_state": test,
        "publish_state_machine_version": publish_version,
        "list_state_machine_versions": _list_versions,
        "validate_state_machine_definition": _validate_definition,
        "send_task_failure": _fail_task,
    }
    for name, action in actions.items():
        patches.set(StepFunctionResponse, name, action)


def _fail_task(response: Any) -> ActionResult:
    """Answer a callback with an error and its cause, which moto leaves out."""
    response.stepfunction_backend.send_task_failure(
        response._get_param("taskToken"),
        error=response._get_param("error"),
        cause=response._get_param("cause"),
    )
    return EmptyResult()


def _validate_definition(response: Any) -> ActionResult:
    """Say what the rules refuse, with AWS's codes and the places in the definition."""
    text, kind = response._get_param("definition"), response._get_param("type") or "STANDARD"
    try:
        found = [
            _make_diagnostic(rule.code, problem.message, problem.pointer)
            for rule, problem in find_problems(
                parse_json(text, "the definition", ""), type=kind, families=(REFUSAL,)
            )
        ]
    except CarnationError as error:
        found = [_make_diagnostic("INVALID_JSON_DESCRIPTION", str(error), "")]
    result = "FAIL" if found else "OK"
    return ActionResult({"result": result, "diagnostics": found, "truncated": False})


def _make_diagnostic(code: str, message: str, pointer: str) -> dict[str, str]:
    diagnostic = {
        "severity": "ERROR",
        "code": code or "SCHEMA_VALIDATION_FAILED",
        "message": message,
    }
    return {**diagnostic, "location": pointer} if pointer else diagnostic


def _list_versions(response: Any) -> ActionResult:
    """List a machine's published versions, the newest first."""
    arn = response._get_param("stateMachineArn")
    machine = response.stepfunction_backend.describe_state_machine(arn)
    versions = [
        {"stateMachineVersionArn": version.arn, "creationDate": version.creation_date}
        for _, version in sorted(machine.versions.items(), reverse=True)
    ]
    return ActionResult({"stateMachineVersions": versions})


_INSPECTED = ("maxConcurrency", "toleratedFailureCount", "toleratedFailurePercentage")


def _test_state(param: Callable[[str], Any], performer: Port) -> dict[str, Any]:
    mock = dict(param("mock") or {})
    if "result" in mock:
        mock["result"] = _load(mock["result"], "mock.result")
    try:
        found = test_state(
            _load(param("definition"), "definition"),
            _load(param("input") or "{}", "input"),
            state_name=param("stateName"),
            inspection_level=param("inspectionLevel") or "INFO",
            variables=_load(param("variables") or "{}", "variables"),
            context=None if param("context") is None else _load(param("context"), "context"),
            mock=mock,
            configuration=param("stateConfiguration"),
            port=performer,
        )
    except CarnationError as error:
        raise _ValidationError(str(error)) from error
    if "output" in found:
        found["output"] = json.dumps(found["output"])
    if "inspectionData" in found:
        found["inspectionData"] = _export_inspection(found["inspectionData"])
    return found


def _load(text: str, field: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise _ValidationError(f"{field} is no JSON: {error}") from error


def _export_inspection(data: Mapping[str, Any]) -> dict[str, Any]:
    """Write what the API gives as text as text."""
    plain = (*_INSPECTED, "errorDetails")
    return {name: value if name in plain else json.dumps(value) for name, value in data.items()}
