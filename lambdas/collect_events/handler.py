"""Creates the new events of an execution and receives those that wait in the queue.

Receives `{"start_seq": a, "end_seq": b}`; returns `{"events": [{"event": {...}}, ...]}`: b - a
new events, then the queued ones, each with the `receipt_handle` of its message. Only messages that
are not events are deleted, after they were sent to the dead-letter queue with the reason. A message
that two executions did not finish also has `kept_until`: until then its event, if it fails, stays
in that message, since a copy at each receive would make ten of one that cannot be deleted. One
execution holds what fits into one payload and one history; a larger range is rejected before any
event is created. Environment: QUEUE_URL, DEAD_LETTER_QUEUE_URL.

With FILES_BUCKET it receives `{"range": {"start_seq": a, "end_seq": b}, "execution": name}`, and
the list is written to a file of JSON Lines in that bucket, in parts, never held as a whole; it
returns `{"bucket", "key", "count"}`. An execution has one file: a second writer finds it and does
not change it, so that a retry or a redrive continues with the same events.
"""

import contextlib
import json
import os
import secrets
import time
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

# What one execution may hold. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
PAYLOAD_BYTES = 256 * 1024 - 8 * 1024  # a state's payload, less what the invocation adds
HISTORY_EVENTS = 24_998  # 25,000, less the two that a redrive needs

# What the definition spends of it in the worst case: every event fails, with every retry.
HISTORY_OF_RUN = 20
HISTORY_OF_NEW = 24
HISTORY_OF_QUEUED = 32
RESULT_BYTES = 240  # a failed event's key, attempts and error name in the Map's output

# What a distributed Map reads. https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
FILE_BYTES = 10 * 1000**3
PART_BYTES = 8 * 1024 * 1024  # at least 5 MiB, and 10,000 parts at most

MESSAGES_OF_A_RECEIVE = 10
ITEM_BYTES = 4096  # the largest item that counts as an event, its receipt handle included
MESSAGE_BYTES = 1024 * 1024
REASON_BYTES = 512
UNFINISHED_RECEIVES = 3  # from this receive on, no copy is sent, and an alarm goes off
QUEUE_SECONDS = 7 * 24 * 3600  # how long the queue keeps a message
RENEWAL_SECONDS = (
    2 * 24 * 3600
)  # a message that is this close to its end is sent again, as a new one
LARGEST_NUMBER = 2**53 - 1  # beyond it JSON readers disagree about a number
MILLISECONDS_TO_STOP = 15_000

EVENT_FIELDS = ("sequence_no", "random_value", "generated_unix_time", "retry_attempt")
RETRIES = 3


class InvalidInput(Exception):
    """The run's input is not `{"start_seq": a, "end_seq": b}` with integers, 0 <= a <= b."""


class RangeTooLarge(Exception):
    """The range holds more events than one execution can; names the limit."""


class InvalidMessage(Exception):
    """A message is not an event; says why."""


class Payload:
    """What one payload and one history still hold."""

    def __init__(self) -> None:
        self.bytes, self.history, self.count = 0, HISTORY_OF_RUN, 0

    def add(self, item: dict[str, Any]) -> None:
        """Count an item."""
        self.bytes += size_of(item)
        self.history += HISTORY_OF_QUEUED if "receipt_handle" in item else HISTORY_OF_NEW
        self.count += 1

    def has_room(self) -> bool:
        """Return whether ten more are sure to fit."""
        return (
            self.bytes + MESSAGES_OF_A_RECEIVE * ITEM_BYTES <= PAYLOAD_BYTES
            and self.history + MESSAGES_OF_A_RECEIVE * HISTORY_OF_QUEUED <= HISTORY_EVENTS
            and (self.count + MESSAGES_OF_A_RECEIVE) * RESULT_BYTES <= PAYLOAD_BYTES
        )


class File:
    """What one file still holds."""

    def __init__(self) -> None:
        self.bytes = self.count = 0

    def make_line(self, item: dict[str, Any]) -> bytes:
        """Return the line of an item, and count it."""
        line = json.dumps(item, separators=(",", ":")).encode() + b"\n"
        self.bytes += len(line)
        self.count += 1
        return line

    def has_room(self) -> bool:
        """Return whether ten more are sure to fit."""
        return self.bytes + MESSAGES_OF_A_RECEIVE * ITEM_BYTES <= FILE_BYTES


@lru_cache(maxsize=2)
def connect(service: str = "sqs") -> Any:
    """Create a client, once for each environment, with timeouts below the function's own."""
    config = Config(
        connect_timeout=2,
        read_timeout=6 if service == "sqs" else 60,  # the parts of a large file take longer
        retries={"mode": "standard", "total_max_attempts": 3},
    )
    return boto3.client(service, config=config)


def handle(event: Any, context: Any) -> dict[str, Any]:
    """Return the new events, and those that wait in the queue as long as more would fit."""
    if "FILES_BUCKET" in os.environ:
        return write_file(event, context)
    start, end = read_range(event)
    items, payload = [], Payload()
    new = make_items(start, end, int(time.time() * 1000))
    for item in chain(new, receive_items(payload, context)):
        payload.add(item)
        items.append(item)
    return {"events": items}


def write_file(given: dict[str, Any], context: Any) -> dict[str, Any]:
    """Write the new events and those that wait in the queue to the execution's one file."""
    start, end = read_range(given["range"])
    limit = FILE_BYTES // size_of(make_item(end, int(time.time() * 1000)))
    if end - start > limit:
        raise RangeTooLarge(
            f"{end - start} events were requested (start_seq {start}, end_seq {end}), and one file "
            f"holds at most {limit}: a distributed Map reads 10 GB. Request at most {limit} "
            "at a time"
        )
    place = {"Bucket": os.environ["FILES_BUCKET"], "Key": f"events/{given['execution']}.jsonl"}
    file = File()
    try:
        lines = map(file.make_line, list_items(start, end, file, context))
        write_once(place, cut_parts(lines, context))
    except ClientError as error:
        if error.response["Error"]["Code"] != "PreconditionFailed":
            raise
        count = count_lines(place)
    else:
        count = file.count
    return {"bucket": place["Bucket"], "key": place["Key"], "count": count}


def list_items(start: int, end: int, file: File, context: Any) -> Iterator[dict[str, Any]]:
    """Yield the new events, then what waits in the queue."""
    now = int(time.time() * 1000)
    for number in range(start, end):
        yield make_item(number, now)
    yield from receive_items(file, context)


def cut_parts(lines: Iterator[bytes], context: Any) -> Iterator[bytes]:
    """Yield the lines of a file, in parts of a size that S3 accepts."""
    part = bytearray()
    for line in lines:
        part += line
        if len(part) >= PART_BYTES:
            if context.get_remaining_time_in_millis() < MILLISECONDS_TO_STOP:
                raise RangeTooLarge(
                    "the timeout was close before the file was written; request fewer events"
                )
            yield bytes(part)
            part.clear()
    if part:
        yield bytes(part)


def write_once(place: dict[str, str], parts: Iterator[bytes]) -> None:
    """Write an object in parts, unless it exists: S3 then returns `PreconditionFailed`.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    """
    s3 = connect("s3")
    first, second = next(parts, b""), next(parts, None)
    if second is None:
        s3.put_object(**place, Body=first, IfNoneMatch="*")
        return
    upload = {**place, "UploadId": s3.create_multipart_upload(**place)["UploadId"]}
    written = []
    try:
        for number, part in enumerate(chain([first, second], parts), 1):
            tag = s3.upload_part(**upload, PartNumber=number, Body=part)["ETag"]
            written.append({"PartNumber": number, "ETag": tag})
        s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": written}, IfNoneMatch="*")
    except Exception:
        with contextlib.suppress(
            BotoCoreError, ClientError
        ):  # the bucket's lifecycle deletes it in a day
            s3.abort_multipart_upload(**upload)
        raise


def count_lines(place: dict[str, str]) -> int:
    """Count the lines of an object, without holding them."""
    body = connect("s3").get_object(**place)["Body"]
    return sum(chunk.count(b"\n") for chunk in body.iter_chunks(1024 * 1024))


def read_range(event: Any) -> tuple[int, int]:
    """Check the input, field by field, and return `(start_seq, end_seq)`."""
    if not isinstance(event, dict):
        raise InvalidInput('the input is not an object; expected {"start_seq": 1, "end_seq": 11}')
    fields = ("start_seq", "end_seq")
    for field in event:
        if field not in fields:
            raise InvalidInput(f"unknown field '{field}'; expected start_seq and end_seq")
    for field in fields:
        if field not in event:
            raise InvalidInput(f"'{field}' is missing; expected start_seq and end_seq")
        if not is_whole(event[field]) or not 0 <= event[field] <= LARGEST_NUMBER:
            raise InvalidInput(
                f"'{field}' is {json.dumps(event[field])[:80]}; "
                f"expected an integer from 0 to {LARGEST_NUMBER}"
            )
    start, end = int(event["start_seq"]), int(event["end_seq"])
    if end < start:
        raise InvalidInput(f"'end_seq' is {end}, less than 'start_seq', which is {start}")
    return start, end


def is_whole(value: Any) -> bool:
    """Return whether a value is an integer as JSON means it: 2 and 2.0, but not True."""
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return whole and not isinstance(value, bool)


def is_writable(text: str) -> bool:
    """Return whether UTF-8 can encode a string; JSON can hold half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def make_items(start: int, end: int, now: int) -> list[dict[str, Any]]:
    """Return one item for each new event; reject a range that one execution cannot hold."""
    largest = make_item(end, now)
    limit = min(
        (HISTORY_EVENTS - HISTORY_OF_RUN) // HISTORY_OF_NEW,
        PAYLOAD_BYTES // max(size_of(largest), RESULT_BYTES),
    )
    if end - start > limit:
        raise RangeTooLarge(
            f"{end - start} events were requested (start_seq {start}, end_seq {end}), and one "
            f"execution holds at most {limit}: a payload has 256 KiB and a history 25,000 events. "
            f"Request at most {limit} at a time, or deploy the distributed variant, which maps "
            "over a file in S3"
        )
    return [make_item(number, now) for number in range(start, end)]


def make_item(number: int, now: int) -> dict[str, Any]:
    """Return a new event, as an item of the list."""
    event = {
        "sequence_no": number,
        "random_value": secrets.token_urlsafe(12),
        "generated_unix_time": now,
        "retry_attempt": 0,
    }
    return {"event": event}


def size_of(item: Any) -> int:
    """Measure an item in the bytes of its JSON, including the comma after it."""
    return len(json.dumps(item, separators=(",", ":"))) + 1


def receive_items(room: Payload | File, context: Any) -> Iterator[dict[str, Any]]:
    """Receive messages of the queue while ten more are sure to fit.

    The caller counts each item before the next is received.
    """
    sqs, queue_url = connect(), os.environ["QUEUE_URL"]
    while room.has_room() and context.get_remaining_time_in_millis() > MILLISECONDS_TO_STOP:
        messages = sqs.receive_message(
            QueueUrl=queue_url,
            MaxNumberOfMessages=MESSAGES_OF_A_RECEIVE,
            WaitTimeSeconds=1,
            MessageSystemAttributeNames=["ApproximateReceiveCount", "SentTimestamp"],
        ).get("Messages", [])
        if not messages:
            break
        for message in messages:
            try:
                item = read_message(message)
            except InvalidMessage as reason:
                give_up(sqs, message, str(reason))
            else:
                yield item


def read_message(message: dict[str, Any]) -> dict[str, Any]:
    """Read a message as an item of the list; raise `InvalidMessage` if it is not an event."""
    try:
        event = json.loads(message["Body"])
    except (ValueError, RecursionError):
        raise InvalidMessage("the body is not valid JSON") from None
    if not isinstance(event, dict):
        raise InvalidMessage("the body is not a JSON object")
    for field in (*EVENT_FIELDS, *event):
        if field not in event:
            raise InvalidMessage(f"the field '{field}' is missing")
        if field not in EVENT_FIELDS:
            raise InvalidMessage(f"the field '{field[:80]}' is unknown")
    for field in ("sequence_no", "generated_unix_time", "retry_attempt"):
        if not is_whole(event[field]) or not 0 <= event[field] <= LARGEST_NUMBER:
            raise InvalidMessage(f"the field '{field}' is not an integer >= 0")
        event[field] = int(event[field])
    if not isinstance(event["random_value"], str):
        raise InvalidMessage("the field 'random_value' is not a string")
    if not is_writable(event["random_value"]):
        raise InvalidMessage(
            "the field 'random_value' holds half a character, which services reject"
        )
    if event["retry_attempt"] > RETRIES:
        raise InvalidMessage(f"the field 'retry_attempt' is above {RETRIES}")
    item = {"event": event, "receipt_handle": message["ReceiptHandle"], **find_end(message)}
    if size_of(item) > ITEM_BYTES:
        raise InvalidMessage(f"the event is larger than {ITEM_BYTES} bytes")
    return item


def find_end(message: dict[str, Any]) -> dict[str, str]:
    """Return until when a message that was received often is sure to stay in the queue; report it.

    It is deleted earlier only after its event was written or sent again. An alarm counts
    `receives`: SQS reports no age of a message that was received three times.
    """
    receives = int(message["Attributes"]["ApproximateReceiveCount"])
    if receives < UNFINISHED_RECEIVES:
        return {}
    sent = int(message["Attributes"]["SentTimestamp"]) // 1000
    end = time.gmtime(sent + QUEUE_SECONDS - RENEWAL_SECONDS)
    report("received again", message, "no execution has finished it", receives=receives)
    return {"kept_until": time.strftime("%Y-%m-%dT%H:%M:%SZ", end)}


def give_up(sqs: Any, message: dict[str, Any], reason: str) -> None:
    """Send a message that is not an event to the dead-letter queue, and only then delete it.

    One that is too large for a reason, or that cannot be sent now, stays in the queue, whose own
    redrive policy moves it later.
    """
    reason = reason.encode("ascii", "replace").decode()
    if len(message["Body"].encode()) + REASON_BYTES > MESSAGE_BYTES:
        report("left to the queue's redrive policy, too large", message, reason)
        return
    try:
        sqs.send_message(
            QueueUrl=os.environ["DEAD_LETTER_QUEUE_URL"],
            MessageBody=message["Body"],
            MessageAttributes={"reason": {"DataType": "String", "StringValue": reason}},
        )
        sqs.delete_message(QueueUrl=os.environ["QUEUE_URL"], ReceiptHandle=message["ReceiptHandle"])
    except (BotoCoreError, ClientError) as error:
        report(f"not sent ({type(error).__name__})", message, reason)
    else:
        report("sent to the dead-letter queue", message, reason)


def report(outcome: str, message: dict[str, Any], reason: str, **more: int) -> None:
    """Log one line: the message, the reason, and the outcome."""
    line = {"message": message["MessageId"], "reason": reason, "outcome": outcome, **more}
    print(json.dumps(line))
