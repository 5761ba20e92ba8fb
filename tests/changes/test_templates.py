"""Templates compared: resources, data, permissions, running executions, code."""

from __future__ import annotations

import copy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from carnation.changes import KINDS, Change
from carnation.changes.templates import find_template_changes, stack_paths
from carnation.permissions import Grant, covers, read_policy
from carnation.permissions.grants import matches, render_value
from carnation.services.updates import find_update, is_stateful
from tests.changes.test_definitions import GONE, edit

ROOT = Path(__file__).parents[2]
ARN = "arn:aws:sqs:eu-west-1:123456789012:queue"


def allow(action: Any, resource: Any = ARN, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


TRUST = {
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"},
         "Action": "sts:AssumeRole"}
    ]
}  # fmt: skip
BASE: dict[str, Any] = {
    "Description": "all of it",
    "Parameters": {"Size": {"Type": "Number", "Default": 1}, "Name": {"Type": "String"}},
    "Conditions": {"Big": {"Fn::Equals": [{"Ref": "Size"}, 9]}},
    "Mappings": {"M": {"a": {"b": "c"}}},
    "Resources": {
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": {"TableName": "t", "BillingMode": "PAY_PER_REQUEST",
                           "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
                           "DeletionProtectionEnabled": True, "KeySchema": [{"A": 1}]},
        },
        "Store": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "b"}},
        "Machine": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {"RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}, "StateMachineName": "m"},
        },
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": TRUST,
                "PermissionsBoundary": "arn:bound",
                "ManagedPolicyArns": ["arn:managed"],
                "Policies": [
                    {"PolicyName": "p", "PolicyDocument": {"Statement": [
                        allow(["sqs:SendMessage", "sqs:DeleteMessage"]),
                        {"Effect": "Deny", "Action": "s3:*", "Resource": "*"},
                    ]}}
                ],
            },
        },
        "Key": {
            "Type": "AWS::KMS::Key",
            "Properties": {"KeyPolicy": {"Statement": allow("kms:*", "*", Principal={"AWS": "a"})}},
        },
        "Invoke": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {"Action": "lambda:InvokeFunction", "FunctionName": "f",
                           "Principal": "s3.amazonaws.com", "SourceAccount": "1"},
        },
        "Bus": {"Type": "AWS::Events::EventBusPolicy", "Properties": {
            "Statement": allow("events:PutEvents", Principal="*")}},
        "Extra": {"Type": "AWS::IAM::Policy", "Properties": {
            "PolicyDocument": {"Statement": [allow("sns:Publish")]}}},
        "Database": {"Type": "AWS::RDS::DBInstance", "Properties": {"DBInstanceClass": "small",
                                                                    "MultiAZ": False}},
        "Function": {"Type": "AWS::Lambda::Function", "Properties": {
            "Code": {"S3Key": "f.1.zip"}, "MemorySize": 128, "FunctionName": "f"}},
        "Version": {"Type": "AWS::Lambda::Version", "DependsOn": "Table", "Properties": {
            "FunctionName": {"Ref": "Function"}, "Description": "1"}},
        "Bare": {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"S3Key": "g.1.zip"}}},
    },
    "Outputs": {
        "Name": {"Value": "n"},
        "Arn": {"Value": "a", "Export": {"Name": "the-arn"}, "Description": "d"},
    },
}  # fmt: skip
R = "/Resources"
POLICY = f"{R}/Role/Properties/Policies/0/PolicyDocument/Statement"
ROLE = f"{R}/Role/Properties"

# pointer, value, kind there, kind back
CASES: list[tuple[str, Any, str, str]] = [
    ("/Description", "some", "metadata-changed", "metadata-changed"),
    ("/Conditions/Big", True, "condition-changed", "condition-changed"),
    ("/Mappings/M/a/b", "d", "section-changed", "section-changed"),
    ("/Parameters/Size/Default", 2, "parameter-changed", "parameter-changed"),
    ("/Parameters/Size/Default", GONE, "parameter-required", "parameter-changed"),
    ("/Parameters/Size/Description", "d", "metadata-changed", "metadata-changed"),
    ("/Parameters/Size", GONE, "parameter-removed", "parameter-added"),
    ("/Parameters/Name", GONE, "parameter-removed", "parameter-required"),
    ("/Outputs/Name", GONE, "output-removed", "output-added"),
    ("/Outputs/Arn", GONE, "export-removed", "output-added"),
    ("/Outputs/Arn/Export", GONE, "export-removed", "export-changed"),
    ("/Outputs/Arn/Export/Name", "x", "export-changed", "export-changed"),
    ("/Outputs/Arn/Description", "x", "metadata-changed", "metadata-changed"),
    ("/Outputs/Name/Value", "x", "stack-output-changed", "stack-output-changed"),
    (f"{R}/Odd", 5, "section-changed", "section-changed"),
    (f"{R}/Table", GONE, "data-orphaned", "resource-added"),
    (f"{R}/Store", GONE, "data-removed", "resource-added"),
    (f"{R}/Machine", GONE, "resource-removed", "resource-added"),
    (f"{R}/Table/Properties/TableName", "u", "data-replaced", "data-replaced"),
    (f"{R}/Store/Properties/BucketName", "u", "data-replaced", "data-replaced"),
    (f"{R}/Table/Properties/BillingMode", "PROVISIONED", "property-changed", "property-changed"),
    (f"{R}/Table/Properties/KeySchema/0/A", 2, "data-may-be-replaced", "data-may-be-replaced"),
    (f"{R}/Bare/Properties/DurableConfig", {"A": 1},
     "resource-may-be-replaced", "resource-may-be-replaced"),
    (f"{R}/Table/Properties/DeletionProtectionEnabled", False,
     "protection-removed", "property-changed"),
    (f"{R}/Table/Properties/PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled", False,
     "backup-removed", "property-changed"),
    (f"{R}/Table/Properties/PointInTimeRecoverySpecification", GONE,
     "backup-removed", "property-changed"),
    (f"{R}/Table/Properties/TimeToLiveSpecification", {"AttributeName": "t", "Enabled": True},
     "retention-shortened", "property-changed"),
    (f"{R}/Store/Properties/LifecycleConfiguration",
     {"Rules": [{"Status": "Enabled", "ExpirationInDays": 9}]},
     "retention-shortened", "property-changed"),
    (f"{R}/Database/Properties/BackupRetentionPeriod", 0,
     "retention-shortened", "data-may-be-replaced"),
    (f"{R}/Table/DeletionPolicy", "Delete", "retention-weakened", "retention-strengthened"),
    (f"{R}/Table/UpdateReplacePolicy", GONE, "retention-weakened", "retention-strengthened"),
    (f"{R}/Machine/DeletionPolicy", "Retain", "attribute-changed", "attribute-changed"),
    (f"{R}/Version/DependsOn", "Role", "attribute-changed", "attribute-changed"),
    (f"{R}/Table/Metadata", {"a": 1}, "metadata-changed", "metadata-changed"),
    (f"{R}/Machine/Properties/StateMachineName", "x", "resource-replaced", "resource-replaced"),
    (f"{R}/Machine/Properties/RoleArn", "x", "role-changed", "role-changed"),
    (f"{R}/Machine/Type", "AWS::SNS::Topic", "resource-replaced", "resource-replaced"),
    (f"{R}/Database/Properties/DBInstanceClass", "large",
     "property-interrupts", "property-interrupts"),
    (f"{R}/Function/Properties/MemorySize", 256, "property-changed", "property-changed"),
    (f"{R}/Function/Properties/Code/S3Key", "f.2.zip", "code-unversioned", "code-unversioned"),
    (f"{R}/Bare/Properties/Code/S3Key", "g.2.zip",
     "code-changed-in-flight", "code-changed-in-flight"),
    (f"{R}/Version/Properties/Description", "2", "property-changed", "property-changed"),
    (f"{POLICY}/0", GONE, "permission-narrowed", "permission-broadened"),
    (f"{POLICY}/0/Action", "sqs:*", "permission-wildcard", "permission-narrowed"),
    (f"{POLICY}/0/Resource", "*", "permission-wildcard", "permission-narrowed"),
    (f"{POLICY}/0/Condition", {"Bool": {"a": "b"}}, "permission-narrowed", "permission-broadened"),
    (f"{POLICY}/1", GONE, "permission-broadened", "permission-narrowed"),
    (f"{POLICY}/0/Sid", "Words", "metadata-changed", "metadata-changed"),
    (f"{ROLE}/ManagedPolicyArns/0", GONE, "permission-narrowed", "permission-broadened"),
    (f"{ROLE}/PermissionsBoundary", GONE, "boundary-removed", "boundary-changed"),
    (f"{ROLE}/PermissionsBoundary", "arn:b", "boundary-changed", "boundary-changed"),
    (f"{ROLE}/AssumeRolePolicyDocument/Statement/0/Principal", {"AWS": "x"},
     "trust-broadened", "trust-narrowed"),
    (f"{R}/Extra", GONE, "resource-removed", "permission-broadened"),
    (f"{R}/Extra/Properties/PolicyDocument/Statement/0/NotAction", "sns:*",
     "permission-wildcard", "permission-broadened"),
    (f"{R}/Key/Properties/KeyPolicy/Statement/Principal", "*",
     "access-broadened", "access-narrowed"),
    (f"{R}/Invoke/Properties/SourceAccount", GONE, "access-broadened", "access-narrowed"),
    (f"{R}/Invoke", GONE, "resource-removed", "access-broadened"),
    (f"{R}/Bus/Properties/Statement/Principal", "a", "access-narrowed", "access-broadened"),
]  # fmt: skip


def compare(old: Any, new: Any, *definitions: Any) -> list[Change]:
    return list(find_template_changes({"t.yaml": old}, {"t.yaml": new}, definitions))


@pytest.mark.parametrize(("pointer", "value", "there", "back"), CASES)
def test_one_edited_value_is_found_and_so_is_its_opposite(
    pointer: str, value: Any, there: str, back: str
) -> None:
    new = edit(BASE, pointer, value)
    found = {change.kind for change in compare(BASE, new)}
    assert there in found
    assert back in {change.kind for change in compare(new, BASE)}


def test_a_set_of_templates_has_no_change_from_itself() -> None:
    assert compare(BASE, copy.deepcopy(BASE)) == []


def test_every_kind_of_a_template_has_a_case() -> None:
    made = {kind for case in CASES for kind in case[2:]}
    made |= {"credentials-changed", "action-lost", "resource-moved", "code-changed"}
    made |= {"permission-needed"}  # of definitions alone: test_needs.py
    wanted = {slug for slug, kind in KINDS.items() if kind.family not in ("definition", "findings")}
    assert wanted - made == set()


# nested stacks


def nest(digest: str, queue: str) -> dict[str, Any]:
    url = f"https://b/nested/sqs-stack.{digest}.yaml"
    return {
        "root.yaml": {"Resources": {"QueueStack": {
            "Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}}},
        "nested/sqs-stack.yaml": {"Resources": {
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": queue}}}},
    }  # fmt: skip


def test_a_nested_stack_is_expanded_in_place_and_its_digest_is_no_news() -> None:
    (change,) = find_template_changes(nest("0" * 16, "1"), nest("1" * 16, "2"))
    assert change.subject == "QueueStack/Queue"
    assert change.part == "nested/sqs-stack.yaml"


def test_a_stack_with_another_template_is_news() -> None:
    new = nest("0" * 16, "1")
    url = "https://b/nested/other.yaml"
    new["root.yaml"]["Resources"]["QueueStack"]["Properties"]["TemplateURL"] = url
    kinds = {c.kind for c in find_template_changes(nest("0" * 16, "1"), new)}
    assert kinds == {"property-changed"}


def test_stacks_that_hold_each_other_have_names_all_the_same() -> None:
    stack = {"Type": "AWS::CloudFormation::Stack"}
    templates = {
        name: {"Resources": {"S": {**stack, "Properties": {"TemplateURL": f"{other}.yaml"}}}}
        for name, other in (("a.yaml", "b"), ("b.yaml", "a"))
    }
    assert set(stack_paths(templates)) == {"a.yaml", "b.yaml"}


def test_a_definition_under_another_digest_is_no_news_and_in_another_bucket_is() -> None:
    def locate(bucket: str, digest: str) -> dict[str, Any]:
        location = {"Bucket": bucket, "Key": f"m.{digest}.asl.json"}
        machine = {"Type": "AWS::StepFunctions::StateMachine",
                   "Properties": {"DefinitionS3Location": location}}  # fmt: skip
        return {"Resources": {"M": machine}}

    assert compare(locate("a", "0" * 16), locate("a", "1" * 16)) == []
    (change,) = compare(locate("a", "0" * 16), locate("b", "1" * 16))
    assert change.pointer == "/Resources/M/Properties/DefinitionS3Location/Bucket"


# data


def test_a_logical_id_that_changed_replaces_the_data() -> None:
    new = copy.deepcopy(BASE)
    new["Resources"]["Events"] = new["Resources"].pop("Table")
    new["Resources"]["Run"] = new["Resources"].pop("Machine")
    found = {(c.kind, c.subject) for c in compare(BASE, new)}
    assert found == {("data-replaced", "Events"), ("resource-moved", "Run")}


def test_what_a_removal_does_to_the_data_is_reported() -> None:
    (change,) = compare(BASE, edit(BASE, f"{R}/Table", GONE))
    assert change.sentence == (
        "was removed (AWS::DynamoDB::Table), the data is kept (DeletionPolicy: Retain)"
    )


def test_code_with_a_new_version_is_merely_changed() -> None:
    new = edit(BASE, f"{R}/Function/Properties/Code/S3Key", "f.2.zip")
    new = edit(new, f"{R}/Version/Properties/Description", "2")
    assert {c.kind for c in compare(BASE, new)} == {"code-changed", "property-changed"}


# permissions


def test_less_in_other_words_is_only_less() -> None:
    wide = edit(BASE, f"{POLICY}/0/Action", "sqs:*")
    changes = compare(wide, edit(BASE, f"{POLICY}/0/Action", ["sqs:Send*"]))
    assert {c.kind for c in changes} == {"permission-narrowed"}
    assert f"is no longer allowed sqs:* on {ARN}" in changes[0].sentence
    assert changes[0].sentence.endswith(f"what is left of it: sqs:Send* on {ARN}")


def test_an_action_that_executions_in_flight_need_is_named_with_its_states() -> None:
    task = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage"}
    new = edit(BASE, f"{POLICY}/0/Action", "sqs:DeleteMessage")
    changes = compare(BASE, new, {"States": {"Put": task}})
    (lost,) = [change for change in changes if change.kind == "action-lost"]
    assert lost.sentence == (
        f"lost sqs:SendMessage on {ARN}, which running executions still need in 'Put'"
    )
    assert lost.impact == "dangerous"
    assert not [c for c in compare(BASE, new, {"States": {}}) if c.kind == "action-lost"]


def test_a_grant_narrowed_to_what_is_needed_is_no_loss() -> None:
    task = {"Type": "Task", "Resource": "arn:aws:states:::sns:publish",
            "Parameters": {"TopicArn": "arn:aws:sns:eu-west-1:123456789012:t"}}  # fmt: skip
    grant = {"Effect": "Allow", "Action": "sns:*", "Resource": "*"}
    wide = edit(BASE, f"{POLICY}/2", grant)
    for topic, kinds in (("t", set()), ("other", {"action-lost"})):
        narrow = {**grant, "Resource": f"arn:aws:sns:eu-west-1:123456789012:{topic}"}
        changes = compare(wide, edit(BASE, f"{POLICY}/2", narrow), {"States": {"Tell": task}})
        assert {c.kind for c in changes} == {"permission-narrowed", *kinds}


def test_a_permission_that_the_new_definition_needs_fails_every_new_execution() -> None:
    task = {"States": {"Put": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage"}}}
    new = edit(BASE, f"{POLICY}/0/Action", "sqs:DeleteMessage")
    changes = find_template_changes({"t": BASE}, {"t": new}, [task], None, [task])
    (lost,) = [change for change in changes if change.kind == "action-lost"]
    assert "every new execution fails in 'Put'" in lost.sentence


def test_a_new_denial_and_a_removed_role_lose_what_is_in_flight() -> None:
    task = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage"}
    deny = {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}
    for new in (edit(BASE, f"{POLICY}/2", deny), edit(BASE, f"{R}/Role", GONE)):
        kinds = {change.kind for change in compare(BASE, new, {"States": {"Put": task}})}
        assert "action-lost" in kinds


def test_a_policy_beside_the_role_loses_what_is_in_flight_too() -> None:
    task = {"Type": "Task", "Resource": "arn:aws:states:::sns:publish"}
    base = edit(BASE, f"{R}/Extra/Properties/Roles", [{"Ref": "Role"}, "odd", {"Ref": "Gone"}])
    for new in (edit(base, f"{R}/Extra", GONE),
                edit(base, f"{R}/Extra/Properties/PolicyDocument/Statement/0", GONE)):  # fmt: skip
        kinds = {change.kind for change in compare(base, new, {"States": {"Tell": task}})}
        assert "action-lost" in kinds


def test_a_role_of_somebody_else_loses_nothing_in_flight() -> None:
    base = edit(BASE, f"{ROLE}/AssumeRolePolicyDocument/Statement/0/Principal", {"AWS": "x"})
    task = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage"}
    changes = compare(base, edit(base, f"{POLICY}/0", GONE), {"States": {"Put": task}})
    assert {change.kind for change in changes} == {"permission-narrowed"}


def test_patterns_cover_patterns_and_conditions_narrow() -> None:
    assert matches("*", "anything")
    assert matches("s3:Get?", "s3:GetX")
    assert not matches("s3:Get", "s3:GetX")
    wide = Grant("Allow", "s3:*", "*", "", "", "")
    bound = wide._replace(action="S3:GetObject", condition="{}")
    assert covers(wide, bound)
    assert not covers(bound, wide)


def test_what_is_known_at_deployment_is_a_placeholder() -> None:
    assert render_value({"Ref": "A"}) == "${A}"
    assert render_value({"Fn::GetAtt": ["A", "Arn"]}) == "${A.Arn}"
    assert render_value({"Fn::If": ["a", "b"]}) == '{"Fn::If": ["a", "b"]}'
    assert list(read_policy("odd", "")) == list(read_policy({"Statement": ["odd"]}, "")) == []


# what an update does


def test_updates_are_known_inside_lists_too() -> None:
    assert find_update("AWS::DynamoDB::Table", ["KeySchema", "0", "A"]) == "may replace"
    assert find_update("AWS::Nobody::Knows", ["A"]) == "in place"
    assert find_update("AWS::Serverless::StateMachine", ["Type"]) == "replaces"
    assert find_update("AWS::Serverless::StateMachine", ["Name"]) == "replaces"
    assert find_update("AWS::Serverless::SimpleTable", ["PrimaryKey", "Name"]) == "may replace"
    assert is_stateful("AWS::Serverless::SimpleTable")
    assert not is_stateful("AWS::CloudFormation::Stack")
    assert find_update("AWS::RDS::DBInstance", ["EngineVersion"]) == "interrupts"


def test_the_facts_about_updates_are_current() -> None:
    pytest.importorskip("cfnlint")
    script = ROOT / "scripts" / "write_updates.py"
    check = subprocess.run([sys.executable, str(script), "--check"], check=False)
    assert check.returncode == 0, "run: python scripts/write_updates.py"


# whatever comes


@pytest.mark.parametrize("odd", [None, 5, "x", [], [1], {"a": None}])
@pytest.mark.parametrize(
    "pointer",
    ["/Resources", "/Parameters", "/Outputs", f"{R}/Role/Properties", f"{ROLE}/Policies",
     f"{ROLE}/Policies/0", POLICY, f"{ROLE}/ManagedPolicyArns", f"{R}/Table/Type",
     f"{R}/Table/DeletionPolicy", f"{R}/Key/Properties/KeyPolicy", f"{R}/Invoke/Properties",
     "/Parameters/Size", "/Outputs/Arn", f"{R}/Version/Properties"],
)  # fmt: skip
def test_odd_values_are_compared_without_a_complaint(pointer: str, odd: Any) -> None:
    new = edit(BASE, pointer, odd)
    for old, other in ((BASE, new), (new, BASE)):
        for change in compare(old, other):
            assert change.sentence
            assert change.impact in ("cosmetic", "behavioral", "breaking", "dangerous")


def test_a_machine_that_only_says_its_default_type_stays() -> None:
    def list_kinds(**properties: str) -> set[str]:
        sides = [
            {"a.yaml": {"Resources": {"M": {"Type": "AWS::Serverless::StateMachine",
                                            "Properties": given}}}}
            for given in ({}, properties)
        ]  # fmt: skip
        return {change.kind for change in find_template_changes(*sides)}

    assert list_kinds(Type="STANDARD") == {"metadata-changed"}
    assert list_kinds(Type="EXPRESS") == {"resource-replaced"}


def list_policy_kinds(*policies: Any) -> set[str]:
    sides = [
        {"a.yaml": {"Resources": {"M": {"Type": "AWS::Serverless::StateMachine",
                                        "Properties": {"Policies": given}}}}}
        for given in policies
    ]  # fmt: skip
    return {change.kind for change in find_template_changes(*sides)}


def test_the_policies_of_sam_are_permissions() -> None:
    template = {"LambdaInvokePolicy": {"FunctionName": "f"}}
    assert list_policy_kinds([template], [template, "AdministratorAccess"]) == {
        "permission-wildcard"
    }
    statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "a"}
    assert list_policy_kinds([], [{"Statement": [statement]}]) == {"permission-broadened"}
    assert list_policy_kinds([template], []) == {"permission-narrowed"}


@pytest.mark.parametrize(
    ("wider", "narrower"),
    [
        ({"StringEquals": {"a": "b"}}, {"StringEquals": {"a": "b", "c": "d"}}),
        ({"StringLike": {"a": "b*"}}, {"StringEquals": {"a": "bc"}}),
        ({"StringEquals": {"a": ["b", "c"]}}, {"StringEquals": {"A": "b"}}),
    ],
)
def test_a_condition_that_asks_for_less_only_broadens(wider: Any, narrower: Any) -> None:
    both = [
        [{"Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "a",
                         "Condition": condition}]}]
        for condition in (narrower, wider)
    ]  # fmt: skip
    assert list_policy_kinds(*both) == {"permission-broadened"}
    assert list_policy_kinds(*reversed(both)) == {"permission-narrowed"}


def test_a_condition_that_was_dropped_is_reported() -> None:
    sides = []
    for condition in ({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, {}):
        statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*", **condition}
        policy = {"PolicyName": "p", "PolicyDocument": {"Statement": [statement]}}
        role = {"Type": "AWS::IAM::Role", "Properties": {"Policies": [policy]}}
        sides.append({"t": {"Resources": {"R": role}}})
    (change,) = find_template_changes(sides[0], sides[1], [])
    assert "no longer only if" in change.sentence
    assert "aws:SecureTransport" in change.sentence
