"""`carnation deploy` where something was before: retained things, drift, running executions."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from carnation.account import Account, find_deployed
from carnation.account.deployment import deployer, execution, in_flight
from carnation.cli import deploy, destroy
from carnation.emulator import Emulator
from tests.conftest import ROOT
from tests.deployed import TINY, make_tiny, write_definition

pytestmark = pytest.mark.filterwarnings("default")  # the vendors' warnings are not ours

WAITING = TINY.replace('Pass("Note", result=1)', 'Wait("Hold", seconds=86400)').replace(
    "import Chain, Pass, Succeed", "import Chain, Succeed, Wait"
)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(in_process=True) as emulator:
        yield emulator


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return make_tiny(tmp_path, monkeypatch)


def run(capsys: pytest.CaptureFixture[str], verb: Any, *words: str) -> tuple[int, str, str]:
    capsys.readouterr()
    status = verb.main(["tiny", *words])
    out, err = capsys.readouterr()
    return status, out, err


def list_queues(emulator: Emulator) -> list[str]:
    urls = emulator.client("sqs").list_queues().get("QueueUrls", ())
    return sorted(url.rpartition("/")[2] for url in urls)


def test_what_a_removed_stack_retained_is_named_before_anything_starts_and_imported_on_demand(
    emulator: Emulator, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, deploy, "--yes")[0] == 0
    assert run(capsys, destroy, "--yes")[0] == 0
    assert list_queues(emulator) == ["tiny-dev-letters", "tiny-dev-queue"]
    url = emulator.client("sqs").get_queue_url(QueueName="tiny-dev-queue")["QueueUrl"]
    emulator.client("sqs").send_message(QueueUrl=url, MessageBody="kept")
    for words in (("--yes",), ("--plan",)):
        status, out, err = run(capsys, deploy, *words)
        assert (status, "IN_PROGRESS" in out) == (2, False)
        assert "Queues/Queue (AWS::SQS::Queue) 'tiny-dev-queue'" in err
        assert "--import-existing" in err
    status, out, _ = run(capsys, deploy, "--yes", "--import-existing")
    assert "that exist will be imported" in out
    assert status == 0, out
    assert "imported as it is: Queues/Letters" in out
    found = find_deployed(Account(), "tiny-dev")
    assert found is not None
    assert found.outputs["QueueUrl"] == url
    assert [row.body for row in emulator.messages(url)] == ["kept"]
    assert "already deployed" in run(capsys, deploy, "--yes")[1]


def test_what_is_not_retained_is_not_imported(
    emulator: Emulator, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trust = '{"Version": "2012-10-17", "Statement": []}'
    emulator.client("iam").create_role(RoleName="tiny-dev", AssumeRolePolicyDocument=trust)
    status, _, err = run(capsys, deploy, "--yes", "--import-existing")
    assert status == 2
    assert "Role (AWS::IAM::Role) 'tiny-dev'" in err
    assert "--import-existing" not in err


def test_tags_a_role_and_express_are_handed_to_cloudformation(
    emulator: Emulator, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    role = "arn:aws:iam::123456789012:role/deployer"
    asked: list[Any] = []

    def watch(service: str, action: str, parameters: Any) -> None:
        if action == "CreateChangeSet":
            asked.append(parameters)

    with emulator.intercept(before_call=watch):
        status, _, err = run(
            capsys, deploy, "--yes", "--tag", "team=a", "--role-arn", role, "--express"
        )
    assert (status, err) == (0, "")
    assert asked[0]["DeploymentConfig"] == {"Mode": "EXPRESS"}
    client = emulator.client("cloudformation")
    (stack,) = client.describe_stacks(StackName="tiny-dev")["Stacks"]
    assert (stack["RoleARN"], stack["Tags"]) == (role, [{"Key": "team", "Value": "a"}])


def test_drift_is_put_back_on_demand(
    emulator: Emulator, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, deploy, "--yes")[0] == 0
    sqs = emulator.client("sqs")
    url = sqs.get_queue_url(QueueName="tiny-dev-queue")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "7"})
    assert "already deployed" in run(capsys, deploy, "--yes")[1]
    status, out, err = run(capsys, deploy, "--yes", "--revert-drift")
    assert (status, err) == (0, "")
    assert "Queues/Queue" in out
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
    assert found["Attributes"]["VisibilityTimeout"] == "30"
    assert "already deployed" in run(capsys, deploy, "--yes", "--revert-drift")[1]


def test_executions_in_flight_are_listed_with_what_they_would_miss_and_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Emulator(in_process=True, real_time=True) as emulator:
        write_definition(tmp_path, monkeypatch, WAITING)
        assert run(capsys, deploy, "--yes")[0] == 0
        found = find_deployed(Account(), "tiny-dev")
        assert found is not None
        renamed = WAITING.replace('"Role"', '"Other"').replace(
            'Sub": "tiny-${Environment}"}', 'Sub": "other-${Environment}"}', 1
        )
        held = emulator.start(found.outputs["StateMachineAliasArn"], {})
        write_definition(tmp_path, monkeypatch, renamed)
        out = run(capsys, deploy, "--plan")[1]
        assert "1 execution in flight (version 1: 1)" in out
        assert "would miss: Role (AWS::IAM::Role) is removed" in out
        write_definition(tmp_path, monkeypatch, WAITING.replace("86400", "86399"))
        waited = partial(in_flight.drain, pause=lambda seconds: emulator.stop(held))
        monkeypatch.setattr(deployer, "drain", waited)
        status, out, err = run(capsys, deploy, "--yes", "--wait")
        assert (status, err) == (0, "")
        assert out.index("waiting for 1 execution in flight") < out.index("UPDATE_IN_PROGRESS")


def test_tables_of_an_interrupted_creation_are_protected_by_the_next_deployment(
    emulator: Emulator, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)

    def interrupt(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("carnation.account.deployment.deployer.protect_data", interrupt)
        assert deploy.main(["carnation", "--yes"]) not in (0, 1)

    def is_protected() -> bool:
        table = emulator.client("dynamodb").describe_table(TableName="carnation-dev-events")
        return bool(table["Table"]["DeletionProtectionEnabled"])

    assert not is_protected()
    assert deploy.main(["carnation", "--yes"]) == 0
    assert is_protected()
    assert execution.UNPROTECTED not in capsys.readouterr().out
