"""The engine behind the Step Functions API: its Regions, and the front for the emulator itself."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from botocore.model import OperationNotFoundError
from moto.core.botocore_stubber import BotocoreStubber

from carnation.emulator.clients import Clients
from carnation.emulator.failures import write_failure
from carnation.emulator.faults import Hooks, ServiceError
from carnation.emulator.interpreter.api.aliases import choose_version
from carnation.emulator.interpreter.api.errors import ApiError
from carnation.emulator.interpreter.api.records import Region
from carnation.emulator.interpreter.api.service import Response, answer_request, run_operation
from carnation.emulator.interpreter.compilation import compile_text
from carnation.emulator.interpreter.executions import (
    EmulatedExecution,
    ExecutionSettings,
    WatchChild,
    Watcher,
)
from carnation.emulator.interpreter.requests import ExecutionRequest
from carnation.emulator.interpreter.task_runner import Invoke, TaskRunner
from carnation.emulator.patching import ACCESS_KEY, SECRET_KEY, Patches
from carnation.emulator.routing import answer_request as ask_first
from carnation.emulator.signatures import find_scope
from carnation.engine import Execution, Port
from carnation.errors import CarnationError, EmulatorError

_HOST = re.compile(r"https?://(?:sync-)?states(?:-fips)?\.([a-z0-9-]+)\.")
_OWN_HOSTS = ("127.0.0.1", "localhost")
_NOT_EMULATED = "Not yet implemented"  # moto's answer for what it does not know
_PATIENCE = 5.0  # seconds in which an execution that does something writes an event
_watcher = threading.local()


class _Service:
    """Step Functions of one emulator, in all Regions."""

    def __init__(
        self, region: str, settings: ExecutionSettings, invoke: Invoke, hooks: Hooks
    ) -> None:
        self._home, self._settings, self._invoke, self._hooks = region, settings, invoke, hooks
        self.regions: dict[str, Region] = {}
        self._lock = threading.Lock()

    def region(self, name: str) -> Region:
        """Return a Region, which is empty before its first use."""
        with self._lock:
            if name not in self.regions:
                self.regions[name] = self._make_region(name)
            return self.regions[name]

    def _make_region(self, name: str) -> Region:
        clients = Clients(name, (ACCESS_KEY, SECRET_KEY))
        invoke: Invoke = self._invoke if name == self._home else lambda *_: None
        runner = TaskRunner(clients, invoke, lambda arn: find(arn).describe())
        seconds = 60.0 if self._settings.real_time else 1.0
        return Region(name, self._start, runner, seconds)

    def _start(self, region: Region, request: ExecutionRequest) -> EmulatedExecution:
        definition = compile_text(request.revision.definition)
        run = EmulatedExecution(region.task_runner, definition, self._settings, request)
        run.watchers, run.watches_child = getattr(_watcher, "current", ((), None))
        run.prepare()
        # before it starts: a worker may answer its first task at once
        region.add_execution(run)
        run.start()
        return run

    def answer(self, region: str, target: str, body: bytes) -> Response:
        """Answer a request of a client, whichever its Region."""
        return answer_request(self.region(region), target, body, self._decide)

    def _decide(self, name: str, params: dict[str, Any]) -> ApiError | Mapping[str, Any] | None:
        """Show a call to the hooks, which may answer it."""
        if not self._hooks.watches_calls:
            return None
        verdict = self._hooks.before_call("stepfunctions", name, params)
        if isinstance(verdict, ServiceError):
            return ApiError(verdict.code, verdict.message, verdict.status)
        return verdict


_open: list[_Service] = []  # the one emulator that is open


def _service() -> _Service:
    if not _open:
        raise EmulatorError("no emulator is open in this process.")
    return _open[-1]


@contextmanager
def watching(watchers: Sequence[Watcher], of_children: WatchChild | None = None) -> Iterator[None]:
    """Show the history of the execution that is started in this block, event by event."""
    _watcher.current = watchers, of_children
    try:
        yield
    finally:
        _watcher.current = (), None


def install(
    patches: Patches, *, region: str, settings: ExecutionSettings, invoke: Invoke, hooks: Hooks
) -> TaskRunner:
    """Answer for Step Functions for as long as an emulator is open; returns what runs tasks."""
    service = _Service(region, settings, invoke, hooks)
    _open.append(service)
    patches.defer(_open.clear)
    patches.set(BotocoreStubber, "process_request", _answer_first(service))
    return service.region(region).task_runner


def _answer_first(service: _Service) -> Callable[..., Any]:
    original = BotocoreStubber.process_request

    def ask(stubber: BotocoreStubber, request: Any) -> Any:
        answer = ask_first(request)
        return original(stubber, request) if answer is None else answer

    def process_request(stubber: BotocoreStubber, request: Any) -> Any:
        """Answer requests to Step Functions here; moto answers the others."""
        host = _HOST.match(request.url)
        if host is None:
            return _ask_moto(ask, stubber, request)
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else bytes(body)
        target = request.headers.get("X-Amz-Target", "")
        target = target.decode() if isinstance(target, bytes) else target
        return tuple(service.answer(host[1], target, body))

    return process_request


def _ask_moto(ask: Callable[..., Any], stubber: BotocoreStubber, request: Any) -> Any:
    """Have moto answer; what it does not emulate is refused by name, in the service's form."""
    if urlsplit(request.url).hostname in _OWN_HOSTS:
        return ask(stubber, request)  # a client of this process that asks by the port
    try:
        answer = ask(stubber, request)
    except NotImplementedError as error:
        return _reject(request, f": {error}")
    except OperationNotFoundError as error:
        return _reject_unknown(request, str(error))
    except CarnationError:
        raise
    except Exception as error:
        message = f"The emulator failed with {type(error).__name__}: {error}"
        return write_failure(*_find_service(request), 500, "InternalFailure", message)
    return _reject(request) if _is_not_emulated(request, answer) else answer


def _is_not_emulated(request: Any, answer: Any) -> bool:
    """Tell moto's ways to say that it has no such operation."""
    if answer is None or answer[2] == _NOT_EMULATED:
        return True
    return answer[0] == 404 and not answer[2] and _find_service(request)[1] != "s3"


def _reject_unknown(request: Any, operation: str) -> Any:
    """Answer, as AWS does, an operation that the service does not have."""
    headers, service = _find_service(request)
    is_json = any(name.lower() == "x-amz-target" for name in headers)
    code = "UnknownOperationException" if is_json else "InvalidAction"
    return write_failure(headers, service, 400, code, f"Unknown operation: '{operation}'")


def _find_service(request: Any) -> tuple[dict[str, str], str]:
    headers = {
        name: value.decode() if isinstance(value, bytes) else str(value)
        for name, value in request.headers.items()
    }
    scope = find_scope(headers, request.url)
    return headers, scope.service if scope else urlsplit(request.url).netloc


def _reject(request: Any, detail: str = "") -> Any:
    headers, service = _find_service(request)
    what = headers.get("X-Amz-Target") or f"{request.method} {urlsplit(request.url).path}"
    message = f"the emulator has no {what} of the service '{service}'{detail}"
    return write_failure(headers, service, 501, "NotImplemented", message)


def call(operation: str, region: str, params: dict[str, Any]) -> Mapping[str, Any]:
    """Run an operation of the API by its name; raises `EmulatorError` where it refuses."""
    try:
        return run_operation(_service().region(region), operation, params)
    except ApiError as error:
        raise EmulatorError(error.message) from error


def _region_of(arn: str) -> Region:
    parts = arn.split(":")
    if len(parts) < 4:
        raise EmulatorError(f"'{arn}' is not an ARN of Step Functions.")
    return _service().region(parts[3])


def hold(arn: str, name: str, given: Any, port: Port, seed: int | None, now: float) -> Execution:
    """Begin an execution that no thread runs: its caller steps it."""
    region = _region_of(arn)
    try:
        machine, place = region.find_machine(arn)
        version, _ = choose_version(machine, place)
    except ApiError as error:
        raise EmulatorError(error.message) from error
    revision = version.revision if version else machine.revision
    return Execution(
        compile_text(revision.definition),
        given,
        port,
        arn=f"{machine.arn.replace(':stateMachine:', ':execution:')}:{name}",
        machine_arn=machine.arn,
        role_arn=revision.role_arn,
        express=machine.is_express,
        seed=seed,
        now=now,
    )


def find(execution_arn: str) -> EmulatedExecution:
    """Find an execution by its ARN."""
    region = _region_of(execution_arn)
    run = region.executions.get(execution_arn)
    if run is None:
        forgotten = region.describe_forgotten()
        raise EmulatorError(f"execution '{execution_arn}' not found in this emulator{forgotten}.")
    return run


def stop(execution_arn: str, error: str | None, cause: str | None) -> None:
    """Abort an execution, as StopExecution does; one that has ended stays as it is."""
    find(execution_arn).stop(error, cause)


def stop_all() -> None:
    """Abort each execution that still runs, in every Region."""
    for region in list(_service().regions.values()):
        for run in list(region.executions.values()):
            run.stop()


def time_out(execution_arn: str) -> None:
    """End an execution now as its TimeoutSeconds would."""
    find(execution_arn).time_out()


def settle() -> None:
    """Wait until each execution has ended, or waits for something from outside."""
    for region in list(_service().regions.values()):
        for run in list(region.executions.values()):
            while not run.settled.wait(0.1) and time.monotonic() - run.last_event < _PATIENCE:
                pass


def list_machines(region: str) -> set[str]:
    """List the state machines of a Region with their revisions: what a snapshot compares."""
    machines = _service().region(region).machines.values()
    return {f"{machine.arn} {hash(machine.revision.definition)}" for machine in machines}


def list_executions(machine_arn: str) -> list[str]:
    """List the executions of a state machine, Express ones too, the first one first."""
    runs = list(_region_of(machine_arn).executions.values())
    return [run.arn for run in runs if run.machine_arn == machine_arn]


def forget_executions(region: str) -> None:
    """Forget all executions of a Region."""
    found = _service().region(region)
    found.forget(list(found.executions.values()))
