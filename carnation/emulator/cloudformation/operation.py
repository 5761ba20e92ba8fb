"""One change of a stack, from its template to its resources, and the way back where it fails.

A change is applied resource by resource in the order of the dependencies. What it did is written
down, so that a failure is rolled back in reverse; what is not needed any longer is deleted at the
end. Nested stacks are changed by operations of their own, which end and roll back with this one.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnation.cloudformation.dependencies import find_dependencies, order_resources
from carnation.emulator.cloudformation import stack_policies
from carnation.emulator.cloudformation.ahead import reject_missing_exports
from carnation.emulator.cloudformation.deletion import delete_all, discard
from carnation.emulator.cloudformation.imports import find_import
from carnation.emulator.cloudformation.known import StackResources, StoredValues, make_resolver
from carnation.emulator.cloudformation.nested_stacks import (
    make_nested,
    revert_nested,
    update_nested,
)
from carnation.emulator.cloudformation.outputs import write_outputs
from carnation.emulator.cloudformation.resources import Provisioner, explain, needs_replacement
from carnation.emulator.cloudformation.stacks import (
    STACK_TYPE,
    Definition,
    Resource,
    Stack,
)
from carnation.emulator.cloudformation.steps import OperationError, Stacks, Step
from carnation.emulator.cloudformation.tags import add_tags
from carnation.errors import EmulatorError, TemplateError

_REPLACED = "Requested update requires the creation of a new physical resource; hence creating one."


class Operation:
    """A change of a stack to a definition."""

    def __init__(self, engine: Stacks, stack: Stack, definition: Definition) -> None:
        """Take the stack as it is and what it is to be."""
        self.engine, self.stack, self.definition = engine, stack, definition
        self.store = engine.store_of(stack)
        self.connect = engine.connect(stack)
        self.known = StackResources(stack, self.store, self.connect)
        self.resolver = make_resolver(stack, definition.template, definition.values, self.known)
        self.stored = StoredValues(self.connect)
        self.provisioner = Provisioner(stack, self.connect, engine)
        self.steps: list[Step] = []
        self.removed: list[Resource] = []
        self.garbage: list[Resource] = []
        self.skipped: set[str] = set()
        self._before = (stack.definition, list(stack.outputs), set(stack.imports))
        self._statuses = {name: row.status for name, row in stack.resources.items()}

    def order(self) -> list[str]:
        """Order the resources whose condition holds."""
        template = self.definition.template
        included = {
            name: body for name, body in template.resources.items() if self.resolver.includes(body)
        }
        return order_resources(find_dependencies(included, self.resolver.holds))

    def resolve(self, value: Any) -> Any:
        """Resolve a value of the template, dynamic references included."""
        return self.stored.replace(self.resolver.resolve(value))

    def begin(self, nested: Stack, definition: Definition) -> Operation:
        """Begin an operation on a nested stack."""
        return Operation(self.engine, nested, definition)

    # applying

    def apply(self) -> None:
        """Make, update and replace; raises `OperationError` for the first that fails."""
        creating = self.stack.status.startswith("CREATE")
        self.stack.is_reverting = False
        try:
            exports = [row["Name"] for row in self.store.list_exports()]
            reject_missing_exports(self.resolver, exports)
            names = self.order()
        except TemplateError as error:
            raise OperationError(f"{error} ") from error
        for name in names:
            resource = self._prepare(name)
            try:
                self._apply(name, resource)
            except Exception as error:
                self._fail(resource, error, creating=creating)
        for name in [name for name in self.stack.resources if name not in names]:
            self._remove(name, creating=creating)
        write_outputs(self)
        self.stack.imports = set(self.known.imports)
        self.stack.definition = self.definition

    def _remove(self, name: str, *, creating: bool) -> None:
        resource = self.stack.resources[name]
        try:
            self.guard(stack_policies.DELETE, resource)
        except EmulatorError as error:
            self._fail(resource, error, creating=creating)
        self.removed.append(self.stack.resources.pop(name))

    def guard(self, action: str, resource: Resource) -> None:
        """Raise `EmulatorError` for what the stack's policy does not allow."""
        policy = self.stack.policy_during or self.stack.policy
        stack_policies.reject_denied(policy, action, resource.logical_id, resource.kind)

    def _prepare(self, name: str) -> Resource:
        body = self.definition.template.resources[name]
        before = self.stack.resources.get(name)
        if before is not None:
            return before
        resource = Resource(name, str(body["Type"]), body)
        self.stack.resources[name] = resource
        self.steps.append(Step(name, None, resource, replaces=False))
        return resource

    def _fail(self, resource: Resource, error: Exception, *, creating: bool) -> None:
        resource = self.stack.resources.get(resource.logical_id, resource)
        verb = (
            "CREATE" if not resource.status or resource.status.startswith("CREATE_IN") else "UPDATE"
        )
        self.stack.set_resource(resource, f"{verb}_FAILED", explain(error))
        what = "create" if creating or verb == "CREATE" else "update"
        raise OperationError(
            f"The following resource(s) failed to {what}: [{resource.logical_id}]. "
        ) from error

    def _apply(self, name: str, resource: Resource) -> None:
        body = self.definition.template.resources[name]
        wanted = self._resolve_properties(body)
        if not resource.physical_id:
            self._make(resource, wanted)
            return
        had = resource.properties
        if resource.kind == STACK_TYPE:
            update_nested(self, name, resource, wanted, body)
            return
        if wanted == had:
            self.stack.resources[name] = kept = resource.copy()
            kept.body = body
            self.steps.append(Step(name, resource, kept, replaces=False))
            return
        replacing = needs_replacement(resource.kind, had, wanted)
        self.guard(stack_policies.REPLACE if replacing else stack_policies.MODIFY, resource)
        if replacing:
            self._replace(name, resource, wanted, body)
            return
        after = resource.copy()
        after.body = body
        self.stack.resources[name] = after
        self.steps.append(Step(name, resource, after, replaces=False))
        self.provisioner.update(after, wanted, had)

    def _resolve_properties(self, body: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = self.resolve(body.get("Properties") or {})
        return add_tags(str(body["Type"]), found, self.definition.tags)

    def _make(self, resource: Resource, wanted: dict[str, Any]) -> None:
        if resource.kind == STACK_TYPE:
            make_nested(self, resource, wanted)
        elif (
            found := find_import(self.provisioner.make_context(resource), resource.body)
        ) is not None:
            self.provisioner.adopt(resource, wanted, found)
        else:
            self.stack.set_resource(resource, "CREATE_IN_PROGRESS")
            self.provisioner.make(resource, wanted)

    def _replace(
        self, name: str, before: Resource, wanted: dict[str, Any], body: Mapping[str, Any]
    ) -> None:
        row_name = self.engine.name_property(before.kind)
        custom = row_name and wanted.get(row_name)
        after = Resource(name, before.kind, body, generation=before.generation + 1)
        after.physical_id = before.physical_id
        self.stack.set_resource(
            after, "UPDATE_IN_PROGRESS",
            _REPLACED,
        )  # fmt: skip
        self.stack.resources[name] = after
        if custom and custom == before.properties.get(row_name):
            self.steps.append(Step(name, before, before, replaces=False))
            raise EmulatorError(
                "CloudFormation cannot update a stack when a custom-named resource requires "
                f"replacing. Rename {custom} and update the stack again."
            )
        after.physical_id = ""
        self.steps.append(Step(name, before, after, replaces=True))
        self.provisioner.make(after, wanted, verb="UPDATE")

    # the end of an update

    def finish(self) -> None:
        """Delete what was removed or replaced, and end the update."""
        if self.stack.parent is None or self.stack.status != "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS":
            self.stack.set_status("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        for step in self.steps:
            if step.child is not None:
                step.child.finish()
            if step.replaces and step.before is not None:
                discard(self, step.before, step.before.policy("UpdateReplacePolicy"))
        for resource in reversed(self.removed):
            discard(self, resource, resource.policy())
        self.stack.updated = self.stack.events[-1]["Timestamp"]
        self.stack.set_status("UPDATE_COMPLETE")

    # going back

    def undo(self) -> list[str]:
        """Put all that was applied back as it was; returns the names of those that resisted."""
        stack = self.stack
        while self.steps:
            step = self.steps[-1]
            try:
                if step.name not in self.skipped:
                    self._revert(step)
            except Exception as error:
                resource = stack.resources.get(step.name, step.after)
                stack.set_resource(resource, "UPDATE_FAILED", explain(error))
                return [step.name]
            self.steps.pop()
            self._settle(step)
        for resource in self.removed:
            stack.resources[resource.logical_id] = resource
        self.removed.clear()
        stack.definition, stack.outputs, stack.imports = self._before
        return []

    def _settle(self, step: Step) -> None:
        if step.before is None:
            self.stack.resources.pop(step.name, None)
        else:
            self.stack.resources[step.name] = step.before
        if step.before is None or step.replaces:
            self.garbage.append(step.after)

    def _revert(self, step: Step) -> None:
        if step.child is not None:
            revert_nested(self, step, step.child)
            return
        before, after = step.before, step.after
        if before is None or step.replaces:
            return
        if after.properties != before.properties:
            self.provisioner.update(after, before.properties, after.properties)
            before.attributes = after.attributes
            before.status = after.status

    def roll_back(self, reason: str) -> list[str]:
        """Roll an update back; returns the names of the resources that resisted."""
        stack = self.stack
        stack.set_status("UPDATE_ROLLBACK_IN_PROGRESS", reason)
        resisted = self.undo()
        if resisted:
            names = ", ".join(resisted)
            stack.failed = self
            stack.set_status(
                "UPDATE_ROLLBACK_FAILED", f"The following resource(s) failed to update: [{names}]. "
            )
            return resisted
        stack.set_status("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        for resource in self.garbage:
            if resource.physical_id:
                discard(self, resource, resource.policy(), created=True)
        stack.failed = None
        for name, status in self._statuses.items():
            if name in stack.resources and stack.resources[name].status.endswith("_FAILED"):
                stack.resources[name].status = status
        stack.set_status("UPDATE_ROLLBACK_COMPLETE")
        return []

    def roll_back_creation(self, reason: str) -> None:
        """Delete what a creation that failed has made."""
        self.stack.set_status("ROLLBACK_IN_PROGRESS", reason)
        failed = delete_all(self, created=True)
        if failed:
            names = f"The following resource(s) failed to delete: [{', '.join(failed)}]. "
            self.stack.set_status("ROLLBACK_FAILED", names)
        else:
            self.stack.set_status("ROLLBACK_COMPLETE")

    def delete(
        self, *, created: bool = False, retain: tuple[str, ...] = (), reason: str = ""
    ) -> str:
        """Delete the stack; returns why that could not be."""
        self.stack.set_status("DELETE_IN_PROGRESS", reason)
        failed = delete_all(self, created=created, retain=retain)
        if failed:
            names = f"The following resource(s) failed to delete: [{', '.join(failed)}]. "
            self.stack.set_status("DELETE_FAILED", names)
            return names
        self.stack.set_status("DELETE_COMPLETE")
        self.stack.deleted = self.stack.events[-1]["Timestamp"]
        self.stack.outputs, self.stack.imports = [], set()
        return ""
