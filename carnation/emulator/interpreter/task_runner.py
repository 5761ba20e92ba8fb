"""Performs the Tasks of an execution on the local emulator."""

from __future__ import annotations

import json
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

from carnation.emulator.interpreter.http_calls import invoke_http
from carnation.emulator.interpreter.jobs import Jobs
from carnation.emulator.interpreter.services import call_service, to_text
from carnation.engine import Failed, Outcome, Pending, Submitted, Succeeded, Task
from carnation.records import NamedTuple


class TokenHolder(Protocol):
    """An execution that waits for the answer to a task token."""

    def answer(self, token: str, outcome: Outcome) -> bool:
        """Accept the answer; return whether it was still waited for."""

    def beat(self, token: str) -> bool:
        """Accept a heartbeat; return whether one was still waited for."""


class Ran(NamedTuple):
    """What a function gave: the payload, whether it failed, the version that ran."""

    payload: bytes
    failed: bool
    version: str


class Late:
    """A function still runs when its Task may not wait any longer."""


LATE = Late()
# Runs a function: name, qualifier, payload, seconds to wait; None if it is to go through boto3.
Invoke = Callable[[str, "str | None", bytes, float], "Ran | Late | None"]
# Waits for an execution: ARN → what DescribeExecution says of it.
Await = Callable[[str], Mapping[str, Any]]
# Stands before all tasks: gives an outcome, or has the task performed.
TaskScript = Callable[[Task, Callable[[Task], Outcome]], Outcome]


class Activities:
    """Tasks of activities that no worker has taken yet, by the activity's ARN."""

    def __init__(self) -> None:
        """Begin with none."""
        self._waiting: dict[str, deque[Task]] = {}
        self._changed = threading.Condition()

    def offer(self, task: Task) -> None:
        """Let a task wait for a worker."""
        with self._changed:
            self._waiting.setdefault(task.resource, deque()).append(task)
            self._changed.notify_all()

    def poll(self, arn: str, seconds: float) -> Task | None:
        """Take the oldest task of an activity; None if none came within so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting.get(arn), seconds)
            waiting = self._waiting.get(arn)
            return waiting.popleft() if waiting else None

    def drop(self, tokens: Collection[str]) -> None:
        """Forget tasks that nobody has taken."""
        with self._changed:
            for arn, waiting in list(self._waiting.items()):
                kept = deque(task for task in waiting if task.token not in tokens)
                self._waiting[arn] = kept
                if not kept:
                    del self._waiting[arn]


class TaskRunner:
    """The engine's port: functions by the short way, everything else by boto3."""

    # of all there are: one emulator is open at a time
    script: TaskScript | None = None
    jobs = Jobs()

    def __init__(self, connect: Callable[[str], Any], invoke: Invoke, wait: Await) -> None:
        """Take the ways to functions, services and other executions."""
        self.connect, self._invoke, self._wait = connect, invoke, wait
        self.activities = Activities()
        self.tokens: dict[str, TokenHolder] = {}  # of all callbacks, the finished ones too

    def forget(self, tokens: Collection[str]) -> None:
        """Forget callbacks: of executions that are known no more."""
        for token in tokens:
            self.tokens.pop(token, None)
        if tokens:
            self.activities.drop(tokens)

    def perform(self, task: Task) -> Outcome:
        """Perform a task; one that took longer than it may counts with the time it took."""
        began = time.monotonic()
        script = TaskRunner.script
        outcome = script(task, self._perform) if script else self._perform(task)
        seconds = time.monotonic() - began
        late = task.timeout is not None and seconds > task.timeout
        if late and isinstance(outcome, Succeeded):
            return Succeeded(outcome.output, seconds)
        if late and isinstance(outcome, Failed):
            return Failed(outcome.error, outcome.cause, seconds)
        return outcome

    def _perform(self, task: Task) -> Outcome:
        told = TaskRunner.jobs.answer(task)
        if told is not None:
            return told
        if task.kind == "Activity":
            self.activities.offer(task)
            return Pending()
        if task.kind == "LambdaFunction":
            return self._call_function(task)
        if task.service == "lambda" and task.action.startswith("invoke"):
            outcome: Outcome = self._invoke_function(task)
        elif task.service == "states" and task.action.startswith("startExecution"):
            outcome = self._start_execution(task)
        elif (task.service, task.action) == ("http", "invoke"):
            outcome = invoke_http(self.connect, task)
        elif task.is_sync:
            return Failed(
                "States.Runtime",
                f"the emulator cannot wait for '{task.resource}'. Set how the job ends: with "
                f"--jobs succeed, with --results for the state, or in a test with "
                f"machine.mock('{task.name}', Return(…)).",
            )
        else:
            outcome = call_service(self.connect, task)
        if task.is_callback and isinstance(outcome, Succeeded):
            return Submitted(outcome.output)
        return outcome

    def _call_function(self, task: Task) -> Succeeded | Failed:
        """Invoke a function for its payload."""
        payload = to_text(task.parameters).encode()
        ran = self._run_function(task, task.resource, None, payload)
        if not isinstance(ran, Ran):
            return ran
        return _fail_function(ran.payload) if ran.failed else Succeeded(_parse(ran.payload))

    def _run_function(
        self, task: Task, name: str, qualifier: str | None, payload: bytes
    ) -> Ran | Succeeded | Failed:
        """Run a function; one that takes longer than its Task may is not waited for."""
        limit = math.inf if task.timeout is None else task.timeout
        ran = self._invoke(name, qualifier, payload, limit)
        if isinstance(ran, Late):
            return Succeeded(None, math.nextafter(limit, math.inf))
        if ran is not None:
            return ran
        asked = Task("", "Task", "", "lambda", "invoke", {"FunctionName": name}, "")
        asked.parameters["Payload"] = payload.decode()
        if qualifier is not None:
            asked.parameters["Qualifier"] = qualifier
        found = call_service(self.connect, asked)
        if isinstance(found, Failed):
            return found
        body = str(found.output.get("Payload", "null"))
        version = str(found.output.get("ExecutedVersion", "$LATEST"))
        return Ran(body.encode(), "FunctionError" in found.output, version)

    def _invoke_function(self, task: Task) -> Succeeded | Failed:
        parameters = task.parameters if isinstance(task.parameters, dict) else {}
        if not set(parameters) <= {"FunctionName", "Payload", "Qualifier"}:
            return self._invoke_otherwise(task)
        payload = parameters.get("Payload")
        payload = {} if payload is None else payload  # null is as if there were none
        body = payload if isinstance(payload, str) and _is_json(payload) else to_text(payload)
        qualifier = parameters.get("Qualifier")
        qualifier = None if qualifier is None else str(qualifier)
        name = str(parameters.get("FunctionName"))
        ran = self._run_function(task, name, qualifier, body.encode())
        if not isinstance(ran, Ran):
            return ran
        if ran.failed:
            return _fail_function(ran.payload)
        return Succeeded(
            {
                "ExecutedVersion": ran.version,
                "Payload": _parse(ran.payload),
                "SdkHttpMetadata": {"HttpStatusCode": 200},
                "StatusCode": 200,
            }
        )

    def _invoke_otherwise(self, task: Task) -> Succeeded | Failed:
        """Invoke with InvocationType or other fields: by boto3."""
        found = call_service(self.connect, task)
        if isinstance(found, Failed):
            return found
        payload = str(found.output.get("Payload", "")).encode()
        if "FunctionError" in found.output:
            return _fail_function(payload)
        return Succeeded({**found.output, "Payload": _parse(payload)})

    def _start_execution(self, task: Task) -> Succeeded | Failed | Submitted:
        if isinstance(task.parameters, dict) and task.parameters.get("Input") is None:
            task.parameters.pop("Input", None)
        started = call_service(self.connect, task)
        if isinstance(started, Failed) or not task.is_sync:
            return started
        found = dict(self._wait(started.output["ExecutionArn"]))
        if task.action.endswith(":2"):
            for field in ("Input", "Output"):
                if field in found:
                    found[field] = json.loads(found[field])
        if found["Status"] == "SUCCEEDED":
            return Submitted(started.output, Succeeded(found))
        return Submitted(started.output, Failed("States.TaskFailed", to_text(found)))


def _parse(body: bytes) -> Any:
    text = body.decode("utf-8", "replace")
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _fail_function(body: bytes) -> Failed:
    """Name a function's failure as AWS does: by the class of the exception."""
    payload = _parse(body)
    name = payload.get("errorType") if isinstance(payload, dict) else None
    return Failed(name or "Lambda.Unknown", to_text(payload))
