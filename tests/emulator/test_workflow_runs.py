"""Runs of any workflow: children, parameters, stimuli, and what the resources hold at the end."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from carnation.__main__ import main
from carnation.artifacts import Artifacts, make_artifacts
from carnation.emulator import Emulator, WorkflowRuns, run
from carnation.emulator.embedded import deploy_artifacts
from carnation.emulator.events import Clock
from carnation.emulator.run_formats import describe_runs, format_end
from carnation.emulator.state_faults import StateFaults, choose_faults
from carnation.emulator.stimuli import Stimuli, apply_stimuli
from carnation.emulator.stored import StackResource, read_stored
from carnation.errors import CarnationError, UsageError
from carnation.resources import (
    Bucket,
    Child,
    EventRule,
    Parameter,
    Queue,
    QueueSource,
    Schedule,
    Table,
    Topic,
    Upload,
)
from carnation.states import Chain, Pass, Succeed
from carnation.workflow import Workflow
from tests.conftest import ROOT

STOCK, JOBS, UPLOADS, TOLD = Table("stock"), Queue("jobs"), Bucket("uploads"), Topic("told")
GREETING = Parameter("greeting", example="hello")
SHIP = Child("ship_item")
WHOLE = "{% $string($states.context.Execution.Input) %}"
ITEM = {"id": {"S": WHOLE}, "n": {"N": "2"}}


def make(type: str = "STANDARD", root: Path = ROOT, **changes: Any) -> Artifacts:
    start = SHIP.start_execution("Ship", Input="{% $states.input %}")
    if type == "EXPRESS":
        start = Pass("Ship")
    workflow = Workflow(
        name="hub",
        version="1.0.0",
        type=type,
        query_language="JSONata",
        states=Chain([
            STOCK.put_item("Keep", Item=ITEM),
            TOLD.publish("Tell", Message=GREETING.value),
            Pass("Back", output="{% $states.context.Execution.Input %}"),
            start,
        ]),
        resources=[STOCK, JOBS, UPLOADS, TOLD, GREETING,
                   *([] if type == "EXPRESS" else [SHIP]), *changes.pop("resources", ())],
        triggers=[
            EventRule("placed", source="shop", detail_type="Placed"),
            Schedule("nightly", "rate(1 day)", input={"by": "night"}),
            QueueSource("messages", queue=JOBS),
            Upload("uploaded", bucket=UPLOADS, prefix="in/"),
        ],
        **changes,
    )  # fmt: skip
    return make_artifacts(str(root), workflow)


CHILD = make_artifacts(
    str(ROOT), Workflow(name="ship-item", version="1.0.0", states=Succeed("Shipped"))
)
EVENT = {"source": "shop", "detail-type": "Placed", "detail": {"id": "7"}}
ALL = Stimuli(
    puts=[("uploads", "in/a.csv", b"a,b"), ("UploadsBucket", "out/b.bin", b"\xff")],
    sends=[("jobs", {"job": 1})],
    events=[EVENT],
    fires=["nightly"],
    items=[("stock", [{"id": "put", "n": 0.5, "tags": ["a"]}])],
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> WorkflowRuns:
    root = tmp_path_factory.mktemp("project")
    (root / "definitions").mkdir()
    (root / "definitions" / "ship_item.py").write_text("")  # that a child has its module
    return run(
        make(root=root), {"id": "direct"}, children=[CHILD], stimuli=ALL, in_process=True,
        shows=["stock", "uploads", "told", "state_machine_logs"],
    )  # fmt: skip


def test_a_state_of_a_child_may_fail_on_purpose(tmp_path: Path) -> None:
    (tmp_path / "definitions").mkdir()
    (tmp_path / "definitions" / "ship_item.py").write_text("")
    parent = make(root=tmp_path)
    weigh = Queue("weighed").send_message("Weigh", MessageBody="x")
    child = make_artifacts(
        str(ROOT),
        Workflow(name="ship-item", version="1.0.0", states=weigh, resources=[Queue("weighed")]),
    )
    assert isinstance(choose_faults(parent, "Weigh", children=[child]), StateFaults)
    with pytest.raises(UsageError, match="'Wigh' is not a Task state.*Did you mean 'Weigh'"):
        choose_faults(parent, "Wigh", children=[child])


def test_each_trigger_starts_an_execution_and_the_input_one_more(runs: WorkflowRuns) -> None:
    assert [one.execution.cause for one in runs.runs if not one.succeeded] == []
    inputs = [one.input for one in runs.runs]
    assert inputs[-1] == {"id": "direct"}
    assert {"id": "7"} in inputs
    assert {"by": "night"} in inputs
    assert [one["object"]["key"] for one in inputs if "object" in one] == ["in/a.csv"]
    assert runs.runs[-1].path == ["Keep", "Tell", "Back", "Ship"]


def test_what_the_resources_hold_is_plain_data(runs: WorkflowRuns) -> None:
    (table,) = runs.stored["stock"]
    assert table.resource.logical_id == "StockTable"
    rows: list[Any] = list(table.content)
    assert {"id": "put", "n": 0.5, "tags": ["a"]} in rows
    assert next(row["n"] for row in rows if row["id"] != "put") == 2
    (bucket,) = runs.stored["uploads"]
    assert bucket.content == [
        {"key": "in/a.csv", "bytes": 3, "content": "a,b"},
        {"key": "out/b.bin", "bytes": 1, "content": "base64:/w=="},
    ]
    (topic,) = runs.stored["told"]
    assert topic.content[-1] == "hello"  # the parameter's example
    assert json.loads(json.dumps(describe_runs(runs)))["shown"]["stock"][0]["content"]
    text = "\n".join(format_end(runs))
    assert "StockTable, hub-dev-stock" in text
    assert "2 objects" in text


def test_an_express_workflow_is_started_by_its_rule_and_its_queue_too() -> None:
    stimuli = Stimuli(events=[EVENT])
    parameters = {"greeting": "hi"}
    runs = run(
        make("EXPRESS", timeout_seconds=60), stimuli=stimuli, in_process=True,
        parameters=parameters, shows=["told"],
    )  # fmt: skip
    assert [one.input for one in runs.runs] == [{"id": "7"}]
    assert runs.stored["told"][0].content == ["hi"]


def test_bytes_sets_and_maps_of_an_item_are_plain_data() -> None:
    with Emulator(in_process=True) as emulator:
        client = emulator.client("dynamodb")
        client.create_table(
            TableName="t", BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        )  # fmt: skip
        inner = {"M": {"x": {"L": [{"B": b"x"}, {"BOOL": True}, {"N": "1.5"}]}}}
        item = {"id": {"S": "1"}, "b": {"B": b"\xff"}, "s": {"NS": ["2", "1"]}, "m": inner}
        client.put_item(TableName="t", Item=item)
        stored = read_stored(emulator, StackResource("T", "AWS::DynamoDB::Table", "t"))
    assert stored.content == [
        {"id": "1", "b": "base64:/w==", "s": [1, 2], "m": {"x": ["x", True, 1.5]}}
    ]


STACK = [
    StackResource("StockTable", "AWS::DynamoDB::Table", "hub-dev-stock"),
    StackResource("UploadsBucket", "AWS::S3::Bucket", "hub-dev-uploads-123456789012"),
    StackResource("NightlySchedule", "AWS::Scheduler::Schedule", "hub-dev-nightly"),
]


@pytest.mark.parametrize(
    ("stimuli", "message"),
    [
        (Stimuli(puts=[("upload", "k", b"")]), "--put: 'upload' not found.*Did you mean 'uploads'"),
        (Stimuli(sends=[("uploads", {})]), "--send: 'uploads' not found"),
        (Stimuli(items=[("stok", [{}])]), "--put: 'stok' not found.*Did you mean 'stock'"),
        (Stimuli(fires=["weekly"]), "--fire: 'weekly' not found.*It has NightlySchedule"),
        (Stimuli(events=[{"detail": {}}]), "no 'source'"),
        (Stimuli(events=[[]]), "--event must be an event"),
    ],
)
def test_what_the_stack_does_not_have_is_named(stimuli: Stimuli, message: str) -> None:
    nowhere: Any = None  # nothing is asked of it
    with pytest.raises(UsageError, match=message):
        apply_stimuli(nowhere, stimuli, STACK, "arn")


def test_time_in_which_nothing_is_due_is_an_error() -> None:
    idle: Any = SimpleNamespace(advance=lambda time: [], clock=Clock())
    with pytest.raises(UsageError, match="--advance 4h: no schedule is due"):
        apply_stimuli(idle, Stimuli(advance="4h"), STACK, "arn")


def test_an_event_that_no_rule_matches_is_an_error_that_names_the_rules() -> None:
    stimuli = Stimuli(events=[{**EVENT, "source": "x"}])
    with pytest.raises(CarnationError, match=r"no execution was started.*PlacedRule"):
        run(make("EXPRESS", timeout_seconds=60), in_process=True, stimuli=stimuli)


def test_parameters_are_given_by_name_and_one_without_example_is_asked_for() -> None:
    bare = Parameter("cluster_arn", unused_because="a test")
    artifacts = make("EXPRESS", timeout_seconds=60, resources=[bare])
    nowhere: Any = None
    with pytest.raises(UsageError, match=r"ClusterArn of 'hub' has neither example nor default"):
        deploy_artifacts(nowhere, artifacts)
    with pytest.raises(UsageError, match="Did you mean 'Greeting'"):
        deploy_artifacts(nowhere, artifacts, parameters={"Greting": "x"})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--put", "uploads/=x"], "no key behind the bucket"),
        (["--put", "stock=missing.json"], "missing.json"),
        (["--put", "stock=README.md"], "README.md"),
        (["--put", "uploads/a=missing.csv"], "missing.csv cannot be read"),
        (["--send", "jobs"], "expected QUEUE=JSON"),
        (["--send", "jobs={"], "--send"),
        (["--event", "missing.json"], "--event: missing.json"),
        (["--parameter", "x"], "expected NAME=VALUE"),
    ],
)
def test_options_that_cannot_be_read_are_named(
    arguments: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["run", "orders", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_the_order_workflow_from_its_event_to_its_table(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    order = {"id": "8", "items": [{"sku": "a", "qty": 2, "price": 10}]}
    event = {"source": "shop", "detail-type": "OrderPlaced", "detail": order}
    (tmp_path / "placed.json").write_text(json.dumps(event))
    shown = ["--show", "stock", "--show", "shipping"]
    assert main(["run", "orders", "--event", str(tmp_path / "placed.json"), *shown]) == 0
    printed = capsys.readouterr().out
    assert 'run 1  {"id": "8"' in printed
    assert "SUCCEEDED" in printed
    assert '{"orderId": "8", "reserved": 2}' in printed
    assert "shipping (ShippingQueue, orders-dev-shipping): 1 message" in printed
    assert "event" not in printed.replace("--event", "")
