"""The report as one HTML file."""

from __future__ import annotations

from collections.abc import Sequence

from carnation.reviews.comparing import Review


def write_page(reviews: Sequence[Review], title: str) -> str:
    """Write the page."""
    return f"{title}{len(reviews)}"
