"""Lambda functions that run for real: warm worker processes, errors as Lambda reports them.

Each concurrent invocation has a worker of its own, which is used again when it is idle. A worker is
a process, or (`in_process`) a call in this one. Source of the error payloads:
https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
"""

from __future__ import annotations

import json
import math
import os
import signal
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Hashable
from contextlib import ExitStack
from types import ModuleType
from typing import Protocol

from carnation.emulator.faults import FunctionError, Hooks
from carnation.emulator.function_code import FunctionCode
from carnation.errors import EmulatorError
from carnation.records import NamedTuple

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
RESPONSE_BYTES = 6_291_556
MAX_LINE_LENGTH = 16_384  # characters that are kept of a line which a function prints
_PATIENCE = 0.05  # seconds to wait for an idle worker before another is started


class Request(NamedTuple):
    """What a worker is asked: the event, the ARN that was invoked, the client's context."""

    id: str
    payload: bytes
    arn: str
    client_context: str = ""


class Answer(NamedTuple):
    """What an invocation gave: the payload, whether it is an error's; its log, ID and seconds."""

    payload: bytes
    failed: bool
    lines: tuple[str, ...] = ()
    request_id: str = ""
    seconds: float = 0.0


class StillRunningError(Exception):
    """The caller's patience is over, and the handler goes on; `rest()` waits for its end."""

    def __init__(self, rest: Callable[[], object]) -> None:
        """Take what waits for the end."""
        super().__init__()
        self.rest = rest


class Worker(Protocol):
    """Something that runs one invocation at a time."""

    def invoke(self, request: Request, patience: float = math.inf) -> Answer:
        """Run the handler with an event; may raise `StillRunningError` after so many seconds."""

    def is_alive(self) -> bool:
        """Return whether it can run another."""

    def close(self) -> None:
        """End it, whatever it is doing."""


class Pool:
    """The workers of one version of a function.

    A new one is started when all are busy; but not while as many are starting as the machine has
    cores, and not before a short wait for one to become idle, since starting costs more than that.
    """

    def __init__(self, make: Callable[[], Worker]) -> None:
        """Take what starts a worker."""
        self._make = make
        self._idle: deque[Worker] = deque()
        self._all: list[Worker] = []
        self._starting = 0
        self._change = threading.Condition()

    def acquire(self) -> Worker:
        """Take an idle worker, or start one."""
        with self._change:
            while True:
                while self._idle:
                    worker = self._idle.pop()
                    if worker.is_alive():
                        return worker
                    self._all.remove(worker)
                at_work = len(self._all) + self._starting
                if not at_work:
                    break
                if self._change.wait(_PATIENCE):
                    continue
                if self._starting < max(1, os.cpu_count() or 1):
                    break
            self._starting += 1
        started: list[Worker] = []
        try:
            started.append(self._make())
        finally:
            with self._change:
                self._starting -= 1
                self._all += started
                self._change.notify()
        return started[0]

    def release(self, worker: Worker) -> None:
        """Put a worker back, if it still lives."""
        with self._change:
            if worker.is_alive():
                self._idle.append(worker)
            elif worker in self._all:
                self._all.remove(worker)
            self._change.notify()

    def close(self) -> None:
        """End all workers."""
        with self._change:
            for worker in self._all:
                worker.close()
            self._all.clear()
            self._idle.clear()


class Functions:
    """All functions of an emulator: finds the pool, asks the hooks, checks the answer."""

    def __init__(self, start: Callable[[FunctionCode], Worker], hooks: Hooks) -> None:
        """Take what starts a worker for a version's code, and the hooks."""
        self._start, self._hooks = start, hooks
        self._pools: dict[Hashable, Pool] = {}
        self._lock = threading.Lock()
        self.running: dict[str, str] = {}

    def invoke(
        self,
        code: FunctionCode,
        payload: bytes,
        client_context: str = "",
        patience: float = math.inf,
    ) -> Answer:
        """Run a function with an event; returns its result or its error.

        After `patience` seconds it may raise `StillRunningError`, while the function goes on.
        """
        request = Request(str(uuid.uuid4()), payload, code.arn, client_context)
        fault = self._hooks.before_invoke(code.name, payload)
        if fault is not None:
            return Answer(json.dumps(fault.payload(request.id)).encode(), True)
        began = time.monotonic()
        answer = self._run(code, request, patience)
        answer = answer._replace(request_id=request.id, seconds=time.monotonic() - began)
        if answer.failed:
            return answer._replace(payload=_replace_folders(answer.payload, code))
        if len(answer.payload) > RESPONSE_BYTES:
            return answer._replace(payload=_too_large(len(answer.payload)), failed=True)
        return answer

    def _run(self, code: FunctionCode, request: Request, patience: float) -> Answer:
        pool = self._pool(code)
        self.running[request.id] = code.name
        with ExitStack() as stack:
            stack.callback(self.running.pop, request.id)
            try:
                worker = pool.acquire()
                stack.callback(pool.release, worker)
                return worker.invoke(request, patience)
            except FunctionError as error:
                return Answer(json.dumps(error.payload(request.id)).encode(), True)
            except StillRunningError as late:
                self._leave(late, stack.pop_all())
                raise
        raise AssertionError("a worker answers or raises")

    @staticmethod
    def _leave(late: StillRunningError, stack: ExitStack) -> None:
        """Let a function run on to its end; its worker is free only then."""

        def finish() -> None:
            with stack:
                late.rest()

        threading.Thread(target=finish, daemon=True).start()

    def _pool(self, code: FunctionCode) -> Pool:
        with self._lock:
            if code.key not in self._pools:
                self._pools[code.key] = Pool(lambda: self._start(code))
            return self._pools[code.key]

    def load(self, code: FunctionCode) -> ModuleType:
        """Have a function's handler imported, where workers are in this process."""
        pool = self._pool(code)
        worker = pool.acquire()
        try:
            module: ModuleType = worker.load()  # type: ignore[attr-defined]  # in process
        except FunctionError as error:
            raise EmulatorError(f"function '{code.name}': {error.message}.") from error
        finally:
            pool.release(worker)
        return module

    def close(self) -> None:
        """End all workers."""
        with self._lock:
            for pool in self._pools.values():
                pool.close()
            self._pools.clear()


def _replace_folders(payload: bytes, code: FunctionCode) -> bytes:
    """Write the folders of an error's trace as they are called on Lambda."""
    for folder, name in code.folders:
        payload = payload.replace(json.dumps(str(folder))[1:-1].encode(), name.encode())
    return payload


def _too_large(size: int) -> bytes:
    message = (
        f"Response payload size ({size} bytes) exceeded maximum allowed payload size "
        f"({RESPONSE_BYTES} bytes)."
    )
    error = {"errorType": "Function.ResponseSizeTooLarge", "errorMessage": message}
    return json.dumps(error).encode()


def report_timeout(request_id: str, code: FunctionCode) -> bytes:
    """Return the payload of a function that took longer than it may."""
    message = f"RequestId: {request_id} Error: Task timed out after {code.timeout}.00 seconds"
    return json.dumps({"errorType": "Sandbox.Timedout", "errorMessage": message}).encode()


def report_exit(request_id: str, status: int) -> bytes:
    """Return the payload of a function whose process ended while it ran."""
    if status == 0:
        reason = "Runtime exited without providing a reason"
    elif status < 0:
        name = signal.strsignal(-status) or str(-status)
        reason = f"Runtime exited with error: signal: {name.lower()}"
    else:
        reason = f"Runtime exited with error: exit status {status}"
    message = f"RequestId: {request_id} Error: {reason}"
    return json.dumps({"errorType": "Runtime.ExitError", "errorMessage": message}).encode()
