"""ResultWriter: what a distributed Map leaves in a bucket: a manifest, and files of results.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from carnation.document.values import Json
from carnation.engine.child_executions import MapRun
from carnation.engine.data_flow import DataFlow
from carnation.engine.failures import StateError
from carnation.engine.fibers import Fiber
from carnation.engine.payloads import compile_payload, to_text
from carnation.engine.ports import Failed, Task
from carnation.engine.tasks import split_resource

FAILED = "States.ResultWriterFailed"


class ResultWriter:
    """Writes results through the port."""

    def __init__(self, data_flow: DataFlow, body: Mapping[str, Json]) -> None:
        """Compile where to."""
        self._data_flow = data_flow
        self._resource: str = body.get("Resource", "")
        self._config: Mapping[str, Json] = body.get("WriterConfig", {})
        field = "Arguments" if data_flow.is_jsonata else "Parameters"
        self._request = compile_payload(
            body.get(field, {}), data_flow.language, f"ResultWriter/{field}"
        )

    def write(self, fiber: Fiber, value: Json, map_run: MapRun) -> Json:
        """Write the manifest and the files; returns the state's output."""
        place = self._data_flow.evaluate(fiber, self._request, value)
        if not self._resource:
            return list(self._list_results(fiber, "SUCCEEDED"))
        run_id = map_run.arn.rpartition(":")[2]
        prefix = place.get("Prefix", "").rstrip("/")
        folder = f"{prefix}/{run_id}" if prefix else run_id
        suffix = "jsonl" if self._config.get("OutputType") == "JSONL" else "json"
        files: dict[str, list[dict[str, Json]]] = {}
        for status in ("FAILED", "PENDING", "SUCCEEDED"):
            files[status] = []
            if any(_status(child) == status for child in fiber.children):
                texts = [to_text(each) for each in self._list_results(fiber, status)]
                key, text = f"{folder}/{status}_0.{suffix}", _join(texts, suffix)
                self._put(fiber, place, key, text)
                files[status].append({"Key": key, "Size": len(text.encode("utf-8", "replace"))})
        manifest = {
            "DestinationBucket": place.get("Bucket"),
            "MapRunArn": map_run.arn,
            "ResultFiles": files,
        }
        self._put(fiber, place, f"{folder}/manifest.json", to_text(manifest))
        return {
            "MapRunArn": map_run.arn,
            "ResultWriterDetails": {
                "Bucket": place.get("Bucket"),
                "Key": f"{folder}/manifest.json",
            },
        }

    def _list_results(self, fiber: Fiber, status: str) -> Iterator[Json]:
        """Yield what the file of a status holds, one after the other."""
        for child in fiber.children:
            if _status(child) == status:
                result = self._transform(child, status)
                if self._config.get("Transformation") == "FLATTEN" and isinstance(result, list):
                    yield from result
                else:
                    yield result

    def _transform(self, child: Fiber, status: str) -> Json:
        transformation = self._config.get("Transformation", "NONE")
        if status == "SUCCEEDED" and transformation in ("COMPACT", "FLATTEN"):
            return child.output
        execution = child.context["Execution"]
        record = {
            "ExecutionArn": execution["Id"],
            "Input": to_text(execution["Input"]),
            "InputDetails": {"Included": True},
            "Name": execution["Name"],
            "StartDate": execution["StartTime"],
            "StateMachineArn": child.context["StateMachine"]["Id"],
            "Status": status,
        }
        if child.failure is None:
            record["Output"] = to_text(child.output)
            record["OutputDetails"] = {"Included": True}
        else:
            record["Error"], record["Cause"] = child.failure.error, child.failure.cause
        return record

    def _put(self, fiber: Fiber, place: Mapping[str, Json], key: str, text: str) -> None:
        kind, service, action = split_resource(self._resource)
        request = {"Bucket": place.get("Bucket"), "Key": key, "Body": text}
        task = Task(self._data_flow.name, kind, self._resource, service, action, request, "")
        outcome = fiber.run.perform(fiber, task)
        if isinstance(outcome, Failed):
            raise StateError(FAILED, outcome.cause)


def _status(child: Fiber) -> str:
    return "SUCCEEDED" if child.failure is None else "FAILED"


def _join(texts: list[str], suffix: str) -> str:
    if suffix == "jsonl":
        return "".join(f"{text}\n" for text in texts)
    return f"[{','.join(texts)}]"
