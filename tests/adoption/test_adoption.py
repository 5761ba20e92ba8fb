"""Adoption: what is written reads well, is laid out, is no code of others, and builds the same."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carnation.adoption import find_difference, render_module
from carnation.adoption.formatter import quote_text, render_code, render_value
from carnation.adoption.round_trip import build_module
from carnation.errors import DefinitionError
from tests.definitions import HOSTILE, VALUES, definitions
from tests.depth import every

ROOT = Path(__file__).parents[2]


def run_ruff(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ruff", *arguments, "--isolated"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def machine(start: str, **states: Any) -> dict[str, Any]:
    return {"StartAt": start, "States": states}


def task(**fields: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:lambda:eu-west-1:111122223333:function:f",
        **fields,
    }


def adopt(definition: dict[str, Any]) -> str:
    text = render_module(definition, "order", "order.asl.json")
    assert find_difference(definition, text) is None
    return text


POLLER = machine(
    "Submit",
    Submit=task(Next="Wait"),
    Wait={"Type": "Wait", "Seconds": 5, "Next": "Look"},
    Look=task(Next="Done?"),
    **{
        "Done?": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.status", "StringEquals": "FAILED", "Next": "Failed"},
                {"Variable": "$.status", "StringEquals": "DONE", "Next": "Fetch"},
            ],
            "Default": "Wait",
        }
    },
    Failed={"Type": "Fail", "Error": "Failed"},
    Fetch=task(End=True),
)


# what is written


def test_a_loop_is_kept_and_a_short_end_stands_where_it_is_used() -> None:
    text = adopt(POLLER)
    assert "default=wait," in text
    assert 'Fail("Failed", error="Failed"),' in text
    assert text.endswith(
        '    return Workflow(\n        name="order",\n        version="0.1.0",\n'
        '        states=Chain([submit, wait, look, done]),\n        stacks="none",\n    )\n'
    )


def test_a_way_of_several_states_is_a_function_below_the_one_that_moves_there() -> None:
    definition = machine(
        "Check",
        Check={
            "Type": "Choice",
            "Choices": [{"Variable": "$.ok", "BooleanEquals": True, "Next": "Charge"}],
            "Default": "Refuse",
        },
        Refuse={"Type": "Fail"},
        Charge=task(Next="Ship"),
        Ship=task(Next="Thank"),
        Thank=task(End=True),
    )
    text = adopt(definition)
    assert text.index('Choice(\n        "Check"') > text.index("def draw_charge() -> Chain:")
    assert "return Chain([charge, ship, thank])" in text
    assert '"""Draw the way from \'Charge\' on."""' in text


def test_ways_that_meet_again_are_reported_once() -> None:
    definition = machine(
        "Charge",
        Charge=task(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Note"}], Next="Ship"),
        Note=task(Next="Close"),
        Ship=task(Next="Close"),
        Close=task(End=True),
    )
    text = adopt(definition)
    assert "note.next(close)" in text
    assert "states=Chain([charge, ship, close])" in text


def test_what_is_repeated_is_lifted_out_once() -> None:
    retry = {"ErrorEquals": ["Lambda.ServiceException"], "MaxAttempts": 6}
    definition = machine("A", A=task(Retry=[retry], Next="B"), B=task(Retry=[retry], End=True))
    text = adopt(definition)
    assert text.count("arn:aws:lambda") == 1
    assert 'F_FUNCTION = "arn:aws:lambda:eu-west-1:111122223333:function:f"' in text
    assert text.count("Retry(") == 1
    assert text.count("retry=RETRY_LAMBDA") == 2


def test_two_and_two_point_oh_are_distinguished() -> None:
    retry = {"ErrorEquals": ["E"], "BackoffRate": 2}
    other = {"ErrorEquals": ["E"], "BackoffRate": 2.0}
    text = adopt(machine("A", A=task(Retry=[retry], Next="B"), B=task(Retry=[other], End=True)))
    assert text.count("Retry(") == 2


def test_names_of_states_become_variables_that_shadow_nothing() -> None:
    names = [
        "Pass",
        "print",
        "Chain",
        "Make Workflow",
        "order-2",
        "order 2",
        "名前",
        "3rd try",
        "?",
    ]
    states = {
        name: {"Type": "Pass", "Next": after} if after else {"Type": "Pass", "End": True}
        for name, after in zip(names, [*names[1:], None], strict=True)
    }
    text = adopt({"StartAt": names[0], "States": states})
    found = [
        node.targets[0].id
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    ]
    assert found == [
        "pass_state", "print_state", "chain", "make_workflow_2", "order_2", "order_2_2",
        "pass_state_2", "pass_3rd_try", "pass_state_3",
    ]  # fmt: skip


def test_a_comment_of_the_definition_and_its_language_are_the_workflows() -> None:
    definition = {
        "Comment": "Takes orders", "QueryLanguage": "JSONata", "TimeoutSeconds": 60,
        **machine("A", A={"Type": "Succeed", "Output": "{% $states.input %}"}),
    }  # fmt: skip
    text = adopt(definition)
    for line in ('comment="Takes orders"', 'query_language="JSONata"', "timeout_seconds=60"):
        assert line in text


def test_the_order_of_keys_is_kept_within_payloads() -> None:
    definition = machine("A", A=task(Parameters={"z": 1, "a": {"y": 1, "b": 2}}, End=True))
    assert list(build_module(adopt(definition))["States"]["A"]["Parameters"]) == ["z", "a"]
    swapped = json.loads(json.dumps(definition))
    swapped["States"]["A"]["Parameters"] = {"a": {"y": 1, "b": 2}, "z": 1}
    difference = find_difference(swapped, adopt(definition))
    assert difference == ("/States/A/Parameters", "the keys are in another order")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"Comment": "new"}, "/States/A/Comment"),
        ({"TimeoutSeconds": True}, "/States/A/TimeoutSeconds"),
        ({"Parameters": [1, 2]}, "/States/A/Parameters"),
    ],
)
def test_a_module_that_gives_something_else_back_is_found(
    change: dict[str, Any], pointer: str
) -> None:
    text = adopt(machine("A", A=task(TimeoutSeconds=1, Parameters=[1], End=True)))
    changed = machine("A", A=task(**{"TimeoutSeconds": 1, "Parameters": [1], **change}, End=True))
    difference = find_difference(changed, text)
    assert difference is not None
    assert difference.pointer == pointer


# hostile names and texts


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_a_text(name: str) -> None:
    definition = machine(
        name, **{name: {"Type": "Parallel", "Branches": [machine(name + "1", **{
            name + "1": {"Type": "Pass", "Comment": name, "Next": name + "2"},
            name + "2": {"Type": "Pass", "Result": {name: name}, "Next": name + "3"},
            name + "3": {"Type": "Pass", "End": True}})], "End": True}}
    )  # fmt: skip
    if len(name) > 79:
        definition = json.loads(json.dumps(definition).replace(name, name[:70]))
    text = render_module(definition, "order", f"{name}.asl.json", {"/States/x": [name]})
    assert find_difference(definition, text) is None
    assert list_foreign_code(text) == set()


ALLOWED = (
    ast.Module, ast.Expr, ast.Constant, ast.ImportFrom, ast.alias, ast.Assign, ast.Name, ast.Load,
    ast.Store, ast.Call, ast.keyword, ast.List, ast.Tuple, ast.Dict, ast.FunctionDef, ast.Return,
    ast.arguments, ast.Attribute, ast.UnaryOp, ast.USub,
)  # fmt: skip


def list_foreign_code(text: str) -> set[str]:
    """List what no module of ours holds: other syntax, other imports, calls of other functions."""
    tree = ast.parse(text)
    defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    found = {type(node).__name__ for node in ast.walk(tree) if not isinstance(node, ALLOWED)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            found |= {str(node.module)} - {"carnation.states", "carnation.workflow"}
            defined |= {alias.name for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found |= {node.func.id} - defined
        elif isinstance(node, ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else "?"
            found |= set() if owner == "ChoiceRule" else {node.attr} - {"next"}
    return found


def test_foreign_code_would_be_found() -> None:
    assert list_foreign_code("import os\nos.abort()") == {"Import", "alias", "abort"} - {"alias"}
    assert list_foreign_code("eval('1')") == {"eval"}


# layout


@given(VALUES)
def test_a_value_is_read_back_as_it_was(value: Any) -> None:
    code = render_code(render_value(value), 4, 4)
    assert ast.literal_eval(code) == value
    assert json.dumps(ast.literal_eval(code)) == json.dumps(value)


@given(st.text())
def test_a_literal_is_the_text_on_one_line_of_printable_characters(text: str) -> None:
    literal = quote_text(text)
    assert ast.literal_eval(literal) == text
    assert literal.isprintable()


def test_a_value_too_deep_for_python_is_refused() -> None:
    value: Any = 1
    for _ in range(70):
        value = [value]
    with pytest.raises(DefinitionError, match="too deep for Python"):
        render_value(value)


# the way back


@every(3)
def test_any_definition_comes_back_exactly_and_brings_no_code(stride: int) -> None:
    @settings(max_examples=150 // stride)
    @given(definitions())
    def check(definition: dict[str, Any]) -> None:
        text = render_module(definition, "order", "order.asl.json")
        assert find_difference(definition, text) is None
        assert list_foreign_code(text) == set()

    check()


@every(3)
def test_a_formatter_and_the_checks_of_imports_find_nothing_to_do(
    tmp_path: Path, stride: int
) -> None:
    count = 0

    @settings(max_examples=120 // stride, database=None)
    @given(definitions())
    def write(definition: dict[str, Any]) -> None:
        nonlocal count
        count += 1
        text = render_module(definition, "order", "order.asl.json")
        (tmp_path / f"m{count}.py").write_text(text, encoding="utf-8")

    write()
    for width in ("88", "100"):
        done = run_ruff("format", "--diff", "--line-length", width, str(tmp_path))
        assert done.returncode == 0, done.stdout[:3000]
    done = run_ruff(
        "check", "--select", "F,I,W,D1,D2,D3,D4,UP", "--ignore", "D203,D213", str(tmp_path)
    )
    assert done.returncode == 0, done.stdout[:3000]


def test_the_parts_of_maps_branches_and_rules_are_kept() -> None:
    one = machine("P", P={"Type": "Pass", "End": True})
    modes: list[dict[str, Any]] = [
        {"ItemProcessor": one},
        {"ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, **one}},
        {"ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}, **one}},
        {"Iterator": one},
        {"Iterator": one, "Parameters": {"a.$": "$.a"}},
        {"ItemProcessor": {"Comment": "each", **one}},
    ]  # fmt: skip
    texts = [adopt(machine("M", M={"Type": "Map", "End": True, **mode})) for mode in modes]
    assert "processor_config=None" in texts[0]
    assert "processor_config" not in texts[1] + texts[3]
    assert '"DISTRIBUTED"' in texts[2]
    assert "iterator=Pass(" in texts[3]
    assert "ItemProcessor(" in texts[5]
    branches = [{"Comment": "left", **one}, machine("Q", Q={"Type": "Pass", "End": True})]
    text = adopt(machine("B", B={"Type": "Parallel", "Branches": branches, "End": True}))
    assert 'comment="left"' in text


def test_rules_keep_what_stands_beside_the_comparison() -> None:
    rules = [
        {"Condition": "{% $x > 1 %}", "Assign": {"y": 1}, "Output": 2, "Next": "E"},
        {"Condition": True, "Comment": "else", "Next": "E"},
    ]
    end = {"Type": "Succeed"}
    choice = {"Type": "Choice", "QueryLanguage": "JSONata", "Choices": rules, "Default": "E"}
    text = adopt(machine("C", C=choice, E=end))
    assert 'Condition("{% $x > 1 %}", assign={"y": 1}, output=2)' in text
    rule = {"Variable": "$.a", "IsPresent": True, "Comment": "there", "Next": "E"}
    text = adopt(machine("C", C={"Type": "Choice", "Choices": [rule], "Default": "E"}, E=end))
    assert 'ChoiceRule.IsPresent("$.a", True, comment="there")' in text


def test_the_languages_version_is_not_the_workflows() -> None:
    text = adopt({"Version": "1.0", **machine("P", P={"Type": "Pass", "End": True})})
    assert 'version="0.1.0"' in text
    assert 'language_version="1.0"' in text


def test_a_field_that_nobody_knows_is_kept_as_it_is() -> None:
    inner = {"StartAt": "E", "States": {"E": {"Type": "Succeed"}}, "Brand": 2}
    rule = {"Variable": "$.a", "StringEquals": "x", "Weird": 1, "Next": "End"}
    definition = machine(
        "A",
        A=task(
            Zap={"b": 1, "a": [None]},
            Retry=[{"ErrorEquals": ["X"], "Newer": 3}],
            Catch=[{"ErrorEquals": ["X"], "Odd": [1], "Next": "End"}],
            Next="B",
        ),
        B={"Type": "Choice", "Choices": [rule], "Default": "C"},
        C={"Type": "Map", "ItemProcessor": inner, "Next": "D"},
        D={"Type": "Parallel", "Branches": [rename(inner)], "Next": "End"},
        End={"Type": "Succeed"},
    )
    text = adopt(definition)
    for code in (
        'extra={"Zap": {"b": 1, "a": [None]}}', 'extra={"Newer": 3}', 'extra={"Odd": [1]}',
        'extra={"Weird": 1}', 'extra={"Brand": 2}',
    ):  # fmt: skip
        assert code in text


def rename(scope: dict[str, Any]) -> dict[str, Any]:
    return {**scope, "StartAt": "F", "States": {"F": scope["States"]["E"]}}
