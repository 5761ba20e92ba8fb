"""Operating what is deployed: versions and routes, executions, status, drift.

Each module asks an account and returns plain records; nothing here prints. What changes anything
does the safe half first: a message is sent before it is deleted, and written before it is purged.
"""

from __future__ import annotations

from carnation.account.operations.drift import Drift, find_drift
from carnation.account.operations.executions import (
    Failure,
    derive_name,
    explain_failure,
    find_futility,
    find_redrivable,
    follow_execution,
    redrive,
    start,
)
from carnation.account.operations.status import find_status
from carnation.account.operations.versions import (
    Version,
    find_detour,
    find_routes,
    list_versions,
    move_alias,
)

__all__ = [
    "Drift",
    "Failure",
    "Version",
    "derive_name",
    "explain_failure",
    "find_detour",
    "find_drift",
    "find_futility",
    "find_redrivable",
    "find_routes",
    "find_status",
    "follow_execution",
    "list_versions",
    "move_alias",
    "redrive",
    "start",
]
