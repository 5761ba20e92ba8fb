"""The stores of the events workflow: a table or a bucket of events, and the bucket of files."""

from __future__ import annotations

from carnation.records import NamedTuple


class Table(NamedTuple):
    """A DynamoDB table as the store of events, keyed by `sequenceNo` and `generatedUnixTime`."""

    resource: str = "Table"
    variable: str = "TABLE_NAME"
    output: str = "TableName"
    service: str = "dynamodb"


class Bucket(NamedTuple):
    """An S3 bucket as the store of events, one object each."""

    resource: str = "Bucket"
    variable: str = "BUCKET_NAME"
    output: str = "BucketName"
    service: str = "s3"


class Files(NamedTuple):
    """An S3 bucket in which each run keeps the file of its events and what came of them, a month.

    It holds `events/<execution>.jsonl`, `failed/<execution>/…` and `results/…`.
    """

    resource: str = "FilesBucket"
    variable: str = "FILES_BUCKET"
    output: str = "FilesBucketName"
