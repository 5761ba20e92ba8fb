"""Stacks, their resources and their events, as CloudFormation keeps them.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Stack.html
"""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

from carnation.cloudformation.template import Template
from carnation.records import NamedTuple
from carnation.services.partitions import find_partition

STACK_TYPE = "AWS::CloudFormation::Stack"
NOT_EMULATED = "NOT_EMULATED"


def now() -> datetime:
    """Return the present time, as events carry it."""
    return datetime.now(tz=timezone.utc)


class Validation(NamedTuple):
    """Something that is wrong with a resource of a template, or that has no effect here."""

    name: str
    logical_id: str
    kind: str
    path: str
    reason: str

    @property
    def fails(self) -> bool:
        """Whether nothing is made because of it."""
        return self.name != NOT_EMULATED


@dataclass
class Resource:
    """A resource of a stack: what it was made of, and what it is."""

    logical_id: str
    kind: str
    body: Mapping[str, Any]
    properties: dict[str, Any] = field(default_factory=dict)
    physical_id: str = ""
    generation: int = 0
    attributes: dict[str, Any] = field(default_factory=dict)
    is_imported: bool = False
    status: str = ""
    reason: str = ""
    timestamp: datetime = field(default_factory=now)
    drift: dict[str, Any] = field(
        default_factory=lambda: {"StackResourceDriftStatus": "NOT_CHECKED"}
    )

    def policy(self, name: str = "DeletionPolicy") -> str:
        """Return its deletion policy, or its policy on replacement."""
        default = (
            "Snapshot"
            if self.kind in SNAPSHOT_BY_DEFAULT and name == "DeletionPolicy"
            else "Delete"
        )
        return str(self.body.get(name, default))

    def copy(self) -> Resource:
        """Return a copy that keeps what this is now."""
        return replace(
            self,
            properties=copy.deepcopy(self.properties),
            attributes=dict(self.attributes),
        )


SNAPSHOT_BY_DEFAULT = frozenset({"AWS::RDS::DBCluster"})


@dataclass
class Definition:
    """What a stack is made of: the template and the values of its parameters."""

    text: str
    template: Template
    parameters: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    capabilities: list[str] = field(default_factory=list)
    validations: list[Validation] = field(default_factory=list)
    nested: dict[str, Definition] = field(default_factory=dict)


class Done(NamedTuple):
    """An operation on a stack: its ID, its type, and what was found before it began."""

    operation_id: str
    kind: str
    validations: list[Validation]


@dataclass
class Stack:
    """A stack of one account and Region."""

    stack_id: str
    name: str
    account: str
    region: str
    definition: Definition
    status: str = ""
    reason: str = ""
    resources: dict[str, Resource] = field(default_factory=dict)
    outputs: list[dict[str, str]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    parent: Stack | None = None
    created: datetime = field(default_factory=now)
    updated: datetime | None = None
    deleted: datetime | None = None
    is_protected: bool = False
    disable_rollback: bool = False
    role_arn: str | None = None
    notification_arns: list[str] = field(default_factory=list)
    policy: str | None = None
    policy_during: str | None = None  # what holds instead while an update runs
    token: str | None = None
    drift: dict[str, Any] = field(default_factory=lambda: {"StackDriftStatus": "NOT_CHECKED"})
    is_reverting: bool = False  # an update changes it, whatever its template says
    takes_existing: bool = False  # ImportExistingResources of the request
    removes_created: bool = False  # RetainExceptOnCreate of the request
    imports: set[str] = field(default_factory=set)
    failed: Any = None  # the operation that can be continued
    operations: list[Done] = field(default_factory=list)

    @property
    def partition(self) -> str:
        """The partition of its Region."""
        return find_partition(self.region).name

    @property
    def root(self) -> Stack:
        """The outermost stack around it."""
        return self if self.parent is None else self.parent.root

    @property
    def is_deleted(self) -> bool:
        """Whether it was deleted."""
        return self.status == "DELETE_COMPLETE"

    def begin(self, kind: str, validations: list[Validation] | None = None) -> None:
        """Begin an operation: the events from now on are those of it."""
        self.operations.append(Done(str(uuid.uuid4()), kind, list(validations or ())))

    def set_status(self, status: str, reason: str = "") -> None:
        """Change the status, and add the event."""
        self.status, self.reason = status, reason
        self.add_event(self.name, self.stack_id, STACK_TYPE, status, reason)

    def set_resource(self, resource: Resource, status: str, reason: str = "") -> None:
        """Change a resource's status, and add the event."""
        resource.status, resource.reason, resource.timestamp = status, reason, now()
        properties = resource.properties if status.endswith(("IN_PROGRESS", "FAILED")) else None
        self.add_event(
            resource.logical_id, resource.physical_id, resource.kind, status, reason, properties
        )

    def add_event(
        self,
        logical_id: str,
        physical_id: str,
        kind: str,
        status: str,
        reason: str = "",
        properties: Mapping[str, Any] | None = None,
    ) -> None:
        """Add an event."""
        suffix = (
            uuid.uuid4() if kind == STACK_TYPE else f"{logical_id}-{status}-{uuid.uuid4().hex[:12]}"
        )
        event = {
            "StackId": self.stack_id,
            "EventId": str(suffix),
            "StackName": self.name,
            "LogicalResourceId": logical_id,
            "PhysicalResourceId": physical_id,
            "ResourceType": kind,
            "Timestamp": now(),
            "ResourceStatus": status,
            "ResourceStatusReason": reason or None,
            "ResourceProperties": json.dumps(properties, default=str) if properties else None,
            "ClientRequestToken": self.root.token,
            "OperationId": self.root.operations[-1].operation_id if self.root.operations else None,
        }
        self.events.append(event)

    def find_output(self, name: str) -> str | None:
        """Return an output's value."""
        return next((row["OutputValue"] for row in self.outputs if row["OutputKey"] == name), None)


class Store:
    """The stacks and change sets of one account in one Region."""

    def __init__(self, account: str, region: str) -> None:
        """Start empty."""
        self.account, self.region = account, region
        self.stacks: dict[str, Stack] = {}
        self.change_sets: dict[str, Any] = {}
        self.detections: dict[str, dict[str, Any]] = {}

    def find(self, name: str) -> Stack | None:
        """Find a stack by its ID, or by its name where it is not deleted."""
        if name in self.stacks:
            return self.stacks[name]
        for stack in reversed(list(self.stacks.values())):
            if stack.name == name and not stack.is_deleted:
                return stack
        return None

    def add(self, stack: Stack) -> None:
        """Keep a stack."""
        self.stacks[stack.stack_id] = stack

    def list_exports(self) -> Iterator[dict[str, str]]:
        """Yield the exports of all stacks."""
        for stack in self.stacks.values():
            if stack.is_deleted:
                continue
            for row in stack.outputs:
                if "ExportName" in row:
                    yield {
                        "ExportingStackId": stack.stack_id,
                        "Name": row["ExportName"],
                        "Value": row["OutputValue"],
                    }

    def list_importers(self, export: str) -> list[str]:
        """List the names of the stacks that import an export."""
        return [
            stack.name
            for stack in self.stacks.values()
            if not stack.is_deleted and export in stack.imports
        ]


def make_stack_id(name: str, account: str, region: str) -> str:
    """Make a stack's ID."""
    place = f"arn:{find_partition(region).name}:cloudformation:{region}:{account}:stack"
    return f"{place}/{name}/{uuid.uuid4()}"
