"""Parameter: a value that each environment gives, as a parameter of the root stack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from carnation.records import KW_ONLY, record
from carnation.resources.references import Reference, Value
from carnation.resources.resource import Problem, Resource

SHARED = ("Environment", "ProjectName")
"""What every root stack has: `Parameter("environment")` refers to it, and makes none."""
TAKEN = (
    *("AlarmEmail", "ArtifactBucket", "DeletionProtection", "DeploymentType", "KeyArn"),
    *("LogRetentionDays", "PermissionsBoundaryArn"),
)
"""What root stacks have for themselves."""


@record(frozen=True, repr=False)
class Parameter(Resource):
    """A parameter of the root stack, named by its id in PascalCase.

    `default` is what a deployment takes that gives none; `example` is what `run`, `serve` and tests
    take. Without a default, a deployment has to give a value. `Parameter("environment")` and
    `Parameter("project_name")` refer to the parameters that every root stack has.

    >>> Parameter("cluster_arn", "Where the job runs").resource_id
    'ClusterArn'
    """

    description: str = ""
    _: KW_ONLY
    default: str | None = None
    example: str | None = None

    kind: ClassVar[str] = ""
    fields: ClassVar[Mapping[str, str]] = {"value": ""}
    max_id: ClassVar[int] = 60

    def list_problems(self) -> Iterator[Problem]:
        """Yield an id that the stacks take, and values that are not text."""
        if self.resource_id in TAKEN:
            form = f"another one, since the stacks have a parameter {self.resource_id}"
            yield "id", self.id, form
        for name in ("description", "default", "example"):
            value = getattr(self, name)
            if self.is_shared and value:
                yield name, value, f"none, since the stacks have a parameter {self.resource_id}"
            elif value is not None and not isinstance(value, str):
                yield name, value, "text"

    @property
    def is_shared(self) -> bool:
        """Return whether every root stack has it."""
        return self.resource_id in SHARED

    def find_value(self, name: str) -> Value:
        """Return the parameter's value."""
        return {"Ref": self.resource_id}

    def find_name(self, name: str) -> str:
        """Return the parameter as `Fn::Sub` takes it."""
        return f"${{{self.resource_id}}}"

    @property
    def value(self) -> Reference:
        """The parameter's value."""
        return self.refer("value")
