"""References: what a definition, a function or a grant writes for a fact about a resource.

A reference is text, `${StockName}`, and goes wherever text goes: into an argument, an expression or
an f-string. What CloudFormation puts in its place, and the ARN or name that permissions are derived
from, are asked of it when templates are rendered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from carnation.lazy import compile_lazily

PREFIX = "${ProjectName}-${Environment}"
"""How the name of every resource begins."""

Value = str | Mapping[str, Any]
"""What a template holds: text, or an intrinsic function as a plain document."""

_PLACEHOLDER = compile_lazily(r"\$\{([A-Za-z0-9]+)\}")


class Owner(Protocol):
    """What a reference asks of the resource that it is about."""

    @property
    def id(self) -> str:
        """The name in the workflow."""

    @property
    def title(self) -> str:
        """The id as logical IDs have it."""

    @property
    def line(self) -> str:
        """Where the resource was written."""

    def find_value(self, name: str) -> Value:
        """Return what CloudFormation puts in the place of a reference to a field."""

    def find_name(self, name: str) -> str:
        """Return the same made of names."""


class Reference(str):
    """The text `${StockName}`: the field `name` of the resource `stock`.

    `key` is the name alone; `variable` is how environments spell it.

    >>> from carnation.resources import Table
    >>> stock = Table("stock", key="id")
    >>> stock.name, stock.name.key, stock.name.variable
    ('${StockName}', 'StockName', 'STOCK_NAME')
    """

    resource: Owner
    field: str

    def __new__(cls, resource: Owner, field: str) -> Reference:
        """Make the text, and remember what it represents."""
        made = super().__new__(cls, f"${{{resource.title}{to_title(field)}}}")
        made.resource, made.field = resource, field
        return made

    @property
    def key(self) -> str:
        """The name of the substitution, and of the output."""
        return self[2:-1]

    @property
    def variable(self) -> str:
        """The name of the environment variable."""
        return f"{self.resource.id}_{self.field}".replace(".", "_").upper()

    @property
    def value(self) -> Value:
        """What CloudFormation puts in its place."""
        return self.resource.find_value(self.field)

    @property
    def stands_for(self) -> str:
        """The same made of names, as `Fn::Sub` takes it: what roles are derived from."""
        return self.resource.find_name(self.field)

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        """Copy as plain text: a copy of a document is a plain document."""
        return str, (str(self),)


def to_title(name: str) -> str:
    """Write an id as logical IDs have it.

    >>> to_title("validate_order")
    'ValidateOrder'
    """
    return "".join(part[:1].upper() + part[1:] for part in name.replace(".", "_").split("_"))


def find_references(text: object) -> list[str]:
    """List the keys of all references in a text, each once.

    >>> find_references("${StockName} in ${AWS::Region}")
    ['StockName']
    """
    return list(dict.fromkeys(_PLACEHOLDER.findall(text))) if isinstance(text, str) else []


def make_arn(service: str, rest: str, *, region: bool = True, account: bool = True) -> str:
    """Make the ARN of something in the stack's account, as `Fn::Sub` takes it.

    >>> make_arn("sqs", "jobs")
    'arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:jobs'
    """
    place = "${AWS::Region}" if region else ""
    owner = "${AWS::AccountId}" if account else ""
    return f"arn:${{AWS::Partition}}:{service}:{place}:{owner}:{rest}"
