"""What all reports have in common: safe texts, headings, counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from carnation.changes.policy import FAMILIES, KINDS
from carnation.changes.records import Change
from carnation.changes.reviews.compare import Review
from carnation.console import clean

COSMETIC = "cosmetic"

__all__ = ["clean", "count_noise", "group_changes", "tell_bump", "tell_impact", "tell_versions"]


def group_changes(review: Review) -> list[tuple[str, list[Change]]]:
    """Group what matters by family, permissions first; what is cosmetic is left out."""
    telling = [change for change in review.changes if change.impact != COSMETIC]
    groups = []
    for family in FAMILIES:
        found = [change for change in telling if KINDS[change.kind].family == family]
        if found:
            groups.append((family, found))
    return groups


def count_noise(changes: Sequence[Change]) -> str:
    """Tell in one line of everything that is cosmetic; '' if nothing is.

    >>> count_noise([Change("comment-changed", "", "A", "has another Comment")] * 2)
    'and 2 cosmetic changes: comment-changed (2)'
    """
    counts = Counter(change.kind for change in changes if change.impact == COSMETIC)
    total = sum(counts.values())
    if not total:
        return ""
    kinds = ", ".join(kind if n == 1 else f"{kind} ({n})" for kind, n in counts.items())
    return f"and {total} cosmetic change{'s' * (total > 1)}: {kinds}"


def tell_versions(review: Review) -> str:
    """Tell the version, or the step between two; '' where there is none."""
    if review.old_version == review.new_version:
        return review.new_version
    return f"{review.old_version or 'nothing'} to {review.new_version or 'nothing'}"


def tell_bump(review: Review) -> str:
    """Tell which step of the version the changes ask for, and which was made; '' if none is due."""
    bump = review.bump
    if bump is None or bump.wanted == "none":
        return ""
    made = "none was made" if bump.made == "none" else f"a {bump.made} one was made"
    verdict = "enough" if bump.enough else "too little"
    return f"asks for a {bump.wanted} version; {made}: {verdict}"


def tell_impact(review: Review) -> str:
    """Tell the verdict on a unit in a word."""
    return review.impact or "accepted"
