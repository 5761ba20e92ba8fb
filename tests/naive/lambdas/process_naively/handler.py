"""Writes an event to the table, whatever lies there."""

import os

import boto3


def handle(event, context):
    boto3.client("dynamodb").put_item(
        TableName=os.environ["TABLE_NAME"],
        Item={
            "sequenceNo": {"N": str(event["sequence_no"])},
            "randomStringValue": {"S": event["random_value"]},
            "generatedUnixTime": {"N": str(event["generated_unix_time"])},
            "retryAttempt": {"N": str(event["retry_attempt"])},
        },
    )
    return {}
