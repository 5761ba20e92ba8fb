"""Table: a DynamoDB table, with its indexes, expiry and stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from carnation.lazy import compile_lazily
from carnation.records import KW_ONLY, field, record
from carnation.resources.grants import Grant, Grants
from carnation.resources.references import Reference, Value, make_arn
from carnation.resources.resource import Existing, Problem, Resource, pick_part, read_given

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from carnation.resources import calls
    from carnation.states import Task

_INDEX_NAME = compile_lazily(r"[A-Za-z0-9_.-]{3,255}\Z")
STREAMS = ("KEYS_ONLY", "NEW_AND_OLD_IMAGES", "NEW_IMAGE", "OLD_IMAGE")


class Number(str):
    """The name of a key attribute that holds numbers."""

    type = "N"


class Binary(str):
    """The name of a key attribute that holds bytes."""

    type = "B"


@record(frozen=True)
class Index:
    """A global secondary index: another key of the same items, all of whose attributes it holds."""

    key: str
    sort_key: str = ""


@record(frozen=True, repr=False)
class Table(Resource):
    """A DynamoDB table that is paid by request.

    `key` and `sort_key` name attributes that hold text; `Number("n")` and `Binary("b")` hold
    numbers and bytes. `indexes` gives further keys by name (`{"byCustomer": Index("customer")}`).
    DynamoDB deletes an item when the time in its attribute `expires_by` has passed. `stream` is
    what the table's stream holds of each change (`NEW_AND_OLD_IMAGES`).
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
    """

    _: KW_ONLY
    key: str = "id"
    sort_key: str = ""
    indexes: Mapping[str, Index] = field(default_factory=dict, hash=False)
    expires_by: str = ""
    stream: str = ""

    kind: ClassVar[str] = "Table"
    service: ClassVar[str] = "dynamodb"
    fields: ClassVar[Mapping[str, str]] = {"name": "", "arn": "Arn", "stream_arn": "StreamArn"}

    @classmethod
    def existing(
        cls,
        id: str,
        *,
        name: object = None,
        arn: object = None,
        export: str = "",
        ssm: str = "",
        stream_arn: object = None,
    ) -> Table:
        """Name a table that another stack makes, and its stream where one is read."""
        return cls(id, origin=Existing(name, arn, export, ssm, stream_arn))

    @property
    def has_stream(self) -> bool:
        """Return whether the table has a stream that can be named."""
        return bool(self.stream or (self.origin and self.origin.stream))

    def list_problems(self) -> Iterator[Problem]:
        """Yield the fields whose values AWS would reject."""
        if not isinstance(self.key, str) or not self.key:
            yield "key", self.key, "the name of an attribute"
        if self.stream and self.stream not in STREAMS:
            yield "stream", self.stream, f"one of {', '.join(STREAMS)}"
        if not hasattr(self.indexes, "items"):
            yield (
                "indexes",
                self.indexes,
                "an Index by name, as in {'by-customer': Index('customer')}",
            )
        for name, index in self.indexes.items():
            if not _INDEX_NAME.match(name):
                yield "indexes", name, "names of 3 to 255 letters, digits, '_', '-' and '.'"
            if not hasattr(index, "sort_key"):
                yield f"indexes[{name!r}]", index, "an Index, as in Index('customer')"

    def list_references(self) -> list[Reference]:
        """List what a definition may say of it; the stream, where there is one."""
        names = [name for name in self.fields if name != "stream_arn" or self.has_stream]
        return [self.refer(name) for name in names]

    def arn_of(self, name: str) -> str:
        """Make the ARN of a table out of its name."""
        return make_arn("dynamodb", f"table/{name}")

    def name_from_arn(self, arn: Value) -> Value:
        """Take the name out of an ARN."""
        return pick_part(arn, "/", 1)

    def find_value(self, name: str) -> Value:
        """Return what CloudFormation puts in the place of a reference."""
        if name == "stream_arn" and self.origin:
            return read_given(self.origin.stream)
        return super().find_value(name)

    def find_name(self, name: str) -> str:
        """Return what roles are derived from: the name, the ARN, or that of any stream."""
        if name == "stream_arn" and self.origin:
            return self.marker("stream_arn")
        if name == "stream_arn":
            return f"{self.full_arn}/stream/*"
        if self.origin is not None and self.origin.name is None:
            return self.full_arn  # DynamoDB takes an ARN for a name
        return super().find_name(name)

    @property
    def name(self) -> Reference:
        """The table's name."""
        return self.refer("name")

    @property
    def arn(self) -> Reference:
        """The table's ARN."""
        return self.refer("arn")

    @property
    def stream_arn(self) -> Reference:
        """The ARN of the table's stream."""
        return self.refer("stream_arn")

    @property
    def grants(self) -> TableGrants:
        """What can be granted on the table."""
        return TableGrants(self)

    def get_item(self, state_id: str, **given: Unpack[calls.GetItem]) -> Task:
        """Make the state that reads an item by its key."""
        return self._call(state_id, "dynamodb:getItem", given)

    def put_item(self, state_id: str, **given: Unpack[calls.PutItem]) -> Task:
        """Make the state that writes an item."""
        return self._call(state_id, "dynamodb:putItem", given)

    def update_item(self, state_id: str, **given: Unpack[calls.UpdateItem]) -> Task:
        """Make the state that changes an item."""
        return self._call(state_id, "dynamodb:updateItem", given)

    def delete_item(self, state_id: str, **given: Unpack[calls.DeleteItem]) -> Task:
        """Make the state that deletes an item."""
        return self._call(state_id, "dynamodb:deleteItem", given)

    def query(self, state_id: str, **given: Unpack[calls.Query]) -> Task:
        """Make the state that reads the items of a key, one page of them."""
        return self._call(state_id, "aws-sdk:dynamodb:query", given)

    def scan(self, state_id: str, **given: Unpack[calls.Scan]) -> Task:
        """Make the state that reads all items, one page of them."""
        return self._call(state_id, "aws-sdk:dynamodb:scan", given)

    def _call(self, state_id: str, action: str, given: Mapping[str, Any]) -> Task:
        from carnation.resources.steps import call_api

        return call_api(repr(self), state_id, action, {"TableName": self.name}, given)


class TableGrants(Grants):
    """What can be granted on a table, by DynamoDB's verbs."""

    def get(self) -> Grant:
        """Allow reading items by their keys."""
        return self.allow("BatchGetItem", "GetItem")

    def query(self) -> Grant:
        """Allow reading the items of a key, of the table and of its indexes."""
        return self._on_indexes("Query")

    def scan(self) -> Grant:
        """Allow reading all items, of the table and of its indexes."""
        return self._on_indexes("Scan")

    def put(self) -> Grant:
        """Allow writing items."""
        return self.allow("PutItem")

    def update(self) -> Grant:
        """Allow changing items."""
        return self.allow("UpdateItem")

    def delete(self) -> Grant:
        """Allow deleting items."""
        return self.allow("DeleteItem")

    def read(self) -> Grant:
        """Allow all that reads items."""
        return self._on_indexes("BatchGetItem", "ConditionCheckItem", "GetItem", "Query", "Scan")

    def write(self) -> Grant:
        """Allow all that changes items."""
        return self.allow("BatchWriteItem", "DeleteItem", "PutItem", "UpdateItem")

    def stream(self) -> Grant:
        """Allow reading the table's stream."""
        actions = ("DescribeStream", "GetRecords", "GetShardIterator")
        table = self.resource
        if not (table.has_stream or table.is_existing):
            raise table.invalid("stream", table.stream, f"one of {', '.join(STREAMS)}")
        arn = table.stream_arn if table.has_stream else f"{table.arn}/stream/*"
        return Grant(tuple(f"dynamodb:{name}" for name in actions), (str(arn),), given=table)

    def _on_indexes(self, *actions: str) -> Grant:
        grant = self.allow(*actions)
        arn = self.resource.arn
        indexed = (f"{arn}/index/*",) if self.resource.indexes or self.resource.is_existing else ()
        return Grant(grant.actions, (str(arn), *indexed), given=self.resource)
