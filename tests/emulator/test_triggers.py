"""Every trigger of a workflow, fired once where it was deployed by its own template."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from carnation.artifacts import make_artifacts
from carnation.emulator import Emulator
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
from tests.fired import Fired

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


def list_inputs(hub: Fired) -> list[Any]:
    return [json.loads(one["input"]) for one in hub.list_executions()]


def wait_for(hub: Fired, expected: Callable[[Any], Any]) -> None:
    hub.wait(
        lambda: [one for one in list_inputs(hub) if isinstance(one, list) and expected(one[0])]
    )


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(in_process=True) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def hub(emulator: Emulator) -> Fired:
    return Fired(emulator, make_artifacts(str(ROOT), ALL))


def test_a_rule_on_a_bus_of_its_own(hub: Fired) -> None:
    for source in ("shop", "else"):
        hub.announce(source, "Placed", {"id": 1}, bus=hub.outputs["ShopName"])
    assert list_inputs(hub).count({"id": 1}) == 1


def test_a_schedule(hub: Fired) -> None:
    hub.emulator.fire("hub-dev-nightly")
    assert {"by": "night"} in list_inputs(hub)
    fired = hub.emulator.advance("2d")
    assert [one.schedule for one in fired] == ["hub-dev-nightly"] * 2
    assert list_inputs(hub).count({"by": "night"}) == 3


def test_an_upload_below_the_prefix(hub: Fired) -> None:
    for key in ("in/a.csv", "out/b.csv"):
        hub.upload("UploadsName", key, b"x")
    keys = [given["object"]["key"] for given in list_inputs(hub) if "object" in given]
    assert keys == ["in/a.csv"]


def test_a_pipe_from_a_queue(hub: Fired) -> None:
    hub.send("JobsUrl", "from the queue")
    wait_for(hub, lambda record: record.get("body") == "from the queue")
    hub.wait(lambda: hub.emulator.messages(hub.outputs["JobsUrl"]) == [])


def test_a_pipe_from_a_stream(hub: Fired) -> None:
    hub.client("dynamodb").put_item(TableName=hub.outputs["StockName"], Item={"id": {"S": "1"}})
    wait_for(hub, lambda record: record.get("eventName") == "INSERT")


def test_an_api_starts_an_execution_invokes_a_function_and_refuses_strangers(hub: Fired) -> None:
    status, answer = hub.ask("POST", "/orders", {"order": 7})
    assert (status, list(answer)) == (200, ["executionArn", "startDate"])
    assert {"order": 7} in list_inputs(hub)
    assert hub.ask("PUT", "/orders", {}, headers={})[0] == 403
    assert hub.ask("POST", "/validate", {})[0] == 500  # the function was reached: no order is valid
    assert hub.emulator.undelivered == []


def test_an_express_workflow_answers_an_api_with_its_end(emulator: Emulator) -> None:
    quick = Fired(emulator, make_artifacts(str(ROOT), EXPRESS))
    status, answer = quick.ask("POST", "/", [{"bad": False}])
    assert (status, answer["status"]) == (200, "SUCCEEDED")
    assert json.loads(answer["output"]) == [{"bad": False}]
    assert quick.ask("POST", "/", [{"bad": True}])[1]["status"] == "FAILED"
