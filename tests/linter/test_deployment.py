"""What a template says of a state machine, and CloudFormation or its key refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from carnation.document import parse_document
from carnation.linter import lint, review_definition
from carnation.sources import Files, find_sources

DEFINITION = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
GROUP = {"CloudWatchLogsLogGroup": {"LogGroupArn": {"Fn::GetAtt": ["Logs", "Arn"]}}}
OWN = {"Type": "CUSTOMER_MANAGED_KMS_KEY", "KmsKeyId": {"Ref": "Key"}}
RULES = {
    "several-definitions",
    "invalid-machine-name",
    "logging-without-destination",
    "key-without-policy",
}


def find(kind: str = "AWS::StepFunctions", **properties: Any) -> set[str]:
    principal = properties.pop("principal", {"AWS": "arn:aws:iam::123456789012:root"})
    statement = {"Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*"}
    key = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": [statement]}}}
    machine = {"Type": f"{kind}::StateMachine", "Properties": {"Definition": DEFINITION}}
    machine["Properties"] |= properties  # type: ignore[operator]
    text = json.dumps({"Resources": {"Machine": machine, "Key": key}})
    (source,) = find_sources("t.json", [parse_document(text, "t.json")], Files()).sources
    return {one.rule for one in review_definition(source)} & RULES


def log(level: Any, *places: Any) -> dict[str, Any]:
    return {
        "LoggingConfiguration": {"Level": level, **({"Destinations": [*places]} if places else {})}
    }


def group(arn: Any) -> dict[str, Any]:
    return {"CloudWatchLogsLogGroup": {"LogGroupArn": arn}}


LITERAL = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/vendedlogs/x"


@pytest.mark.parametrize(
    ("properties", "rule"),
    [
        ({"DefinitionString": json.dumps(DEFINITION)}, "several-definitions"),
        ({"DefinitionS3Location": {"Bucket": "b", "Key": "k"}}, "several-definitions"),
        ({"StateMachineName": "my machine"}, "invalid-machine-name"),
        ({"StateMachineName": "a/b"}, "invalid-machine-name"),
        ({"StateMachineName": "x" * 81}, "invalid-machine-name"),
        ({"StateMachineName": ""}, "invalid-machine-name"),
        ({"kind": "AWS::Serverless", "Name": "a:b"}, "invalid-machine-name"),
        (log("ALL"), "logging-without-destination"),
        (log({"Ref": "Level"}), "logging-without-destination"),
        (log("DEBUG", GROUP), "logging-without-destination"),
        (log("ALL", GROUP, GROUP), "logging-without-destination"),
        (log("ALL", group(LITERAL)), "logging-without-destination"),
        (log("ALL", group({"Fn::Sub": "arn:${AWS::Partition}:logs:${AWS::Region}:1:log-group:x"})),
         "logging-without-destination"),
        ({"kind": "AWS::Serverless", "Logging": {"Level": "ERROR"}}, "logging-without-destination"),
        ({"EncryptionConfiguration": {"Type": "CUSTOMER_MANAGED_KMS_KEY"}}, "key-without-policy"),
        ({"EncryptionConfiguration": {"Type": "AWS_OWNED_KEY", "KmsKeyId": "k"}},
         "key-without-policy"),
        ({"EncryptionConfiguration": OWN, "principal": {"AWS": "arn:aws:iam::1:user/x"}},
         "key-without-policy"),
    ],
)  # fmt: skip
def test_what_is_refused_of_a_state_machine_is_found(properties: Any, rule: str) -> None:
    assert find(**properties) == {rule}


@pytest.mark.parametrize(
    "properties",
    [
        {},
        {"StateMachineName": {"Fn::Sub": "${AWS::StackName} machine"}},
        {"StateMachineName": "${Stage}:x"},
        {"StateMachineName": "My-machine_1.2"},
        log("OFF"),
        log("ALL", GROUP),
        log({"Ref": "Level"}, GROUP),
        log("FATAL", group(f"{LITERAL}:*")),
        {"LoggingConfiguration": {"Fn::If": ["Logs", log("ALL"), {"Ref": "AWS::NoValue"}]}},
        {"EncryptionConfiguration": OWN},
        {"EncryptionConfiguration": OWN, "principal": "*"},
        {"EncryptionConfiguration": OWN, "principal": {"AWS": {"Fn::Sub": "x${AWS::AccountId}x"}}},
        {"EncryptionConfiguration": {**OWN, "KmsKeyId": {"Ref": "Parameter"}}},
    ],
)
def test_what_cloudformation_accepts_is_no_finding(properties: Any) -> None:
    assert find(**properties) == set()


def test_a_state_machine_without_a_definition_is_found_at_its_resource(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    machine = (
        "  Machine:\n    Type: AWS::StepFunctions::StateMachine\n    Properties: {RoleArn: r}\n"
    )
    path.write_text(f"Resources:\n{machine}")
    report = lint(str(path))
    (found,) = report.findings
    assert (found.rule, found.line, report.unseen) == ("missing-definition", 4, ())
