"""The Map state, distributed: each item, or batch of items, runs as a child execution.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from carnation.asl.expressions.intrinsic_functions import make_uuid
from carnation.document.values import Json
from carnation.engine.child_executions import Child, MapRun
from carnation.engine.data_flow import blame, check_size
from carnation.engine.failures import RUNTIME, StateError
from carnation.engine.fiber_groups import abort, run_group
from carnation.engine.fibers import Fiber, Steps
from carnation.engine.history import LIMIT, Event, History
from carnation.engine.item_batcher import ItemBatcher
from carnation.engine.item_reader import ItemReader
from carnation.engine.maps import MapState, describe_item
from carnation.engine.numbers import check_number, compile_number, fail_number
from carnation.engine.result_writer import ResultWriter
from carnation.engine.timestamps import format_timestamp

MAX_CONCURRENCY = 10_000
THRESHOLD = "States.ExceedToleratedFailureThreshold"


class DistributedMap(MapState):
    """Runs child executions with histories of their own."""

    def __init__(self, name: str, body: Mapping[str, Json], language: str) -> None:
        """Compile the reader, the batcher, the tolerance and the writer."""
        super().__init__(name, body, language)
        flow = self.data_flow
        self.reader = ItemReader(flow, body["ItemReader"]) if "ItemReader" in body else None
        self.batcher = ItemBatcher(flow, body["ItemBatcher"]) if "ItemBatcher" in body else None
        self.writer = ResultWriter(flow, body["ResultWriter"]) if "ResultWriter" in body else None
        self.label: str = body.get("Label") or name[:40]
        self._count = compile_number(body, "ToleratedFailureCount", language)
        self._percentage = compile_number(body, "ToleratedFailurePercentage", language)
        config = body.get("ItemProcessor", body.get("Iterator"))["ProcessorConfig"]
        self.child_type = config.get("ExecutionType", "STANDARD")

    def attempt(self, fiber: Fiber, value: Json) -> Steps:
        """Read, batch, run the children, write."""
        concurrency = min(self.find_concurrency(fiber, value) or MAX_CONCURRENCY, MAX_CONCURRENCY)
        items = None if self.reader else self.find_items(fiber, value)
        if not fiber.redriven:
            fiber.add("MapStateStarted", {"length": len(items or ())})
        map_run = self._open(fiber, value)
        try:
            if map_run.inputs is None:
                if items is None and self.reader is not None:
                    items, map_run.sources = self.reader.read(fiber, value)
                map_run.inputs = self._make_inputs(fiber, value, map_run, items or [])
            yield from self._run_children(fiber, map_run, map_run.inputs, concurrency)
            output = self._collect(fiber, value, map_run)
        except StateError as failure:
            map_run.status, map_run.stopped_at = "FAILED", fiber.run.clock.now
            fiber.add("MapRunFailed", failure.details)
            raise
        map_run.status, map_run.stopped_at = "SUCCEEDED", fiber.run.clock.now
        fiber.add("MapRunSucceeded", {})
        fiber.note("MapStateSucceeded", {})
        return output

    def _open(self, fiber: Fiber, value: Json) -> MapRun:
        count, percentage = self.find_tolerance(fiber, value)
        run = fiber.run
        machine = run.machine_arn.replace(":stateMachine:", ":mapRun:")
        arn = f"{machine}/{self.label}:{make_uuid(run.tokens)}"
        map_run = self.find_map_run(fiber) if fiber.redriven else None
        if map_run is not None:
            map_run.status, map_run.failed, map_run.aborted, map_run.succeeded = "RUNNING", 0, 0, 0
            map_run.stopped_at, map_run.redrives = None, map_run.redrives + 1
            fiber.add("MapRunRedriven", {"mapRunArn": map_run.arn, "redriveCount": run.redrives})
            return map_run
        concurrency = self.find_concurrency(fiber, value)
        map_run = MapRun(arn, self.name, concurrency, count or 0, percentage or 0.0)
        map_run.started_at = run.clock.now
        run.map_runs.append(map_run)
        fiber.add("MapRunStarted", {"mapRunArn": arn})
        return map_run

    def find_map_run(self, fiber: Fiber) -> MapRun | None:
        """Find the Map Run that this state started last."""
        runs = (each for each in reversed(fiber.run.map_runs) if f"/{self.label}:" in each.arn)
        return next(runs, None)

    def find_tolerance(self, fiber: Fiber, value: Json) -> tuple[int | None, float | None]:
        """Evaluate how many failures are tolerated; None where the definition says nothing."""
        count = percentage = None
        if self._count is not None:
            count = self.data_flow.evaluate(fiber, self._count, value)
            count = check_number(fiber, self.body, "ToleratedFailureCount", count)
        if self._percentage is not None:
            percentage = self.data_flow.evaluate(fiber, self._percentage, value)
            if isinstance(percentage, bool) or not isinstance(percentage, (int, float)):
                name = "ToleratedFailurePercentage"
                raise fail_number(fiber, self.body, name, percentage, "float")
            if not 0 <= percentage <= 100:
                cause = "ToleratedFailurePercentage must be between 0 and 100."
                raise blame(fiber, StateError(RUNTIME, cause))
        return count, percentage

    def _make_inputs(
        self, fiber: Fiber, value: Json, map_run: MapRun, items: list[Json]
    ) -> list[tuple[Json, int]]:
        """Return what each child is started with: (its input, the number of its items)."""
        if self.batcher is None:
            return [(items[at], 1) for at in range(len(items))]
        selected = [
            self.select(fiber, value, item, at, map_run.find_source(at))
            for at, item in enumerate(items)
        ]
        return self.batcher.make_batches(fiber, value, selected)

    def _run_children(
        self, fiber: Fiber, map_run: MapRun, inputs: list[tuple[Json, int]], concurrency: int
    ) -> Steps:
        total = sum(count for _, count in inputs)
        map_run.total, map_run.items = len(inputs), {"total": total, "failed": 0}
        last, prefix = fiber.previous, self._find_prefix(map_run)
        value = self.data_flow.select_input(fiber)

        def start(index: int) -> Fiber:
            item, _ = inputs[index]
            source = map_run.find_source(index)
            if self.batcher is None:
                item = self.select(fiber, value, inputs[index][0], index, source)
            child = self._start_child(fiber, item, index, prefix)
            if self.batcher is None:
                child.item = describe_item(inputs[index][0], index, source)
            if fiber.run.observe_child is not None:
                _show(child, map_run, inputs[index][1])
            details = {"input": item}
            child.history.add("ExecutionStarted", 0, details, fiber.run.clock.now)
            return child

        def accept(child: Fiber) -> bool:
            if child.failure is None:
                map_run.succeeded += 1
                child.item = None
                _report_end(child, "ExecutionSucceeded", {"output": child.output})
                return True
            map_run.failed += 1
            _report_end(child, "ExecutionFailed", child.failure.details)
            map_run.items["failed"] += inputs[child.index][1]
            return self._is_tolerated(map_run)

        revive = _restart if self.child_type == "EXPRESS" else partial(_redrive, map_run)
        others = yield from run_group(fiber, len(inputs), concurrency, start, accept, revive)
        fiber.previous = last
        if not self._is_tolerated(map_run):
            abort(others)
            for child in others:
                _report_end(child, "ExecutionAborted", {})
            map_run.aborted = len(others)
            raise StateError(THRESHOLD, "The specified tolerated failure threshold was exceeded")

    def _find_prefix(self, map_run: MapRun) -> str:
        """Find what the ARNs of the children begin with."""
        kind = ":execution:" if self.child_type == "STANDARD" else ":express:"
        return map_run.arn.replace(":mapRun:", kind, 1).rpartition(":")[0] + ":"

    def _start_child(self, fiber: Fiber, given: Json, index: int, prefix: str) -> Fiber:
        run = fiber.run
        limit = LIMIT if self.child_type == "STANDARD" else None
        history = History(limit, None, keep=run.keeps_children)
        child = run.spawn(fiber, self.inner[0], given, index, history)
        name = make_uuid(run.tokens)
        execution = {
            **fiber.context["Execution"],
            "Id": prefix + name,
            "Input": given,
            "Name": name,
            "StartTime": format_timestamp(run.clock.now),
        }
        child.context = {**fiber.context, "Execution": execution}
        child.variables = {}  # a child execution sees none of its parent's
        child.previous = 0
        return child

    def _is_tolerated(self, map_run: MapRun) -> bool:
        failed, total = map_run.items["failed"], map_run.items["total"]
        if not failed:
            return True
        by_count = bool(map_run.tolerated_count) and failed <= map_run.tolerated_count
        share = 100 * failed / total
        by_share = bool(map_run.tolerated_percentage) and share <= map_run.tolerated_percentage
        # exceeding either of two given thresholds fails the run
        given = [
            within
            for within, wanted in (
                (by_count, map_run.tolerated_count),
                (by_share, map_run.tolerated_percentage),
            )
            if wanted
        ]
        return bool(given) and all(given)

    def _collect(self, fiber: Fiber, value: Json, map_run: MapRun) -> Json:
        if self.writer is not None:
            return self.writer.write(fiber, value, map_run)
        output = [child.output for child in fiber.children if child.failure is None]
        check_size(output, self.name)
        return output


def _show(child: Fiber, map_run: MapRun, items: int) -> None:
    """Let observers see the child's events, and whose they are."""
    seen = Child(map_run, child.context["Execution"]["Id"], child.index, items)
    watch = child.run.observe_child
    child.history.observe = None if watch is None else partial(watch, seen)


def _report_end(child: Fiber, type_: str, details: dict[str, Json]) -> None:
    """Show observers how a child ended; its history, kept for counts, is without that."""
    if child.history.observe is not None and not child.is_kept:
        number, now = child.history.count + 1, child.run.clock.now
        child.history.observe(Event(number, child.previous, type_, details, now))


def _redrive(map_run: MapRun, child: Fiber) -> None:
    """Let a Standard child go on from where it ended; its history says so."""
    child.run.revive(child)
    child.history.count += 1  # how it ended was shown, and not written
    details: dict[str, Json] = {"redriveCount": map_run.redrives}
    now = child.run.clock.now
    child.previous = child.history.add("ExecutionRedriven", 0, details, now, is_end=True)


def _restart(child: Fiber) -> None:
    """Let an Express child begin again: its redrive is another StartExecution.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/redrive-map-run.html.
    """
    child.state, child.input = child.flow.start, child.context["Execution"]["Input"]
    child.variables, child.children, child.entered_id = {}, (), 0
    child.previous = 0
    child.run.revive(child)
