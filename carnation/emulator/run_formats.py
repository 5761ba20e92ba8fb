"""What `carnation run` prints of its runs: lines for a person, one document for a program."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from carnation.console import clean_lines, count, echo, paint, show_progress
from carnation.document.values import Json
from carnation.emulator.events.schedules import Firing, render_time
from carnation.emulator.state_faults import INJECTED_ERROR
from carnation.emulator.stored import Stored
from carnation.emulator.workflow_runs import Observer, WorkflowRun, WorkflowRuns
from carnation.history import Progress
from carnation.history.function_failures import FunctionFailure, readable_cause

_MAX_FAILURES = 5  # different errors of a run that are printed
_MAX_STORED, _MAX_LENGTH = 20, 2000  # entries of a resource that are printed, their characters
_WORDS = {"table": "item", "queue": "message", "topic": "message", "bucket": "object"}
_UNUSED = "the state of --fail was not reached: no fault was injected"
_NO_ITEM = "warning: --fail matched nothing"


class WarningPrinter(Observer):
    """Prints, to standard error, what is not here as it is on AWS."""

    def warned(self, text: str) -> None:
        """Print a warning."""
        show_progress("")
        print(clean_lines(f"warning: {text}"), file=sys.stderr)


class RunPrinter(WarningPrinter):
    """Prints each run when it has ended, and shows a terminal how far it is until then."""

    def deployed(self, seconds: float) -> None:
        """Print how long the deployment took."""
        show_progress("")
        echo(paint(f"deployed in {seconds:.1f} s", "dim"))

    def fired(self, firing: Firing) -> None:
        """Print which schedule fired, and when."""
        show_progress("")
        echo(f"{firing.schedule} fired at {render_time(firing.time)}")

    def progressed(self, number: int, progress: Progress) -> None:
        """Show how far a run is."""
        show_progress(f"  run {number}: {progress.format()}")

    def ended(self, run: WorkflowRun) -> None:
        """Print a run."""
        show_progress("")
        for line in format_run(run):
            echo(line)


def format_run(run: WorkflowRun) -> list[str]:
    """Format one run: its input, its end, its path or what the reporter says, its errors."""
    execution, report = run.execution, run.report
    status = paint(execution.status, "green" if run.succeeded else "red")
    named = f"{status}  {execution.error}" if execution.error else status
    waits = f", {execution.waited:.0f} s of waiting left out" if execution.waited else ""
    lines = [
        f"\nrun {run.number}  {json.dumps(run.input, ensure_ascii=False)}",
        f"  {named}  in {execution.seconds:.1f} s{waits}",
    ]
    if execution.cause and not (report and report.explains):
        lines.append(f"  {readable_cause(execution.cause)}")
    lines += [f"  {line}" for line in report.lines] if report else []
    if report is None and execution.history:
        lines.append(f"  {' → '.join(run.path)}")
    if run.succeeded and not (report and report.lines):
        lines.append(f"  {json.dumps(execution.output, ensure_ascii=False)}")
    return [*lines, *_format_failures(run.failures)]


def _format_failures(failures: Sequence[FunctionFailure]) -> list[str]:
    """Format what functions reported; injected faults say no more than the reporter does."""
    own = [one for one in failures if INJECTED_ERROR not in one.error + one.message]
    lines = [
        f"  {paint(error, 'yellow')}: {message}{f' ({times} times)' if times > 1 else ''}"
        for error, message, times in own[:_MAX_FAILURES]
    ]
    if len(own) > _MAX_FAILURES:
        more = len(own) - _MAX_FAILURES
        lines.append(f"  and {more} other errors; --format json lists them")
    return lines


def format_end(runs: WorkflowRuns, *, has_reporter: bool = False) -> list[str]:
    """Format what follows the last run: where the items are, unused faults, logs."""
    lines = ["", *runs.lines] if runs.lines else []
    if runs.injected == 0:
        lines += ["", _NO_ITEM if has_reporter else _UNUSED]
    lines += [f"undelivered: {one}" for one in runs.undelivered]
    for name, found in runs.stored.items():
        for one in found:
            lines += ["", *_format_stored(name, one)]
    return lines if runs.logs is None else [*lines, *_format_logs(runs.logs)]


def _format_stored(name: str, stored: Stored) -> list[str]:
    resource, content = stored
    own = f"{resource.logical_id}, {resource.name}"
    head = (
        f"{paint(name, 'bold')} ({own}): {count(len(content), _WORDS.get(resource.kind, 'line'))}"
    )
    lines = [f"  {_format_one(one)}" for one in content[:_MAX_STORED]]
    if len(content) > _MAX_STORED:
        lines.append(f"  and {len(content) - _MAX_STORED} more; --format json lists them")
    return [head, *lines]


def _format_one(value: Json) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MAX_LENGTH else f"{text[:_MAX_LENGTH]}…"


def _format_logs(logs: Mapping[str, Sequence[str]]) -> list[str]:
    if not logs:
        return ["", "no function printed anything"]
    return [
        line
        for name, printed in logs.items()
        for line in ["", f"{paint(name, 'bold')} printed", *(f"  {one}" for one in printed)]
    ]


def describe_runs(runs: WorkflowRuns) -> dict[str, Any]:
    """Describe the runs for a program."""
    return {
        "workflow": runs.artifacts.workflow,
        "version": runs.artifacts.version,
        "runs": [_describe_run(run) for run in runs.runs],
        **runs.fields,
        **({} if runs.logs is None else {"logs": runs.logs}),
        **({"shown": _describe_stored(runs)} if runs.stored else {}),
        **({"undelivered": runs.undelivered} if runs.undelivered else {}),
    }


def _describe_stored(runs: WorkflowRuns) -> dict[str, Any]:
    return {
        name: [{**one.resource._asdict(), "content": list(one.content)} for one in found]
        for name, found in runs.stored.items()
    }


def _describe_run(run: WorkflowRun) -> dict[str, Any]:
    execution = run.execution
    return {
        "input": run.input,
        "status": execution.status,
        "error": execution.error,
        "cause": execution.cause,
        "output": execution.output,
        "seconds": round(execution.seconds, 3),
        "waited": round(execution.waited, 3),
        **(run.report.fields if run.report else {}),
        "path": run.path,
        "complaints": [failure._asdict() for failure in run.failures],
    }
