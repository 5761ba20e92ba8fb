"""Resources: what a workflow consists of next to its definition, as plain records.

Enters: arguments in a module of `definitions/`.
Leaves: records: resources, triggers, references, steps.
May not know: troposphere, files, accounts.

Each noun gives references (`STOCK.name`), steps (`STOCK.get_item("Look", …)`) and grants
(`STOCK.grants.query()`); triggers start executions. `Workflow(resources=[…], triggers=[…])` lists
them, and `carnation.stacks` renders them as CloudFormation; nothing here knows troposphere.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from carnation.resources.application import Application
    from carnation.resources.buckets import Bucket
    from carnation.resources.children import Activity, Child
    from carnation.resources.connections import Bus, Connection, Secret
    from carnation.resources.functions import TRANSIENT_ERRORS, Function
    from carnation.resources.grants import ANSWER, Grant
    from carnation.resources.keys import Key
    from carnation.resources.machines import Alarms, StateMachine
    from carnation.resources.parameters import Parameter
    from carnation.resources.queues import Queue
    from carnation.resources.raw import Raw
    from carnation.resources.references import Reference
    from carnation.resources.resource import Existing, Resource
    from carnation.resources.tables import Binary, Index, Number, Table
    from carnation.resources.topics import Topic
    from carnation.resources.triggers import (
        EventRule,
        HttpApi,
        QueueSource,
        Schedule,
        TableSource,
        Trigger,
        Upload,
    )

__all__ = [
    "ANSWER",
    "TRANSIENT_ERRORS",
    "Activity",
    "Alarms",
    "Application",
    "Binary",
    "Bucket",
    "Bus",
    "Child",
    "Connection",
    "EventRule",
    "Existing",
    "Function",
    "Grant",
    "HttpApi",
    "Index",
    "Key",
    "Number",
    "Parameter",
    "Queue",
    "QueueSource",
    "Raw",
    "Reference",
    "Resource",
    "Schedule",
    "Secret",
    "StateMachine",
    "Table",
    "TableSource",
    "Topic",
    "Trigger",
    "Upload",
]

_HOMES = {
    "application": ("Application",),
    "buckets": ("Bucket",),
    "children": ("Activity", "Child"),
    "connections": ("Bus", "Connection", "Secret"),
    "functions": ("TRANSIENT_ERRORS", "Function"),
    "grants": ("ANSWER", "Grant"),
    "keys": ("Key",),
    "machines": ("Alarms", "StateMachine"),
    "parameters": ("Parameter",),
    "queues": ("Queue",),
    "raw": ("Raw",),
    "references": ("Reference",),
    "resource": ("Existing", "Resource"),
    "tables": ("Binary", "Index", "Number", "Table"),
    "topics": ("Topic",),
    "triggers": (
        "EventRule",
        "HttpApi",
        "QueueSource",
        "Schedule",
        "TableSource",
        "Trigger",
        "Upload",
    ),
}


def __getattr__(name: str) -> Any:
    """Load a noun when it is first asked for: a build pays for the kinds it uses."""
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"carnation.resources.{home}"), name)
    raise AttributeError(f"module 'carnation.resources' has no '{name}'")
