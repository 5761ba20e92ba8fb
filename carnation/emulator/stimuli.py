"""Stimuli: what a person does to a deployed workflow beside starting it.

Files put into buckets, messages sent to queues, events put on a bus, schedules fired: each reaches
the workflow through its own triggers, or lies there for its states.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from carnation.document.values import Json
from carnation.emulator.events.schedules import Firing, render_time
from carnation.emulator.stored import StackResource, find_resources
from carnation.errors import CarnationError, UsageError

if TYPE_CHECKING:
    from carnation.emulator.emulator import Emulator, ExecutionResult

_PIPE = "AWS::Pipes::Pipe"
_SCHEDULES = ("AWS::Scheduler::Schedule", "AWS::Events::Rule")
_PATIENCE = 5.0  # seconds that a pipe has to start an execution


@dataclass(frozen=True)
class Stimuli:
    """What is done to a workflow before its first run.

    `puts` are files by bucket and key, `sends` messages by queue, `events` are put on a bus,
    `fires` names schedules, `advance` says how far time goes (as `Emulator.advance` takes it), so
    that schedules fire by themselves, `items` are plain values by table. All are named by id,
    logical ID or name.
    """

    puts: Sequence[tuple[str, str, bytes]] = ()
    sends: Sequence[tuple[str, Json]] = ()
    events: Sequence[Json] = ()
    fires: Sequence[str] = ()
    advance: str = ""
    items: Sequence[tuple[str, Sequence[Mapping[str, Json]]]] = ()

    @property
    def must_start(self) -> bool:
        """Return whether an execution is expected: files and messages may just lie there."""
        return bool(self.events or self.fires or self.advance)

    def __bool__(self) -> bool:
        return bool(self.puts or self.sends or self.items or self.must_start)


def apply_stimuli(
    emulator: Emulator,
    stimuli: Stimuli,
    resources: Sequence[StackResource],
    machine: str,
    told: Callable[[Firing], None] = lambda firing: None,
) -> list[ExecutionResult]:
    """Apply stimuli; return the executions of the state machine that they started, when ended.

    Raises `UsageError` for a name that the stack does not have, `CarnationError` where an event or
    a schedule started nothing; `told` learns of each schedule that time let fire.
    """
    for name, items in stimuli.items:
        for table in find_resources("--put", name, resources, "AWS::DynamoDB::Table"):
            _put_items(emulator, table.physical_id, items)
    for name, key, content in stimuli.puts:
        for bucket in find_resources("--put", name, resources, "AWS::S3::Bucket"):
            emulator.client("s3").put_object(Bucket=bucket.physical_id, Key=key, Body=content)
    for name, message in stimuli.sends:
        _send(emulator, name, message, resources)
    for event in stimuli.events:
        _put_event(emulator, event)
    for name in stimuli.fires:
        for schedule in find_resources("--fire", name, resources, *_SCHEDULES):
            emulator.fire(schedule.physical_id)
    if stimuli.advance:
        _advance(emulator, stimuli.advance, told)
    started = list(_wait_for_executions(emulator, stimuli, resources, machine))
    if stimuli.must_start and not started:
        raise CarnationError(_format_nothing(emulator, resources))
    return started


def _advance(emulator: Emulator, text: str, told: Callable[[Firing], None]) -> None:
    fired = emulator.advance(text)
    for firing in fired:
        told(firing)
    if not fired:
        raise UsageError(
            f"--advance {text}: no schedule is due until {render_time(emulator.clock.now())}. "
            "Advance by more, or begin at another time with --clock."
        )


def _put_items(emulator: Emulator, table: str, items: Sequence[Mapping[str, Json]]) -> None:
    from boto3.dynamodb.types import TypeSerializer

    for item in items:
        plain = json.loads(json.dumps(item), parse_float=Decimal)
        typed = {name: TypeSerializer().serialize(value) for name, value in plain.items()}
        try:
            emulator.client("dynamodb").put_item(TableName=table, Item=typed)
        except emulator.client("dynamodb").exceptions.ClientError as error:
            raise UsageError(
                f"--put: {table} rejects the item {json.dumps(item)}: {error}"
            ) from error


def _send(emulator: Emulator, name: str, message: Json, resources: Sequence[StackResource]) -> None:
    body = message if isinstance(message, str) else json.dumps(message)
    for queue in find_resources("--send", name, resources, "AWS::SQS::Queue"):
        group = {"MessageGroupId": "run"} if queue.physical_id.endswith(".fifo") else {}
        once = {"MessageDeduplicationId": str(time.monotonic_ns())} if group else {}
        emulator.client("sqs").send_message(
            QueueUrl=queue.physical_id, MessageBody=body, **group, **once
        )


def _put_event(emulator: Emulator, event: Json) -> None:
    """Put an event on its bus; as EventBridge delivers it, or as PutEvents takes it."""
    if not isinstance(event, Mapping):
        raise UsageError(
            '--event must be an event: {"source": …, "detail-type": …, "detail": {…}}.'
        )
    entry = {
        "Source": event.get("source", event.get("Source")),
        "DetailType": event.get("detail-type", event.get("DetailType")),
        "Detail": event.get("detail", event.get("Detail", {})),
        "EventBusName": event.get("EventBusName"),
    }
    if not entry["Source"] or not entry["DetailType"]:
        raise UsageError("--event: the event has no 'source' or no 'detail-type'. Add them.")
    if not isinstance(entry["Detail"], str):
        entry["Detail"] = json.dumps(entry["Detail"])
    given = {name: value for name, value in entry.items() if value is not None}
    answer = emulator.client("events").put_events(Entries=[given])
    if answer["FailedEntryCount"]:
        raise UsageError(f"--event: {answer['Entries'][0].get('ErrorMessage')}")


def _wait_for_executions(
    emulator: Emulator, stimuli: Stimuli, resources: Sequence[StackResource], machine: str
) -> Iterator[ExecutionResult]:
    """Yield what was started, each when it has ended; pipes deliver on a thread of their own."""
    has_pipes = stimuli.sends and any(one.type == _PIPE for one in resources)
    until = time.monotonic() + (_PATIENCE if has_pipes else 0)
    while not (found := emulator.executions(machine)) and time.monotonic() < until:
        time.sleep(0.05)
    for arn in found:
        yield emulator.wait(arn)


def _format_nothing(emulator: Emulator, resources: Sequence[StackResource]) -> str:
    rules = [one for one in resources if one.type == "AWS::Events::Rule"]
    client = emulator.client("events")
    patterns = []
    for rule in rules:
        name = rule.physical_id.rpartition("|")[2]
        bus = rule.physical_id.rpartition("|")[0] or "default"
        found = client.describe_rule(Name=name, EventBusName=bus)
        patterns.append(f"{rule.logical_id} {found.get('EventPattern', '')} on bus '{bus}'")
    why = "; ".join([*patterns, *emulator.undelivered]) or "the stack has no rule"
    return f"no execution was started. Rules: {why}. Change the event, or use --input."
