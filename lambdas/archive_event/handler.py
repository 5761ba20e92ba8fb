"""Writes one event to the archive bucket, once.

Receives `{"sequence_no", "random_value", "generated_unix_time", "retry_attempt"}`. The object is
put only if none exists; if it holds the same event, that is success; another event under the same
key raises `EventConflict`. Environment: BUCKET_NAME.
"""

import json
import os
from functools import lru_cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError


class EventConflict(Exception):
    """Another event has the same key; a retry cannot help."""


@lru_cache(maxsize=1)
def connect() -> Any:
    """Create the S3 client, once for each environment, with timeouts below the function's own."""
    config = Config(
        connect_timeout=2, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2}
    )
    return boto3.client("s3", config=config)


def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Put the event unless it exists; return whether it was written."""
    bucket, key = os.environ["BUCKET_NAME"], name_object(event)
    identity = {"sequence_no", "random_value", "generated_unix_time"}
    body = json.dumps({field: event[field] for field in sorted(identity)}).encode()
    s3 = connect()
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=body, IfNoneMatch="*")
    except ClientError as error:
        if error.response["Error"]["Code"] != "PreconditionFailed":
            raise
        if s3.get_object(Bucket=bucket, Key=key)["Body"].read() != body:
            raise EventConflict(
                f"{key} holds another event; a person must decide which is right"
            ) from error
        return {"sequence_no": event["sequence_no"], "written": False}
    return {"sequence_no": event["sequence_no"], "written": True}


def name_object(event: dict[str, Any]) -> str:
    """Return the object key of an event."""
    return f"events/{event['sequence_no']}-{event['generated_unix_time']}.json"
