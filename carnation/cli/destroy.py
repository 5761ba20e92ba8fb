"""Destroy a deployed workflow: say what would be lost and what is retained, ask, delete.

Run as `carnation destroy`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from carnation.account import deployment
from carnation.account.operations.versions import count_running
from carnation.cli.accounts import AccountConsole, add_options, confirm, open_stack
from carnation.cli.command import EXIT_OK, run_command
from carnation.cli.parser import CommandParser
from carnation.console import count, fit_table, paint
from carnation.errors import AccountError, UsageError

_MACHINE = "StateMachineArn"  # an output of the root stack


def _make_parser() -> CommandParser:
    parser = CommandParser(
        prog="carnation destroy",
        description="Delete a deployed stack. Resources with a Retain policy are kept.",
        epilog="example: carnation destroy carnation --environment dev --plan",
    )
    add_options(parser)
    parser.add_argument(
        "--plan", action="store_true", help="Show what would be deleted, without deleting it"
    )
    parser.add_argument("--yes", action="store_true", help="Skip the confirmation prompt")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, destroy, print; return the exit status."""
    options = _make_parser().parse_args(argv)
    return run_command(lambda: _destroy(options))


def _destroy(options: argparse.Namespace) -> int:
    console = AccountConsole(options.format)
    if options.format == "json" and not (options.yes or options.plan):
        raise UsageError(
            "--format json cannot prompt for confirmation. Add --yes, or use --plan to preview."
        )
    account, deployed = open_stack(options)
    found = deployment.find_removal(account, deployed)
    retained = [row for row in found if row.retained]
    lost = [row for row in found if not row.retained]
    holding = [row for row in lost if row.holds_data]
    console.echo(f"stack '{deployed.name}' in account {account.number}, {account.region}\n")
    for title, rows in (("retained, and to be removed by hand", retained), ("deleted", lost)):
        console.echo(paint(f"{title}: {len(rows)}", "bold"))
        table = [[row.path, row.kind, row.physical] for row in rows]
        for line in fit_table(table):
            console.echo(line)
    for row in holding:
        console.echo(paint(f"its data is lost: {row.path} ({row.physical})", "red"))
    running = count_running(account, deployed.outputs) if _MACHINE in deployed.outputs else 0
    if running:
        flight = f"{count(running, 'execution')} in flight"
        console.echo(paint(f"lost: {flight}, which AWS ends at the next state", "red"))
    report = {
        "stack": deployed.name,
        "retained": [row._asdict() for row in retained],
        "deleted": [row._asdict() for row in lost],
        "lost": [row.path for row in holding],
        "running": running,
    }
    if options.plan or not (options.yes or confirm(f"\ndelete stack '{deployed.name}'?")):
        console.echo("nothing was deleted")
        return console.end({**report, "executed": False}, EXIT_OK)
    outcome = deployment.remove(account, deployed, console.echo_event)
    if not outcome.succeeded:
        cause = outcome.cause
        why = f"{cause.path}: {cause.reason}" if cause else "CloudFormation reports no cause"
        raise AccountError(
            f"stack '{deployed.name}' is {outcome.status}: {why}. Some resources were "
            "deleted; the others still exist. Fix the cause and run the command again.",
            reason="failed-removal",
        )
    console.echo(f"stack '{deployed.name}' is deleted; {len(retained)} resources are retained")
    return console.end({**report, "executed": True}, EXIT_OK)
