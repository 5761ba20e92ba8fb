"""CloudFormation's API: its actions on the stacks of the engine, and the errors that they answer.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnation.emulator.cloudformation.api import (
    change_sets,
    descriptions,
    events,
    policies,
    stacks,
    templates,
)
from carnation.emulator.cloudformation.api.requests import (
    Action,
    ActionError,
    Caller,
    Request,
    invalid,
)
from carnation.errors import CarnationError

__all__ = ["ACTIONS", "ActionError", "Caller", "answer"]

ACTIONS: dict[str, Action] = {
    **change_sets.ACTIONS,
    **descriptions.ACTIONS,
    **events.ACTIONS,
    **policies.ACTIONS,
    **stacks.ACTIONS,
    **templates.ACTIONS,
}


def answer(caller: Caller, action: str, request: Request) -> Mapping[str, Any]:
    """Perform an action; raises `ActionError`."""
    perform = ACTIONS.get(action)
    if perform is None:
        raise ActionError(
            "NotImplemented", f"the emulator's CloudFormation has no action {action}.", 501
        )
    try:
        return perform(caller, request) or {}
    except CarnationError as error:
        raise invalid(str(error)) from error
