"""Roles beside their state machines in a template: right ones in any spelling, short ones found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from carnation.linter import lint
from carnation.permissions import derive_policy, render_policy

TRUST = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"},
                        "Action": "sts:AssumeRole"}]}  # fmt: skip
SUBSTITUTIONS: dict[str, Any] = {
    "JobsUrl": {"Ref": "Jobs"},
    "Orders": {"Ref": "Table"},
    "Work": {"Fn::GetAtt": ["Function", "Arn"]},
    "Child": {"Ref": "ChildMachine"},
    "Topic": {"Ref": "TopicArnParameter"},
}
RESOURCES: dict[str, Any] = {
    "Jobs": {"Type": "AWS::SQS::Queue"},
    "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "orders"}},
    "Function": {"Type": "AWS::Lambda::Function"},
    "ChildMachine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {}},
}


def task(call: str, **given: Any) -> dict[str, Any]:
    resource = f"arn:${{AWS::Partition}}:states:::{call}"
    return {"Type": "Task", "Resource": {"Fn::Sub": resource}, "Parameters": given, "End": True}


STATES = {
    "Put": task("sqs:sendMessage", QueueUrl="${JobsUrl}", MessageBody="x"),
    "Write": task("dynamodb:putItem", TableName="${Orders}", Item={}),
    "Work": task("lambda:invoke", FunctionName="${Work}"),
    "Wait": task("states:startExecution.sync:2", StateMachineArn="${Child}"),
    "Tell": task("sns:publish", TopicArn="${Topic}", Message="x"),
}
DEFINITION = {"StartAt": "Put", "States": STATES}


def find_rules(folder: Path, statements: list[Any]) -> list[str]:
    policy = {"PolicyName": "p", "PolicyDocument": {"Statement": statements}}
    role = {"AssumeRolePolicyDocument": TRUST, "Policies": [policy]}
    machine = {
        "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
        "Definition": DEFINITION,
        "DefinitionSubstitutions": SUBSTITUTIONS,
    }
    resources = RESOURCES | {
        "Role": {"Type": "AWS::IAM::Role", "Properties": role},
        "Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": machine},
    }
    path = folder / "template.json"
    template = {"Parameters": {"TopicArnParameter": {"Type": "String"}}, "Resources": resources}
    path.write_text(json.dumps(template), encoding="utf-8")
    return [
        f"{one.rule}: {one.message}"
        for one in lint([str(path)]).findings
        if one.rule.endswith("-permission")
    ]


def allow(action: Any, resource: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


RULE = {"Fn::Sub": "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/"
                   "StepFunctionsGetEventsForStepFunctionsExecutionRule"}  # fmt: skip
BY_REFERENCE = [
    allow("sqs:SendMessage", {"Fn::GetAtt": ["Jobs", "Arn"]}),
    allow("dynamodb:PutItem", {"Fn::GetAtt": "Table.Arn"}),
    allow("lambda:InvokeFunction", {"Fn::GetAtt": ["Function", "Arn"]}),
    allow("states:StartExecution", {"Ref": "ChildMachine"}),
    allow(["states:DescribeExecution", "states:StopExecution"], {"Fn::Sub":
          "arn:aws:states:${AWS::Region}:${AWS::AccountId}:execution:${ChildMachine.Name}:*"}),
    allow(["events:DescribeRule", "events:PutRule", "events:PutTargets"], RULE),
    allow("sns:Publish", {"Ref": "TopicArnParameter"}),
]  # fmt: skip


def read_printed() -> list[Any]:
    named = {name: state | {"Resource": state["Resource"]["Fn::Sub"]}
             for name, state in STATES.items()}  # fmt: skip
    definition = DEFINITION | {"States": named}
    statements: list[Any] = render_policy(derive_policy(definition))["Statement"]
    return [one | {"Resource": [{"Fn::Sub": text} for text in one["Resource"]]}
            for one in statements]  # fmt: skip


def test_a_right_role_is_right_by_reference(tmp_path: Path) -> None:
    assert find_rules(tmp_path, BY_REFERENCE) == []


def test_the_printed_policy_is_right_where_it_is_put(tmp_path: Path) -> None:
    assert find_rules(tmp_path, read_printed()) == []


@pytest.mark.parametrize("left_out", range(len(BY_REFERENCE)))
def test_a_grant_by_reference_is_missed(left_out: int, tmp_path: Path) -> None:
    fewer = [one for at, one in enumerate(BY_REFERENCE) if at != left_out]
    actions = BY_REFERENCE[left_out]["Action"]
    found = find_rules(tmp_path, fewer)
    assert len(found) == (len(actions) if isinstance(actions, list) else 1)
    assert all(one.startswith("missing-permission") for one in found)


@pytest.mark.parametrize("resource", [
    {"Fn::Sub": "arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:${Jobs.QueueName}"},
    {"Fn::Join": [":", ["arn:aws:sqs", {"Ref": "AWS::Region"}, {"Ref": "AWS::AccountId"}, "*"]]},
    {"Fn::If": ["IsProd", {"Fn::GetAtt": ["Jobs", "Arn"]}, {"Ref": "AWS::NoValue"}]},
    [{"Ref": "SomeQueueArn"}],
    "*",
])  # fmt: skip
def test_a_grant_is_read_in_other_words(resource: Any, tmp_path: Path) -> None:
    statements = [allow("sqs:SendMessage", resource), *BY_REFERENCE[1:]]
    assert find_rules(tmp_path, statements) == []


@pytest.mark.parametrize("resource", [
    {"Fn::Sub": "arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:other"},
    {"Fn::GetAtt": ["Table", "Arn"]},
    {"Fn::Sub": "${ChildMachine}:*"},
    {"Fn::Sub": "arn:aws:sns:${AWS::Region}:${AWS::AccountId}:*"},
])  # fmt: skip
def test_a_grant_on_something_else_is_none(resource: Any, tmp_path: Path) -> None:
    statements = [allow("sqs:SendMessage", resource), *BY_REFERENCE[1:]]
    (found,) = find_rules(tmp_path, statements)
    assert found.startswith("missing-permission")
    assert "sqs:SendMessage" in found


def test_what_is_denied_is_not_allowed(tmp_path: Path) -> None:
    denied = allow("sqs:*", "*") | {"Effect": "Deny"}
    (found,) = find_rules(tmp_path, [*BY_REFERENCE, denied])
    assert "sqs:SendMessage" in found


def test_what_a_policy_leaves_out_is_not_granted(tmp_path: Path) -> None:
    function = {"Fn::GetAtt": ["Function", "Arn"]}
    others = {"Effect": "Allow", "Action": "*", "NotResource": function}
    assert len(find_rules(tmp_path, [others])) == 1
    but = {"Effect": "Allow", "NotAction": "lambda:*", "Resource": "*"}
    assert len(find_rules(tmp_path, [but])) == 1
    invokes = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": function}
    assert find_rules(tmp_path, [but, others, invokes]) == []


def test_the_address_of_a_queue_is_no_resource(tmp_path: Path) -> None:
    every = {"Effect": "Allow", "NotAction": "sqs:*", "Resource": "*"}
    sends = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": {"Ref": "Jobs"}}
    assert len(find_rules(tmp_path, [every, sends])) == 1
    sends["Resource"] = {"Fn::GetAtt": ["Jobs", "Arn"]}
    assert find_rules(tmp_path, [every, sends]) == []
