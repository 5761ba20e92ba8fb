"""The report as Markdown: one comment on a pull request, found again by its first line.

GitHub takes 65,536 characters in a comment. What does not fit is counted; the worst stands first,
so what is cut is what matters least.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from carnation.changes.formats.wording import (
    clean,
    count_noise,
    group_changes,
    tell_bump,
    tell_impact,
    tell_versions,
)
from carnation.changes.policy import IMPACTS, find_worst
from carnation.changes.records import Change
from carnation.changes.reviews.compare import Review

MARK = "<!-- carnation diff -->"
LONGEST = 60_000
_SIGNS = {
    "dangerous": "🔴",
    "breaking": "🟠",
    "behavioural": "🟡",
    "cosmetic": "⚪",
    "accepted": "⚪",
}
_CUT = 200  # characters; what little the counts of what was left out may take


def write_markdown(reviews: Sequence[Review]) -> str:
    """Write a report of at most 60,000 characters."""
    worst = find_worst(review.impact for review in reviews if review.impact)
    lines = [MARK, f"### carnation: {f'**{worst}**' if worst else 'no changes'}", ""]
    if not worst and reviews:
        lines[1] = "### carnation: every change is accepted"
    room = LONGEST - sum(map(len, lines)) - _CUT
    left = len(reviews)
    for review in sorted(reviews, key=_rank):
        written, room = _fit(list(_write_review(review)), room)
        if not written:
            break
        lines += written
        left -= 1
    if left:
        lines.append(f"… and {left} more changes that are not shown.")
    return "\n".join(lines).rstrip() + "\n"


def _rank(review: Review) -> int:
    return -IMPACTS.index(review.impact) if review.impact else 1


def _write_review(review: Review) -> Iterator[str]:
    impact = tell_impact(review)
    name = escape(" ".join(filter(None, [review.name, tell_versions(review)])))
    yield f"#### {_SIGNS[impact]} {name}: {impact}"
    yield ""
    bump = tell_bump(review)
    if bump:
        yield f"_It {bump}._"
        yield ""
    for family, changes in group_changes(review):
        yield f"**{family.capitalize()}**"
        yield ""
        yield "| | impact | what | change |"
        yield "| --- | --- | --- | --- |"
        yield from map(_write_row, changes)
        yield ""
    noise = count_noise(review.changes)
    if noise:
        yield f"_{escape(noise)}_"
        yield ""
    for change, reason in review.accepted:
        sentence = escape(f"{change.subject}: {change.sentence}")
        yield f"- accepted `{change.fingerprint}`: {sentence} ({escape(reason)})"


def _write_row(change: Change) -> str:
    sign, impact = _SIGNS[change.impact], change.impact
    return f"| {sign} | {impact} | **{escape(change.subject)}** | {escape(change.sentence)} |"


def _fit(lines: list[str], room: int) -> tuple[list[str], int]:
    """Take as many lines as there is room for; of a table that is cut, say how much is missing."""
    taken: list[str] = []
    for index, line in enumerate(lines):
        room -= len(line) + 1
        if room < 0:
            rows = sum(rest.startswith(("| 🔴", "| 🟠", "| 🟡")) for rest in lines[index:])
            return ([*taken, "", f"… and {rows} more changes.", ""] if index > 2 else []), 0
        taken.append(line)
    return taken, room


def escape(text: str) -> str:
    r"""Take from a text whatever Markdown, HTML or GitHub would read into it.

    >>> escape("<b>|@all *x* #1")
    '&lt;b&gt;\\|&#64;all \\*x\\* \\#1'
    """
    text = clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"([\\`*_\[\]|#~!])", r"\\\1", text)
    return text.replace("@", "&#64;").replace("://", ":&#47;/")
