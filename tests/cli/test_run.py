"""`carnation run`: what it shows, what it tells a program, how it takes bad input."""

from __future__ import annotations

import io
import json
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from carnation.__main__ import main
from carnation.artifacts import read_artifacts
from carnation.cli.json_values import read_json
from carnation.emulator import ExecutionResult, WorkflowRun
from carnation.emulator.embedded import deploy_artifacts
from carnation.emulator.run_formats import format_run
from carnation.errors import CarnationError, UsageError
from carnation.history import Progress
from carnation.history.function_failures import list_function_failures
from carnation.patterns.events import reporter
from carnation.patterns.events.injection import choose_failures
from carnation.patterns.events.ledger import (
    EventLocation,
    count_places,
    find_events,
    tally_run,
)
from tests.conftest import ROOT
from tests.deployed import TINY, make_tiny, write_definition

pytestmark = pytest.mark.filterwarnings("default")  # the vendors' warnings are not ours

TEN = '{"start_seq": 1, "end_seq": 11}'


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in the project, as whoever types the command does."""
    monkeypatch.chdir(ROOT)


def run_in_process(*arguments: str) -> int:
    return main(["run", *arguments, "--in-process"])


def test_the_seeds_story_in_one_command(capsys: pytest.CaptureFixture[str]) -> None:
    story = ("--fail", "3,7", "--fail-attempts", "4", "--runs", "4")
    assert run_in_process("carnation", "--input", TEN, *story) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "carnation 0.1.0 on the local emulator"
    assert [line for line in lines if line.startswith("run ")] == [
        f"run 1  {TEN}",
        *(f'run {number}  {{"start_seq": 0, "end_seq": 0}}' for number in (2, 3, 4)),
    ]
    told = [line.strip() for line in lines if " made, " in line]
    assert told == [
        "10 made, 0 received from the queue, 8 written, 2 failed",
        *["0 made, 2 received from the queue, 0 written, 2 failed"] * 3,
    ]
    end = lines.index("Final location of all events")
    assert [line.split() for line in lines[end + 1 : end + 4]] == [
        ["written", "8"],
        ["waiting", "in", "the", "queue", "0"],
        ["in", "the", "dead-letter", "queue", "2"],
    ]
    assert [line.split() for line in lines[-2:]] == [
        [number, "3", "in", "the", "dead-letter", "queue", "InjectedFault"] for number in "37"
    ]


def test_a_run_in_which_all_were_written_exits_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_in_process("carnation", "--input", TEN) == 0
    printed = capsys.readouterr()
    assert "SUCCEEDED" in printed.out
    assert "why" not in printed.out
    assert printed.err == ""
    assert "\x1b" not in printed.out


def test_a_long_list_of_events_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    given = '{"start_seq": 0, "end_seq": 53}'
    assert run_in_process("carnation", "--input", given, "--fail", "100%") == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "  and 3 more; --format json lists them"
    assert lines[-2].split()[0] == "49"


def test_a_program_reads_status_output_and_where_every_event_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = ("--fail", "2-3", "--runs", "2", "--format", "json")
    assert run_in_process("carnation", "--input", TEN, *options) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["workflow"], report["version"]) == ("carnation", "0.1.0")
    first, second = report["runs"]
    assert (first["status"], first["error"]) == ("FAILED", "EventsFailed")
    assert (first["made"], first["received"], first["written"]) == (10, 0, 8)
    assert [one["sequence_no"] for one in first["failed"]] == [2, 3]
    assert (second["status"], second["received"], second["failed"]) == ("SUCCEEDED", 2, [])
    assert report["counts"] == {"written": 10, "waiting": 0, "dead": 0}
    places = {one["sequence_no"]: (one["place"], one["retry_attempt"]) for one in report["events"]}
    assert places == {number: ("written", 1 if number in (2, 3) else 0) for number in range(1, 11)}


def test_the_variant_keeps_its_events_in_a_bucket(capsys: pytest.CaptureFixture[str]) -> None:
    given = '{"start_seq": 1, "end_seq": 4}'
    assert run_in_process("archive", "--input", given, "--fail", "2", "--format", "json") == 1
    report = json.loads(capsys.readouterr().out)
    assert report["counts"] == {"written": 2, "waiting": 1, "dead": 0}


def test_chosen_events_fail_in_the_state_that_writes_them_where_no_function_does(
    capsys: pytest.CaptureFixture[str],
) -> None:
    story = ("--fail", "2", "--fail-attempts", "4", "--runs", "4")
    given = '{"start_seq": 1, "end_seq": 4}'
    assert run_in_process("direct", "--input", given, *story) == 1
    out = capsys.readouterr().out
    assert "was chosen to fail" not in out  # the table tells of them
    lines = [line.split() for line in out.splitlines()]
    assert [
        "2",
        "3",
        "in",
        "the",
        "dead-letter",
        "queue",
        "DynamoDB.AmazonDynamoDBException",
    ] in lines
    assert ["written", "2"] in lines


def test_events_that_fail_in_executions_of_their_own_were_chosen_all_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = '{"start_seq": 1, "end_seq": 4}'
    assert run_in_process("express", "--input", given, "--fail", "2") == 1
    out = capsys.readouterr().out
    assert "2 written, 1 failed" in out
    assert "--fail matched nothing" not in out


def test_a_message_that_is_no_event_is_named_by_its_body() -> None:
    row = reporter._make_row(
        EventLocation("x" * 50, None, None, "dead", None, "no JSON"), "dead letters"
    )
    assert row == ["  " + "x" * 39 + "…", "", "dead letters", "no JSON"]


def test_what_a_handler_raised_and_printed_is_reported(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for folder in ("definitions", "lambdas"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    handler = tmp_path / "lambdas" / "process_event" / "handler.py"
    handler.write_text(
        "def handle(event, context):\n"
        "    print('got', event['sequence_no'])\n"
        "    raise ValueError(f\"no {event['sequence_no'] % 6} today\")\n"
    )
    monkeypatch.chdir(tmp_path)
    assert main(["build", "carnation"]) == 0
    assert run_in_process("carnation", "--input", TEN, "--logs") == 1
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert "ValueError: no 1 today (2 times)" in lines
    assert "and 1 other errors; --format json lists them" in lines
    assert lines[lines.index("carnation-dev-process-event printed") + 1].startswith("got ")
    assert run_in_process("carnation", "--input", TEN, "--format", "json", "--logs") == 1
    report = json.loads(capsys.readouterr().out)
    complaints = report["runs"][0]["complaints"]
    assert {"error": "ValueError", "message": "no 0 today", "times": 1} in complaints
    assert len(report["logs"]["carnation-dev-process-event"]) == 10


def test_the_input_may_stand_in_a_file_and_the_sample_events_are_such(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sample = "@lambdas/collect_events/events/make-ten.json"
    options = ("--fail", "99", "--logs", "--runs", "2")
    given = ("--next-input", '{"start_seq": 20, "end_seq": 22}')
    assert run_in_process("carnation", "--input", sample, *options, *given) == 0
    out = capsys.readouterr().out
    assert "10 made" in out
    assert "2 made" in out
    assert "--fail matched nothing" in out
    assert "no function printed anything" in out


def test_the_input_may_come_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("[1]"))
    assert read_json("--input", "@-") == [1]


def test_a_refused_input_says_why_and_exits_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_in_process("carnation", "--input", '{"start_seq": 1, "end_seq": 9000}') == 1
    out = capsys.readouterr().out
    assert "FAILED  RangeTooLarge" in out
    assert "8999 events were requested" in out
    assert "made" not in out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nothing"], "workflow 'nothing' not found in build/ (built: "),
        (["carnation", "--input", '{"a'], "--input:1:2: this is not valid JSON"),
        (["carnation", "--runs", "0"], "--runs and --fail-attempts must be integers"),
        (
            ["carnation", "--fail", "1", "--fail-attempts", "0"],
            "--runs and --fail-attempts must be integers",
        ),
        (
            ["carnation", "--fail", "3x"],
            "'3x' is not a number or a range such as 5-7",
        ),
        (["carnation", "--fail", "10%,3"], "'10%' is not a number or a range such as 5-7"),
        (
            ["carnation", "--fail-attempts", "3"],
            "--fail-attempts requires --fail",
        ),
        (
            ["carnation", "--input", "@nothing.json"],
            "--input: nothing.json: the file cannot be read",
        ),
        (["carnatio"], "Did you mean 'carnation'?"),
        (["../carnation"], "got '../carnation'"),
        (["carnation", "--fail", "101%"], "a share is at most 100%"),
        (["carnation", "--fail", "7-5"], "invalid range 7-5"),
    ],
)
def test_wrong_use_is_one_line_and_status_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert main(["run", *arguments]) == 2
    printed = capsys.readouterr()
    assert told in printed.err
    assert len(printed.err.splitlines()) == 1
    assert printed.out == ""


def test_without_the_embedded_aws_it_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "carnation.emulator.emulator", None)
    assert main(["run", "carnation"]) == 2
    assert "pip install -e '.[run]'" in capsys.readouterr().err


class _Nowhere:
    """An emulator whose stacks have no outputs."""

    in_process = True

    def find_obstacle(self, runtime: str) -> str:
        return ""

    def deploy(self, *_: Any, **__: Any) -> Any:
        return SimpleNamespace(outputs={}, warnings=())


def test_a_root_stack_must_say_what_to_start() -> None:
    artifacts = read_artifacts(str(ROOT), "carnation")
    with pytest.raises(CarnationError, match="has no StateMachineArn output"):
        deploy_artifacts(_Nowhere(), artifacts)  # type: ignore[arg-type]


def test_waiting_that_was_left_out_is_reported() -> None:
    waited = ExecutionResult("arn", "SUCCEEDED", 1, None, None, [], 0.1, 61.0)
    assert _lines_of(waited)[1] == "  SUCCEEDED  in 0.1 s, 61 s of waiting left out"


def _lines_of(execution: ExecutionResult) -> list[str]:
    return format_run(WorkflowRun(1, {}, execution, Progress()))


def test_a_workflow_of_another_shape_shows_its_output_or_its_cause() -> None:
    fine = ExecutionResult("arn", "SUCCEEDED", {"a": "ü"}, None, None, [], 0.1, 0.0)
    assert _lines_of(fine) == ["\nrun 1  {}", "  SUCCEEDED  in 0.1 s", '  {"a": "ü"}']
    broken = ExecutionResult("arn", "FAILED", None, "Broken", "because", [], 0.1, 0.0)
    assert _lines_of(broken) == ["\nrun 1  {}", "  FAILED  Broken  in 0.1 s", "  because"]


def test_a_share_is_chosen_by_the_seed_and_not_by_the_order() -> None:
    def chosen(seed: int) -> list[int]:
        fault = choose_failures("10%", 1, seed)
        assert fault is not None
        numbers = range(1000)
        return [n for n in numbers if fault({"sequence_no": n, "retry_attempt": 0})]

    assert chosen(1) == chosen(1)
    assert chosen(1) != chosen(2)
    assert 60 < len(chosen(1)) < 140


def test_a_payload_that_is_no_event_is_let_through() -> None:
    fault = choose_failures("1", 1, 0)
    assert fault is not None
    assert fault({"start_seq": 1}) is None
    assert fault(["no object"]) is None


def test_no_choice_is_no_fault_and_a_wrong_one_an_error() -> None:
    assert choose_failures(None, 1, 0) is None
    with pytest.raises(UsageError, match="'' is not a number"):
        choose_failures("1,,2", 1, 0)


class _Stores:
    """An emulator that holds what a test put there."""

    def __init__(self, messages: list[str], items: list[dict[str, Any]]) -> None:
        self._messages, self._items = messages, items

    def messages(self, url: str) -> list[Any]:
        return [SimpleNamespace(body=body, attributes={"reason": "r"}) for body in self._messages]

    def items(self, table: str) -> list[dict[str, Any]]:
        return self._items


def test_events_are_sorted_by_number_and_copies_counted_once() -> None:
    bodies = [
        json.dumps({"sequence_no": number, "generated_unix_time": 1, "retry_attempt": attempt})
        for number, attempt in ((10, 1), (2, 1), (2, 2), (10, 1))
    ]
    found = find_events(_Stores(bodies, []), {"QueueUrl": "q"})  # type: ignore[arg-type]
    assert [(one.sequence_no, one.retry_attempt) for one in found] == [(2, 1), (2, 2), (10, 1)]
    assert count_places(found) == {"written": 0, "waiting": 2, "dead": 0}


def test_events_of_another_shape_are_distinguished_by_what_they_are() -> None:
    stores = _Stores(['{"order_id": 1}', '{"order_id": 2}', "text", "[1]"], [{"order": "a"}])
    found = find_events(stores, {"QueueUrl": "q", "TableName": "t"})  # type: ignore[arg-type]
    assert count_places(found) == {"written": 1, "waiting": 4, "dead": 0}
    assert {one.event for one in found if one.place == "waiting"} == {
        '{"order_id": 1}', '{"order_id": 2}', "text", "[1]",
    }  # fmt: skip
    assert {one.sequence_no for one in found} == {None}


def _history(kind: str, details: str, **values: Any) -> Any:
    return SimpleNamespace(history=[{"type": kind, details: values}])


def test_a_list_of_events_that_are_no_objects_is_no_tally() -> None:
    odd = _history("TaskStateExited", "stateExitedEventDetails", output='{"events": [1, 2]}')
    assert tally_run(odd) is None


def test_complaints_are_counted_and_their_causes_readable() -> None:
    failed = _history("TaskFailed", "taskFailedEventDetails", error="E", cause="plain")
    failed.history *= 2
    cause = json.dumps({"errorMessage": "m"})
    failed.history += _history(
        "LambdaFunctionFailed", "lambdaFunctionFailedEventDetails", error="F", cause=cause
    ).history
    assert list_function_failures(failed.history) == [("E", "plain", 2), ("F", "m", 1)]


# a workflow without a reporter

FAILING = TINY.replace(
    "from carnation.states import Chain, Pass, Succeed",
    "from carnation.states import Chain, Retry, Succeed, integrate",
).replace(
    'Pass("Note", result=1)',
    'integrate("Note", "sqs:sendMessage", partition="aws", '
    'parameters={"QueueUrl": "https://sqs.us-east-1.amazonaws.com/1/q", "MessageBody": "x"}, '
    'retry=Retry(error_equals=["Slow"], interval_seconds=1, max_attempts=2))',
)


def test_a_workflow_without_a_reporter_shows_status_path_and_output_and_nothing_of_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_tiny(tmp_path, monkeypatch)
    capsys.readouterr()
    assert run_in_process("tiny", "--input", '{"a": 1}', "--runs", "2") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("run ")] == [
        'run 1  {"a": 1}',
        'run 2  {"a": 1}',
    ]
    assert lines.count("  Note → Done") == 2
    assert lines[-1] == "  1"
    assert "event" not in "\n".join(lines)
    assert run_in_process("tiny", "--format", "json") == 0
    assert set(json.loads(capsys.readouterr().out)) == {"workflow", "version", "runs"}


def test_a_state_fails_on_purpose_with_an_error_for_so_many_attempts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_definition(tmp_path, monkeypatch, FAILING)
    capsys.readouterr()
    story = ("tiny", "--fail", "Note", "--fail-error", "Slow", "--fail-attempts")
    assert run_in_process(*story, "3") == 1
    out = capsys.readouterr().out
    assert "FAILED  Slow" in out
    assert "state 'Note' was chosen to fail" in out
    assert "Slow: state 'Note' was chosen to fail (3 times)" in out
    assert main(["run", "tiny", "--fail", "Nota"]) == 2
    assert (
        "'Nota' is not a Task state of 'tiny'. Did you mean 'Note'? Its Task states: Note."
        in capsys.readouterr().err
    )


def test_an_error_for_events_is_refused() -> None:
    assert main(["run", "carnation", "--fail", "3", "--fail-error", "E"]) == 2
