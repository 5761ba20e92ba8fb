"""Inputs against declared schemas, and numbers that are none: both named by what is wrong."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, TypedDict

import pytest

from carnation.cli.run import _warn_of_undeclared
from carnation.emulator.declared import list_undeclared
from carnation.emulator.numbers import find_invalid_number
from carnation.workflow.schemas import make_schema


class Line(TypedDict):
    sku: str
    count: int


class Order(TypedDict, total=False):
    lines: list[Line]
    notes: dict[str, str]
    paid: bool | None


@pytest.mark.parametrize(
    ("value", "problems"),
    [
        ({"lines": [{"sku": "a", "count": 2}], "paid": None, "more": 1}, []),
        ({"lines": [{"sku": "a", "count": "two"}]}, ["/lines/0/count is 'two'"]),
        ({"lines": [{"sku": "a"}]}, ["/lines/0: 'count' is missing"]),
        ({"lines": [{"sku": "a", "count": True}]}, ["/lines/0/count is True"]),
        ({"notes": {"a": 1}, "paid": "no"}, ["/notes/a is 1", "/paid is 'no'"]),
        ([], ["the input is []"]),
    ],
)
def test_members_that_are_not_as_declared_are_named(value: Any, problems: list[str]) -> None:
    found = list(list_undeclared(make_schema(Order), value))
    assert len(found) == len(problems)
    assert all(one.startswith(told) for one, told in zip(found, problems, strict=True))


def test_run_warns_of_an_input_that_is_not_as_declared(capsys: pytest.CaptureFixture[str]) -> None:
    artifacts: Any = SimpleNamespace(manifest={"declared": {"input": make_schema(Line)}})
    _warn_of_undeclared(artifacts, [{"sku": "a", "count": "two"}])
    assert "warning: --input: /count is 'two'; declared is integer." in capsys.readouterr().err


@pytest.mark.parametrize("text", ["two", "", "NaN", "Infinity", "1 000"])
def test_a_number_that_is_none_is_found_wherever_it_is(text: str) -> None:
    update = {"Key": {"id": {"S": "N"}}, "ExpressionAttributeValues": {":n": {"N": text}}}
    assert find_invalid_number(update) == text
    assert find_invalid_number({"Item": {"a": {"L": [{"NS": ["1", text]}]}}}) == text
    assert (
        find_invalid_number({"Item": {"N": {"N": "1e5"}, "a": {"M": {"N": {"S": text}}}}}) is None
    )
