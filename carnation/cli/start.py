"""Start the deployed state machine, follow it live, and explain a failure.

Run as `carnation start`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from typing import Any

from carnation.account.operations import (
    Failure,
    derive_name,
    explain_failure,
    follow_execution,
    start,
)
from carnation.account.operations.execution_logs import find_machine, follow_logs, is_express
from carnation.cli.accounts import (
    AccountConsole,
    add_options,
    find_output,
    find_reporter,
    open_stack,
    render_options,
)
from carnation.cli.command import EXIT_FINDINGS, EXIT_OK, run_command
from carnation.cli.json_values import read_json
from carnation.cli.parser import CommandParser
from carnation.console import align_table, paint

_SHOWN = ("StateEntered", "IterationFailed", "ExecutionSucceeded", "ExecutionFailed", "Retry")
_MAX_PRINTED = 2000
_FEW = 20  # items of a Map that are told one by one


def _make_parser() -> CommandParser:
    parser = CommandParser(
        prog="carnation start",
        description="Start the deployed state machine and follow it; exit 1 where it fails.",
        epilog="example: carnation start orders --input @order.json --once",
    )
    add_options(parser)
    parser.add_argument(
        "--input", required=True, metavar="JSON", help="Input of the execution as JSON, or @FILE"
    )
    parser.add_argument(
        "--name", metavar="NAME", help="Name Name of the execution (default: a random one)"
    )
    parser.add_argument(
        "--once",
        action="store_true",
        help="Derive the execution name from the input, so that the same input starts only once",
    )
    parser.add_argument(
        "--no-follow", action="store_true", help="Start the execution without waiting for it"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, start, print; return the exit status."""
    options = _make_parser().parse_args(argv)
    return run_command(lambda: _start(options))


def _start(options: argparse.Namespace) -> int:
    console = AccountConsole(options.format)
    text = json.dumps(read_json("--input", options.input), ensure_ascii=False)
    name = derive_name(text) if options.once else options.name
    account, deployed = open_stack(options)
    machine = deployed.outputs.get("StateMachineAliasArn") or find_output(
        deployed, "StateMachineArn"
    )
    arn, existed = start(account, machine, text, name)
    console.echo(f"{'execution already exists:' if existed else 'started'} {arn}")
    if options.no_follow:
        return console.end({"execution": arn, "existed": existed}, EXIT_OK)
    described = find_machine(account, machine)
    on_event = EventPrinter(console).report
    found, events = (
        follow_logs(account, described, arn, on_event)
        if is_express(described)
        else follow_execution(account, arn, on_event)
    )
    console.show_progress("")
    failure = explain_failure(found, events)
    report = {
        "execution": arn, "existed": existed, "status": found["status"],
        "output": found.get("output"), "failure": failure._asdict() if failure else None,
    }  # fmt: skip
    if failure is None:
        console.echo(
            paint(f"{found['status']}: {str(found.get('output', ''))[:_MAX_PRINTED]}", "green")
        )
        return console.end(report, EXIT_OK)
    for line in _format_failure(failure, found, options):
        console.echo(line)
    return console.end(report, EXIT_FINDINGS)


class EventPrinter:
    """Tells states and failures as they come; of the items of a long Map, only the failures.

    How many are done is shown where a person watches.
    """

    def __init__(self, console: AccountConsole) -> None:
        """Take where to tell it."""
        from carnation.history.progress import Progress

        self._console = console
        self._progress = Progress()
        self._inside: set[int] = set()  # the events of the iterations of long Maps
        self._long: dict[str, bool] = {}  # long Maps by name: whether one is itself inside another
        self._map = ""  # that was entered last

    def report(self, event: Mapping[str, Any]) -> None:
        """Tell an event, as `GetExecutionHistory` gives it, if it is one to tell."""
        self._progress.add(event)
        kind, is_inside = str(event["type"]), self._find_inside(event)
        if is_inside:
            self._inside.add(event["id"])
        if "Failed" in kind or (kind.endswith(_SHOWN) and not is_inside):
            self._console.show_progress("")
            self._print_event(event, kind)
        if self._long and self._progress.is_due():
            self._console.show_progress(f"  {self._progress.format()}")

    def _find_inside(self, event: Mapping[str, Any]) -> bool:
        """Tell whether an event is of an iteration of a long Map."""
        kind, follows = event["type"], event.get("previousEventId") in self._inside
        if kind == "MapStateEntered":
            self._map = event["stateEnteredEventDetails"]["name"]
        elif kind == "MapStateStarted" and event["mapStateStartedEventDetails"]["length"] > _FEW:
            self._long[self._map] = follows
        elif kind.startswith("MapIteration"):
            (iteration,) = (v for k, v in event.items() if k.startswith("mapIteration"))
            if iteration["name"] in self._long:
                return kind == "MapIterationStarted" or self._long[iteration["name"]]
        return follows

    def _print_event(self, event: Mapping[str, Any], kind: str) -> None:
        details: Mapping[str, Any] = next(
            (v for k, v in event.items() if k.endswith("EventDetails") and v), {}
        )
        words = [details.get("name"), details.get("error")]
        when = event["timestamp"].strftime("%H:%M:%S")
        line = f"  {when}  {kind:<28}{' '.join(str(word) for word in words if word)}"
        self._console.echo(line.rstrip())


def _format_failure(
    failure: Failure, found: Mapping[str, Any], options: argparse.Namespace
) -> list[str]:
    same = f"{options.workflow} {render_options(options)}"
    reporter = find_reporter(options.workflow)
    if reporter and failure.error in reporter.settled_errors:
        following = f"carnation dlq list {same}, or start it again: the queue is worked through"
    elif found["status"] in ("TIMED_OUT", "ABORTED") or failure.state:
        following = f"carnation recover {same}"
    else:
        following = f"carnation status {same}"
    rows = [
        ["state", failure.state or "(none)"],
        ["item", "" if failure.item is None else str(failure.item)],
        ["error", failure.error],
        ["cause", failure.cause[:_MAX_PRINTED]],
        ["input", failure.input[:_MAX_PRINTED]],
        ["next", following],
    ]
    head = paint(f"{found['status']}", "red")
    return [head, *(f"  {line}" for line in align_table([row for row in rows if row[1]]))]
