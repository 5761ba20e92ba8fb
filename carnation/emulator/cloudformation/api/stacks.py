"""Stacks made, changed, deleted, protected and rolled back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnation.emulator.cloudformation.api.definitions import apply_settings, define
from carnation.emulator.cloudformation.api.policies import read_policy
from carnation.emulator.cloudformation.api.requests import (
    Action,
    ActionError,
    Caller,
    Request,
    begin,
    check_name,
    find_live,
    invalid,
    is_updatable,
)
from carnation.emulator.cloudformation.operation import Operation
from carnation.emulator.cloudformation.stacks import Stack


def _create_stack(caller: Caller, request: Request) -> Mapping[str, Any]:
    name = str(request["StackName"])
    check_name(name)
    if "OnFailure" in request and "DisableRollback" in request:
        raise invalid("You cannot specify both OnFailure and DisableRollback.")
    with caller.engine.lock:
        if caller.store.find(name) is not None:
            raise ActionError("AlreadyExistsException", f"Stack [{name}] already exists")
        stack = caller.engine.reserve(caller.store, name)
        stack.is_protected = bool(request.get("EnableTerminationProtection"))
        apply_settings(stack, request)
        definition = define(caller, request, stack, None)
        stack.policy = read_policy(caller, request, definition)
        stack.status = "CREATE_IN_PROGRESS"
        caller.store.add(stack)
    rollback = "DO_NOTHING" if request.get("DisableRollback") else "ROLLBACK"
    caller.engine.create(stack, definition, request.get("OnFailure", rollback))
    return {"StackId": stack.stack_id}


def _update_stack(caller: Caller, request: Request) -> Mapping[str, Any]:
    stack = find_live(caller, request)
    if not is_updatable(stack.status):
        begin(caller, stack, "", is_updatable, "updated")
    definition = define(caller, request, stack, stack.definition)
    if not caller.engine.has_changes(stack, definition) and not _is_set(stack, request):
        raise invalid("No updates are to be performed.")
    policy = read_policy(caller, request, definition)
    during = read_policy(caller, request, definition, "StackPolicyDuringUpdate")
    begin(caller, stack, "UPDATE_IN_PROGRESS", is_updatable, "updated")
    apply_settings(stack, request)
    stack.policy_during = during
    caller.engine.update(stack, definition)
    stack.policy_during = None
    if policy is not None and stack.status == "UPDATE_COMPLETE":
        stack.policy = policy
    return {"StackId": stack.stack_id}


def _is_set(stack: Stack, request: Request) -> bool:
    arns = request.get("NotificationARNs")
    return arns is not None and list(arns) != stack.notification_arns


_DELETABLE = (
    *("CREATE_COMPLETE", "CREATE_FAILED", "DELETE_FAILED", "REVIEW_IN_PROGRESS"),
    *("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "UPDATE_COMPLETE", "UPDATE_FAILED"),
    *("UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"),
)


def _delete_stack(caller: Caller, request: Request) -> None:
    stack = caller.store.find(str(request["StackName"]))
    if stack is None or stack.is_deleted:
        return
    if stack.is_protected:
        raise invalid(
            f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
        )
    retain = tuple(request.get("RetainResources") or ())
    if retain and stack.status != "DELETE_FAILED":
        raise invalid(
            f"Invalid operation on stack [{stack.stack_id}]: RetainResources is for stacks in "
            "DELETE_FAILED."
        )
    if request.get("DeletionMode") == "FORCE_DELETE_STACK":
        retain = tuple(n for n, r in stack.resources.items() if r.status == "DELETE_FAILED")
    before = stack.status
    begin(caller, stack, "DELETE_IN_PROGRESS", lambda status: status in _DELETABLE, "deleted")
    stack.token = request.get("ClientRequestToken")
    caller.engine.delete(stack, before, retain)


def _protect(caller: Caller, request: Request) -> Mapping[str, Any]:
    stack = find_live(caller, request)
    if stack.parent is not None:
        raise invalid("Termination protection of a nested stack is that of its root stack.")
    stack.is_protected = bool(request["EnableTerminationProtection"])
    return {"StackId": stack.stack_id}


def _continue_rollback(caller: Caller, request: Request) -> None:
    stack = find_live(caller, request)
    begin(
        caller,
        stack,
        "UPDATE_ROLLBACK_IN_PROGRESS",
        lambda s: s == "UPDATE_ROLLBACK_FAILED",
        "rolled back",
    )
    stack.begin("CONTINUE_ROLLBACK")
    operation: Operation = stack.failed
    operation.skipped |= set(request.get("ResourcesToSkip") or ())
    operation.roll_back("User Initiated")


def _roll_back_stack(caller: Caller, request: Request) -> Mapping[str, Any]:
    stack = find_live(caller, request)
    before = stack.status
    stack.removes_created = bool(request.get("RetainExceptOnCreate"))
    begin(
        caller,
        stack,
        "ROLLBACK_IN_PROGRESS",
        lambda s: s in ("CREATE_FAILED", "UPDATE_FAILED"),
        "rolled back",
    )
    stack.begin("ROLLBACK")
    if before == "CREATE_FAILED":
        Operation(caller.engine, stack, stack.definition).roll_back_creation("User Initiated")
    else:
        stack.failed.roll_back("User Initiated")
    return {"StackId": stack.stack_id}


def _cancel_update(caller: Caller, request: Request) -> None:
    stack = find_live(caller, request)
    raise invalid(f"CancelUpdateStack cannot be called from current stack status {stack.status}")


ACTIONS: dict[str, Action] = {
    "CancelUpdateStack": _cancel_update,
    "ContinueUpdateRollback": _continue_rollback,
    "CreateStack": _create_stack,
    "DeleteStack": _delete_stack,
    "RollbackStack": _roll_back_stack,
    "UpdateStack": _update_stack,
    "UpdateTerminationProtection": _protect,
}
