"""Answers the execution that waits for a person."""

from __future__ import annotations

import json
from typing import Any

import boto3


def handle(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Give the execution the answer of the link that was followed."""
    given = event["queryStringParameters"]
    answer = json.dumps({"answer": given["answer"]})
    client = boto3.client("stepfunctions")
    try:
        client.send_task_success(taskToken=given["token"], output=answer)
    except client.exceptions.ClientError as error:
        return {"statusCode": 410, "body": f"This request was answered: {error}"}
    return {"statusCode": 200, "body": "Thank you."}
