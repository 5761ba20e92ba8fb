"""Custom resources: a function is invoked, and answers by a PUT to the URL that it is given.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from carnation.cloudformation.parameters import as_text
from carnation.emulator.cloudformation.kind import Context, Kind, Made, Properties, ResourceError
from carnation.emulator.cloudformation.requests import without

_BUCKET = "cloudformation-custom-resource-response"


def _as_texts(value: Any) -> Any:
    """Write every scalar as text, as CloudFormation hands properties on."""
    if isinstance(value, dict):
        return {key: _as_texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_texts(item) for item in value]
    return as_text(value)


def _ask(
    context: Context,
    request_type: str,
    properties: Properties,
    ref: str = "",
    had: Properties | None = None,
) -> Made:
    s3, bucket = context.connect("s3"), f"{_BUCKET}-{context.region}"
    if bucket not in {row["Name"] for row in s3.list_buckets()["Buckets"]}:
        place = {"LocationConstraint": context.region}
        more = {} if context.region == "us-east-1" else {"CreateBucketConfiguration": place}
        s3.create_bucket(Bucket=bucket, **more)
    key = str(uuid.uuid4())
    request = {
        "RequestType": request_type,
        "ResponseURL": context.engine.presign(context.connect, bucket, key),
        "StackId": context.stack.stack_id,
        "RequestId": str(uuid.uuid4()),
        "ResourceType": context.kind,
        "LogicalResourceId": context.logical_id,
        "ServiceToken": properties["ServiceToken"],
        "ResourceProperties": _as_texts(properties),
    }
    if ref:
        request["PhysicalResourceId"] = ref
    if had is not None:
        request["OldResourceProperties"] = _as_texts(had)
    _send(context, properties["ServiceToken"], request)
    try:
        text = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        raise ResourceError(
            "CloudFormation did not receive a response from your Custom Resource. The function "
            "returned without a PUT to ResponseURL."
        ) from None
    s3.delete_object(Bucket=bucket, Key=key)
    return _read(json.loads(text), ref or f"{context.stack.name}{context.logical_id}")


def _send(context: Context, token: str, request: dict[str, Any]) -> None:
    if ":lambda:" not in token:
        raise ResourceError(f"ServiceToken '{token}': the emulator asks functions only, no topics.")
    answer = context.connect("lambda").invoke(
        FunctionName=token, Payload=json.dumps(request).encode()
    )
    if "FunctionError" in answer:
        text = answer["Payload"].read().decode("utf-8", "replace")
        raise ResourceError(f"the function of the custom resource failed: {text[:500]}")


def _read(answer: dict[str, Any], ref: str) -> Made:
    if answer.get("Status") != "SUCCESS":
        raise ResourceError(
            "Received response status [FAILED] from custom resource. Message returned: "
            f"{answer.get('Reason')}"
        )
    return Made(str(answer.get("PhysicalResourceId") or ref), dict(answer.get("Data") or {}))


def _make(context: Context, properties: Properties) -> Made:
    return _ask(context, "Create", properties)


def _update(context: Context, ref: str, wanted: Properties, had: Properties) -> Made:
    return _ask(context, "Update", wanted, ref, without(had, "ServiceToken"))


def _delete(context: Context, ref: str, properties: Properties) -> None:
    _ask(context, "Delete", properties, ref)


KINDS = {"AWS::CloudFormation::CustomResource": Kind(_make, _delete, _update)}
