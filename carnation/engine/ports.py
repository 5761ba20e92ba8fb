"""What the engine asks of its runner: to perform a Task.

The engine knows no AWS. It hands out a `Task` and takes an outcome: `Succeeded`, `Failed`,
`Pending` (the answer comes later, through `Execution.answer`), `Submitted` (`.sync` and
`.waitForTaskToken`: the request is accepted, the answer is another outcome) or `Started` (a worker
took an activity's task).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from carnation.document.values import Json


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work.

    `kind` is `Task`, `LambdaFunction` or `Activity`; `service` and `action` are what stands behind
    `arn:aws:states:::` (`sqs`, `sendMessage.waitForTaskToken`), empty for the other two kinds.
    `name` is the state's, `token` what the Context object gives as `$$.Task.Token`.
    """

    name: str
    kind: str
    resource: str
    service: str
    action: str
    parameters: Json
    token: str
    timeout: float | None = None
    heartbeat: float | None = None
    credentials: Json = None
    attempt: int = 0
    context: Mapping[str, Json] = field(default_factory=dict)

    @property
    def is_callback(self) -> bool:
        """Whether somebody else answers, with the token."""
        return self.action.endswith(".waitForTaskToken")

    @property
    def is_sync(self) -> bool:
        """Whether the service is to be waited for."""
        return self.action.endswith((".sync", ".sync:2"))


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The task gave an output, so many seconds after it was asked for."""

    output: Json
    after: float = 0.0


@dataclass(frozen=True, slots=True)
class Failed:
    """The task failed; a task that answers no error name has None."""

    error: str | None
    cause: str | None = None
    after: float = 0.0


@dataclass(frozen=True, slots=True)
class Pending:
    """No answer yet: `Execution.answer` brings it, or the task times out."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """The request was accepted, with an output; what becomes of it is another outcome."""

    output: Json
    outcome: Succeeded | Failed | Pending = field(default_factory=Pending)


@dataclass(frozen=True, slots=True)
class Started:
    """A worker took an activity's task; what it makes of it is another outcome."""

    worker: str | None = None
    outcome: Succeeded | Failed | Pending = field(default_factory=Pending)


Outcome = Succeeded | Failed | Pending | Submitted | Started


class Beat:
    """A heartbeat of a pending task."""


BEAT = Beat()


class Port(Protocol):
    """Performs tasks."""

    def perform(self, task: Task) -> Outcome:
        """Do what the task asks for, and say what came of it."""


class NoTasks:
    """A port for definitions without Tasks: each Task fails by name."""

    def perform(self, task: Task) -> Outcome:
        """Refuse."""
        return Failed("States.Runtime", f"nothing performs '{task.resource}'.")
