"""The Parallel state."""

from __future__ import annotations

from carnation.document.values import Json
from carnation.engine.failures import StateError
from carnation.engine.fiber_groups import abort, run_group
from carnation.engine.fibers import Fiber, Steps
from carnation.engine.retry_catch import RetryableState


class Parallel(RetryableState):
    """Runs its branches at the same time, each on the state's input."""

    def attempt(self, fiber: Fiber, value: Json) -> Steps:
        """Run the branches; returns the list of their outputs."""
        value = self.data_flow.make_parameters(fiber, value)
        if not fiber.redriven:
            fiber.add("ParallelStateStarted", {})
        started = fiber.previous
        last = [started]

        def start(index: int) -> Fiber:
            return fiber.run.spawn(fiber, self.inner[index], value, index)

        def accept(child: Fiber) -> bool:
            last[0] = child.previous
            return child.failure is None

        others = yield from run_group(fiber, len(self.inner), len(self.inner), start, accept)
        fiber.previous = last[0]
        failure = next((child.failure for child in fiber.children if child.failure), None)
        if failure is not None:
            abort(others)
            raise StateError(failure.error, failure.cause, failure.alias)
        fiber.note("ParallelStateSucceeded", {})
        return [child.output for child in fiber.children]

    def fail(self, fiber: Fiber, failure: StateError) -> None:
        """Write that the branches failed, if they ever ran."""
        fiber.add("ParallelStateFailed", {})
