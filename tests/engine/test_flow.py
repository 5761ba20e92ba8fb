from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carnation.engine import Execution, Succeeded, compile_definition, run_definition
from carnation.engine.data_flow import PAYLOAD_LIMIT
from carnation.errors import UsageError
from tests.engine_fakes import Script, machine, run, task, types

PASS: dict[str, Any] = {"Type": "Pass"}
SUCCEED = {"Type": "Succeed"}


@pytest.mark.parametrize(
    ("state", "value", "output"),
    [
        (PASS, {"n": 1}, {"n": 1}),
        ({**PASS, "Result": [1]}, {"n": 1}, [1]),
        ({**PASS, "Result": [1], "ResultPath": "$.r.s"}, {"n": 1}, {"n": 1, "r": {"s": [1]}}),
        ({**PASS, "Result": [1], "ResultPath": None}, {"n": 1}, {"n": 1}),
        ({**PASS, "InputPath": "$.n"}, {"n": 1}, 1),
        ({**PASS, "InputPath": None}, {"n": 1}, {}),
        ({**PASS, "InputPath": "$$.Execution.Name"}, {}, "execution"),
        ({**PASS, "OutputPath": "$.n"}, {"n": 1}, 1),
        ({**PASS, "OutputPath": None}, {"n": 1}, {}),
        ({**PASS, "Parameters": {"a": [{"b.$": "$.n"}, 2], "c": {"d": 1}}}, {"n": 1},
         {"a": [{"b": 1}, 2], "c": {"d": 1}}),
        ({**PASS, "Parameters": {"x.$": "States.Format('{}', $.n)"}}, {"n": 1}, {"x": "1"}),
        ({"Type": "Succeed", "OutputPath": "$.n"}, {"n": 1}, 1),
        ({**PASS, "QueryLanguage": "JSONata", "Output": "{% $states.input.n + 1 %}"}, {"n": 1}, 2),
        ({**PASS, "QueryLanguage": "JSONata", "Output": {"a": ["{% 1 %}", 2]}}, {}, {"a": [1, 2]}),
        ({**PASS, "QueryLanguage": "JSONata", "Output": "{% $states.context.Execution.Name %}"}, {},
         "execution"),
    ],
)  # fmt: skip
def test_a_state_shapes_its_input(state: dict[str, Any], value: Any, output: Any) -> None:
    execution = run(machine(state), value)
    assert (execution.status, execution.output) == ("SUCCEEDED", output)


@pytest.mark.parametrize(
    ("state", "error", "cause"),
    [
        ({**PASS, "InputPath": "$.x"}, "States.Runtime", "Invalid path '$.x' : No results"),
        ({**PASS, "Parameters": {"a.$": "$.x"}}, "States.Runtime", "specified for the field 'a.$'"),
        ({**PASS, "Parameters": {"a.$": "States.Format('{}', $.x)"}}, "States.Runtime",
         "The JsonPath argument for the field '$.x' could not be found"),
        ({**PASS, "Parameters": {"a.$": "States.StringToJson('{')"}}, "States.IntrinsicFailure",
         "had the following error"),
        ({**PASS, "Result": 1, "ResultPath": "$.n.x"}, "States.ResultPathMatchFailure",
         "Unable to apply ReferencePath $.n.x to input"),
        ({**PASS, "QueryLanguage": "JSONata", "Output": "{% $states.input.x %}"},
         "States.QueryEvaluationError", "returned nothing (undefined)."),
        ({**PASS, "QueryLanguage": "JSONata", "Output": {"a": ["{% $sum %}"]}},
         "States.QueryEvaluationError", "specified for the field 'Output/a[0]' returned an unsupp"),
        ({"Type": "Wait", "SecondsPath": "$.x"}, "States.Runtime", "does not reference an input"),
        ({"Type": "Wait", "Seconds": "{% 1.5 %}", "QueryLanguage": "JSONata"},
         "States.QueryEvaluationError", "an integer"),
        ({"Type": "Wait", "Seconds": "{% -1 %}", "QueryLanguage": "JSONata"},
         "States.QueryEvaluationError", "0 or more"),
        ({"Type": "Wait", "Timestamp": "{% 'x' %}", "QueryLanguage": "JSONata"},
         "States.QueryEvaluationError", "a valid timestamp"),
        ({"Type": "Fail", "ErrorPath": "$.n"}, "States.Runtime", "has to be a string"),
        ({"Type": "Fail", "Error": "E", "CausePath": "States.Format('n={}', $.n)"}, "E", "n=1"),
        ({"Type": "Fail", "Error": "{% 'E' %}", "Cause": "c", "QueryLanguage": "JSONata"}, "E",
         "c"),
        ({"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericEquals": 2, "Next": "A"}]},
         "States.Runtime", "does not point to a next state"),
        ({"Type": "Choice", "Choices": [{"Variable": "$.x", "NumericEquals": 2, "Next": "A"}]},
         "States.Runtime", "condition path references an invalid value"),
        ({"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericEqualsPath": "$.x",
          "Next": "A"}]}, "States.Runtime", "Invalid path '$.x'"),
    ],
)  # fmt: skip
def test_a_state_fails_with_awss_name_and_words(
    state: dict[str, Any], error: str, cause: str
) -> None:
    execution = run(machine(state), {"n": 1})
    assert (execution.status, execution.error) == ("FAILED", error)
    assert cause in str(execution.cause)
    assert types(execution)[-1] == "ExecutionFailed"


RULES: list[tuple[dict[str, Any], bool]] = [
    ({"Variable": "$.n", "NumericEquals": 1}, True),
    ({"Variable": "$.n", "NumericLessThanPath": "$.m"}, True),
    ({"Variable": "$.n", "StringEquals": "1"}, False),
    ({"Variable": "$.s", "StringGreaterThanEquals": "text"}, True),
    ({"Variable": "$.s", "StringMatches": "t*t"}, True),
    ({"Variable": "$.s", "StringMatches": r"t\*t"}, False),
    ({"Variable": "$.n", "StringMatches": "*"}, False),
    ({"Variable": "$.b", "BooleanEquals": True}, True),
    ({"Variable": "$.n", "BooleanEquals": True}, False),
    ({"Variable": "$.t", "TimestampLessThan": "2030-01-01T00:00:00+02:00"}, True),
    ({"Variable": "$.t", "IsTimestamp": True}, True),
    ({"Variable": "$.x", "IsPresent": False}, True),
    ({"Variable": "$.z", "IsNull": True}, True),
    ({"Variable": "$.s", "IsString": False}, False),
    ({"Variable": "$.n", "IsNumeric": True}, True),
    ({"Variable": "$.b", "IsBoolean": True}, True),
    ({"Not": {"Variable": "$.n", "NumericEquals": 1}}, False),
    ({"And": [{"Variable": "$.n", "IsPresent": True}, {"Variable": "$.b", "IsNull": True}]}, False),
    ({"Or": [{"Variable": "$.n", "NumericEquals": 2}, {"Not": {"Variable": "$.b",
      "IsNull": True}}]}, True),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "holds"), RULES)
def test_a_rule_holds_or_not(rule: dict[str, Any], holds: bool) -> None:
    choice = {"Type": "Choice", "Choices": [{**rule, "Next": "B"}], "Default": "C"}
    value = {"n": 1, "m": 2, "s": "text", "b": True, "t": "2020-01-01T00:00:00Z", "z": None}
    execution = run(machine(choice, {**SUCCEED}, {**PASS, "Result": "no"}), value)
    assert execution.output == (value if holds else "no")


def test_a_condition_chooses_assigns_and_gives_an_output() -> None:
    choice = {
        "Type": "Choice",
        "Choices": [
            {"Condition": False, "Next": "C"},
            {"Condition": "{% $states.input.n > 0 %}", "Next": "B", "Assign": {"v": "{% 7 %}"},
             "Output": "{% $states.input.n + 1 %}"},
        ],
        "Output": "no",
    }  # fmt: skip
    last = {**PASS, "Output": "{% [$v, $states.input] %}"}
    definition = machine(choice, last, SUCCEED, QueryLanguage="JSONata")
    definition["States"]["B"]["Next"] = "C"
    assert run(definition, {"n": 1}).output == [7, 2]


def test_waiting_costs_no_time_and_is_recorded() -> None:
    states = [
        {"Type": "Wait", "Seconds": 3600},
        {"Type": "Wait", "SecondsPath": "$.s"},
        {"Type": "Wait", "Timestamp": "1970-01-02T00:00:00Z"},
        {"Type": "Wait", "TimestampPath": "$.past"},
        {"Type": "Wait", "Seconds": "{% 5 %}", "QueryLanguage": "JSONata"},
    ]
    execution = run(machine(*states), {"s": 60, "past": "1970-01-01T00:00:00Z"})
    assert execution.status == "SUCCEEDED"
    assert execution.waited == 24 * 3600 + 5
    assert execution.clock.now == 24 * 3600 + 5
    assert execution.events[-1].at == 24 * 3600 + 5


def test_time_passes_for_real_on_request() -> None:
    slept: list[float] = []
    run(machine({"Type": "Wait", "Seconds": 2}), {}, pause=slept.append)
    assert slept == [2.0]


def test_the_definitions_timeout_ends_the_execution() -> None:
    execution = run(machine({"Type": "Wait", "Seconds": 60}, SUCCEED, TimeoutSeconds=10))
    assert execution.status == "TIMED_OUT"
    assert types(execution)[-1] == "ExecutionTimedOut"
    assert execution.clock.now == 10


def test_variables_are_assigned_and_seen_inside_but_not_outside() -> None:
    branch = {
        "StartAt": "X",
        "States": {
            "X": {**PASS, "Assign": {"inner": 1}, "Parameters": {"o.$": "$outer"}, "End": True}
        },
    }
    states = [
        {**PASS, "Assign": {"outer.$": "$.n"}},
        {"Type": "Parallel", "Branches": [branch]},
        {**PASS, "Parameters": {"inner.$": "$inner"}},
    ]
    execution = run(machine(*states), {"n": 5})
    assert execution.status == "FAILED"
    assert "'$inner' specified for the field 'inner.$'" in str(execution.cause)
    exits = [event for event in execution.events if event.type == "PassStateExited"]
    assert exits[0].details["assignedVariables"] == {"outer": 5}
    assert exits[1].details["output"] == {"o": 5}


@pytest.mark.parametrize("character", ["x", "é", "😀"])
@pytest.mark.parametrize(
    ("state", "beside"),
    [
        (lambda text: {"Type": "Pass", "Result": text}, 2),
        (lambda text: {"Type": "Pass", "Parameters": {"a": text}}, 8),
        (lambda text: {"Type": "Pass", "QueryLanguage": "JSONata", "Output": text}, 2),
        (lambda text: {"Type": "Pass", "Assign": {"a": text}}, 2),
        (lambda text: {"Type": "Pass", "Assign": {"a": text, "b": 1}}, 3),
        (
            lambda text: {
                "Type": "Task",
                "Resource": "arn:aws:states:::sqs:sendMessage",
                "Parameters": {"a": text},
            },
            8,
        ),
        (lambda text: {"Type": "Parallel", "Branches": [{"StartAt": "P", "States": {
            "P": {"Type": "Pass", "Result": text, "End": True}}}]}, 4),
    ],
)  # fmt: skip
def test_both_sides_of_256_kib(
    state: Callable[[str], dict[str, Any]], beside: int, character: str
) -> None:
    size = 256 * 1024 - beside
    for more, error in ((0, None), (1, "States.DataLimitExceeded")):
        count = (size + more) // len(character.encode())
        text = character * count + "x" * (size + more - count * len(character.encode()))
        definition = {"StartAt": "A", "States": {"A": {**state(text), "End": True}}}
        execution = Execution(compile_definition(definition), {}, Script(A=Succeeded(1)))
        execution.run()
        assert execution.error == error


def test_a_payload_above_256_kib_is_a_terminal_failure() -> None:
    doubled = {**PASS, "Parameters": {"a.$": "$.t", "b.$": "$.t"}}
    execution = run(machine(doubled), {"t": "x" * (PAYLOAD_LIMIT // 2 + 10)})
    assert execution.error == "States.DataLimitExceeded"
    wide = {**PASS, "Parameters": {"abc.$": "$.t"}}
    assert run(machine(wide), {"t": "ü" * (PAYLOAD_LIMIT // 2 - 20)}).status == "SUCCEEDED"
    assert run(machine(wide), {"t": "ü" * (PAYLOAD_LIMIT // 2 - 4)}).status == "FAILED"
    with pytest.raises(UsageError, match="the input is larger than 256 KiB"):
        run(machine(wide), {"t": "ü" * (PAYLOAD_LIMIT // 2)})


def test_the_history_ends_at_25000_events() -> None:
    loop = {**PASS, "Next": "A"}
    execution = run(machine(loop))
    assert (execution.status, execution.error) == ("FAILED", "States.Runtime")
    assert execution.cause == "The execution reached the maximum number of history events (25000)."
    assert len(execution.events) == 25_000
    assert execution.events[-1].type == "ExecutionFailed"


def test_an_execution_stops_between_any_two_steps() -> None:
    class Crash(Exception):
        pass

    definition = machine(PASS, task(), SUCCEED)
    full = len(run(definition, {}, Script()).events)
    for last in range(2, full + 1):

        def observe(event: Any, last: int = last) -> None:
            if event.id == last:
                raise Crash

        execution = Execution(compile_definition(definition), {}, Script(), observe=observe)
        with pytest.raises(Crash):
            execution.run()
        assert len(execution.events) == last


def test_a_call_can_be_stopped_before_it_is_made() -> None:
    def crash(asked: Any) -> None:
        raise KeyboardInterrupt

    port = Script()
    execution = Execution(compile_definition(machine(task())), {}, port, before_call=crash)
    with pytest.raises(KeyboardInterrupt):
        execution.run()
    assert port.asked == []
    assert types(execution)[-1] == "TaskStarted"


def test_a_stopped_execution_stays_stopped() -> None:
    execution = Execution(compile_definition(machine({"Type": "Wait", "Seconds": 5})), {})
    execution.step()
    execution.stop("E", "because")
    assert (execution.status, execution.error) == ("ABORTED", "E")
    last = execution.events[-1]
    assert (last.type, last.details) == ("ExecutionAborted", {"error": "E", "cause": "because"})
    execution.stop()
    execution.time_out()
    assert execution.run() == "ABORTED"
    assert not execution.step()


def test_run_definition_compiles_and_runs() -> None:
    assert run_definition(machine(PASS), 7).output == 7


@given(st.integers(0, 2**20), st.integers(2, 12))
@settings(max_examples=30)
def test_the_same_seed_gives_the_same_history_and_any_seed_the_same_output(
    seed: int, count: int
) -> None:
    inner = {"StartAt": "X", "States": {"X": {**PASS, "Next": "Y"}, "Y": SUCCEED}}
    definition = machine({"Type": "Map", "ItemProcessor": inner})
    first = run(definition, list(range(count)), seed=seed)
    again = run(definition, list(range(count)), seed=seed)
    assert first.output == list(range(count))
    assert first.events == again.events


def test_null_is_an_input() -> None:
    assert run(machine(PASS), None).output is None
    assert run(machine(PASS)).output == {}


def test_an_express_execution_ends_after_five_minutes() -> None:
    states = machine({"Type": "Wait", "Seconds": 400})
    assert run(states, express=True).status == "TIMED_OUT"
    assert run(states).status == "SUCCEEDED"


@pytest.mark.parametrize("field", ["TimeoutSecondsPath", "HeartbeatSecondsPath"])
@pytest.mark.parametrize(
    ("given", "cause"),
    [
        ("soon", 'field refers to value "soon" which is not a valid integer: $.v'),
        (1.5, "which is not a valid integer"),
        (0, "must be positive."),
    ],
)
def test_a_timeout_that_is_no_positive_integer_fails_its_state(
    field: str, given: Any, cause: str
) -> None:
    execution = run(machine(task(**{field: "$.v"})), {"v": given}, Script())
    assert execution.error == "States.Runtime"
    assert cause in str(execution.cause)
    assert run(machine(task(**{field: "$.v"})), {"v": "7"}, Script()).status == "SUCCEEDED"


@pytest.mark.parametrize("algorithm", [["MD5"], {}, None, 1])
def test_an_algorithm_that_is_no_text_fails_its_function(algorithm: Any) -> None:
    state = {"Type": "Pass", "Parameters": {"h.$": "States.Hash($.d, $.a)"}}
    execution = run(machine(state), {"d": "x", "a": algorithm})
    assert execution.error == "States.IntrinsicFailure"


def test_half_a_pair_of_a_character_is_hashed_and_encoded() -> None:
    calls = {"h.$": "States.Hash($, 'MD5')", "b.$": "States.Base64Encode($)"}
    execution = run(machine({"Type": "Pass", "Parameters": calls}), "\ud800")
    assert execution.output["b"] == "Pw=="
