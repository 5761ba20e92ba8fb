"""Every construct of the language, built in Python, with the whole ASL it makes beside it."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from carnation.asl.comparisons import COMPARISONS
from carnation.asl.expressions.intrinsic_functions import FUNCTIONS
from carnation.errors import DefinitionError
from carnation.states import (
    Branch,
    Catch,
    Chain,
    Choice,
    ChoiceRule,
    Condition,
    Credentials,
    Expression,
    Fail,
    ItemBatcher,
    ItemProcessor,
    ItemReader,
    Map,
    Parallel,
    Pass,
    ProcessorConfig,
    Raw,
    ReaderConfig,
    ResultWriter,
    Retry,
    Succeed,
    Task,
    Wait,
    WriterConfig,
    context,
    find_source,
    integrate,
    intrinsics,
    make_definition,
    path,
    variable,
)


def write(state: Any, **head: Any) -> dict[str, Any]:
    written: dict[str, Any] = make_definition(state, **head)["States"][state.state_id]
    return written


def test_a_jsonata_task_has_arguments_output_and_variables() -> None:
    task = Task(
        "Pay",
        resource="arn:aws:states:::sqs:sendMessage",
        arguments={"MessageBody": "{% $states.input %}"},
        timeout_seconds="{% $limit %}",
        assign={"paid": "{% true %}"},
        output="{% $states.result %}",
        catch=Catch(
            error_equals=["States.ALL"],
            next_step=Fail("Lost", error="{% $why %}"),
            assign={"why": "{% $states.errorOutput.Error %}"},
            output={"kept": None},
        ),
    )
    assert write(task, query_language="JSONata") == {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage",
        "Arguments": {"MessageBody": "{% $states.input %}"},
        "TimeoutSeconds": "{% $limit %}",
        "Catch": [
            {
                "ErrorEquals": ["States.ALL"],
                "Assign": {"why": "{% $states.errorOutput.Error %}"},
                "Output": {"kept": None},
                "Next": "Lost",
            }
        ],
        "Assign": {"paid": "{% true %}"},
        "Output": "{% $states.result %}",
        "End": True,
    }


def test_a_jsonpath_task_has_paths_credentials_and_retriers() -> None:
    task = Task(
        "Pay",
        resource="arn:aws:states:::sqs:sendMessage",
        credentials=Credentials(role_arn=path("$.role")),
        parameters={"n": path("$.n")},
        result_selector={"id.$": "$.MessageId"},
        timeout_seconds_path="$.limit",
        heartbeat_seconds_path="$.beat",
        retry=Retry(
            error_equals=["E"], max_delay_seconds=9, jitter_strategy="FULL", comment="busy hours"
        ),
        assign={"n": path("$.n")},
    )
    assert write(task) == {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage",
        "Credentials": {"RoleArn.$": "$.role"},
        "Parameters": {"n.$": "$.n"},
        "ResultSelector": {"id.$": "$.MessageId"},
        "TimeoutSecondsPath": "$.limit",
        "HeartbeatSecondsPath": "$.beat",
        "Retry": [
            {
                "Comment": "busy hours",
                "ErrorEquals": ["E"],
                "MaxDelaySeconds": 9,
                "JitterStrategy": "FULL",
            }
        ],
        "Assign": {"n.$": "$.n"},
        "End": True,
    }


def test_a_distributed_map_has_every_part_named() -> None:
    each = Map(
        "Each",
        item_processor=ItemProcessor(
            Pass("One"),
            comment="one item",
            processor_config=ProcessorConfig(mode="DISTRIBUTED", execution_type="EXPRESS"),
        ),
        item_reader=ItemReader(
            resource="arn:aws:states:::s3:getObject",
            reader_config=ReaderConfig(
                input_type="CSV", csv_header_location="GIVEN", csv_headers=["a"],
                csv_delimiter="TAB", max_items_path="$.max",
            ),
            parameters={"Bucket": "b", "Key": path("$.key")},
        ),
        item_selector={"i": context.map.item.index},
        item_batcher=ItemBatcher(
            max_items_per_batch_path=path("$.size"), max_input_bytes_per_batch=1000,
            batch_input={"day": path("$.day")},
        ),
        result_writer=ResultWriter(
            resource="arn:aws:states:::s3:putObject",
            writer_config=WriterConfig(transformation="FLATTEN", output_type="JSONL"),
            parameters={"Bucket": "b"},
        ),
        max_concurrency_path="$.n",
        tolerated_failure_percentage_path="$.p",
        tolerated_failure_count=3,
        label="Each",
    )  # fmt: skip
    assert write(each) == {
        "Type": "Map",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {
                "InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a"],
                "CSVDelimiter": "TAB", "MaxItemsPath": "$.max",
            },
            "Parameters": {"Bucket": "b", "Key.$": "$.key"},
        },
        "ItemSelector": {"i.$": "$$.Map.Item.Index"},
        "ItemBatcher": {
            "MaxItemsPerBatchPath": "$.size",
            "MaxInputBytesPerBatch": 1000,
            "BatchInput": {"day.$": "$.day"},
        },
        "MaxConcurrencyPath": "$.n",
        "ToleratedFailurePercentagePath": "$.p",
        "ToleratedFailureCount": 3,
        "Label": "Each",
        "ItemProcessor": {
            "Comment": "one item",
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
            "StartAt": "One",
            "States": {"One": {"Type": "Pass", "End": True}},
        },
        "ResultWriter": {
            "Resource": "arn:aws:states:::s3:putObject",
            "WriterConfig": {"Transformation": "FLATTEN", "OutputType": "JSONL"},
            "Parameters": {"Bucket": "b"},
        },
        "End": True,
    }  # fmt: skip


def test_a_map_keeps_the_older_words_it_was_given() -> None:
    each = Map("Each", iterator=Pass("One"), parameters={"a": 1}, items_path="$.a")
    written = write(each)
    assert written["Iterator"] == {
        "StartAt": "One",
        "States": {"One": {"Type": "Pass", "End": True}},
    }
    assert written["Parameters"] == {"a": 1}
    assert "ItemProcessor" not in written


def test_a_map_of_jsonata_accepts_items_and_a_config_beside_its_graph() -> None:
    config = ProcessorConfig(mode="DISTRIBUTED", execution_type="STANDARD")
    each = Map("Each", item_processor=Pass("One"), processor_config=config, items=[1, 2])
    written = write(each, query_language="JSONata")
    assert written["Items"] == [1, 2]
    assert written["ItemProcessor"]["ProcessorConfig"] == config
    bare = Map("Each", item_processor=Pass("One"), processor_config=None)
    assert "ProcessorConfig" not in write(bare)["ItemProcessor"]


def test_a_parallel_accepts_branches_with_comments() -> None:
    both = Parallel(
        "Both",
        branches=[Branch(Pass("A"), comment="first"), Chain([Pass("B")])],
        result_selector={"a.$": "$[0]"},
    )
    assert [branch.get("Comment") for branch in write(both)["Branches"]] == ["first", None]


def test_fail_wait_and_pass_accept_paths_and_null() -> None:
    assert write(Fail("F", error_path=path("$.e"), cause_path="$.c")) == {
        "Type": "Fail",
        "ErrorPath": "$.e",
        "CausePath": "$.c",
    }
    assert write(Wait("W", seconds_path="$.s"))["SecondsPath"] == "$.s"
    assert write(Pass("P", result=None)) == {"Type": "Pass", "Result": None, "End": True}


def value_of(operator: str) -> Any:
    kinds: dict[str, Any] = {
        "text": "a", "number": 1, "flag": True, "path": "$.b", "timestamp": "2026-01-31T12:00:00Z",
    }  # fmt: skip
    return kinds[COMPARISONS[operator]]


@pytest.mark.parametrize("operator", sorted(COMPARISONS))
def test_each_of_the_39_comparisons_is_a_rule_and_checks_its_value(operator: str) -> None:
    value = value_of(operator)
    rule = getattr(ChoiceRule, operator)("$.a", value)
    choice = Choice("C", choices=[(rule, Succeed("S"))])
    assert write(choice)["Choices"] == [{"Variable": "$.a", operator: value, "Next": "S"}]
    with pytest.raises(DefinitionError, match=f"the rule {operator} .* compares with"):
        getattr(ChoiceRule, operator)("$.a", [])


def test_there_are_39_comparisons() -> None:
    assert len(COMPARISONS) == 39
    with pytest.raises(DefinitionError, match="looks at 'a'"):
        ChoiceRule.IsNull("a", True)
    assert repr(ChoiceRule.IsNull) == "ChoiceRule.IsNull"


def test_rules_join_and_the_outermost_assigns() -> None:
    rule = ChoiceRule.And(
        [
            ChoiceRule.Not(ChoiceRule.IsNull(path("$.a"), True)),
            ChoiceRule.Or([ChoiceRule.NumericEqualsPath("$.a", path("$.b"))], comment="either"),
        ],
        comment="both",
        assign={"x": path("$.a")},
    )
    assert write(Choice("C", choices=[(rule, Succeed("S"))]))["Choices"] == [
        {
            "Comment": "both",
            "And": [
                {"Not": {"Variable": "$.a", "IsNull": True}},
                {
                    "Comment": "either",
                    "Or": [{"Variable": "$.a", "NumericEqualsPath": "$.b"}],
                },
            ],
            "Assign": {"x.$": "$.a"},
            "Next": "S",
        }
    ]


def test_a_jsonata_choice_accepts_conditions() -> None:
    rule = Condition("{% $x > 1 %}", assign={"y": 1}, output={"z": 2}, comment="big")
    choice = Choice("C", query_language="JSONata", choices=[(rule, Succeed("S"))], output="{% 1 %}")
    assert write(choice)["Choices"] == [
        {
            "Comment": "big",
            "Assign": {"y": 1},
            "Output": {"z": 2},
            "Condition": "{% $x > 1 %}",
            "Next": "S",
        }
    ]


RULE = ChoiceRule.IsNull("$.a", True)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ChoiceRule.And([]), "expected a list of at least one rule"),
        (lambda: ChoiceRule.Not(Condition("{% 1 %}")), "which is not a JSONPath rule"),
        (lambda: ChoiceRule.Not("$.a"), "which is not a JSONPath rule"),
        (
            lambda: ChoiceRule.Or([ChoiceRule.IsNull("$.a", True, assign={"a": 1})]),
            "holds a rule with 'assign'. Only the outermost rule has one",
        ),
        (lambda: ChoiceRule.IsNull("$.a", True, output=1), "IsNull belongs to JSONPath and Output"),
        (lambda: Pass("P", parameters={}, output={}), "Parameters belongs to JSONPath and Output"),
        (
            lambda: Pass("P", query_language="JSONata", input_path="$"),
            "QueryLanguage='JSONata' belongs to JSONata and InputPath to JSONPath",
        ),
        (
            lambda: Task("T", resource="r", parameters={}, timeout_seconds="{% 1 %}"),
            "Parameters belongs to JSONPath and TimeoutSeconds=.* to JSONata",
        ),
        (
            lambda: Choice("C", choices=[(RULE, "A")], output=1),
            "(Output|IsNull) belongs to JSON.* and (IsNull|Output) to",
        ),
        (
            lambda: Catch(error_equals=["E"], next_step="A", result_path="$", output=1),
            "ResultPath belongs to JSONPath and Output to JSONata",
        ),
        (
            lambda: Map("M", items_path="$.a", item_batcher={"MaxItemsPerBatch": "{% 1 %}"}),
            "ItemsPath belongs to JSONPath and ItemBatcher.MaxItemsPerBatch=.* to JSONata",
        ),
        (
            lambda: ItemReader(resource="r", parameters={}, arguments={}),
            "Parameters belongs to JSONPath and Arguments to JSONata",
        ),
        (
            lambda: Map("M", max_concurrency=1, max_concurrency_path="$.n"),
            "MaxConcurrency and MaxConcurrencyPath exclude each other",
        ),
        (
            lambda: Map("M", item_processor=Pass("A"), iterator=Pass("B")),
            "ItemProcessor and Iterator exclude each other",
        ),
        (
            lambda: Map("M", item_processor=ItemProcessor(Pass("A")), processor_config={}),
            "has a processor_config of its own",
        ),
        (lambda: Map("M", item_reader={"Resorce": "r"}), "no field 'Resorce'.*Resource"),
        (
            lambda: Map("M", item_reader={"Resource": "r", "ReaderConfig": {"InputType": "XML"}}),
            "ReaderConfig.InputType is 'XML'",
        ),
        (lambda: ItemProcessor("A"), "expected a state or a chain, got 'A'"),
        (lambda: Pass("P", extra=[]), "expected extra to be a mapping"),
        (lambda: Pass("P", extra={"Next": "A"}), "'Next', which is an argument of its own"),
        (lambda: Pass("P", extra={"Branches": []}), "'Branches' has no place in a Pass"),
        (lambda: Pass("P", extra={"ResultPath": 1}), "ResultPath is 1"),
        (lambda: Raw("R", {}), "expected a mapping with a 'Type'"),
        (lambda: Raw("R", {"Type": "Wait", "Seconds": -1}), "Seconds is -1"),
        (lambda: Raw("R", {"Type": "Pass", "Seconds": 1}), "'Seconds' has no place in a Pass"),
        (lambda: Raw("R", {"Type": "Pass", "Next": "A", "End": True}), "Next and End exclude"),
        (lambda: Raw("R", {"Type": "Pass", "Result": 1, "Output": 1}), "Result belongs to"),
        (lambda: Chain([Raw("R", {"Type": "Fail"}), Pass("A")]), "has 'End' and cannot also"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_when_it_is_made(make: Any, message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        make()


def test_a_state_that_is_not_in_the_machines_language_names_both() -> None:
    with pytest.raises(DefinitionError, match=r"'P' .*Output belongs to JSONata, and .* JSONPath"):
        make_definition(Pass("P", output=1))
    with pytest.raises(DefinitionError, match=r"'P' .*Result belongs to JSONPath, and .* JSONata"):
        make_definition(Pass("P", result=1), query_language="JSONata")
    with pytest.raises(DefinitionError, match="QueryLanguage='JSONPath' belongs to JSONPath"):
        make_definition(Pass("P", query_language="JSONPath"), query_language="JSONata")
    with pytest.raises(DefinitionError, match="Result belongs to JSONPath"):
        make_definition(Raw("R", {"Type": "Pass", "Result": 1}), query_language="JSONata")
    assert write(Pass("P", query_language="JSONata", output=1))["Output"] == 1


def test_an_expression_of_jsonpath_has_no_place_in_jsonata() -> None:
    with pytest.raises(DefinitionError, match="Output.a is a JSONPath expression"):
        make_definition(Pass("P", query_language="JSONata", output={"a": path("$.a")}))


def test_extra_fields_are_written_as_they_are() -> None:
    state = Pass("P", extra={"Mood": {"good": path("$.a")}})
    assert write(state) == {"Type": "Pass", "Mood": {"good.$": "$.a"}, "End": True}
    config = ReaderConfig(input_type="JSON", extra={"Speed": 3})
    each = Map("M", item_processor=Pass("A"), item_reader={"Resource": "r", "ReaderConfig": config})
    assert write(each)["ItemReader"]["ReaderConfig"] == {"InputType": "JSON", "Speed": 3}
    retry = Retry(error_equals=["E"], extra={"Patience": 1})
    assert write(Task("T", resource="r", retry=retry))["Retry"][0]["Patience"] == 1


def test_a_raw_state_moves_to_states_by_object_and_by_name() -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "Next": Fail("Lost")}]
    state = Raw("Ask", {"Type": "Task", "Resource": "r", "Catch": catch})
    definition = make_definition(Chain([state, Succeed("Done")]))
    assert definition["States"]["Ask"] == {
        "Type": "Task",
        "Resource": "r",
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Lost"}],
        "Next": "Done",
    }
    assert list(definition["States"]) == ["Ask", "Done", "Lost"]
    choice = Raw("C", {"Type": "Choice", "Choices": [{**RULE.to_dict(), "Next": Pass("A")}]})
    made = make_definition(Chain([choice, Succeed("B")]))["States"]
    assert made["C"]["Default"] == "B"
    assert made["C"]["Choices"][0]["Next"] == "A"
    assert write(Raw("P", {"Type": "Pass"})) == {"Type": "Pass", "End": True}


def test_the_line_of_a_state_inside_a_branch_is_found() -> None:
    inner = Pass("Inner")
    both = Parallel("Both", branches=[Branch(inner), Map("M", item_processor=Pass("Deep"))])
    assert find_source(both, "Inner") == inner.source
    assert find_source(both, "Deep").startswith("tests/")
    assert find_source(both, "None") == ""


def test_paths_variables_and_the_context_are_expressions() -> None:
    assert path("$")["a"][0]["b c"].to_jsonpath() == "$.a[0]['b c']"
    assert path("$.a")["it's"].text == r"$.a['it\'s']"
    assert variable("total")["n"].text == "$total.n"
    assert context.execution.input["id"].text == "$$.Execution.Input.id"
    assert context.whole["Task"].text == "$$.Task"
    assert len({path("$"), path("$"), context.task.token}) == 2
    with pytest.raises(DefinitionError, match="starts with"):
        path("a")
    with pytest.raises(TypeError, match="no items before it runs"):
        list(path("$.a"))
    with pytest.raises(TypeError, match="cannot select from"):
        intrinsics.uuid()["a"]


X = path("$.x")
CALLS = [
    (intrinsics.array(1, X, [True, None], {"a": "b'"}),
     "States.Array(1, $.x, States.Array(true, null), "
     "States.StringToJson('\\{\"a\": \"b\\'\"\\}'))"),
    (intrinsics.array_partition(X, 4), "States.ArrayPartition($.x, 4)"),
    (intrinsics.array_contains(X, 1), "States.ArrayContains($.x, 1)"),
    (intrinsics.array_range(1, 9, 2), "States.ArrayRange(1, 9, 2)"),
    (intrinsics.array_get_item(X, 0), "States.ArrayGetItem($.x, 0)"),
    (intrinsics.array_length(X), "States.ArrayLength($.x)"),
    (intrinsics.array_unique(X), "States.ArrayUnique($.x)"),
    (intrinsics.base64_encode("a"), "States.Base64Encode('a')"),
    (intrinsics.base64_decode(X), "States.Base64Decode($.x)"),
    (intrinsics.hash_of(X, "MD5"), "States.Hash($.x, 'MD5')"),
    (intrinsics.json_merge(X, X), "States.JsonMerge($.x, $.x, false)"),
    (intrinsics.string_to_json(X), "States.StringToJson($.x)"),
    (intrinsics.json_to_string(X), "States.JsonToString($.x)"),
    (intrinsics.math_random(1, 5, 7), "States.MathRandom(1, 5, 7)"),
    (intrinsics.math_add(X, -1), "States.MathAdd($.x, -1)"),
    (intrinsics.string_split(X, ","), "States.StringSplit($.x, ',')"),
    (intrinsics.uuid(), "States.UUID()"),
    (intrinsics.format_text("it's {}", intrinsics.uuid()),
     "States.Format('it\\'s {}', States.UUID())"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "text"), CALLS)
def test_an_intrinsic_function_is_a_call_that_composes(call: Expression, text: str) -> None:
    assert call.text == text
    assert write(Pass("P", parameters={"a": call}))["Parameters"] == {"a.$": text}


def test_all_18_intrinsic_functions_are_there() -> None:
    assert {text.split("(")[0] for _, text in CALLS} == set(FUNCTIONS)
    assert len(FUNCTIONS) == 18


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: intrinsics.array_partition(X, 0), "size 0"),
        (lambda: intrinsics.array_range(1, 2, 0), "step 0"),
        (lambda: intrinsics.hash_of(X, "SHA1"), "SHA-1, SHA-256"),  # type: ignore[arg-type]
        (lambda: intrinsics.format_text("{} {}", 1), "2 places and 1 values"),
        (lambda: intrinsics.array({"a": X}), "Create it in a Pass state first"),
    ],
)
def test_a_call_that_would_fail_is_refused(make: Any, message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        make()


@pytest.mark.parametrize(
    ("action", "pattern", "parameters"),
    [
        ("sqs:sendMessage", "", {"QueueUrl": "u", "MessageBody": path("$.a")}),
        ("sqs:sendMessage", ".waitForTaskToken", {"QueueUrl": "u", "MessageBody.$": "$$.Task"}),
        ("states:startExecution", ".sync:2", {"StateMachineArn": "a"}),
        ("aws-sdk:rds:describeDBInstances", "", {"DbInstanceIdentifier": "x"}),
        ("http:invoke", "", {"ApiEndpoint": "https://a", "Method": "GET",
                             "Authentication": {"ConnectionArn": "c"}}),
    ],
)  # fmt: skip
def test_one_way_calls_every_service(action: str, pattern: Any, parameters: Any) -> None:
    task = integrate("Call", action, pattern=pattern, parameters=parameters, timeout_seconds=9)
    assert task.resource == f"arn:${{Partition}}:states:::{action}{pattern}"
    chinese = integrate("Call", action, pattern=pattern, partition="aws-cn", parameters=parameters)
    assert chinese.resource == f"arn:aws-cn:states:::{action}{pattern}"


@pytest.mark.parametrize(
    ("action", "given", "message"),
    [
        ("sqs:sendMessage", {"pattern": ".sync"}, r"has no pattern '.sync'; it has '', '.waitFor"),
        ("aws-sdk:s3:getObject", {"pattern": ".sync"}, "has no pattern '.sync'"),
        ("aws-sdk:rds:describeDBInstances", {"parameters": {"DBInstanceIdentifier": "x"}},
         "has no parameter 'DBInstanceIdentifier'.*DbInstanceIdentifier"),
        ("aws-sdk:s3:getObject", {"arguments": {"Bucket": "b"}}, "requires 'Key'"),
        ("sns:publish", {"parameters": {"Massage": "m"}}, "'Massage'.*Message"),
    ],
)  # fmt: skip
def test_a_call_that_the_service_does_not_know_is_refused(
    action: str, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(DefinitionError, match=rf"state 'Call' \(.*{message}"):
        integrate("Call", action, **given)


def test_every_public_constructor_of_the_language_is_documented() -> None:
    for name, call in vars(intrinsics).items():
        if inspect.isfunction(call) and call.__module__ == intrinsics.__name__ and name[0] != "_":
            assert call.__doc__, name
