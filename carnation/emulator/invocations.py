"""Lambda's Invoke: which version a call names, how it is to be run, what is answered.

moto, which keeps the functions, runs them in Docker or makes up an answer. Source:
https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from __future__ import annotations

import base64
import json
import random
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.responses import LambdaResponse
from moto.awslambda.utils import get_backend

from carnation.emulator.faults import Hooks
from carnation.emulator.function_code import CodeStore, FunctionCode
from carnation.emulator.functions import Answer, Functions, StillRunningError
from carnation.emulator.interpreter.task_runner import LATE, Invoke, Late, Ran
from carnation.emulator.invoke_requests import (
    InvokeError,
    Response,
    answer_call,
    check_member,
    read_name,
)
from carnation.emulator.patching import Patches
from carnation.emulator.runtimes import PythonFallback, find_obstacle
from carnation.errors import EmulatorError, suggest_name

_SYNCHRONOUS_BYTES, _EVENT_BYTES = 6_291_456, 1_048_576
_TAIL = 4096  # bytes of the log that LogType=Tail answers
_TYPES = ("RequestResponse", "Event", "DryRun")


class Invocations:
    """Answers Invoke for the functions that moto keeps."""

    def __init__(
        self,
        functions: Functions,
        store: CodeStore,
        wheels: Mapping[str, Path],
        fallback: PythonFallback | None,
        *,
        wait: bool,
    ) -> None:
        """Take what runs functions; with `wait`, an Event is over when its call is answered.

        Without a `fallback` every handler in Python is called by the one that runs this.
        """
        self._functions, self._store, self._wheels, self._wait = functions, store, wheels, wait
        self._fallback = fallback
        self._chance = random.Random(0)  # noqa: S311 - an alias's weights, the same in each run

    def install(self, patches: Patches) -> None:
        """Answer in moto's place."""
        patches.set(LambdaResponse, "invoke", self._respond)
        patches.set(LambdaResponse, "invoke_async", self._respond_async)

    @property
    def _respond(self) -> Callable[[LambdaResponse], Response]:
        def invoke(response: LambdaResponse) -> Response:
            """Answer a request as Lambda does."""
            name = unquote(urlsplit(response.path).path.rsplit("/", 2)[-2])
            query = parse_qs(urlsplit(response.uri).query)
            try:
                return self._answer(response, name, query.get("Qualifier", [None])[0])
            except InvokeError as error:
                return error.respond()

        return invoke

    @property
    def _respond_async(self) -> Callable[[LambdaResponse], Response]:
        def invoke_async(response: LambdaResponse) -> Response:
            """Answer the older InvokeAsync."""
            name = unquote(urlsplit(response.path).path.rstrip("/").rsplit("/", 2)[-2])
            try:
                code = self.find(response.backend, name, None)
                self._run_apart(code, _read_payload(response, _EVENT_BYTES, "Event"), "")
            except InvokeError as error:
                return error.respond()
            return answer_call(202)

        return invoke_async

    def _answer(self, response: LambdaResponse, name: str, qualifier: str | None) -> Response:
        kind = response.headers.get("X-Amz-Invocation-Type") or "RequestResponse"
        log = response.headers.get("X-Amz-Log-Type") or "None"
        check_member(
            "invocationType", kind, f"enum value set: [{', '.join(_TYPES)}]", kind in _TYPES
        )
        check_member("logType", log, "enum value set: [None, Tail]", log in ("None", "Tail"))
        code = self.find(response.backend, name, qualifier)
        limit = _EVENT_BYTES if kind == "Event" else _SYNCHRONOUS_BYTES
        payload = _read_payload(response, limit, kind)
        if kind == "DryRun":
            return answer_call(204)
        context = _read_context(response.headers.get("X-Amz-Client-Context"))
        if kind == "Event":
            self._run_apart(code, payload, context)
            return answer_call(202)
        answer = self._functions.invoke(code, payload, context)
        headers = {"X-Amz-Executed-Version": code.version}
        if answer.request_id:
            headers["x-amzn-requestid"] = answer.request_id
        if answer.failed:
            headers["X-Amz-Function-Error"] = "Unhandled"
        if log == "Tail":
            headers["X-Amz-Log-Result"] = _render_tail(code, answer)
        return answer_call(200, answer.payload, headers)

    def _run_apart(self, code: FunctionCode, payload: bytes, context: str) -> None:
        run = threading.Thread(
            target=self._functions.invoke, args=(code, payload, context), daemon=True
        )
        run.start()
        if self._wait:
            run.join()

    def find(self, backend: Any, name: str, qualifier: str | None) -> FunctionCode:
        """Find the version that a name or ARN with a qualifier means; raises `InvokeError`."""
        name, qualifier = read_name(name, qualifier, backend.region_name)
        try:
            function = backend.get_function(name, self._choose_version(backend, name, qualifier))
        except UnknownFunctionException as error:
            arn = f"arn:aws:lambda:{backend.region_name}:{backend.account_id}:function:{name}"
            shown = arn if qualifier is None else f"{arn}:{qualifier}"
            raise InvokeError(
                "ResourceNotFoundException", f"Function not found: {shown}", 404
            ) from error
        return self._read(function, qualifier)

    def _choose_version(self, backend: Any, name: str, qualifier: str | None) -> str | None:
        """Choose one of the versions that an alias leads to, by its weights."""
        aliases = {alias.name: alias for alias in backend.list_aliases(name)}
        alias = aliases.get(qualifier)
        if alias is None:
            return qualifier
        weights = (alias.routing_config or {}).get("AdditionalVersionWeights") or {}
        at = self._chance.random()
        for version, weight in weights.items():
            at -= float(weight)
            if at < 0:
                return str(version)
        return str(alias.function_version)

    def _read(self, function: Any, qualifier: str | None) -> FunctionCode:
        """Read what a version of a function is, out of moto's own object."""
        obstacle = _find_obstacle(function) or self._find_python(function)
        if obstacle:
            raise InvokeError("InvalidRuntimeException", obstacle)
        arn, name = str(function.function_arn), str(function.function_name)
        latest = arn.removesuffix(":$LATEST").endswith(f":function:{name}")
        unqualified = arn.partition(f":function:{name}")[0] + f":function:{name}"
        digest = _read_digest(function)
        layers = [(_read_digest(layer), layer.code_bytes) for layer in _read_layers(function)]
        variables: Mapping[str, Any] = function.environment_vars or {}
        return FunctionCode(
            name=name,
            version="$LATEST" if latest else str(function.version),
            arn=unqualified if qualifier is None else f"{unqualified}:{qualifier}",
            handler=str(function.handler),
            timeout=int(function.timeout),
            memory=int(function.memory_size),
            folder=self._store.unpack(digest, function.code_bytes),
            variables={key: str(value) for key, value in variables.items()},
            region=function.region,
            runtime=str(function.run_time),
            layers=self._store.merge(layers) if layers else None,
            wheels=self._wheels.get(digest),
        )

    def _find_python(self, function: Any) -> str:
        """Describe why a function's Python does not run it; '' if one does."""
        has_wheels = _read_digest(function) in self._wheels
        return find_obstacle(str(function.run_time), self._fallback, has_wheels=has_wheels)

    def make_short_way(self, hooks: Hooks, account: str, region: str) -> Invoke:
        """Make the interpreter's short way to a function; None where only a request will do."""

        def invoke(
            name: str, qualifier: str | None, payload: bytes, patience: float
        ) -> Ran | Late | None:
            if hooks.watches_calls:
                return None
            try:
                code = self.find(get_backend(account, region), name, qualifier)
            except InvokeError:
                return None
            try:
                answer = self._functions.invoke(code, payload, patience=patience)
            except StillRunningError:
                return LATE
            return Ran(answer.payload, answer.failed, code.version)

        return invoke

    def find_code(
        self, name: str, qualifier: str | None, account: str, region: str
    ) -> FunctionCode:
        """Find the code of a function; raises `EmulatorError` where there is none."""
        backend = get_backend(account, region)
        try:
            return self.find(backend, name, qualifier)
        except InvokeError as error:
            known = [function.function_name for function in backend.list_functions()]
            if name in known:
                raise EmulatorError(f"function '{name}': {error.message}.") from None
            hint = suggest_name(name, known)
            raise EmulatorError(f"function '{name}' not found.{hint}") from None


def _find_obstacle(function: Any) -> str:
    """Describe why a function cannot be run here; '' if it can."""
    if function.package_type == "Image":
        return (
            f"function '{function.function_name}' is a container image, and the emulator runs "
            "functions of zips only"
        )
    obstacle = find_obstacle(function.run_time)
    if not obstacle and not getattr(function, "code_bytes", b""):
        return f"function '{function.function_name}' has no code: its zip is not in the bucket"
    return obstacle


def _read_digest(function: Any) -> str:
    return str(function.code_digest).rpartition(":")[2]


def _read_layers(function: Any) -> list[Any]:
    backend = get_backend(function.account_id, function.region)
    found = [backend.layers_versions_by_arn(layer["Arn"]) for layer in function.layers]
    return [layer for layer in found if layer is not None and layer.code_bytes]


def _read_payload(response: LambdaResponse, limit: int, kind: str) -> bytes:
    """Read an event; raises `InvokeError` for one that is too large, or no JSON."""
    body = response.body
    payload = (body if isinstance(body, bytes) else (body or "").encode()) or b"{}"
    if len(payload) > limit:
        message = (
            f"{len(payload)} byte payload is too large for the {kind} invocation type "
            f"(limit {limit} bytes)"
        )
        raise InvokeError("RequestTooLargeException", message, 413)
    try:
        json.loads(payload)
    except ValueError as error:
        message = f"Could not parse request body into json: {error}"
        raise InvokeError("InvalidRequestContentException", message) from error
    return payload


def _read_context(text: str | None) -> str:
    """Read the client's context, which comes as JSON in base64."""
    if not text:
        return ""
    try:
        content = base64.b64decode(text, validate=True).decode()
        json.loads(content)
    except ValueError as error:
        message = "Client context must be a valid Base64-encoded JSON object."
        raise InvokeError("InvalidRequestContentException", message) from error
    return content


def _render_tail(code: FunctionCode, answer: Answer) -> str:
    """Write the end of an invocation's log."""
    lines = "".join(f"{line}\n" for line in answer.lines)
    for folder, name in code.folders:
        lines = lines.replace(str(folder), name)
    request, milliseconds = f"RequestId: {answer.request_id}", answer.seconds * 1000
    text = (
        f"START {request} Version: {code.version}\n{lines}END {request}\n"
        f"REPORT {request}\tDuration: {milliseconds:.2f} ms\tMemory Size: {code.memory} MB\n"
    )
    return base64.b64encode(text.encode()[-_TAIL:]).decode()
