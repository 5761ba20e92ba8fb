"""A run of a story: an execution that is stepped, its child executions, and who performs tasks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from carnation.engine import CompiledMachine, Execution, Failed, Outcome, Port, Succeeded, Task
from carnation.patterns.events.injection import WRITES, find_attempts
from carnation.testing.proofs import scenarios as stories
from carnation.testing.proofs import transcript as telling
from carnation.testing.proofs.child_executions import expire, start_execution
from carnation.testing.proofs.executions import EXPRESS, STANDARD, find_child, find_child_type
from carnation.testing.proofs.scenarios import AFTER, BEFORE, FUNCTION, HANDLER, MAP, STEP, TASK
from carnation.testing.proofs.world import Attempt

if TYPE_CHECKING:
    from carnation.testing.proofs.scheduler import Stage

THERE_ALREADY = (
    "ConditionalCheckFailed",
    "PreconditionFailed",
)  # it was there: no failure of an event


class EndedError(BaseException):
    """The execution, or the child it is about, ended while a task of it was performed."""


class ExpiredError(Exception):
    """The state's time was over before the answer came."""


class Player(Port):
    """One run: an execution, and what performs its tasks."""

    def __init__(
        self, stage: Stage, machine_arn: str, given: Any, name: str, caller: Player | None = None
    ) -> None:
        """Begin the execution; `caller` is the run that started it and waits for its end."""
        self.stage, self.given, self.name, self.caller = stage, given, name, caller
        self.number, self.calls = len(stage.players) + 1, 0
        self.place, self.state, self.is_stepping = TASK, "", False
        self.lost: Any = None  # a child execution that ended alone
        self.copied: Any = None  # the child execution whose second run this is, at the moment
        self.copy: Execution | None = None  # that second run
        self.execution: Execution = stage.world.emulator.hold(
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
    def lineage(self) -> Iterator[Player]:
        """The run itself, the one that waits for it, and so on."""
        player: Player | None = self
        while player is not None:
            yield player
            player = player.caller

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

    def perform(self, task: Task) -> Outcome:
        """Perform a task; its calls, and an invocation as a whole, are points."""
        outer, self.stage.playing = self.stage.playing, self
        self.state = task.name
        try:
            if task.kind == "LambdaFunction" or task.service == "lambda":
                return self._invoke(task)
            if task.service in ("states", "aws-sdk:sfn") and _starts(task):
                self.place = TASK
                return start_execution(self, task)
            self.place = TASK if _is_of_task(self.copy or self.execution) else MAP
            outcome = self.performer.perform(task)
            self._note_attempts(task, outcome)
            return outcome
        except ExpiredError:
            outcome = expire(task)
            self._note_attempts(task, Failed("States.Timeout", None))
            return outcome
        finally:
            self.stage.playing = outer
            if self.has_ended:
                raise EndedError

    def _note_attempts(self, task: Task, outcome: Outcome) -> None:
        """Note each event that a state's own call was to write."""
        action = task.action.partition(".")[0]
        if self.place == MAP or action.lower() not in {name.lower() for name in WRITES}:
            return
        error = outcome.error if isinstance(outcome, Failed) else None
        if error is None or not any(name in error for name in THERE_ALREADY):
            for event in find_attempts(task.parameters):
                attempt = Attempt(f"{task.service}:{action}", event, error)
                self.stage.world.attempts.append(attempt)

    def _invoke(self, task: Task) -> Outcome:
        function, payload = telling.read_invocation(task)
        kind, times = self.stage.reach(self, BEFORE, FUNCTION, function), 0
        if kind == stories.THROTTLE:
            outcome: Outcome = Failed("Lambda.TooManyRequestsException", "Rate Exceeded.")
        elif self.has_ended:
            return Failed(None)  # never seen: the execution has ended
        else:
            outcome, times = self._run_handler(task, function, payload)
        error = outcome.error if isinstance(outcome, Failed) else None
        if isinstance(outcome, Succeeded) and outcome.after:
            error = "States.Timeout"
        self.stage.world.attempts.append(Attempt(function, payload, error, times))
        return outcome

    def _run_handler(self, task: Task, function: str, payload: Any) -> tuple[Outcome, int]:
        self.place = HANDLER
        error = self.stage.fail(payload)
        if error is None:
            outcome = self.performer.perform(task)
        else:
            outcome = Failed(error, f"event {payload['sequence_no']} was chosen to fail")
        self.place = FUNCTION
        self.stage.tell(self, telling.tell_invocation(function, payload, outcome))
        kind = self.stage.reach(self, AFTER, FUNCTION, function)
        if kind == stories.DUPLICATE:
            self.place = HANDLER
            return self.performer.perform(task), 2
        if kind == stories.LOSE:
            return Failed("Lambda.SdkClientException", "the answer was lost"), 1
        return (expire(task) if kind == stories.EXPIRE else outcome), 1

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
        self.place = STEP
        if execution.current is not None:
            self.state = execution.current.state.name
        self.stage.reach(self, STEP, "state", "")

    def _end_lost(self) -> None:
        if self.lost is not None:
            self.execution.end_child(self.lost)
            self.lost = None

    def _let_time_pass(self) -> None:
        now = self.execution.clock.now
        if now > self.passed:
            self.stage.world.emulator.let_time_pass(now - self.passed)
            self.passed = now

    def run_again(self) -> None:
        """Run the Express execution that goes on at the moment a second time, from its start."""
        child = self.child
        copy = self._copy(child)
        before = self.place, self.state, self.copied, self.copy
        self.copied, self.copy = child or self.execution.root, copy
        try:
            while copy.step():
                self._reach_step(copy)
        except EndedError:
            pass
        finally:
            self.place, self.state, self.copied, self.copy = before

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
    """Tell a state's own task from what a Map does for its items and its results."""
    current = execution.current
    return current is None or current.state.type != "Map"
