"""Transforms: parts out of a bucket, and SAM by AWS's own translator where it is installed."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from carnation.emulator import Emulator

SAM = {
    "Transform": "AWS::Serverless-2016-10-31",
    "Resources": {
        "Work": {
            "Type": "AWS::Serverless::Function",
            "Properties": {"Runtime": "python3.12", "Handler": "index.handle",
                           "InlineCode": "def handle(event, context):\n    return event\n"},
        },
        "Flow": {
            "Type": "AWS::Serverless::StateMachine",
            "Properties": {
                "Definition": {"StartAt": "A", "States": {"A": {
                    "Type": "Task", "Resource": "${Arn}", "End": True}}},
                "DefinitionSubstitutions": {"Arn": {"Fn::GetAtt": ["Work", "Arn"]}},
                "Policies": [{"LambdaInvokePolicy": {"FunctionName": {"Ref": "Work"}}}],
            },
        },
    },
    "Outputs": {"Flow": {"Value": {"Ref": "Flow"}}},
}  # fmt: skip
IAM = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(in_process=True) as opened:
        opened.client("s3").create_bucket(Bucket="parts")
        yield opened


def include(key: str) -> dict[str, Any]:
    location = {"Fn::Sub": "s3://${Bucket}/" + key}
    return {"Name": "AWS::Include", "Parameters": {"Location": location}}


def test_what_a_template_includes_is_put_in_its_place(emulator: Emulator) -> None:
    s3 = emulator.client("s3")
    s3.put_object(Bucket="parts", Key="more", Body=b"Resources: {Two: {Type: AWS::SQS::Queue}}")
    s3.put_object(Bucket="parts", Key="own", Body=b"QueueName: included")
    one = {"Type": "AWS::SQS::Queue", "Properties": {"Fn::Transform": include("own")}}
    text = {
        "Transform": [include("more")],
        "Parameters": {"Bucket": {"Type": "String", "Default": "parts"}},
        "Resources": {"One": one},
    }
    client = emulator.client("cloudformation")
    client.create_stack(StackName="i", TemplateBody=json.dumps(text), Capabilities=IAM)
    rows = client.describe_stack_resources(StackName="i")["StackResources"]
    assert {row["LogicalResourceId"] for row in rows} == {"One", "Two"}
    assert any(row["PhysicalResourceId"].endswith("/included") for row in rows)
    text["Resources"]["One"]["Properties"] = {"Fn::Transform": include("none")}  # type: ignore[index]
    with pytest.raises(ClientError, match="none"):
        client.create_stack(StackName="j", TemplateBody=json.dumps(text), Capabilities=IAM)


def test_sam_is_translated_and_runs(emulator: Emulator) -> None:
    pytest.importorskip("samtranslator", reason="the extra 'sam' is not installed")
    client = emulator.client("cloudformation")
    client.create_stack(StackName="sam", TemplateBody=json.dumps(SAM), Capabilities=IAM)
    (stack,) = client.describe_stacks(StackName="sam")["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    ended = emulator.execute(stack["Outputs"][0]["OutputValue"], {"a": 1})
    assert (ended.status, ended.output) == ("SUCCEEDED", {"a": 1})


def test_sam_without_its_translator_says_what_to_install(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "samtranslator.model.exceptions", None)
    with pytest.raises(ClientError, match=r"the extra 'sam'.*pip install"):
        emulator.client("cloudformation").create_stack(
            StackName="no", TemplateBody=json.dumps(SAM), Capabilities=IAM
        )


def test_an_unknown_transform_is_named(emulator: Emulator) -> None:
    text = json.dumps({"Transform": "Mine", "Resources": {"Q": {"Type": "AWS::SQS::Queue"}}})
    with pytest.raises(ClientError, match="No transform named Mine"):
        emulator.client("cloudformation").create_stack(
            StackName="no", TemplateBody=text, Capabilities=IAM
        )
