"""`carnation run`: what it shows, what it tells a program, how it takes bad input."""

from __future__ import annotations

import json
import re
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from carnation import run
from carnation.__main__ import main
from carnation.artifacts import read_artifacts
from carnation.emulator import Execution
from carnation.errors import CarnationError, UsageError
from carnation.failures import choose_failures
from carnation.ledger import tally_run
from tests.conftest import ROOT

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
    assert lines[0] == "carnation 0.1.0 on the embedded AWS"
    assert [line for line in lines if line.startswith("run ")] == [
        f"run 1  {TEN}",
        *(f'run {number}  {{"start_seq": 0, "end_seq": 0}}' for number in (2, 3, 4)),
    ]
    told = [line.strip() for line in lines if " made, " in line]
    assert told == [
        "10 made, 0 received from the queue, 8 written, 2 failed",
        *["0 made, 2 received from the queue, 0 written, 2 failed"] * 3,
    ]
    end = lines.index("where every event is now")
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


def test_a_program_is_told_status_output_and_where_every_event_is(
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


def test_a_message_that_is_no_event_is_listed_as_such() -> None:
    row = run._row_of(
        SimpleNamespace(sequence_no=None, retry_attempt=None, reason="no JSON"), "dead"
    )
    assert row == ["  no event", "", "dead", "no JSON"]


def test_a_refused_input_says_why_and_exits_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_in_process("carnation", "--input", '{"start_seq": 1, "end_seq": 9000}') == 1
    out = capsys.readouterr().out
    assert "FAILED  RangeTooLarge" in out
    assert "8999 events were asked for" in out
    assert "made" not in out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nothing"], "build/nothing/manifest.json is not there (built: archive, carnation)"),
        (["carnation", "--input", '{"a'], "--input:1:2: this is no JSON"),
        (["carnation", "--runs", "0"], "--runs and --fail-attempts take a number from 1"),
        (["carnation", "--fail-attempts", "0"], "--runs and --fail-attempts take a number"),
        (["carnation", "--fail", "3x"], "'3x' is no number, range (5-7) or share (10%)"),
        (["carnation", "--fail", "101%"], "a share is at most 100%"),
        (["carnation", "--fail", "7-5"], "the range 7-5 ends before it begins"),
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
    monkeypatch.setitem(sys.modules, "carnation.emulator", None)
    assert main(["run", "carnation"]) == 2
    assert "pip install 'carnation[run]'" in capsys.readouterr().err


class _Nowhere:
    """An emulator whose stacks have no outputs."""

    def deploy(self, *_: Any, **__: Any) -> Any:
        return SimpleNamespace(outputs={})


def test_a_root_stack_must_say_what_to_start() -> None:
    artifacts = read_artifacts(str(ROOT), "carnation")
    with pytest.raises(CarnationError, match="has no output StateMachineArn"):
        run._deploy(_Nowhere(), artifacts)  # type: ignore[arg-type]


def test_waiting_that_was_left_out_is_told() -> None:
    waited = Execution("arn", "SUCCEEDED", 1, None, None, [], 0.1, 61.0)
    assert _lines_of(waited)[1] == "  SUCCEEDED  in 0.1 s, 61 s of waiting left out"


def _lines_of(execution: Execution) -> list[str]:
    lines: list[str] = []
    report = run._Report("json", SimpleNamespace(workflow="w", version="1"))  # type: ignore[arg-type]
    report._say = lines.append  # type: ignore[method-assign, assignment]
    report._print_run(1, {}, execution, tally_run(execution))
    return lines


def test_a_workflow_of_another_shape_shows_its_output_or_its_cause() -> None:
    fine = Execution("arn", "SUCCEEDED", {"a": "ü"}, None, None, [], 0.1, 0.0)
    assert _lines_of(fine) == ["\nrun 1  {}", "  SUCCEEDED  in 0.1 s", '  {"a": "ü"}']
    broken = Execution("arn", "FAILED", None, "Broken", "because", [], 0.1, 0.0)
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
    with pytest.raises(UsageError, match="'' is no number"):
        choose_failures("1,,2", 1, 0)


def test_the_example_of_the_emulators_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "emulator.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(compile(example, "docs/emulator.md", "exec"), {})
    assert capsys.readouterr().out.startswith("FAILED EventsFailed [Message(")
