"""Jobs that are told how to end, and HTTP endpoints on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from carnation.emulator import Emulator
from carnation.emulator.interpreter.job_services import JOBS, SECONDS
from carnation.emulator.interpreter.jobs import Jobs
from carnation.engine import Failed, Submitted, Succeeded, Task
from carnation.errors import UsageError
from carnation.services.optimized import find_task_result
from carnation.services.shapes import Shape
from tests.emulator.test_emulator import chain, make_machine

ASKED: dict[str, dict[str, Any]] = {
    "athena:startQueryExecution": {"QueryString": "select 1", "WorkGroup": "w"},
    "batch:submitJob": {"JobName": "j", "JobQueue": "q", "JobDefinition": "d"},
    "bedrock:createModelCustomizationJob": {"JobName": "j", "BaseModelIdentifier": "m"},
    "codebuild:retryBuildBatch": {"Id": "p:1"},
    "codebuild:startBuild": {"ProjectName": "p"},
    "codebuild:startBuildBatch": {"ProjectName": "p"},
    "databrew:startJobRun": {"Name": "n"},
    "ecs:runTask": {"Cluster": "c", "TaskDefinition": "t", "LaunchType": "FARGATE"},
    "eks:runJob": {"ClusterName": "c", "Job": {"kind": "Job"}},
    "elasticmapreduce:addStep": {"ClusterId": "j-1", "Step": {"Name": "s"}},
    "elasticmapreduce:createCluster": {"Name": "n"},
    "elasticmapreduce:terminateCluster": {"ClusterId": "j-1"},
    "emr-serverless:startJobRun": {"ApplicationId": "a", "ExecutionRoleArn": "r"},
    "glue:startJobRun": {"JobName": "j", "Arguments": {"--day": "1"}},
    "mediaconvert:createJob": {"Role": "r", "Settings": {"Inputs": []}},
    "sagemaker:createAutoMLJob": {"AutoMLJobName": "n"},
    "sagemaker:createHyperParameterTuningJob": {"HyperParameterTuningJobName": "n"},
    "sagemaker:createLabelingJob": {"LabelingJobName": "n"},
    "sagemaker:createProcessingJob": {"ProcessingJobName": "n"},
    "sagemaker:createTrainingJob": {"TrainingJobName": "n"},
    "sagemaker:createTransformJob": {"TransformJobName": "n"},
}
NOT_OF_A_MODEL = ("emr-serverless:", "elasticmapreduce:", "eks:runJob")
CONTEXT = {
    "Execution": {"Id": "arn:aws:states:eu-west-1:123456789012:execution:m:e"},
    "State": {"EnteredTime": "2026-11-29T10:00:00.000Z"},
}


def make_task(call: str, asked: Any = None, token: str = "token") -> Task:
    service, action = call.split(":")
    resource = f"arn:aws:states:::{call}.sync"
    return Task(
        "Job", "Task", resource, service, f"{action}.sync", asked or ASKED[call], token,
        context=CONTEXT,
    )  # fmt: skip


def list_strangers(value: Any, shape: Shape, where: str = "") -> list[str]:
    """List the members of a value that a shape does not have."""
    if isinstance(value, list) and shape.item is not None:
        return [one for item in value for one in list_strangers(item, shape.item, f"{where}[]")]
    if isinstance(value, dict) and shape.kind == "structure":
        return [
            found
            for key, item in value.items()
            for found in (
                list_strangers(item, shape.members[key], f"{where}.{key}")
                if key in shape.members
                else [f"{where}.{key}"]
            )
        ]
    return []


@pytest.mark.parametrize("call", sorted(JOBS))
def test_a_job_gives_what_the_service_gives(call: str) -> None:
    task = make_task(call)
    outcome = Jobs("succeed").answer(task)
    assert isinstance(outcome, Submitted)
    assert isinstance(outcome.outcome, Succeeded)
    assert outcome.outcome.after == SECONDS
    shape = find_task_result(f"{call}.sync")
    assert shape is not None or call.startswith(NOT_OF_A_MODEL)
    assert shape is None or list_strangers(outcome.outcome.output, shape) == []
    submitted = find_task_result(call)
    assert submitted is not None or call.startswith(NOT_OF_A_MODEL)
    assert submitted is None or list_strangers(outcome.output, submitted) == []
    assert Jobs("succeed").answer(task) == outcome
    failed = Jobs("fail").answer(task)
    assert isinstance(failed, Submitted)
    assert isinstance(failed.outcome, Failed)
    assert failed.outcome.error == "States.TaskFailed"
    assert shape is None or list_strangers(json.loads(failed.outcome.cause or ""), shape) == []
    assert Jobs().answer(task) is None


def test_a_job_gives_back_what_was_asked() -> None:
    outcome = Jobs("succeed").answer(make_task("glue:startJobRun"))
    assert isinstance(outcome, Submitted)
    assert isinstance(outcome.outcome, Succeeded)
    run: Any = outcome.outcome.output
    assert run["Arguments"] == {"--day": "1"}
    assert run["CompletedOn"] - run["StartedOn"] == SECONDS * 1000
    other = Jobs("succeed").answer(make_task("glue:startJobRun", token="other"))
    assert outcome != other


def test_jobs_end_in_one_of_two_ways() -> None:
    with pytest.raises(UsageError, match="'sometimes'"):
        Jobs("sometimes")


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as opened:
        yield opened


def run(emulator: Emulator, name: str, resource: str, parameters: Any, **more: Any) -> Any:
    state = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Parameters": parameters}
    return emulator.execute(make_machine(emulator, chain(Job={**state, **more}), name), {})


def test_an_execution_waits_for_its_job_in_virtual_time(emulator: Emulator) -> None:
    asked = ASKED["batch:submitJob"]
    refused = run(emulator, "refused", "batch:submitJob.sync", asked)
    assert (refused.error, "--jobs succeed" in str(refused.cause)) == ("States.Runtime", True)
    emulator.finish_jobs("succeed", {"Other": 1})
    done = run(emulator, "done", "batch:submitJob.sync", asked)
    assert done.output["Status"] == "SUCCEEDED"
    stamps = [event["timestamp"] for event in done.history]
    assert (stamps[-1] - stamps[0]).total_seconds() == SECONDS
    assert [event["type"] for event in done.history][2:6] == [
        "TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded",
    ]  # fmt: skip
    late = run(emulator, "late", "batch:submitJob.sync", asked, TimeoutSeconds=60)
    assert late.error == "States.Timeout"
    emulator.finish_jobs("fail", {"Job": {"mine": True}})
    assert run(emulator, "told", "batch:submitJob.sync", asked).output == {"mine": True}
    emulator.finish_jobs("fail")
    failed = run(emulator, "failed", "batch:submitJob.sync", asked)
    assert (failed.error, json.loads(failed.cause)["Status"]) == ("States.TaskFailed", "FAILED")
    emulator.finish_jobs()


class Api(BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        seen = {"path": self.path, "headers": dict(self.headers.items()), "body": body}
        content = json.dumps(seen).encode()
        self.send_response(404 if self.path.startswith("/missing") else 200)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def api() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_an_endpoint_on_this_machine_is_called(emulator: Emulator, api: str) -> None:
    arn = emulator.client("events").create_connection(
        Name="keys", AuthorizationType="API_KEY",
        AuthParameters={
            "ApiKeyAuthParameters": {"ApiKeyName": "X-Key", "ApiKeyValue": "secret"},
            "InvocationHttpParameters": {
                "QueryStringParameters": [{"Key": "page", "Value": "1"}],
            },
        },
    )["ConnectionArn"]  # fmt: skip
    asked = {
        "ApiEndpoint": f"{api}/orders", "Method": "POST", "RequestBody": {"a": ["b", "ü"]},
        "Authentication": {"ConnectionArn": arn}, "QueryParameters": {"q": ["x", "y"]},
        "Headers": {"X-Mine": "1"},
    }  # fmt: skip
    result = run(emulator, "http", "http:invoke", asked).output
    assert (result["StatusCode"], result["StatusText"]) == (200, "OK")
    assert result["Headers"]["content-type"] == ["application/json; charset=utf-8"]
    seen = result["ResponseBody"]
    assert seen["path"] == "/orders?q=x&q=y&page=1"
    assert json.loads(seen["body"]) == {"a": ["b", "ü"]}
    assert (seen["headers"]["X-Key"], seen["headers"]["X-Mine"]) == ("secret", "1")
    encoding = {
        "RequestBodyEncoding": "URL_ENCODED",
        "RequestEncodingOptions": {"ArrayFormat": "BRACKETS"},
    }
    form = run(emulator, "form", "http:invoke", {**asked, "Transform": encoding}).output
    assert form["ResponseBody"]["body"] == "a%5B%5D=b&a%5B%5D=%C3%BC"
    missing = run(emulator, "missing", "http:invoke", {**asked, "ApiEndpoint": f"{api}/missing"})
    assert missing.error == "States.Http.StatusCode.404"


@pytest.mark.parametrize(
    ("endpoint", "connection", "error", "said"),
    [
        ("https://api.example.com/a", "x", "States.Runtime", "this machine only"),
        ("http://127.0.0.1.evil.test/", "x", "States.Runtime", "this machine only"),
        ("http://127.0.0.1:1/", "arn:aws:events:::connection/none/1", "States.Runtime", "'none'"),
        ("http://127.0.0.1:1/", "none", "States.Runtime", "ConnectionArn"),
    ],
)
def test_what_is_not_called(
    emulator: Emulator, endpoint: str, connection: str, error: str, said: str
) -> None:
    from carnation.emulator.interpreter.http_calls import invoke_http

    asked = {"ApiEndpoint": endpoint, "Method": "GET"}
    task = Task(
        "Call", "Task", "arn:aws:states:::http:invoke", "http", "invoke",
        {**asked, "Authentication": {"ConnectionArn": connection}}, "t",
    )  # fmt: skip
    outcome = invoke_http(emulator.client, task)
    assert isinstance(outcome, Failed)
    assert outcome.error == error
    assert said in str(outcome.cause)
