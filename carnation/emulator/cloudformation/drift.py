"""Drift: how resources differ from what their stack made of them.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from carnation.cloudformation.parameters import as_text
from carnation.document import join_pointer
from carnation.emulator.cloudformation.engine import Engine
from carnation.emulator.cloudformation.resources import Provisioner, is_absent
from carnation.emulator.cloudformation.stacks import STACK_TYPE, Resource, Stack, now


def detect(engine: Engine, stack: Stack, names: list[str] | None = None) -> str:
    """Compare a stack's resources with what they are; returns the detection's ID."""
    provisioner = Provisioner(stack, engine.connect(stack), engine)
    for resource in stack.resources.values():
        if names is None or resource.logical_id in names:
            _check(provisioner, resource)
    drifted = sum(
        row.drift["StackResourceDriftStatus"] in ("MODIFIED", "DELETED")
        for row in stack.resources.values()
    )
    time = now()
    status = "DRIFTED" if drifted else "IN_SYNC"
    stack.drift = {"StackDriftStatus": status, "LastCheckTimestamp": time}
    detection = str(uuid.uuid4())
    engine.store_of(stack).detections[detection] = {
        "StackId": stack.stack_id,
        "StackDriftDetectionId": detection,
        "StackDriftStatus": status,
        "DetectionStatus": "DETECTION_COMPLETE",
        "DriftedStackResourceCount": drifted,
        "Timestamp": time,
    }
    return detection


def list_drifted(resource: Resource) -> list[str]:
    """List the properties of a resource that were found to be otherwise."""
    rows = resource.drift.get("Details", {}).get("differences", ())
    return list(dict.fromkeys(row["PropertyPath"].split("/")[1] for row in rows))


def record_actual(engine: Engine, stack: Stack) -> None:
    """Take what drifted resources really are for what they were, so that an update reverts it."""
    for resource in stack.resources.values():
        if resource.kind == STACK_TYPE and resource.physical_id:
            record_actual(engine, engine.store_of(stack).stacks[resource.physical_id])
        elif list_drifted(resource):
            resource.properties = resource.drift["Details"]["actual"]
            resource.drift = {"StackResourceDriftStatus": "NOT_CHECKED"}
            stack.is_reverting = True


def detect_all(engine: Engine, stack: Stack) -> None:
    """Look for drift in a stack and those nested in it."""
    detect(engine, stack)
    for resource in stack.resources.values():
        if resource.kind == STACK_TYPE and resource.physical_id:
            detect_all(engine, engine.store_of(stack).stacks[resource.physical_id])


def _check(provisioner: Provisioner, resource: Resource) -> None:
    if resource.kind == STACK_TYPE:
        return
    differences: list[dict[str, str]] = []
    actual: Mapping[str, Any] = {}
    try:
        found = provisioner.read(resource)
        if found is None:
            return
        actual = found
        expected = {key: resource.properties[key] for key in found if key in resource.properties}
        differences = list(_compare("", expected, {key: found[key] for key in expected}))
        status = "MODIFIED" if differences else "IN_SYNC"
    except Exception as error:
        if not is_absent(error) and "not found" not in str(error):
            raise
        status = "DELETED"
    time = now()
    resource.drift = {
        "StackResourceDriftStatus": status,
        "LastCheckTimestamp": time,
        "Details": {"actual": {**resource.properties, **actual}, "differences": differences},
    }


def _compare(pointer: str, expected: Any, actual: Any) -> Iterator[dict[str, str]]:
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        for key in expected:
            if key not in actual:
                yield _differ("REMOVE", join_pointer(pointer, key), expected[key], "null")
            else:
                yield from _compare(join_pointer(pointer, key), expected[key], actual[key])
        return
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for index, (one, other) in enumerate(zip(expected, actual, strict=True)):
            yield from _compare(join_pointer(pointer, index), one, other)
        return
    if not _is_same(expected, actual):
        yield _differ("NOT_EQUAL", pointer, expected, actual)


def _is_same(expected: Any, actual: Any) -> bool:
    if expected == actual:
        return True
    try:
        return float(expected) == float(actual)
    except (TypeError, ValueError):
        return as_text(expected) == as_text(actual)


def _differ(kind: str, pointer: str, expected: Any, actual: Any) -> dict[str, str]:
    return {
        "PropertyPath": pointer,
        "ExpectedValue": _format_value(expected),
        "ActualValue": _format_value(actual),
        "DifferenceType": kind,
    }


def _format_value(value: Any) -> str:
    return json.dumps(value) if isinstance(value, (Mapping, list)) else as_text(value)


def describe(stack: Stack, resource: Resource) -> dict[str, Any]:
    """Return what DescribeStackResourceDrifts says of a resource."""
    details = resource.drift.get("Details", {"actual": {}, "differences": []})
    return {
        "StackId": stack.stack_id,
        "LogicalResourceId": resource.logical_id,
        "PhysicalResourceId": resource.physical_id,
        "ResourceType": resource.kind,
        "ExpectedProperties": json.dumps(resource.properties, default=str),
        "ActualProperties": json.dumps(details["actual"], default=str),
        "PropertyDifferences": details["differences"],
        "StackResourceDriftStatus": resource.drift["StackResourceDriftStatus"],
        "Timestamp": resource.drift.get("LastCheckTimestamp", now()),
    }
