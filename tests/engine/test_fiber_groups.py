from __future__ import annotations

import gzip
import io
import json
from datetime import datetime
from typing import Any

import pytest

from carnation.engine import (
    Execution,
    Failed,
    Submitted,
    Succeeded,
    Task,
    compile_definition,
    item_reader,
)
from carnation.errors import DefinitionError
from tests.engine_fakes import Script, machine, run, task, types

CALLBACK = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"


def flow(*states: dict[str, Any]) -> dict[str, Any]:
    inner = machine(*states)
    renamed = {f"X{name}": dict(state) for name, state in inner["States"].items()}
    for state in renamed.values():
        if "Next" in state:
            state["Next"] = f"X{state['Next']}"
    return {"StartAt": "XA", "States": renamed}


def each(*states: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"Type": "Map", "ItemProcessor": flow(*states), **fields}


def children(*states: dict[str, Any], **fields: Any) -> dict[str, Any]:
    processor = {**flow(*states), "ProcessorConfig": {"Mode": "DISTRIBUTED"}}
    return {"Type": "Map", "ItemProcessor": processor, **fields}


def fail_on(*bad: Any) -> Any:
    def answer(asked: Task) -> Any:
        return Failed("Bad", "c") if asked.parameters in bad else Succeeded(asked.parameters)

    return answer


def test_branches_run_at_the_same_time_and_keep_their_places() -> None:
    branches = [flow({"Type": "Wait", "Seconds": 10 - at}, {"Type": "Pass", "Result": at})
                for at in range(3)]  # fmt: skip
    execution = run(machine({"Type": "Parallel", "Branches": branches}))
    assert execution.output == [0, 1, 2]
    assert execution.clock.now == 10
    assert execution.waited == 27


def test_a_failed_branch_aborts_the_others_where_they_stand() -> None:
    nested = {"Type": "Parallel", "Branches": [flow({"Type": "Wait", "Seconds": 60})]}
    branches = [flow({"Type": "Wait", "Seconds": 1}, task()), flow(nested),
                flow(task(Resource=CALLBACK))]  # fmt: skip
    port = Script(XB=Failed("E"), XA=Submitted({}))
    execution = run(machine({"Type": "Parallel", "Branches": branches}), {}, port)
    assert (execution.status, execution.error, execution.clock.now) == ("FAILED", "E", 1)
    assert execution.pending == {}
    assert types(execution)[-6:] == [
        "TaskStateAborted",
        "WaitStateAborted",
        "ParallelStateAborted",
        "TaskStateAborted",
        "ParallelStateFailed",
        "ExecutionFailed",
    ]


def test_an_inline_map_runs_forty_at_once_and_no_more() -> None:
    definition = machine(each({"Type": "Wait", "Seconds": 1}))
    assert run(definition, list(range(81))).clock.now == 3
    assert run(machine(each({"Type": "Wait", "Seconds": 1}, MaxConcurrency=20)),
               list(range(81))).clock.now == 5  # fmt: skip


def test_a_selector_sees_the_item_its_index_and_the_input() -> None:
    selector = {"i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value", "n.$": "$.n"}
    state = each({"Type": "Pass"}, ItemsPath="$.l", ItemSelector=selector)
    execution = run(machine(state), {"l": ["a"], "n": 1})
    assert execution.output == [{"i": 0, "v": "a", "n": 1}]


def test_a_failed_iteration_aborts_the_others() -> None:
    state = each(task(), {"Type": "Wait", "Seconds": 9})
    execution = run(machine(state), [1, 2, 3], Script(XA=fail_on(2)))
    assert (execution.status, execution.error) == ("FAILED", "Bad")
    counts = [types(execution).count(f"{what}Aborted") for what in ("MapIteration", "TaskState")]
    assert counts == [2, 1]
    assert types(execution)[-2:] == ["MapStateFailed", "ExecutionFailed"]


def test_an_empty_map_succeeds() -> None:
    execution = run(machine(each({"Type": "Pass"})), [])
    assert execution.output == []
    assert types(execution)[2:4] == ["MapStateStarted", "MapStateSucceeded"]


@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        ({"ItemsPath": "$.n"}, 'Reference path "$.n" must point to array.'),
        (
            {"MaxConcurrencyPath": "$.s"},
            'The MaxConcurrencyPath field refers to value "x" which is not a valid integer: $.s',
        ),
        ({"MaxConcurrencyPath": "$.minus"}, "MaxConcurrency cannot be negative."),
    ],
)
def test_a_map_that_cannot_start_is_a_terminal_failure(fields: Any, cause: str) -> None:
    fields = {"ItemsPath": "$.l", **fields}
    value = {"n": 1, "s": "x", "minus": -1, "l": []}
    execution = run(machine(each({"Type": "Pass"}, **fields)), value)
    assert (execution.status, execution.error) == ("FAILED", "States.Runtime")
    assert str(execution.cause).endswith(cause)


def test_a_runtime_failure_inside_ends_the_execution() -> None:
    state = each({"Type": "Pass", "InputPath": "$.x"})
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "B"}]
    execution = run(machine({**state, "Catch": catch}, {"Type": "Succeed"}), [1])
    assert (execution.status, execution.error) == ("FAILED", "States.Runtime")


def test_a_redrive_keeps_what_is_finished() -> None:
    port = Script(XA=[fail_on(2)] * 3 + [fail_on()])
    execution = run(machine(each(task(), MaxConcurrency=1)), [1, 2, 3], port)
    assert execution.status == "FAILED"
    port.answers["XA"] = [fail_on()]
    execution.redrive()
    assert execution.run() == "SUCCEEDED"
    assert execution.output == [1, 2, 3]
    assert [asked.parameters for asked in port.asked] == [1, 2, 2, 3]


def test_a_redrive_continues_what_was_aborted() -> None:
    state = each({"Type": "Wait", "Seconds": 1}, task(), {"Type": "Pass"})
    port = Script(XB=fail_on(2))
    execution = run(machine(state), [1, 2, 3, 4], port)
    assert execution.status == "FAILED"
    port.answers["XB"] = [fail_on()]
    execution.redrive()
    assert execution.run() == "SUCCEEDED"
    assert execution.output == [1, 2, 3, 4]
    found = types(execution)
    assert found.count("MapIterationStarted") == found.count("MapIterationSucceeded") == 4
    assert found.count("MapStateStarted") == 1


def test_a_map_that_is_retried_after_a_redrive_starts_anew() -> None:
    retry = [{"ErrorEquals": ["Bad"], "MaxAttempts": 1}]
    port = Script(XA=[fail_on(1)] * 3 + [fail_on()])
    execution = run(machine(each(task(), Retry=retry)), [1], port)
    assert execution.status == "FAILED"
    execution.redrive()
    assert execution.run() == "SUCCEEDED"
    assert types(execution).count("MapStateStarted") == 3


def test_a_redrive_goes_on_inside_nested_branches() -> None:
    inner = {"Type": "Parallel", "Branches": [flow(task()), flow({"Type": "Pass", "Result": 2})]}
    inner["Branches"][1] = {  # type: ignore[index]
        "StartAt": "Y",
        "States": {"Y": {"Type": "Pass", "Result": 2, "End": True}},
    }
    outer = {"Type": "Parallel", "Branches": [{"StartAt": "I", "States": {"I": {**inner,
             "End": True}}}]}  # fmt: skip
    port = Script(XA=[Failed("E"), Succeeded(1)])
    execution = run(machine(outer), {}, port)
    execution.redrive()
    assert execution.run() == "SUCCEEDED"
    assert execution.output == [[1, 2]]
    assert types(execution).count("PassStateExited") == 1


def test_children_run_with_histories_of_their_own() -> None:
    state = children({"Type": "Pass", "Parameters": {"id.$": "$$.Execution.Id"}}, Label="Mine")
    execution = run(machine(state), [1, 2])
    assert types(execution) == [
        "ExecutionStarted",
        "MapStateEntered",
        "MapStateStarted",
        "MapRunStarted",
        "MapRunSucceeded",
        "MapStateSucceeded",
        "MapStateExited",
        "ExecutionSucceeded",
    ]
    (map_run,) = execution.map_runs
    assert (map_run.status, map_run.total, map_run.succeeded) == ("SUCCEEDED", 2, 2)
    first, second = (item["id"] for item in execution.output)
    assert first != second
    assert ":execution:machine/Mine:" in first


@pytest.mark.parametrize(
    ("fields", "bad", "status"),
    [
        ({}, 0, "SUCCEEDED"),
        ({}, 1, "FAILED"),
        ({"ToleratedFailureCount": 2}, 2, "SUCCEEDED"),
        ({"ToleratedFailureCount": 2}, 3, "FAILED"),
        ({"ToleratedFailurePercentage": 30}, 3, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 29}, 3, "FAILED"),
        ({"ToleratedFailurePercentage": 100, "ToleratedFailureCount": 1}, 2, "FAILED"),
    ],
)
def test_failures_are_tolerated_up_to_the_threshold(fields: Any, bad: int, status: str) -> None:
    port = Script(XA=fail_on(*range(bad)))
    execution = run(machine(children(task(), **fields)), list(range(10)), port)
    assert execution.status == status
    (map_run,) = execution.map_runs
    assert map_run.status == status
    if status == "SUCCEEDED":
        assert execution.output == list(range(bad, 10))
        assert map_run.failed == bad
    else:
        assert execution.error == "States.ExceedToleratedFailureThreshold"


def test_children_have_a_limit_of_events_of_their_own() -> None:
    loop = {"Type": "Pass", "Next": "A"}
    execution = run(machine(children(loop, ToleratedFailureCount=1)), [1])
    assert execution.status == "SUCCEEDED"
    assert execution.map_runs[0].failed == 1


def test_a_map_run_is_redriven_with_its_failed_children_only() -> None:
    port = Script(XA=fail_on(2))
    execution = run(machine(children(task(), MaxConcurrency=1)), [1, 2, 3], port)
    assert execution.status == "FAILED"
    port.answers["XA"] = [fail_on()]
    execution.redrive()
    assert execution.run() == "SUCCEEDED"
    assert execution.output == [1, 2, 3]
    assert [asked.parameters for asked in port.asked] == [1, 2, 2, 3]
    assert "MapRunRedriven" in types(execution)
    assert execution.map_runs[0].succeeded == 3


def store(**objects: str) -> Any:
    def perform(asked: Task) -> Any:
        if "getObject" in asked.resource:
            key = asked.parameters["Key"]
            return Succeeded({"Body": objects[key]}) if key in objects else Failed("E", "no key")
        if "listObjects" in asked.resource:
            return Succeeded({"Contents": [{"Key": key} for key in objects]})
        objects[asked.parameters["Key"]] = asked.parameters["Body"]
        return Succeeded({})

    return perform


MANIFEST = json.dumps(
    {"fileSchema": "Bucket, Key", "destinationBucket": "arn:aws:s3:::b", "files": [{"key": "csv"}]}
)


@pytest.mark.parametrize(
    ("config", "key", "items"),
    [
        ({"InputType": "JSON"}, "json", [{"a": 1}, {"a": 2}]),
        ({"InputType": "JSON", "MaxItems": 1}, "json", [{"a": 1}]),
        ({"InputType": "JSONL"}, "jsonl", [1, {"b": 2}]),
        ({"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}, "csv",
         [{"h": "1", "i": "x, y"}, {"h": "2", "i": ""}]),
        ({"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["p", "q"],
          "CSVDelimiter": "PIPE"}, "pipe", [{"p": "1", "q": "2"}]),
        ({"InputType": "MANIFEST"}, "manifest",
         [{"Bucket": "h", "Key": "i"}, {"Bucket": "1", "Key": "x, y"}, {"Bucket": "2"}]),
    ],
)  # fmt: skip
def test_a_reader_reads_what_the_port_fetches(config: Any, key: str, items: Any) -> None:
    reader = {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": config,
              "Parameters": {"Bucket": "b", "Key": key}}  # fmt: skip
    objects = {"json": '[{"a":1},{"a":2}]', "jsonl": '1\n\n{"b":2}\n', "csv": 'h,i\n1,"x, y"\n2\n',
               "pipe": "1|2\n", "manifest": MANIFEST}  # fmt: skip
    port = Script(A=store(**objects))
    execution = run(machine(children({"Type": "Pass"}, ItemReader=reader)), {}, port)
    assert (execution.output, execution.cause) == (items, None)


def test_a_reader_lists_a_bucket() -> None:
    reader = {"Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": {"Bucket": "b"}}
    port = Script(A=store(k="", l=""))
    execution = run(machine(children({"Type": "Pass"}, ItemReader=reader)), {}, port)
    assert execution.output == [{"Key": "k"}, {"Key": "l"}]


def test_a_listing_goes_on_behind_its_first_page() -> None:
    pages = {None: {"Contents": [{"Key": "a"}], "NextContinuationToken": "t"},
             "t": {"Contents": [{"Key": "b"}]}}  # fmt: skip
    reader = {"Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": {"Bucket": "b"}}
    port = Script(A=lambda task: Succeeded(pages[task.parameters.get("ContinuationToken")]))
    execution = run(machine(children({"Type": "Pass"}, ItemReader=reader)), {}, port)
    assert execution.output == [{"Key": "a"}, {"Key": "b"}]


@pytest.mark.parametrize(
    ("action", "config", "objects", "items"),
    [
        ("listObjectsV2", {"Transformation": "LOAD_AND_FLATTEN", "InputType": "JSONL"},
         {"a": "1\n2\n", "b": '"x\u2028y"\n'}, [1, 2, "x\u2028y"]),
        ("listObjectsV2", {"Transformation": "NONE"}, {"a": "1"}, [{"Key": "a"}]),
        ("getObject", {"ManifestType": "ATHENA_DATA", "InputType": "JSONL"},
         {"k": "s3://b/one\ns3://b/two\n", "one": "1\n", "two": "2\n"}, [1, 2]),
        ("getObject", {"ManifestType": "S3_INVENTORY"},
         {"k": MANIFEST, "csv": gzip.compress(b"b,x\n").decode("utf-8", "surrogateescape")},
         [{"Bucket": "b", "Key": "x"}]),
        ("getObject", {"InputType": "JSON", "ItemsPointer": "/a/0/b"},
         {"k": '{"a": [{"b": [1, 2]}]}'}, [1, 2]),
        ("getObject", {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
         {"k": "h\n1\n\n2\n"}, [{"h": "1"}, {"h": "2"}]),
    ],
)  # fmt: skip
def test_a_reader_reads_the_objects_that_are_named_for_it(
    action: str, config: Any, objects: Any, items: Any
) -> None:
    reader = {"Resource": f"arn:aws:states:::s3:{action}", "ReaderConfig": config,
              "Parameters": {"Bucket": "b", "Key": "k"}}  # fmt: skip
    execution = run(
        machine(children({"Type": "Pass"}, ItemReader=reader)), {}, Script(A=store(**objects))
    )
    assert (execution.output, execution.cause) == (items, None)


@pytest.mark.parametrize(
    ("action", "config", "sources"),
    [
        ("listObjectsV2", {}, ["S3://b", "S3://b"]),
        ("listObjectsV2", {"Transformation": "LOAD_AND_FLATTEN", "InputType": "JSONL"},
         ["S3://b/k", "S3://b/k", "S3://b/l"]),
        ("getObject", {"InputType": "JSONL"}, ["S3://b/k", "S3://b/k"]),
    ],
)  # fmt: skip
def test_the_context_object_names_where_an_item_comes_from(
    action: str, config: Any, sources: list[str]
) -> None:
    reader = {"Resource": f"arn:aws:states:::s3:{action}", "ReaderConfig": config,
              "Parameters": {"Bucket": "b", "Key": "k"}}  # fmt: skip
    selector = {"from.$": "$$.Map.Item.Source"}
    body = children({"Type": "Pass"}, ItemReader=reader, ItemSelector=selector)
    execution = run(machine(body), {}, Script(A=store(k="1\n2\n", l="3\n")))
    assert execution.output == [{"from": source} for source in sources]


def test_an_item_of_the_input_comes_from_the_state() -> None:
    body = each({"Type": "Pass"}, ItemSelector={"from.$": "$$.Map.Item.Source"})
    assert run(machine(body), [1]).output == [{"from": "STATE_DATA"}]


def test_a_listing_has_the_fields_that_aws_gives_it() -> None:
    entry = {"Key": "k", "ETag": '"e"', "LastModified": "1970-01-01T00:01:00.000Z", "Size": 1}
    reader = {"Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": {"Bucket": "b"}}
    port = Script(A=Succeeded({"Contents": [{**entry, "ChecksumAlgorithm": ["CRC32"]}]}))
    execution = run(machine(children({"Type": "Pass"}, ItemReader=reader)), {}, port)
    assert execution.output == [{"Etag": '"e"', "Key": "k", "LastModified": 60, "Size": 1}]


def test_a_file_with_an_object_gives_an_item_for_each_member() -> None:
    reader = {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {},
              "ReaderConfig": {"InputType": "JSON"}}  # fmt: skip
    selector = {"key.$": "$$.Map.Item.Key", "value.$": "$$.Map.Item.Value"}
    body = children({"Type": "Pass"}, ItemReader=reader, ItemSelector=selector)
    execution = run(machine(body), {}, Script(A=Succeeded({"Body": '{"a": 1, "b": 2}'})))
    assert execution.output == [{"key": "a", "value": 1}, {"key": "b", "value": 2}]


@pytest.mark.parametrize("language", ["JSONPath", "JSONata"])
def test_a_map_over_an_object_runs_an_iteration_for_each_member(language: str) -> None:
    items = {"Items": "{% $states.input.o %}"} if language == "JSONata" else {"ItemsPath": "$.o"}
    flow = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    body = {"Type": "Map", **items, "ItemProcessor": flow, "End": True}
    definition = {"QueryLanguage": language, **machine(body)}
    execution = run(definition, {"o": {"a": 1, "b": {}}})
    assert execution.output == [{"Key": "a", "Value": 1}, {"Key": "b", "Value": {}}]


def test_a_jsonata_map_without_items_needs_an_array_or_an_object() -> None:
    flow = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    definition = {
        "QueryLanguage": "JSONata",
        **machine({"Type": "Map", "ItemProcessor": flow, "End": True}),
    }
    execution = run(definition, 1)
    assert execution.error == "States.QueryEvaluationError"
    assert run(definition, [1]).output == [1]


@pytest.mark.parametrize(
    ("config", "key", "cause"),
    [
        ({"InputType": "JSON"}, "nosuch", "no key"),
        ({"InputType": "JSON"}, "number", "Attempting to map over non-iterable node."),
        ({"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}, "twice", "cannot contain duplic"),
        (
            {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a", "b", "a"]},
            "twice",
            "cannot contain duplicates",
        ),
        ({"InputType": "JSON"}, "broken", "the object holds no JSON"),
        ({"InputType": "MANIFEST"}, "object", "names no files"),
        ({"InputType": "CSV", "ManifestType": "ATHENA_DATA"}, "broken", "names no object: {"),
        ({"InputType": "JSON", "ItemsPointer": "/a"}, "object", "nothing at the ItemsPointer '/a'"),
        ({"InputType": "JSON", "MaxItems": -1}, "object", "field MaxItems must be positive"),
    ],
)
def test_what_cannot_be_read_fails_the_map_run(config: Any, key: str, cause: str) -> None:
    reader = {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": config,
              "Parameters": {"Bucket": "b", "Key": key}}  # fmt: skip
    port = Script(A=store(object="{}", broken="{", number="1", twice="a,a\n1,2\n"))
    execution = run(machine(children({"Type": "Pass"}, ItemReader=reader)), {}, port)
    assert execution.error == "States.ItemReaderFailed"
    assert cause in str(execution.cause)
    assert types(execution)[-3:] == ["MapRunFailed", "MapStateFailed", "ExecutionFailed"]


def test_what_is_no_text_or_no_answer_cannot_be_read() -> None:
    reader = {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSON"},
              "Parameters": {"Bucket": "b", "Key": "k"}}  # fmt: skip
    definition = machine(children({"Type": "Pass"}, ItemReader=reader))
    assert "no text" in str(run(definition, {}, Script(A=Succeeded({}))).cause)
    assert "could not be read" in str(run(definition, {}, Script(A=Submitted({}))).cause)


def test_a_format_that_is_not_read_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(item_reader, "find_spec", lambda _: None)
    for name, said in (("ORC", "reads no InputType 'ORC'"), ("PARQUET", "needs pyarrow")):
        config = {"InputType": name}
        reader = {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": config}
        with pytest.raises(DefinitionError, match=said):
            compile_definition(machine(children({"Type": "Pass"}, ItemReader=reader)))


def test_the_rows_of_a_parquet_file_keep_their_types() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    rows = [
        {"n": 1, "f": 1.5, "t": "ü", "b": True, "l": [1, 2], "s": {"x": None},
         "at": datetime(1970, 1, 1, 0, 0, 1)},
        {"n": 2, "f": None, "t": "", "b": False, "l": [], "s": {"x": "y"}, "at": None},
    ]  # fmt: skip
    buffer = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(rows), buffer, compression="gzip")
    config = {"InputType": "PARQUET"}
    reader = {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": config}
    definition = machine(children({"Type": "Pass"}, ItemReader=reader))
    body = buffer.getvalue().decode("utf-8", "surrogateescape")
    execution = run(definition, {}, Script(A=Succeeded({"Body": body})))
    assert execution.output == [{**rows[0], "at": 1000}, rows[1]]
    broken = run(definition, {}, Script(A=Succeeded({"Body": body[:100]})))
    assert broken.error == "States.ItemReaderFailed"


def test_items_are_batched_by_number_and_by_size() -> None:
    batcher = {"MaxItemsPerBatch": 2, "BatchInput": {"x.$": "$$.Execution.Name"}}
    execution = run(machine(children({"Type": "Pass"}, ItemBatcher=batcher)), [1, 2, 3])
    frame = {"BatchInput": {"x": "execution"}}
    assert execution.output == [{**frame, "Items": [1, 2]}, {**frame, "Items": [3]}]
    small = {"MaxInputBytesPerBatch": 30}
    execution = run(machine(children({"Type": "Pass"}, ItemBatcher=small)), ["abcdef"] * 3)
    assert [len(batch["Items"]) for batch in execution.output] == [2, 1]
    assert execution.map_runs[0].items["total"] == 3


def test_a_batch_of_no_size_is_refused() -> None:
    batcher = {"MaxItemsPerBatchPath": "$[0]"}
    execution = run(machine(children({"Type": "Pass"}, ItemBatcher=batcher)), [0])
    assert "MaxItemsPerBatch must be positive" in str(execution.cause)


@pytest.mark.parametrize(
    ("transformation", "expected"), [("COMPACT", [[1], [2]]), ("FLATTEN", [1, 2])]
)
def test_results_that_are_not_exported_are_transformed(transformation: str, expected: Any) -> None:
    writer = {"WriterConfig": {"Transformation": transformation, "OutputType": "JSON"}}
    state = children({"Type": "Pass"}, ResultWriter=writer)
    assert run(machine(state), [[1], [2]]).output == expected


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, None),
        ({"Transformation": "COMPACT", "OutputType": "JSON"}, "[[1],[2]]"),
        ({"Transformation": "FLATTEN", "OutputType": "JSON"}, "[1,2]"),
        ({"Transformation": "FLATTEN", "OutputType": "JSONL"}, "1\n2\n"),
    ],
)
def test_results_are_written_with_awss_manifest(config: Any, expected: str | None) -> None:
    writer = {"Resource": "arn:aws:states:::s3:putObject", "WriterConfig": config,
              "Parameters": {"Bucket": "b", "Prefix": "p"}}  # fmt: skip
    objects: dict[str, str] = {}

    def keep(asked: Task) -> Any:
        objects[asked.parameters["Key"]] = asked.parameters["Body"]
        return Succeeded({})

    port = Script(A=keep, XA=fail_on([3]))
    state = children(task(), ResultWriter=writer, ToleratedFailureCount=1)
    execution = run(machine(state), [[1], [2], [3]], port)
    details = execution.output["ResultWriterDetails"]
    folder = details["Key"].removesuffix("/manifest.json")
    assert details["Bucket"] == "b"
    suffix = "jsonl" if config.get("OutputType") == "JSONL" else "json"
    assert sorted(key.rpartition("/")[2] for key in objects) == [
        f"FAILED_0.{suffix}",
        f"SUCCEEDED_0.{suffix}",
        "manifest.json",
    ]
    manifest = json.loads(objects[details["Key"]])
    assert manifest["ResultFiles"]["SUCCEEDED"][0]["Key"] == f"{folder}/SUCCEEDED_0.{suffix}"
    written = objects[f"{folder}/SUCCEEDED_0.{suffix}"]
    if expected is None:
        assert [record["Output"] for record in json.loads(written)] == ["[1]", "[2]"]
    else:
        assert written == expected
    text = objects[f"{folder}/FAILED_0.{suffix}"]
    (failed,) = [json.loads(text)] if suffix == "jsonl" else json.loads(text)
    assert (failed["Status"], failed["Error"]) == ("FAILED", "Bad")


def test_results_that_cannot_be_written_fail_the_map_run() -> None:
    writer = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b"}}
    state = children({"Type": "Pass"}, ResultWriter=writer)
    execution = run(machine(state), [1], Script(A=Failed("E", "denied")))
    assert (execution.error, execution.cause) == ("States.ResultWriterFailed", "denied")


def test_a_writer_without_resource_shapes_the_output() -> None:
    writer = {"WriterConfig": {"Transformation": "COMPACT", "OutputType": "JSON"}}
    execution = run(machine(children({"Type": "Pass"}, ResultWriter=writer)), [1])
    assert execution.output == [1]


def test_jsonata_gives_items_and_selects() -> None:
    state = each(
        {"Type": "Pass", "Output": "{% $states.input %}"},
        Items="{% $states.input.l %}",
        ItemSelector={"v": "{% $states.context.Map.Item.Value * 2 %}"},
        MaxConcurrency="{% 1 + 1 %}",
    )
    execution = run(machine(state, QueryLanguage="JSONata"), {"l": [1, 2]})
    assert execution.output == [{"v": 2}, {"v": 4}]
    fixed = each({"Type": "Pass"}, Items=[1, "{% $states.input %}"])
    assert run(machine(fixed, QueryLanguage="JSONata"), 5).output == [1, 5]


def test_a_large_distributed_run_keeps_nothing_of_its_children() -> None:
    execution = run(machine(children({"Type": "Pass", "Result": 1})), list(range(12_000)))
    assert execution.status == "SUCCEEDED"
    assert all(not list(child.history) for child in execution.root.children)


def test_children_can_be_kept() -> None:
    execution = Execution(
        compile_definition(machine(children({"Type": "Pass"}))), [1], keeps_children=True
    )
    execution.run()
    (child,) = execution.root.children
    assert [event.type for event in child.history] == [
        "ExecutionStarted",
        "PassStateEntered",
        "PassStateExited",
    ]
