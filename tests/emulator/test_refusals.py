"""Refusals of the Step Functions API: each operation with wrong types, sizes, values and ARNs.

The table is made from botocore's model of the service, and from what its documentation says of
ARNs, names, tokens and resources that do not exist.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest
from botocore.loaders import create_loader
from botocore.model import OperationModel, ServiceModel, Shape

from carnation.emulator import Emulator

MODEL = ServiceModel(create_loader().load_service_model("stepfunctions", "service-2"))
HERE = "arn:aws:states:us-east-1:123456789012"
DEFINITION = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})
ARNS = {
    "stateMachineArn": f"{HERE}:stateMachine:absent",
    "executionArn": f"{HERE}:execution:absent:e",
    "activityArn": f"{HERE}:activity:absent",
    "mapRunArn": f"{HERE}:mapRun:absent/m:1",
    "stateMachineVersionArn": f"{HERE}:stateMachine:absent:1",
    "stateMachineAliasArn": f"{HERE}:stateMachine:absent:prod",
    "resourceArn": f"{HERE}:stateMachine:absent",
}
VALUES: dict[str, Any] = {
    **ARNS,
    "name": "name",
    "definition": DEFINITION,
    "roleArn": "arn:aws:iam::123456789012:role/r",
    "routingConfiguration": [{"stateMachineVersionArn": f"{HERE}:stateMachine:a:1", "weight": 100}],
    "taskToken": "token",
    "output": "{}",
    "tags": [],
    "tagKeys": [],
}
WRONG: dict[str, Any] = {
    **dict.fromkeys(("string",), 7),
    **dict.fromkeys(("integer", "long", "float"), "7"),
    "boolean": "yes",
    "list": {},
    "structure": [],
}
NOT_FOUND = {
    "DescribeActivity": "ActivityDoesNotExist",
    "DescribeExecution": "ExecutionDoesNotExist",
    "DescribeMapRun": "ResourceNotFound",
    "DescribeStateMachine": "StateMachineDoesNotExist",
    "DescribeStateMachineAlias": "ResourceNotFound",
    "DescribeStateMachineForExecution": "ExecutionDoesNotExist",
    "GetActivityTask": "ActivityDoesNotExist",
    "GetExecutionHistory": "ExecutionDoesNotExist",
    "ListMapRuns": "ExecutionDoesNotExist",
    "ListStateMachineAliases": "StateMachineDoesNotExist",
    "ListTagsForResource": "ResourceNotFound",
    "PublishStateMachineVersion": "StateMachineDoesNotExist",
    "RedriveExecution": "ExecutionDoesNotExist",
    "SendTaskFailure": "InvalidToken",
    "SendTaskHeartbeat": "InvalidToken",
    "SendTaskSuccess": "InvalidToken",
    "StartExecution": "StateMachineDoesNotExist",
    "StartSyncExecution": "StateMachineDoesNotExist",
    "StopExecution": "ExecutionDoesNotExist",
    "TagResource": "ResourceNotFound",
    "UntagResource": "ResourceNotFound",
    "UpdateMapRun": "ResourceNotFound",
    "UpdateStateMachine": "StateMachineDoesNotExist",
    "UpdateStateMachineAlias": "ResourceNotFound",
}
Refusal = tuple[str, dict[str, Any], str, str]


def list_refusals() -> Iterator[Refusal]:
    """List (operation, parameters, code, a piece of the text)."""
    for name in MODEL.operation_names:
        operation = MODEL.operation_model(name)
        base = {key: VALUES[key] for key in operation.input_shape.required_members}
        for key in base:
            left = {other: value for other, value in base.items() if other != key}
            yield name, left, "ValidationException", f"Value null at '{key}'"
        for key, shape in operation.input_shape.members.items():
            yield name, {**base, key: WRONG[shape.type_name]}, "SerializationException", ""
            for value, text in list_beyond_limits(shape):
                yield name, {**base, key: value}, "ValidationException", text
        yield from list_bad_arns(operation, base)
        if name in NOT_FOUND:
            yield name, base, NOT_FOUND[name], ""


def list_beyond_limits(shape: Shape) -> Iterator[tuple[Any, str]]:
    limits = shape.metadata
    if limits.get("enum"):
        yield "NONE_OF_THEM", "Member must satisfy enum value set: [" + limits["enum"][0]
    if shape.type_name == "string" and "max" in limits:
        size = limits["max"]
        yield "x" * (size + 1), f"Member must have length less than or equal to {size}"
    if shape.type_name == "string" and limits.get("min"):
        yield "", "Member must have length greater than or equal to 1"
    if shape.type_name in ("integer", "long", "float"):
        if "max" in limits:
            yield limits["max"] + 1, f"Member must have value less than or equal to {limits['max']}"
        if "min" in limits:
            text = f"Member must have value greater than or equal to {limits['min']}"
            yield limits["min"] - 1, text


def list_bad_arns(operation: OperationModel, base: dict[str, Any]) -> Iterator[Refusal]:
    for key in base.keys() & ARNS.keys():
        for text in ("nothing", "arn:aws:states", f"{HERE}:nothing:x"):
            yield operation.name, {**base, key: text}, "InvalidArn", "Invalid Arn: '"
        other = "arn:aws:sqs:us-east-1:123456789012:stateMachine:x"
        yield operation.name, {**base, key: other}, "InvalidArn", "Invalid Arn: '"


def list_by_hand() -> Iterator[Refusal]:
    create = {key: VALUES[key] for key in ("name", "definition", "roleArn")}
    for character in ' <>{}[]?*"#%\\^|~`$&,;:/\t\x7f':
        yield "CreateStateMachine", {**create, "name": f"a{character}b"}, "InvalidName", ""
        yield "CreateActivity", {"name": f"a{character}b"}, "InvalidName", "Invalid Name: '"
    yield "CreateStateMachine", {**create, "roleArn": "r"}, "InvalidArn", "Invalid Role Arn: 'r'"
    for text in ("{", "[]", "{}", '{"StartAt": "A"}', '{"StartAt": "B", "States": {}}'):
        yield "CreateStateMachine", {**create, "definition": text}, "InvalidDefinition", ""
    described = {**create, "versionDescription": "v"}
    yield "CreateStateMachine", described, "ValidationException", "only be set when publish is true"
    logging = {"loggingConfiguration": {"level": "ALL"}}
    yield "CreateStateMachine", {**create, **logging}, "InvalidLoggingConfiguration", "exactly one"
    tags = {"tags": [{"key": str(at), "value": ""} for at in range(51)]}
    yield "CreateStateMachine", {**create, **tags}, "TooManyTags", ""
    key = {"encryptionConfiguration": {"type": "CUSTOMER_MANAGED_KMS_KEY"}}
    yield "CreateStateMachine", {**create, **key}, "InvalidEncryptionConfiguration", ""
    for name in ("Activities", "StateMachines"):
        yield f"List{name}", {"nextToken": "x"}, "InvalidToken", "Invalid Token: 'Invalid token'"
    yield "ListExecutions", {}, "ValidationException", ""
    yield "SendTaskSuccess", {"taskToken": "t", "output": "{"}, "InvalidOutput", ""
    yield "TestState", {"definition": DEFINITION}, "ValidationException", "StateName"
    state = {"definition": '{"Type": "Pass", "End": true}'}
    yield "TestState", {**state, "input": "{"}, "InvalidExecutionInput", ""
    yield "TestState", {**state, "mock": {"result": "1"}}, "ValidationException", "'Pass'"


TABLE = [*list_refusals(), *list_by_hand()]


@pytest.fixture(scope="module")
def connection() -> Iterator[HTTPConnection]:
    with Emulator() as emulator:
        connection = HTTPConnection(emulator.endpoint.removeprefix("http://"), timeout=10)
        yield connection
        connection.close()


def ask(connection: HTTPConnection, target: str, body: bytes) -> tuple[int, dict[str, Any]]:
    """Send a request as it is; a connection that is closed raises."""
    scope = "Credential=AKIAEXAMPLE000000000/20260101/us-east-1/states/aws4_request"
    headers = {"X-Amz-Target": target, "Authorization": f"AWS4-HMAC-SHA256 {scope}"}
    connection.request("POST", "/", body, headers)
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def test_the_table_is_large() -> None:
    assert len(TABLE) >= 200


@pytest.mark.parametrize("operation", sorted({row[0] for row in TABLE}))
def test_an_operation_refuses_as_aws_does(connection: HTTPConnection, operation: str) -> None:
    for _, parameters, code, text in (row for row in TABLE if row[0] == operation):
        body = json.dumps(parameters).encode()
        status, error = ask(connection, f"AWSStepFunctions.{operation}", body)
        shown = str(parameters)[:200]
        found = (status, error.get("__type"), text in error.get("message", ""))
        assert found == (400, code, True), (shown, error)


@pytest.mark.parametrize(
    ("target", "body", "code"),
    [
        ("AWSStepFunctions.Nothing", b"{}", "UnknownOperationException"),
        ("AWSStepFunctions.ListActivities", b"{", "SerializationException"),
        ("AWSStepFunctions.ListActivities", b"\xff", "SerializationException"),
        ("AWSStepFunctions.ListActivities", b"[" * 100_000, "SerializationException"),
        ("Nothing", b"", "UnknownOperationException"),
    ],
)
def test_unknown_operations_and_broken_bodies_are_answered(
    connection: HTTPConnection, target: str, body: bytes, code: str
) -> None:
    status, error = ask(connection, target, body)
    assert (status, error["__type"]) == (400, code)
