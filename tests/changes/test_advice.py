"""The two lines under a verdict: what becomes of running executions, and what to do."""

from __future__ import annotations

from typing import Any

import pytest

from carnation import asl
from carnation.changes import KINDS, Change
from carnation.changes.definitions import find_definition_changes
from carnation.changes.formats.actions import ACTIONS
from carnation.changes.formats.advice import format_before_merging, format_running
from carnation.changes.formats.callers import format_callers
from carnation.changes.formats.markdown import render_markdown
from carnation.changes.formats.wording import find_gravest
from carnation.changes.reviews import Review

CATCH = [{"ErrorEquals": ["States.ALL"], "Next": "Undo"}]
TASK = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": True}
OLD: dict[str, Any] = {
    "StartAt": "Ask",
    "States": {"Ask": {**TASK, "Catch": CATCH}, "Undo": {**TASK}},
}


def review(*changes: Change, new: Any = None) -> Review:
    definitions = [("w.asl.json", OLD, new)] if new else []
    return Review("w", "", "", list(changes), [], definitions)


def compare(new: Any) -> Review:
    return review(*find_definition_changes(OLD, new, "w.asl.json"), new=new)


def test_whatever_is_breaking_says_what_to_do() -> None:
    wanted = {slug for slug, kind in KINDS.items() if kind.impact in ("breaking", "dangerous")}
    assert wanted - set(ACTIONS) == set()
    assert set(ACTIONS) - set(KINDS) == set()


def test_a_lost_catch_comes_before_the_state_that_went_with_it_and_names_it() -> None:
    found = compare({"StartAt": "Ask", "States": {"Ask": TASK}})
    worst = find_gravest(found)
    assert worst is not None
    assert worst.kind == "catch-removed"
    assert "'Undo' need not run" in format_before_merging(found)


@pytest.mark.parametrize(("catch", "fails"), [(CATCH, False), ([], True)])
def test_a_timeout_that_nothing_catches_is_named(catch: list[Any], fails: bool) -> None:
    state = {**TASK, "Catch": catch, "TimeoutSeconds": 9}
    found = compare({"StartAt": "Ask", "States": {**OLD["States"], "Ask": state}})
    assert ("catch States.Timeout" in format_before_merging(found)) is fails


def test_what_the_role_must_newly_allow_is_named_with_the_state() -> None:
    new = {**TASK, "Resource": "arn:aws:states:::sns:publish"}
    found = compare({"StartAt": "Ask", "States": {**OLD["States"], "Ask": {**new, "Catch": CATCH}}})
    needed = Change("permission-needed", "", "Ask", "needs …", after=[["sns:Publish"], ["*"]])
    found = found._replace(changes=[*found.changes, needed])
    assert "allow the role sns:Publish ('Ask')" in format_before_merging(found)


def test_running_executions_meet_what_is_no_part_of_their_definition() -> None:
    lost = Change("action-lost", "", "Role", "lost sqs:SendMessage on *, which …")
    assert "apply immediately: 'Role' lost sqs:SendMessage" in format_running(review(lost))
    rename = Change("state-renamed", "", "B", "was renamed from 'A'", "A", "B")
    assert format_running(review(rename)).startswith("no effect")
    assert format_before_merging(review(Change("state-added", "", "B", ""))) == "nothing to do"


def test_every_kind_that_reaches_callers_says_what_they_notice() -> None:
    silent = {
        "declared-input-widened",
        "declaration-added",
        "workflow-removed",
        "permission-needed",
    }
    for slug, kind in KINDS.items():
        if kind.concerns == "callers" and slug not in silent:
            told = format_callers(review(Change(slug, "", "S", "")))
            assert "('S')" in told, slug
    assert format_callers(review(Change("comment-changed", "", "S", ""))).startswith("no effect")
    refused = review(Change("finding-refused", "", "S", ""), Change("catch-removed", "", "S", ""))
    assert format_callers(refused).startswith("nothing changes for them as long as AWS rejects")


def test_fewer_attempts_are_reported_with_where_the_error_then_goes() -> None:
    def weigh(*catch: Any) -> str:
        more = {"Catch": list(catch)} if catch else {}
        old = {**TASK, **more, "Retry": [{"ErrorEquals": ["Busy"], "MaxAttempts": 2}]}
        bodies = [{**OLD, "States": {**OLD["States"], "Ask": one}} for one in (old, TASK | more)]
        changes = find_definition_changes(*bodies, "w.asl.json")
        return format_before_merging(review(*changes, new=bodies[1]))

    assert "then the execution fails ('Ask')" in weigh()
    assert "then 'Undo' runs ('Ask')" in weigh(CATCH[0])
    other = {"ErrorEquals": ["Other"], "Next": "Undo"}
    assert "fails unless a Catch names the error" in weigh(other)


def test_a_renamed_state_is_sought_by_its_old_name() -> None:
    change = Change("state-renamed", "", "New", "was renamed from 'Old'", "Old", "New")
    assert "name the old state ('Old')" in format_before_merging(review(change))


def test_a_picture_that_is_the_same_on_both_sides_is_shown_once() -> None:
    text = render_markdown([compare({**OLD, "States": {**OLD["States"], "Ask": {
        **TASK, "Catch": CATCH, "TimeoutSeconds": 9}}})])  # fmt: skip
    assert text.count("```mermaid") == 1
    assert "**Running executions**: no effect" in text
    assert "**Before merging**:" in text


def test_the_new_definition_is_read_once_for_all_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"S{number}" for number in range(9)]
    new = {"StartAt": "S0", "States": {name: {**TASK} for name in names}}
    new["States"]["S0"]["Catch"] = CATCH
    read, walk = [], asl.walk_states
    monkeypatch.setattr(asl, "walk_states", lambda body: read.append(body) or walk(body))
    changes = [Change("timeout-lowered", "", name, "", 9, 8, part="w.asl.json") for name in names]
    advice = format_before_merging(review(*changes, new=new))
    assert "catch States.Timeout" in advice
    assert advice.count("'S0'") == 1  # for what is asked of every one of them
    assert len(read) == 1
