"""Run a built workflow on this machine: its very artifacts, its real handlers, no account.

Run as `carnation run`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carnation.artifacts import Artifacts, read_artifacts
from carnation.cli.command import EXIT_FINDINGS, EXIT_OK, run_command
from carnation.console import align_table, echo, paint, show_progress
from carnation.document import dump_json, parse_json
from carnation.emulator.embedded import deploy_artifacts, import_emulator
from carnation.errors import UsageError
from carnation.patterns.events.injection import INJECTED, Fault, Injection, choose_failures
from carnation.workflow import find_root

if TYPE_CHECKING:
    from carnation.emulator import Emulator, Execution
    from carnation.history import Recorded
    from carnation.patterns.events.ledger import Complaint, Whereabouts

_QUEUE_ONLY = {"start_seq": 0, "end_seq": 0}
_COMPLAINTS = 5  # how many different errors of a run are told
_EVENTS = 50  # how many events that are not written are listed
_LONGEST = 40  # characters of a message that has no number


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="carnation run",
        description="Deploy build/<workflow>/ to the embedded AWS, start an execution and tell "
        "where every event is. Exits 1 when the (last) execution failed.",
        epilog="example: carnation run carnation --input "
        """'{"start_seq": 1, "end_seq": 11}' --fail 3,7 --fail-attempts 4 --runs 4""",
    )
    parser.add_argument("workflow", help="the name of a workflow in build/")
    parser.add_argument(
        "--input", default="{}", metavar="JSON",
        help="the execution's input, or @FILE that holds it (@- is standard input)",
    )  # fmt: skip
    parser.add_argument(
        "--fail", metavar="WHICH", help="events that fail: by number (3,5-7) or share (10%%)"
    )
    parser.add_argument(
        "--fail-attempts", type=int, metavar="N",
        help="how many attempts of each chosen event fail (default 1; 4 leads to the dead letters)",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=int, metavar="N",
        help="chooses the share that fails, and the order of what AWS does at once",
    )  # fmt: skip
    parser.add_argument(
        "--runs", type=int, default=1, metavar="N",
        help="runs over the same state; those after the first take --next-input",
    )  # fmt: skip
    parser.add_argument(
        "--next-input", default=json.dumps(_QUEUE_ONLY), metavar="JSON",
        help="input of the runs after the first (default: %(default)s, only the queue)",
    )  # fmt: skip
    parser.add_argument(
        "--in-process", action="store_true", help="run handlers in this process, for a debugger"
    )
    parser.add_argument(
        "--real-time", action="store_true", help="let Wait and Retry take their time"
    )
    parser.add_argument(
        "--logs", action="store_true", help="print what the functions printed and logged"
    )
    parser.add_argument("--format", choices=["text", "json"], default="text")
    parser.add_argument(
        "--report", metavar="FILE.html",
        help="write one page of what the runs did: picture, timeline, inputs and outputs, errors",
    )  # fmt: skip
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, run, print; return the exit status."""
    options = _make_parser().parse_args(argv)
    return run_command(lambda: _run(options))


def _run(options: argparse.Namespace) -> int:
    inputs = [
        _read_input(options.input, "--input"),
        _read_input(options.next_input, "--next-input"),
    ]
    fails = _choose_failures(options)
    artifacts = read_artifacts(find_root("."), options.workflow)
    emulator_type = import_emulator()
    _check_folder(options.report)
    report = _Report(options.format, artifacts, page=options.report)
    with emulator_type(
        in_process=options.in_process, real_time=options.real_time, seed=options.seed
    ) as emulator:
        injection = Injection(fails) if fails else None
        if injection:
            emulator.intercept(
                before_invoke=injection.before_invoke, before_call=injection.before_call
            )
        begun = time.monotonic()
        report.tell_deploying()
        outputs = deploy_artifacts(emulator, artifacts)
        report.tell_deployed(time.monotonic() - begun)
        for number in range(1, options.runs + 1):
            given = inputs[number > 1]
            if number > 1 and "QueueUrl" in outputs and not options.real_time:
                emulator.expire_visibility(outputs["QueueUrl"])  # the next run comes later
            execution = emulator.execute(outputs["StateMachineArn"], given, **report.follow(number))
            report.tell_run(number, given, execution)
        logs = {name: emulator.lines(name) for name in emulator.functions} if options.logs else None
        status = report.close(emulator, outputs, logs, injection)
    report.write_page()
    return status


def _check_folder(path: str | None) -> None:
    """Refuse before anything ran what could not be written after."""
    if path is not None and not Path(path).absolute().parent.is_dir():
        raise UsageError(f"--report: there is no folder for {path}. Make it, or write elsewhere.")


def _read_input(text: str, option: str) -> Any:
    where, remedy = option, """Give one JSON value, quoted for your shell: '{"a": 1}'."""
    if text.startswith("@"):
        where, remedy = text[1:], "Mend the file."
        try:
            text = sys.stdin.read() if where == "-" else Path(where).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{option}: {where} cannot be read: {error}.") from error
    return parse_json(text, where, remedy)


def _choose_failures(options: argparse.Namespace) -> Fault | None:
    if options.fail is None and options.fail_attempts is not None:
        raise UsageError("--fail-attempts says how --fail fails events; give --fail, too.")
    attempts = 1 if options.fail_attempts is None else options.fail_attempts
    if options.runs < 1 or attempts < 1:
        raise UsageError("--runs and --fail-attempts take a number from 1.")
    return choose_failures(options.fail, attempts, 1 if options.seed is None else options.seed)


class _Report:
    """What the run tells: text as it goes, or one JSON document at the end."""

    def __init__(self, form: str, artifacts: Artifacts, *, page: str | None = None) -> None:
        self.text, self.page = form == "text", page
        self.artifacts = artifacts
        self.runs: list[dict[str, Any]] = []
        self.recorded: list[Recorded] = []
        self._say(f"{artifacts.workflow} {artifacts.version} on the embedded AWS")

    def _say(self, line: str = "") -> None:
        if self.text:
            echo(line)

    def _show(self, line: str) -> None:
        if self.text:
            show_progress(line)

    def tell_deploying(self) -> None:
        self._show("  deploying …")

    def tell_deployed(self, seconds: float) -> None:
        self._show("")
        self._say(paint(f"deployed in {seconds:.1f} s", "dim"))

    def follow(self, number: int) -> Any:
        """Give what counts a run's events, and shows the counts: the options of `execute`."""
        from carnation.history.progress import Progress

        progress = self.progress = Progress(keeps_children=self.page is not None)

        def show_if_due() -> None:
            if progress.is_due():
                self._show(f"  run {number}: {progress.tell()}")

        def tell(event: Mapping[str, Any]) -> None:
            progress.add(event)
            show_if_due()

        def tell_child(child: Any, event: Any) -> None:
            progress.add_child(child, event)
            show_if_due()

        return {"on_progress": tell, "on_child": tell_child}

    def tell_run(self, number: int, given: Any, execution: Execution) -> None:
        from carnation.patterns.events.ledger import list_complaints, tally_run

        self._show("")
        tally = tally_run(execution)
        complaints = list_complaints(execution)
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
                "complaints": [complaint._asdict() for complaint in complaints],
            }
        )
        if self.page is not None:
            self._record(number, given, execution)
        if self.text:
            self._print_run(number, given, execution, tally)
            self._print_complaints(complaints)

    def _record(self, number: int, given: Any, execution: Execution) -> None:
        from carnation.history import record_run

        name = self.artifacts.workflow
        definition = json.loads(self.artifacts.files[f"code/state-machine/{name}.asl.json"])
        self.recorded.append(record_run(definition, execution, given, self.progress, number=number))

    def write_page(self) -> None:
        """Write the report, whole or not at all, where one was asked for."""
        if self.page is None:
            return
        from carnation.history import write_page

        path, beside = Path(self.page), Path(f"{self.page}.part")
        title = f"{self.artifacts.workflow} {self.artifacts.version}"
        try:
            beside.write_text(write_page(self.recorded, title), encoding="utf-8")
            beside.replace(path)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise UsageError(f"--report: {path} cannot be written: {error}.") from error
        self._say(f"\nwhat happened, on one page: {path}")

    def _print_run(self, number: int, given: Any, execution: Execution, tally: Any) -> None:
        from carnation.patterns.events.ledger import readable_cause

        fine = execution.status == "SUCCEEDED"
        status = paint(execution.status, "green" if fine else "red")
        named = f"{status}  {execution.error}" if execution.error else status
        waits = f", {execution.waited:.0f} s of waiting left out" if execution.waited else ""
        self._say(f"\nrun {number}  {json.dumps(given, ensure_ascii=False)}")
        self._say(f"  {named}  in {execution.seconds:.1f} s{waits}")
        if execution.cause and not (tally and tally.failed):
            self._say(f"  {readable_cause(execution.cause)}")
        if tally:
            line = f"  {tally.made} made, {tally.received} received from the queue"
            if tally.written is not None:
                line += f", {tally.written} written, {len(tally.failed)} failed"
            self._say(line)
        elif fine:
            self._say(f"  {json.dumps(execution.output, ensure_ascii=False)}")

    def _print_complaints(self, complaints: Sequence[Complaint]) -> None:
        """Say what the functions complained of; injected faults say no more than the table does."""
        own = [one for one in complaints if INJECTED not in one.error + one.message]
        for error, message, times in own[:_COMPLAINTS]:
            often = f" ({times} times)" if times > 1 else ""
            self._say(f"  {paint(error, 'yellow')}: {message}{often}")
        if len(own) > _COMPLAINTS:
            self._say(f"  and {len(own) - _COMPLAINTS} other errors; --format json lists them")

    def close(
        self,
        emulator: Emulator,
        outputs: Mapping[str, str],
        logs: Mapping[str, list[str]] | None,
        injection: Injection | None,
    ) -> int:
        from carnation.patterns.events.ledger import count_places, find_events

        events = find_events(emulator, outputs)
        counts = count_places(events)
        if self.text and "QueueUrl" in outputs:
            self._print_places(events, counts)
        if injection and not injection.count:
            self._say("\nno event was chosen to fail: look at --fail")
        if logs is not None:
            self._print_logs(logs)
        if not self.text:
            document = {
                "workflow": self.artifacts.workflow,
                "version": self.artifacts.version,
                "runs": self.runs,
                "counts": counts,
                "events": [event._asdict() for event in events],
                **({} if logs is None else {"logs": logs}),
            }
            print(dump_json(document), end="")
        return EXIT_OK if self.runs[-1]["status"] == "SUCCEEDED" else EXIT_FINDINGS

    def _print_logs(self, logs: Mapping[str, list[str]]) -> None:
        for name, lines in logs.items():
            self._say(f"\n{paint(name, 'bold')} printed")
            self._say("\n".join(f"  {line}" for line in lines))
        if not logs:
            self._say("\nno function printed anything")

    def _print_places(self, events: Sequence[Whereabouts], counts: Mapping[str, int]) -> None:
        from carnation.patterns.events.ledger import PLACES, WRITTEN

        self._say("\nwhere every event is now")
        rows = [[f"  {PLACES[place]}", str(count)] for place, count in counts.items()]
        for line in align_table(rows, right=[1]):
            self._say(line)
        elsewhere = [event for event in events if event.place != WRITTEN]
        if elsewhere:
            rows = [
                ["  event", "attempt", "where", "why"],
                *(_row_of(event, PLACES[event.place]) for event in elsewhere[:_EVENTS]),
            ]
            self._say()
            for line in align_table(rows, right=[1]):
                self._say(line)
        if len(elsewhere) > _EVENTS:
            self._say(f"  and {len(elsewhere) - _EVENTS} more; --format json lists them")


def _row_of(event: Whereabouts, place: str) -> list[str]:
    attempt = "" if event.retry_attempt is None else str(event.retry_attempt)
    name = event.event if len(event.event) <= _LONGEST else event.event[: _LONGEST - 1] + "…"
    return [f"  {name}", attempt, place, event.reason]
