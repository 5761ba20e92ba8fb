"""Versions follow parameters; references in properties are resolved, and never left as text."""

from __future__ import annotations

from typing import Any

import pytest

from carnation.errors import WorkflowError
from carnation.resources import Function, Parameter, Queue, Raw
from tests.stacks.test_nouns import build, resources_of

LEVEL = Parameter("log_level", "Level of logs", default="INFO")


def describe_version(**given: Any) -> Any:
    function = Function("validate_order", **given)
    made = resources_of(function.invoke("Go", {}), resources=[function, LEVEL])
    return made["ValidateOrderVersion"]["Properties"]["Description"]


def test_a_version_is_another_one_when_a_parameter_of_its_function_changes() -> None:
    told = describe_version(environment={"LEVEL": LEVEL.value})
    assert told["Fn::Sub"].endswith(", LEVEL ${LogLevel}")
    text, values = describe_version(environment={"LEVEL": f"at {LEVEL.value}"})["Fn::Sub"]
    assert text.endswith(", LEVEL ${Value0}")
    assert values == {"Value0": {"Fn::Sub": "at ${LogLevel}"}}


def test_a_version_holds_a_setting_given_by_ref_and_none_that_it_does_not_have() -> None:
    properties = {"MemorySize": {"Ref": "LogLevel"}}
    assert describe_version(properties=properties)["Fn::Sub"].endswith(", MemorySize ${LogLevel}")
    tags = {"Tags": [{"Key": "level", "Value": {"Ref": "LogLevel"}}]}
    assert isinstance(describe_version(properties=tags), str)


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ({"properties": {"NoEcho": True}}, "LEVEL uses parameter LogLevel, which has NoEcho"),
        ({"default": "x" * 300}, "the limit is 256"),
    ],
)
def test_a_version_shows_no_secret_and_nothing_too_long(
    parameter: dict[str, Any], message: str
) -> None:
    level = Parameter("log_level", **parameter)
    function = Function("validate_order", environment={"LEVEL": level.value})
    with pytest.raises(WorkflowError, match=message):
        build(function.invoke("Go", {}), resources=[function, level])


def test_references_in_properties_are_resolved_in_nouns_and_raw_resources() -> None:
    queue = Queue("jobs", properties={"Tags": [
        {"Key": "a", "Value": f"at {LEVEL.value}"},
        {"Key": "b", "Value": {"Fn::Sub": f"{LEVEL.value} ${{AWS::Region}}"}},
    ]})  # fmt: skip
    raw = Raw("Cache", {"Type": "AWS::SSM::Parameter",
                        "Properties": {"Type": "String", "Value": LEVEL.value}})  # fmt: skip
    go = queue.send_message("Go", MessageBody={})
    made = resources_of(go, resources=[queue, raw, LEVEL])
    assert [tag["Value"]["Fn::Sub"] for tag in made["JobsQueue"]["Properties"]["Tags"]] == [
        "at ${LogLevel}", "${LogLevel} ${AWS::Region}"
    ]  # fmt: skip
    assert made["Cache"]["Properties"]["Value"] == {"Ref": "LogLevel"}


def test_a_reference_that_is_left_as_text_is_refused() -> None:
    def change(path: str, template: Any) -> None:
        template["Resources"]["JobsQueue"]["Properties"]["Tags"] = [
            {"Key": "a", "Value": "${JobsUrl}"}
        ]

    queue = Queue("jobs")
    with pytest.raises(WorkflowError, match=r"JobsQueue has the text '\${JobsUrl}'"):
        build(queue.send_message("Go", MessageBody={}), resources=[queue], change=change)
