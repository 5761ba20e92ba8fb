"""Run a built workflow on this machine: its very artifacts, its real handlers, no account.

Run as `python -m carnation.run` or `carnation run`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from carnation.artifacts import Artifacts, read_artifacts
from carnation.console import FINDINGS, OK, align_table, paint, run_verb
from carnation.document import dump_json, parse_json
from carnation.errors import CarnationError, UsageError
from carnation.failures import Fault, choose_failures
from carnation.workflow import find_root

if TYPE_CHECKING:
    from carnation.emulator import Emulator, Execution, FunctionError
    from carnation.ledger import Whereabouts

_QUEUE_ONLY = {"start_seq": 0, "end_seq": 0}


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="carnation run",
        description="Deploy build/<workflow>/ to the embedded AWS, start an execution and tell "
        "where every event is. Exits 1 when the (last) execution failed.",
        epilog="example: python -m carnation.run carnation --input "
        """'{"start_seq": 1, "end_seq": 11}' --fail 3,7 --fail-attempts 4 --runs 4""",
    )
    parser.add_argument("workflow", help="the name of a workflow in build/")
    parser.add_argument("--input", default="{}", metavar="JSON", help="the execution's input")
    parser.add_argument(
        "--fail", metavar="WHICH", help="events that fail: by number (3,5-7) or share (10%%)"
    )
    parser.add_argument(
        "--fail-attempts", type=int, default=1, metavar="N",
        help="how many attempts of each chosen event fail (default 1; 4 leads to the dead letters)",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, help="chooses the share that fails")
    parser.add_argument(
        "--runs", type=int, default=1, metavar="N",
        help="runs over the same state; those after the first only work through the queue",
    )  # fmt: skip
    parser.add_argument(
        "--in-process", action="store_true", help="run handlers in this process, for a debugger"
    )
    parser.add_argument(
        "--real-time", action="store_true", help="let Wait and Retry take their time"
    )
    parser.add_argument("--format", choices=["text", "json"], default="text")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, run, print; return the exit status."""
    options = _make_parser().parse_args(argv)
    return run_verb(lambda: _run(options))


def _run(options: argparse.Namespace) -> int:
    first = parse_json(
        options.input, "--input", """Give one JSON value, quoted for your shell: '{"a": 1}'."""
    )
    if options.runs < 1 or options.fail_attempts < 1:
        raise UsageError("--runs and --fail-attempts take a number from 1.")
    fails = choose_failures(options.fail, options.fail_attempts, options.seed)
    artifacts = read_artifacts(find_root("."), options.workflow)
    emulator_type = _import_emulator()
    report = _Report(options.format, artifacts)
    with emulator_type(in_process=options.in_process, real_time=options.real_time) as emulator:
        if fails:
            emulator.intercept(before_invoke=_make_hook(fails))
        begun = time.monotonic()
        report.tell_deploying()
        outputs = _deploy(emulator, artifacts)
        report.tell_deployed(time.monotonic() - begun)
        for number in range(1, options.runs + 1):
            given = _QUEUE_ONLY if number > 1 and "QueueUrl" in outputs else first
            execution = emulator.execute(
                outputs["StateMachineArn"], given, on_progress=report.tell_progress
            )
            report.tell_run(number, given, execution)
        return report.close(emulator, outputs)


def _import_emulator() -> type[Emulator]:
    try:
        from carnation.emulator import Emulator
    except ImportError as error:
        raise CarnationError(
            f"running needs the embedded AWS, and '{error.name}' is not installed. "
            "Install it with: pip install 'carnation[run]'"
        ) from error
    return Emulator


def _make_hook(fault: Fault) -> Callable[[str, Any], FunctionError | None]:
    from carnation.emulator import FunctionError

    def fail(function: str, payload: Any) -> FunctionError | None:
        found = fault(payload)
        return FunctionError(*found) if found else None

    return fail


def _deploy(emulator: Emulator, artifacts: Artifacts) -> Mapping[str, str]:
    deployment = emulator.deploy(
        artifacts.workflow,
        artifacts.list_uploads(),
        artifacts.find_key("-root-stack.yaml"),
        {"ArtifactBucket": "carnation-artifacts"},
        bucket="carnation-artifacts",
    )
    if "StateMachineArn" not in deployment.outputs:
        raise CarnationError(
            f"the root stack of '{artifacts.workflow}' has no output StateMachineArn, by which a "
            "run finds what to start. Add one to the workflow's root template, and build."
        )
    return deployment.outputs


class _Report:
    """What the run tells: text as it goes, or one JSON document at the end."""

    def __init__(self, form: str, artifacts: Artifacts) -> None:
        self.text = form == "text"
        self.artifacts = artifacts
        self.runs: list[dict[str, Any]] = []
        self.done = self.total = 0
        self._say(f"{artifacts.workflow} {artifacts.version} on the embedded AWS")

    def _say(self, line: str = "") -> None:
        if self.text:
            print(line, flush=True)

    def _show(self, line: str) -> None:
        """Show a line where a person watches, until the next one takes its place."""
        if self.text and sys.stderr.isatty():
            print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)

    def tell_deploying(self) -> None:
        self._show("  deploying …")

    def tell_deployed(self, seconds: float) -> None:
        self._show("")
        self._say(paint(f"deployed in {seconds:.1f} s", "dim"))

    def tell_progress(self, event: Mapping[str, Any]) -> None:
        """Count the iterations of a Map."""
        if event["type"] == "MapStateStarted":
            self.done, self.total = 0, event["mapStateStartedEventDetails"]["length"]
        elif event["type"] == "MapIterationSucceeded":
            self.done += 1
            self._show(f"  {self.done} of {self.total} events")

    def tell_run(self, number: int, given: Any, execution: Execution) -> None:
        from carnation.ledger import tally_run

        self._show("")
        tally = tally_run(execution)
        self.runs.append(
            {
                "input": given,
                "status": execution.status,
                "error": execution.error,
                "cause": execution.cause,
                "output": execution.output,
                "seconds": round(execution.seconds, 3),
                "waited": round(execution.waited, 3),
                **(tally._asdict() if tally else {}),
            }
        )
        if self.text:
            self._print_run(number, given, execution, tally)

    def _print_run(self, number: int, given: Any, execution: Execution, tally: Any) -> None:
        fine = execution.status == "SUCCEEDED"
        status = paint(execution.status, "green" if fine else "red")
        named = f"{status}  {execution.error}" if execution.error else status
        waits = f", {execution.waited:.0f} s of waiting left out" if execution.waited else ""
        self._say(f"\nrun {number}  {json.dumps(given, ensure_ascii=False)}")
        self._say(f"  {named}  in {execution.seconds:.1f} s{waits}")
        if execution.cause and not (tally and tally.failed):
            self._say(f"  {_readable_cause(execution.cause)}")
        if tally:
            line = f"  {tally.made} made, {tally.received} received from the queue"
            if tally.written is not None:
                line += f", {tally.written} written, {len(tally.failed)} failed"
            self._say(line)
        elif fine:
            self._say(f"  {json.dumps(execution.output, ensure_ascii=False)}")

    def close(self, emulator: Emulator, outputs: Mapping[str, str]) -> int:
        from carnation.ledger import count_places, find_events

        events = find_events(emulator, outputs)
        counts = count_places(events)
        if self.text and "QueueUrl" in outputs:
            self._print_places(events, counts)
        elif not self.text:
            document = {
                "workflow": self.artifacts.workflow,
                "version": self.artifacts.version,
                "runs": self.runs,
                "counts": counts,
                "events": [event._asdict() for event in events],
            }
            print(dump_json(document), end="")
        return OK if self.runs[-1]["status"] == "SUCCEEDED" else FINDINGS

    def _print_places(self, events: Sequence[Whereabouts], counts: Mapping[str, int]) -> None:
        from carnation.ledger import PLACES, WRITTEN

        self._say("\nwhere every event is now")
        rows = [[f"  {PLACES[place]}", str(count)] for place, count in counts.items()]
        for line in align_table(rows, right=[1]):
            self._say(line)
        elsewhere = [event for event in events if event.place != WRITTEN]
        if elsewhere:
            rows = [
                ["  event", "attempt", "where", "why"],
                *(_row_of(event, PLACES[event.place]) for event in elsewhere),
            ]
            self._say()
            for line in align_table(rows, right=[1]):
                self._say(line)


def _row_of(event: Whereabouts, place: str) -> list[str]:
    number = "no event" if event.sequence_no is None else str(event.sequence_no)
    attempt = "" if event.retry_attempt is None else str(event.retry_attempt)
    return [f"  {number}", attempt, place, event.reason]


def _readable_cause(cause: str) -> str:
    """Give the message inside a Lambda error's cause, or the cause as it is."""
    try:
        return str(json.loads(cause)["errorMessage"])
    except (ValueError, KeyError, TypeError):
        return cause


if __name__ == "__main__":
    sys.exit(main())
