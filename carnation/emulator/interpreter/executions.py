"""Executions on the engine, behind the API: how one starts, waits, ends, is stopped.

An execution runs in a thread of its own, so that its starter may do other things. The
engine is held while it steps and let go while a task is performed: that is when an execution can
be stopped, and a callback answered.
"""

from __future__ import annotations

import datetime
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from carnation import engine
from carnation.emulator.interpreter.children import Children
from carnation.emulator.interpreter.execution_logs import ExecutionLogger
from carnation.emulator.interpreter.requests import ExecutionRequest
from carnation.emulator.interpreter.task_runner import TaskRunner
from carnation.engine import Child, Event, Outcome, Task, export_event
from carnation.errors import UsageError
from carnation.records import NamedTuple

_PATIENCE = 2.0
Watcher = Callable[[Event], None]
WatchChild = Callable[[Child, Event], None]


class _EndedError(BaseException):
    """The execution ended while a task of it was performed: nothing more happens."""


class ExecutionSettings(NamedTuple):
    """How executions run: in real or virtual time, in which order; who learns of what.

    `let_time_pass` is told of the seconds that a Wait waited in virtual time; `deliver_logs` takes
    events for a log group: (ARN of the group, name of the stream, rows). `announce` is told of
    each Standard execution when it starts and when it has ended; `now` is when one starts.
    """

    real_time: bool
    seed: int | None
    let_time_pass: Callable[[float], None]
    deliver_logs: Callable[[str, str, list[dict[str, Any]]], None] = lambda *_: None
    announce: Callable[[EmulatedExecution], None] = lambda run: None
    now: Callable[[], datetime.datetime] = lambda: datetime.datetime.now(tz=datetime.timezone.utc)


_ENDED, _CALM = threading.Event(), threading.Condition(threading.RLock())
_ENDED.set()


class EmulatedExecution:
    """One execution: what the API tells of it, and the engine's run of it.

    A server keeps thousands of those that have ended: they share what others would wait with.
    """

    __slots__ = (
        *("_asked", "_began", "_changed", "_early", "_has_concluded", "_is_forgotten"),
        *("_logger", "_machine"),
        *("_passed", "_runner", "_settings", "_stops_soon", "_thread", "arn", "cause", "children"),
        *("done", "engine", "error", "input", "last_event", "machine_arn", "name", "output"),
        *("redrive_date", "redrive_token", "request", "seconds", "settled", "start_date"),
        *("status", "stop_date", "tokens", "watchers", "watches_child"),
    )

    def __init__(
        self,
        task_runner: TaskRunner,
        machine: engine.CompiledMachine,
        settings: ExecutionSettings,
        request: ExecutionRequest,
    ) -> None:
        """Take how it runs, and what it is started with; nothing runs yet."""
        self.request = request
        self.tokens: list[str] = []  # of its callbacks
        self.arn, self.name, self.machine_arn = request.arn, request.name, request.machine_arn
        self.input = json.loads(request.input_text)
        self.start_date = settings.now()
        self.status = "RUNNING"
        self.stop_date: datetime.datetime | None = None
        self.output: Any = None
        self.error: str | None = None
        self.cause: str | None = None
        self.done = threading.Event()
        self.settled = threading.Event()  # it has ended, or waits for something from outside
        self._has_concluded = self._is_forgotten = False
        self._stops_soon = False
        self.seconds = 0.0
        self.children = Children()
        self.watchers: Sequence[Watcher] = ()
        self.watches_child: WatchChild | None = None
        self.redrive_date: datetime.datetime | None = None
        self.redrive_token: str | None = None
        self.last_event = time.monotonic()
        self._runner, self._machine, self._settings = task_runner, machine, settings
        self._logger = ExecutionLogger(request, settings.deliver_logs)
        self._passed = 0.0
        self._began = time.monotonic()
        self._changed = threading.Condition(threading.RLock())
        self._asked: set[str] = set()
        self._early: dict[str, Outcome] = {}
        self._thread: threading.Thread | None = None
        self.engine: engine.Execution

    @property
    def waited(self) -> float:
        """The seconds that Wait states and retries let pass."""
        return self.engine.waited

    @property
    def events(self) -> list[dict[str, Any]]:
        """The history so far, as GetExecutionHistory gives it."""
        with self._changed:
            return [self.export(event) for event in self.engine.events]

    @property
    def event_count(self) -> int:
        """The number of events in the history."""
        return self.engine.history.count

    @property
    def redrives(self) -> int:
        """How often it was redriven."""
        return self.engine.redrives

    def export(self, event: Event) -> dict[str, Any]:
        """Write an event as the API does; an input that nothing changed keeps its blanks."""
        exported = export_event(event)
        for field in ("input", "output"):
            if field in event.details and event.details[field] is self.input:
                details = next(v for k, v in exported.items() if k.endswith("EventDetails"))
                details[field] = self.request.input_text
        return exported

    @property
    def output_text(self) -> str:
        """The output, as text; an input that nothing changed keeps its blanks."""
        if self.output is self.input:
            return self.request.input_text
        return json.dumps(self.output, separators=(",", ":"), ensure_ascii=False)

    def prepare(self) -> None:
        """Write the first event; from now on the execution can be read."""
        self.engine = engine.Execution(
            self._machine,
            self.input,
            self,
            arn=self.arn,
            machine_arn=self.machine_arn,
            role_arn=self.request.revision.role_arn,
            express=self.request.is_express,
            synchronous=self.request.is_synchronous,
            now=self.start_date.timestamp(),
            pause=self._pause if self._settings.real_time else None,
            seed=self._settings.seed,
            observe=self._observe,
            observe_child=self._observe_child,
        )

    def start(self) -> None:
        """Go on, in a thread of its own."""
        self._announce()
        thread = self._thread = threading.Thread(target=self._work, daemon=True)
        thread.start()

    def redrive(self) -> datetime.datetime:
        """Go on from where it failed, timed out or was stopped; raises `UsageError` if it cannot.

        A task that was being performed when it was stopped has to come back first.
        """
        thread = self._thread
        if thread is not None:
            thread.join(_PATIENCE)
        if thread is not None and thread.is_alive():
            raise UsageError("a task of the execution is still performed. Wait for it.")
        with self._changed:
            self.engine.redrive()
            self.done, self.settled = threading.Event(), threading.Event()
            self._has_concluded = False
            self.status = "RUNNING"
            self.error = self.cause = self.stop_date = None
            self._began = time.monotonic()
        self.redrive_date = self._settings.now()
        self.start()
        return self.redrive_date

    def _observe(self, event: Event) -> None:
        self.last_event = time.monotonic()
        self._logger.add(event)
        for watcher in self.watchers:
            watcher(event)

    def _observe_child(self, child: Child, event: Event) -> None:
        self.last_event = time.monotonic()
        self.children.add_event(child, event)
        if self.watches_child is not None:
            self.watches_child(child, event)

    def _pause(self, seconds: float) -> None:
        self.settled.set()
        self._changed.wait_for(lambda: self.engine.status != "RUNNING", seconds)
        self._unsettle()
        self._check()

    def _unsettle(self) -> None:
        """Go on, unless it was ended meanwhile."""
        if not self._has_concluded:
            self.settled.clear()

    def _check(self) -> None:
        if self.engine.status != "RUNNING":
            raise _EndedError

    def _work(self) -> None:
        try:
            with self._changed:
                while self.engine.status == "RUNNING":
                    known = self.engine.history.count
                    if not self.engine.step(give_up=False):
                        self._wait_for_answer()
                    elif self._stops_soon and self._has_left_a_state(known):
                        self.engine.stop()
                    self._pass_time()
                    self._watch_deadline()
        except _EndedError:
            pass
        except Exception as failure:
            self._break(failure)
        finally:
            self._conclude()
            self._end_thread()

    def _end_thread(self) -> None:
        with _CALM:
            self._thread = None
            if self._is_forgotten or not self._may_be_redriven:
                self.engine.release()
                self._changed = _CALM

    @property
    def _may_be_redriven(self) -> bool:
        return self.status not in ("RUNNING", "SUCCEEDED") and not self.request.is_express

    def forget(self) -> None:
        """Free what a redrive needs: the API does not know the execution any more."""
        with _CALM:
            self._is_forgotten = True  # a thread that has not ended frees it at its end
            if self._may_be_redriven and self._thread is None:
                self.engine.release()

    def _has_left_a_state(self, known: int) -> bool:
        """Whether a state has ended since the history had so many events, where they are kept."""
        events = self.engine.history.events
        return events is None or any(each.type.endswith("StateExited") for each in events[known:])

    def _break(self, failure: Exception) -> None:
        """End with what the engine or a hook broke down with, rather than stay RUNNING."""
        with self._changed:
            self.engine.break_off(f"the emulator failed with {type(failure).__name__}: {failure}")

    def _wait_for_answer(self) -> None:
        """Wait, in real time, until a task is answered or gives up."""
        if self.engine.status != "RUNNING":
            return
        self._logger.flush()
        deadlines = [self.engine.clock.next_deadline, self.engine.deadline]
        moments = [moment for moment in deadlines if moment is not None]
        seconds = max(0.0, min(moments) - self.engine.clock.now) if moments else None
        self.settled.set()
        answered = self._changed.wait(seconds)
        self._unsettle()
        if not answered and self.engine.status == "RUNNING":
            self.engine.step(give_up=True)

    def _pass_time(self) -> None:
        """Let the queues' timeouts run on by what a Wait or a retry has just waited on paper."""
        passed = self.engine.clock.now - self.start_date.timestamp()
        if passed > self._passed and not self._settings.real_time:
            self._settings.let_time_pass(passed - self._passed)
        self._passed = passed

    def _watch_deadline(self) -> None:
        deadline = self.engine.deadline
        if deadline is not None and self.engine.clock.now > deadline:
            self.engine.time_out()

    def perform(self, task: Task) -> Outcome:
        """Perform a task, with the engine let go; time it takes counts against the machine's."""
        if task.is_callback or task.kind == "Activity":
            self._runner.tokens[task.token] = self
            self.tokens.append(task.token)
        self._asked.add(task.token)
        self._changed.release()
        began = time.monotonic()
        try:
            outcome = self._runner.perform(task)
        finally:
            self._changed.acquire()
            if self.engine.deadline is not None:
                self.engine.deadline -= time.monotonic() - began
            self._asked.discard(task.token)
        self._watch_deadline()
        self._check()
        early = self._early.pop(task.token, None)
        if early is not None and isinstance(outcome, engine.Submitted):
            return engine.Submitted(outcome.output, early)  # type: ignore[arg-type]
        if early is not None and isinstance(outcome, engine.Pending):
            return early
        return outcome

    def answer(self, token: str, outcome: Outcome) -> bool:
        """Bring the answer to a callback; False if the token is not of this execution."""
        with self._changed:
            if token in self._asked:
                before = self._early.get(token)
                if isinstance(before, engine.Started):
                    outcome = engine.Started(before.worker, outcome)  # type: ignore[arg-type]
                self._early[token] = outcome
                return True
            try:
                self.engine.answer(token, outcome)
            except UsageError:
                return False
            self._changed.notify_all()
            return True

    def beat(self, token: str) -> bool:
        """Bring a heartbeat; False if the token is not of this execution."""
        with self._changed:
            try:
                self.engine.beat(token)
            except UsageError:
                return token in self._asked
            self._changed.notify_all()
            return True

    def stop(self, error: str | None = None, cause: str | None = None) -> None:
        """Abort: nothing is entered, retried or written to the history any more."""
        with self._changed:
            self.engine.stop(error, cause)
            self._changed.notify_all()
        self._conclude()

    def stop_soon(self) -> None:
        """Abort at the next transition: the state machine is deleted."""
        self._stops_soon = True

    def time_out(self) -> None:
        """End as TimeoutSeconds does."""
        with self._changed:
            self.engine.time_out()
            self._changed.notify_all()
        self._conclude()

    def _conclude(self) -> None:
        with self._changed:
            if self._has_concluded:
                return
            self._has_concluded = True
            self.seconds = time.monotonic() - self._began
            self.stop_date = _read(self.engine.clock.now)
            self.status = self.engine.status
            self.output = self.engine.output
            self.error, self.cause = self.engine.error, self.engine.cause
            self._logger.flush()
        try:
            self._announce()
        finally:
            self.done.set()
            self.settled.set()
            self.done = self.settled = _ENDED

    def _announce(self) -> None:
        if not self.request.is_express:
            self._settings.announce(self)

    def describe_wait(self) -> str:
        """Describe which states were entered and not left: what the execution waits for."""
        entered: dict[str, int] = {}
        for event in self.events:
            for details, step in (("stateEnteredEventDetails", 1), ("stateExitedEventDetails", -1)):
                if details in event:
                    name = event[details]["name"]
                    entered[name] = entered.get(name, 0) + step
        open_states = [
            f"'{name}'" + (f" ({count} times)" if count > 1 else "")
            for name, count in entered.items()
            if count > 0
        ]
        return ", ".join(open_states) or "its first state"

    def describe(self) -> Mapping[str, Any]:
        """Wait for the end, and describe it as `startExecution.sync` does."""
        self.done.wait()
        found: dict[str, Any] = {
            "ExecutionArn": self.arn,
            "Input": self.request.input_text,
            "InputDetails": {"Included": True},
            "Name": self.name,
            "RedriveCount": self.redrives,
            "RedriveStatus": "REDRIVABLE",
            "StartDate": int(self.start_date.timestamp() * 1000),
            "StateMachineArn": self.machine_arn,
            "Status": self.status,
            "StopDate": int(self.engine.clock.now * 1000),
        }
        if self.status == "SUCCEEDED":
            found["Output"], found["OutputDetails"] = self.output_text, {"Included": True}
            found["RedriveStatus"] = "NOT_REDRIVABLE"
            reason = "Execution is SUCCEEDED and cannot be redriven"
            found["RedriveStatusReason"] = reason
        else:
            found.update({"Error": self.error, "Cause": self.cause})
        return {name: found[name] for name in sorted(found) if found[name] is not None}


def _read(moment: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(moment, tz=datetime.timezone.utc)
