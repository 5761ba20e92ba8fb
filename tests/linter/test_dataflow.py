"""What an API gives, and what a workflow declares, pushed through the states."""

from __future__ import annotations

from typing import Any

import pytest

from carnation.linter import find_problems
from carnation.linter.rules.risks.results import find_result_shape, read_schema
from carnation.linter.rules.risks.shapes import ANY, TEXT, List, Object, Scalar
from tests.rule_cases.builders import map_, only, pass_, resource, task, two

ORDER = {"type": "object", "properties": {"id": {"type": "string"}, "lines": {"type": "array"}}}


def find_messages(definition: Any, **declared: Any) -> list[str]:
    found = find_problems(definition, families=("risk",), declared=declared)
    return [problem.message for rule, problem in found if rule.id == "path-never-produced"]


def read(path: str) -> dict[str, Any]:
    return pass_(InputPath=path)


def send(**fields: Any) -> dict[str, Any]:
    definition = resource("arn:aws:states:::sqs:sendMessage", **fields)
    state: dict[str, Any] = definition["States"]["A"]
    return state


def test_what_an_api_does_not_give_is_named_with_the_nearest_that_it_does() -> None:
    assert find_messages(two(send(), read("$.MessageID"))) == [
        "'$.MessageID': sqs:sendMessage has no 'MessageID'. Did you mean 'MessageId'?"
    ]
    assert not find_messages(two(send(), read("$.MessageId")))
    assert not find_messages(two(send(), read("$.SdkHttpMetadata.HttpStatusCode")))
    assert not find_messages(two(send(ResultPath="$.sent"), read("$.order")))


def test_a_field_deep_in_what_an_api_gives_is_known() -> None:
    state = resource("arn:aws:states:::aws-sdk:ecs:describeTasks", Parameters={"Tasks": []})
    first = state["States"]["A"]
    assert find_messages(two(first, read("$.Tasks[0].Containers[0].Exit")))
    assert not find_messages(two(first, read("$.Tasks[0].Containers[0].ExitCode")))


def test_a_selector_reads_what_the_api_gives() -> None:
    broken = only(send(ResultSelector={"id.$": "$.Id"}))
    kept = only(send(ResultSelector={"id.$": "$.MessageId"}))
    assert len(find_messages(broken)) == 1
    assert not find_messages(kept)


def test_what_a_callback_gives_is_up_to_who_calls_back() -> None:
    waiting = send(Resource="arn:aws:states:::sqs:sendMessage.waitForTaskToken")
    assert not find_messages(two(waiting, read("$.approved")))


def test_the_declared_input_is_all_there_is() -> None:
    assert find_messages(only(read("$.total")), input=ORDER)
    assert not find_messages(only(read("$.id")), input=ORDER)
    assert not find_messages(only(read("$.total")), input={**ORDER, "additionalProperties": True})
    assert not find_messages(only(read("$.total")))


def test_the_declared_items_reach_a_map() -> None:
    lines = {"type": "array", "items": ORDER}
    schema = {"type": "object", "properties": {"lines": lines}}
    inner = {"StartAt": "I", "States": {"I": read("$.sku")}}
    definition = only(map_(ItemsPath="$.lines", ItemProcessor=inner))
    assert find_messages(definition, input=schema)
    inner["States"]["I"] = read("$.id")  # type: ignore[index]
    assert not find_messages(definition, input=schema)


def test_the_declared_result_of_a_function_lies_in_its_payload() -> None:
    broken = two(task(), read("$.Payload.total"))
    kept = two(task(), read("$.Payload.id"))
    assert find_messages(broken, results={"A": ORDER})
    assert not find_messages(kept, results={"A": ORDER})
    whole = {"type": "object", "properties": {"Payload": ORDER}}
    assert find_messages(broken, results={"A": whole})
    assert not find_messages(kept, results={"A": whole})


def test_the_declared_result_of_a_function_called_by_its_arn_is_the_result() -> None:
    called = task("arn:aws:lambda:eu-west-1:123456789012:function:f")
    assert find_messages(two(called, read("$.total")), results={"A": ORDER})
    assert not find_messages(two(called, read("$.id")), results={"A": ORDER})
    assert not find_messages(two(called, read("$.total")), results="none")


def test_a_declared_result_stands_before_what_the_api_gives() -> None:
    assert not find_messages(two(send(), read("$.id")), results={"A": ORDER})


@pytest.mark.parametrize(
    ("schema", "shape"),
    [
        ({"type": "string"}, TEXT),
        ({"type": "array", "items": {"type": "integer"}}, List(Scalar("number"))),
        ({"type": "object"}, Object({}, is_open=True)),
        ({"properties": {"a": {}}}, Object({"a": ANY})),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, Scalar("")),
        ({"oneOf": [{"type": "string"}]}, TEXT),
        ({"type": ["string", "object"]}, ANY),
        ({"enum": ["a", "b"]}, TEXT),
        ({"const": {"a": "b"}}, Object({"a": TEXT})),
        ({"allOf": [{"type": "string"}]}, ANY),
        ({"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"type": "string"}}}, TEXT),
        ({"$ref": "#"}, ANY),
        ({"$ref": "https://example.org/x"}, ANY),
        ({"$ref": "#/$defs/gone/deeper"}, ANY),
        (True, ANY),
        ({}, ANY),
    ],
)
def test_a_schema_declares_a_shape(schema: Any, shape: Any) -> None:
    assert read_schema(schema) == shape


def test_what_no_api_describes_may_be_anything() -> None:
    assert find_result_shape("arn:aws:states:::eks:runJob") is ANY
    assert find_result_shape("arn:aws:states:::http:nothing") is ANY
    ecs = find_result_shape("arn:aws:states:::aws-sdk:dynamodb:query")
    assert isinstance(ecs, Object)
    assert ecs.fields["Items"] == List(Object({}, is_open=True))
