"""Triggers as templates have them: rules, schedules, pipes, APIs, and what they may do."""

from __future__ import annotations

from typing import Any

import pytest

from carnation.artifacts import make_artifacts
from carnation.errors import CarnationError, UsageError
from carnation.resources import (
    Bucket,
    Function,
    HttpApi,
    Key,
    Queue,
    QueueSource,
    Table,
    TableSource,
    Trigger,
    Upload,
)
from carnation.states import Pass
from carnation.workflow import Workflow
from tests.conftest import ROOT
from tests.stacks.test_stacks import parse

JOBS = Queue("jobs")
STOCK = Table("stock", stream="NEW_IMAGE")
ANSWER = Function("validate_order")
EXPRESS = {"type": "EXPRESS", "timeout_seconds": 60}


def render(*triggers: Trigger, resources: Any = (), **given: Any) -> Any:
    workflow = Workflow(
        name="hub", version="1.0.0", states=Pass("A"), resources=resources, triggers=triggers,
        **given,
    )  # fmt: skip
    return parse(make_artifacts(str(ROOT), workflow).files["cft/hub-root-stack.yaml"])["Resources"]


def list_actions(role: Any) -> list[str]:
    statements = role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    actions = [one["Action"] for one in statements]
    return [a for one in actions for a in ([one] if isinstance(one, str) else one)]


def test_a_standard_workflow_is_started_by_a_queue_and_an_express_one_answers() -> None:
    source = QueueSource("messages", queue=JOBS, batch_size=100, window_seconds=5)
    standard = render(source, resources=[JOBS])
    express = render(source, resources=[JOBS], **EXPRESS)
    kinds = [
        made["MessagesPipe"]["Properties"]["TargetParameters"]["StepFunctionStateMachineParameters"]
        for made in (standard, express)
    ]
    assert [kind["InvocationType"] for kind in kinds] == ["FIRE_AND_FORGET", "REQUEST_RESPONSE"]
    assert list_actions(standard["MessagesRole"]) == [
        "states:StartExecution", "sqs:DeleteMessage", "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage",
    ]  # fmt: skip
    assert "states:StartSyncExecution" in list_actions(express["MessagesRole"])
    assert "Undelivered" not in standard
    assert express["MessagesPipe"]["Properties"]["Target"] == {"Ref": "StateMachineAlias"}


def test_a_pipe_reads_what_a_key_encrypts() -> None:
    made = render(QueueSource("messages", queue=JOBS), resources=[JOBS], key=Key())
    assert "kms:Decrypt" in list_actions(made["MessagesRole"])


def test_a_stream_has_a_dead_letter_queue_and_its_role_reads_that_stream_only() -> None:
    made = render(TableSource("changes", table=STOCK), resources=[STOCK])
    given = made["ChangesPipe"]["Properties"]["SourceParameters"]["DynamoDBStreamParameters"]
    assert given["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["Undelivered", "Arn"]}}
    assert given["MaximumRetryAttempts"] == 5
    statements = made["ChangesRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    (reads,) = [one for one in statements if "dynamodb:GetRecords" in one["Action"]]
    assert reads["Resource"] == {"Fn::Sub": "${StockTable.Arn}/stream/*"}


def test_an_api_asks_for_a_signature_unless_its_route_says_none() -> None:
    routes = {"POST /orders": None, "GET /orders/{id}": ANSWER, "GET /orders-id": ANSWER}
    api = HttpApi("front", routes=routes, authorization={"GET /orders/{id}": "NONE"})
    made = render(api, resources=[ANSWER], key=Key())
    found = {one["Properties"]["RouteKey"]: one["Properties"] for one in made.values()
             if one["Type"] == "AWS::ApiGatewayV2::Route"}  # fmt: skip
    assert {key: one["AuthorizationType"] for key, one in found.items()} == {
        "POST /orders": "AWS_IAM", "GET /orders/{id}": "NONE", "GET /orders-id": "AWS_IAM",
    }  # fmt: skip
    assert found["POST /orders"]["Target"] == {"Fn::Sub": "integrations/${FrontIntegration}"}
    assert made["FrontIntegration"]["Properties"]["RequestParameters"]["Input"] == "$request.body"
    assert made["FrontInvokesValidateOrder"]["Properties"]["FunctionName"] == {
        "Ref": "ValidateOrderAlias"
    }
    groups = str(made["Key"]["Properties"]["KeyPolicy"])
    assert "log-group:/aws/vendedlogs/apigateway/" in groups


def test_the_gateway_names_no_account_when_it_assumes_a_role() -> None:
    """API Gateway gives no `aws:SourceAccount`, so that a condition on it refuses every request."""
    made = render(HttpApi("front", routes={"POST /": None}), **EXPRESS)
    (statement,) = made["FrontRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert "Condition" not in statement
    subtype = made["FrontIntegration"]["Properties"]["IntegrationSubtype"]
    assert subtype == "StepFunctions-StartSyncExecution"


def test_an_upload_may_be_chosen_by_both_ends_of_its_key() -> None:
    bucket = Bucket("uploads")
    made = render(Upload("in_csv", bucket=bucket, prefix="in/", suffix=".csv"), resources=[bucket])
    pattern = made["InCsvRule"]["Properties"]["EventPattern"]
    assert pattern["detail"]["object"] == {"key": [{"wildcard": "in/*.csv"}]}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: QueueSource("m", queue=JOBS, batch_size=11), "unless window_seconds is 1"),
        (lambda: QueueSource("m", queue=Queue("f", fifo=True), window_seconds=1), "FIFO"),
        (lambda: QueueSource("m"), "queue is None; expected a Queue"),
        (lambda: TableSource("c", table=Table("stock")), "expected a Table with stream="),
        (lambda: TableSource("c", table=STOCK, retries=-1), "retries is -1"),
        (lambda: HttpApi("front"), "one route or more"),
        (lambda: HttpApi("front", routes={"/orders": None}), "a method and a path"),
        (lambda: HttpApi("front", routes={"GET /": "x"}), "None, for this workflow, or a Function"),
        (lambda: HttpApi("front", routes={"GET /": None}, authorization={"GET /a": "NONE"}),
         "one of the routes GET /"),
        (lambda: HttpApi("front", routes={"GET /": None}, authorization={"GET /": "JWT"}),
         "'AWS_IAM' or 'NONE'"),
    ],
)  # fmt: skip
def test_what_aws_would_reject_is_refused_with_its_line(make: Any, message: str) -> None:
    with pytest.raises(UsageError, match=rf"\(tests/stacks/test_triggers.py:\d+\).*{message}"):
        make()


def test_a_message_is_not_delivered_again_while_its_execution_runs() -> None:
    source = QueueSource("messages", queue=JOBS)
    with pytest.raises(CarnationError, match=r"QueueSource\('messages'\) .*Queue\('jobs'\) .* 60"):
        render(source, resources=[JOBS], type="EXPRESS")
    slow = Queue("jobs", visibility_seconds=300)
    assert render(QueueSource("messages", queue=slow), resources=[slow], type="EXPRESS")


def test_a_trigger_of_another_kind_is_refused() -> None:
    class Mail(Trigger):
        kind = "Mail"

    with pytest.raises(UsageError, match=r"Mail\('box'\).*Raw"):
        render(Mail("box"))
