"""Run a built workflow on this machine: its very artifacts, its real handlers, no account.

Run as `carnation run`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carnation.artifacts import Artifacts, read_artifacts
from carnation.asl import walk_states
from carnation.cli.command import EXIT_FINDINGS, EXIT_OK, run_command
from carnation.console import echo, paint, show_progress
from carnation.document import dump_json, parse_json
from carnation.emulator.embedded import deploy_artifacts, import_emulator
from carnation.emulator.state_faults import INJECTED_ERROR, StateFaults
from carnation.errors import UsageError, suggest_name
from carnation.workflow import find_root
from carnation.workflow.reporters import Faults, Reporter, RunReport, load_reporter

if TYPE_CHECKING:
    from carnation.emulator import Emulator, Execution
    from carnation.history import Recorded
    from carnation.history.function_failures import FunctionFailure

_QUEUE = re.compile(r"https?://(sqs[.]|[^/]*queue[.])[^/]*/\d{12}/[^/]+\Z")
_UNUSED = "\nthe state of --fail was not reached: nothing failed on purpose"
_COMPLAINTS = 5  # how many different errors of a run are told


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="carnation run",
        description="Deploy build/<workflow>/ to the embedded AWS, start an execution and print "
        "its status and output, or what the workflow's reporter knows. Exits 1 when the (last) "
        "execution failed.",
        epilog="example: carnation run orders --input @order.json --fail ChargeCard "
        "--fail-error CardDeclined --fail-attempts 2",
    )
    parser.add_argument("workflow", help="the name of a workflow in build/")
    parser.add_argument(
        "--input", default="{}", metavar="JSON",
        help="the execution's input, or @FILE that holds it (@- is standard input)",
    )  # fmt: skip
    parser.add_argument(
        "--fail", metavar="WHICH",
        help="a Task state that fails, or what the workflow's reporter chooses by this word "
        "(events: 3,5-7 or 10%%)",
    )  # fmt: skip
    parser.add_argument(
        "--fail-error", metavar="ERROR",
        help=f"the error with which the state of --fail fails (default: {INJECTED_ERROR})",
    )  # fmt: skip
    parser.add_argument(
        "--fail-attempts", type=int, metavar="N",
        help="how many attempts of each fail (default 1)",
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
        "--next-input", metavar="JSON",
        help="input of the runs after the first (default: the reporter's, else --input again)",
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
    given = _read_input(options.input, "--input")
    following = options.next_input and _read_input(options.next_input, "--next-input")
    _check_numbers(options)
    root = find_root(".")
    artifacts = read_artifacts(root, options.workflow)
    reporter = load_reporter(root, artifacts.manifest)
    if options.next_input is None:
        following = reporter.next_input if reporter else given
    faults = _choose_faults(options, artifacts, reporter)
    emulator_type = import_emulator()
    _check_folder(options.report)
    report = _Report(options.format, artifacts, reporter, page=options.report)
    with emulator_type(
        in_process=options.in_process, real_time=options.real_time, seed=options.seed
    ) as emulator:
        if faults:
            faults.install(emulator)
        begun = time.monotonic()
        report.tell_deploying()
        outputs = deploy_artifacts(emulator, artifacts)
        report.tell_deployed(time.monotonic() - begun)
        for number in range(1, options.runs + 1):
            if number > 1 and not options.real_time:
                _let_time_pass(emulator, outputs)
            value = given if number == 1 else following
            execution = emulator.execute(outputs["StateMachineArn"], value, **report.follow(number))
            report.tell_run(number, value, execution)
        logs = {name: emulator.lines(name) for name in emulator.functions} if options.logs else None
        status = report.close(emulator, outputs, logs, faults)
    report.write_page()
    return status


def _let_time_pass(emulator: Emulator, outputs: Mapping[str, str]) -> None:
    """Let what a run has received be visible to the next, which comes later."""
    for value in outputs.values():
        if _QUEUE.match(value):
            emulator.expire_visibility(value)


def _check_folder(path: str | None) -> None:
    """Refuse before anything ran what could not be written after."""
    if path is not None and not Path(path).absolute().parent.is_dir():
        raise UsageError(f"--report: there is no folder for {path}. Make it, or write elsewhere.")


def _read_input(text: str, option: str) -> Any:
    where, remedy = option, """Give one JSON value, quoted for your shell: '{"a": 1}'."""
    if text.startswith("@"):
        where, remedy = text[1:], "Fix the file."
        try:
            text = sys.stdin.read() if where == "-" else Path(where).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{option}: {where} cannot be read: {error}.") from error
    return parse_json(text, where, remedy)


def _check_numbers(options: argparse.Namespace) -> None:
    for option in ("fail_attempts", "fail_error"):
        if options.fail is None and getattr(options, option) is not None:
            raise UsageError(
                f"--{option.replace('_', '-')} says how --fail fails what it chooses; "
                "give --fail, too."
            )
    if options.runs < 1 or (options.fail_attempts is not None and options.fail_attempts < 1):
        raise UsageError("--runs and --fail-attempts take a number from 1.")


def _choose_faults(
    options: argparse.Namespace, artifacts: Artifacts, reporter: Reporter | None
) -> Faults | None:
    """Read `--fail`: a state's name wins over what the reporter may choose by it."""
    if options.fail is None:
        return None
    attempts = options.fail_attempts or 1
    text = artifacts.files[f"code/state-machine/{artifacts.workflow}.asl.json"]
    tasks = [
        place.name for place in walk_states(json.loads(text)) if place.body.get("Type") == "Task"
    ]
    if options.fail in tasks:
        return StateFaults(options.fail, options.fail_error or INJECTED_ERROR, attempts)
    if reporter is None:
        raise UsageError(
            f"--fail: '{options.fail}' is not a Task state of '{artifacts.workflow}'."
            f"{suggest_name(options.fail, tasks)} Its Task states: {', '.join(tasks) or 'none'}."
        )
    if options.fail_error is not None:
        raise UsageError("--fail-error needs the name of a Task state in --fail.")
    seed = 1 if options.seed is None else options.seed
    return reporter.choose_faults(options.fail, attempts, seed)


class _Report:
    """What the run tells: text as it goes, or one JSON document at the end."""

    def __init__(
        self,
        form: str,
        artifacts: Artifacts,
        reporter: Reporter | None = None,
        *,
        page: str | None = None,
    ) -> None:
        self.text, self.page = form == "text", page
        self.artifacts, self.reporter = artifacts, reporter
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
        from carnation.history.function_failures import list_function_failures

        self._show("")
        told = self.reporter.describe_run(execution) if self.reporter else None
        complaints = list_function_failures(execution.history)
        self.runs.append(
            {
                "input": given,
                "status": execution.status,
                "error": execution.error,
                "cause": execution.cause,
                "output": execution.output,
                "seconds": round(execution.seconds, 3),
                "waited": round(execution.waited, 3),
                **(told.fields if told else {}),
                "complaints": [complaint._asdict() for complaint in complaints],
            }
        )
        if self.page is not None:
            self._record(number, given, execution)
        if self.text:
            self._print_run(number, given, execution, told)
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

    def _print_run(
        self, number: int, given: Any, execution: Execution, told: RunReport | None = None
    ) -> None:
        from carnation.history.function_failures import readable_cause

        fine = execution.status == "SUCCEEDED"
        status = paint(execution.status, "green" if fine else "red")
        named = f"{status}  {execution.error}" if execution.error else status
        waits = f", {execution.waited:.0f} s of waiting left out" if execution.waited else ""
        self._say(f"\nrun {number}  {json.dumps(given, ensure_ascii=False)}")
        self._say(f"  {named}  in {execution.seconds:.1f} s{waits}")
        if execution.cause and not (told and told.explains):
            self._say(f"  {readable_cause(execution.cause)}")
        for line in told.lines if told else ():
            self._say(f"  {line}")
        if told is None and execution.history:
            self._say(f"  {' → '.join(_list_path(execution))}")
        if fine and not (told and told.lines):
            self._say(f"  {json.dumps(execution.output, ensure_ascii=False)}")

    def _print_complaints(self, complaints: Sequence[FunctionFailure]) -> None:
        """Say what the functions complained of; injected faults say no more than the table does."""
        own = [one for one in complaints if INJECTED_ERROR not in one.error + one.message]
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
        faults: Faults | None,
    ) -> int:
        fields: Mapping[str, Any] = {}
        if self.reporter and set(self.reporter.outputs) & set(outputs):
            found = list(self.reporter.find(emulator, outputs))
            fields, lines = self.reporter.describe_places(found)
            self._say("\n" + "\n".join(lines))
        if faults and not faults.count:
            self._say("\nno event was chosen to fail: look at --fail" if self.reporter else _UNUSED)
        if logs is not None:
            self._print_logs(logs)
        if not self.text:
            document = {
                "workflow": self.artifacts.workflow,
                "version": self.artifacts.version,
                "runs": self.runs,
                **fields,
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


def _list_path(execution: Execution) -> list[str]:
    """List the states that an execution entered, those of Maps and branches too, each once."""
    details = [event.get("stateEnteredEventDetails") for event in execution.history]
    return list(dict.fromkeys(one["name"] for one in details if one))
