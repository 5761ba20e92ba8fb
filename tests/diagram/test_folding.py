from __future__ import annotations

import json
from typing import Any

import pytest

from carnation.diagram import draw_mermaid, draw_svg
from carnation.diagram.folding import fold_scopes
from carnation.diagram.graph import Node, read_graph
from carnation.diagram.layout import lay_out
from tests.diagram.test_layout import CORPUS, needs_corpus
from tests.geometry import find_faults, graph, nest


def task(name: str, **fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": f"arn:aws:lambda:x:1:function:{name}", **fields}


def fan_out(*names: str, **fields: Any) -> dict[str, Any]:
    """Make a Parallel whose branches load and clean; `fields` are those of the last Load."""
    branches = [
        {
            "StartAt": f"Load {name}",
            "States": {
                f"Load {name}": task(name, Next=f"Clean {name}", **(fields if last else {})),
                f"Clean {name}": task("clean", End=True),
            },
        }
        for last, name in ((name == names[-1], name) for name in names)
    ]
    return {
        "StartAt": "All",
        "States": {"All": {"Type": "Parallel", "Branches": branches, "End": True}},
    }


def route(*names: str) -> dict[str, Any]:
    """Make a Choice whose branches handle and store, each in two states of its own."""
    rules = [{"Variable": "$.t", "StringEquals": name, "Next": f"Handle{name}"} for name in names]
    states: dict[str, Any] = {"Route": {"Type": "Choice", "Choices": rules, "Default": "Other"}}
    for name in names:
        states[f"Handle{name}"] = task("handle", Next=f"Store{name}")
        states[f"Store{name}"] = task("store", Next="Done")
    states |= {"Other": {"Type": "Fail"}, "Done": {"Type": "Succeed"}}
    return {"StartAt": "Route", "States": states}


def fold(definition: dict[str, Any]) -> dict[str, Node]:
    scopes = fold_scopes(read_graph(definition))
    return {node.name: node for scope in scopes for node in scope.nodes if node.name}


def test_equal_branches_of_a_parallel_are_one_that_names_all() -> None:
    nodes = fold(fan_out("orders", "stock", "prices"))
    assert set(nodes) == {"All", "Load × 3", "Clean × 3"}
    assert nodes["Load × 3"].folded == ("Load orders", "Load stock", "Load prices")
    assert nodes["All"].caption == "Parallel, 3 branches"


def test_equal_branches_of_a_choice_are_one_with_all_conditions() -> None:
    scopes = fold_scopes(read_graph(route("A", "B", "C", "D")))
    (scope,) = scopes
    names = [node.name for node in scope.nodes if node.name]
    assert names == ["Route", "Handle × 4", "Store × 4", "Other", "Done"]
    (rules,) = [edge for edge in scope.edges if edge.target_name == "Handle × 4"]
    assert len(rules.texts) == 4
    ends = [(edge.source_name, edge.target_name) for edge in scope.edges if edge.kind == "next"]
    assert ends == [("Handle × 4", "Store × 4"), ("Store × 4", "Done")]


@pytest.mark.parametrize(
    "fields",
    [
        {"Retry": [{"ErrorEquals": ["States.ALL"]}]},
        {"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Clean prices"}]},
    ],
    ids=["a retry", "a catcher"],
)
def test_a_branch_that_does_something_else_stays_by_itself(fields: dict[str, Any]) -> None:
    assert "Load prices" in fold(fan_out("orders", "stock", "prices", **fields))
    nodes = fold(fan_out("orders", "stock", "rates", "prices", **fields))
    assert {"Load × 3", "Load prices"} <= set(nodes)


def test_two_branches_are_not_folded_nor_are_waits_of_different_lengths() -> None:
    assert "Load stock" in fold(fan_out("orders", "stock"))
    definition = graph(A="B C D", B="", C="", D="")
    for number, name in enumerate("BCD"):
        definition["States"][name] = {"Type": "Wait", "Seconds": number, "End": True}
    assert "B" in fold(definition)
    assert "B" in fold(graph(A="B C D", B="", C="", D="E", E=""))


def test_what_several_choices_lead_to_is_not_folded() -> None:
    assert {"C", "D", "E"} <= set(fold(graph(A="B C D E", B="C D E", C="Z", D="Z", E="Z", Z="")))


def test_the_picture_lists_the_folded_states_and_what_each_calls() -> None:
    definition = fan_out("orders", "stock", "prices")
    svg = draw_svg(definition, fold=True)
    assert "• Load × 3: Load orders, Load stock, Load prices" in svg
    assert "Load stock: Lambda stock" in svg  # on hover
    assert "equal branches are folded" in svg
    assert "× 3" not in draw_svg(definition)
    chart = draw_mermaid(definition, fold=True)
    assert "Load × 3" in chart
    assert "<br>Load stock<br>" in chart


@needs_corpus
def test_folded_definitions_of_the_corpus_are_drawn_without_a_fault() -> None:
    folded = 0
    for path in CORPUS:
        definition = json.loads(path.read_text(encoding="utf-8"))
        if "Choice" not in str(definition) and "Parallel" not in str(definition):
            continue
        names = fold(definition)
        if any(node.folded for node in names.values()):
            folded += 1
            assert list(find_faults(lay_out(definition, fold=True))) == []
    assert folded > 10


def test_three_hundred_maps_within_each_other_are_folded_without_recursion() -> None:
    assert len(fold_scopes(read_graph(nest(300)))) == 301
