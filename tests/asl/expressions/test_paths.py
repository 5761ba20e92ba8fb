from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carnation.asl.expressions import NoMatchError, Path, Scope, parse_path, parse_reference_path
from carnation.asl.expressions.jsonata_values import Limits
from carnation.errors import EvaluationError, ExpressionError

STORE: dict[str, Any] = {
    "store": {
        "book": [
            {"title": "Sayings", "price": 8.95, "tags": ["old", "short"]},
            {"title": "Sword", "price": 12.99, "tags": []},
            {"title": "Moby", "price": 8.99, "isbn": "0-553", "tags": ["old"]},
            {"title": "Rings", "price": 22.99, "isbn": "0-395", "sold": False},
        ],
        "bicycle": {"color": "red", "price": 19.95},
    },
    "odd name": {"it's": 1},
    "sub-values": [[1, 2], [3]],
    "empty": [],
    "nothing": None,
    "limit": 10,
}
TITLES = ["Sayings", "Sword", "Moby", "Rings"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$", STORE),
        ("$.limit", 10),
        ("$.nothing", None),
        ("$['odd name']['it\\'s']", 1),
        ('$["odd name"]["it\'s"]', 1),
        ("$.sub-values[0][1]", 2),
        ("$.store.book[-1].title", "Rings"),
        ("$[ 'limit' ]", 10),
        ("$.store.bicycle['color','price']", {"color": "red", "price": 19.95}),
        ("$.store.book.length()", 4),
        ("$.limit.length()", NoMatchError),
        ("$.store.bicycle.keys()", ["color", "price"]),
        ("$.sub-values[0].sum()", 3.0),
        ("$.sub-values[0].avg()", 1.5),
        ("$.sub-values[0].min()", 1.0),
        ("$.sub-values[0].max()", 2.0),
        ("$.sub-values[0].stddev()", 0.5),
        ("$.sub-values.first()", [1, 2]),
        ("$.sub-values.last()", [3]),
        ("$.empty.first()", NoMatchError),
        ("$.empty.last()", NoMatchError),
        ("$.limit.keys()", NoMatchError),
        ("$.empty.sum()", EvaluationError),
        ("$.limit.sum()", EvaluationError),
        ("$.missing", NoMatchError),
        ("$.limit.deeper", NoMatchError),
        ("$.empty[0]", NoMatchError),
        ("$.limit[0]", NoMatchError),
        ("$.limit['a','b']", NoMatchError),
    ],
)
def test_a_definite_path_gives_one_value_or_no_match(text: str, value: Any) -> None:
    path = parse_path(text)
    if isinstance(value, type):
        with pytest.raises(value):
            path.find(STORE)
    else:
        assert path.find(STORE) == value


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("$.store.book[*].title", TITLES),
        ("$.store.book.*.title", TITLES),
        ("$.store.book[1:].title", TITLES[1:]),
        ("$.store.book[:1].title", TITLES[:1]),
        ("$.store.book[1:3].title", TITLES[1:3]),
        ("$.store.book[-2:].title", TITLES[2:]),
        ("$.store.book[0,2].title", ["Sayings", "Moby"]),
        ("$.store.book[0, 9].title", ["Sayings"]),
        ("$.store.book[*].isbn", ["0-553", "0-395"]),
        ("$.store.book[*].tags[0]", ["old", "old"]),
        ("$..title", TITLES),
        ("$..book[0].title", ["Sayings"]),
        ("$..['color']", ["red"]),
        ("$.store.book[*]['title','isbn'][0]", []),
        ("$.limit[*]", []),
        ("$.limit[1:]", []),
        ("$.limit[0,1]", []),
        ("$.limit[?(@.a)]", []),
        ("$.store.bicycle[?(@.color == 'red')].price", [19.95]),
        ("$.store.book[?(@.price < 10)].title", ["Sayings", "Moby"]),
        ("$.store.book[?(@.price < $.limit)].title", ["Sayings", "Moby"]),
        ("$.store.book[?(@.price>=12.99&&@.price<=22.99)].title", ["Sword", "Rings"]),
        ("$.store.book[?(@.isbn)].title", ["Moby", "Rings"]),
        ("$.store.book[?(!@.isbn)].title", ["Sayings", "Sword"]),
        ("$.store.book[?(@.isbn || @.price > 10)].title", ["Sword", "Moby", "Rings"]),
        ("$.store.book[?((@.isbn || @.price > 10) && @.price < 20)].title", ["Sword", "Moby"]),
        ("$.store.book[?(@.sold == false)].title", ["Rings"]),
        ("$.store.book[?(@.title =~ /s.*/i)].title", ["Sayings", "Sword"]),
        ("$.store.book[?(@.title =~ 'Moby')].title", ["Moby"]),
        ("$.store.book[?(@.title in ['Moby', \"Sword\"])].title", ["Sword", "Moby"]),
        ("$.store.book[?(@.title nin ['Moby', 1, null, true])].price", [8.95, 12.99, 22.99]),
        ("$.store.book[?(@.tags contains 'old')].title", ["Sayings", "Moby"]),
        ("$.store.book[?(@.title contains 'o')].title", ["Sword", "Moby"]),
        ("$.store.book[?(@.tags size 1)].title", ["Moby"]),
        ("$.store.book[?(@.tags size ['a'])].title", ["Moby"]),
        ("$.store.book[?(@.tags empty true)].title", ["Sword"]),
        ("$.store.book[?(@.tags empty false)].title", ["Sayings", "Moby"]),
        ("$.store.book[?(@.tags subsetof ['old'])].title", ["Sword", "Moby"]),
        ("$.store.book[?(@.tags anyof ['short'])].title", ["Sayings"]),
        ("$.store.book[?(@.tags noneof ['short'])].title", ["Sword", "Moby"]),
        ("$.store.book[?(@.title != 'Moby')].title", ["Sayings", "Sword", "Rings"]),
        ("$.store.book[?(@.title === 'Moby')].title", ["Moby"]),
        ("$.store.book[?(@.title > 1)].title", []),
        ("$.empty[?(@.a)]", []),
        ("$.sub-values[*]", [[1, 2], [3]]),
        ("$.sub-values..[0]", [[1, 2], 1, 3]),
        ("$.store.book[?(@.tags[*] == [])].title", ["Sword", "Rings"]),
    ],
)  # fmt: skip
def test_an_indefinite_path_gives_a_list(text: str, values: list[Any]) -> None:
    path = parse_path(text)
    assert not path.is_definite
    assert path.find(STORE) == values


def test_a_function_at_the_end_of_a_path_makes_one_value_of_many() -> None:
    path = parse_path("$.store.book[*].price.sum()")
    assert path.is_definite
    assert path.find(STORE) == pytest.approx(53.92)


def test_no_match_says_which_path_in_jayways_notation() -> None:
    with pytest.raises(NoMatchError, match=r"No results for path: \$\['a'\]\[0\]\['b'\]"):
        parse_path("$.a[0].b").find({"a": [{}]})


@pytest.mark.parametrize("text", ["$.x[1,2].y", "$.x[1:2]", "$.x..y", "$.x[?(@.a)]", "$.x.*"])
def test_a_path_that_may_lead_to_several_places_never_fails(text: str) -> None:
    assert parse_path(text).find({}) == []


def test_a_path_looks_into_the_document_the_context_or_a_variable() -> None:
    scope = Scope({"a": 1}, {"Execution": {"Id": "x"}}, {"total": {"sum": [5]}})
    assert parse_path("$.a").evaluate(scope) == 1
    assert parse_path("$$.Execution.Id").evaluate(scope) == "x"
    assert parse_path("$total.sum[0]").evaluate(scope) == 5
    with pytest.raises(NoMatchError):
        parse_path("$other").evaluate(scope)
    assert parse_path("$total.sum[0]").variable == "total"
    assert parse_path("$$").is_context
    assert parse_path("$.a").variable is None
    assert repr(parse_path("$.a")) == "Path('$.a')"


@pytest.mark.parametrize(
    ("text", "column", "problem"),
    [
        ("", 1, "starts with"),
        ("a.b", 1, "starts with"),
        ("@.a", 1, "filters only"),
        ("$.", 3, "name is missing"),
        ("$a b", 3, "a step starts with"),
        ("$.a[", 5, "brackets hold"),
        ("$.a[0", 6, "does not end"),
        ("$.a['b", 5, "does not end"),
        ("$.a['b',c]", 9, "quoted name is missing"),
        ("$.a[0,]", 7, "number is missing"),
        ("$.a[?@.b]", 6, "in parentheses"),
        ("$.a[?(@.b == )]", 14, "is missing"),
        ("$.a[?(@.b like 'x')]", 11, "unknown operator 'like'"),
        ("$.a[?(@.b == 1]", 15, "filter does not end"),
        ("$.a[?(@.b =~ /(/)]", 14, "regular expression"),
        ("$.a[?(@.b in [1)]", 16, "list does not end"),
        ("$.a[?(@.b in [@.c])]", 18, "no paths"),
        ("$.a.nosuch()", 12, "unknown function 'nosuch'"),
        ("$.a.length().b", 13, "nothing can follow"),
        ("$" + "[?(" + "(" * 80 + "@.a", 54, "nested deeper"),
    ],
)
def test_a_text_that_is_no_path_is_refused_with_its_column(
    text: str, column: int, problem: str
) -> None:
    with pytest.raises(ExpressionError, match=problem) as caught:
        parse_path(text)
    assert caught.value.column == column


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("$", {"a": 1}, 7),
        ("$.a", {"a": 1, "b": 2}, {"a": 7, "b": 2}),
        ("$.c.d", {"a": 1}, {"a": 1, "c": {"d": 7}}),
        ("$['c d']", {}, {"c d": 7}),
        ("$.a[1].b", {"a": [0, {}]}, {"a": [0, {"b": 7}]}),
        ("$.a[0]", {"a": [0, 1]}, {"a": [7, 1]}),
    ],
)
def test_a_value_is_put_into_a_copy(text: str, before: Any, after: Any) -> None:
    path = parse_reference_path(text)
    kept = repr(before)
    assert path.is_reference
    assert path.put(before, 7) == after
    assert repr(before) == kept


@pytest.mark.parametrize(
    ("text", "document"), [("$.a", "text"), ("$.a.b", {"a": 1}), ("$.a[2]", {"a": [0]})]
)
def test_a_value_cannot_be_put_where_nothing_can_hold_it(text: str, document: Any) -> None:
    with pytest.raises(EvaluationError, match="Unable to apply ReferencePath"):
        parse_reference_path(text).put(document, 7)


@pytest.mark.parametrize("text", ["$.a[*]", "$..a", "$.a[-1]", "$.a[0:1]", "$.a.length()"])
def test_a_reference_path_leads_to_one_place(text: str) -> None:
    with pytest.raises(ExpressionError, match="reference path"):
        parse_reference_path(text)
    assert not parse_path(text).is_reference


documents = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=4)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.text(alphabet="$.[]()'\"?@*:,&|!=<>~/ab01 ", max_size=20), documents)
@settings(max_examples=500)
def test_any_text_is_a_path_or_refused_and_never_breaks(text: str, document: Any) -> None:
    try:
        path = parse_path("$" + text)
    except ExpressionError:
        return
    with suppress(EvaluationError):
        path.find(document)


@given(documents)
@settings(max_examples=200)
def test_what_lies_in_a_document_is_found_by_the_path_to_it(document: Any) -> None:
    waiting: list[tuple[str, Any]] = [("$", document)]
    for text, value in waiting:
        path = parse_path(text)
        assert isinstance(path, Path)
        assert path.find(document) is value
        if isinstance(value, dict):
            for key, item in value.items():
                quoted = key.replace("\\", "\\\\").replace("'", "\\'")
                waiting.append((f"{text}['{quoted}']", item))
        elif isinstance(value, list):
            waiting.extend((f"{text}[{at}]", item) for at, item in enumerate(value))


def test_a_deep_document_is_walked_without_recursion() -> None:
    deep: Any = {"leaf": 1}
    for _ in range(20_000):
        deep = {"in": deep}
    assert parse_path("$..leaf").find(deep) == [1]


def test_a_filter_that_tries_for_minutes_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Limits, "seconds", 0.05)
    items = [{"b": "a" * 60 + "b"}]
    with pytest.raises(EvaluationError, match="timeout"):
        parse_path("$[?(@.b =~ /(a|a)*/)]").find(items)
    assert parse_path("$[?(@.b =~ /A+B/i)]").find(items) == items
