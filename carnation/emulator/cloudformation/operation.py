"""One change of a stack, from its template to its resources, and the way back where it fails.

A change is applied resource by resource in the order of the dependencies. What it did is written
down, so that a failure is rolled back in reverse; what is not needed any longer is deleted at the
end. Nested stacks are changed by operations of their own, which end and roll back with this one.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from carnation.cloudformation.dependencies import find_dependencies, order_resources
from carnation.emulator.cloudformation.known import StackResources, StoredValues, make_resolver
from carnation.emulator.cloudformation.resources import Provisioner, explain, needs_replacement
from carnation.emulator.cloudformation.stacks import (
    STACK_TYPE,
    Definition,
    Resource,
    Stack,
    make_stack_id,
)
from carnation.emulator.cloudformation.tags import add_tags
from carnation.errors import EmulatorError, TemplateError

if TYPE_CHECKING:
    from carnation.emulator.cloudformation.engine import Engine

_REPLACED = "Requested update requires the creation of a new physical resource; hence creating one."
_RETAINED = ("Retain", "RetainExceptOnCreate")


class OperationError(EmulatorError):
    """An operation failed; its text is the reason that the stack's event gives."""


class _Step(NamedTuple):
    """What an update did to a resource: `before` is None where there was none."""

    name: str
    before: Resource | None
    after: Resource
    replaces: bool
    child: Operation | None = None


class Operation:
    """A change of a stack to a definition."""

    def __init__(self, engine: Engine, stack: Stack, definition: Definition) -> None:
        """Take the stack as it is and what it is to be."""
        self.engine, self.stack, self.definition = engine, stack, definition
        self.store = engine.store_of(stack)
        self.connect = engine.connect(stack)
        self.known = StackResources(stack, self.store, self.connect)
        self.resolver = make_resolver(stack, definition.template, definition.values, self.known)
        self.stored = StoredValues(self.connect)
        self.provisioner = Provisioner(stack, self.connect, engine)
        self.steps: list[_Step] = []
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

    # applying

    def apply(self) -> None:
        """Make, update and replace; raises `OperationError` for the first that fails."""
        creating = self.stack.status.startswith("CREATE")
        try:
            names = self.order()
        except TemplateError as error:
            raise OperationError(str(error)) from error
        for name in names:
            resource = self._prepare(name)
            try:
                self._apply(name, resource)
            except Exception as error:
                self._fail(resource, error, creating=creating)
        for name in [name for name in self.stack.resources if name not in names]:
            self.removed.append(self.stack.resources.pop(name))
        self._write_outputs()
        self.stack.imports = set(self.known.imports)
        self.stack.definition = self.definition

    def _prepare(self, name: str) -> Resource:
        body = self.definition.template.resources[name]
        before = self.stack.resources.get(name)
        if before is not None:
            return before
        resource = Resource(name, str(body["Type"]), body)
        self.stack.resources[name] = resource
        self.steps.append(_Step(name, None, resource, replaces=False))
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
            self._update_nested(name, resource, wanted, body)
            return
        if wanted == had:
            self.stack.resources[name] = kept = resource.copy()
            kept.body = body
            self.steps.append(_Step(name, resource, kept, replaces=False))
            return
        replacing = needs_replacement(resource.kind, had, wanted)
        if replacing:
            self._replace(name, resource, wanted, body)
            return
        after = resource.copy()
        after.body = body
        self.stack.resources[name] = after
        self.steps.append(_Step(name, resource, after, replaces=False))
        self.provisioner.update(after, wanted, had)

    def _resolve_properties(self, body: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = self.resolve(body.get("Properties") or {})
        return add_tags(str(body["Type"]), found, self.definition.tags)

    def _make(self, resource: Resource, wanted: dict[str, Any]) -> None:
        if resource.kind == STACK_TYPE:
            self._make_nested(resource, wanted)
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
            self.steps.append(_Step(name, before, before, replaces=False))
            raise EmulatorError(
                "CloudFormation cannot update a stack when a custom-named resource requires "
                f"replacing. Rename {custom} and update the stack again."
            )
        after.physical_id = ""
        self.steps.append(_Step(name, before, after, replaces=True))
        self.provisioner.make(after, wanted, verb="UPDATE")

    # nested stacks

    def _make_nested(self, resource: Resource, wanted: dict[str, Any]) -> None:
        stack = self.stack
        resource.properties = wanted
        stack.set_resource(resource, "CREATE_IN_PROGRESS")
        nested = self._define_nested(resource, wanted)
        resource.physical_id = nested.stack_id
        self.store.add(nested)
        stack.set_resource(resource, "CREATE_IN_PROGRESS", "Resource creation Initiated")
        nested.set_status("CREATE_IN_PROGRESS")
        try:
            Operation(self.engine, nested, nested.definition).apply()
        except OperationError as error:
            nested.set_status("CREATE_FAILED", str(error))
            raise EmulatorError(
                f"Embedded stack {nested.stack_id} was not successfully created: {error}"
            ) from error
        nested.set_status("CREATE_COMPLETE")
        resource.attributes = _read_outputs(nested)
        stack.set_resource(resource, "CREATE_COMPLETE")

    def _define_nested(self, resource: Resource, wanted: Mapping[str, Any]) -> Stack:
        name = self.engine.make_context(self, resource).make_name(128)
        stack_id = make_stack_id(name, self.stack.account, self.stack.region)
        empty = Definition("", self.definition.template)
        nested = Stack(
            stack_id, name, self.stack.account, self.stack.region, empty, parent=self.stack
        )
        nested.notification_arns = list(wanted.get("NotificationARNs") or ())
        nested.definition = self.engine.definer.define_nested(nested, wanted, self.definition)
        return nested

    def _update_nested(
        self, name: str, before: Resource, wanted: dict[str, Any], body: Mapping[str, Any]
    ) -> None:
        nested = self.store.stacks[before.physical_id]
        definition = self.engine.definer.define_nested(nested, wanted, self.definition)
        after = before.copy()
        after.body, after.properties = body, wanted
        self.stack.resources[name] = after
        if not self.engine.has_changes(nested, definition):
            self.steps.append(_Step(name, before, after, replaces=False))
            return
        child = Operation(self.engine, nested, definition)
        self.steps.append(_Step(name, before, after, replaces=False, child=child))
        self.stack.set_resource(after, "UPDATE_IN_PROGRESS")
        nested.set_status("UPDATE_IN_PROGRESS")
        try:
            child.apply()
        except OperationError as error:
            nested.set_status("UPDATE_FAILED", str(error))
            raise EmulatorError(
                f"Embedded stack {nested.stack_id} was not successfully updated: {error}"
            ) from error
        nested.set_status("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        after.attributes = _read_outputs(nested)
        self.stack.set_resource(after, "UPDATE_COMPLETE")

    # outputs

    def _write_outputs(self) -> None:
        try:
            rows = [
                self._make_output(name, body)
                for name, body in self.definition.template.outputs.items()
                if self.resolver.includes(body)
            ]
            self._check_exports(rows)
        except Exception as error:
            raise OperationError(explain(error)) from error
        self.stack.outputs = rows

    def _make_output(self, name: str, body: Mapping[str, Any]) -> dict[str, str]:
        try:
            row = {"OutputKey": name, "OutputValue": self._as_output(body["Value"])}
            export = (body.get("Export") or {}).get("Name")
            if export is not None:
                row["ExportName"] = self.resolver.text(export, "Export")
        except TemplateError as error:
            raise TemplateError(f"output '{name}': {error}") from error
        if "Description" in body:
            row["Description"] = str(body["Description"])
        return row

    def _as_output(self, value: Any) -> str:
        found = self.resolve(value)
        if isinstance(found, list):
            return ",".join(str(item) for item in found)
        return self.resolver.text(found, "Value")

    def _check_exports(self, rows: list[dict[str, str]]) -> None:
        mine = self.stack.stack_id
        others = {
            row["Name"]: row for row in self.store.list_exports() if row["ExportingStackId"] != mine
        }
        new = {row["ExportName"]: row["OutputValue"] for row in rows if "ExportName" in row}
        for name in new:
            if name in others:
                owner = others[name]["ExportingStackId"].split("/")[1]
                raise TemplateError(
                    f"Export with name {name} is already exported by stack {owner}."
                )
        for row in self.stack.outputs:
            export = row.get("ExportName")
            users = self.store.list_importers(export) if export else []
            if users and export not in new:
                raise TemplateError(
                    f"Export {export} cannot be deleted as it is in use by {', '.join(users)}"
                )
            if users and new[str(export)] != row["OutputValue"]:
                raise TemplateError(
                    f"Export {export} cannot be updated as it is in use by {', '.join(users)}"
                )

    # the end of an update

    def finish(self) -> None:
        """Delete what was removed or replaced, and end the update."""
        if self.stack.parent is None or self.stack.status != "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS":
            self.stack.set_status("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        for step in self.steps:
            if step.child is not None:
                step.child.finish()
            if step.replaces and step.before is not None:
                self._discard(step.before, step.before.policy("UpdateReplacePolicy"))
        for resource in reversed(self.removed):
            self._discard(resource, resource.policy())
        self.stack.updated = self.stack.events[-1]["Timestamp"]
        self.stack.set_status("UPDATE_COMPLETE")

    def _discard(self, resource: Resource, policy: str, *, created: bool = False) -> str:
        """Delete a resource, unless its policy keeps it; returns why it could not be deleted."""
        kept = ("Retain",) if created else _RETAINED
        if policy in kept and not (created and self.stack.root.removes_created):
            if resource.physical_id:
                self.stack.set_resource(resource, "DELETE_SKIPPED")
            return ""
        if resource.kind == STACK_TYPE:
            return self._delete_nested(resource, created=created)
        return self.provisioner.delete(resource)

    def _delete_nested(self, resource: Resource, *, created: bool) -> str:
        nested = self.store.stacks.get(resource.physical_id)
        self.stack.set_resource(resource, "DELETE_IN_PROGRESS")
        if nested is not None and not nested.is_deleted:
            failed = Operation(self.engine, nested, nested.definition).delete(created=created)
            if failed:
                reason = f"Embedded stack {nested.stack_id} was not successfully deleted: {failed}"
                self.stack.set_resource(resource, "DELETE_FAILED", reason)
                return reason
        self.stack.set_resource(resource, "DELETE_COMPLETE")
        return ""

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

    def _settle(self, step: _Step) -> None:
        if step.before is None:
            self.stack.resources.pop(step.name, None)
        else:
            self.stack.resources[step.name] = step.before
        if step.before is None or step.replaces:
            self.garbage.append(step.after)

    def _revert(self, step: _Step) -> None:
        if step.child is not None:
            self._revert_nested(step, step.child)
            return
        before, after = step.before, step.after
        if before is None or step.replaces:
            return
        if after.properties != before.properties:
            self.provisioner.update(after, before.properties, after.properties)
            before.attributes = after.attributes
            before.status = after.status

    def _revert_nested(self, step: _Step, child: Operation) -> None:
        nested = child.stack
        self.stack.set_resource(step.after, "UPDATE_IN_PROGRESS")
        failed = child.roll_back("")
        if failed:
            raise EmulatorError(
                f"Embedded stack {nested.stack_id} was not successfully updated: it is "
                f"{nested.status}"
            )
        if step.before is not None:
            step.before.attributes = _read_outputs(nested)
        self.stack.set_resource(step.after, "UPDATE_COMPLETE")

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
                self._discard(resource, resource.policy(), created=True)
        stack.failed = None
        for name, status in self._statuses.items():
            if name in stack.resources and stack.resources[name].status.endswith("_FAILED"):
                stack.resources[name].status = status
        stack.set_status("UPDATE_ROLLBACK_COMPLETE")
        return []

    def roll_back_creation(self, reason: str) -> None:
        """Delete what a creation that failed has made."""
        self.stack.set_status("ROLLBACK_IN_PROGRESS", reason)
        failed = self._delete_all(created=True)
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
        failed = self._delete_all(created=created, retain=retain)
        if failed:
            names = f"The following resource(s) failed to delete: [{', '.join(failed)}]. "
            self.stack.set_status("DELETE_FAILED", names)
            return names
        self.stack.set_status("DELETE_COMPLETE")
        self.stack.deleted = self.stack.events[-1]["Timestamp"]
        self.stack.outputs, self.stack.imports = [], set()
        return ""

    def _delete_all(self, *, created: bool, retain: tuple[str, ...] = ()) -> list[str]:
        stack, failed = self.stack, []
        for name in reversed(self._order_made()):
            resource = stack.resources[name]
            if not resource.physical_id or resource.status in ("DELETE_COMPLETE", "DELETE_SKIPPED"):
                continue
            policy = "Retain" if name in retain else resource.policy()
            if name in retain:
                stack.set_resource(resource, "DELETE_SKIPPED")
            elif self._discard(resource, policy, created=created):
                failed.append(name)
        return failed

    def _order_made(self) -> list[str]:
        """Order the resources there are as their template does."""
        made = self.stack.resources
        bodies = {name: resource.body for name, resource in made.items()}
        try:
            return order_resources(find_dependencies(bodies))
        except TemplateError:  # of two templates at once
            return list(made)


def _read_outputs(nested: Stack) -> dict[str, str]:
    return {f"Outputs.{row['OutputKey']}": row["OutputValue"] for row in nested.outputs}
