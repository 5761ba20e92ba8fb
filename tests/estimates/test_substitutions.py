"""Substitutions of an estimate: numbers and parts are given with --set, or left out by name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from carnation.errors import UsageError
from carnation.estimates.substitutions import fill_definition


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


def test_what_aws_lets_be_left_out_is_left_out_and_told() -> None:
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
