"""Move a state machine's alias back to an earlier version.

Run as `carnation rollback`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from carnation.account.operations import list_versions, move_alias
from carnation.account.operations.versions import choose_version, count_running
from carnation.cli.accounts import AccountConsole, add_options, confirm, find_output, open_stack
from carnation.cli.command import EXIT_OK, run_command
from carnation.cli.parser import CommandParser


def _make_parser() -> CommandParser:
    parser = CommandParser(
        prog="carnation rollback",
        description="Point the alias to an earlier version. Running executions are not affected.",
        epilog="example: carnation rollback carnation --environment prod --to 6",
    )
    add_options(parser)
    parser.add_argument(
        "--to", type=int, metavar="N", help="Version to roll back to (default: the previous one)"
    )
    parser.add_argument("--yes", action="store_true", help="Skip the confirmation prompt")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, move, print; return the exit status."""
    options = _make_parser().parse_args(argv)
    return run_command(lambda: _roll_back(options))


def _roll_back(options: argparse.Namespace) -> int:
    console = AccountConsole(options.format)
    account, deployed = open_stack(options)
    find_output(deployed, "StateMachineAliasArn")
    versions = list_versions(account, deployed.outputs)
    target = choose_version(versions, options.to)
    present = [version for version in versions if version.weight]
    report = {"from": [version.number for version in present], "to": target.number}
    if present == [target] or [v.number for v in present] == [target.number]:
        console.echo(f"No changes. The alias already points to version {target.number}.")
        return console.end({**report, "moved": False}, EXIT_OK)
    running = count_running(account, deployed.outputs)
    numbers = ", ".join(str(version.number) for version in present) or "none"
    console.echo(f"alias live of '{deployed.name}': version {numbers} → {target.number}")
    console.echo(
        f"{running} execution{'s' * (running != 1)} running: each continues with the version, "
        f"the definition, and the\nfunctions' code that it started with, to its end. The role, "
        f"the queues, and the store are shared\nand stay as they are. The next deployment of a "
        f"changed "
        "tree moves the alias on."
    )
    if not (options.yes or confirm("move it?")):
        return console.end({**report, "moved": False}, EXIT_OK)
    move_alias(account, deployed.outputs, target)
    console.echo(f"New executions use version {target.number}.")
    return console.end({**report, "moved": True, "running": running}, EXIT_OK)
