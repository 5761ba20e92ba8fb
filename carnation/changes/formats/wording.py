"""What all reports have in common: safe texts, headings, counts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence

from carnation.changes.impacts import CODE, FAMILIES, IMPACTS, KINDS, PERMISSIONS
from carnation.changes.records import MISSING, Change
from carnation.changes.reviews.code import find_package
from carnation.changes.reviews.compare import Review
from carnation.changes.reviews.verdict import rank_consequence, step_version
from carnation.console import clean as clean

COSMETIC = "cosmetic"
_MAX_VALUE_LENGTH = 4000  # characters of a value

IMPACT_MEANINGS: Mapping[str, str] = {
    "dangerous": "data may be lost, permissions exceed what was listed, or executions stop",
    "breaking": "code or people that rely on the old behavior may have to change",
    "behavioral": "executions behave differently",
    "cosmetic": "no effect on executions",
}
"""What the impacts mean, for somebody who has never seen them."""

_CONCERNED: Mapping[str, str] = {
    "readers": "readers of the definition",
    "callers": "callers and readers of its output",
    "watchers": "alarms, queries, and dashboards that name states",
    "in flight": "running executions",
    "data": "the data",
    "owners": "operators of the workflow",
}
_NOTES = {"cost": "Cost and limits", "in flight": "Executions in flight"}
_CLAUSES = ("after ", "an update ", "its ", "if ", "the ", "by ", "nothing ", "every ", "role ")


def group_changes(review: Review) -> list[tuple[str, list[Change]]]:
    """Group what matters by family: permissions, then what is worst; what is cosmetic is left out.

    >>> changes = [Change("cycle-added", "", "A", ""), Change("data-removed", "", "B", "")]
    >>> [family for family, _ in group_changes(Review("w", "", "", changes, [], []))]
    ['resources', 'definition']
    """
    telling = [change for change in review.changes if change.impact != COSMETIC]
    groups = []
    for family in FAMILIES:
        found = [change for change in telling if KINDS[change.kind].family == family]
        if family == CODE:
            found = join_code(review, found)
        if found:
            groups.append((family, found))
    return sorted(groups, key=_rank_group)


def _rank_group(group: tuple[str, list[Change]]) -> tuple[bool, int]:
    family, changes = group
    return family != PERMISSIONS, -max(IMPACTS.index(change.impact) for change in changes)


def join_code(review: Review, changes: Sequence[Change]) -> list[Change]:
    """Describe a package once: its worst change, in the first review that uses it."""
    joined: dict[str, Change] = {}
    for change in changes:
        package = find_package(change)
        fact = review.packages.get(package)
        if fact is None:
            joined[change.fingerprint] = change
        elif fact.told_by == review.name:
            known = joined.get(package)
            if not known or IMPACTS.index(known.impact) < IMPACTS.index(change.impact):
                joined[package] = change
    return [_describe_package(review, name, change) for name, change in joined.items()]


def _describe_package(review: Review, package: str, change: Change) -> Change:
    """Add to a change of code where it is, and who uses it."""
    fact = review.packages.get(package)
    if fact is None:
        return change
    files = (
        "; ".join(fact.lines) or f"its sources, lambdas/{package}, are unchanged or not available"
    )
    sentence = f"{change.sentence} ({files})"
    if len(fact.workflows) > 1:
        sentence += f"; {len(fact.workflows)} workflows use it: {', '.join(fact.workflows)}"
    return change._replace(subject=package, sentence=sentence)


def format_elsewhere(review: Review) -> str:
    """Return where code that this workflow uses, too, is told; '' if nowhere else.

    >>> format_elsewhere(Review("w", "", "", [], [], []))
    ''
    """
    names = {find_package(change) for change in review.changes}
    told = [
        f"{name} (see {fact.told_by})"
        for name, fact in review.packages.items()
        if name in names and fact.told_by != review.name
    ]
    return f"code that it shares changed, too: {', '.join(told)}" if told else ""


def count_noise(changes: Sequence[Change]) -> str:
    """Summarize in one line everything that is cosmetic; '' if nothing is.

    >>> count_noise([Change("comment-changed", "", "A", "has another Comment")] * 2)
    'and 2 cosmetic changes: comment-changed (2)'
    """
    counts = Counter(change.kind for change in changes if change.impact == COSMETIC)
    total = sum(counts.values())
    if not total:
        return ""
    kinds = ", ".join(kind if n == 1 else f"{kind} ({n})" for kind, n in counts.items())
    return f"and {total} cosmetic change{'s' * (total > 1)}: {kinds}"


def list_notes(review: Review) -> list[tuple[str, str]]:
    """List what others know of a review, with headings."""
    return [(_NOTES.get(note.about, note.about.capitalize()), note.sentence)
            for note in review.notes]  # fmt: skip


def format_name(review: Review) -> str:
    """Return the name of what is reviewed; both, where it was called otherwise on the old side."""
    old = review.old_paths.get(review.name, "")
    return f"{old} to {review.name}" if old else review.name


def list_values(change: Change) -> list[tuple[str, str]]:
    """List the values of a change whose sentence cuts them, before and after, in full.

    >>> list_values(Change("wait-changed", "", "A", "Seconds: 1 to 2", 1, 2))
    []
    """
    values = [("before", change.before), ("after", change.after)]
    if "…" not in change.sentence and not any(isinstance(value, dict) for _, value in values):
        return []
    return [(word, render_value(value)) for word, value in values if value is not MISSING]


def render_value(value: object) -> str:
    """Write a value as JSON; what is beyond 4,000 characters is counted."""
    text = json.dumps(value, ensure_ascii=False)
    if len(text) <= _MAX_VALUE_LENGTH:
        return text
    return f"{text[:_MAX_VALUE_LENGTH]}… and {len(text) - _MAX_VALUE_LENGTH} more characters"


def format_versions(review: Review) -> str:
    """Format the version, or the step between two; '' where there is none."""
    if review.old_version == review.new_version:
        return review.new_version
    return f"{review.old_version or 'nothing'} to {review.new_version or 'nothing'}"


def format_reason(change: Change) -> str:
    """Format whom a change concerns and why it matters, in words that need no glossary.

    >>> format_reason(Change("timeout-lowered", "", "A", ""))
    'For callers and readers of its output: longer runs now fail'
    """
    kind = KINDS[change.kind]
    return f"For {_CONCERNED[kind.concerns]}: {kind.reason}"


def find_joint(change: Change) -> str:
    """Return what is between a subject and its sentence: a colon where that is a whole clause."""
    return ": " if change.sentence.startswith(_CLAUSES) else " "


def find_gravest(review: Review) -> Change | None:
    """Return the change that the verdict is about: the first of the worst; None of nothing."""
    return min(
        review.changes,
        key=lambda one: (-IMPACTS.index(one.impact), rank_consequence(one)),
        default=None,
    )


def count_others(review: Review) -> str:
    """Return how many changes there are next to the one in the verdict; '' if there are none.

    >>> changes = [Change("cycle-added", "", "A", ""), Change("start-changed", "", "A", "")]
    >>> count_others(Review("w", "", "", changes, [], []))
    '1 more change: 1 behavioral.'
    """
    rest = Counter(change.impact for change in review.changes)
    rest[review.impact] -= 1
    total = sum(rest.values())
    if total < 1:
        return ""
    parts = ", ".join(f"{rest[name]} {name}" for name in reversed(IMPACTS) if rest[name] > 0)
    return f"{total} more change{'s' * (total > 1)}: {parts}."


def format_bump(review: Review) -> str:
    """Return which version the changes ask for, and which there is; '' if none is due.

    >>> changes = [Change("cycle-added", "", "A", "")]
    >>> format_bump(Review("w", "1.2.0", "1.2.0", changes, [], []))
    'Needs version 2.0.0; the version is unchanged (1.2.0).'
    """
    bump = review.bump
    if bump is None or bump.wanted == "none":
        return ""
    needed = f"Needs version {step_version(review.old_version, bump.wanted)}"
    if bump.enough:
        return f"{needed}; the version is {review.new_version}: enough."
    if review.old_version == review.new_version:
        return f"{needed}; the version is unchanged ({review.new_version})."
    return f"{needed}; the version is {review.new_version}: too little."


def format_impact(review: Review) -> str:
    """Format the verdict on a unit in a word."""
    return review.impact or "accepted"


def rename_part(part: str, old_paths: Mapping[str, str]) -> str:
    """Return a part the path that it has on the old side.

    >>> rename_part("new.json, Machine", {"new.json": "old.json"})
    'old.json, Machine'
    """
    path, comma, name = part.partition(", ")
    return old_paths.get(path, path) + comma + name
