"""The Parallel state."""

from __future__ import annotations

from typing import Any

from carnation.engine.failures import StateError
from carnation.engine.groups import abort, run_group
from carnation.engine.strands import Steps, Strand
from carnation.engine.work import Work


class Parallel(Work):
    """Runs its branches at the same time, each on the state's input."""

    def attempt(self, strand: Strand, value: Any) -> Steps:
        """Run the branches; gives the list of their outputs."""
        value = self.shape.make_parameters(strand, value)
        if not strand.redriven:
            strand.add("ParallelStateStarted", {})
        started = strand.previous
        last = [started]

        def start(index: int) -> Strand:
            return strand.run.spawn(strand, self.inner[index], value, index)

        def take(child: Strand) -> bool:
            last[0] = child.previous
            return child.failure is None

        others = yield from run_group(strand, len(self.inner), len(self.inner), start, take)
        strand.previous = last[0]
        failure = next((child.failure for child in strand.children if child.failure), None)
        if failure is not None:
            abort(others)
            raise StateError(failure.error, failure.cause, failure.alias)
        strand.note("ParallelStateSucceeded", {})
        return [child.output for child in strand.children]

    def fail(self, strand: Strand, failure: StateError) -> None:
        """Write that the branches failed, if they ever ran."""
        strand.add("ParallelStateFailed", {})
