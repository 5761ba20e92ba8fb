"""Stack policies set and read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnation.emulator.cloudformation.api.requests import (
    Action,
    Caller,
    Request,
    find_live,
    invalid,
)
from carnation.emulator.cloudformation.stack_policies import check_policy
from carnation.emulator.cloudformation.stacks import Definition


def read_policy(
    caller: Caller, request: Request, definition: Definition, name: str = "StackPolicy"
) -> str | None:
    """Return the policy of a request, by text or by URL, held against a template."""
    text, url = request.get(f"{name}Body"), request.get(f"{name}URL")
    if text and url:
        raise invalid(f"You cannot specify both {name}URL and {name}Body")
    if url:
        text = caller.engine.definer.read_url(caller.connect, str(url))
    return check_policy(str(text), definition.template.resources) if text else None


def _get_policy(caller: Caller, request: Request) -> Mapping[str, Any]:
    stack = find_live(caller, request)
    return {"StackPolicyBody": stack.policy_during or stack.policy}


def _set_policy(caller: Caller, request: Request) -> None:
    stack = find_live(caller, request)
    stack.policy = read_policy(caller, request, stack.definition)


ACTIONS: dict[str, Action] = {
    "GetStackPolicy": _get_policy,
    "SetStackPolicy": _set_policy,
}
