"""Show how a deployed workflow is: stack, versions, queues, alarms, the last executions.

Run as `python -m carnation.status` or `carnation status`.
"""

from __future__ import annotations

import argparse
import datetime
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from carnation.console import FINDINGS, OK, align_table, find_width, paint, run_verb, tell_time
from carnation.operations import find_status
from carnation.targets import Console, add_options, open_stack


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="carnation status",
        description="Show how a deployed workflow is; exit 1 while an alarm is on.",
        epilog="example: python -m carnation.status carnation --environment prod",
        formatter_class=lambda prog: argparse.HelpFormatter(prog, width=find_width()),
    )
    add_options(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, ask, print; return the exit status."""
    options = _make_parser().parse_args(argv)
    return run_verb(lambda: _show(options))


def _show(options: argparse.Namespace) -> int:
    console = Console(options.format)
    account, deployed = open_stack(options)
    status = find_status(account, deployed)
    shield = "protected" if status["protected"] else "not protected from deletion"
    console.say(f"{status['stack']}: {status['status']}, {shield}")
    _print_table(console, "versions", status["versions"], ("number", "created", "weight"))
    _print_table(
        console, "queues", status["queues"], ("queue", "visible", "in_flight", "oldest_seconds")
    )
    alarms = status["alarms"]
    on = alarms if isinstance(alarms, str) else [row for row in alarms if row["state"] == "ALARM"]
    if on:
        _print_table(console, "alarms", on, ("alarm", "state", "reason"))
    else:
        console.say(f"\nalarms: none of {len(alarms)} is on")
    columns = ("name", "status", "started", "version")
    _print_table(console, "last executions", status["executions"], columns)
    return console.end(status, FINDINGS if on and not isinstance(on, str) else OK)


def _print_table(
    console: Console, title: str, rows: Sequence[Mapping[str, Any]] | str, columns: Sequence[str]
) -> None:
    console.say(f"\n{paint(title, 'bold')}")
    if isinstance(rows, str):
        console.say(f"  {rows}")
        return
    table = [[name.replace("_", " ") for name in columns]]
    table += [[_tell_cell(name, row[name]) for name in columns] for row in rows]
    for line in align_table(table) if rows else ["none"]:
        console.say(f"  {line}")


def _tell_cell(name: str, value: Any) -> str:
    if name in ("created", "started"):
        return tell_time(datetime.datetime.fromisoformat(value).timestamp())
    return "" if value is None else str(value)


if __name__ == "__main__":
    sys.exit(main())
