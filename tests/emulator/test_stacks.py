"""Templates in the emulator: every resource is made as CloudFormation makes it, or it is said."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from carnation.emulator import Deployment, Emulator
from carnation.errors import EmulatorError
from tests.emulator.test_emulator import ECHO, PYTHON, invoke, pack

BUCKET = "artifacts"
NUMBER = iter(range(1000))
ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}},
}
ROLE_ARN = {"Fn::GetAtt": ["Role", "Arn"]}
FUNCTION = {
    "Type": "AWS::Lambda::Function",
    "Properties": {
        "FunctionName": {"Fn::Sub": "${AWS::StackName}-echo"},
        "Runtime": PYTHON,
        "Handler": "handler.handle",
        "Role": ROLE_ARN,
        "Code": {"S3Bucket": BUCKET, "S3Key": "echo.zip"},
    },
}


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as opened:
        yield opened


def deploy(
    emulator: Emulator,
    resources: dict[str, Any],
    outputs: dict[str, Any] | None = None,
    parameters: dict[str, str] | None = None,
    artifacts: dict[str, bytes] | None = None,
    **sections: Any,
) -> Deployment:
    """Deploy a template made of resources and `{output: value}`."""
    template = {
        "Resources": resources,
        "Outputs": {name: {"Value": value} for name, value in (outputs or {}).items()},
        **sections,
    }
    contents = {"t.json": json.dumps(template).encode(), "echo.zip": pack(ECHO)}
    contents.update(artifacts or {})
    name = f"stack{next(NUMBER)}"
    return emulator.deploy(name, contents, "t.json", parameters or {}, bucket=BUCKET)


QUEUE_STACK = """\
Parameters:
  Name: {Type: String}
Conditions:
  HasName: !Not [!Equals [!Ref Name, ""]]
  Always: !And [!Condition HasName, !Equals [a, a]]
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Condition: Always
    Properties:
      QueueName: !If [Always, !Sub "${Name}-queue", !Ref AWS::NoValue]
Outputs:
  Url: {Value: !Ref Queue}
  Arn: {Value: !GetAtt Queue.Arn}
"""


def test_a_nested_stack_gives_its_outputs_to_others_and_its_id_to_ref(emulator: Emulator) -> None:
    url = "https://${Bucket}.s3.${AWS::Region}.${AWS::URLSuffix}/nested/queue.yaml"
    nested = {
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {"TemplateURL": {"Fn::Sub": url}, "Parameters": {"Name": "n"}},
    }
    value = {"Fn::Sub": ["${Own} ${Nested.Outputs.Arn} ${!Literal}", {"Own": {"Ref": "Bucket"}}]}
    properties = {"Name": "copy", "Type": "String", "Value": value}
    copy = {"Type": "AWS::SSM::Parameter", "Properties": properties}
    deployment = deploy(
        emulator,
        {"Copy": copy, "Nested": nested},
        {"Url": {"Fn::GetAtt": ["Nested", "Outputs.Url"]}, "Id": {"Ref": "Nested"}},
        {"Bucket": BUCKET},
        {"nested/queue.yaml": QUEUE_STACK.encode()},
        Parameters={"Bucket": {"Type": "String"}},
    )
    assert deployment.outputs["Url"].endswith("/n-queue")
    assert deployment.outputs["Id"].startswith("arn:aws:cloudformation:us-east-1:")
    text = emulator.client("ssm").get_parameter(Name="copy")["Parameter"]["Value"]
    assert text == f"{BUCKET} arn:aws:sqs:us-east-1:123456789012:n-queue ${{Literal}}"
    names = list(deployment.resources)
    assert names[0] == deployment.stack_name
    assert list(deployment.resources[names[1]]) == ["Queue"]


def test_a_type_that_nobody_makes_is_an_error_that_names_it(emulator: Emulator) -> None:
    unknown = {"Type": "AWS::QuickSight::Theme", "Properties": {}}
    with pytest.raises(EmulatorError, match=r"stack 'stack\d+': resource 'Theme' \(AWS::QuickSigh"):
        deploy(emulator, {"Theme": unknown})


def test_a_type_that_nobody_makes_may_stand_behind_a_false_condition(emulator: Emulator) -> None:
    unknown = {"Type": "AWS::QuickSight::Theme", "Condition": "Never"}
    queue = {"Type": "AWS::SQS::Queue"}
    conditions = {"Never": {"Fn::Equals": ["a", "b"]}}
    hidden = {"Value": {"Fn::GetAtt": ["Theme", "Arn"]}, "Condition": "Never"}
    deployment = deploy(
        emulator, {"Theme": unknown, "Q": queue}, Conditions=conditions, Outputs={"Arn": hidden}
    )
    assert list(deployment.resources[deployment.stack_name]) == ["Q"]
    assert deployment.outputs == {}


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        ({"Type": "AWS::SQS::QueuePolicy", "Properties": {}}, r"'Bad' .* required key \[Queues\]"),
        (
            {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "Nothing"}}},
            "refers to 'Nothing', which is neither a parameter nor a resource",
        ),
        (
            {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": "${Nothing}-q"}}},
            "refers to 'Nothing', which is neither",
        ),
        (
            {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "Absent"}}},
            "refers to 'Absent', whose condition is false",
        ),
        (
            {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Fn::GetAtt": "Q.Color"}}},
            "resource Q does not support attribute type Color",
        ),
        (
            {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Fn::GetAtt": "Key.No"}}},
            "resource Key does not support attribute type No",
        ),
    ],
)
def test_the_first_cause_of_a_failed_stack_is_reported(
    emulator: Emulator, resource: dict[str, Any], message: str
) -> None:
    queue = {"Type": "AWS::SQS::Queue"}
    key = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {}}}
    others = {"Q": queue, "Absent": {**queue, "Condition": "Never"}, "Key": key}
    with pytest.raises(EmulatorError, match=message):
        deploy(
            emulator, {"Bad": resource, **others}, Conditions={"Never": {"Fn::Equals": ["a", "b"]}}
        )


def test_a_failure_in_a_nested_stack_names_the_nested_resource(emulator: Emulator) -> None:
    inner = {"Resources": {"Bad": {"Type": "AWS::Nothing::Known"}}}
    url = f"https://{BUCKET}.s3.us-east-1.amazonaws.com/inner.json"
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}
    with pytest.raises(EmulatorError, match=r"resource 'Bad' \(AWS::Nothing::Known\)") as caught:
        deploy(emulator, {"Nested": nested}, artifacts={"inner.json": json.dumps(inner).encode()})
    assert "AWS::CloudFormation::Stack" not in str(caught.value)


def test_an_output_that_cannot_be_resolved_is_an_error(emulator: Emulator) -> None:
    queue = {"Type": "AWS::SQS::Queue"}
    with pytest.raises(EmulatorError, match=r"stack 'stack\d+' .* Outputs.Out: .*'Nothing'"):
        deploy(emulator, {"Q": queue}, {"Out": {"Fn::Sub": "${Nothing}"}})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"[1, 2]", "the template is not a mapping"),
        (b"a: [", "neither YAML nor JSON"),
        (b"{", "neither YAML nor JSON"),
    ],
)
def test_a_template_that_is_none_is_refused(emulator: Emulator, text: bytes, message: str) -> None:
    with pytest.raises(EmulatorError, match=message):
        emulator.deploy("broken", {"t": text}, "t", {}, bucket=BUCKET)


def test_a_template_that_is_not_among_the_artifacts_is_refused(emulator: Emulator) -> None:
    with pytest.raises(EmulatorError, match=r"'root.yaml' is not among the artifacts: a.yaml"):
        emulator.deploy("absent", {"a.yaml": b""}, "root.yaml", {}, bucket=BUCKET)


def test_a_missing_parameter_and_a_second_stack_of_one_name_are_refused(emulator: Emulator) -> None:
    queue = {"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}
    artifacts = {"t": json.dumps(queue).encode()}
    emulator.deploy("twice", artifacts, "t", {}, bucket=BUCKET)
    with pytest.raises(EmulatorError, match=r"stack 'twice' could not be created: .* exists"):
        emulator.deploy("twice", artifacts, "t", {}, bucket=BUCKET)
    needy = {**queue, "Parameters": {"Name": {"Type": "String"}}}
    with pytest.raises(EmulatorError, match=r"stack 'needy' could not be created: .*Name"):
        emulator.deploy("needy", {"t": json.dumps(needy).encode()}, "t", {}, bucket=BUCKET)


def test_a_published_version_of_a_function_keeps_its_code(emulator: Emulator) -> None:
    version = {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "Echo"}}}
    alias = {
        "Type": "AWS::Lambda::Alias",
        "Properties": {
            "FunctionName": {"Ref": "Echo"},
            "Name": "live",
            "FunctionVersion": {"Fn::GetAtt": ["Version", "Version"]},
        },
    }
    config = {
        "Type": "AWS::Lambda::EventInvokeConfig",
        "Properties": {
            "FunctionName": {"Ref": "Echo"},
            "Qualifier": "$LATEST",
            "MaximumRetryAttempts": "1",
        },
    }
    resources = {"Role": ROLE, "Echo": FUNCTION, "Version": version, "Live": alias, "C": config}
    names = ("Echo", "Version", "Live")
    outputs = deploy(emulator, resources, {name: {"Ref": name} for name in names}).outputs
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{outputs['Echo']}"
    assert (outputs["Version"], outputs["Live"]) == (f"{arn}:1", f"{arn}:live")
    emulator.client("lambda").update_function_code(
        FunctionName=outputs["Echo"], ZipFile=pack("def handle(e, c): return 'changed'")
    )
    assert invoke(emulator, outputs["Echo"], 1) == (False, "changed")
    assert invoke(emulator, outputs["Version"], 1) == (False, 1)
    assert invoke(emulator, outputs["Live"], 1) == (False, 1)
    read = emulator.client("lambda").get_function_event_invoke_config(FunctionName=outputs["Echo"])
    assert read["MaximumRetryAttempts"] == 1


def test_a_version_made_for_another_zip_is_refused(emulator: Emulator) -> None:
    version = {
        "Type": "AWS::Lambda::Version",
        "Properties": {"FunctionName": {"Ref": "Echo"}, "CodeSha256": "bm90aGluZw=="},
    }
    with pytest.raises(EmulatorError, match="CodeSha256 is bm90aGluZw==, and the function's code"):
        deploy(emulator, {"Role": ROLE, "Echo": FUNCTION, "Version": version})


def test_source_text_of_python_is_a_module_index(emulator: Emulator) -> None:
    code = {"ZipFile": "def handle(event, context): return [event]"}
    inline = {**FUNCTION["Properties"], "Code": code, "Handler": "index.handle"}
    resources = {"Role": ROLE, "Echo": {**FUNCTION, "Properties": inline}}
    made = deploy(emulator, resources, {"Name": {"Ref": "Echo"}})
    assert invoke(emulator, made.outputs["Name"], 1) == (False, [1])


def test_source_text_of_another_language_is_refused(emulator: Emulator) -> None:
    inline = {**FUNCTION["Properties"], "Code": {"ZipFile": "..."}, "Runtime": "ruby3.3"}
    with pytest.raises(EmulatorError, match="Set the function's zip with S3Bucket and S3Key"):
        deploy(emulator, {"Role": ROLE, "Echo": {**FUNCTION, "Properties": inline}})


# in a process of its own, as it is about what has been imported
LATER = """
import json, sys
from carnation.emulator import Emulator

def loaded():
    names = ("ec2", "apigateway", "cloudformation", "ssm")
    return [name for name in names if f"moto.{name}" in sys.modules]

template = {
    "Parameters": {"Size": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/size"}},
    "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
    "Outputs": {"Size": {"Value": {"Ref": "Size"}}},
}
with Emulator(in_process=True) as emulator:
    before, parser = loaded(), "moto.stepfunctions.parser.models" in sys.modules
    emulator.client("ssm").put_parameter(Name="/size", Value="8", Type="String")
    made = emulator.deploy("one", {"t": json.dumps(template).encode()}, "t", {}).outputs
print(json.dumps([before, parser, made, loaded()]))
"""


def test_what_a_template_does_not_name_is_not_loaded() -> None:
    command = [sys.executable, "-c", LATER]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [[], False, {"Size": "8"}, ["ec2", "ssm"]]
