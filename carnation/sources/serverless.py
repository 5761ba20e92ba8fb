"""State machines of the Serverless Framework, with its plugin serverless-step-functions.

Variables are followed as far as the files here tell: `${file(…)}`, `${self:…}`, and what they fall
back to; others are placeholders.
Source: https://www.serverless.com/plugins/serverless-step-functions
and https://www.serverless.com/framework/docs/providers/aws/guide/variables
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from carnation.cloudformation.placeholders import Placeholders, is_intrinsic
from carnation.document import Document, join_pointer
from carnation.errors import DocumentError
from carnation.lazy import TYPE_CHECKING
from carnation.sources.files import Files
from carnation.sources.source import EXPRESS, STANDARD, Source, Unseen, is_definition
from carnation.sources.templates import find_in_template, is_template
from carnation.sources.variables import Place, Variables

if TYPE_CHECKING:
    from typing import Any

Found = Source | Unseen


def is_serverless(value: object) -> bool:
    """Return whether a document is a service of the Serverless Framework.

    >>> is_serverless({"service": "orders", "stepFunctions": {"stateMachines": {}}})
    True
    """
    if not isinstance(value, Mapping) or "StartAt" in value:
        return False
    return (
        isinstance(value.get("stepFunctions"), (Mapping, str, list))
        or ("service" in value and "provider" in value)
        or is_template(value.get("resources"))
    )


def find_in_service(document: Document, files: Files) -> Iterator[Found]:
    """Yield the state machines of a service: the plugin's, and those among its resources."""
    yield from _Service(document, files).find()


class _Service:
    def __init__(self, document: Document, files: Files) -> None:
        self.document = document
        self.variables = Variables(document, files)
        self.files = files
        resources = [place.value for place in self.list_resources()]
        self.template: dict[str, Any] = {"Resources": {}}
        for one in resources:
            self.template["Resources"] |= one.get("Resources") or {}

    def find(self) -> Iterator[Found]:
        held = Place(self.document.value, self.document, "")
        for functions in self.variables.list_parts(held.enter("stepFunctions")):
            for machines in self.variables.list_parts(functions.enter("stateMachines")):
                yield from self.find_machines(machines)
        for place in self.list_resources():
            body, at = place.value, place.pointer
            yield from find_in_template(place.document, self.files, body, at)

    def list_resources(self) -> Iterator[Place]:
        """Yield the templates that the service takes in addition."""
        held = Place(self.document.value, self.document, "").enter("resources")
        for place in self.variables.list_parts(held):
            if isinstance(place.value, Mapping) and isinstance(
                place.value.get("Resources"), Mapping
            ):
                yield place

    def find_machines(self, machines: Place) -> Iterator[Found]:
        if isinstance(machines.value, str):
            yield machines.miss("stateMachines", self.variables.describe(machines.value))
            return
        if not isinstance(machines.value, Mapping):
            return
        for name in machines.value:
            machine = self.variables.follow(machines.enter(name))
            if isinstance(machine.value, Mapping):
                yield from self.read_machine(str(name), machine)
            else:
                yield machine.miss(str(name), self.variables.describe(machine.value))

    def read_machine(self, name: str, machine: Place) -> Iterator[Found]:
        place = self.variables.follow(machine.enter("definition"))
        properties = _read_properties(machine.value)
        found = Source(name, place.document, place.pointer, properties, self.template)
        kind = self.variables.follow(machine.enter("type")).value
        found.type = EXPRESS if kind == EXPRESS else STANDARD
        yield read_definition(found, place, self.variables)


def _read_properties(machine: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the plugin says of a machine in CloudFormation's words."""
    tracing, logging = machine.get("tracingConfig"), machine.get("loggingConfig")
    properties: dict[str, Any] = {}
    if "role" in machine:
        properties["RoleArn"] = machine["role"]
    if isinstance(tracing, Mapping):
        properties["TracingConfiguration"] = {"Enabled": tracing.get("enabled")}
    if isinstance(logging, Mapping):
        properties["LoggingConfiguration"] = {
            "Level": logging.get("level", "OFF"),
            "IncludeExecutionData": logging.get("includeExecutionData", False),
            "Destinations": logging.get("destinations", []),
        }
    return properties


def read_definition(found: Source, place: Place, variables: Variables) -> Found:
    """Read a definition that is an object, a text, or in a file; or say why it cannot be seen."""
    value = place.value
    try:
        if isinstance(value, Mapping) and not is_intrinsic(value):
            filled = variables.fill(value, place.document)
            found.value = Placeholders({}).replace(filled)
            found.is_editable = filled == value
            return found
        text = value if isinstance(value, str) else Placeholders({}).read_text(value)
    except DocumentError as error:
        return place.miss(found.name, error.reason)
    if not text or not text.lstrip().startswith(("{", "StartAt", "Comment")):
        return place.miss(found.name, variables.describe(value))
    if isinstance(value, Mapping) and "Fn::Sub" in value:
        found.pointer += "/Fn::Sub" + ("/0" if isinstance(value["Fn::Sub"], list) else "")
    found.read_text(text)
    if found.inner is not None:
        found.value = variables.fill(found.value, place.document)
    return found


def holds_machine(value: object) -> bool:
    """Return whether a document is one machine, `{name, definition}`, as `${file(…)}` names them.

    >>> holds_machine({"name": "orders", "definition": {"StartAt": "A", "States": {}}})
    True
    """
    definition = value.get("definition") if isinstance(value, Mapping) else None
    if isinstance(definition, str):
        return definition.lstrip().startswith(("{", "${file", "StartAt"))
    return is_definition(definition) or (
        isinstance(definition, Mapping) and is_intrinsic(definition)
    )


def find_in_machines(document: Document, files: Files) -> Iterator[Found]:
    """Yield the machine of a `{name, definition}` file, or the machines of one with several."""
    value, variables = document.value, Variables(document, files)
    if holds_machine(value):
        named = value.get("name")
        name = named if isinstance(named, str) else "definition"
        yield from _read_machine(name, Place(value, document, ""), variables)
        return
    for name, machine in value.items():
        if holds_machine(machine):
            place = Place(machine, document, join_pointer("", name))
            yield from _read_machine(str(name), place, variables)


def _read_machine(name: str, machine: Place, variables: Variables) -> Iterator[Found]:
    place = variables.follow(machine.enter("definition"))
    properties = _read_properties(machine.value)
    found = Source(name, place.document, place.pointer, properties)
    found.type = EXPRESS if machine.value.get("type") == EXPRESS else STANDARD
    yield read_definition(found, place, variables)
