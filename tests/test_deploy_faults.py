"""Every call of a deployment, a rollback, a redrive and a purge fails once, and crashes after."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from carnation import deploy, dlq, rollback
from carnation.account import Account, find_deployed
from carnation.emulator import Emulator
from carnation.emulator.stores import expire_visibility, read_messages
from tests.deployed import TINY, Crash, break_call, make_tiny, write_definition

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]  # vendors' warnings
HERE = ("123456789012", "us-east-1")


def _attempt(verb: Any, words: list[str]) -> int:
    try:
        return int(verb.main(words))
    except Crash:
        return -1


def _break_each(monkeypatch: pytest.MonkeyPatch, how: str, one_run: Any) -> list[str]:
    """Run with call 1 broken, then with call 2 …, until a run has no call of that number."""
    number, broken = 0, []
    while True:
        number += 1
        with Emulator(in_process=True):
            calls = one_run(number)
        if len(calls) < number:
            return broken
        broken.append(calls[number - 1])


@pytest.mark.parametrize("how", ["fails", "crashes after"])
def test_a_first_deployment_is_finished_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    make_tiny(tmp_path, monkeypatch)

    def one_run(number: int) -> list[str]:
        with break_call(monkeypatch, number, how) as calls:
            _attempt(deploy, ["tiny", "--yes"])
        assert deploy.main(["tiny", "--yes"]) == 0, calls
        found = find_deployed(Account(), "tiny-dev")
        assert found is not None
        assert (found.status, found.protected) == ("CREATE_COMPLETE", True), calls
        return calls

    broken = _break_each(monkeypatch, how, one_run)
    assert {"s3.create_bucket", "s3.put_object", "cloudformation.execute_change_set"} <= set(broken)


@pytest.mark.parametrize("how", ["fails", "crashes after"])
def test_an_update_is_finished_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    make_tiny(tmp_path, monkeypatch)
    words = ["tiny", "--yes", "--parameter", "Size=large"]

    def one_run(number: int) -> list[str]:
        assert deploy.main(["tiny", "--yes"]) == 0
        with break_call(monkeypatch, number, how) as calls:
            _attempt(deploy, words)
        assert deploy.main(words) == 0, calls
        found = find_deployed(Account(), "tiny-dev")
        assert found is not None
        assert found.parameters["Size"] == "large", calls
        return calls

    assert "cloudformation.execute_change_set" in _break_each(monkeypatch, how, one_run)


@pytest.mark.parametrize("how", ["fails", "crashes after"])
def test_a_rollback_is_finished_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    make_tiny(tmp_path, monkeypatch)

    def one_run(number: int) -> list[str]:
        write_definition(tmp_path, monkeypatch, TINY)
        assert deploy.main(["tiny", "--yes"]) == 0
        changed = TINY.replace('"Note", result=1', '"Note", result=2')
        write_definition(tmp_path, monkeypatch, changed)
        assert deploy.main(["tiny", "--yes"]) == 0
        with break_call(monkeypatch, number, how) as calls:
            _attempt(rollback, ["tiny", "--to", "1", "--yes"])
        assert rollback.main(["tiny", "--to", "1", "--yes"]) == 0
        return calls

    assert "stepfunctions.update_state_machine_alias" in _break_each(monkeypatch, how, one_run)


@pytest.mark.parametrize("how", ["fails", "crashes after"])
@pytest.mark.parametrize("do", ["redrive", "purge"])
def test_no_dead_letter_is_lost_and_the_next_run_finishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, do: str
) -> None:
    make_tiny(tmp_path, monkeypatch)
    bodies = {json.dumps({"sequence_no": number}) for number in range(3)}

    def one_run(number: int) -> list[str]:
        assert deploy.main(["tiny", "--yes"]) == 0
        account = Account()
        found = find_deployed(account, "tiny-dev")
        assert found is not None
        dead, queue = found.outputs["DeadLetterQueueUrl"], found.outputs["QueueUrl"]
        for body in bodies:
            account.call("sqs", "send_message", QueueUrl=dead, MessageBody=body)
        files = [tmp_path / f"{how[0]}{number}-{turn}.jsonl" for turn in (1, 2)]
        words = [do, "tiny", "--yes", *(["--to", str(files[0])] if do == "purge" else [])]
        with break_call(monkeypatch, number, how) as calls:
            _attempt(dlq, words)

        def find() -> set[str]:
            written = [
                json.loads(line)["body"]
                for file in files
                if file.exists()
                for line in file.read_text().splitlines()
            ]
            return {m.body for url in (dead, queue) for m in read_messages(*HERE, url)} | set(
                written
            )

        assert find() == bodies, calls
        expire_visibility(*HERE, dead)
        again = [do, "tiny", "--yes", *(["--to", str(files[1])] if do == "purge" else [])]
        assert dlq.main(again) == 0
        assert find() == bodies, calls
        assert read_messages(*HERE, dead) == []
        return calls

    assert "sqs.delete_message" in _break_each(monkeypatch, how, one_run)
