"""A laid-out definition as SVG text: one file, no script, nothing fetched, light and dark.

Everything that comes out of a definition is hostile input and escaped here. Every state is a group
with an id and `data-pointer`, every edge one with `data-source` and `data-target`, so that a page
can link to them.

Source: https://www.w3.org/TR/SVG2/, https://www.w3.org/TR/graphics-aria-1.0/ (the roles).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from math import ceil

from carnation.diagram import theme as look
from carnation.diagram.edge_routing import Point
from carnation.diagram.font_metrics import measure_text
from carnation.diagram.graph import END, MISSING, START, Edge
from carnation.diagram.icons import RETRY, choose_icon
from carnation.diagram.labels import (
    BETWEEN,
    ICON,
    NAME_LINE,
    PAD,
    SMALL,
    SMALL_LINE,
    clean_text,
)
from carnation.diagram.layout import Box, Direction, Frame, Layout, Line, lay_out, lay_out_for_page
from carnation.diagram.legend import make_legend
from carnation.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

_RADIUS = 7.0
_HEAD = 7.0
_MIN_WIDTH = 320.0
"""How wide a picture with a legend is at least."""


def draw_svg(
    definition: Mapping[str, Any],
    marks: Mapping[str, str] | None = None,
    *,
    title: str = "State machine",
    prefix: str = "state",
    direction: Direction | None = None,
    fold: bool = False,
) -> str:
    """Draw a definition as SVG.

    `direction` is "down" or "right"; by default down, and right where only that fits a page. `fold`
    draws three or more equal branches of a Parallel or a Choice as one, which lists their states.

    `marks` say of a state's JSON pointer whether it is "added", "removed" or "changed"; of a
    transition by its source's pointer, "→" and its target's name ("/States/A→B"; of where a scope
    starts, "/StartAt→A"). `prefix` begins every id: two pictures on one page need two.

    >>> svg = draw_svg({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
    >>> 'data-pointer="/States/A"' in svg
    True
    """
    layout = (
        lay_out(definition, direction, fold=fold)
        if direction
        else lay_out_for_page(definition, fold=fold)
    )
    return "\n".join(_draw(layout, definition, marks or {}, title, prefix)) + "\n"


def make_id(pointer: str, prefix: str = "state") -> str:
    """Turn a JSON pointer into an id, the same for the same pointer and for no other.

    >>> make_id("/States/Pay me")
    'state.States.Pay_20_me'
    """
    return prefix + re.sub(
        r"[^A-Za-z0-9-]",
        lambda found: "." if found[0] == "/" else f"_{ord(found[0]):x}_",
        pointer,
    )


def escape(text: str) -> str:
    r"""Escape a text for an element or an attribute; what XML cannot hold at all is replaced.

    >>> escape('</text><script> & "\n\u202e')
    '&lt;/text&gt;&lt;script&gt; &amp; &quot;&#10;&#8238;'
    """
    return _UNPRINTABLE.sub("�", text).translate(_ESCAPES)


_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_ESCAPES = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        '"': "&quot;",
        "'": "&#39;",
        "\n": "&#10;",
        "\r": "&#13;",
        "\t": "&#9;",
        # marks that turn the direction of text around, on a terminal that shows the file
        **{code: f"&#{code};" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))},
    }
)


def _draw(
    layout: Layout,
    definition: Mapping[str, Any],
    marks: Mapping[str, str],
    title: str,
    prefix: str,
) -> Iterator[str]:
    # a long line in another font than ours may be longer by a tenth
    legend = make_legend(layout, max(layout.width, _MIN_WIDTH) * 0.9 - 2 * PAD)
    width = _number(max(layout.width, _MIN_WIDTH) if legend else layout.width)
    height = _number(layout.height + (SMALL_LINE * len(legend) + PAD if legend else 0))
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="carnation" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}" role="graphics-document document" '
        f'aria-labelledby="{prefix}-title {prefix}-desc">'
    )
    yield f'<title id="{prefix}-title">{escape(title)}</title>'
    yield f'<desc id="{prefix}-desc">{escape(_describe(layout, definition))}</desc>'
    yield f"<style>\n{look.make_style()}{_keep_legible(layout, prefix)}</style>"
    yield f'<rect class="ground" width="{width}" height="{height}" rx="10"/>'
    frames = {frame.pointer: frame for frame in layout.frames}
    for box in layout.boxes:
        yield from _draw_box(box, marks.get(box.node.pointer, ""), prefix)
        for pointer in box.node.scopes:
            yield _draw_frame(frames[pointer])
    for line in layout.lines:
        mark = marks.get(f"{line.edge.source}→{line.edge.target_name}", "")
        yield from _draw_line(line, mark, layout.direction)
    for number, text in enumerate(legend, 1):
        yield _draw_text("small", PAD, layout.height + SMALL_LINE * number - 4, text)
    yield "</svg>"


def _keep_legible(layout: Layout, prefix: str) -> str:
    """Let a picture that is part of a page scroll rather than shrink below 9 pixels of text."""
    least = ceil(layout.width * 9 / SMALL)
    chosen = f'svg.carnation[aria-labelledby="{prefix}-title {prefix}-desc"]:not(:root)'
    return f"@media screen{{{chosen}{{min-width:{least}px}}}}\n"


def _describe(layout: Layout, definition: Mapping[str, Any]) -> str:
    drawn = [box.node for box in layout.boxes if box.node.type not in (START, END, MISSING)]
    states = [name for node in drawn for name in node.folded or (node.name,)]
    moves = [line for line in layout.lines if line.edge.kind not in ("start", "end")]
    comment = definition.get("Comment")
    way = "from the top down" if layout.direction == "down" else "from left to right"
    words = f"{_count(states, 'state')}, {_count(moves, 'transition')}, drawn {way}."
    if any(node.folded for node in drawn):
        words = f"{_count(states, 'state')}, drawn {way}; equal branches are folded."
    return f"{comment} {words}" if isinstance(comment, str) and comment else words


def _count(things: Sequence[object], noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"


def _draw_box(box: Box, mark: str, prefix: str) -> Iterator[str]:
    node = box.node
    if node.type == START:
        yield f'<circle class="marker" cx="{_mid(box)}" cy="{_number(box.y + 7)}" r="6"/>'
        return
    if node.type == END:
        yield f'<circle class="ring" cx="{_mid(box)}" cy="{_number(box.y + 7)}" r="6"/>'
        yield f'<circle class="marker" cx="{_mid(box)}" cy="{_number(box.y + 7)}" r="3"/>'
        return
    known = node.type in look.LOOKS
    kind = "missing unknown" if node.type == MISSING else node.type.lower() if known else "unknown"
    classes = " ".join(filter(None, ("state", kind, mark if mark in look.MARKS else "")))
    yield (
        f'<g class="{classes}" id="{make_id(node.pointer, prefix)}" '
        f'data-pointer="{escape(node.pointer)}" role="graphics-symbol img">'
    )
    yield f"<title>{escape(_title_of(box, mark))}</title>"
    yield _draw_rim(box)
    yield from _draw_face(box)
    if mark in look.MARKS:
        x, y = _number(box.x + 2), _number(box.y + 2)
        yield f'<circle class="disc" cx="{x}" cy="{y}" r="8"/>'
        yield f'<text class="sign" x="{x}" y="{_number(box.y + 7)}">{look.MARKS[mark]}</text>'
    yield "</g>"


def _title_of(box: Box, mark: str) -> str:
    """Show on hover, and to screen readers, what the box has no room for."""
    node = box.node
    kind = "" if node.type == MISSING else f" ({node.type or 'no type'})"
    first = f"{node.name}{kind}: {node.caption}{f' [{mark}]' if mark else ''}"
    folded = [", ".join(node.folded)] if node.folded else []
    return "\n".join((first, *folded, *node.notes))


def _draw_rim(box: Box) -> str:
    rounded = box.height / 2 if box.node.type in ("Succeed", "Fail") else 8
    return (
        f'<rect class="box" x="{_number(box.x + 0.5)}" y="{_number(box.y + 0.5)}" '
        f'width="{_number(box.width - 1)}" height="{_number(box.height - 1)}" '
        f'rx="{_number(rounded)}"/>'
    )


def _draw_face(box: Box) -> Iterator[str]:
    """Draw the icon, the name, what the state does, and the badge of its retries."""
    face, node = box.face, box.node
    above = box.y if node.scopes else box.y + (box.height - face.height) / 2
    left, top = box.x + PAD, above + (face.height - ICON) / 2
    rounded = ICON / 2 if node.type in ("Succeed", "Fail") else 6
    yield (
        f'<rect class="tile" x="{_number(left)}" y="{_number(top)}" width="{_number(ICON)}" '
        f'height="{_number(ICON)}" rx="{_number(rounded)}"/>'
    )
    shift = f"translate({_number(left + 5)} {_number(top + 5)})"
    yield f'<path class="icon" transform="{shift}" d="{choose_icon(node.type, node.symbol)}"/>'
    x, y = left + ICON + BETWEEN, above + 8 - 3.5
    for line in face.name:
        y += NAME_LINE
        yield _draw_text("name", x, y, line)
    yield _draw_text("small", x, y + SMALL_LINE, face.caption)
    if face.badge:
        x = box.x + (box.width if not node.scopes else face.width) - PAD - 2
        x -= measure_text(face.badge, SMALL)
        shift = f"translate({_number(x - 14)} {_number(top + 7)})"
        yield f'<path class="retry" transform="{shift}" d="{RETRY}"/>'
        yield _draw_text("small", x, top + 17, face.badge)


def _draw_text(kind: str, x: float, y: float, text: str) -> str:
    return f'<text class="{kind}" x="{_number(x)}" y="{_number(y)}">{escape(text)}</text>'


def _draw_frame(frame: Frame) -> str:
    return (
        f'<rect class="frame" x="{_number(frame.x + 0.5)}" y="{_number(frame.y + 0.5)}" '
        f'width="{_number(frame.width - 1)}" height="{_number(frame.height - 1)}" rx="6"/>'
    )


def _draw_line(line: Line, mark: str, direction: Direction) -> Iterator[str]:
    edge = line.edge
    classes = " ".join(filter(None, ("edge", edge.kind, mark if mark in look.MARKS else "")))
    yield (
        f'<g class="{classes}" data-source="{escape(edge.source)}" '
        f'data-target="{escape(edge.target)}">'
    )
    yield f"<title>{escape(_title_of_line(edge, mark))}</title>"
    yield f'<path class="way" d="{_draw_ways(line, direction)}"/>'
    x, y = line.paths[-1][-1]
    if edge.kind != "end":
        sides = "l-4 -7h8z" if direction == "down" else "l-7 -4v8z"
        head = f"M{_number(x)} {_number(y)}{sides}"
        yield f'<path class="head" d="{head}"/>'
    if line.label:
        y = line.y - 2
        for text in line.label.lines:
            y += SMALL_LINE
            yield _draw_text("small label", line.x, y, text)
    yield "</g>"


def _title_of_line(edge: Edge, mark: str) -> str:
    words = "\n".join(clean_text(text) for text in edge.texts)
    verb = {"start": "starts at", "end": "ends", "catch": "on error to"}.get(edge.kind, "to")
    first = f"{edge.source_name} {verb} {edge.target_name}".strip()
    return "\n".join(filter(None, (first + (f" [{mark}]" if mark else ""), words)))


def _draw_ways(line: Line, direction: Direction) -> str:
    """Draw from the target back: the dashes of lines that share their end then fall together."""
    last = list(line.paths[-1])
    x, y = last[-1]
    on = 1 if line.edge.kind == "end" else 1 - _HEAD
    last[-1] = (x, y + on) if direction == "down" else (x + on, y)
    return "".join(_round_corners(path[::-1]) for path in (last, *line.paths[-2::-1]))


def _round_corners(points: Sequence[Point]) -> str:
    """Draw a line with each corner rounded, as far as its two sides have room for it."""
    text = f"M{_number(points[0][0])} {_number(points[0][1])}"
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        radius = min(_RADIUS, _distance(before, corner) / 2, _distance(corner, after) / 2)
        begin, end = _towards(corner, before, radius), _towards(corner, after, radius)
        text += f"L{begin}Q{_number(corner[0])} {_number(corner[1])} {end}"
    return text + f"L{_number(points[-1][0])} {_number(points[-1][1])}"


def _distance(one: Point, other: Point) -> float:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


def _towards(one: Point, other: Point, length: float) -> str:
    """Go some way from a corner along one of its sides, which run along the axes."""
    share = length / (_distance(one, other) or 1)
    x, y = (a + (b - a) * share for a, b in zip(one, other, strict=True))
    return f"{_number(x)} {_number(y)}"


def _mid(box: Box) -> str:
    return _number(box.x + box.width / 2)


def _number(value: float) -> str:
    """Write a number as short as it goes; the same on every machine."""
    return f"{value:.1f}".removesuffix(".0")
