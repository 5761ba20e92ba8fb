"""The words of events, and the outputs that lead to them, are in their own package only."""

from __future__ import annotations

import re

import pytest

from tests.conftest import ROOT

WORDS = ("start_seq", "end_seq", "sequence_no", "retry_attempt", "generated_unix_time")
OWN = ROOT / "carnation" / "patterns" / "events"
SHAPES = ROOT / "carnation" / "workflow" / "shapes"  # files of new projects


def find_outside(pattern: re.Pattern[str]) -> list[str]:
    return [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "carnation").rglob("*.py"))
        if not {OWN, SHAPES} & {*path.parents} and pattern.search(path.read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize("word", WORDS)
def test_no_module_outside_of_the_events_package_has_their_words(word: str) -> None:
    assert find_outside(re.compile(rf"\b{word}\b")) == []
    assert any(word in path.read_text(encoding="utf-8") for path in OWN.rglob("*.py"))


OUTPUTS = ("DeadLetterQueueUrl", "EventsFailed", "RangeTooLarge")
"""Outputs and errors of the reference workflow that are no words of AWS."""
FOUND_BY = re.compile(
    r"outputs?\b[^\n]{0,20}[\[(][^\n]{0,20}\"(\w*QueueUrl|TableName|BucketName)\"|endswith\(\"QueueUrl"
)
"""An output of a stack that is looked up by a name of the reference workflow's."""


@pytest.mark.parametrize("word", OUTPUTS)
def test_no_module_outside_of_the_events_package_knows_their_outputs_and_errors(word: str) -> None:
    assert find_outside(re.compile(rf"\b{word}\b")) == []


def test_no_module_outside_of_the_events_package_finds_a_queue_by_the_name_of_an_output() -> None:
    assert FOUND_BY.search('url = find_output(deployed.outputs, "QueueUrl")')
    assert FOUND_BY.search('if name.endswith("QueueUrl"):')
    assert FOUND_BY.search('outputs["TableName"]')
    assert find_outside(FOUND_BY) == []


def test_what_a_command_prints_of_a_workflow_of_another_shape_says_nothing_of_events() -> None:
    printed = re.compile(r'"[^"\n]*\b(no|which|chosen|dead|every) events?\b[^"\n]*"')
    rooms = ("carnation/cli/", "carnation/account/operations/", "carnation/emulator/run_formats")
    assert printed.search('echo("no event was chosen to fail")')
    assert [path for path in find_outside(printed) if path.startswith(rooms)] == []
