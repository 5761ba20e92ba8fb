"""Child executions of distributed Maps: found by their ARNs, described."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from carnation.emulator.interpreter.api.errors import no_execution
from carnation.emulator.interpreter.api.names import StatesArn
from carnation.emulator.interpreter.api.records import Region
from carnation.emulator.interpreter.children import ChildExecution
from carnation.emulator.interpreter.services import to_text

if TYPE_CHECKING:
    from carnation.emulator.interpreter.executions import EmulatedExecution


def find_child(region: Region, arn: StatesArn) -> tuple[EmulatedExecution, ChildExecution]:
    """Find a child execution and its parent, or raise `ApiError`."""
    for run in region.executions.values():
        child = run.children.find(arn.text)
        if child is not None:
            return run, child
    raise no_execution(arn.text, region.describe_forgotten())


def describe_child(
    run: EmulatedExecution, child: ChildExecution, *, shown: bool = True, outline: bool = False
) -> dict[str, Any]:
    """Describe a child execution; what was not kept of it is told as not included."""
    found: dict[str, Any] = {
        "executionArn": child.arn,
        "stateMachineArn": f"{run.machine_arn}/{child.label}",
        "name": child.name,
        "status": child.status,
        "startDate": read_moment(child.started),
        "stopDate": read_moment(child.stopped) if child.stopped else None,
        "mapRunArn": child.map_run_arn,
    }
    if outline:
        return {**found, "itemCount": child.items, "redriveCount": child.redrives}
    kept = shown and child.events is not None
    succeeded = child.status == "SUCCEEDED"
    failed = child.status in ("FAILED", "TIMED_OUT", "ABORTED")
    reason = None if failed else f"Execution is {child.status} and cannot be redriven"
    return {
        **found,
        "input": to_text(child.detail(0, "input")) if kept else None,
        "inputDetails": {"included": kept},
        "output": to_text(child.detail(-1, "output")) if kept and succeeded else None,
        "outputDetails": {"included": kept} if succeeded else None,
        "error": child.detail(-1, "error"),
        "cause": child.detail(-1, "cause"),
        "redriveCount": child.redrives,
        "redriveStatus": "REDRIVABLE_BY_MAP_RUN" if failed else "NOT_REDRIVABLE",
        "redriveStatusReason": reason,
    }


def read_moment(moment: float) -> datetime:
    """Return a time of the engine as a date."""
    return datetime.fromtimestamp(moment, tz=timezone.utc)
