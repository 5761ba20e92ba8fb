"""The report as Markdown: one comment on a pull request, found again by its first line.

Written for a reviewer who has never heard of carnation: a verdict, then a row a change with the
reason, then a folded picture of what changed. GitHub takes 65,536 characters in a comment. What
does not fit is counted; the worst is first, so what is cut is what matters least.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from carnation.changes.formats.advice import list_lines
from carnation.changes.formats.marks import mark_changes
from carnation.changes.formats.pictures import draw_changed
from carnation.changes.formats.spans import code, escape, format_change, mark_names, tag
from carnation.changes.formats.wording import (
    IMPACT_MEANINGS,
    count_noise,
    count_others,
    find_gravest,
    find_joint,
    format_bump,
    format_elsewhere,
    format_impact,
    format_name,
    format_reason,
    format_versions,
    group_changes,
    rename_part,
)
from carnation.changes.impacts import IMPACTS, find_worst
from carnation.changes.records import Change
from carnation.changes.reviews.compare import Review
from carnation.document.values import Json

__all__ = ["MARK", "MAX_COMMENT_LENGTH", "escape", "render_markdown"]

MARK = "<!-- carnation diff -->"
MAX_COMMENT_LENGTH = 60_000
_SIGNS = {
    "dangerous": "🔴",
    "breaking": "🟠",
    "behavioral": "🟡",
    "cosmetic": "⚪",
    "accepted": "⚪",
}
_CUT = 200  # characters; what little the counts of what was left out may take
_MAX_PICTURE = 8_000  # characters; a larger picture is for the page


def render_markdown(reviews: Sequence[Review], title: str = "") -> str:
    """Write a report of at most 60,000 characters; `title` says what was compared."""
    worst = find_worst(review.impact for review in reviews if review.impact)
    lines = [MARK, f"### Workflow changes: {f'**{worst}**' if worst else 'no changes'}", ""]
    if not worst and reviews:
        lines[1] = "### Workflow changes: every change is accepted"
    end = list(_write_end(reviews, title))
    room = MAX_COMMENT_LENGTH - sum(map(len, [*lines, *end])) - _CUT
    left = len(reviews)
    for review in sorted(reviews, key=_rank):
        written, room = _fit(list(_render_review(review)), room)
        if not written:
            break
        lines += written
        left -= 1
    if left:
        lines += [f"… and {left} more changes that are not shown.", ""]
    return "\n".join([*lines, *end]).rstrip() + "\n"


def _rank(review: Review) -> int:
    return -IMPACTS.index(review.impact) if review.impact else 1


def _write_end(reviews: Sequence[Review], title: str) -> Iterator[str]:
    """Describe what was compared, and what the words for the impacts mean."""
    if title:
        end = "" if title.endswith(".") else "."
        yield f"<sub>What AWS Step Functions will run, compared: {escape(title)}{end}</sub>"
        yield ""
    used = {change.impact for review in reviews for change in review.changes}
    told = [name for name in reversed(IMPACTS) if name in used]
    if told:
        words = (f"{_SIGNS[name]} {name}: {IMPACT_MEANINGS[name]}" for name in told)
        yield f"<sub>{' · '.join(words)}.</sub>"


def _render_review(review: Review) -> Iterator[str]:
    impact = format_impact(review)
    name = escape(" ".join(filter(None, [format_name(review), format_versions(review)])))
    yield f"#### {_SIGNS[impact]} {name}"
    yield ""
    yield _format_verdict(review)
    yield ""
    for heading, line in list_lines(review):
        yield f"**{heading}**: {mark_names(line)}."
        yield ""
    for family, changes in group_changes(review):
        yield f"**{family.capitalize()}**"
        yield ""
        yield "| impact | what changes | why it matters |"
        yield "| --- | --- | --- |"
        yield from map(_render_row, changes)
        yield ""
    noise = count_noise(review.changes)
    for line in filter(None, (format_elsewhere(review), noise)):
        yield f"_{escape(line)}_"
        yield ""
    for change, reason in review.accepted:
        sentence = escape(f"{change.subject}: {change.sentence}")
        yield f"- accepted `{change.fingerprint}`: {sentence} ({escape(reason)})"
    if review.accepted:
        yield ""
    for part, old, new in review.definitions:
        yield from _render_pictures(review, part, old, new)


def _format_verdict(review: Review) -> str:
    """Describe the verdict: the gravest change, why it matters, the version."""
    worst = find_gravest(review)
    if worst is None:
        return "Every change is accepted."
    told = format_change(worst).partition(" <details>")[0]
    first = f"**{worst.impact.capitalize()}**: {_name(worst)}{told}."
    why = f"{escape(format_reason(worst))}."
    bump = format_bump(review)
    parts = [first, why, f"**{escape(bump)}**" if bump else "", count_others(review)]
    return " ".join(filter(None, parts))


def _name(change: Change) -> str:
    """Show the subject, as code where it is a name, up to the sentence about it."""
    plain = change.subject.startswith("the ")
    return (escape(change.subject) if plain else code(change.subject)) + find_joint(change)


def _render_row(change: Change) -> str:
    sign, impact = _SIGNS[change.impact], change.impact
    what = _name(change) + format_change(change)
    return f"| {sign} {impact} | {what} | {escape(format_reason(change))} |"


def _render_pictures(review: Review, part: str, old: Json, new: Json) -> Iterator[str]:
    """Write both sides of what changed, folded; as one piece, which fits as a whole or not."""
    changes = [change for change in review.changes if change.part == part.partition(", ")[0]]
    marks = mark_changes(changes, old)
    drawn = [draw_changed(side, marked) for side, marked in zip((old, new), marks, strict=True)]
    if not any(drawn):
        return
    if sum(map(len, drawn)) > _MAX_PICTURE:
        yield f"_The picture of {code(part)} is too large for a comment: see --format html._"
        yield ""
        return
    if drawn[0] == drawn[1]:
        drawn[0] = ""  # one picture says it
    lines = [f"<details><summary>Picture of what changed in {tag(part)}</summary>", ""]
    for word, named, text in zip(
        ("Before", "After"), (rename_part(part, review.old_paths), part), drawn, strict=True
    ):
        if text:
            lines += [f"{word}: {code(named)}", "", "```mermaid", text.rstrip(), "```", ""]
    yield "\n".join([*lines, "</details>", ""])


def _fit(lines: list[str], room: int) -> tuple[list[str], int]:
    """Take as many lines as there is room for; of a table that is cut, say how much is missing."""
    taken: list[str] = []
    for index, line in enumerate(lines):
        room -= len(line) + 1
        if room < 0:
            rows = sum(rest.startswith(("| 🔴", "| 🟠", "| 🟡")) for rest in lines[index:])
            word = f"{rows} more changes" if rows else "a picture that does not fit"
            return ([*taken, "", f"… and {word}.", ""] if index > 2 else []), 0
        taken.append(line)
    return taken, room
