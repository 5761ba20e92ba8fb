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
        (of("SQS::Queue", QueueName="taken"), "NAME_CONFLICT_VALIDATION", None),
        (of("SQS::Queue", QueueName={"Ref": "Name"}), "NAME_CONFLICT_VALIDATION", None),
    ],
)  # fmt: skip
def test_a_property_or_a_name_that_cannot_be_is_told_with_its_path(
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
    table = of("DynamoDB::Table", BillingMode="PAY_PER_REQUEST", StreamSpecification=CONDITIONAL,
               KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
               AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}])  # fmt: skip
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
        ({"A": of("SQS::Queue", QueueName={"Fn::Sub": "x", "Ref": "A"})}, "Fn::Sub.*alone"),
        ({"A": QUEUE, "B": of("SNS::Topic", TopicName={"Fn::GetAtt": "A.Arm"})}, "Arm.*'Arn'"),
        ({"A": QUEUE, "B": of("SNS::Topic", TopicName={"Fn::Sub": "${A.Arm}"})}, "Arm.*'Arn'"),
        ({"A": of("SQS::Queu")}, "AWS::SQS::Queu"),
        ({"A": {**QUEUE, "DependsOn": "Absent"}}, "Absent"),
    ],
)
def test_a_template_that_cannot_be_is_refused_and_there_is_no_stack(
    cloudformation: Any, resources: dict[str, Any], said: str
) -> None:
    with pytest.raises(ClientError, match=said):
        cloudformation.create_stack(StackName="no", TemplateBody=template(resources))
    with pytest.raises(ClientError, match="does not exist"):
        cloudformation.describe_stacks(StackName="no")


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
