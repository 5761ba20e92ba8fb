"""What the callers of a workflow notice of a change: they start it and read its result.

One row a kind of change that reaches them; a kind without a row changes neither the input that is
accepted, nor the output, the errors, or the duration.
"""

from __future__ import annotations

from collections.abc import Mapping

from carnation.changes.reviews.compare import Review
from carnation.changes.wording import format_list, quote_subject

_FAILS = "executions may now fail"
_WHEN = "errors may come sooner or later"
_HANDLED = "an error may be handled in another way"
_NAMED = "errors may have another name or cause"
_OUTPUT = "the path or the output may differ"
_TIME = "the duration may differ"
_RENAMED = "they need its new ARN"
_INPUT = "input that was valid may be rejected"
_MAX_NAMED = 3

_EFFECTS: Mapping[str, str] = {
    **dict.fromkeys((
        "timeout-added", "timeout-lowered", "retry-removed", "catch-removed", "catch-loses-input",
        "tolerance-lowered", "input-lost", "path-lost", "group-missing", "finding-fails",
        "permission-narrowed", "action-lost", "cycle-added", "language-changed", "role-changed",
        "credentials-changed", "child-type-changed",
    ), _FAILS),
    **dict.fromkeys(("retry-added", "retry-changed", "timeout-removed", "timeout-raised"), _WHEN),
    **dict.fromkeys((
        "catch-added", "catch-changed", "catch-keeps-input", "tolerance-raised",
    ), _HANDLED),
    **dict.fromkeys(("error-changed", "cause-changed"), _NAMED),
    **dict.fromkeys((
        "state-added", "state-removed", "state-moved", "type-changed", "start-changed",
        "transition-added", "transition-removed", "transition-retargeted", "state-unreachable",
        "choice-changed", "choice-inverted", "branch-added", "branch-removed", "cycle-removed",
        "branches-reordered", "action-changed", "pattern-changed", "target-changed",
        "input-changed", "output-changed", "path-overwritten", "result-changed",
        "variable-changed", "expression-changed", "field-changed", "code-changed",
        "code-changed-in-flight", "declared-output-narrowed", "declared-output-widened",
    ), _OUTPUT),
    **dict.fromkeys((
        "wait-changed", "concurrency-lowered", "concurrency-raised", "concurrency-unbounded",
        "mode-changed",
    ), _TIME),
    "declared-input-narrowed": _INPUT,
    "workflow-renamed": _RENAMED,
}  # fmt: skip
_ORDER = (_RENAMED, _INPUT, _FAILS, _OUTPUT, _NAMED, _HANDLED, _WHEN, _TIME)


def format_callers(review: Review) -> str:
    """Describe what callers notice, the gravest first.

    >>> from carnation.changes.records import Change
    >>> format_callers(Review("w", "", "", [Change("wait-changed", "", "Pause", "")], [], []))
    "the duration may differ ('Pause')"
    """
    kinds = {change.kind for change in review.changes}
    if "workflow-removed" in kinds:
        return "they can no longer start it"
    if "workflow-added" in kinds:
        return "none: the workflow was added"
    found: dict[str, list[str]] = {}
    for change in review.changes:
        effect = _EFFECTS.get(change.kind)
        if effect is not None and change.impact != "cosmetic":
            found.setdefault(effect, []).append(quote_subject(change.subject))
    told = [
        f"{effect} ({format_list(list(dict.fromkeys(found[effect])), _MAX_NAMED)})"
        for effect in _ORDER
        if effect in found
    ]
    if "finding-refused" in kinds:
        told.insert(0, "nothing changes for them as long as AWS rejects the definition")
    return "; ".join(told) or "no effect: input, output, errors, and duration are as before"
