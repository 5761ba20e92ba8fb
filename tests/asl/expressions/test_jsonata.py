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
from carnation.asl.expressions.jsonata import UNDEFINED, UnsupportedResultError
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
        ("$partition(7, 2)", [[7]]),
        ("$range(0, 10, 5)", [0, 5, 10]),
        ("$range(3, 1, -1)", [3, 2, 1]),
        ("$range(0.5, 2, 0.5)", [0.5, 1.0, 1.5, 2.0]),
        ("$hash('input data', 'MD5')", "812f45842bc6d66ee14572ce20db8e86"),
        ("$length($hash('input data'))", 64),
        ("$parse('{\"a\": 1}').a", 1),
        ("$parse('null')", None),
        ("$millis()", 1500),
        ("$now()", "1970-01-01T00:00:01.500Z"),
        ("$sum($map($v, function($x){$x * 2}))", 6),
        ("($f := function($x){$x <= 1 ? 1 : $x * $f($x - 1)}; $f(5))", 120),
        ("$states.input.nosuch", UNDEFINED),
        ("$nosuch", UNDEFINED),
        ("$partition($nosuch, 1)", UNDEFINED),
        ("$hash($nosuch)", UNDEFINED),
        ("$parse($nosuch)", UNDEFINED),
        ("$v ~> $sum()", 3),
        ("$random(7) = $random(7)", True),
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
        ("1/0", "^D1001"),
        ("'a' + 1", "^T2001"),
        ("$error('no')", "^D3137: no"),
        ("$partition([1], 0)", "positive"),
        ("$partition([1], 'x')", "^T0410: Argument 2"),
        ("$range(1, 2, 0)", "must not be 0"),
        ("$range(1, 1e9, 1)", "more than 1000000"),
        ("$hash(1)", "^T0410: Argument 1"),
        ("$hash('x', 'SHA-3')", "Invalid algorithm"),
        ("$parse('{')", "no JSON"),
        ("$parse(1)", "^T0410"),
        ("($f := function($x){1 + $f($x + 1)}; $f(1))", "^D1011"),
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


def test_an_expression_tells_what_it_uses() -> None:
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
        parse_jsonata("1 + 1 + 1")
    module._load.cache_clear()


@given(st.text(alphabet="$stae.input()[]{}'\"+-*/:=?,01 |~>&", max_size=20))
@settings(max_examples=300, deadline=None)
def test_any_text_is_an_expression_or_refused_and_never_breaks(text: str) -> None:
    with suppress(ExpressionError):
        evaluate(text)
