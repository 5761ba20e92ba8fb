"""Inline Maps whose items are counted: by the declared schema, and what an iteration costs."""

from __future__ import annotations

from typing import Any

from carnation.linter import find_problems
from tests.rule_cases.builders import LOOP, machine, map_, only, pass_, task

LONG = "inline-map-beyond-history"


def find(inner: Any, items: int, type: str = "STANDARD") -> list[str]:
    definition = only(map_(ItemsPath="$.orders", ItemProcessor=inner, ResultPath=None))
    orders = {"type": "array", "maxItems": items, "items": {}}
    schema = {"type": "object", "properties": {"orders": orders}}
    found = find_problems(definition, type=type, declared={"input": schema})
    return [problem.message for rule, problem in found if rule.id == LONG]


def test_the_declared_number_of_items_is_counted() -> None:
    inner = machine(I=task())
    assert find(inner, 3_572) == [
        "3,572 items cause at least 25,004 events; a history can hold 25,000"
    ]
    assert not find(inner, 3_571)
    assert not find(inner, 0)
    assert not find(inner, 3_572, "EXPRESS")


def test_the_shortest_way_counts() -> None:
    rules = [{"Variable": "$.a", "IsPresent": True, "Next": "Long"}]
    choice = {"Type": "Choice", "Choices": rules, "Default": "Short"}
    inner = machine(C=choice, Long=task(Next="Short"), Short=pass_())
    assert find(inner, 4_167)
    assert not find(inner, 4_166)


def test_branches_are_added_up() -> None:
    branches = [machine(P=task()), machine(Q=task())]
    inner = machine(I={"Type": "Parallel", "Branches": branches, "End": True})
    assert find(inner, 1_563)
    assert not find(inner, 1_562)


def test_an_iteration_that_never_ends_is_another_rules_matter() -> None:
    assert not find(LOOP, 1_000_000)
    assert not find(machine(), 1_000_000)
