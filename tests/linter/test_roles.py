"""The role in the same template: what it lacks, and what it has for nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from carnation.cloudformation.roles import find_role
from carnation.document import parse_document
from carnation.linter import review_definition
from carnation.sources import Files, find_sources

SEND = {
    "StartAt": "Put",
    "States": {
        "Put": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage",
            "Parameters": {"QueueUrl": "${JobsUrl}", "MessageBody": "x"},
            "End": True,
        }
    },
}
GET_ARN = {"Fn::GetAtt": ["Role", "Arn"]}


def allow(*actions: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return {"PolicyName": "p", "PolicyDocument": {"Statement": [statement]}}


def find(role: Any, given: Any = GET_ARN, more: Any = None, **properties: Any) -> list[str]:
    machine = {"Definition": SEND, "RoleArn": given, **properties}
    template = {
        "Resources": {
            "Role": {"Type": "AWS::IAM::Role", "Properties": role},
            "Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": machine},
            **(more or {}),
        }
    }
    document = parse_document(json.dumps(template), "t.json")
    (source,) = find_sources("t.json", [document], Files()).sources
    found = review_definition(source)
    return [f"{one.rule} {one.state}" for one in found if one.rule.endswith("-permission")]


def test_an_action_that_the_role_may_not_do_is_found_at_its_state() -> None:
    assert find({"Policies": [allow("sqs:GetQueueUrl")]}) == [
        "unneeded-permission ",
        "missing-permission Put",
    ]
    assert find({"Policies": [allow("sqs:SendMessage")]}) == []
    assert find({"Policies": [allow("sqs:Send*")]}) == []
    assert find({}) == ["missing-permission Put"]


def test_what_only_an_execution_knows_is_found_at_its_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    worked_out = {"QueueUrl.$": "$.queue", "MessageBody": "x"}
    monkeypatch.setitem(SEND["States"]["Put"], "Parameters", worked_out)  # type: ignore[index]
    assert find({"Policies": [allow("sqs:SendMessage")]}) == ["open-permission Put"]


def test_what_the_machine_itself_needs_is_missed_too() -> None:
    role = {"Policies": [allow("sqs:SendMessage")]}
    assert "missing-permission " in find(role, TracingConfiguration={"Enabled": True})


@pytest.mark.parametrize(
    "given", [GET_ARN, {"Fn::GetAtt": "Role.Arn"}, {"Fn::Sub": "${Role.Arn}"}, {"Ref": "Role"}]
)
def test_a_role_is_found_however_it_is_referred_to(given: Any) -> None:
    assert find({}, given) == ["missing-permission Put"]


@pytest.mark.parametrize(
    "given",
    ["arn:aws:iam::1:role/r", {"Ref": "RoleArn"}, {"Fn::Sub": "x"}, {"Fn::If": ["C", 1, 2]}, {}],
)
def test_a_role_from_elsewhere_is_not_judged(given: Any) -> None:
    assert find({}, given) == []


@pytest.mark.parametrize(
    "role",
    [
        {"ManagedPolicyArns": ["arn:aws:iam::aws:policy/X"]},
        {"ManagedPolicyArns": {"Fn::If": ["C", [], []]}},
        {"Policies": {"Fn::If": ["C", [], []]}},
        {"Policies": [{"Fn::If": ["C", {}, {}]}]},
    ],
)
def test_a_role_that_cannot_be_read_as_a_whole_is_believed(role: Any) -> None:
    assert find(role) == []


def test_policies_that_are_attached_from_beside_count() -> None:
    body = {"PolicyDocument": allow("sqs:SendMessage")["PolicyDocument"]}
    for kind, fields in (
        ("Policy", {"Roles": [{"Ref": "Role"}]}),
        ("RolePolicy", {"RoleName": {"Ref": "Role"}}),
        ("ManagedPolicy", {"Roles": [{"Ref": "Role"}]}),
    ):
        more = {"P": {"Type": f"AWS::IAM::{kind}", "Properties": {**body, **fields}}}
        assert find({}, more=more) == []
        more["P"]["Properties"] = body
        assert find({}, more=more) == ["missing-permission Put"]
    more = {"P": {"Type": "AWS::IAM::ManagedPolicy", "Properties": body}}
    assert find({"ManagedPolicyArns": [{"Ref": "P"}]}, more=more) == []


def test_what_is_no_role_is_none() -> None:
    template = {"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": None}, "S": 1}}
    assert find_role(template, {"Role": {"Ref": "S"}}) is None
    assert find_role(template, {}) is None
    found = find_role(template, {"Role": {"Ref": "R"}})
    assert found is not None
    assert found.policies == {}
