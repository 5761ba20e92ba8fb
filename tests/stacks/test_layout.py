"""The layout by kind: references across templates, what has to wait, and what cannot be split."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from carnation.errors import WorkflowError
from carnation.stacks import Sources
from carnation.stacks.by_kind import _REWRITTEN, ROOT, ByKind, split_template
from carnation.stacks.references import PLAIN_KEY
from carnation.stacks.writing import render_document
from tests.stacks.test_stacks import parse

SOURCES = Sources("pay", "1.0.0", {}, "code/state-machine/pay.asl.json", "", {})


def template(resources: dict[str, Any], **sections: Any) -> dict[str, Any]:
    names = ("ProjectName", "Environment", "ArtifactBucket", "KeyArn", "Limit")
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "pay",
        "Parameters": {
            **{name: {"Type": "String"} for name in names},
            "Limit": {"Type": "Number", "Description": "How many", "Default": 3},
        },
        "Conditions": {
            "MakesKey": {"Fn::Equals": [{"Ref": "KeyArn"}, ""]},
            "IsLarge": {"Fn::Equals": [{"Ref": "Limit"}, "9"]},
            "IsLargeAndMade": {"Fn::And": [{"Condition": "IsLarge"}, {"Condition": "IsSmall"}]},
            "IsSmall": {"Fn::Not": [{"Condition": "IsLarge"}]},
        },
        "Resources": resources,
        **sections,
    }


def split(resources: dict[str, Any], layout: ByKind | None = None, **sections: Any) -> Any:
    texts = split_template(template(resources, **sections), SOURCES, layout)
    short = {
        path.rpartition("/")[2].removesuffix("-stack.yaml"): text for path, text in texts.items()
    }
    return {name: parse(text) for name, text in short.items()}


def queue(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SQS::Queue", "Properties": properties}


def function(*texts: Any, **more: Any) -> dict[str, Any]:
    variables = {f"V{number}": text for number, text in enumerate(texts)}
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {"Environment": {"Variables": variables}},
        **more,
    }


def variables_of(made: Any, name: str = "Work") -> list[Any]:
    properties = made["lambda-function"]["Resources"][name]["Properties"]
    return list(properties["Environment"]["Variables"].values())


def test_a_reference_across_templates_is_an_output_and_a_parameter() -> None:
    made = split(
        {"Jobs": queue(), "Work": function({"Ref": "Jobs"}, {"Fn::GetAtt": ["Jobs", "Arn"]})}
    )
    assert made["sqs"]["Outputs"] == {
        "JobsUrl": {"Value": {"Ref": "Jobs"}},
        "JobsArn": {"Value": {"Fn::GetAtt": ["Jobs", "Arn"]}},
    }
    assert variables_of(made) == [{"Ref": "JobsUrl"}, {"Ref": "JobsArn"}]
    stack = made["pay-root"]["Resources"]["FunctionStack"]["Properties"]["Parameters"]
    assert stack["JobsUrl"] == {"Fn::GetAtt": ["QueueStack", "Outputs.JobsUrl"]}
    assert stack["JobsArn"] == {"Fn::GetAtt": ["QueueStack", "Outputs.JobsArn"]}
    assert list(made["lambda-function"]["Parameters"]) == list(stack)


def test_a_reference_in_a_text_is_rewritten_and_a_literal_is_left() -> None:
    text = {"Fn::Sub": "${Jobs.Arn} ${!Jobs} ${AWS::Region} ${Environment} ${Own}"}
    own = {"Fn::Sub": ["${Own} ${Jobs}", {"Own": {"Ref": "Jobs"}}]}
    made = split({"Jobs": queue(), "Own": function(), "Work": function(text, own)})
    assert variables_of(made) == [
        {"Fn::Sub": "${JobsArn} ${!Jobs} ${AWS::Region} ${Environment} ${Own}"},
        {"Fn::Sub": ["${Own} ${JobsUrl}", {"Own": {"Ref": "JobsUrl"}}]},
    ]


def test_the_root_refers_to_outputs_of_its_stacks() -> None:
    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {"DefinitionSubstitutions": {"A": {"Fn::Sub": "x ${Jobs}"}}},
    }
    outputs = {"JobsUrl": {"Value": {"Ref": "Jobs"}}, "Machine": {"Value": {"Ref": "Machine"}}}
    root = split({"Jobs": queue(), "Machine": machine}, Outputs=outputs)["pay-root"]
    (given,) = root["Resources"]["Machine"]["Properties"]["DefinitionSubstitutions"].values()
    assert given == {"Fn::Sub": "x ${QueueStack.Outputs.JobsUrl}"}
    assert root["Outputs"]["JobsUrl"]["Value"] == {"Fn::GetAtt": ["QueueStack", "Outputs.JobsUrl"]}
    assert root["Outputs"]["Machine"]["Value"] == {"Ref": "Machine"}


def test_what_starts_the_machine_is_given_it_by_the_root() -> None:
    rule = {"Type": "AWS::Events::Rule", "Properties": {"Targets": [{"Arn": {"Ref": "Alias"}}]}}
    alias = {"Type": "AWS::StepFunctions::StateMachineAlias", "Properties": {}}
    made = split({"Rule": rule, "Alias": alias})
    assert "Outputs" not in made["trigger"]
    stack = made["pay-root"]["Resources"]["TriggerStack"]["Properties"]["Parameters"]
    assert stack["AliasArn"] == {"Ref": "Alias"}


def test_the_key_is_made_in_the_root_and_given_to_the_others() -> None:
    key = {"Type": "AWS::KMS::Key", "Condition": "MakesKey", "Properties": {}}
    made = split({"Jobs": queue(KmsMasterKeyId=PLAIN_KEY), "Key": key})
    assert made["sqs"]["Resources"]["Jobs"]["Properties"]["KmsMasterKeyId"] == {"Ref": "KeyArn"}
    assert "Default" not in made["sqs"]["Parameters"]["KeyArn"]
    assert "Conditions" not in made["sqs"]
    stack = made["pay-root"]["Resources"]["QueueStack"]["Properties"]["Parameters"]
    assert stack["KeyArn"] == PLAIN_KEY


def test_a_condition_brings_the_conditions_and_parameters_it_needs() -> None:
    made = split({"Jobs": {**queue(), "Condition": "IsLargeAndMade"}, "Rest": function()})
    assert list(made["sqs"]["Conditions"]) == ["IsLarge", "IsLargeAndMade", "IsSmall"]
    assert made["sqs"]["Parameters"]["Limit"] == {"Type": "Number", "Description": "How many"}
    assert "Limit" not in made["lambda-function"]["Parameters"]


@pytest.mark.parametrize("form", ["Jobs", ["Jobs", "Own"]])
def test_a_resource_that_waits_for_another_template_makes_its_stack_wait(form: Any) -> None:
    made = split({"Jobs": queue(), "Own": function(), "Work": function(DependsOn=form)})
    work = made["lambda-function"]["Resources"]["Work"]
    assert work.get("DependsOn", []) == [name for name in form if name == "Own"]
    assert made["pay-root"]["Resources"]["FunctionStack"]["DependsOn"] == ["QueueStack"]


def test_the_root_waits_for_stacks_and_a_stack_for_the_root() -> None:
    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "DependsOn": ["A", "B"],
        "Properties": {},
    }
    rule = {"Type": "AWS::Events::Rule", "DependsOn": "Machine", "Properties": {}}
    root = split({"A": queue(), "B": queue(), "Machine": machine, "Rule": rule})["pay-root"]
    assert root["Resources"]["Machine"]["DependsOn"] == ["QueueStack"]
    assert root["Resources"]["TriggerStack"]["DependsOn"] == ["Machine"]


@pytest.mark.parametrize("waits", [False, True])
def test_templates_that_need_each_other_are_refused(waits: bool) -> None:
    back = {**queue(), "DependsOn": ["Work"]} if waits else queue(Tag={"Ref": "Work"})
    with pytest.raises(WorkflowError, match="sqs, lambda-function need each other"):
        split({"Jobs": back, "Work": function({"Ref": "Jobs"})})


def test_a_template_of_too_many_resources_is_refused() -> None:
    split({f"Q{number}": queue() for number in range(450)})
    with pytest.raises(WorkflowError, match="sqs: 451 resources"):
        split({f"Q{number}": queue() for number in range(451)})


def test_a_layout_moves_renames_and_describes() -> None:
    layout = ByKind(
        places={"Work": ROOT, "Inbox": "files"},
        ids={"Inbox": "Queue"},
        stacks={"files": ("InboxStack", "What comes in")},
        parameters={"InboxUrl": ("Where", "Where it comes in")},
    )
    resources = {"Inbox": queue(), "Work": function(), "Out": queue(Tag={"Fn::Sub": "${Inbox}"})}
    made = split(resources, layout)
    assert made["files"]["Description"] == "What comes in"
    assert list(made["files"]["Resources"]) == ["Queue"]
    assert made["files"]["Outputs"] == {"InboxUrl": {"Value": {"Ref": "Queue"}}}
    assert made["sqs"]["Parameters"]["Where"]["Description"] == "Where it comes in"
    assert made["sqs"]["Resources"]["Out"]["Properties"]["Tag"] == {"Fn::Sub": "${Where}"}
    assert list(made["pay-root"]["Resources"]) == ["QueueStack", "InboxStack", "Work"]


@pytest.mark.parametrize("memory", [128, 256])
def test_a_version_is_described_by_its_function_as_it_is_written(memory: int) -> None:
    version = {
        "Type": "AWS::Lambda::Version",
        "Properties": {"FunctionName": {"Ref": "Work"}, "Description": "is {configuration}"},
    }
    unversioned = {"Tags": [{"Key": "a", "Value": "b"}], "ReservedConcurrentExecutions": 3}
    work = {
        "Type": "AWS::Lambda::Function",
        "Properties": {"MemorySize": memory, **unversioned},
    }
    text = render_document(template({"Work": work, "V": version}))
    described = parse(text)["Resources"]["V"]["Properties"]["Description"]
    configuration = f'{{"MemorySize": {memory}}}'
    assert described == f"is {hashlib.sha256(configuration.encode()).hexdigest()[:16]}"


def test_what_an_earlier_template_was_split_into_changes_no_later_one() -> None:
    """Equal parts are rewritten once in a process; what differs elsewhere may not reach them."""
    one = {"Jobs": queue(), "Work": function({"Ref": "Jobs"})}
    other = {"Jobs": queue(), "Work": function("none")}
    topic = {"Jobs": {"Type": "AWS::SNS::Topic"}, "Work": function({"Ref": "Jobs"})}
    outputs = {"Outputs": {"Jobs": {"Value": {"Ref": "Jobs"}}}}
    alone = []
    for resources in (one, other, topic):
        for sections in ({}, outputs):
            _REWRITTEN.clear()
            alone.append(split(resources, **sections))
    _REWRITTEN.clear()
    again = [
        split(resources, **sections)
        for resources in (one, other, topic)
        for sections in ({}, outputs)
    ]
    assert again == alone
    assert [*split(one)["sqs"]["Outputs"]] == ["JobsUrl"]
    assert "Outputs" not in split(other)["sqs"]
