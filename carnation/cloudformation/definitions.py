"""The definitions inside a template: as a text, a text with substitutions, or an object.

Templates are CloudFormation's, SAM's, and those of the Serverless Framework with its plugin
serverless-step-functions. What is only known at deployment becomes a placeholder (see
`carnation.cloudformation.placeholders`).
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-stepfunctions-statemachine.html
and https://www.serverless.com/plugins/serverless-step-functions
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from carnation.cloudformation.placeholders import Placeholders, is_intrinsic
from carnation.cloudformation.roles import Role, find_role
from carnation.cloudformation.substitutions import find_substitutions
from carnation.document import Document, Span, join_pointer, parse_document
from carnation.document.reading import Note
from carnation.errors import DocumentError

_TYPES = {
    "AWS::StepFunctions::StateMachine": ("DefinitionString", "StateMachineType"),
    "AWS::Serverless::StateMachine": ("DefinitionString", "Type"),
}
_BLOCK = re.compile(r"(?:![A-Za-z0-9:]+\s+)?[|>][-+0-9]*\s*(?:#.*)?\Z")


class TemplateDefinition:
    """A definition in a template: `value` is what is written, `error` why it cannot be read.

    `name` is the logical ID of the state machine, `type` STANDARD or EXPRESS, `substitutions` the
    names that the template gives values to, `properties` what else it says of the machine, `role`
    its role if that stands there, too.
    """

    def __init__(
        self, template: Document, pointer: str, name: str, properties: Mapping[str, Any]
    ) -> None:
        self.template = template
        self.pointer = pointer
        self.name = name
        self.where = template.where
        self.text = template.text
        self.notes: tuple[Note, ...] = ()
        self.value: Any = None
        self.error: DocumentError | None = None
        self.inner: Document | None = None
        self.type = "STANDARD"
        self.properties = properties
        self.role: Role | None = find_role(template.value, properties)
        given = properties.get("DefinitionSubstitutions")
        self.substitutions = tuple(given) if isinstance(given, Mapping) else ()

    def read_text(self, text: str) -> None:
        """Take a definition that is written as a text."""
        try:
            self.inner = parse_document(text, f"{self.where}, {self.name}")
        except DocumentError as error:
            self.error = error
            return
        self.value, self.notes = self.inner.value, self.inner.notes

    def locate(self, pointer: str) -> Span:
        """Find a part of the definition in the template.

        In a block of YAML to the column; in a text on one line at the text.
        """
        if self.inner is None:
            return self.template.locate(self.pointer + pointer)
        outer = self.template.locate(self.pointer)
        if not _BLOCK.search(self.template.line_text(outer.line)):
            return outer
        within = self.inner.locate(pointer)
        first = self.template.line_text(outer.line + 1)
        indent = len(first) - len(first.lstrip(" "))
        line, last = outer.line + within.line, outer.line + within.end_line
        return Span(line, within.column + indent, last, within.end_column + indent)

    def place(self, pointer: str) -> str:
        """Give the pointer into the template; behind `#` what lies within a text."""
        return f"{self.pointer}#{pointer}" if self.inner else self.pointer + pointer

    def measure(self) -> int:
        """Give the size of the definition in bytes, where it is a text."""
        return self.inner.measure() if self.inner else 0

    def line_text(self, line: int) -> str:
        """Give one line of the template."""
        return self.template.line_text(line)

    def note_undefined(self, written: Any) -> None:
        """Note the substitutions in what is written that the template gives no value to."""
        found = [
            Note("undefined-substitution", pointer, f"the template gives no value to '${{{name}}}'")
            for pointer, text in _list_texts(written)
            for name in find_substitutions(text)
            if name not in self.substitutions
        ]
        self.notes = (*self.notes, *found)


def _list_texts(written: Any) -> Iterator[tuple[str, str]]:
    """Give every text that reaches Step Functions as it stands: not those in functions."""
    waiting = [("", written)]
    while waiting:
        pointer, item = waiting.pop()
        if isinstance(item, str):
            yield pointer, item
        elif isinstance(item, list):
            waiting += [(join_pointer(pointer, at), inner) for at, inner in enumerate(item)]
        elif isinstance(item, Mapping) and not is_intrinsic(item):
            waiting += [(join_pointer(pointer, key), inner) for key, inner in item.items()]


def is_template(value: object) -> bool:
    """Tell whether a document is a template: it has resources with types."""
    resources = value.get("Resources") if isinstance(value, Mapping) else None
    return isinstance(resources, Mapping) and any(
        isinstance(resource, Mapping) and "Type" in resource for resource in resources.values()
    )


def holds_definitions(value: object) -> bool:
    """Tell whether definitions may stand in a document: a template, or one of Serverless.

    >>> holds_definitions({"service": "orders", "stepFunctions": {"stateMachines": {}}})
    True
    """
    if not isinstance(value, Mapping):
        return False
    return (
        is_template(value)
        or is_template(value.get("resources"))
        or _list_machines(value) is not None
    )


def _list_machines(value: Mapping[str, Any]) -> list[tuple[str, Any]] | None:
    machines = value.get("stepFunctions")
    machines = machines.get("stateMachines") if isinstance(machines, Mapping) else None
    return list(machines.items()) if isinstance(machines, Mapping) else None


def find_definitions(template: Document) -> Iterator[TemplateDefinition]:
    """Yield the definitions that stand in a template; those in files of their own are not read.

    >>> from carnation.document import parse_document
    >>> text = '{"Resources": {"M": {"Type": "AWS::Serverless::StateMachine", "Properties": '
    >>> template = parse_document(text + '{"Definition": {"StartAt": {"Ref": "X"}}}}}}', "t.json")
    >>> [(found.name, found.value) for found in find_definitions(template)]
    [('M', {'StartAt': '${X}'})]
    """
    yield from _read_machines(template)
    for at, resources in _list_resources(template.value):
        for name, resource in resources.items():
            if not isinstance(resource, Mapping) or str(resource.get("Type")) not in _TYPES:
                continue
            pointer = join_pointer(at, name, "Properties")
            properties = resource.get("Properties")
            if isinstance(properties, Mapping):
                yield from _read_properties(template, pointer, name, resource["Type"], properties)


def _list_resources(value: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the resources: a template's own, those that Serverless takes in addition."""
    inner = value.get("resources")
    for pointer, holder in (("/Resources", value), ("/resources/Resources", inner)):
        resources = holder.get("Resources") if isinstance(holder, Mapping) else None
        if isinstance(resources, Mapping):
            yield pointer, resources


def _read_machines(template: Document) -> Iterator[TemplateDefinition]:
    for name, machine in _list_machines(template.value) or ():
        if not isinstance(machine, Mapping):
            continue
        written = machine.get("definition")
        pointer = join_pointer("/stepFunctions/stateMachines", name, "definition")
        found = TemplateDefinition(template, pointer, name, {})
        if isinstance(written, Mapping) and not is_intrinsic(written):
            found.value = Placeholders({}).replace(written)
        elif (text := Placeholders({}).read_text(written)) and text.lstrip().startswith("{"):
            found.pointer = _point_to_text(written, pointer)
            found.read_text(text)
        else:  # `${file(…)}`, a definition in a file of its own
            continue
        found.type = "EXPRESS" if machine.get("type") == "EXPRESS" else "STANDARD"
        yield found


def _read_properties(
    template: Document, pointer: str, name: str, kind: str, properties: Mapping[str, Any]
) -> Iterator[TemplateDefinition]:
    text_field, type_field = _TYPES[kind]
    given = properties.get("DefinitionSubstitutions")
    placeholders = Placeholders(given if isinstance(given, Mapping) else {})
    found = None
    if isinstance(properties.get("Definition"), Mapping):
        found = TemplateDefinition(template, f"{pointer}/Definition", name, properties)
        found.value = placeholders.replace(properties["Definition"])
        found.note_undefined(properties["Definition"])
    elif text_field in properties:
        written = properties[text_field]
        inner = _point_to_text(written, f"{pointer}/{text_field}")
        found = TemplateDefinition(template, inner, name, properties)
        text = placeholders.read_text(written)
        if text is None:
            return
        found.read_text(text)
        if isinstance(written, str):
            found.note_undefined(found.value)
    if found is not None:
        found.type = "EXPRESS" if properties.get(type_field) == "EXPRESS" else "STANDARD"
        yield found


def _point_to_text(written: Any, pointer: str) -> str:
    if isinstance(written, Mapping) and "Fn::Sub" in written:
        return f"{pointer}/Fn::Sub" + ("/0" if isinstance(written["Fn::Sub"], list) else "")
    return pointer
