"""Playing a story: every call and every step is a point, at which something may go wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from carnation.emulator import ServiceError
from carnation.engine import Execution, Failed, Outcome, Port, Succeeded, Task
from carnation.errors import EmulatorError
from carnation.failures import WRITES, find_attempts
from carnation.proofs import stories, telling
from carnation.proofs.batches import halve
from carnation.proofs.executions import can_redrive
from carnation.proofs.stories import (
    AFTER,
    BEFORE,
    FUNCTION,
    HANDLER,
    STEP,
    TASK,
    Point,
    Story,
    Switch,
)
from carnation.proofs.world import Attempt, World

SETTLE, REDRIVES = 12, 8  # runs until a queue is empty, redrives until nothing can be redriven
LONGEST = 100_000  # steps of one execution: beyond it runs in a circle
_TOO_MANY = {
    "sqs": "RequestThrottled",
    "s3": "SlowDown",
    "dynamodb": "ProvisionedThroughputExceededException",
}
THERE_ALREADY = "ConditionalCheckFailed"  # no failure of an event


class _Ended(BaseException):
    """The execution ended while a task of it was performed."""


class _ExpiredError(Exception):
    """The state's time was over before the answer came."""


class Player(Port):
    """One run of a story: an execution, and what performs its tasks."""

    def __init__(self, stage: Stage, number: int, given: Any) -> None:
        """Begin the execution."""
        self.stage, self.number, self.calls = stage, number, 0
        self.place, self.state, self.is_stepping = TASK, "", False
        self.execution: Execution = stage.world.emulator.hold(
            stage.world.outputs["StateMachineArn"],
            given,
            name=f"run-{number}",
            wrap=self._wrap,
        )
        self.passed = self.execution.clock.now

    def _wrap(self, port: Port) -> Port:
        self.performer = port
        return self

    def perform(self, task: Task) -> Outcome:
        """Perform a task; its calls, and an invocation as a whole, are points."""
        self.state = task.name
        outer, self.stage.playing = self.stage.playing, self
        try:
            if task.kind == "LambdaFunction" or task.service == "lambda":
                return self._invoke(task)
            self.place = TASK
            outcome = self.performer.perform(task)
            self._note_attempts(task, outcome)
            return outcome
        except _ExpiredError:
            self._note_attempts(task, Failed("States.Timeout"))
            return _expire(task)
        finally:
            self.stage.playing = outer
            if self.execution.status != "RUNNING":
                raise _Ended

    def _note_attempts(self, task: Task, outcome: Outcome) -> None:
        """Note each event that a state's own call was to write."""
        action = task.action[:1].upper() + task.action[1:]
        error = outcome.error if isinstance(outcome, Failed) else None
        if action not in WRITES or THERE_ALREADY in (error or ""):
            return
        for event in find_attempts(task.parameters):
            attempt = Attempt(f"{task.service}:{task.action}", event, error)
            self.stage.world.attempts.append(attempt)

    def _invoke(self, task: Task) -> Outcome:
        function, payload = telling.read_invocation(task)
        kind, times = self.stage.reach(self, BEFORE, FUNCTION, function), 0
        if kind == stories.THROTTLE:
            outcome: Outcome = Failed("Lambda.TooManyRequestsException", "Rate Exceeded.")
        elif self.execution.status != "RUNNING":
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
        return (_expire(task) if kind == stories.EXPIRE else outcome), 1

    def step(self) -> bool:
        """Go on to the next state; False if it has ended."""
        self.is_stepping = True
        try:
            going = self.execution.step()
        except _Ended:
            going = False
        finally:
            self.is_stepping = False
        now = self.execution.clock.now
        if now > self.passed:
            self.stage.world.emulator.let_time_pass(now - self.passed)
            self.passed = now
        if going and self.execution.status == "RUNNING":
            self.place = STEP
            self.stage.reach(self, STEP, "state", "")
        return self.execution.status == "RUNNING"


def _expire(task: Task) -> Outcome:
    """Give an answer that comes too late; without a TimeoutSeconds it is the integration's own."""
    if task.timeout is None:
        return Failed("States.Timeout", None)
    return Succeeded(None, task.timeout + 1)


class Stage:
    """Where a story is played, and what is noted of it: its points, and the first complaint."""

    def __init__(self, world: World, story: Story, check: Callable[[World], None], then: Any):
        """Take the world, the story, what checks a moment, and the input that settles."""
        self.world, self.story, self.check, self.then = world, story, check, then
        self.points: list[Point] = []
        self.faults = {fault.point: fault.kind for fault in story.faults}
        self.turns = {switch.point: switch for switch in story.switches or ()}
        self.pair: list[Player] = []
        self.playing: Player | None = None
        self.players: list[Player] = []

    def play(self) -> list[Point]:
        """Play from an empty world until everything has settled; gives the points met."""
        self.world.reset()
        with self.world.emulator.intercept(around_call=self._surround):
            alone = len(self.story.runs) - (2 if self.story.switches is not None else 0)
            for given in self.story.runs[:alone]:
                self._run(given)
            self._overlap(self.story.runs[alone:])
            self._settle()
        self.world.is_settled = True
        self.check(self.world)
        return self.points

    def _overlap(self, inputs: Sequence[Any]) -> None:
        self.world.expire_visibility()
        self.pair = [self.begin(given) for given in inputs]
        for player in self.pair:
            self.drive(player)

    def begin(self, given: Any) -> Player:
        """Begin a run."""
        number = len(self.players) + 1
        self.tell(None, f"run {number} starts with {telling.show(given)}")
        player = Player(self, number, given)
        self.players.append(player)
        self.world.executions.append(player.execution)
        self.world.inputs.append(given)
        return player

    def drive(self, player: Player) -> None:
        """Run to the end; an execution that can be redriven is, if it is to be at once."""
        self._finish(player)
        if self.story.redrive == "first":
            self._redrive(player)

    def _run(self, given: Any) -> None:
        self.world.expire_visibility()
        self.drive(self.begin(given))

    def _finish(self, player: Player) -> None:
        for _ in range(LONGEST):
            if not player.step():
                self.tell(player, telling.tell_end(player.execution))
                return
        raise EmulatorError(f"run {player.number} took {LONGEST} steps and does not end.")

    def _redrive(self, player: Player) -> None:
        for _ in range(REDRIVES):
            if not can_redrive(player.execution):
                return
            self.world.expire_visibility()
            player.execution.redrive()
            self.tell(player, "is redriven")
            self._finish(player)

    def _settle(self) -> None:
        """Redrive what can be, and work through the queue until it is empty."""
        for _ in range(SETTLE):
            for player in self.players:
                self._redrive(player)
            if self.then is None or not self.world.messages():
                return
            self._run(self.then)

    def fail(self, payload: Any) -> str | None:
        """Say whether an event's attempt fails, by the story."""
        if not isinstance(payload, dict) or not {"sequence_no", "retry_attempt"} <= set(payload):
            return None
        return "Broken" if self._is_chosen(payload) else None

    def _is_chosen(self, event: Mapping[str, Any]) -> bool:
        return bool(event["retry_attempt"] < self.story.fails.get(event["sequence_no"], 0))

    def tell(self, player: Player | None, line: str) -> None:
        """Write a line of the trace."""
        where = f"run {player.number}  {player.state}: " if player else ""
        self.world.log.append(where + line)

    def reach(self, player: Player, phase: str, place: str, action: str) -> str | None:
        """Come to a point: let the other run take its turn, check, and say what goes wrong."""
        number = len(self.points)
        point = Point(player.number, player.state, phase, place, action)
        self.points.append(point)
        if number in self.turns:
            self._take_turn(player, self.turns[number])
        playing, self.playing = self.playing, None  # what the check calls is no part of the story
        self.check(self.world)
        self.playing = playing
        kind = self.faults.get(number)
        if kind is None or kind not in set(point.kinds):  # one drawn at random may not fit here
            return None
        self.tell(player, telling.tell_fault(kind, phase, action))
        if kind == stories.STOP:
            player.execution.stop()
        elif kind == stories.TIME_OUT:
            player.execution.time_out()
        return kind

    def _take_turn(self, player: Player, switch: Switch) -> None:
        other = next((each for each in self.pair if each is not player), None)
        if other is None or other.is_stepping:
            return
        if switch.expire:
            self.world.expire_visibility()
        until = other.calls + switch.calls
        playing, place, state = self.playing, player.place, player.state
        while other.calls < until and other.step():
            pass
        self.playing, player.place, player.state = playing, place, state

    def _surround(
        self, service: str, action: str, parameters: dict[str, Any], proceed: Callable[[Any], Any]
    ) -> Any:
        """Stand around a call of a handler or of a state."""
        player = self.playing
        if player is None:
            return proceed(parameters)
        player.calls += 1
        place = player.place
        kind = self.reach(player, BEFORE, place, action)
        if place == TASK and player.execution.status != "RUNNING":
            raise _Ended
        self._refuse(kind, service, action)
        try:
            if action in WRITES and any(map(self._is_chosen, find_attempts(parameters))):
                raise ServiceError("AccessDeniedException", "the event was chosen to fail")
            answer = self._call(kind, action, parameters, proceed)
        except Exception as error:
            self.tell(player, telling.tell_refusal(service, action, parameters, error))
            raise
        finally:
            player.place = place
            self.world.look_again()
        self.tell(player, telling.tell_call(service, action, parameters, answer))
        self._go_wrong(
            self.reach(player, AFTER, place, action), action, lambda: proceed(parameters)
        )
        return answer

    def _refuse(self, kind: str | None, service: str, action: str) -> None:
        if kind == stories.THROTTLE:
            raise ServiceError(_TOO_MANY.get(service, "ThrottlingException"), "slow down")
        if kind == stories.CRASH:
            raise SystemExit(1)

    def _call(
        self, kind: str | None, action: str, parameters: Mapping[str, Any], proceed: Any
    ) -> Any:
        given, added = halve(action, parameters) if kind == stories.HALF else (parameters, {})
        before = self.world.find_item(action, parameters)
        answer = {**(proceed(given) if given is not None else {}), **added}
        if before is None or before != self.world.find_item(action, parameters):
            self.world.note_write(action, parameters, answer)
        return answer

    def _go_wrong(self, kind: str | None, action: str, again: Callable[[], Any]) -> None:
        if kind == stories.CRASH:
            raise SystemExit(1)
        if kind == stories.LOSE:
            raise ServiceError("InternalError", "the answer was lost", 500)
        if kind == stories.EXPIRE:
            raise _ExpiredError
        if kind == stories.DUPLICATE and action == "ReceiveMessage":
            self.world.expire_visibility()
        elif kind == stories.DUPLICATE:
            again()
            self.world.look_again()
