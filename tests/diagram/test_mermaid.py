from __future__ import annotations

import json
import re
from typing import Any

import pytest

from carnation.asl import walk_states
from carnation.diagram import draw_mermaid
from tests.diagram.test_diagram import make_hostile
from tests.diagram.test_layout import CORPUS, needs_corpus, read_built
from tests.geometry import chain, graph, nest

LABEL = r'"[^"]*"'
DOT = r'(?:\(\(" "\)\))?'
LINE = re.compile(
    rf"""flowchart\ (?:TD|LR)
    | \s+ subgraph\ \w+\[{LABEL}\] | \s+ direction\ (?:TB|LR) | \s+ end
    | \s+ \w+ (?: \[{LABEL}\] | \{{{LABEL}\}} | \(\[{LABEL}\]\) )
    | \s+ \w+ (?: \(\("\ "\)\) )? \ (?:-->|-\.->) (?: \|{LABEL}\| )? \ \w+
    | \s+ classDef\ \w+\ [\w:#,\ -]+ | \s+ class\ [\w,]+\ \w+
    | \s+ linkStyle\ [\d,]+\ [\w:#,\ -]+""",
    re.VERBOSE,
)
# what Mermaid, its markdown or the page could take for more than a letter
SAFE = re.compile(r"(?:#\d+;|<br>|</?i>|[^<>\"`*|{};%\\~$#])*")


def check_grammar(chart: str) -> None:
    """Every line is one of the few kinds of lines that the chart is made of."""
    depth = 0
    for line in chart.splitlines():
        assert LINE.fullmatch(line), line
        depth += line.strip().startswith("subgraph ")
        depth -= line.strip() == "end"
        for label in re.findall(LABEL, line):
            assert SAFE.fullmatch(label[1:-1]), label
    assert depth == 0


def test_the_chart_of_the_reference_has_every_state_and_every_transition() -> None:
    definition = read_built("carnation")
    chart = draw_mermaid(definition)
    check_grammar(chart)
    names = [place.name for place in walk_states(definition)]
    drawn = re.findall(r'^\s+(?:subgraph )?(\w+)(?:\[|\{|\(\[)"', chart, re.MULTILINE)
    assert sorted(drawn) == sorted(names)
    links = re.findall(rf"^\s+(\w+){DOT} (?:-->|-\.->)(?:\|.*?\|)? (\w+)$", chart, re.MULTILINE)
    moves = [
        (place.name, move.target) for place in walk_states(definition) for move in place.transitions
    ]
    starts = [("start", "CollectEvents"), ("start_2", "ProcessEvent")]
    assert sorted(links) == sorted([*moves, *starts])


def test_a_dotted_arrow_is_a_catcher_and_says_which_errors() -> None:
    chart = draw_mermaid(read_built("carnation"))
    assert 'ProcessEvent -.->|"EventConflict"| PutInDeadLetters' in chart
    assert chart.count("-.->") == 4


def test_a_map_is_a_subgraph_and_each_branch_of_several_one_within() -> None:
    branches = [graph(A=""), graph(B=""), {}]
    state = {"Type": "Parallel", "Branches": branches, "Next": "Z"}
    chart = draw_mermaid({"StartAt": "P", "States": {"P": state, "Z": {"Type": "Succeed"}}})
    check_grammar(chart)
    assert re.findall(r"^ *subgraph.*", chart, re.MULTILINE) == [
        '    subgraph P["P: <i>Parallel, 3 branches</i>"]',
        '        subgraph P_branch_1[" "]',
        '        subgraph P_branch_2[" "]',
    ]
    assert "    P --> Z\n" in chart


def test_a_map_without_states_is_a_box() -> None:
    state = {"Type": "Map", "ItemProcessor": {"States": {}}, "End": True}
    assert 'M["M<br><i>Map</i>"]' in draw_mermaid({"StartAt": "M", "States": {"M": state}})


def test_hostile_names_stay_within_their_quotes() -> None:
    check_grammar(draw_mermaid(make_hostile()))


@pytest.mark.parametrize(
    "name", ["end", "graph", "class", "o", "x", "click", "9lives", "défaut", ""]
)
def test_an_id_is_no_word_of_the_language(name: str) -> None:
    chart = draw_mermaid({"StartAt": name, "States": {name: {"Type": "Succeed"}}})
    check_grammar(chart)
    assert re.search(r'^    (s_\w*|d_faut)\(\["', chart, re.MULTILINE)


def test_names_that_read_alike_have_ids_of_their_own() -> None:
    chart = draw_mermaid(graph(**{"A b": "A-b", "A-b": "a_B", "a_B": ""}))
    assert re.findall(r'^    (\w+)\["', chart, re.MULTILINE) == ["A_b", "A_b_2", "a_B_3"]


def test_marks_color_states_and_links() -> None:
    marks = {"/States/S1": "added", "/States/S0→S1": "changed", "/States/S1→S2": "changed"}
    chart = draw_mermaid(chain(3), marks)
    check_grammar(chart)
    assert "    class S1 added\n" in chart
    links = re.findall(rf"^    (\w+){DOT} --> (\w+)$", chart, re.MULTILINE)
    numbers = re.search(r"linkStyle ([\d,]+) ", chart)
    assert numbers
    marked = [links[int(number)] for number in numbers[1].split(",")]
    assert marked == [("S0", "S1"), ("S1", "S2")]


def test_links_are_numbered_in_the_order_of_the_text_inner_ones_first() -> None:
    inner = graph(A="B", B="")
    states: dict[str, Any] = {
        "M": {"Type": "Map", "ItemProcessor": inner, "Next": "Z"}, "Z": {"Type": "Succeed"},
    }  # fmt: skip
    marks = {"/States/M→Z": "added", "/States/M/ItemProcessor/States/A→B": "removed"}
    chart = draw_mermaid({"StartAt": "M", "States": states}, marks)
    links = re.findall(rf"(\w+){DOT} --> (\w+)$", chart, re.MULTILINE)
    found = dict(re.findall(r"linkStyle (\d+) stroke:(#\w+)", chart))
    assert {links[int(number)] for number in found} == {("M", "Z"), ("A", "B")}
    assert found[str(links.index(("M", "Z")))] == "#15803d"


def test_a_long_text_is_cut_and_a_state_that_is_not_there_is_shown() -> None:
    chart = draw_mermaid({"StartAt": "A" * 80, "States": {}})
    check_grammar(chart)
    assert "A" * 59 + "…<br><i>does not exist</i>" in chart
    assert " missing\n" in chart


def test_thirty_maps_within_each_other_are_written() -> None:
    chart = draw_mermaid(nest(30))
    check_grammar(chart)
    assert chart.count("subgraph") == 30


@needs_corpus
def test_every_definition_of_the_corpus_becomes_a_chart() -> None:
    for path in CORPUS:
        check_grammar(draw_mermaid(json.loads(path.read_text(encoding="utf-8"))))


def test_a_chart_runs_to_the_right_and_so_does_what_is_in_it() -> None:
    chart = draw_mermaid(nest(2), direction="right")
    check_grammar(chart)
    assert chart.startswith("flowchart LR\n")
    assert chart.count("direction LR") == 2
    assert "TB" not in chart
