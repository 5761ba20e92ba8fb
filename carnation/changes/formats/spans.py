"""Spans: texts of strangers in Markdown, as text or as code, and the values of a change in full."""

from __future__ import annotations

import re
from collections.abc import Sequence

from carnation.changes.formats.wording import clean, list_values, render_value
from carnation.changes.records import MISSING, Change
from carnation.changes.wording import contrast
from carnation.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

_LONG = 100  # characters; a longer value is folded
_SPECIAL = re.compile(r"[`<>&|@\\\n]")  # what a span between backticks cannot hold everywhere
_QUOTED: Final = re.compile(
    r"""(?<!\w)'([^'\s](?:[^']*[^'\s])?)'(?!\w)|("(?:[^"\\]|\\.)*")"""
    r"""|(\$?\{(?:[^{}]|\{[^{}]*\})*\}|\{[^{}\n]*…)"""
    r"""|\b(arn:[^\s,;()'"]+|[a-z0-9-]+:(?:[A-Z]\w*\*?|\*)(?!\S*//))"""
)
"""A name between quotes; a JSON text; a JSON object, two deep; an ARN, or an action."""


def escape(text: str) -> str:
    r"""Take from a text whatever Markdown, HTML or GitHub would read into it.

    >>> escape("<b>|@all *x* #1")
    '&lt;b&gt;\\|&#64;all \\*x\\* \\#1'
    """
    text = clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"([\\`*_\[\]|#~!])", r"\\\1", text)
    return text.replace("@", "&#64;").replace("$", "&#36;").replace("://", ":&#47;/")


def code(text: str) -> str:
    """Show a text as code, in a cell of a table, too.

    >>> code("Charge"), code("a|<b>")
    ('`Charge`', '<code>a&#124;&#60;b&#62;</code>')
    """
    text = clean(text)
    if text and not _SPECIAL.search(text) and text == text.strip():
        return f"`{text}`"
    return tag(text)


def tag(text: str) -> str:
    """Show a text as code by a tag, for where Markdown is not read."""
    return f"<code>{re.sub(r'[^A-Za-z0-9 ]', _encode, clean(text)) or ' '}</code>"


def _encode(found: re.Match[str]) -> str:
    char = found[0]
    return f"&#{ord(char)};" if char.isascii() else char


def format_change(change: Change) -> str:
    """Describe a change with names and values as code; values that a sentence cuts are whole."""
    tail = contrast(change.before, change.after)
    if change.before is change.after or not change.sentence.endswith(tail):
        return mark_names(change.sentence) + _fold(list_values(change))
    head = _mark_path(change.sentence.removesuffix(tail))
    sides = [("before", change.before), ("after", change.after)]
    values = [(word, render_value(value)) for word, value in sides if value is not MISSING]
    if max(len(text) for _, text in values) > _LONG:
        return f"{head}changed{_fold(values)}"
    shown = [code(text) for _, text in values]
    if len(shown) == 2:
        return f"{head}{shown[0]} → {shown[1]}"
    return f"{head}{shown[0]} was {'added' if change.before is MISSING else 'removed'}"


def _mark_path(head: str) -> str:
    """Show as code the place in a document that is before a value."""
    start, semicolon, path = head.rpartition("; ")
    if path.endswith(": ") and " " not in path[:-2]:
        return f"{mark_names(start)}{semicolon}{code(path[:-2])}: "
    return mark_names(head)


def mark_names(sentence: str) -> str:
    """Show as code what a sentence quotes, and the rest as text."""
    parts = []
    end = 0
    for found in _QUOTED.finditer(sentence):
        text = next(filter(None, found.groups()))
        parts += [escape(sentence[end : found.start()]), code(_unquote(text))]
        end = found.end()
    return "".join([*parts, escape(sentence[end:])])


def _unquote(text: str) -> str:
    """Take the quotes from a condition, which is no value of JSON but words."""
    return text[1:-1] if text.startswith('"$') and " " in text and "\\" not in text else text


def _fold(values: Sequence[tuple[str, str]]) -> str:
    if not values:
        return ""
    summary = " and ".join(word for word, _ in values)
    shown = "<br>".join(f"{word}: {code(text)}" for word, text in values)
    return f" <details><summary>{summary}, in full</summary>{shown}</details>"
