"""Functions run for real: their environment, their results, their errors as Lambda gives them."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from carnation.document import digest
from carnation.emulator import Emulator
from carnation.errors import EmulatorError
from tests.emulator.test_emulator import invoke, make_function, pack


@pytest.fixture(scope="module", params=["in workers", "in process"])
def emulator(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    with Emulator(in_process=request.param == "in process", region="eu-west-1") as opened:
        yield opened


def run(emulator: Emulator, name: str, source: str, event: Any = None, **settings: Any) -> Any:
    """Make a function and invoke it once."""
    make_function(emulator, name, source, **settings)
    return invoke(emulator, name, event)


def test_a_function_knows_its_context(emulator: Emulator) -> None:
    source = (
        "def handle(event, context):\n"
        "    left = context.get_remaining_time_in_millis()\n"
        "    return [context.function_name, context.function_version, 0 < left <= 10000,\n"
        "            context.invoked_function_arn, context.memory_limit_in_mb,\n"
        "            len(context.aws_request_id)]\n"
    )
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:context"
    _, answer = run(emulator, "context", source)
    assert answer == ["context", "$LATEST", True, arn, "128", 36]


def test_a_function_calls_the_emulators_services(emulator: Emulator) -> None:
    source = (
        "import boto3\n"
        "def handle(event, context):\n"
        "    boto3.client('sqs').create_queue(QueueName='made-by-function')\n"
        "    s3 = boto3.client('s3')\n"
        "    s3.put_object(Bucket='bucket', Key='a/ü', Body=b'body')\n"
        "    return s3.get_object(Bucket='bucket', Key='a/ü')['Body'].read().decode()\n"
    )
    emulator.client("s3").create_bucket(
        Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    assert run(emulator, "calls", source) == (False, "body")
    (url,) = emulator.client("sqs").list_queues()["QueueUrls"]
    assert url.endswith("/made-by-function")
    assert emulator.objects("bucket") == {"a/ü": b"body"}


def test_an_exception_is_reported_by_class_text_and_trace(emulator: Emulator) -> None:
    source = (
        "class EventConflict(Exception): pass\n"
        "def handle(event, context):\n"
        "    raise EventConflict('two of ü')\n"
    )
    failed, error = run(emulator, "raises", source)
    assert failed
    assert (error["errorType"], error["errorMessage"]) == ("EventConflict", "two of ü")
    (frame,) = error["stackTrace"]
    assert 'handler.py", line 3, in handle\n    raise EventConflict' in frame
    assert len(error["requestId"]) == 36


@pytest.mark.parametrize(
    ("name", "source", "handler", "error", "message"),
    [
        ("imports", "import nothing_there", "handler.handle", "Runtime.ImportModuleError",
         "Unable to import module 'handler': No module named 'nothing_there'"),
        ("syntax", "def handle(:", "handler.handle", "Runtime.UserCodeSyntaxError",
         "Syntax error in module 'handler': "),
        ("missing", "x = 1", "handler.handle", "Runtime.HandlerNotFound",
         "Handler 'handle' missing on module 'handler'"),
        ("malformed", "x = 1", "handler", "Runtime.MalformedHandlerName", "Bad handler 'handler'"),
        ("marshal", "def handle(e, c): return {1, 2}", "handler.handle", "Runtime.MarshalError",
         "Unable to marshal response: "),
        ("raises-early", "raise ValueError('early')", "handler.handle", "ValueError", "early"),
        ("exits", "import sys\ndef handle(e, c): sys.exit(3)", "handler.handle",
         "Runtime.ExitError", "Error: Runtime exited with error: exit status 3"),
        ("leaves", "import sys\ndef handle(e, c): sys.exit()", "handler.handle",
         "Runtime.ExitError", "Error: Runtime exited without providing a reason"),
        ("large", "def handle(e, c): return 'x' * 6_291_555", "handler.handle",
         "Function.ResponseSizeTooLarge", "Response payload size"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_named_as_lambda_names_it(
    emulator: Emulator, name: str, source: str, handler: str, error: str, message: str
) -> None:
    failed, payload = run(emulator, name, source, Handler=handler)
    assert failed
    assert payload["errorType"] == error
    assert message in payload["errorMessage"]


def test_a_function_that_takes_too_long_has_timed_out(emulator: Emulator) -> None:
    source = "import time\ndef handle(event, context): time.sleep(1.3)"
    failed, error = run(emulator, "slow", source, Timeout=1)
    assert failed
    assert error["errorType"] == "Sandbox.Timedout"
    assert error["errorMessage"].endswith("Error: Task timed out after 1.00 seconds")


def test_what_a_function_prints_is_kept_and_not_mixed_into_ours(
    emulator: Emulator, capfd: pytest.CaptureFixture[str]
) -> None:
    source = (
        "import logging, sys\n"
        "def handle(event, context):\n"
        "    print('to stdout'); print('to stderr', file=sys.stderr)\n"
    )
    run(emulator, "prints", source)
    deadline = time.monotonic() + 5
    while len(emulator.lines("prints")) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert sorted(emulator.lines("prints")) == ["to stderr", "to stdout"]
    assert emulator.lines("nothing") == []
    assert capfd.readouterr() == ("", "")


def test_two_functions_whose_modules_have_one_name_stay_apart(emulator: Emulator) -> None:
    for word in ("one", "two"):
        code = pack(
            "import part\ndef handle(e, c): return part.WORD", **{"part.py": f"WORD = '{word}'"}
        )
        make_function(emulator, word, "", Code={"ZipFile": code})
    assert [invoke(emulator, word)[1] for word in ("one", "two", "one")] == ["one", "two", "one"]


def test_a_worker_is_used_again_and_keeps_what_its_module_holds(emulator: Emulator) -> None:
    source = "calls = []\ndef handle(e, c):\n    calls.append(e)\n    return len(calls)"
    make_function(emulator, "warm", source)
    assert [invoke(emulator, "warm", 1)[1] for _ in range(3)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ({}, "Please provide a source"),
        ({"ZipFile": b"no zip"}, "Could not unzip"),
        ({"ZipFile": b"no zip", "ImageUri": "image"}, "do not provide other"),
    ],
)
def test_code_that_is_not_a_zip_is_refused(
    emulator: Emulator, code: dict[str, Any], message: str
) -> None:
    with pytest.raises(ClientError, match=f"InvalidParameterValueException.*{message}"):
        make_function(emulator, "not-zip", "", Code=code)
    make_function(emulator, "is-zip", "def handle(event, context): return 1\n")
    with pytest.raises(ClientError, match=f"InvalidParameterValueException.*{message}"):
        emulator.client("lambda").update_function_code(FunctionName="is-zip", **code)
    emulator.client("lambda").delete_function(FunctionName="is-zip")


def test_an_object_that_is_not_a_zip_is_refused_when_it_is_run(emulator: Emulator) -> None:
    s3 = emulator.client("s3")
    place = {"LocationConstraint": emulator.region}
    s3.create_bucket(Bucket="code", CreateBucketConfiguration=place)
    s3.put_object(Bucket="code", Key="key", Body=b"no zip")
    make_function(emulator, "not-zip", "", Code={"S3Bucket": "code", "S3Key": "key"})
    with pytest.raises(EmulatorError, match="the code of a function is not a zip"):
        invoke(emulator, "not-zip")


def test_the_tail_of_the_log_has_what_this_invocation_printed(emulator: Emulator) -> None:
    make_function(emulator, "tail", "def handle(event, context): print('said', event)\n")
    client = emulator.client("lambda")
    for word in (b'"one"', b'"two"'):
        answer = client.invoke(FunctionName="tail", LogType="Tail", Payload=word)
    tail = base64.b64decode(answer["LogResult"]).decode()
    assert tail.startswith("START RequestId: ")
    assert "\nsaid two\nEND " in tail
    assert "one" not in tail
    assert "LogResult" not in client.invoke(FunctionName="tail", Payload=b"1")


def test_layers_are_found_and_traces_name_lambdas_folders(emulator: Emulator) -> None:
    layers = [
        emulator.client("lambda").publish_layer_version(
            LayerName=name, Content={"ZipFile": pack("", **{"python/part.py": text})}
        )["LayerVersionArn"]
        for name, text in (("under", "X = 1\n"), ("over", "def fail(): raise ValueError(2)\n"))
    ]
    source = "import part\ndef handle(event, context):\n    part.fail()\n"
    make_function(emulator, "layered", source, Layers=layers)
    failed, error = invoke(emulator, "layered")
    assert failed
    assert error["errorMessage"] == "2"
    trace = "".join(error["stackTrace"])
    assert '"/var/task/handler.py", line 3' in trace
    assert '"/opt/python/part.py", line 1' in trace


def test_packages_for_this_machine_stand_before_those_of_the_zip(
    emulator: Emulator, tmp_path: Path
) -> None:
    code = pack(
        "import part\ndef handle(event, context): return part.FOR\n",
        **{"part.py": "raise ImportError('compiled for another machine')\n"},
    )
    (tmp_path / "part.py").write_text("FOR = 'here'\n")
    emulator.wheels[digest(code)] = tmp_path
    make_function(emulator, "local", "", Code={"ZipFile": code})
    assert invoke(emulator, "local") == (False, "here")
