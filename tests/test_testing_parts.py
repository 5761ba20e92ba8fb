"""The parts of the testing kit by themselves: answers, checks, recordings, trees, coverage."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from carnation.engine import Failed, Pending, Succeeded, Task
from carnation.errors import CarnationError, DefinitionError, UsageError
from carnation.testing import Delay, Invoke, Malformed, Return, Throw
from carnation.testing.answers import find_outcome
from carnation.testing.checks import check_answer
from carnation.testing.coverage import Coverage
from carnation.testing.guard import is_aws
from carnation.testing.machines import LocalMachine, load_machine
from carnation.testing.recordings import read_recording
from carnation.testing.telling import compare_values, draw_tree, show
from carnation.testing.visits import Scope, Visit, read_visits

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
    with pytest.raises(DefinitionError, match="this is no definition"):
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
    assert list(compare_values([{"a": 1}], [{"a": 2}])) == ["$[0].a: 1 expected, 2 given"]
    assert list(compare_values([1], [1, 2])) == ["$: [1] expected, [1, 2] given"]
    assert len(show("x" * 500)) == 160


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
