"""Resources of a stack deleted, or kept as their policies say."""

from __future__ import annotations

from carnation.cloudformation.dependencies import find_dependencies, order_resources
from carnation.emulator.cloudformation.stacks import STACK_TYPE, Resource, Stack
from carnation.emulator.cloudformation.steps import StackOperation
from carnation.errors import TemplateError

_RETAINED = ("Retain", "RetainExceptOnCreate")
_GONE = ("DELETE_COMPLETE", "DELETE_SKIPPED")


def discard(
    operation: StackOperation, resource: Resource, policy: str, *, created: bool = False
) -> str:
    """Delete a resource, unless its policy keeps it; returns why it could not be deleted."""
    kept = ("Retain",) if created else _RETAINED
    if created and resource.is_imported:
        return ""  # it leaves the stack as it came
    if policy in kept and not (created and operation.stack.root.removes_created):
        if resource.physical_id:
            operation.stack.set_resource(resource, "DELETE_SKIPPED")
        return ""
    if resource.kind == STACK_TYPE:
        return _delete_nested(operation, resource, created=created)
    return operation.provisioner.delete(resource)


def _delete_nested(operation: StackOperation, resource: Resource, *, created: bool) -> str:
    nested = operation.store.stacks.get(resource.physical_id)
    operation.stack.set_resource(resource, "DELETE_IN_PROGRESS")
    if nested is not None and not nested.is_deleted:
        failed = operation.begin(nested, nested.definition).delete(created=created)
        if failed:
            reason = f"Embedded stack {nested.stack_id} was not successfully deleted: {failed}"
            operation.stack.set_resource(resource, "DELETE_FAILED", reason)
            return reason
    operation.stack.set_resource(resource, "DELETE_COMPLETE")
    return ""


def delete_all(
    operation: StackOperation, *, created: bool, retain: tuple[str, ...] = ()
) -> list[str]:
    """Delete all resources, last first; returns the names of those that could not be deleted.

    What those need stays, too.
    """
    stack, failed = operation.stack, []
    needs = find_dependencies({name: row.body for name, row in stack.resources.items()})
    held: set[str] = set()
    for name in reversed(_order_made(stack)):
        resource = stack.resources[name]
        if name in held:
            held.update(needs[name])
        elif not resource.physical_id or resource.status in _GONE:
            continue
        elif name in retain:
            stack.set_resource(resource, "DELETE_SKIPPED")
        elif discard(operation, resource, resource.policy(), created=created):
            failed.append(name)
            held.update(needs[name])
    return failed


def _order_made(stack: Stack) -> list[str]:
    """Order the resources there are as their template does."""
    bodies = {name: resource.body for name, resource in stack.resources.items()}
    try:
        return order_resources(find_dependencies(bodies))
    except TemplateError:  # of two templates at once
        return list(bodies)
