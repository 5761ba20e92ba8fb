from __future__ import annotations

import json
import random
import re
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carnation.asl.expressions import NoMatchError, Scope, parse_intrinsic
from carnation.errors import EvaluationError, ExpressionError

DOCUMENT = {
    "n": 5,
    "half": 2.5,
    "text": "a,b;c,,d",
    "list": [1, 2, 2, "2", {"a": 1}, {"a": 1}],
    "one": {"a": {"b": 1}, "c": 2},
    "two": {"a": {"d": 3}},
    "template": "{} and \\{\\}",
    "flag": True,
}


def evaluate(text: str) -> Any:
    scope = Scope(DOCUMENT, {"Execution": {"Id": "x"}}, {"v": 40}, chance=random.Random(1))
    return parse_intrinsic(text).evaluate(scope)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("States.Format('{} of {}', $.n, $$.Execution.Id)", "5 of x"),
        ("States.Format('{} {}', $.one, $.flag)", "{a={b=1}, c=2} true"),
        ("States.Format('{}', States.Array(null, 'x'))", "[null, x]"),
        (r"States.Format('it\'s \{\} {} \\', $v)", "it's {} 40 \\"),
        (r"States.Format('\\n{}', 1)", "\\n1"),
        ("States.Format($.template, 1)", "1 and {}"),
        ("States.Format('plain')", "plain"),
        ("States.StringToJson('{\"a\": [1]}')", {"a": [1]}),
        ("States.JsonToString($.one)", '{"a":{"b":1},"c":2}'),
        ("States.Array()", []),
        ("States.Array(1, -2.5, 'x', true, null, $.n)", [1, -2.5, "x", True, None, 5]),
        ("States.ArrayPartition($.list, 4)", [[1, 2, 2, "2"], [{"a": 1}, {"a": 1}]]),
        ("States.ArrayContains($.list, '2')", True),
        ("States.ArrayContains($.list, true)", False),
        ("States.ArrayContains(States.Array(true, false), $.flag)", True),
        ("States.ArrayRange(1, 9, 2)", [1, 3, 5, 7, 9]),
        ("States.ArrayRange(3, 1, -1)", [3, 2, 1]),
        ("States.ArrayGetItem($.list, 3)", "2"),
        ("States.ArrayLength($.list)", 6),
        ("States.ArrayUnique($.list)", [1, 2, "2", {"a": 1}]),
        ("States.Base64Encode('Data to encode')", "RGF0YSB0byBlbmNvZGU="),
        ("States.Base64Decode('RGF0YSB0byBlbmNvZGU=')", "Data to encode"),
        ("States.Hash('input data', 'SHA-1')", "aaff4a450a104cd177d28d18d74485e8cae074b7"),
        ("States.Hash($.two, 'MD5')", "f82ca2b9043ee8ae3a3e5e06ad6f0d1b"),
        ("States.JsonMerge($.one, $.two, false)", {"a": {"d": 3}, "c": 2}),
        ("States.MathAdd($.half, -1)", 2),
        ("States.MathAdd(-2.5, 0)", -2),
        ("States.MathAdd(States.MathAdd($v, 1), 1)", 42),
        ("States.StringSplit($.text, ',;')", ["a", "b", "c", "d"]),
        ("States.StringSplit('a]b^c', ']^')", ["a", "b", "c"]),
        ("States.StringSplit('ab', '')", ["ab"]),
        (" States.Array( 1 , 2 ) "[1:], [1, 2]),
    ],
)  # fmt: skip
def test_an_intrinsic_function_computes_its_value(text: str, value: Any) -> None:
    if "MD5" in text:
        assert re.fullmatch("[0-9a-f]{32}", evaluate(text))
    else:
        assert evaluate(text) == value


def test_chance_comes_from_the_scope_or_the_seed() -> None:
    assert evaluate("States.UUID()") == evaluate("States.UUID()")
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
                        evaluate("States.UUID()"))  # fmt: skip
    assert 1 <= evaluate("States.MathRandom(1, 9)") < 9
    seeded = [parse_intrinsic("States.MathRandom(1, 999, 7)").evaluate(Scope()) for _ in "ab"]
    assert seeded[0] == seeded[1]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("States.Format('{} {}', 1)", "number of arguments do not match"),
        ("States.Format('{}', 1, 2)", "number of arguments do not match"),
        ("States.Format('a } b', 1)", "not escaped"),
        ("States.Format($.n)", "must be a string"),
        ("States.StringToJson('{')", "Invalid JSON"),
        ("States.ArrayPartition($.list, 0)", "positive"),
        ("States.ArrayPartition($.n, 1)", "must be an array"),
        ("States.ArrayPartition($.list, 'x')", "must be a number"),
        ("States.ArrayRange(1, 9, 0)", "must not be 0"),
        ("States.ArrayRange(1, 9999, 1)", "more than 1000"),
        ("States.ArrayGetItem($.list, 6)", "out of bounds"),
        ("States.Base64Decode('***')", "Base64"),
        ("States.Hash('x', 'SHA-3')", "Invalid algorithm"),
        ("States.JsonMerge($.one, $.two, true)", "Deep merging"),
        ("States.JsonMerge($.one, $.n, false)", "JSON objects"),
        ("States.MathAdd($.flag, 1)", "must be a number"),
        ("States.MathRandom(5, 5)", "less than"),
        ("States.StringSplit('a', 1)", "must be a string"),
    ],
)
def test_a_function_that_cannot_be_computed_says_why_in_awss_frame(text: str, problem: str) -> None:
    with pytest.raises(EvaluationError, match=problem) as caught:
        evaluate(text)
    assert str(caught.value).startswith(f"The function '{text}' had the following error: ")


@pytest.mark.parametrize(
    "name", ["Base64Encode($.long)", "Base64Decode($.long)", "Hash($.long, 'MD5')"]
)
def test_texts_longer_than_ten_thousand_characters_are_refused(name: str) -> None:
    with pytest.raises(EvaluationError, match="longer than 10000"):
        parse_intrinsic(f"States.{name}").evaluate(Scope({"long": "x" * 10_001}))


def test_a_path_without_match_is_named() -> None:
    with pytest.raises(NoMatchError, match=r"^\$\.nosuch$"):
        evaluate("States.Format('{}', $.nosuch)")


@pytest.mark.parametrize(
    ("text", "column", "problem"),
    [
        ("Format('x')", 1, "is called 'States.'"),
        ("States.Formt('x')", 1, "Did you mean 'States.Format'"),
        ("States.Zzzzzzz()", 1, "See the list"),
        ("States.Array", 13, "arguments are missing"),
        ("States.Array(1", 15, "','"),
        ("States.Array(1,)", 16, "an argument is"),
        ("States.Array('x)", 14, "does not end"),
        ("States.Array(1) + 1", 17, "unexpected text"),
        ("States.MathAdd(1)", 1, "expects 2 arguments, got 1"),
        ("States.MathRandom(1)", 1, "expects 2 to 3 arguments"),
        ("States.Format()", 1, "expects 1 or more"),
        ("States.Array($.a[)", 18, "brackets hold"),
        ("States.Array(" * 60, 651, "nested deeper"),
    ],
)
def test_a_text_that_is_no_call_is_refused_with_its_column(
    text: str, column: int, problem: str
) -> None:
    with pytest.raises(ExpressionError, match=problem) as caught:
        parse_intrinsic(text)
    assert caught.value.column == column


def test_a_call_reports_its_functions_and_paths() -> None:
    call = parse_intrinsic("States.Format('{}', States.MathAdd($.a, $b), $$.c)")
    assert [inner.name for inner in call.calls()] == ["States.Format", "States.MathAdd"]
    assert [path.text for path in call.paths()] == ["$$.c", "$.a", "$b"]


@given(st.text(alphabet="States.Array(),'\\{}$.ab01 -", max_size=30))
@settings(max_examples=300)
def test_any_text_is_a_call_or_refused_and_never_breaks(text: str) -> None:
    with suppress(ExpressionError):
        parse_intrinsic("States.Array(" + text).evaluate(Scope({}))


@given(st.text(max_size=20))
@settings(max_examples=200)
def test_base64_and_json_come_back_as_they_were(text: str) -> None:
    scope = Scope({"t": text})
    assert parse_intrinsic("States.Base64Decode(States.Base64Encode($.t))").evaluate(scope) == text
    assert parse_intrinsic("States.StringToJson(States.JsonToString($.t))").evaluate(scope) == text
    written = parse_intrinsic("States.JsonToString($)").evaluate(scope)
    assert json.loads(written) == {"t": text}
