"""Every trigger of a workflow, fired once where it was deployed by its own template."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from carnation.artifacts import make_artifacts
from carnation.emulator import Emulator
from carnation.emulator.embedded import deploy_artifacts
from carnation.emulator.events.http_apis import PREFIX, respond
from carnation.resources import (
    Bucket,
    Bus,
    EventRule,
    Function,
    HttpApi,
    Queue,
    QueueSource,
    Schedule,
    Table,
    TableSource,
    Upload,
)
from carnation.states import Choice, ChoiceRule, Fail, Pass
from carnation.workflow import Workflow
from tests.conftest import ROOT

BUS, JOBS, UPLOADS = Bus("shop"), Queue("jobs"), Bucket("uploads")
STOCK = Table("stock", stream="NEW_AND_OLD_IMAGES")
VALIDATE = Function("validate_order")
OPEN = {"POST /orders": "NONE", "POST /validate": "NONE"}
ALL = Workflow(
    name="hub",
    version="1.0.0",
    states=Pass("A"),
    resources=[BUS, JOBS, STOCK, UPLOADS, VALIDATE],
    triggers=[
        EventRule("placed", source="shop", detail_type="Placed", bus=BUS),
        Schedule("nightly", "cron(0 3 * * ? *)", timezone="Europe/Berlin", input={"by": "night"}),
        QueueSource("messages", queue=JOBS),
        TableSource("changes", table=STOCK, starting_position="TRIM_HORIZON"),
        Upload("uploaded", bucket=UPLOADS, prefix="in/"),
        HttpApi(
            "front",
            routes={"POST /orders": None, "POST /validate": VALIDATE, "PUT /orders": None},
            authorization=OPEN,
        ),
    ],
)


def judge() -> Any:
    bad = ChoiceRule.BooleanEquals("$[0].bad", True)
    here = ChoiceRule.And([ChoiceRule.IsPresent("$[0].bad", True), bad])
    return Choice("Is it bad?", choices=[(here, Fail("Bad"))], default=Pass("Good"))


EXPRESS = Workflow(
    name="quick",
    version="1.0.0",
    type="EXPRESS",
    timeout_seconds=30,
    states=judge(),
    triggers=[HttpApi("front", routes={"POST /": None}, authorization={"POST /": "NONE"})],
)


class Deployed:
    def __init__(self, emulator: Emulator, workflow: Workflow) -> None:
        self.emulator = emulator
        self.outputs = deploy_artifacts(emulator, make_artifacts(str(ROOT), workflow))

    def client(self, service: str) -> Any:
        return self.emulator.client(service)

    def ask(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        api = self.outputs["FrontUrl"].split("//")[1].split(".")[0]
        target, content = f"{PREFIX}{api}{path}", json.dumps(body).encode()
        status, _, answer = respond(self.emulator.client, method, target, {}, content)
        return status, json.loads(answer)

    def list_inputs(self) -> list[Any]:
        client = self.client("stepfunctions")
        rows = client.list_executions(stateMachineArn=self.outputs["StateMachineArn"])["executions"]
        found = [client.describe_execution(executionArn=row["executionArn"]) for row in rows]
        return [json.loads(row["input"]) for row in found]

    def wait_for(self, expected: Any, **changes: Any) -> None:
        """Wait until an execution's input has these values: pipes deliver on their own thread."""
        for _ in range(100):
            if any(expected(given) for given in self.list_inputs()):
                return
            time.sleep(0.05)
        raise AssertionError(f"no execution has the input: {self.list_inputs()}")


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(in_process=True) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def hub(emulator: Emulator) -> Deployed:
    return Deployed(emulator, ALL)


def test_a_rule_on_a_bus_of_its_own(hub: Deployed) -> None:
    entry = {"EventBusName": hub.outputs["ShopName"], "Source": "shop", "DetailType": "Placed",
             "Detail": '{"id": 1}'}  # fmt: skip
    hub.client("events").put_events(Entries=[entry, {**entry, "Source": "else"}])
    assert hub.list_inputs().count({"id": 1}) == 1


def test_a_schedule(hub: Deployed) -> None:
    hub.emulator.fire("hub-dev-nightly")
    assert {"by": "night"} in hub.list_inputs()


def test_an_upload_below_the_prefix(hub: Deployed) -> None:
    bucket = hub.outputs["UploadsName"]
    for key in ("in/a.csv", "out/b.csv"):
        hub.client("s3").put_object(Bucket=bucket, Key=key, Body=b"x")
    keys = [given["object"]["key"] for given in hub.list_inputs() if "object" in given]
    assert keys == ["in/a.csv"]


def test_a_pipe_from_a_queue(hub: Deployed) -> None:
    url = hub.outputs["JobsUrl"]
    hub.client("sqs").send_message(QueueUrl=url, MessageBody="from the queue")
    hub.wait_for(lambda given: isinstance(given, list) and given[0].get("body"))
    assert hub.emulator.messages(url) == []


def test_a_pipe_from_a_stream(hub: Deployed) -> None:
    hub.client("dynamodb").put_item(TableName=hub.outputs["StockName"], Item={"id": {"S": "1"}})
    hub.wait_for(lambda given: isinstance(given, list) and given[0].get("eventName") == "INSERT")


def test_an_api_starts_an_execution_invokes_a_function_and_refuses_strangers(hub: Deployed) -> None:
    status, answer = hub.ask("POST", "/orders", {"order": 7})
    assert (status, list(answer)) == (200, ["executionArn", "startDate"])
    assert {"order": 7} in hub.list_inputs()
    assert hub.ask("PUT", "/orders", {})[0] == 403
    assert hub.ask("POST", "/validate", {})[0] == 500  # the function was reached: no order is valid
    assert hub.emulator.undelivered == []


def test_an_express_workflow_answers_an_api_with_its_end(emulator: Emulator) -> None:
    quick = Deployed(emulator, EXPRESS)
    status, answer = quick.ask("POST", "/", [{"bad": False}])
    assert (status, answer["status"]) == (200, "SUCCEEDED")
    assert json.loads(answer["output"]) == [{"bad": False}]
    assert quick.ask("POST", "/", [{"bad": True}])[1]["status"] == "FAILED"
