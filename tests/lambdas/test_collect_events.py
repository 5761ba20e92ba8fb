from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws


class Context:
    """What a handler is told of its invocation."""

    def __init__(self, milliseconds: int = 60_000) -> None:
        self.milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


@pytest.fixture
def sqs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with mock_aws():
        client = boto3.client("sqs")
        for name, variable in (("queue", "QUEUE_URL"), ("dead", "DEAD_LETTER_QUEUE_URL")):
            url = client.create_queue(QueueName=name)["QueueUrl"]
            monkeypatch.setenv(variable, url)
        yield client


@pytest.fixture
def handler(load_handler: Callable[[str], ModuleType], sqs: Any) -> Any:
    module = load_handler("collect_events")
    receive = module.connect().receive_message
    # an empty queue answers at once
    module.connect().receive_message = lambda **given: receive(**{**given, "WaitTimeSeconds": 0})
    return module


EVENT = {
    "sequence_no": 7,
    "random_value": "abc",
    "generated_unix_time": 1_790_000_000_000,
    "retry_attempt": 1,
}


def send(sqs: Any, body: str) -> None:
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName="queue")["QueueUrl"], MessageBody=body)


def peek(sqs: Any, name: str) -> list[dict[str, Any]]:
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    return list(
        sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], VisibilityTimeout=0
        ).get("Messages", [])
    )


def count(sqs: Any, name: str) -> int:
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(map(int, found.values()))


def test_a_range_makes_b_minus_a_events_with_all_their_fields(handler: Any) -> None:
    items = handler.handle({"start_seq": 3, "end_seq": 6}, Context())["events"]
    assert [item["event"]["sequence_no"] for item in items] == [3, 4, 5]
    assert {tuple(item["event"]) for item in items} == {handler.EVENT_FIELDS}
    assert len({item["event"]["random_value"] for item in items}) == 3
    assert all(item["event"]["generated_unix_time"] > 1_600_000_000_000 for item in items)
    assert {item["event"]["retry_attempt"] for item in items} == {0}
    assert all("receipt_handle" not in item for item in items)


def test_an_empty_range_makes_none(handler: Any) -> None:
    assert handler.handle({"start_seq": 0, "end_seq": 0}, Context()) == {"events": []}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"end_seq": 3}, "'start_seq' is missing"),
        ({"start_seq": 3}, "'end_seq' is missing"),
        ({}, "'start_seq' is missing"),
        ({"start_seq": 1, "end_seq": 2, "size": 3}, "unknown field 'size'"),
        ({"start_seq": 1.5, "end_seq": 2}, "'start_seq' is 1.5; expected an integer"),
        ({"start_seq": 1, "end_seq": "2"}, "'end_seq' is \"2\""),
        ({"start_seq": True, "end_seq": 2}, "'start_seq' is true"),
        ({"start_seq": 1, "end_seq": None}, "'end_seq' is null"),
        ({"start_seq": -1, "end_seq": 2}, "'start_seq' is -1"),
        ({"start_seq": 1, "end_seq": 2**53}, "'end_seq' is 9007199254740992"),
        ({"start_seq": 5, "end_seq": 4}, "'end_seq' is 4, less than 'start_seq', which is 5"),
        ([1, 2], "the input is not an object"),
    ],
)
def test_a_wrong_input_is_refused_by_the_name_of_its_field(
    handler: Any, given: Any, message: str
) -> None:
    with pytest.raises(handler.InvalidInput, match=message):
        handler.handle(given, Context())


def test_a_whole_number_written_as_2_0_is_taken_as_json_means_it(handler: Any) -> None:
    assert len(handler.handle({"start_seq": 1.0, "end_seq": 3}, Context())["events"]) == 2


def test_at_least_a_thousand_new_events_fit(handler: Any) -> None:
    items = handler.handle({"start_seq": 1, "end_seq": 1041}, Context())["events"]
    assert len(items) == 1040
    assert len(json.dumps({"events": items}, separators=(",", ":"))) < 256 * 1024


def test_a_larger_range_is_refused_with_the_limit_the_number_and_the_remedy(handler: Any) -> None:
    with pytest.raises(handler.RangeTooLarge, match=r"1041 events.*at most 1040.*distributed"):
        handler.handle({"start_seq": 1, "end_seq": 1042}, Context())


def test_a_queued_event_comes_with_its_receipt_and_is_not_deleted(handler: Any, sqs: Any) -> None:
    send(sqs, json.dumps(EVENT))
    items = handler.handle({"start_seq": 1, "end_seq": 2}, Context())["events"]
    assert [item["event"]["sequence_no"] for item in items] == [1, 7]
    assert items[1]["event"] == EVENT
    assert items[1]["receipt_handle"]
    assert count(sqs, "queue") == 1


def test_numbers_that_came_back_as_floats_are_whole_again(handler: Any, sqs: Any) -> None:
    send(sqs, json.dumps({**EVENT, "generated_unix_time": 1.79e12}))
    (item,) = handler.handle({"start_seq": 0, "end_seq": 0}, Context())["events"]
    assert json.dumps(item["event"]["generated_unix_time"]) == "1790000000000"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("hello", "the body is not valid JSON"),
        ("[" * 100_000, "the body is not valid JSON"),
        ("[1]", "the body is not a JSON object"),
        (json.dumps({**EVENT, "more": 1}), "the field 'more' is unknown"),
        (json.dumps({"sequence_no": 1}), "the field 'random_value' is missing"),
        (json.dumps({**EVENT, "sequence_no": -1}), "the field 'sequence_no' is not an integer"),
        (json.dumps({**EVENT, "generated_unix_time": "x"}), "'generated_unix_time' is not an"),
        (json.dumps({**EVENT, "retry_attempt": True}), "'retry_attempt' is not an integer"),
        (json.dumps({**EVENT, "retry_attempt": 4}), "the field 'retry_attempt' is above 3"),
        (json.dumps({**EVENT, "random_value": 5}), "the field 'random_value' is not a string"),
        (json.dumps({**EVENT, "random_value": "a\ud800"}), "the field 'random_value' holds half"),
        (json.dumps({**EVENT, "random_value": "x" * 5000}), "larger than 4096 bytes"),
        (json.dumps({**EVENT, "schlüssel": 1}), "the field 'schl?ssel' is unknown"),
    ],
)
def test_a_message_that_is_no_event_goes_to_the_dead_letters_with_the_reason(
    handler: Any, sqs: Any, body: str, reason: str
) -> None:
    send(sqs, body)
    assert handler.handle({"start_seq": 0, "end_seq": 0}, Context()) == {"events": []}
    (letter,) = peek(sqs, "dead")
    assert letter["Body"] == body
    assert reason in letter["MessageAttributes"]["reason"]["StringValue"]
    assert count(sqs, "queue") == 0


def test_a_message_too_large_for_a_reason_is_left_to_the_redrive_policy(
    handler: Any, sqs: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(handler, "MESSAGE_BYTES", 1000)
    send(sqs, "x" * 900)
    handler.handle({"start_seq": 0, "end_seq": 0}, Context())
    assert (count(sqs, "queue"), count(sqs, "dead")) == (1, 0)
    assert "left to the queue's redrive policy" in capsys.readouterr().out


def test_a_message_that_cannot_be_put_away_stays_in_the_queue(
    handler: Any, sqs: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "KmsDisabled", "Message": "no"}}, "SendMessage")

    monkeypatch.setattr(handler.connect(), "send_message", refuse)
    send(sqs, "hello")
    assert handler.handle({"start_seq": 0, "end_seq": 0}, Context()) == {"events": []}
    assert (count(sqs, "queue"), count(sqs, "dead")) == (1, 0)
    assert "not sent (ClientError)" in capsys.readouterr().out


def test_a_dead_letter_is_sent_before_its_message_is_deleted(
    handler: Any, sqs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    for name in ("send_message", "delete_message"):
        monkeypatch.setattr(
            handler.connect(), name, lambda name=name, **given: calls.append((name, given))
        )
    send(sqs, "hello")
    handler.handle({"start_seq": 0, "end_seq": 0}, Context())
    assert [name for name, _ in calls] == ["send_message", "delete_message"]


def fill(sqs: Any, number: int, **fields: Any) -> None:
    for index in range(number):
        send(sqs, json.dumps({**EVENT, **fields, "sequence_no": index}))


def test_a_full_queue_is_received_only_as_far_as_surely_fits(handler: Any, sqs: Any) -> None:
    fill(sqs, 120, random_value="x" * 3000)
    items = handler.handle({"start_seq": 0, "end_seq": 0}, Context())["events"]
    size = len(json.dumps({"events": items}))
    assert 0 < len(items) < 120
    assert size <= handler.PAYLOAD_BYTES < size + 2 * 10 * handler.ITEM_BYTES
    assert count(sqs, "queue") == 120
    assert len(peek(sqs, "queue")) == 10  # the rest is still visible to the next run


def test_new_events_leave_less_room_for_queued_ones(handler: Any, sqs: Any) -> None:
    fill(sqs, 40)
    items = handler.handle({"start_seq": 0, "end_seq": 1010}, Context())["events"]
    queued = len(items) - 1010
    assert queued == 20  # 24 history events for each new one, 32 for each queued one
    spent = handler.HISTORY_OF_RUN + 24 * 1010 + 32 * queued
    assert spent <= handler.HISTORY_EVENTS < spent + 10 * 32


def test_receiving_stops_before_the_function_times_out(handler: Any, sqs: Any) -> None:
    fill(sqs, 5)
    assert handler.handle({"start_seq": 0, "end_seq": 0}, Context(14_000)) == {"events": []}
    assert len(peek(sqs, "queue")) == 5
