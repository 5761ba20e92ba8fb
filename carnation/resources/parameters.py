"""Parameter: a value that each environment gives, as a parameter of the root stack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

from carnation.resources.references import Reference, Value
from carnation.resources.resource import Resource


@dataclass(frozen=True, repr=False)
class Parameter(Resource):
    """A parameter of the root stack, named by its id in PascalCase.

    `default` is what a deployment takes that gives none; `example` is what `run`, `serve` and tests
    take. Without a default, a deployment has to give a value.

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

    def find_value(self, name: str) -> Value:
        """Give the parameter's value."""
        return {"Ref": self.resource_id}

    def find_name(self, name: str) -> str:
        """Give the parameter as `Fn::Sub` takes it."""
        return f"${{{self.resource_id}}}"

    @property
    def value(self) -> Reference:
        """The parameter's value."""
        return self.refer("value")
