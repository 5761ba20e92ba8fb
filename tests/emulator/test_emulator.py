"""The emulator's front: opening, closing, its clients; and what its other tests are made with."""

from __future__ import annotations

import io
import json
import os
import socket
import sys
import threading
import zipfile
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError
from moto.sqs.models import sqs_backends
from moto.sts.models import sts_backends

from carnation.emulator import Emulator, moto_records
from carnation.errors import EmulatorError

ROLE = "arn:aws:iam::123456789012:role/role"
ECHO = "def handle(event, context):\n    return event\n"
PYTHON = f"python3.{sys.version_info[1]}"  # the one that is here
INVOKE = "arn:aws:states:::lambda:invoke"


def pack(source: str, **more: str) -> bytes:
    """Zip a handler, and other files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in {"handler.py": source, **more}.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def make_function(emulator: Emulator, name: str, source: str, **settings: Any) -> str:
    """Make a function through the API; gives its ARN."""
    iam = emulator.client("iam")
    if not iam.list_roles()["Roles"]:
        iam.create_role(RoleName="role", AssumeRolePolicyDocument="{}")
    request = {
        "FunctionName": name,
        "Runtime": PYTHON,
        "Role": ROLE,
        "Handler": "handler.handle",
        "Code": {"ZipFile": pack(source)},
        "Timeout": 10,
    }
    arn: str = emulator.client("lambda").create_function(**{**request, **settings})["FunctionArn"]
    return arn


def invoke(emulator: Emulator, name: str, event: Any = None) -> tuple[bool, Any]:
    """Invoke a function; gives whether it failed, and its payload."""
    answer = emulator.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
    return "FunctionError" in answer, json.loads(answer["Payload"].read())


def make_machine(emulator: Emulator, definition: Any, name: str = "machine") -> str:
    """Make a state machine through the API; gives its ARN."""
    text = definition if isinstance(definition, str) else json.dumps(definition)
    answer = emulator.client("stepfunctions").create_state_machine(
        name=name, definition=text, roleArn=ROLE
    )
    arn: str = answer["stateMachineArn"]
    return arn


def chain(**states: Any) -> dict[str, Any]:
    """Make a definition of states that follow each other, unless they say otherwise."""
    names = list(states)
    for name, following in zip(names, [*names[1:], None], strict=True):
        state = states[name]
        if not {"Next", "End", "Choices"} & set(state) and state["Type"] not in ("Succeed", "Fail"):
            state.update({"End": True} if following is None else {"Next": following})
    return {"StartAt": names[0], "States": states}


def task(function: str, **more: Any) -> dict[str, Any]:
    """Make a Task that invokes a function with the state's input."""
    parameters = {"FunctionName": function, "Payload.$": "$"}
    shape = {"Type": "Task", "Resource": INVOKE, "Parameters": parameters}
    return {**shape, "ResultSelector": {"value.$": "$.Payload"}, "OutputPath": "$.value", **more}


def test_only_one_emulator_is_open_at_a_time_and_the_next_one_starts_empty() -> None:
    with Emulator() as first:
        first.client("sqs").create_queue(QueueName="q")
        with pytest.raises(EmulatorError, match="another emulator is open"), Emulator():
            pass
    with Emulator() as second:
        assert "QueueUrls" not in second.client("sqs").list_queues()


def test_the_environment_is_scrubbed_while_it_is_open_and_put_back_after(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.write_text("[profile real]\nregion = ap-south-1\n")
    real = {
        "AWS_ACCESS_KEY_ID": "AKIAREAL",
        "AWS_SECRET_ACCESS_KEY": "real",
        "AWS_PROFILE": "real",
        "AWS_CONFIG_FILE": str(config),
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "MOTO_ACCOUNT_ID": "999999999999",
    }
    for name, value in real.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED", raising=False)
    with Emulator(region="eu-central-1") as emulator:
        assert "AKIAREAL" not in os.environ.values()
        assert "AWS_PROFILE" not in os.environ
        client = emulator.client("sts")
        assert client.meta.region_name == "eu-central-1"
        assert client._request_signer._credentials.access_key != "AKIAREAL"
        assert client.get_caller_identity()["Account"] == "123456789012"
    assert {name: os.environ[name] for name in real} == real
    assert "AWS_EC2_METADATA_DISABLED" not in os.environ


def test_nothing_is_connected_to_but_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    connected: list[Any] = []
    connect = socket.socket.connect

    def spy(self: socket.socket, address: Any) -> None:
        connected.append(address)
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", spy)
    with Emulator() as emulator:
        make_function(emulator, "echo", ECHO)
        assert invoke(emulator, "echo", {"a": 1}) == (False, {"a": 1})
    assert all(address[0] == "127.0.0.1" for address in connected)


def test_closing_leaves_no_process_no_thread_and_no_patch() -> None:
    from moto.core.responses import BaseResponse

    before = (BaseResponse.call_action, set(threading.enumerate()))
    with Emulator() as emulator:
        make_function(emulator, "pid", "import os\ndef handle(e, c): return os.getpid()")
        _, pid = invoke(emulator, "pid")
        assert BaseResponse.call_action is not before[0]
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    for thread in set(threading.enumerate()) - before[1]:
        thread.join(2)
    assert BaseResponse.call_action is before[0]
    assert set(threading.enumerate()) <= before[1]


def test_closing_stops_an_execution_that_still_runs() -> None:
    with Emulator() as emulator:
        make_function(emulator, "slow", "import time\ndef handle(e, c): time.sleep(60)", Timeout=90)
        arn = make_machine(emulator, chain(A=task("slow")))
        execution = emulator.start(arn, {})
        while not emulator._functions.running:
            pass
        sfn = emulator.client("stepfunctions")
        assert sfn.describe_execution(executionArn=execution)["status"] == "RUNNING"
    assert not emulator._functions._pools


def test_an_open_that_fails_leaves_the_process_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    from carnation.emulator import emulator as local

    def fail(*_: object, **__: object) -> None:
        raise OSError("no port")

    monkeypatch.setattr(local, "EndpointServer", fail)
    environment = dict(os.environ)
    with pytest.raises(OSError, match="no port"), Emulator():
        pass
    assert dict(os.environ) == environment
    monkeypatch.undo()
    with Emulator():
        pass


def test_the_endpoint_answers_no_request_without_a_signature() -> None:
    with Emulator() as emulator, pytest.raises(HTTPError, match="403") as refused:
        urlopen(emulator.endpoint + "/")
    refused.value.close()


def test_the_endpoint_asks_at_once_for_a_body_that_waits_to_be_asked_for() -> None:
    with Emulator() as emulator:
        host, port = emulator.endpoint.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as client:
            client.sendall(b"PUT / HTTP/1.1\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n")
            assert client.recv(100).startswith(b"HTTP/1.1 100 Continue")  # no body has gone yet


def test_in_real_time_a_wait_takes_its_time() -> None:
    with Emulator(real_time=True) as emulator:
        arn = make_machine(emulator, chain(W={"Type": "Wait", "Seconds": 1}))
        done = emulator.execute(arn, {})
        assert done.waited == 1
        assert done.seconds >= 1


def test_the_seed_chooses_the_order_of_what_is_at_once() -> None:
    processor = {"ProcessorConfig": {"Mode": "INLINE"}, **chain(T=task("f"))}
    states = chain(M={"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor})
    orders = set()
    for seed in (1, 1, 2, 3, 4):
        calls: list[Any] = []

        def note(function: str, payload: Any, calls: list[Any] = calls) -> None:
            calls.append(payload)

        with Emulator(in_process=True, seed=seed) as emulator:
            make_function(emulator, "f", ECHO)
            arn = make_machine(emulator, states)
            with emulator.intercept(before_invoke=note):
                emulator.execute(arn, {"items": list(range(6))})
        orders.add((seed, tuple(calls)))
    assert len(orders) == 4  # the same seed, the same order
    assert len({order for _, order in orders}) > 1


def test_what_moto_remembers_of_calls_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moto_records, "KEPT", 3)
    monkeypatch.setattr(moto_records, "_KEPT_HANDLES", 2)
    monkeypatch.setattr(moto_records, "_LOOKED_AFTER", 1)
    with Emulator() as emulator:
        topics, queues, roles = map(emulator.client, ("sns", "sqs", "sts"))
        topic = topics.create_topic(Name="t")["TopicArn"]
        queue = queues.create_queue(QueueName="q")["QueueUrl"]
        receipts = []
        for number in range(6):
            topics.publish(TopicArn=topic, Message=str(number))
            roles.assume_role(RoleArn=ROLE, RoleSessionName=f"session-{number}")
            queues.send_message(QueueUrl=queue, MessageBody="m")
            for _ in range(4):
                found = queues.receive_message(QueueUrl=queue, VisibilityTimeout=0)["Messages"]
            receipts.append({"QueueUrl": queue, "ReceiptHandle": found[0]["ReceiptHandle"]})
            (message,) = sqs_backends["123456789012"]["us-east-1"].queues["q"]._messages
            assert len(message._old_receipt_handles) == 2
            queues.delete_message(**receipts[-1])
        topics.list_topics()
        roles.get_caller_identity()
        assert emulator.published(topic) == ["3", "4", "5"]
        assert len(sts_backends["123456789012"]["aws"].assumed_roles) == 3
        queues.delete_message(**receipts[-1])  # again: it is done
        with pytest.raises(ClientError, match="ReceiptHandleIsInvalid"):
            queues.delete_message(**receipts[0])
