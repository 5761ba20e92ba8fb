"""Transitions: where a state continues to, on which condition, after which error.

A target that was renamed is the same target. A catcher without a ResultPath puts the error in the
input's place; with one it keeps the input.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from carnation.changes.context import (
    StatePair,
    describe_comment,
    has_objects,
    is_reordered,
    match_objects,
)
from carnation.changes.records import MISSING, Change, Edit, render_value
from carnation.changes.retries import error_names, find_error_changes
from carnation.changes.wording import quote_target
from carnation.document.values import Json

INPUT_LOST = "the result replaces the input, which is lost"


def find_next_changes(sides: StatePair) -> Iterator[Change]:
    """Yield what has become of Next and End, which are two words for one thing."""
    ends = sides.find_edits("End")
    for edit in sides.find_edits("Next"):
        if _is_rename(sides, edit):
            continue
        if edit.after is MISSING and ends and sides.new.get("End") is True:
            sentence = f"ends here instead of continuing to {quote_target(edit.before)}"
            yield edit.describe("transition-removed", sides.subject, sentence)
            ends = []
        elif edit.before is MISSING and ends and sides.old.get("End") is True:
            sentence = f"continues to {quote_target(edit.after)} instead of ending here"
            yield edit.describe("transition-added", sides.subject, sentence)
            ends = []
        else:
            yield _describe_target(sides, edit, "continues to")
    for edit in ends:
        kind = "transition-removed" if sides.new.get("End") is True else "transition-added"
        word = "now ends here" if kind == "transition-removed" else "no longer ends here"
        yield edit.describe(kind, sides.subject, word)


def find_target_changes(sides: StatePair, field: str, phrase: str) -> Iterator[Change]:
    """Yield the change of a field that names a state; none where that state was only renamed."""
    for edit in sides.find_edits(field):
        if not _is_rename(sides, edit):
            yield _describe_target(sides, edit, phrase)


def _is_rename(sides: StatePair, edit: Edit) -> bool:
    both = isinstance(edit.before, str) and isinstance(edit.after, str)
    return both and sides.rename(edit.before) == edit.after


def _describe_target(sides: StatePair, edit: Edit, phrase: str) -> Change:
    if edit.before is MISSING:
        kind, sentence = "transition-added", f"now {phrase} {quote_target(edit.after)}"
    elif edit.after is MISSING:
        kind, sentence = "transition-removed", f"no longer {phrase} {quote_target(edit.before)}"
    else:
        kind = "transition-retargeted"
        sentence = f"{phrase} {quote_target(edit.after)} instead of {quote_target(edit.before)}"
    return edit.describe(kind, sides.subject, sentence)


def find_catch_changes(sides: StatePair) -> Iterator[Change]:
    """Yield what has become of a state's catchers."""
    old, new = sides.old.get("Catch", []), sides.new.get("Catch", [])
    if not has_objects(old) or not has_objects(new):
        yield from (sides.describe(edit, "catch-changed") for edit in sides.find_edits("Catch"))
        return
    loose = ("Next", "Comment", "ResultPath", "Output", "Assign")
    pairs, removed, added = match_objects(old, new, loose)
    for i in removed:
        sentence = f"no longer catches {error_names(old[i])}"
        yield sides.remove("catch-removed", "Catch", i, sentence)
    for i, j in pairs:
        yield from _compare_catchers(sides.enter("Catch", i, j))
    for j in added:
        kept = "keeps" if keeps_input(sides.language, new[j]) else "loses"
        target = quote_target(new[j].get("Next"))
        sentence = f"now catches {error_names(new[j])}, continues to {target} and {kept} the input"
        yield sides.add("catch-added", "Catch", j, sentence)
    if is_reordered(pairs):
        sentence = "its catchers are in another order, and the first that matches applies"
        yield Change("catch-changed", f"{sides.new_at}/Catch", sides.subject, sentence)


def keeps_input(language: str, catcher: Mapping[str, Json]) -> bool:
    """Return whether the input survives an error: next to it, or named in the Output."""
    if language == "JSONata":
        return "$states.input" in render_value(catcher.get("Output", ""))
    return "ResultPath" in catcher and catcher["ResultPath"] != "$"


def loses_input(sides: StatePair) -> bool:
    """Return whether later states had the input of this one, and have only its result now."""
    makes = {"Task", "Map", "Parallel"}
    if sides.language == "JSONPath" and {"Result", "Parameters"} & set(sides.new):
        makes.add("Pass")
    if sides.new.get("Type") not in makes or sides.old.get("Type") not in makes:
        return False
    assigned = "$states.input" in render_value(sides.new.get("Assign", ""))
    kept = keeps_input(sides.language, sides.new) or assigned
    return keeps_input(sides.old_language, sides.old) and not kept


def _compare_catchers(sides: StatePair) -> Iterator[Change]:
    yield from describe_comment(sides)
    yield from find_error_changes(sides, "catch", "catches")
    phrase = f"after {error_names(sides.new)} continues to"
    yield from find_target_changes(sides, "Next", phrase)
    keeps = [
        keeps_input(sides.old_language, sides.old), keeps_input(sides.language, sides.new),
    ]  # fmt: skip
    for name in dict.fromkeys([*sides.new, *sides.old]):
        if name in ("Next", "Comment", "ErrorEquals"):
            continue
        for edit in sides.find_edits(name):
            if keeps[0] != keeps[1] and name in ("ResultPath", "Output"):
                yield _describe_input(sides, edit, kept=keeps[1])
            else:
                kind = "variable-changed" if name == "Assign" else "catch-changed"
                yield sides.describe(edit, kind)


def _describe_input(sides: StatePair, edit: Edit, *, kept: bool) -> Change:
    errors = error_names(sides.new)
    name = edit.pointer.rpartition("/")[2]
    if kept:
        sentence = f"after {errors} the input is kept next to the error ({name})"
        return edit.describe("catch-keeps-input", sides.subject, sentence)
    sentence = f"after {errors} the error replaces the input, which is lost ({name})"
    return edit.describe("catch-loses-input", sides.subject, sentence)
