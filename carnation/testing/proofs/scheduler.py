"""Playing a story: every call and every step is a point, at which something may go wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from carnation.emulator import ServiceError
from carnation.errors import EmulatorError
from carnation.patterns.events.injection import WRITES, find_attempts
from carnation.testing.proofs import scenarios as stories
from carnation.testing.proofs import transcript as telling
from carnation.testing.proofs.actors import THERE_ALREADY, EndedError, ExpiredError, Player
from carnation.testing.proofs.executions import can_redrive
from carnation.testing.proofs.partial_batches import halve
from carnation.testing.proofs.scenarios import AFTER, BEFORE, HANDLER, Point, Story, Switch
from carnation.testing.proofs.world import Attempt, World

SETTLE, REDRIVES = 12, 8  # runs until a queue is empty, redrives until nothing can be redriven
LONGEST = 100_000  # steps of one execution: beyond it runs in a circle
_TOO_MANY = {
    "sqs": "RequestThrottled",
    "s3": "SlowDown",
    "dynamodb": "ProvisionedThroughputExceededException",
}


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
        self.waiting: list[Player] = []  # started by a state that does not wait for them

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
        self.world.inputs.append(given)
        return self.start(self.world.outputs["StateMachineArn"], given)

    def start(
        self, machine: str, given: Any, name: str | None = None, caller: Player | None = None
    ) -> Player:
        """Start an execution of a state machine; nothing of it is run yet."""
        number = len(self.players) + 1
        player = Player(self, machine, given, name or f"run-{number}", caller)
        by = "" if caller is None else f" by run {caller.number}"
        self.tell(None, f"run {number} starts{by} with {telling.show(given)}")
        self.players.append(player)
        self.world.executions.append(player.execution)
        return player

    def drive(self, player: Player) -> None:
        """Run to the end; an execution that can be redriven is, if it is to be at once.

        The executions it has started, without waiting for their ends, run then.
        """
        self.finish(player)
        if self.story.redrive == "first":
            self._redrive(player)
        self._drive_waiting()

    def _drive_waiting(self) -> None:
        while self.waiting:
            self.drive(self.waiting.pop(0))

    def _run(self, given: Any) -> None:
        self.world.expire_visibility()
        self.drive(self.begin(given))

    def finish(self, player: Player) -> None:
        """Step an execution to its end."""
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
            self.finish(player)

    def _settle(self) -> None:
        """Redrive what can be, and work through the queue until it is empty: first one or other."""
        for _ in range(SETTLE):
            if self.story.redrive == "first" or not self._is_queued:
                for player in self.players:
                    self._redrive(player)
                self._drive_waiting()
                if not self._is_queued:
                    return
            self._run(self.then)

    @property
    def _is_queued(self) -> bool:
        return self.then is not None and bool(self.world.messages())

    def fail(self, payload: Any) -> str | None:
        """Say whether an event's attempt fails, by the story."""
        if not isinstance(payload, dict) or not {"sequence_no", "retry_attempt"} <= set(payload):
            return None
        return "Broken" if self._is_chosen(payload) else None

    def _is_chosen(self, event: Mapping[str, Any]) -> bool:
        return bool(event["retry_attempt"] < self.story.fails.get(event["sequence_no"], 0))

    def tell(self, player: Player | None, line: str) -> None:
        """Write a line of the trace."""
        where = f"{player.label}  {player.state}: " if player else ""
        self.world.log.append(where + line)

    def reach(self, player: Player, phase: str, place: str, action: str) -> str | None:
        """Come to a point: let the other run take its turn, check, and say what goes wrong."""
        number = len(self.points)
        child = "" if player.copied else player.child_type
        point = Point(player.number, player.state, phase, place, action, child)
        self.points.append(point)
        if number in self.turns:
            self._take_turn(player, self.turns[number])
        playing, self.playing = self.playing, None  # what the check calls is no part of the story
        self.check(self.world)
        self.playing = playing
        kind = self.faults.get(number)
        if kind is None or kind not in set(point.kinds):  # one drawn at random may not fit here
            return None
        self.tell(player, telling.tell_fault(kind, point))
        self._end(player, kind)
        if kind == stories.DUPLICATE and point.runs_again:
            player.run_again()
            return None
        return kind

    def _end(self, player: Player, kind: str) -> None:
        if kind == stories.LOSE_CHILD:
            player.lose_child()
        for each in player.lineage:
            if kind == stories.STOP:
                each.stop()
            elif kind == stories.TIME_OUT:
                each.execution.time_out()

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
        for each in player.lineage:
            each.calls += 1
        place = player.place
        try:
            answer = self._make_call(player, service, action, parameters, proceed)
        except Exception as error:
            self.tell(player, telling.tell_refusal(service, action, parameters, error))
            self._note_failure(place, service, action, parameters, error)
            raise
        finally:
            player.place = place
            self.world.look_again()
        self.tell(player, telling.tell_call(service, action, parameters, answer))
        self._go_wrong(
            self.reach(player, AFTER, place, action), action, lambda: proceed(parameters)
        )
        return answer

    def _make_call(
        self, player: Player, service: str, action: str, parameters: Any, proceed: Any
    ) -> Any:
        """Make the call, or let it go wrong before it is made."""
        place = player.place
        kind = self.reach(player, BEFORE, place, action)
        if place != HANDLER and player.has_ended:
            raise EndedError
        self._refuse(kind, service, action)
        if action in WRITES and any(map(self._is_chosen, find_attempts(parameters))):
            raise ServiceError("AccessDeniedException", "the event was chosen to fail")
        return self._call(kind, action, parameters, proceed)

    def _note_failure(
        self, place: str, service: str, action: str, parameters: Any, error: Exception
    ) -> None:
        """Note that a handler's write of an event failed; a state's own is noted by its player."""
        name = telling.name_error(error)
        if place == HANDLER and action in WRITES and not name.startswith(THERE_ALREADY):
            for event in find_attempts(parameters):
                self.world.attempts.append(Attempt(f"{service} {action}", event, name))

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
            raise ExpiredError
        if kind == stories.DUPLICATE and action == "ReceiveMessage":
            self.world.expire_visibility()
        elif kind == stories.DUPLICATE:
            again()
            self.world.look_again()
