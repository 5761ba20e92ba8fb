"""The load that a project declares for a workflow, as estimates and deployments take it."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Sequence

from carnation.lazy import TYPE_CHECKING
from carnation.project import read_loads

if TYPE_CHECKING:
    from typing import Any

    from carnation.account.deployment import Plan
    from carnation.estimates import Estimates


def apply_load(target: str, found: Estimates) -> tuple[Estimates, dict[str, Any] | None]:
    """Return estimates at the size of the declared load, and the cost of a month.

    The table is `[tool.carnation.load.<name>]`, named like the workflow or like the file without
    its suffixes. Without it, the estimates are returned as they are, and no cost.
    """
    from carnation.estimates import Load  # the engine takes a moment

    file, _, machine = target.partition("#")
    name = machine or os.path.basename(file).split(".")[0]
    declared = read_loads(".").get(name)
    if declared is None:
        return found, None
    load = Load(declared[1], declared[0])
    dollars = round(load.find_month(found), 8)
    month = {"name": name, "load": str(load), "dollars": dollars}
    return found._replace(sizes=[load.measure(found)[0]]), month


def add_costs(plan: Plan) -> Plan:
    """Add to the reviews of a plan what it costs, where the project declares a load."""
    if len(plan.sides) != 2 or not plan.reviews:
        return plan
    from carnation.cli.review_notes import Notes

    notes = Notes(plan.sides[0], plan.sides[1], None)
    return plan._replace(reviews=[notes.add_costs(review) for review in plan.reviews])


def list_first_costs(plan: Plan, width: int) -> Sequence[str]:
    """List the lines that tell what a new stack costs, where the project declares a load."""
    name, files = plan.artifacts.workflow, plan.artifacts.files
    declared = read_loads(".").get(name) if plan.is_new else None
    if declared is None:
        return []
    from carnation.estimates import Load, Target, compare_estimates, parse_built

    built = parse_built(name, {path: text.encode() for path, text in files.items()})
    if built is None:
        return []
    line = compare_estimates(None, Target(name, *built), Load(declared[1], declared[0]))
    return textwrap.wrap(f"Cost and limits: {line}.", width)
