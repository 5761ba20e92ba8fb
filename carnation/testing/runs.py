"""A run of a state machine in a test: what happened, and assertions that print it on failure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from carnation.errors import UsageError
from carnation.history.visits import Children, Visit, read_visits, walk_scopes, walk_visits
from carnation.testing.assertion_output import (
    compare_paths,
    compare_values,
    draw_tree,
    format_value,
)
from carnation.testing.mock_validation import check_state

_ANY: Any = object()


class TestRun:
    """An execution that has ended.

    `status` is SUCCEEDED, FAILED, TIMED_OUT or ABORTED; `output` the parsed output, `error` and
    `cause` those of a failure; `history` the events as GetExecutionHistory gives them; `waited` the
    seconds that Wait and Retry let pass, on paper.
    """

    __test__ = False  # for pytest, which would take it for a class of tests

    def __init__(
        self,
        states: Mapping[str, Mapping[str, Any]],
        status: str,
        output: Any,
        failure: tuple[str | None, str | None],
        history: Sequence[Mapping[str, Any]],
        waited: float,
        children: Children | None = None,
    ) -> None:
        """Take what the execution left, and the children of its distributed Maps."""
        self.status, self.output, self.history = status, output, history
        self.error, self.cause = failure
        self.waited = waited
        self.scope = read_visits(history, children)
        self._states = states

    def __repr__(self) -> str:
        """Return how it ended, as a line to print."""
        return f"<run {self.status}{f' {self.error}' if self.error else ''}>"

    @property
    def tree(self) -> str:
        """The path as a tree: each state on a line, what is inside it below."""
        return "\n".join(draw_tree(self.scope))

    @property
    def path(self) -> list[str]:
        """The states that were entered one after the other, outermost."""
        return [visit.name for visit in self.scope.visits]

    def find_paths(self, state: str) -> list[list[str]]:
        """Return the path through each iteration or child of a Map, each branch of a Parallel."""
        check_state(state, self._states)
        found = [
            (scope.index or 0, [visit.name for visit in scope.visits])
            for owner, scope in walk_scopes(self.scope)
            if owner is not None and owner.name == state
        ]
        return [path for _, path in sorted(found, key=lambda pair: pair[0])]

    def find_visits(self, state: str) -> list[Visit]:
        """Return every visit of a state, in the order in which it was entered."""
        check_state(state, self._states)
        return [visit for visit in walk_visits(self.scope) if visit.name == state]

    def find_inputs(self, state: str) -> list[Any]:
        """Return the input of each visit."""
        return [visit.input for visit in self.find_visits(state)]

    def find_outputs(self, state: str) -> list[Any]:
        """Return the output of each visit that was left."""
        return [visit.output for visit in self.find_visits(state) if visit.left]

    def find_calls(self, state: str) -> list[Any]:
        """Return what a Task asked of its service, attempt by attempt."""
        return [call for visit in self.find_visits(state) for call in visit.calls]

    def assert_succeeded(self, output: Any = _ANY) -> None:
        """Assert that it succeeded, and with which output."""
        if self.status != "SUCCEEDED":
            self._fail("the execution did not succeed.", [])
        if output is not _ANY:
            self._compare(output, self.output, "the output of the execution is another.")

    def assert_failed(self, error: str | None = None, cause: str | None = None) -> None:
        """Assert that it failed, with which error, and what its cause contains."""
        if self.status not in ("FAILED", "TIMED_OUT", "ABORTED"):
            self._fail("the execution did not fail.", [])
        if error is not None and error != self.error:
            self._fail(f"the execution failed with another error than '{error}'.", [])
        if cause is not None and cause not in str(self.cause):
            self._fail(f"the cause of the failure does not contain '{cause}'.", [])

    def assert_path(
        self, *states: str, inside: str | None = None, index: int | None = None
    ) -> None:
        """Assert which states were entered, one after the other.

        `inside` a Map or Parallel: through every iteration, or the one of an `index`.
        """
        for name in states:
            check_state(name, self._states)
        paths = [self.path] if inside is None else self.find_paths(inside)
        if index is not None and index >= len(paths):
            self._fail(f"'{inside}' has no iteration [{index}]; it has {len(paths)}.", [])
        if not paths:
            self._fail(f"no state was entered inside '{inside}'.", [])
        for at, path in enumerate(paths):
            if path != list(states) and index in (None, at):
                where = f" inside '{inside}' [{at}]" if inside else ""
                lines = list(compare_paths(list(states), path))
                self._fail(f"the execution took another path{where}.", lines)

    def assert_visits(self, state: str, times: int) -> None:
        """Assert how often a state was entered."""
        self._count(state, "entered", times, len(self.find_visits(state)))

    def assert_not_visited(self, state: str) -> None:
        """Assert that a state was never entered."""
        self.assert_visits(state, 0)

    def assert_retries(self, state: str, times: int) -> None:
        """Assert how often a state was tried again, over all its visits."""
        self._count(state, "retried", times, sum(v.retries for v in self.find_visits(state)))

    def assert_waited(self, seconds: float | tuple[float, float], state: str | None = None) -> None:
        """Assert how long it waited, or one state did; `(least, most)` where jitter decides."""
        found = self.waited
        if state is not None:
            found = sum(visit.waited for visit in self.find_visits(state))
        least, most = seconds if isinstance(seconds, tuple) else (seconds, seconds)
        if not least - 1e-3 <= found <= most + 1e-3:
            wanted = f"{least:g}" if least == most else f"{least:g} to {most:g}"
            who = f"state '{state}'" if state else "the execution"
            self._fail(f"{who} waited {found:g} s, and {wanted} s were expected.", [])

    def assert_input(self, state: str, expected: Any, *, visit: int = 0) -> None:
        """Assert the input of a state, at its first visit unless told otherwise."""
        found = self._visit(state, visit)
        self._compare(expected, found.input, f"the input of state '{state}' is another.")

    def assert_output(self, state: str, expected: Any, *, visit: int = 0) -> None:
        """Assert the output of a state, at its first visit unless told otherwise."""
        found = self._visit(state, visit)
        self._compare(expected, found.output, f"the output of state '{state}' is another.")

    def _visit(self, state: str, number: int) -> Visit:
        visits = self.find_visits(state)
        if number >= len(visits):
            self._fail(f"state '{state}' was entered {_times(len(visits))}.", [])
        return visits[number]

    def _count(self, state: str, what: str, expected: int, found: int) -> None:
        if expected != found:
            self._fail(
                f"state '{state}' was {what} {_times(found)}; expected: {_times(expected)}.", []
            )

    def _compare(self, expected: Any, given: Any, sentence: str) -> None:
        try:
            expected = json.loads(json.dumps(expected))
        except (TypeError, ValueError) as error:
            raise UsageError(f"the expected value is not valid JSON: {error}.") from error
        lines = [f"  {line}" for line in compare_values(expected, given)]
        if lines:
            self._fail(sentence, lines)

    def _fail(self, sentence: str, lines: list[str]) -> NoReturn:
        end = f"It ended as {self.status}"
        if self.error:
            end += f" with {self.error}"
        if self.cause:
            end += f": {format_value(self.cause)}"
        text = [sentence, *lines, "", f"{end}. The path:", self.tree or "  (no state was entered)"]
        raise AssertionError("\n".join(text))


def _times(number: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(number, f"{number} times")
