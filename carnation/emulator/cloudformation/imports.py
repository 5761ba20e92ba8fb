"""Resources that are there already, taken into a stack instead of being made.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnation.emulator.cloudformation.kind import Context, Made
from carnation.emulator.cloudformation.kinds import find_kind
from carnation.emulator.cloudformation.kinds.existing import IMPORTS, exists

_RETAINED = ("Retain", "RetainExceptOnCreate")


def find_import(context: Context, body: Mapping[str, Any]) -> Made | None:
    """Find what a resource of a template can take in: it has its name, written out, and is free."""
    kind, row = str(body["Type"]), find_kind(str(body["Type"]))
    name = (body.get("Properties") or {}).get(row.name) if row and row.name else None
    is_retained = body.get("DeletionPolicy") in _RETAINED
    if not context.stack.root.takes_existing or not is_retained or not isinstance(name, str):
        return None
    if kind not in IMPORTS or not exists(context, kind, name):
        return None
    made = IMPORTS[kind](context, name)
    return None if _is_owned(context, made.ref) else made


def _is_owned(context: Context, ref: str) -> bool:
    stacks = context.engine.store_of(context.stack).stacks.values()
    return any(
        resource.physical_id == ref
        for stack in stacks
        if not stack.is_deleted
        for resource in stack.resources.values()
    )
