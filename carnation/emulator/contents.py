"""What is in queues, tables and buckets of the emulator, seen without touching it."""

from __future__ import annotations

import base64
from collections.abc import Collection
from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import FakeDeleteMarker, s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from carnation.errors import EmulatorError
from carnation.records import NamedTuple


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
    """Make the invisible messages of a queue visible; returns how many there were."""
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
            f"queue '{queue_url}' not found. Queues: {', '.join(queues) or 'none'}."
        )
    return queues[name]


def read_items(account: str, region: str, table: str) -> list[dict[str, Any]]:
    """Read all items of a table, as plain values (numbers are `Decimal`)."""
    read = TypeDeserializer().deserialize
    found = dynamodb_backends[account][region].tables.get(table)
    if found is None:
        raise EmulatorError(f"table '{table}' not found.")
    return [
        {name: read(_with_bytes(value)) for name, value in item.attrs.items()}
        for item in found.all_items()
    ]


def _with_bytes(value: Any) -> Any:
    """Return DynamoDB's JSON with bytes where moto keeps base64."""
    ((kind, inner),) = (value.to_json() if hasattr(value, "to_json") else value).items()
    if kind == "B" and isinstance(inner, str):
        return {kind: base64.b64decode(inner)}
    if kind == "BS":
        return {kind: [base64.b64decode(one) for one in inner]}
    if kind == "M":
        return {kind: {name: _with_bytes(one) for name, one in inner.items()}}
    return {kind: [_with_bytes(one) for one in inner]} if kind == "L" else {kind: inner}


def read_published(account: str, region: str, topic_arn: str) -> list[str]:
    """Read all messages that were published to a topic, the first one first."""
    found = sns_backends[account][region].topics.get(topic_arn)
    if found is None:
        raise EmulatorError(f"topic '{topic_arn}' does not exist.")
    return [str(row[1]) for row in found.sent_notifications]


def read_objects(account: str, bucket: str) -> dict[str, bytes]:
    """Read all objects of a bucket, by key."""
    found = s3_backends[account]["aws"].buckets.get(bucket)
    if found is None:
        raise EmulatorError(f"bucket '{bucket}' not found.")
    return {
        name: key.value
        for name, key in sorted(found.keys.items())
        if not isinstance(key, FakeDeleteMarker)
    }


def clear_stores(account: str, region: str, buckets: Collection[str]) -> None:
    """Empty every queue and table, and these buckets; they stay as they were made."""
    for queue in sqs_backends[account][region].queues.values():
        queue._messages.clear()
        queue._pending_messages.clear()
        queue.deleted_messages.clear()
    for table in dynamodb_backends[account][region].tables.values():
        table.items.clear()
    for name in buckets:
        s3_backends[account]["aws"].buckets[name].keys.clear()


def find_key_fields(account: str, region: str, table: str) -> tuple[str, ...]:
    """Return the names of a table's key attributes."""
    found = dynamodb_backends[account][region].tables[table]
    return tuple(name for name in (found.hash_key_attr, found.range_key_attr) if name)
