"""Show how a deployed workflow is: stack, versions, queues, alarms, the last executions.

Run as `carnation status`.
"""

from __future__ import annotations

import argparse
import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from carnation.account.operations import find_status
from carnation.cli.accounts import AccountConsole, add_options, open_stack
from carnation.cli.command import EXIT_FINDINGS, EXIT_OK, run_command
from carnation.cli.parser import CommandParser
from carnation.console import align_table, format_time, paint


def _make_parser() -> CommandParser:
    parser = CommandParser(
        prog="carnation status",
        description="Show the status of a deployed workflow. Exit with 1 if an alarm is active.",
        epilog="example: carnation status carnation --environment prod",
    )
    add_options(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, ask, print; return the exit status."""
    options = _make_parser().parse_args(argv)
    return run_command(lambda: _print_status(options))


def _print_status(options: argparse.Namespace) -> int:
    console = AccountConsole(options.format)
    account, deployed = open_stack(options)
    status = find_status(account, deployed)
    shield = "termination protection " + ("on" if status["protected"] else "off")
    console.echo(f"{status['stack']}: {status['status']}, {shield}")
    _print_table(console, "versions", status["versions"], ("number", "created", "weight"))
    _print_table(
        console, "queues", status["queues"], ("queue", "visible", "in_flight", "oldest_seconds")
    )
    alarms = status["alarms"]
    on = alarms if isinstance(alarms, str) else [row for row in alarms if row["state"] == "ALARM"]
    if on:
        _print_table(console, "alarms", on, ("alarm", "state", "reason"))
    else:
        console.echo(f"\nAlarms: 0 of {len(alarms)} active")
    columns = ("name", "status", "started", "version")
    _print_table(console, "last executions", status["executions"], columns)
    return console.end(status, EXIT_FINDINGS if on and not isinstance(on, str) else EXIT_OK)


def _print_table(
    console: AccountConsole,
    title: str,
    rows: Sequence[Mapping[str, Any]] | str,
    columns: Sequence[str],
) -> None:
    console.echo(f"\n{paint(title, 'bold')}")
    if isinstance(rows, str):
        console.echo(f"  {rows}")
        return
    table = [[name.replace("_", " ") for name in columns]]
    table += [[_format_cell(name, row[name]) for name in columns] for row in rows]
    for line in align_table(table) if rows else ["none"]:
        console.echo(f"  {line}")


def _format_cell(name: str, value: Any) -> str:
    if name in ("created", "started"):
        return format_time(datetime.datetime.fromisoformat(value).timestamp())
    return "" if value is None else str(value)
