"""The parts of the testing kit by themselves: answers, checks, recordings, trees, coverage."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from carnation.engine import Execution, Failed, Pending, Succeeded, Task, compile_definition
from carnation.errors import CarnationError, DefinitionError, DocumentError, UsageError
from carnation.history.visits import Scope, Visit, read_visits
from carnation.testing import Delay, Invoke, Malformed, Return, Throw
from carnation.testing.account_guard import is_aws
from carnation.testing.assertion_output import compare_values, draw_tree, format_value
from carnation.testing.coverage import Coverage
from carnation.testing.mock_results import find_outcome
from carnation.testing.mock_validation import check_answer
from carnation.testing.recordings import read_recording
from carnation.testing.state_machines import LocalMachine, load_machine

CALL = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage"}
TASK = Task("A", "Task", "", "sqs", "sendMessage", {"n": 1}, "token")


def load(definition: Any, **substitutions: Any) -> LocalMachine:
    return load_machine(definition, Coverage(), substitutions, {})


def make(parameters: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"StartAt": "A", "States": {"A": {**CALL, "Parameters": parameters, **fields}}}


@pytest.mark.parametrize(
    ("real", "found"),
    [
        (Succeeded(1, 2), Succeeded(1, 7)),
        (Failed("E", "c", 2), Failed("E", "c", 7)),
        (Pending(), Pending()),
    ],
)
def test_latency_comes_before_whatever_happens(real: Any, found: Any) -> None:
    assert find_outcome(Delay(5), TASK, lambda task: real) == found


def test_a_handler_whose_result_is_no_json_fails_by_its_class() -> None:
    outcome = find_outcome(Invoke(lambda event, context: {1}), TASK, lambda task: Pending())
    assert isinstance(outcome, Failed)
    assert outcome.error == "TypeError"


@pytest.mark.parametrize("call", ["ecs:runTask.sync", "aws-sdk:tomorrow:act", "${Function}"])
def test_an_error_of_who_is_not_known_is_believed(call: str) -> None:
    check_answer("A", call, Throw("Any.Error" if call[0] != "$" else "AnyError"))


def test_what_a_service_gives_may_lack_members_and_hold_null() -> None:
    check_answer("A", "sqs:sendMessage", Return({"MessageId": None}))
    check_answer("A", "aws-sdk:tomorrow:act", Return({"Anything": 1}))
    check_answer("A", "lambda:invoke", Return({"Payload": [1], "StatusCode": 200}))


def test_substitutions_are_filled_in() -> None:
    machine = load(make({"QueueUrl": "${Url}", "MessageBody": "${Url}!"}, End=True), Url='a"b')
    assert machine.states["A"]["Parameters"] == {"QueueUrl": 'a"b', "MessageBody": 'a"b!'}
    with pytest.raises(UsageError, match="Did you mean 'Url'"):
        load(make({"QueueUrl": "${Url}", "MessageBody": ""}, End=True), Ulr=1)


def test_a_file_that_holds_no_definition_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(DocumentError, match="not a state machine definition"):
        load(tmp_path / "list.json")
    with pytest.raises(DefinitionError, match="state 'A': "):
        load(make({"QueueUrl": "q", "MessageBody": ""}, Next="B"))


def test_an_attempt_that_was_cut_off_is_not_recorded(tmp_path: Path) -> None:
    machine = load(make({"QueueUrl": "q", "MessageBody": ""}, End=True))
    machine.mock("A", Malformed(1))
    history = list(machine.run({}).history)[:4]
    stop = {"id": 5, "previousEventId": 0, "type": "ExecutionAborted", "timestamp": 1.0}
    path = tmp_path / "h.json"
    path.write_text(json.dumps([*history, stop], default=lambda moment: moment.isoformat()))
    recording = read_recording(path)
    assert (recording.status, recording.attempts, recording.states) == ("ABORTED", {"A": []}, ["A"])


def test_more_ways_than_are_shown_are_counted() -> None:
    parts = [Scope(f"[{at}]", at, [Visit(f"S{at}", "Pass", left=True)]) for at in range(10)]
    tree = list(draw_tree(Scope("", None, [Visit("All", "Map", left=True, scopes=parts)])))
    assert tree[-1] == "    and 2 other ways"
    assert len(tree) == 1 + 2 * 8 + 1


def test_values_are_compared_through_lists_and_long_ones_are_cut() -> None:
    assert list(compare_values([{"a": 1}], [{"a": 2}])) == ["$[0].a: expected 1, got 2"]
    assert list(compare_values([1], [1, 2])) == ["$: expected [1], got [1, 2]"]
    assert len(format_value("x" * 500)) == 160


def test_a_tree_of_what_failed_without_a_name_and_was_not_left() -> None:
    visit = Visit("A", "Task", errors=[("", "")])
    assert list(draw_tree(Scope("", None, [visit]))) == [
        "  A  (failed: an error without a name; not left)"
    ]


def test_a_parallel_that_fails_is_caught_and_covered() -> None:
    branch = make({"QueueUrl": "q", "MessageBody": ""}, End=True)
    coverage = Coverage()
    machine = load_machine(
        {
            "StartAt": "Both",
            "States": {
                "Both": {
                    "Type": "Parallel",
                    "Branches": [branch],
                    "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}],
                    "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Off"}],
                    "Next": "Fine",
                },
                "Off": {"Type": "Succeed"},
                "Fine": {"Type": "Succeed"},
            },
        },
        coverage,
        {},
        {},
    )
    machine.mock("A", Throw("SQS.ThrottlingException"), per="execution")
    machine.mock("A", Throw("SQS.ThrottlingException"))
    run = machine.run({})
    run.assert_path("Both", "Off")
    run.assert_path("A", inside="Both", index=0)
    taken = coverage.machines["Both"].taken
    assert ("catchers", "Both", "0", "States.ALL") in taken
    assert ("transitions", "Both", "catch", "Off") in taken
    assert ("transitions", "Both", "next", "Fine") not in taken


@pytest.mark.parametrize("stamp", ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05+00:00"])
def test_moments_are_read_as_the_cli_writes_them(stamp: str) -> None:
    begun = {"id": 1, "previousEventId": 0, "type": "WaitStateEntered", "timestamp": stamp}
    begun["stateEnteredEventDetails"] = {"name": "W", "input": "no json"}
    (visit,) = read_visits([begun]).visits
    assert visit.entered_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc).timestamp()
    assert visit.input == "no json"


def test_what_stands_in_no_state_is_passed_over() -> None:
    events = [
        {"id": 1, "previousEventId": 0, "type": "TaskFailed"},
        {"id": 2, "previousEventId": 1, "type": "MapStateFailed"},
        {"id": 3, "previousEventId": 2, "type": "PassStateExited",
         "stateExitedEventDetails": {"name": "A"}},
        {"id": 4, "previousEventId": 3, "type": "MapIterationStarted"},
    ]  # fmt: skip
    assert read_visits(events).visits == []


def test_hosts_of_aws_are_known() -> None:
    assert is_aws(b"S3.AMAZONAWS.COM.")
    assert not is_aws(None)
    assert issubclass(UsageError, CarnationError)


# children of distributed Maps


def test_children_are_seen_like_iterations_those_of_children_too() -> None:
    distributed = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    retry = [{"ErrorEquals": ["Odd"], "MaxAttempts": 1, "IntervalSeconds": 1}]
    work = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f",
            "Retry": retry, "End": True}  # fmt: skip
    inner = {"StartAt": "Work", "States": {"Work": work}, **distributed}
    rest = {"Type": "Map", "ItemProcessor": inner, "ToleratedFailurePercentage": 100}
    middle = {"StartAt": "Each", "States": {"Each": {**rest, "End": True}}, **distributed}
    definition = {
        "StartAt": "All",
        "States": {"All": {**rest, "ItemProcessor": middle, "End": True}},
    }
    coverage = Coverage()
    machine = load_machine(definition, coverage, {}, {"Work": lambda event, context: event})
    machine.mock("Work", Throw("Odd"), when=lambda given: given % 2 == 1)
    machine.mock("Work", Throw("Odd"), Throw("Odd"), when=lambda given: given == 4)
    run = machine.run([[1, 2], [3, 4]])
    run.assert_succeeded([[1, 2], [3]])
    run.assert_path("Each", inside="All")
    assert run.find_paths("Each") == [["Work"]] * 4
    assert [visit.retries for visit in run.find_visits("Work")] == [1, 0, 1, 1]
    assert [visit.left for visit in run.find_visits("Work")] == [True, True, True, False]
    assert coverage.percent == 100
    with pytest.raises(AssertionError, match=r"another path inside 'All' \[1\]\."):
        run.assert_path("Work", inside="All", index=1)


def test_a_run_that_fails_ends_the_children_that_still_run() -> None:
    config = {"ProcessorConfig": {"Mode": "DISTRIBUTED"}}
    states = {
        "First": {"Type": "Choice", "Choices": [{"Variable": "$", "NumericEquals": 0,
                  "Next": "No"}], "Default": "Long"},
        "No": {"Type": "Fail", "Error": "No"},
        "Long": {"Type": "Wait", "Seconds": 60, "End": True},
    }  # fmt: skip
    each = {"Type": "Map", "ItemProcessor": {"StartAt": "First", "States": states, **config}}
    definition = {"StartAt": "All", "States": {"All": {**each, "End": True}}}
    ends: dict[int, str] = {}
    execution = Execution(
        compile_definition(definition), [1, 0],
        observe_child=lambda child, event: ends.update({child.number: event.type}),
    )  # fmt: skip
    execution.run()
    assert execution.error == "States.ExceedToleratedFailureThreshold"
    assert ends == {0: "ExecutionAborted", 1: "ExecutionFailed"}


def test_iterations_that_only_waited_otherwise_are_alike() -> None:
    def wait(seconds: float) -> Scope:
        return Scope("[0]", 0, [Visit("Pay", "Task", left=True, attempts=2, waited=seconds)])

    alike = Visit("Each", "Map", left=True, scopes=[wait(1), wait(1)])
    unlike = Visit("Each", "Map", left=True, scopes=[wait(1), wait(2)])
    shown = list(draw_tree(Scope("", None, [alike, unlike])))
    assert shown == [
        *("  Each", "    [0] [0]", "      Pay  (retried 1×; waited 1 s)"),
        *("  Each", "    [0] [0]", "      Pay  (retried 1×)"),
    ]
