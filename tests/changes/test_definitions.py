"""Definitions compared: pairs made by editing one value, since two random ones never look so."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from carnation.asl.cycles import find_cycles
from carnation.changes import KINDS, MISSING, Change, find_definition_changes, find_worst
from carnation.changes.edits import count_reordered, find_edits, match_items
from carnation.changes.retries import format_retrier, measure_wait
from carnation.changes.wording import contrast, format_seconds
from carnation.document import split_pointer

GONE = object()
QUEUE = "https://sqs/queue"
MAP: dict[str, Any] = {
    "Type": "Map",
    "ItemsPath": "$.items",
    "MaxConcurrency": 10,
    "ToleratedFailureCount": 5,
    "ItemProcessor": {
        "ProcessorConfig": {"Mode": "INLINE"},
        "StartAt": "One",
        "States": {
            "One": {"Type": "Pass", "Result": 1, "Next": "Two"},
            "Two": {"Type": "Pass", "Result": 2, "Assign": {"x": 1}, "End": True},
        },
    },
    "Next": "Both",
}
BOTH: dict[str, Any] = {
    "Type": "Parallel",
    "Branches": [
        {"StartAt": "Left", "States": {"Left": {"Type": "Pass", "Result": "l", "End": True}}},
        {"StartAt": "Right", "States": {"Right": {"Type": "Succeed", "Comment": "r"}}},
    ],
    "Next": "Pick",
}
BASE: dict[str, Any] = {
    "Comment": "pays",
    "StartAt": "Put",
    "TimeoutSeconds": 600,
    "States": {
        "Put": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage",
            "Parameters": {"QueueUrl": QUEUE, "MessageBody": {"id.$": "$.id", "kind": "a"}},
            "ResultPath": "$.put",
            "TimeoutSeconds": 30,
            "Credentials": {"RoleArn": "arn:aws:iam::123456789012:role/a"},
            "Retry": [
                {"ErrorEquals": ["Lambda.TooManyRequestsException"], "MaxAttempts": 6},
                {"ErrorEquals": ["A", "B"], "JitterStrategy": "FULL"},
            ],
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Broken"}],
            "Next": "Each",
        },
        "Each": MAP,
        "Both": BOTH,
        "Pick": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.n", "NumericEquals": 1, "Next": "Hold"},
                {"Variable": "$.n", "NumericEquals": 2, "Next": "Done"},
            ],
            "Default": "Broken",
        },
        "Hold": {"Type": "Wait", "Seconds": 5, "Next": "Done"},
        "Done": {"Type": "Succeed", "OutputPath": "$.put"},
        "Broken": {"Type": "Fail", "Error": "Refused", "Cause": "because"},
    },
}
RETRY = "/States/Put/Retry/0"
EACH = "/States/Each"
LEFT = {"StartAt": "L", "States": {"L": {"Type": "Wait", "Seconds": 9, "End": True}}}

# pointer, value, kind there, kind back
CASES: list[tuple[str, Any, str, str]] = [
    ("/Comment", "charges", "comment-changed", "comment-changed"),
    ("/StartAt", "Each", "start-changed", "start-changed"),
    ("/TimeoutSeconds", 60, "timeout-lowered", "timeout-raised"),
    ("/QueryLanguage", "JSONPath", "language-changed", "language-changed"),
    ("/Version", "1.0", "field-changed", "field-changed"),
    ("/States/Put/TimeoutSeconds", GONE, "timeout-removed", "timeout-added"),
    ("/States/Put/HeartbeatSeconds", 5, "timeout-added", "timeout-removed"),
    ("/States/Put/Type", "Pass", "type-changed", "type-changed"),
    ("/States/Put/Next", "Both", "transition-retargeted", "transition-retargeted"),
    ("/States/Hold/Next", GONE, "transition-removed", "transition-added"),
    ("/States/Hold/End", True, "transition-removed", "transition-added"),
    ("/States/Hold/Seconds", 6, "wait-changed", "wait-changed"),
    ("/States/Hold/Next", "Pick", "cycle-added", "cycle-removed"),
    ("/States/Hold/Next", "Hold", "cycle-added", "cycle-removed"),
    ("/States/New", {"Type": "Succeed"}, "state-added", "state-removed"),
    ("/States/Put/Next", "Done", "state-unreachable", "transition-retargeted"),
    ("/States/Pick/Default", "Done", "transition-retargeted", "transition-retargeted"),
    ("/States/Pick/Default", GONE, "transition-removed", "transition-added"),
    ("/States/Pick/Choices/0/NumericEquals", 7, "choice-changed", "choice-changed"),
    ("/States/Pick/Choices/0", GONE, "transition-removed", "transition-added"),
    ("/States/Pick/Choices/0/Next", "Done", "transition-retargeted", "transition-retargeted"),
    ("/States/Pick/Choices/0/Assign", {"x": 1}, "variable-changed", "variable-changed"),
    ("/States/Pick/Choices/0/Output", 1, "output-changed", "output-changed"),
    ("/States/Pick/Choices", "odd", "choice-changed", "choice-changed"),
    ("/States/Put/Resource", "arn:aws:states:::sns:publish", "action-changed", "action-changed"),
    ("/States/Put/Resource", "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
     "pattern-changed", "pattern-changed"),
    ("/States/Put/Resource", "arn:aws-cn:states:::sqs:sendMessage",
     "target-changed", "target-changed"),
    ("/States/Put/Resource", 7, "action-changed", "action-changed"),
    ("/States/Put/Parameters/QueueUrl", "https://b", "target-changed", "target-changed"),
    ("/States/Put/Parameters/MessageBody/kind", "b", "input-changed", "input-changed"),
    ("/States/Put/Parameters/MessageBody/id.$", "$.x", "expression-changed", "expression-changed"),
    ("/States/Put/ResultPath", "$.b", "expression-changed", "expression-changed"),
    ("/States/Put/ResultPath", GONE, "input-lost", "output-changed"),
    ("/States/Put/ResultPath", "$", "input-lost", "expression-changed"),
    ("/States/Put/ResultSelector", {"a": 1}, "output-changed", "output-changed"),
    ("/States/Put/Assign", {"a": 1}, "variable-changed", "variable-changed"),
    ("/States/Put/Credentials/RoleArn", "r", "credentials-changed", "credentials-changed"),
    ("/States/Done/OutputPath", "$", "result-changed", "result-changed"),
    ("/States/Broken/Error", "Failed", "error-changed", "error-changed"),
    ("/States/Broken/Cause", "so", "cause-changed", "cause-changed"),
    (f"{RETRY}/MaxAttempts", 2, "retry-changed", "retry-changed"),
    (f"{RETRY}/MaxAttempts", 0, "retry-removed", "retry-added"),
    (RETRY, GONE, "retry-removed", "retry-added"),
    (f"{RETRY}/ErrorEquals/0", "X", "retry-changed", "retry-changed"),
    (f"{RETRY}/ErrorEquals/1", "X", "retry-added", "retry-removed"),
    ("/States/Put/Retry/1/JitterStrategy", "NONE", "retry-changed", "retry-changed"),
    ("/States/Put/Retry", "odd", "retry-changed", "retry-changed"),
    ("/States/Put/Catch/0", GONE, "catch-removed", "catch-added"),
    ("/States/Put/Catch", GONE, "catch-removed", "catch-added"),
    ("/States/Put/Catch", 5, "catch-changed", "catch-changed"),
    ("/States/Put/Catch/0/ErrorEquals/0", "A", "catch-changed", "catch-changed"),
    ("/States/Put/Catch/0/ErrorEquals/1", "A", "catch-added", "catch-removed"),
    ("/States/Put/Catch/0/ResultPath", GONE, "catch-loses-input", "catch-keeps-input"),
    ("/States/Put/Catch/0/ResultPath", "$", "catch-loses-input", "catch-keeps-input"),
    ("/States/Put/Catch/0/ResultPath", "$.b", "catch-changed", "catch-changed"),
    ("/States/Put/Catch/0/Assign", {"a": 1}, "variable-changed", "variable-changed"),
    ("/States/Put/Catch/0/Next", "Hold", "transition-retargeted", "transition-retargeted"),
    (f"{EACH}/ToleratedFailureCount", 9, "tolerance-raised", "tolerance-lowered"),
    (f"{EACH}/ToleratedFailurePercentage", 10, "tolerance-raised", "tolerance-lowered"),
    (f"{EACH}/ToleratedFailurePercentage", 0, "layout-changed", "layout-changed"),
    (f"{EACH}/MaxConcurrency", 20, "concurrency-raised", "concurrency-lowered"),
    (f"{EACH}/MaxConcurrency", 0, "concurrency-unbounded", "concurrency-lowered"),
    (f"{EACH}/MaxConcurrency", GONE, "concurrency-unbounded", "concurrency-lowered"),
    (f"{EACH}/ItemsPath", "$.b", "expression-changed", "expression-changed"),
    (f"{EACH}/ItemProcessor/ProcessorConfig/Mode", "DISTRIBUTED", "mode-changed", "mode-changed"),
    (f"{EACH}/ItemProcessor/ProcessorConfig/More", 1, "field-changed", "field-changed"),
    (f"{EACH}/ItemProcessor/Comment", "c", "comment-changed", "comment-changed"),
    (f"{EACH}/ItemProcessor/StartAt", "Two", "start-changed", "start-changed"),
    (f"{EACH}/ItemProcessor/States/Odd", 5, "field-changed", "field-changed"),
    (f"{EACH}/ItemProcessor/States/One/Result", 3, "output-changed", "output-changed"),
    (f"{EACH}/ItemProcessor/States/Two/Assign/x", 3, "variable-changed", "variable-changed"),
    (f"{EACH}/ItemProcessor/States", 5, "field-changed", "field-changed"),
    (f"{EACH}/ItemProcessor", 5, "field-changed", "field-changed"),
    ("/States/Both/Branches/0", GONE, "branch-removed", "branch-added"),
    ("/States/Both/Branches/2", LEFT, "branch-added", "branch-removed"),
    ("/States/Both/Branches/1", "odd", "field-changed", "field-changed"),
    ("/States/Both/Branches", "odd", "field-changed", "field-changed"),
    ("/States/Odd", 5, "field-changed", "field-changed"),
    ("/States", 5, "field-changed", "field-changed"),
]  # fmt: skip


def edit(document: Any, pointer: str, value: Any) -> Any:
    """Copy a document, with one value set, added or taken away."""
    copied = copy.deepcopy(document)
    *way, last = split_pointer(pointer)
    holder = copied
    for part in way:
        holder = holder[int(part) if isinstance(holder, list) else part]
    if isinstance(holder, list):
        place = int(last)
        holder[place : place + 1] = [] if value is GONE else [value]
    elif value is GONE:
        del holder[last]
    else:
        holder[last] = value
    return copied


def compare(old: Any, new: Any) -> list[Change]:
    return list(find_definition_changes(old, new))


def list_kinds(old: Any, new: Any) -> set[str]:
    return {change.kind for change in compare(old, new)}


@pytest.mark.parametrize(("pointer", "value", "there", "back"), CASES)
def test_one_edited_value_is_found_where_it_stands_and_so_is_its_opposite(
    pointer: str, value: Any, there: str, back: str
) -> None:
    new = edit(BASE, pointer, value)
    changes = compare(BASE, new)
    assert there in {change.kind for change in changes}
    assert pointer in {change.pointer for change in changes}
    assert back in list_kinds(new, BASE)
    assert pointer in {change.pointer for change in compare(new, BASE)}


def test_a_document_has_no_change_from_itself() -> None:
    assert compare(BASE, copy.deepcopy(BASE)) == []


def test_documents_that_are_no_definitions_are_compared_like_any_value() -> None:
    assert list_kinds([1], [2]) == {"field-changed"}
    assert compare(None, None) == []


# states


def rename(old: str, new: str) -> dict[str, Any]:
    """Rename a state of the top scope, wherever it is named."""
    renamed = copy.deepcopy(BASE)
    renamed["States"] = {new if k == old else k: v for k, v in renamed["States"].items()}
    for state in renamed["States"].values():
        for holder in (state, *state.get("Choices", ()), *state.get("Catch", ())):
            for field in ("Next", "Default"):
                if holder.get(field) == old:
                    holder[field] = new
    if renamed["StartAt"] == old:
        renamed["StartAt"] = new
    return renamed


@pytest.mark.parametrize("name", list(BASE["States"]))
def test_a_renamed_state_is_one_change_and_transitions_to_it_are_none(name: str) -> None:
    changes = compare(BASE, rename(name, "Something else"))
    assert [(c.kind, c.before, c.after) for c in changes] == [
        ("state-renamed", name, "Something else")
    ]


def test_a_renamed_state_that_was_edited_too_is_still_known() -> None:
    new = edit(rename("Put", "Send"), "/States/Send/TimeoutSeconds", 60)
    assert list_kinds(BASE, new) == {"state-renamed", "timeout-raised"}


def test_states_that_have_nothing_in_common_are_removed_and_added() -> None:
    old = {"States": {"A": {"Type": "Task", "Resource": "a"}}}
    new = {"States": {"B": {"Type": "Wait", "Seconds": 1}}}
    assert list_kinds(old, new) == {"state-removed", "state-added"}


def test_a_name_that_now_stands_for_another_type_is_believed_last() -> None:
    call = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": True}
    old = {"StartAt": "Pay", "States": {"Pay": call}}
    new = {"StartAt": "Pay", "States": {"Pay": {"Type": "Wait", "Seconds": 3, "Next": "Do"},
                                        "Do": call}}  # fmt: skip
    changes = compare(old, new)
    assert ("state-renamed", "Pay", "Do") in [(c.kind, c.before, c.after) for c in changes]
    assert "state-added" in {c.kind for c in changes}


def test_a_state_moved_into_a_map_is_reported_with_both_scopes() -> None:
    new = copy.deepcopy(BASE)
    hold = new["States"].pop("Hold")
    new["States"]["Each"]["ItemProcessor"]["States"]["Hold"] = {**hold, "Next": "One"}
    moved = [change for change in compare(BASE, new) if change.kind == "state-moved"]
    assert [(c.subject, c.sentence) for c in moved] == [
        ("Hold", "moved from the top to the ItemProcessor of 'Each'")
    ]


def test_a_renamed_map_does_not_move_its_states() -> None:
    assert list_kinds(BASE, rename("Each", "All")) == {"state-renamed"}


def test_swapped_branches_swap_the_items_of_the_output_and_move_nothing() -> None:
    new = copy.deepcopy(BASE)
    new["States"]["Both"]["Branches"].reverse()
    assert list_kinds(BASE, new) == {"branches-reordered"}


def test_a_state_moved_between_branches_is_reported_by_their_numbers() -> None:
    new = copy.deepcopy(BASE)
    first, second = new["States"]["Both"]["Branches"]
    second["States"]["Extra"] = first["States"]["Extra"] = {"Type": "Wait", "Seconds": 3}
    old = copy.deepcopy(new)
    del first["States"]["Extra"]
    del old["States"]["Both"]["Branches"][1]["States"]["Extra"]
    (moved,) = [change for change in compare(old, new) if change.kind == "state-moved"]
    assert moved.sentence == "moved from branch 1 of 'Both' to branch 2 of 'Both'"


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        ("InputPath", "$.a", "$['a']"),
        ("Parameters", {"a.$": "States.Format('{}',$.a)"}, {"a.$": "States.Format('{}', $['a'])"}),
        ("Retry", [{"ErrorEquals": ["A"]}], [{"ErrorEquals": ["A"], "IntervalSeconds": 1}]),
        ("Arguments", {"a": "{% $x + 'a b' %}"}, {"a": "{%$x+'a b'%}"}),
    ],
)
def test_another_spelling_is_noise(field: str, one: Any, other: Any) -> None:
    sides = [
        {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "r", field: value,
                                          "End": True}}}
        for value in (one, other)
    ]  # fmt: skip
    assert list_kinds(*sides) == {"layout-changed"}


def test_iterator_called_item_processor_is_noise() -> None:
    old = edit(BASE, f"{EACH}/Iterator", MAP["ItemProcessor"])
    del old["States"]["Each"]["ItemProcessor"]
    assert {KINDS[kind].impact for kind in list_kinds(old, BASE)} == {"cosmetic"}
    assert "processor-respelled" in list_kinds(old, BASE)


# the words


def tell(pointer: str, value: Any, base: Any = BASE) -> str:
    changes = [c for c in compare(base, edit(base, pointer, value)) if c.pointer == pointer]
    return changes[0].sentence


def test_retries_are_reported_with_the_worst_wait_before_and_after() -> None:
    new = edit(BASE, RETRY, {"ErrorEquals": ["Lambda.TooManyRequestsException"],
                             "MaxAttempts": 2, "IntervalSeconds": 2})  # fmt: skip
    (change,) = compare(BASE, new)
    assert change.sentence == (
        "Lambda.TooManyRequestsException: 6 attempts to 2, worst-case wait 63 s to 6 s"
    )
    assert change.pointer == RETRY


def test_a_retrier_that_only_waits_longer_keeps_its_attempts() -> None:
    assert tell(f"{RETRY}/IntervalSeconds", 2) == (
        "Lambda.TooManyRequestsException: 6 attempts, worst-case wait 63 s to 2 min 6 s "
        "(IntervalSeconds)"
    )


def test_waits_beyond_measure_are_for_ever() -> None:
    assert format_retrier({"MaxAttempts": 99_999_999}) == (
        "99999999 attempts, worst-case wait for ever"
    )
    assert measure_wait({"MaxAttempts": 99_999_999, "BackoffRate": 1}) == 99_999_999
    assert measure_wait({"MaxAttempts": "odd"}) == 7.0


def test_a_retriers_order_matters() -> None:
    new = copy.deepcopy(BASE)
    new["States"]["Put"]["Retry"].reverse()
    (change,) = compare(BASE, new)
    assert change.kind == "retry-changed"
    assert "another order" in change.sentence


@pytest.mark.parametrize(("field", "kind"), [("Catch", "catch-changed"),
                                             ("Choices", "choice-changed")])  # fmt: skip
def test_the_order_of_catchers_and_rules_matters(field: str, kind: str) -> None:
    items = [{"ErrorEquals": [name], "Condition": name, "Next": "B"} for name in "xy"]
    old = {"States": {"A": {"Type": "Choice" if field == "Choices" else "Task", field: items}}}
    new = copy.deepcopy(old)
    new["States"]["A"][field].reverse()  # type: ignore[attr-defined]
    assert list_kinds(old, new) == {kind}


def test_the_order_of_rules_is_reported_in_words() -> None:
    rules = [{"Variable": "$.n", "NumericGreaterThan": n, "Next": f"To{n}"} for n in (9, 5)]
    old = {"States": {"A": {"Type": "Choice", "Choices": rules}}}
    new = {"States": {"A": {"Type": "Choice", "Choices": rules[::-1]}}}
    (change,) = compare(old, new)
    words = r"now tests \"\$\.n NumericGreaterThan 5\" \(to 'To5'\) before .* 9\" \(to 'To9'\)"
    assert re.match(words, change.sentence)


def make_choice(rule: dict[str, Any], default: str) -> dict[str, Any]:
    return {"States": {
        "A": {"Type": "Choice", "Choices": [rule], "Default": default},
        "B": {"Type": "Succeed"}, "C": {"Type": "Succeed"},
    }}  # fmt: skip


LESS, MORE = (
    {"Variable": "$.n", f"Numeric{order}": 3} for order in ("LessThan", "GreaterThanEquals")
)
HOLDS, HOLDS_NOT = ({"Condition": f"{{% {text} %}}"} for text in ("$x", "$not($x)"))
IS, IS_NOT = ({"Condition": f"{{% $x {sign} 1 %}}"} for sign in ("=", "!="))
TRUE, FALSE = ({"Variable": "$.ok", "BooleanEquals": value} for value in (True, False))


@pytest.mark.parametrize(("one", "two"), [(LESS, MORE), (HOLDS, HOLDS_NOT), (IS, IS_NOT),
                                          (TRUE, FALSE), (TRUE, {"Not": TRUE})])  # fmt: skip
def test_a_choice_that_says_the_opposite_is_inverted_unless_its_ways_are_swapped_too(
    one: dict[str, Any], two: dict[str, Any]
) -> None:
    old = make_choice({**one, "Next": "B"}, "C")
    assert list_kinds(old, make_choice({**two, "Next": "B"}, "C")) == {"choice-inverted"}
    assert list_kinds(old, make_choice({**one, "Next": "C"}, "B")) == {"choice-inverted"}
    assert list_kinds(old, make_choice({**two, "Next": "C"}, "B")) == {"choice-respelled"}
    both = make_choice({**one, "Next": "B"}, "C")
    both["States"]["A"]["Choices"].append({**two, "Next": "C"})
    assert "choice-inverted" not in list_kinds(old, both)


def test_a_condition_of_several_parts_is_not_said_to_be_inverted() -> None:
    old = make_choice({"Condition": "{% $x = 1 and $y %}", "Next": "B"}, "C")
    new = make_choice({"Condition": "{% $x != 1 and $y %}", "Next": "B"}, "C")
    assert list_kinds(old, new) == {"choice-changed"}


def make_pipeline(first: dict[str, Any], last: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": "A", "States": {
        "A": {"Type": "Task", "Resource": "r", **first, "Next": "W"},
        "W": {"Type": "Wait", "Seconds": 1, "Next": "Z"},
        "Z": {"Type": "Pass", **last, "End": True},
    }}  # fmt: skip


READS = {"Parameters": {"id.$": "$.charge.id"}}


@pytest.mark.parametrize(("before", "after", "last", "path"), [
    ({"ResultPath": "$.charge"}, {"ResultPath": "$.bill"}, READS, "$.charge"),
    ({"ResultPath": "$.charge", "ResultSelector": {"id.$": "$.x"}},
     {"ResultPath": "$.charge", "ResultSelector": {"no.$": "$.x"}}, READS, "$.charge.id"),
    ({"ResultPath": "$.charge"}, {"ResultPath": "$.charge"}, READS, ""),
    ({"ResultPath": "$.charge"}, {"ResultPath": "$.bill"}, {"Result": "$.charge"}, ""),
    ({"ResultPath": "$.charge"}, {"ResultPath": "$.bill"},
     {"Parameters": {"id.$": "$.charger"}}, ""),
    ({"ResultPath": None, "Assign": {"x.$": "$"}}, {"ResultPath": None},
     {"Parameters": {"y.$": "States.Format('{}', $x)"}}, "$x"),
    ({"ResultPath": "$.charge"}, {"QueryLanguage": "JSONata", "Output": "{% $merge([]) %}"},
     READS, ""),
    ({"QueryLanguage": "JSONata", "Output": {"id": 1}},
     {"QueryLanguage": "JSONata", "Output": {"no": 1}},
     {"QueryLanguage": "JSONata", "Output": "{% $states.input.id %}"}, "$.id"),
])  # fmt: skip
def test_who_reads_a_path_that_vanished_is_named(
    before: dict[str, Any], after: dict[str, Any], last: dict[str, Any], path: str
) -> None:
    found = [change for change in compare(make_pipeline(before, last), make_pipeline(after, last))
             if change.kind == "path-lost"]  # fmt: skip
    assert [change.before for change in found] == ([path] if path else [])
    assert all("'Z'" in change.sentence for change in found)


def test_a_path_of_a_state_that_was_removed_has_vanished_unless_somebody_else_writes_it() -> None:
    old = make_pipeline({"ResultPath": "$.charge"}, READS)
    new = copy.deepcopy(old)
    del new["States"]["A"]
    new["StartAt"] = "W"
    assert "path-lost" in list_kinds(old, new)
    new["States"]["X"] = {"Type": "Task", "Resource": "s", "ResultPath": "$.charge", "Next": "W"}
    assert "path-lost" not in list_kinds(old, new)


def branch(**fields: Any) -> dict[str, Any]:
    """Make a branch that reads a path in its second state; the fields are those of the first."""
    reads = {"Type": "Pass", "Parameters": {"id.$": "$.charge.id"}, "End": True}
    first = {"Type": "Task", "Resource": "r", "ResultPath": None, **fields, "Next": "Reads"}
    return {"StartAt": "First", "States": {"First": first, "Reads": reads}}


ATA = {"StartAt": "Reads", "States": {"Reads": {
    "Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $states.input.charge.id %}",
    "End": True,
}}}  # fmt: skip


@pytest.mark.parametrize(
    ("last", "reads"),
    [
        ({"Branches": [branch()]}, True),
        ({"Branches": [{"StartAt": "P", "States": {
            "P": {"Type": "Parallel", "Branches": [branch()], "End": True}}}]}, True),
        ({"Branches": [ATA], "QueryLanguage": "JSONata"}, True),
        ({"Branches": [branch()], "Parameters": {"x": 1}}, False),
        ({"Branches": [branch()], "InputPath": "$.other"}, False),
        ({"Branches": [branch(ResultPath="$.charge")]}, False),
        ({"Branches": [branch(ResultPath="$")]}, False),
        ({"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": branch()}, False),
    ],
    ids=["a branch", "a branch in a branch", "JSONata", "Parameters", "another InputPath",
         "written before", "the input is dropped", "a Map gives items"],
)  # fmt: skip
def test_branches_read_what_their_state_is_given(last: dict[str, Any], reads: bool) -> None:
    last = {"Type": "Parallel", **last}
    old, new = (make_pipeline({"ResultPath": path}, last) for path in ("$.charge", "$.bill"))
    found = [one for one in compare(old, new) if one.kind == "path-lost"]
    assert ["'Reads'" in one.sentence for one in found] == ([True] if reads else [])
    gone = copy.deepcopy(old)
    del gone["States"]["A"]
    gone["StartAt"] = "W"
    assert ("path-lost" in list_kinds(old, gone)) is reads


def make_detour(first: dict[str, Any], last: dict[str, Any]) -> dict[str, Any]:
    """Make two ways from A to Z, of which one writes the path itself."""
    rule = {"Variable": "$.way", "IsPresent": True, "Next": "Z"}
    task = {"Type": "Task", "Resource": "r"}
    return {"StartAt": "A", "States": {
        "A": {**task, **first, "Next": "C"},
        "C": {"Type": "Choice", "Choices": [rule], "Default": "W"},
        "W": {**task, "ResultPath": "$.charge", "Next": "Z"},
        "Z": {"Type": "Pass", **last, "End": True},
    }}  # fmt: skip


@pytest.mark.parametrize(("before", "after", "kind", "path"), [
    ("$.charge", "$.bill", "path-lost", "$.charge"),  # one way still writes it, the other does not
    ("$.bill", "$.way", "path-overwritten", "$.way"),
    ("$.bill", "$.other", "", ""),
    ("$.bill", "$", "path-lost", "$.way"),
])  # fmt: skip
def test_readers_are_found_on_every_way(before: str, after: str, kind: str, path: str) -> None:
    last = {"Parameters": {"id.$": "$.charge.id"}}
    found = [change for change in compare(make_detour({"ResultPath": before}, last),
                                          make_detour({"ResultPath": after}, last))
             if change.kind.startswith("path-")]  # fmt: skip
    assert {change.kind for change in found} == ({kind} if kind else set())
    assert not path or f"'{path}'" in found[0].sentence


QUEUE, LAMBDA = "https://sqs.eu-west-1.amazonaws.com/{}/q", "arn:aws:lambda:r:{}:function:f"


@pytest.mark.parametrize(("field", "before", "after", "words"), [
    ("QueueUrl", QUEUE.format("1" * 12), QUEUE.format("2" * 12), f"is in account {'2' * 12}"),
    ("FunctionName", LAMBDA.format("1" * 12) + ":live", LAMBDA.format("1" * 12),
     "the same function, at '$LATEST' instead of 'live'"),
    ("FunctionName", "f:live", "g", 'Parameters.FunctionName: "f:live" to "g"'),
])  # fmt: skip
def test_another_account_and_a_lost_alias_are_named(
    field: str, before: str, after: str, words: str
) -> None:
    old, new = (of({"Type": "Task", "Resource": "r", "Parameters": {field: value}, "Next": "B"})
                for value in (before, after))  # fmt: skip
    (change,) = compare(old, new)
    assert change.kind == "target-changed"
    assert words in change.sentence


@pytest.mark.parametrize("group", [{}, {"MessageGroupId.$": "$.id"}])
def test_a_fifo_queue_accepts_no_message_without_a_group(group: dict[str, Any]) -> None:
    task = {"Type": "Task", "Resource": "r", "Next": "B"}
    sides = [{"QueueUrl": url, **group} for url in ("q", "q.fifo")]
    old, new = (of({**task, "Parameters": given}) for given in sides)
    assert ("group-missing" in list_kinds(old, new)) == (not group)


JSONPATH = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke",
    "Parameters": {"FunctionName": "f", "Payload": {"id.$": "$.id"}},
    "ResultPath": "$.done",
    "TimeoutSecondsPath": "$.seconds",
    "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "B"}],
    "Next": "B",
}
JSONATA = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke",
    "QueryLanguage": "JSONata",
    "Arguments": {"FunctionName": "f", "Payload": {"id": "{% $states.input.id %}"}},
    "Output": "{% $merge([$states.input, {'done': $states.result}]) %}",
    "TimeoutSeconds": "{% $states.input.seconds %}",
    "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "B",
               "Output": "{% $merge([$states.input, {'error': $states.errorOutput}]) %}"}],
    "Next": "B",
}  # fmt: skip


def of(state: Any) -> Any:
    return {"StartAt": "A", "States": {"A": state, "B": {"Type": "Succeed"}}}


def test_a_state_in_another_language_is_one_change_with_both_texts() -> None:
    for old, new in ((JSONPATH, JSONATA), (JSONATA, JSONPATH)):
        (change,) = compare(of(old), of(new))
        assert change.kind == "language-changed"
        assert old.get("Parameters") == change.before.get("Parameters")
        assert new.get("Arguments") == change.after.get("Arguments")


@pytest.mark.parametrize(
    ("pointer", "value", "kind"),
    [
        ("/States/A/Arguments/FunctionName", "g", "target-changed"),
        ("/States/A/Next", "C", "transition-retargeted"),
        ("/States/A/Catch/0/Output", "{% 1 %}", "catch-loses-input"),
        ("/States/A/Retry", [{"ErrorEquals": ["X"]}], "retry-added"),
        ("/States/A/Output", "{% $states.result %}", "input-lost"),
    ],
)
def test_another_language_hides_no_other_change(pointer: str, value: Any, kind: str) -> None:
    new = edit(of(JSONATA), pointer, value)
    assert list_kinds(of(JSONPATH), new) >= {"language-changed", kind}


def test_a_catcher_in_jsonata_keeps_the_input_that_its_output_names() -> None:
    catcher = {"ErrorEquals": ["E"], "Output": "{% $states.input %}", "Next": "B"}
    old = {"QueryLanguage": "JSONata", "States": {"A": {"Type": "Task", "Catch": [catcher]}}}
    new = edit(old, "/States/A/Catch/0/Output", "{% $states.errorOutput %}")
    assert list_kinds(old, new) == {"catch-loses-input"}
    assert list_kinds(new, old) == {"catch-keeps-input"}


def test_an_output_in_jsonata_that_no_longer_names_the_input_loses_it() -> None:
    new = edit(of(JSONATA), "/States/A/Output", "{% $states.result %}")
    assert list_kinds(of(JSONATA), new) == {"input-lost"}
    assert list_kinds(new, of(JSONATA)) == {"expression-changed"}
    kept = edit(new, "/States/A/Assign", {"all": "{% $states.input %}"})
    assert "input-lost" not in list_kinds(of(JSONATA), kept)


def test_jsonata_in_a_payload_is_an_expression() -> None:
    state = {"Type": "Task", "QueryLanguage": "JSONata", "Arguments": {"a": "{% 1 %}"}}
    new = edit({"States": {"A": state}}, "/States/A/Arguments/a", "{% 2 %}")
    assert list_kinds({"States": {"A": state}}, new) == {"expression-changed"}


@pytest.mark.parametrize(
    ("pointer", "value", "sentence"),
    [
        ("/States/Put/TimeoutSeconds", 10, "TimeoutSeconds: 30 s to 10 s"),
        ("/States/Put/TimeoutSeconds", GONE, "TimeoutSeconds: none (before: 30 s)"),
        ("/States/Put/TimeoutSeconds", "odd", 'TimeoutSeconds: 30 s to "odd"'),
        ("/States/Put/Next", "Done", "continues to 'Done' instead of 'Each'"),
        ("/States/Put/Next", 5, "continues to 5 instead of 'Each'"),
        ("/States/Pick/Choices/1", GONE, "no longer continues to 'Done' if $.n NumericEquals 2"),
        ("/States/Put/Resource", "arn:aws:states:::sns:publish",
         "calls sns:publish instead of sqs:sendMessage"),
        ("/States/Put/Resource", "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
         "waits until the task token is returned (sqs:sendMessage.waitForTaskToken)"),
        ("/States/Put/Resource", "arn:aws:states:::sqs:sendMessage.odd",
         "waits as 'odd' says (sqs:sendMessage.odd)"),
        ("/States/Put/Catch/0/ResultPath", GONE, "after States.ALL the error replaces "
         "the input, which is lost (ResultPath)"),
        (f"{EACH}/MaxConcurrency", 0, "MaxConcurrency: no limit, where it was 10"),
        (f"{EACH}/ToleratedFailurePercentage", 10,
         "tolerates 10 % of failed items, 0 % before (ToleratedFailurePercentage)"),
        ("/States/Put/Parameters/MessageBody/kind", GONE,
         'Parameters.MessageBody.kind: "a" was removed'),
    ],
)  # fmt: skip
def test_a_change_is_reported_in_the_words_of_its_field(
    pointer: str, value: Any, sentence: str
) -> None:
    assert tell(pointer, value) == sentence


def test_ending_instead_of_going_on_is_one_change_each_way() -> None:
    new = edit(edit(BASE, "/States/Hold/Next", GONE), "/States/Hold/End", True)
    there = [c for c in compare(BASE, new) if c.subject == "Hold"]
    back = [c for c in compare(new, BASE) if c.subject == "Hold"]
    assert [c.sentence for c in there] == ["ends here instead of continuing to 'Done'"]
    assert [c.sentence for c in back] == ["continues to 'Done' instead of ending here"]


def test_a_cycle_is_reported_with_the_states_on_its_way() -> None:
    (cycle,) = [
        c for c in compare(BASE, edit(BASE, "/States/Hold/Next", "Pick")) if c.kind == "cycle-added"
    ]
    assert (cycle.subject, cycle.sentence) == (
        "Pick", "can now come back to itself, through 'Hold'"
    )  # fmt: skip


def test_cycles_that_touch_are_one() -> None:
    assert find_cycles({"a": ["b"], "b": ["c", "a"], "c": ["b"], "d": ["a"]}) == [["a", "b", "c"]]


def test_a_lambda_is_known_by_its_arn() -> None:
    base = {"States": {"A": {"Type": "Task", "Resource": "arn:aws:lambda:x:1:function:a"}}}
    new = edit(base, "/States/A/Resource", "arn:aws:lambda:x:1:function:b")
    assert list_kinds(base, new) == {"target-changed"}


# noise


def test_the_order_of_keys_is_one_cosmetic_change_however_often() -> None:
    new = dict(reversed(BASE.items()))
    new["States"] = dict(reversed(BASE["States"].items()))
    (change,) = compare(BASE, new)
    assert (change.kind, change.impact) == ("order-changed", "cosmetic")
    assert change.sentence == "keys are in another order in 2 places"
    assert count_reordered([{"a": 1, "b": 2}], [{"b": 2, "a": 1}]) == 1


def test_the_spelling_of_a_number_is_no_edit_and_a_truth_is_no_number() -> None:
    assert list(find_edits({"a": 2}, {"a": 2.0})) == []
    assert len(list(find_edits({"a": 1}, {"a": True}))) == 1


def test_items_are_matched_by_what_they_say() -> None:
    assert match_items(list("abc"), list("axbc")) == [(0, 0), (None, 1), (1, 2), (2, 3)]
    assert match_items(list("abcd"), list("xcay")) == [(0, 0), (1, 1), (2, 2), (3, 3)]
    assert match_items(list("abcde"), list("ycx")) == [
        (0, 0), (1, None), (2, 1), (3, 2), (4, None)
    ]  # fmt: skip


def test_very_long_lists_are_matched_without_a_square() -> None:
    old, new = [str(n) for n in range(1000)], [str(-n) for n in range(1001)]
    assert len(match_items(old, new)) == 1001


# the records


def test_a_fingerprint_names_the_change_and_not_the_next_one_of_the_same_field() -> None:
    pointer = "/States/Put/TimeoutSeconds"
    first, again, other = (compare(BASE, edit(BASE, pointer, n))[0] for n in (10, 10, 11))
    assert first.fingerprint == again.fingerprint
    assert first.fingerprint != other.fingerprint
    assert len(first.fingerprint) == 12


def test_records_are_frozen_and_their_impact_is_the_tables() -> None:
    change = Change("state-removed", "/States/A", "A", "was removed")
    with pytest.raises(AttributeError):
        change.kind = "state-added"  # type: ignore[misc]
    assert change.impact == KINDS["state-removed"].impact == "breaking"
    assert repr(MISSING) == "MISSING"


def test_the_worst_impact_wins_and_of_nothing_there_is_none() -> None:
    assert find_worst(["behavioral", "dangerous", "breaking"]) == "dangerous"
    assert find_worst([]) == ""


def test_long_texts_are_contrasted_where_they_part() -> None:
    text = contrast("x" * 200 + "before", "x" * 200 + "after")
    assert text == '"…xxxxxxxxxxxxbefore" to "…xxxxxxxxxxxxafter"'
    assert format_seconds(3661) == "1 h 1 min"


def test_every_kind_of_a_definition_has_a_case() -> None:
    made = {kind for case in CASES for kind in case[2:]} | {
        "state-renamed", "state-moved", "branches-reordered", "processor-respelled",
        "order-changed", "layout-changed", "workflow-added", "workflow-removed",
        "workflow-renamed", "choice-inverted", "choice-respelled", "path-lost", "path-overwritten",
        "group-missing", "child-type-changed",
    }  # fmt: skip
    wanted = {slug for slug, kind in KINDS.items() if kind.family == "definition"}
    declared = {slug for slug in wanted if slug.startswith("decla")}  # a file of tests of their own
    assert wanted - made == declared


def make_map(**fields: Any) -> dict[str, Any]:
    return {"StartAt": "M", "States": {"M": {"Type": "Map", **fields, "End": True}}}


def test_old_and_new_names_of_a_map_say_the_same() -> None:
    inner = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    old = make_map(Parameters={"a.$": "$"}, Iterator=inner)
    inline = {"ProcessorConfig": {"Mode": "INLINE"}, **inner}
    new = make_map(ItemSelector={"a.$": "$"}, ItemProcessor=inline)
    for one, two in ((old, new), (new, old)):
        assert {change.kind for change in find_definition_changes(one, two)} == {
            "processor-respelled"
        }
    changed = make_map(ItemSelector={"a.$": "$.b"}, ItemProcessor=inner)
    assert {change.kind for change in find_definition_changes(old, changed)} > {
        "processor-respelled"
    }
    spread = {"ProcessorConfig": {"Mode": "DISTRIBUTED"}, **inner}
    kinds = {
        change.kind
        for change in find_definition_changes(new, {**new, **make_map(ItemProcessor=spread)})
    }
    assert "mode-changed" in kinds
    quick = {**spread, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}}
    slow = {**spread, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    sides = [{**new, **make_map(ItemProcessor=one)} for one in (slow, quick)]
    assert {one.kind for one in find_definition_changes(*sides)} == {"child-type-changed"}
