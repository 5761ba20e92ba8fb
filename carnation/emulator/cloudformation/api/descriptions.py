"""Stacks described: their resources, events, exports and drift."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from carnation.cloudformation.parameters import as_text
from carnation.emulator.cloudformation import drift
from carnation.emulator.cloudformation.api.requests import (
    Action,
    Caller,
    Request,
    find_live,
    find_stack,
    invalid,
    page,
)
from carnation.emulator.cloudformation.stacks import Definition, Resource, Stack


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


def _describe_stacks(caller: Caller, request: Request) -> Mapping[str, Any]:
    if request.get("StackName"):
        return {"Stacks": [_describe(find_stack(caller, request))]}
    rows = [stack for stack in caller.store.stacks.values() if not stack.is_deleted]
    return page(request, [_describe(stack) for stack in reversed(rows)], "Stacks")


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
    return page(request, rows, "StackSummaries")


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
    stack = find_stack(caller, request)
    rows = [_resource_row(stack, row) for row in stack.resources.values() if row.status]
    return page(request, rows, "StackResourceSummaries")


def _describe_stack_resources(caller: Caller, request: Request) -> Mapping[str, Any]:
    wanted = request.get("LogicalResourceId")
    if request.get("StackName"):
        stacks = [find_stack(caller, request)]
    else:
        physical = request.get("PhysicalResourceId")
        stacks = [
            stack
            for stack in caller.store.stacks.values()
            if any(row.physical_id == physical for row in stack.resources.values())
        ]
        if not stacks:
            raise invalid(f"Stack for {physical} does not exist")
    return {
        "StackResources": [
            _resource_row(stack, row)
            for stack in stacks
            for row in stack.resources.values()
            if row.status and wanted in (None, row.logical_id)
        ]
    }


def _describe_stack_resource(caller: Caller, request: Request) -> Mapping[str, Any]:
    stack, name = find_stack(caller, request), str(request["LogicalResourceId"])
    resource = stack.resources.get(name)
    if resource is None:
        raise invalid(f"Resource {name} does not exist for stack {stack.name}")
    return {"StackResourceDetail": _resource_row(stack, resource)}


def _list_exports(caller: Caller, request: Request) -> Mapping[str, Any]:
    return page(request, list(caller.store.list_exports()), "Exports")


def _list_imports(caller: Caller, request: Request) -> Mapping[str, Any]:
    name = str(request["ExportName"])
    users = caller.store.list_importers(name)
    if not users:
        raise invalid(f"Export '{name}' is not imported by any stack.")
    return {"Imports": users}


def _detect_drift(caller: Caller, request: Request) -> Mapping[str, Any]:
    stack = find_live(caller, request)
    names = request.get("LogicalResourceIds")
    return {"StackDriftDetectionId": drift.detect(caller.engine, stack, names)}


def _detect_resource_drift(caller: Caller, request: Request) -> Mapping[str, Any]:
    stack = find_live(caller, request)
    name = str(request["LogicalResourceId"])
    drift.detect(caller.engine, stack, [name])
    return {"StackResourceDrift": drift.describe(stack, stack.resources[name])}


def _describe_detection(caller: Caller, request: Request) -> Mapping[str, Any]:
    found = caller.store.detections.get(str(request["StackDriftDetectionId"]))
    if found is None:
        raise invalid(f"DriftDetectionId {request['StackDriftDetectionId']} not found")
    return found


def _describe_drifts(caller: Caller, request: Request) -> Mapping[str, Any]:
    stack = find_live(caller, request)
    wanted = request.get("StackResourceDriftStatusFilters")
    rows = [
        drift.describe(stack, row) for row in stack.resources.values() if "Details" in row.drift
    ]
    chosen = [row for row in rows if not wanted or row["StackResourceDriftStatus"] in wanted]
    return page(request, chosen, "StackResourceDrifts")


ACTIONS: dict[str, Action] = {
    "DescribeStackDriftDetectionStatus": _describe_detection,
    "DescribeStackResource": _describe_stack_resource,
    "DescribeStackResourceDrifts": _describe_drifts,
    "DescribeStackResources": _describe_stack_resources,
    "DescribeStacks": _describe_stacks,
    "DetectStackDrift": _detect_drift,
    "DetectStackResourceDrift": _detect_resource_drift,
    "ListExports": _list_exports,
    "ListImports": _list_imports,
    "ListStackResources": _list_stack_resources,
    "ListStacks": _list_stacks,
}
