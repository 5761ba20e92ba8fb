"""Compare what is deployed with build/, where CloudFormation's own drift detection is blind.

Run as `carnation drift`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from carnation.account.operations import find_drift
from carnation.artifacts import read_artifacts
from carnation.cli.accounts import AccountConsole, add_options, open_stack
from carnation.cli.command import EXIT_FINDINGS, EXIT_OK, run_command
from carnation.cli.parser import CommandParser
from carnation.console import align_table
from carnation.workflow import find_root


def _make_parser() -> CommandParser:
    parser = CommandParser(
        prog="carnation drift",
        description="Compare the deployed stack with build/: templates, definition, alias, "
        "roles, and alarms. Exit with 1 on drift.",
        epilog="example: carnation drift carnation --environment prod",
    )
    add_options(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, compare, print; return the exit status."""
    options = _make_parser().parse_args(argv)
    return run_command(lambda: _compare(options))


def _compare(options: argparse.Namespace) -> int:
    console = AccountConsole(options.format)
    artifacts = read_artifacts(find_root("."), options.workflow)
    account, deployed = open_stack(options)
    found = list(find_drift(account, deployed, artifacts))
    for line in align_table([[one.what, one.where, one.sentence] for one in found]):
        console.echo(line)
    if not found:
        console.echo(f"No drift: '{deployed.name}' matches build/{options.workflow}.")
    return console.end(
        {"drift": [one._asdict() for one in found]}, EXIT_FINDINGS if found else EXIT_OK
    )
