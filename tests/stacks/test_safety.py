"""What is encrypted and kept, which parameters the stacks take, and how they pass them on."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.stacks.test_stacks import (
    FUNCTIONS,
    KEY,
    NAMES,
    WITH_FILES,
    list_resources,
    properties_of,
    read_templates,
)

# where each type of resource names its key; None: it holds nothing that could be encrypted
KEY_PATHS: dict[str, tuple[str | int, ...] | None] = {
    "AWS::CloudFormation::Stack": None,
    "AWS::CloudWatch::Alarm": None,
    "AWS::DynamoDB::Table": ("SSESpecification", "KMSMasterKeyId"),
    "AWS::IAM::Role": None,
    "AWS::KMS::Alias": None,
    "AWS::KMS::Key": None,
    "AWS::Lambda::Alias": None,
    "AWS::Lambda::Function": ("KmsKeyArn",),
    "AWS::Lambda::Version": None,
    "AWS::Logs::LogGroup": ("KmsKeyId",),
    "AWS::Logs::MetricFilter": None,
    "AWS::S3::Bucket": (
        "BucketEncryption",
        "ServerSideEncryptionConfiguration",
        0,
        "ServerSideEncryptionByDefault",
        "KMSMasterKeyID",
    ),
    "AWS::S3::BucketPolicy": None,
    "AWS::SNS::Subscription": None,
    "AWS::SNS::Topic": ("KmsMasterKeyId",),
    "AWS::SNS::TopicPolicy": None,
    "AWS::SQS::Queue": ("KmsMasterKeyId",),
    "AWS::SQS::QueuePolicy": None,
    "AWS::Scheduler::Schedule": ("KmsKeyArn",),
    "AWS::StepFunctions::StateMachine": ("EncryptionConfiguration", "KmsKeyId"),
    "AWS::StepFunctions::StateMachineAlias": None,
    "AWS::StepFunctions::StateMachineVersion": None,
}
STORES = {**dict.fromkeys(NAMES, "Table"), "archive": "Bucket"}
STORE_STACKS = {"Table": "dynamodb", "Bucket": "s3"}
NESTED_STACKS = {
    "TopicStack": "sns",
    "QueueStack": "sqs",
    "StoreStack": "",
    "RoleStack": "iam-role",
    "FunctionStack": "lambda-function",
    "AlarmStack": "cloudwatch",
}


def list_nested_stacks(name: str) -> dict[str, str]:
    """Name the template of each nested stack of a workflow."""
    files = {"FilesStack": "files"} if name in WITH_FILES else {}
    return {**NESTED_STACKS, "StoreStack": STORE_STACKS[STORES[name]], **files}


@pytest.mark.parametrize("name", NAMES)
def test_everything_that_can_be_encrypted_is_encrypted_with_the_one_key(name: str) -> None:
    encrypted = 0
    for stack, template in read_templates(name).items():
        for title, resource in template["Resources"].items():
            path = KEY_PATHS[resource["Type"]]
            if path is None:
                continue
            value = resource["Properties"]
            for step in path:
                value = value[step]
            assert value == (KEY if stack == "root" else {"Ref": "KeyArn"}), title
            encrypted += 1
    # store, 3 queues, topic, machine and its log, schedule; each function and its log; the files
    assert encrypted == 8 + 2 * len(FUNCTIONS[name]) + (name in WITH_FILES)
    assert len([path for path in KEY_PATHS.values() if path]) == 8


@pytest.mark.parametrize("name", NAMES)
def test_what_holds_events_or_serves_running_executions_is_retained(name: str) -> None:
    kept = {
        title
        for title, resource in list_resources(name).items()
        if resource.get("DeletionPolicy") == "RetainExceptOnCreate"
        and resource.get("UpdateReplacePolicy") == "Retain"
    }
    assert kept == {
        STORES[name],
        *(["Bucket"] if name in WITH_FILES else []),
        "Queue",
        "DeadLetterQueue",
        "UndeliveredQueue",
        "Key",
        "StateMachineVersion",
        "StateMachineLogs",
        *(f"{part}{kind}" for part in FUNCTIONS[name] for kind in ("Version", "Logs")),
    }


def test_the_table_is_on_demand_recoverable_and_protected_as_the_parameter_says() -> None:
    table = properties_of("carnation", "Table")
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["DeletionProtectionEnabled"] == {"Ref": "DeletionProtection"}
    assert [(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]] == [
        ("sequenceNo", "HASH"),
        ("generatedUnixTime", "RANGE"),
    ]
    assert {row["AttributeType"] for row in table["AttributeDefinitions"]} == {"N"}


def test_the_bucket_keeps_old_versions_and_is_shut_to_the_public() -> None:
    bucket = properties_of("archive", "Bucket")
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    (rule,) = bucket["OwnershipControls"]["Rules"]
    assert rule == {"ObjectOwnership": "BucketOwnerEnforced"}


def test_the_bucket_of_files_is_as_shut_and_forgets_what_can_be_redriven_no_more() -> None:
    bucket = properties_of("distributed", "Bucket")
    shut = properties_of("archive", "Bucket")
    own = {name: value for name, value in bucket.items() if name != "BucketName"}
    lifecycle = own.pop("LifecycleConfiguration")
    assert own == {name: value for name, value in shut.items() if name != "BucketName"}
    (rule,) = lifecycle["Rules"]
    assert rule["ExpirationInDays"] > 14 + 1  # the days of redriving, and the longest execution
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert rule["Status"] == "Enabled"


def test_an_address_is_subscribed_if_one_is_given() -> None:
    subscription = list_resources("carnation")["EmailSubscription"]
    assert subscription["Condition"] == "HasEmail"
    properties = subscription["Properties"]
    assert (properties["Protocol"], properties["Endpoint"]) == ("email", {"Ref": "AlarmEmail"})


DEFAULTS = {
    "ProjectName": "carnation",
    "Environment": "dev",
    "ArtifactBucket": None,
    "MaxConcurrency": 10,
    "Schedule": "",
    "DeploymentType": "ALL_AT_ONCE",
    "KeyArn": "",
    "DeletionProtection": "true",
    "PermissionsBoundaryArn": "",
    "AlarmEmail": "",
    "LogRetentionDays": 30,
}


def test_the_parameters_have_these_defaults() -> None:
    parameters = read_templates("carnation")["root"]["Parameters"]
    assert {name: given.get("Default") for name, given in parameters.items()} == DEFAULTS
    archive = read_templates("archive")["root"]["Parameters"]
    # a bucket has no protection of its own, and the variant's Map no ${MaxConcurrency}
    assert set(DEFAULTS) - set(archive) == {"MaxConcurrency", "DeletionProtection"}
    assert archive["ProjectName"]["Default"] == "archive"
    assert read_templates("distributed")["root"]["Parameters"]["MaxConcurrency"]["Default"] == 100


@pytest.mark.parametrize("name", NAMES)
def test_the_console_shows_each_parameter_in_one_group(name: str) -> None:
    root = read_templates(name)["root"]
    groups = root["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    shown = [parameter for group in groups for parameter in group["Parameters"]]
    assert shown == list(root["Parameters"])


KEY_ARN = "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/1234abcd-12ab"


@pytest.mark.parametrize(
    ("name", "fits", "misfits"),
    [
        ("ProjectName", ["a", "a" * 23, "my-app2"], ["", "a" * 24, "App", "2b", "-a", "a_b"]),
        ("Environment", ["dev", "a" * 10], ["", "a" * 11, "Dev", "my-env"]),
        ("ArtifactBucket", ["abc", "my.bucket-1"], ["", "ab", "Abc", "abc-", "a" * 64]),
        ("Schedule", ["", "rate(1 day)", "cron(0 2 * * ? *)"], ["1 day", "at(2030)", "rate("]),
        ("KeyArn", ["", KEY_ARN], ["alias/x", "1234abcd", KEY_ARN.replace("key/", "alias/")]),
        (
            "PermissionsBoundaryArn",
            ["", "arn:aws:iam::111122223333:policy/bound"],
            ["bound", "arn:aws:iam::111122223333:role/bound"],
        ),
        ("AlarmEmail", ["", "who@example.com"], ["who", "who@", "a b@example.com", "a@b@c"]),
    ],
)  # fmt: skip
def test_a_parameter_accepts_what_fits_and_refuses_what_does_not(
    name: str, fits: list[str], misfits: list[str]
) -> None:
    parameter = read_templates("carnation")["root"]["Parameters"][name]
    pattern = re.compile(parameter["AllowedPattern"])
    assert [text for text in fits if not pattern.fullmatch(text)] == []
    assert [text for text in misfits if pattern.fullmatch(text)] == []
    assert parameter["ConstraintDescription"]


def test_numbers_and_choices_are_bounded() -> None:
    parameters = read_templates("carnation")["root"]["Parameters"]
    concurrency = parameters["MaxConcurrency"]
    assert (concurrency["MinValue"], concurrency["MaxValue"]) == (1, 40)  # AWS's for an inline Map
    batches = read_templates("distributed")["root"]["Parameters"]["MaxConcurrency"]
    assert (batches["MinValue"], batches["MaxValue"]) == (1, 10_000)  # for a distributed one
    assert parameters["DeploymentType"]["AllowedValues"] == ["ALL_AT_ONCE", "CANARY", "LINEAR"]
    assert parameters["DeletionProtection"]["AllowedValues"] == ["true", "false"]
    assert {1, 30, 365, 3653} <= set(parameters["LogRetentionDays"]["AllowedValues"])
    assert 2 not in parameters["LogRetentionDays"]["AllowedValues"]


@pytest.mark.parametrize("name", NAMES)
def test_the_root_passes_every_nested_stack_exactly_its_parameters(name: str) -> None:
    templates = read_templates(name)
    nested = list_nested_stacks(name)
    for title, stack in nested.items():
        given = properties_of(name, title)["Parameters"]
        declared = templates[stack]["Parameters"]
        assert set(given) == set(declared), title
        assert not any("Default" in parameter for parameter in declared.values())
    assert set(nested) == set(list_resources(name, "AWS::CloudFormation::Stack"))


@pytest.mark.parametrize("name", NAMES)
def test_every_nested_stack_that_encrypts_is_given_the_one_key(name: str) -> None:
    given = {
        title: stack["Properties"]["Parameters"]["KeyArn"]
        for title, stack in list_resources(name, "AWS::CloudFormation::Stack").items()
        if "KeyArn" in stack["Properties"]["Parameters"]
    }
    assert given == {title: KEY for title in list_nested_stacks(name) if title != "AlarmStack"}


def test_what_is_only_named_is_made_before_what_names_it() -> None:
    found = {title: one["DependsOn"] for title, one in list_resources("carnation").items()
             if "DependsOn" in one}  # fmt: skip
    assert found == {"FunctionStack": ["RoleStack"], "StateMachineAlias": ["AlarmStack"]}


def unless(parameter: str, value: str) -> dict[str, Any]:
    return {"Fn::Not": [{"Fn::Equals": [{"Ref": parameter}, value]}]}


@pytest.mark.parametrize("name", NAMES)
def test_the_conditions_ask_the_parameters(name: str) -> None:
    found: dict[str, Any] = {}
    for template in read_templates(name).values():
        for title, condition in template.get("Conditions", {}).items():
            assert found.setdefault(title, condition) == condition
    assert found == {
        "MakesKey": {"Fn::Equals": [{"Ref": "KeyArn"}, ""]},
        "HasSchedule": unless("Schedule", ""),
        "HasEmail": unless("AlarmEmail", ""),
        "HasBoundary": unless("PermissionsBoundaryArn", ""),
        "MovesGradually": unless("DeploymentType", "ALL_AT_ONCE"),
    }


def list_outputs_asked_for(value: Any) -> list[tuple[str, str]]:
    """List `(stack, output)` for every `!GetAtt Stack.Outputs.X` of a document."""
    if isinstance(value, list):
        return [found for item in value for found in list_outputs_asked_for(item)]
    if not isinstance(value, dict):
        return []
    stack, _, output = ".".join(value.get("Fn::GetAtt", ())).partition(".Outputs.")
    return [(stack, output)] if output else list_outputs_asked_for(list(value.values()))


@pytest.mark.parametrize("name", NAMES)
def test_every_output_that_the_root_reads_is_given_and_every_one_given_is_read(name: str) -> None:
    templates = read_templates(name)
    asked = set(list_outputs_asked_for(templates["root"]))
    given = {
        (title, output)
        for title, stack in list_nested_stacks(name).items()
        for output in templates[stack].get("Outputs", {})
    }
    assert asked == given
    assert len(asked) == 5 + len(FUNCTIONS[name]) + (name in WITH_FILES)


LIMITS = {"RoleName": 64, "FunctionName": 64, "QueueName": 80, "BucketName": 63, "TableName": 255,
          "StateMachineName": 80, "TopicName": 256, "AlarmName": 255, "Name": 64}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names_fit_with_the_longest_project_and_environment(name: str) -> None:
    longest = {"ProjectName": "p" * 23, "Environment": "e" * 10, "AWS::AccountId": "1" * 12}
    checked = set()
    for title, resource in list_resources(name).items():
        for field, limit in LIMITS.items():
            value = resource["Properties"].get(field)
            if isinstance(value, dict) and "Fn::Sub" in value:
                text = re.sub(r"\$\{(.+?)\}", lambda part: longest[part[1]], value["Fn::Sub"])
                assert len(text) <= limit, title
                checked.add(field)
    assert checked >= set(LIMITS) - {"BucketName", "TableName"}


def test_the_root_reports_what_others_need() -> None:
    for name, store in (("carnation", "TableName"), ("archive", "BucketName")):
        assert list(read_templates(name)["root"]["Outputs"]) == [
            "StateMachineArn",
            "StateMachineVersionArn",
            "StateMachineAliasArn",
            "QueueUrl",
            "DeadLetterQueueUrl",
            store,
            "TopicArn",
            "KeyArn",
        ]


@pytest.mark.parametrize("name", NAMES)
def test_the_key_is_made_only_where_none_is_given(name: str) -> None:
    resources = list_resources(name)
    assert {title for title, one in resources.items() if one.get("Condition") == "MakesKey"} == {
        "Key",
        "KeyAlias",
    }
    assert resources["Key"]["Properties"]["EnableKeyRotation"] is True
