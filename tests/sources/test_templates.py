from __future__ import annotations

import json
from typing import Any

import pytest

from carnation.document import parse_document
from carnation.linter import review_definition
from carnation.sources import Files, Reading, Source, find_sources
from carnation.sources.templates import is_template

DEFINITION = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
TEXT = json.dumps(DEFINITION)


def make_template(**properties: Any) -> dict[str, Any]:
    machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
    return {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}, "Odd": 3, "M": machine}}


def read(value: Any) -> Reading:
    return find_sources("t.json", [parse_document(json.dumps(value), "t.json")], Files())


def find(**properties: Any) -> list[Source]:
    reading = read(make_template(**properties))
    assert reading.kind == "template"
    return list(reading.sources)


@pytest.mark.parametrize(
    "written",
    [
        TEXT,
        {"Fn::Sub": TEXT},
        {"Fn::Sub": [TEXT, {"X": 1}]},
        {"Fn::Join": ["", [TEXT[:20], TEXT[20:]]]},
    ],
)
def test_a_definition_is_read_from_a_text_however_it_is_written(written: Any) -> None:
    (found,) = find(DefinitionString=written)
    assert (found.name, found.value, found.type) == ("M", DEFINITION, "STANDARD")


def test_an_object_is_a_definition_with_its_intrinsics_as_placeholders() -> None:
    definition = {
        "StartAt": "A",
        "States": {
            "A": {
                "Type": "Task",
                "Resource": {"Fn::GetAtt": ["F", "Arn"]},
                "Parameters": [
                    {"Ref": "Q"},
                    {"Fn::Sub": "a-${B}"},
                    {"Fn::If": ["C", 1, 2]},
                    {"Fn::Join": ["-", ["a", {"Ref": "B"}]]},
                    {"Ref": ["odd"]},
                ],
            }
        },
    }
    (found,) = find(Definition=definition, StateMachineType="EXPRESS")
    state = found.value["States"]["A"]
    assert state["Resource"] == "${F.Arn}"
    assert state["Parameters"] == ["${Q}", "a-${B}", "${If.C}", "a-${B}", "${odd}"]
    assert found.type == "EXPRESS"
    assert found.place("/States/A") == "/Resources/M/Properties/Definition/States/A"
    assert found.locate("/States/A/Type") == found.document.locate(
        "/Resources/M/Properties/Definition/States/A/Type"
    )
    assert found.measure() == 0


@pytest.mark.parametrize(
    "properties",
    [
        {},
        {"DefinitionS3Location": {"Bucket": "b"}},
        {"DefinitionString": {"Ref": "Parameter"}},
        {"DefinitionString": {"Fn::Join": "odd"}},
        {"DefinitionString": {"Fn::Join": [1, 2]}},
        {"DefinitionString": {"Fn::Sub": [3]}},
        {"DefinitionString": {"Fn::Sub": "x", "Ref": "y"}},
    ],
)
def test_a_definition_that_is_elsewhere_or_unknown_is_left_alone(
    properties: dict[str, Any],
) -> None:
    assert find(**properties) == []


def test_a_text_on_one_line_is_found_where_it_stands() -> None:
    (found,) = find(DefinitionString=TEXT.replace("Succeed", "Suceed"))
    (finding,) = [f for f in review_definition(found) if f.rule == "unknown-state-type"]
    assert finding.pointer == "/Resources/M/Properties/DefinitionString#/States/A/Type"
    assert finding.line == 1
    assert found.line_text(1).startswith("{")


def test_a_text_that_is_no_definition_says_why() -> None:
    (found,) = find(DefinitionString="{")
    assert "t.json, M:1:2: this is not valid JSON" in str(found.error)


def test_the_substitutions_are_known() -> None:
    (found,) = find(DefinitionString=TEXT, DefinitionSubstitutions={"A": 1, "B": 2})
    assert found.substitutions == {"A": 1, "B": 2}


@pytest.mark.parametrize("value", [None, [], {}, {"Resources": []}, {"Resources": {"A": 1}}])
def test_what_has_no_resources_is_no_template(value: Any) -> None:
    assert not is_template(value)


@pytest.mark.parametrize("value", [None, [], {}, {"stepFunctions": 1}, {"resources": {"A": 1}}])
def test_what_can_hold_no_definition_is_distinguished(value: Any) -> None:
    reading = read(value)
    assert (list(reading.sources), list(reading.unseen)) == ([], [])


def read_parameters(parameters: Any, **properties: Any) -> Any:
    state = {"Type": "Task", "Resource": "x", "Parameters": parameters, "End": True}
    definition = {"StartAt": "A", "States": {"A": state}}
    (found,) = find(Definition=definition, **properties)
    return found.value["States"]["A"]["Parameters"]


def test_a_placeholder_stands_for_one_value() -> None:
    written = [
        {"Fn::If": ["IsProd", 1, 2]},
        {"Fn::If": ["IsProd", 3, 4]},
        {"Fn::If": ["IsProd", 1, 2]},
        {"Fn::FindInMap": ["Sizes", "Big", "a key"]},
        {"Fn::Select": [0, {"Fn::GetAZs": ""}]},
        {"Fn::Sub": ["${X}", {"X": {"Ref": "Y"}}]},
        {"Fn::Sub": ["${X}", {"X": {"Fn::GetAtt": "F.Arn"}}]},
        {"Ref": "X"},
        {"Fn::Sub": ["${F.Arn} ${!Kept} ${odd name}", {}]},
        {"Fn::GetAtt": "F.Arn"},
    ]
    assert read_parameters(written) == [
        "${If.IsProd}", "${If.IsProd.2}", "${If.IsProd}", "${FindInMap.Sizes.Big.a-key}",
        "${Select}", "${X}", "${X.2}", "${X.3}", "${F.Arn} ${Kept} ${odd name}", "${F.Arn}",
    ]  # fmt: skip


def test_a_reference_beside_a_substitution_of_its_name_stays_another() -> None:
    given = {"Queue": {"Fn::GetAtt": ["Queue", "Arn"]}}
    found = read_parameters(["${Queue}", {"Ref": "Queue"}], DefinitionSubstitutions=given)
    assert found == ["${Queue}", "${Queue.2}"]
    found = read_parameters(
        ["${Queue}", {"Ref": "Queue"}], DefinitionSubstitutions={"Queue": {"Ref": "Queue"}}
    )
    assert found == ["${Queue}", "${Queue}"]


def test_serverless_holds_definitions_as_objects_as_texts_and_among_its_resources() -> None:
    machines = {
        "charge": {"type": "EXPRESS", "definition": {**DEFINITION, "Comment": {"Ref": "X"}}},
        "ship": {"definition": {"Fn::Sub": TEXT}},
        "elsewhere": {"definition": "${file(ship.yml)}"},
        "other": "${file(other.yml)}",
    }
    value = {
        "service": "orders",
        "stepFunctions": {"stateMachines": machines},
        "resources": make_template(DefinitionString=TEXT),
    }
    reading = read(value)
    assert reading.kind == "serverless.yml"
    assert [one.name for one in reading.unseen] == ["elsewhere", "other"]
    charge, ship, resource = reading.sources
    assert (charge.name, charge.type, charge.value["Comment"]) == ("charge", "EXPRESS", "${X}")
    assert charge.pointer == "/stepFunctions/stateMachines/charge/definition"
    assert (ship.name, ship.type, ship.value) == ("ship", "STANDARD", DEFINITION)
    assert ship.pointer == "/stepFunctions/stateMachines/ship/definition/Fn::Sub"
    assert resource.pointer == "/resources/Resources/M/Properties/DefinitionString"
    assert (resource.name, resource.value) == ("M", DEFINITION)


def test_an_object_that_nests_without_end_is_cut() -> None:
    inner: Any = 1
    for _ in range(400):
        inner = {"a": [inner]}
    (found,) = find(Definition={"StartAt": "A", "States": {"A": inner}})
    assert "${TooDeep}" in json.dumps(found.value)


def list_undefined(**properties: Any) -> list[tuple[str, str]]:
    (found,) = find(**properties)
    return [
        (finding.pointer.rpartition("/Properties/")[2], finding.message)
        for finding in review_definition(found)
        if finding.rule == "undefined-substitution"
    ]


def test_a_substitution_without_a_value_is_found() -> None:
    definition = {
        "StartAt": "A",
        "States": {"A": {"Type": "Task", "Resource": "${F}", "Comment": "${G}", "End": True}},
    }
    given = {"G": "x"}
    found = [("Definition/States/A/Resource", "the template sets no value for '${F}'")]
    assert list_undefined(Definition=definition, DefinitionSubstitutions=given) == found
    text = json.dumps(definition)
    (undefined,) = list_undefined(DefinitionString=text, DefinitionSubstitutions=given)
    assert undefined[0] == "DefinitionString#/States/A/Resource"
    assert list_undefined(DefinitionString={"Fn::Sub": text}) == []
    definition["States"]["A"]["Resource"] = {"Fn::Sub": "${F}"}  # type: ignore[index]
    assert list_undefined(Definition=definition, DefinitionSubstitutions=given) == []
