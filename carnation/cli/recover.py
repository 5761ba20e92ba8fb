"""Redrive the executions that ended badly with unfinished work in them.

Run as `carnation recover`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from carnation.account.operations.execution_logs import HOURS
from carnation.account.operations.recovery import Recovery, find_recovery
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
from carnation.console import count, fit_table
from carnation.workflow.reporters import Reporter


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
    settled = reporter.settled_errors if reporter else ()
    recovery = find_recovery(account, find_output(deployed, "StateMachineArn"), settled)
    done = "started" if recovery.is_express else "redriven"
    report = {"executions": [one["executionArn"] for one in recovery.found], done: {}}
    if not recovery.found:
        console.echo(_explain_none(recovery, reporter))
        return console.end(report, EXIT_OK)
    for line in fit_table(recovery.list_rows()):
        console.echo(line)
    if options.plan or not recovery.chosen:
        return console.end(report, EXIT_FINDINGS)
    which = count(len(recovery.chosen), "execution")
    question = (
        f"start {which} again, each from the beginning?"
        if recovery.is_express
        else f"redrive {which} from where each failed?"
    )
    if not (options.yes or confirm(question)):
        return console.end(report, EXIT_FINDINGS)
    ended: dict[str, str] = {}
    for name, final in recovery.recover(account):
        ended[name] = final["status"]
        console.echo(f"  {name}: {final['status']} {final.get('error') or ''}".rstrip())
    status = EXIT_OK if all(status == "SUCCEEDED" for status in ended.values()) else EXIT_FINDINGS
    return console.end({**report, done: ended}, status)


def _explain_none(recovery: Recovery, reporter: Reporter | None) -> str:
    if recovery.is_express:
        return f"no execution failed within the last {HOURS} hours of logs"
    if reporter is None:
        return "no execution that ended badly can be redriven"
    noun = getattr(reporter, "noun", "item")
    return f"No executions to redrive: all failed executions have requeued their {noun}s."
