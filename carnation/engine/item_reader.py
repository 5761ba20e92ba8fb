"""ItemReader: where a distributed Map takes its items from.

The object itself comes through the port, as a task of the resource that the reader names; here are
the formats. Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html.
"""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.util import find_spec
from typing import TypeVar

from carnation.document import split_pointer
from carnation.document.values import Json
from carnation.engine.child_executions import Sources
from carnation.engine.data_flow import DataFlow
from carnation.engine.failures import StateError
from carnation.engine.fibers import Fiber
from carnation.engine.maps import list_items
from carnation.engine.numbers import compile_number, is_whole
from carnation.engine.parquet import read_rows
from carnation.engine.payloads import compile_payload
from carnation.engine.ports import Failed, Succeeded, Task
from carnation.engine.tasks import split_resource
from carnation.engine.timestamps import parse_timestamp
from carnation.errors import DefinitionError

FAILED = "States.ItemReaderFailed"
T = TypeVar("T")
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
        self._lists = "listObjects" in self.resource
        kind, manifest = self.config.get("InputType"), self.config.get("ManifestType")
        self.input_type = "MANIFEST" if manifest == "S3_INVENTORY" else kind
        self._reads = not self._lists or self.config.get("Transformation") == "LOAD_AND_FLATTEN"
        if self._reads and self.input_type not in _FORMATS:
            raise DefinitionError(
                f"the engine reads no InputType {kind!r}. It reads {', '.join(_FORMATS)}."
            )
        if self._reads and kind == "PARQUET" and find_spec("pyarrow") is None:
            raise DefinitionError(
                "reading PARQUET needs pyarrow, which is not installed. Install carnation[parquet]."
            )

    def read(self, fiber: Fiber, value: Json) -> tuple[list[Json], Sources]:
        """Ask the port for the object, and take the items out of it; gives their sources too."""
        request = self.find_request(fiber, value)
        sources: Sources = []
        found = self._list_items(fiber, request, self.ask(fiber, request))
        items: list[Json] = []
        for source, item in self._limit(fiber, value, found):
            if not sources or sources[-1][1] != source:
                sources.append((len(items), source))
            items.append(item)
        return items, sources

    def read_sample(self, fiber: Fiber, value: Json, data: str) -> list[Json]:
        """Take the items out of data that a test gives in the place of what is read."""
        reads = _FORMATS[str(self.input_type)] if self._reads else _read_json
        return list(self._limit(fiber, value, reads(self, fiber, {"Body": data})))

    def find_request(self, fiber: Fiber, value: Json) -> Json:
        """Evaluate what is asked for: a bucket and a key, or a prefix."""
        return self._data_flow.evaluate(fiber, self._request, value)

    def _limit(self, fiber: Fiber, value: Json, found: Iterator[T]) -> Iterator[T]:
        """Take as many items as MaxItems lets."""
        most = ITEM_LIMIT
        if self._most is not None:
            given = self._data_flow.evaluate(fiber, self._most, value)
            if not is_whole(given) or given < 0:
                raise StateError(FAILED, "field MaxItems must be positive")
            most = int(given) or ITEM_LIMIT
        return itertools.islice(found, most)

    def _list_items(self, fiber: Fiber, request: Json, answer: Json) -> Iterator[tuple[str, Json]]:
        """Yield each item behind the URI of where it comes from, as the Context object names it."""
        bucket, key = (str(_find_member(request, name)) for name in ("Bucket", "Key"))
        if self._lists:
            listed = self._list_pages(fiber, request, answer)
            if self._reads:
                yield from self._read_each(fiber, ((bucket, entry["Key"]) for entry in listed))
            else:
                yield from ((f"S3://{bucket}", _describe_object(entry)) for entry in listed)
        elif self.config.get("ManifestType") == "ATHENA_DATA":
            yield from self._read_each(fiber, _list_places(_body(answer)))
        else:
            for item in _FORMATS[str(self.input_type)](self, fiber, answer):
                yield f"S3://{bucket}/{key}", item

    def _list_pages(self, fiber: Fiber, request: Json, answer: Json) -> Iterator[dict[str, Json]]:
        """Yield what is listed, a thousand of it in a page."""
        while True:
            yield from _find_member(answer, "Contents") or ()
            token = _find_member(answer, "NextContinuationToken")
            if not token:
                return
            answer = self.ask(fiber, {**request, "ContinuationToken": token})

    def _read_each(
        self, fiber: Fiber, places: Iterable[tuple[str, str]]
    ) -> Iterator[tuple[str, Json]]:
        """Yield the items of several objects, one after the other."""
        for bucket, key in places:
            read = self.get(fiber, bucket, key)
            for item in _FORMATS[str(self.input_type)](self, fiber, read):
                yield f"S3://{bucket}/{key}", item

    def get(self, fiber: Fiber, bucket: str, key: str) -> Json:
        """Have the port get an object that a listing or a manifest names."""
        resource = f"{self.resource.rpartition(':')[0]}:getObject"
        return self._perform(fiber, resource, {"Bucket": bucket, "Key": key})

    def ask(self, fiber: Fiber, request: Json) -> Json:
        """Have the port perform the reader's task."""
        return self._perform(fiber, self.resource, request)

    def _perform(self, fiber: Fiber, resource: str, request: Json) -> Json:
        kind, service, action = split_resource(resource)
        name, context = self._data_flow.name, {"ReaderConfig": self.config}
        task = Task(name, kind, resource, service, action, request, "", context=context)
        outcome = fiber.run.perform(fiber, task)
        if isinstance(outcome, Succeeded):
            return outcome.output
        cause = outcome.cause if isinstance(outcome, Failed) else "the object could not be read"
        raise StateError(FAILED, cause)


def _find_member(value: Json, name: str) -> Json:
    return value.get(name) if isinstance(value, dict) else None


def _list_places(text: str) -> Iterator[tuple[str, str]]:
    r"""Yield (bucket, key) for each line of a manifest of Athena.

    >>> list(_list_places("s3://b/a/1.csv\n\ns3://b/a/2.csv\n"))
    [('b', 'a/1.csv'), ('b', 'a/2.csv')]
    """
    for line in filter(None, map(str.strip, text.split("\n"))):
        bucket, _, key = line.strip('"').removeprefix("s3://").partition("/")
        if not key:
            raise StateError(FAILED, f"the manifest names no object: {line}")
        yield bucket, key


def _body(answer: Json) -> str:
    body = answer.get("Body") if isinstance(answer, dict) else answer
    if not isinstance(body, str):
        raise StateError(FAILED, "the object holds no text")
    return body


def _bytes(answer: Json) -> bytes:
    """Return an object's bytes; the port gives those that are no text as lone surrogates."""
    return _body(answer).encode("utf-8", "surrogateescape")


def _read_json(reader: ItemReader, fiber: Fiber, answer: Json) -> Iterator[Json]:
    value = list_items(_point(_parse(_body(answer)), reader.config.get("ItemsPointer", "")))
    if value is None:
        raise StateError(FAILED, "Attempting to map over non-iterable node.")
    yield from value


def _point(value: Json, pointer: str) -> Json:
    """Follow ItemsPointer to the items.

    >>> _point({"a": [{"b/c": [1]}]}, "/a/0/b~1c")
    [1]
    """
    for part in split_pointer(pointer):
        try:
            value = value[int(part) if isinstance(value, list) else part]
        except (LookupError, TypeError, ValueError):
            cause = f"the object has nothing at the ItemsPointer '{pointer}'"
            raise StateError(FAILED, cause) from None
    return value


def _read_lines(reader: ItemReader, fiber: Fiber, answer: Json) -> Iterator[Json]:
    for line in _body(answer).split("\n"):  # a text may hold what str.splitlines splits at
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
    for row in filter(None, rows):  # an empty line is no row
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
        content = _bytes(reader.get(fiber, bucket, file["key"]))
        if str(manifest.get("fileFormat")).upper() == "PARQUET":
            yield from read_rows(content)
            continue
        for row in csv.reader(io.StringIO(_unzip(content), newline="")):
            yield dict(zip(names, row, strict=False))


def _unzip(content: bytes) -> str:
    """Return the text of a file of an inventory, which S3 writes with gzip."""
    try:
        is_zipped = content.startswith(b"\x1f\x8b")
        return (gzip.decompress(content) if is_zipped else content).decode()
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise StateError(FAILED, f"a file of the manifest holds no text: {error}") from None


def _describe_object(entry: dict[str, Json]) -> Json:
    """Describe a listed object as AWS does here: `Etag`, and seconds since 1970."""
    found = {"Etag" if key == "ETag" else key: item for key, item in entry.items()}
    if "LastModified" in found:
        found["LastModified"] = _to_seconds(found["LastModified"])
    return {key: found[key] for key in _LISTED if key in found}


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
}
