"""`carnation serve`: another process's client finds the workflow and runs it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from carnation.__main__ import main
from carnation.artifacts import read_artifacts
from carnation.cli import serve
from carnation.emulator.embedded import share_parameters
from tests.conftest import ROOT


class Served:
    """A server process, what it printed, and clients of it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        assert process.stdout
        for line in process.stdout:
            self.lines.append(line.rstrip())
            if line.startswith("Press Ctrl+C"):
                break
        text = "\n".join(self.lines)
        self.variables = dict(re.findall(r"^  export (\w+)=(.*)$", text, re.MULTILINE))

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.variables["AWS_ENDPOINT_URL"],
            region_name=self.variables["AWS_REGION"],
            aws_access_key_id=self.variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.variables["AWS_SECRET_ACCESS_KEY"],
        )


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    process = subprocess.Popen(
        [sys.executable, "-m", "carnation", "serve", "carnation", "--in-process"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        yield Served(process)
    finally:
        process.kill()
        process.wait(30)
        assert process.stdout
        process.stdout.close()


def test_a_client_of_another_process_runs_the_workflow_and_an_interruption_ends_it(
    served: Served,
) -> None:
    (line,) = (line for line in served.lines if line.startswith("  StateMachineArn "))
    machines = served.client("stepfunctions")
    started = machines.start_execution(
        stateMachineArn=line.split()[1], input=json.dumps({"start_seq": 1, "end_seq": 4})
    )
    for _ in range(400):
        found = machines.describe_execution(executionArn=started["executionArn"])
        if found["status"] != "RUNNING":
            break
        time.sleep(0.05)
    assert found["status"] == "SUCCEEDED"
    (table,) = served.client("dynamodb").list_tables()["TableNames"]
    assert served.client("dynamodb").scan(TableName=table)["Count"] == 3
    served.process.send_signal(signal.SIGINT)
    assert served.process.wait(30) == 0
    port = int(served.variables["AWS_ENDPOINT_URL"].rpartition(":")[2])
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port))


def test_a_port_that_is_taken_and_one_that_is_none_are_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert main(["serve", "--port", port]) == 2
    assert f"port {port} of this machine cannot be opened" in capsys.readouterr().err
    assert main(["serve", "--port", "70000"]) == 2
    assert "a port is a number from 0 to 65535" in capsys.readouterr().err


def test_it_deploys_prints_where_it_listens_and_waits(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(serve, "_wait_for_the_end", lambda: None)
    given = ["--region", "eu-west-1", "--parameter", "ProjectName=served"]
    assert main(["serve", "carnation", "--in-process", *given]) == 0
    out = capsys.readouterr().out
    assert "stateMachine:served-" in out
    assert "carnation 0.1.0 deployed in" in out
    assert "export AWS_ENDPOINT_URL=http://127.0.0.1:" in out
    assert "export AWS_REGION=eu-west-1" in out


def test_a_parameter_goes_to_the_workflows_that_have_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    built = [read_artifacts(str(ROOT), name) for name in ("carnation", "approval")]
    assert share_parameters(built, {}) == [{}, {}]
    assert share_parameters(built, {"max_concurrency": "3"}) == [{"max_concurrency": "3"}, {}]
    monkeypatch.chdir(ROOT)
    assert main(["serve", "carnation", "--parameter", "Nothing=1"]) == 2
    assert "no workflow has a parameter 'Nothing' (carnation)" in capsys.readouterr().err


def test_a_signal_from_outside_is_an_end() -> None:
    before = signal.getsignal(signal.SIGTERM)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    previous = signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    try:
        serve._wait_for_the_end()
    finally:
        signal.signal(signal.SIGALRM, previous)
    assert signal.getsignal(signal.SIGTERM) is before
