"""The report as text: aligned for a wide terminal, one below the other for a narrow one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from carnation.changes.formats.advice import list_lines
from carnation.changes.formats.wording import (
    clean,
    count_noise,
    format_bump,
    format_elsewhere,
    format_impact,
    format_name,
    format_reason,
    format_versions,
    group_changes,
    list_values,
)
from carnation.changes.records import Change
from carnation.changes.reviews.compare import Review
from carnation.console import paint

_COLORS = {"cosmetic": "dim", "behavioral": "yellow", "breaking": "red",
            "dangerous": "bold red", "accepted": "dim"}  # fmt: skip
_NARROW = 72
_WIDEST_SUBJECT = 30
_IMPACT = 10  # as long as "behavioral"


def render_text(reviews: Sequence[Review], width: int, *, color: bool) -> Iterator[str]:
    """Yield the lines of a report, none wider than a terminal of at least 20 columns."""
    for index, review in enumerate(reviews):
        if index:
            yield ""
        yield from _render_review(review, max(20, width), color)


def _render_review(review: Review, width: int, color: bool) -> Iterator[str]:
    impact = format_impact(review)
    head = " ".join(filter(None, [clean(format_name(review)), clean(format_versions(review))]))
    yield f"{paint(head, 'bold', shown=color)}: {paint(impact, _COLORS[impact], shown=color)}"
    bump = format_bump(review)
    if bump:
        yield from _wrap(bump, width, "  ")
    for heading, line in list_lines(review):
        yield from _wrap(clean(f"{heading}: {line}."), width, "  ")
    for family, changes in group_changes(review):
        yield ""
        yield paint(family.capitalize(), "bold", shown=color)
        yield from _render_changes(changes, width, color)
    noise = count_noise(review.changes)
    for told in filter(None, (format_elsewhere(review), noise)):
        yield ""
        yield from (paint(line, "dim", shown=color) for line in _wrap(clean(told), width, "  "))
    for change, reason in review.accepted:
        line = f"accepted {change.fingerprint}: {change.subject} {change.sentence} ({reason})"
        yield from (paint(text, "dim", shown=color) for text in _wrap(clean(line), width, "  "))


def _render_changes(changes: Sequence[Change], width: int, color: bool) -> Iterator[str]:
    told: set[str] = set()
    widest = min(_WIDEST_SUBJECT, max(len(change.subject) for change in changes))
    for change in changes:
        impact = paint(change.impact.ljust(_IMPACT), _COLORS[change.impact], shown=color)
        subject, sentence = clean(change.subject), clean(change.sentence)
        indent = 2 + _IMPACT + 2 + widest + 2
        if width < _NARROW or len(subject) > widest:
            yield f"  {impact}  {subject}"[: width + len(impact) - _IMPACT]
            indent = 4 if width < _NARROW else indent
            yield from _wrap(sentence, width, " " * indent)
        else:
            lines = _wrap(sentence, width, " " * indent)
            yield f"  {impact}  {subject.ljust(widest)}  {next(lines).lstrip()}"
            yield from lines
        is_cut = "…" in change.sentence or change.kind == "language-changed"
        more = [f"{word}: {value}" for word, value in list_values(change) if is_cut]
        if change.kind not in told:  # a reason is of a kind, and read once
            more.insert(0, format_reason(change))
            told.add(change.kind)
        for text in more:
            yield from (
                paint(line, "dim", shown=color) for line in _wrap(clean(text), width, " " * indent)
            )


def _wrap(text: str, width: int, indent: str) -> Iterator[str]:
    """Break a text into lines at its spaces; a word that is too long is cut, behind punctuation.

    >>> list(_wrap("one two three", 10, "  "))
    ['  one two', '  three']
    """
    line = ""
    room = max(8, width - len(indent))
    for word in text.split(" "):
        while len(word) > room:
            if line:
                yield indent + line
            cut = max(word.rfind(mark, room // 2, room) for mark in ":/,") + 1 or room
            line, word = word[:cut], word[cut:]
        if line and len(line) + 1 + len(word) > room:
            yield indent + line
            line = word
        else:
            line = f"{line} {word}" if line else word
    yield indent + line
