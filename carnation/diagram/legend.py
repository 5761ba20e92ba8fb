"""The legend of a picture: in full, what a box or an edge had no room for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from carnation.diagram.font_metrics import wrap_text
from carnation.diagram.graph import Edge
from carnation.diagram.labels import SMALL, clean_text
from carnation.diagram.layout import Box, Layout, Line

_LINES = 12
"""How many lines of a legend one text may take; on hover it is whole."""


def make_legend(layout: Layout, room: float) -> list[str]:
    """Write the lines of the legend, each within the room; none if nothing was cut."""
    texts = [text for box in layout.boxes for text in _box_lines(box)]
    texts += [text for line in layout.lines for text in _line_lines(line)]
    # many Tasks may ask the same long-named function: it is told once
    return [
        line
        for text in dict.fromkeys(texts)
        for line in wrap_text(f"• {text}", room, SMALL, lines=_LINES)
    ]


def _box_lines(box: Box) -> Iterator[str]:
    name, caption = clean_text(box.node.name), clean_text(box.node.caption)
    if box.face.name and name and _is_cut(box.face.name, [name]):
        yield name
    if box.node.folded:
        yield f"{name}: {', '.join(map(clean_text, box.node.folded))}"
    if box.face.name and box.face.caption != caption:
        yield caption


def _line_lines(line: Line) -> Iterator[str]:
    texts = [clean_text(text) for text in line.edge.texts]
    if line.label and _is_cut(line.label.lines, texts):
        yield f"{_format_ends(line.edge)}: {' or '.join(texts)}"


def _format_ends(edge: Edge) -> str:
    return f"{clean_text(edge.source_name)} → {clean_text(edge.target_name)}"


def _is_cut(lines: Sequence[str], texts: Sequence[str]) -> bool:
    """Return whether lines hold less than the texts; broken lines lack spaces."""
    return "".join("".join(lines).split()) != "".join("".join(texts).split())
