"""Executions on the embedded AWS: how they end, what they wait, what is caught, what is kept."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from carnation.emulator import Emulator, FunctionError
from carnation.errors import EmulatorError
from tests.test_emulator import chain, make_function, make_machine, task
from tests.test_emulator_stacks import ROLE, ROLE_ARN, deploy


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(in_process=True) as opened:
        yield opened


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """Give a name that no other test uses."""
    return re.sub("[^a-z0-9]+", "-", request.node.name.lower())[-60:].strip("-")


def types_of(execution: Any) -> list[str]:
    return [event["type"] for event in execution.history]


def test_an_execution_gives_its_output_and_its_history(emulator: Emulator, name: str) -> None:
    arn = make_machine(emulator, chain(P={"Type": "Pass", "Result": {"a": 1}}), name)
    seen: list[str] = []
    done = emulator.execute(arn, {}, on_progress=lambda event: seen.append(event["type"]))
    assert (done.status, done.output, done.error, done.cause) == ("SUCCEEDED", {"a": 1}, None, None)
    assert types_of(done) == [
        "ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded",
    ]  # fmt: skip
    # ExecutionStarted is written before anybody can watch
    assert seen[-3:] == types_of(done)[1:]


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
    make_function(emulator, name, "import time\ndef handle(e, c): time.sleep(3)")
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
    with pytest.raises(EmulatorError, match="there is no execution"):
        emulator.wait(execution + "-x")


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


def test_at_most_forty_iterations_run_at_once(emulator: Emulator, name: str) -> None:
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
    assert 1 < max(most) <= 40


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
        ("$.list[*].z[0]", 2),
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
        "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}},
    }
    done = emulator.execute(make_machine(emulator, loop, name), {})
    assert (done.status, done.error) == ("FAILED", "States.Runtime")
    assert "25000" in (done.cause or "")
    assert len(done.history) == 25_000


def test_a_definition_that_cannot_be_read_leaves_the_next_one_unharmed(
    emulator: Emulator, name: str
) -> None:
    broken = {**chain(P={"Type": "Pass"}), "QueryLanguage": "JSONata", "Nothing": 1}
    with pytest.raises(ClientError, match="mismatched input"):
        make_machine(emulator, {**broken, "States": 1}, name + "1")
    fine = chain(P={"Type": "Pass", "Parameters": {"a.$": "$.b"}})
    done = emulator.execute(make_machine(emulator, fine, name + "2"), {"b": 1})
    assert done.output == {"a": 1}


PASS = chain(P={"Type": "Pass"})


@pytest.mark.parametrize(
    ("definition", "named"),
    [
        ({**PASS, "QueryLanguage": "JSONata"}, "the machine's JSONata"),
        (chain(P={"Type": "Pass", "QueryLanguage": "JSONata"}), "the JSONata of state 'P'"),
        (chain(P={"Type": "Pass", "Assign": {"x": 1}}), r"the variables \(Assign\) of state 'P'"),
        (
            chain(M=mapped({"ProcessorConfig": {"Mode": "DISTRIBUTED"}, **PASS})),
            "the distributed Map of state 'M'",
        ),
        (
            chain(M=mapped(PASS, ToleratedFailureCount=1)),
            "the ToleratedFailureCount of state 'M'",
        ),
        (
            chain(T={"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2"}),
            "the child execution of state 'T'",
        ),
    ],
)
def test_what_would_not_run_as_on_aws_is_refused_by_name(
    emulator: Emulator, name: str, definition: dict[str, Any], named: str
) -> None:
    machine = {"RoleArn": ROLE_ARN, "Definition": definition}
    resource = {"Type": "AWS::StepFunctions::StateMachine", "Properties": machine}
    with pytest.raises(EmulatorError, match=f"the emulator cannot run {named} as AWS does"):
        deploy(emulator, {"Role": ROLE, "Machine": resource})


def test_what_would_not_run_as_on_aws_is_not_started_either(emulator: Emulator, name: str) -> None:
    arn = make_machine(emulator, chain(P={"Type": "Pass", "Assign": {"x": 1}}), name)
    with pytest.raises(EmulatorError, match="cannot run the variables"):
        emulator.start(arn, {})
