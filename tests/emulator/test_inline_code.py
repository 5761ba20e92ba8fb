"""Functions whose source text stands in a template."""

from __future__ import annotations

import json
from typing import Any

import pytest

from carnation.emulator import Emulator
from carnation.emulator.runtimes import find_obstacle
from tests.emulator.test_emulator import PYTHON, invoke

ALLOWED = {"Capabilities": ["CAPABILITY_IAM"]}
CUSTOM = """
import cfnresponse
def handle(event, context):
    cfnresponse.send(event, context, cfnresponse.SUCCESS, {"Word": "told"}, "ref")
"""


def test_a_custom_resource_answers_where_signatures_are_required() -> None:
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}}
    function = {
        "Runtime": PYTHON, "Handler": "index.handle", "Code": {"ZipFile": CUSTOM},
        "Role": {"Fn::GetAtt": ["Role", "Arn"]}, "Timeout": 20,
    }  # fmt: skip
    token = {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}}
    template = {
        "Resources": {
            "Role": role,
            "Function": {"Type": "AWS::Lambda::Function", "Properties": function},
            "Mine": {"Type": "Custom::Mine", "Properties": token},
        },
        "Outputs": {"Word": {"Value": {"Fn::GetAtt": ["Mine", "Word"]}}},
    }
    with Emulator(require_signature=True) as emulator:
        client: Any = emulator.client("cloudformation")
        client.create_stack(StackName="s", TemplateBody=json.dumps(template), **ALLOWED)
        (stack,) = client.describe_stacks(StackName="s")["Stacks"]
        assert stack["StackStatus"] == "CREATE_COMPLETE", stack.get("StackStatusReason")
        assert [row["OutputValue"] for row in stack["Outputs"]] == ["told"]


@pytest.mark.skipif(bool(find_obstacle("nodejs18.x")), reason="no node is on PATH")
def test_the_source_text_of_node_is_run() -> None:
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {}}}
    function = {
        "FunctionName": "inline", "Runtime": "nodejs18.x", "Handler": "index.handle",
        "Code": {"ZipFile": "exports.handle = async (event) => [event]"},
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
    }  # fmt: skip
    resources = {"Role": role, "F": {"Type": "AWS::Lambda::Function", "Properties": function}}
    with Emulator() as emulator:
        emulator.client("cloudformation").create_stack(
            StackName="s", TemplateBody=json.dumps({"Resources": resources}), **ALLOWED
        )
        assert invoke(emulator, "inline", 1) == (False, [1])
