"""The mocks of an execution: which answer the next attempt of a state meets."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from carnation.engine import Failed, Outcome, Task
from carnation.errors import UsageError
from carnation.records import NamedTuple
from carnation.testing.mock_results import REAL, Answer, Delay, Throw, TimeOut, find_outcome
from carnation.testing.mock_validation import check_answer, check_task

States = Mapping[str, Mapping[str, Any]]
Predicate = Callable[[Any], bool]


class Mock(NamedTuple):
    """The answers of one state, in order, for the inputs that `when` takes."""

    answers: tuple[Answer, ...]
    when: Predicate | None
    per: str


class Recorded(NamedTuple):
    """A recorded attempt: what the state was asked, and what came of it."""

    parameters: Any
    answer: Answer


class Mocks:
    """Answers tasks as a test says; passes on what it says nothing of."""

    def __init__(self, states: States) -> None:
        """Begin without any."""
        self._states = states
        self._mocks: dict[str, list[Mock]] = {}
        self._recorded: dict[str, deque[Recorded]] = {}
        self._counts: Counter[int] = Counter()

    def add(
        self, state: str, answers: Sequence[Answer], *, when: Predicate | None, per: str
    ) -> None:
        """Check a mock, and take it; of two that both fit, the later one answers."""
        call = check_task(state, self._states)
        if per not in ("visit", "execution"):
            raise UsageError(f"per is '{per}'; answers are counted per 'visit' or 'execution'.")
        if not answers:
            raise UsageError(f"the mock of state '{state}' has no answer. Add at least one.")
        for answer in answers:
            check_answer(state, call, answer)
            if isinstance(answer, TimeOut):
                _check_limit(state, self._states[state])
        self._mocks.setdefault(state, []).insert(0, Mock(tuple(answers), when, per))

    def record(self, state: str, attempts: Sequence[Recorded]) -> None:
        """Take recorded attempts of a state, in order."""
        check_task(state, self._states)
        self._recorded[state] = deque(attempts)

    def begin(self) -> None:
        """Count from the start again: another execution begins."""
        self._counts.clear()

    def answer(self, task: Task, real: Callable[[Task], Outcome]) -> Outcome:
        """Answer a task, or have it performed."""
        if task.name in self._recorded:
            return self._replay(task, real)
        for mock in self._mocks.get(task.name, ()):
            if mock.when is not None and not mock.when(task.parameters):
                continue
            at = task.attempt
            if mock.per == "execution":
                at = self._counts[id(mock)]
                self._counts[id(mock)] += 1
            answer = mock.answers[at] if at < len(mock.answers) else _last(mock)
            return find_outcome(answer, task, real)
        return real(task)

    def _replay(self, task: Task, real: Callable[[Task], Outcome]) -> Outcome:
        """Answer as recorded for the same question, or else in order."""
        left = self._recorded[task.name]
        fitting = next((one for one in left if one.parameters == task.parameters), None)
        found = fitting or next(iter(left), None)
        if found is None:
            return Failed(
                "States.Runtime",
                f"the recorded execution called '{task.name}' fewer times than this one does.",
            )
        left.remove(found)
        return find_outcome(found.answer, task, real)


def _check_limit(name: str, state: Mapping[str, Any]) -> None:
    limits = ("TimeoutSeconds", "TimeoutSecondsPath", "HeartbeatSeconds", "HeartbeatSecondsPath")
    if not any(limit in state for limit in limits):
        raise UsageError(
            f"the mock of state '{name}' times out, and the state has no TimeoutSeconds, so AWS "
            "would wait for three years. Set one, or mock it with Throw('States.Timeout')."
        )


def _last(mock: Mock) -> Answer:
    """Find what follows the last answer: after a result the same, after a fault the real."""
    final = mock.answers[-1]
    return REAL if isinstance(final, (Throw, TimeOut, Delay)) else final
