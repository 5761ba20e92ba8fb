"""The load that a project declares for a workflow, as an estimate takes it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from carnation.project import read_loads

if TYPE_CHECKING:
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
