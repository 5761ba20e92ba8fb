"""The acceptance workflows: short, the same under any hash seed, clean, deployed, and run.

`approval`, `saga` and `orders` are examples of the repository, the others a project of this folder.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from carnation.artifacts import Artifacts, make_artifacts, write_artifacts
from carnation.emulator import Emulator
from carnation.emulator.embedded import BUCKET
from carnation.engine import Failed, Outcome, Succeeded, Task
from carnation.linter import lint
from carnation.workflow import load_workflows
from tests.conftest import ROOT
from tests.fired import Fired
from tests.stacks.test_checks import lint as lint_templates
from tests.stacks.test_checks import validate

HERE = Path(__file__).parent
EXAMPLES = ("approval", "orders", "orders-express", "saga")
OWN = ("agent", "batch-job", "enrich", "import-csv", "nightly", "parcels", "ship-item")
BUDGETS = {
    ("agent",): 45,
    ("approval",): 38,
    ("batch-job",): 35,
    ("enrich",): 34,
    ("import-csv",): 32,
    ("nightly",): 55,
    ("orders", "orders-express"): 100,
    ("parcels", "ship-item"): 36,
    ("saga",): 45,
}


def find_root(name: str) -> Path:
    return ROOT if name in EXAMPLES else HERE


@cache
def build(name: str) -> Artifacts:
    root = str(find_root(name))
    return make_artifacts(root, next(load_workflows(root, [name])))


@pytest.mark.parametrize(("names", "budget"), BUDGETS.items())
def test_a_workflow_is_within_its_budget_of_formatted_lines(
    names: tuple[str, ...], budget: int
) -> None:
    count = 0
    for name in names:
        path = find_root(name) / "definitions" / f"{name.replace('-', '_')}.py"
        done = subprocess.run(
            [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length", "100", "-"],
            input=path.read_text(encoding="utf-8"), capture_output=True, text=True, check=True,
        )  # fmt: skip
        count += sum(1 for line in done.stdout.splitlines() if line.strip())
    assert count <= budget


def test_every_workflow_is_the_same_under_any_hash_seed() -> None:
    code = (
        "import sys\n"
        "from carnation.artifacts import make_artifacts\n"
        "from carnation.workflow import load_workflows\n"
        "for root, names in ((sys.argv[1], sys.argv[2]), (sys.argv[3], sys.argv[4])):\n"
        "    for one in load_workflows(root, names.split(',')):\n"
        "        print(make_artifacts(root, one).files)\n"
    )
    words = [str(ROOT), ",".join(EXAMPLES), str(HERE), ",".join(OWN)]
    texts = {
        subprocess.run(
            [sys.executable, "-c", code, *words], cwd=ROOT, capture_output=True, text=True,
            env={**os.environ, "PYTHONHASHSEED": seed}, check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(texts) == 1


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    for name in (*EXAMPLES, *OWN):
        write_artifacts(str(folder), build(name))
    return folder / "build"


def test_our_own_lint_finds_nothing(built: Path) -> None:
    report = lint(str(built))
    assert report.definitions == len(EXAMPLES) + len(OWN)
    assert [(one.rule, one.path, one.state) for one in report.select("warning")] == []


@pytest.mark.early
def test_cfn_lint_finds_nothing(built: Path) -> None:
    """It takes a second for a template: so for those which have all kinds between them."""
    names = ("agent", "approval", "enrich", "import-csv", "nightly")
    paths = [built / name / "cft" / f"{name}-root-stack.yaml" for name in names]
    assert lint_templates(paths) == []


def test_cloudformation_validate_finds_nothing_but_what_it_misunderstands(built: Path) -> None:
    """It takes a parameter's default for used where a condition keeps it from being so."""
    assert {rule for _, rule, _ in validate(sorted(built.rglob("*.yaml")))} == {"W1030"}


# on the local emulator


class Script:
    """What the tasks answer that no emulator has: models, jobs, queries, other people's APIs."""

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[Task], Outcome]] = {}

    def __call__(self, task: Task, real: Callable[[Task], Outcome]) -> Outcome:
        return self.answers.get(task.name, real)(task)


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(in_process=True) as emulator:
        yield emulator


@pytest.fixture
def script(emulator: Emulator) -> Iterator[Script]:
    script = Script()
    emulator.script_tasks(script)
    yield script
    emulator.script_tasks(None)


@pytest.fixture
def deploy(emulator: Emulator) -> Iterator[Callable[[str], Fired]]:
    deployed: dict[str, Fired] = {}

    def deploy(name: str) -> Fired:
        deployed[name] = Fired(emulator, build(name))
        return deployed[name]

    yield deploy
    for name, fired in deployed.items():
        update_and_delete(fired, name)


def update_and_delete(fired: Fired, name: str) -> None:
    """Change what every workflow has, its logs' retention; then delete all that is not kept."""
    client, stack = fired.client("cloudformation"), f"{name}-dev"
    given = {"ArtifactBucket": BUCKET, **build(name).manifest.get("examples", {})}
    given |= {"LogRetentionDays": "60", "DeletionProtection": "false"}
    known = client.get_template_summary(StackName=stack)["Parameters"]
    names = [row["ParameterKey"] for row in known]
    client.update_stack(
        StackName=stack, UsePreviousTemplate=True, Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value}
                    for key, value in given.items() if key in names],
    )  # fmt: skip
    (updated,) = client.describe_stacks(StackName=stack)["Stacks"]
    assert updated["StackStatus"] == "UPDATE_COMPLETE"
    logs = f"/aws/vendedlogs/states/{name[:23]}-dev-state-machine"
    (group,) = fired.client("logs").describe_log_groups(logGroupNamePrefix=logs)["logGroups"]
    assert group["retentionInDays"] == 60
    client.delete_stack(StackName=stack)
    (deleted,) = client.describe_stacks(StackName=updated["StackId"])["Stacks"]
    assert deleted["StackStatus"] == "DELETE_COMPLETE"


def hear(fired: Fired, topic: str) -> Callable[[], list[str]]:
    """Subscribe to a topic; give what lists the messages it has published since."""
    sqs = fired.client("sqs")
    name = fired.outputs[topic].rpartition(":")[2] + "-heard"
    url, raw = sqs.create_queue(QueueName=name)["QueueUrl"], {"RawMessageDelivery": "true"}
    arn = fired.outputs[topic].replace(":sns:", ":sqs:") + "-heard"
    fired.client("sns").subscribe(
        TopicArn=fired.outputs[topic], Protocol="sqs", Endpoint=arn, Attributes=raw
    )
    return lambda: [message.body for message in fired.emulator.messages(url)]


def test_enrich(deploy: Callable[[str], Fired], emulator: Emulator) -> None:
    fired = deploy("enrich")
    heard = hear(fired, "EnrichedArn")
    row = {"customerId": {"S": "c1"}, "name": {"S": "Ada"}}
    fired.client("dynamodb").put_item(TableName=fired.outputs["CustomersName"], Item=row)
    fired.send("IncomingUrl", {"customerId": "c1", "amount": 3})
    (message,) = fired.wait(heard)
    assert json.loads(message) == {"customerId": "c1", "amount": 3, "name": "Ada"}
    fired.send("IncomingUrl", {"customerId": "nobody"})
    url, dead = fired.outputs["IncomingUrl"], f"{fired.outputs['IncomingUrl']}-dead-letters"

    def look() -> Any:
        emulator.expire_visibility(url)
        return emulator.messages(dead)

    fired.wait(look)
    assert len(heard()) == 1


def test_nightly(deploy: Callable[[str], Fired], script: Script) -> None:
    fired = deploy("nightly")
    rows = [{"Data": [{"VarCharValue": text}]} for text in ("n", "12")]
    script.answers = {
        "LoadSales": lambda task: Succeeded({"JobRunState": "SUCCEEDED"}),
        "Count": lambda task: Succeeded({"QueryExecution": {"QueryExecutionId": "q1"}}),
        "Read": lambda task: Succeeded({"ResultSet": {"Rows": rows}}),
    }
    heard = hear(fired, "OnCallArn")
    fired.emulator.fire("nightly-dev-nightly")
    assert fired.wait_for_end()["status"] == "SUCCEEDED"
    script.answers["LoadSales"] = lambda task: Failed("Glue.Failed", "no such job")
    fired.emulator.fire("nightly-dev-nightly")
    assert fired.wait_for_end()["error"] == "NightFailed"
    assert heard() == ["12 sales were loaded", "Glue.Failed: no such job"]


def test_approval(deploy: Callable[[str], Fired], emulator: Emulator) -> None:
    fired = deploy("approval")
    heard = hear(fired, "MailArn")
    for answer, status in (("yes", "SUCCEEDED"), ("no", "FAILED")):
        before = len(heard())
        assert fired.ask("POST", "/requests", {"days": 3})[0] == 200
        mail = fired.wait(lambda: heard()[before:])[0]  # noqa: B023 (called at once)
        link = re.search(rf"https://[^/]+(/answer\?\S+answer={answer})(?:\s|$)", mail)
        assert link, mail
        assert fired.ask("GET", link[1], headers={}) == (200, "Thank you.")
        assert fired.wait_for_end()["status"] == status
        assert fired.ask("GET", link[1], headers={})[0] == 410
    assert fired.ask("POST", "/requests", {}, headers={})[0] == 403
    arn = fired.ask("POST", "/requests", {})[1]["executionArn"]
    fired.wait(lambda: len(heard()) == 3)
    emulator.time_out(arn)
    assert fired.wait_for_end()["status"] in ("FAILED", "TIMED_OUT")


def test_import_csv(deploy: Callable[[str], Fired], emulator: Emulator) -> None:
    fired = deploy("import-csv")
    rows = "".join(f"{number},{number}.50\n" for number in range(250))
    fired.upload("FilesName", "in/prices.csv", f"id,price\n{rows}".encode())
    assert fired.wait_for_end()["status"] == "SUCCEEDED"
    assert len(emulator.items(fired.outputs["RowsName"])) == 250
    fired.upload("FilesName", "in/wrong.csv", b"id,price\n1,much\n")
    ended = fired.wait_for_end()
    assert (ended["status"], ended["error"]) == ("FAILED", "States.ExceedToleratedFailureThreshold")


def test_saga(deploy: Callable[[str], Fired], emulator: Emulator) -> None:
    fired = deploy("saga")
    fired.ask("POST", "/trips", {"trip": "rome"})
    assert fired.wait_for_end()["status"] == "SUCCEEDED"
    table = fired.outputs["BookingsName"]
    taken = {"trip": {"S": "oslo"}, "part": {"S": "Payment"}}
    fired.client("dynamodb").put_item(TableName=table, Item=taken)
    fired.ask("POST", "/trips", {"trip": "oslo"})
    ended = fired.wait_for_end()
    assert (ended["error"], ended["cause"]) == (
        "TripFailed", "DynamoDB.ConditionalCheckFailedException",
    )  # fmt: skip
    left = sorted((row["trip"], row["part"]) for row in emulator.items(table))
    assert left == [("oslo", "Payment"), *(("rome", part) for part in ("Car", "Flight", "Payment"))]


def test_agent(deploy: Callable[[str], Fired], script: Script) -> None:
    fired = deploy("agent")
    use = {"ToolUse": {"ToolUseId": "t1", "Name": "weather", "Input": {"city": "Oslo"}}}
    asked: list[Any] = []

    def think(task: Task) -> Outcome:
        asked.append(task.parameters["Messages"])
        content = [use] if len(asked) == 1 else [{"Text": "It snows."}]
        return Succeeded({"Output": {"Message": {"Role": "assistant", "Content": content}}})

    def look(task: Task) -> Outcome:
        assert task.parameters["QueryParameters"] == {"city": "Oslo"}
        return Succeeded({"ResponseBody": {"snow": True}, "StatusCode": 200})

    script.answers = {"Think": think, "LookUp": look}
    fired.ask("POST", "/questions", {"question": "How is Oslo?"})
    assert json.loads(fired.wait_for_end()["output"]) == "It snows."
    told = asked[1][-1]["Content"][0]["ToolResult"]
    assert told == {"ToolUseId": "t1", "Content": [{"Json": {"snow": True}}]}
    script.answers["Think"] = lambda task: Succeeded(
        {"Output": {"Message": {"Role": "assistant", "Content": [use]}}}
    )
    fired.ask("POST", "/questions", {"question": "And now?"})
    assert fired.wait_for_end()["status"] == "FAILED"


def test_parcels_and_the_child_that_ships_each(
    deploy: Callable[[str], Fired], emulator: Emulator
) -> None:
    child, fired = deploy("ship-item"), deploy("parcels")
    parcels = [{"id": "p1", "kg": 2}, {"id": "p2", "kg": 99}]
    fired.announce("shop", "OrderPacked", {"parcels": parcels})
    assert fired.wait_for_end()["status"] == "SUCCEEDED"
    sent = [json.loads(one.body)["id"] for one in emulator.messages(child.outputs["CarrierUrl"])]
    assert sent == ["p1"]
    assert [row["parcel"] for row in emulator.items(fired.outputs["LostName"])] == ["p2"]
    fired.announce("shop", "OrderPacked", {"parcels": "none"})
    assert fired.wait_for_end()["status"] == "FAILED"


def test_batch_job(deploy: Callable[[str], Fired], script: Script) -> None:
    fired = deploy("batch-job")
    script.answers["RunReport"] = lambda task: Succeeded({"Tasks": []})
    fired.emulator.fire("batch-job-dev-daily")
    assert fired.wait_for_end()["status"] == "SUCCEEDED"
    script.answers["RunReport"] = lambda task: Failed("States.TaskFailed", "exit code 1")
    fired.emulator.fire("batch-job-dev-daily")
    assert fired.wait_for_end()["error"] == "States.TaskFailed"


@pytest.mark.parametrize("name", ["orders", "orders-express"])
def test_orders(deploy: Callable[[str], Fired], emulator: Emulator, name: str) -> None:
    fired = deploy(name)
    heard = hear(fired, "ToldArn")
    order = {"id": "o1", "items": [{"sku": "a", "qty": 2, "price": 3}], "card": "good"}
    fired.announce("shop", "OrderPlaced", order)
    assert fired.wait(heard) == ["Order o1 ships"]
    assert len(emulator.messages(fired.outputs["ShippingUrl"])) == 1
    fired.announce("shop", "OrderPlaced", {"id": "o2", "items": []})
    fired.wait(lambda: len(heard()) == 2)
    assert heard()[1] == "Order o2 was rejected"
