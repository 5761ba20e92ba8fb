from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

EVENT = {
    "sequence_no": 7,
    "random_value": "abc",
    "generated_unix_time": 1_790_000_000_000,
    "retry_attempt": 2,
}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("TABLE_NAME", "events")
    monkeypatch.setenv("BUCKET_NAME", "archive")
    with mock_aws():
        boto3.client("dynamodb").create_table(
            TableName="events",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": "sequenceNo", "KeyType": "HASH"},
                {"AttributeName": "generatedUnixTime", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "sequenceNo", "AttributeType": "N"},
                {"AttributeName": "generatedUnixTime", "AttributeType": "N"},
            ],
        )
        boto3.client("s3").create_bucket(Bucket="archive")
        yield


@pytest.fixture(params=["process_event", "archive_event"])
def handler(request: Any, aws: None, load_handler: Callable[[str], ModuleType]) -> Any:
    return load_handler(request.param)


def read_store(handler: Any) -> list[Any]:
    if "process" in handler.__name__:
        return list(boto3.client("dynamodb").scan(TableName="events")["Items"])
    s3 = boto3.client("s3")
    objects = s3.list_objects_v2(Bucket="archive").get("Contents", [])
    return [s3.get_object(Bucket="archive", Key=o["Key"])["Body"].read() for o in objects]


def test_an_event_is_written_once_and_doing_it_again_changes_nothing(handler: Any) -> None:
    assert handler.handle(EVENT, None) == {"sequence_no": 7, "written": True}
    before = read_store(handler)
    assert handler.handle({**EVENT, "retry_attempt": 3}, None)["written"] is False
    assert read_store(handler) == before
    assert len(before) == 1


def test_another_event_under_the_same_key_is_an_error_of_its_own_name(handler: Any) -> None:
    handler.handle(EVENT, None)
    before = read_store(handler)
    with pytest.raises(handler.EventConflict):
        handler.handle({**EVENT, "random_value": "other"}, None)
    assert read_store(handler) == before


def test_events_of_one_number_and_two_times_are_two(handler: Any) -> None:
    handler.handle(EVENT, None)
    handler.handle({**EVENT, "generated_unix_time": 1_790_000_000_001}, None)
    assert len(read_store(handler)) == 2


def test_an_error_of_the_service_comes_through_with_its_name(
    handler: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TABLE_NAME", "nowhere")
    monkeypatch.setenv("BUCKET_NAME", "nowhere")
    with pytest.raises(ClientError) as caught:
        handler.handle(EVENT, None)
    assert type(caught.value).__name__ in ("ResourceNotFoundException", "NoSuchBucket")


def test_the_item_has_the_fields_of_the_table(
    aws: None, load_handler: Callable[[str], ModuleType]
) -> None:
    handler = load_handler("process_event")
    handler.handle(EVENT, None)
    (item,) = read_store(handler)
    assert int(item.pop("createdUnixTime")["N"]) > 1_600_000_000_000
    assert item == {
        "sequenceNo": {"N": "7"},
        "generatedUnixTime": {"N": "1790000000000"},
        "randomStringValue": {"S": "abc"},
        "retryAttempt": {"N": "2"},
    }
