"""List the versions of a deployed state machine, and where its alias leads.

Run as `carnation versions`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from carnation.account.operations import list_versions
from carnation.cli.accounts import AccountConsole, add_options, find_output, open_stack
from carnation.cli.command import EXIT_OK, run_command
from carnation.cli.parser import CommandParser
from carnation.console import align_table, format_time


def _make_parser() -> CommandParser:
    parser = CommandParser(
        prog="carnation versions",
        description="List the versions of a deployed state machine, newest first.",
        epilog="example: carnation versions carnation --environment prod",
    )
    add_options(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, list, print; return the exit status."""
    options = _make_parser().parse_args(argv)
    return run_command(lambda: _list(options))


def _list(options: argparse.Namespace) -> int:
    console = AccountConsole(options.format)
    account, deployed = open_stack(options)
    find_output(deployed, "StateMachineArn")
    versions = list_versions(account, deployed.outputs)
    rows = [["version", "published", "alias"]] + [
        [str(v.number), format_time(v.created.timestamp()), f"{v.weight} %" if v.weight else ""]
        for v in versions
    ]
    for line in align_table(rows, right=[0]):
        console.echo(line)
    return console.end(
        {"versions": [{**v._asdict(), "created": str(v.created)} for v in versions]}, EXIT_OK
    )
