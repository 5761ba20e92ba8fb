"""Invoke: which version a call names, how it is run, what is answered and refused."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from carnation.emulator import Emulator
from carnation.emulator.runtimes import PythonFallback, find_obstacle, find_python
from tests.emulator.test_emulator import (
    ECHO,
    PYTHON,
    chain,
    invoke,
    make_function,
    make_machine,
    pack,
    task,
)

VERSIONED = "def handle(event, context):\n    return [%d, context.invoked_function_arn]\n"
ARN = "arn:aws:lambda:us-east-1:123456789012:function"
needs_node = pytest.mark.skipif(bool(find_obstacle("nodejs18.x")), reason="no node is on PATH")


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(other_python=None) as opened:
        make_function(opened, "versions", VERSIONED % 1)
        client = opened.client("lambda")
        client.publish_version(FunctionName="versions")
        client.update_function_code(FunctionName="versions", ZipFile=pack(VERSIONED % 2))
        client.create_alias(FunctionName="versions", Name="live", FunctionVersion="1")
        yield opened


def refusal(call: Any, **request: Any) -> tuple[str, str]:
    """Return the code and the text of a refused call."""
    with pytest.raises(ClientError) as refused:
        call(**request)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.mark.parametrize(
    ("name", "qualifier", "version", "arn"),
    [
        ("versions", None, "$LATEST", f"{ARN}:versions"),
        ("versions", "$LATEST", "$LATEST", f"{ARN}:versions:$LATEST"),
        ("versions", "1", "1", f"{ARN}:versions:1"),
        ("versions", "live", "1", f"{ARN}:versions:live"),
        ("versions:live", None, "1", f"{ARN}:versions:live"),
        (f"{ARN}:versions:1", None, "1", f"{ARN}:versions:1"),
        ("123456789012:function:versions", "1", "1", f"{ARN}:versions:1"),
    ],
)
def test_what_a_name_and_a_qualifier_mean(
    emulator: Emulator, name: str, qualifier: str | None, version: str, arn: str
) -> None:
    more = {} if qualifier is None else {"Qualifier": qualifier}
    answer = emulator.client("lambda").invoke(FunctionName=name, **more)
    assert answer["ExecutedVersion"] == version
    assert json.loads(answer["Payload"].read()) == [1 if version == "1" else 2, arn]


def test_a_task_runs_the_version_that_its_qualifier_names(emulator: Emulator) -> None:
    def state(resource: str, **parameters: Any) -> dict[str, Any]:
        shape = {"Type": "Task", "Resource": resource}
        return {**shape, "Parameters": parameters} if parameters else shape

    states = chain(
        Alias={
            **state("arn:aws:states:::lambda:invoke", FunctionName="versions", Qualifier="live"),
            "ResultPath": "$.alias",
        },
        Arn={**state(f"{ARN}:versions:1"), "ResultPath": "$.arn"},
    )
    arn = make_machine(emulator, states, "qualified")
    output = emulator.execute(arn, {}).output
    assert (output["alias"]["ExecutedVersion"], output["alias"]["Payload"][0]) == ("1", 1)
    assert output["arn"][0] == 1


def test_an_aliass_weights_share_its_calls(emulator: Emulator) -> None:
    client = emulator.client("lambda")
    client.publish_version(FunctionName="versions")
    client.create_alias(
        FunctionName="versions", Name="shared", FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}},
    )  # fmt: skip
    seen = {
        client.invoke(FunctionName="versions", Qualifier="shared")["ExecutedVersion"]
        for _ in range(20)
    }
    assert seen == {"1", "2"}


def test_changed_variables_are_seen_by_the_next_call(emulator: Emulator) -> None:
    source = "import os\ndef handle(event, context): return os.environ.get('WORD')\n"
    make_function(emulator, "variables", source)
    assert invoke(emulator, "variables")[1] is None
    emulator.client("lambda").update_function_configuration(
        FunctionName="variables", Environment={"Variables": {"WORD": "new"}}
    )
    assert invoke(emulator, "variables")[1] == "new"


def test_an_event_is_answered_without_the_handlers_answer(emulator: Emulator) -> None:
    client = emulator.client("lambda")
    answer = client.invoke(FunctionName="versions", InvocationType="Event")
    assert (answer["StatusCode"], answer["Payload"].read()) == (202, b"")
    assert client.invoke_async(FunctionName="versions", InvokeArgs=b"{}")["Status"] == 202


def test_a_dry_run_runs_nothing(emulator: Emulator) -> None:
    make_function(emulator, "dry", "def handle(event, context): print('ran')\n")
    answer = emulator.client("lambda").invoke(FunctionName="dry", InvocationType="DryRun")
    assert answer["StatusCode"] == 204
    assert emulator.lines("dry") == []


@pytest.mark.parametrize(
    ("request_", "code", "text"),
    [
        ({"FunctionName": "nothing"}, "ResourceNotFoundException", f"{ARN}:nothing"),
        ({"FunctionName": "no name"}, "ValidationException", "'functionName'"),
        ({"FunctionName": "versions", "Qualifier": "a b"}, "ValidationException", "'qualifier'"),
        ({"FunctionName": "versions", "LogType": "Head"}, "ValidationException", "[None, Tail]"),
        ({"FunctionName": "versions:1", "Qualifier": "2"}, "InvalidParameterValueException",
         "The derived qualifier"),
        ({"FunctionName": f"{ARN}:versions".replace("us-east", "eu-west")},
         "ResourceNotFoundException", "Functions from 'eu-west-1' are not reachable"),
        (
            {"FunctionName": "versions", "Qualifier": "7"},
            "ResourceNotFoundException",
            f"{ARN}:versions:7",
        ),
        (
            {"FunctionName": "versions", "Payload": b"{no"},
            "InvalidRequestContentException",
            "Could not parse request body into json",
        ),
        (
            {"FunctionName": "versions", "Payload": b'"' + b"x" * 1_048_576 + b'"',
             "InvocationType": "Event"},
            "RequestTooLargeException",
            "limit 1048576 bytes",
        ),
        ({"FunctionName": "ruby"}, "InvalidRuntimeException", "'ruby3.3'"),
        ({"FunctionName": "image"}, "InvalidRuntimeException", "container image"),
    ],
)  # fmt: skip
def test_what_invoke_refuses(
    emulator: Emulator, request_: dict[str, Any], code: str, text: str
) -> None:
    client = emulator.client("lambda")
    known = {function["FunctionName"] for function in client.list_functions()["Functions"]}
    if "ruby" not in known:
        make_function(emulator, "ruby", "", Runtime="ruby3.3")
        make_function(
            emulator, "image", "", PackageType="Image",
            Code={"ImageUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/image:1"},
        )  # fmt: skip
    found, message = refusal(client.invoke, **request_)
    assert found == code
    assert text in message
    assert emulator.create_snapshot() is not None


def test_a_task_whose_function_cannot_run_fails_by_its_runtimes_name(emulator: Emulator) -> None:
    make_function(emulator, "java", "", Runtime="java21")
    state = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke"}
    arn = make_machine(emulator, chain(T={**state, "Parameters": {"FunctionName": "java"}}), "java")
    execution = emulator.execute(arn, {})
    assert execution.error == "Lambda.InvalidRuntimeException"
    assert "'java21'" in str(execution.cause)


NODE = {
    "returns": ("index.js", "exports.handler = async (event) => [event, process.cwd() !== '']"),
    "calls back": (
        "index.mjs",
        "export const handler = (event, context, done) => done(null, event)",
    ),
    "throws": (
        "index.js",
        "class Bad extends Error { constructor(m) { super(m); this.name = 'Bad' } }\n"
        "exports.handler = async () => { throw new Bad('no') }",
    ),
    "never ends": ("index.js", "exports.handler = () => new Promise(() => {})"),
    "is missing": ("other.js", ""),
    "exports nothing": ("index.js", ""),
    "is broken": ("index.cjs", "exports.handler = ("),
    "exits": ("index.js", "exports.handler = () => process.exit(3)"),
}


@needs_node
def test_a_function_of_node_runs_on_the_node_that_is_there(emulator: Emulator) -> None:
    seen = {}
    for name, (file, source) in NODE.items():
        make_function(
            emulator, name.replace(" ", "-"), "", Runtime="nodejs18.x", Handler="index.handler",
            Code={"ZipFile": pack("", **{file: source})},
        )  # fmt: skip
        failed, answer = invoke(emulator, name.replace(" ", "-"), {"a": "ü"})
        seen[name] = answer["errorType"] if failed else answer
        if name == "throws":
            assert "/var/task/index.js:2" in answer["trace"][1]
    assert seen == {
        "returns": [{"a": "ü"}, True],
        "calls back": {"a": "ü"},
        "throws": "Bad",
        "never ends": None,
        "is missing": "Runtime.ImportModuleError",
        "exports nothing": "Runtime.HandlerNotFound",
        "is broken": "Runtime.UserCodeSyntaxError",
        "exits": "Runtime.ExitError",
    }


def test_a_runtime_that_is_not_here_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from carnation.emulator import runtimes

    monkeypatch.setattr(shutil, "which", lambda name: None)
    runtimes._find_node.cache_clear()
    try:
        assert "`node` on PATH" in find_obstacle("nodejs22.x")
    finally:
        runtimes._find_node.cache_clear()
    monkeypatch.setattr(runtimes, "_find_node", lambda: ("node", 20))
    assert "found node 20" in find_obstacle("nodejs22.x")
    assert find_obstacle("nodejs20.x") == find_obstacle("python3.14") == ""
    assert "'python3.8'" in find_obstacle("python3.8")


def test_a_python_that_is_not_here_is_refused_unless_somebody_is_informed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from carnation.emulator import runtimes

    monkeypatch.setattr(runtimes, "find_python", {"python3.13": "python"}.get)
    strict = PythonFallback(None)
    assert strict.find_obstacle("python3.13") == ""
    assert "no python3.14 is on PATH" in strict.find_obstacle("python3.14")
    assert "fetch --local" in strict.find_obstacle("python3.10", has_wheels=True)
    told: list[str] = []
    fallback = PythonFallback(told.append)
    for runtime in ("python3.13", "python3.14", "python3.14"):
        assert fallback.find_obstacle(runtime) == ""
    (line,) = told
    assert f"'python3.14' run on {PYTHON}: no python3.14" in line
    assert fallback.find_obstacle("python3.13", has_wheels=True) == ""
    assert "fetch --local" in told[-1] or PYTHON == "python3.13"


def test_invoke_refuses_a_python_that_is_not_here(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    from carnation.emulator import runtimes

    make_function(emulator, "newer", ECHO, Runtime="python3.14")
    monkeypatch.setattr(runtimes, "find_python", lambda runtime: None)
    code, message = refusal(emulator.client("lambda").invoke, FunctionName="newer")
    assert code == "InvalidRuntimeException"
    assert "python3.14" in message
    machine = make_machine(emulator, chain(A=task("newer")), "calls-newer")
    ended = emulator.execute(machine, {})
    assert (ended.status, ended.error) == ("FAILED", "Lambda.InvalidRuntimeException")
    assert emulator.find_obstacle("python3.14") in str(ended.cause)


OWN_PYTHON = """import sys
import boto3

def handle(event, context):
    if event == "fail":
        raise ValueError("ü")
    print("said")
    account = boto3.client("sts").get_caller_identity()["Account"]
    in_time = 0 < context.get_remaining_time_in_millis() <= 10000
    return ["python%d.%d" % sys.version_info[:2], account, context.function_name, in_time]
"""


@pytest.mark.parametrize("runtime", ["python3.11", "python3.12", "python3.13", "python3.14"])
def test_a_runtime_of_python_runs_on_the_interpreter_of_its_name(
    emulator: Emulator, runtime: str
) -> None:
    if find_python(runtime) is None:
        pytest.skip(f"no {runtime} is on PATH")
    name = runtime.replace(".", "-")
    make_function(emulator, name, OWN_PYTHON, Runtime=runtime)
    client = emulator.client("lambda")
    answer = client.invoke(FunctionName=name, LogType="Tail")
    assert json.loads(answer["Payload"].read()) == [runtime, "123456789012", name, True]
    assert b"said" in base64.b64decode(answer["LogResult"])
    failed, error = invoke(emulator, name, "fail")
    assert (failed, error["errorType"], error["errorMessage"]) == (True, "ValueError", "ü")


def test_an_interpreter_that_does_not_start_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in (("python3.1", "exit 127"), ("python3.2", "echo /usr/bin/python3.2")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_python("python3.1") is find_python("python3.3") is None
    assert find_python("python3.2") == "/usr/bin/python3.2"
