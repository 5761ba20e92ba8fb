"""Versions: how the alias moves to a new one, and what running executions keep."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from carnation.cli import build, deploy, rollback, versions
from carnation.emulator import Emulator
from tests.conftest import ROOT

pytestmark = pytest.mark.filterwarnings("default")  # the vendors' warnings are not ours

NEW_CODE = """
def handle(event, context):
    raise RuntimeError("the new code")
"""
HOLD = """
    hold = Task(
        "Hold",
        resource="arn:${Partition}:states:::sqs:sendMessage.waitForTaskToken",
        parameters={"QueueUrl": "${DeadLetterQueueUrl}", "MessageBody.$": "$$.Task.Token"},
        result_path=None,
        timeout_seconds=600,
    )
    return Chain([hold, collect_events,"""


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(in_process=True) as emulator:
        yield emulator


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the reference project, whose executions wait for a token first."""
    for name in ("definitions", "lambdas"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for path in (tmp_path / "definitions").iterdir():
        if path.name != "carnation.py" and path.is_file():
            path.unlink()
    path = tmp_path / "definitions" / "carnation.py"
    text = path.read_text().replace("import Chain,", "import Task, Chain,")
    path.write_text(text.replace("\n    return Chain([collect_events,", HOLD))
    monkeypatch.chdir(tmp_path)
    assert build.main([]) == 0
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], verb: Any, *words: str) -> tuple[int, str, str]:
    capsys.readouterr()
    status = verb.main(["carnation", *words])
    out, err = capsys.readouterr()
    return status, out, err


def deploy_new_code(project: Path, capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    (project / "lambdas" / "collect_events" / "handler.py").write_text(NEW_CODE)
    assert build.main([]) == 0
    return run(capsys, deploy, "--yes", *words)


def read_outputs(emulator: Emulator) -> dict[str, str]:
    answer = emulator.client("cloudformation").describe_stacks(StackName="carnation-dev")
    return {row["OutputKey"]: row["OutputValue"] for row in answer["Stacks"][0]["Outputs"]}


def list_routes(capsys: pytest.CaptureFixture[str]) -> list[tuple[int, int]]:
    rows = json.loads(run(capsys, versions, "--format", "json")[1])["versions"]
    return [(row["number"], row["weight"]) for row in rows]


def start_and_hold(emulator: Emulator, arn: str, name: str) -> tuple[str, str]:
    """Start an execution; gives its ARN and the token it waits for."""
    client = emulator.client("stepfunctions")
    given = json.dumps({"start_seq": 1, "end_seq": 1})
    started = client.start_execution(stateMachineArn=arn, name=name, input=given)["executionArn"]
    url = read_outputs(emulator)["DeadLetterQueueUrl"]
    messages: list[Any] = []
    while not messages:
        answer = emulator.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=1)
        messages = answer.get("Messages", [])
        assert client.describe_execution(executionArn=started)["status"] == "RUNNING"
    (message,) = messages
    emulator.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return started, message["Body"]


def test_an_execution_in_flight_keeps_the_code_and_the_definition_it_started_with(
    emulator: Emulator, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, deploy, "--yes")[0] == 0
    alias = read_outputs(emulator)["StateMachineAliasArn"]
    old, old_token = start_and_hold(emulator, alias, "old")
    assert deploy_new_code(project, capsys)[0] == 0
    new, new_token = start_and_hold(emulator, alias, "new")
    assert list_routes(capsys) == [(2, 100), (1, 0)]
    rows = json.loads(run(capsys, versions, "--format", "json")[1])["versions"]
    assert rows[0]["created"] > rows[1]["created"]
    out = run(capsys, rollback, "--yes")[1]
    assert "2 executions running: each continues with the version" in out
    again, again_token = start_and_hold(emulator, alias, "again")
    for token in (old_token, new_token, again_token):
        emulator.client("stepfunctions").send_task_success(taskToken=token, output="{}")
    assert emulator.wait(old).status == "SUCCEEDED"
    ended = emulator.wait(new)
    assert (ended.status, ended.cause and "the new code" in ended.cause) == ("FAILED", True)
    assert emulator.wait(again).status == "SUCCEEDED"


@pytest.mark.parametrize("kind", ["canary", "linear"])
def test_an_alarm_moves_the_alias_back_and_the_whole_deployment_with_it(
    emulator: Emulator, project: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    assert run(capsys, deploy, "--yes", "--deployment-type", kind)[0] == 0
    cloudwatch = emulator.client("cloudwatch")

    def set_alarm(state: str) -> None:
        name = "carnation-dev-executions-timed-out"
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test")

    set_alarm("ALARM")
    status, _, err = deploy_new_code(project, capsys)
    assert status == 2
    assert "StateMachineAlias (AWS::StepFunctions::StateMachineAlias" in err
    assert "alarm 'carnation-dev-executions-timed-out' is in ALARM" in err
    assert "UPDATE_ROLLBACK_COMPLETE: the stack was rolled back" in err
    assert [route for route in list_routes(capsys) if route[1]] == [(1, 100)]
    set_alarm("OK")
    assert run(capsys, deploy, "--yes")[0] == 0
    ((number, weight),) = [route for route in list_routes(capsys) if route[1]]
    assert (number > 1, weight) == (True, 100)


def test_all_at_once_looks_at_no_alarm(
    emulator: Emulator, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, deploy, "--yes")[0] == 0
    emulator.client("cloudwatch").set_alarm_state(
        AlarmName="carnation-dev-executions-timed-out", StateValue="ALARM", StateReason="a test"
    )
    assert deploy_new_code(project, capsys)[0] == 0
    assert list_routes(capsys) == [(2, 100), (1, 0)]
