"""Refusals about Map states, distributed ones above all."""

from __future__ import annotations

from collections.abc import Iterator

from carnation.asl.fields import ATA
from carnation.asl.graph import Node, Problem, State
from carnation.asl.kinds import is_placeholder
from carnation.lazy import re
from carnation.linter.findings import refusal
from carnation.linter.machine import Machine
from carnation.services.task_calls import read_resource

_BAD_LABEL = r"""[\s?*<>{}\[\]:;,\\|^~$#%&`"\x00-\x1f\x7f-\x9f\ufffe\uffff]"""
_MAX_LABEL_LENGTH = 40
_READERS = ("getObject", "listObjectsV2", "listObjects")


def config_of(state: State) -> Node | None:
    """Return the part that says in which mode a Map works, if it says so."""
    for scope in state.inner:
        config = scope.body.get("ProcessorConfig")
        if isinstance(config, dict):
            pointer = f"{scope.pointer}/ProcessorConfig"
            return Node("ProcessorConfig", config, pointer, state.language, state)
    return None


def is_distributed(state: State) -> bool:
    """Return whether a Map starts a child execution for each item."""
    config = config_of(state)
    return config is not None and config.body.get("Mode") == "DISTRIBUTED"


@refusal("execution-type-of-inline-map")
def find_inline_execution_types(machine: Machine) -> Iterator[Problem]:
    """An inline Map names an `ExecutionType`, or a distributed one names none.

    Problem: only a distributed Map starts child executions, so only it says of which type.
    Solution: take `ExecutionType` out, or set `Mode` to DISTRIBUTED.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
    """
    for state in machine.by_type["Map"]:
        config = config_of(state)
        if config is None:
            continue
        mode = config.body.get("Mode", "INLINE")
        if mode == "INLINE" and "ExecutionType" in config.body:
            yield config.problem("an INLINE Map has no 'ExecutionType'", "/ExecutionType")
        elif mode == "DISTRIBUTED" and "ExecutionType" not in config.body:
            yield config.problem("a DISTRIBUTED Map needs an 'ExecutionType'")


@refusal("invalid-label", "INVALID_LABEL_NAME")
def find_bad_labels(machine: Machine) -> Iterator[Problem]:
    """A Map's `Label` is empty, too long, or has a character that it may not have.

    Problem: a label becomes part of the ARN of the Map Run: 1 to 40 characters, no blanks, none of
    ``? * < > { } [ ] : ; , \\ | ^ ~ $ # % & ` "``, no control characters.
    Solution: use letters, digits, hyphens and underscores.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
    """
    for state in machine.by_type["Map"]:
        label = state.body.get("Label")
        if not isinstance(label, str) or is_placeholder(label):
            continue
        found = re.search(_BAD_LABEL, label)
        if found:
            yield state.problem(f"'Label' cannot have the character {found[0]!r}", "/Label")
        elif not 0 < len(label) <= _MAX_LABEL_LENGTH:
            yield state.problem(f"'Label' must have 1 to 40 characters, got {len(label)}", "/Label")


@refusal("duplicate-label", "DUPLICATE_LABEL_NAME")
def find_repeated_labels(machine: Machine) -> Iterator[Problem]:
    """Two Maps have the same `Label`.

    Problem: a label names the Map Runs of one Map, so it is used once in a state machine.
    Solution: rename one of them.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
    """
    seen: dict[str, State] = {}
    for state in machine.by_type["Map"]:
        label = state.body.get("Label")
        if isinstance(label, str) and seen.setdefault(label, state) is not state:
            yield state.problem(f"'{seen[label].name}' has the same label", "/Label")


@refusal("wrong-reader-config")
def find_wrong_readers(machine: Machine) -> Iterator[Problem]:
    """The fields of a `ReaderConfig` do not fit each other.

    Problem: CSV wants `CSVHeaderLocation`; `GIVEN` wants `CSVHeaders`; the CSV fields belong to CSV
    only; an object that is read (`getObject`) wants an `InputType`.
    Solution: add what is missing, or take out what belongs to another type of input.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
    """
    for part in machine.parts_of("ReaderConfig"):
        body = part.body
        kind = body.get("InputType")
        if kind == "CSV" and "CSVHeaderLocation" not in body:
            yield part.problem("CSV needs a 'CSVHeaderLocation'")
        if body.get("CSVHeaderLocation") == "GIVEN" and "CSVHeaders" not in body:
            yield part.problem("the header location GIVEN needs 'CSVHeaders'")
        for name in ("CSVHeaderLocation", "CSVHeaders", "CSVDelimiter"):
            if name in body and kind not in ("CSV", "MANIFEST", None):
                yield part.problem(f"'{name}' belongs to CSV, and this is {kind}", f"/{name}")
        if body.get("CSVHeaderLocation") == "FIRST_ROW" and "CSVHeaders" in body:
            yield part.problem("FIRST_ROW has its headers in the file", "/CSVHeaders")


@refusal("incomplete-result-writer")
def find_half_writers(machine: Machine) -> Iterator[Problem]:
    """A `ResultWriter` has a `Resource` without its parameters, or parameters without a `Resource`.

    Problem: results are exported with both, or, without both, only formatted (`WriterConfig`). AWS
    rejects one alone: "These fields are required: [Arguments]".
    Solution: give `Resource` and `Parameters` (in JSONata `Arguments`) together.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
    """
    for part in machine.parts_of("ResultWriter"):
        name = "Arguments" if part.language == ATA else "Parameters"
        if "Resource" in part.body and name not in part.body:
            yield part.problem(f"a ResultWriter with a 'Resource' needs '{name}'")
        elif name in part.body and "Resource" not in part.body:
            yield part.problem(f"a ResultWriter with '{name}' needs a 'Resource'")


@refusal("unknown-map-connector", "INVALID_RESOURCE")
def find_wrong_connectors(machine: Machine) -> Iterator[Problem]:
    """An `ItemReader` or `ResultWriter` uses an integration that cannot read or write for a Map.

    Problem: a Map reads with `s3:getObject` or `s3:listObjectsV2` and writes with `s3:putObject`.
    Solution: use `arn:aws:states:::s3:getObject`, `…:s3:listObjectsV2` or `…:s3:putObject`.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
    """
    for place, actions in (("ItemReader", _READERS), ("ResultWriter", ("putObject",))):
        for part in machine.parts_of(place):
            resource = part.body.get("Resource")
            if not isinstance(resource, str) or is_placeholder(resource):
                continue
            call = read_resource(resource).full_call
            if call not in {f"s3:{name}" for name in actions}:
                ways = " or ".join(f"s3:{name}" for name in actions)
                yield part.problem(f"a Map's {place} uses {ways}", "/Resource")


@refusal("empty-item-batcher")
def find_empty_batchers(machine: Machine) -> Iterator[Problem]:
    """An `ItemBatcher` does not say how large a batch is.

    Problem: a batch is bounded by a number of items, of bytes, or both; AWS wants at least one.
    Solution: give `MaxItemsPerBatch` or `MaxInputBytesPerBatch` (or their paths).
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html
    """
    for part in machine.parts_of("ItemBatcher"):
        if not any(name.startswith("Max") for name in part.body):
            yield part.problem("the ItemBatcher needs 'MaxItemsPerBatch' or its like")


@refusal("distributed-map-in-express")
def find_distributed_in_express(machine: Machine) -> Iterator[Problem]:
    """An Express state machine has a distributed Map.

    Problem: only Standard executions start Map Runs.
    Solution: make the Map inline, or the state machine Standard.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
    """
    for state in machine.by_type["Map"] if machine.type == "EXPRESS" else ():
        config = config_of(state)
        if config is not None and config.body.get("Mode") == "DISTRIBUTED":
            yield config.problem("an Express machine cannot have a distributed Map", "/Mode")
    for state, inner in _list_express_children(machine):
        if is_distributed(inner):
            yield inner.problem(f"it runs in Express executions, those of Map '{state.name}'")


def _list_express_children(machine: Machine) -> Iterator[tuple[State, State]]:
    """Return the Maps that stand, at any depth, in the Express children of a distributed Map."""
    for state in machine.by_type["Map"]:
        config = config_of(state)
        if config is None or config.body.get("ExecutionType") != "EXPRESS":
            continue
        waiting = list(state.inner)
        while waiting:
            for inner in waiting.pop().states.values():
                waiting.extend(inner.inner)
                if inner.place == "Map":
                    yield state, inner
