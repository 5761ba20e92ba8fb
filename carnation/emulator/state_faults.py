"""Failures on purpose: which are chosen, and those by state: the first attempts of a Task fail."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from carnation.artifacts import Artifacts
from carnation.asl import walk_states
from carnation.engine import Failed, Outcome, Task
from carnation.errors import UsageError, suggest_name
from carnation.workflow.reporters import Faults, Reporter

if TYPE_CHECKING:
    from carnation.emulator.emulator import Emulator

INJECTED_ERROR = "InjectedFault"


class StateFaults:
    """Fails the first attempts of each visit of a Task state, and counts how often it did.

    >>> faults = StateFaults("Charge", "CardDeclined", 1)
    >>> task = Task("Charge", "Task", "", "lambda", "invoke", {}, "")
    >>> faults.answer(task, lambda task: Failed("never seen")).error, faults.count
    ('CardDeclined', 1)
    """

    def __init__(self, state: str, error: str = INJECTED_ERROR, attempts: int = 1) -> None:
        """Take the state, the error, and how many attempts of each visit fail."""
        self.state, self.error, self.attempts, self.count = state, error, attempts, 0

    def install(self, emulator: Emulator) -> None:
        """Make an emulator ask before every task."""
        emulator.script_tasks(self.answer)

    def answer(self, task: Task, perform: Callable[[Task], Outcome]) -> Outcome:
        """Fail a task, or perform it."""
        if task.name != self.state or task.attempt >= self.attempts:
            return perform(task)
        self.count += 1
        return Failed(self.error, f"state '{self.state}' was chosen to fail")


def list_task_states(*artifacts: Artifacts) -> list[str]:
    """List the names of the Task states of workflows."""
    definitions = [json.loads(one.definition) for one in artifacts]
    return [
        place.name
        for definition in definitions
        for place in walk_states(definition)
        if place.body.get("Type") == "Task"
    ]


def choose_faults(
    artifacts: Artifacts,
    which: str | None,
    error: str | None = None,
    attempts: int = 1,
    seed: int | None = None,
    reporter: Reporter | None = None,
    children: Sequence[Artifacts] = (),
) -> Faults | None:
    """Read `--fail`: a state's name wins over what the reporter may choose by it.

    The state is one of the workflow, or of a workflow that it starts.

    Raises `UsageError` for what neither knows.
    """
    if which is None:
        return None
    tasks = list_task_states(artifacts, *children)
    if which in tasks:
        return StateFaults(which, error or INJECTED_ERROR, attempts)
    if reporter is None:
        raise UsageError(
            f"--fail: '{which}' is not a Task state of '{artifacts.workflow}'."
            f"{suggest_name(which, tasks)} Its Task states: {', '.join(tasks) or 'none'}."
        )
    if error is not None:
        raise UsageError("--fail-error needs the name of a Task state in --fail.")
    return reporter.choose_faults(which, attempts, 1 if seed is None else seed)
