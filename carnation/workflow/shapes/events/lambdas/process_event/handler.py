"""Writes one event to the table, once.

Receives `{"sequence_no", "random_value", "generated_unix_time", "retry_attempt"}`. The write is one
conditional put: if the same event exists, that is success, so a repeated write changes nothing;
another event under the same key raises `EventConflict`. Environment: TABLE_NAME.
"""

import os
import time
from functools import lru_cache
from typing import Any

import boto3
from botocore.config import Config


class EventConflict(Exception):
    """Another event has the same key; a retry cannot help."""


@lru_cache(maxsize=1)
def connect() -> Any:
    """Create the DynamoDB client, once for each environment, with short timeouts."""
    config = Config(
        connect_timeout=2, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2}
    )
    return boto3.client("dynamodb", config=config)


def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Put the event unless it exists; return whether it was written."""
    dynamodb = connect()
    try:
        dynamodb.put_item(
            TableName=os.environ["TABLE_NAME"],
            Item=make_item(event, int(time.time() * 1000)),
            ConditionExpression="attribute_not_exists(sequenceNo)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    except dynamodb.exceptions.ConditionalCheckFailedException as error:
        reject_other_event(event, error.response.get("Item", {}))
        return {"sequence_no": event["sequence_no"], "written": False}
    return {"sequence_no": event["sequence_no"], "written": True}


def make_item(event: dict[str, Any], now: int) -> dict[str, Any]:
    """Return the table's item; `now` is in milliseconds since 1970."""
    return {
        "sequenceNo": {"N": str(event["sequence_no"])},
        "generatedUnixTime": {"N": str(event["generated_unix_time"])},
        "randomStringValue": {"S": event["random_value"]},
        "createdUnixTime": {"N": str(now)},
        "retryAttempt": {"N": str(event["retry_attempt"])},
    }


def reject_other_event(event: dict[str, Any], item: dict[str, Any]) -> None:
    """Raise `EventConflict` unless the existing item is this event."""
    there = item.get("randomStringValue", {}).get("S")
    if there != event["random_value"]:
        raise EventConflict(
            f"event {event['sequence_no']} of {event['generated_unix_time']} is in the table "
            "with another value; a person must decide which of the two is right"
        )
