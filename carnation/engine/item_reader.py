"""ItemReader: where a distributed Map takes its items from.

The object itself comes through the port, as a task of the resource that the reader names; here are
the formats. Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec

from carnation.document.values import Json
from carnation.engine.data_flow import DataFlow, compile_number
from carnation.engine.failures import StateError
from carnation.engine.fibers import Fiber
from carnation.engine.maps import list_items
from carnation.engine.parquet import read_rows
from carnation.engine.payloads import compile_payload
from carnation.engine.ports import Failed, Succeeded, Task
from carnation.engine.tasks import split_resource
from carnation.engine.timestamps import parse_timestamp
from carnation.errors import DefinitionError

FAILED = "States.ItemReaderFailed"
ITEM_LIMIT = 100_000_000
_SEPARATORS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}


class ItemReader:
    """Reads items."""

    def __init__(self, data_flow: DataFlow, body: Mapping[str, Json]) -> None:
        """Compile what is asked for and how many items are taken."""
        self._data_flow = data_flow
        self.resource: str = body["Resource"]
        self.config: Mapping[str, Json] = body.get("ReaderConfig", {})
        field = "Arguments" if data_flow.is_jsonata else "Parameters"
        self._request = compile_payload(
            body.get(field, {}), data_flow.language, f"ItemReader/{field}"
        )
        self._most = compile_number(self.config, "MaxItems", data_flow.language)
        self.format = "LIST" if "listObjects" in self.resource else self.config.get("InputType")
        if self.format not in _FORMATS:
            known = ", ".join(name for name in _FORMATS if name != "LIST")
            raise DefinitionError(
                f"the engine reads no InputType {self.format!r}. It reads {known}."
            )
        if self.format == "PARQUET" and find_spec("pyarrow") is None:
            raise DefinitionError(
                "reading PARQUET needs pyarrow, which is not installed. Install carnation[parquet]."
            )

    def read(self, fiber: Fiber, value: Json) -> list[Json]:
        """Ask the port for the object, and take the items out of it."""
        return self.select_items(fiber, value, self.ask(fiber, self.find_request(fiber, value)))

    def find_request(self, fiber: Fiber, value: Json) -> Json:
        """Evaluate what is asked for: a bucket and a key, or a prefix."""
        return self._data_flow.evaluate(fiber, self._request, value)

    def select_items(self, fiber: Fiber, value: Json, answer: Json) -> list[Json]:
        """Take the items out of what was read, as many as MaxItems lets."""
        most = ITEM_LIMIT
        if self._most is not None:
            given = self._data_flow.evaluate(fiber, self._most, value)
            if isinstance(given, bool) or not isinstance(given, (int, float)) or given < 0:
                raise StateError(FAILED, "field MaxItems must be positive")
            most = int(given) or ITEM_LIMIT
        items: list[Json] = []
        for item in _FORMATS[str(self.format)](self, fiber, answer):
            if len(items) == most:
                break
            items.append(item)
        return items

    def ask(self, fiber: Fiber, request: Json) -> Json:
        """Have the port perform the reader's task."""
        kind, service, action = split_resource(self.resource)
        name, context = self._data_flow.name, {"ReaderConfig": self.config}
        task = Task(name, kind, self.resource, service, action, request, "", context=context)
        outcome = fiber.run.perform(fiber, task)
        if isinstance(outcome, Succeeded):
            return outcome.output
        cause = outcome.cause if isinstance(outcome, Failed) else "the object could not be read"
        raise StateError(FAILED, cause)


def _body(answer: Json) -> str:
    body = answer.get("Body") if isinstance(answer, dict) else answer
    if not isinstance(body, str):
        raise StateError(FAILED, "the object holds no text")
    return body


def _bytes(answer: Json) -> bytes:
    """Return an object's bytes; the port gives those that are no text as lone surrogates."""
    return _body(answer).encode("utf-8", "surrogateescape")


def _read_json(reader: ItemReader, fiber: Fiber, answer: Json) -> Iterator[Json]:
    value = list_items(_parse(_body(answer)))
    if value is None:
        raise StateError(FAILED, "Attempting to map over non-iterable node.")
    yield from value


def _read_lines(reader: ItemReader, fiber: Fiber, answer: Json) -> Iterator[Json]:
    for line in _body(answer).splitlines():
        if line.strip():
            yield _parse(line)


def _parse(text: str) -> Json:
    try:
        return json.loads(text)
    except ValueError as error:
        raise StateError(FAILED, f"the object holds no JSON: {error}") from None


def _read_csv(reader: ItemReader, fiber: Fiber, answer: Json) -> Iterator[Json]:
    separator = _SEPARATORS.get(reader.config.get("CSVDelimiter", "COMMA"), ",")
    # csv.reader reads line by line: a quoted field may hold line breaks
    rows = csv.reader(io.StringIO(_body(answer), newline=""), delimiter=separator)
    if reader.config.get("CSVHeaderLocation") == "GIVEN":
        names = list(reader.config["CSVHeaders"])
    else:
        names = next(rows, [])
    if len(set(names)) < len(names):
        raise StateError(FAILED, "CSV headers cannot contain duplicates.")
    for row in rows:
        padded = [*row, *[""] * (len(names) - len(row))]
        yield dict(zip(names, padded, strict=False))


def _read_parquet(reader: ItemReader, fiber: Fiber, answer: Json) -> Iterator[Json]:
    yield from read_rows(_bytes(answer))


def _read_manifest(reader: ItemReader, fiber: Fiber, answer: Json) -> Iterator[Json]:
    """S3 Inventory: a manifest that names CSV files with a schema, or Parquet files."""
    manifest = _parse(_body(answer))
    if not isinstance(manifest, dict) or "files" not in manifest:
        raise StateError(FAILED, "the manifest names no files")
    names = [name.strip() for name in str(manifest.get("fileSchema", "")).split(",")]
    bucket = str(manifest.get("destinationBucket", "")).rpartition(":")[2]
    for file in manifest["files"]:
        answer = reader.ask(fiber, {"Bucket": bucket, "Key": file["key"]})
        if str(manifest.get("fileFormat")).upper() == "PARQUET":
            yield from read_rows(_bytes(answer))
            continue
        body = _body(answer)
        for row in csv.reader(io.StringIO(body, newline="")):
            yield dict(zip(names, row, strict=False))


def _read_list(reader: ItemReader, fiber: Fiber, answer: Json) -> Iterator[Json]:
    """Yield the objects of a listing, as AWS writes them here: `Etag`, and seconds since 1970."""
    contents = answer.get("Contents") if isinstance(answer, dict) else None
    for entry in contents or []:
        found = {"Etag" if key == "ETag" else key: item for key, item in entry.items()}
        if "LastModified" in found:
            found["LastModified"] = _to_seconds(found["LastModified"])
        yield {key: found[key] for key in _LISTED if key in found}


_LISTED = ("Etag", "Key", "LastModified", "Size", "StorageClass")


def _to_seconds(moment: Json) -> Json:
    seconds = parse_timestamp(moment)
    return moment if seconds is None else int(seconds)


_FORMATS: Mapping[str, Callable[[ItemReader, Fiber, Json], Iterator[Json]]] = {
    "JSON": _read_json,
    "JSONL": _read_lines,
    "CSV": _read_csv,
    "PARQUET": _read_parquet,
    "MANIFEST": _read_manifest,
    "LIST": _read_list,
}
