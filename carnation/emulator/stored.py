"""What the resources of a deployed stack hold, as plain data; found by id, logical ID or name."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from carnation.document.values import Json
from carnation.errors import UsageError, suggest_name
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from carnation.emulator.emulator import Emulator

_STACK = "AWS::CloudFormation::Stack"


class StackResource(NamedTuple):
    """A resource of a deployed stack."""

    logical_id: str
    type: str
    physical_id: str

    @property
    def kind(self) -> str:
        """The last part of its type, in lowercase: table, queue, bucket."""
        return self.type.rpartition("::")[2].lower()

    @property
    def id(self) -> str:
        """How a module of `definitions/` would name it.

        >>> StackResource("ShipItemsQueue", "AWS::SQS::Queue", "").id
        'ship_items'
        """
        title = self.logical_id
        kind = self.kind.title()
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", title.removesuffix(kind) or title).lower()

    @property
    def name(self) -> str:
        """Its name: the last part of an ARN or a URL."""
        return re.split(r"[:/]", self.physical_id)[-1]

    def is_meant_by(self, name: str) -> bool:
        """Return whether a name is its id, its logical ID, or its physical name.

        >>> resource = StackResource("StockTable", "AWS::DynamoDB::Table", "orders-dev-stock")
        >>> resource.is_meant_by("stock"), resource.is_meant_by("stock_queue")
        (True, False)
        """
        plain, own = _normalize(name), _normalize(self.logical_id)
        names = (own, own.removesuffix(self.kind))
        return plain in names or name in (self.physical_id, self.name)


class Stored(NamedTuple):
    """What one resource holds."""

    resource: StackResource
    content: Sequence[Json]


def _normalize(name: str) -> str:
    return re.sub(r"[-_.]", "", name).lower()


def list_resources(emulator: Emulator, stack: str) -> Iterator[StackResource]:
    """Yield the resources of a stack and of those nested in it."""
    client = emulator.client("cloudformation")
    for page in client.get_paginator("list_stack_resources").paginate(StackName=stack):
        for row in page["StackResourceSummaries"]:
            if not row["LogicalResourceId"]:
                continue
            found = StackResource(
                row["LogicalResourceId"], row["ResourceType"], row.get("PhysicalResourceId") or ""
            )
            yield found
            if found.type == _STACK:
                yield from list_resources(emulator, found.physical_id)


def find_resources(
    option: str, name: str, resources: Sequence[StackResource], *types: str
) -> list[StackResource]:
    """Find the resources of some types by a name; raises `UsageError` where there is none."""
    listed = [one for one in resources if one.type in types]
    found = [one for one in listed if one.is_meant_by(name)]
    if found:
        return found
    known = [one.logical_id for one in listed]
    ids = [name for one in listed for name in (one.logical_id, one.id)]
    raise UsageError(
        f"{option}: '{name}' not found in the stack.{suggest_name(name, ids)} "
        f"It has {', '.join(known) or 'nothing of this kind'}."
    )


def read_stored(emulator: Emulator, resource: StackResource) -> Stored:
    """Read what a resource holds, without changing it."""
    return Stored(resource, [_to_json(one) for one in READERS[resource.type](emulator, resource)])


def _read_table(emulator: Emulator, resource: StackResource) -> Iterator[Any]:
    yield from emulator.items(resource.physical_id)


def _read_queue(emulator: Emulator, resource: StackResource) -> Iterator[Any]:
    for message in emulator.messages(resource.physical_id):
        more = {"attributes": message.attributes} if message.attributes else {}
        yield {"body": _parse(message.body), "received": message.receive_count, **more}


def _read_bucket(emulator: Emulator, resource: StackResource) -> Iterator[Any]:
    for key, content in emulator.objects(resource.physical_id).items():
        yield {"key": key, "bytes": len(content), "content": _decode(content)}


def _read_topic(emulator: Emulator, resource: StackResource) -> Iterator[Any]:
    for message in emulator.published(resource.physical_id):
        yield _parse(message)


def _read_logs(emulator: Emulator, resource: StackResource) -> Iterator[Any]:
    logs = emulator.client("logs")
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=resource.physical_id)
    for page in pages:
        for event in page["events"]:
            yield _parse(event["message"])


def _read_function(emulator: Emulator, resource: StackResource) -> Iterator[Any]:
    yield from emulator.lines(resource.physical_id)


def _read_parameter(emulator: Emulator, resource: StackResource) -> Iterator[Any]:
    ssm = emulator.client("ssm")
    yield ssm.get_parameter(Name=resource.physical_id)["Parameter"]["Value"]


READERS: Mapping[str, Callable[[Emulator, StackResource], Iterator[Any]]] = {
    "AWS::DynamoDB::Table": _read_table,
    "AWS::Lambda::Function": _read_function,
    "AWS::Logs::LogGroup": _read_logs,
    "AWS::S3::Bucket": _read_bucket,
    "AWS::SNS::Topic": _read_topic,
    "AWS::SQS::Queue": _read_queue,
    "AWS::SSM::Parameter": _read_parameter,
}
"""What reads each type of resource that holds anything."""


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _decode(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return "base64:" + base64.b64encode(content).decode()


def _to_json(value: Any) -> Any:
    """Write what DynamoDB holds as JSON: whole numbers, lists for sets, base64 for bytes."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Mapping):
        return {key: _to_json(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted((_to_json(item) for item in value), key=str)
    if isinstance(value, (list, tuple)):
        return [_to_json(item) for item in value]
    if isinstance(value, (bytes, bytearray)) or hasattr(value, "value"):
        return _decode(bytes(getattr(value, "value", value)))
    return value
