"""The parts of a Task and a Map that have fields of their own: readers, writers, batches, roles.

Each is a mapping as ASL writes it, made of named arguments that the table of fields checks. Where a
state takes one, a plain mapping does as well and is checked the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from carnation.asl import KNOWN, fields_of, find_problem
from carnation.errors import DefinitionError, suggest_name
from carnation.states.arguments import (
    UNSET,
    find_line,
    is_dynamic,
    list_languages,
    read_arguments,
    reject_exclusions,
    reject_mixture,
)

Extra = Mapping[str, Any]
PLACES = {
    "item_reader": "ItemReader",
    "item_batcher": "ItemBatcher",
    "result_writer": "ResultWriter",
    "credentials": "Credentials",
    "processor_config": "ProcessorConfig",
}
"""The arguments of states that take a part, and its place in the table."""
_INNER = {"ReaderConfig", "WriterConfig"}


class StatePart(dict[str, Any]):
    """A part of a state, as ASL writes it; `extra` names the fields that nobody knows yet."""

    place = ""
    extra: tuple[str, ...] = ()

    def fill(self, arguments: Mapping[str, Any]) -> None:
        """Check what was given and put it in, in the table's order."""
        owner = f"{'an' if self.place[0] == 'I' else 'a'} {self.place}"
        given, extra = read_arguments(self.place, owner, arguments)
        reject_mixture(owner, list_languages(self.place, given))
        for field in fields_of(self.place):
            value = given.get(field.argument, UNSET)
            if value is UNSET:
                continue
            if field.kind == "path" and is_dynamic(value):
                value = value.to_jsonpath()
            self[field.name] = value
        self.update(extra)
        self.extra = tuple(name for name in extra if name not in KNOWN[self.place])


def reject_wrong_parts(owner: str, given: Mapping[str, Any]) -> None:
    """Raise `DefinitionError` where a plain mapping is no such part of a state."""
    for argument, place in PLACES.items():
        value = given.get(argument, UNSET)
        if isinstance(value, Mapping):
            _reject_wrong_part(owner, place, value)
        elif value is not UNSET and value is not None:
            raise DefinitionError(
                f"{owner} ({find_line()}): its {place} is {value!r}; expected {place}(...)."
            )


def _reject_wrong_part(owner: str, place: str, body: Mapping[str, Any]) -> None:
    known, extra = KNOWN[place], getattr(body, "extra", ())
    for name, value in body.items():
        field = known.get(name) or known.get(name.removesuffix(".$"))
        if name in extra:
            continue
        if field is None:
            raise DefinitionError(
                f"{owner} ({find_line()}): its {place} has no field '{name}'."
                f"{suggest_name(name, known)}"
            )
        problem = "" if name != field.name or is_dynamic(value) else find_problem(field, value)
        if problem:
            raise DefinitionError(f"{owner} ({find_line()}): {place}.{name} {problem}.")
        if name in _INNER and isinstance(value, Mapping):
            _reject_wrong_part(owner, name, value)
    reject_exclusions(place, owner, body)


def list_part_languages(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the fields in a state's parts that belong to one query language, each with it."""
    for argument, place in PLACES.items():
        body = given.get(argument)
        if isinstance(body, Mapping):
            yield from _list_languages(place, body)


def _list_languages(place: str, body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in body.items():
        field = KNOWN[place].get(name)
        if field is not None:
            found = list_languages(place, {field.argument: value})
            yield from ((f"{place}.{label}", language) for label, language in found)
        if name in _INNER and isinstance(value, Mapping):
            yield from _list_languages(name, value)


class Credentials(StatePart):
    """The role that a Task takes for its call, in this account or another.

    `role_arn` is an ARN; in JSONPath also an expression, in JSONata one in `{% … %}`.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-access-cross-acct-resources.html

    >>> Credentials(role_arn="arn:aws:iam::111122223333:role/Pay")
    {'RoleArn': 'arn:aws:iam::111122223333:role/Pay'}
    """

    place = "Credentials"

    def __init__(self, *, role_arn: Any, extra: Extra = UNSET) -> None:
        if is_dynamic(role_arn):
            self.fill({"role_arn": UNSET, "extra": extra})
            self["RoleArn.$"] = role_arn.to_jsonpath()
        else:
            self.fill(locals())


class ProcessorConfig(StatePart):
    """How a Map runs its iterations: `mode` INLINE, or DISTRIBUTED with an `execution_type`.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html

    >>> ProcessorConfig(mode="DISTRIBUTED", execution_type="EXPRESS")
    {'Mode': 'DISTRIBUTED', 'ExecutionType': 'EXPRESS'}
    """

    place = "ProcessorConfig"

    def __init__(
        self, *, mode: str = UNSET, execution_type: str = UNSET, extra: Extra = UNSET
    ) -> None:
        self.fill(locals())


class ReaderConfig(StatePart):
    """What an ItemReader finds, and how much of it a Map takes.

    `input_type` is CSV (with `csv_header_location` FIRST_ROW, or GIVEN and `csv_headers`), JSON
    (with `items_pointer` to the list in it), JSONL, PARQUET or MANIFEST (with `manifest_type`).
    `transformation` LOAD_AND_FLATTEN reads the objects that a list or a manifest names.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html

    >>> ReaderConfig(input_type="CSV", csv_header_location="FIRST_ROW", max_items=10)
    {'InputType': 'CSV', 'CSVHeaderLocation': 'FIRST_ROW', 'MaxItems': 10}
    """

    place = "ReaderConfig"

    def __init__(
        self,
        *,
        input_type: str = UNSET,
        manifest_type: str = UNSET,
        transformation: str = UNSET,
        csv_header_location: str = UNSET,
        csv_headers: Sequence[str] = UNSET,
        csv_delimiter: str = UNSET,
        max_items: int | str = UNSET,
        max_items_path: Any = UNSET,
        items_pointer: str = UNSET,
        extra: Extra = UNSET,
    ) -> None:
        self.fill(locals())


class ItemReader(StatePart):
    """Where a distributed Map reads its items: an object in S3, or the list of a bucket's objects.

    `resource` is `integration_arn("s3:getObject")` or `integration_arn("s3:listObjectsV2")`; what
    it takes is in `parameters`, in JSONata in `arguments`. Source:
    https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html

    >>> ItemReader(resource="arn:aws:states:::s3:listObjectsV2", parameters={"Bucket": "photos"})
    {'Resource': 'arn:aws:states:::s3:listObjectsV2', 'Parameters': {'Bucket': 'photos'}}
    """

    place = "ItemReader"

    def __init__(
        self,
        *,
        resource: str,
        reader_config: Mapping[str, Any] = UNSET,
        parameters: Any = UNSET,
        arguments: Any = UNSET,
        extra: Extra = UNSET,
    ) -> None:
        self.fill(locals())


class ItemBatcher(StatePart):
    """How many items an iteration gets at once, by number, by bytes, or both.

    `batch_input` goes along with every batch.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html

    >>> ItemBatcher(max_items_per_batch=100, batch_input={"day.$": "$.day"})
    {'MaxItemsPerBatch': 100, 'BatchInput': {'day.$': '$.day'}}
    """

    place = "ItemBatcher"

    def __init__(
        self,
        *,
        max_items_per_batch: int | str = UNSET,
        max_items_per_batch_path: Any = UNSET,
        max_input_bytes_per_batch: int | str = UNSET,
        max_input_bytes_per_batch_path: Any = UNSET,
        batch_input: Any = UNSET,
        extra: Extra = UNSET,
    ) -> None:
        self.fill(locals())


class WriterConfig(StatePart):
    """How a ResultWriter writes: `transformation` NONE, COMPACT or FLATTEN, as JSON or JSONL.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html

    >>> WriterConfig(transformation="FLATTEN", output_type="JSONL")
    {'Transformation': 'FLATTEN', 'OutputType': 'JSONL'}
    """

    place = "WriterConfig"

    def __init__(
        self, *, transformation: str = UNSET, output_type: str = UNSET, extra: Extra = UNSET
    ) -> None:
        self.fill(locals())


class ResultWriter(StatePart):
    """Where a distributed Map writes its results: a bucket, by `s3:putObject`.

    Without `resource` it only shapes the results, by `writer_config`.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html

    >>> ResultWriter(resource="arn:aws:states:::s3:putObject", parameters={"Bucket": "results"})
    {'Resource': 'arn:aws:states:::s3:putObject', 'Parameters': {'Bucket': 'results'}}
    """

    place = "ResultWriter"

    def __init__(
        self,
        *,
        resource: str = UNSET,
        writer_config: Mapping[str, Any] = UNSET,
        parameters: Any = UNSET,
        arguments: Any = UNSET,
        extra: Extra = UNSET,
    ) -> None:
        self.fill(locals())
