"""Events: those of a stack, and those of an operation with what was found before it began."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from carnation.emulator.cloudformation.api.change_sets import find_change_set
from carnation.emulator.cloudformation.api.requests import (
    Action,
    Caller,
    Request,
    find_stack,
    page,
)
from carnation.emulator.cloudformation.change_sets import ChangeSet
from carnation.emulator.cloudformation.stacks import Stack, Validation


def _describe_stack_events(caller: Caller, request: Request) -> Mapping[str, Any]:
    stack = find_stack(caller, request)
    return page(request, list(reversed(stack.events)), "StackEvents")


def _describe_events(caller: Caller, request: Request) -> Mapping[str, Any]:
    if request.get("ChangeSetName"):
        rows = list(_list_of_change_set(find_change_set(caller, request)))
    else:
        stacks = _find_stacks(caller, request)
        rows = [row for stack in stacks for row in _list_of_stack(stack)]
    wanted = request.get("OperationId")
    chosen = [row for row in rows if wanted in (None, row["OperationId"])]
    if (request.get("Filters") or {}).get("FailedEvents"):
        chosen = [row for row in chosen if _has_failed(row)]
    return page(request, list(reversed(chosen)), "OperationEvents")


def _find_stacks(caller: Caller, request: Request) -> list[Stack]:
    if request.get("StackName"):
        return [find_stack(caller, request)]
    return list(caller.store.stacks.values())


def _has_failed(row: Mapping[str, Any]) -> bool:
    status = row.get("ResourceStatus") or ""
    return row["EventType"] == "VALIDATION_ERROR" or status.endswith("_FAILED")


def _list_of_change_set(found: ChangeSet) -> Iterator[dict[str, Any]]:
    operation = found.arn.rsplit("/", 1)[1]
    for row in found.validations:
        yield _describe_validation(found.stack, row, operation, "CREATE_CHANGESET", found.created)


def _list_of_stack(stack: Stack) -> Iterator[dict[str, Any]]:
    kinds = {done.operation_id: done.kind for done in stack.root.operations}
    begun = {row["OperationId"]: row["Timestamp"] for row in reversed(stack.events)}
    for done in stack.operations:
        for row in done.validations:
            yield _describe_validation(
                stack, row, done.operation_id, done.kind, begun.get(done.operation_id)
            )
    for event in stack.events:
        kind = kinds.get(event["OperationId"])
        failed = event["ResourceStatus"].endswith("_FAILED")
        what = "PROVISIONING_ERROR" if failed else "STACK_EVENT"
        yield {**event, "OperationType": kind, "EventType": what}


def _describe_validation(
    stack: Stack, row: Validation, operation: str, kind: str, when: Any
) -> dict[str, Any]:
    return {
        "EventId": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{operation} {row.path} {row.reason}")),
        "StackId": stack.stack_id,
        "OperationId": operation,
        "OperationType": kind,
        "EventType": "VALIDATION_ERROR",
        "LogicalResourceId": row.logical_id,
        "PhysicalResourceId": "",
        "ResourceType": row.kind,
        "Timestamp": when,
        "ValidationFailureMode": "FAIL" if row.fails else "WARN",
        "ValidationName": row.name,
        "ValidationStatus": "FAILED",
        "ValidationStatusReason": row.reason,
        "ValidationPath": row.path,
    }


ACTIONS: dict[str, Action] = {
    "DescribeEvents": _describe_events,
    "DescribeStackEvents": _describe_stack_events,
}
