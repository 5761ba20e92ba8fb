"""Deploy a built workflow to an account: plan, ask, execute, and follow it to the end.

Run as `carnation deploy`.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

from carnation.account import Account, deployment
from carnation.account.deployment import ChangeSet, Plan, Request, Result
from carnation.account.operations import find_detour
from carnation.artifacts.sources import placing_resources
from carnation.cli.accounts import AccountConsole, add_options, confirm, open_account, read_pairs
from carnation.cli.command import EXIT_ERROR, EXIT_OK, run_command
from carnation.cli.loads import add_costs, list_first_costs
from carnation.cli.parser import CommandParser
from carnation.console import paint, report_width
from carnation.errors import AccountError, UsageError
from carnation.project import read_environment
from carnation.workflow import find_root


def _make_parser() -> CommandParser:
    parser = CommandParser(
        prog="carnation deploy",
        description="Deploy a built workflow: upload artifacts, review the change set, and "
        "execute it.",
        epilog="example: carnation deploy carnation --environment dev --plan",
    )
    add_options(parser)
    parser.add_argument("--plan", action="store_true", help="Show the plan without executing it")
    parser.add_argument("--yes", action="store_true", help="Skip the confirmation prompt")
    parser.add_argument(
        "--bucket", metavar="NAME", help="S3 bucket for artifacts (default: create one)"
    )
    parser.add_argument(
        "--parameter", action="append", default=[], metavar="NAME=VALUE",
        help="Set a parameter of the root template (default: [tool.carnation.environments], then "
        "the deployed value)",
    )  # fmt: skip
    parser.add_argument(
        "--deployment-type", choices=["all-at-once", "canary", "linear"],
        help="How the alias shifts traffic to the new version (parameter DeploymentType)",
    )  # fmt: skip
    parser.add_argument(
        "--allow-replacement", action="append", default=[], metavar="NAME",
        help="Allow replacing or deleting this resource, which holds data",
    )  # fmt: skip
    parser.add_argument(
        "--tag", action="append", default=[], metavar="NAME=VALUE",
        help="Tag the stack and all its resources, before the workflow's own tags; others stay",
    )  # fmt: skip
    parser.add_argument("--role-arn", metavar="ARN", help="Role for CloudFormation to assume")
    parser.add_argument(
        "--express", action="store_true",
        help="Do not wait until resources are ready (express mode, for development)",
    )  # fmt: skip
    parser.add_argument(
        "--revert-drift", action="store_true", help="Also revert changes made outside of carnation"
    )
    parser.add_argument(
        "--import-existing", action="store_true",
        help="Import resources that a deleted stack retained into the new one",
    )  # fmt: skip
    parser.add_argument("--wait", action="store_true", help="Execute when no execution is running")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, deploy, print; return the exit status."""
    options = _make_parser().parse_args(argv)
    return run_command(lambda: _deploy(options))


def _deploy(options: argparse.Namespace) -> int:
    if options.format == "json" and not (options.yes or options.plan):
        raise UsageError(
            "--format json cannot prompt for confirmation. Add --yes, or use --plan to preview."
        )
    root = find_root(".")
    artifacts = deployment.check_tree(root, options.workflow)
    slots = deployment.find_parameters(artifacts)
    given = {
        **read_environment(root, options.environment, artifacts.workflow, slots),
        **read_pairs(options.parameter, "--parameter"),
    }
    account = open_account(options)
    console = _Console(options.format, options.plan, options.allow_replacement)
    where = f"account {account.number}, {account.region}"
    console.echo(f"{artifacts.workflow} {artifacts.version} to stack '{options.stack}', {where}")
    deployer = deployment.Deployer(
        account, console,
        lambda plan: options.yes or confirm(f"deploy this to stack '{plan.stack}'?"),
        last="show" if options.plan else "execute",
    )  # fmt: skip
    request = Request(
        options.stack, options.environment, given, options.deployment_type, options.bucket,
        options.allow_replacement, read_pairs(options.tag, "--tag"), options.role_arn,
        options.express, options.revert_drift, options.import_existing, options.wait,
    )  # fmt: skip
    with placing_resources(root, artifacts.workflow):
        return _end(account, console, deployer.deploy(artifacts, request), options)


class _Console(AccountConsole):
    """Prints a plan, too."""

    def __init__(self, form: str, only_shows: bool, allowed: Sequence[str]) -> None:
        super().__init__(form, wraps=True)
        self._only_shows, self._allowed = only_shows, allowed

    def print_plan(
        self, plan: Plan, change_set: ChangeSet | None, losses: Mapping[str, str]
    ) -> None:
        width = report_width()
        shown = deployment.format_plan(add_costs(plan), change_set, width=width, color=self.color)
        lost = deployment.format_losses(losses, self._allowed) if self._only_shows else ()
        for line in (*shown, *list_first_costs(plan, width), *(paint(one, "red") for one in lost)):
            self.echo(line)


def _end(account: Account, console: _Console, result: Result, options: argparse.Namespace) -> int:
    told = result._replace(plan=add_costs(result.plan)) if options.format == "json" else result
    report, stack, outcome = deployment.describe_result(told), result.plan.stack, result.outcome
    if outcome is not None and not outcome.succeeded:
        console.end(report, EXIT_ERROR)
        raise AccountError(deployment.format_failure(stack, outcome), reason="failed-deployment")
    if result.status == "unchanged":
        command = f"carnation rollback {options.workflow} --environment {options.environment}"
        report["note"] = find_detour(account, result.plan.deployed, command)
    for line in filter(None, [report.get("note"), *deployment.format_outcome(result)]):
        console.echo(line)
    return console.end(report, EXIT_OK)
