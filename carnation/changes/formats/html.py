"""The report as one HTML file: changes in words, next to the pictures before and after.

It asks nothing of any network, and its content security policy forbids that; names of states come
from anybody and are escaped. A change leads to its state by mouse and by keyboard.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256
from html import escape as escape_html

from carnation.changes.formats.advice import list_lines
from carnation.changes.formats.marks import find_state, mark_changes
from carnation.changes.formats.style import SCRIPT, STYLE
from carnation.changes.formats.wording import (
    clean,
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
    list_values,
    rename_part,
)
from carnation.changes.records import Change
from carnation.changes.reviews.compare import Review
from carnation.diagram import draw_svg, make_id
from carnation.document.values import Json


def render_page(reviews: Sequence[Review], title: str) -> str:
    """Write the page; `title` says what was compared."""
    return "\n".join(_render_page(reviews, title)) + "\n"


def escape(text: str) -> str:
    """Make a foreign text safe, in content and in attributes."""
    return escape_html(clean(text), quote=True)


def _render_page(reviews: Sequence[Review], title: str) -> Iterator[str]:
    script = b64encode(sha256(SCRIPT.encode()).digest()).decode()
    # the pictures bring their styles along, so styles are allowed inline; scripts only this one
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{script}'; "
    policy += "base-uri 'none'; form-action 'none'"
    yield "<!DOCTYPE html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>carnation diff: {escape(title)}</title>"
    yield f"<style>{STYLE}</style></head><body>"
    yield f"<header><h1>{escape(title)}</h1></header><main>"
    if not reviews:
        yield "<p>Nothing changed.</p>"
    for index, review in enumerate(reviews):
        yield from _render_review(review, f"r{index}")
    yield f"</main><script>{SCRIPT}</script></body></html>"


def _render_review(review: Review, prefix: str) -> Iterator[str]:
    impact = format_impact(review)
    name = escape(" ".join(filter(None, [format_name(review), format_versions(review)])))
    yield f'<section><h2>{name} <span class="impact {impact}">{impact}</span></h2>'
    yield f'<p class="verdict">{_format_verdict(review)}</p>'
    for heading, line in list_lines(review):
        yield f"<p><b>{heading}</b>: {escape(line)}.</p>"
    yield '<div class="sides"><div class="words">'
    for family, changes in group_changes(review):
        yield f"<h3>{family.capitalize()}</h3><ul>"
        for change in changes:
            yield _render_change(review, change, prefix)
        yield "</ul>"
    noise = count_noise(review.changes)
    for line in filter(None, (format_elsewhere(review), noise)):
        yield f'<p class="noise">{escape(line)}</p>'
    for change, reason in review.accepted:
        line = escape(f"{change.subject}: {change.sentence} ({reason})")
        yield f'<p class="noise">accepted <code>{change.fingerprint}</code> {line}</p>'
    yield "</div>"
    yield from _render_pictures(review, prefix)
    yield "</div></section>"


def _format_verdict(review: Review) -> str:
    """Describe the verdict: the gravest change, why it matters, the version that it needs."""
    worst = find_gravest(review)
    if worst is None:
        return "Every change is accepted."
    name = escape(worst.subject)
    subject = name if name.startswith("the ") else f"<code>{name}</code>"
    subject += find_joint(worst)
    why = escape(f"{worst.sentence}. {format_reason(worst)}.")
    bump = format_bump(review)
    needed = f" <b>{escape(bump)}</b>" if bump else ""
    others = escape(f" {count_others(review)}".rstrip())
    return f"<b>{worst.impact.capitalize()}</b>: {subject}{why}{needed}{others}"


def _render_values(change: Change) -> str:
    values = list_values(change)
    if not values:
        return ""
    shown = "".join(f"<p>{word}: <code>{escape(text)}</code></p>" for word, text in values)
    words = " and ".join(word for word, _ in values)
    return f"<details><summary>{words}, in full</summary>{shown}</details>"


def _render_change(review: Review, change: Change, prefix: str) -> str:
    target = _find_target(review, change, prefix)
    subject = f"<b>{escape(change.subject)}</b>"
    if target:
        subject = f'<a href="#{target}">{subject}</a>'
    where = escape(f"{change.part}{change.pointer} {change.fingerprint}")
    return (
        f'<li title="{where}"><span class="impact {change.impact}">{change.impact}</span> '
        f"{subject}{find_joint(change)}{escape(change.sentence)}"
        f'<p class="why">{escape(format_reason(change))}</p>{_render_values(change)}</li>'
    )


def _find_target(review: Review, change: Change, prefix: str) -> str:
    """Return the id of the state that a change is about, in the picture that shows it."""
    pointer = find_state(change.pointer)
    for index, (part, _, _) in enumerate(review.definitions):
        if pointer and part.partition(", ")[0] == change.part:
            side = "old" if change.old else "new"
            return escape(make_id(pointer, f"{prefix}d{index}{side}"))
    return ""


def _render_pictures(review: Review, prefix: str) -> Iterator[str]:
    if not review.definitions:
        return
    yield '<div class="pictures">'
    for index, (part, old, new) in enumerate(review.definitions):
        changes = [change for change in review.changes if change.part == part.partition(", ")[0]]
        before, after = mark_changes(changes, old)
        for word, side, definition, marks in (
            ("Before", "old", old, before),
            ("After", "new", new, after),
        ):
            if isinstance(definition, dict) and definition.get("States"):
                named = rename_part(part, review.old_paths) if side == "old" else part
                svg = _draw(definition, marks, f"{word}: {named}", f"{prefix}d{index}{side}")
                yield f"<figure><figcaption>{word}: {escape(named)}</figcaption>{svg}</figure>"
    yield "</div>"


def _draw(definition: dict[str, Json], marks: dict[str, str], title: str, prefix: str) -> str:
    return draw_svg(definition, marks, title=title, prefix=prefix)
