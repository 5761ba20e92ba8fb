"""Risks of a Map's own fields: those that do nothing here, and those that are empty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from carnation.asl.graph import Node, Problem
from carnation.asl.kinds import is_placeholder
from carnation.linter.findings import WARNING, risk
from carnation.linter.machine import Machine
from carnation.linter.rules.maps import config_of, is_distributed

_DISTRIBUTED = ("ItemReader", "ItemBatcher", "ResultWriter", "Label")
_TYPES = ("CSV", "JSON", "JSONL", "PARQUET", "MANIFEST")
_OF_TYPE: Mapping[str, tuple[str, ...]] = {
    "ManifestType": ("MANIFEST",),
    "ItemsPointer": ("JSON",),
}


@risk("field-of-distributed-map", WARNING)
def find_distributed_fields(machine: Machine) -> Iterator[Problem]:
    """An inline Map has a field that only a distributed one uses.

    Problem: AWS accepts `ItemReader`, `ItemBatcher`, `ResultWriter` and `Label` in any Map; an
    inline one reads no files, makes no batches, and exports nothing.
    Solution: set `"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}`, or take
    the field out.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html
    """
    for state in machine.by_type["Map"]:
        config = config_of(state)
        mode = config.body.get("Mode") if config else None
        if not is_distributed(state) and not is_placeholder(mode):
            for name in (name for name in _DISTRIBUTED if name in state.body):
                yield state.problem(f"'{name}' has no effect in an inline Map", f"/{name}")


@risk("unused-reader-field", WARNING)
def find_unused_fields(machine: Machine) -> Iterator[Problem]:
    """A field of an `ItemReader` does not belong to what it reads.

    Problem: `ManifestType` belongs to a manifest, `ItemsPointer` to JSON, `Transformation` to a
    listing (`s3:listObjectsV2`).
    Solution: take the field out, or change the `InputType` or the `Resource`.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
    """
    for part in machine.parts_of("ReaderConfig"):
        kind = part.body.get("InputType")
        for name, kinds in _OF_TYPE.items():
            if name in part.body and kind in _TYPES and kind not in kinds:
                message = f"'{name}' belongs to {' or '.join(kinds)}, and this is {kind}"
                yield part.problem(message, f"/{name}")
    for part in machine.parts_of("ItemReader"):
        yield from _find_in_reader(part)


def _find_in_reader(part: Node) -> Iterator[Problem]:
    config, resource = part.body.get("ReaderConfig"), part.body.get("Resource")
    flattens = isinstance(config, Mapping) and config.get("Transformation") == "LOAD_AND_FLATTEN"
    if flattens and isinstance(resource, str) and resource.endswith(":s3:getObject"):
        where = "/ReaderConfig/Transformation"
        yield part.problem("LOAD_AND_FLATTEN belongs to s3:listObjectsV2", where)


@risk("empty-result-writer", WARNING)
def find_empty_writers(machine: Machine) -> Iterator[Problem]:
    """A `ResultWriter` says neither where results go nor how they look.

    Problem: AWS accepts it, and the state fails when it runs.
    Solution: give it a `WriterConfig`, or `Resource` and `Parameters`, or take it out.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
    """
    for part in machine.parts_of("ResultWriter"):
        if not part.body:
            yield part.problem("the ResultWriter is empty")
