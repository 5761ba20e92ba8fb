"""Redrive the executions that ended badly with unfinished work in them.

Run as `carnation recover`.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from carnation.account import Account
from carnation.account.operations import find_redrivable, follow_execution, redrive, start
from carnation.account.operations.execution_logs import (
    HOURS,
    find_machine,
    follow_logs,
    is_express,
    list_logged,
)
from carnation.account.operations.executions import ENDED, is_redrivable
from carnation.cli.accounts import (
    AccountConsole,
    add_options,
    confirm,
    find_output,
    find_reporter,
    open_stack,
)
from carnation.cli.command import EXIT_FINDINGS, EXIT_OK, run_command
from carnation.cli.parser import CommandParser
from carnation.console import align_table, count, format_time


def _make_parser() -> CommandParser:
    parser = CommandParser(
        prog="carnation recover",
        description="Redrive executions that failed, were aborted, or timed out and still hold "
        "unprocessed events, after a confirmation. Exit with 1 if one fails again. Executions of "
        "an Express workflow cannot be redriven: those of the last 24 hours are started again.",
        epilog="example: carnation recover carnation --environment prod --plan",
    )
    add_options(parser)
    parser.add_argument(
        "--plan", action="store_true", help="Show the executions without redriving them"
    )
    parser.add_argument("--yes", action="store_true", help="Skip the confirmation prompt")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, redrive, print; return the exit status."""
    options = _make_parser().parse_args(argv)
    return run_command(lambda: _recover(options))


def _recover(options: argparse.Namespace) -> int:
    console = AccountConsole(options.format)
    account, deployed = open_stack(options)
    reporter = find_reporter(options.workflow)
    machine = find_output(deployed, "StateMachineArn")
    described = find_machine(account, machine)
    if is_express(described):
        return _start_again(console, account, described, options)
    found = list(find_redrivable(account, machine, reporter.settled_errors if reporter else ()))
    rows = [["execution", "status", "error", "started", "can be redriven"]] + [
        [
            one["name"], one["status"], one.get("error") or "",
            format_time(one["startDate"].timestamp()),
            "yes" if is_redrivable(one) else str(one.get("redriveStatusReason") or "no"),
        ]
        for one in found
    ]  # fmt: skip
    chosen = [one for one in found if is_redrivable(one)]
    report = {"executions": [one["executionArn"] for one in found], "redriven": {}}
    if not found:
        console.echo(
            "No executions to redrive: all failed executions have requeued their "
            f"{getattr(reporter, 'noun', 'item')}s."
            if reporter
            else "no execution that ended badly can be redriven"
        )
        return console.end(report, EXIT_OK)
    for line in align_table(rows):
        console.echo(line)
    if options.plan or not chosen:
        return console.end(report, EXIT_FINDINGS)
    which = count(len(chosen), "execution")
    if not (options.yes or confirm(f"redrive {which} from where each failed?")):
        return console.end(report, EXIT_FINDINGS)
    ended: dict[str, str] = {}
    for one in chosen:
        redrive(account, one["executionArn"])
    for one in chosen:
        final, _ = follow_execution(account, one["executionArn"])
        ended[one["name"]] = final["status"]
        console.echo(f"  {one['name']}: {final['status']} {final.get('error') or ''}".rstrip())
    status = EXIT_OK if all(status == "SUCCEEDED" for status in ended.values()) else EXIT_FINDINGS
    return console.end({**report, "redriven": ended}, status)


def _start_again(
    console: AccountConsole,
    account: Account,
    machine: Mapping[str, Any],
    options: argparse.Namespace,
) -> int:
    """Start the failed executions of an Express workflow again, with the input that is logged."""
    found = [one for one in list_logged(account, machine) if one["status"] in ENDED]
    rows = [["execution", "status", "error", "started", "input"]] + [
        [
            one["name"].partition(":")[0], one["status"], one.get("error") or "",
            format_time(one["startDate"].timestamp()), (one["input"] or "(not logged)")[:60],
        ]
        for one in found
    ]  # fmt: skip
    report = {"executions": [one["executionArn"] for one in found], "started": {}}
    if not found:
        console.echo(f"no execution failed within the last {HOURS} hours of logs")
        return console.end(report, EXIT_OK)
    for line in align_table(rows):
        console.echo(line)
    chosen = [one for one in found if one["input"] is not None]
    which = count(len(chosen), "execution")
    if options.plan or not chosen:
        return console.end(report, EXIT_FINDINGS)
    if not (options.yes or confirm(f"start {which} again, each from the beginning?")):
        return console.end(report, EXIT_FINDINGS)
    ended = {}
    for one in chosen:
        arn, _ = start(account, machine["stateMachineArn"], one["input"], None)
        final, _ = follow_logs(account, machine, arn)
        ended[one["name"]] = final["status"]
        console.echo(f"  {one['name']}: {final['status']} {final.get('error') or ''}".rstrip())
    status = EXIT_OK if all(status == "SUCCEEDED" for status in ended.values()) else EXIT_FINDINGS
    return console.end({**report, "started": ended}, status)
