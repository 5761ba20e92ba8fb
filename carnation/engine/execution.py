"""An execution of a definition: it runs, waits, ends, is stopped, and is driven on again.

Everything that happens is a step of the scheduler: `step` does one, `run` does them until nothing
can go on. `observe` is shown each event, `observe_child` each of a distributed Map's children and
how they end, `before_call` each task before it is performed; what they raise stops the execution
between two steps, as a crash would.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from carnation.document.values import Json
from carnation.engine.child_executions import Child, MapRun
from carnation.engine.compiler import CompiledMachine, compile_definition
from carnation.engine.data_flow import check_size
from carnation.engine.failures import RUNTIME, StateError
from carnation.engine.fiber_groups import abort
from carnation.engine.fibers import CONTINUE, Clock, Fiber, Flow, Steps
from carnation.engine.history import LIMIT, Event, History, HistoryFull, Observer
from carnation.engine.ports import BEAT, NoTasks, Outcome, Pending, Port, Started, Task
from carnation.engine.timestamps import format_timestamp
from carnation.errors import UsageError

# https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html
EXPRESS_LIMIT = 300
NO_INPUT: Mapping[str, Json] = {}
EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:machine:execution"


class Execution:
    """One execution.

    `status` is RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED; `output`, `error` and `cause` say
    more; `waited` is the time that Wait and Retry let pass, in seconds.
    """

    # a server keeps thousands of those that have ended
    __slots__ = (
        *("arn", "before_call", "cause", "chance", "clock", "context", "current", "deadline"),
        *("error", "given_context", "history", "input", "is_express", "keeps_children", "limit"),
        *("machine", "machine_arn", "map_runs", "name", "observe_child", "output", "pending"),
        *("port", "redrives", "refuse", "region", "role_arn", "root", "status", "tokens", "waited"),
    )

    def __init__(
        self,
        machine: CompiledMachine,
        value: Json = NO_INPUT,
        port: Port | None = None,
        *,
        arn: str = EXECUTION,
        machine_arn: str = "",
        role_arn: str = "arn:aws:iam::123456789012:role/role",
        express: bool = False,
        synchronous: bool = False,
        seed: int | None = None,
        now: float = 0.0,
        pause: Callable[[float], None] | None = None,
        observe: Observer | None = None,
        before_call: Callable[[Task], None] | None = None,
        refuse: Callable[[Task], str | None] = lambda task: None,
        keeps_children: bool = False,
        observe_child: Callable[[Child, Event], None] | None = None,
    ) -> None:
        """Start: the first event is written, and nothing has run."""
        self.machine, self.input, self.is_express = machine, value, express
        self.port = NoTasks() if port is None else port
        self._set_identity(arn, machine_arn, role_arn)
        self.chance = random.Random(0 if seed is None else seed)  # noqa: S311 - to be repeated
        self.tokens = random.Random(f"{seed} {arn}")  # noqa: S311
        self.clock = Clock(now, seed, pause)
        self.history = History(None if express else LIMIT, observe)
        self.before_call, self.refuse = before_call, refuse
        self.keeps_children, self.observe_child = keeps_children, observe_child
        self.context = self._make_context()
        self.given_context: dict[str, Json] | None = None
        if synchronous:
            del self.context["Execution"]["RedriveCount"]
        self.limit = (
            min(machine.timeout or EXPRESS_LIMIT, EXPRESS_LIMIT) if express else (machine.timeout)
        )
        self.deadline = None if self.limit is None else now + self.limit
        self._check_input()
        self._begin()

    def _set_identity(self, arn: str, machine_arn: str, role_arn: str) -> None:
        parts = arn.split(":") + [""] * 8
        # an Express execution's ARN has its name before a unique part
        self.arn, self.role_arn, self.region, self.name = arn, role_arn, parts[3], parts[7]
        machine = arn.replace(":execution:", ":stateMachine:").split(":")[:7]
        self.machine_arn = machine_arn or ":".join(machine)

    def _begin(self) -> None:
        self.status, self.output = "RUNNING", None
        self.current: Fiber | None = None  # the fiber that went on last
        self.error: str | None = None
        self.cause: str | None = None
        self.waited, self.redrives = 0.0, 0
        self.pending: dict[str, Fiber] = {}
        self.map_runs: list[MapRun] = []
        details = {"input": self.input, "roleArn": self.role_arn}
        self.history.add("ExecutionStarted", 0, details, self.clock.now)
        self.root = Fiber(self, self.machine.flow, self.input, self.history)
        self.root.steps = walk(self.root)
        self.clock.ready.append(self.root)

    def _check_input(self) -> None:
        try:
            check_size(self.input, "input")
        except StateError:
            raise UsageError("the input is larger than 256 KiB. Pass a reference to it.") from None

    def _make_context(self) -> dict[str, Json]:
        return {
            "Execution": {
                "Id": self.arn,
                "Input": self.input,
                "Name": self.name,
                "RoleArn": self.role_arn,
                "StartTime": format_timestamp(self.clock.now),
                "RedriveCount": 0,
            },
            "StateMachine": {
                "Id": self.machine_arn,
                "Name": self.machine_arn.rpartition(":")[2],
            },
        }

    @property
    def events(self) -> list[Event]:
        """The history so far."""
        return list(self.history)

    def read_clock(self) -> float:
        """Return the moment it is for the execution, in seconds since 1970."""
        return self.clock.now

    def run(self, *, give_up: bool = True) -> str:
        """Run until the end, or until only the answer to a pending task can bring it on.

        With `give_up`, time passes for pending tasks too, and they time out; a task without a
        timeout then leaves the execution RUNNING.
        """
        while self.status == "RUNNING" and self.step(give_up=give_up):
            pass
        return self.status

    def step(self, *, give_up: bool = True) -> bool:
        """Let one fiber continue to its next transition; False if none can."""
        if self.status != "RUNNING":
            return False
        fiber = self.clock.pop()
        if fiber is None:
            return self._let_time_pass(give_up=give_up)
        if fiber.is_done or fiber.steps is None:
            return True
        self.current = fiber
        try:
            if next(fiber.steps) is CONTINUE:
                self.clock.ready.append(fiber)
        except StopIteration:
            self._finish(fiber, None)
        except StateError as failure:
            self._finish(fiber, failure)
        except HistoryFull:
            self._overflow(fiber)
        return True

    def _let_time_pass(self, *, give_up: bool) -> bool:
        moved = self.clock.advance(give_up=give_up)
        if self.deadline is not None and (self.clock.now > self.deadline or not moved):
            if not moved and not give_up:
                return False
            self.clock.now = self.deadline
            self.time_out()
            return False
        return moved

    def _finish(self, fiber: Fiber, failure: StateError | None) -> None:
        fiber.is_done, fiber.failure, fiber.steps = True, failure, None
        if failure is not None:
            failure.__traceback__ = None  # its frames hold the fiber, and it
        parent = fiber.parent
        if parent is None:
            if failure is None:
                self._succeed(fiber.output)
            else:
                self._fail(failure)
            return
        if failure is not None:
            if fiber.state.type != "Fail" and fiber.history is parent.history:
                fiber.note(f"{fiber.state.type}StateAborted", {})
            if failure.error == RUNTIME and fiber.history is parent.history:
                self._fail(failure, fiber)
                return
        parent.mail.append(fiber)
        if len(parent.mail) == 1:
            self.clock.wake(parent)

    def _overflow(self, fiber: Fiber) -> None:
        failure = StateError(
            RUNTIME, f"The execution reached the maximum number of history events ({LIMIT})."
        )
        if fiber.history is self.history:
            self._fail(failure, fiber)
        else:
            self._finish(fiber, failure)

    def _succeed(self, output: Json) -> None:
        try:
            self.history.add(
                "ExecutionSucceeded", self.root.previous, {"output": output}, self.clock.now
            )
        except HistoryFull:
            self._overflow(self.root)
            return
        self.status, self.output = "SUCCEEDED", output

    def _fail(self, failure: StateError, fiber: Fiber | None = None) -> None:
        self.status, self.error, self.cause = "FAILED", failure.error, failure.cause
        self._write_end("ExecutionFailed", (fiber or self.root).previous, failure.details)

    def _write_end(self, type_: str, previous: int, details: dict[str, Json]) -> None:
        self.history.add(type_, previous, details, self.clock.now, is_end=True)

    def stop(self, error: str | None = None, cause: str | None = None) -> None:
        """Abort, as StopExecution does; an execution that has ended stays as it is."""
        if self.status != "RUNNING":
            return
        self.status, self.error, self.cause = "ABORTED", error, cause
        self._write_end("ExecutionAborted", 0, StateError(error, cause).details)

    def time_out(self) -> None:
        """End as the definition's TimeoutSeconds does."""
        if self.status == "RUNNING":
            self.status = "TIMED_OUT"
            self._write_end("ExecutionTimedOut", 0, {})

    def end_child(self, child: Fiber) -> None:
        """End a child execution alone, as StopExecution does: its Map Run counts a failure."""
        if self.status != "RUNNING" or child.is_done:
            return
        abort(child.children)
        child.ticket += 1
        self.pending.pop(child.token, None)
        if child.steps is not None:
            child.steps.close()
        child.history.add("ExecutionAborted", 0, {}, self.clock.now, is_end=True)
        self._finish(child, StateError(None))

    def release(self) -> None:
        """Free what only going on needs, and the way back to who started it.

        Nothing but the history of an execution that cannot be redriven is asked again. It is then
        part of no circle, so that it goes when its last user does, not when garbage is collected.
        """
        _take_apart(self.root)
        del self.root, self.chance, self.tokens, self.context
        self.current = self.observe_child = self.before_call = self.history.observe = None
        self.port, self.pending = NoTasks(), {}
        self.clock.release()
        for map_run in self.map_runs:
            map_run.inputs = None

    def break_off(self, cause: str) -> None:
        """End as FAILED because its runner cannot continue."""
        if self.status == "RUNNING":
            self._fail(StateError(RUNTIME, cause))

    def redrive(self) -> None:
        """Go on from where it failed, timed out or was stopped; what is finished stays finished.

        Source: https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html.
        """
        if self.status not in ("FAILED", "TIMED_OUT", "ABORTED"):
            raise UsageError(f"an execution that is {self.status} cannot be redriven.")
        abort_quietly(self.root)
        self.redrives += 1
        self.context["Execution"]["RedriveCount"] = self.redrives
        self.status, self.error, self.cause = "RUNNING", None, None
        self.clock.ready.clear()
        self.pending.clear()
        if self.limit is not None:
            self.deadline = self.clock.now + self.limit
        self.root.previous = self.history.add(
            "ExecutionRedriven", 0, {"redriveCount": self.redrives}, self.clock.now
        )
        self.revive(self.root)
        self.clock.ready.append(self.root)

    def revive(self, fiber: Fiber) -> None:
        """Put a fiber that ended badly back to the state it ended in."""
        fiber.is_done, fiber.failure, fiber.redriven = False, None, bool(fiber.entered_id)
        fiber.ticket += 1
        fiber.attempt = 0
        fiber.steps = walk(fiber)

    def answer(self, token: str, outcome: Outcome) -> None:
        """Bring the outcome of a pending task; raises `UsageError` for an unknown token."""
        fiber = self.pending.get(token)
        if fiber is None or self.status != "RUNNING":
            raise UsageError(f"no task waits with the token '{token}'.")
        if fiber.inbox is None:
            self.clock.wake(fiber, outcome)
        elif isinstance(fiber.inbox, Started) and isinstance(fiber.inbox.outcome, Pending):
            # that a worker took it is not noted yet
            fiber.inbox = Started(fiber.inbox.worker, outcome)  # type: ignore[arg-type]
        elif fiber.inbox is BEAT:
            fiber.inbox = outcome

    def beat(self, token: str) -> None:
        """Send a heartbeat for a pending task."""
        fiber = self.pending.get(token)
        if fiber is None or self.status != "RUNNING":
            raise UsageError(f"no task waits with the token '{token}'.")
        if fiber.inbox is None:
            self.clock.wake(fiber, BEAT)

    # what follows is for the states

    def spawn(
        self,
        parent: Fiber,
        flow: Flow,
        value: Json,
        index: int,
        history: History | None = None,
    ) -> Fiber:
        """Make a fiber inside a state of another one."""
        child = Fiber(self, flow, value, parent.history if history is None else history)
        child.parent, child.index, child.previous = parent, index, parent.previous
        child.variables, child.context, child.item = parent.variables, parent.context, parent.item
        child.steps = walk(child)
        return child

    def perform(self, fiber: Fiber, task: Task) -> Outcome:
        """Have the port perform a task."""
        if self.before_call is not None:
            self.before_call(task)
        return self.port.perform(task)


def walk(fiber: Fiber) -> Steps:
    """Run a fiber from the state it is at to the end of its flow."""
    states, run = fiber.flow.states, fiber.run
    state = fiber.state
    while True:
        if not fiber.redriven:
            fiber.entered_at, fiber.before = run.clock.now, fiber.previous
            details = {"name": state.name, "input": fiber.input}
            fiber.previous = fiber.entered_id = fiber.history.add(
                state.entered, fiber.previous, details, run.clock.now
            )
            fiber.attempt, fiber.children = 0, ()
        if state.waits:
            following = yield from state.run(fiber)
        else:
            following = state.run(fiber)
        fiber.redriven = False
        if following is None:
            return
        fiber.entered_id = 0  # it is between two states
        fiber.input = fiber.output
        fiber.state = state = states[following]
        yield CONTINUE


def abort_quietly(root: Fiber) -> None:
    """Close what still runs, without a word in the history."""
    waiting = [root]
    while waiting:
        fiber = waiting.pop()
        fiber.is_done = fiber.is_done or fiber.steps is not None
        if fiber.steps is not None:
            fiber.steps.close()
            fiber.steps = None
            fiber.failure = StateError(None)
        waiting.extend(fiber.children)


def _take_apart(root: Fiber) -> None:
    """Cut what fibers hold of each other; of their steps and failures, the frames hold them."""
    waiting = [root]
    while waiting:
        fiber = waiting.pop()
        waiting.extend(fiber.children)
        if fiber.steps is not None:
            fiber.steps.close()
        fiber.steps = fiber.failure = fiber.parent = None
        fiber.children = ()
        fiber.mail.clear()


def run_definition(
    definition: Mapping[str, Json], value: Json = NO_INPUT, port: Port | None = None
) -> Execution:
    """Compile and run a definition to its end.

    >>> machine = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
    >>> run_definition(machine, {"n": 1}).output
    {'n': 1}
    """
    execution = Execution(compile_definition(definition), value, port)
    execution.run()
    return execution
