"""What a change of a stack did, step by step, and how it fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from carnation.emulator.cloudformation.stacks import Resource
from carnation.errors import EmulatorError

if TYPE_CHECKING:
    from carnation.emulator.cloudformation.operation import Operation


class OperationError(EmulatorError):
    """An operation failed; its text is the reason that the stack's event gives."""


class Step(NamedTuple):
    """What an update did to a resource: `before` is None where there was none."""

    name: str
    before: Resource | None
    after: Resource
    replaces: bool
    child: Operation | None = None
