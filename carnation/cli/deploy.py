"""Deploy a built workflow to an account: plan, ask, execute, and follow it to the end.

Run as `carnation deploy`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from carnation.account import Account, Deployed, deployment
from carnation.artifacts import Artifacts
from carnation.cli.accounts import AccountConsole, add_options, confirm, open_account, read_pairs
from carnation.cli.command import EXIT_ERROR, EXIT_OK, run_command
from carnation.console import align_table, has_colour, paint, terminal_width
from carnation.errors import AccountError, UsageError
from carnation.services.partitions import find_partition
from carnation.workflow import find_root

_WIDTH = 100  # of what nobody watches


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="carnation deploy",
        description="Deploy a built workflow: upload what is new, show what changes, ask, execute.",
        epilog="example: carnation deploy carnation --environment dev --plan",
        formatter_class=lambda prog: argparse.HelpFormatter(prog, width=terminal_width()),
    )
    add_options(parser)
    parser.add_argument("--plan", action="store_true", help="stop before anything is executed")
    parser.add_argument("--yes", action="store_true", help="do not ask, for CI")
    parser.add_argument("--bucket", metavar="NAME", help="for artifacts (default: one is made)")
    parser.add_argument(
        "--parameter", action="append", default=[], metavar="NAME=VALUE",
        help="of the root template; others stay as they are",
    )  # fmt: skip
    parser.add_argument(
        "--deployment-type", choices=["all-at-once", "canary", "linear"],
        help="how the alias moves to the new version: its parameter DeploymentType",
    )  # fmt: skip
    parser.add_argument(
        "--allow-replacement", action="append", default=[], metavar="NAME",
        help="a resource that holds data and may be replaced or removed",
    )  # fmt: skip
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, deploy, print; return the exit status."""
    options = _make_parser().parse_args(argv)
    return run_command(lambda: _deploy(options))


def _deploy(options: argparse.Namespace) -> int:
    console = AccountConsole(options.format)
    if options.format == "json" and not (options.yes or options.plan):
        raise UsageError("with --format json nobody is asked: say --yes, or --plan to only look.")
    artifacts = deployment.check_tree(find_root("."), options.workflow)
    given = read_pairs(options.parameter, "--parameter")
    account = open_account(options)
    stack = options.stack
    console.echo(f"{artifacts.workflow} {artifacts.version} to stack '{stack}', "
                f"account {account.number}, {account.region}")  # fmt: skip
    deployed = deployment.settle(account, stack, console.echo, console.echo_event)
    bucket = _choose_bucket(account, options.bucket, deployed)
    plan = deployment.make_plan(
        account, stack, artifacts, deployed, _fill(given, artifacts, options, bucket)
    )
    if plan.is_nothing and deployed:
        return _tell_nothing(account, console, plan, options)
    _upload(account, console, bucket, artifacts, options.bucket)
    change_set = deployment.make_change_set(
        account, stack, _locate(account, bucket, artifacts), plan.values, plan.reused,
        is_new=plan.is_new,
    )  # fmt: skip
    if change_set is None:
        return _tell_nothing(account, console, plan, options)
    try:
        deployment.refuse_overtaken(account, deployed)
        agreed = _review(console, plan, change_set, options)
    except BaseException:
        deployment.discard_change_set(account, change_set)
        raise
    if agreed:  # from here on it is CloudFormation's, whatever happens here
        return _execute(account, console, plan, change_set)
    deployment.discard_change_set(account, change_set)
    console.echo("nothing was executed")
    return console.end({"executed": False, **_describe(plan, change_set)}, EXIT_OK)


def _choose_bucket(account: Account, given: str | None, deployed: Deployed | None) -> str:
    """Stay with the bucket of the last deployment unless another one is given."""
    there = deployed.parameters.get("ArtifactBucket") if deployed and deployed.exists else None
    return given or there or deployment.name_bucket(account)


def _fill(
    given: dict[str, str], artifacts: Artifacts, options: argparse.Namespace, bucket: str
) -> dict[str, str]:
    """Add what deploying itself knows, where the root template asks for it."""
    known = {"Environment": options.environment, "ArtifactBucket": bucket}
    slots = deployment.find_parameters(artifacts)
    asked = {}
    if options.deployment_type:
        asked["DeploymentType"] = options.deployment_type.upper().replace("-", "_")
    return {**{name: value for name, value in known.items() if name in slots}, **asked, **given}


def _upload(
    account: Account, console: AccountConsole, bucket: str, artifacts: Artifacts, given: str | None
) -> None:
    own = bucket == deployment.name_bucket(account)
    deployment.ensure_bucket(account, None if own and not given else bucket)
    missing = deployment.list_missing(account, bucket, artifacts)
    with console.progress("uploading") as tell:
        deployment.upload_missing(account, bucket, missing, tell)
    size = sum(map(len, missing.values()))
    console.echo(f"{len(missing)} objects ({size:,} bytes) uploaded to {bucket}")


def _locate(account: Account, bucket: str, artifacts: Artifacts) -> str:
    suffix = find_partition(account.region).dns_suffix
    key = artifacts.find_key("-root-stack.yaml")
    return f"https://{bucket}.s3.{account.region}.{suffix}/{key}"


def _show(console: AccountConsole, plan: deployment.Plan, change_set: deployment.ChangeSet) -> None:
    from carnation.changes.formats.text import write_text

    console.echo("")
    if plan.is_new:
        console.echo(
            f"the stack is new: {len(change_set.rows)} resources and nested stacks are made"
        )
    width = terminal_width() if sys.stdout.isatty() else _WIDTH
    for line in write_text(plan.reviews, width, colour=has_colour(sys.stdout)):
        console.echo(line)
    for name, (old, new) in plan.moved.items():
        console.echo(f"  parameter {name}: {old or '(none)'} → {new}")
    rows = [
        [row["Action"], row["Path"], row["ResourceType"],
         {"True": "replaced", "Conditional": "may be replaced"}.get(row.get("Replacement", ""), "")]
        for row in change_set.rows
    ]  # fmt: skip
    console.echo("")
    console.echo("CloudFormation will")
    for line in align_table(rows):
        console.echo(f"  {line}")
    console.echo("")


def _review(
    console: AccountConsole,
    plan: deployment.Plan,
    change_set: deployment.ChangeSet,
    options: argparse.Namespace,
) -> bool:
    """Show what would be done; tell whether it is to be."""
    _show(console, plan, change_set)
    losses = deployment.find_losses(plan, change_set)
    if options.plan:
        _tell_losses(console, losses, options.allow_replacement)
        return False
    deployment.refuse_losses(losses, options.allow_replacement)
    return options.yes or confirm(f"deploy this to stack '{plan.stack}'?")


def _tell_losses(console: AccountConsole, losses: dict[str, str], allowed: Sequence[str]) -> None:
    for name, why in losses.items():
        more = "allowed" if name in allowed else f"needs --allow-replacement {name}"
        console.echo(paint(f"data: {name} {why}; {more}", "red"))


def _describe(plan: deployment.Plan, change_set: deployment.ChangeSet | None) -> dict[str, Any]:
    from carnation.changes.formats.json import make_report

    return {
        "stack": plan.stack,
        "version": plan.artifacts.version,
        "new": plan.is_new,
        "parameters": {name: list(pair) for name, pair in plan.moved.items()},
        "review": make_report(plan.reviews),
        "resources": [
            {
                key: row[key]
                for key in ("Action", "Path", "ResourceType", "Replacement")
                if key in row
            }
            for row in (change_set.rows if change_set else ())
        ],
        "losses": deployment.find_losses(plan, change_set) if change_set else {},
    }


def _execute(
    account: Account,
    console: AccountConsole,
    plan: deployment.Plan,
    change_set: deployment.ChangeSet,
) -> int:
    outcome = deployment.execute(account, change_set, console.echo_event)
    if outcome.succeeded and plan.protects_data:
        console.echo("switching the deletion protection of its tables on")
        deployment.protect_data(account, change_set.stack_id, console.echo_event)
    report = {
        "executed": True,
        **_describe(plan, change_set),
        "status": outcome.status,
        "outputs": dict(outcome.outputs),
    }
    if outcome.succeeded:
        console.echo(paint(f"\n{plan.stack} is {outcome.status}", "green"))
        for line in align_table([[f"  {key}", value] for key, value in outcome.outputs.items()]):
            console.echo(line)
        return console.end(report, EXIT_OK)
    report["cause"] = (
        outcome.cause._asdict() | {"time": str(outcome.cause.time)} if outcome.cause else None
    )
    console.end(report, EXIT_ERROR)
    raise AccountError(_tell_failure(plan.stack, outcome), reason="failed-deployment")


def _tell_failure(stack: str, outcome: deployment.Outcome) -> str:
    cause = outcome.cause
    why = (
        f"{cause.path} ({cause.kind}, in stack {cause.stack}) could not be made or changed: "
        f"{cause.reason.rstrip('.')}"
        if cause
        else "CloudFormation gives no cause"
    )
    left = {
        "ROLLBACK_COMPLETE": "nothing of it is left; mend the cause, build and deploy again",
        "UPDATE_ROLLBACK_COMPLETE": "all is as it was before; mend the cause and deploy again",
    }.get(outcome.status) or deployment.find_remedy(stack, outcome.status)
    return f"the deployment failed: {why}. Stack '{stack}' is {outcome.status}: {left}."


def _tell_nothing(
    account: Account, console: AccountConsole, plan: deployment.Plan, options: argparse.Namespace
) -> int:
    deployed = plan.deployed
    console.echo(f"nothing to do: {plan.artifacts.workflow} {plan.artifacts.version} is deployed")
    if deployed and not deployed.protected:
        deployment.protect(account, deployed, on=True)
        console.echo("termination protection was off, and is on again")
    note = _find_detour(account, deployed, options)
    if note:
        console.echo(note)
    outputs = dict(deployed.outputs) if deployed else {}
    return console.end(
        {"executed": False, "nothing": True, "outputs": outputs, "note": note}, EXIT_OK
    )


def _find_detour(account: Account, deployed: Deployed | None, options: argparse.Namespace) -> str:
    """Say so where the alias leads elsewhere than to what was deployed, after a rollback."""
    from carnation.account.operations import find_routes

    outputs = deployed.outputs if deployed else {}
    version = outputs.get("StateMachineVersionArn", "")
    routes = find_routes(account, outputs) if version and "StateMachineAliasArn" in outputs else {}
    if not routes or version in routes:
        return ""
    numbers = ", ".join(arn.rpartition(":")[2] for arn in routes)
    number = version.rpartition(":")[2]
    return (
        f"but the alias leads to version {numbers}, not to {number}, which was deployed last. "
        f"Move it on with: carnation rollback {options.workflow} "
        f"--environment {options.environment} --to {number}"
    )
