"""What the Step Functions API keeps in a Region: state machines, versions, aliases, activities.

All of it is changed under the Region's lock only.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from carnation.emulator.interpreter.api.errors import ApiError, no_execution, no_state_machine
from carnation.emulator.interpreter.api.names import StatesArn, parse_arn, parse_machine_arn
from carnation.emulator.interpreter.requests import ExecutionRequest, Revision, read_time
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from carnation.emulator.interpreter.executions import EmulatedExecution
    from carnation.emulator.interpreter.task_runner import TaskRunner

    Start = Callable[["Region", ExecutionRequest], EmulatedExecution]

ACCOUNT = "123456789012"
# what is kept of executions that have ended: so many, and so many events of theirs in all
MAX_EXECUTIONS, MAX_EVENTS = 10_000, 1_000_000
_LOOKED_AFTER = 100  # new executions
NO_LOGGING = {"level": "OFF", "includeExecutionData": False}
AWS_KEY = {"type": "AWS_OWNED_KEY"}


@dataclass
class Version:
    """A published revision."""

    arn: str
    revision: Revision
    description: str | None
    created: datetime = field(default_factory=read_time)


class Route(NamedTuple):
    """A version that an alias leads to, and its percentage."""

    version_arn: str
    weight: int


@dataclass
class Alias:
    """A name for one or two versions."""

    arn: str
    name: str
    routes: tuple[Route, ...]
    description: str | None
    created: datetime = field(default_factory=read_time)
    updated: datetime | None = None


@dataclass
class StateMachine:
    """A state machine, with all that goes when it is deleted."""

    arn: str
    name: str
    type: str
    revision: Revision
    published_first: tuple[bool, str | None]  # whether it was created with a version, described so
    tags: dict[str, str] = field(default_factory=dict)
    versions: dict[int, Version] = field(default_factory=dict)
    aliases: dict[str, Alias] = field(default_factory=dict)
    last_version: int = 0
    status: str = "ACTIVE"
    created: datetime = field(default_factory=read_time)

    @property
    def is_express(self) -> bool:
        """Whether its executions are Express ones."""
        return self.type == "EXPRESS"


def check_active(machine: StateMachine) -> None:
    """Raise `ApiError` (StateMachineDeleting) for one that waits for its last execution to end."""
    if machine.status == "DELETING":
        raise ApiError("StateMachineDeleting", f"State Machine Deleting: '{machine.arn}'")


@dataclass
class Activity:
    """An activity."""

    arn: str
    name: str
    encryption: dict[str, Any]
    tags: dict[str, str]
    created: datetime = field(default_factory=read_time)


class Region:
    """The state of Step Functions in one Region."""

    def __init__(
        self, name: str, start: Start, task_runner: TaskRunner, poll_seconds: float
    ) -> None:
        """Start empty; `start` begins an execution, a long poll lasts `poll_seconds`."""
        self.name, self.start = name, start
        self.task_runner, self.poll_seconds = task_runner, poll_seconds
        self.machines: dict[str, StateMachine] = {}
        self.activities: dict[str, Activity] = {}
        self.executions: dict[str, EmulatedExecution] = {}
        self.started = self.forgotten = 0
        self.lock = threading.RLock()

    def arn(self, kind: str, name: str) -> str:
        """Return the ARN that a resource of this Region has."""
        return f"arn:{self._partition}:states:{self.name}:{ACCOUNT}:{kind}:{name}"

    @property
    def _partition(self) -> str:
        return {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(
            self.name.rpartition("-")[0].rpartition("-")[0], "aws"
        )

    def find_machine(self, text: str, *, labeled: bool = False) -> tuple[StateMachine, StatesArn]:
        """Find the state machine of its own, a version's or an alias's ARN, or raise `ApiError`.

        `labeled` accepts the ARN of a distributed Map, too.
        """
        arn = parse_arn(text, "stateMachine") if labeled else parse_machine_arn(text)
        machine = self.machines.get(arn.machine)
        if machine is None:
            raise no_state_machine(text)
        return machine, arn

    def find_base_machine(self, text: str) -> StateMachine:
        """Find the state machine of its own ARN; raises `ApiError` for a version's or alias's."""
        machine, arn = self.find_machine(text)
        if arn.qualifier:
            raise no_state_machine(text)
        return machine

    def add_execution(self, run: EmulatedExecution) -> None:
        """Add an execution; of very many, the oldest that have ended are forgotten."""
        self.executions[run.arn] = run
        self.started += 1
        if self.started % _LOOKED_AFTER == 0:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        events, old = 0, []
        for number, run in enumerate(reversed(list(self.executions.values())), 1):
            events += run.event_count + run.children.event_count
            is_old = number > MAX_EXECUTIONS or events > MAX_EVENTS
            if is_old and run.status != "RUNNING":
                old.append(run)
        self.forget(old)
        self.forgotten += len(old)

    def forget(self, runs: Iterable[EmulatedExecution]) -> None:
        """Forget executions that have ended, with their callbacks."""
        tokens = set()
        for run in runs:
            del self.executions[run.arn]
            run.forget()
            tokens.update(run.tokens)
        self.task_runner.forget(tokens)

    def describe_forgotten(self) -> str:
        """Describe why one that was there may not be found; '' while none is forgotten."""
        if not self.forgotten:
            return ""
        return (
            f" (the emulator has forgotten {self.forgotten} that ended long ago; it keeps "
            f"{MAX_EXECUTIONS:,} executions with {MAX_EVENTS:,} events)"
        )

    def remove_deleted(self) -> None:
        """Remove the state machines that are DELETING, and whose executions have ended."""
        for machine in [each for each in self.machines.values() if each.status == "DELETING"]:
            if all(run.status != "RUNNING" for run in self.list_executions_of(machine)):
                del self.machines[machine.arn]

    def list_executions_of(self, machine: StateMachine) -> Iterator[EmulatedExecution]:
        """List a state machine's executions, the oldest first."""
        return (run for run in self.executions.values() if run.machine_arn == machine.arn)


def find_execution(region: Region, text: str) -> EmulatedExecution:
    """Find an execution that the API knows, or raise `ApiError`."""
    parse_arn(text, "execution")
    if text not in region.executions:
        raise no_execution(text, region.describe_forgotten())
    return region.executions[text]
