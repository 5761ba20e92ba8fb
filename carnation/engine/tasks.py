"""The Task state: hands a piece of work to the port, and waits for its outcome."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping

from carnation.asl.expressions.intrinsic_functions import make_uuid
from carnation.document.values import Json
from carnation.engine.data_flow import blame, check_size, context_of
from carnation.engine.failures import DATA_LIMIT, HEARTBEAT, RUNTIME, TIMEOUT, StateError
from carnation.engine.fibers import WAIT, Fiber, Steps
from carnation.engine.numbers import check_number, compile_number
from carnation.engine.payloads import Compiled, compile_payload
from carnation.engine.ports import (
    Failed,
    Outcome,
    Pending,
    Started,
    Submitted,
    Succeeded,
    Task,
)
from carnation.engine.retry_catch import RetryableState
from carnation.errors import DefinitionError
from carnation.lazy import TYPE_CHECKING
from carnation.services.task_calls import ACTIVITY, FUNCTION, INTEGRATION, read_resource

if TYPE_CHECKING:
    from typing import NoReturn


class TaskState(RetryableState):
    """A Task state."""

    def __init__(self, name: str, body: Mapping[str, Json], language: str) -> None:
        """Read the resource, compile the numbers."""
        super().__init__(name, body, language)
        self.resource = body.get("Resource")
        if not isinstance(self.resource, str):
            raise DefinitionError(f"state '{name}' is a Task without Resource. Name one.")
        self.kind, self.service, self.action = split_resource(self.resource)
        self._has_token = self.action.endswith(".waitForTaskToken") or self.kind == "Activity"
        self._timeout = compile_number(body, "TimeoutSeconds", language)
        self._heartbeat = compile_number(body, "HeartbeatSeconds", language)
        self._credentials = (
            compile_payload(body["Credentials"], language, "Credentials")
            if "Credentials" in body
            else None
        )

    def attempt(self, fiber: Fiber, value: Json) -> Steps:
        """Ask the port, and wait."""
        task = self.make_task(fiber, value)
        refusal = fiber.run.refuse(task)
        if refusal is not None:
            raise blame(fiber, StateError(RUNTIME, refusal))
        fiber.add(f"{self.kind}Scheduled", self._scheduled(fiber, task))
        if self.kind != "Activity":
            fiber.add(f"{self.kind}Started", self._resource_details({}))
        outcome = fiber.run.perform(fiber, task)
        result = yield from self._await(fiber, task, outcome)
        fiber.token = ""
        return result

    def make_task(self, fiber: Fiber, value: Json) -> Task:
        """Evaluate everything the task is scheduled with."""
        run = fiber.run
        fiber.token = make_uuid(run.tokens).replace("-", "") if self._has_token else ""
        parameters = self.data_flow.make_parameters(fiber, value)
        timeout = self._find_seconds(fiber, value, "TimeoutSeconds", self._timeout)
        heartbeat = self._find_seconds(fiber, value, "HeartbeatSeconds", self._heartbeat)
        credentials = None
        if self._credentials is not None:
            credentials = self.data_flow.evaluate(fiber, self._credentials, value)
        return Task(
            self.name,
            self.kind,
            self.resource or "",
            self.service,
            self.action,
            parameters,
            fiber.token or make_uuid(run.tokens),
            timeout,
            heartbeat,
            credentials,
            fiber.attempt,
            context_of(fiber),
        )

    def _find_seconds(
        self, fiber: Fiber, value: Json, name: str, part: Compiled | None
    ) -> int | None:
        if part is None:
            return None
        given = self.data_flow.evaluate(fiber, part, value)
        return check_number(fiber, self.body, name, given, least=1)

    def _scheduled(self, fiber: Fiber, task: Task) -> dict[str, Json]:
        details: dict[str, Json]
        if self.kind == "Task":
            details = self._resource_details({"parameters": task.parameters})
            details["region"] = fiber.run.region
        else:
            details = {"input": task.parameters, "resource": task.resource}
        if task.timeout is not None:
            details["timeoutInSeconds"] = task.timeout
        if task.heartbeat is not None:
            details["heartbeatInSeconds"] = task.heartbeat
        if task.credentials is not None:
            role = task.credentials.get("RoleArn") if isinstance(task.credentials, dict) else None
            details["taskCredentials"] = {"roleArn": role}
        return details

    def _resource_details(self, details: dict[str, Json]) -> dict[str, Json]:
        if self.kind == "Task":
            return {**details, "resource": self.action, "resourceType": self.service}
        return details

    def _await(self, fiber: Fiber, task: Task, outcome: Outcome) -> Steps:
        """Wait until there is a final outcome; returns the result."""
        started = fiber.run.clock.now
        answer = self._accept(fiber, outcome)
        if isinstance(answer, Pending):
            answer = yield from self._wait_for_answer(fiber, task, started)
        elif answer.after > 0:
            yield from self._wait_for_duration(fiber, task, answer)
        if isinstance(answer, Failed):
            self._fail_task(fiber, answer)
        result = answer.output
        try:
            check_size(result, self.service or self.resource or "")
        except StateError as failure:
            # too large a result is the task's failure, which States.ALL does catch
            failure.is_caught = True
            fiber.add(f"{self.kind}Failed", self._resource_details(failure.details))
            raise
        fiber.add(f"{self.kind}Succeeded", self._resource_details({"output": result}))
        return result

    def _accept(self, fiber: Fiber, outcome: Outcome) -> Succeeded | Failed | Pending:
        """Write that the task was submitted or started; returns what becomes of it."""
        if isinstance(outcome, Submitted):
            fiber.add("TaskSubmitted", self._resource_details({"output": outcome.output}))
            return outcome.outcome
        if self.kind == "Activity" and not isinstance(outcome, Pending):
            return self._start(fiber, outcome)
        return outcome.outcome if isinstance(outcome, Started) else outcome

    def _start(
        self, fiber: Fiber, outcome: Succeeded | Failed | Started
    ) -> Succeeded | Failed | Pending:
        worker = outcome.worker if isinstance(outcome, Started) else None
        fiber.add("ActivityStarted", {} if worker is None else {"workerName": worker})
        return outcome.outcome if isinstance(outcome, Started) else outcome

    def _wait_for_answer(
        self, fiber: Fiber, task: Task, started: float
    ) -> Generator[bool, None, Succeeded | Failed]:
        run = fiber.run
        run.pending[task.token] = fiber
        limit = None if task.timeout is None else started + task.timeout
        try:
            while True:
                now = run.clock.now
                waits = [limit - now] if limit is not None else []
                if task.heartbeat is not None:
                    waits.append(task.heartbeat)
                if waits:
                    run.clock.sleep(fiber, max(0.0, min(waits)), deadline=True)
                yield WAIT
                message, fiber.inbox = fiber.inbox, None
                if message is None:
                    late = limit is not None and run.clock.now >= limit
                    self._time_out(fiber, "" if late else HEARTBEAT)
                if isinstance(message, Started):
                    message = self._start(fiber, message)
                if isinstance(message, (Succeeded, Failed)):
                    return message
        finally:
            run.pending.pop(task.token, None)

    def _wait_for_duration(self, fiber: Fiber, task: Task, outcome: Succeeded | Failed) -> Steps:
        limit = math.inf if task.timeout is None else task.timeout
        fiber.run.clock.sleep(fiber, min(limit, outcome.after))
        yield WAIT
        if outcome.after > limit:
            self._time_out(fiber, "")

    def _time_out(self, fiber: Fiber, alias: str) -> NoReturn:
        fiber.token = ""
        fiber.add(f"{self.kind}TimedOut", self._resource_details({"error": TIMEOUT}))
        raise StateError(TIMEOUT, None, alias)

    def _fail_task(self, fiber: Fiber, outcome: Failed) -> NoReturn:
        # a task that says so itself is caught by that name
        alias = RUNTIME if outcome.error == RUNTIME else ""
        failure = StateError(outcome.error, outcome.cause, alias)
        failure.is_caught = outcome.error == DATA_LIMIT
        fiber.token = ""
        fiber.add(f"{self.kind}Failed", self._resource_details(failure.details))
        raise failure


def split_resource(resource: str) -> tuple[str, str, str]:
    """Return the kind, service, and action of a resource.

    >>> split_resource("arn:aws:states:::aws-sdk:sfn:sendTaskSuccess")
    ('Task', 'aws-sdk:sfn', 'sendTaskSuccess')
    >>> split_resource("arn:aws:lambda:eu-west-1:123456789012:function:pay")[0]
    'LambdaFunction'
    """
    read = read_resource(resource)
    if read.kind == INTEGRATION:
        return "Task", read.owner, f"{read.action}.{read.pattern}".removesuffix(".")
    if read.kind == FUNCTION:
        return "LambdaFunction", "", ""
    return ("Activity", "", "") if read.kind == ACTIVITY else ("Task", "", resource)
