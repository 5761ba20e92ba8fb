"""Change sets, deletion and protection of stacks, which moto knows in part.

moto's change sets know no nested stacks, update a resource by deleting it, and leave a stack that
failed as it is; here a change set lists what it would do, nested stacks included, and executing it
updates the stack or rolls it back. Source:
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeChangeSet.html
"""

from __future__ import annotations

import contextlib
import json
import threading
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

from moto.core.responses import ActionResult, EmptyResult

from carnation.emulator import stack_updates as updates
from carnation.emulator.faults import Hooks
from carnation.emulator.moto_imports import (
    CloudFormationResponse,
    ValidationError,
    generate_stack_id,
    get_stack_from_s3_url,
    models,
    parsing,
)
from carnation.emulator.patching import Patches
from carnation.emulator.templates import as_boolean, parse_template
from carnation.errors import EmulatorError
from carnation.services.updates import IN_PLACE, INTERRUPTS, MAY_REPLACE, REPLACES, find_update

_NO_CHANGES = (
    "The submitted information didn't contain changes. "
    "Submit different information to create a change set."
)
_LOCK = threading.Lock()
_ORDER = (IN_PLACE, INTERRUPTS, MAY_REPLACE, REPLACES)
_REPLACEMENT = {REPLACES: "True", MAY_REPLACE: "Conditional"}


def install(patches: Patches, hooks: Hooks) -> None:
    """Put these actions in the place of moto's."""

    def execute(response: Any) -> EmptyResult:
        with hooks.quiet():
            return _execute(response)

    def delete(response: Any) -> EmptyResult:
        with hooks.quiet():
            return _delete_stack(response)

    for name, action in {
        "create_change_set": _create,
        "describe_change_set": _describe,
        "execute_change_set": execute,
        "delete_change_set": _delete,
        "list_change_sets": _list,
        "delete_stack": delete,
        "update_termination_protection": _protect,
    }.items():
        patches.set(CloudFormationResponse, name, action)


def _find_stack(backend: Any, name: str) -> Any:
    for stack in backend.stacks.values():
        if name in (stack.name, stack.stack_id):
            return stack
    return None


def _find_set(response: Any) -> dict[str, Any]:
    name, stack = response._get_param("ChangeSetName"), response._get_param("StackName")
    for found in response.cloudformation_backend.change_sets.values():
        if name in (found["ChangeSetId"], found["ChangeSetName"]) and (
            name == found["ChangeSetId"] or stack in (found["StackName"], found["StackId"])
        ):
            return found  # type: ignore[no-any-return]
    raise ValidationError(name, message=f"ChangeSet [{name}] does not exist")


def _create(response: Any) -> ActionResult:
    backend, name = response.cloudformation_backend, response._get_param("StackName")
    stack = _find_stack(backend, name)
    kind = response._get_param("ChangeSetType", "UPDATE")
    if kind == "UPDATE" and (stack is None or stack.status == "REVIEW_IN_PROGRESS"):
        raise ValidationError(name, message=f"Stack [{name}] does not exist")
    if kind == "CREATE" and stack is not None and stack.status != "REVIEW_IN_PROGRESS":
        raise ValidationError(name, message=f"Stack [{name}] already exists")
    if kind == "UPDATE":
        _refuse_busy(stack)
    text = response._get_param("TemplateBody") or response._get_stack_from_s3_url(
        response._get_param("TemplateURL")
    )
    parameters = {
        row["ParameterKey"]: stack.resource_map.resolved_parameters[row["ParameterKey"]]
        if row.get("UsePreviousValue")
        else row["ParameterValue"]
        for row in response._get_param("Parameters", [])
    }
    stack = stack or _reserve(backend, name)
    made = _make_set(backend, response._get_param("ChangeSetName"), stack, text, parameters, kind)
    backend.change_sets[made["ChangeSetId"]] = made
    return ActionResult({"Id": made["ChangeSetId"], "StackId": stack.stack_id})


def _refuse_busy(stack: Any) -> None:
    if stack.status.endswith("_COMPLETE") and stack.status != "ROLLBACK_COMPLETE":
        return
    where = f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated."
    raise ValidationError(stack.stack_id, message=where)


def _reserve(backend: Any, name: str) -> Any:
    stack_id = generate_stack_id(name, backend.region_name, backend.account_id)
    stack = models.Stack(stack_id, name, {}, {}, backend.account_id, backend.region_name)
    stack.status = "REVIEW_IN_PROGRESS"
    backend.stacks[stack_id] = stack
    stack._add_stack_event("REVIEW_IN_PROGRESS", resource_status_reason="User Initiated")
    return stack


def _make_set(
    backend: Any, name: str, stack: Any, text: str, parameters: Any, kind: str
) -> dict[str, Any]:
    place = f"arn:aws:cloudformation:{stack.region_name}:{stack.account_id}:changeSet"
    old = stack if kind == "UPDATE" else None
    changes = []
    known = _Known(stack, parse_template(text), parameters)
    for change in _find_changes(old, known):
        inner = _make_inner_set(backend, name, old, known, change)
        if inner is not None and not inner["Changes"] and inner["Status"] == "FAILED":
            continue
        if inner is not None:
            change["ChangeSetId"] = inner["ChangeSetId"]
            backend.change_sets[inner["ChangeSetId"]] = inner
        changes.append(change)
    same = not changes and old is not None and not updates.has_changes(old, text, parameters)
    return {
        "ChangeSetId": f"{place}/{name}/{uuid.uuid4()}",
        "ChangeSetName": name,
        "StackId": stack.stack_id,
        "StackName": stack.name,
        "Parameters": parameters,
        "CreationTime": datetime.now(tz=timezone.utc),
        "ExecutionStatus": "UNAVAILABLE" if same else "AVAILABLE",
        "Status": "FAILED" if same else "CREATE_COMPLETE",
        "StatusReason": _NO_CHANGES if same else None,
        "Changes": changes,
        "kind": kind,
        "text": text,
    }


def _make_inner_set(
    backend: Any, name: str, stack: Any, known: _Known, change: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Make the change set of a nested stack; what is not known yet is a new value."""
    if change["Action"] == "Remove" or change["ResourceType"] != updates.NESTED:
        return None
    logical_id, is_new = change["LogicalResourceId"], change["Action"] == "Add"
    nested = (
        _Unmade(known.stack, logical_id)
        if is_new
        else stack.resource_map._parsed_resources[logical_id]
    )
    properties = known.template["Resources"][logical_id]["Properties"]
    url = known.read(properties["TemplateURL"])
    body = get_stack_from_s3_url(url, known.stack.account_id, "aws")
    given = {
        key: known.read(value, nested.parameters.get(key))
        for key, value in properties.get("Parameters", {}).items()
    }
    kind = "CREATE" if is_new else "UPDATE"
    return _make_set(backend, f"{name}-{logical_id}", nested, body, given, kind)


class _Unmade:
    """A nested stack that is not made yet: what a change set needs of it."""

    def __init__(self, outer: Any, logical_id: str) -> None:
        self.account_id, self.region_name = outer.account_id, outer.region_name
        self.name = f"{outer.name}-{logical_id}"
        self.stack_id = generate_stack_id(self.name, self.region_name, self.account_id)
        self.parameters: dict[str, str] = {}


class _Known:
    """What a template's values are before anything is made: parameters, and what there is."""

    def __init__(self, stack: Any, template: Mapping[str, Any], parameters: Any) -> None:
        self.stack, self.template, self.parameters = stack, template, parameters
        before: Any = getattr(stack, "resource_map", None)
        self.map: Any = parsing.ResourceMap(
            stack.stack_id, stack.name, parameters, {}, stack.region_name, stack.account_id,
            dict(template), {},
        )  # fmt: skip
        self.map.load_mapping()
        self.map.load_parameters()
        self.map.load_conditions()
        if hasattr(before, "known"):
            made = {key: before._parsed_resources[key] for key in before.known}
            self.map._parsed_resources.update(made)
        self.map._resource_json_map = {}

    def list_resources(self) -> dict[str, Any]:
        """List the resources whose condition holds."""
        holds = self.map.lazy_condition_map
        return {
            name: body
            for name, body in self.template["Resources"].items()
            if "Condition" not in body or holds[body["Condition"]]
        }

    def read(self, value: Any, otherwise: Any = None) -> str:
        """Resolve a value; what refers to something that is not made yet is `otherwise`."""
        try:
            return str(parsing.clean_json(value, self.map))
        except EmulatorError:
            return str(otherwise)


def _find_changes(stack: Any, known: _Known) -> Iterator[dict[str, Any]]:
    """Yield what executing would do, as far as that is known without doing it."""
    old = stack.resource_map._resource_json_map if stack is not None else {}
    new = known.list_resources()
    given = set() if stack is None else _find_moved(stack, known.template, known.parameters)
    moved: set[str] = set()
    for name, body in new.items():
        made = stack.resource_map._parsed_resources.get(name) if name in old else None
        if made is None:
            yield _tell("Add", name, body)
            moved.add(name)
            continue
        effect = _judge(old[name], body, given, moved)
        if effect:
            yield _tell("Modify", name, body, effect, made)
            moved.add(name)
    for name, body in old.items():
        made = stack.resource_map._parsed_resources.get(name)
        if name not in new and made is not None:
            yield _tell("Remove", name, body, made=made)


def _find_moved(stack: Any, template: Mapping[str, Any], given: Mapping[str, Any]) -> set[str]:
    """Find the parameters whose value becomes another."""
    had = stack.resource_map.resolved_parameters
    slots = template.get("Parameters", {})
    now = {name: given.get(name, slot.get("Default")) for name, slot in slots.items()}
    return {name for name, value in now.items() if str(value) != str(had.get(name))}


def _judge(old: Mapping[str, Any], new: Mapping[str, Any], given: set[str], moved: set[str]) -> str:
    """Say what an update does to a resource; '' for nothing.

    What follows from another resource that moves is known only when that has moved: it may replace.
    """
    before, after = old.get("Properties") or {}, new.get("Properties") or {}
    effects = []
    for name in {**before, **after}:
        effect = find_update(new["Type"], [name])
        if before.get(name) != after.get(name) or _names_any(after.get(name), given):
            effects.append(effect)
        elif _names_any(after.get(name), moved):
            effects.append(MAY_REPLACE if effect == REPLACES else effect)
    return max(effects, key=_ORDER.index, default="")


def _names_any(value: Any, moved: set[str]) -> bool:
    text = json.dumps(value, default=str)
    return any(
        f'"{name}"' in text or f"${{{name}}}" in text or f"${{{name}." in text for name in moved
    )


def _tell(
    action: str, name: str, body: Mapping[str, Any], effect: str = "", made: Any = None
) -> dict[str, Any]:
    change = {"Action": action, "LogicalResourceId": name, "ResourceType": body["Type"]}
    if made is not None:
        change["PhysicalResourceId"] = str(made.physical_resource_id)
    if action == "Modify":
        change["Replacement"] = _REPLACEMENT.get(effect, "False")
    if action == "Remove":
        change["PolicyAction"] = body.get("DeletionPolicy", "Delete")
    elif change.get("Replacement") in _REPLACEMENT.values():
        change["PolicyAction"] = f"ReplaceAnd{body.get('UpdateReplacePolicy', 'Delete')}"
    return change


def _describe(response: Any) -> ActionResult:
    found = _find_set(response)
    return ActionResult({key: value for key, value in found.items() if key[0].isupper()})


def _delete(response: Any) -> EmptyResult:
    found = _find_set(response)
    del response.cloudformation_backend.change_sets[found["ChangeSetId"]]
    return EmptyResult()


def _list(response: Any) -> ActionResult:
    name = response._get_param("StackName")
    fields = ("ChangeSetId", "ChangeSetName", "StackId", "StackName", "Status", "ExecutionStatus")
    rows = [
        {field: found[field] for field in fields}
        for found in response.cloudformation_backend.change_sets.values()
        if name in (found["StackName"], found["StackId"])
    ]
    return ActionResult({"Summaries": rows})


def _execute(response: Any) -> EmptyResult:
    found = _find_set(response)
    backend = response.cloudformation_backend
    stack = backend.stacks[found["StackId"]]
    with _LOCK:
        if found["ExecutionStatus"] != "AVAILABLE":
            name, status = found["ChangeSetName"], found["ExecutionStatus"]
            where = f"ChangeSet [{name}] cannot be executed in its current status of [{status}]"
            raise ValidationError(stack.stack_id, message=where)
        found["ExecutionStatus"] = "EXECUTE_IN_PROGRESS"
        for other in backend.change_sets.values():
            if other["StackId"] == stack.stack_id and other is not found:
                other["ExecutionStatus"] = "OBSOLETE"
    if found["kind"] == "CREATE":
        _create_stack(stack, found, response._get_param("RetainExceptOnCreate"))
    else:
        _update_stack(stack, found)
    done = stack.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
    found["ExecutionStatus"] = "EXECUTE_COMPLETE" if done else "EXECUTE_FAILED"
    return EmptyResult()


def _update_stack(stack: Any, found: Mapping[str, Any]) -> None:
    with contextlib.suppress(Exception):  # told by the stack's events, as CloudFormation does
        updates.update_stack(stack, found["text"], dict(found["Parameters"]))


def _create_stack(stack: Any, found: Mapping[str, Any], remove_all: Any) -> None:
    stack.status = "CREATE_IN_PROGRESS"
    stack._add_stack_event("CREATE_IN_PROGRESS", resource_status_reason="User Initiated")
    stack.template, stack.parameters = found["text"], dict(found["Parameters"])
    try:
        stack._parse_template()
        stack.resource_map = stack._create_resource_map()
        stack.output_map = stack._create_output_map()
        stack.create_resources()
        list(stack.outputs or ())
    except Exception as error:
        stack.status = "ROLLBACK_IN_PROGRESS"
        stack._add_stack_event("ROLLBACK_IN_PROGRESS", resource_status_reason=str(error))
        all_of_it = as_boolean(remove_all)
        resisted = updates.remove_made(stack, retain=not all_of_it)
        # or moto makes it all again for whoever asks for the outputs
        stack.template_dict = {"Resources": {}}
        stack.resource_map._resource_json_map = {}
        stack.output_map = stack._create_output_map()
        stack.status = "ROLLBACK_FAILED" if resisted else "ROLLBACK_COMPLETE"
        stack._add_stack_event(stack.status)


def _protect(response: Any) -> ActionResult:
    name = response._get_param("StackName")
    stack = _find_stack(response.cloudformation_backend, name)
    if stack is None:
        raise ValidationError(name, message=f"Stack [{name}] does not exist")
    wanted = as_boolean(response._get_param("EnableTerminationProtection"))
    stack.enable_termination_protection = wanted
    return ActionResult({"StackId": stack.stack_id})


def _delete_stack(response: Any) -> EmptyResult:
    name = response._get_param("StackName")
    stack = _find_stack(response.cloudformation_backend, name)
    if stack is None:
        return EmptyResult()
    if stack.enable_termination_protection:
        where = f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
        raise ValidationError(stack.stack_id, message=where)
    stack._add_stack_event("DELETE_IN_PROGRESS", resource_status_reason="User Initiated")
    resisted = updates.remove_made(stack, retain=True)
    if resisted:
        stack.status = "DELETE_FAILED"
        failed = f"The following resource(s) failed to delete: [{', '.join(resisted)}]."
        stack._add_stack_event("DELETE_FAILED", resource_status_reason=failed)
        return EmptyResult()
    updates.bury(stack)
    return EmptyResult()
