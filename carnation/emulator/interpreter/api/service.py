"""The Step Functions API: one door for every request, in the service's own protocol.

A request becomes an answer or an error of the model; whatever else goes wrong is an InternalFailure
with a sentence. Nothing leaves without an HTTP answer.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any
from uuid import uuid4

from botocore import session
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

from carnation.emulator.interpreter.api.errors import ApiError
from carnation.emulator.interpreter.api.operations import OPERATIONS, UNLOCKED
from carnation.emulator.interpreter.api.records import Region
from carnation.emulator.interpreter.api.validation import check_request
from carnation.records import NamedTuple

_TARGET = "AWSStepFunctions."
_LOG = logging.getLogger("carnation.emulator")
Decide = Callable[[str, dict[str, Any]], "ApiError | Mapping[str, Any] | None"]


class Response(NamedTuple):
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes


@cache
def load_model() -> ServiceModel:
    """Return botocore's model of the service, read once."""
    return ServiceModel(session.create_loader().load_service_model("stepfunctions", "service-2"))


def answer_request(region: Region, target: str, body: bytes, decide: Decide) -> Response:
    """Answer the request with that X-Amz-Target; `decide` may answer in its stead."""
    try:
        return _answer(region, target, body, decide)
    except ApiError as error:
        return render_error(error)
    except Exception as error:
        _LOG.debug("the emulator failed", exc_info=True)
        text = f"The emulator failed with {type(error).__name__}: {error}"
        return render_error(ApiError("InternalFailure", text, 500))


def _answer(region: Region, target: str, body: bytes, decide: Decide) -> Response:
    name = target.removeprefix(_TARGET)
    model = load_model()
    if not target.startswith(_TARGET) or name not in model.operation_names:
        raise ApiError("UnknownOperationException", f"Unknown operation: '{target}'")
    operation = model.operation_model(name)
    params = check_request(_parse(body), operation.input_shape)
    decided = decide(name, params)
    if isinstance(decided, ApiError):
        raise decided
    answer = run_operation(region, name, params) if decided is None else decided
    return _write(200, _export(dict(answer), operation.output_shape))


def run_operation(region: Region, name: str, params: dict[str, Any]) -> Mapping[str, Any]:
    """Run an operation of the model by its name."""
    run = OPERATIONS[name]
    if name in UNLOCKED:
        return run(region, params)
    with region.lock:
        region.remove_deleted()
        return run(region, params)


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise ApiError("SerializationException", "Request body is not valid JSON") from None


def _export(value: Any, shape: Shape | None) -> Any:
    """Write an answer as JSON has it: members without a value are left out, dates are numbers."""
    if isinstance(shape, StructureShape):
        members = shape.members
        return {
            key: _export(item, members.get(key)) for key, item in value.items() if item is not None
        }
    if isinstance(shape, ListShape):
        return [_export(item, shape.member) for item in value]
    if isinstance(shape, MapShape):
        return {key: _export(item, shape.value) for key, item in value.items()}
    return value.timestamp() if isinstance(value, datetime) else value


def render_error(error: ApiError) -> Response:
    """Write an error as the service does."""
    content = {"__type": error.code, "message": error.message, **error.fields}
    return _write(error.status, content, {"x-amzn-errortype": error.code})


def _write(status: int, content: Any, more: Mapping[str, str] | None = None) -> Response:
    headers = {"x-amzn-requestid": str(uuid4()), "Content-Type": "application/x-amz-json-1.0"}
    body = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    return Response(status, {**headers, **(more or {})}, body.encode("utf-8", "surrogatepass"))
