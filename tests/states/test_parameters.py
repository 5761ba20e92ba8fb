"""What is sent to services: checked deeply, and nothing refused that AWS takes."""

from __future__ import annotations

from typing import Any

import pytest

from carnation.artifacts import make_artifacts
from carnation.asl import walk_states
from carnation.document import read_document
from carnation.errors import DefinitionError
from carnation.services import list_services
from carnation.services.task_calls import find_integration
from carnation.states import Chain, Pass, Task, context, integrate, integration_arn, path
from carnation.workflow import Workflow
from tests.conftest import SHARED

VALID = SHARED / "corpus" / "valid"
DB = {"DbInstanceIdentifier": "d", "DbInstanceClass": "c", "Engine": "mysql"}
CREATE, PUT = "aws-sdk:rds:createDBInstance", "aws-sdk:dynamodb:putItem"
REAL_MISTAKES = {
    "003_amazon-states-language-task-state.md_block7.json",  # RetryStrategy.attempts
    "004_stage-glue.asl.json",  # a number where a mapping is expected
    "005_workflow.asl.json",  # logGroupName
    "046_workflow.asl.json",  # an ApiEndpoint that is a name
    "061_state-machine.asl.json",  # another one
}
NEW = "carnation: ignore {} because it came last week"


@pytest.mark.parametrize(
    ("action", "given", "message"),
    [
        (CREATE, {**DB, "Tags": [{"Kye": "a"}]}, r"'Tags\[0\].Kye'. Did you mean 'Key'"),
        (CREATE, {**DB, "Tags": {"Key": "a"}}, "expects a list as 'Tags', not {'Key'"),
        (CREATE, {**DB, "MultiAZ": "perhaps"}, "expects true or false as 'MultiAZ', not 'perhaps'"),
        (CREATE, {**DB, "AllocatedStorage": "many"}, "expects a number as 'AllocatedStorage'"),
        (CREATE, {**DB, "AllocatedStorage": [1]}, r"a number as 'AllocatedStorage', not \[1\]"),
        (CREATE, {"DBInstanceIdentifier": "d"}, "it is 'DbInstanceIdentifier'"),
        (CREATE, {"Engine": "mysql"}, "requires 'DbInstanceIdentifier'"),
        ("aws-sdk:cloudwatchlogs:putLogEvents", {"logGroupName": "g"}, "it is 'LogGroupName'"),
        ("aws-sdk:stepfunctions:startExecution", {}, "it is 'sfn'"),
        ("aws-sdk:logs:putLogEvents", {}, "it is 'cloudwatchlogs'"),
        ("sqs:sendMessage", {"QueueUrl": "q", "MessageBody": "m", "TaskToken": "t"}, "'TaskToken'"),
        ("batch:submitJob", {"JobName": "j", "JobQueue": "q", "JobDefinition": "d",
                             "RetryStrategy": {"attempts": 3}}, "it is 'Attempts'"),
        ("batch:submitJob", {"JobName": "j", "JobQueue": "q", "JobDefinition": "d",
                             "ArrayProperties": {"Size": "many"}}, "expects a number as 'ArrayP"),
        ("http:invoke", {"ApiEndpoint": "http://x", "Method": "GET",
                         "Authentication": {"ConnectionArn": "c"}}, "starts with https://"),
        ("http:invoke", {"ApiEndpoint": "https://x", "Method": "GET"}, "'Authentication' or"),
        (PUT, {"TableName": "t", "Item": "x"}, "expects a mapping as 'Item', not 'x'"),
        (PUT, {"TableName": "t", "Item": {"i": {"BOOL": True}}}, "BOOL'; it is 'Bool'"),
        (PUT, {"TableName": "t", "Item": {"id": "x"}}, "expects a mapping as 'Item.id'"),
        (PUT, {"TableName": "t", "Item": {}, "ReturnValues": "all_old"},
         "expects 'ALL_OLD' as 'ReturnValues', not 'all_old'"),
        ("aws-sdk:sns:publishBatch", {"TopicArn": "t", "PublishBatchRequestEntries": [{"Id": "1"}]},
         r"requires 'PublishBatchRequestEntries\[0\].Message'"),
        ("ecs:runTask", {"TaskDefinition": "t", "NetworkConfiguration": {"AwsVpcConfig": {}}},
         "'NetworkConfiguration.AwsVpcConfig'. Did you mean 'AwsvpcConfiguration'"),
        ("aws-sdk:sqs:sendMesage", {}, "no 'sqs:sendMesage'; it is 'sendMessage'"),
        ("aws-sdk:sqss:sendMessage", {}, "no service 'sqss'; it is 'sqs'"),
        ("sqs:sendMesage", {}, "'sqs:sendMesage'; it is 'sqs:sendMessage'"),
    ],
)  # fmt: skip
def test_what_cannot_be_sent_is_refused_on_its_line(
    action: str, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(DefinitionError, match=rf"state 'Call' \(.*\.py:\d+\): .*{message}"):
        integrate("Call", action, parameters=given)


@pytest.mark.parametrize(
    ("action", "given"),
    [
        (CREATE, {**DB, "Tags": [{"Key.$": "$.key", "Value": path("$.value")}]}),
        (CREATE, {**DB, "Tags.$": "$.tags", "MultiAZ": "${MultiAz}", "AllocatedStorage": "20"}),
        (CREATE, {**DB, "AllocatedStorage": path("$.size"), "MultiAZ": "true", "Iops": None}),
        (CREATE, {**DB, "EngineLifecycleSupport": "a-value-of-next-year"}),
        (PUT, {"TableName": "t", "Item": {"id.$": "$.id", "list": {"L": [{"S": "a"}]}}}),
        (PUT, {"TableName": "t", "Item": {}, "ReturnValues": "SOME_NEW"}),
        ("aws-sdk:sfn:startSyncExecution", {}),
        ("aws-sdk:lookoutvision:startModel", {"ProjectName": "p"}),
        ("aws-sdk:${Service}:${Action}", {"Any": 1}),
        ("dynamodb:putItem", {"TableName": "t", "Item": {"status": "open", "n": {"N.$": "$.n"}}}),
        ("batch:submitJob", {"JobName": "j", "JobQueue": "q", "JobDefinition": "d",
                             "RetryStrategy": {"Attempts": 3}}),
        ("aws-sdk:tomorrow:invoke", {"Any": 1}),
        ("aws-sdk:sqs:sendFax", {}),
        ("fax:send", {}),
        ("sqs:sendMessage", {"QueueUrl": "q", "MessageBody": {"token": context.task.token}}),
        ("aws-sdk:lambda:invoke", {"FunctionName": "f", "Payload": {"any": ["thing"]}}),
    ],
)  # fmt: skip
def test_what_is_not_certain_passes(action: str, given: dict[str, Any]) -> None:
    assert integrate("Call", action, parameters=given).fields["parameters"] == given


def test_arguments_of_jsonata_are_checked_too() -> None:
    fine = {**DB, "AllocatedStorage": "{% $size %}", "Tags": "{% $tags %}"}
    assert integrate("Call", CREATE, arguments=fine).fields["arguments"] == fine
    assert integrate("Call", CREATE, arguments="{% $all %}").fields["arguments"] == "{% $all %}"
    with pytest.raises(DefinitionError, match="expects a list as 'Tags', not 5"):
        integrate("Call", CREATE, arguments={**DB, "Tags": 5})


def test_a_comment_lets_pass_what_is_newer() -> None:
    integrate("New", CREATE, parameters={"Newest": 1}, comment=NEW.format("unknown-parameter"))
    comment = NEW.format("unknown-integration")
    for action in ("aws-sdk:tomorrow:invoke", "aws-sdk:sqs:sendFax", "fax:send"):
        integrate("New", action, parameters={"Any": 1}, comment=comment)
    with pytest.raises(DefinitionError, match="it is 'sendMessage'"):
        integrate("New", "aws-sdk:sqs:sendMesage", comment="carnation: ignore unknown-integration")


def test_what_a_comment_lets_pass_is_built(tmp_path: Any) -> None:
    def make(comment: str) -> Workflow:
        fax = Task("Fax", resource=integration_arn("aws-sdk:sqs:SendMessage"), comment=comment)
        states = Chain([Pass("Note"), fax])
        return Workflow(name="fax", version="1.0.0", states=states, stacks="none")

    text = make_artifacts(str(tmp_path), make(NEW.format("unknown-integration"))).files
    assert "SendMessage" in text["code/state-machine/fax.asl.json"]
    with pytest.raises(DefinitionError, match="the SDK has no 'sqs:SendMessage'"):
        make_artifacts(str(tmp_path), make("a remark"))


def test_services_that_aws_has_ended_are_known_by_name() -> None:
    assert len(set(list_services())) == len(list_services())


@pytest.mark.skipif(not VALID.exists(), reason="needs ../shared/corpus")
def test_no_call_of_a_published_definition_is_refused() -> None:
    calls, wrong = 0, {}
    for file in sorted(one for one in VALID.rglob("*") if one.is_file()):
        for place in walk_states(read_document(str(file)).value):
            resource = place.body.get("Resource")
            if find_integration(place.body) is None or ":states:::" not in resource:
                continue
            calls += 1
            action, _, pattern = resource.rpartition(":::")[2].partition(".")
            given = {
                name.lower(): place.body[name]
                for name in ("Parameters", "Arguments")
                if name in place.body
            }
            try:
                integrate("Call", action, pattern=f".{pattern}" if pattern else "", **given)
            except DefinitionError as error:
                wrong[file.name] = str(error)
    assert wrong.keys() == REAL_MISTAKES, wrong
    assert calls > 1100
