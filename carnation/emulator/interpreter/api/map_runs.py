"""Operations on Map Runs.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeMapRun.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from carnation.emulator.interpreter.api.child_executions import read_moment
from carnation.emulator.interpreter.api.errors import no_resource, validation_error
from carnation.emulator.interpreter.api.names import parse_arn
from carnation.emulator.interpreter.api.pages import cut_page
from carnation.emulator.interpreter.api.records import Region, find_execution

if TYPE_CHECKING:
    from carnation.emulator.interpreter.executions import EmulatedExecution
    from carnation.engine import MapRun

Params = Mapping[str, Any]
_CHANGEABLE = {
    "maxConcurrency": "max_concurrency",
    "toleratedFailureCount": "tolerated_count",
    "toleratedFailurePercentage": "tolerated_percentage",
}


def find_map_run(region: Region, text: str) -> tuple[EmulatedExecution, MapRun]:
    """Find a Map Run and its execution, or raise `ApiError`."""
    parse_arn(text, "mapRun")
    for run in region.executions.values():
        for map_run in run.engine.map_runs:
            if map_run.arn == text:
                return run, map_run
    raise no_resource(text)


def list_map_runs(region: Region, params: Params) -> dict[str, Any]:
    """List the Map Runs of an execution, the newest first."""
    run = find_execution(region, params["executionArn"])
    rows = list(reversed(run.engine.map_runs))
    page, more = cut_page("ListMapRuns", params, rows, lambda map_run: map_run.arn)
    return {"mapRuns": [_outline(run, map_run) for map_run in page], **more}


def _outline(run: EmulatedExecution, map_run: MapRun) -> dict[str, Any]:
    label = map_run.arn.partition("/")[2].rpartition(":")[0]
    return {
        "executionArn": run.arn,
        "mapRunArn": map_run.arn,
        "stateMachineArn": f"{run.machine_arn}/{label}",
        **_find_dates(run, map_run),
    }


def _find_dates(run: EmulatedExecution, map_run: MapRun) -> dict[str, Any]:
    stopped = map_run.stopped_at or (run.engine.clock.now if run.status != "RUNNING" else None)
    return {
        "startDate": read_moment(map_run.started_at),
        "stopDate": None if stopped is None else read_moment(stopped),
    }


def describe_map_run(region: Region, params: Params) -> dict[str, Any]:
    """Describe a Map Run, with counts that add up to their totals."""
    run, map_run = find_map_run(region, params["mapRunArn"])
    over = run.status != "RUNNING"
    executions, items = _count(run, map_run)
    if map_run.redrives:
        _count_redrive(run, map_run, executions, items)
    outline = _outline(run, map_run)
    del outline["stateMachineArn"]
    return {
        **outline,
        "status": "ABORTED" if map_run.status == "RUNNING" and over else map_run.status,
        "maxConcurrency": map_run.max_concurrency,
        "toleratedFailureCount": map_run.tolerated_count,
        "toleratedFailurePercentage": float(map_run.tolerated_percentage),
        "itemCounts": items,
        "executionCounts": executions,
        "redriveCount": map_run.redrives,
        "redriveDate": run.redrive_date if map_run.redrives else None,
    }


def _count(run: EmulatedExecution, map_run: MapRun) -> tuple[dict[str, int], dict[str, int]]:
    """Count child executions and items by how they ended; those not yet started are pending."""
    executions: Counter[str] = Counter()
    items: Counter[str] = Counter()
    for child in run.children.list(map_run.arn):
        executions[child.status] += 1
        items[child.status] += child.items
    over = run.status != "RUNNING" or map_run.status != "RUNNING"
    return (
        _export_counts(executions, map_run.total, over=over),
        _export_counts(items, map_run.items.get("total", 0), over=over),
    )


def _count_redrive(
    run: EmulatedExecution, map_run: MapRun, executions: dict[str, int], items: dict[str, int]
) -> None:
    """Count what a redrive has still to run again; here all that failed can be redriven."""
    waiting = [
        child
        for child in run.children.list(map_run.arn)
        if map_run.status == run.status == "RUNNING"
        and child.status not in ("RUNNING", "SUCCEEDED")
        and child.redrives < map_run.redrives
    ]
    for counts, pending in (
        (executions, len(waiting)),
        (items, sum(child.items for child in waiting)),
    ):
        counts.update(failuresNotRedrivable=0, pendingRedrive=pending)


def _export_counts(counts: Counter[str], total: int, *, over: bool) -> dict[str, int]:
    rest = max(0, total - counts.total())
    unfinished = counts["RUNNING"]
    return {
        "pending": 0 if over else rest,
        "running": 0 if over else unfinished,
        "succeeded": counts["SUCCEEDED"],
        "failed": counts["FAILED"],
        "timedOut": counts["TIMED_OUT"],
        "aborted": counts["ABORTED"] + (rest + unfinished if over else 0),
        "total": total,
        "resultsWritten": counts["SUCCEEDED"] + counts["FAILED"] if over else 0,
    }


def update_map_run(region: Region, params: Params) -> dict[str, Any]:
    """Return a running Map Run other limits."""
    run, map_run = find_map_run(region, params["mapRunArn"])
    if run.status != "RUNNING" or map_run.status != "RUNNING":
        raise validation_error(
            "Map Run has completed and cannot be updated", "CANNOT_UPDATE_COMPLETED_MAP_RUN"
        )
    if not any(name in params for name in _CHANGEABLE):
        raise validation_error(
            "At least one of maxConcurrency, toleratedFailureCount and toleratedFailurePercentage "
            "must be specified",
            "MISSING_REQUIRED_PARAMETER",
        )
    for name, attribute in _CHANGEABLE.items():
        if name in params:
            setattr(map_run, attribute, params[name])
    return {}
