"""Events arrive: rules, schedules, uploads and pipes reach state machines and other targets."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from carnation.emulator import Emulator
from carnation.emulator.events.patterns import matches
from carnation.emulator.events.pipes import Pipes
from carnation.errors import EmulatorError
from tests.emulator.test_cloudformation_kinds import MACHINE, QUEUE, ROLE, arn, of, ref


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(in_process=True) as opened:
        yield opened


def deploy(emulator: Emulator, resources: dict[str, Any]) -> dict[str, str]:
    """Deploy resources; gives their physical IDs."""
    made = emulator.deploy("s", {"t": json.dumps({"Resources": resources}).encode()}, "t", {})
    return dict(made.resources["s"])


def wait_for(read: Callable[[], Any]) -> Any:
    """Wait until something is there."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        found = read()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("nothing arrived")


def list_inputs(emulator: Emulator, machine: str) -> list[Any]:
    sfn = emulator.client("stepfunctions")
    rows = sfn.list_executions(stateMachineArn=machine)["executions"]
    return [
        json.loads(sfn.describe_execution(executionArn=row["executionArn"])["input"])
        for row in rows
    ]


@pytest.mark.parametrize(
    ("rule", "value", "expected"),
    [
        (["a"], "a", True),
        (["a"], ["b", "a"], True),
        ([1], 1.0, True),
        ([1], "1", False),
        ([None], None, True),
        ([{"prefix": "a"}], "ab", True),
        ([{"prefix": {"equals-ignore-case": "A"}}], "ab", True),
        ([{"suffix": ".csv"}], "x.csv", True),
        ([{"equals-ignore-case": "ABC"}], "abc", True),
        ([{"anything-but": "a"}], "b", True),
        ([{"anything-but": ["a", "b"]}], "b", False),
        ([{"anything-but": {"prefix": "a"}}], "ab", False),
        ([{"numeric": [">", 0, "<=", 5]}], 5, True),
        ([{"numeric": ["<", 5]}], 5, False),
        ([{"wildcard": "a*/b*.csv"}], "a1/b2.csv", True),
        ([{"wildcard": "a\\*"}], "ab", False),
        ([{"cidr": "10.0.0.0/24"}], "10.0.0.9", True),
        ([{"exists": True}], "a", True),
        ([{"exists": False}], "a", False),
    ],
)
def test_a_pattern_matches_as_eventbridge_says(rule: Any, value: Any, expected: bool) -> None:
    assert matches({"detail": {"f": rule}}, {"detail": {"f": value}}) is expected


def test_a_pattern_over_several_fields() -> None:
    pattern = {"$or": [{"a": [1]}, {"b": [{"exists": False}]}], "c": {"d": ["x"]}}
    assert matches(pattern, {"a": 2, "c": [{"d": "y"}, {"d": "x"}]})
    assert not matches(pattern, {"a": 2, "b": 1, "c": {"d": "x"}})
    with pytest.raises(EmulatorError, match="unknown operator 'prefx'"):
        matches({"a": [{"prefx": "b"}]}, {"a": "b"})


def test_a_rule_starts_a_state_machine_with_a_transformed_input(emulator: Emulator) -> None:
    transformer = {
        "InputPathsMap": {"id": "$.detail.id", "kind": "$.detail-type"},
        "InputTemplate": '{"order": <id>, "text": "a <kind>: <id>"}',
    }
    rule = of(
        "Events::Rule",
        EventPattern={"source": ["shop"], "detail": {"id": [{"numeric": [">", 1]}]}},
        Targets=[
            {"Id": "m", "Arn": ref("Machine"), "InputTransformer": transformer},
            {"Id": "q", "Arn": arn("Queue"), "InputPath": "$.detail"},
        ],
    )  # fmt: skip
    made = deploy(emulator, {"Role": ROLE, "Machine": MACHINE, "Queue": QUEUE, "Rule": rule})
    entries = [
        {"Source": "shop", "DetailType": "Order", "Detail": json.dumps({"id": number})}
        for number in (1, 7)
    ]
    answer = emulator.client("events").put_events(Entries=entries)
    assert answer["FailedEntryCount"] == 0
    assert list_inputs(emulator, made["Machine"]) == [{"order": 7, "text": "a Order: 7"}]
    assert [message.body for message in emulator.messages(made["Queue"])] == ['{"id": 7}']
    assert emulator.undelivered == []


def test_what_cannot_be_delivered_goes_to_the_dead_letter_queue(emulator: Emulator) -> None:
    gone = "arn:aws:states:us-east-1:123456789012:stateMachine:gone"
    targets = [
        {"Id": "a", "Arn": gone, "RoleArn": arn("Role"), "DeadLetterConfig": {"Arn": arn("Queue")}},
        {"Id": "b", "Arn": gone, "RoleArn": arn("Role")},
    ]
    rule = of("Events::Rule", EventPattern={"source": ["shop"]}, Targets=targets)
    made = deploy(emulator, {"Role": ROLE, "Queue": QUEUE, "Rule": rule})
    entry = {"Source": "shop", "DetailType": "d", "Detail": "{}"}
    emulator.client("events").put_events(Entries=[entry])
    (message,) = emulator.messages(made["Queue"])
    assert json.loads(message.body)["source"] == "shop"
    assert message.attributes["TARGET_ARN"] == gone
    (said,) = emulator.undelivered
    assert gone in said


def test_an_upload_starts_a_state_machine_through_a_rule(emulator: Emulator) -> None:
    bucket = of("S3::Bucket", NotificationConfiguration={"EventBridgeConfiguration": {}})
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [ref("Bucket")]}, "object": {"key": [{"prefix": "in/"}]}},
    }
    target = {"Id": "m", "Arn": ref("Machine"), "RoleArn": arn("Role")}
    rule = of("Events::Rule", EventPattern=pattern, Targets=[target])
    made = deploy(emulator, {"Role": ROLE, "Machine": MACHINE, "Bucket": bucket, "Rule": rule})
    for key in ("out/a", "in/b"):
        emulator.client("s3").put_object(Bucket=made["Bucket"], Key=key, Body=b"x")
    (given,) = list_inputs(emulator, made["Machine"])
    assert given["detail"]["object"]["key"] == "in/b"
    assert given["time"].endswith("Z")


def test_schedules_fire_when_asked(emulator: Emulator) -> None:
    schedule = of(
        "Scheduler::Schedule", Name="nightly", ScheduleExpression="rate(1 day)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": ref("Machine"), "RoleArn": arn("Role"),
                "Input": '{"at": "<aws.scheduler.scheduled-time>"}'},
    )  # fmt: skip
    rule = of(
        "Events::Rule", Name="hourly", ScheduleExpression="rate(1 hour)",
        Targets=[{"Id": "m", "Arn": ref("Machine"), "RoleArn": arn("Role"), "Input": '{"b": 1}'}],
    )  # fmt: skip
    resources = {"Role": ROLE, "Machine": MACHINE, "Nightly": schedule, "Hourly": rule}
    made = deploy(emulator, resources)
    emulator.fire("nightly")
    emulator.fire("hourly")
    inputs = list_inputs(emulator, made["Machine"])
    assert {"b": 1} in inputs
    assert any("at" in given and given["at"].endswith("Z") for given in inputs)
    with pytest.raises(EmulatorError, match=r"'nightli' does not exist. Did you mean 'nightly'"):
        emulator.fire("nightli")


def make_pipe(**properties: Any) -> dict[str, Any]:
    parameters = {"StepFunctionStateMachineParameters": {"InvocationType": "FIRE_AND_FORGET"}}
    return of(
        "Pipes::Pipe", Target=ref("Machine"), RoleArn=arn("Role"),
        **{"TargetParameters": parameters, **properties},
    )  # fmt: skip


def test_a_pipe_delivers_filtered_messages_in_a_batch(emulator: Emulator) -> None:
    criteria = {"Filters": [{"Pattern": json.dumps({"body": {"kind": ["order"]}})}]}
    pipe = make_pipe(Source=arn("Queue"), SourceParameters={"FilterCriteria": criteria})
    made = deploy(emulator, {"Role": ROLE, "Machine": MACHINE, "Queue": QUEUE, "Pipe": pipe})
    for kind in ("order", "other"):
        body = json.dumps({"kind": kind})
        emulator.client("sqs").send_message(QueueUrl=made["Queue"], MessageBody=body)
    inputs = wait_for(lambda: list_inputs(emulator, made["Machine"]))
    assert [json.loads(row["body"]) for rows in inputs for row in rows] == [{"kind": "order"}]
    wait_for(lambda: not emulator.messages(made["Queue"]))


def test_an_express_target_that_fails_leaves_the_message_in_the_queue(emulator: Emulator) -> None:
    failing = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E"}}}
    machine = of(
        "StepFunctions::StateMachine", Definition=failing, RoleArn=arn("Role"),
        StateMachineType="EXPRESS",
    )  # fmt: skip
    waiting = {"StepFunctionStateMachineParameters": {"InvocationType": "REQUEST_RESPONSE"}}
    pipe = make_pipe(Source=arn("Queue"), TargetParameters=waiting)
    made = deploy(emulator, {"Role": ROLE, "Machine": machine, "Queue": QUEUE, "Pipe": pipe})
    emulator.client("sqs").send_message(QueueUrl=made["Queue"], MessageBody="{}")
    wait_for(lambda: emulator.undelivered)
    (message,) = emulator.messages(made["Queue"])
    assert message.receive_count == 1


def test_a_pipe_delivers_what_changes_in_a_table(emulator: Emulator) -> None:
    table = of(
        "DynamoDB::Table", BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
        StreamSpecification={"StreamViewType": "NEW_IMAGE"},
    )  # fmt: skip
    pipe = make_pipe(
        Source={"Fn::GetAtt": ["Table", "StreamArn"]},
        SourceParameters={"DynamoDBStreamParameters": {"StartingPosition": "TRIM_HORIZON"}},
    )
    made = deploy(emulator, {"Role": ROLE, "Machine": MACHINE, "Table": table, "Pipe": pipe})
    emulator.client("dynamodb").put_item(TableName=made["Table"], Item={"a": {"S": "1"}})
    ((record,),) = wait_for(lambda: list_inputs(emulator, made["Machine"]))
    assert record["dynamodb"]["NewImage"] == {"a": {"S": "1"}}


def test_a_pipe_that_is_deleted_after_it_was_listed_ends_nothing() -> None:
    class NotFoundError(Exception):
        pass

    class Client:
        exceptions = SimpleNamespace(NotFoundException=NotFoundError)
        described: ClassVar[list[str]] = []

        def list_pipes(self) -> dict[str, Any]:
            return {"Pipes": [{"Name": "deleted"}, {"Name": "stopped"}]}

        def describe_pipe(self, Name: str) -> dict[str, Any]:  # noqa: N803
            self.described.append(Name)
            if Name == "deleted":
                raise NotFoundError
            return {"DesiredState": "STOPPED"}

    client = Client()
    delivery: Any = SimpleNamespace(connect=lambda arn: lambda service: client, undelivered=[])
    Pipes(delivery, lambda: {"us-east-1"}).run_once()
    assert client.described == ["deleted", "stopped"]
    assert delivery.undelivered == []


def test_an_execution_sends_its_status_to_the_default_bus(emulator: Emulator) -> None:
    policy = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage",
                             "Resource": "*"}]}  # fmt: skip
    pattern = {"source": ["aws.states"], "detail": {"status": ["RUNNING", "FAILED", "SUCCEEDED"]}}
    made = deploy(emulator, {
        "Role": ROLE, "Machine": MACHINE, "Heard": of("SQS::Queue"),
        "Allow": of("SQS::QueuePolicy", Queues=[ref("Heard")], PolicyDocument=policy),
        "Rule": of("Events::Rule", EventPattern=pattern,
                   Targets=[{"Id": "q", "Arn": arn("Heard")}]),
    })  # fmt: skip
    ended = emulator.execute(made["Machine"], {"a": 1}, name="told")
    found = [json.loads(row.body) for row in emulator.messages(made["Heard"])]
    assert [row["detail"]["status"] for row in found] == ["RUNNING", "SUCCEEDED"]
    assert {row["detail-type"] for row in found} == {"Step Functions Execution Status Change"}
    last = found[-1]
    assert (last["resources"], last["region"]) == ([ended.arn], "us-east-1")
    assert (last["detail"]["name"], json.loads(last["detail"]["input"])) == ("told", {"a": 1})
    assert last["detail"]["outputDetails"] == {"included": True}
    assert found[0]["detail"]["stopDate"] is None
