"""Spans: texts of strangers in Markdown, as text or as code, and the values of a change in full."""

from __future__ import annotations

import json
import re
from typing import Final

from carnation.changes.formats.wording import clean
from carnation.changes.records import ABSENT, Change
from carnation.changes.wording import contrast

_LONG = 100  # characters; a longer value is folded
_LONGEST = 4000  # characters; what is beyond is counted
_SPECIAL = re.compile(r"[`<>&|@\\\n]")  # what a span between backticks cannot hold everywhere
_QUOTED: Final = re.compile(r"""(?<!\w)'([^'\s](?:[^']*[^'\s])?)'(?!\w)|("(?:[^"\\]|\\.)*")""")


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


def tell_change(change: Change) -> str:
    """Say a change with names and values as code; what a sentence cuts short is given whole."""
    tail = contrast(change.before, change.after)
    if not change.sentence.endswith(tail):
        return _mark_names(change.sentence) + _fold_cut(change)
    head = _mark_path(change.sentence.removesuffix(tail))
    before, after = (_spell(value) for value in (change.before, change.after))
    if max(len(before), len(after)) > _LONG:
        return f"{head}changed{_fold(change)}"
    if change.before is ABSENT:
        return f"{head}{code(after)} is new"
    if change.after is ABSENT:
        return f"{head}{code(before)} is gone"
    return f"{head}{code(before)} → {code(after)}"


def _mark_path(head: str) -> str:
    """Show as code the place in a document that stands before a value."""
    start, semicolon, path = head.rpartition("; ")
    if path.endswith(": ") and " " not in path[:-2]:
        return f"{_mark_names(start)}{semicolon}{code(path[:-2])}: "
    return _mark_names(head)


def _mark_names(sentence: str) -> str:
    """Show as code what a sentence quotes."""
    parts = []
    end = 0
    for found in _QUOTED.finditer(sentence):
        parts += [escape(sentence[end : found.start()]), code(found[1] or found[2])]
        end = found.end()
    return "".join([*parts, escape(sentence[end:])])


def _fold_cut(change: Change) -> str:
    return _fold(change) if "…" in change.sentence or _is_whole(change) else ""


def _is_whole(change: Change) -> bool:
    """Tell whether the values are whole objects, which no sentence holds."""
    return any(isinstance(value, dict) for value in (change.before, change.after))


def _fold(change: Change) -> str:
    shown = [
        f"{word}: {code(_cut(_spell(value)))}"
        for word, value in (("before", change.before), ("after", change.after))
        if value is not ABSENT
    ]
    if not shown:
        return ""
    summary = " and ".join(text.partition(":")[0] for text in shown)
    return f" <details><summary>{summary}, in full</summary>{'<br>'.join(shown)}</details>"


def _spell(value: object) -> str:
    if value is ABSENT:
        return ""
    return json.dumps(value, ensure_ascii=False)


def _cut(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}… and {len(text) - _LONGEST} more characters"
