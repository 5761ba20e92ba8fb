"""collect_events with a bucket: the list goes into one file for each execution."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.lambdas.test_collect_events import EVENT, Context, count, handler, peek, send, sqs

__all__ = ["handler", "sqs"]  # the fixtures

QUEUE_ONLY = {"start_seq": 0, "end_seq": 0}


@pytest.fixture
def s3(sqs: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    client = boto3.client("s3")
    place = {"LocationConstraint": "eu-west-1"}
    client.create_bucket(Bucket="files", CreateBucketConfiguration=place)
    monkeypatch.setenv("FILES_BUCKET", "files")
    return client


def collect(handler: Any, given: Any, execution: str = "run-1", time: int = 60_000) -> Any:
    return handler.handle({"range": given, "execution": execution}, Context(time))


def read(s3: Any, key: str = "events/run-1.jsonl") -> list[Any]:
    body = s3.get_object(Bucket="files", Key=key)["Body"].read()
    return [json.loads(line) for line in body.splitlines()]


def list_keys(s3: Any) -> list[str]:
    return [row["Key"] for row in s3.list_objects_v2(Bucket="files").get("Contents", ())]


def list_uploads(s3: Any) -> list[Any]:
    return list(s3.list_multipart_uploads(Bucket="files").get("Uploads", ()))


def test_new_and_queued_events_lie_in_the_file_and_only_its_place_is_handed_on(
    handler: Any, sqs: Any, s3: Any
) -> None:
    send(sqs, json.dumps(EVENT))
    answer = collect(handler, {"start_seq": 3, "end_seq": 5})
    assert answer == {"bucket": "files", "key": "events/run-1.jsonl", "count": 3}
    lines = read(s3)
    assert [line["event"]["sequence_no"] for line in lines] == [3, 4, 7]
    assert {tuple(line["event"]) for line in lines} == {handler.EVENT_FIELDS}
    assert lines[2]["event"] == EVENT
    assert ["receipt_handle" in line for line in lines] == [False, False, True]
    assert count(sqs, "queue") == 1


def test_a_second_invocation_finds_the_file_and_makes_no_other_events(
    handler: Any, s3: Any
) -> None:
    given = {"start_seq": 1, "end_seq": 4}
    first, lines = collect(handler, given), read(s3)
    assert collect(handler, given) == first
    assert read(s3) == lines
    assert collect(handler, given, execution="run-2")["key"] == "events/run-2.jsonl"
    assert read(s3, "events/run-2.jsonl") != lines


def test_what_the_second_invocation_received_stays_in_the_queue(
    handler: Any, sqs: Any, s3: Any
) -> None:
    collect(handler, {"start_seq": 1, "end_seq": 2})
    send(sqs, json.dumps(EVENT))
    assert collect(handler, {"start_seq": 1, "end_seq": 2})["count"] == 1
    assert count(sqs, "queue") == 1


def test_a_run_with_nothing_to_do_has_an_empty_file(handler: Any, s3: Any) -> None:
    assert collect(handler, QUEUE_ONLY)["count"] == 0
    assert read(s3) == []
    assert collect(handler, QUEUE_ONLY)["count"] == 0


def test_a_large_range_is_written_in_parts_and_never_held_as_a_whole(
    handler: Any, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts: list[int] = []
    monkeypatch.setattr(handler, "PART_BYTES", 65_536)
    upload = handler.connect("s3").upload_part

    def record(**given: Any) -> Any:
        parts.append(len(given["Body"]))
        return upload(**{**given, "Body": b"x"})  # so that moto does not hold it either

    handler.connect("s3").upload_part = record
    handler.connect("s3").complete_multipart_upload = lambda **_: None
    collect(handler, {"start_seq": 0, "end_seq": 2_000})  # what boto3 loads is not ours
    parts.clear()
    tracemalloc.start()
    answer = collect(handler, {"start_seq": 0, "end_seq": 20_000}, execution="run-2")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert answer["count"] == 20_000
    assert sum(parts) > 2_300_000
    assert all(65_536 <= size < 66_000 for size in parts[:-1])
    assert peak < 800_000


def test_parts_make_one_file_written_once(
    handler: Any, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handler, "PART_BYTES", 5 * 1024**2)
    given = {"start_seq": 0, "end_seq": 50_000}
    answer, numbers = collect(handler, given), range(50_000)
    assert [line["event"]["sequence_no"] for line in read(s3)] == list(numbers)
    etag = s3.head_object(Bucket="files", Key=answer["key"])["ETag"]
    assert collect(handler, given) == answer
    assert s3.head_object(Bucket="files", Key=answer["key"])["ETag"] == etag
    assert list_uploads(s3) == []  # the second one is given up


def test_a_part_that_cannot_be_written_leaves_nothing_behind(
    handler: Any, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "SlowDown", "Message": "no"}}, "UploadPart")

    monkeypatch.setattr(handler, "PART_BYTES", 100)
    monkeypatch.setattr(handler.connect("s3"), "upload_part", refuse)
    with pytest.raises(ClientError, match="SlowDown"):
        collect(handler, {"start_seq": 0, "end_seq": 10})
    assert (list_keys(s3), list_uploads(s3)) == ([], [])


def test_a_range_that_no_file_holds_is_refused_with_the_limit(handler: Any, s3: Any) -> None:
    message = r"200000000 events were requested.*one file holds at most (\d+): .*10 GB"
    with pytest.raises(handler.RangeTooLarge, match=message):
        collect(handler, {"start_seq": 0, "end_seq": 200_000_000})
    assert list_keys(s3) == []


def test_a_range_that_takes_too_long_is_refused_before_the_function_times_out(
    handler: Any, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handler, "PART_BYTES", 100)
    with pytest.raises(handler.RangeTooLarge, match="the timeout was close .*; request fewer"):
        collect(handler, {"start_seq": 0, "end_seq": 10}, time=14_000)
    assert (list_keys(s3), list_uploads(s3)) == ([], [])


def test_a_full_file_leaves_the_rest_in_the_queue(
    handler: Any, sqs: Any, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        send(sqs, json.dumps({**EVENT, "sequence_no": number}))
    monkeypatch.setattr(handler, "FILE_BYTES", 10 * handler.ITEM_BYTES)
    assert collect(handler, QUEUE_ONLY)["count"] == 10
    assert len(peek(sqs, "queue")) == 2


@pytest.mark.parametrize("given", [{"start_seq": 2}, [], None])
def test_a_wrong_range_is_refused_as_in_the_reference(handler: Any, s3: Any, given: Any) -> None:
    with pytest.raises(handler.InvalidInput):
        collect(handler, given)
