"""Definitions that mean harm: one clear answer, in time, and nothing that steers a terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from carnation.asl.expressions import parse_path
from carnation.cli.adopt import main as adopt
from carnation.cli.estimate import main as estimate
from carnation.cli.lint import main as lint
from carnation.engine.choices import compile_pattern
from carnation.errors import EvaluationError

HARM = "x\n::error file=a,line=1::owned\r\n##[error]y\x1b[31m\x07\u202e"


def write(folder: Path, definition: Any) -> str:
    path = folder / "flow.asl.json"
    path.write_text(json.dumps(definition), encoding="utf-8")
    return str(path)


def harmful() -> dict[str, Any]:
    state = {"Type": "Task", "Resource": HARM, "Comment": HARM, HARM: 1, "Next": HARM + "2"}
    return {"StartAt": HARM, "Comment": HARM, "States": {HARM: state}}


@pytest.mark.parametrize("command", [adopt, estimate, lint])
def test_no_text_of_a_definition_steers_a_terminal_or_a_log(
    command: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command([write(tmp_path, harmful())])
    printed = "".join(capsys.readouterr())
    assert printed
    assert not set(printed) & set("\x1b\x07\u202e\r")
    assert not [line for line in printed.splitlines() if line.lstrip().startswith(("::", "##["))]


@pytest.mark.parametrize("state", [
    {"Type": "Pass", "Parameters": {"x.$": "States.ArrayRange(0,9223372036854775807,1)"},
     "End": True},
    {"Type": "Choice", "Choices": "all of them", "Default": "A"},
    {"Type": "Choice", "Choices": [{"And": "x", "Or": 5, "Next": "A"}], "Default": "A"},
])  # fmt: skip
@pytest.mark.parametrize("command", [estimate, lint])
def test_a_wrong_type_or_size_is_reported_in_words(
    state: Any, command: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command([write(tmp_path, {"StartAt": "A", "States": {"A": state}})]) in (0, 1, 2)
    assert "Traceback" not in "".join(capsys.readouterr())


def test_a_pattern_goes_through_a_text_once() -> None:
    # one that tries all ways through it would not end
    assert not compile_pattern("*a" * 40 + "*b").takes_in("a" * 200_000)


@pytest.mark.parametrize(("pattern", "text", "is_taken_in"), [
    ("log-*.txt", "log-1.txt", True), ("log-*.txt", "log-1.txt2", False), ("*", "", True),
    ("a*a", "a", False), ("a*a", "aa", True), ("*ab*b", "abab", True), ("*ab*b", "ab", False),
    (r"a\*", "a*", True), (r"a\*", "ab", False), ("a**b", "ab", True), ("*a*a*", "a", False),
])  # fmt: skip
def test_a_pattern_covers_what_its_stars_allow(pattern: str, text: str, is_taken_in: bool) -> None:
    assert compile_pattern(pattern).takes_in(text) is is_taken_in


def test_a_path_of_many_steps_is_compiled_in_little_memory() -> None:
    path = parse_path("$" + "[0]" * 16_000)
    with pytest.raises(EvaluationError, match="No results"):
        path.find([])
