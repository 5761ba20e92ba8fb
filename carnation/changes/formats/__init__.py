"""Formats: reviews as text, Markdown, JSON or HTML; one row a format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from carnation.changes.reviews import Review
from carnation.document import dump_json
from carnation.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Final

    Format = Callable[[Sequence[Review], str, int, bool], str]
    """Writes reviews with their title, for a width, in color or not."""


def _render_text(reviews: Sequence[Review], title: str, width: int, color: bool) -> str:
    from carnation.changes.formats.text import render_text

    if not reviews:
        return "nothing changed\n"
    return "\n".join(render_text(reviews, width, color=color)) + "\n"


def _render_markdown(reviews: Sequence[Review], title: str, width: int, color: bool) -> str:
    from carnation.changes.formats.markdown import render_markdown

    return render_markdown(reviews, title)


def _render_json(reviews: Sequence[Review], title: str, width: int, color: bool) -> str:
    from carnation.changes.formats.json import make_report

    return dump_json(make_report(reviews))


def _render_html(reviews: Sequence[Review], title: str, width: int, color: bool) -> str:
    from carnation.changes.formats.html import render_page

    return render_page(reviews, title)


FORMATS: Final[Mapping[str, Format]] = {
    "text": _render_text,
    "markdown": _render_markdown,
    "json": _render_json,
    "html": _render_html,
}
"""What `carnation diff --format` names; each is loaded by who asks for it."""
