"""What moto does otherwise than AWS, outside of its interpreter, put right while one is open.

Three places: CloudFormation (types it skips, references it loses), the door through which every API
call goes (where faults are put in), and Lambda (which moto runs in Docker). Found with moto 5.2.5.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.utils import get_backend
from moto.awslambda_simple.models import LambdaSimpleBackend
from moto.core import errors
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket
from moto.s3.responses import S3Response
from moto.sqs.models import SQSBackend

from carnation.emulator.faults import Hooks, ServiceError
from carnation.emulator.function_code import Code, CodeStore
from carnation.emulator.functions import Answer, Functions
from carnation.emulator.patching import Patches
from carnation.errors import EmulatorError, suggest_name


def mend_calls(patches: Patches, hooks: Hooks, *, real_time: bool) -> None:
    """Show every call to the hooks, whoever made it; answer a long poll at once."""
    log, silent = logging.getLogger("moto"), logging.NullHandler()
    log.addHandler(silent)  # or its warnings go to stderr, where nobody has set up logging
    patches.defer(lambda: log.removeHandler(silent))
    atomic = {"dynamodb", "s3"} if real_time else {"dynamodb", "s3", "sqs"}
    locks = {service: threading.RLock() for service in atomic}
    # moto warns of an error code that is not in a service's model, as a test's may well be
    patches.set(errors, "warn", lambda *_, **__: None)
    patches.set(BaseResponse, "call_action", _ask_first(BaseResponse.call_action, hooks, locks))
    for name in ("bucket_response", "key_response"):
        patches.set(S3Response, name, _ask_first_for_s3(vars(S3Response)[name], hooks, locks["s3"]))
    # no policy is enforced here; moto enforces a bucket's, but without its conditions
    patches.set(FakeBucket, "get_permission", lambda *_: PermissionResult.NEUTRAL)
    patches.set(SQSBackend, "is_message_valid_based_on_retention_period", _is_retained)
    if not real_time:
        patches.set(SQSBackend, "receive_message", _receive_now(SQSBackend.receive_message))


class _InjectedError(ServiceException):
    """A hook's error; moto looks for a service's model by the module of an exception's class."""


def _decide(response: BaseResponse, hooks: Hooks) -> Any:
    """Ask the hooks about a call; gives what stands for moto's answer, or None."""
    action = response._get_action()
    if not action:
        return None
    if not response.automated_parameter_parsing:
        response.parse_parameters(response.normalized_request)
    verdict = hooks.before_call(response.boto3_service_name, action, dict(response.params))
    if verdict is None:
        return None
    if not isinstance(verdict, ServiceError):
        return response.serialized(ActionResult(dict(verdict)))
    error = _InjectedError(verdict.code, verdict.message)
    _, headers, body = response.serialized(ActionResult(error))
    return verdict.status, headers, body


def _identify(headers: Mapping[str, Any]) -> dict[str, Any]:
    """Give an answer the request ID that every answer of AWS has, and not every one of moto."""
    return {"x-amzn-requestid": str(uuid.uuid4()), **headers}


def _ask_first(
    original: Callable[..., Any], hooks: Hooks, locks: Mapping[str, AbstractContextManager[Any]]
) -> Callable[..., Any]:
    def call_action(response: BaseResponse) -> Any:
        """Ask the hooks, then moto; one call at a time, or a conditional put is none."""
        if hooks.watches_calls:
            decided = _decide(response, hooks)
            if decided is not None:
                status, headers, body = decided
                return int(status), {**_identify(headers), "status": str(status)}, body
        with locks.get(response.boto3_service_name) or nullcontext():
            status, headers, body = original(response)
        return status, _identify(headers), body

    return call_action


def _ask_first_for_s3(
    original: Callable[..., Any], hooks: Hooks, lock: AbstractContextManager[Any]
) -> Callable[..., Any]:
    def respond(response: S3Response, request: Any, full_url: str, headers: Any) -> Any:
        """Ask the hooks, then moto, whose S3 has a dispatcher of its own."""
        if hooks.watches_calls:
            response.setup_class(request)
            decided = _decide(response, hooks)
            if decided is not None:
                return response._send_response(decided)
        with lock:
            return original(response, request, full_url, headers)

    return respond


def _is_retained(backend: SQSBackend, queue_name: str, message: Any) -> bool:
    """Ask for one attribute; moto counts the whole queue for it, once for each message."""
    queue: Any = backend.get_queue(queue_name)
    period = queue.message_retention_period
    return bool(period + message.sent_timestamp / 1000 > time.time())


def _receive_now(original: Callable[..., Any]) -> Callable[..., Any]:
    def receive_message(
        backend: SQSBackend,
        queue_name: str,
        count: int,
        wait_seconds_timeout: int,
        *args: Any,
        **more: Any,
    ) -> Any:
        """Receive what is there; moto waits out WaitTimeSeconds by the clock."""
        return original(backend, queue_name, count, 0, *args, **more)

    return receive_message


def mend_functions(patches: Patches, functions: Functions, store: CodeStore) -> None:
    """Run functions for real; moto runs them in Docker or makes up an answer."""

    def invoke(
        backend: LambdaSimpleBackend,
        function_name: str,
        qualifier: str | None,
        body: Any,
        headers: Any,
        response_headers: dict[str, str],
    ) -> bytes:
        """Run a function and answer as Lambda's Invoke does."""
        function = backend.get_function(function_name, qualifier)
        payload = body if isinstance(body, bytes) else (body or "").encode()
        answer: Answer = functions.invoke(_read_code(function, store), payload or b"{}")
        response_headers["Content-Length"] = str(len(answer.payload))
        response_headers["x-amz-executed-version"] = str(function.version)
        if answer.failed:
            response_headers["x-amz-function-error"] = "Unhandled"
        return answer.payload

    patches.set(LambdaSimpleBackend, "invoke", invoke)


def make_invoke(
    functions: Functions, store: CodeStore, hooks: Hooks, account: str, region: str
) -> Callable[[str, bytes], Answer | None]:
    """Make the interpreter's short way to a function; None where only the long way will do."""

    def invoke(name: str, payload: bytes) -> Answer | None:
        if hooks.watches_calls:
            return None
        try:
            function = get_backend(account, region).get_function(name, None)
        except UnknownFunctionException:
            return None
        return functions.invoke(_read_code(function, store), payload)

    return invoke


def find_code(
    name: str, qualifier: str | None, account: str, region: str, store: CodeStore
) -> Code:
    """Find the code of a function; raises `EmulatorError` where there is none."""
    backend = get_backend(account, region)
    try:
        return _read_code(backend.get_function(name, qualifier), store)
    except UnknownFunctionException:
        known = [function.function_name for function in backend.list_functions()]
        raise EmulatorError(f"there is no function '{name}'.{suggest_name(name, known)}") from None


def _read_code(function: Any, store: CodeStore) -> Code:
    """Read what a version of a function is, out of moto's own object."""
    if function.package_type != "Zip" or not function.code_bytes:
        raise EmulatorError(
            f"function '{function.function_name}' has no zip; the emulator runs zips of Python."
        )
    variables: Mapping[str, str] = function.environment_vars or {}
    published = function.function_arn.rsplit(":", 1)[1] != function.function_name
    return Code(
        name=function.function_name,
        version=str(function.version) if published else "$LATEST",
        arn=function.function_arn,
        handler=function.handler,
        timeout=int(function.timeout),
        memory=int(function.memory_size),
        folder=store.unpack(function.code_digest.rpartition(":")[2], function.code_bytes),
        variables={name: str(value) for name, value in variables.items()},
        region=function.region,
    )
