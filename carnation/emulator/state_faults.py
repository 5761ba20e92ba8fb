"""Failures on purpose, by state: the first attempts of a Task fail with an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from carnation.engine import Failed, Outcome, Task

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
