"""What a resource type is to the emulator: how it is made, updated, read and deleted."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from carnation.emulator.cloudformation.stacks import Stack
from carnation.errors import EmulatorError
from carnation.records import NamedTuple

Properties = Mapping[str, Any]
Connect = Callable[[str], Any]


class ResourceError(EmulatorError):
    """A resource could not be made, updated or deleted; its text is the event's reason."""


def already_exists(kind: str, identifier: str) -> ResourceError:
    """Return the error for a resource that is there already."""
    return ResourceError(
        f"Resource of type '{kind}' with identifier '{identifier}' already exists."
    )


class Given(dict[str, Any]):
    """Properties of a resource: one that is required and was not given is named."""

    def __missing__(self, name: str) -> Any:
        """Raise `ResourceError`."""
        raise ResourceError(f"Properties validation failed: required key [{name}] not found")


class Made(NamedTuple):
    """What a resource says of itself: its physical ID (`Ref`) and its attributes (`GetAtt`)."""

    ref: str
    attributes: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Context:
    """Where a resource is made: the clients of its account and Region, and its stack."""

    connect: Connect
    stack: Stack
    logical_id: str
    kind: str
    generation: int = 0
    engine: Any = None

    @property
    def region(self) -> str:
        """The Region."""
        return self.stack.region

    @property
    def account(self) -> str:
        """The account."""
        return self.stack.account

    def arn(self, service: str, resource: str) -> str:
        """Make the ARN of a resource of this account and Region."""
        return f"arn:{self.stack.partition}:{service}:{self.region}:{self.account}:{resource}"

    def make_name(self, longest: int = 255, *, lower: bool = False) -> str:
        """Make the name of a resource that was given none: stack, logical ID, and a suffix."""
        seed = f"{self.stack.stack_id} {self.logical_id} {self.generation}"
        suffix = hashlib.sha256(seed.encode()).hexdigest()[:12].upper()
        room = longest - len(suffix) - 2
        logical = self.logical_id[: room // 2]
        name = f"{self.stack.name[: room - len(logical)]}-{logical}-{suffix}"
        return name.lower() if lower else name


Make = Callable[[Context, Properties], Made]
Update = Callable[[Context, str, Properties, Properties], "Made | None"]
Delete = Callable[[Context, str, Properties], object]
Read = Callable[[Context, str, Properties], Properties]


@dataclass(frozen=True)
class Kind:
    """A resource type. Without `update`, each change replaces the resource.

    `update` gets the physical ID, the properties that are wanted and those that were; `read`
    returns the properties as they are, for drift. `name` is the property that names the resource.
    `refused` are properties that it cannot make, `unused` those that have no effect here.
    """

    make: Make
    delete: Delete
    update: Update | None = None
    read: Read | None = None
    name: str = ""
    refused: frozenset[str] = frozenset()
    unused: frozenset[str] = frozenset()


def make_again(make: Make) -> Update:
    """Update by making: the call that makes the resource also overwrites it. Its ID stays."""

    def update(context: Context, ref: str, wanted: Properties, had: Properties) -> None:
        make(context, wanted)

    return update


def goes_with_owner(context: Context, ref: str, properties: Properties) -> None:
    """Delete nothing: it is part of another resource."""


def delete_by(service: str, action: str, field: str) -> Delete:
    """Delete by one call, which takes the physical ID in a field."""

    def delete(context: Context, ref: str, properties: Properties) -> None:
        getattr(context.connect(service), action)(**{field: ref})

    return delete
