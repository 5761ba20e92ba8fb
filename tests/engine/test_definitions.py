from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carnation.engine import Execution, compile_definition
from carnation.errors import CarnationError, DefinitionError
from tests.engine_fakes import Script, machine, task

PASS = {"Type": "Pass"}


def only(**state: Any) -> dict[str, Any]:
    return {"StartAt": "A", "States": {"A": state}}


@pytest.mark.parametrize(
    ("definition", "problem"),
    [
        ([], "not a JSON object"),
        ({}, "States is missing or empty"),
        ({"States": {}}, "States is missing or empty"),
        ({"States": {"A": {**PASS, "End": True}}}, "StartAt is None"),
        ({"StartAt": "B", "States": {"A": {**PASS, "End": True}}}, "StartAt is 'B', which"),
        ({"StartAt": "Aa", "States": {"Aab": {**PASS, "End": True}}}, "Did you mean 'Aab'"),
        ({**only(**PASS, End=True), "QueryLanguage": "XPath"}, "QueryLanguage is 'XPath'"),
        ({**only(**PASS, End=True), "TimeoutSeconds": "5"}, "TimeoutSeconds must be"),
        (only(Type="Pas", End=True), "Did you mean 'Pass'"),
        (only(Type=7), "Known: Pass"),
        ({"StartAt": "A", "States": {"A": []}}, "unknown state type None"),
        (only(**PASS), "neither Next nor End"),
        (only(**PASS, Next="B"), "Next is 'B', which does not exist"),
        (only(**PASS, End=True, InputPath="a.b"), "a path starts with"),
        (only(**PASS, End=True, InputPath=7), "wrong shape"),
        (only(**PASS, End=True, Assign="x"), "Assign must be an object"),
        (only(**PASS, End=True, Parameters={"a.$": "States.Nope()"}), "'States.Nope' not found"),
        (only(**PASS, End=True, ResultPath="$.a[*]"), "reference path"),
        (only(**PASS, End=True, Output="{% $a + %}", QueryLanguage="JSONata"), "JSONata '$a +'"),
        (only(Type="Task", End=True), "without Resource"),
        (only(**task(End=True, Retry={})), "Retry must be a list"),
        (only(**task(End=True, Catch=[{"ErrorEquals": ["E"]}])), "wrong shape"),
        (only(**task(End=True, Catch=[{"ErrorEquals": ["E"], "Next": "B"}])), "Catch[0].Next"),
        (only(Type="Choice"), "without Choices"),
        (only(Type="Choice", Choices=[{"Next": "A"}]), "needs Variable and"),
        (only(Type="Choice", Choices=[{"And": [], "Next": "A"}]), "'And' must have at least one"),
        (only(Type="Choice", Choices=[{"Next": "A"}], QueryLanguage="JSONata"), "Condition must"),
        (only(Type="Choice", Choices=[{"Variable": "$.a", "IsNull": True, "Next": "B"}]),
         "Choices[0].Next"),
        (only(Type="Choice", Choices=[{"Variable": "$.a", "IsNull": True, "Next": "A"}],
              Default="B"), "Default is 'B'"),
        (only(Type="Wait", End=True), "a Wait needs one of"),
        (only(Type="Wait", End=True, Seconds=1, SecondsPath="$.a"), "a Wait needs one of"),
        (only(Type="Map", End=True), "Map without ItemProcessor"),
        (only(Type="Map", End=True, ItemProcessor={}), "ItemProcessor of state 'A': States is"),
        (only(Type="Map", End=True, ItemProcessor=7), "States is missing or empty"),
        (only(Type="Map", End=True, Items=7, ItemProcessor={}, QueryLanguage="JSONata"),
         "Items must be an array"),
        (only(Type="Parallel", End=True), "Parallel without Branches"),
        (only(Type="Parallel", End=True, Branches=[7]), "Branches[0] of state 'A': States is"),
    ],
)  # fmt: skip
def test_a_definition_that_cannot_run_is_refused_by_name(definition: Any, problem: str) -> None:
    with pytest.raises(CarnationError) as caught:
        compile_definition(definition)
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_definition_too_deep_is_refused() -> None:
    inner: dict[str, Any] = machine(PASS)
    for _ in range(150):
        inner = only(Type="Map", ItemProcessor=inner, End=True)
    with pytest.raises(DefinitionError, match="deeper than 100"):
        compile_definition(inner)


def test_a_chain_of_ten_thousand_states_runs() -> None:
    states: dict[str, Any] = {f"S{at}": {**PASS, "Next": f"S{at + 1}"} for at in range(10_000)}
    states["S10000"] = {"Type": "Succeed"}
    execution = Execution(compile_definition({"StartAt": "S0", "States": states}), {})
    assert execution.run() == "SUCCEEDED"


FULL: dict[str, Any] = {
    "StartAt": "T",
    "States": {
        "T": task(
            Parameters={"a.$": "$.a", "b": 1},
            Retry=[{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 2}],
            Catch=[{"ErrorEquals": ["States.ALL"], "ResultPath": "$.e", "Next": "C"}],
            ResultPath="$.t",
            TimeoutSeconds=5,
            Next="C",
        ),
        "C": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.a", "NumericGreaterThan": 0, "Next": "M"}],
            "Default": "W",
        },
        "M": {
            "Type": "Map",
            "ItemsPath": "$.items",
            "MaxConcurrency": 2,
            "ItemSelector": {"v.$": "$$.Map.Item.Value"},
            "ItemProcessor": machine(PASS, {"Type": "Succeed"}),
            "Next": "P",
        },
        "P": {
            "Type": "Parallel",
            "Branches": [machine(PASS), machine({"Type": "Wait", "Seconds": 1})],
            "Next": "W",
        },
        "W": {"Type": "Wait", "SecondsPath": "$[0]", "End": True},
    },
}
places: list[tuple[Any, ...]] = []


def _collect(value: Any, path: tuple[Any, ...]) -> None:
    places.append(path)
    for key in (
        value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    ):
        _collect(value[key], (*path, key))


_collect(FULL, ())
JUNK = [None, True, 0, -1, 1.5, "", "$", "$.x", "{% x %}", [], {}, [None], {"": None}, "States.ALL"]
values = st.recursive(
    st.sampled_from([None, True, 1, -2.5, "x", "2"]),
    lambda inner: st.one_of(st.lists(inner, max_size=3),
                            st.dictionaries(st.sampled_from(["a", "items"]), inner)),
    max_leaves=5,
)  # fmt: skip


@given(st.sampled_from(places), st.sampled_from(JUNK), st.booleans(), values)
@settings(max_examples=600)
def test_any_edit_of_a_definition_runs_or_is_refused_in_one_sentence(
    place: tuple[Any, ...], junk: Any, remove: bool, value: Any
) -> None:
    definition = copy.deepcopy(FULL)
    holder: Any = definition
    for key in place[:-1]:
        holder = holder[key]
    if not place:
        definition = junk
    elif remove:
        del holder[place[-1]]
    else:
        holder[place[-1]] = junk
    try:
        execution = Execution(compile_definition(definition), value, Script())
    except CarnationError as refusal:
        text = str(refusal)
    else:
        for _ in range(3_000):
            if not execution.step():
                break
        text = execution.cause or ""
    assert "Traceback" not in text
