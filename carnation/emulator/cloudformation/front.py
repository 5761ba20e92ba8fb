"""CloudFormation's API: its actions on the stacks of the engine, and the errors that they answer.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from carnation.cloudformation.parameters import as_text
from carnation.cloudformation.template import Template, parse_template
from carnation.emulator.cloudformation import drift
from carnation.emulator.cloudformation.change_sets import ChangeSet, make_change_set
from carnation.emulator.cloudformation.engine import Engine
from carnation.emulator.cloudformation.kind import Connect
from carnation.emulator.cloudformation.operation import Operation
from carnation.emulator.cloudformation.stacks import Definition, Resource, Stack, Store
from carnation.errors import CarnationError, TemplateError

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}$")
_IAM = "AWS::IAM::"
_PAGE = 100


class ActionError(Exception):
    """An error of the API: its code, its text, its status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


def _invalid(message: str) -> ActionError:
    return ActionError("ValidationError", message)


class Caller(NamedTuple):
    """Who calls: the engine, the stacks of the caller's account and Region, and its clients."""

    engine: Engine
    store: Store
    connect: Connect


Request = Mapping[str, Any]
Action = Callable[[Caller, Request], "Mapping[str, Any] | None"]


def answer(caller: Caller, action: str, request: Request) -> Mapping[str, Any]:
    """Perform an action; raises `ActionError`."""
    perform = ACTIONS.get(action)
    if perform is None:
        raise ActionError(
            "NotImplemented", f"the emulator's CloudFormation has no action {action}.", 501
        )
    try:
        return perform(caller, request) or {}
    except TemplateError as error:
        raise _invalid(str(error)) from error
    except CarnationError as error:
        raise _invalid(str(error)) from error


def _find(caller: Caller, request: Request) -> Stack:
    name = str(request.get("StackName") or "")
    stack = caller.store.find(name)
    if stack is None:
        raise _invalid(f"Stack with id {name} does not exist")
    return stack


def _find_live(caller: Caller, request: Request) -> Stack:
    stack = _find(caller, request)
    if stack.is_deleted:
        raise _invalid(f"Stack [{stack.name}] does not exist")
    return stack


def _read_text(caller: Caller, request: Request) -> str:
    if "TemplateBody" in request:
        return str(request["TemplateBody"])
    if "TemplateURL" in request:
        return caller.engine.read_url(caller.connect, str(request["TemplateURL"]))
    raise _invalid("Either Template URL or Template Body must be specified.")


def _read_parameters(request: Request, before: Definition | None) -> dict[str, str]:
    given = {}
    for row in request.get("Parameters") or ():
        name = row["ParameterKey"]
        if not row.get("UsePreviousValue"):
            given[name] = row.get("ParameterValue", "")
        elif before is None or name not in before.parameters:
            raise _invalid(
                f"Invalid input for parameter key {name}. Cannot specify usePreviousValue as true "
                "for a parameter key not in the previous template"
            )
        else:
            given[name] = before.parameters[name]
    return given


def _read_tags(request: Request, before: Definition | None) -> dict[str, str]:
    if request.get("Tags") is None and before is not None:
        return dict(before.tags)
    return {row["Key"]: row["Value"] for row in request.get("Tags") or ()}


def _define(
    caller: Caller, request: Request, stack: Stack, before: Definition | None
) -> Definition:
    if request.get("UsePreviousTemplate"):
        if before is None:
            raise _invalid("UsePreviousTemplate is for stacks that exist.")
        text = before.text
    else:
        text = _read_text(caller, request)
    definition = caller.engine.define(
        stack, text, _read_parameters(request, before),
        tags=_read_tags(request, before), capabilities=list(request.get("Capabilities") or ()),
    )  # fmt: skip
    _check_capabilities(definition)
    _check_kinds(stack, definition, before)
    return definition


def _check_capabilities(definition: Definition) -> None:
    needed = _list_capabilities(definition.template)
    given = set(definition.capabilities)
    if "CAPABILITY_NAMED_IAM" in given:
        given.add("CAPABILITY_IAM")
    missing = [name for name in needed if name not in given]
    if missing:
        raise ActionError(
            "InsufficientCapabilitiesException", f"Requires capabilities : [{', '.join(missing)}]"
        )


_NAMED = {
    "AWS::IAM::Group": "GroupName", "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName", "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
}  # fmt: skip


def _list_capabilities(template: Template) -> list[str]:
    bodies = [body for body in template.resources.values() if isinstance(body, Mapping)]
    owned = [body for body in bodies if str(body.get("Type")).startswith(_IAM)]
    named = any(_NAMED.get(body["Type"], "-") in (body.get("Properties") or {}) for body in owned)
    found = ["CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM"] if owned else []
    macros = [name for name in template.transforms if name != "AWS::LanguageExtensions"]
    return [*found, "CAPABILITY_AUTO_EXPAND"] if macros else found


def _check_kinds(stack: Stack, definition: Definition, before: Definition | None) -> None:
    if before is None:
        return
    other = [
        name
        for name, body in definition.template.resources.items()
        if name in stack.resources and stack.resources[name].kind != body["Type"]
    ]
    if other:
        raise _invalid(
            "Update of resource type is not permitted. The new template modifies resource type of "
            f"the following resources: [{', '.join(other)}]"
        )


def _check_name(name: str) -> None:
    if not _NAME.match(name):
        raise _invalid(
            f"1 validation error detected: Value '{name}' at 'stackName' failed to satisfy "
            "constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
        )


def _begin(
    caller: Caller, stack: Stack, status: str, allowed: Callable[[str], bool], verb: str
) -> None:
    """Take a stack for an operation, or say that it is in another."""
    with caller.engine.lock:
        if not allowed(stack.status):
            raise _invalid(
                f"Stack:{stack.stack_id} is in {stack.status} state and can not be {verb}."
            )
        stack.status = status


def _is_updatable(status: str) -> bool:
    return status.endswith("_COMPLETE") and status not in ("ROLLBACK_COMPLETE", "DELETE_COMPLETE")


def _take_settings(stack: Stack, request: Request) -> None:
    if request.get("NotificationARNs") is not None:
        stack.notification_arns = list(request["NotificationARNs"])
    stack.role_arn = request.get("RoleARN", stack.role_arn)
    stack.disable_rollback = bool(request.get("DisableRollback"))
    stack.removes_created = bool(request.get("RetainExceptOnCreate"))
    stack.token = request.get("ClientRequestToken")
    if "StackPolicyBody" in request:
        stack.policy = str(request["StackPolicyBody"])


# stacks


def _create_stack(caller: Caller, request: Request) -> Mapping[str, Any]:
    name = str(request["StackName"])
    _check_name(name)
    if "OnFailure" in request and "DisableRollback" in request:
        raise _invalid("You cannot specify both OnFailure and DisableRollback.")
    with caller.engine.lock:
        if caller.store.find(name) is not None:
            raise ActionError("AlreadyExistsException", f"Stack [{name}] already exists")
        stack = caller.engine.reserve(caller.store, name)
        stack.is_protected = bool(request.get("EnableTerminationProtection"))
        _take_settings(stack, request)
        definition = _define(caller, request, stack, None)
        stack.status = "CREATE_IN_PROGRESS"
        caller.store.add(stack)
    rollback = "DO_NOTHING" if request.get("DisableRollback") else "ROLLBACK"
    caller.engine.create(stack, definition, request.get("OnFailure", rollback))
    return {"StackId": stack.stack_id}


def _update_stack(caller: Caller, request: Request) -> Mapping[str, Any]:
    stack = _find_live(caller, request)
    if not _is_updatable(stack.status):
        _begin(caller, stack, "", _is_updatable, "updated")
    definition = _define(caller, request, stack, stack.definition)
    if not caller.engine.has_changes(stack, definition) and not _is_set(stack, request):
        raise _invalid("No updates are to be performed.")
    _begin(caller, stack, "UPDATE_IN_PROGRESS", _is_updatable, "updated")
    _take_settings(stack, request)
    caller.engine.update(stack, definition)
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
        raise _invalid(
            f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
        )
    retain = tuple(request.get("RetainResources") or ())
    if retain and stack.status != "DELETE_FAILED":
        raise _invalid(
            f"Invalid operation on stack [{stack.stack_id}]: RetainResources is for stacks in "
            "DELETE_FAILED."
        )
    if request.get("DeletionMode") == "FORCE_DELETE_STACK":
        retain = tuple(n for n, r in stack.resources.items() if r.status == "DELETE_FAILED")
    before = stack.status
    _begin(caller, stack, "DELETE_IN_PROGRESS", lambda status: status in _DELETABLE, "deleted")
    stack.token = request.get("ClientRequestToken")
    caller.engine.delete(stack, before, retain)


def _describe(stack: Stack) -> dict[str, Any]:
    definition = stack.definition
    return {
        "StackId": stack.stack_id,
        "StackName": stack.name,
        "Description": definition.template.body.get("Description"),
        "Parameters": _show_parameters(definition),
        "CreationTime": stack.created,
        "DeletionTime": stack.deleted,
        "LastUpdatedTime": stack.updated,
        "RollbackConfiguration": {},
        "StackStatus": stack.status,
        "StackStatusReason": stack.reason or None,
        "DisableRollback": stack.disable_rollback,
        "NotificationARNs": stack.notification_arns,
        "Capabilities": definition.capabilities,
        "Outputs": stack.outputs,
        "RoleARN": stack.role_arn,
        "Tags": [{"Key": key, "Value": value} for key, value in definition.tags.items()],
        "EnableTerminationProtection": stack.root.is_protected,
        "ParentId": stack.parent.stack_id if stack.parent else None,
        "RootId": stack.root.stack_id if stack.parent else None,
        "DriftInformation": stack.drift,
    }


def _show_parameters(definition: Definition) -> list[dict[str, str]]:
    rows = []
    for name, value in definition.parameters.items():
        body = definition.template.parameters.get(name) or {}
        hidden = str(body.get("NoEcho", "")).lower() == "true"
        row = {"ParameterKey": name, "ParameterValue": "****" if hidden else value}
        if str(body.get("Type", "")).startswith("AWS::SSM::Parameter::Value"):
            resolved = definition.values.get(name)
            row["ResolvedValue"] = (
                ",".join(resolved) if isinstance(resolved, list) else as_text(resolved)
            )
        rows.append(row)
    return rows


def _page(request: Request, rows: list[Any], key: str, size: int = _PAGE) -> dict[str, Any]:
    start = int(request.get("NextToken") or 0)
    more = start + size < len(rows)
    return {key: rows[start : start + size], "NextToken": str(start + size) if more else None}


def _describe_stacks(caller: Caller, request: Request) -> Mapping[str, Any]:
    if request.get("StackName"):
        return {"Stacks": [_describe(_find(caller, request))]}
    rows = [stack for stack in caller.store.stacks.values() if not stack.is_deleted]
    return _page(request, [_describe(stack) for stack in reversed(rows)], "Stacks")


def _list_stacks(caller: Caller, request: Request) -> Mapping[str, Any]:
    wanted = request.get("StackStatusFilter")
    names = ("StackId", "StackName", "CreationTime", "LastUpdatedTime", "DeletionTime")
    more = ("StackStatus", "StackStatusReason", "ParentId", "RootId", "DriftInformation")
    rows = [
        {
            **{name: described[name] for name in (*names, *more)},
            "TemplateDescription": described["Description"],
        }
        for described in map(_describe, reversed(list(caller.store.stacks.values())))
        if not wanted or described["StackStatus"] in wanted
    ]
    return _page(request, rows, "StackSummaries")


def _describe_events(caller: Caller, request: Request) -> Mapping[str, Any]:
    stack = _find(caller, request)
    return _page(request, list(reversed(stack.events)), "StackEvents")


def _resource_row(stack: Stack, resource: Resource) -> dict[str, Any]:
    return {
        "StackId": stack.stack_id,
        "StackName": stack.name,
        "LogicalResourceId": resource.logical_id,
        "PhysicalResourceId": resource.physical_id or None,
        "ResourceType": resource.kind,
        "Timestamp": resource.timestamp,
        "LastUpdatedTimestamp": resource.timestamp,
        "ResourceStatus": resource.status,
        "ResourceStatusReason": resource.reason or None,
        "DriftInformation": resource.drift,
        "Metadata": json.dumps(resource.body.get("Metadata", {}), default=str),
    }


def _list_stack_resources(caller: Caller, request: Request) -> Mapping[str, Any]:
    stack = _find(caller, request)
    rows = [_resource_row(stack, row) for row in stack.resources.values() if row.status]
    return _page(request, rows, "StackResourceSummaries")


def _describe_stack_resources(caller: Caller, request: Request) -> Mapping[str, Any]:
    wanted = request.get("LogicalResourceId")
    if request.get("StackName"):
        stacks = [_find(caller, request)]
    else:
        physical = request.get("PhysicalResourceId")
        stacks = [
            stack
            for stack in caller.store.stacks.values()
            if any(row.physical_id == physical for row in stack.resources.values())
        ]
        if not stacks:
            raise _invalid(f"Stack for {physical} does not exist")
    return {
        "StackResources": [
            _resource_row(stack, row)
            for stack in stacks
            for row in stack.resources.values()
            if row.status and wanted in (None, row.logical_id)
        ]
    }


def _describe_stack_resource(caller: Caller, request: Request) -> Mapping[str, Any]:
    stack, name = _find(caller, request), str(request["LogicalResourceId"])
    resource = stack.resources.get(name)
    if resource is None:
        raise _invalid(f"Resource {name} does not exist for stack {stack.name}")
    return {"StackResourceDetail": _resource_row(stack, resource)}


def _list_exports(caller: Caller, request: Request) -> Mapping[str, Any]:
    return _page(request, list(caller.store.list_exports()), "Exports")


def _list_imports(caller: Caller, request: Request) -> Mapping[str, Any]:
    name = str(request["ExportName"])
    users = caller.store.list_importers(name)
    if not users:
        raise _invalid(f"Export '{name}' is not imported by any stack.")
    return {"Imports": users}


def _protect(caller: Caller, request: Request) -> Mapping[str, Any]:
    stack = _find_live(caller, request)
    if stack.parent is not None:
        raise _invalid("Termination protection of a nested stack is that of its root stack.")
    stack.is_protected = bool(request["EnableTerminationProtection"])
    return {"StackId": stack.stack_id}


def _get_policy(caller: Caller, request: Request) -> Mapping[str, Any]:
    return {"StackPolicyBody": _find_live(caller, request).policy}


def _set_policy(caller: Caller, request: Request) -> None:
    stack = _find_live(caller, request)
    text = request.get("StackPolicyBody") or caller.engine.read_url(
        caller.connect, str(request.get("StackPolicyURL"))
    )
    try:
        json.loads(text)
    except ValueError as error:
        raise _invalid(f"Error validating stack policy: Invalid stack policy ({error})") from error
    stack.policy = text


# templates


def _get_template(caller: Caller, request: Request) -> Mapping[str, Any]:
    if request.get("ChangeSetName"):
        definition = _find_set(caller, request).definition
    else:
        definition = _find(caller, request).definition
    processed = request.get("TemplateStage") == "Processed"
    text = json.dumps(definition.template.body) if processed else definition.text
    return {"TemplateBody": text, "StagesAvailable": ["Original", "Processed"]}


def _validate_template(caller: Caller, request: Request) -> Mapping[str, Any]:
    template = parse_template(_read_text(caller, request))
    found = _list_capabilities(template)
    return {
        "Description": template.body.get("Description"),
        "Parameters": [_declare(name, body) for name, body in template.parameters.items()],
        "Capabilities": found,
        "CapabilitiesReason": _explain_capabilities(template) if found else None,
        "DeclaredTransforms": [str(name) for name in template.transforms],
    }


def _declare(name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    default = body.get("Default")
    return {
        "ParameterKey": name,
        "DefaultValue": None if default is None else as_text(default),
        "ParameterType": body.get("Type", "String"),
        "NoEcho": str(body.get("NoEcho", "false")).lower() == "true",
        "Description": body.get("Description"),
        "ParameterConstraints": {
            "AllowedValues": [as_text(value) for value in body.get("AllowedValues", ())]
        },
    }


def _explain_capabilities(template: Template) -> str:
    kinds = {body["Type"] for body in template.resources.values() if body["Type"].startswith(_IAM)}
    return f"The following resource(s) require capabilities: [{', '.join(sorted(kinds))}]"


def _summarize_template(caller: Caller, request: Request) -> Mapping[str, Any]:
    if request.get("StackName"):
        template = parse_template(_find_live(caller, request).definition.text)
    else:
        template = parse_template(_read_text(caller, request))
    found = _list_capabilities(template)
    kinds = [body.get("Type") for body in template.resources.values()]
    return {
        "Parameters": [_declare(name, body) for name, body in template.parameters.items()],
        "Description": template.body.get("Description"),
        "Capabilities": found,
        "CapabilitiesReason": _explain_capabilities(template) if found else None,
        "ResourceTypes": list(dict.fromkeys(kinds)),
        "Version": template.body.get("AWSTemplateFormatVersion"),
        "DeclaredTransforms": [str(name) for name in template.transforms],
        "ResourceIdentifierSummaries": [],
    }


# change sets


def _create_change_set(caller: Caller, request: Request) -> Mapping[str, Any]:
    name, kind = str(request["StackName"]), request.get("ChangeSetType", "UPDATE")
    stack = caller.store.find(name)
    if stack is not None and stack.is_deleted:
        stack = None
    is_new = stack is None or stack.status == "REVIEW_IN_PROGRESS"
    if kind == "UPDATE" and is_new:
        raise _invalid(f"Stack [{name}] does not exist")
    if kind == "CREATE" and not is_new:
        raise _invalid(
            f"Stack [{name}] already exists and cannot be created again with the changeSet "
            f"[{request['ChangeSetName']}]."
        )
    if kind == "IMPORT":
        raise _invalid("the emulator imports no resources. Create them by the template.")
    if kind == "UPDATE" and stack is not None and not _is_updatable(stack.status):
        _begin(caller, stack, "", _is_updatable, "updated")
    if stack is None:
        _check_name(name)
        stack = caller.engine.reserve(caller.store, name)
    before = None if is_new else stack.definition
    definition = _define(caller, request, stack, before)
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
    made = make_change_set(caller.engine, stack, definition, str(request["ChangeSetName"]), kind)
    made.description = request.get("Description")
    made.on_failure = request.get("OnStackFailure", "ROLLBACK")
    made.include_nested = bool(request.get("IncludeNestedStacks"))
    caller.store.change_sets[made.arn] = made
    return {"Id": made.arn, "StackId": stack.stack_id}


def _find_set(caller: Caller, request: Request) -> ChangeSet:
    name, stack = str(request["ChangeSetName"]), request.get("StackName")
    for found in reversed(list(caller.store.change_sets.values())):
        if name == found.arn or (
            name == found.name and stack in (found.stack.name, found.stack.stack_id)
        ):
            return found  # type: ignore[no-any-return]
    raise ActionError("ChangeSetNotFound", f"ChangeSet [{name}] does not exist", 404)


def _describe_change_set(caller: Caller, request: Request) -> Mapping[str, Any]:
    return _find_set(caller, request).describe()


def _delete_change_set(caller: Caller, request: Request) -> None:
    try:
        found = _find_set(caller, request)
    except ActionError:
        return
    caller.store.change_sets = {
        arn: row
        for arn, row in caller.store.change_sets.items()
        if row is not found and row.parent is not found
    }


def _list_change_sets(caller: Caller, request: Request) -> Mapping[str, Any]:
    stack = _find_live(caller, request)
    sets = [row for row in caller.store.change_sets.values() if row.stack is stack]
    return _page(request, [row.summarize() for row in sets], "Summaries")


def _execute_change_set(caller: Caller, request: Request) -> None:
    found = _find_set(caller, request)
    stack = found.stack
    with caller.engine.lock:
        if found.execution != "AVAILABLE":
            raise ActionError(
                "InvalidChangeSetStatus",
                f"ChangeSet [{found.arn}] cannot be executed in its current status of "
                f"[{found.execution if found.status != 'FAILED' else found.status}]",
            )
        allowed = (
            _is_updatable
            if found.kind == "UPDATE"
            else lambda status: status == "REVIEW_IN_PROGRESS"
        )
        _begin(caller, stack, f"{found.kind}_IN_PROGRESS", allowed, "updated")
        found.execution = "EXECUTE_IN_PROGRESS"
        for other in caller.store.change_sets.values():
            if other.stack is stack and other is not found:
                other.execution = "OBSOLETE"
    _take_settings(stack, {"RetainExceptOnCreate": False, **request})
    if found.kind == "CREATE":
        on_failure = "DO_NOTHING" if request.get("DisableRollback") else found.on_failure
        caller.engine.create(stack, found.definition, on_failure)
    else:
        caller.engine.update(stack, found.definition)
    done = stack.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
    found.execution = "EXECUTE_COMPLETE" if done else "EXECUTE_FAILED"


# going on after a failure


def _continue_rollback(caller: Caller, request: Request) -> None:
    stack = _find_live(caller, request)
    _begin(
        caller,
        stack,
        "UPDATE_ROLLBACK_IN_PROGRESS",
        lambda s: s == "UPDATE_ROLLBACK_FAILED",
        "rolled back",
    )
    operation: Operation = stack.failed
    operation.skipped |= set(request.get("ResourcesToSkip") or ())
    operation.roll_back("User Initiated")


def _roll_back_stack(caller: Caller, request: Request) -> Mapping[str, Any]:
    stack = _find_live(caller, request)
    before = stack.status
    stack.removes_created = bool(request.get("RetainExceptOnCreate"))
    _begin(
        caller,
        stack,
        "ROLLBACK_IN_PROGRESS",
        lambda s: s in ("CREATE_FAILED", "UPDATE_FAILED"),
        "rolled back",
    )
    if before == "CREATE_FAILED":
        Operation(caller.engine, stack, stack.definition).roll_back_creation("User Initiated")
    else:
        stack.failed.roll_back("User Initiated")
    return {"StackId": stack.stack_id}


def _cancel_update(caller: Caller, request: Request) -> None:
    stack = _find_live(caller, request)
    raise _invalid(f"CancelUpdateStack cannot be called from current stack status {stack.status}")


# drift


def _detect_drift(caller: Caller, request: Request) -> Mapping[str, Any]:
    stack = _find_live(caller, request)
    names = request.get("LogicalResourceIds")
    return {"StackDriftDetectionId": drift.detect(caller.engine, stack, names)}


def _detect_resource_drift(caller: Caller, request: Request) -> Mapping[str, Any]:
    stack = _find_live(caller, request)
    name = str(request["LogicalResourceId"])
    drift.detect(caller.engine, stack, [name])
    return {"StackResourceDrift": drift.describe(stack, stack.resources[name])}


def _describe_detection(caller: Caller, request: Request) -> Mapping[str, Any]:
    found = caller.store.detections.get(str(request["StackDriftDetectionId"]))
    if found is None:
        raise _invalid(f"DriftDetectionId {request['StackDriftDetectionId']} not found")
    return found


def _describe_drifts(caller: Caller, request: Request) -> Mapping[str, Any]:
    stack = _find_live(caller, request)
    wanted = request.get("StackResourceDriftStatusFilters")
    rows = [
        drift.describe(stack, row) for row in stack.resources.values() if "Details" in row.drift
    ]
    chosen = [row for row in rows if not wanted or row["StackResourceDriftStatus"] in wanted]
    return _page(request, chosen, "StackResourceDrifts")


ACTIONS: dict[str, Action] = {
    "CancelUpdateStack": _cancel_update,
    "ContinueUpdateRollback": _continue_rollback,
    "CreateChangeSet": _create_change_set,
    "CreateStack": _create_stack,
    "DeleteChangeSet": _delete_change_set,
    "DeleteStack": _delete_stack,
    "DescribeChangeSet": _describe_change_set,
    "DescribeStackDriftDetectionStatus": _describe_detection,
    "DescribeStackEvents": _describe_events,
    "DescribeStackResource": _describe_stack_resource,
    "DescribeStackResourceDrifts": _describe_drifts,
    "DescribeStackResources": _describe_stack_resources,
    "DescribeStacks": _describe_stacks,
    "DetectStackDrift": _detect_drift,
    "DetectStackResourceDrift": _detect_resource_drift,
    "ExecuteChangeSet": _execute_change_set,
    "GetStackPolicy": _get_policy,
    "GetTemplate": _get_template,
    "GetTemplateSummary": _summarize_template,
    "ListChangeSets": _list_change_sets,
    "ListExports": _list_exports,
    "ListImports": _list_imports,
    "ListStackResources": _list_stack_resources,
    "ListStacks": _list_stacks,
    "RollbackStack": _roll_back_stack,
    "SetStackPolicy": _set_policy,
    "UpdateStack": _update_stack,
    "UpdateTerminationProtection": _protect,
    "ValidateTemplate": _validate_template,
}
