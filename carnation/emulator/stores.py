"""What lies in queues, tables and buckets of the emulator, seen without touching it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from boto3.dynamodb.types import TypeDeserializer
from moto.sqs.models import sqs_backends

from carnation.errors import EmulatorError

Connect = Callable[[str], Any]


class Message(NamedTuple):
    """A message of a queue, as it lies there.

    `attributes` are the message attributes that hold text, by name; `visible` tells whether the
    next receive could get it.
    """

    message_id: str
    body: str
    attributes: dict[str, str]
    receive_count: int
    visible: bool


def read_messages(account: str, region: str, queue_url: str) -> list[Message]:
    """Read all messages of a queue, visible or not, without receiving one."""
    return [
        Message(
            message.id,
            message.body,
            {name: _text_of(value) for name, value in message.message_attributes.items()},
            message.approximate_receive_count,
            bool(message.visible) and not message.delayed,
        )
        for message in list(_queue(account, region, queue_url)._messages)
    ]


def _text_of(attribute: dict[str, Any]) -> str:
    value = attribute.get("StringValue") or attribute.get("BinaryValue") or ""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def expire_visibility(account: str, region: str, queue_url: str) -> int:
    """Make the invisible messages of a queue visible; gives how many there were."""
    hidden = [m for m in list(_queue(account, region, queue_url)._messages) if not m.visible]
    for message in hidden:
        message.visible_at = 0.0
    return len(hidden)


def let_time_pass(account: str, region: str, seconds: float) -> None:
    """Let visibility timeouts and delays run on by time that passed on paper only."""
    for queue in list(sqs_backends[account][region].queues.values()):
        for message in list(queue._messages):
            for moment in ("visible_at", "delayed_until"):
                setattr(message, moment, getattr(message, moment) - seconds * 1000)


def _queue(account: str, region: str, queue_url: str) -> Any:
    name = queue_url.rstrip("/").rsplit("/", 1)[-1]
    queues = sqs_backends[account][region].queues
    if name not in queues:
        raise EmulatorError(
            f"there is no queue '{queue_url}'; there are {', '.join(queues) or 'none'}."
        )
    return queues[name]


def read_items(connect: Connect, table: str) -> list[dict[str, Any]]:
    """Read all items of a table, as plain values (numbers are `Decimal`)."""
    read = TypeDeserializer().deserialize
    pages = connect("dynamodb").get_paginator("scan").paginate(TableName=table)
    return [
        {name: read(value) for name, value in item.items()}
        for page in pages
        for item in page["Items"]
    ]


def read_objects(connect: Connect, bucket: str) -> dict[str, bytes]:
    """Read all objects of a bucket, by key."""
    s3 = connect("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return {
        row["Key"]: s3.get_object(Bucket=bucket, Key=row["Key"])["Body"].read()
        for page in pages
        for row in page.get("Contents", ())
    }
