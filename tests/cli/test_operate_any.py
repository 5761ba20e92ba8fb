"""`start`, `status`, `dlq`, `recover` of a workflow that has no reporter, Standard and Express."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from carnation.account.operations import Failure, find_futility
from carnation.artifacts import make_artifacts
from carnation.cli import dlq, recover, start, status
from carnation.emulator import Emulator
from carnation.emulator.embedded import deploy_artifacts
from carnation.resources import EventRule, Queue, StateMachine
from carnation.states import Choice, ChoiceRule, Fail, Pass
from carnation.workflow import Workflow
from tests.conftest import ROOT

pytestmark = pytest.mark.filterwarnings("default")  # the vendors' warnings are not ours

JOBS = Queue("jobs", receives=1)
RULE = EventRule("placed", source="shop", detail_type="Placed")


def judge(send: Any) -> Any:
    good = Choice(
        "Judge", choices=[(ChoiceRule.BooleanEquals("$.bad", True), Fail("Bad", error="TooBad"))],
        default=send,
    )  # fmt: skip
    return good


def make(name: str, type: str, **changes: Any) -> Workflow:
    send = JOBS.send_message("Send", MessageBody="job")
    return Workflow(
        name=name, version="1.0.0", type=type, states=judge(send), timeout_seconds=60,
        resources=[JOBS], triggers=[RULE], **changes,
    )  # fmt: skip


class Shop:
    """Two workflows, deployed; and what the commands say of them."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.outputs = {
            name: deploy_artifacts(emulator, make_artifacts(str(ROOT), workflow))
            for name, workflow in (
                ("plain", make("plain", "STANDARD")),
                ("quick", make("quick", "EXPRESS")),
                (
                    "mute",
                    Workflow(
                        name="mute", version="1.0.0", type="EXPRESS", states=Pass("A"),
                        timeout_seconds=60, machine=StateMachine(log_level="ERROR"),
                    ),
                ),
            )
        }  # fmt: skip


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with Emulator(in_process=True) as emulator:
        yield Shop(emulator)


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, shop: Shop) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in shop.emulator.client_environment.items():
        monkeypatch.setenv(name, value)


def run(capsys: pytest.CaptureFixture[str], verb: Any, *words: str) -> tuple[int, str]:
    capsys.readouterr()
    code: int = verb.main(list(words))
    out, err = capsys.readouterr()
    return code, out + err


@pytest.mark.parametrize("name", ["plain", "quick"])
def test_an_execution_is_started_followed_and_explained(
    shop: Shop, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out = run(capsys, start, name, "--input", '{"bad": false}')
    assert code == 0, out
    assert "Judge" in out
    assert "SUCCEEDED" in out
    code, out = run(capsys, start, name, "--input", '{"bad": true}')
    assert code == 1
    assert "TooBad" in out
    assert "the Fail state 'Bad' would end it again" in out
    assert f"carnation start {name}" in out
    assert "carnation recover" not in out


@pytest.mark.parametrize("name", ["plain", "quick"])
def test_the_status_lists_executions_and_every_queue(
    shop: Shop, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, start, name, "--input", '{"bad": true}')
    _, out = run(capsys, status, name, "--format", "json")
    report = json.loads(out)
    assert report["executions"][0]["status"] == "FAILED"
    queues = {row["queue"] for row in report["queues"]}
    own = {f"{name}-dev-{part}" for part in ("jobs", "jobs-dead-letters", "undelivered")}
    assert queues == own


def test_executions_of_an_express_workflow_are_started_again(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, start, "quick", "--input", '{"bad": true}')
    code, out = run(capsys, recover, "quick", "--plan")
    assert (code, "TooBad" in out, '{"bad":true}' in out.replace(" ", "")) == (1, True, True)
    code, out = run(capsys, recover, "quick", "--yes")
    assert (code, "FAILED TooBad" in out) == (1, True)


def test_an_express_workflow_without_whole_logs_says_so(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out = run(capsys, start, "mute", "--input", "{}")
    assert (code, "log level is ERROR" in out) == (2, True)


def test_dead_letters_of_every_queue_go_back_where_they_came_from(
    shop: Shop, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    sqs = shop.emulator.client("sqs")
    dead = sqs.get_queue_url(QueueName="plain-dev-jobs-dead-letters")["QueueUrl"]
    sqs.send_message(QueueUrl=dead, MessageBody="a job")
    undelivered = sqs.get_queue_url(QueueName="plain-dev-undelivered")["QueueUrl"]
    values = {
        "ERROR_MESSAGE": "throttled",
        "TARGET_ARN": shop.outputs["plain"]["StateMachineAliasArn"],
    }
    attributes = {
        name: {"DataType": "String", "StringValue": value} for name, value in values.items()
    }
    sqs.send_message(
        QueueUrl=undelivered, MessageBody='{"bad": false, "late": 1}', MessageAttributes=attributes
    )
    code, out = run(capsys, dlq, "list", "plain")
    assert code == 0
    assert "2 dead letters" in out
    assert "throttled" in out
    assert "event" not in out
    code, out = run(capsys, dlq, "list", "plain", "--queue", "plain-dev-undeliverd")
    assert (code, "Did you mean 'plain-dev-undelivered'" in out) == (2, True)
    code, out = run(capsys, dlq, "redrive", "plain", "--yes")
    assert (code, "2 done" in out) == (0, True)
    jobs = shop.outputs["plain"]["JobsUrl"]
    assert "a job" in [message.body for message in shop.emulator.messages(jobs)]
    machine = shop.outputs["plain"]["StateMachineArn"]
    newest = shop.emulator.wait(shop.emulator.executions(machine)[-1])
    assert newest.status == "SUCCEEDED"
    code, out = run(capsys, dlq, "purge", "plain", "--to", str(tmp_path / "x"), "--yes")
    assert (code, "0 dead letters" in out) == (0, True)


def test_a_stack_without_dead_letter_queue_says_so(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out = run(capsys, dlq, "list", "mute")
    assert (code, "has no dead-letter queue" in out) == (2, True)


@pytest.mark.parametrize(("found", "error", "words"), [
    ({"status": "FAILED"}, "Lambda.ServiceException", ""),
    ({"status": "TIMED_OUT"}, "States.Timeout", ""),
    ({"status": "FAILED"}, "States.NoChoiceMatched", "stay the same"),
    ({"status": "FAILED", "redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": "Too old."},
     "Lambda.Unknown", "Too old"),
])  # fmt: skip
def test_a_redrive_is_recommended_only_where_it_can_help(
    found: dict[str, Any], error: str, words: str
) -> None:
    failure = Failure("Work", None, error, "", "{}")
    assert words in find_futility(found, failure, [])
    assert bool(find_futility(found, failure, [])) is bool(words)


def test_a_fail_state_that_a_caught_error_led_to_is_not_redriven() -> None:
    entered = {"id": 7, "type": "FailStateEntered",
               "stateEnteredEventDetails": {"name": "NotCharged"}}  # fmt: skip
    events = [entered, {"id": 8, "type": "ExecutionFailed", "previousEventId": 7}]
    failure = Failure("ChargeCard", None, "NotCharged", "", "{}")
    found = {"status": "FAILED", "redriveStatus": "REDRIVABLE"}
    assert "'NotCharged'" in find_futility(found, failure, events)
    assert not find_futility(
        found, failure, [entered, {"id": 8, "type": "ExecutionFailed", "previousEventId": 3}]
    )
