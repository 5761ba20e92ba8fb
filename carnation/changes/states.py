"""What has become of one state: field by field, each in its own words.

Fields of which nothing special is known are compared like any value, so no edit goes unseen.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from carnation.changes.choices import find_choice_changes
from carnation.changes.context import StatePair, describe_comment
from carnation.changes.matching import INNER
from carnation.changes.records import MISSING, Change, Edit
from carnation.changes.retries import find_retry_changes
from carnation.changes.tasks import describe_target, find_resource_changes, is_target
from carnation.changes.transitions import (
    INPUT_LOST,
    find_catch_changes,
    find_next_changes,
    loses_input,
)
from carnation.changes.wording import contrast, format_seconds, quote
from carnation.document.values import Json, is_number

Teller = Callable[[StatePair], Iterator[Change]]

_INPUT = ("InputPath", "Parameters", "Arguments", "Items", "ItemsPath", "ItemSelector",
          "ItemBatcher", "ItemReader")  # fmt: skip
_OUTPUT = ("ResultSelector", "ResultPath", "OutputPath", "Output", "Result", "ResultWriter")
_WAITS = ("Seconds", "SecondsPath", "Timestamp", "TimestampPath")
_TIMEOUTS = ("TimeoutSeconds", "HeartbeatSeconds")
_TOLERANCES = ("ToleratedFailurePercentage", "ToleratedFailureCount")
_AS_BEFORE = "0 has the same meaning as no field"
_PLAIN_KINDS: Mapping[str, str] = {
    **dict.fromkeys(_INPUT, "input-changed"),
    **dict.fromkeys(_OUTPUT, "output-changed"),
    **dict.fromkeys(_WAITS, "wait-changed"),
    "Type": "type-changed",
    "QueryLanguage": "language-changed",
    "Credentials": "credentials-changed",
    "Assign": "variable-changed",
    "Error": "error-changed",
    "ErrorPath": "error-changed",
    "Cause": "cause-changed",
    "CausePath": "cause-changed",
}


def find_state_changes(sides: StatePair) -> Iterator[Change]:
    """Yield every change of a state but for what is in its inner scopes."""
    yield from find_next_changes(sides)
    for field in dict.fromkeys([*sides.new, *sides.old]):
        describe = _DESCRIBERS.get(field)
        if describe is not None:
            yield from describe(sides)
        elif field not in (*INNER, "Next", "End", "Default", "Choices"):
            yield from find_field_changes(sides, field)
    if any(field in side for side in (sides.old, sides.new) for field in ("Choices", "Default")):
        yield from find_choice_changes(sides)


def find_field_changes(sides: StatePair, field: str) -> Iterator[Change]:
    """Yield the changes of a field that is compared like any value, its kind by the table."""
    kind = _PLAIN_KINDS.get(field, "field-changed")
    if sides.final and field in _OUTPUT:
        kind = "result-changed"
    for edit in sides.find_edits(field):
        refined = _refine(sides, field, kind, edit)
        change = sides.describe(edit, refined)
        if refined == "target-changed":
            yield from describe_target(change, sides.new.get(field))
        elif refined == "wait-changed" and is_number(edit.before) and is_number(edit.after):
            longer = "longer" if edit.after > edit.before else "less long"
            yield change._replace(sentence=f"waits {longer}; {change.sentence}")
        else:
            yield change


def _refine(sides: StatePair, field: str, kind: str, edit: Edit) -> str:
    if kind == "input-changed" and is_target(edit.pointer):
        return "target-changed"
    if kind in ("input-changed", "output-changed") and _is_expression(sides, field, edit):
        return "expression-changed"
    return kind


def _is_expression(sides: StatePair, field: str, edit: Edit) -> bool:
    """Return whether both values are expressions: a path, an intrinsic function, JSONata."""
    if not (isinstance(edit.before, str) and isinstance(edit.after, str)):
        return False
    if sides.language == "JSONata":
        return edit.before.startswith("{%") and edit.after.startswith("{%")
    return edit.pointer.endswith(".$") or field.endswith("Path")


def _find_output_changes(field: str) -> Teller:
    def find(sides: StatePair) -> Iterator[Change]:
        is_lost = not sides.final and sides.language == sides.old_language and loses_input(sides)
        for change in find_field_changes(sides, field):
            told = change
            if is_lost:
                told = change._replace(
                    kind="input-lost", sentence=f"{INPUT_LOST}; {change.sentence}"
                )
                is_lost = False  # told once
            yield told

    return find


def _find_timeout_changes(field: str) -> Teller:
    def find(sides: StatePair) -> Iterator[Change]:
        for edit in sides.find_edits(field):
            kind, sentence = _format_timeout(edit.before, edit.after)
            yield edit.describe(kind, sides.subject, f"{field}: {sentence}")

    return find


def _format_timeout(before: Json, after: Json) -> tuple[str, str]:
    words = [
        format_seconds(value) if is_number(value) else quote(value) for value in (before, after)
    ]
    if before is MISSING:
        return "timeout-added", f"{words[1]} (before: none)"
    if after is MISSING:
        return "timeout-removed", f"none (before: {words[0]})"
    raised = is_number(before) and is_number(after) and after > before
    return "timeout-raised" if raised else "timeout-lowered", f"{words[0]} to {words[1]}"


def _find_tolerance_changes(field: str) -> Teller:
    def find(sides: StatePair) -> Iterator[Change]:
        for edit in sides.find_edits(field):
            before, after = (
                0 if value is MISSING else value for value in (edit.before, edit.after)
            )
            if before == after:
                yield edit.describe("layout-changed", sides.subject, f"{field}: {_AS_BEFORE}")
                continue
            lowered = is_number(before) and is_number(after) and after < before
            kind = "tolerance-lowered" if lowered else "tolerance-raised"
            unit = " %" if field.endswith("Percentage") else ""
            sentence = (
                f"tolerates {quote(after)}{unit} of failed items, {quote(before)}{unit} before"
            )
            yield edit.describe(kind, sides.subject, f"{sentence} ({field})")

    return find


def _find_concurrency_changes(sides: StatePair) -> Iterator[Change]:
    for edit in sides.find_edits("MaxConcurrency"):
        before, after = (0 if value is MISSING else value for value in (edit.before, edit.after))
        if before == after:
            kind, sentence = "layout-changed", _AS_BEFORE
        elif after == 0:
            kind, sentence = "concurrency-unbounded", f"no limit, where it was {quote(before)}"
        elif before == 0:
            kind, sentence = "concurrency-lowered", f"{quote(after)} (before: no limit)"
        else:
            lowered = is_number(before) and is_number(after) and after < before
            kind = "concurrency-lowered" if lowered else "concurrency-raised"
            sentence = contrast(before, after)
        yield edit.describe(kind, sides.subject, f"MaxConcurrency: {sentence}")


_DESCRIBERS: Mapping[str, Teller] = {
    "Comment": describe_comment,
    "Resource": find_resource_changes,
    "Retry": find_retry_changes,
    "Catch": find_catch_changes,
    "ResultPath": _find_output_changes("ResultPath"),
    "Output": _find_output_changes("Output"),
    "MaxConcurrency": _find_concurrency_changes,
    **{field: _find_timeout_changes(field) for field in _TIMEOUTS},
    **{field: _find_tolerance_changes(field) for field in _TOLERANCES},
}
