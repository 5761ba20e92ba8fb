"""What the actions share: who calls, the errors, and how a request names its stack."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from carnation.emulator.cloudformation.engine import Engine
from carnation.emulator.cloudformation.kind import Connect
from carnation.emulator.cloudformation.stacks import Stack, Store
from carnation.records import NamedTuple

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}$")


IAM = "AWS::IAM::"


_PAGE = 100


class ActionError(Exception):
    """An error of the API: its code, its text, its status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


def invalid(message: str) -> ActionError:
    """Make the error for a request that cannot be."""
    return ActionError("ValidationError", message)


class Caller(NamedTuple):
    """Who calls: the engine, the stacks of the caller's account and Region, and its clients."""

    engine: Engine
    store: Store
    connect: Connect


Request = Mapping[str, Any]


Action = Callable[[Caller, Request], "Mapping[str, Any] | None"]


def find_stack(caller: Caller, request: Request) -> Stack:
    """Find the stack that a request names."""
    name = str(request.get("StackName") or "")
    stack = caller.store.find(name)
    if stack is None:
        raise invalid(f"Stack with id {name} does not exist")
    return stack


def find_live(caller: Caller, request: Request) -> Stack:
    """Find the stack that a request names; one that is deleted does not exist."""
    stack = find_stack(caller, request)
    if stack.is_deleted:
        raise invalid(f"Stack [{stack.name}] does not exist")
    return stack


def page(request: Request, rows: list[Any], key: str, size: int = _PAGE) -> dict[str, Any]:
    """Return one page of rows."""
    start = int(request.get("NextToken") or 0)
    more = start + size < len(rows)
    return {key: rows[start : start + size], "NextToken": str(start + size) if more else None}


def read_text(caller: Caller, request: Request) -> str:
    """Read the template of a request."""
    if "TemplateBody" in request:
        return str(request["TemplateBody"])
    if "TemplateURL" in request:
        return caller.engine.definer.read_url(caller.connect, str(request["TemplateURL"]))
    raise invalid("Either Template URL or Template Body must be specified.")


def begin(
    caller: Caller, stack: Stack, status: str, allowed: Callable[[str], bool], verb: str
) -> None:
    """Take a stack for an operation, or say that it is in another."""
    with caller.engine.lock:
        if not allowed(stack.status):
            raise invalid(
                f"Stack:{stack.stack_id} is in {stack.status} state and can not be {verb}."
            )
        stack.status = status


def is_updatable(status: str) -> bool:
    """Decide whether a stack of a status may be updated."""
    return status.endswith("_COMPLETE") and status not in ("ROLLBACK_COMPLETE", "DELETE_COMPLETE")


def check_name(name: str) -> None:
    """Reject a name that no stack may have."""
    if not _NAME.match(name):
        raise invalid(
            f"1 validation error detected: Value '{name}' at 'stackName' failed to satisfy "
            "constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
        )
