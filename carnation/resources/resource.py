"""What all resources share: an id, names made of it, where they were declared, where they exist.

A resource is a record, compared by value, checked when it is made. Its id decides its logical ID
and its name; neither the variable nor the file in which it is declared does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, ClassVar, Self

from carnation.errors import UsageError, suggest_name
from carnation.lazy import compile_lazily
from carnation.records import KW_ONLY, field, list_arguments, record, replace
from carnation.resources.references import PREFIX, Reference, Value, to_title
from carnation.states.arguments import find_line

Problem = tuple[str, object, str]
"""A field, its value, and what it takes."""

_ID = compile_lazily(r"[a-z][a-z0-9]*(_[a-z0-9]+)*\Z")
MAX_ID = 29  # of a function's 64 characters, less project and environment
TAKEN = ("alarms", "live", "schedule", "state_machine", "undelivered")
"""What the stacks of every workflow name so themselves."""


@record(frozen=True)
class Existing:
    """Where something is that another stack or account owns: its name, or where its ARN is read.

    `name` and `arn` take text or a `Parameter`; `export` names a stack's export and `ssm` a
    parameter of the Parameter Store, each of which holds the ARN (the name of an export may have
    `${Environment}` in it). `stream` is the ARN of a table's stream, next to one of these.
    """

    name: object = None
    arn: object = None
    export: str = ""
    ssm: str = ""
    stream: object = None

    def list_given(self) -> list[object]:
        """List what may be a parameter: name, ARN, stream."""
        return [self.name, self.arn, self.stream]

    def list_problems(self, service: str) -> Iterator[Problem]:
        """Yield what does not say where a resource of a service is."""
        given = {"name": self.name, "arn": self.arn, "export": self.export, "ssm": self.ssm}
        told = {name: value for name, value in given.items() if value not in (None, "")}
        if len(told) != 1:
            listed = ", ".join(told) or None
            yield "existing()", listed, "one of name=, arn=, export= and ssm="
        for name, value in {**told, "stream_arn": self.stream}.items():
            if value is None or "value" in getattr(value, "fields", ()):
                continue
            form = _format_origin(name, value, service)
            if form:
                yield name, value, form


@record(frozen=True, repr=False)
class Resource:
    """What all resources share.

    `id` has lowercase letters, digits and single underscores. `properties` adds or overrides
    CloudFormation's own properties. `logical_id` and `named=False` keep what was deployed without
    carnation where it is: under its own logical ID, with the name that CloudFormation made.
    `keep=False` deletes the resource with its stack. `unused_because` gives the reason for listing
    what nothing in the workflow uses.
    """

    id: str
    _: KW_ONLY
    properties: Mapping[str, Any] = field(default_factory=dict, hash=False)
    logical_id: str = ""
    named: bool = True
    keep: bool = True
    unused_because: str = ""
    origin: Existing | None = None
    line: str = field(default="", compare=False)

    kind: ClassVar[str] = "Resource"
    """How logical IDs end."""
    service: ClassVar[str] = ""
    """The service in its ARN, and in the actions of its grants."""
    fields: ClassVar[Mapping[str, str]] = {}
    """Its references, each with its attribute ('' for Ref); functions are given the first."""
    max_id: ClassVar[int] = MAX_ID

    def __new__(cls, *_: Any, **given: Any) -> Self:
        """Make it; raise `UsageError` for an argument that it does not have."""
        reject_unknown(cls, given)
        return super().__new__(cls)

    def __post_init__(self) -> None:
        """Remember the line of Python, check every field; raise `UsageError` for a wrong one."""
        object.__setattr__(self, "line", self.line or find_line())
        valid = isinstance(self.id, str) and _ID.match(self.id) and len(self.id) <= self.max_id
        if not valid or self.id in TAKEN:
            raise self.invalid("id", self.id, format_form(self.max_id))
        problems = self.origin.list_problems(self.service) if self.origin else ()
        if not isinstance(self.properties, Mapping):
            raise self.invalid("properties", self.properties, "values by CloudFormation's names")
        for name, value, form in chain(problems, self.list_problems()):
            raise self.invalid(name, value, form)

    def invalid(self, name: str, value: object, form: str) -> UsageError:
        """Make the error about a field."""
        return UsageError(
            f"{type(self).__name__} {self.id!r} ({self.line}): {name} is {value!r}; "
            f"expected {form}."
        )

    def list_problems(self) -> Iterator[Problem]:
        """Yield the fields whose values AWS would reject."""
        return iter(())

    @property
    def title(self) -> str:
        """The id as logical IDs have it."""
        return to_title(self.id)

    @property
    def name_part(self) -> str:
        """The id as names have it, behind project and environment."""
        return self.id.replace("_", "-")

    @property
    def resource_id(self) -> str:
        """The logical ID of the resource itself."""
        return self.logical_id or f"{self.title}{self.kind}"

    @property
    def is_existing(self) -> bool:
        """Return whether it belongs to somebody else, and nothing is made."""
        return self.origin is not None

    @property
    def full_name(self) -> str:
        """The name as `Fn::Sub` takes it; the logical ID where CloudFormation makes the name."""
        if self.origin is not None:
            return self.origin.name if isinstance(self.origin.name, str) else self.marker("name")
        return f"{PREFIX}-{self.name_part}" if self.named else f"${{{self.name_attribute}}}"

    @property
    def name_attribute(self) -> str:
        """How `Fn::Sub` gets the name: by the logical ID alone, where `Ref` gives it."""
        return self.resource_id

    @property
    def full_arn(self) -> str:
        """The ARN as `Fn::Sub` takes it, made of names."""
        if self.origin is not None and self.origin.name is None:
            given = self.origin.arn
            return given if isinstance(given, str) and "${" not in given else self.marker("arn")
        return self.arn_of(self.full_name)

    def arn_of(self, name: str) -> str:
        """Make the ARN of a resource of this kind out of its name."""
        raise NotImplementedError(type(self).__name__)

    def name_from_arn(self, arn: Value) -> Value:
        """Take the name out of an ARN."""
        return _pick(arn, ":", 5)

    def marker(self, name: str) -> str:
        """Return the placeholder for what only the deployment knows of an existing resource."""
        return f"${{{self.title}{to_title(name)}}}"

    def list_markers(self) -> dict[str, Value]:
        """Return what is behind the placeholders of an existing resource, by key."""
        if self.origin is None:
            return {}
        if self.origin.name is not None:
            found = {self.marker("name")[2:-1]: read_given(self.origin.name)}
        else:
            found = {self.marker("arn")[2:-1]: self._find_given_arn()}
        if self.origin.stream is not None:
            found[self.marker("stream_arn")[2:-1]] = read_given(self.origin.stream)
        return found

    def _find_given_arn(self) -> Value:
        origin = self.origin or Existing()
        if origin.export:
            is_open = "${" in origin.export
            name = {"Fn::Sub": origin.export} if is_open else origin.export
            return {"Fn::ImportValue": name}
        if origin.ssm:
            return f"{{{{resolve:ssm:{origin.ssm}}}}}"
        return read_given(origin.arn)

    def refer(self, name: str) -> Reference:
        """Return the reference to one of its fields."""
        return Reference(self, name)

    @property
    def first_field(self) -> str:
        """The field that functions are given, and that is an output of the stack."""
        return next(iter(self.fields), "")

    def list_references(self) -> list[Reference]:
        """List all that a definition may say of it."""
        return [self.refer(name) for name in self.fields]

    def find_value(self, name: str) -> Value:
        """Return what CloudFormation puts in the place of a reference."""
        if self.origin is not None:
            return self._find_existing(name)
        attribute = self.fields[name]
        if attribute:
            return {"Fn::GetAtt": [self.resource_id, attribute]}
        return {"Ref": self.resource_id}

    def _find_existing(self, name: str) -> Value:
        origin = self.origin or Existing()
        if origin.name is None:
            arn = self._find_given_arn()
            return arn if name == "arn" else self.name_from_arn(arn)
        if name == "arn":
            return {"Fn::Sub": [self.arn_of(self.full_name), self.list_markers()]}
        return read_given(origin.name)

    def find_name(self, name: str) -> str:
        """Return what roles are derived from: the name for what is named, else the ARN."""
        return self.full_name if name == "name" else self.full_arn

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r})"


def reject_unknown(kind: type, given: Iterable[str]) -> None:
    """Raise `UsageError` for an argument that a noun does not have."""
    known = list_arguments(kind)
    for name in given:
        if name not in known:
            known.remove("line")
            raise UsageError(
                f"{kind.__name__} ({find_line()}): unknown argument '{name}'."
                f"{suggest_name(name, known)} Arguments: {', '.join(known)}."
            )


def format_form(longest: int) -> str:
    """Describe what an id takes."""
    return (
        f"up to {longest} lowercase letters, digits and single underscores, a letter first, and "
        f"none of {', '.join(TAKEN)}"
    )


def _format_origin(name: str, value: object, service: str) -> str:
    """Describe what a place of an existing resource takes; '' where it has that."""
    if not isinstance(value, str) or not value:
        return "text, or a Parameter"
    is_open = "${" in value or "{{" in value
    if name == "name" and value.startswith("arn:"):
        return "a name; give an ARN as arn="
    if name == "arn" and not is_open and value.split(":")[2:3] != [service]:
        return f"the ARN of a resource of {service}, as in arn:aws:{service}:…"
    if name == "stream_arn" and not is_open and "/stream/" not in value:
        return "the ARN of a table's stream, …:table/NAME/stream/LABEL"
    return ""


def read_given(value: Any) -> Value:
    """Return what a template holds for text, a parameter or a reference."""
    if hasattr(value, "fields") and hasattr(value, "find_value"):
        found: Value = value.find_value("value")
        return found
    if isinstance(value, Reference):
        return value.value
    return str(value)


def _pick(arn: Value, separator: str, index: int) -> Value:
    """Take a part out of an ARN, now or (for what only the deployment knows) by CloudFormation."""
    if isinstance(arn, str) and "{{" not in arn:
        return arn.split(separator)[index]
    return {"Fn::Select": [index, {"Fn::Split": [separator, arn]}]}


pick_part = _pick


def change_resource(resource: Resource, **fields: Any) -> Resource:
    """Make the same resource with other fields."""
    return replace(resource, **fields)
