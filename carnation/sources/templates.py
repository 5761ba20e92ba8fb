"""State machines in templates of CloudFormation and SAM, and those that CDK synthesizes.

A definition is in the template, in a file that it names, in a function that makes it; each branch
of a condition is one. What only the deployment knows is a placeholder. Source:
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-stepfunctions-statemachine.html
and
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-statemachine.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy

from carnation.cloudformation.placeholders import Placeholders, is_intrinsic
from carnation.document import Document, join_pointer
from carnation.errors import DocumentError
from carnation.lazy import TYPE_CHECKING
from carnation.sources.assets import find_asset
from carnation.sources.branches import MAX_WAYS, choose_branches, choose_ways, read_if
from carnation.sources.conditions import Ways
from carnation.sources.files import Files
from carnation.sources.loops import Resource, list_resources, render_loops
from carnation.sources.source import (
    EXPRESS,
    NO_DEFINITION,
    STANDARD,
    Source,
    Unseen,
    is_definition,
)

if TYPE_CHECKING:
    from typing import Any

MACHINES = {
    "AWS::StepFunctions::StateMachine": "StateMachineType",
    "AWS::Serverless::StateMachine": "Type",
}
_NESTED = {"AWS::CloudFormation::Stack": "TemplateURL", "AWS::Serverless::Application": "Location"}
_FIELDS = ("Definition", "DefinitionString", "DefinitionUri", "DefinitionS3Location")
_TRANSFORM = "Fn::Transform"
Found = Source | Unseen


def is_template(value: object) -> bool:
    """Return whether a document is a template: it has resources with types.

    >>> is_template({"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}), is_template({})
    (True, False)
    """
    resources = value.get("Resources") if isinstance(value, Mapping) else None
    return isinstance(resources, Mapping) and (
        any(isinstance(one, Mapping) and "Type" in one for one in resources.values())
        or any(str(name).startswith("Fn::") for name in resources)
    )


def find_in_template(
    document: Document, files: Files, body: Mapping[str, Any] | None = None, at: str = ""
) -> Iterator[Found]:
    """Yield the state machines of a template; `at` is where its body is in the document."""
    template = document.value if body is None else body
    for resource in list_resources(template, at):
        if isinstance(resource, Unseen):
            yield _place(document, resource)
        elif resource.type in MACHINES:
            yield from _Machine(document, files, template, resource).find()
        elif resource.type in _NESTED:
            yield from _follow(document, files, resource)
        elif _is_module(resource):
            yield _unseen(document, resource, "a module creates it")


def _place(document: Document, unseen: Unseen) -> Unseen:
    span = document.locate(unseen.where)
    return Unseen(unseen.name, document.where, span.line, span.column, unseen.why)


def _unseen(document: Document, resource: Resource, why: str, pointer: str = "") -> Unseen:
    return _place(document, Unseen(resource.name, pointer or resource.pointer, 0, 0, why))


def _is_module(resource: Resource) -> bool:
    properties = resource.body.get("Properties")
    named = isinstance(properties, Mapping) and any(field in properties for field in _FIELDS)
    return resource.type.endswith("::MODULE") and (named or "StateMachine" in resource.type)


def _follow(document: Document, files: Files, resource: Resource) -> Iterator[Found]:
    """Yield what a nested template holds, if that is a file here."""
    properties = resource.body.get("Properties")
    named = properties.get(_NESTED[resource.type]) if isinstance(properties, Mapping) else None
    if not isinstance(named, str) or "://" in named or len(files.followed) > _MAX_FILES_READ:
        return
    try:
        inner = files.read_beside(document.where, named)
    except DocumentError:  # it is packaged elsewhere, or made by a build
        return
    if inner.where != document.where and is_template(inner.value):
        yield from find_in_template(inner, files)


_MAX_FILES_READ = 10_000


class _Machine:
    """A resource that is a state machine, while its definition is looked for."""

    def __init__(
        self, document: Document, files: Files, template: Mapping[str, Any], resource: Resource
    ) -> None:
        self.document, self.files, self.template = document, files, template
        self.resource = resource
        properties = resource.body.get("Properties")
        self.properties: Mapping[str, Any] = properties if isinstance(properties, Mapping) else {}
        self.pointer = f"{resource.pointer}/Properties"
        self.is_editable = not resource.made

    @property
    def given(self) -> Mapping[str, Any]:
        given = self.properties.get("DefinitionSubstitutions")
        return given if isinstance(given, Mapping) else {}

    def find(self) -> Iterator[Found]:
        """Yield its definition, each branch of it; or why there is none to be seen."""
        field = next((name for name in _FIELDS if name in self.properties), "")
        if not field:
            made = _TRANSFORM in self.properties
            why = "a macro creates it" if made else NO_DEFINITION
            yield self.miss(why, self.pointer)
            return
        try:
            self.expand_parts(field)
        except DocumentError as error:
            yield self.miss(error.reason.rstrip("."), f"{self.pointer}/{field}")
            return
        judged = (field, MACHINES[self.resource.type], "DefinitionSubstitutions")
        ways = choose_ways([self.properties.get(name) for name in judged], self.template)
        if len(ways) > MAX_WAYS:
            yield self.miss(
                f"its conditions give {len(ways)} of it: {MAX_WAYS} are read", self.pointer
            )
        found: dict[str, Found] = {}
        for way in ways[:MAX_WAYS]:
            one = self.read(field, way, parts_only=True)
            one = found.setdefault(one.name, one) if one else None
            if isinstance(one, Source) and way:
                exact = self.read(field, way)
                one.ways += [exact] if isinstance(exact, Source) else []
        yield from found.values()

    def expand_parts(self, field: str) -> None:
        """Put in their place what loops write out, and what `AWS::Include` brings."""
        written = self.properties[field]
        parts = self.include(written) if isinstance(written, (Mapping, list)) else written
        parts = render_loops(parts, self.template)
        if parts is not written:
            self.properties = {**self.properties, field: parts}
            self.is_editable = False

    def read(self, field: str, way: Ways, *, parts_only: bool = False) -> Found | None:
        """Read the definition that one way gives; None where it gives none."""
        chosen = choose_branches(self.properties, way, parts_only=parts_only)
        if field not in chosen.value:
            return None
        machine = copy(self)
        machine.properties = chosen.value
        pointer = machine.pointer + chosen.moved.get(f"/{field}", f"/{field}")
        # what moved within the definition, as seen from the place that it is at
        there, here = pointer[len(machine.pointer) :], f"/{field}"
        moved = {
            place[len(here) :]: origin[len(there) :]
            for place, origin in chosen.moved.items()
            if place.startswith(f"{here}/")
        }
        label = choose_branches(self.properties[field], way, parts_only=True).label
        machine.is_editable = self.is_editable and not moved and there == here
        found = machine.read_field(field, chosen.value[field], pointer)
        if isinstance(found, Unseen):
            return found._replace(name=found.name + label)
        if found.document is self.document and found.inner is None:
            found.moved = moved
        found.name += label
        found.type = found.type or machine.read_type()
        return found

    def read_field(self, field: str, written: Any, pointer: str) -> Found:
        if field == "Definition":
            return self.read_value(written, pointer)
        if field == "DefinitionString":
            return self.read_string(written, pointer)
        return self.read_location(written, pointer)

    def read_type(self) -> str:
        """Return the type; STANDARD where it is left out or only known at deployment."""
        written = self.properties.get(MACHINES[self.resource.type])
        branches = read_if(written)
        values = [self.follow_parameter(one) for one in (branches or ["", written])[1:]]
        return EXPRESS if all(value == EXPRESS for value in values) else STANDARD

    def follow_parameter(self, value: Any) -> Any:
        """Return the default of the parameter that a value is taken from; any other as it is."""
        if isinstance(value, Mapping) and isinstance(value.get("Ref"), str):
            declared = self.template.get("Parameters")
            body = declared.get(value["Ref"]) if isinstance(declared, Mapping) else None
            return body.get("Default", value) if isinstance(body, Mapping) else value
        return value

    def make(self, pointer: str, document: Document | None = None) -> Source:
        place = document or self.document
        return Source(self.resource.name, place, pointer, self.properties, self.template)

    def miss(self, why: str, pointer: str) -> Unseen:
        return _unseen(self.document, self.resource, why, pointer)

    def read_value(self, written: Any, pointer: str) -> Found:
        """Read the definition that is written as an object."""
        if isinstance(written, str):
            return self.read_string(written, pointer)
        if not isinstance(written, Mapping) or is_intrinsic(written):
            return self.read_made(written, pointer)
        found = self.make(pointer)
        found.value = Placeholders(self.given).replace(written)
        found.is_editable = self.is_editable
        found.note_undefined(written)
        return found

    def include(self, written: Any, depth: int = 0) -> Any:
        """Put what `AWS::Include` brings from a file here in its place.

        Raises `DocumentError` for what another macro makes, or a bucket holds.
        """
        if depth > 100 or not isinstance(written, (Mapping, list)):
            return written
        if isinstance(written, list):
            items = [self.include(item, depth + 1) for item in written]
            return (
                items if any(a is not b for a, b in zip(items, written, strict=True)) else written
            )
        made: dict[str, Any] = {}
        for key, item in written.items():
            if key == _TRANSFORM:
                included = self.read_include(item)
                if not isinstance(included, Mapping):
                    return included
                made |= included
            else:
                made[key] = self.include(item, depth + 1)
        same = len(made) == len(written) and all(
            made.get(key) is item for key, item in written.items()
        )
        return written if same else made

    def read_include(self, transform: Any) -> Any:
        name = transform.get("Name") if isinstance(transform, Mapping) else None
        if name != "AWS::Include":
            raise DocumentError("a macro creates it", self.document.where)
        parameters = transform.get("Parameters")
        location = parameters.get("Location") if isinstance(parameters, Mapping) else None
        if not isinstance(location, str) or "://" in location:
            raise DocumentError("AWS::Include brings it from a bucket", self.document.where)
        return self.files.read_beside(self.document.where, location).value

    def read_string(self, written: Any, pointer: str) -> Found:
        """Read the definition that is written as a text."""
        if isinstance(written, Mapping) and "Fn::ToJsonString" in written:
            return self.read_value(written["Fn::ToJsonString"], f"{pointer}/Fn::ToJsonString")
        if is_definition(written):
            return self.read_value(written, pointer)
        text = Placeholders(self.given).read_text(self.follow_parameter(written))
        if text is None or not _may_be_definition(text):
            return self.read_made(written, pointer)
        found = self.make(_point_to_text(written, pointer))
        found.read_text(text)
        if isinstance(written, str):
            found.note_undefined(found.value)
        return found

    def read_made(self, written: Any, pointer: str) -> Found:
        """Read what a function makes: a file that it includes; or say why it cannot be seen."""
        if isinstance(written, Mapping) and _TRANSFORM in written:
            try:
                return self.read_value(self.read_include(written[_TRANSFORM]), pointer)
            except DocumentError as error:
                return self.miss(error.reason.rstrip("."), pointer)
        return self.miss(_format_function(written), pointer)

    def read_location(self, written: Any, pointer: str) -> Found:
        """Read the definition in a file of its own: a local path, or an asset of CDK."""
        asset = find_asset(written, self.document.where, self.files)
        path = asset or written
        if not isinstance(path, str) or "://" in path:
            return self.miss("its definition is in a bucket", pointer)
        try:
            document = self.files.read_beside(self.document.where, path)
        except DocumentError as error:
            return self.miss(_format_error(error), pointer)
        found = self.make("", document)
        found.value, found.notes = document.value, document.notes
        found.note_undefined(document.value)
        return found


def _format_error(error: DocumentError) -> str:
    """Describe why a file cannot be read, and where in it."""
    place = f"{error.where}:{error.line}:{error.column}: " if error.line else ""
    return f"{place}{error.reason}".rstrip(".")


def _may_be_definition(text: str) -> bool:
    """Return whether a text is written out here: no single placeholder, no reference to SSM."""
    inner = text.strip()
    return inner.startswith(("{", "[")) or "\n" in inner or not inner.startswith("$")


def _format_function(written: Any) -> str:
    if isinstance(written, Mapping) and len(written) == 1:
        ((name, argument),) = written.items()
        if name == "Ref":
            return f"the parameter {argument} holds its definition"
        return f"{name} holds its definition"
    if isinstance(written, str):
        return "its definition is only known when it is deployed"
    return "its definition is neither an object nor a text"


def _point_to_text(written: Any, pointer: str) -> str:
    if isinstance(written, Mapping) and "Fn::Sub" in written:
        return f"{pointer}/Fn::Sub" + ("/0" if isinstance(written["Fn::Sub"], list) else "")
    return pointer


def point_to(*names: str) -> str:
    """Return a pointer of names."""
    return join_pointer("", *names)
