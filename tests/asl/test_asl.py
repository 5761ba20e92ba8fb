from __future__ import annotations

import inspect
from typing import Any

import pytest

from carnation import states
from carnation.asl import STATE_TYPES, fields_of, find_problem, walk_states
from carnation.cloudformation.substitutions import find_substitutions

STRUCTURE = {"Type", "Next", "End", "Choices", "Default", "Branches", "ItemProcessor", "Iterator"}
EXTRA = {
    "Choice": {"choices", "default"},
    "Parallel": {"branches"},
    "Map": {"item_processor", "processor_config", "iterator"},
}


@pytest.mark.parametrize("state_type", STATE_TYPES)
def test_each_constructor_names_every_field_of_its_type_and_no_other(state_type: str) -> None:
    parameters = set(inspect.signature(getattr(states, state_type).__init__).parameters)
    fields = {
        field.argument
        for field in fields_of(state_type, legacy=True)
        if field.name not in STRUCTURE
    }
    assert parameters - {"self", "state_id", "extra"} - EXTRA.get(state_type, set()) == fields


@pytest.mark.parametrize(("place", "extra"), [("Retrier", set()), ("Catcher", {"next_step"})])
def test_retriers_and_catchers_name_every_field_too(place: str, extra: set[str]) -> None:
    block = {"Retrier": states.Retry, "Catcher": states.Catch}[place]
    fields = {field.argument for field in fields_of(place) if field.name != "Next"}
    assert set(inspect.signature(block.__init__).parameters) - {"self", "extra"} - extra == fields


def field_of(place: str, name: str) -> Any:
    return next(field for field in fields_of(place) if field.name == name)


@pytest.mark.parametrize(
    ("place", "name", "good", "bad"),
    [
        ("Task", "TimeoutSeconds", [1, 2.0, 99_999_999, "{% $n %}"], [0, 1.5, "1", True, None]),
        ("Retrier", "MaxDelaySeconds", [1, 31_622_400], [0, 31_622_401]),
        ("Retrier", "JitterStrategy", ["FULL", "NONE"], ["full", None]),
        ("Retrier", "ErrorEquals", [["States.ALL"]], [[], "States.ALL", [1]]),
        ("Retrier", "BackoffRate", [1, 1.5, 400], [0.9, "2"]),
        ("Map", "ToleratedFailurePercentage", [0, 12.5, 100], [-1, 100.5]),
        ("Pass", "ResultPath", [None, "$", "$.a"], ["a", 1]),
        ("Fail", "ErrorPath", ["$.e", "States.Format('{}', $.e)"], ["e", None]),
        ("Choice", "QueryLanguage", ["JSONPath", "JSONata"], ["jsonata"]),
        ("Fail", "Error", ["E"], [1]),
        ("Pass", "End", [True, False], ["true"]),
        ("ItemProcessor", "ProcessorConfig", [{"Mode": "INLINE"}], ["INLINE"]),
    ],
)
def test_a_value_is_checked_by_its_row(
    place: str, name: str, good: list[Any], bad: list[Any]
) -> None:
    field = field_of(place, name)
    assert [find_problem(field, value) for value in good] == [""] * len(good)
    assert all(find_problem(field, value) for value in bad)


def test_a_long_value_is_shortened_in_the_message() -> None:
    assert len(find_problem(field_of("Retrier", "MaxAttempts"), "x" * 500)) < 160


def test_states_are_found_through_maps_and_branches_and_iterators() -> None:
    leaf = {"StartAt": "Z", "States": {"Z": {"Type": "Succeed"}}}
    branch = {"StartAt": "a/b", "States": {"a/b": {"Type": "Map", "Iterator": leaf}}}
    definition = {
        "StartAt": "P",
        "States": {"P": {"Type": "Parallel", "Branches": [branch, "no branch"]}, "odd": 3},
    }
    assert [place.pointer for place in walk_states(definition)] == [
        "/States/P",
        "/States/P/Branches/0/States/a~1b",
        "/States/P/Branches/0/States/a~1b/Iterator/States/Z",
    ]


def test_walking_what_is_no_definition_finds_nothing() -> None:
    assert list(walk_states({})) == []
    assert list(walk_states({"States": []})) == []


def test_substitutions_are_listed_once_in_the_order_they_are_met() -> None:
    document = {"a": ["${B} ${A}", {"c": "${B}${AWS::Region}"}], "n": 1}
    assert find_substitutions(document) == ["B", "A", "AWS::Region"]
