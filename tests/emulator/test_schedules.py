"""Time goes on when it is asked to: schedules that are due in between fire, in order."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from carnation.emulator import Emulator
from carnation.errors import EmulatorError, UsageError

ROLE = "arn:aws:iam::123456789012:role/any"
ONCE = {"FlexibleTimeWindow": {"Mode": "OFF"}}


@pytest.fixture(scope="module")
def opened() -> Iterator[Emulator]:
    clock = datetime(2026, 5, 1, tzinfo=timezone.utc)
    with Emulator(in_process=True, clock=clock) as emulator:
        emulator.client("sqs").create_queue(QueueName="fired")
        yield emulator


@pytest.fixture
def emulator(opened: Emulator) -> Iterator[Emulator]:
    midnight = opened.clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    assert opened.advance(midnight + timedelta(days=1)) == []
    yield opened
    scheduler, events = opened.client("scheduler"), opened.client("events")
    for row in scheduler.list_schedules()["Schedules"]:
        scheduler.delete_schedule(Name=row["Name"], GroupName=row["GroupName"])
    for rule in events.list_rules()["Rules"]:
        events.remove_targets(Rule=rule["Name"], Ids=["t"])
        events.delete_rule(Name=rule["Name"])
    opened.clear()


QUEUE = "arn:aws:sqs:us-east-1:123456789012:fired"
URL = "https://sqs.us-east-1.amazonaws.com/123456789012/fired"


def add_schedule(
    emulator: Emulator, name: str, expression: str, zone: str = "UTC", **more: Any
) -> None:
    target = {"Arn": QUEUE, "RoleArn": ROLE, "Input": '"<aws.scheduler.scheduled-time>"'}
    emulator.client("scheduler").create_schedule(
        Name=name, ScheduleExpression=expression, ScheduleExpressionTimezone=zone, Target=target,
        **ONCE, **more,
    )  # fmt: skip


def add_rule(emulator: Emulator, name: str, expression: str, arn: str = QUEUE) -> None:
    events = emulator.client("events")
    events.put_rule(Name=name, ScheduleExpression=expression)
    events.put_targets(Rule=name, Targets=[{"Id": "t", "Arn": arn, "RoleArn": ROLE}])


def advance(emulator: Emulator, time: Any) -> list[tuple[str, str]]:
    return [(f"{one.time:%d %H:%M}", one.schedule) for one in emulator.advance(time)]


def test_what_is_due_fires_in_order_with_its_own_time(emulator: Emulator) -> None:
    begun = emulator.clock.now()
    day = [f"{begun + timedelta(days=number):%d}" for number in (0, 1)]
    add_schedule(emulator, "nightly", "cron(30 2 * * ? *)", "Europe/Berlin")
    add_rule(emulator, "six", "cron(0 0/6 * * ? *)")
    add_schedule(emulator, "once", f"at({begun + timedelta(days=1):%Y-%m-%dT06:00:00})")
    add_schedule(emulator, "off", "rate(1 minute)", State="DISABLED")
    assert advance(emulator, timedelta(hours=31)) == [
        (f"{day[0]} 00:30", "nightly"), (f"{day[0]} 06:00", "six"), (f"{day[0]} 12:00", "six"),
        (f"{day[0]} 18:00", "six"), (f"{day[1]} 00:00", "six"), (f"{day[1]} 00:30", "nightly"),
        (f"{day[1]} 06:00", "six"), (f"{day[1]} 06:00", "once"),
    ]  # fmt: skip
    bodies = [json.loads(row.body) for row in emulator.messages(URL)]
    times = [body["time"] if isinstance(body, dict) else body for body in bodies]
    assert times == sorted(times)
    assert [time[8:16] for time in times][:2] == [f"{day[0]}T00:30", f"{day[0]}T06:00"]


def test_a_rate_of_the_scheduler_begins_at_once_and_one_of_a_rule_later(emulator: Emulator) -> None:
    add_schedule(emulator, "rated", "rate(6 hours)")
    add_rule(emulator, "ruled", "rate(6 hours)")
    assert [name for _, name in advance(emulator, "13h")] == [
        "rated", "ruled", "rated", "ruled", "rated",
    ]  # fmt: skip
    assert [name for _, name in advance(emulator, "6h")] == ["ruled", "rated"]


def test_dates_bound_a_schedule(emulator: Emulator) -> None:
    now = emulator.clock.now()
    bounds = {"StartDate": now + timedelta(hours=5), "EndDate": now + timedelta(hours=11)}
    add_schedule(emulator, "bound", "rate(5 hours)", **bounds)
    assert len(emulator.advance("2d")) == 2


def test_executions_run_one_after_another_at_the_time_of_their_schedule(emulator: Emulator) -> None:
    states = emulator.client("stepfunctions")
    definition = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 60, "End": True}}}
    machine = states.create_state_machine(
        name="m", definition=json.dumps(definition), roleArn=ROLE
    )["stateMachineArn"]  # fmt: skip
    add_rule(emulator, "daily", "cron(0 3 * * ? *)", machine)
    fired = emulator.advance("3d")
    found = [states.describe_execution(executionArn=arn) for arn in emulator.executions(machine)]
    assert [row["status"] for row in found] == ["SUCCEEDED"] * 3
    for row, firing in zip(found, fired, strict=True):
        assert timedelta(0) <= row["startDate"] - firing.time < timedelta(minutes=1)
        assert row["stopDate"] - row["startDate"] >= timedelta(seconds=60)
        assert json.loads(row["input"])["time"] == f"{firing.time:%Y-%m-%dT%H:%M:%SZ}"


def test_a_message_that_is_hidden_comes_back_when_time_goes_on(emulator: Emulator) -> None:
    sqs = emulator.client("sqs")
    sqs.send_message(QueueUrl=URL, MessageBody="m")
    sqs.receive_message(QueueUrl=URL, VisibilityTimeout=3600)
    assert not emulator.messages(URL)[0].visible
    emulator.advance("2h")
    assert emulator.messages(URL)[0].visible


def test_what_cannot_be_is_reported_by_name(emulator: Emulator) -> None:
    add_rule(emulator, "odd", "cron(99 * * * ? *)")
    with pytest.raises(EmulatorError, match=r"'odd': Invalid Schedule Expression cron\(99"):
        emulator.advance("1h")
    emulator.client("events").disable_rule(Name="odd")
    with pytest.raises(EmulatorError, match="forward only"):
        emulator.advance(datetime(2020, 1, 1, tzinfo=timezone.utc))
    for text in ("soon", "", "5"):
        with pytest.raises(UsageError, match="is not a time"):
            emulator.advance(text)


def test_the_port_lets_time_pass(emulator: Emulator) -> None:
    add_rule(emulator, "hourly", "rate(1 hour)")
    request = urllib.request.Request(f"{emulator.endpoint}/_advance?by=2h", method="POST")
    with urllib.request.urlopen(request) as answer:
        found = json.load(answer)
    assert [row["schedule"] for row in found["fired"]] == ["hourly", "hourly"]
    for url, method, status in (("2h", "GET", 405), ("soon", "POST", 400)):
        request = urllib.request.Request(f"{emulator.endpoint}/_advance?by={url}", method=method)
        with pytest.raises(urllib.error.HTTPError) as raised:
            urllib.request.urlopen(request)
        assert raised.value.code == status
        raised.value.close()
