"""Sends the approver's answer to the execution that waits for it."""

from __future__ import annotations

import json
from typing import Any

import boto3


def handle(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Send the answer in the link to the execution."""
    given = event["queryStringParameters"]
    answer = json.dumps({"answer": given["answer"]})
    client = boto3.client("stepfunctions")
    try:
        client.send_task_success(taskToken=given["token"], output=answer)
    except client.exceptions.ClientError as error:
        return {"statusCode": 410, "body": f"This request was already answered: {error}"}
    return {"statusCode": 200, "body": "Thank you."}
