"""The report as JSON; `docs/changes.md` describes it, and a field never changes its meaning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from carnation.changes.impacts import KINDS, find_worst
from carnation.changes.records import MISSING, Change
from carnation.changes.reviews.compare import Review
from carnation.document.values import Json

SCHEMA = 1


def make_report(reviews: Sequence[Review]) -> dict[str, Json]:
    """Make the value that is printed as JSON."""
    return {
        "schema": SCHEMA,
        "impact": find_worst(review.impact for review in reviews if review.impact) or None,
        "reviews": [_make_review(review) for review in reviews],
    }


def _make_review(review: Review) -> dict[str, Json]:
    bump = review.bump
    return {
        "name": review.name,
        "old_version": review.old_version or None,
        "new_version": review.new_version or None,
        "impact": review.impact or None,
        "bump": {**bump._asdict(), "enough": bump.enough} if bump else None,
        "notes": [note._asdict() for note in review.notes],
        "changes": [_make_change(change) for change in review.changes],
        "accepted": [
            {**_make_change(change), "accepted": reason} for change, reason in review.accepted
        ],
    }


def _make_change(change: Change) -> Mapping[str, Json]:
    kind = KINDS[change.kind]
    made = {
        "kind": change.kind,
        "family": kind.family,
        "impact": kind.impact,
        "concerns": kind.concerns,
        "document": change.part,
        "pointer": change.pointer,
        "side": "old" if change.old else "new",
        "subject": change.subject,
        "sentence": change.sentence,
        "fingerprint": change.fingerprint,
    }
    for name, value in (("before", change.before), ("after", change.after)):
        if value is not MISSING:
            made[name] = value
    return made
