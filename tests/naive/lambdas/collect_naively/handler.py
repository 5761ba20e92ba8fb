"""Makes events and receives those that wait, deleting each message at once."""

import json
import os

import boto3


def handle(event, context):
    sqs, url = boto3.client("sqs"), os.environ["QUEUE_URL"]
    events = [
        {"sequence_no": n, "random_value": "x", "generated_unix_time": 1, "retry_attempt": 0}
        for n in range(event["start_seq"], event["end_seq"])
    ]
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    for message in received:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        events.append(json.loads(message["Body"]))
    return {"events": [{"event": one} for one in events]}
