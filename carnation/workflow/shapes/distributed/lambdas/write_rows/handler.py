import os

import boto3


def handle(event, context):
    """Write a batch of rows to the table; an item is one row of the file, by column name."""
    table = boto3.resource("dynamodb").Table(os.environ["ROWS_NAME"])
    with table.batch_writer() as batch:
        for row in event["Items"]:
            batch.put_item(Item=row)
    return {"written": len(event["Items"])}
