"""Faults put in the place of functions and of calls, and hooks that only look."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from carnation.emulator import Emulator, FunctionError, ServiceError
from carnation.errors import EmulatorError
from tests.emulator.test_emulator import chain, invoke, make_function, make_machine, task


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(in_process=True) as opened:
        yield opened


@pytest.fixture
def queue(emulator: Emulator, request: pytest.FixtureRequest) -> str:
    """Make a queue for one test; gives its URL."""
    name = re.sub("[^a-z0-9]+", "-", request.node.name)[5:60]
    return str(emulator.client("sqs").create_queue(QueueName=name)["QueueUrl"])


def throttle(service: str, action: str, parameters: Any) -> ServiceError | None:
    return ServiceError("SlowDown", "not so fast", 503) if action != "CreateBucket" else None


def test_a_functions_error_stands_in_its_place_until_the_hook_is_removed(
    emulator: Emulator,
) -> None:
    make_function(emulator, "echo", "def handle(e, c): return e")

    def fail(function: str, payload: Any) -> FunctionError | None:
        if payload == 1:
            raise FunctionError("Raised", "as an exception")
        return FunctionError("Given", trace) if (trace := payload == 2) else None  # type: ignore[arg-type]

    with emulator.intercept(before_invoke=fail):
        assert invoke(emulator, "echo", 1)[1]["errorType"] == "Raised"
        assert invoke(emulator, "echo", 2)[1]["errorType"] == "Given"
        assert invoke(emulator, "echo", 3) == (False, 3)
    assert invoke(emulator, "echo", 1) == (False, 1)


@pytest.mark.parametrize("service", ["sqs", "s3", "sns", "kms", "cloudwatch"])
def test_a_services_error_is_what_its_client_raises(emulator: Emulator, service: str) -> None:
    listing = {
        "sqs": "list_queues",
        "s3": "list_buckets",
        "sns": "list_topics",
        "kms": "list_keys",
        "cloudwatch": "list_metrics",
    }
    call = getattr(emulator.client(service), listing[service])
    with emulator.intercept(before_call=throttle), pytest.raises(ClientError) as raised:
        call()
    error = raised.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("SlowDown", "not so fast")
    metadata = raised.value.response["ResponseMetadata"]
    assert metadata["HTTPStatusCode"] == 503
    assert metadata["RequestId"]
    call()


def test_an_object_that_cannot_be_put(emulator: Emulator) -> None:
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="kept")
    with (
        emulator.intercept(before_call=throttle),
        pytest.raises(ClientError, match="SlowDown"),
    ):
        s3.put_object(Bucket="kept", Key="k", Body=b"1")
    assert emulator.objects("kept") == {}


def test_an_answer_may_stand_in_a_calls_place(emulator: Emulator, queue: str) -> None:
    def answer(service: str, action: str, parameters: Any) -> Any:
        return {"MessageId": "made-up"} if action == "SendMessage" else None

    with emulator.intercept(before_call=answer):
        sent = emulator.client("sqs").send_message(QueueUrl=queue, MessageBody="m")
    assert sent["MessageId"] == "made-up"
    assert emulator.messages(queue) == []


def test_a_hook_sees_who_is_called_with_what(emulator: Emulator, queue: str) -> None:
    seen: list[Any] = []

    def look(service: str, action: str, parameters: Any) -> None:
        seen.append((service, action, parameters.get("MessageBody")))

    with emulator.intercept(before_call=look):
        emulator.client("sqs").send_message(QueueUrl=queue, MessageBody="m")
    assert seen == [("sqs", "SendMessage", "m")]


@pytest.mark.parametrize(
    ("resource", "parameters", "error"),
    [
        ("sqs:sendMessage", {"MessageBody": "m"}, "SQS.AmazonSQSException"),
        ("aws-sdk:sqs:sendMessage", {"MessageBody": "m"}, "Sqs.SqsException"),
    ],
)
def test_a_state_sees_a_services_error_and_catches_it(
    emulator: Emulator, queue: str, resource: str, parameters: Any, error: str
) -> None:
    state = {
        "Type": "Task",
        "Resource": f"arn:aws:states:::{resource}",
        "Parameters": {"QueueUrl": queue, **parameters},
        "Retry": [{"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 1}],
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "C"}],
        "End": True,
    }
    states = chain(T=state, C={"Type": "Pass", "Parameters": {"error.$": "$.Error"}})
    arn = make_machine(emulator, states, resource.replace(":", "-"))
    with emulator.intercept(before_call=throttle):
        done = emulator.execute(arn, {})
    assert (done.status, done.output) == ("SUCCEEDED", {"error": error})
    assert [e["type"] for e in done.history].count("TaskFailed") == 2


def test_a_hook_that_breaks_down_is_reported_as_such(emulator: Emulator) -> None:
    make_function(emulator, "called", "def handle(e, c): return e")
    arn = make_machine(emulator, chain(T=task("called")), "breaks")

    def break_down(function: str, payload: Any) -> None:
        raise ZeroDivisionError("mine")

    with (
        emulator.intercept(before_invoke=break_down),
        pytest.raises(EmulatorError, match=r"a hook of intercept\(\) failed with ZeroDivisionErr"),
    ):
        emulator.execute(arn, {})
    assert emulator.execute(arn, {}).status == "SUCCEEDED"


def test_hooks_are_asked_in_the_order_of_their_registration(emulator: Emulator, queue: str) -> None:
    second = ServiceError("Second")
    with (
        emulator.intercept(before_call=throttle),
        emulator.intercept(before_call=lambda *_: second),
        pytest.raises(ClientError, match="SlowDown"),
    ):
        emulator.client("sqs").send_message(QueueUrl=queue, MessageBody="m")


def test_a_queue_that_is_not_there_is_an_error_that_names_those_that_are(
    emulator: Emulator, queue: str
) -> None:
    with pytest.raises(EmulatorError, match="queue 'https://x/nothing' not found"):
        emulator.messages("https://x/nothing")


def test_messages_are_seen_without_being_received(emulator: Emulator, queue: str) -> None:
    sqs = emulator.client("sqs")
    attributes = {
        "text": {"DataType": "String", "StringValue": "t"},
        "bytes": {"DataType": "Binary", "BinaryValue": b"b"},
    }
    sqs.send_message(QueueUrl=queue, MessageBody="m", MessageAttributes=attributes)
    (message,) = emulator.messages(queue)
    assert (message.body, message.receive_count, message.visible) == ("m", 0, True)
    assert message.attributes == {"text": "t", "bytes": "b"}
    sqs.receive_message(QueueUrl=queue, VisibilityTimeout=600)
    (message,) = emulator.messages(queue)
    assert (message.receive_count, message.visible) == (1, False)
    assert emulator.expire_visibility(queue) == 1
    assert emulator.messages(queue)[0].visible
