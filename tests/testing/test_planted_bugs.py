"""Planted bugs: the proof is turned on workflows with one mistake each, and finds every one.

The reference workflow is deployed once. A bug is planted into its definition, one of its handlers
or a queue, and taken out again; the invariants are asked in as few scenarios as find it.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import ClientError

from carnation.errors import BrokenPromiseError
from carnation.patterns.events.invariants import all_invariants
from carnation.testing.proofs import Environment, Scenario, play, prove
from tests.conftest import ROOT

pytestmark = pytest.mark.filterwarnings("default")  # the vendors' warnings are not ours

QUEUE_ONLY = {"start_seq": 0, "end_seq": 0}
ONE = {"start_seq": 1, "end_seq": 2}
WAITING = json.dumps(
    {"sequence_no": 9, "random_value": "nine", "generated_unix_time": 5, "retry_attempt": 1}
)
OTHER = json.dumps({**json.loads(WAITING), "random_value": "other"})
POISON = WAITING.replace("nine", "\\ud800").replace("9", "8")
States = dict[str, Any]


class Bug(NamedTuple):
    """A mistake: planted into the definition's states, or into a module, or into a queue.

    `scenario` says which runs find it: how many attempts of event 1 fail, what lies in the queue,
    which faults are tried.
    """

    name: str
    plant: Callable[[States], object] | None = None
    module: tuple[str, Callable[[Any, pytest.MonkeyPatch], object]] | None = None
    scenario: Mapping[str, Any] = MappingProxyType({})


def inner(states: States) -> States:
    """Return the states of one event's iteration."""
    found: States = states["ProcessEvents"]["ItemProcessor"]["States"]
    return found


def swallow(states: States, name: str) -> None:
    """Let any failure of a step be taken for its success."""
    state = inner(states)[name]
    state["Catch"] = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.swallowed",
                       "Next": state["Next"]}]  # fmt: skip


def change(path: str, value: Any) -> Callable[[States], object]:
    """Change one field of one event's iteration; None takes it away."""
    *way, last = path.split("/")

    def plant(states: States) -> None:
        body = inner(states)
        for part in way:
            body = body[int(part)] if part.isdigit() else body[part]
        if value is None:
            del body[last]
        else:
            body[last] = value

    return plant


def patch(function: str, **functions: Callable[..., Any]) -> dict[str, Any]:
    """Replace functions of a handler's module; each is given the module first."""

    def plant(module: Any, patcher: pytest.MonkeyPatch) -> None:
        for name, planted in functions.items():
            patcher.setattr(module, name, partial(planted, module))

    return {"module": (function, plant)}


def lead(attempt: int, name: str) -> Callable[[States], object]:
    """Lead an event whose attempt has failed somewhere else."""
    rule = {"Variable": "$.event.retry_attempt", "NumericEquals": attempt, "Next": name}
    return lambda states: inner(states)["AttemptsLeft"]["Choices"].insert(0, rule)


def forget_message(states: States, name: str) -> None:
    inner(states)[name]["Choices"][0]["Variable"] = "$.no_such_field"


def delete_on_receipt(module: Any, message: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = read_message(module, message)
    module.connect().delete_message(
        QueueUrl=os.environ["QUEUE_URL"], ReceiptHandle=message["ReceiptHandle"]
    )
    return found


def read_message(module: Any, message: dict[str, Any]) -> Any:
    """Read a message as the handler did before it was changed."""
    event = json.loads(message["Body"])
    if not isinstance(event, dict) or set(event) != set(module.EVENT_FIELDS):
        raise module.InvalidMessage("it is no event")
    return {"event": event, "receipt_handle": message["ReceiptHandle"]}


def reset_attempts(module: Any, message: dict[str, Any]) -> Any:
    item = read_message(module, message)
    return {**item, "event": {**item["event"], "retry_attempt": 0}}


def refuse_third(module: Any, message: dict[str, Any]) -> Any:
    item = read_message(module, message)
    if item["event"]["retry_attempt"] > 2:
        raise module.InvalidMessage("it was tried often enough")
    return item


def drop(module: Any, sqs: Any, message: dict[str, Any], reason: str) -> None:
    sqs.delete_message(QueueUrl=os.environ["QUEUE_URL"], ReceiptHandle=message["ReceiptHandle"])


def delete_then_send(module: Any, sqs: Any, message: dict[str, Any], reason: str) -> None:
    drop(module, sqs, message, reason)
    sqs.send_message(QueueUrl=os.environ["DEAD_LETTER_QUEUE_URL"], MessageBody=message["Body"])


def only_wait(module: Any, event: Any, context: Any) -> Any:
    """Make no new events where some wait."""
    start, end = module.read_range(event)
    waiting = list(module.receive_items(module.Payload(), context))
    return {"events": waiting or module.make_items(start, end, 1)}


def put(module: Any, event: dict[str, Any], context: Any, **condition: Any) -> Any:
    table = os.environ["TABLE_NAME"]
    module.connect().put_item(TableName=table, Item=module.make_item(event, 1), **condition)
    return {"sequence_no": event["sequence_no"], "written": True}


def put_and_hope(module: Any, event: dict[str, Any], context: Any) -> Any:
    """Take any refusal of the table for what was there before."""
    with contextlib.suppress(ClientError):
        put(module, event, context, ConditionExpression="attribute_not_exists(sequenceNo)")
    return {"sequence_no": event["sequence_no"], "written": False}


def make_short(module: Any, event: dict[str, Any], now: int) -> dict[str, Any]:
    item: dict[str, Any] = {
        "sequenceNo": {"N": str(event["sequence_no"])},
        "generatedUnixTime": {"N": str(event["generated_unix_time"])},
        "randomStringValue": {"S": event["random_value"][:2]},
    }
    return item


ALL_FAIL = {"fails": {1: 4}, "kinds": ["stop"]}
QUEUED = {"queued": [WAITING], "kinds": ["stop"]}
COUNT = "PutInQueue/Parameters/MessageBody/retry_attempt.$"
COLLECT, PROCESS = "CollectEventsFunction", "ProcessEventFunction"
BUGS = (
    Bug("a failed send to the queue is swallowed", lambda each: swallow(each, "PutInQueue"),
        scenario={"fails": {1: 1}, "kinds": ["throttle"], "times": 2}),
    Bug("a failed send to the dead letters is swallowed",
        lambda each: swallow(each, "PutInDeadLetters"),
        scenario={"fails": {1: 4}, "kinds": ["throttle"], "times": 2}),
    Bug("a failed attempt is taken for success", lead(0, "WasQueued"), scenario=ALL_FAIL),
    Bug("dead after the second retry",
        change("AttemptsLeft/Choices/1/NumericGreaterThanEquals", 2), scenario=ALL_FAIL),
    Bug("never given up", change("AttemptsLeft/Choices/1/NumericGreaterThanEquals", 99),
        scenario={"fails": {1: 9}, "kinds": ["stop"]}),
    Bug("an attempt is not counted", change(COUNT, "$.event.retry_attempt"),
        scenario={"fails": {1: 99}, "kinds": ["stop"]}),
    Bug("an attempt is counted twice", change(COUNT, "States.MathAdd($.event.retry_attempt, 2)"),
        scenario=ALL_FAIL),
    Bug("the message of a written event stays", lambda each: forget_message(each, "WasQueued"),
        scenario=QUEUED),
    Bug("the message of a failed event stays", lambda each: forget_message(each, "HadMessage"),
        scenario={**QUEUED, "fails": {9: 2}}),
    Bug("another value is sent",
        change("PutInQueue/Parameters/MessageBody/random_value.$", "$$.Execution.Name"),
        scenario={"fails": {1: 1}, "kinds": ["stop"]}),
    Bug("another time is sent",
        change("PutInQueue/Parameters/MessageBody/generated_unix_time.$", "$.event.sequence_no"),
        scenario={"fails": {1: 1}, "kinds": ["stop"]}),
    Bug("what is to be tried again goes to the dead letters", lead(1, "PutInDeadLetters"),
        scenario=ALL_FAIL),
    Bug("dead letters go to the queue", change("AttemptsLeft/Choices/1/Next", "PutInQueue"),
        scenario={"fails": {1: 9}, "kinds": ["stop"]}),
    Bug("what a handler gives replaces the event", change("ProcessEvent/ResultPath", "$"),
        scenario=QUEUED),
    Bug("what is new is left in a message that it does not have",
        change("AttemptsLeft/Choices/0/And/0/IsPresent", False), scenario={"fails": {1: 1}}),
    Bug("an event is left in a message that may be over",
        **patch(COLLECT, find_end=lambda module, message: {"kept_until": "2999-01-01T00:00:00Z"}),
        scenario={"queued": [WAITING], "fails": {9: 99}, "kinds": ["stop"]}),
    Bug("what an error says replaces the event",
        change("ProcessEvent/Catch/1/ResultPath", "$"), scenario=ALL_FAIL),
    Bug("the wrong queue's message is deleted",
        change("DeleteMessage/Parameters/QueueUrl", "https://sqs.us-east-1.amazonaws.com/1/none"),
        scenario=QUEUED),
    Bug("nothing catches a failure", change("ProcessEvent/Catch/1/ErrorEquals", ["Odd"]),
        scenario=ALL_FAIL),
    Bug("deleted when it is received", **patch(COLLECT, read_message=delete_on_receipt),
        scenario={"queued": [WAITING], "kinds": ["crash"]}),
    Bug("attempts begin anew when they are received",
        **patch(COLLECT, read_message=reset_attempts),
        scenario={"fails": {1: 99}, "kinds": ["stop"]}),
    Bug("the third retry is refused", **patch(COLLECT, read_message=refuse_third),
        scenario=ALL_FAIL),
    Bug("what is no event is thrown away", **patch(COLLECT, give_up=drop),
        scenario={"queued": ["hello"], "kinds": ["stop"]}),
    Bug("what is no event is deleted before it is sent", **patch(COLLECT, give_up=delete_then_send),
        scenario={"queued": ["hello"], "kinds": ["crash"]}),
    Bug("half a character is handed on", **patch(COLLECT, is_writable=lambda module, text: True),
        scenario={"queued": [POISON, WAITING], "kinds": ["stop"]}),
    Bug("nothing new is made while something waits", **patch(COLLECT, handle=only_wait),
        scenario=QUEUED),
    Bug("written without a condition", **patch(PROCESS, handle=put),
        scenario={"kinds": ["duplicate", "lose"]}),
    Bug("a refusal of the table is taken for success", **patch(PROCESS, handle=put_and_hope),
        scenario={"kinds": ["throttle"], "times": 9}),
    Bug("a conflict is taken for success",
        **patch(PROCESS, reject_other_event=lambda module, event, item: None),
        scenario={"queued": [WAITING, OTHER], "kinds": ["stop"]}),
    Bug("a value is cut off", **patch(PROCESS, make_item=make_short), scenario=QUEUED),
)  # fmt: skip


@pytest.fixture(scope="module")
def world() -> Iterator[Environment]:
    with Environment("carnation", str(ROOT)) as opened:
        arn = opened.outputs["StateMachineArn"]
        plain = ":".join(arn.split(":")[:7])
        opened.outputs = {**opened.outputs, "StateMachineArn": plain}
        yield opened


def read_definition(world: Environment) -> dict[str, Any]:
    states = world.emulator.client("stepfunctions")
    found = states.describe_state_machine(stateMachineArn=world.outputs["StateMachineArn"])
    definition: dict[str, Any] = json.loads(found["definition"])
    return definition


def write_definition(world: Environment, definition: dict[str, Any]) -> None:
    world.emulator.client("stepfunctions").update_state_machine(
        stateMachineArn=world.outputs["StateMachineArn"], definition=json.dumps(definition)
    )


def load_module(world: Environment, definition: dict[str, Any], function: str) -> Any:
    states = definition["States"]
    task = states["CollectEvents"] if function == COLLECT else inner(states)["ProcessEvent"]
    *_, name, version = task["Parameters"]["FunctionName"].split(":")
    return world.emulator.load_handler(name, version)


@pytest.mark.parametrize("bug", BUGS, ids=[bug.name for bug in BUGS])
def test_a_planted_bug_is_found(
    bug: Bug, world: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read_definition(world)
    planted = json.loads(json.dumps(before))
    if bug.plant:
        bug.plant(planted["States"])
        assert planted != before
    if bug.module:
        function, plant = bug.module
        plant(load_module(world, before, function), monkeypatch)
    write_definition(world, planted)
    try:
        with pytest.raises(BrokenPromiseError):
            prove(world, all_invariants, [ONE], then=QUEUE_ONLY, **bug.scenario)
    finally:
        write_definition(world, before)


def test_without_a_bug_the_same_scenarios_hold(world: Environment) -> None:
    assert len(BUGS) >= 20
    for bug in BUGS:
        fails, queued = bug.scenario.get("fails", {}), tuple(bug.scenario.get("queued", ()))
        play(world, Scenario((ONE,), fails=fails, queued=queued), all_invariants, QUEUE_ONLY)
