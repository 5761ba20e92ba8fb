"""What is written on a box and next to an edge: lines of text that fit, and the size they need."""

from __future__ import annotations

import re
from collections.abc import Sequence

from carnation.diagram.font_metrics import cut_text, measure_text, wrap_text
from carnation.diagram.graph import END, START, Node
from carnation.records import NamedTuple

NAME, SMALL = 13.0, 11.0
"""Font sizes: of a state's name, which is bold, and of all else."""
NAME_LINE, SMALL_LINE = 16.0, 14.0
ICON, PAD, BETWEEN = 26.0, 11.0, 9.0
BADGE = 13.0
"""What a badge needs next to its number: its icon, and room around."""
_ROOM, _LABEL_ROOM = 190.0, 150.0
_DOT, _RING = 14.0, 14.0

# what XML cannot hold, what reverses the order of what follows, what breaks a line
_HOSTILE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069"
    "\ud800-\udfff\ufffe\uffff]"
)


class NodeLabel(NamedTuple):
    """The texts on a node and its size; `width` and `height` are without any scopes inside."""

    name: tuple[str, ...]
    caption: str
    badge: str
    width: float
    height: float


class Label(NamedTuple):
    """The lines next to an edge, and their size."""

    lines: tuple[str, ...]
    width: float
    height: float


def clean_text(text: str) -> str:
    r"""Make a hostile text printable on one line: its characters, not their effects.

    >>> clean_text("a\nb\x00")
    'a b�'
    """
    return _HOSTILE.sub("�", " ".join(text.split()) or "(no name)" if text else text)


def make_face(node: Node) -> NodeLabel:
    """Choose what is written on a node."""
    if node.type in (START, END):
        return NodeLabel((), "", "", _DOT, _RING)
    name = wrap_text(clean_text(node.name) or "(no name)", _ROOM, NAME, bold=True)
    # what holds others is wide anyhow
    caption = cut_text(clean_text(node.caption), _ROOM * (1.5 if node.scopes else 1), SMALL)
    texts = [measure_text(line, NAME, bold=True) for line in name]
    room = max(*texts, measure_text(caption, SMALL))
    badge = node.retries and measure_text(node.retries, SMALL) + BADGE + BETWEEN
    width = PAD + ICON + BETWEEN + room + (badge or 0) + PAD + 2
    height = len(name) * NAME_LINE + SMALL_LINE + 2 * 8
    return NodeLabel(name, caption, node.retries, even(max(width, 110)), even(height))


def make_label(texts: Sequence[str]) -> Label | None:
    """Choose what is written next to an edge; None if nothing is."""
    if not texts:
        return None
    lines: list[str] = []
    shown, more = split_texts(texts)
    for text in shown:
        lines += wrap_text(clean_text(text), _LABEL_ROOM, SMALL, lines=2 if len(texts) < 3 else 1)
    lines += [more] if more else []
    width = max(measure_text(line, SMALL) for line in lines)
    return Label(tuple(lines), even(width + 4), len(lines) * SMALL_LINE + 2)


def split_texts(texts: Sequence[str]) -> tuple[Sequence[str], str]:
    """Return the texts that are written next to an edge, and how the rest is told.

    >>> split_texts(["a", "b", "c", "d"])
    (['a', 'b'], 'or 2 more')
    """
    return (texts, "") if len(texts) <= 3 else (texts[:2], f"or {len(texts) - 2} more")


def even(length: float) -> float:
    """Round up to an even number: half of it is whole, and lines stay sharp."""
    return float(-(-length // 2) * 2)
