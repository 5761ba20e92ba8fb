"""Deploying artifacts in the emulator: a bucket, an upload, a stack with its nested stacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from carnation.errors import EmulatorError

Connect = Callable[[str], Any]


@dataclass(frozen=True)
class Deployment:
    """A deployed stack: its outputs, and the physical IDs of each stack's resources.

    `resources` maps a stack's name to `{logical ID: physical ID}`; the root stack comes first.
    """

    stack_name: str
    stack_id: str
    outputs: Mapping[str, str]
    resources: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    """Properties that have no effect here, each with its resource."""


def deploy_stack(
    connect: Connect,
    stack_name: str,
    artifacts: Mapping[str, bytes],
    template_key: str,
    parameters: Mapping[str, str],
    bucket: str,
    region: str,
) -> Deployment:
    """Upload the artifacts, create the stack, and read what it gives."""
    if template_key not in artifacts:
        raise EmulatorError(
            f"the template '{template_key}' is not among the artifacts; there are "
            f"{', '.join(sorted(artifacts)) or 'none'}."
        )
    _upload(connect("s3"), artifacts, bucket, region)
    url = f"https://{bucket}.s3.{region}.amazonaws.com/{template_key}"
    given = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
    cloudformation = connect("cloudformation")
    try:
        stack_id = cloudformation.create_stack(
            StackName=stack_name,
            TemplateURL=url,
            Parameters=given,
            Capabilities=["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        )["StackId"]
    except ClientError as error:
        raise EmulatorError(
            f"stack '{stack_name}' could not be created: {error.response['Error']['Message']}"
        ) from error
    (stack,) = cloudformation.describe_stacks(StackName=stack_id)["Stacks"]
    found = _read_validations(cloudformation, stack_id)
    if stack["StackStatus"] != "CREATE_COMPLETE":
        failed = [text for text, mode in found if mode == "FAIL"]
        if failed:
            raise EmulatorError(f"stack '{stack_name}': {'; '.join(failed)}")
        raise EmulatorError(_describe_failure(cloudformation, stack))
    warnings = tuple(text for text, _ in found)
    outputs = {row["OutputKey"]: row["OutputValue"] for row in stack.get("Outputs", ())}
    resources = dict(_read_resources(cloudformation, stack_id))
    return Deployment(stack_name, stack_id, outputs, resources, warnings)


def _read_validations(cloudformation: Any, stack_id: str) -> list[tuple[str, str]]:
    """Return what was found before anything was made, and whether it fails or warns."""
    pages = cloudformation.get_paginator("describe_events").paginate(
        StackName=stack_id, Filters={"FailedEvents": True}
    )
    return [
        (
            f"resource '{row['LogicalResourceId']}' ({row['ResourceType']}) at "
            f"{row['ValidationPath']}: {row['ValidationStatusReason'].removeprefix('#: ')}",
            row["ValidationFailureMode"],
        )
        for page in pages
        for row in page["OperationEvents"]
        if row["EventType"] == "VALIDATION_ERROR"
    ]


def _describe_failure(cloudformation: Any, stack: Mapping[str, Any]) -> str:
    """Return the first cause of a failure, with the stack and the resource that it is in."""
    name, stack_id = stack["StackName"], stack["StackId"]
    pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack_id)
    rows = [row for page in pages for row in page["StackEvents"]]
    failed = [row for row in reversed(rows) if row["ResourceStatus"].endswith("_FAILED")]
    own = next((row for row in failed if row["PhysicalResourceId"] != stack_id), None)
    if own is None:
        return f"stack '{name}' is {stack['StackStatus']}: {_find_reason(rows, stack_id)}"
    nested = own["PhysicalResourceId"] or ""
    if own["ResourceType"] == "AWS::CloudFormation::Stack" and nested:
        (inner,) = cloudformation.describe_stacks(StackName=nested)["Stacks"]
        return _describe_failure(cloudformation, inner)
    return (
        f"stack '{name}': resource '{own['LogicalResourceId']}' ({own['ResourceType']}) could not "
        f"be made: {own['ResourceStatusReason']}"
    )


def _find_reason(rows: list[dict[str, Any]], stack_id: str) -> str:
    """Return the reason of a stack's own first failure."""
    reasons = [
        row["ResourceStatusReason"]
        for row in reversed(rows)
        if row["PhysicalResourceId"] == stack_id and "ResourceStatusReason" in row
        if row["ResourceStatus"].endswith(("_FAILED", "ROLLBACK_IN_PROGRESS"))
    ]
    return reasons[0] if reasons else "no event says why."


def _upload(s3: Any, artifacts: Mapping[str, bytes], bucket: str, region: str) -> None:
    place = {"LocationConstraint": region}
    settings = {} if region == "us-east-1" else {"CreateBucketConfiguration": place}
    if bucket not in {row["Name"] for row in s3.list_buckets()["Buckets"]}:
        s3.create_bucket(Bucket=bucket, **settings)
    for key, content in artifacts.items():
        s3.put_object(Bucket=bucket, Key=key, Body=content)


def _read_resources(cloudformation: Any, stack: str) -> Iterator[tuple[str, dict[str, str]]]:
    rows = [
        row
        for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
        for row in page["StackResourceSummaries"]
        if row["LogicalResourceId"]  # none: its condition was false
    ]
    name = stack.split("/")[1]
    yield name, {row["LogicalResourceId"]: row["PhysicalResourceId"] for row in rows}
    for row in rows:
        if row["ResourceType"] == "AWS::CloudFormation::Stack":
            yield from _read_resources(cloudformation, row["PhysicalResourceId"])
