"""Kinds: CloudFormation's and SAM's resources as `carnation.resources` says them.

Each reader takes a resource's properties and returns the arguments that say the same, with all
other properties as they are; it gives None for what it cannot say, which then stays CloudFormation.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from carnation.adoption.formatter import Code, Group, Item, Text, render_call, render_value
from carnation.adoption.inventory import Adopted, Inventory
from carnation.records import NamedTuple

_DAY = 86_400
_KEY_TYPES = {"N": "Number", "B": "Binary"}
RUNTIMES = ("python3.11", "python3.12", "python3.13", "python3.14")
_NO_VALUE = {"Ref": "AWS::NoValue"}


class Kind(NamedTuple):
    """How one type of CloudFormation is read."""

    name: str
    fields: Mapping[str, str]
    read: Callable[[Inventory, str, dict[str, Any]], dict[str, Any] | None]
    """Takes the properties that it says out of the mapping; returns the arguments."""
    longest: int = 29


def _read_table(
    inventory: Inventory, name: str, properties: dict[str, Any]
) -> dict[str, Any] | None:
    types = {
        str(row.get("AttributeName")): str(row.get("AttributeType"))
        for row in _rows(properties.get("AttributeDefinitions"))
    }
    keys = [str(row.get("AttributeName")) for row in _rows(properties.get("KeySchema"))]
    if not keys or any(key not in types for key in keys):
        return None
    arguments: dict[str, Any] = dict(
        zip(("key", "sort_key"), (_render_key(key, types) for key in keys), strict=False)
    )
    if set(types) == set(keys):
        del properties["AttributeDefinitions"]
    del properties["KeySchema"]
    properties.setdefault("BillingMode", "PROVISIONED")
    if properties["BillingMode"] == "PAY_PER_REQUEST":
        del properties["BillingMode"]
    stream = properties.get("StreamSpecification")
    if isinstance(stream, Mapping) and set(stream) == {"StreamViewType"}:
        arguments["stream"] = properties.pop("StreamSpecification")["StreamViewType"]
    expiry = properties.get("TimeToLiveSpecification")
    if isinstance(expiry, Mapping) and expiry.get("Enabled") is True:
        arguments["expires_by"] = properties.pop("TimeToLiveSpecification")["AttributeName"]
    return arguments


def _rows(value: Any) -> list[Mapping[str, Any]]:
    rows = value if isinstance(value, list) else []
    return [row for row in rows if isinstance(row, Mapping)]


def _render_key(name: str, types: Mapping[str, str]) -> Code:
    kind = _KEY_TYPES.get(types[name])
    return render_call(kind, Text(name)) if kind else Text(name)


def _read_simple_table(
    inventory: Inventory, name: str, properties: dict[str, Any]
) -> dict[str, Any] | None:
    key = properties.pop("PrimaryKey", None) or {}
    kind = {"String": "S", "Number": "N", "Binary": "B"}[str(key.get("Type", "String"))]
    attribute = str(key.get("Name", "id"))
    if "ProvisionedThroughput" in properties:
        properties["BillingMode"] = "PROVISIONED"
    return {"key": _render_key(attribute, {attribute: kind})}


def _read_queue(
    inventory: Inventory, name: str, properties: dict[str, Any]
) -> dict[str, Any] | None:
    if _has_policy(inventory, "AWS::SQS::QueuePolicy", "Queues", name):
        return None
    seconds = properties.get("MessageRetentionPeriod", 4 * _DAY)
    arguments: dict[str, Any] = {}
    if isinstance(seconds, int) and seconds % _DAY == 0 and seconds >= _DAY:
        properties.pop("MessageRetentionPeriod", None)
        arguments["days"] = seconds // _DAY
    hidden = properties.get("VisibilityTimeout", 30)
    if isinstance(hidden, int):
        properties.pop("VisibilityTimeout", None)
        arguments["visibility_seconds"] = hidden
    if properties.get("FifoQueue") is True:
        properties.pop("FifoQueue")
        arguments["fifo"] = True
    if "KmsMasterKeyId" in properties:
        properties.setdefault("SqsManagedSseEnabled", False)
    return {**arguments, "dead_letters": False}


def _read_topic(
    inventory: Inventory, name: str, properties: dict[str, Any]
) -> dict[str, Any] | None:
    if _has_policy(inventory, "AWS::SNS::TopicPolicy", "Topics", name):
        return None
    # what publishes to it today may not use the key that carnation would give it
    properties.setdefault("KmsMasterKeyId", _NO_VALUE)
    return {}


def _read_bucket(
    inventory: Inventory, name: str, properties: dict[str, Any]
) -> dict[str, Any] | None:
    if _has_policy(inventory, "AWS::S3::BucketPolicy", "Bucket", name):
        return None
    return {}


def _has_policy(inventory: Inventory, kind: str, field: str, name: str) -> bool:
    """Return whether a policy of its own belongs to a resource, which can have but one."""
    from carnation.adoption.inventory import list_targets

    return any(
        resource.get("Type") == kind
        and name in list_targets([resource.get("Properties", {}).get(field)])
        for resource in inventory.resources.values()
    )


def _read_function(
    inventory: Inventory, name: str, properties: dict[str, Any]
) -> dict[str, Any] | None:
    code = properties.get("Code")
    inline = code.get("ZipFile") if isinstance(code, Mapping) else None
    arguments = read_code(inventory, name, properties, code, inline)
    if arguments is not None:
        properties.pop("Code", None)
    return arguments


def read_code(
    inventory: Inventory, name: str, properties: dict[str, Any], folder: Any, inline: Any
) -> dict[str, Any] | None:
    """Return the arguments of a Python function whose code is here; None for any other."""
    runtime = str(properties.get("Runtime", ""))
    handler = properties.get("Handler")
    files = _read_files(inventory, folder, inline)
    if not runtime.startswith("python3.") or not isinstance(handler, str) or not files:
        return None
    inventory.adopted[name].files = files
    arguments: dict[str, Any] = {}
    if handler != "handler.handle":
        arguments["handler"] = handler
    del properties["Handler"]
    if runtime in RUNTIMES:
        arguments["runtime"] = properties.pop("Runtime")
    kinds = properties.get("Architectures", ["x86_64"])
    if kinds in (["x86_64"], ["arm64"]):
        properties.pop("Architectures", None)
        arguments["architecture"] = kinds[0]
    for field, argument, default in (("Timeout", "timeout", 3), ("MemorySize", "memory", 128)):
        value = properties.get(field, default)
        if isinstance(value, int):
            properties.pop(field, None)
            arguments[argument] = value
    if isinstance(properties.get("Description"), str):
        arguments["description"] = properties.pop("Description")
    return arguments


def _read_files(inventory: Inventory, folder: Any, inline: Any) -> dict[str, bytes]:
    if isinstance(inline, str):
        return {"index.py": inline.encode()}
    path = os.path.join(inventory.folder, folder) if isinstance(folder, str) else ""
    found: dict[str, bytes] = {}
    for parent, folders, names in os.walk(path) if path and os.path.isdir(path) else ():
        folders[:] = [one for one in folders if not one.startswith((".", "__pycache__"))]
        for one in names:
            full = os.path.join(parent, one)
            if os.path.isfile(full) and not os.path.islink(full) and not one.endswith(".pyc"):
                with open(full, "rb") as file:
                    found[os.path.relpath(full, path).replace(os.sep, "/")] = file.read()
    return found


def read_environment(
    inventory: Inventory, properties: dict[str, Any], constants: Mapping[str, str]
) -> Code | None:
    """Take the environment out of a function's properties, where every value has a text."""
    variables = (properties.get("Environment") or {}).get("Variables")
    if not isinstance(variables, Mapping):
        return None
    values = {name: inventory.find(value) for name, value in variables.items()}
    if None in values.values():
        properties["Environment"] = inventory.rewrite(properties["Environment"])
        return None
    del properties["Environment"]
    return render_value(values, constants)


def read_parameter(inventory: Inventory, name: str, body: Mapping[str, Any]) -> Adopted:
    """Return a parameter of the template as one of the workflow."""
    more = {
        key: value
        for key, value in body.items()
        if key not in ("Description", "Default") and (key, value) != ("Type", "String")
    }
    arguments: dict[str, Any] = {}
    if isinstance(body.get("Description"), str):
        arguments["description"] = body["Description"]
    default = body.get("Default")
    if default is not None:
        arguments["default"] = str(default)
    else:
        arguments["example"] = "example"
    id = inventory.choose_id(name, "Parameter", 60)
    return Adopted("Parameter", id, name, arguments, more, {"Ref": "value"})


def render_list(items: list[Code]) -> Code:
    """Write a list of pieces of code."""
    return Group("[", [Item(item) for item in items], "]")


NAMES = {
    "Table": "TableName", "Queue": "QueueName", "Topic": "TopicName", "Bucket": "BucketName",
    "Function": "FunctionName",
}  # fmt: skip
_TABLE = {"Ref": "name", "Arn": "arn", "StreamArn": "stream_arn"}
KINDS: Mapping[str, Kind] = {
    "AWS::DynamoDB::Table": Kind("Table", _TABLE, _read_table),
    "AWS::Serverless::SimpleTable": Kind("Table", _TABLE, _read_simple_table),
    "AWS::SQS::Queue": Kind("Queue", {"Ref": "url", "QueueUrl": "url", "Arn": "arn"}, _read_queue),
    "AWS::SNS::Topic": Kind("Topic", {"Ref": "arn", "TopicArn": "arn"}, _read_topic),
    "AWS::S3::Bucket": Kind("Bucket", {"Ref": "name", "Arn": "arn"}, _read_bucket, 15),
    "AWS::Lambda::Function": Kind("Function", {"Ref": "arn", "Arn": "arn"}, _read_function),
}
