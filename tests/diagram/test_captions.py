from __future__ import annotations

from typing import Any

import pytest

from carnation.diagram import draw_mermaid, draw_svg
from carnation.diagram.captions import (
    count_retries,
    describe_errors,
    describe_resource,
    describe_retries,
    describe_state,
    find_symbol,
)
from carnation.diagram.conditions import describe_expression, describe_rule
from carnation.diagram.font_metrics import cut_text, measure_text, wrap_text
from carnation.diagram.graph import Node, read_graph
from carnation.diagram.icons import choose_icon
from carnation.diagram.labels import clean_text, make_face, make_label

# conditions

RULES: dict[str, dict[str, Any]] = {
    "failed[0] is present": {"Variable": "$.failed[0]", "IsPresent": True},
    "failed[0] is absent": {"Variable": "$.failed[0]", "IsPresent": False},
    "attempt ≥ 3": {"Variable": "$.attempt", "NumericGreaterThanEquals": 3},
    "attempt < limit": {"Variable": "$.attempt", "NumericLessThanPath": "$.limit"},
    'status = "done"': {"Variable": "$.status", "StringEquals": "done"},
    'key matches "log-*.txt"': {"Variable": "$.key", "StringMatches": "log-*.txt"},
    "ok = false": {"Variable": "$.ok", "BooleanEquals": False},
    "the input is null": {"Variable": "$", "IsNull": True},
    "n is a number": {"Variable": "$.n", "IsNumeric": True},
    "n is no text": {"Variable": "$.n", "IsString": False},
    'at ≤ "2024-01-01T00:00:00Z"': {
        "Variable": "$.at", "TimestampLessThanEquals": "2024-01-01T00:00:00Z",
    },
    "not a > 1": {"Not": {"Variable": "$.a", "NumericGreaterThan": 1}},
    "a = 1 and (b = 2 or c = 3)": {
        "And": [
            {"Variable": "$.a", "NumericEquals": 1},
            {"Or": [
                {"Variable": "$.b", "NumericEquals": 2},
                {"Variable": "$.c", "NumericEquals": 3},
            ]},
        ],
    },
    "total > 100 and $count(items) < 9": {
        "Condition": "{% $states.input.total > 100\n  and $count($states.input.items) < 9 %}",
    },
    "…": {},
    "… and …": {"And": [1, {}]},
    "not …": {"Not": {}},
    "a = …": {"Variable": "$.a", "StringEquals": ["x"]},
    "… is present": {"IsPresent": True},
}  # fmt: skip


@pytest.mark.parametrize("words", RULES)
def test_a_rule_is_reported_in_words(words: str) -> None:
    assert describe_rule(RULES[words]) == words


def test_a_rule_without_parts_and_one_nested_without_end_are_reported_as_an_ellipsis() -> None:
    assert describe_rule({"And": []}) == "…"
    rule: dict[str, Any] = {"Variable": "$.a", "IsNull": True}
    for _ in range(5000):
        rule = {"Not": rule}
    assert describe_rule(rule) == "not not not not …"


# states

STATES: dict[str, dict[str, Any]] = {
    "Lambda invoke": {"Type": "Task", "Resource": "arn:${Partition}:states:::lambda:invoke"},
    "SQS deleteMessage": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sqs:deleteMessage"},
    "Glue startJobRun, waits for it": {
        "Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun.sync",
    },
    "Step Functions startExecution, waits for it": {
        "Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2",
    },
    "SNS publish, waits": {
        "Type": "Task", "Resource": "arn:aws:states:::sns:publish.waitForTaskToken",
    },
    "Activity approve": {
        "Type": "Task", "Resource": "arn:aws:states:eu-west-1:123456789012:activity:approve",
    },
    "Lambda pay": {
        "Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:pay",
    },
    "Task PayFunctionArn": {"Type": "Task", "Resource": "${PayFunctionArn}"},
    "Task": {"Type": "Task", "Resource": 5},
    "Wait 30 s": {"Type": "Wait", "Seconds": 30},
    "Wait $states.context.delay": {"Type": "Wait", "Seconds": "{% $states.context.delay %}"},
    "Wait until due": {"Type": "Wait", "TimestampPath": "$.due"},
    "Wait until 2030-01-01T00:00:00Z": {"Type": "Wait", "Timestamp": "2030-01-01T00:00:00Z"},
    "Wait": {"Type": "Wait"},
    "Fail Refused": {"Type": "Fail", "Error": "Refused"},
    "Fail": {"Type": "Fail"},
    "Parallel, 1 branch": {"Type": "Parallel", "Branches": [{}]},
    "Parallel": {"Type": "Parallel"},
    "Map over items, one at a time": {"Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 1},
    "Distributed Map over items, 40 at once": {
        "Type": "Map", "Items": "{% $states.input.items %}", "MaxConcurrency": 40,
        "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED"}},
    },
    "Map": {"Type": "Map", "ItemsPath": "$"},
    "no Type": {},
    "Teleport": {"Type": "Teleport"},
}  # fmt: skip


@pytest.mark.parametrize("words", STATES)
def test_a_state_says_what_it_does(words: str) -> None:
    assert describe_state(STATES[words]) == words


def test_a_resource_that_is_none_is_a_task() -> None:
    assert describe_resource("") == describe_resource(None) == "Task"


def test_retries_are_counted_and_reported() -> None:
    state = {
        "Retry": [
            {"ErrorEquals": ["A", "B"], "IntervalSeconds": 3, "MaxAttempts": 4, "BackoffRate": 1.5},
            {"ErrorEquals": ["States.ALL"]},
            {"ErrorEquals": ["C"], "MaxAttempts": "{% 3 %}", "BackoffRate": "{% 2 %}"},
            "no retrier",
        ]
    }
    assert count_retries(state) == "7"
    assert describe_retries(state) == [
        "A, B: up to 4 retries, the first after 3 s, then 1.5 times as long",
        "any error: up to 3 retries, the first after 1 s, then 2 times as long",
        "C: retried",
    ]
    assert count_retries({"Retry": [{"MaxAttempts": 99999}]}) == "999+"
    assert count_retries({"Retry": 3}) == ""
    assert describe_errors({"ErrorEquals": "States.ALL"}) == "…"


def test_no_retry_has_no_badge_and_a_number_that_an_expression_gives_is_unknown() -> None:
    never = {"Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 0}]}
    assert count_retries(never) == ""
    assert describe_retries(never) == ["any error: not retried"]
    assert count_retries({"Retry": [{"ErrorEquals": ["A"], "MaxAttempts": "{% $n %}"}]}) == "?"
    once = {"Retry": [{"ErrorEquals": ["A"], "MaxAttempts": 1}]}
    assert describe_retries(once)[0].startswith("A: up to 1 retry, ")


def test_the_name_of_a_function_may_hold_a_variable_and_an_expression_a_comment() -> None:
    arn = "arn:aws:lambda:us-east-1:111122223333:function:${self:service}-pay:7"
    assert describe_resource(arn) == "Lambda ${self:service}-pay"
    assert describe_expression("{% /* see * \n https://a/b */ $a > 1 /* open %}") == "$a > 1"
    assert describe_expression("{% $a = '/* no \\' comment */' %}") == "$a = '/* no \\' comment */'"


def test_transitions_are_listed_with_when_they_are_taken() -> None:
    state = {
        "Next": "A",
        "Choices": [{"Variable": "$.x", "IsNull": True, "Next": "B"}, {"Next": 3}],
        "Default": "C",
        "Catch": [{"ErrorEquals": ["Oops"], "Next": "D"}, {"ErrorEquals": ["Oops"]}],
    }
    (scope,) = read_graph({"States": {"S": state}})
    assert [(edge.kind, edge.target_name, edge.texts) for edge in scope.edges] == [
        ("next", "A", ()),
        ("choice", "B", ("x is null",)),
        ("choice", "C", ("Default",)),
        ("catch", "D", ("Oops",)),
    ]


def test_any_error_is_reported_before_the_errors_it_includes_in_both_formats() -> None:
    names = ["Lambda.TooManyRequestsException", "Lambda.ServiceException", "A", "B", "States.ALL"]
    catchers = [{"ErrorEquals": [name], "Next": "F"} for name in names]
    definition = {
        "StartAt": "T",
        "States": {"T": {"Type": "Task", "Catch": catchers}, "F": {"Type": "Fail"}},
    }
    assert '|"any error or Lambda.TooManyRequestsException or 3 more"|' in draw_mermaid(definition)
    assert ">any error</text>" in draw_svg(definition)


# texts that fit


@pytest.mark.parametrize(
    "text", ["ProcessEveryEventOfTheDay", "a b c d e", "WWWWWWWWWWWW", "日本語の状態"]
)
@pytest.mark.parametrize("room", [30, 60, 100, 300])
def test_a_text_that_is_cut_or_wrapped_fits(text: str, room: float) -> None:
    assert measure_text(cut_text(text, room, 13), 13) <= room
    lines = wrap_text(text, room, 13, lines=3)
    assert len(lines) <= 3
    assert all(measure_text(line, 13) <= room for line in lines)


def test_a_line_ends_where_a_reader_would_end_it() -> None:
    assert wrap_text("EC2StopExperimentTemplate", 120, 13) == ("EC2StopExperiment", "Template")
    assert wrap_text("receipt_handle is present", 80, 11) == ("receipt_handle", "is present")
    assert wrap_text("incomprehensibilities", 60, 11)[0] == "incomprehe"
    assert wrap_text("", 60, 11) == ("",)


def test_letters_outside_the_table_are_taken_as_wide() -> None:
    assert measure_text("ï", 10) == measure_text("i", 10)
    assert measure_text("語", 10) > measure_text("W", 10)
    assert measure_text("שלום", 10) >= 4 * 9
    assert measure_text("\u0301", 10) == 0


def test_what_is_hostile_in_a_text_is_shown_and_not_obeyed() -> None:
    assert clean_text("safe\u202egnp.exe") == "safe�gnp.exe"
    assert clean_text("a\r\n\tb") == "a b"
    assert clean_text("\ud800") == "�"
    assert clean_text("  ") == "(no name)"


def test_a_nameless_state_and_an_edge_of_many_rules_have_their_say() -> None:
    assert make_face(Node("/States/", "", "Pass", "Pass")).name == ("(no name)",)
    label = make_label(["a = 1", "a = 2", "a = 3", "a = 4"])
    assert label is not None
    assert label.lines == ("a = 1", "a = 2", "or 2 more")
    assert make_label([]) is None


# icons


def test_a_task_has_the_icon_of_its_service_and_a_distributed_map_one_of_its_own() -> None:
    resources = [
        "arn:aws:states:::lambda:invoke", "arn:aws:states:::sqs:sendMessage",
        "arn:aws:states:::sns:publish", "arn:aws:states:::dynamodb:putItem",
        "arn:aws:states:::aws-sdk:s3:getObject", "arn:aws:states:::ecs:runTask.sync",
        "arn:aws:states:::batch:submitJob", "arn:aws:states:::glue:startJobRun.sync",
        "arn:aws:states:::states:startExecution", "arn:aws:states:::events:putEvents",
        "arn:aws:states:::http:invoke", "arn:aws:states:::bedrock:invokeModel",
        "arn:aws:states:eu-west-1:123456789012:activity:approve",
        "arn:aws:states:::aws-sdk:xray:getGroups", "${PayFunctionArn}",
    ]  # fmt: skip
    states: list[dict[str, Any]] = [{"Type": "Task", "Resource": name} for name in resources]
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED"}}
    states += [{"Type": "Map"}, {"Type": "Map", "ItemProcessor": processor}, {"Type": "Odd"}]
    icons = [choose_icon(state["Type"], find_symbol(state)) for state in states]
    assert len(set(icons)) == len(states)
    function = {"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:pay"}
    assert choose_icon("Task", find_symbol(function)) == icons[0]
