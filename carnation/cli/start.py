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
    find_futility,
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
from carnation.history.live import LiveEvents

_MAX_PRINTED = 2000


def _make_parser() -> CommandParser:
    parser = CommandParser(
        prog="carnation start",
        description="Start the deployed state machine and follow it. Exit with 1 if it fails.",
        epilog="example: carnation start orders --input @order.json --once",
    )
    add_options(parser)
    parser.add_argument(
        "--input", required=True, metavar="JSON", help="Input of the execution as JSON, or @FILE"
    )
    parser.add_argument(
        "--name", metavar="NAME", help="Name of the execution (default: a random one)"
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
    live = LiveEvents()

    def on_event(event: Mapping[str, Any]) -> None:
        for line in live.add(event):
            console.show_progress("")
            console.echo(line)
        if live.is_due():
            console.show_progress(f"  {live.progress.format()}")

    found, events = (
        follow_logs(account, described, arn, on_event)
        if is_express(described)
        else follow_execution(account, arn, on_event)
    )
    failure = explain_failure(found, events)
    console.show_progress("")
    report = {
        "execution": arn, "existed": existed, "status": found["status"],
        "output": found.get("output"), "failure": failure._asdict() if failure else None,
    }  # fmt: skip
    if failure is None:
        output = str(found.get("output", ""))[:_MAX_PRINTED]
        console.echo(paint(f"{found['status']}: {output}", "green"))
        return console.end(report, EXIT_OK)
    futility = find_futility({**found, "isExpress": is_express(described)}, failure, events)
    for line in _format_failure(failure, found, options, futility):
        console.echo(line)
    return console.end(report, EXIT_FINDINGS)


def _format_failure(
    failure: Failure, found: Mapping[str, Any], options: argparse.Namespace, futility: str
) -> list[str]:
    same = f"{options.workflow} {render_options(options)}"
    reporter = find_reporter(options.workflow)
    if reporter and failure.error in reporter.settled_errors:
        following = f"carnation dlq list {same}, or start it again: the queue is worked through"
    elif failure.error in getattr(reporter, "input_errors", ()):
        following = f"correct the input, then carnation start {same}: a redrive keeps it"
    elif futility:
        following = f"{futility}: correct the input or the definition, then carnation start {same}"
    else:
        helps = found["status"] in ("TIMED_OUT", "ABORTED") or failure.state
        following = f"carnation {'recover' if helps else 'status'} {same}"
    rows = [
        ["state", failure.state or "(none)"],
        ["item", "" if failure.item is None else str(failure.item)],
        ["error", failure.error],
        ["cause", failure.cause[:_MAX_PRINTED]],
        ["input", failure.input[:_MAX_PRINTED]],
        ["next", following],
    ]
    lines = align_table([row for row in rows if row[1]])
    return [paint(found["status"], "red"), *(f"  {line}" for line in lines)]
