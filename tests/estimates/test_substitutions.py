"""Substitutions of an estimate: numbers and parts are given with --set, or left out by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from carnation.errors import UsageError
from carnation.estimates.substitutions import fill_definition
from carnation.estimates.targets import find_target


def fill(state: dict[str, Any], **given: str) -> tuple[Any, Any]:
    definition = {"StartAt": "A", "States": {"A": state}}
    filled = fill_definition(definition, given, {})
    return filled.definition["States"]["A"], filled.left


def test_a_number_and_a_part_are_read_as_json() -> None:
    retry = [{"ErrorEquals": ["X"]}]
    state = {"TimeoutSeconds": "${t}", "Retry": "${r}", "Comment": "in ${t}"}
    found, left = fill(state, t="7", r=json.dumps(retry))
    assert found == {"TimeoutSeconds": 7, "Retry": retry, "Comment": "in 7"}
    assert left == ()
    with pytest.raises(UsageError, match="--set t=seven"):
        fill(state, t="seven")


def test_what_aws_lets_be_left_out_is_left_out_and_reported() -> None:
    found, left = fill({"TimeoutSeconds": "${t}", "Catch": "${c}", "Type": "Task"})
    assert found == {"Type": "Task"}
    assert left == (("TimeoutSeconds", "t"), ("Catch", "c"))


@pytest.mark.parametrize(
    "state",
    [
        {"Type": "Wait", "Seconds": "${X}"},
        {"Type": "Choice", "Choices": "${X}"},
        {"Type": "Choice", "Choices": [{"Variable": "$.a", "NumericEquals": "${X}"}]},
        {"Type": "Pass", "Output": "{% $states.input.n + ${X} %}"},
    ],
)
def test_what_has_to_be_known_is_asked_for(state: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="--set X=VALUE"):
        fill(state)
    fill(state, X="3")


def test_texts_need_nothing() -> None:
    state = {"Resource": "${Fn}", "Parameters": {"MaxItems": "${X}"}, "Output": "{% '${X}' %}"}
    assert fill(state) == (state, ())


def test_a_parameter_s_default_is_the_value_of_its_substitution(tmp_path: Path) -> None:
    states = {"A": {"Type": "Wait", "Seconds": "${W}", "Next": "B"}, "B": {"Type": "Succeed"}}
    given = {"W": {"Ref": "Wait"}, "Other": {"Ref": "Unset"}, "Plain": 7}
    properties = {
        "Definition": {"StartAt": "A", "States": states},
        "DefinitionSubstitutions": given,
    }
    machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
    parameters = {"Wait": {"Type": "Number", "Default": 30}, "Unset": {"Type": "String"}}
    path = tmp_path / "t.json"
    path.write_text(json.dumps({"Parameters": parameters, "Resources": {"M": machine}}))
    assert find_target(str(path)).defaults == {"W": "30", "Plain": "7"}


@pytest.mark.parametrize(
    ("expression", "quoted"),
    [
        ("{% $x = '${N}' %}", True),
        ('{% $a & "${N}-${M}" %}', True),
        ("{% ${N} * 2 %}", False),
        ("{% /* it's */ ${N} %}", False),
        ("{% '${N}' = ${N} %}", False),
        ("{% 'it\\'s' & ${N} %}", False),
        ("{% broken( ${N} %}", False),
    ],
)
def test_a_substitution_in_a_string_of_jsonata_may_be_any_text(
    expression: str, quoted: bool
) -> None:
    definition = {"Output": expression}
    if quoted:
        fill_definition(definition, {}, {})
    else:
        with pytest.raises(UsageError, match="--set N=VALUE"):
            fill_definition(definition, {}, {})
