"""What Task, Parallel and Map have in common: Retry and Catch.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html.
"""

from __future__ import annotations

from collections.abc import Mapping

from carnation.document.values import Json
from carnation.engine.data_flow import DataFlow, compile_result_path
from carnation.engine.failures import StateError, matches
from carnation.engine.fibers import WAIT, Fiber, State, Steps
from carnation.engine.payloads import compile_payload
from carnation.errors import DefinitionError


class Retrier:
    """One entry of Retry."""

    def __init__(self, body: Mapping[str, Json]) -> None:
        """Read it, with AWS's defaults."""
        self.names: list[str] = body["ErrorEquals"]
        self.attempts: int = body.get("MaxAttempts", 3)
        self.interval: float = body.get("IntervalSeconds", 1)
        self.rate: float = body.get("BackoffRate", 2.0)
        self.longest: float | None = body.get("MaxDelaySeconds")
        self.is_jittered: bool = body.get("JitterStrategy") == "FULL"

    def delay(self, attempt: int) -> float:
        """Return the seconds before a further attempt, the first being number 0, without jitter.

        >>> Retrier({"ErrorEquals": ["States.ALL"], "MaxDelaySeconds": 3}).delay(4)
        3
        """
        try:
            seconds = self.interval * self.rate**attempt
        except OverflowError:
            seconds = float(10**9)
        return seconds if self.longest is None else min(seconds, self.longest)


class Catcher:
    """One entry of Catch."""

    def __init__(self, name: str, body: Mapping[str, Json], language: str) -> None:
        """Compile its output."""
        self.names: list[str] = body["ErrorEquals"]
        self.next: str = body["Next"]
        self._data_flow = DataFlow(name, {"Type": "Catch", **body}, language)
        self._put = compile_result_path(body)
        self._parts = {
            field: compile_payload(body[field], language, f"Catch/{field}")
            for field in ("Assign", "Output")
            if field in body
        }

    def handle(self, fiber: Fiber, failure: StateError) -> dict[str, Json]:
        """Make the state's output of a failure; returns the details of the StateExited event."""
        error = failure.output
        assigned = None
        if "Assign" in self._parts:
            assigned = self._evaluate(fiber, "Assign", error)
        if "Output" in self._parts:
            output = self._evaluate(fiber, "Output", error)
        else:
            output = self._put(fiber, error)
        return self._data_flow.settle(fiber, output, assigned)

    def _evaluate(self, fiber: Fiber, part: str, error: dict[str, Json]) -> Json:
        return self._data_flow.evaluate(fiber, self._parts[part], error, errorOutput=error)


class RetryableState(State):
    """A state that does work: attempts it, retries, catches."""

    waits = True

    def __init__(self, name: str, body: Mapping[str, Json], language: str) -> None:
        """Compile the data flow, the retriers and the catchers."""
        super().__init__(name, body, language)
        self.data_flow = DataFlow(name, body, language)
        for field in ("Retry", "Catch"):
            entries = body.get(field, [])
            if not isinstance(entries, list) or not all(
                isinstance(entry, dict) and isinstance(entry.get("ErrorEquals"), list)
                for entry in entries
            ):
                raise DefinitionError(
                    f"state '{name}': {field} must be a list of objects with ErrorEquals."
                )
        self.retriers = [Retrier(entry) for entry in body.get("Retry", [])]
        self.catchers = [Catcher(name, entry, language) for entry in body.get("Catch", [])]

    def attempt(self, fiber: Fiber, value: Json) -> Steps:
        """Do the work once, and give its result."""
        raise NotImplementedError

    def fail(self, fiber: Fiber, failure: StateError) -> None:
        """Write the events of a failure that no retrier takes."""

    def run(self, fiber: Fiber) -> Steps:
        """Attempt, retry, catch."""
        counts = [0] * len(self.retriers)
        while True:
            try:
                value = self.data_flow.select_input(fiber)
                result = yield from self.attempt(fiber, value)
                details = self.data_flow.finish(fiber, result, result)
                break
            except StateError as failure:
                delay = self._next_delay(fiber, failure, counts)
                if delay is None:
                    return self._catch(fiber, failure)
                fiber.attempt += 1
                fiber.children, fiber.redriven = (), False
                fiber.run.waited += delay
                fiber.run.clock.sleep(fiber, delay)
                yield WAIT
        fiber.add(self.exited, details)
        return self.next

    def find_retrier(self, failure: StateError) -> int | None:
        """Return the number of the retrier that takes a failure."""
        for at, retrier in enumerate(self.retriers):
            if matches(failure, retrier.names):
                return at
        return None

    def find_catcher(self, failure: StateError) -> int | None:
        """Return the number of the catcher that takes a failure."""
        for at, catcher in enumerate(self.catchers):
            if matches(failure, catcher.names):
                return at
        return None

    def _next_delay(self, fiber: Fiber, failure: StateError, counts: list[int]) -> float | None:
        at = self.find_retrier(failure)
        if at is None or counts[at] >= self.retriers[at].attempts:
            return None
        delay = self.retriers[at].delay(counts[at])
        counts[at] += 1
        if self.retriers[at].is_jittered:
            return fiber.run.chance.uniform(0, delay)
        return delay

    def _catch(self, fiber: Fiber, failure: StateError) -> str:
        self.fail(fiber, failure)
        at = self.find_catcher(failure)
        if at is None:
            raise failure
        catcher = self.catchers[at]
        fiber.add(self.exited, catcher.handle(fiber, failure))
        return catcher.next
