"""Tasks on the local emulator: requests, answers and the error names that AWS gives."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from carnation.emulator import Emulator
from carnation.emulator.interpreter.services import call_service
from carnation.emulator.interpreter.task_runner import Ran, TaskRunner
from carnation.engine import Failed, Pending, Submitted, Succeeded, Task
from carnation.engine.tasks import split_resource
from tests.emulator.test_emulator import make_function


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(in_process=True) as opened:
        opened.client("dynamodb").create_table(
            TableName="orders",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        opened.client("s3").create_bucket(Bucket="box")
        opened.client("s3").put_object(Bucket="box", Key="k", Body=b'{"a": 1}')
        yield opened


def ask(resource: str, parameters: Any, **more: Any) -> Task:
    arn = resource if resource.startswith("arn:") else f"arn:aws:states:::{resource}"
    return Task("T", *_split(arn), parameters, "token", **more)


def _split(arn: str) -> tuple[str, str, str, str]:
    kind, service, action = split_resource(arn)
    return kind, arn, service, action


def call(emulator: Emulator, resource: str, parameters: Any) -> Any:
    return call_service(emulator.client, ask(resource, parameters))


def test_an_optimized_answer_has_aws_metadata_and_an_sdk_answer_has_none(
    emulator: Emulator,
) -> None:
    item = {"id": {"S": "1"}, "lower": {"N": "2"}}
    put = call(emulator, "dynamodb:putItem", {"TableName": "orders", "Item": item})
    assert put.output["SdkHttpMetadata"] == {"HttpStatusCode": 200}
    key = {"TableName": "orders", "Key": {"id": {"S": "1"}}}
    assert call(emulator, "aws-sdk:dynamodb:getItem", key).output == {"Item": item}
    assert call(emulator, "dynamodb:getItem", key).output["Item"] == item


def test_objects_are_read_as_text_and_times_are_written_as_text(emulator: Emulator) -> None:
    found = call(emulator, "aws-sdk:s3:getObject", {"bucket": "box", "Key": "k"}).output
    assert found["Body"] == '{"a": 1}'
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", found["LastModified"])


def test_an_object_where_a_service_wants_text_is_written_as_json(emulator: Emulator) -> None:
    queue = emulator.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    call(emulator, "sqs:sendMessage", {"QueueUrl": queue, "MessageBody": {"a": [1]}})
    assert emulator.messages(queue)[0].body == '{"a":[1]}'
    entries = [{"Id": "1", "MessageBody": {"b": 2}}]
    call(emulator, "aws-sdk:sqs:sendMessageBatch", {"QueueUrl": queue, "Entries": entries})
    assert {message.body for message in emulator.messages(queue)} == {'{"a":[1]}', '{"b":2}'}


@pytest.mark.parametrize(
    ("resource", "parameters", "error", "cause"),
    [
        ("dynamodb:getItem", {"TableName": "none", "Key": {"id": {"S": "1"}}},
         "DynamoDB.ResourceNotFoundException",
         r"\(Service: AmazonDynamoDBv2; Status Code: 400; Error Code: ResourceNotFoundException;"),
        ("dynamodb:getItem", {"TableName": "orders", "Key": {"nope": {"S": "1"}}},
         "DynamoDB.AmazonDynamoDBException", "Error Code: ValidationException"),
        ("dynamodb:putItem",
         {"TableName": "orders", "Item": {"id": {"S": "9"}},
          "ConditionExpression": "attribute_exists(id)"},
         "DynamoDB.ConditionalCheckFailedException", "Error Code: ConditionalCheckFailed"),
        ("aws-sdk:dynamodb:getItem", {"TableName": "none", "Key": {"id": {"S": "1"}}},
         "DynamoDb.ResourceNotFoundException",
         r"\(Service: DynamoDb, Status Code: 400, Request ID: .*\) \(SDK Attempt Count: 1\)"),
        ("aws-sdk:dynamodb:getItem", {"TableName": "orders", "Key": {"nope": {"S": "1"}}},
         "DynamoDb.DynamoDbException", "Status Code: 400"),
        ("aws-sdk:s3:getObject", {"Bucket": "box", "Key": "none"}, "S3.NoSuchKeyException", "S3"),
        ("dynamodb:getItem", {"TableName": 7},
         "DynamoDB.AmazonDynamoDBException", "Value null at 'key'"),
        ("aws-sdk:s3:getObject", {}, "S3.S3Exception", "2 validation errors detected: "),
        ("lambda:invoke", {"FunctionName": "none", "Qualifier": "1"},
         "Lambda.ResourceNotFoundException", "Function not found"),
    ],
)  # fmt: skip
def test_a_services_error_has_the_name_that_aws_gives(
    emulator: Emulator, resource: str, parameters: Any, error: str, cause: str
) -> None:
    failed = call(emulator, resource, parameters)
    assert isinstance(failed, Failed)
    assert failed.error == error
    assert re.search(cause, str(failed.cause))


class Answers:
    """A client that gives one answer."""

    def __init__(self, client: Any, answer: dict[str, Any]) -> None:
        self.meta, self.answer = client.meta, answer

    def put_events(self, **request: Any) -> dict[str, Any]:
        return dict(self.answer)


@pytest.mark.parametrize(
    ("resource", "parameters", "error", "violation"),
    [
        ("dynamodb:putItem", {"TableName": "orders"}, "DynamoDB.AmazonDynamoDBException",
         "1 validation error detected: Value null at 'item' failed to satisfy constraint: "
         "Member must not be null (Service: AmazonDynamoDBv2; Status Code: 400; "),
        ("aws-sdk:sqs:sendMessageBatch", {"QueueUrl": "q", "Entries": [{"Id": "a"}]},
         "Sqs.SqsException", "Value null at 'entries.1.member.messageBody' "),
        ("aws-sdk:s3:listObjectsV2", {"Bucket": "box", "MaxKeys": "x\ny"}, "S3.S3Exception",
         "Value 'x\ny' at 'maxKeys' failed to satisfy constraint: Member must be of type Integer"),
    ],
)  # fmt: skip
def test_parameters_that_a_service_forbids_are_its_own_error(
    emulator: Emulator, resource: str, parameters: Any, error: str, violation: str
) -> None:
    outcome = call_service(emulator.client, ask(resource, parameters))
    assert isinstance(outcome, Failed)
    assert (outcome.error, violation in str(outcome.cause)) == (error, True)
    assert "<class" not in str(outcome.cause)


def test_events_that_were_not_taken_fail_the_task(emulator: Emulator) -> None:
    answer = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "MalformedDetail"}]}
    client = Answers(emulator.client("events"), answer)
    failed = call_service(lambda service: client, ask("events:putEvents", {"Entries": []}))
    assert isinstance(failed, Failed)
    assert failed.error == "EventBridge.FailedEntry"
    assert json.loads(str(failed.cause)) == answer


def performer(emulator: Emulator, answer: Any = None) -> TaskRunner:
    return TaskRunner(emulator.client, lambda *_: answer and Ran(*answer), lambda arn: {})


def test_a_function_by_the_short_way_answers_or_fails_by_its_exception(emulator: Emulator) -> None:
    invoke = ask("lambda:invoke", {"FunctionName": "f", "Payload": '{"a": 1}'})
    good = performer(emulator, (b"[1]", False, "$LATEST")).perform(invoke)
    assert isinstance(good, Succeeded)
    assert (good.output["Payload"], good.output["StatusCode"]) == ([1], 200)
    bad = performer(emulator, (b'{"errorType": "KeyError"}', True, "$LATEST")).perform(invoke)
    assert bad == Failed("KeyError", '{"errorType":"KeyError"}')
    odd = performer(emulator, (b"no json", True, "$LATEST")).perform(invoke)
    assert odd == Failed("Lambda.Unknown", '"no json"')
    text = ask("lambda:invoke", {"FunctionName": "f", "Payload": "plain"})
    assert isinstance(performer(emulator, (b"", False, "$LATEST")).perform(text), Succeeded)


def test_a_function_by_the_long_way_answers_or_fails_as_well(emulator: Emulator) -> None:
    arn = make_function(emulator, "long", "def handle(e, c):\n    return 1 / e")
    there = performer(emulator)
    assert there.perform(ask(arn, 2)) == Succeeded(0.5)
    failed = there.perform(ask(arn, 0))
    assert isinstance(failed, Failed)
    assert failed.error == "ZeroDivisionError"
    by_name = {"FunctionName": "long", "Payload": 0}
    assert isinstance(there.perform(ask("lambda:invoke", by_name)), Failed)
    qualified = {**by_name, "InvocationType": "RequestResponse"}
    failed = there.perform(ask("lambda:invoke", qualified))
    assert isinstance(failed, Failed)
    assert failed.error == "ZeroDivisionError"
    missing = there.perform(ask("lambda:invoke", {"FunctionName": "none", "Payload": {}}))
    assert isinstance(missing, Failed)
    assert missing.error == "Lambda.ResourceNotFoundException"
    assert isinstance(there.perform(ask(arn.replace("long", "none"), {})), Failed)
    asked = {"FunctionName": "none", "Qualifier": "1", "Payload": {}}
    assert isinstance(there.perform(ask("lambda:invoke", asked)), Failed)


def test_a_callback_is_submitted_and_an_activity_waits(emulator: Emulator) -> None:
    there = performer(emulator, (b"1", False, "$LATEST"))
    asked = ask("lambda:invoke.waitForTaskToken", {"FunctionName": "f"})
    assert isinstance(there.perform(asked), Submitted)
    activity = ask("arn:aws:states:us-east-1:123456789012:activity:a", {})
    assert there.perform(activity) == Pending()


def test_what_took_longer_than_it_may_says_how_long(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = iter([0.0, 9.0] * 2)
    clock = SimpleNamespace(monotonic=lambda: next(moments))
    monkeypatch.setattr("carnation.emulator.interpreter.task_runner.time", clock)
    asked = ask("arn:aws:lambda:us-east-1:123456789012:function:f", {}, timeout=5)
    for failed in (False, True):
        outcome = performer(emulator, (b"{}", failed, "$LATEST")).perform(asked)
        assert isinstance(outcome, (Succeeded, Failed))
        assert outcome.after == 9.0


def test_a_child_that_cannot_be_started_fails_its_task(emulator: Emulator) -> None:
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:none"
    asked = ask("states:startExecution", {"StateMachineArn": arn, "Input": None})
    failed = performer(emulator).perform(asked)
    assert isinstance(failed, Failed)
    assert failed.error == "StepFunctions.StateMachineDoesNotExistException"


def test_a_key_that_signs_has_a_private_key_and_one_that_encrypts_needs_none(
    emulator: Emulator,
) -> None:
    kms = emulator.client("kms")
    signing = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
    how = {
        "KeyId": signing["KeyId"],
        "Message": b"text",
        "SigningAlgorithm": "RSASSA_PSS_SHA_256",
    }
    signature = kms.sign(**how)["Signature"]
    assert kms.verify(**how, Signature=signature)["SignatureValid"]
    assert kms.get_public_key(KeyId=signing["KeyId"])["PublicKey"]
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    secret = kms.encrypt(KeyId=other, Plaintext=b"text")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=secret)["Plaintext"] == b"text"
