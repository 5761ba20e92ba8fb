from __future__ import annotations

import random
import re
import sys
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carnation.asl.expressions import Scope, parse_jsonata
from carnation.asl.expressions import jsonata as module
from carnation.asl.expressions.jsonata_values import (
    UNDEFINED,
    Limits,
    UnsupportedResultError,
)
from carnation.errors import EvaluationError, ExpressionError

STATES = {"input": {"n": 5, "items": [{"p": 1}, {"p": 3}], "none": None, "text": "x"}}


def evaluate(text: str) -> Any:
    scope = Scope(
        None, {}, {"states": STATES, "none": None, "v": [1, 2]}, lambda: 1.5, random.Random(1)
    )
    return parse_jsonata(text).evaluate(scope)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$states.input.n + 1", 6),
        ("$states.input.items[p > 1].p", 3),
        ("$states.input.none", None),
        ("$none", None),
        ("null", None),
        ("[1..3]", [1, 2, 3]),
        ("{'a': $states.input.none, 'b': [null]}", {"a": None, "b": [None]}),
        ("$variable := 1", 1),
        ("$partition($states.input.items, 1)", [[{"p": 1}], [{"p": 3}]]),
        ("$partition([1, 2, 3], 2.9)", [[1, 2], [3]]),
        ("$partition([1, 2])", [[1, 2]]),
        ("$partition([1], 0)", UNDEFINED),
        ("$range(0, 10, 5)", [0, 5, 10]),
        ("$range(3, 1, -1)", [3, 2, 1]),
        ("$range(-1.7, 2, 1)", [-1, 0, 1, 2]),
        ("$range(1, 9, 9)", 1),
        ("$range(1, 2, 0)", UNDEFINED),
        ("$range(1, 2, -1)", UNDEFINED),
        ("$range(1, 2)", UNDEFINED),
        ("$hash('input data', 'MD5')", "812f45842bc6d66ee14572ce20db8e86"),
        ("$hash('input data')", UNDEFINED),
        ("$parse('{\"a\": 1}').a", 1),
        ("$parse('null')", None),
        ("$millis()", 1500),
        ("$now()", "1970-01-01T00:00:01.500Z"),
        ("$sum($map($v, function($x){$x * 2}))", 6),
        ("($f := function($x){$x <= 1 ? 1 : $x * $f($x - 1)}; $f(5))", 120),
        ("$states.input.nosuch", UNDEFINED),
        ("$nosuch", UNDEFINED),
        ("$partition($nosuch, 1)", UNDEFINED),
        ("$parse($nosuch)", UNDEFINED),
        ("$v ~> $sum()", 3),
        ("$random(42)", 0.7275636800328681),
        ("1/0", "Infinity"),
        ("[-1/0, 0/0]", ["-Infinity", "NaN"]),
        ("1e308 * 10", "Infinity"),
        ("5.5 % 2", 1.5),
        ("$string(1e20)", "100000000000000000000"),
        ("$string(1e21)", "1e+21"),
        ("$string([0.1 + 0.2, 1e-7, 5.0])", "[0.3,1e-7,5]"),
        (
            "$string({'a': [], 'b': {}, 'c': [1]}, true)",
            '{\n  "a": [],\n  "b": {},\n  "c": [\n    1\n  ]\n}',
        ),
        ("$number('0x1F') + $number('1e3')", 1031),
        ("$parseInteger('abc', '0')", "NaN"),
        ("$round(2.5) & $round(125, -1)", "2120"),
        ("$replace('hello', /(l)(o)/, '$2$1$$')", "helol$"),
        ("$replace('a.b', '.', '$0')", "a$0b"),
        ("$sort([3, 1, 2], function($l, $r){$l < $r})", [3, 2, 1]),
        ("$distinct([{'a': 1}, {'a': 1}])", [{"a": 1}]),
        ("$toMillis('2017-11-07T15:12:37.121+01:00')", 1510063957121),
        ("$toMillis('2017')", 1483228800000),
        ("$lowercase('GROSS')", "gross"),
        ("true in [1]", False),
        ("$map([1, null], function($x){$type($x)})", ["number", "null"]),
        ("$length($map([1..1000], $string) ~> $join)", 2893),
    ],
)
def test_an_expression_gives_its_value(text: str, value: Any) -> None:
    assert evaluate(text) == value


def test_undefined_shows_itself() -> None:
    assert repr(UNDEFINED) == "undefined"
    assert repr(parse_jsonata("1")) == "Jsonata('1')"


def test_chance_comes_from_the_scope() -> None:
    assert evaluate("$random()") == random.Random(1).random()
    assert re.fullmatch(r"[0-9a-f-]{36}", evaluate("$uuid()"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("$randomSeeded(1)", "^T1006: Attempted to invoke a non-function"),
        ("1/0 + 1", "^D1001: Number out of range: Infinity"),
        ("'a' + 1", '^T2001: The left side of the "\\+" operator must evaluate to a number$'),
        ("1 < 'a'", '^T2009: The values 1 and "a" either side of operator "<" must be of'),
        ("$sum(['a'])", '^T0412: Argument 1 of function "sum" must be an array of "numbers"$'),
        ("$length(1)", '^T0410: Argument 1 of function "length" does not match function signat'),
        ("$sum([1], 2)", '^T0410: Argument 2 of function "sum"'),
        ("$uppercase(null)", '^T0410: Argument 1 of function "uppercase"'),
        ("$number('Hello')", '^D3030: Unable to cast value to a number: "Hello"$'),
        ("$power(2, 5000)", "^D3061: .* base=2, exponent=5000$"),
        ("$sort([{}, {}])", "^D3070"),
        ("$toMillis('foo')", '^D3110: .* Given "foo"$'),
        ("$decodeUrl('%ZZ')", r'^D3140: Malformed URL passed to \$decodeUrl\(\): "%ZZ"$'),
        ("$formatNumber(1, '0,,0')", "^D3089"),
        ("$replace('a', '', 'b')", "^D3010: Second argument of replace function cannot be"),
        ("$replace('a', /x*/, 'b')", "^D1004"),
        ("$string(1/0)", "^D3001"),
        ("$base64decode('!!!')", "^threw an internal error during evaluation"),
        ("$error('no')", "^D3137: no"),
        ("$partition([1], -1)", "^D3137: Second argument must be zero or greater"),
        ("$partition(7, 2)", "^T0412: Argument 1"),
        ("$partition([1], 'x')", "^T0410: Argument 2"),
        ("$range('a', 2, 1)", '^T0410: Argument 1 of function "range"'),
        ("$range(1, 1e9, 1)", "memory limit exceeded: Check for excessive memory usage"),
        ("[1..873783]", "memory limit exceeded: Check for excessive memory usage"),
        ("$uuid(1)", '^T0410: Argument 1 of function "uuid"'),
        ("$hash($nosuch)", '^T0410: Argument 1 of function "hash"'),
        ("$hash(1)", "^T0410: Argument 1"),
        ("$hash('x', 'SHA-3')", "^D3137: Hash algorithm 'SHA-3' must be one of"),
        ("$parse('{')", "^D3137: Invalid JSON"),
        ("$parse('')", "^D3137: Invalid JSON"),
        ('$parse(\'{"a":1,"a":2}\')', "^D3137: Invalid JSON"),
        ("$parse(1)", "^T0410"),
        (
            "($f := function($x){1 + $f($x + 1)}; $f(1))",
            "Stack overflow error: Check for non-terminating",
        ),
        ("+".join("1" * 101), "Stack overflow error"),
    ],
)
def test_what_has_no_value_says_so_with_the_code_of_jsonata(text: str, problem: str) -> None:
    with pytest.raises(EvaluationError, match=problem):
        evaluate(text)


@pytest.mark.parametrize("text", ["$fn := function($x){$x}", "$sum", "{'a': /x/}"])
def test_a_function_is_no_result(text: str) -> None:
    with pytest.raises(UnsupportedResultError):
        evaluate(text)


@pytest.mark.parametrize(
    ("text", "column", "problem"),
    [
        ("$a +", 5, "S0207"),
        ("$a[1", 5, "S0203"),
        ("", 1, "column 1"),
        ("$eval('1')", 1, "forbids"),
        ("1 + $eval('1')", 5, "forbids"),
        ("$map([1], $eval)", 11, "forbids"),
    ],
)
def test_a_text_that_is_refused_says_the_column(text: str, column: int, problem: str) -> None:
    with pytest.raises(ExpressionError, match=problem) as caught:
        parse_jsonata(text)
    assert caught.value.column == column


def test_an_expression_reports_what_it_uses() -> None:
    uses = parse_jsonata("($k := 1; $f($x[p>$k].q, a.b, function($y){$y+c}))")
    assert [(use.name, use.column) for use in uses.functions] == [("f", 11)]
    assert [(use.name, use.column) for use in uses.variables] == [("x", 14)]
    assert [(use.name, use.column) for use in uses.fields] == [("a", 26), ("c", 47)]


def test_without_the_library_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module._load.cache_clear()
    monkeypatch.setitem(sys.modules, "jsonata", None)
    with pytest.raises(ExpressionError, match=r"pip install 'carnation\[jsonata\]'"):
        parse_jsonata("1 + 1 + 1").prepare()
    module._load.cache_clear()


@given(st.text(alphabet="$stae.input()[]{}'\"+-*/:=?,01 |~>&", max_size=20))
@settings(max_examples=300)
def test_any_text_is_an_expression_or_refused_and_never_breaks(text: str) -> None:
    with suppress(ExpressionError):
        evaluate(text)


@pytest.mark.parametrize(
    "text",
    [
        "$contains($pad('', 60, 'a') & 'b', /^(a|a)*$/)",
        "$replace($pad('', 60, 'a') & 'b', /^(a|aa)+$/, 'x')",
        "$split($pad('', 60, 'a') & 'b', /^(a|a)*$/)",
        "$count($match($pad('', 60, 'a') & 'b', /(a|aa)+$/))",
    ],
)
def test_a_pattern_that_tries_for_minutes_is_stopped(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr(Limits, "seconds", 0.05)
    with pytest.raises(EvaluationError, match="timeout"):
        parse_jsonata(text).evaluate(Scope())
