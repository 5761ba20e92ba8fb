"""The one graph of a definition, held to what the models before it found, and to a naive one."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from carnation.asl.graph import Definition, State, read_definition
from carnation.document import join_pointer, read_document
from carnation.engine import compile_definition
from carnation.errors import DefinitionError, ExpressionError
from tests.rule_cases import REFUSALS, RISKS

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
BUILT = sorted(ROOT.glob("build/*/code/state-machine/*.asl.json"))
DIGESTS = dict(
    line.split()
    for line in (Path(__file__).parent / "corpus_digests.txt").read_text("utf-8").splitlines()
)
"""By the first byte of a file's SHA-256: a digest of what five models agreed on in version 0.1.0.

The models were asl.walk, the linter's, the picture's, adoption's and the engine's: the same states
in the same order, the same transitions, wherever they took a definition.
"""


def describe(definition: Definition) -> Any:
    return [
        [scope.pointer for scope in definition.scopes],
        [
            [state.pointer, state.type, state.language,
             sorted([move.field, move.target] for move in state.transitions)]
            for state in definition.states
        ],
    ]  # fmt: skip


@pytest.mark.skipif(not CORPUS.exists(), reason="needs ../shared/corpus")
def test_published_definitions_are_read_as_the_models_before_read_them() -> None:
    found: dict[str, list[str]] = defaultdict(list)
    names: dict[str, list[str]] = defaultdict(list)
    for path in sorted(CORPUS.rglob("*.json")):
        bucket = hashlib.sha256(path.read_bytes()).hexdigest()[:2]
        graph = read_definition(read_document(str(path)).value)
        found[bucket].append(json.dumps(describe(graph)))
        names[bucket].append(path.name)
    digests = {
        bucket: hashlib.sha256("".join(sorted(texts)).encode()).hexdigest()[:16]
        for bucket, texts in found.items()
    }
    assert {names[key][0]: names[key] for key in DIGESTS if digests.get(key) != DIGESTS[key]} == {}
    assert digests.keys() == DIGESTS.keys()


def read_naively(scope: Any, pointer: str = "") -> Iterator[tuple[str, str, list[str]]]:
    """Yield the states of a well-formed definition with their targets, each before its inside."""
    for name, state in scope["States"].items():
        at = join_pointer(pointer, "States", name)
        moves = [state, *state.get("Choices", ()), *state.get("Catch", ())]
        targets = [move["Next"] for move in moves if "Next" in move]
        yield at, state["Type"], [*targets, *([state["Default"]] if "Default" in state else [])]
        for field in ("ItemProcessor", "Iterator"):
            if field in state:
                yield from read_naively(state[field], f"{at}/{field}")
        for index, branch in enumerate(state.get("Branches", ())):
            yield from read_naively(branch, f"{at}/Branches/{index}")


def list_kept() -> list[Any]:
    built = [read_document(str(path)).value for path in BUILT]
    return [*built, *(case.kept for case in (*REFUSALS, *RISKS))]


def test_our_own_definitions_are_read_as_a_naive_reader_reads_them() -> None:
    assert BUILT
    for definition in list_kept():
        graph = read_definition(definition)
        found = [
            (state.pointer, state.type, sorted(move.target for move in state.transitions))
            for state in graph.states
        ]
        naive = [(at, kind, sorted(targets)) for at, kind, targets in read_naively(definition)]
        assert sorted(found) == sorted(naive)
        assert graph.malformed == []


SUCCEED = {"Type": "Succeed"}
NESTED = {
    "StartAt": "Each",
    "States": {
        "Each": {
            "Type": "Map", "Next": "Both",
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "End"}],
            "ItemProcessor": {"StartAt": "Pick", "States": {
                "Pick": {"Type": "Choice", "Default": "a/b", "Choices": [
                    {"Condition": "{% true %}", "Next": "c~d"}]},
                "a/b": SUCCEED, "c~d": {**SUCCEED, "QueryLanguage": "JSONata"}}},
        },
        "Both": {"Type": "Parallel", "Next": "End", "Branches": [
            {"StartAt": "One", "States": {"One": SUCCEED}},
            {"StartAt": "Two", "States": {"Two": SUCCEED}}]},
        "End": SUCCEED,
        "Apart": SUCCEED,
    },
}  # fmt: skip


def test_scopes_states_and_transitions_are_found_outer_ones_first() -> None:
    graph = read_definition(NESTED)
    assert [scope.pointer for scope in graph.scopes] == [
        "", "/States/Each/ItemProcessor", "/States/Both/Branches/0", "/States/Both/Branches/1",
    ]  # fmt: skip
    assert [state.name for state in graph.states] == [
        "Each", "Both", "End", "Apart", "Pick", "a/b", "c~d", "One", "Two",
    ]  # fmt: skip
    each = graph.by_name["Each"]
    assert each.transitions == [
        ("/Next", "next", "Both", each), ("/Catch/0/Next", "catch", "End", each.catchers[0]),
    ]  # fmt: skip
    pick = graph.by_pointer["/States/Each/ItemProcessor/States/Pick"]
    assert pick.transitions == [
        ("/Choices/0/Next", "choice", "c~d", pick.rules[0]), ("/Default", "default", "a/b", pick),
    ]  # fmt: skip
    assert pick.scope.owner is graph.by_name["Each"]
    assert [state.pointer for state in pick.scope.reached] == [
        "/States/Each/ItemProcessor/States/Pick", "/States/Each/ItemProcessor/States/c~0d",
        "/States/Each/ItemProcessor/States/a~1b",
    ]  # fmt: skip
    assert [state.language for state in pick.scope.reached] == ["JSONPath", "JSONata", "JSONPath"]


def test_what_cannot_be_reached_is_not_among_the_reached() -> None:
    assert [state.name for state in read_definition(NESTED).top.reached] == ["Each", "Both", "End"]
    assert read_definition({"StartAt": "B", "States": {"A": SUCCEED}}).top.reached == []
    assert read_definition({"StartAt": ["A"], "States": {"A": SUCCEED}}).top.start is None


@pytest.mark.parametrize(
    ("state", "pointer", "message"),
    [
        ({"Next": 1}, "/Next", "'Next' must be the name of a state"),
        ({"Default": []}, "/Default", "'Default' must be the name of a state"),
        ({"Choices": {}}, "/Choices", "'Choices' must be a list"),
        ({"Choices": [1]}, "/Choices/0", "'Choices' must be a list of objects"),
        ({"Choices": [{"Next": {}}]}, "/Choices/0/Next", "'Next' must be the name of a state"),
        ({"Retry": "x"}, "/Retry", "'Retry' must be a list"),
        ({"Catch": [None]}, "/Catch/0", "'Catch' must be a list of objects"),
        ({"Branches": {}}, "/Branches", "'Branches' must be a list"),
        ({"Branches": [1]}, "/Branches/0", "Branches: a graph of states is a mapping"),
        ({"ItemProcessor": []}, "/ItemProcessor", "ItemProcessor: a graph of states is a mapping"),
        ({"Iterator": {"States": []}}, "/Iterator/States", "'States' must be an object of states"),
    ],
)
def test_what_is_malformed_is_listed_and_left_out(state: Any, pointer: str, message: str) -> None:
    graph = read_definition({"StartAt": "A", "States": {"A": {"Type": "Task", **state}}})
    assert [(one.pointer, one.message, one.state) for one in graph.malformed] == [
        (f"/States/A{pointer}", message, "A")
    ]
    assert [found.transitions for found in graph.states] == [[]]


@pytest.mark.parametrize("state", [
    {"Next": "${Next}"}, {"Choices": "${Rules}"}, {"Choices": ["${Rule}"]}, {"Retry": "${Retry}"},
    {"Branches": "${Branches}"}, {"Branches": ["${Branch}"]}, {"ItemProcessor": "${Processor}"},
])  # fmt: skip
def test_a_placeholder_may_be_anywhere(state: Any) -> None:
    graph = read_definition({"StartAt": "A", "States": {"A": {"Type": "Task", **state}}})
    assert graph.malformed == []


@pytest.mark.parametrize("body", [{}, {"States": {}}, {"States": 1}, {"States": {"A": 1}}])
def test_an_empty_definition_has_no_states(body: Any) -> None:
    graph = read_definition(body)
    assert (graph.states, len(graph.scopes), graph.top.reached) == ([], 1, [])


def test_a_state_of_no_known_type_has_no_place_in_the_table_of_fields() -> None:
    states: Any = {"A": {"Type": "Retrier"}, "B": {}, "C": {"Type": "Pass"}}
    found: list[State] = read_definition({"States": states}).states
    assert [(state.type, state.place) for state in found] == [
        ("Retrier", ""), ("None", ""), ("Pass", "Pass"),
    ]  # fmt: skip


def test_a_definition_may_nest_as_deep_as_it_likes() -> None:
    body: Any = {"StartAt": "A0", "States": {"A0": SUCCEED}}
    for depth in range(1, 3000):
        name = f"A{depth}"
        body = {"StartAt": name, "States": {name: {"Type": "Parallel", "Branches": [body]}}}
    assert len(read_definition(body).states) == 3000


def compare_with_engine(value: Any) -> bool:
    """Hold the compiled flows to the graph; False for what the engine does not compile."""
    try:
        flows = [compile_definition(value).flow]
    except (DefinitionError, ExpressionError):
        return False
    scopes = [read_definition(value).top]
    for flow, scope in zip(flows, scopes, strict=True):  # both grow
        assert list(flow.states) == list(scope.states)
        assert scope.start is not None
        assert flow.start.name == scope.start.name
        for compiled, state in zip(flow.states.values(), scope.states.values(), strict=True):
            moves = [move.target for move in state.transitions]
            assert sorted(str(target) for _, target in compiled.targets()) == sorted(moves)
            flows += compiled.inner
            scopes += state.inner[: len(compiled.inner)]
    return True


def test_the_engine_runs_the_states_and_transitions_of_the_graph() -> None:
    assert sum(compare_with_engine(value) for value in list_kept()) > 50
    found = [read_document(str(path)).value for path in sorted(CORPUS.rglob("*.json"))[::20]]
    assert sum(map(compare_with_engine, found)) >= len(found) * 0.9
