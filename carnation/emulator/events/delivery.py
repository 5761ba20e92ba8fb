"""Delivery to a target, by the target's own service; what fails goes to the dead-letter queue.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
"""

from __future__ import annotations

import json
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from carnation.emulator.faults import Hooks
from carnation.errors import EmulatorError

Connect = Callable[[str], Any]
ConnectIn = Callable[[str], Connect]  # a Region


def queue_url(connect: Connect, arn: str) -> str:
    """Return the URL of a queue."""
    account, name = arn.split(":")[4:6]
    return str(
        connect("sqs").get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
    )


def _start_machine(connect: Connect, arn: str, text: str, target: Mapping[str, Any]) -> None:
    connect("stepfunctions").start_execution(stateMachineArn=arn, input=text)


def _invoke_function(connect: Connect, arn: str, text: str, target: Mapping[str, Any]) -> None:
    answer = connect("lambda").invoke(FunctionName=arn, Payload=text.encode())
    if "FunctionError" in answer:
        raise EmulatorError(answer["Payload"].read().decode("utf-8", "replace"))


def _send_message(connect: Connect, arn: str, text: str, target: Mapping[str, Any]) -> None:
    given = target.get("SqsParameters") or target.get("SqsQueueParameters") or {}
    group = given.get("MessageGroupId")
    more = {"MessageGroupId": group} if group else {}
    connect("sqs").send_message(QueueUrl=queue_url(connect, arn), MessageBody=text, **more)


def _publish(connect: Connect, arn: str, text: str, target: Mapping[str, Any]) -> None:
    connect("sns").publish(TopicArn=arn, Message=text)


def _put_event(connect: Connect, arn: str, text: str, target: Mapping[str, Any]) -> None:
    event = json.loads(text)
    if ":event-bus/" not in arn:
        raise EmulatorError(f"the emulator does not deliver to {arn}: it does not use the network.")
    given = target.get("EventBridgeEventBusParameters") or {}
    entry = {
        "Source": given.get("Source") or event.get("source", "Pipe"),
        "DetailType": given.get("DetailType") or event.get("detail-type", "Event from aws:sqs"),
        "Detail": json.dumps(event.get("detail", event)),
        "EventBusName": arn.rsplit("/", 1)[1],
    }
    answer = connect("events").put_events(Entries=[entry])
    if answer["FailedEntryCount"]:
        raise EmulatorError(str(answer["Entries"][0].get("ErrorMessage")))


def _log(connect: Connect, arn: str, text: str, target: Mapping[str, Any]) -> None:
    group, stream = arn.split(":log-group:", 1)[1].removesuffix(":*"), str(uuid.uuid4())
    logs = connect("logs")
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    event = {"timestamp": int(time.time() * 1000), "message": text}
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[event])


def _put_record(connect: Connect, arn: str, text: str, target: Mapping[str, Any]) -> None:
    given = target.get("KinesisStreamParameters") or target.get("KinesisParameters") or {}
    key = str(given.get("PartitionKey") or uuid.uuid4())
    connect("kinesis").put_record(StreamARN=arn, Data=text.encode(), PartitionKey=key)


_TARGETS: dict[str, Callable[[Connect, str, str, Mapping[str, Any]], None]] = {
    "events": _put_event,
    "kinesis": _put_record,
    "lambda": _invoke_function,
    "logs": _log,
    "sns": _publish,
    "sqs": _send_message,
    "states": _start_machine,
}


_KEPT_FAILURES = 1000  # a rule may fail each minute, and for weeks


class Delivery:
    """Delivers to targets; remembers what failed and has no dead-letter queue."""

    def __init__(self, connect_in: ConnectIn, hooks: Hooks) -> None:
        """Take what makes the clients of a Region, and the hooks that these calls are kept from."""
        self._connect_in, self._hooks = connect_in, hooks
        self.undelivered: deque[str] = deque(maxlen=_KEPT_FAILURES)

    def connect(self, arn: str) -> Connect:
        """Return the clients of the Region that an ARN names."""
        return self._connect_in(arn.split(":")[3])

    def quiet(self) -> AbstractContextManager[None]:
        """Keep this thread's calls from the hooks."""
        return self._hooks.quiet()

    def send(self, target: Mapping[str, Any], text: str, rule_arn: str) -> None:
        """Deliver a text to a target; a failure goes to the target's dead-letter queue."""
        try:
            self.deliver(target, text)
        except Exception as error:
            self._bury(target, text, rule_arn, error)

    def deliver(self, target: Mapping[str, Any], text: str) -> None:
        """Deliver a text to a target, or raise."""
        arn = str(target["Arn"])
        send = _TARGETS.get(arn.split(":")[2])
        if send is None:
            raise EmulatorError(f"the emulator delivers no events to {arn}.")
        with self._hooks.quiet():
            send(self.connect(arn), arn, text, target)

    def _bury(self, target: Mapping[str, Any], text: str, rule_arn: str, error: Exception) -> None:
        queue = (target.get("DeadLetterConfig") or {}).get("Arn")
        if not queue:
            self.undelivered.append(f"{rule_arn} -> {target['Arn']}: {error}")
            return
        response = getattr(error, "response", None) or {"Error": {"Code": "SDK_CLIENT_ERROR"}}
        values = {
            "ERROR_CODE": response["Error"]["Code"],
            "ERROR_MESSAGE": str(error) or "failed",
            "RULE_ARN": rule_arn,
            "TARGET_ARN": str(target["Arn"]),
        }
        attributes = {
            name: {"DataType": "String", "StringValue": value} for name, value in values.items()
        }
        connect = self.connect(queue)
        with self._hooks.quiet():
            connect("sqs").send_message(
                QueueUrl=queue_url(connect, queue), MessageBody=text, MessageAttributes=attributes
            )
