"""One journey over all the verbs, on the embedded AWS; on a real account, too, where one is given.

    CARNATION_TEST_REGION=eu-west-1 CARNATION_TEST_PROFILE=sandbox pytest tests/cli/test_account.py

It deploys the reference workflow under an environment of its own, and removes what it made: but for
the bucket of artifacts, and the key, which AWS deletes after seven days. It costs some cents. Never
in CI.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from uuid import uuid4

import pytest

from carnation.account import Account
from carnation.cli import deploy, destroy, dlq, drift, recover, rollback, start, status, versions
from carnation.emulator import Emulator
from tests.conftest import ROOT

pytestmark = pytest.mark.filterwarnings("default")  # the vendors' warnings are not ours

REGION = os.environ.get("CARNATION_TEST_REGION")
PROFILE = os.environ.get("CARNATION_TEST_PROFILE")
_REMOVALS: Mapping[str, tuple[str, str, str]] = {
    "AWS::SQS::Queue": ("sqs", "delete_queue", "QueueUrl"),
    "AWS::DynamoDB::Table": ("dynamodb", "delete_table", "TableName"),
    "AWS::Logs::LogGroup": ("logs", "delete_log_group", "logGroupName"),
}


class Place(NamedTuple):
    """Where the journey goes: the options that every verb is given, and the account."""

    options: tuple[str, ...]
    account: Account

    def remove(self, kind: str, name: str) -> None:
        """Remove what a stack retained."""
        if kind == "AWS::KMS::Key":
            self.account.call("kms", "schedule_key_deletion", KeyId=name, PendingWindowInDays=7)
        else:
            service, action, parameter = _REMOVALS[kind]
            self.account.call(service, action, **{parameter: name})


@pytest.fixture
def embedded(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.chdir(ROOT)
    with Emulator(other_python=lambda told: None):  # whatever Python this machine has
        yield Place(("--environment", "journey"), Account())


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.chdir(ROOT)
    name = f"t{uuid4().hex[:6]}"
    given = ["--environment", name, "--region", str(REGION)]
    given += ["--profile", PROFILE] if PROFILE else []
    place = Place(tuple(given), Account(PROFILE, REGION))
    yield place
    # whatever the journey came to, its stack goes; status 2 where it went already
    destroy.main(["carnation", *place.options, "--yes"])


def travel(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Deploy, run, look after it, try to go back, and take it away again."""

    def read(verb: Any, *words: str) -> tuple[int, Any]:
        capsys.readouterr()
        code = verb.main([*words, *place.options, "--format", "json"])
        out, err = capsys.readouterr()
        assert out, err
        return code, json.loads(out)

    unlocked = ("--parameter", "DeletionProtection=false")
    assert read(deploy, "carnation", "--plan", *unlocked)[0] == 0
    assert read(deploy, "carnation", "--yes", *unlocked)[0] == 0
    code, second = read(deploy, "carnation", "--yes")
    assert (code, second["executed"]) == (0, False)

    code, ended = read(start, "carnation", "--input", '{"start_seq": 1, "end_seq": 4}', "--once")
    assert (code, ended["status"]) == (0, "SUCCEEDED")
    code, again = read(start, "carnation", "--input", '{"start_seq": 1, "end_seq": 4}', "--once")
    assert (again["existed"], again["execution"]) == (True, ended["execution"])
    code, failed = read(start, "carnation", "--input", '{"start_seq": 1}')
    assert (code, failed["failure"]["error"]) == (1, "InvalidInput")

    code, seen = read(status, "carnation")
    assert {row["status"] for row in seen["executions"]} == {"SUCCEEDED", "FAILED"}
    assert read(drift, "carnation")[0] == 0
    assert len(read(versions, "carnation")[1]["versions"]) == 1
    assert read(dlq, "list", "carnation")[1] == {"letters": []}
    code, held = read(recover, "carnation", "--plan")
    assert (code, held["executions"]) == (1, [failed["execution"]])
    capsys.readouterr()
    assert rollback.main(["carnation", "--to", "99", *place.options, "--yes"]) == 2
    assert "99" in capsys.readouterr().err

    code, gone = read(destroy, "carnation", "--yes")
    assert (code, gone["executed"], gone["lost"]) == (0, True, [])
    for row in gone["retained"]:
        place.remove(row["kind"], row["physical"])


def test_the_journey_on_the_embedded_aws(
    embedded: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    travel(embedded, capsys)


@pytest.mark.account
@pytest.mark.skipif(not REGION, reason="no account is given: CARNATION_TEST_REGION")
@pytest.mark.skipif("CI" in os.environ, reason="never in CI: it costs, and needs credentials")
def test_the_journey_on_a_real_account(real: Place, capsys: pytest.CaptureFixture[str]) -> None:
    travel(real, capsys)
