from __future__ import annotations

from typing import Any

import pytest

from carnation.engine import (
    Execution,
    Failed,
    Pending,
    Started,
    Submitted,
    Succeeded,
    compile_definition,
)
from carnation.errors import UsageError
from tests.engine_fakes import Script, machine, run, task, types

ALL = {"ErrorEquals": ["States.ALL"]}
CALLBACK = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
ACTIVITY = "arn:aws:states:us-east-1:123456789012:activity:work"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:pay"
CAUGHT = {"Type": "Pass"}


def start(definition: dict[str, Any], port: Any, **options: Any) -> Execution:
    execution = Execution(compile_definition(definition), {}, port, **options)
    execution.run(give_up=False)
    return execution


def test_a_task_is_handed_out_with_all_that_it_needs() -> None:
    port = Script(A=Succeeded({"Payload": 1}))
    state = task(
        Parameters={"n.$": "$.n"},
        TimeoutSecondsPath="$.t",
        HeartbeatSeconds=3,
        Credentials={"RoleArn.$": "$.role"},
        ResultSelector={"p.$": "$.Payload"},
        ResultPath="$.r",
    )
    execution = run(machine(state), {"n": 1, "t": "9", "role": "r"}, port)
    assert execution.output == {"n": 1, "t": "9", "role": "r", "r": {"p": 1}}
    (asked,) = port.asked
    assert (asked.kind, asked.service, asked.action) == ("Task", "lambda", "invoke")
    assert (asked.parameters, asked.timeout, asked.heartbeat) == ({"n": 1}, 9, 3)
    assert asked.credentials == {"RoleArn": "r"}
    assert not asked.is_callback
    assert not asked.is_sync
    scheduled = execution.events[2].details
    assert scheduled["taskCredentials"] == {"roleArn": "r"}
    assert (scheduled["timeoutInSeconds"], scheduled["heartbeatInSeconds"]) == (9, 3)


def test_retries_wait_longer_each_time_and_no_longer_than_the_limit() -> None:
    retry = [{**ALL, "IntervalSeconds": 2, "BackoffRate": 3, "MaxAttempts": 4,
              "MaxDelaySeconds": 10}]  # fmt: skip
    port = Script(A=[Failed("E"), Failed("E"), Failed("E"), Failed("E"), Succeeded(1)])
    execution = run(machine(task(Retry=retry)), {}, port)
    assert execution.output == 1
    assert execution.waited == 2 + 6 + 10 + 10
    assert [asked.attempt for asked in port.asked] == [0, 1, 2, 3, 4]
    assert port.asked[3].context["State"]["RetryCount"] == 3


def test_jitter_comes_from_the_seed() -> None:
    retry = [{**ALL, "IntervalSeconds": 100, "JitterStrategy": "FULL", "MaxAttempts": 1}]
    waits = {
        run(machine(task(Retry=retry)), {}, Script(A=Failed("E")), seed=seed).waited
        for seed in (1, 1, 2)
    }
    assert len(waits) == 2
    assert all(0 <= wait <= 100 for wait in waits)


def test_each_retrier_counts_its_own_attempts() -> None:
    retry = [
        {"ErrorEquals": ["X"], "MaxAttempts": 1},
        {"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 1},
    ]
    port = Script(A=[Failed("X"), Failed("Y"), Failed("X", "last")])
    execution = run(machine(task(Retry=retry)), {}, port)
    assert (execution.status, execution.error, execution.cause) == ("FAILED", "X", "last")
    assert len(port.asked) == 3


@pytest.mark.parametrize(
    ("outcome", "names", "caught"),
    [
        (Failed("E"), ["States.ALL"], True),
        (Failed("E"), ["States.TaskFailed"], True),
        (Failed("E"), ["F"], False),
        (Failed(None), ["States.ALL"], True),
        (Failed("States.Runtime", "x"), ["States.ALL"], False),
        (Failed("States.DataLimitExceeded", "x"), ["States.ALL"], True),
        (Pending(), ["States.Timeout"], True),
        (Pending(), ["States.HeartbeatTimeout"], False),
        (Pending(), ["States.TaskFailed"], False),
        (Pending(), ["States.ALL"], True),
        (Succeeded(1, after=99), ["States.Timeout"], True),
        (Succeeded("x" * 300_000), ["States.ALL"], True),
    ],
)
def test_a_catcher_catches_what_aws_lets_it_catch(
    outcome: Any, names: list[str], caught: bool
) -> None:
    catch = [{"ErrorEquals": names, "Next": "C", "ResultPath": "$.error"}]
    states = [task(Catch=catch, TimeoutSeconds=10), {"Type": "Succeed"}, CAUGHT]
    execution = run(machine(*states), {"n": 1}, Script(A=outcome))
    assert execution.status == ("SUCCEEDED" if caught else "FAILED")
    if caught:
        assert execution.output.keys() == {"n", "error"}


def test_a_catcher_without_result_path_throws_the_input_away() -> None:
    states = [task(Catch=[{**ALL, "Next": "B"}]), CAUGHT]
    execution = run(machine(*states), {"n": 1}, Script(A=Failed("E", "c")))
    assert execution.output == {"Error": "E", "Cause": "c"}


def test_a_jsonata_catcher_assigns_and_shapes() -> None:
    catch = [{**ALL, "Next": "B", "Assign": {"e": "{% $states.errorOutput.Error %}"},
              "Output": "{% $states.input.n %}"}]  # fmt: skip
    last = {"Type": "Pass", "Output": "{% [$e, $states.input] %}"}
    definition = machine(task(Catch=catch, Next="B"), last, QueryLanguage="JSONata")
    assert run(definition, {"n": 1}, Script(A=Failed("E"))).output == ["E", 1]


def test_jsonata_shapes_arguments_results_and_timeouts() -> None:
    state = task(
        Arguments={"n": "{% $states.input.n %}"},
        TimeoutSeconds="{% $states.input.n * 2 %}",
        Assign={"v": "{% $states.result %}"},
        Output="{% $states.result + 1 %}",
    )
    port = Script(A=Succeeded(4))
    last = {"Type": "Pass", "Output": "{% [$v, $states.input] %}"}
    assert run(machine(state, last, QueryLanguage="JSONata"), {"n": 3}, port).output == [4, 5]
    assert port.asked[0].timeout == 6


def test_a_callback_waits_for_its_answer() -> None:
    state = task(Resource=CALLBACK, Parameters={"token.$": "$$.Task.Token"})
    port = Script(A=Submitted({"MessageId": "m"}))
    execution = start(machine(state), port)
    assert execution.status == "RUNNING"
    token = port.asked[0].parameters["token"]
    assert port.asked[0].is_callback
    execution.answer(token, Succeeded({"ok": True}))
    assert execution.run() == "SUCCEEDED"
    assert execution.output == {"ok": True}
    assert types(execution)[2:6] == [
        "TaskScheduled",
        "TaskStarted",
        "TaskSubmitted",
        "TaskSucceeded",
    ]
    with pytest.raises(UsageError, match="no task waits"):
        execution.answer(token, Succeeded(1))


def test_heartbeats_keep_a_callback_alive_until_they_stop() -> None:
    waiting = {
        "StartAt": "X",
        "States": {"X": task(Resource=CALLBACK, HeartbeatSeconds=10, End=True)},
    }
    ticking = {"StartAt": "Y", "States": {"Y": {"Type": "Wait", "Seconds": 8, "End": True}}}
    catch = [{"ErrorEquals": ["States.HeartbeatTimeout"], "Next": "B"}]
    both = {"Type": "Parallel", "Branches": [waiting, ticking], "Catch": catch}
    port = Script(X=Submitted({}))
    execution = start(machine(both, CAUGHT), port)
    assert execution.clock.now == 8
    execution.beat(port.asked[0].token)
    execution.run(give_up=False)
    assert execution.status == "RUNNING"
    execution.run()
    assert execution.clock.now == 18
    assert execution.output == {"Error": "States.Timeout", "Cause": ""}
    with pytest.raises(UsageError, match="no task waits"):
        execution.beat(port.asked[0].token)


def test_a_task_without_timeout_that_nobody_answers_leaves_the_execution_running() -> None:
    execution = run(machine(task(Resource=CALLBACK)), {}, Script(A=Submitted({})))
    assert execution.status == "RUNNING"


def test_an_activity_is_started_by_its_worker() -> None:
    port = Script(A=Pending())
    execution = start(machine(task(Resource=ACTIVITY)), port)
    token = port.asked[0].token
    assert types(execution)[-1] == "ActivityScheduled"
    execution.answer(token, Started("me"))
    execution.run(give_up=False)
    assert execution.events[-1].details == {"workerName": "me"}
    execution.answer(token, Succeeded(3))
    assert execution.run() == "SUCCEEDED"
    assert types(execution)[3:5] == ["ActivityStarted", "ActivitySucceeded"]


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Succeeded(1), ["ActivityStarted", "ActivitySucceeded"]),
        (Started("w", Failed("E")), ["ActivityStarted", "ActivityFailed"]),
    ],
)
def test_an_activity_may_be_answered_at_once(outcome: Any, expected: list[str]) -> None:
    execution = run(machine(task(Resource=ACTIVITY)), {}, Script(A=outcome))
    assert types(execution)[3:5] == expected


def test_a_function_has_events_of_its_own_and_takes_time() -> None:
    port = Script(A=Succeeded(1, after=2.5))
    execution = run(machine(task(Resource=FUNCTION, TimeoutSeconds=5)), {"n": 1}, port)
    assert types(execution)[2:5] == [
        "LambdaFunctionScheduled",
        "LambdaFunctionStarted",
        "LambdaFunctionSucceeded",
    ]
    assert execution.clock.now == 2.5
    slow = run(machine(task(Resource=FUNCTION, TimeoutSeconds=5)), {}, Script(A=Succeeded(1, 9)))
    assert (slow.error, slow.clock.now) == ("States.Timeout", 5)


def test_a_sync_task_submits_and_waits() -> None:
    port = Script(A=Submitted({"Id": 1}, Succeeded({"Done": True})))
    resource = "arn:aws:states:::states:startExecution.sync:2"
    execution = run(machine(task(Resource=resource)), {}, port)
    assert execution.output == {"Done": True}
    assert port.asked[0].is_sync


def test_what_cannot_be_scheduled_fails_before_it_is() -> None:
    execution = Execution(
        compile_definition(machine(task())), {}, Script(), refuse=lambda asked: "No such thing."
    )
    assert execution.run() == "FAILED"
    assert types(execution) == ["ExecutionStarted", "TaskStateEntered", "ExecutionFailed"]
    assert str(execution.cause).endswith("No such thing.")


def test_without_a_port_a_task_fails_by_name() -> None:
    execution = run(machine(task()))
    assert "nothing performs 'arn:aws:states:::lambda:invoke'" in str(execution.cause)


def test_a_redrive_goes_on_at_the_failed_task() -> None:
    port = Script(B=[Failed("E"), Succeeded("now")])
    definition = machine(task(), task(), {"Type": "Succeed"})
    execution = run(definition, {"n": 1}, port)
    assert execution.status == "FAILED"
    execution.redrive()
    assert execution.run() == "SUCCEEDED"
    assert [asked.name for asked in port.asked] == ["A", "B", "B"]
    assert types(execution).count("ExecutionRedriven") == 1
    assert types(execution).count("TaskStateEntered") == 2
    with pytest.raises(UsageError, match="SUCCEEDED cannot be redriven"):
        execution.redrive()


def test_a_redrive_after_a_stop_and_a_timeout() -> None:
    execution = Execution(
        compile_definition(machine({"Type": "Wait", "Seconds": 60}, TimeoutSeconds=10)), {}
    )
    execution.step()
    execution.stop()
    execution.redrive()
    assert execution.run() == "TIMED_OUT"
    assert execution.context["Execution"]["RedriveCount"] == 1


def test_answers_that_come_faster_than_they_are_noted_are_all_noted() -> None:
    definition = machine({"Type": "Task", "Resource": ACTIVITY, "HeartbeatSeconds": 60})
    execution = Execution(compile_definition(definition), {}, Script(A=Pending()))
    execution.run(give_up=False)
    (token,) = execution.pending
    execution.answer(token, Started("me"))
    execution.beat(token)
    execution.answer(token, Succeeded(1))
    execution.answer(token, Failed("Late"))
    assert execution.run() == "SUCCEEDED"
    assert types(execution)[2:5] == ["ActivityScheduled", "ActivityStarted", "ActivitySucceeded"]


def test_an_answer_behind_a_heartbeat_is_the_answer() -> None:
    definition = machine({"Type": "Task", "Resource": ACTIVITY, "HeartbeatSeconds": 60})
    execution = Execution(compile_definition(definition), {}, Script(A=Pending()))
    execution.run(give_up=False)
    (token,) = execution.pending
    execution.beat(token)
    execution.answer(token, Succeeded(1))
    assert (execution.run(), execution.output) == ("SUCCEEDED", 1)


def test_a_catcher_does_not_catch_a_state_that_cannot_run_even_by_its_name() -> None:
    catch = [{"ErrorEquals": ["States.Runtime"], "Next": "B"}]
    state = task(OutputPath="$.no", Catch=catch, End=True)
    execution = run(machine(state, CAUGHT), {}, Script(A=Succeeded({})))
    assert (execution.status, execution.error) == ("FAILED", "States.Runtime")
    state = task(Catch=catch, End=True)
    execution = run(machine(state, CAUGHT), {}, Script(A=Failed("States.Runtime", "its own")))
    assert execution.output == {"Error": "States.Runtime", "Cause": "its own"}
