"""What a deployment prints: its plan, its losses, its failure; one document for a program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from carnation.account.deployment.change_sets import ChangeSet
from carnation.account.deployment.deployer import Result
from carnation.account.deployment.execution import find_remedy
from carnation.account.deployment.plan import Plan
from carnation.account.deployment.stack_events import Outcome
from carnation.changes.formats.json import make_report
from carnation.changes.formats.text import render_text
from carnation.console import fit_table, paint

_REPLACED = {"True": "replaced", "Conditional": "may be replaced"}
_ROW = ("Action", "Path", "ResourceType", "Replacement")


def format_plan(
    plan: Plan, change_set: ChangeSet | None, *, width: int = 100, color: bool = False
) -> Iterator[str]:
    """Format what changes in the documents, the parameters, and what CloudFormation will do."""
    rows = change_set.rows if change_set else ()
    yield ""
    if plan.is_new and change_set:
        imported = sum(row["Action"] == "Import" for row in rows)
        more = f"; {imported} that exist will be imported" if imported else ""
        made = len(rows) - imported
        yield f"New stack: {made} resources and nested stacks will be created{more}."
    yield from render_text(plan.reviews, width, color=color)
    for name, (old, new) in plan.moved.items():
        yield f"  parameter {name}: {old or '(none)'} → {new}"
    if plan.tags:
        yield "  tags: " + ", ".join(f"{name}={value}" for name, value in plan.tags.items())
    if not rows:
        return
    table = [
        [
            row["Action"],
            row["Path"],
            row["ResourceType"],
            _REPLACED.get(row.get("Replacement", ""), ""),
        ]
        for row in rows
    ]
    yield from (
        "",
        "CloudFormation will perform these actions:",
        *fit_table(table),
        "",
    )


def format_losses(losses: Mapping[str, str], allowed: Sequence[str]) -> list[str]:
    """Format what would lose its data, with the option that allows it."""
    return [
        f"data: {name} {why}; "
        + ("allowed" if name in allowed else f"needs --allow-replacement {name}")
        for name, why in losses.items()
    ]


def format_failure(stack: str, outcome: Outcome) -> str:
    """Format why a deployment failed, what is left, and what to do."""
    cause = outcome.cause
    why = (
        f"{cause.path} ({cause.kind}, in stack {cause.stack}) could not be created or updated: "
        f"{cause.reason.rstrip('.')}"
        if cause
        else "CloudFormation reports no cause"
    )
    left = {
        "ROLLBACK_COMPLETE": "nothing of it remains; fix the cause, build, and deploy again",
        "UPDATE_ROLLBACK_COMPLETE": "the stack was rolled back; fix the cause and deploy again",
    }.get(outcome.status) or find_remedy(stack, outcome.status)
    return f"the deployment failed: {why}. Stack '{stack}' is {outcome.status}: {left}."


def format_outcome(result: Result) -> list[str]:
    """Format what became of a deployment that did not fail."""
    if result.outcome is None:
        return [] if result.status == "unchanged" else ["No changes were made."]
    rows = [[key, value] for key, value in result.outcome.outputs.items()]
    head = f"\n{result.plan.stack} is {result.outcome.status}"
    return [paint(head, "green"), *fit_table(rows)]


def describe_result(result: Result) -> dict[str, Any]:
    """Describe what became of a deployment, for a program."""
    plan, outcome = result.plan, result.outcome
    if result.status == "unchanged":
        outputs = dict(plan.deployed.outputs) if plan.deployed else {}
        return {"executed": False, "nothing": True, "outputs": outputs}
    report = {
        "executed": result.status == "executed",
        "stack": plan.stack,
        "version": plan.artifacts.version,
        "new": plan.is_new,
        "parameters": {name: list(pair) for name, pair in plan.moved.items()},
        "review": make_report(plan.reviews),
        "resources": [
            {key: row[key] for key in _ROW if key in row}
            for row in (result.change_set.rows if result.change_set else ())
        ],
        "losses": dict(result.losses),
    }
    if outcome is None:
        return report
    report |= {"status": outcome.status, "outputs": dict(outcome.outputs)}
    if not outcome.succeeded:
        cause = outcome.cause
        report["cause"] = cause._asdict() | {"time": str(cause.time)} if cause else None
    return report
