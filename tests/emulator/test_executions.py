"""Executions on the local emulator: how they end, what they wait, what is caught, what is kept."""

from __future__ import annotations

import gc
import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from carnation.emulator import Emulator, FunctionError
from carnation.emulator.interpreter.api import records
from carnation.emulator.interpreter.executions import EmulatedExecution
from carnation.engine import Execution, item_reader
from carnation.engine.fibers import Fiber
from carnation.errors import EmulatorError
from tests.emulator.test_emulator import ROLE as MACHINE_ROLE
from tests.emulator.test_emulator import chain, make_function, make_machine, task
from tests.emulator.test_stacks import ROLE, ROLE_ARN, deploy


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(in_process=True) as opened:
        yield opened


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """Return a name that no other test uses."""
    return re.sub("[^a-z0-9]+", "-", request.node.name.lower())[-60:].strip("-")


def types_of(execution: Any) -> list[str]:
    return [event["type"] for event in execution.history]


def test_an_execution_gives_its_output_and_its_history(emulator: Emulator, name: str) -> None:
    arn = make_machine(emulator, chain(P={"Type": "Pass", "Result": {"a": 1}}), name)
    seen: list[str] = []
    raw: list[str] = []
    done = emulator.execute(
        arn, {}, on_progress=lambda event: seen.append(event["type"]),
        on_event=lambda event: raw.append(event.type),
    )  # fmt: skip
    assert (done.status, done.output, done.error, done.cause) == ("SUCCEEDED", {"a": 1}, None, None)
    assert types_of(done) == [
        "ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded",
    ]  # fmt: skip
    # ExecutionStarted is written before anybody can watch
    assert seen[-3:] == raw[-3:] == types_of(done)[1:]


def test_waits_and_retries_cost_no_time_and_are_recorded(emulator: Emulator, name: str) -> None:
    retry = [{"ErrorEquals": ["Flaky"], "IntervalSeconds": 100, "MaxAttempts": 2}]
    make_function(emulator, name, "def handle(e, c): return 'fine'")
    states = chain(W={"Type": "Wait", "Seconds": 5000}, T=task(name, Retry=retry))
    arn = make_machine(emulator, states, name)
    fails = iter([FunctionError("Flaky"), FunctionError("Flaky")])
    with emulator.intercept(before_invoke=lambda *_: next(fails, None)):
        done = emulator.execute(arn, {})
    assert (done.status, done.output) == ("SUCCEEDED", "fine")
    assert done.waited == 5000 + 100 + 200
    assert done.seconds < 60


def test_an_execution_that_waits_beyond_its_timeout_times_out(
    emulator: Emulator, name: str
) -> None:
    wait = {"Type": "Wait", "Seconds": 40}
    definition = {**chain(A=wait, B=dict(wait)), "TimeoutSeconds": 60}
    done = emulator.execute(make_machine(emulator, definition, name), {})
    assert done.status == "TIMED_OUT"
    assert types_of(done)[-1] == "ExecutionTimedOut"
    entered = [
        e["stateEnteredEventDetails"]["name"] for e in done.history if "Entered" in e["type"]
    ]
    assert entered == ["A", "B"]


def test_an_execution_that_works_beyond_its_timeout_times_out(
    emulator: Emulator, name: str
) -> None:
    make_function(emulator, name, "import time\ndef handle(e, c): time.sleep(1.5)")
    definition = {**chain(T=task(name)), "TimeoutSeconds": 1}
    done = emulator.execute(make_machine(emulator, definition, name), {})
    assert done.status == "TIMED_OUT"


def test_a_task_that_takes_longer_than_it_may_is_caught_as_a_timeout(
    emulator: Emulator, name: str
) -> None:
    make_function(emulator, name, "import time\ndef handle(e, c): time.sleep(1.5)")
    catch = [{"ErrorEquals": ["States.Timeout"], "Next": "C"}]
    states = chain(
        T=task(name, TimeoutSeconds=1, Catch=catch, End=True), C={"Type": "Pass", "Result": "late"}
    )
    done = emulator.execute(make_machine(emulator, states, name), {})
    assert (done.status, done.output) == ("SUCCEEDED", "late")


def test_a_task_with_a_timeout_that_fails_in_time_gives_its_own_error(
    emulator: Emulator, name: str
) -> None:
    make_function(emulator, name, "def handle(e, c): raise KeyError('k')")
    arn = make_machine(emulator, chain(T=task(name, TimeoutSeconds=60)), name)
    done = emulator.execute(arn, {})
    assert (done.status, done.error) == ("FAILED", "KeyError")
    assert json.loads(done.cause or "")["errorMessage"] == "'k'"


def test_a_stopped_execution_says_why_and_enters_no_further_state(
    emulator: Emulator, name: str
) -> None:
    make_function(emulator, name, "def handle(e, c): return 1")
    arn = make_machine(emulator, chain(T=task(name), After={"Type": "Pass"}), name)
    started: list[str] = []

    def stop(function: str, payload: Any) -> None:
        while not started:
            time.sleep(0.01)
        emulator.stop(started[0], error="Operator", cause="enough")

    with emulator.intercept(before_invoke=stop):
        started.append(emulator.start(arn, {}))
        done = emulator.wait(started[0])
    assert (done.status, done.error, done.cause) == ("ABORTED", "Operator", "enough")
    assert types_of(done)[-1] == "ExecutionAborted"
    assert done.history[-1]["executionAbortedEventDetails"] == {
        "error": "Operator", "cause": "enough",
    }  # fmt: skip
    assert not [
        e for e in done.history if e.get("stateEnteredEventDetails", {}).get("name") == "After"
    ]
    emulator.stop(done.arn, error="Late")
    emulator.time_out(done.arn)
    assert emulator.wait(done.arn).error == "Operator"


def test_an_execution_can_be_ended_as_its_timeout_would(emulator: Emulator, name: str) -> None:
    make_function(emulator, name, "def handle(e, c): return 1")
    arn = make_machine(emulator, chain(T=task(name), After={"Type": "Pass"}), name)
    started: list[str] = []

    def end(function: str, payload: Any) -> None:
        while not started:
            time.sleep(0.01)
        emulator.time_out(started[0])

    with emulator.intercept(before_invoke=end):
        started.append(emulator.start(arn, {}))
        assert emulator.wait(started[0]).status == "TIMED_OUT"


def test_an_execution_that_does_nothing_is_stopped_and_says_what_it_waits_for(
    emulator: Emulator, name: str
) -> None:
    make_function(emulator, name, "import time\ndef handle(e, c): time.sleep(1.5)")
    arn = make_machine(emulator, chain(Slow=task(name)), name)
    with pytest.raises(
        EmulatorError, match=rf"it waits in 'Slow'\. Running: {name}\. It was stopped"
    ):
        emulator.execute(arn, {}, limit=0.6)


def test_a_clients_own_view_of_an_execution(emulator: Emulator, name: str) -> None:
    arn = make_machine(emulator, chain(P={"Type": "Pass"}), name)
    execution = emulator.start(arn, {"a": 1}, name="once")
    emulator.wait(execution)
    client = emulator.client("stepfunctions")
    described = client.describe_execution(executionArn=execution)
    assert (described["status"], json.loads(described["output"])) == ("SUCCEEDED", {"a": 1})
    history = client.get_execution_history(executionArn=execution)["events"]
    assert [event["type"] for event in history][-1] == "ExecutionSucceeded"
    with pytest.raises(EmulatorError, match="could not be started: .*ExecutionAlreadyExists"):
        emulator.start(arn, {"a": 2}, name="once")
    with pytest.raises(EmulatorError, match="not found in this emulator"):
        emulator.wait(execution + "-x")


@pytest.mark.parametrize("limits", [{"MAX_EXECUTIONS": 2}, {"MAX_EVENTS": 8}])
def test_executions_of_long_ago_are_forgotten_by_name(
    emulator: Emulator, name: str, limits: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = make_machine(emulator, chain(P={"Type": "Pass"}), name)
    for limit, value in {"_LOOKED_AFTER": 1, **limits}.items():
        monkeypatch.setattr(records, limit, value)
    runs = [emulator.execute(arn, {}).arn for _ in range(4)]
    assert [emulator.wait(run).status for run in runs[2:]] == ["SUCCEEDED"] * 2
    with pytest.raises(EmulatorError, match="not found in this emulator .*has forgotten"):
        emulator.wait(runs[0])
    with pytest.raises(ClientError, match="ExecutionDoesNotExist.* has forgotten"):
        emulator.client("stepfunctions").describe_execution(executionArn=runs[1])


def test_a_client_lists_executions_and_events_page_by_page_the_newest_first(
    emulator: Emulator, name: str
) -> None:
    arn = make_machine(emulator, chain(P={"Type": "Pass"}, F={"Type": "Fail"}), name)
    for number in range(3):
        emulator.wait(emulator.start(arn, {}, name=f"n{number}"))
    client = emulator.client("stepfunctions")
    first = client.list_executions(stateMachineArn=arn, maxResults=2)
    assert [found["name"] for found in first["executions"]] == ["n2", "n1"]
    rest = client.list_executions(stateMachineArn=arn, nextToken=first["nextToken"])
    assert [found["name"] for found in rest["executions"]] == ["n0"]
    assert "nextToken" not in rest
    failed = client.list_executions(stateMachineArn=arn, statusFilter="FAILED")["executions"]
    assert len(failed) == 3
    assert not client.list_executions(stateMachineArn=arn, statusFilter="RUNNING")["executions"]
    execution = failed[0]["executionArn"]
    page = client.get_execution_history(executionArn=execution, maxResults=3, reverseOrder=True)
    assert [event["id"] for event in page["events"]] == [5, 4, 3]
    page = client.get_execution_history(
        executionArn=execution, reverseOrder=True, nextToken=page["nextToken"]
    )
    assert [event["id"] for event in page["events"]] == [2, 1]


def test_a_client_sees_whether_an_execution_can_be_redriven(emulator: Emulator, name: str) -> None:
    arn = make_machine(emulator, chain(P={"Type": "Pass"}, F={"Type": "Fail"}), name)
    client = emulator.client("stepfunctions")
    failed = emulator.start(arn, {}, name="failed")
    emulator.wait(failed)
    found = client.describe_execution(executionArn=failed)
    assert (found["redriveCount"], found["redriveStatus"]) == (0, "REDRIVABLE")
    client.redrive_execution(executionArn=failed)
    emulator.wait(failed)
    found = client.describe_execution(executionArn=failed)
    assert (found["redriveCount"], found["status"]) == (1, "FAILED")
    done = emulator.start(make_machine(emulator, chain(P={"Type": "Pass"}), f"{name}-fine"), {})
    emulator.wait(done)
    found = client.describe_execution(executionArn=done)
    assert found["redriveStatus"] == "NOT_REDRIVABLE"
    assert found["redriveStatusReason"] == "Execution is SUCCEEDED and cannot be redriven"


def test_an_input_that_is_no_json_is_refused(emulator: Emulator, name: str) -> None:
    arn = make_machine(emulator, chain(P={"Type": "Pass"}), name)
    with pytest.raises(EmulatorError, match="could not be started"):
        emulator.execute(arn, "{")


def mapped(processor: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "Type": "Map",
        "ItemsPath": "$.items",
        "ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, **processor},
        **more,
    }


@pytest.mark.parametrize("concurrency", [0, 1, 7])
def test_a_map_of_more_than_a_thousand_items_keeps_their_order(
    emulator: Emulator, name: str, concurrency: int
) -> None:
    states = chain(M=mapped(chain(P={"Type": "Pass"}), MaxConcurrency=concurrency))
    items = list(range(1200))
    done = emulator.execute(make_machine(emulator, states, name), {"items": items})
    assert (done.status, done.output) == ("SUCCEEDED", items)


def test_tasks_are_performed_one_at_a_time(emulator: Emulator, name: str) -> None:
    make_function(emulator, name, "def handle(e, c): return e")
    at_work: list[int] = []
    most: list[int] = []

    def watch(function: str, payload: Any) -> None:
        at_work.append(payload)
        time.sleep(0.02)
        most.append(len(at_work))
        at_work.remove(payload)

    arn = make_machine(emulator, chain(M=mapped(chain(T=task(name)))), name)
    with emulator.intercept(before_invoke=watch):
        assert emulator.execute(arn, {"items": list(range(120))}).status == "SUCCEEDED"
    # the engine performs one task at a time, in an order that its seed decides
    assert max(most) == 1
    assert len(most) == 120


def test_an_empty_map_is_done_at_once(emulator: Emulator, name: str) -> None:
    arn = make_machine(emulator, chain(M=mapped(chain(P={"Type": "Pass"}))), name)
    assert emulator.execute(arn, {"items": []}).output == []


def test_a_map_whose_iteration_fails_fails_with_its_error(emulator: Emulator, name: str) -> None:
    fail = {"Type": "Fail", "Error": "Mine", "Cause": "because"}
    arn = make_machine(emulator, chain(M=mapped({"StartAt": "F", "States": {"F": fail}})), name)
    done = emulator.execute(arn, {"items": [1, 2]})
    assert (done.status, done.error, done.cause) == ("FAILED", "Mine", "because")
    assert "MapIterationFailed" in types_of(done)


def test_an_iterations_runtime_error_is_not_caught_by_states_all(
    emulator: Emulator, name: str
) -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "C"}]
    bad = chain(P={"Type": "Pass", "InputPath": "$.not.there"})
    states = chain(M=mapped(bad, Catch=catch, End=True), C={"Type": "Pass"})
    done = emulator.execute(make_machine(emulator, states, name), {"items": [{}]})
    assert (done.status, done.error) == ("FAILED", "States.Runtime")


@pytest.mark.parametrize(
    ("equals", "error", "caught"),
    [
        (["States.ALL"], "Mine", True),
        (["States.TaskFailed"], "Mine", True),
        (["Mine"], "Mine", True),
        (["Other"], "Mine", False),
    ],
)
def test_what_a_catcher_catches(
    emulator: Emulator, name: str, equals: list[str], error: str, caught: bool
) -> None:
    make_function(emulator, name, "def handle(e, c): return 1")
    catch = [{"ErrorEquals": equals, "Next": "C"}]
    states = chain(T=task(name, Catch=catch, End=True), C={"Type": "Pass", "Result": "caught"})
    arn = make_machine(emulator, states, name)
    with emulator.intercept(before_invoke=lambda *_: FunctionError(error)):
        done = emulator.execute(arn, {})
    assert (done.output == "caught") is caught


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$.list[?(@.x)]", []),
        ("$.list[?(@.y)]", [{"y": 1}]),
        ("$.list[*].y", [1]),
        ("$.list[0].y", 1),
        ("$.list[0:1]", [{"y": 1}]),
        ("$.list[*].z[0]", [2]),
    ],
)
def test_a_path_that_may_match_several_places_gives_a_list(
    emulator: Emulator, name: str, path: str, value: Any
) -> None:
    states = chain(P={"Type": "Pass", "Parameters": {"value.$": path}})
    done = emulator.execute(make_machine(emulator, states, name), {"list": [{"y": 1}, {"z": [2]}]})
    assert (done.status, done.output) == ("SUCCEEDED", {"value": value})


def test_the_history_ends_where_that_of_aws_does(emulator: Emulator, name: str) -> None:
    loop = {
        "StartAt": "A",
        "States": {
            "A": {"Type": "Pass", "Next": "B"},
            "B": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.stop", "IsPresent": True, "Next": "C"}],
                "Default": "A",
            },
            "C": {"Type": "Succeed"},
        },
    }
    done = emulator.execute(make_machine(emulator, loop, name), {})
    assert (done.status, done.error) == ("FAILED", "States.Runtime")
    assert "25000" in (done.cause or "")
    assert len(done.history) == 25_000


def test_a_definition_that_cannot_be_read_leaves_the_next_one_unharmed(
    emulator: Emulator, name: str
) -> None:
    broken = {**chain(P={"Type": "Pass"}), "QueryLanguage": "JSONata", "Nothing": 1}
    with pytest.raises(ClientError, match="InvalidDefinition.*SCHEMA_VALIDATION_FAILED"):
        make_machine(emulator, {**broken, "States": 1}, name + "1")
    fine = chain(P={"Type": "Pass", "Parameters": {"a.$": "$.b"}})
    done = emulator.execute(make_machine(emulator, fine, name + "2"), {"b": 1})
    assert done.output == {"a": 1}


PASS = chain(P={"Type": "Pass"})


def test_jsonata_variables_and_a_distributed_map_run(emulator: Emulator, name: str) -> None:
    make_function(
        emulator, name, "def handle(e, c):\n    if e == 2: raise KeyError(e)\n    return e"
    )
    invoke = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": name, "Payload": "{% $states.input %}"},
        "Output": "{% $states.result.Payload %}",
        "End": True,
    }
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "T",
        "States": {"T": invoke},
    }
    each = {
        "Type": "Map",
        "Items": "{% $items %}",
        "ItemProcessor": processor,
        "ToleratedFailureCount": 1,
    }
    states = chain(A={"Type": "Pass", "Assign": {"items": "{% [1, 2, 3] %}"}}, M=each)
    arn = make_machine(emulator, {**states, "QueryLanguage": "JSONata"}, name)
    done = emulator.execute(arn, {})
    assert (done.status, done.output) == ("SUCCEEDED", [1, 3])
    client = emulator.client("stepfunctions")
    (listed,) = client.list_map_runs(executionArn=done.arn)["mapRuns"]
    described = client.describe_map_run(mapRunArn=listed["mapRunArn"])
    assert described["status"] == "SUCCEEDED"
    counts = described["itemCounts"]
    assert (counts["total"], counts["succeeded"], counts["failed"]) == (3, 2, 1)
    with pytest.raises(ClientError, match="Map Run has completed"):
        client.update_map_run(mapRunArn=listed["mapRunArn"], maxConcurrency=2)
    children = client.list_executions(mapRunArn=listed["mapRunArn"])["executions"]
    assert sorted(child["status"] for child in children) == ["FAILED", "SUCCEEDED", "SUCCEEDED"]
    child = client.describe_execution(executionArn=children[-1]["executionArn"])
    assert (child["mapRunArn"], child["input"], child["output"]) == (listed["mapRunArn"], "1", "1")


@pytest.mark.parametrize("version", ["", ":2"])
def test_a_child_execution_is_started_and_waited_for(
    emulator: Emulator, name: str, version: str
) -> None:
    child = make_machine(emulator, chain(P={"Type": "Pass", "Result": {"a": 1}}), f"c-{name}")
    state = {
        "Type": "Task",
        "Resource": f"arn:aws:states:::states:startExecution.sync{version}",
        "Parameters": {"StateMachineArn": child, "Input": {"n.$": "$.n"}},
        "OutputPath": "$.Output",
    }
    done = emulator.execute(make_machine(emulator, chain(T=state), name), {"n": 1})
    assert done.status == "SUCCEEDED", done.cause
    assert done.output == ({"a": 1} if version else '{"a":1}')


def test_a_child_execution_that_fails_fails_its_task(emulator: Emulator, name: str) -> None:
    child = make_machine(emulator, chain(F={"Type": "Fail", "Error": "Mine"}), f"c-{name}")
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": {"StateMachineArn": child},
    }
    done = emulator.execute(make_machine(emulator, chain(T=state), name), {})
    assert (done.status, done.error) == ("FAILED", "States.TaskFailed")
    assert json.loads(done.cause or "")["Error"] == "Mine"


def start_callback(emulator: Emulator, name: str) -> tuple[str, str]:
    """Start an execution that waits for an answer; gives its ARN and the token."""
    queue = emulator.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": queue, "MessageBody": {"token.$": "$$.Task.Token"}},
    }
    execution = emulator.start(make_machine(emulator, chain(T=state), name), {})
    while not (found := emulator.messages(queue)):
        time.sleep(0.01)
    token: str = json.loads(found[0].body)["token"]
    return execution, token


def test_a_callback_is_answered_through_the_api(emulator: Emulator, name: str) -> None:
    client = emulator.client("stepfunctions")
    execution, token = start_callback(emulator, name + "-1")
    client.send_task_heartbeat(taskToken=token)
    client.send_task_success(taskToken=token, output='{"ok": true}')
    assert emulator.wait(execution).output == {"ok": True}
    execution, token = start_callback(emulator, name + "-2")
    client.send_task_failure(taskToken=token, error="No", cause="because")
    done = emulator.wait(execution)
    assert (done.status, done.error, done.cause) == ("FAILED", "No", "because")
    for action in (client.send_task_heartbeat, client.send_task_failure):
        with pytest.raises(ClientError, match="InvalidToken"):
            action(taskToken="nobody")


def test_a_callback_that_nobody_answers_times_out(emulator: Emulator, name: str) -> None:
    queue = emulator.client("sqs").create_queue(QueueName=name[-40:])["QueueUrl"]
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": queue, "MessageBody": "m"},
        "TimeoutSeconds": 1,
    }
    done = emulator.execute(make_machine(emulator, chain(T=state), name), {})
    assert (done.status, done.error) == ("FAILED", "States.Timeout")


def test_a_function_is_called_by_its_arn_or_asynchronously(emulator: Emulator, name: str) -> None:
    arn = make_function(emulator, name, "def handle(e, c): return [e]")
    by_arn = {"Type": "Task", "Resource": arn, "ResultPath": "$.result"}
    event = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": name, "InvocationType": "RequestResponse", "Payload": 1},
        "OutputPath": "$.Payload",
    }
    machine = make_machine(emulator, chain(A=by_arn, B=event), name)
    done = emulator.execute(machine, {"n": 1})
    assert (done.status, done.output) == ("SUCCEEDED", [1])
    assert "LambdaFunctionSucceeded" in types_of(done)


def test_what_the_emulator_cannot_do_fails_by_name(emulator: Emulator, name: str) -> None:
    for resource, said in [
        ("ecs:runTask.sync", "cannot wait for 'arn:aws:states:::ecs:runTask.sync'"),
        ("http:invoke", "this machine only, not 'https://example.com'"),
    ]:
        parameters = {
            "TaskDefinition": "t", "ApiEndpoint": "https://example.com", "Method": "GET",
            "Authentication": {"ConnectionArn": "arn:aws:events:us-east-1:1:connection/c"},
        }  # fmt: skip
        state = {
            "Type": "Task",
            "Resource": f"arn:aws:states:::{resource}",
            "Parameters": parameters,
        }
        arn = make_machine(emulator, chain(T=state), f"{name}-{said[:6].replace(' ', '')}")
        done = emulator.execute(arn, {})
        assert (done.status, done.error) == ("FAILED", "States.Runtime")
        assert said in str(done.cause)


def test_what_the_engine_cannot_read_is_refused_when_it_is_made(
    emulator: Emulator, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(item_reader, "find_spec", lambda _: None)
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "PARQUET"},
    }
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    processor = {"ProcessorConfig": config, **PASS}
    definition = chain(M={"Type": "Map", "ItemReader": reader, "ItemProcessor": processor})
    machine = {"RoleArn": ROLE_ARN, "Definition": definition}
    resource = {"Type": "AWS::StepFunctions::StateMachine", "Properties": machine}
    with pytest.raises(EmulatorError, match="PARQUET needs pyarrow"):
        deploy(emulator, {"Role": ROLE, "Machine": resource})


def test_a_failed_execution_is_redriven_where_it_failed(emulator: Emulator, name: str) -> None:
    make_function(emulator, name, "def handle(e, c): return 'fine'")
    definition = chain(A={"Type": "Pass"}, T=task(name))
    arn = make_machine(emulator, definition, name)
    client = emulator.client("stepfunctions")
    with emulator.intercept(before_invoke=lambda *_: FunctionError("Once")):
        failed = emulator.execute(arn, {})
    assert failed.status == "FAILED"
    client.redrive_execution(executionArn=failed.arn)
    done = emulator.wait(failed.arn)
    assert (done.status, done.output) == ("SUCCEEDED", "fine")
    assert types_of(done).count("PassStateEntered") == 1
    assert "ExecutionRedriven" in types_of(done)
    with pytest.raises(ClientError, match="ExecutionNotRedrivable"):
        client.redrive_execution(executionArn=failed.arn)


def test_a_state_is_tested_through_the_api(emulator: Emulator, name: str) -> None:
    client = emulator.client("stepfunctions")
    make_function(emulator, name, "def handle(e, c): return [e]")
    found = client.test_state(
        definition=json.dumps({**task(name), "Next": "B"}),
        input='{"n": 1}',
        inspectionLevel="DEBUG",
        roleArn="arn:aws:iam::123456789012:role/r",
    )
    assert (found["status"], json.loads(found["output"])) == ("SUCCEEDED", [{"n": 1}])
    assert found["nextState"] == "B"
    assert json.loads(found["inspectionData"]["input"]) == {"n": 1}
    with pytest.raises(ClientError, match="InvalidExecutionInput"):
        client.test_state(definition='{"Type": "Pass", "End": true}', input="{")
    with pytest.raises(ClientError, match="InvalidDefinition"):
        client.test_state(definition='{"Type": "Zzz"}')


def test_a_definition_is_validated_through_the_api(emulator: Emulator) -> None:
    client = emulator.client("stepfunctions")
    good = client.validate_state_machine_definition(definition=json.dumps(PASS))
    assert good["result"] == "OK"
    bad = client.validate_state_machine_definition(definition='{"StartAt": "A"}')
    codes = [diagnostic["code"] for diagnostic in bad["diagnostics"]]
    assert (bad["result"], codes) == (
        "FAIL",
        ["SCHEMA_VALIDATION_FAILED"],
    )


def test_what_waits_on_paper_lets_a_message_become_visible(emulator: Emulator, name: str) -> None:
    sqs = emulator.client("sqs")
    url = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "600"})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="m")
    assert sqs.receive_message(QueueUrl=url)["Messages"]
    for seconds, visible in ((300, False), (301, True)):
        states = chain(W={"Type": "Wait", "Seconds": seconds})
        emulator.execute(make_machine(emulator, states, f"{name[-40:]}-{seconds}"), {})
        assert emulator.messages(url)[0].visible is visible


def test_a_client_validates_with_the_rules_and_publishes_versions(
    emulator: Emulator, name: str
) -> None:
    client = emulator.client("stepfunctions")
    dangling = chain(P={"Type": "Pass", "Next": "Nowhere"})
    answer = client.validate_state_machine_definition(definition=json.dumps(dangling))
    assert answer["result"] == "FAIL"
    first = answer["diagnostics"][0]
    assert (first["code"], first["location"]) == ("MISSING_TRANSITION_TARGET", "/States/P/Next")
    broken = client.validate_state_machine_definition(definition="{")
    assert broken["diagnostics"][0]["code"] == "INVALID_JSON_DESCRIPTION"
    arn = make_machine(emulator, PASS, name)
    versions = [
        client.publish_state_machine_version(stateMachineArn=arn)["stateMachineVersionArn"]
        for _ in range(2)
    ]
    assert versions == [f"{arn}:1", f"{arn}:1"]  # the revision is the same
    listed = client.list_state_machine_versions(stateMachineArn=arn)["stateMachineVersions"]
    assert [one["stateMachineVersionArn"] for one in listed] == versions[:1]
    with pytest.raises(ClientError, match="ConflictException"):
        client.publish_state_machine_version(stateMachineArn=arn, revisionId="another")


def test_a_definition_that_aws_would_refuse_is_refused_in_its_words(
    emulator: Emulator, name: str
) -> None:
    lonely = chain(P={"Type": "Pass", "End": True}, Lonely={"Type": "Pass"})
    with pytest.raises(ClientError, match=r'State "Lonely" is not reachable. at /States/Lonely'):
        make_machine(emulator, lonely, name)


_PASS, _WAIT = {"Type": "Pass"}, {"Type": "Wait", "Seconds": 9}
_LISTED = {**_PASS, "Result": [1, 2]}
_INNER = {"ItemProcessor": chain(X=dict(_PASS))}
_MODE = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
_CHILDREN = {"ItemProcessor": {**chain(Y=dict(_PASS)), "ProcessorConfig": _MODE}}
_BRANCHES = [chain(F1={"Type": "Fail", "Error": "E"}), chain(W2=dict(_WAIT))]
_KINDS: dict[str, dict[str, Any]] = {
    "succeeds": chain(P=dict(_PASS), W=dict(_WAIT), L=_LISTED, M={"Type": "Map", **_INNER}),
    "children": chain(L=dict(_LISTED), M={"Type": "Map", **_CHILDREN}),
    "fails": chain(P=dict(_PASS), A={"Type": "Parallel", "Branches": _BRANCHES}),
    "times-out": {**chain(W=dict(_WAIT)), "TimeoutSeconds": 1},
    "stops": chain(T={"Type": "Task", "Resource": "", "TimeoutSeconds": 600}),
}


def count_executions() -> dict[type, int]:
    """Count what was made since all was frozen, and is there still."""
    kept = (EmulatedExecution, Execution, Fiber)
    return Counter(type(one) for one in gc.get_objects() if isinstance(one, kept))


@pytest.mark.parametrize("kind", ["STANDARD", "EXPRESS"])
def test_what_is_forgotten_goes_without_a_search_for_garbage(
    emulator: Emulator, name: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = emulator.client("stepfunctions")
    activity = client.create_activity(name=f"{kind.lower()}-activity")["activityArn"]
    _KINDS["stops"]["States"]["T"]["Resource"] = activity
    standard = ("children", "stops") if kind == "EXPRESS" else ()
    machines = {
        which: client.create_state_machine(
            name=f"{kind}-{which}",
            roleArn=MACHINE_ROLE,
            type=kind,
            definition=json.dumps(definition),
        )["stateMachineArn"]
        for which, definition in _KINDS.items()
        if which not in standard
    }
    for limit, value in {"_LOOKED_AFTER": 1, "MAX_EXECUTIONS": 1}.items():
        monkeypatch.setattr(records, limit, value)

    def run_all() -> None:
        for which, machine in machines.items():
            run = emulator.start(machine, {})
            if which == "stops":
                client.stop_execution(executionArn=run)
            emulator.wait(run)

    run_all()
    gc.collect()
    gc.freeze()  # what other tests have left is neither counted nor looked through
    gc.disable()
    try:
        for _ in range(3):
            run_all()
        for _ in range(200):  # the last one's thread ends
            if (found := count_executions())[EmulatedExecution] <= 2:
                break
            time.sleep(0.01)
    finally:
        gc.enable()
    assert all(count <= 2 for count in found.values()), found
    if kind == "STANDARD":
        assert not client.get_activity_task(activityArn=activity).get("taskToken")
