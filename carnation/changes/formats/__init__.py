"""Formats: reviews as text, Markdown, JSON or HTML; one row a format."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from carnation.changes.reviews import Review
from carnation.document import dump_json


def _write_text(reviews: Sequence[Review], title: str, width: int, colour: bool) -> str:
    from carnation.changes.formats.text import write_text

    if not reviews:
        return "nothing changed\n"
    return "\n".join(write_text(reviews, width, colour=colour)) + "\n"


def _write_markdown(reviews: Sequence[Review], title: str, width: int, colour: bool) -> str:
    from carnation.changes.formats.markdown import write_markdown

    return write_markdown(reviews, title)


def _write_json(reviews: Sequence[Review], title: str, width: int, colour: bool) -> str:
    from carnation.changes.formats.json import make_report

    return dump_json(make_report(reviews))


def _write_html(reviews: Sequence[Review], title: str, width: int, colour: bool) -> str:
    from carnation.changes.formats.html import write_page

    return write_page(reviews, title)


Format = Callable[[Sequence[Review], str, int, bool], str]
"""Writes reviews with their title, for a width, in colour or not."""

FORMATS: Final[Mapping[str, Format]] = {
    "text": _write_text,
    "markdown": _write_markdown,
    "json": _write_json,
    "html": _write_html,
}
"""What `carnation diff --format` names; each is loaded by who asks for it."""
