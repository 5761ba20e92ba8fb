"""What an expression of JSONata uses, by its syntax tree."""

from __future__ import annotations

import pytest

from carnation.asl.expressions import parse_jsonata
from carnation.errors import ExpressionError


@pytest.mark.parametrize(
    "text",
    [
        "phone", "phone[0].number", "-phone", "phone ? 1 : 2", "$a ? phone : 2", "phone & 'x'",
        "phone in $b", "$sum(phone)", "phone(1)", "phone ~> $string()", "[1..phone]", "(phone)",
        "(phone).other", "[phone].other", "[phone, 1]", "{phone: 1}", "($x := phone; $x)",
        "$map($a, function($y) { phone })", "$count(phone[inner])", "phone.**.deeper",
        "$a ~> $f(phone)", "phone^(order)", "phone{k: v}", "phone + phone", "phone@$p.a[b = $p]",
    ],
)  # fmt: skip
def test_a_bare_name_at_the_top_is_found_with_its_column(text: str) -> None:
    fields = parse_jsonata(text).uses.fields
    assert {field.name for field in fields} == {"phone"}
    assert all(text[field.column - 1 :].startswith("phone") for field in fields)


@pytest.mark.parametrize(
    "text",
    [
        "$a.phone", "$a[0].phone", "$a.b[phone > 3]", "$a^(phone)", "$a.b^(>phone, <c)",
        "$a{'k': phone}", "$a{phone: $sum(price)}", "$a.b{phone: c}.d", "$a.(phone)", "$a.$phone",
        "**.phone", "*.phone", "{'k': 1}.phone", "$a[0][phone]", "$a[$ > 1]", "$a.$", "$a.%.b",
        "$a ~> |phone|{'b': price}, ['c']|", "$a ~> |$|{'b': c}|", "function($x) { $x.phone }",
        "$map($a, function($o) { $o ~> |$|{'x': id}| })", "'phone'", "$a@$o.b@$i[oid = $o.id]",
        "$a#$i.{'n': name, 'i': $i}", "$a.{'phone': phone, 'b': [c]}", "$a.b.(c ? d : $)",
    ],
)  # fmt: skip
def test_what_looks_into_a_value_is_not_at_the_top(text: str) -> None:
    uses = parse_jsonata(text.replace(".%.", ".b.%.")).uses
    assert (uses.fields, uses.contexts) == ((), ())


@pytest.mark.parametrize(
    "text", ["$", "$.a", "$[0]", "$string($)", "$map($a, function($x) { $ })", "$ ~> |a|{}|"]
)
def test_the_context_at_the_top_is_found(text: str) -> None:
    assert [use.name for use in parse_jsonata(text).uses.contexts] == ["$"]


@pytest.mark.parametrize(
    ("text", "free"),
    [
        ("($y := 1; $y)", set()),
        ("($z := $z + 1; $z)", {"z"}),
        ("($y := 1) + $y", {"y"}),
        ("($f := function($n) { $f($n) }; $f(1))", set()),
        ("[$x := 1, $x]", set()),
        ("$a@$v.b[$v = 1]#$i.{'i': $i, 'v': $v}", {"a"}),
        ("$a@$v.b & $v", {"a", "v"}),
        ("function($p) { $p + $q }", {"q"}),
        ("$map($a, function($v, $i) { $v * $i + $k })", {"a", "k"}),
        ("$a.($b := c; $b) + $b", {"a", "b"}),
        ("$exists($x) ? $x : $y", {"y"}),
        ("$exists($x) ? 1 : $x", {"x"}),
        ("$x and $x.a", {"x"}),
    ],
)
def test_variables_are_those_that_it_neither_defines_nor_tests(text: str, free: set[str]) -> None:
    assert parse_jsonata(text).uses.unguarded - {"map"} == free


@pytest.mark.parametrize(
    ("text", "true", "false"),
    [
        ("$exists($x)", {"x"}, set()),
        ("$not($exists($x.a))", set(), {"x"}),
        ("$exists($x) and $y > 1", {"x", "y"}, set()),
        ("$exists($x) or $x = 1", {"x"}, set()),
        ("$not($exists($x)) or $y = 1", set(), {"x"}),
        ("($count($x) > 0)", {"x"}, set()),
        ("$count($x) = 0", set(), set()),
        ("$type($x) = 'number'", {"x"}, set()),
    ],
)
def test_a_condition_says_which_variables_have_a_value(
    text: str, true: set[str], false: set[str]
) -> None:
    uses = parse_jsonata(text).uses
    assert (uses.when_true, uses.when_false) == (true, false)


def test_uses_of_states_are_found_with_what_is_asked_of_it() -> None:
    uses = parse_jsonata("$states.context.`Map`.Item + $states.input[$states.result.b]").uses
    assert [use.path for use in uses.states] == [
        ("context", "Map", "Item"),
        ("input",),
        ("result", "b"),
    ]
    assert parse_jsonata("($states := 1; $states.a)").uses.states == ()


@pytest.mark.parametrize("text", ["$a ?? 1", "$a ?: 1", "$a[b ?? 1]", "?? 1"])
def test_operators_newer_than_2_0_6_are_refused(text: str) -> None:
    with pytest.raises(ExpressionError, match="AWS runs JSONata 2.0.6"):
        parse_jsonata(text)
