"""Running a scenario: every call and every step is a point, at which something may go wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from carnation.engine import Outcome, Task
from carnation.errors import EmulatorError
from carnation.testing.proofs import scenarios, transcript
from carnation.testing.proofs.actors import Actor
from carnation.testing.proofs.child_executions import start_execution
from carnation.testing.proofs.environment import Attempt, Environment
from carnation.testing.proofs.executions import can_redrive
from carnation.testing.proofs.partial_batches import halve
from carnation.testing.proofs.records import WRITES
from carnation.testing.proofs.scenarios import (
    AFTER,
    BEFORE,
    HANDLER,
    Fault,
    FaultPoint,
    Interleaving,
    Scenario,
)
from carnation.testing.proofs.signals import ALREADY_EXISTS_ERRORS, EndedError, ExpiredError
from carnation.workflow.reporters import ItemAttempt

SETTLE, REDRIVES = 30, 8  # runs until a queue is empty, redrives until nothing can be redriven
REPAIRED_AFTER = 12  # runs until a call is allowed again: a message may be received ten times
MAX_STEPS = 100_000  # steps of one execution: beyond it runs in a circle
_THROTTLING_ERRORS = {
    "sqs": "RequestThrottled",
    "s3": "SlowDown",
    "dynamodb": "ProvisionedThroughputExceededException",
}


class ScenarioScheduler:
    """Runs a scenario, one step of one run at a time, and notes the points that it comes to."""

    def __init__(
        self,
        environment: Environment,
        scenario: Scenario,
        check: Callable[[Environment], None],
        then: Any,
    ):
        """Take the environment, the scenario, what checks a moment, and the input that settles."""
        self.environment, self.scenario, self.check, self.then = environment, scenario, check, then
        self.points: list[FaultPoint] = []
        self.faults = {fault.point: fault for fault in scenario.faults}
        self.repeated: dict[FaultPoint, Fault] = {}  # what happens again at the same call
        self.denied: dict[tuple[str, ...], int] = {}  # calls rejected for good, and since which run
        self.turns = {switch.point: switch for switch in scenario.switches or ()}
        self.pair: list[Actor] = []
        self.actors: list[Actor] = []
        self.waiting: list[Actor] = []  # started by a state that does not wait for them
        self._acting: tuple[Actor, str] | None = None  # whose calls are made, at which place

    def run(self) -> list[FaultPoint]:
        """Run from an empty environment until everything has settled; returns the points met."""
        self.environment.reset()
        self.environment.can_redrive = self.scenario.redrive != "never"
        self.environment.queue(self.scenario.queued)
        with self.environment.emulator.intercept(around_call=self._surround):
            alone = len(self.scenario.runs) - (2 if self.scenario.switches is not None else 0)
            for given in self.scenario.runs[:alone]:
                self._run(given)
            self._overlap(self.scenario.runs[alone:])
            self._settle()
        self.environment.is_settled = True
        self.check(self.environment)
        return self.points

    def _overlap(self, inputs: Sequence[Any]) -> None:
        self.environment.expire_visibility()
        self.pair = [self.begin(given) for given in inputs]
        for actor in self.pair:
            self.drive(actor)

    def begin(self, given: Any) -> Actor:
        """Begin a run."""
        self.environment.inputs.append(given)
        return self.start(self.environment.outputs["StateMachineArn"], given)

    def start(
        self, machine: str, given: Any, name: str | None = None, caller: Actor | None = None
    ) -> Actor:
        """Start an execution of a state machine; nothing of it is run yet."""
        number = len(self.actors) + 1
        actor = Actor(
            self, self.environment, number, machine, given, name or f"run-{number}", caller
        )
        by = "" if caller is None else f" by run {caller.number}"
        self.log(None, f"run {number} starts{by} with {transcript.format_value(given)}")
        self.actors.append(actor)
        self.environment.executions.append(actor.execution)
        return actor

    def start_child(self, actor: Actor, task: Task) -> Outcome:
        """Start the execution that a task of an actor asks for."""
        return start_execution(self, actor, task)

    def find(self, name: str) -> Actor | None:
        """Return the run with a name."""
        return next((each for each in self.actors if each.name == name), None)

    def postpone(self, actor: Actor) -> None:
        """Step a run to its end when the one that goes on has ended."""
        self.waiting.append(actor)

    @contextmanager
    def acting(self, actor: Actor, place: str) -> Iterator[None]:
        """Let calls made within the block be the actor's, made at a place."""
        before, self._acting = self._acting, (actor, place)
        try:
            yield
        finally:
            self._acting = before

    @contextmanager
    def _apart(self) -> Iterator[None]:
        """Let calls made within the block be no part of the scenario."""
        before, self._acting = self._acting, None
        try:
            yield
        finally:
            self._acting = before

    def drive(self, actor: Actor) -> None:
        """Run to the end; an execution that can be redriven is, if it is to be at once.

        The executions it has started, without waiting for their ends, run then.
        """
        self.finish(actor)
        if self.scenario.redrive == "first":
            self._redrive(actor)
        self._drive_waiting()

    def _drive_waiting(self) -> None:
        while self.waiting:
            self.drive(self.waiting.pop(0))

    def _run(self, given: Any) -> None:
        self.environment.expire_visibility()
        self.drive(self.begin(given))

    def finish(self, actor: Actor) -> None:
        """Step an execution to its end."""
        for _ in range(MAX_STEPS):
            if not actor.step():
                self.log(actor, transcript.format_end(actor.execution))
                return
        raise EmulatorError(f"run {actor.number} took {MAX_STEPS} steps and does not end.")

    def _redrive(self, actor: Actor) -> None:
        for _ in range(REDRIVES):
            if not self.environment.can_redrive or not can_redrive(actor.execution):
                return
            if self.denied and actor.execution.redrives:
                return  # it would fail there again, until that is repaired
            self.environment.expire_visibility()
            actor.execution.redrive()
            self.log(actor, "is redriven")
            self.finish(actor)

    def _settle(self) -> None:
        """Redrive what can be, and work through the queue until it is empty: first one or other."""
        for _ in range(SETTLE):
            self._repair()
            if self.scenario.redrive == "first" or not self._is_queued:
                for actor in self.actors:
                    self._redrive(actor)
                self._drive_waiting()
                if not self._is_queued and not self.denied:
                    return
            if self._is_queued:
                self._run(self.then)

    def _repair(self) -> None:
        """Allow again what has been denied until everything failed as often as it can."""
        latest = len(self.actors) - REPAIRED_AFTER
        for call, since in list(self.denied.items()):
            if since <= latest or not self._is_queued:
                self.log(None, f"{' '.join(call[::2])} is allowed again")
                del self.denied[call]

    @property
    def _is_queued(self) -> bool:
        return self.then is not None and self.environment.has_work

    def fail(self, payload: Any) -> str | None:
        """Return whether an event's attempt fails, by the scenario."""
        if not isinstance(payload, dict):
            return None
        items = [
            one
            for one in self.environment.find_attempts(payload)
            if set(one.fields) <= set(payload)
        ]
        return "Broken" if any(map(self._is_chosen, items)) else None

    def _is_chosen(self, item: ItemAttempt) -> bool:
        return item.attempt < self.scenario.fails.get(item.key, 0)

    def log(self, actor: Actor | None, line: str) -> None:
        """Write a line of the trace."""
        where = f"{actor.label}  {actor.state}: " if actor else ""
        self.environment.log.append(where + line)

    def reach(self, actor: Actor, phase: str, place: str, action: str) -> str | None:
        """Come to a point: let the other run take its turn, check, and say what goes wrong."""
        number = len(self.points)
        child = "" if actor.copied else actor.child_type
        point = FaultPoint(actor.number, actor.state, phase, place, action, child)
        self.points.append(point)
        if number in self.turns:
            self._take_turn(actor, self.turns[number])
        with self._apart():
            self.check(self.environment)
        kind = self._choose_fault(number, point)
        if kind is None:
            return None
        self.log(actor, transcript.format_fault(kind, point))
        self._end(actor, kind)
        if kind == scenarios.DUPLICATE and point.runs_again:
            actor.run_again()
            return None
        return kind

    def _choose_fault(self, number: int, point: FaultPoint) -> str | None:
        """Choose what goes wrong at a point: the scenario's fault, or the same once more."""
        fault = self.faults.get(number) or self.repeated.pop(point, None)
        call = (point.state, point.place, point.action)
        if fault is None:
            return scenarios.DENY if point.phase == BEFORE and call in self.denied else None
        if fault.kind not in {*point.kinds, *point.lasting_kinds}:  # drawn at random
            return None
        if fault.times > 1:
            self.repeated[point] = fault._replace(times=fault.times - 1)
        if fault.kind == scenarios.DENY:
            self.denied[call] = len(self.actors)
        return fault.kind

    def _end(self, actor: Actor, kind: str) -> None:
        if kind == scenarios.LOSE_CHILD:
            actor.lose_child()
        for each in actor.lineage:
            if kind == scenarios.STOP:
                each.stop()
            elif kind == scenarios.TIME_OUT:
                each.execution.time_out()

    def _take_turn(self, actor: Actor, switch: Interleaving) -> None:
        other = next((each for each in self.pair if each is not actor), None)
        if other is None or other.is_stepping:
            return
        if switch.expire:
            self.environment.expire_visibility()
        until = other.calls + switch.calls
        with self._apart():
            while other.calls < until and other.step():
                pass

    def _surround(
        self, service: str, action: str, parameters: dict[str, Any], proceed: Callable[[Any], Any]
    ) -> Any:
        """Stand around a call of a handler or of a state."""
        if self._acting is None:
            return proceed(parameters)
        actor, place = self._acting
        actor.count_call()
        try:
            answer = self._make_call(actor, place, service, action, parameters, proceed)
        except Exception as error:
            self.log(
                actor,
                transcript.format_refusal(
                    self.environment.find_keys, service, action, parameters, error
                ),
            )
            self._note_failure(place, service, action, parameters, error)
            raise
        finally:
            self.environment.look_again()
        self.log(
            actor,
            transcript.format_call(self.environment.find_keys, service, action, parameters, answer),
        )
        self._go_wrong(self.reach(actor, AFTER, place, action), action, lambda: proceed(parameters))
        return answer

    def _make_call(
        self, actor: Actor, place: str, service: str, action: str, parameters: Any, proceed: Any
    ) -> Any:
        """Make the call, or let it go wrong before it is made."""
        kind = self.reach(actor, BEFORE, place, action)
        if place != HANDLER and actor.has_ended:
            raise EndedError
        self._reject(kind, service, action)
        if kind == scenarios.DENY or action in self.scenario.refused:
            raise _make_error("AccessDeniedException", "it is denied permanently", 403)
        if action in WRITES and any(
            map(self._is_chosen, self.environment.find_attempts(parameters))
        ):
            raise _make_error("AccessDeniedException", "the event was chosen to fail", 400)
        return self._call(kind, action, parameters, proceed)

    def _note_failure(
        self, place: str, service: str, action: str, parameters: Any, error: Exception
    ) -> None:
        """Note that a handler's write of an event failed; a state notes its own."""
        name = transcript.format_error(error)
        if place == HANDLER and action in WRITES and not name.startswith(ALREADY_EXISTS_ERRORS):
            for item in self.environment.find_attempts(parameters):
                self.environment.attempts.append(Attempt(f"{service} {action}", item.fields, name))

    def _reject(self, kind: str | None, service: str, action: str) -> None:
        if kind == scenarios.THROTTLE:
            name = _THROTTLING_ERRORS.get(service, "ThrottlingException")
            raise _make_error(name, "slow down", 400)
        if kind == scenarios.CRASH:
            raise SystemExit(1)

    def _call(
        self, kind: str | None, action: str, parameters: Mapping[str, Any], proceed: Any
    ) -> Any:
        given, added = halve(action, parameters) if kind == scenarios.HALF else (parameters, {})
        before = self.environment.find_item(action, parameters)
        answer = {**(proceed(given) if given is not None else {}), **added}
        if before is None or before != self.environment.find_item(action, parameters):
            self.environment.note_write(action, parameters, answer)
        return answer

    def _go_wrong(self, kind: str | None, action: str, again: Callable[[], Any]) -> None:
        if kind == scenarios.CRASH:
            raise SystemExit(1)
        if kind == scenarios.LOSE:
            raise _make_error("InternalError", "the answer was lost", 500)
        if kind == scenarios.EXPIRE:
            raise ExpiredError
        if kind == scenarios.DUPLICATE and action == "ReceiveMessage":
            self.environment.expire_visibility()
        elif kind == scenarios.DUPLICATE:
            again()
            self.environment.look_again()


def _make_error(code: str, message: str, status: int) -> Exception:
    """Make what a service answers that refuses; only where there is an emulator."""
    from carnation.emulator import ServiceError

    return ServiceError(code, message, status)
