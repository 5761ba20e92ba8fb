"""Pipes: records of queues and streams, filtered, enriched, delivered in batches.

One thread serves all pipes, since a source is told of a record while its locks are held. Source:
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes.html
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable, Mapping
from typing import Any

from moto.pipes.models import EventBridgePipesBackend
from moto.sqs.models import Queue

from carnation.emulator.events.delivery import Delivery, queue_url
from carnation.emulator.events.inputs import read_path
from carnation.emulator.events.patterns import matches
from carnation.emulator.patching import Patches
from carnation.errors import EmulatorError

_PLACE = re.compile(r"<(\$[^<>]*)>")
_PAUSE = 0.25  # seconds between two looks at the sources while there are pipes


class Pipes:
    """The pipes of an emulator."""

    def __init__(self, delivery: Delivery, list_regions: Callable[[], set[str]]) -> None:
        """Take what delivers, and the Regions that may have pipes."""
        self._delivery, self._list_regions = delivery, list_regions
        self._wake, self._closed = threading.Event(), False
        self._thread: threading.Thread | None = None
        self._iterators: dict[tuple[str, str], str] = {}
        self._lock = threading.Lock()
        self._has_pipes = False

    def install(self, patches: Patches) -> None:
        """Have a message or a new pipe wake the thread."""
        add, create = Queue.add_message, EventBridgePipesBackend.create_pipe

        def add_message(queue: Any, message: Any) -> None:
            add(queue, message)
            if self._has_pipes:
                self._wake.set()

        def create_pipe(backend: Any, *arguments: Any, **options: Any) -> Any:
            made = create(backend, *arguments, **options)
            self._start()
            return made

        patches.set(Queue, "add_message", add_message)
        patches.set(EventBridgePipesBackend, "create_pipe", create_pipe)

    def _start(self) -> None:
        with self._lock:
            self._has_pipes = True
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, daemon=True)
                self._thread.start()
        self._wake.set()

    def close(self) -> None:
        """End the thread."""
        self._closed = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(5)

    def _serve(self) -> None:
        while not self._closed:
            self._wake.wait(_PAUSE)
            self._wake.clear()
            if not self._closed:
                self.run_once()

    def run_once(self) -> None:
        """Look at every pipe's source once, and deliver what is there."""
        for region in sorted(self._list_regions()):
            pipes = self._delivery.connect(f"arn:aws:pipes:{region}::")("pipes")
            for row in pipes.list_pipes().get("Pipes", ()):
                try:
                    pipe = pipes.describe_pipe(Name=row["Name"])
                except pipes.exceptions.NotFoundException:  # deleted since it was listed
                    continue
                if pipe.get("DesiredState", "RUNNING") != "RUNNING":
                    continue
                try:
                    self._run(pipe)
                except Exception as error:
                    self._delivery.undelivered.append(f"{pipe['Arn']}: {error}")

    def _run(self, pipe: Mapping[str, Any]) -> None:
        service = str(pipe["Source"]).split(":")[2]
        if service == "sqs":
            while self._run_queue(pipe):
                pass
        elif service in ("dynamodb", "kinesis"):
            self._run_stream(pipe, service)
        else:
            raise EmulatorError(f"the emulator has no pipes from {pipe['Source']}.")

    def _run_queue(self, pipe: Mapping[str, Any]) -> bool:
        """Deliver one batch of a queue; returns whether there may be more."""
        source = str(pipe["Source"])
        connect = self._delivery.connect(source)
        given = (pipe.get("SourceParameters") or {}).get("SqsQueueParameters") or {}
        url, sqs = queue_url(connect, source), connect("sqs")
        size = min(int(given.get("BatchSize", 10)), 10)
        with self._delivery.quiet():
            found = sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=size, WaitTimeSeconds=0,
                AttributeNames=["All"], MessageAttributeNames=["All"],
            ).get("Messages", [])  # fmt: skip
        if not found:
            return False
        records = [_describe_message(source, row) for row in found]
        chosen = [row for row in records if _passes(pipe, row)]
        rows = {row["messageId"]: row["receiptHandle"] for row in records}
        failed: set[str] = set()
        if chosen and not self._deliver(pipe, chosen):
            failed = {str(row["messageId"]) for row in chosen}
        for message, handle in rows.items():
            if message not in failed:
                with self._delivery.quiet():
                    sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
        return True

    def _run_stream(self, pipe: Mapping[str, Any], service: str) -> None:
        source = str(pipe["Source"])
        connect = self._delivery.connect(source)
        client = connect("dynamodbstreams" if service == "dynamodb" else "kinesis")
        described = client.describe_stream(StreamArn=source) if service == "dynamodb" else (
            client.describe_stream(StreamARN=source)
        )  # fmt: skip
        for shard in described["StreamDescription"]["Shards"]:
            key = (str(pipe["Arn"]), str(shard["ShardId"]))
            if key not in self._iterators:
                self._iterators[key] = _open_shard(client, pipe, service, shard["ShardId"])
            answer = client.get_records(ShardIterator=self._iterators[key])
            records = [_describe_record(source, service, row) for row in answer["Records"]]
            chosen = [row for row in records if _passes(pipe, row)]
            if chosen and not self._deliver(pipe, chosen):
                self._delivery.undelivered.append(f"{pipe['Arn']}: {len(chosen)} records failed")
            self._iterators[key] = answer["NextShardIterator"]

    def _deliver(self, pipe: Mapping[str, Any], records: list[dict[str, Any]]) -> bool:
        """Deliver a batch; returns whether it arrived."""
        try:
            batch: Any = records
            if pipe.get("Enrichment"):
                given = (pipe.get("EnrichmentParameters") or {}).get("InputTemplate")
                batch = self._ask(str(pipe["Enrichment"]), _transform(given, records), wait=True)
                if batch in (None, "", {}, []):
                    return True
            given = (pipe.get("TargetParameters") or {}).get("InputTemplate")
            items = batch if isinstance(batch, list) else [batch]
            self._send(pipe, _transform(given, items))
        except Exception as error:
            self._delivery.undelivered.append(f"{pipe['Arn']}: {error}")
            return False
        return True

    def _send(self, pipe: Mapping[str, Any], batch: list[Any]) -> None:
        target, given = str(pipe["Target"]), pipe.get("TargetParameters") or {}
        service = target.split(":")[2]
        if service in ("states", "lambda"):
            name = "StepFunctionStateMachineParameters" if service == "states" else (
                "LambdaFunctionParameters"
            )  # fmt: skip
            kind = (given.get(name) or {}).get("InvocationType", "REQUEST_RESPONSE")
            self._ask(target, batch, wait=kind == "REQUEST_RESPONSE")
            return
        for item in batch:
            text = item if isinstance(item, str) else json.dumps(item)
            self._delivery.deliver({**given, "Arn": target}, text)

    def _ask(self, arn: str, batch: Any, *, wait: bool) -> Any:
        """Send a batch to a function or a state machine; returns its answer if it waits for one."""
        connect, text = self._delivery.connect(arn), json.dumps(batch)
        service = arn.split(":")[2]
        if service == "lambda":
            answer = connect("lambda").invoke(FunctionName=arn, Payload=text.encode())
            body = answer["Payload"].read().decode()
            if "FunctionError" in answer:
                raise EmulatorError(body)
            return json.loads(body or "null")
        if service != "states":
            raise EmulatorError(f"the emulator's pipes do not reach {arn}.")
        client = connect("stepfunctions")
        if not wait:
            return client.start_execution(stateMachineArn=arn, input=text)
        answer = client.start_sync_execution(stateMachineArn=arn, input=text)
        if answer["status"] != "SUCCEEDED":
            raise EmulatorError(f"{arn} is {answer['status']}: {answer.get('cause', '')}")
        return json.loads(answer["output"])


def _passes(pipe: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    criteria = (pipe.get("SourceParameters") or {}).get("FilterCriteria") or {}
    patterns = [json.loads(row["Pattern"]) for row in criteria.get("Filters", ())]
    parsed = {**record}
    for name in ("body", "data"):
        if isinstance(parsed.get(name), str):
            parsed[name] = _parse(parsed[name], encoded=name == "data")
    return not patterns or any(matches(pattern, parsed) for pattern in patterns)


def _parse(text: str, *, encoded: bool = False) -> Any:
    try:
        return json.loads(base64.b64decode(text) if encoded else text)
    except ValueError:
        return text


def _transform(template: str | None, records: list[Any]) -> list[Any]:
    if not template:
        return records
    return [_fill(template, record) for record in records]


def _fill(template: str, record: Any) -> Any:
    parsed = record
    if isinstance(record, Mapping) and isinstance(record.get("body"), str):
        parsed = {**record, "body": _parse(record["body"])}

    def replace(match: re.Match[str]) -> str:
        value = read_path(match[1], parsed)
        inside = match.string[: match.start()].replace('\\"', "").count('"') % 2 == 1
        if not inside:
            return json.dumps(value)
        return (
            json.dumps(value)[1:-1]
            if isinstance(value, str)
            else json.dumps(value).replace('"', '\\"')
        )

    return _parse(_PLACE.sub(replace, template))


def _describe_message(source: str, row: Mapping[str, Any]) -> dict[str, Any]:
    attributes = {
        name: {key[:1].lower() + key[1:]: item for key, item in value.items()}
        for name, value in row.get("MessageAttributes", {}).items()
    }
    return {
        "messageId": row["MessageId"],
        "receiptHandle": row["ReceiptHandle"],
        "body": row["Body"],
        "attributes": row.get("Attributes", {}),
        "messageAttributes": attributes,
        "md5OfBody": row["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": source,
        "awsRegion": source.split(":")[3],
    }


def _describe_record(source: str, service: str, row: Mapping[str, Any]) -> dict[str, Any]:
    region = source.split(":")[3]
    if service == "dynamodb":
        inner = json.loads(json.dumps(row["dynamodb"], default=_as_number))
        plain = {"eventID": row["eventID"], "eventName": row["eventName"], "eventVersion": "1.1"}
        own = {"eventSource": "aws:dynamodb", "eventSourceARN": source, "awsRegion": region}
        return {**plain, **own, "dynamodb": inner}
    return {
        "kinesisSchemaVersion": "1.0",
        "partitionKey": row["PartitionKey"],
        "sequenceNumber": row["SequenceNumber"],
        "data": base64.b64encode(row["Data"]).decode(),
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventName": "aws:kinesis:record",
        "eventSourceARN": source,
        "awsRegion": region,
    }


def _as_number(value: Any) -> Any:
    return value.timestamp() if hasattr(value, "timestamp") else str(value)


def _open_shard(client: Any, pipe: Mapping[str, Any], service: str, shard: str) -> str:
    parameters = pipe.get("SourceParameters") or {}
    name = "DynamoDBStreamParameters" if service == "dynamodb" else "KinesisStreamParameters"
    start = (parameters.get(name) or {}).get("StartingPosition", "TRIM_HORIZON")
    argument = "StreamArn" if service == "dynamodb" else "StreamARN"
    answer = client.get_shard_iterator(
        **{argument: pipe["Source"]}, ShardId=shard, ShardIteratorType=start
    )
    return str(answer["ShardIterator"])
