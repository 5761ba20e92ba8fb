"""One resource of a stack: made, updated, deleted, with the events that tell of it."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from carnation.emulator.cloudformation.kind import (
    Connect,
    Context,
    Given,
    Kind,
    Made,
    ResourceError,
)
from carnation.emulator.cloudformation.kinds import find_kind
from carnation.emulator.cloudformation.stacks import Resource, Stack
from carnation.errors import CarnationError
from carnation.services.updates import IN_PLACE, INTERRUPTS, find_update

_NOT_FOUND = re.compile("NotFound|NonExist|DoesNotExist|NoSuch|ResourceNotFound")


def explain(error: Exception) -> str:
    """Return the reason that an event gives for an error."""
    if isinstance(error, ClientError):
        found, metadata = error.response["Error"], error.response.get("ResponseMetadata", {})
        return (
            f"{found.get('Message')} (Operation: {error.operation_name}, Status Code: "
            f"{metadata.get('HTTPStatusCode')}, Error Code: {found.get('Code')})"
        )
    if isinstance(error, ParamValidationError):
        return f"Properties validation failed: {' '.join(str(error).split())}"
    if isinstance(error, (CarnationError, BotoCoreError)):
        return str(error)
    return f"{type(error).__name__}: {error}"


def needs_replacement(kind: str, had: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """List the changed properties that replace a resource."""
    row = find_kind(kind)
    changed = [name for name in {**had, **wanted} if had.get(name) != wanted.get(name)]
    if row is not None and row.update is None:
        return changed
    ways = (IN_PLACE, INTERRUPTS)
    paths = _find_changed(had, wanted, [])
    return [path[0] for path in paths if find_update(kind, path) not in ways]


def _find_changed(had: Any, wanted: Any, path: list[str]) -> Iterator[list[str]]:
    """Yield the path of each value that differs, as deep as the values go."""
    one = had if isinstance(had, Mapping) else {}
    other = wanted if isinstance(wanted, Mapping) else {}
    if had == wanted:
        return
    if one or other:
        for name in {**one, **other}:
            yield from _find_changed(one.get(name), other.get(name), [*path, name])
    elif isinstance(had, list) and isinstance(wanted, list) and len(had) == len(wanted):
        for index, (item, new) in enumerate(zip(had, wanted, strict=True)):
            yield from _find_changed(item, new, [*path, str(index)])
    else:
        yield path


class Provisioner:
    """Makes, updates and deletes the resources of one stack."""

    def __init__(self, stack: Stack, connect: Connect, engine: Any) -> None:
        """Take the stack, the clients of its account and Region, and the engine."""
        self._stack, self._connect, self._engine = stack, connect, engine

    def make_context(self, resource: Resource) -> Context:
        """Make the context in which a resource is made."""
        return Context(
            self._connect, self._stack, resource.logical_id, resource.kind, resource.generation,
            self._engine,
        )  # fmt: skip

    def _row(self, resource: Resource) -> Kind:
        row = find_kind(resource.kind)
        if row is None:
            raise ResourceError(f"Unrecognized resource types: [{resource.kind}]")
        return row

    def make(self, resource: Resource, properties: dict[str, Any], verb: str = "CREATE") -> None:
        """Make a resource."""
        resource.properties = properties
        row = self._row(resource)
        made = row.make(self.make_context(resource), _given(properties))
        self._record(resource, made)
        self._stack.set_resource(resource, f"{verb}_IN_PROGRESS", "Resource creation Initiated")
        self._stack.set_resource(resource, f"{verb}_COMPLETE")

    def adopt(self, resource: Resource, properties: dict[str, Any], found: Made) -> None:
        """Take in what is there already, as it is."""
        resource.properties, resource.is_imported = properties, True
        self._record(resource, found)
        self._stack.set_resource(resource, "IMPORT_IN_PROGRESS", "Resource import started.")
        self._stack.set_resource(resource, "IMPORT_COMPLETE", "Resource import completed.")

    def update(self, resource: Resource, wanted: dict[str, Any], had: dict[str, Any]) -> None:
        """Update a resource where it is."""
        row = self._row(resource)
        self._stack.set_resource(resource, "UPDATE_IN_PROGRESS")
        resource.properties = wanted
        if row.update is None:
            raise ResourceError(f"{resource.kind} cannot be updated where it is.")
        made = row.update(
            self.make_context(resource), resource.physical_id, _given(wanted), _given(had)
        )
        if made is not None:
            self._record(resource, made)
        self._stack.set_resource(resource, "UPDATE_COMPLETE")

    def _record(self, resource: Resource, made: Made) -> None:
        resource.physical_id = str(made.ref)
        resource.attributes = dict(made.attributes)

    def delete(self, resource: Resource) -> str:
        """Delete a resource; returns why it could not be deleted."""
        self._stack.set_resource(resource, "DELETE_IN_PROGRESS")
        try:
            if resource.physical_id:
                row = self._row(resource)
                row.delete(
                    self.make_context(resource), resource.physical_id, _given(resource.properties)
                )
        except Exception as error:
            if not is_absent(error):
                self._stack.set_resource(resource, "DELETE_FAILED", explain(error))
                return explain(error)
        self._stack.set_resource(resource, "DELETE_COMPLETE")
        return ""

    def read(self, resource: Resource) -> Mapping[str, Any] | None:
        """Return a resource's properties as they are; None for a type that cannot be read."""
        row = self._row(resource)
        if row.read is None:
            return None
        return row.read(
            self.make_context(resource), resource.physical_id, _given(resource.properties)
        )


def is_absent(error: Exception) -> bool:
    """Decide whether an error says that the thing does not exist."""
    if not isinstance(error, ClientError):
        return False
    found = error.response["Error"]
    return bool(_NOT_FOUND.search(str(found.get("Code"))))


def _given(properties: Mapping[str, Any]) -> Given:
    return Given(copy.deepcopy(dict(properties)))
