from __future__ import annotations

import itertools
import json
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carnation.asl import walk_states
from carnation.diagram.crossings import count_crossings as count_layered_crossings
from carnation.diagram.edge_routing import _MANY, Track, order_tracks, stack_tracks
from carnation.diagram.font_metrics import measure_text
from carnation.diagram.graph import MISSING, read_graph
from carnation.diagram.labels import NAME, SMALL
from carnation.diagram.layout import Direction, Layout, lay_out, lay_out_for_page
from tests.conftest import ROOT
from tests.depth import every
from tests.geometry import chain, count_crossings, find_faults, graph, nest

CORPUS = sorted((ROOT.parent / "shared" / "corpus").rglob("*.json"))
needs_corpus = pytest.mark.skipif(
    not CORPUS, reason="the corpus of real definitions is not beside this repository"
)


def read_built(name: str) -> dict[str, Any]:
    path = ROOT / "build" / name / "code" / "state-machine" / f"{name}.asl.json"
    definition: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return definition


def check_texts_fit(layout: Layout) -> None:
    """Every text is within its box: from where it begins to where it ends, badge included."""
    for box in layout.boxes:
        if not box.face.name:
            continue  # a dot
        room = box.width - 46 - 11
        if box.face.badge:
            room -= measure_text(box.face.badge, SMALL) + 14
        for line in box.face.name:
            assert measure_text(line, NAME, bold=True) <= room
        assert measure_text(box.face.caption, SMALL) <= room
    for line in layout.lines:
        for text in line.label.lines if line.label else ():
            assert measure_text(text, SMALL) <= line.label.width if line.label else False


def check_whole(definition: dict[str, Any], layout: Layout) -> None:
    """Every state is drawn once, every transition is drawn, and nothing that is not there."""
    states = [place.pointer for place in walk_states(definition)]
    drawn = [box.node.pointer for box in layout.boxes if "/States/" in box.node.pointer]
    drawn = [pointer for pointer in drawn if pointer.split("/")[-2] == "States"]
    missing = {box.node.pointer for box in layout.boxes if box.node.type == MISSING}
    assert sorted(set(drawn) - missing) == sorted(states)
    assert len(drawn) == len(set(drawn))
    wanted = {
        (place.pointer, "choice" if move.kind == "default" else move.kind, move.target)
        for place in walk_states(definition)
        for move in place.transitions
    }
    edges = [line.edge for line in layout.lines if line.edge.kind not in ("start", "end")]
    moves = [(edge.source, edge.kind, edge.target_name) for edge in edges]
    assert sorted(moves) == sorted(wanted)


# every promise, on real definitions


@pytest.mark.parametrize("name", ["carnation", "archive"])
def test_the_reference_workflows_are_drawn_without_a_fault_and_without_a_crossing(
    name: str,
) -> None:
    layout = lay_out(read_built(name))
    assert list(find_faults(layout)) == []
    assert count_crossings(layout) == 0
    check_texts_fit(layout)
    check_whole(read_built(name), layout)


@needs_corpus
@every(3)
def test_every_definition_of_the_corpus_is_drawn_whole_and_without_a_fault(stride: int) -> None:
    crossed = 0
    for path in CORPUS[::stride]:
        definition = json.loads(path.read_text(encoding="utf-8"))
        layout = lay_out(definition)
        assert list(find_faults(layout)) == [], path
        check_texts_fit(layout)
        check_whole(definition, layout)
        crossed += count_crossings(layout) > 0
    assert crossed <= 15, "pictures of real definitions with a crossing"


DIRECTIONS: tuple[Direction, ...] = ("down", "right")
NAMES = ("A", "B", "C", "D", "E", "F", "G", "H")


@st.composite
def make_definitions(draw: st.DrawFn) -> dict[str, Any]:
    """Make any small graph: choices, catchers, loops, moves to nowhere, states out of reach."""
    names = NAMES[: draw(st.integers(1, len(NAMES)))]
    targets = st.sampled_from((*names, "Nowhere"))
    states: dict[str, Any] = {}
    for name in names:
        state: dict[str, Any] = {"Type": draw(st.sampled_from(("Task", "Choice", "Parallel")))}
        if draw(st.booleans()):
            state["Next"] = draw(targets)
        state["Choices"] = [{"Next": draw(targets)} for _ in range(draw(st.integers(0, 3)))]
        state["Catch"] = [
            {"ErrorEquals": ["States.ALL"], "Next": draw(targets)}
            for _ in range(draw(st.integers(0, 2)))
        ]
        state["Branches"] = [graph(A="B", B="") for _ in range(draw(st.integers(0, 2)))]
        states[name] = state
    return {"StartAt": draw(targets), "States": states}


@every(10)
def test_any_graph_is_drawn_whole_and_without_a_fault(stride: int) -> None:
    @settings(max_examples=150 // stride)
    @given(make_definitions())
    def draw(definition: dict[str, Any]) -> None:
        for direction in DIRECTIONS:
            layout = lay_out(definition, direction)
            assert list(find_faults(layout)) == []
            check_whole(definition, layout)

    draw()


# crossings

PLANAR = {
    "a chain": graph(A="B", B="C", C=""),
    "a diamond": graph(A="B C", B="D", C="D", D=""),
    "three ways that meet": graph(A="B C D", B="E", C="E", D="E", E=""),
    "a way round": graph(A="B D", B="C", C="D", D=""),
    "two ways round": graph(A="B D", B="C D", C="D", D=""),
    "a loop": graph(A="B", B="C", C="A D", D=""),
    "a loop in a loop": graph(A="B", B="C", C="D B", D="E A", E=""),
    "two loops, one after the other": graph(A="B", B="C A", C="D", D="E C", E=""),
    "a loop on itself": graph(A="B", B="C B", C=""),
    "a wait beside the way on": graph(A="B", B="C D E", C="A", D="F", E="", F=""),
    "a ladder": graph(A="B C", B="D", C="E", D="F", E="F", F="G H", G="", H=""),
    "a catcher for all": chain(5, Catch=[{"ErrorEquals": ["States.ALL"], "Next": "F"}]),
}
PLANAR["a catcher for all"]["States"]["F"] = {"Type": "Fail"}


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("name", PLANAR)
def test_no_edges_cross_where_none_have_to(name: str, direction: Direction) -> None:
    layout = lay_out(PLANAR[name], direction)
    assert count_crossings(layout) == 0
    assert list(find_faults(layout)) == []


def test_edges_that_have_to_cross_do_so_no_more_than_that() -> None:
    # three states above the same three, all joined: nine crossings is the least
    moves = dict.fromkeys("BCD", "E F G")
    layout = lay_out(graph(A="B C D", **moves, E="", F="", G=""))
    assert count_crossings(layout) <= 9
    assert list(find_faults(layout)) == []


def test_the_main_way_is_one_straight_line() -> None:
    layout = lay_out(chain(6))
    assert len({box.x + box.width / 2 for box in layout.boxes}) == 1
    right = lay_out(chain(6), "right")
    assert len({box.y + box.height / 2 for box in right.boxes}) == 1
    assert [box.x for box in right.boxes] == sorted({box.x for box in right.boxes})
    assert all(len(line.paths) == 1 and len(line.paths[0]) == 2 for line in layout.lines)


def test_states_of_one_scope_that_catch_into_one_share_the_way_there() -> None:
    definition = chain(40, Catch=[{"ErrorEquals": ["States.ALL"], "Next": "F"}])
    definition["States"]["F"] = {"Type": "Fail"}
    ends = {line.paths[-1][-1] for line in lay_out(definition).lines if line.edge.kind == "catch"}
    assert len(ends) <= 2  # the last label stands right above and comes in by itself


def test_many_tracks_are_ordered_by_their_direction_and_none_lies_on_another() -> None:
    right = [Track((float(x),), (x + 3000.0,), ()) for x in range(_MANY // 2)]
    left = [Track((x + 9000.0,), (x + 6000.0,), ()) for x in range(_MANY // 2)]
    turns = [Track((0.0, 9500.0), (), ()), Track((), (0.0, 9500.0), ())]
    tracks = order_tracks([turns[1], *right, turns[0], *left])
    assert tracks[0] == turns[0]
    assert tracks[-1] == turns[1]
    assert [track for track in tracks if track in right] == right[::-1]
    assert [track for track in tracks if track in left] == left
    levels = stack_tracks(tracks)
    assert len(set(levels[1:-1])) == _MANY // 2, "what goes left shares levels with what goes right"


def test_a_wide_choice_keeps_its_order_and_crosses_nothing() -> None:
    names = [f"S{number}" for number in range(300)]
    definition = graph(A=" ".join(names), **dict.fromkeys(names, "Z"), Z="")
    layout = lay_out(definition)
    assert list(find_faults(layout)) == []


# what is broken, deep, or large


def test_a_transition_to_nowhere_leads_to_a_box_that_says_so() -> None:
    layout = lay_out({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "Lost"}}})
    [lost] = [box for box in layout.boxes if box.node.name == "Lost"]
    assert (lost.node.type, lost.face.caption) == (MISSING, "does not exist")


@pytest.mark.parametrize(
    "definition",
    [
        {},
        {"StartAt": "A"},
        {"States": {}},
        {"States": []},
        {"StartAt": 7, "States": {"A": None, "B": {}, "C": {"Type": 3, "Next": 4}}},
        {"StartAt": "A", "States": {"A": {"Type": "Map"}}},
        {"StartAt": "A", "States": {"A": {"Type": "Map", "ItemProcessor": {}, "Iterator": {}}}},
        {"StartAt": "A", "States": {"A": {"Branches": [{}, 1, {"States": {}}]}}},
        {"States": {"A": {"Choices": [1, {"Next": []}], "Catch": {}, "Retry": [2]}}},
    ],
    ids=str,
)  # fmt: skip
def test_a_broken_definition_is_drawn_with_what_is_there(definition: dict[str, Any]) -> None:
    layout = lay_out(definition)
    assert list(find_faults(layout)) == []
    check_whole(definition, layout)


def test_states_whose_names_are_words_of_the_language_stand_in_their_own_scopes() -> None:
    inner = graph(States="StartAt", StartAt="Branches", Branches="")
    state = {"Type": "Map", "ItemProcessor": inner, "End": True}
    definition = {"StartAt": "Branches", "States": {"Branches": state}}
    scopes = {scope.pointer: len(scope.nodes) for scope in read_graph(definition)}
    assert scopes == {"": 3, "/States/Branches/ItemProcessor": 5}


def test_thirty_maps_within_each_other_and_three_hundred_need_no_recursion() -> None:
    limit = sys.getrecursionlimit()
    for depth in (30, 300):
        layout = lay_out(nest(depth))
        assert len(layout.frames) == depth
    assert list(find_faults(lay_out(nest(30)))) == []
    assert sys.getrecursionlimit() == limit


def test_a_chain_of_four_thousand_states_is_drawn() -> None:
    definition = chain(4000, Catch=[{"ErrorEquals": ["States.ALL"], "Next": "S4000"}])
    assert len(lay_out(definition).boxes) == 4002


def count_calls(count: int) -> int:
    """Count the calls that laying out a chain with loops and catchers makes."""
    last = f"S{count}"
    definition = chain(count, Catch=[{"ErrorEquals": ["States.ALL"], "Next": last}])
    for number in range(3, count, 3):
        rules = [{"Variable": "$.x", "IsNull": True, "Next": f"S{number - 2}"}]
        definition["States"][f"S{number}"] = {
            "Type": "Choice", "Choices": rules, "Default": f"S{number + 1}"
        }  # fmt: skip
    calls = itertools.count()
    before = sys.getprofile()
    sys.setprofile(lambda frame, event, argument: next(calls) if "call" in event else None)
    try:
        lay_out(definition)
    finally:
        sys.setprofile(before)
    return next(calls)


def test_the_work_grows_with_the_states_and_not_with_their_square() -> None:
    ratio = count_calls(600) / count_calls(150)
    assert ratio < 8  # four times the states; their square would be 16


def test_the_layout_counts_its_own_crossings_rightly() -> None:
    from carnation.diagram.layers import Link, build_layers

    layered = build_layers([(10, 10)] * 4, [Link(0, 3, "a"), Link(1, 2, "a")])
    assert count_layered_crossings(layered) == 1  # 0 and 1 above 2 and 3
    layered.layers[0].reverse()
    layered.layers[1].reverse()
    assert count_layered_crossings(layered) == 0


def test_many_branches_stand_in_rows_that_a_page_can_show() -> None:
    state = {"Type": "Parallel", "Branches": [graph(A="B", B="") for _ in range(10)], "End": True}
    definition = {"StartAt": "P", "States": {"P": state}}
    layout = lay_out(definition)
    assert list(find_faults(layout)) == []
    assert layout.width <= 1100
    assert len({frame.y for frame in layout.frames}) > 1
    tops = [(frame.y, frame.x) for frame in layout.frames]
    assert tops == sorted(tops)  # read as a text is, in the order of the branches


def test_a_picture_runs_to_the_right_where_only_that_fits_a_page() -> None:
    names = [f"Handle{number}" for number in range(14)]
    wide = graph(A=" ".join(names), **dict.fromkeys(names, "Z"), Z="")
    layout = lay_out_for_page(wide)
    assert layout.direction == "right"
    assert layout.width <= 1100 < lay_out(wide).width
    assert list(find_faults(layout)) == []
    check_texts_fit(layout)
    assert lay_out_for_page(chain(3)).direction == "down"
    names = [f"Handle{number}" for number in range(4)]
    both = chain(40)
    both["States"] |= graph(A=" ".join(names), **dict.fromkeys(names, "S1"))["States"]
    assert lay_out_for_page(both).direction == "down"


def test_the_longest_way_runs_down_one_column_past_choices() -> None:
    definition = graph(A="B", B="X C", C="D", D="Y E", E="F", F="", X="", Y="")
    boxes = {box.node.name: box for box in lay_out(definition).boxes if box.node.name}
    assert len({boxes[name].x + boxes[name].width / 2 for name in "ABCDEF"}) == 1


def test_the_longest_way_is_straight_where_another_way_joins_it_or_leaves_it_first() -> None:
    past = graph(A="B", B="X C", C="D E", D="E", E="F G", F="G", G="Z", X="Y", Y="Z", Z="")
    boxes = {box.node.name: box for box in lay_out(past).boxes if box.node.name}
    assert len({boxes[name].x + boxes[name].width / 2 for name in "ABCDEFGZ"}) == 1
    saga = {box.node.name: box for box in lay_out(make_saga(6)).boxes if box.node.name != "Done"}
    assert len({box.x + box.width / 2 for name, box in saga.items() if name}) == 1


def test_two_branches_that_are_too_wide_side_by_side_lie_below_each_other() -> None:
    names = [f"Handle{number}" for number in range(4)]
    branch = graph(A=" ".join(names), **dict.fromkeys(names, ""))
    state = {"Type": "Parallel", "Branches": [branch, branch], "End": True}
    layout = lay_out({"StartAt": "P", "States": {"P": state}})
    one, other = layout.frames
    assert one.x == other.x
    assert other.y > one.y + one.height
    assert list(find_faults(layout)) == []


def make_loop(start: str, target: str, n: int) -> dict[str, Any]:
    return {"Variable": "$.n", "NumericEquals": n, "Next": target, "Comment": start}


def test_a_loop_lies_inside_the_longer_one() -> None:
    steps = {name: {"Type": "Pass", "Next": after} for name, after in itertools.pairwise("ABCD")}
    rules = [make_loop("D", "B", 1), make_loop("D", "A", 2), make_loop("D", "E", 3)]
    decide = {"Type": "Choice", "Choices": rules, "Default": "F"}
    ends = {name: {"Type": "Succeed"} for name in "EF"}
    layout = lay_out({"StartAt": "A", "States": {**steps, "D": decide, **ends}})
    assert count_crossings(layout) == 0


def make_saga(length: int) -> dict[str, Any]:
    """Make steps that are tried again, each with its own way back, which all are gone."""
    states: dict[str, Any] = {}
    for n in range(length):
        catch = [{"ErrorEquals": ["States.ALL"], "Next": f"Undo{n}"}]
        states[f"Do{n}"] = {"Type": "Task", "Resource": "r", "Catch": catch, "Next": f"Ok{n}"}
        rules = [make_loop("", f"Do{n + 1}" if n + 1 < length else "Done", 1),
                 make_loop("", f"Do{n}", 2)]  # fmt: skip
        states[f"Ok{n}"] = {"Type": "Choice", "Choices": rules, "Default": f"Undo{n}"}
        states[f"Undo{n}"] = {"Type": "Pass", "Next": f"Undo{n - 1}" if n else "Gone"}
    states |= {"Done": {"Type": "Succeed"}, "Gone": {"Type": "Fail"}}
    return {"StartAt": "Do0", "States": states}


def test_the_ways_back_of_a_saga_cross_nothing() -> None:
    layout = lay_out(make_saga(6))
    assert count_crossings(layout) == 0
    assert list(find_faults(layout)) == []


def test_many_catchers_alike_are_labeled_once_and_two_each() -> None:
    for count, labels in ((2, 2), (5, 1)):
        names = [f"S{n}" for n in range(count)]
        catch = [{"ErrorEquals": ["States.ALL"], "Next": "F"}]
        states: dict[str, Any] = {
            name: {"Type": "Task", "Resource": "r", "Catch": catch, "Next": after}
            for name, after in itertools.pairwise([*names, "Z"])
        }
        states |= {"Z": {"Type": "Succeed"}, "F": {"Type": "Fail"}}
        layout = lay_out({"StartAt": "S0", "States": states})
        catches = [line for line in layout.lines if line.edge.kind == "catch"]
        assert (len(catches), sum(line.label is not None for line in catches)) == (count, labels)


def test_a_loop_goes_round_beside_its_box_and_not_round_what_is_higher() -> None:
    branch = {"StartAt": "a", "States": {
        "a": {"Type": "Pass", "Next": "b"}, "b": {"Type": "Pass", "End": True}
    }}  # fmt: skip
    layout = lay_out({"StartAt": "Get", "States": {
        "Get": {"Type": "Pass", "Next": "Ready?"},
        "Ready?": {"Type": "Choice", "Choices": [make_loop("", "All", 1)], "Default": "Wait"},
        "All": {"Type": "Parallel", "Branches": [branch, branch], "End": True},
        "Wait": {"Type": "Wait", "Seconds": 5, "Next": "Get"},
    }})  # fmt: skip
    boxes = {box.node.name: box for box in layout.boxes}
    (loop,) = [line for line in layout.lines if line.edge.target_name == "Get" and line.edge.texts
               == () and "Wait" in line.edge.source]  # fmt: skip
    lowest = max(y for path in loop.paths for _, y in path)
    assert lowest < boxes["Wait"].y + boxes["Wait"].height + 20
    assert lowest < boxes["All"].y + boxes["All"].height
    assert list(find_faults(layout)) == []
