"""What the stacks are made of and from: functions, stores of events, and the built sources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

RUNTIME = "python3.13"
ARCHITECTURE = "arm64"


class Function(NamedTuple):
    """A Lambda function: the code of `lambdas/<name>/`, with `handler.handle` as its handler.

    `timeout` is in seconds (1 to 900), `memory` in MB (128 to 10,240); `environment` holds literal
    values, beside those that the stacks give.
    Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html

    >>> Function("process_event", description="Writes one event").title
    'ProcessEvent'
    """

    name: str
    description: str
    timeout: int = 30
    memory: int = 256
    environment: Mapping[str, str] = {}

    @property
    def title(self) -> str:
        """The name as logical IDs have it."""
        return "".join(part.title() for part in self.name.split("_"))

    @property
    def resource(self) -> str:
        """The name as the function's resource has it, behind project and environment."""
        return self.name.replace("_", "-")


class Table(NamedTuple):
    """A DynamoDB table as the store of events, keyed by `sequenceNo` and `generatedUnixTime`."""

    stack: str = "dynamodb"
    variable: str = "TABLE_NAME"
    output: str = "TableName"


class Bucket(NamedTuple):
    """An S3 bucket as the store of events, one object each."""

    stack: str = "s3"
    variable: str = "BUCKET_NAME"
    output: str = "BucketName"


class Package(NamedTuple):
    """A function's zip: its SHA-256 in hexadecimal, and its path below `build/<workflow>/`."""

    name: str
    sha256: str
    path: str


class Sources(NamedTuple):
    """What templates are rendered from: the definition and the packages, as they were built."""

    workflow: str
    version: str
    definition: Mapping[str, Any]
    definition_path: str
    definition_sha256: str
    packages: Mapping[str, Package]
