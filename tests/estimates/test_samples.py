"""Data that nobody has shown: what a definition says of it is enough to run it to its end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from carnation.cli.estimate import main
from carnation.estimates import Facts, find_figures, make_model
from tests.engine_fakes import machine, task
from tests.estimates.test_maps import call, chain, each

FAIL = {"Type": "Fail", "Error": "Refused"}


def decide(rule: dict[str, Any], then: str = "Refuse", **fields: Any) -> dict[str, Any]:
    """Decide between a Fail, or what `then` names, and Done."""
    choice = {"Type": "Choice", "Choices": [{**rule, "Next": then}], "Default": "Done", **fields}
    states = {"Decide": choice, "Refuse": FAIL, "Done": call(End=True)}
    return {"StartAt": "Decide", "States": states}


def query(definition: dict[str, Any]) -> dict[str, Any]:
    """Let a definition speak JSONata; its call is one without the fields of JSONPath."""
    done = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": {"FunctionName": "f"}, "End": True}  # fmt: skip
    states = {**definition["States"], "Done": done}
    return {**definition, "QueryLanguage": "JSONata", "States": states}


DIRECT = {"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:list"}
THIRD = {"Type": "Pass", "Parameters": {"x.$": "$.rows[2].name", "y.$": "$.tags[*]"}}


@pytest.mark.parametrize(
    "definition",
    [
        chain("Third", "Done", Third=THIRD, Done=call()),
        decide({"Variable": "$.error", "IsPresent": True}),
        query(decide({"Condition": "{% $exists($states.input.error) %}"})),
        decide({"Variable": "$.id", "IsPresent": False}, "Done", Default="Refuse"),
        decide({"Variable": "$.state", "StringEquals": "OPEN"}, "Done", Default="Refuse"),
        decide({"Variable": "$.name", "StringMatches": "log-*"}, "Done", Default="Refuse"),
        decide({"Variable": "$.ready", "BooleanEquals": True}, "Done", Default="Refuse"),
        decide({"Variable": "$.n", "NumericGreaterThan": 7}, "Done", Default="Refuse"),
        query(decide({"Condition": "{% $states.input.n < 3 %}"}, "Done", Default="Refuse")),
        query(decide({"Condition": "{% $states.input.n > 2.5 %}"}, "Done", Default="Refuse")),
        query(decide({"Condition": "{% $states.input.ok = true %}"}, "Done", Default="Refuse")),
        query(decide({"Condition": "{% $states.input.s = 'a' %}"}, "Done", Default="Refuse")),
    ],
    ids=[
        "an index", "not present", "not exists", "absent", "a text", "a pattern", "true",
        "a number", "less", "a fraction", "JSONata true", "JSONata text",
    ],
)  # fmt: skip
def test_a_sample_is_made_with_which_the_execution_goes_on(definition: dict[str, Any]) -> None:
    figures = find_figures(make_model(definition, Facts()), 1)
    assert figures.requests["lambda:invoke"] == 1  # it came to the end, and did not fail


def test_what_a_result_is_compared_with_is_what_the_task_gives() -> None:
    asks = {**DIRECT, "ResultPath": "$.count", "Next": "Decide"}
    definition = decide({"Variable": "$.count", "NumericEquals": 3}, "Done", Default="Refuse")
    definition["States"]["Ask"] = asks
    figures = find_figures(make_model({**definition, "StartAt": "Ask"}, Facts()), 1)
    assert figures.invocations == 2


GOES_ON = {"Variable": "$[0]", "IsPresent": True, "Next": "All"}


@pytest.mark.parametrize(
    "between",
    [
        {"Type": "Wait", "Seconds": 1, "Next": "All"},
        {"Type": "Choice", "Choices": [GOES_ON], "Default": "All"},
    ],
    ids=["wait", "choice"],
)
def test_a_map_over_what_came_through_a_state_grows_with_the_result_before(between: Any) -> None:
    items = each(chain("One", One=call()), "$", ResultPath="$")
    definition = chain("List", "Between", "All", List=DIRECT, All=items)
    definition["States"]["Between"] = between
    figures = find_figures(make_model(definition, Facts()), 30)
    assert figures.invocations == 1 + 30


# the verb


@pytest.fixture
def starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a definition that starts another for each item, and that other, into this folder."""
    monkeypatch.chdir(tmp_path)
    start = {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2",
             "Parameters": {"StateMachineArn": "${Child}", "Input": {}}}  # fmt: skip
    definition = chain("All", All=each(chain("Start", Start=start)))
    (tmp_path / "parent.json").write_text(json.dumps(definition), encoding="utf-8")
    (tmp_path / "child.json").write_text(json.dumps(machine(task())), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(("suffix", "transitions"), [("", 302), (":EXPRESS", 102)])
def test_a_child_is_named_for_its_state(
    starts: Path, suffix: str, transitions: int, capsys: pytest.CaptureFixture[str]
) -> None:
    child = f"Start=child.json{suffix}"
    options = ["--items", "100", "--child", child, "--format", "json"]
    assert main(["parent.json", *options]) == 0
    (size,) = json.loads(capsys.readouterr().out)["sizes"]
    assert size["requests"]["lambda:invoke"] == 100
    assert size["children"] == {"Start": 100}
    assert size["transitions"] == transitions


def test_a_child_for_no_state_and_a_file_of_two_are_one_line_each(
    starts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["parent.json", "--child", "Stat=child.json"]) == 2
    assert "--child: state 'Stat' not found. Did you mean 'Start'?" in capsys.readouterr().err
    one = {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"Definition": machine()}}
    (starts / "two.json").write_text(json.dumps({"Resources": {"A": one, "B": one}}), "utf-8")
    assert main(["two.json"]) == 2
    assert "Name one of them: two.json#A, two.json#B" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        "($states.input.a + $states.input.b.c) * 2",
        "$sum($states.input.items.price)",
        "$round($states.input.a / 3, 2)",
        "$number($states.input.n) + 1",
        "$toMillis($states.input.at)",
        "$parse($states.input.body).id",
        "$map($states.input.rows, function($row) { $row.n * 2 })",
    ],
)
def test_functions_say_what_they_take(text: str) -> None:
    state = {"Type": "Pass", "Output": f"{{% {text} %}}", "End": True}
    model = make_model(
        {"StartAt": "A", "QueryLanguage": "JSONata", "States": {"A": state}}, Facts()
    )
    assert not [note for note in model.notes if "fails" in note or "ends in" in note]


@pytest.mark.parametrize("present", [
    {"Variable": "$.voucher", "IsPresent": True},
    {"Condition": "{% $exists($states.input.voucher) %}"},
])  # fmt: skip
def test_what_a_choice_asks_to_be_there_is_there_whatever_is_read_later(
    present: dict[str, Any],
) -> None:
    definition = decide(present, "Apply")
    definition["States"]["Apply"] = call(End=True)
    if "Condition" in present:
        definition = query(definition)
        definition["States"]["Apply"] = definition["States"]["Done"]
    assert ("payload", "Apply") in make_model(definition, Facts()).growths
