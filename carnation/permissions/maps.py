"""What a distributed Map needs: to start itself, to read its items, to write its results.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from carnation.document.values import Json
from carnation.permissions.objects import resolve_object
from carnation.permissions.parameters import Given, read_parameter
from carnation.permissions.required import (
    Condition,
    RequiredAction,
    Target,
    read_given,
    require,
    to_arn,
    when,
)
from carnation.services.task_calls import read_resource

_NAME = "${StateMachineName}"
_WRITTEN = (
    "s3:AbortMultipartUpload",
    "s3:GetObject",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
)


def is_distributed(state: Mapping[str, Json]) -> bool:
    """Return whether a Map starts an execution for each item or batch."""
    processor = state.get("ItemProcessor")
    config = processor.get("ProcessorConfig") if isinstance(processor, Mapping) else None
    return isinstance(config, Mapping) and config.get("Mode") == "DISTRIBUTED"


def list_map_needs(name: str, state: Mapping[str, Json]) -> Iterator[RequiredAction]:
    """Yield what a distributed Map needs."""
    label = read_parameter(state, "Label")
    run = f"{_NAME}/{label.text if label and label.text else '*'}:*"
    start = Target(to_arn("states", f"stateMachine:{_NAME}"))
    yield require("states:StartExecution", start, name, "starts an execution for each batch")
    for action in ("states:DescribeExecution", "states:StopExecution"):
        for execution in (f"{_NAME}:*", run):
            watched = Target(to_arn("states", f"execution:{execution}"))
            yield require(action, watched, name, "watches its executions, and stops them")
    redriven = Target(to_arn("states", f"execution:{run}"))
    yield require("states:RedriveExecution", redriven, name, "redrives what failed")
    for field, listing in (("ItemReader", _list_read), ("ResultWriter", _list_written)):
        inner = state.get(field)
        if isinstance(inner, Mapping) and "Resource" in inner:
            yield from listing(inner, name)


def _list_read(reader: Mapping[str, Json], state: str) -> Iterator[RequiredAction]:
    given = read_given(reader)
    bucket, key = read_parameter(given, "Bucket"), read_parameter(given, "Key")
    config = reader.get("ReaderConfig")
    config = config if isinstance(config, Mapping) else {}
    if read_resource(reader["Resource"]).action == "listObjectsV2":
        prefix = read_parameter(given, "Prefix")
        condition: Condition = ()
        if prefix and prefix.text:
            condition = when("StringLike", "s3:prefix", f"{prefix.text}*")
        yield require(
            "s3:ListBucket", resolve_object(bucket, None), state, "lists items", condition
        )
        if config.get("Transformation") == "LOAD_AND_FLATTEN":
            inside = resolve_object(bucket, prefix or Given("Prefix", ""), "*")
            yield require("s3:GetObject", inside, state, "reads the objects that it lists")
        return
    versioned = read_parameter(given, "VersionId")
    action = "s3:GetObjectVersion" if versioned else "s3:GetObject"
    yield require(action, resolve_object(bucket, key), state, "reads its items")
    if config.get("InputType") == "MANIFEST" or "ManifestType" in config:
        if bucket and bucket.text and config.get("ManifestType") == "S3_INVENTORY":
            inside = Target(f"{resolve_object(bucket, None).resource}/*")
        else:
            inside = Target("arn:${AWS::Partition}:s3:::*/*", "the manifest names the files")
        yield require("s3:GetObject", inside, state, "reads the files of the manifest")


def _list_written(writer: Mapping[str, Json], state: str) -> Iterator[RequiredAction]:
    given = read_given(writer)
    prefix = read_parameter(given, "Prefix")
    behind = "/*" if prefix and prefix.text and not prefix.text.endswith("/") else "*"
    target = resolve_object(read_parameter(given, "Bucket"), prefix or Given("Prefix", ""), behind)
    for action in _WRITTEN:
        yield require(action, target, state, "writes the results, in parts")
