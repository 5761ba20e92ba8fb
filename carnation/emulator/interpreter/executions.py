"""Executions on moto's interpreter: how one starts, waits, ends, is stopped.

moto's own worker cannot be stopped before its thread runs, overwrites a stop with a failure, goes
on writing history after the end, and knows neither versions nor aliases; `Run` does.
"""

from __future__ import annotations

import copy
import datetime
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from moto.stepfunctions.exceptions import StateMachineDoesNotExist
from moto.stepfunctions.parser import models as backend_module
from moto.stepfunctions.parser.api import (
    ExecutionAbortedEventDetails,
    ExecutionStartedEventDetails,
    ExecutionStatus,
    HistoryEventExecutionDataDetails,
    HistoryEventType,
)
from moto.stepfunctions.parser.asl.component.program.program import Program
from moto.stepfunctions.parser.asl.eval.program_state import (
    ProgramEnded,
    ProgramError,
    ProgramStopped,
    ProgramTimedOut,
)
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.parser.utils import TMP_THREADS

from carnation.emulator.interpreter import mends
from carnation.emulator.interpreter.reach import refuse_beyond_reach
from carnation.emulator.patches import ACCESS_KEY, SECRET_KEY, Patches
from carnation.errors import EmulatorError

ACCOUNT = "123456789012"
Backend = Any  # moto's StepFunctionsParserBackend; moto's parser has no types


class Run(Execution):
    """One execution: moto's, with a clock, an end that can be waited for, and a stop that stops."""

    real_time = False

    def __init__(self, **details: Any) -> None:
        """Take what moto's execution takes; nothing runs yet."""
        super().__init__(**details)
        self.done = threading.Event()
        self.waited = 0.0
        self._waited_outside = 0.0
        self._time_limit = float("inf")
        self.seconds = 0.0
        self.watchers: list[Callable[[dict[str, Any]], None]] = []
        self.last_event = time.monotonic()
        self._began = time.monotonic()
        self._ending = threading.Lock()

    @property
    def env(self) -> Any:
        """Moto's environment of the outermost scope."""
        worker: Any = self.exec_worker
        return worker.env

    @property
    def events(self) -> list[dict[str, Any]]:
        """The history so far, as GetExecutionHistory gives it."""
        return [_as_plain(event) for event in self.env.event_manager.get_event_history()]

    def start(self) -> None:
        """Begin; the environment stands before the thread runs, so that a stop always finds it."""
        worker: Any = self._get_start_execution_worker()
        self.exec_worker = worker
        program: Program = worker._get_evaluation_entrypoint()
        worker.env = worker._get_evaluation_environment()
        self.env.event_manager.run = self
        self.exec_status = ExecutionStatus.RUNNING
        details = ExecutionStartedEventDetails(
            input=to_json_str(self.input_data),
            inputDetails=HistoryEventExecutionDataDetails(truncated=False),
            roleArn=self.role_arn,
        )
        self._add(HistoryEventType.ExecutionStarted, {"executionStartedEventDetails": details})
        self.env.next_state_name = program.start_at.start_at_name
        threading.Thread(target=self._evaluate, args=(program,), daemon=True).start()

    def _evaluate(self, program: Program) -> None:
        timeout = program.timeout_seconds
        seconds = None if timeout is None else timeout.timeout_seconds
        self._time_limit = float("inf") if seconds is None else seconds
        body = threading.Thread(target=super(Program, program).eval, args=(self.env,), daemon=True)
        body.start()
        body.join(seconds)
        if body.is_alive():
            self.time_out()
        else:
            self._end()

    def pause(self, seconds: float, env: Any) -> None:
        """Let a Wait or a retry's interval pass: by the clock, or only on paper.

        What the outermost states wait counts against the definition's TimeoutSeconds; waits inside
        a Map or Parallel happen at the same time, and only add to `waited`.
        """
        self.waited += seconds
        if self.real_time:
            self.done.wait(seconds)
        elif not env.is_frame():
            self._waited_outside += seconds
            if self._waited_outside + time.monotonic() - self._began > self._time_limit:
                self.time_out()

    def stop(
        self, stop_date: datetime.datetime, error: str | None = None, cause: str | None = None
    ) -> None:
        """Abort: nothing is entered, retried or written to the history any more."""
        self.env.set_stop(stop_date=stop_date, error=error, cause=cause)
        if isinstance(self.env.program_state(), ProgramStopped):
            details = ExecutionAbortedEventDetails()
            if error:
                details["error"] = error
            if cause:
                details["cause"] = cause
            self._finish(
                HistoryEventType.ExecutionAborted,
                {"executionAbortedEventDetails": details},
            )

    def time_out(self) -> None:
        """End as TimeoutSeconds does."""
        if self.env.is_running():
            self.env.set_timed_out()
            self._finish(HistoryEventType.ExecutionTimedOut, {"executionTimedOutEventDetails": {}})

    def _finish(self, event: HistoryEventType, details: dict[str, Any]) -> None:
        with self._ending:
            if not self.done.is_set():
                self.env.event_history_context.source_event_id = 0
                self._add(event, details)
                self._conclude()

    def _end(self) -> None:
        with self._ending:
            if not self.done.is_set():
                self._conclude()

    def _add(self, event: HistoryEventType, details: dict[str, Any]) -> None:
        self.env.event_manager.add_event(
            context=self.env.event_history_context, event_type=event, event_details=details
        )

    def _conclude(self) -> None:
        state = self.env.program_state()
        self.stop_date = datetime.datetime.now(tz=datetime.timezone.utc)
        self.seconds = time.monotonic() - self._began
        if isinstance(state, ProgramEnded):
            self.output = self.env.states.get_input()
            self.exec_status = ExecutionStatus.SUCCEEDED
        elif isinstance(state, ProgramStopped):
            self.error, self.cause = state.error, state.cause
            self.exec_status = ExecutionStatus.ABORTED
        elif isinstance(state, ProgramTimedOut):
            self.exec_status = ExecutionStatus.TIMED_OUT
        elif isinstance(state, ProgramError):
            failure = state.error or {}
            self.error, self.cause = failure.get("error"), failure.get("cause")
            self.exec_status = ExecutionStatus.FAILED
        else:
            self.error, self.cause = "States.Runtime", "the interpreter stopped without an end"
            self.exec_status = ExecutionStatus.FAILED
        self.done.set()

    def describe_wait(self) -> str:
        """Say which states were entered and not left: what the execution waits for."""
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


def _as_plain(event: dict[str, Any]) -> dict[str, Any]:
    """Give an event with its type as the text that a client would get."""
    return {**event, "type": str(event["type"].value)}


_watcher = threading.local()


@contextmanager
def watching(watcher: Callable[[dict[str, Any]], None] | None) -> Iterator[None]:
    """Show the history of the execution that is started in this block, event by event."""
    _watcher.current = watcher
    try:
        yield
    finally:
        _watcher.current = None


def install(patches: Patches, *, region: str, real_time: bool, invoke: mends.Invoke) -> None:
    """Mend the interpreter for as long as an emulator is open."""
    Run.real_time = real_time
    mends.install(patches, region=region, credentials=(ACCESS_KEY, SECRET_KEY), invoke=invoke)
    patches.set(backend_module.StepFunctionsParserBackend, "start_execution", _start)
    patches.set(backend_module.StepFunctionsParserBackend, "describe_execution", _describe)
    patches.defer(TMP_THREADS.clear)


def _backend(arn: str) -> Backend:
    return backend_module.stepfunctions_parser_backends[ACCOUNT][arn.split(":")[3]]


def _resolve(backend: Backend, arn: str) -> tuple[Any, Any]:
    """Find the state machine and what of it is to run: itself, a version, an alias's version."""
    base = ":".join(arn.split(":")[:7])
    machine = next((m for m in backend.state_machines if m.arn == base), None)
    if machine is None:
        raise StateMachineDoesNotExist(f"State Machine Does Not Exist: '{arn}'")
    if arn == base:
        return machine, machine
    qualifier = arn.rsplit(":", 1)[1]
    if qualifier in machine.aliases:
        routes = machine.aliases[qualifier].routing_configuration
        weights = [int(route["weight"]) for route in routes]
        (route,) = random.choices(routes, weights)  # noqa: S311 - no secret
        qualifier = route["stateMachineVersionArn"].rsplit(":", 1)[1]
    if qualifier.isdecimal() and int(qualifier) in machine.versions:
        return machine, machine.versions[int(qualifier)]
    raise StateMachineDoesNotExist(f"State Machine Does Not Exist: '{arn}'")


def _start(
    backend: Backend,
    state_machine_arn: str,
    name: str | None = None,
    execution_input: str | None = None,
    trace_header: Any = None,
) -> Run:
    machine, revision = _resolve(backend, state_machine_arn)
    refuse_beyond_reach(revision.definition)
    if name:
        backend._validate_name(name)
    text = execution_input or "{}"
    machine._validate_execution_input(text)
    name = name or str(uuid.uuid4())
    existing: Run | None = machine._handle_name_input_idempotency(name, text)
    if existing is not None:
        return existing
    snapshot = copy.copy(revision)
    snapshot.arn, snapshot.sm_type = machine.arn, machine.type
    run = Run(
        name=name,
        sm_type=machine.type,
        role_arn=revision.roleArn,
        exec_arn=f"{machine.arn.replace(':stateMachine:', ':execution:')}:{name}",
        account_id=backend.account_id,
        region_name=backend.region_name,
        state_machine=snapshot,
        start_date=datetime.datetime.now(tz=datetime.timezone.utc),
        cloud_watch_logging_session=None,
        input_data=text,
        trace_header=trace_header,
        activity_store={},
    )
    watcher = getattr(_watcher, "current", None)
    run.watchers = [lambda event: watcher(_as_plain(event))] if watcher else []
    machine.executions.append(run)
    run.start()
    return run


def _describe(backend: Backend, execution_arn: str) -> Run:
    return find(execution_arn)


def find(execution_arn: str) -> Run:
    """Find an execution by its ARN."""
    for machine in _backend(execution_arn).state_machines:
        for run in machine.executions:
            if run.execution_arn == execution_arn:
                found: Run = run
                return found
    raise EmulatorError(f"there is no execution '{execution_arn}' in this emulator.")


def stop(execution_arn: str, error: str | None, cause: str | None) -> None:
    """Abort an execution, as StopExecution does; one that has ended stays as it is."""
    now = datetime.datetime.now(tz=datetime.timezone.utc)
    find(execution_arn).stop(now, error, cause)


def time_out(execution_arn: str) -> None:
    """End an execution now as its TimeoutSeconds would."""
    find(execution_arn).time_out()


def find_revision(machine_arn: str) -> str:
    """Give a state machine's revision: it changes with the definition and the role."""
    machine, _ = _resolve(_backend(machine_arn), machine_arn)
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{machine.roleArn} {machine.definition}"))


def publish_version(machine_arn: str, revision: str | None, description: str | None) -> str:
    """Publish a version of a state machine as it is now; gives the version's ARN."""
    machine, _ = _resolve(_backend(machine_arn), machine_arn)
    if revision is not None and revision != find_revision(machine_arn):
        raise EmulatorError(
            f"StateMachineRevisionId is '{revision}', and '{machine.name}' is at another revision."
        )
    machine.publish(description)
    arn: str = machine.latest_version.arn
    return arn
