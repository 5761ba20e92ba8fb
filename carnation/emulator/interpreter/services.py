"""Calls of AWS's services on behalf of a Task: requests, answers and errors as AWS writes them.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html and
…/dg/supported-services-awssdk.html.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ParamValidationError,
    UnknownServiceError,
)
from botocore.model import ListShape, MapShape, Shape, StructureShape

from carnation.emulator.interpreter.unsent_requests import describe_violations
from carnation.engine import Failed, Succeeded, Task
from carnation.services.clients import (
    OPTIMIZED_CLIENTS,
    botocore_name,
    client_exception,
    client_name,
)

Connect = Callable[[str], Any]


def call_service(connect: Connect, task: Task) -> Succeeded | Failed:
    """Make the call that a Task of an optimized or SDK integration asks for."""
    sdk = task.service.startswith("aws-sdk:")
    service = task.service.removeprefix("aws-sdk:")
    try:
        client = connect(botocore_name(service))
    except UnknownServiceError:
        return Failed("States.Runtime", f"the emulator has no service for '{task.resource}'.")
    wanted = task.action.partition(".")[0]
    operation = _find_operation(client, wanted)
    if operation is None:
        return Failed("States.Runtime", f"the emulator knows no action '{task.resource}'.")
    model = client.meta.service_model.operation_model(operation)
    parameters = task.parameters if isinstance(task.parameters, dict) else {}
    request = _to_request(parameters, model.input_shape)
    try:
        answer = getattr(client, _method(client, operation))(**request)
    except ClientError as error:
        return _fail_sdk(service, error) if sdk else _fail_optimized(service, error, client)
    except ParamValidationError as error:
        refused = _make_refusal(task, operation, str(error.kwargs["report"]))
        return _fail_sdk(service, refused) if sdk else _fail_optimized(service, refused, client)
    except BotoCoreError as error:
        return _fail_unsent(service, error, sdk=sdk)
    if task.context.get("ReaderConfig") and hasattr(answer.get("Body"), "read"):
        # an ItemReader may read what is not a string, which JSON could not hold
        answer["Body"] = answer["Body"].read().decode("utf-8", "surrogateescape")
    return _succeed(service, sdk, answer)


def _find_operation(client: Any, wanted: str) -> str | None:
    for name in client.meta.service_model.operation_names:
        if name.lower() == wanted.lower():
            return str(name)
    return None


def _method(client: Any, operation: str) -> str:
    for method, name in client.meta.method_to_api_mapping.items():
        if name == operation:
            return str(method)
    raise LookupError(operation)


def _to_request(value: Any, shape: Shape | None) -> Any:
    """Name the members as botocore does, and write objects as JSON where text is asked for."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        members = {name.lower(): (name, member) for name, member in shape.members.items()}
        found = {}
        for key, item in value.items():
            if item is None:
                continue  # to AWS's client a null is a parameter that is not given
            name, member = members.get(key.lower(), (key, None))
            found[name] = _to_request(item, member)
        return found
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_to_request(item, shape.member) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: _to_request(item, shape.value) for key, item in value.items()}
    if shape is not None and shape.type_name == "string" and not isinstance(value, str):
        return value if value is None else to_text(value)
    if shape is not None and shape.type_name == "blob":
        return (value if isinstance(value, str) else to_text(value)).encode()
    return value


def to_text(value: Any) -> str:
    """Write a value as compact JSON."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _from_answer(value: Any) -> Any:
    if isinstance(value, dict):
        return {key[:1].upper() + key[1:]: _from_answer(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_from_answer(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if hasattr(value, "read"):
        value = value.read()
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _succeed(service: str, sdk: bool, answer: dict[str, Any]) -> Succeeded | Failed:
    metadata = answer.pop("ResponseMetadata", {})
    # names of an item's attributes are the user's, and stay as they are
    output = _plain(answer) if service == "dynamodb" else _from_answer(answer)
    if sdk:
        return Succeeded(output)
    output = {
        **output,
        "SdkHttpMetadata": {"HttpStatusCode": metadata.get("HTTPStatusCode", 200)},
        "SdkResponseMetadata": {"RequestId": metadata.get("RequestId", "")},
    }
    if service == "events" and output.get("FailedEntryCount"):
        failed = {key: output[key] for key in ("Entries", "FailedEntryCount")}
        return Failed("EventBridge.FailedEntry", to_text(failed))
    return Succeeded(output)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return _from_answer(value)


def _describe(error: ClientError) -> tuple[str, str, int, str]:
    parts, metadata = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
    code = str(parts.get("Code", "")).rpartition(".")[2]
    return (
        code,
        str(parts.get("Message", error)),
        int(metadata.get("HTTPStatusCode", 400)),
        str(metadata.get("RequestId", "")),
    )


def _fail_unsent(service: str, error: BotoCoreError, *, sdk: bool) -> Failed:
    """Name a failure of the client."""
    name = client_name(service)
    if not sdk:
        name = OPTIMIZED_CLIENTS.get(service, (name, ""))[0]
    return Failed(f"{name}.SdkClientException", str(error))


def _make_refusal(task: Task, operation: str, report: str) -> ClientError:
    """Make what the service answers to parameters that its model forbids."""
    metadata = {"HTTPStatusCode": 400, "RequestId": task.token, "RetryAttempts": 0}
    error = {"Code": "ValidationException", "Message": describe_violations(report)}
    return ClientError({"Error": error, "ResponseMetadata": metadata}, operation)


def _fail_sdk(service: str, error: ClientError) -> Failed:
    name = client_name(service)
    _, message, status, request = _describe(error)
    modeled = type(error) is not ClientError
    shown = type(error).__name__ if modeled else name
    shown = shown if shown.endswith("Exception") else f"{shown}Exception"
    cause = (
        f"{message} (Service: {name}, Status Code: {status}, Request ID: {request}) "
        "(SDK Attempt Count: 1)"
    )
    return Failed(f"{name}.{shown}", cause)


def _fail_optimized(service: str, error: ClientError, client: Any) -> Failed:
    plain = client_name(service)
    prefix, java = OPTIMIZED_CLIENTS.get(service, (plain, f"Amazon{plain}"))
    code, message, status, request = _describe(error)
    if type(error) is not ClientError:
        name = type(error).__name__
        name = name if name.endswith("Exception") else f"{name}Exception"
    else:
        name = client_exception(service)
    cause = (
        f"{message} (Service: {java}; Status Code: {status}; Error Code: {code}; "
        f"Request ID: {request}; Proxy: null)"
    )
    return Failed(f"{prefix}.{name}", cause)
