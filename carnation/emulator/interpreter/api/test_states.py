"""TestState: one state on its own, with mocks.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_TestState.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from carnation.asl import walk_states
from carnation.emulator.interpreter.api.definitions import find_diagnostics, join_diagnostics
from carnation.emulator.interpreter.api.errors import ApiError, validation_error
from carnation.emulator.interpreter.api.executions import check_input
from carnation.emulator.interpreter.api.mock_results import check_mock_result
from carnation.emulator.interpreter.api.names import check_role
from carnation.emulator.interpreter.api.records import Region
from carnation.engine import test_state as run_state
from carnation.errors import CarnationError
from carnation.services.task_calls import ACTIVITY, read_resource

Params = Mapping[str, Any]
_NAME = "StateName"  # what AWS calls a state that has no name
_ROLE = "arn:aws:iam::123456789012:role/role"
_MOCKED = ("Task", "Map", "Parallel")
_PLAIN = (
    *("maxConcurrency", "toleratedFailureCount", "toleratedFailurePercentage"),
    "errorDetails",
)
# https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
_CONTEXT: Mapping[str, Any] = {
    "Execution": dict.fromkeys(
        ("Id", "Input", "Name", "RoleArn", "StartTime", "RedriveCount", "RedriveTime")
    ),
    "State": dict.fromkeys(("EnteredTime", "Name", "RetryCount", "PreviousStateName")),
    "StateMachine": {"Id": None, "Name": None},
    "Task": {"Token": None},
    "Map": {"Item": dict.fromkeys(("Index", "Key", "Value", "Source"))},
}


class _Texts:
    """Values that were given as texts: what passed through unchanged keeps its blanks."""

    def __init__(self) -> None:
        self._given: list[tuple[Any, str]] = []

    def read(self, text: str) -> Any:
        value = json.loads(text)
        self._given.append((value, text))
        return value

    def render(self, value: Any) -> str:
        given = next((text for given, text in self._given if given is value), None)
        return given or json.dumps(value, ensure_ascii=False)


def test_state(region: Region, params: Params) -> dict[str, Any]:
    """Run one state, and say what came of it."""
    document = _read_definition(params)
    body = _find_state(document, params.get("stateName"))
    if "roleArn" in params:
        check_role(params["roleArn"])
    _check_combination(params, str(body.get("Type")), str(body.get("Resource")))
    check_input(params.get("input", "{}"))
    texts = _Texts()
    mock = _read_mock(params, body, texts)
    machine = str(uuid.uuid4())  # AWS runs it as a state machine made for it
    try:
        found = run_state(
            document,
            texts.read(params.get("input", "{}")),
            state_name=params.get("stateName"),
            inspection_level=params.get("inspectionLevel", "INFO"),
            variables=_read_object(params, "variables"),
            context=_read_context(params),
            mock=mock,
            configuration=params.get("stateConfiguration"),
            port=region.task_runner,
            arn=region.arn("express", f"{machine}:{uuid.uuid4()}"),
            machine_arn=region.arn("stateMachine", machine),
            role_arn=params.get("roleArn", _ROLE),
        )
    except CarnationError as error:
        raise validation_error(str(error)) from error
    return _export(found, texts)


test_state.__test__ = False  # type: ignore[attr-defined]  # it is no test of ours


def _export(found: dict[str, Any], texts: _Texts) -> dict[str, Any]:
    if "output" in found:
        found["output"] = texts.render(found["output"])
    if "inspectionData" in found:
        found["inspectionData"] = {
            name: value if name in _PLAIN else texts.render(value)
            for name, value in found["inspectionData"].items()
        }
    return found


def _read_definition(params: Params) -> dict[str, Any]:
    try:
        document = json.loads(params["definition"])
    except (ValueError, RecursionError) as error:
        raise _invalid_definition(f"INVALID_JSON_DESCRIPTION: {error}") from None
    if not isinstance(document, dict):
        raise _invalid_definition("INVALID_JSON_DESCRIPTION: Definition must be a JSON object")
    is_whole = "States" in document or "stateName" in params
    found = [
        each
        for each in find_diagnostics(
            json.dumps(document if is_whole else _wrap(document)), "STANDARD"
        )
        if is_whole or not each["code"].startswith("MISSING_")
    ]
    if found:
        raise _invalid_definition(join_diagnostics(found))
    return document


def _wrap(state: Mapping[str, Any]) -> dict[str, Any]:
    """Make a definition of a state that is alone; where it moves to is there as well."""
    states: dict[str, Any] = {_NAME: state}
    entries = [state]
    for field in ("Choices", "Catch"):
        entries += [entry for entry in state.get(field) or () if isinstance(entry, dict)]
    for entry in entries:
        for field in ("Next", "Default"):
            if isinstance(entry.get(field), str):
                states.setdefault(entry[field], {"Type": "Succeed"})
    return {"StartAt": _NAME, "States": states}


def _invalid_definition(detail: str) -> ApiError:
    return ApiError("InvalidDefinition", f"Invalid State Machine Definition: '{detail}'")


def _find_state(document: Mapping[str, Any], name: str | None) -> Mapping[str, Any]:
    if "States" not in document:
        return document
    if name is None:
        raise validation_error(
            "StateName must be specified when testing a state machine definition"
        )
    for place in walk_states(document):
        if place.name == name:
            return place.body
    raise validation_error(f"State '{name}' not found in the state machine definition")


def _find_unsupported(resource: str) -> str:
    """Name what of a Task is only tested with a mock; '' for the others."""
    read = read_resource(resource)
    if read.kind == ACTIVITY:
        return "Activity tasks"
    return f"the service integration pattern .{read.pattern}" if read.pattern else ""


def _check_combination(params: Params, kind: str, resource: str) -> None:
    """Reject what does not go with a mock, or without one."""
    mock, settings = params.get("mock"), params.get("stateConfiguration") or {}
    if mock is None:
        if "mapIterationFailureCount" in settings:
            raise validation_error(
                "TestState does not support MapIterationFailureCount when a mock is not specified."
            )
        if "context" in params:
            raise validation_error(
                "TestState does not support Context when a mock is not specified."
            )
        if kind in ("Map", "Parallel"):
            raise validation_error(
                f"State type '{kind}' is not supported when a mock is not specified"
            )
        if pattern := _find_unsupported(resource) if kind == "Task" else "":
            raise validation_error(
                f"TestState does not support {pattern} when a mock is not specified."
            )
        if kind == "Task" and "roleArn" not in params:
            raise validation_error("RoleArn must be specified when testing a Task state")
        return
    if params.get("revealSecrets"):
        raise validation_error("TestState does not support RevealSecrets when a mock is specified.")
    if "result" in mock and "errorOutput" in mock:
        raise validation_error(
            "A test mock should have only one of the following fields: [result, errorOutput]."
        )
    if "result" not in mock and "errorOutput" not in mock:
        raise validation_error(
            "A test mock should have one of the following fields: [result, errorOutput]."
        )
    if kind not in _MOCKED:
        raise validation_error(f"State type '{kind}' is not supported when a mock is specified")


def _read_mock(params: Params, body: Mapping[str, Any], texts: _Texts) -> dict[str, Any]:
    mock = dict(params.get("mock") or {})
    if "result" not in mock:
        return mock
    try:
        mock["result"] = texts.read(mock["result"])
    except (ValueError, RecursionError):
        raise validation_error("Mocked result must be valid JSON") from None
    grouped = body.get("Type") == "Parallel" or (
        body.get("Type") == "Map" and "ResultWriter" not in body
    )
    if grouped and not isinstance(mock["result"], list):
        raise validation_error("Mocked result must be an array.")
    mode = mock.get("fieldValidationMode", "STRICT")
    if body.get("Type") == "Task" and mode != "NONE":
        check_mock_result(str(body.get("Resource", "")), mock["result"], strict=mode == "STRICT")
    return mock


def _read_object(params: Params, name: str) -> dict[str, Any]:
    try:
        found = json.loads(params.get(name, "{}"))
    except (ValueError, RecursionError):
        raise validation_error(f"{name.capitalize()} must be valid JSON") from None
    if not isinstance(found, dict):
        raise validation_error(f"{name.capitalize()} must be a JSON object")
    return found


def _read_context(params: Params) -> dict[str, Any] | None:
    if "context" not in params:
        return None
    context = _read_object(params, "context")
    _check_fields(context, _CONTEXT, "")
    return context


def _check_fields(given: Mapping[str, Any], known: Mapping[str, Any], path: str) -> None:
    for name, value in given.items():
        where = f"{path}.{name}" if path else name
        if name not in known:
            raise validation_error(
                f"Context object validation error: Field '{where}' is not supported"
            )
        if known[name] is not None:
            if not isinstance(value, dict):
                raise validation_error(
                    f"Context object validation error: Field '{where}' must be an object"
                )
            _check_fields(value, known[name], where)
