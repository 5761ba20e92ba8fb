"""Our reading of JSONata gives the tree of jsonata-python, or leaves the expression to it."""

from __future__ import annotations

import random
import re
import warnings
from typing import Any

import pytest

from carnation.asl.expressions.jsonata import _load
from carnation.asl.expressions.jsonata_grammar import Node, UnsureError, read_tree
from carnation.asl.expressions.jsonata_tokens import Tokens
from carnation.errors import ExpressionError

try:
    dialect: Any = _load()  # the library itself would raise the recursion limit of all tests
except ExpressionError as error:
    pytest.skip(str(error), allow_module_level=True)

READ = (
    "$states.input.total", "$n + 1 * 2 - -3", "-$x", "-4.5e3", "a.b.c", "`odd name`.x", "\"a\".b",
    "$a and $b or not($c)", "and", "or.in", "$x[0].y[z = 1][]", "$x[].y", "(a; b; $c)", "()", "[]",
    "[1..3, 5]", "[1, [2, \"x\"]]", "{}", "{\"a\": 1, $k: $v}", "orders{id: $sum(n)}", "a.*.**.b",
    "$map($a, function($v, $i) { $v.x })", "λ($x) { $x > 1 ? $f($x) : $x }", "$f(?, 2)",
    "function($x) { ($y := $x; $g($y)) }", "$x := $y := 2", "($x := 1; $x & 'text')",
    "a^(>n, <m, k)", "a@$x.b#$i", "a#$i[x]", "$ ~> |a|{\"b\": 1}, [\"c\"]|", "$x ~> $f ~> $g(1)",
    "a ? b", "a ? b : c ? d : e", "a in [1, 2]", "a != 1 and b <= 2 and c >= 3", "a % 2 / 3",
    "/* note */ a /* b */ + 1", "'\\u0041\\n\\\"'", "true = false", "null", "$", "$$.a", "$.a",
    "a.(b; c).d", "a.$f(x)[0]", "$x.a{b: c}[0]", "$x[1]{b: c}", "a.{\"x\": y}", "$a(1)(2)",
    "$length(a)>1", "a{b: c}[0]",
)  # fmt: skip
LEFT = (
    "/a/", "$contains(a, /b/i)", "a.%.b", "a ?? b", "a ?: b", "function($x)<n:n> { $x }", "a +",
    "a.1", "a[", "(a", "'open", "$x.true", "function(x) { x }", "a := 1", "a@b", "a b", "1..2",
    "a[0]@$x", "a{b: c}{d: e}", "/* open", "a /* end */", "'\\q'", "'\\u00'", "1e999",
    "a ! b", "`open", "", "   ", "$x[0] := 1", "function($x[0]) { 1 }",
)  # fmt: skip
WORDS = (
    "$a", "b", ".", "[", "]", "{", "}", "(", ")", ",", "@", "#", "$i", ";", ":", "?", "-", "*", "/",
    "%", "|", "^", "**", "..", ":=", "~>", "and", "!", "'q'", "1", "null", "function", "/*c*/", " ",
    "[]", "[0]", "{\"a\":1}", "^(>a)", "function($x){$x}",
)  # fmt: skip
_NAMED = ("binary", "unary", "name", "variable", "string", "number", "value", "apply", "bind")


def dump(node: Any) -> Any:
    """Write a tree as plain values: what reading asks for."""
    if isinstance(node, list):
        return [dump(item) for item in node]
    if not hasattr(node, "position"):
        return node
    parts = {name: getattr(node, name, None) for name in vars(Node) if not name.startswith("__")}
    kind = node.type or ""
    shown = (node.value, node.position) if kind in _NAMED else None
    return kind, shown, {name: dump(part) for name, part in parts.items() if part is not None}


def parse(text: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return dump(dialect.Expression(text).ast)


@pytest.mark.parametrize("text", READ)
def test_an_expression_is_read_as_the_library_reads_it(text: str) -> None:
    assert dump(read_tree(text)) == parse(text)


@pytest.mark.parametrize("text", LEFT)
def test_what_is_rare_or_wrong_is_left_to_the_library(text: str) -> None:
    with pytest.raises(UnsureError):
        read_tree(text)


def test_what_is_read_in_any_mutation_is_what_the_library_reads() -> None:
    chance, read = random.Random(7), 0
    for _ in range(400):
        parts = re.findall(r"\w+|\s+|[^\w\s]", chance.choice(READ))
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(parts) + 1)
            parts[at : at + chance.randint(0, 1)] = [chance.choice(WORDS)]
        text = "".join(parts)
        try:
            tree = dump(read_tree(text))
        except UnsureError:
            continue
        read += 1
        assert tree == parse(text), text
    assert read > 50


def test_a_slash_is_a_division_where_an_operator_may_come() -> None:
    assert Tokens("/").next(infix=True).id == "/"
    with pytest.raises(UnsureError):
        Tokens("/").next(infix=False)
