"""Raw: a resource of any other kind, as troposphere or plain CloudFormation writes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from carnation.lazy import compile_lazily
from carnation.records import KW_ONLY, field, record
from carnation.resources.references import Reference, Value
from carnation.resources.resource import Resource
from carnation.states.arguments import find_line

_LOGICAL_ID = compile_lazily(r"[A-Z][A-Za-z0-9]{0,254}\Z")


@record(frozen=True, repr=False)
class Raw(Resource):
    """A resource that is put into the template as it is, under its logical ID.

    `resource` is a troposphere object or a mapping (`{"Type": …, "Properties": …}`). `arn` is its
    ARN, made of names, for the roles of states and functions that use it.
    """

    resource: Any = field(default=None, hash=False)
    _: KW_ONLY
    arn: str = ""
    used: list[str] = field(default_factory=list, init=False, compare=False)

    kind: ClassVar[str] = ""

    def __post_init__(self) -> None:
        """Check the logical ID, which is this resource's id."""
        object.__setattr__(self, "line", self.line or find_line())
        if not isinstance(self.id, str) or not _LOGICAL_ID.match(self.id):
            raise self.invalid("id", self.id, "a logical ID in PascalCase, as in 'Cache'")
        if not isinstance(self.resource, Mapping) and not hasattr(self.resource, "resource_type"):
            raise self.invalid("resource", self.resource, "a mapping or an object of troposphere")

    @property
    def ref(self) -> Reference:
        """What `Ref` gives."""
        return self.attribute("Ref")

    def attribute(self, name: str) -> Reference:
        """Return the reference to an attribute, as `Fn::GetAtt` names it."""
        if name not in self.used:
            self.used.append(name)
        return self.refer(name)

    @property
    def full_arn(self) -> str:
        """The ARN that was given."""
        return self.arn

    def list_references(self) -> list[Reference]:
        """List what definitions took."""
        return [self.refer(name) for name in self.used]

    def find_value(self, name: str) -> Value:
        """Return what CloudFormation puts in the place of a reference."""
        return {"Ref": self.id} if name == "Ref" else {"Fn::GetAtt": [self.id, name]}

    def find_name(self, name: str) -> str:
        """Return the ARN that was given, which roles are derived from."""
        return self.arn
