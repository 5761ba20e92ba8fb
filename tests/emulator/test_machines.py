"""State machines out of templates: definitions, versions, aliases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from carnation.emulator import Emulator
from carnation.errors import EmulatorError
from tests.emulator.test_stacks import BUCKET, ROLE, ROLE_ARN, deploy

VERSION = "arn:aws:states:us-east-1:123456789012:stateMachine:m:1"


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as opened:
        yield opened


def machine(definition: dict[str, Any], **properties: Any) -> dict[str, Any]:
    """Make a state machine resource."""
    given = {"RoleArn": ROLE_ARN, **definition, **properties}
    return {"Type": "AWS::StepFunctions::StateMachine", "Properties": given}


def passing(result: Any) -> dict[str, Any]:
    """Make a definition that gives `result`."""
    return {"StartAt": "P", "States": {"P": {"Type": "Pass", "Result": result, "End": True}}}


def test_a_state_machine_keeps_what_its_template_says(emulator: Emulator) -> None:
    group = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/aws/vendedlogs/x"}}
    logging = {
        "Level": "ALL",
        "IncludeExecutionData": "true",
        "Destinations": [
            {"CloudWatchLogsLogGroup": {"LogGroupArn": {"Fn::GetAtt": ["Group", "Arn"]}}}
        ],
    }
    properties = {
        "StateMachineName": "kept",
        "StateMachineType": "STANDARD",
        "LoggingConfiguration": logging,
        "TracingConfiguration": {"Enabled": True},
        "EncryptionConfiguration": {
            "Type": "CUSTOMER_MANAGED_KMS_KEY",
            "KmsKeyId": "k",
            "KmsDataKeyReusePeriodSeconds": "300",
        },
        "DefinitionSubstitutions": {"Number": 7, "Word": "seven"},
        "Tags": [{"Key": "a", "Value": "b"}],
    }
    text = json.dumps(passing("R")).replace('"R"', '[${Number}, "${Word}"]')
    resource = machine({"DefinitionS3Location": {"Bucket": BUCKET, "Key": "m"}}, **properties)
    outputs = {
        "Arn": {"Fn::GetAtt": ["Machine", "Arn"]},
        "Name": {"Fn::GetAtt": ["Machine", "Name"]},
        "Revision": {"Fn::GetAtt": ["Machine", "StateMachineRevisionId"]},
    }
    deployment = deploy(
        emulator,
        {"Role": ROLE, "Group": group, "Machine": resource},
        outputs,
        artifacts={"m": text.encode()},
    )
    arn = deployment.outputs["Arn"]
    assert deployment.outputs["Name"] == "kept"
    assert deployment.outputs["Revision"]
    sfn = emulator.client("stepfunctions")
    described = sfn.describe_state_machine(stateMachineArn=arn)
    assert described["type"] == "STANDARD"
    assert described["tracingConfiguration"] == {"enabled": True}
    assert described["encryptionConfiguration"]["kmsDataKeyReusePeriodSeconds"] == 300
    assert described["loggingConfiguration"]["includeExecutionData"] is True
    (destination,) = described["loggingConfiguration"]["destinations"]
    assert "/aws/vendedlogs/x" in destination["cloudWatchLogsLogGroup"]["logGroupArn"]
    assert sfn.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "a", "value": "b"}]
    assert emulator.execute(arn, {}).output == [7, "seven"]


@pytest.mark.parametrize("field", ["Definition", "DefinitionString"])
def test_a_definition_may_stand_in_the_template(emulator: Emulator, field: str) -> None:
    value: Any = passing("here")
    given = {field: json.dumps(value) if field == "DefinitionString" else value}
    deployment = deploy(
        emulator, {"Role": ROLE, "Machine": machine(given)}, {"Arn": {"Ref": "Machine"}}
    )
    assert emulator.execute(deployment.outputs["Arn"], {}).output == "here"


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({}, "has no definition; expected one of"),
        ({"Definition": {}, "DefinitionString": "{}"}, "has Definition and DefinitionString"),
        ({"DefinitionString": "{"}, "definition is not one that can run: "),
        ({"DefinitionString": '{"A": "${Queue}"}'}, r"uses \$\{Queue\}.*defined: nothing"),
        (
            {"DefinitionString": '{"StartAt": 1}'},
            r"definition is not one that can run: .*fields are required: \[States\]",
        ),
    ],
)
def test_a_state_machine_without_a_usable_definition_is_refused(
    emulator: Emulator, properties: dict[str, Any], message: str
) -> None:
    with pytest.raises(EmulatorError, match=message):
        deploy(emulator, {"Role": ROLE, "Machine": machine(properties)})


def test_an_alias_routes_to_the_version_that_was_published(emulator: Emulator) -> None:
    resources = {
        "Role": ROLE,
        "Machine": machine({"Definition": passing("first")}, StateMachineName="routed"),
        "Version": {
            "Type": "AWS::StepFunctions::StateMachineVersion",
            "Properties": {
                "StateMachineArn": {"Ref": "Machine"},
                "StateMachineRevisionId": {"Fn::GetAtt": ["Machine", "StateMachineRevisionId"]},
                "Description": "first",
            },
        },
        "Preferred": {
            "Type": "AWS::StepFunctions::StateMachineAlias",
            "Properties": {
                "Name": "preferred",
                "Description": "d",
                "DeploymentPreference": {
                    "StateMachineVersionArn": {"Ref": "Version"},
                    "Type": "CANARY",
                    "Percentage": 10,
                    "Interval": 5,
                },
            },
        },
        "Routed": {
            "Type": "AWS::StepFunctions::StateMachineAlias",
            "Properties": {
                "Name": "routed",
                "RoutingConfiguration": [
                    {"StateMachineVersionArn": {"Ref": "Version"}, "Weight": "100"}
                ],
            },
        },
    }
    names = ("Machine", "Version", "Preferred", "Routed")
    outputs = deploy(emulator, resources, {name: {"Ref": name} for name in names}).outputs
    assert outputs["Version"] == f"{outputs['Machine']}:1"
    assert outputs["Routed"] == f"{outputs['Machine']}:routed"
    emulator.client("stepfunctions").update_state_machine(
        stateMachineArn=outputs["Machine"], definition=json.dumps(passing("second"))
    )
    results = {name: emulator.execute(outputs[name], {}).output for name in names}
    first = {"Version": "first", "Preferred": "first", "Routed": "first"}
    assert results == {"Machine": "second", **first}
    listed = emulator.client("stepfunctions").list_executions(stateMachineArn=outputs["Machine"])
    assert len(listed["executions"]) == 4
    by = emulator.client("stepfunctions").list_executions(stateMachineArn=outputs["Routed"])
    (routed,) = by["executions"]
    assert routed["stateMachineAliasArn"] == outputs["Routed"]
    assert routed["stateMachineVersionArn"] == outputs["Version"]
    assert routed["stateMachineArn"] == outputs["Machine"]
    with pytest.raises(EmulatorError, match="could not be started: .*Does Not Exist"):
        emulator.start(f"{outputs['Machine']}:nothing", {})


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        (
            {
                "Type": "AWS::StepFunctions::StateMachineVersion",
                "Properties": {
                    "StateMachineArn": {"Ref": "Machine"},
                    "StateMachineRevisionId": "another",
                },
            },
            "for revision another",
        ),
        (
            {"Type": "AWS::StepFunctions::StateMachineAlias", "Properties": {"Name": "a"}},
            "neither RoutingConfiguration nor DeploymentPreference",
        ),
        (
            {
                "Type": "AWS::StepFunctions::StateMachineAlias",
                "Properties": {
                    "Name": "a",
                    "DeploymentPreference": {
                        "Type": "BLUE_GREEN",
                        "StateMachineVersionArn": VERSION,
                    },
                },
            },
            "'BLUE_GREEN' is none of ALL_AT_ONCE, CANARY, LINEAR",
        ),
        (
            {
                "Type": "AWS::StepFunctions::StateMachineAlias",
                "Properties": {
                    "Name": "a",
                    "DeploymentPreference": {"Type": "LINEAR", "StateMachineVersionArn": VERSION},
                },
            },
            "of type LINEAR requires Percentage",
        ),
    ],
)
def test_a_version_of_another_revision_and_an_alias_to_nothing_are_refused(
    emulator: Emulator, resource: dict[str, Any], message: str
) -> None:
    with pytest.raises(EmulatorError, match=message):
        deploy(
            emulator,
            {"Role": ROLE, "Machine": machine({"Definition": passing(1)}), "Bad": resource},
        )
