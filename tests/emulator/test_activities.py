"""What a client waits for: an activity's task, and the end of a synchronous execution."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from carnation.emulator import Emulator
from tests.emulator.test_emulator import ROLE as ROLE_ARN
from tests.emulator.test_emulator import chain, make_machine


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(in_process=True) as opened:
        yield opened


@pytest.fixture
def states(emulator: Emulator) -> Any:
    return emulator.client("stepfunctions")


@pytest.fixture
def activity(states: Any, request: pytest.FixtureRequest) -> str:
    arn: str = states.create_activity(name=request.node.name[-60:])["activityArn"]
    return arn


def work(activity: str, **fields: Any) -> dict[str, Any]:
    return chain(A={"Type": "Task", "Resource": activity, **fields})


def take(states: Any, activity: str) -> dict[str, Any]:
    """Take the next task; the execution may not have come to it yet."""
    for _ in range(20):
        found: dict[str, Any] = states.get_activity_task(activityArn=activity, workerName="me")
        if found.get("taskToken"):
            return found
    raise AssertionError("no task came")


def types_of(execution: Any) -> list[str]:
    return [event["type"] for event in execution.history]


def test_a_worker_receives_a_task_and_answers(
    emulator: Emulator, states: Any, activity: str
) -> None:
    arn = emulator.start(make_machine(emulator, work(activity), "worker-answers"), {"n": 1})
    found = take(states, activity)
    assert json.loads(found["input"]) == {"n": 1}
    states.send_task_heartbeat(taskToken=found["taskToken"])
    states.send_task_success(taskToken=found["taskToken"], output='{"n": 2}')
    done = emulator.wait(arn)
    assert (done.status, done.output) == ("SUCCEEDED", {"n": 2})
    assert types_of(done)[2:5] == ["ActivityScheduled", "ActivityStarted", "ActivitySucceeded"]
    started = next(event for event in done.history if event["type"] == "ActivityStarted")
    assert started["activityStartedEventDetails"] == {"workerName": "me"}


def test_a_worker_waits_for_the_task(emulator: Emulator, states: Any, activity: str) -> None:
    found: list[Any] = []
    worker = threading.Thread(target=lambda: found.append(take(states, activity)))
    worker.start()
    arn = emulator.start(make_machine(emulator, work(activity), "worker-waits"), {})
    worker.join(20)
    states.send_task_failure(taskToken=found[0]["taskToken"], error="Broken", cause="dropped")
    done = emulator.wait(arn)
    assert (done.status, done.error, done.cause) == ("FAILED", "Broken", "dropped")


def test_where_there_is_no_task_the_answer_is_empty(states: Any, activity: str) -> None:
    assert "taskToken" not in states.get_activity_task(activityArn=activity)


def test_a_task_of_an_execution_that_has_ended_is_not_given(
    emulator: Emulator, states: Any, activity: str
) -> None:
    machine = make_machine(emulator, work(activity), "worker-late")
    stopped = emulator.start(machine, {"n": 1})
    while "ActivityScheduled" not in [
        event["type"] for event in states.get_execution_history(executionArn=stopped)["events"]
    ]:
        pass
    emulator.stop(stopped)
    arn = emulator.start(machine, {"n": 2})
    found = take(states, activity)
    assert json.loads(found["input"]) == {"n": 2}
    states.send_task_success(taskToken=found["taskToken"], output="{}")
    assert emulator.wait(arn).status == "SUCCEEDED"


def test_an_activity_that_is_not_there_is_refused(states: Any) -> None:
    with pytest.raises(ClientError, match="ActivityDoesNotExist"):
        states.get_activity_task(
            activityArn="arn:aws:states:us-east-1:123456789012:activity:nobody"
        )


def make_express(states: Any, name: str, definition: dict[str, Any], kind: str = "EXPRESS") -> str:
    arn: str = states.create_state_machine(
        name=name, definition=json.dumps(definition), roleArn=ROLE_ARN, type=kind
    )["stateMachineArn"]
    return arn


def test_a_synchronous_execution_is_waited_for(states: Any) -> None:
    arn = make_express(states, "sync", chain(W={"Type": "Wait", "Seconds": 3}))
    found = states.start_sync_execution(stateMachineArn=arn, name="one", input='{"n": 1}')
    assert (found["status"], json.loads(found["output"])) == ("SUCCEEDED", {"n": 1})
    assert (found["name"], json.loads(found["input"])) == ("one", {"n": 1})
    assert found["billingDetails"]["billedDurationInMilliseconds"] >= 3000
    assert found["startDate"] <= found["stopDate"]


def test_a_synchronous_execution_that_fails_says_why(states: Any) -> None:
    definition = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E", "Cause": "c"}}}
    found = states.start_sync_execution(stateMachineArn=make_express(states, "sync-f", definition))
    assert (found["status"], found["error"], found["cause"]) == ("FAILED", "E", "c")
    assert "output" not in found


def test_a_standard_machine_is_not_run_synchronously(states: Any) -> None:
    arn = make_express(states, "sync-s", chain(P={"Type": "Pass"}), "STANDARD")
    with pytest.raises(ClientError, match="StateMachineTypeNotSupported"):
        states.start_sync_execution(stateMachineArn=arn)
