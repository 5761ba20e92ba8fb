"""What is wrong with a template is said by name, before anything is made of it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from carnation.emulator import Emulator
from carnation.emulator.cloudformation.kinds import KINDS
from carnation.errors import EmulatorError
from carnation.services.properties import read_properties
from tests.conftest import ROOT

QUEUE = {"Type": "AWS::SQS::Queue"}


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(in_process=True) as opened:
        opened.client("s3").create_bucket(Bucket="templates")
        opened.client("sqs").create_queue(QueueName="taken")
        yield opened


@pytest.fixture
def cloudformation(emulator: Emulator) -> Iterator[Any]:
    client = emulator.client("cloudformation")
    yield client
    for stack in client.describe_stacks()["Stacks"]:
        client.delete_stack(StackName=stack["StackName"])


def of(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::{kind}", "Properties": properties}


def template(resources: dict[str, Any], **sections: Any) -> str:
    return json.dumps({"Resources": resources, **sections})


def find_validations(client: Any, **where: str) -> list[tuple[str, str, str]]:
    rows = client.describe_events(**where, Filters={"FailedEvents": True})["OperationEvents"]
    return [
        (row["ValidationFailureMode"], row["ValidationName"], row["ValidationPath"])
        for row in rows
        if row["EventType"] == "VALIDATION_ERROR"
    ]


KEYED = {
    "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
}
CONDITIONAL = {"Fn::If": ["Never", {"Odd": 1}, {"StreamViewType": "KEYS_ONLY"}]}


@pytest.mark.parametrize(
    ("resource", "name", "path"),
    [
        (of("SQS::Queue", Visible=3), "PROPERTY_VALIDATION", "/Visible"),
        (of("DynamoDB::Table", AttributeDefinitions=[{"AttributeName": "k", "Typ": "S"}]),
         "PROPERTY_VALIDATION", "/AttributeDefinitions/0/Typ"),
        (of("SQS::Queue", VisibilityTimeout="soon"), "PROPERTY_VALIDATION", "/VisibilityTimeout"),
        (of("SQS::Queue", FifoQueue="yes"), "PROPERTY_VALIDATION", "/FifoQueue"),
        (of("DynamoDB::Table", Tags="k"), "PROPERTY_VALIDATION", "/Tags"),
        (of("Lambda::Function", Role="r", Code="code"), "PROPERTY_VALIDATION", "/Code"),
        (of("KMS::Alias", AliasName="alias/a"), "PROPERTY_VALIDATION", ""),
        (of("Lambda::Function", Role="r", Code={"ZipFile": "x"}, DurableConfig={}),
         "PROPERTY_VALIDATION", "/DurableConfig"),
        (of("DynamoDB::Table", BillingMode="PAY_PER_REQEST"),
         "PROPERTY_VALIDATION", "/BillingMode"),
        (of("DynamoDB::Table", BillingMode={"Ref": "Name"}), "PROPERTY_VALIDATION", "/BillingMode"),
        (of("DynamoDB::Table", BillingMode={"a": 1}), "PROPERTY_VALIDATION", "/BillingMode"),
        (of("Logs::LogGroup", RetentionInDays=31), "PROPERTY_VALIDATION", "/RetentionInDays"),
        (of("Lambda::Function", Architectures=["arm64", "arm"]),
         "PROPERTY_VALIDATION", "/Architectures/1"),
        (of("Events::Rule", Targets=[{"EcsParameters": {"LaunchType": "Fargate"}}]),
         "PROPERTY_VALIDATION", "/Targets/0/EcsParameters/LaunchType"),
        (of("SQS::Queue", QueueName="taken"), "NAME_CONFLICT_VALIDATION", None),
        (of("SQS::Queue", QueueName={"Ref": "Name"}), "NAME_CONFLICT_VALIDATION", None),
    ],
)  # fmt: skip
def test_a_property_or_a_name_that_cannot_be_is_reported_with_its_path(
    cloudformation: Any, resource: dict[str, Any], name: str, path: str | None
) -> None:
    text = template(
        {"First": QUEUE, "Bad": {**resource, "DependsOn": "First"}},
        Parameters={"Name": {"Type": "String", "Default": "taken"}},
    )
    cloudformation.create_stack(StackName="s", TemplateBody=text)
    found = find_validations(cloudformation, StackName="s")
    place = "/Resources/Bad" if path is None else f"/Resources/Bad/Properties{path}"
    assert ("FAIL", name, place) in found
    (stack,) = cloudformation.describe_stacks(StackName="s")["Stacks"]
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert not cloudformation.describe_stack_resources(StackName="s")["StackResources"]


def test_what_has_no_effect_is_a_warning_and_the_branch_not_taken_is_none(
    emulator: Emulator,
) -> None:
    topic = of("SNS::Topic", MaximumMessageSize=1024)
    table = of(
        "DynamoDB::Table",
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification=CONDITIONAL,
        **KEYED,
    )
    never = {"Never": {"Fn::Equals": ["a", "b"]}}
    text = template({"Told": topic, "Table": table}, Conditions=never)
    made = emulator.deploy("warned", {"t.json": text.encode()}, "t.json", {}, bucket="templates")
    (warning,) = made.warnings
    assert "'Told' (AWS::SNS::Topic)" in warning
    assert "MaximumMessageSize" in warning
    with pytest.raises(EmulatorError, match="'Q'.*Visible"):
        emulator.deploy(
            "refused", {"u.json": template({"Q": of("SQS::Queue", Visible=1)}).encode()},
            "u.json", {}, bucket="templates",
        )  # fmt: skip
    emulator.client("cloudformation").delete_stack(StackName="warned")


@pytest.mark.parametrize(
    "mode",
    [
        {"Ref": "Mode"},
        {"Fn::If": ["Never", "NONE", "PAY_PER_REQUEST"]},
        {"Fn::If": ["Never", "NONE", {"Ref": "Mode"}]},
        "{{resolve:ssm:mode}}",
    ],
)
def test_a_listed_value_may_come_from_elsewhere(
    emulator: Emulator, cloudformation: Any, mode: Any
) -> None:
    ssm = emulator.client("ssm")
    ssm.put_parameter(Name="mode", Value="PAY_PER_REQUEST", Type="String", Overwrite=True)
    table = of("DynamoDB::Table", BillingMode=mode, **KEYED)
    text = template(
        {"Table": table},
        Conditions={"Never": {"Fn::Equals": ["a", "b"]}},
        Parameters={"Mode": {"Type": "String", "Default": "PAY_PER_REQUEST"}},
    )
    cloudformation.create_stack(StackName="s", TemplateBody=text)
    assert cloudformation.describe_stacks()["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"


def test_a_nested_template_is_checked_before_the_root_makes_anything(
    emulator: Emulator, cloudformation: Any
) -> None:
    inner = template({"Bad": of("SQS::Queue", Visible=1)}, Parameters={"Arn": {"Type": "String"}})
    emulator.client("s3").put_object(Bucket="templates", Key="inner.json", Body=inner)
    nested = of(
        "CloudFormation::Stack",
        TemplateURL="https://templates.s3.us-east-1.amazonaws.com/inner.json",
        Parameters={"Arn": {"Fn::GetAtt": ["First", "Arn"]}},
    )
    text = template({"First": QUEUE, "Nested": nested})
    cloudformation.create_stack(StackName="s", TemplateBody=text)
    assert find_validations(cloudformation, StackName="s") == [
        ("FAIL", "PROPERTY_VALIDATION", "/Resources/Bad/Properties/Visible")
    ]
    assert not cloudformation.describe_stack_resources(StackName="s")["StackResources"]


def test_a_change_set_fails_and_its_events_say_why(cloudformation: Any) -> None:
    text = template({"Bad": of("SQS::Queue", QueueName="taken")})
    arn = cloudformation.create_change_set(
        StackName="s", ChangeSetName="c", ChangeSetType="CREATE", TemplateBody=text
    )["Id"]
    made = cloudformation.describe_change_set(ChangeSetName=arn)
    assert made["Status"] == "FAILED"
    assert "AWS::EarlyValidation::ResourceExistenceCheck" in made["StatusReason"]
    assert find_validations(cloudformation, ChangeSetName=arn, StackName="s") == [
        ("FAIL", "NAME_CONFLICT_VALIDATION", "/Resources/Bad")
    ]
    with pytest.raises(ClientError, match="cannot be executed"):
        cloudformation.execute_change_set(ChangeSetName=arn)


@pytest.mark.parametrize(
    ("resources", "said"),
    [
        ({"A": {**QUEUE, "DependsOn": "B"}, "B": {**QUEUE, "DependsOn": "A"}}, "A.*B"),
        ({"A": of("SQS::Queue", QueueName={"Fn::Joyn": ["", []]})}, "Fn::Joyn.*Did you mean"),
        ({"A": of("SQS::Queue", QueueName={"Ref": "Absent"})}, "Absent"),
        ({"A": of("SQS::Queue", QueueName={"Fn::GetAtt": ["Absent", "Arn"]})}, "Absent"),
        (
            {"A": of("SQS::Queue", QueueName={"Fn::Sub": "x", "Ref": "A"})},
            "Fn::Sub cannot be combined with Ref",
        ),
        ({"A": QUEUE, "B": of("SNS::Topic", TopicName={"Fn::GetAtt": "A.Arm"})}, "Arm.*'Arn'"),
        ({"A": QUEUE, "B": of("SNS::Topic", TopicName={"Fn::Sub": "${A.Arm}"})}, "Arm.*'Arn'"),
        ({"A": of("SQS::Queu")}, "AWS::SQS::Queu"),
        ({"A": {**QUEUE, "DependsOn": "Absent"}}, "Absent"),
        ({"A": of("SQS::Queue", QueueName={"Fn::Split": [","]})}, "A: Fn::Split.* 2 items"),
        ({"A": of("SQS::Queue", QueueName={"Fn::Select": "0"})}, "A: Fn::Select.* 2 items"),
        ({"A": of("SQS::Queue", QueueName={"Fn::Sub": ["x", {}, 1]})}, "A: Fn::Sub.* 2 items"),
        ({"A": of("SQS::Queue", QueueName={"Fn::Select": [2, ["a", "b"]]})}, "'A'.* index 2"),
        ({"A": of("SQS::Queue", QueueName={"Fn::Select": ["x", ["a"]]})}, "'A'.* index x"),
        ({"A": of("SQS::Queue", QueueName={"Fn::Cidr": ["10.0.0.0/33", 1]})}, "'A'.*Fn::Cidr"),
        (
            {
                "A": QUEUE,
                "B": of(
                    "SNS::Topic",
                    TopicName={"Fn::Join": ["", [{"Ref": "A"}, {"Fn::Select": [1, ["a"]]}]]},
                ),
            },
            "'B'.* index 1",
        ),
    ],
)
def test_a_template_that_cannot_be_is_refused_and_there_is_no_stack(
    cloudformation: Any, resources: dict[str, Any], said: str
) -> None:
    with pytest.raises(ClientError, match=said):
        cloudformation.create_stack(StackName="no", TemplateBody=template(resources))
    with pytest.raises(ClientError, match="does not exist"):
        cloudformation.describe_stacks(StackName="no")


def test_the_branch_that_is_not_taken_may_select_what_is_not_there(cloudformation: Any) -> None:
    name = {"Fn::If": ["Never", {"Fn::Select": [9, ["a"]]}, {"Ref": "AWS::NoValue"}]}
    text = template(
        {"A": of("SQS::Queue", QueueName=name)},
        Conditions={"Never": {"Fn::Equals": ["a", "b"]}},
        Parameters={"P": {"Type": "String", "Default": "x"}},
    )
    cloudformation.create_stack(StackName="s", TemplateBody=text)
    assert cloudformation.describe_stacks()["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    "resources",
    [
        {"A": QUEUE, "B": of("SQS::Queue", QueueName={"Fn::ImportValue": "nowhere"})},
        {
            "A": QUEUE,
            "B": of(
                "SQS::Queue",
                RedrivePolicy={
                    "deadLetterTargetArn": {"Fn::GetAtt": "A.Arn"},
                    "maxReceiveCount": {
                        "Fn::ImportValue": {
                            "Fn::Sub": "no${X}",
                        }
                    },
                },
            ),
        },
    ],
)
def test_a_missing_export_is_reported_by_the_stack_before_anything_is_made(
    cloudformation: Any, resources: dict[str, Any]
) -> None:
    text = template(resources, Parameters={"X": {"Type": "String", "Default": "where"}})
    cloudformation.create_stack(StackName="s", TemplateBody=text)
    events = cloudformation.describe_stack_events(StackName="s")["StackEvents"]
    assert [(row["ResourceStatus"], row.get("ResourceStatusReason")) for row in events[::-1]] == [
        ("CREATE_IN_PROGRESS", "User Initiated"),
        ("ROLLBACK_IN_PROGRESS", "No export named nowhere found. Rollback requested by user."),
        ("ROLLBACK_COMPLETE", None),
    ]


def test_a_nested_stack_may_import_what_the_one_before_it_exports(
    emulator: Emulator, cloudformation: Any
) -> None:
    exported = {"O": {"Value": "v", "Export": {"Name": "given-by-first"}}}
    texts = {
        "first": template({"A": QUEUE}, Outputs=exported),
        "second": template(
            {"A": of("SQS::Queue", QueueName={"Fn::ImportValue": "given-by-first"})}
        ),
    }
    place = "https://templates.s3.us-east-1.amazonaws.com"
    for name, text in texts.items():
        emulator.client("s3").put_object(Bucket="templates", Key=name, Body=text)
    nested = {n: of("CloudFormation::Stack", TemplateURL=f"{place}/{n}") for n in texts}
    root = {"A": nested["first"], "B": {**nested["second"], "DependsOn": "A"}}
    cloudformation.create_stack(StackName="s", TemplateBody=template(root))
    (made,) = cloudformation.describe_stacks(StackName="s")["Stacks"]
    assert made["StackStatus"] == "CREATE_COMPLETE"
    cloudformation.delete_stack(StackName="s")


def test_parameters_that_are_not_there_or_not_given_are_refused(cloudformation: Any) -> None:
    text = template({"A": QUEUE}, Parameters={"Size": {"Type": "Number"}})
    given = [{"ParameterKey": "Sise", "ParameterValue": "1"}]
    for parameters, said in (([], "Size"), (given, "Sise")):
        with pytest.raises(ClientError, match=said):
            cloudformation.create_stack(StackName="no", TemplateBody=text, Parameters=parameters)


def test_a_parameter_of_a_type_that_is_none_is_refused(cloudformation: Any) -> None:
    text = template({"A": QUEUE}, Parameters={"Size": {"Type": "Sting"}})
    with pytest.raises(ClientError, match="Unrecognized parameter type: Sting"):
        cloudformation.create_stack(StackName="no", TemplateBody=text)


def test_rows_speak_of_properties_that_their_types_have() -> None:
    for kind, row in KINDS.items():
        known = read_properties(kind)
        top = known[""].known if known else frozenset()
        assert row.unused | row.refused <= top, kind
        assert not known or not row.name or row.name in top, kind


def test_the_properties_are_those_of_the_schemas() -> None:
    script = ROOT / "scripts" / "write_properties.py"
    check = subprocess.run([sys.executable, str(script), "--check"], cwd=ROOT, check=False)
    assert check.returncode == 0, "run: python scripts/write_properties.py"
