"""Change sets made, described, executed and deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnation.cloudformation.template import Template
from carnation.emulator.cloudformation import drift
from carnation.emulator.cloudformation.api.definitions import apply_settings, define
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
    page,
)
from carnation.emulator.cloudformation.change_sets import ChangeSet, make_change_set
from carnation.emulator.cloudformation.stacks import Definition


def _create_change_set(caller: Caller, request: Request) -> Mapping[str, Any]:
    name, kind = str(request["StackName"]), request.get("ChangeSetType", "UPDATE")
    stack = caller.store.find(name)
    if stack is not None and stack.is_deleted:
        stack = None
    is_new = stack is None or stack.status == "REVIEW_IN_PROGRESS"
    if kind == "UPDATE" and is_new:
        raise invalid(f"Stack [{name}] does not exist")
    if kind == "CREATE" and not is_new:
        raise invalid(
            f"Stack [{name}] already exists and cannot be created again with the changeSet "
            f"[{request['ChangeSetName']}]."
        )
    if kind == "IMPORT":
        raise invalid("the emulator imports no resources. Create them by the template.")
    if kind == "UPDATE" and stack is not None and not is_updatable(stack.status):
        begin(caller, stack, "", is_updatable, "updated")
    if stack is None:
        check_name(name)
        stack = caller.engine.reserve(caller.store, name)
    stack.takes_existing = bool(request.get("ImportExistingResources"))
    before = None if is_new else stack.definition
    definition = define(caller, request, stack, before)
    taken = [
        row for row in caller.store.change_sets.values()
        if row.stack is stack and row.name == request["ChangeSetName"]
    ]  # fmt: skip
    if taken:
        raise ActionError(
            "AlreadyExistsException", f"ChangeSet {request['ChangeSetName']} already exists"
        )
    if stack.stack_id not in caller.store.stacks:
        caller.store.add(stack)
        stack.token = request.get("ClientToken")
        stack.definition = Definition(
            "", Template({}), capabilities=definition.capabilities, tags=definition.tags
        )
        stack.set_status("REVIEW_IN_PROGRESS", "User Initiated")
    reverts = request.get("DeploymentMode") == "REVERT_DRIFT"
    if reverts:
        drift.detect_all(caller.engine, stack)
    made = make_change_set(
        caller.engine, stack, definition, str(request["ChangeSetName"]), kind,
        reverts_drift=reverts,
    )  # fmt: skip
    made.role_arn = request.get("RoleARN")
    made.description = request.get("Description")
    made.on_failure = request.get("OnStackFailure", "ROLLBACK")
    made.takes_existing = stack.takes_existing
    made.include_nested = bool(request.get("IncludeNestedStacks"))
    caller.store.change_sets[made.arn] = made
    return {"Id": made.arn, "StackId": stack.stack_id}


def find_change_set(caller: Caller, request: Request) -> ChangeSet:
    """Find the change set that a request names."""
    name, stack = str(request["ChangeSetName"]), request.get("StackName")
    for found in reversed(list(caller.store.change_sets.values())):
        if name == found.arn or (
            name == found.name and stack in (found.stack.name, found.stack.stack_id)
        ):
            return found  # type: ignore[no-any-return]
    raise ActionError("ChangeSetNotFound", f"ChangeSet [{name}] does not exist", 404)


def _describe_change_set(caller: Caller, request: Request) -> Mapping[str, Any]:
    return find_change_set(caller, request).describe()


def _delete_change_set(caller: Caller, request: Request) -> None:
    try:
        found = find_change_set(caller, request)
    except ActionError:
        return
    caller.store.change_sets = {
        arn: row
        for arn, row in caller.store.change_sets.items()
        if row is not found and row.parent is not found
    }


def _list_change_sets(caller: Caller, request: Request) -> Mapping[str, Any]:
    stack = find_live(caller, request)
    sets = [row for row in caller.store.change_sets.values() if row.stack is stack]
    return page(request, [row.summarize() for row in sets], "Summaries")


def _execute_change_set(caller: Caller, request: Request) -> None:
    found = find_change_set(caller, request)
    stack = found.stack
    with caller.engine.lock:
        if found.execution != "AVAILABLE":
            raise ActionError(
                "InvalidChangeSetStatus",
                f"ChangeSet [{found.arn}] cannot be executed in its current status of "
                f"[{found.execution if found.status != 'FAILED' else found.status}]",
            )
        allowed = (
            is_updatable
            if found.kind == "UPDATE"
            else lambda status: status == "REVIEW_IN_PROGRESS"
        )
        begin(caller, stack, f"{found.kind}_IN_PROGRESS", allowed, "updated")
        found.execution = "EXECUTE_IN_PROGRESS"
        for other in caller.store.change_sets.values():
            if other.stack is stack and other is not found:
                other.execution = "OBSOLETE"
    role = {"RoleARN": found.role_arn} if found.role_arn else {}
    apply_settings(stack, {"RetainExceptOnCreate": False, **role, **request})
    if found.reverts_drift:
        drift.record_actual(caller.engine, stack)
    stack.takes_existing = found.takes_existing
    if found.kind == "CREATE":
        on_failure = "DO_NOTHING" if request.get("DisableRollback") else found.on_failure
        caller.engine.create(stack, found.definition, on_failure)
    else:
        caller.engine.update(stack, found.definition)
    done = stack.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
    found.execution = "EXECUTE_COMPLETE" if done else "EXECUTE_FAILED"


ACTIONS: dict[str, Action] = {
    "CreateChangeSet": _create_change_set,
    "DeleteChangeSet": _delete_change_set,
    "DescribeChangeSet": _describe_change_set,
    "ExecuteChangeSet": _execute_change_set,
    "ListChangeSets": _list_change_sets,
}
