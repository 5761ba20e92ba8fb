"""The definitions inside a template: as a text, a text with substitutions, or an object.

What is only known at deployment (`Ref`, `Fn::GetAtt`, …) becomes a placeholder, `${Name}`, so that
whoever reads a definition knows placeholders and no CloudFormation.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-stepfunctions-statemachine.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from carnation.asl import find_substitutions
from carnation.document import Document, Span, join_pointer, parse_document
from carnation.document.reading import Note
from carnation.errors import DocumentError
from carnation.templates.roles import Role, find_role

_TYPES = {
    "AWS::StepFunctions::StateMachine": ("DefinitionString", "StateMachineType"),
    "AWS::Serverless::StateMachine": ("DefinitionString", "Type"),
}
_BLOCK = re.compile(r"(?:![A-Za-z0-9:]+\s+)?[|>][-+0-9]*\s*(?:#.*)?\Z")
_DEEPEST = 200


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
        elif isinstance(item, Mapping) and not _is_intrinsic(item):
            waiting += [(join_pointer(pointer, key), inner) for key, inner in item.items()]


def _is_intrinsic(item: Mapping[str, Any]) -> bool:
    return len(item) == 1 and next(iter(item)).startswith(("Ref", "Fn::"))


def is_template(value: object) -> bool:
    """Tell whether a document is a template: it has resources with types."""
    resources = value.get("Resources") if isinstance(value, Mapping) else None
    return isinstance(resources, Mapping) and any(
        isinstance(resource, Mapping) and "Type" in resource for resource in resources.values()
    )


def find_definitions(template: Document) -> Iterator[TemplateDefinition]:
    """Yield the definitions that stand in a template; those in files of their own are not read.

    >>> from carnation.document import parse_document
    >>> text = '{"Resources": {"M": {"Type": "AWS::Serverless::StateMachine", "Properties": '
    >>> template = parse_document(text + '{"Definition": {"StartAt": {"Ref": "X"}}}}}}', "t.json")
    >>> [(found.name, found.value) for found in find_definitions(template)]
    [('M', {'StartAt': '${X}'})]
    """
    for name, resource in template.value["Resources"].items():
        if not isinstance(resource, Mapping) or str(resource.get("Type")) not in _TYPES:
            continue
        properties = resource.get("Properties")
        if isinstance(properties, Mapping):
            yield from _read_properties(template, name, str(resource["Type"]), properties)


def _read_properties(
    template: Document, name: str, kind: str, properties: Mapping[str, Any]
) -> Iterator[TemplateDefinition]:
    text_field, type_field = _TYPES[kind]
    pointer = join_pointer("/Resources", name, "Properties")
    found = None
    if isinstance(properties.get("Definition"), Mapping):
        found = TemplateDefinition(template, f"{pointer}/Definition", name, properties)
        found.value = _replace_intrinsics(properties["Definition"])
        found.note_undefined(properties["Definition"])
    elif text_field in properties:
        written = properties[text_field]
        inner = _pointer_to_text(written, f"{pointer}/{text_field}")
        found = TemplateDefinition(template, inner, name, properties)
        text = _read_text(written)
        if text is None:
            return
        found.read_text(text)
        if isinstance(written, str):
            found.note_undefined(found.value)
    if found is not None:
        found.type = "EXPRESS" if properties.get(type_field) == "EXPRESS" else "STANDARD"
        yield found


def _pointer_to_text(written: Any, pointer: str) -> str:
    if isinstance(written, Mapping) and "Fn::Sub" in written:
        return f"{pointer}/Fn::Sub" + ("/0" if isinstance(written["Fn::Sub"], list) else "")
    return pointer


def _read_text(written: Any) -> str | None:
    """Give the text that a property will hold, its unknown parts as placeholders."""
    if isinstance(written, str):
        return written
    if not isinstance(written, Mapping) or len(written) != 1:
        return None
    if "Fn::Sub" in written:
        inner = written["Fn::Sub"]
        text = inner[0] if isinstance(inner, list) and inner else inner
        return text.replace("${!", "${") if isinstance(text, str) else None
    if "Fn::Join" in written:
        return _join(written["Fn::Join"])
    return None


def _join(arguments: Any) -> str | None:
    if not (isinstance(arguments, list) and len(arguments) == 2):
        return None
    separator, parts = arguments
    if not isinstance(separator, str) or not isinstance(parts, list):
        return None
    return separator.join(
        part if isinstance(part, str) else str(_replace_intrinsics(part)) for part in parts
    )


def _replace_intrinsics(value: Any, depth: int = 0) -> Any:
    """Copy a value, every intrinsic function in it turned into a placeholder."""
    if depth > _DEEPEST:
        return "${TooDeep}"
    if isinstance(value, Mapping):
        if len(value) == 1:
            ((key, inner),) = value.items()
            if key == "Ref" or key.startswith("Fn::"):
                return _name_intrinsic(key, inner)
        return {key: _replace_intrinsics(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_replace_intrinsics(item, depth + 1) for item in value]
    return value


def _name_intrinsic(key: str, inner: Any) -> str:
    if key == "Ref":
        return f"${{{inner}}}" if isinstance(inner, str) else "${Ref}"
    if key == "Fn::GetAtt" and isinstance(inner, list):
        return "${" + ".".join(map(str, inner)) + "}"
    text = _read_text({key: inner})
    return f"${{{key}}}" if text is None else text
