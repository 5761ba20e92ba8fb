"""Change sets: what an update would do, as far as that is known without doing it.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeChangeSet.html
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from carnation.cloudformation.dependencies import find_references
from carnation.cloudformation.intrinsics import Resolver
from carnation.emulator.cloudformation.drift import list_drifted
from carnation.emulator.cloudformation.engine import Engine
from carnation.emulator.cloudformation.imports import find_import
from carnation.emulator.cloudformation.known import StackResources, make_resolver
from carnation.emulator.cloudformation.resources import explain
from carnation.emulator.cloudformation.stacks import (
    STACK_TYPE,
    Definition,
    Resource,
    Stack,
    Validation,
    now,
)
from carnation.emulator.cloudformation.validations import explain_failure
from carnation.errors import TemplateError
from carnation.services.updates import IN_PLACE, INTERRUPTS, MAY_REPLACE, REPLACES, find_update

NO_CHANGES = (
    "The submitted information didn't contain changes. "
    "Submit different information to create a change set."
)
_ORDER = (IN_PLACE, INTERRUPTS, MAY_REPLACE, REPLACES)
_REPLACEMENT = {REPLACES: "True", MAY_REPLACE: "Conditional"}
_RECREATION = {REPLACES: "Always", MAY_REPLACE: "Conditionally"}


@dataclass
class ChangeSet:
    """A change set of a stack."""

    arn: str
    name: str
    stack: Stack
    definition: Definition
    kind: str
    changes: list[dict[str, Any]] = field(default_factory=list)
    status: str = "CREATE_COMPLETE"
    reason: str = ""
    execution: str = "AVAILABLE"
    created: datetime = field(default_factory=now)
    description: str | None = None
    parent: ChangeSet | None = None
    on_failure: str = "ROLLBACK"
    include_nested: bool = False
    takes_existing: bool = False
    reverts_drift: bool = False
    role_arn: str | None = None
    validations: list[Validation] = field(default_factory=list)

    def fail(self, reason: str) -> None:
        """Note that it cannot be executed, and why."""
        self.status, self.reason, self.execution = "FAILED", reason, "UNAVAILABLE"

    def describe(self) -> dict[str, Any]:
        """Return what DescribeChangeSet says."""
        root = self
        while root.parent is not None:
            root = root.parent
        parameters = self.definition.parameters
        return {
            **self.summarize(),
            "Parameters": [
                {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
            ],
            "Capabilities": self.definition.capabilities,
            "Tags": [{"Key": key, "Value": value} for key, value in self.definition.tags.items()],
            "NotificationARNs": self.stack.notification_arns,
            "Changes": [{"Type": "Resource", "ResourceChange": row} for row in self.changes],
        }

    def summarize(self) -> dict[str, Any]:
        """Return what ListChangeSets says."""
        root = self.parent
        while root is not None and root.parent is not None:
            root = root.parent
        return {
            "ChangeSetId": self.arn,
            "ChangeSetName": self.name,
            "StackId": self.stack.stack_id,
            "StackName": self.stack.name,
            "Description": self.description,
            "CreationTime": self.created,
            "ExecutionStatus": self.execution,
            "Status": self.status,
            "StatusReason": self.reason or None,
            "IncludeNestedStacks": self.include_nested,
            "ImportExistingResources": self.takes_existing,
            "DeploymentMode": "REVERT_DRIFT" if self.reverts_drift else None,
            "ParentChangeSetId": self.parent.arn if self.parent else None,
            "RootChangeSetId": root.arn if root else None,
        }


def make_change_set(
    engine: Engine,
    stack: Stack,
    definition: Definition,
    name: str,
    kind: str,
    *,
    reverts_drift: bool = False,
) -> ChangeSet:
    """Make a change set, with those of nested stacks."""
    place = f"arn:{stack.partition}:cloudformation:{stack.region}:{stack.account}:changeSet"
    made = ChangeSet(f"{place}/{name}/{uuid.uuid4()}", name, stack, definition, kind)
    made.validations = definition.validations
    store = engine.store_of(stack)
    made.reverts_drift = reverts_drift
    plan = _Plan(engine, stack, definition, is_new=kind == "CREATE", reverts=reverts_drift)
    for change in plan.find_changes():
        inner = _make_inner(engine, made, plan, change)
        if inner is not None and inner.reason == NO_CHANGES:
            continue
        if inner is not None:
            change["ChangeSetId"] = inner.arn
            store.change_sets[inner.arn] = inner
        if inner is not None and inner.status == "FAILED":
            made.fail(
                f"Nested change set {inner.arn} was not successfully created: Currently in FAILED."
            )
        made.changes.append(change)
    if any(row.fails for row in made.validations):
        made.fail(explain_failure(made.validations))
    elif kind == "UPDATE" and not made.changes and not _changes_stack(stack, definition):
        made.fail(NO_CHANGES)
    return made


def _changes_stack(stack: Stack, definition: Definition) -> bool:
    """Decide whether something of a stack changes that is none of its resources."""
    had = stack.definition
    return (had.template.outputs, had.tags, had.parameters) != (
        definition.template.outputs, definition.tags, definition.parameters,
    )  # fmt: skip


def _make_inner(
    engine: Engine, outer: ChangeSet, plan: _Plan, change: Mapping[str, Any]
) -> ChangeSet | None:
    """Make the change set of a nested stack."""
    if change["Action"] == "Remove" or change["ResourceType"] != STACK_TYPE:
        return None
    logical_id, is_new = change["LogicalResourceId"], change["Action"] == "Add"
    nested = plan.nested(logical_id, is_new=is_new)
    definition = plan.define_nested(nested, logical_id)
    if definition is None:
        return None
    kind = "CREATE" if is_new else "UPDATE"
    made = make_change_set(
        engine, nested, definition, f"{outer.name}-{logical_id}", kind,
        reverts_drift=outer.reverts_drift,
    )  # fmt: skip
    made.parent = outer
    return made


class _Plan:
    """What a definition would change of a stack."""

    def __init__(
        self, engine: Engine, stack: Stack, definition: Definition, *, is_new: bool, reverts: bool
    ) -> None:
        self._engine, self._stack, self._definition = engine, stack, definition
        self._reverts = reverts
        self._is_new = is_new
        known = StackResources(stack, engine.store_of(stack), engine.connect(stack))
        self._resolver: Resolver = make_resolver(
            stack, definition.template, definition.values, known
        )
        self._had = {} if is_new else stack.resources

    def _included(self) -> dict[str, Mapping[str, Any]]:
        resources = self._definition.template.resources
        return {n: b for n, b in resources.items() if self._resolver.includes(b)}

    def find_changes(self) -> Iterator[dict[str, Any]]:
        """Yield what executing would do."""
        wanted = self._included()
        given = set() if self._is_new else self._find_changed_values()
        moved: set[str] = set()
        for name, body in wanted.items():
            before = self._had.get(name)
            if before is None:
                moved.add(name)
                yield self._describe_new(name, body)
                continue
            effects = self._classify(before, body, given, moved)
            if effects or before.kind == STACK_TYPE:
                moved.add(name)
                yield _describe("Modify", name, body["Type"], body, effects, before)
        for name, before in self._had.items():
            if name not in wanted:
                yield _describe("Remove", name, before.kind, before.body, before=before)

    def _describe_new(self, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        context = self._engine.definer.make_context(self._stack, name, body["Type"])
        found = find_import(context, body)
        if found is None:
            return _describe("Add", name, body["Type"], body)
        return {**_describe("Import", name, body["Type"], body), "PhysicalResourceId": found.ref}

    def _find_changed_values(self) -> set[str]:
        had, wanted = self._stack.definition.values, self._definition.values
        return {name for name, value in wanted.items() if value != had.get(name)}

    def _classify(
        self, before: Resource, body: Mapping[str, Any], given: set[str], moved: set[str]
    ) -> dict[str, tuple[str, str, str]]:
        """Return, for each property that changes, its effect, the source and what caused it.

        What follows from another resource that changes is known only when that has changed.
        """
        old, new = before.body.get("Properties") or {}, body.get("Properties") or {}
        effects = {}
        for name in {**old, **new}:
            effect = find_update(before.kind, [name])
            if self._reverts and name in list_drifted(before):
                effects[name] = (effect, "DirectModification", "")
                continue
            named = set(find_references(new.get(name), self._resolver.holds))
            if old.get(name) != new.get(name):
                if self._stays(before, name, new):
                    continue
                effects[name] = (effect, "DirectModification", "")
            elif named & given:
                effects[name] = (effect, "ParameterReference", min(named & given))
            elif named & moved:
                later = MAY_REPLACE if effect == REPLACES else effect
                effects[name] = (later, "ResourceReference", min(named & moved))
        return effects

    def _stays(self, before: Resource, name: str, new: Mapping[str, Any]) -> bool:
        """Decide whether a property that is written otherwise is what it was."""
        try:
            return name in new and self._resolver.resolve(new[name]) == before.properties.get(name)
        except TemplateError:
            return False

    def nested(self, logical_id: str, *, is_new: bool) -> Stack:
        """Return the nested stack of a resource, or one that is not made yet."""
        if is_new:
            nested = self._engine.reserve(
                self._engine.store_of(self._stack), f"{self._stack.name}-{logical_id}"
            )
            nested.parent = self._stack
            return nested
        store = self._engine.store_of(self._stack)
        return store.stacks[self._had[logical_id].physical_id]

    def define_nested(self, nested: Stack, logical_id: str) -> Definition | None:
        """Define a nested stack; a value that is not known yet stays what it was."""
        body = self._definition.template.resources[logical_id].get("Properties") or {}
        properties = {
            **body,
            "TemplateURL": self._read(body.get("TemplateURL")),
            "Parameters": {
                name: self._read(value, nested.definition.parameters.get(name))
                for name, value in (body.get("Parameters") or {}).items()
            },
        }
        try:
            definition = self._engine.definer.define_nested(
                nested, properties, self._definition, logical_id
            )
            ahead = self._definition.nested.get(logical_id)
            if ahead is not None:
                definition.validations = ahead.validations
            return definition
        except TemplateError as error:
            if self._is_unknown(body):
                return None
            raise TemplateError(f"nested stack '{logical_id}': {explain(error)}") from error

    def _is_unknown(self, body: Mapping[str, Any]) -> bool:
        try:
            self._resolver.resolve(dict(body))
        except TemplateError:
            return True
        return False

    def _read(self, value: Any, otherwise: Any = None) -> Any:
        try:
            return self._resolver.resolve(value)
        except TemplateError:
            return "" if otherwise is None else otherwise


def _describe(
    action: str,
    name: str,
    kind: str,
    body: Mapping[str, Any],
    effects: Mapping[str, tuple[str, str, str]] | None = None,
    before: Resource | None = None,
) -> dict[str, Any]:
    change: dict[str, Any] = {
        "Action": action, "LogicalResourceId": name, "ResourceType": kind, "Scope": [],
        "Details": [],
    }  # fmt: skip
    if before is not None:
        change["PhysicalResourceId"] = before.physical_id
    if action == "Remove":
        change["PolicyAction"] = body.get("DeletionPolicy", "Delete").replace(
            "RetainExceptOnCreate", "Retain"
        )
    if action != "Modify":
        return change
    worst = max((effect for effect, *_ in (effects or {}).values()), key=_ORDER.index, default="")
    change["Replacement"] = _REPLACEMENT.get(worst, "False")
    if change["Replacement"] != "False":
        policy = body.get("UpdateReplacePolicy", "Delete").replace("RetainExceptOnCreate", "Retain")
        change["PolicyAction"] = f"ReplaceAnd{policy}"
    change["Scope"] = ["Properties"]
    change["Details"] = [_detail(name, *row) for name, row in (effects or {}).items()]
    return change


def _detail(name: str, effect: str, source: str, cause: str) -> dict[str, Any]:
    recreation = _RECREATION.get(effect, "Never")
    target = {"Attribute": "Properties", "Name": name, "RequiresRecreation": recreation}
    dynamic = source == "ResourceReference"
    return {
        "Target": target,
        "Evaluation": "Dynamic" if dynamic else "Static",
        "ChangeSource": source,
        "CausingEntity": cause or None,
    }
