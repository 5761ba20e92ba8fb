"""Workers: their environment, their number, their end."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from carnation.emulator import Emulator
from carnation.errors import EmulatorError
from tests.conftest import ROOT
from tests.emulator.test_emulator import chain, invoke, make_function, make_machine, task
from tests.emulator.test_functions import run


@pytest.mark.parametrize("in_process", [False, True])
def test_a_function_gets_its_event_and_its_own_and_lambdas_variables(
    monkeypatch: pytest.MonkeyPatch, in_process: bool
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "real")
    monkeypatch.setenv("MINE", "mine")
    source = (
        "import os\n"
        "def handle(event, context):\n"
        "    there = os.path.exists(os.environ['LAMBDA_TASK_ROOT'] + '/handler.py')\n"
        "    return {'event': event, 'environment': dict(os.environ), 'there': there}\n"
    )
    variables = {"TABLE_NAME": "t"}
    settings = {"MemorySize": 192, "Environment": {"Variables": variables}}
    with Emulator(in_process=in_process, region="eu-west-1") as emulator:
        failed, answer = run(emulator, "environment", source, {"a": "ü"}, **settings)
    assert not failed
    assert answer["event"] == {"a": "ü"}
    environment = answer["environment"]
    if not in_process:
        # in this process nothing else can be hidden from a handler than AWS's own
        assert "MINE" not in environment
        assert "AWS_PROFILE" not in environment
        assert environment["AWS_ENDPOINT_URL"] == emulator.endpoint
    assert answer["there"]
    expected = {
        "TABLE_NAME": "t",
        "AWS_LAMBDA_FUNCTION_NAME": "environment",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "192",
        "AWS_REGION": "eu-west-1",
        "_HANDLER": "handler.handle",
        "AWS_CONFIG_FILE": os.devnull,
    }
    assert {name: environment[name] for name in expected} == expected
    assert "TABLE_NAME" not in os.environ


def test_concurrent_invocations_have_workers_of_their_own() -> None:
    source = (
        "import os, time\n"
        "def handle(event, context):\n"
        "    time.sleep(0.5)\n"
        "    return os.getpid()\n"
    )
    with Emulator() as emulator:
        make_function(emulator, "pid", source)
        answers: list[Any] = []
        threads = [
            threading.Thread(target=lambda: answers.append(invoke(emulator, "pid")))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len({pid for _, pid in answers}) > 1
        assert not any(failed for failed, _ in answers)


def test_a_worker_that_was_killed_is_reported_and_replaced() -> None:
    source = (
        "import os, signal\n"
        "def handle(event, context):\n"
        "    if event: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return os.getpid()\n"
    )
    with Emulator() as emulator:
        make_function(emulator, "mortal", source)
        _, first = invoke(emulator, "mortal", False)
        failed, error = invoke(emulator, "mortal", True)
        assert failed
        assert error["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
        assert invoke(emulator, "mortal", False)[1] != first
        os.kill(invoke(emulator, "mortal", False)[1], 9)
        time.sleep(0.1)
        assert not invoke(emulator, "mortal", False)[0]


def test_importing_the_module_does_not_count_against_the_timeout() -> None:
    source = "import time\ntime.sleep(1.2)\ndef handle(event, context): return 'in time'"
    with Emulator() as emulator:
        assert run(emulator, "imports", source, Timeout=1) == (False, "in time")


def test_an_asynchronous_invocation_is_accepted_and_run() -> None:
    source = "import boto3\ndef handle(e, c): boto3.client('sqs').create_queue(QueueName='async')\n"
    with Emulator() as emulator:
        make_function(emulator, "async", source)
        answer = emulator.client("lambda").invoke(FunctionName="async", InvocationType="Event")
        assert answer["StatusCode"] == 202
        assert len(emulator.client("sqs").list_queues()["QueueUrls"]) == 1


def test_in_process_a_debugger_is_seen_and_answered() -> None:
    script = (
        "from carnation.emulator import Emulator\n"
        "from tests.emulator.test_emulator import invoke, make_function\n"
        "with Emulator(in_process=True) as emulator:\n"
        "    make_function(emulator, 'f', 'def handle(e, c):\\n    breakpoint()\\n    return e')\n"
        "    print('gave', invoke(emulator, 'f', 7))\n"
    )
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    seen = ""
    try:
        while "(Pdb)" not in seen:
            seen += os.read(ours, 4096).decode()
        os.write(ours, b"p e * 6\nc\n")
        while "gave" not in seen:
            seen += os.read(ours, 4096).decode()
    finally:
        process.wait(30)
        os.close(ours)
    assert "42" in seen


@pytest.mark.parametrize("in_process", [True, False])
def test_of_what_a_function_prints_in_one_line_the_beginning_is_kept(in_process: bool) -> None:
    code = """
        def handle(event, context):
            print("x" * 5_000_000)
            print("behind it")
    """
    with Emulator(in_process=in_process) as emulator:
        make_function(emulator, "wordy", dedent(code))
        emulator.client("lambda").invoke(FunctionName="wordy", Payload=b"{}")
        for _ in range(200):
            lines = emulator.lines("wordy")
            if in_process or len(lines) == 2:
                break
            time.sleep(0.05)
    assert [len(line) for line in lines][:1] == [16_384]
    assert in_process or lines[1:] == ["behind it"]


def test_closing_waits_for_a_handler_in_this_process_whose_environment_it_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AWS_REGION", raising=False)
    with Emulator(in_process=True) as emulator:
        monkeypatch.delenv("AWS_REGION")  # so that the handler takes it away when it ends
        make_function(emulator, "slow", "import time\ndef handle(e, c): time.sleep(0.6)")
        arn = make_machine(emulator, chain(Slow=task("slow")), "left")
        with pytest.raises(EmulatorError, match="It was stopped"):
            emulator.execute(arn, {}, limit=0.2)
    with Emulator(in_process=True):
        time.sleep(0.6)
        assert os.environ["AWS_REGION"] == "us-east-1"


LEAVES = """
import boto3
def handle(event, context):
    return boto3.client("sqs", endpoint_url="https://sqs.example.com").list_queues()
"""


@pytest.mark.parametrize("in_process", [False, True])
def test_a_client_with_an_explicit_endpoint_is_stopped_by_name(in_process: bool) -> None:
    with Emulator(in_process=in_process) as emulator:
        make_function(emulator, "leaves", LEAVES, Timeout=30)
        failed, answer = invoke(emulator, "leaves")
    assert failed
    assert "https://sqs.example.com/" in answer["errorMessage"]
    assert "not the emulator" in answer["errorMessage"]


def test_a_task_that_times_out_does_not_wait_for_its_handler(tmp_path: Path) -> None:
    # if it did, the handler would wait for ever: the file is there only after the execution
    ready = tmp_path / "ready"
    source = (
        "import os, time\n"
        "def handle(event, context):\n"
        f"    while not os.path.exists({str(ready)!r}): time.sleep(0.01)\n"
        "    print('ran on')\n"
    )
    with Emulator() as emulator:
        make_function(emulator, "stuck", source, Timeout=60)
        state = {**task("stuck"), "TimeoutSeconds": 1}
        execution = emulator.execute(make_machine(emulator, chain(Stuck=state)), {}, limit=20)
        assert (execution.status, execution.error) == ("FAILED", "States.Timeout")
        ready.touch()
        for _ in range(1000):
            if emulator.lines("stuck") and not emulator._functions.running:
                break
            time.sleep(0.01)
        assert emulator.lines("stuck") == ["ran on"]
        assert not invoke(emulator, "stuck")[0]
