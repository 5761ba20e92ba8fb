"""An actor of a scenario: an execution that is stepped, and what performs its tasks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol

from carnation.engine import CompiledMachine, Execution, Failed, Outcome, Port, Succeeded, Task
from carnation.testing.proofs import scenarios, transcript
from carnation.testing.proofs.environment import Attempt, Environment
from carnation.testing.proofs.executions import EXPRESS, STANDARD, find_child, find_child_type
from carnation.testing.proofs.records import WRITES
from carnation.testing.proofs.scenarios import AFTER, BEFORE, FUNCTION, HANDLER, MAP, STEP, TASK
from carnation.testing.proofs.signals import ALREADY_EXISTS_ERRORS, EndedError, ExpiredError, expire


class Scheduler(Protocol):
    """What an actor asks of the scheduler."""

    def acting(self, actor: Actor, place: str) -> AbstractContextManager[None]:
        """Let calls made within the block be the actor's, made at a place."""

    def reach(self, actor: Actor, phase: str, place: str, action: str) -> str | None:
        """Come to a point; returns the kind of what goes wrong there, if anything does."""

    def start_child(self, actor: Actor, task: Task) -> Outcome:
        """Start the execution that a task asks for."""

    def fail(self, payload: Any) -> str | None:
        """Return the error with which a function fails on purpose, if it does."""

    def log(self, actor: Actor | None, line: str) -> None:
        """Write a line of the transcript."""


class Actor(Port):
    """One run: an execution, and what performs its tasks."""

    def __init__(
        self,
        scheduler: Scheduler,
        environment: Environment,
        number: int,
        machine_arn: str,
        given: Any,
        name: str,
        caller: Actor | None = None,
    ) -> None:
        """Begin the execution; `caller` is the run that started it and waits for its end."""
        self.scheduler, self.environment, self.number = scheduler, environment, number
        self.name, self.caller = name, caller
        self.calls, self.state, self.is_stepping = 0, "", False
        self.lost: Any = None  # a child execution that ended alone
        self.copied: Any = None  # the child execution whose second run this is, at the moment
        self.copy: Execution | None = None  # that second run
        self.execution: Execution = environment.emulator.hold(
            machine_arn, given, name=name, wrap=self._wrap
        )
        self.passed = self.execution.clock.now

    def _wrap(self, port: Port) -> Port:
        self.performer = port
        return self

    @property
    def child(self) -> Any:
        """The child execution that goes on at the moment, if it is one."""
        return self.copied or find_child(self.execution.current)

    @property
    def child_type(self) -> str:
        """STANDARD or EXPRESS, of a child execution; empty for an execution of its own."""
        child = self.child
        if child is not None:
            return find_child_type(child)
        if self.caller is not None or self.execution.is_express:
            return EXPRESS if self.execution.is_express else STANDARD
        return ""

    @property
    def lineage(self) -> Iterator[Actor]:
        """The run itself, the one that waits for it, and so on."""
        actor: Actor | None = self
        while actor is not None:
            yield actor
            actor = actor.caller

    def lose_child(self) -> None:
        """End the child execution that goes on at the moment, and nothing else."""
        self.lost = find_child(self.execution.current)
        if self.lost is None:
            self.stop()

    def stop(self) -> None:
        """Abort the execution; an Express one cannot be, and runs out of its five minutes."""
        if self.execution.is_express:
            self.execution.time_out()
        else:
            self.execution.stop()

    @property
    def label(self) -> str:
        """How the trace names it: the run, the child execution, and whether it is its copy."""
        child = self.child
        part = "" if child is None else f", child {child.index + 1}"
        return f"run {self.number}{part}{' again' if self.copied is not None else ''}"

    @property
    def has_ended(self) -> bool:
        """Whether what goes on at the moment has ended, and nobody hears what comes of it."""
        return self.execution.status != "RUNNING" or (
            self.lost is not None and self.lost is find_child(self.execution.current)
        )

    def count_call(self) -> None:
        """Count a call, for the runs that wait for this one too."""
        for each in self.lineage:
            each.calls += 1

    def perform(self, task: Task) -> Outcome:
        """Perform a task; its calls, and an invocation as a whole, are points."""
        self.state = task.name
        try:
            return self._perform(task)
        finally:
            if self.has_ended:
                raise EndedError

    def _perform(self, task: Task) -> Outcome:
        if (
            task.kind == "LambdaFunction"
            or task.service == "lambda"
            or (self.environment.is_stubbed and _is_of_task(self.copy or self.execution))
        ):
            return self._invoke(task)
        if task.service in ("states", "aws-sdk:sfn") and _starts(task):
            with self.scheduler.acting(self, TASK):
                return self.scheduler.start_child(self, task)
        if not _is_of_task(self.copy or self.execution):
            with self.scheduler.acting(self, MAP):
                return self.performer.perform(task)
        try:
            with self.scheduler.acting(self, TASK):
                outcome = self.performer.perform(task)
        except ExpiredError:
            self._note_attempts(task, Failed("States.Timeout", None))
            return expire(task)
        self._note_attempts(task, outcome)
        return outcome

    def _note_attempts(self, task: Task, outcome: Outcome) -> None:
        """Note each event that a state's own call was to write."""
        action = task.action.partition(".")[0]
        if action.lower() not in {name.lower() for name in WRITES}:
            return
        error = outcome.error if isinstance(outcome, Failed) else None
        if error is None or not any(name in error for name in ALREADY_EXISTS_ERRORS):
            for item in self.environment.find_attempts(task.parameters):
                attempt = Attempt(f"{task.service}:{action}", item.fields, error)
                self.environment.attempts.append(attempt)

    def _invoke(self, task: Task) -> Outcome:
        function, payload = transcript.read_invocation(task)
        with self.scheduler.acting(self, FUNCTION):
            kind, times = self.scheduler.reach(self, BEFORE, FUNCTION, function), 0
            if kind == scenarios.THROTTLE:
                outcome: Outcome = Failed("Lambda.TooManyRequestsException", "Rate Exceeded.")
            elif kind == scenarios.DENY:
                outcome = Failed("Lambda.AccessDeniedException", "it is denied")
            elif self.has_ended:
                return Failed(None)  # never seen: the execution has ended
            else:
                outcome, times = self._run_handler(task, function, payload)
        error = outcome.error if isinstance(outcome, Failed) else None
        if isinstance(outcome, Succeeded) and outcome.after:
            error = "States.Timeout"
        self.environment.attempts.append(Attempt(function, payload, error, times, task.name))
        return outcome

    def _run_handler(self, task: Task, function: str, payload: Any) -> tuple[Outcome, int]:
        error = self.scheduler.fail(payload)
        outcome = self._handle(task) if error is None else Failed(error, "it was chosen to fail")
        self.scheduler.log(
            self,
            transcript.format_invocation(self.environment.find_keys, function, payload, outcome),
        )
        kind = self.scheduler.reach(self, AFTER, FUNCTION, function)
        if kind == scenarios.DUPLICATE:
            return self._handle(task), 2
        if kind == scenarios.LOSE:
            return Failed("Lambda.SdkClientException", "the answer was lost"), 1
        return (expire(task) if kind == scenarios.EXPIRE else outcome), 1

    def _handle(self, task: Task) -> Outcome:
        with self.scheduler.acting(self, HANDLER):
            return self.performer.perform(task)

    def step(self) -> bool:
        """Go on to the next state; False if it has ended."""
        self.is_stepping = True
        try:
            going = self.execution.step()
        except EndedError:
            going = True
        finally:
            self.is_stepping = False
        self._let_time_pass()
        self._end_lost()
        if going and self.execution.status == "RUNNING":
            self._reach_step(self.execution)
            self._end_lost()
        return self.execution.status == "RUNNING"

    def _reach_step(self, execution: Execution) -> None:
        """Come to the point between two states."""
        if execution.current is not None:
            self.state = execution.current.state.name
        self.scheduler.reach(self, STEP, "state", "")

    def _end_lost(self) -> None:
        if self.lost is not None:
            self.execution.end_child(self.lost)
            self.lost = None

    def _let_time_pass(self) -> None:
        now = self.execution.clock.now
        if now > self.passed:
            self.environment.emulator.let_time_pass(now - self.passed)
            self.passed = now

    def run_again(self) -> None:
        """Run the Express execution that goes on at the moment a second time, from its start."""
        child = self.child
        copy = self._copy(child)
        before = self.state, self.copied, self.copy
        self.copied, self.copy = child or self.execution.root, copy
        try:
            while copy.step():
                self._reach_step(copy)
        except EndedError:
            pass
        finally:
            self.state, self.copied, self.copy = before

    def _copy(self, child: Any) -> Execution:
        fiber = child or self.execution.root
        given = child.context["Execution"]["Input"] if child else self.execution.input
        copy = Execution(
            CompiledMachine({}, fiber.flow), given, self, express=True, now=self.execution.clock.now
        )
        copy.root.context, copy.root.item = fiber.context, fiber.item
        return copy


def _starts(task: Task) -> bool:
    return task.action.lower().startswith(("startexecution", "startsyncexecution"))


def _is_of_task(execution: Execution) -> bool:
    """Distinguish a state's own task from what a Map does for its items and its results."""
    current = execution.current
    return current is None or current.state.type != "Map"
