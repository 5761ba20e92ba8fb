"""What the command adds to a comparison: cost and limits, running executions, outputs."""

from __future__ import annotations

import copy
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from carnation.changes.reviews import compare_trees
from carnation.changes.reviews.trees import Tree
from carnation.cli.diff import main
from carnation.cli.review_notes import add_notes
from carnation.document import dump_json
from carnation.estimates import Load, Target, compare_estimates, compare_outputs

PAY = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke",
    "Parameters": {"FunctionName": "f", "Payload": {"id.$": "$.id", "name.$": "$.name"}},
    "ResultSelector": {"total.$": "$.Payload.total"},
    "ResultPath": "$.pay",
    "Next": "End",
}
ONE: dict[str, Any] = {"StartAt": "Pay", "States": {"Pay": PAY, "End": {"Type": "Succeed"}}}
GOOD = "{% $merge([$states.input, {'pay': {'total': $states.result.Payload.total}}]) %}"
LAMBDA = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "ResultPath": None,
          "Parameters": {"FunctionName": "f"}}  # fmt: skip


def make_map(*names: str) -> dict[str, Any]:
    """Make a Map whose items pass through some tasks."""
    steps = {name: {**LAMBDA, "Next": after} for name, after in pairwise(names)}
    steps[names[-1]] = {**LAMBDA, "End": True}
    inner = {"StartAt": names[0], "States": steps}
    state = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": inner, "End": True}
    return {"StartAt": "M", "States": {"M": {**state, "ResultPath": None}}}


def move(**fields: Any) -> dict[str, Any]:
    """Return the definition with its task in JSONata."""
    kept = {key: PAY[key] for key in ("Type", "Resource", "Next")}
    payload = {"id": "{% $states.input.id %}", "name": "{% $states.input.name %}"}
    state = {**kept, "QueryLanguage": "JSONata", "Output": GOOD,
             "Arguments": {"FunctionName": "f", "Payload": payload}, **fields}  # fmt: skip
    return {**ONE, "States": {**ONE["States"], "Pay": state}}


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    monkeypatch.chdir(tmp_path)
    for name, value in (("old", make_map("A")), ("w", make_map("A", "B"))):
        Path(f"{name}.asl.json").write_text(dump_json(value), encoding="utf-8")
    return "old.asl.json", "w.asl.json"


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_every_report_has_cost_and_limits_at_the_items_that_were_given(
    files: tuple[str, str], form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main([*files, "--items", "100_000", "--format", form])
    text = " ".join(capsys.readouterr().out.split())
    assert "a month at 100,000 items a day" in text
    assert "the history limit (25,000 events) is reached at" in text


def test_the_load_of_the_project_is_taken_and_without_one_the_report_says_so(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    main([*files])
    assert "no load is declared" in " ".join(capsys.readouterr().out.split())
    table = "[tool.carnation.load.w]\nexecutions_a_day = 24\nitems = 1000\n"
    Path("pyproject.toml").write_text(table, encoding="utf-8")
    main([*files])
    text = " ".join(capsys.readouterr().out.split())
    assert "24 executions a day of 1,000 items" in text
    assert "no load is declared" not in text


@pytest.mark.parametrize("line", ["executions_a_day = 0", "executions_a_day = true", "items = 3",
                                  "executions = 3"])  # fmt: skip
def test_a_load_that_is_none_is_an_error(
    files: tuple[str, str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("pyproject.toml").write_text(f"[tool.carnation.load.w]\n{line}\n", encoding="utf-8")
    assert main([*files]) == 2
    assert "tool.carnation.load.w" in capsys.readouterr().err
    assert main([*files, "--items", "many"]) == 2


def test_a_limit_that_moves_is_reported_and_a_load_beyond_it() -> None:
    old, new = Target("w", make_map("A")), Target("w", make_map("A", "B"))
    line = compare_estimates(old, new, Load(1000, 24))
    assert line.startswith("+$")
    assert "instead of 3,5" in line
    assert "executions fail" not in line
    assert "executions fail in 'M'" in compare_estimates(old, new, Load(100_000))
    assert compare_estimates(old, old, Load(1000)).startswith("as before")
    assert compare_estimates(None, new, Load(1000)).startswith("+$")
    assert compare_estimates(old, None, Load(1000)).startswith("-$")


def test_a_sample_that_ends_early_is_no_estimate_of_the_whole() -> None:
    new = make_map("A")
    new["StartAt"] = "Odd"
    new["States"]["Odd"] = {"Type": "Wait", "SecondsPath": "$.items", "Next": "M"}
    line = compare_estimates(Target("w", make_map("A")), Target("w", new), Load(1000))
    assert line.startswith("unknown, because in the new definition the sample ends in 'Odd'")
    assert "is reached" not in line


@pytest.mark.parametrize(("fields", "words"), [
    ({}, "run on 2 samples, both have the same output"),
    ({"Output": GOOD.replace("Payload.total", "Payload.sum")}, "output.pay.total is missing"),
    ({"Arguments": {"FunctionName": "f", "Payload": {"id": "{% $states.input.name %}"}}},
     "request.Payload.id is"),
    ({"Output": "{% $error('no') %}"}, "the new one with FAILED"),
    ({"Output": "{% $( %}"}, "could not be run"),
])  # fmt: skip
def test_a_state_in_another_language_is_run_on_samples(fields: dict[str, Any], words: str) -> None:
    found = compare_outputs(Target("w", ONE), Target("w", move(**fields)), "Pay", "Pay")
    assert words in found


def test_what_the_samples_give_is_reported_with_the_change() -> None:
    sides = make_trees(ONE, move())
    (review,) = add_notes(compare_trees(*sides, {}), sides, None)
    (change,) = (change for change in review.changes if change.kind == "language-changed")
    assert "both have the same output" in change.sentence


def make_trees(*values: Any) -> tuple[Tree, Tree]:
    manifest = dump_json({"workflow": "w", "version": "1.0.0", "artifacts": {}})
    trees = []
    for value in values:
        files = {
            "build/w/manifest.json": manifest.encode(),
            "build/w/code/state-machine/w.asl.json": dump_json(value).encode(),
        }
        trees.append(
            Tree("x", tuple(files), lambda paths, files=files: {p: files[p] for p in paths})
        )
    return trees[0], trees[1]


def test_executions_in_flight_are_reported_where_the_old_side_is_deployed() -> None:
    changed = copy.deepcopy(ONE)
    changed["States"]["Pay"]["TimeoutSeconds"] = 3
    old, new = make_trees(ONE, changed)
    deployed = old._replace(in_flight={"w": "12 executions in flight (no version: 12)"})
    (review,) = add_notes(compare_trees(deployed, new, {}), (deployed, new), None)
    assert review.notes[0].about == "in flight"
    assert review.notes[0].sentence.startswith("12 executions in flight")
    (review,) = add_notes(compare_trees(old, new, {}), (old, new), None)
    assert [note.about for note in review.notes] == ["cost"]


def make_poll(seconds: int) -> dict[str, Any]:
    """Make a loop that waits for a result that the sample does not have."""
    rule = {"Variable": "$.s", "StringEquals": "READY", "Next": "End"}
    return {
        "StartAt": "Wait",
        "States": {
            "Wait": {"Type": "Wait", "Seconds": seconds, "Next": "Poll"},
            "Poll": {**LAMBDA, "ResultPath": "$.r", "Next": "Ready"},
            "Ready": {"Type": "Choice", "Choices": [rule], "Default": "Wait"},
            "End": {"Type": "Succeed"},
        },
    }


def test_a_poll_that_waits_less_has_no_price_but_the_factor() -> None:
    line = compare_estimates(Target("w", make_poll(300)), Target("w", make_poll(10)), Load(1000))
    assert line.startswith("unknown, because")
    assert "30 times as often" in line


def test_samples_that_go_different_ways_are_not_held_against_each_other() -> None:
    def branch(*, first: bool) -> dict[str, Any]:
        rule = {"Variable": "$.x", "BooleanEquals": True, "Next": "A"}
        states = {
            "P": {"Type": "Pass", "Result": {"x": first}, "Next": "C"},
            "C": {"Type": "Choice", "Choices": [rule], "Default": "B"},
            **{name: {**LAMBDA, "End": True} for name in "AB"},
        }
        return {"StartAt": "P", "States": states}

    line = compare_estimates(
        Target("w", branch(first=True)), Target("w", branch(first=False)), Load(1000)
    )
    assert line.startswith("unknown, because in the sample execution only")


@pytest.mark.parametrize(("field", "value", "kind"), [
    ("Next", "Gone", "finding-refused"), ("Retry", [], ""),
])  # fmt: skip
def test_what_the_lint_newly_finds_is_a_change(field: str, value: Any, kind: str) -> None:
    new = copy.deepcopy(ONE)
    new["States"]["Pay"][field] = value
    sides = []
    for name, definition in (("old", ONE), ("new", new)):
        data = {"w.asl.json": dump_json(definition).encode()}
        sides.append(Tree(name, ("w.asl.json",), lambda paths, data=data: data))
    (found,) = add_notes(compare_trees(sides[0], sides[1], {}), (sides[0], sides[1]), None)
    kinds = {change.kind for change in found.changes if change.kind.startswith("finding")}
    assert kinds == ({kind} if kind else set())


@pytest.mark.parametrize("name", ["f", "g"], ids=["the type alone", "the definition, too"])
def test_each_side_is_priced_by_its_own_type(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for type, called in (("STANDARD", "f"), ("EXPRESS", name)):
        task = {**LAMBDA, "Parameters": {"FunctionName": called}, "End": True}
        machine = {"StateMachineType": type, "RoleArn": "arn:aws:iam::111122223333:role/r",
                   "Definition": {"StartAt": "A", "States": {"A": task}}}  # fmt: skip
        resource = {"Type": "AWS::StepFunctions::StateMachine", "Properties": machine}
        text = dump_json({"Resources": {"Machine": resource}})
        Path(f"{type.lower()}.json").write_text(text, encoding="utf-8")
    assert main(["standard.json", "express.json", "--items", "100000"]) == 0
    words = " ".join(capsys.readouterr().out.split())
    assert "-$" in words
    assert "priced as STANDARD, the new one as EXPRESS" in words
