"""Nested stacks, changed by operations of their own that end and roll back with the outer one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnation.emulator.cloudformation.stack_policies import MODIFY
from carnation.emulator.cloudformation.stacks import Definition, Resource, Stack, make_stack_id
from carnation.emulator.cloudformation.steps import OperationError, StackOperation, Step
from carnation.errors import EmulatorError


def make_nested(operation: StackOperation, resource: Resource, wanted: dict[str, Any]) -> None:
    """Make a nested stack, and all in it."""
    stack = operation.stack
    resource.properties = wanted
    stack.set_resource(resource, "CREATE_IN_PROGRESS")
    nested = _define(operation, resource, wanted)
    resource.physical_id = nested.stack_id
    operation.store.add(nested)
    stack.set_resource(resource, "CREATE_IN_PROGRESS", "Resource creation Initiated")
    _apply(operation.begin(nested, nested.definition), "CREATE")
    nested.set_status("CREATE_COMPLETE")
    resource.attributes = _read_outputs(nested)
    stack.set_resource(resource, "CREATE_COMPLETE")


def _apply(child: StackOperation, verb: str) -> None:
    """Apply a nested stack's operation; a failure is that of its resource in the outer stack."""
    nested = child.stack
    nested.set_status(f"{verb}_IN_PROGRESS")
    try:
        child.apply()
    except OperationError as error:
        nested.set_status(f"{verb}_FAILED", str(error))
        raise EmulatorError(
            f"Embedded stack {nested.stack_id} was not successfully {verb.lower()}d: {error}"
        ) from error


def _define(operation: StackOperation, resource: Resource, wanted: Mapping[str, Any]) -> Stack:
    name = operation.provisioner.make_context(resource).make_name(128)
    stack_id = make_stack_id(name, operation.stack.account, operation.stack.region)
    empty = Definition("", operation.definition.template)
    nested = Stack(
        stack_id,
        name,
        operation.stack.account,
        operation.stack.region,
        empty,
        parent=operation.stack,
    )
    nested.notification_arns = list(wanted.get("NotificationARNs") or ())
    nested.definition = operation.engine.definer.define_nested(
        nested, wanted, operation.definition, resource.logical_id
    )
    return nested


def update_nested(
    operation: StackOperation,
    name: str,
    before: Resource,
    wanted: dict[str, Any],
    body: Mapping[str, Any],
) -> None:
    """Update a nested stack, where anything of it changes."""
    nested = operation.store.stacks[before.physical_id]
    definition = operation.engine.definer.define_nested(nested, wanted, operation.definition, name)
    after = before.copy()
    after.body, after.properties = body, wanted
    operation.stack.resources[name] = after
    if not operation.engine.has_changes(nested, definition):
        operation.steps.append(Step(name, before, after, replaces=False))
        return
    operation.guard(MODIFY, before)
    child = operation.begin(nested, definition)
    operation.steps.append(Step(name, before, after, replaces=False, child=child))
    operation.stack.set_resource(after, "UPDATE_IN_PROGRESS")
    _apply(child, "UPDATE")
    nested.set_status("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
    after.attributes = _read_outputs(nested)
    operation.stack.set_resource(after, "UPDATE_COMPLETE")


def revert_nested(operation: StackOperation, step: Step, child: StackOperation) -> None:
    """Roll a nested stack back."""
    nested = child.stack
    operation.stack.set_resource(step.after, "UPDATE_IN_PROGRESS")
    failed = child.roll_back("")
    if failed:
        raise EmulatorError(
            f"Embedded stack {nested.stack_id} was not successfully updated: it is {nested.status}"
        )
    if step.before is not None:
        step.before.attributes = _read_outputs(nested)
    operation.stack.set_resource(step.after, "UPDATE_COMPLETE")


def _read_outputs(nested: Stack) -> dict[str, str]:
    return {f"Outputs.{row['OutputKey']}": row["OutputValue"] for row in nested.outputs}
