"""What a change of a stack did, step by step, how it fails, and what its parts ask of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from carnation.cloudformation.intrinsics import Resolver
from carnation.emulator.cloudformation.kind import Connect
from carnation.emulator.cloudformation.resources import Provisioner
from carnation.emulator.cloudformation.stacks import Definition, Resource, Stack, Store
from carnation.errors import EmulatorError
from carnation.records import NamedTuple


class OperationError(EmulatorError):
    """An operation failed; its text is the reason that the stack's event gives."""


class Step(NamedTuple):
    """What an update did to a resource: `before` is None where there was none."""

    name: str
    before: Resource | None
    after: Resource
    replaces: bool
    child: StackOperation | None = None


class NestedDefiner(Protocol):
    """Reads what nested stacks are to be."""

    def define_nested(
        self, nested: Stack, wanted: Mapping[str, Any], outer: Definition, name: str
    ) -> Definition:
        """Return the definition of a resource's nested stack; raises `TemplateError`."""


class Stacks(Protocol):
    """What an operation and a definer ask of the engine of stacks."""

    @property
    def definer(self) -> NestedDefiner:
        """What reads the definitions of nested stacks."""

    def store_of(self, stack: Stack) -> Store:
        """Return the store that a stack is in."""

    def connect(self, place: Stack | Store) -> Connect:
        """Return the clients of an account and a Region."""

    def name_property(self, kind: str) -> str:
        """Return the property that names a resource of a type."""

    def has_changes(self, stack: Stack, definition: Definition) -> bool:
        """Decide whether a definition is another than a stack's."""

    def reserve(self, store: Store, name: str) -> Stack:
        """Make a stack that has nothing yet."""


class StackOperation(Protocol):
    """What nested stacks, outputs and deletion ask of the operation that they are part of."""

    engine: Stacks
    stack: Stack
    definition: Definition
    store: Store
    resolver: Resolver
    provisioner: Provisioner
    steps: list[Step]

    def resolve(self, value: Any) -> Any:
        """Resolve a value of the template, dynamic references included."""

    def guard(self, action: str, resource: Resource) -> None:
        """Raise `EmulatorError` for what the stack's policy does not allow."""

    def begin(self, nested: Stack, definition: Definition) -> StackOperation:
        """Begin an operation on a nested stack."""

    def apply(self) -> None:
        """Make, update and replace; raises `OperationError` for the first that fails."""

    def finish(self) -> None:
        """Delete what was removed or replaced, and end the update."""

    def roll_back(self, reason: str) -> list[str]:
        """Roll an update back; returns the names of the resources that resisted."""

    def delete(self, *, created: bool = False) -> str:
        """Delete the stack; returns why that could not be."""
