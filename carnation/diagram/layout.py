"""A whole definition laid out: scope by scope from the inside out, then placed from the outside in.

No recursion: however deep Maps and Parallels are nested, it is two walks over a list of scopes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from carnation.diagram.coordinates import place_items
from carnation.diagram.crossings import order_items
from carnation.diagram.edge_routing import Point, Routes
from carnation.diagram.graph import Edge, Node, Scope, read_graph
from carnation.diagram.labels import Label, NodeLabel, even, make_face, make_label
from carnation.diagram.layers import Layered, Link, build_layers

Size = tuple[float, float]

_MARGIN, _PADDING, _APART = 20.0, 14.0, 14.0
_WIDE = 1000.0
"""How wide a row of branches may be: shown at a page's 900 pixels, its text has at least 9."""


class Box(NamedTuple):
    """A node in its place."""

    node: Node
    face: NodeLabel
    x: float
    y: float
    width: float
    height: float


class Frame(NamedTuple):
    """A scope inside a Map or a Parallel, in its place."""

    pointer: str
    x: float
    y: float
    width: float
    height: float


class Line(NamedTuple):
    """An edge in its place: its lines, corner by corner, and its label's upper middle."""

    edge: Edge
    paths: tuple[tuple[Point, ...], ...]
    label: Label | None
    x: float
    y: float


class Layout(NamedTuple):
    """A picture's geometry; outer boxes and frames come before what they hold."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    frames: tuple[Frame, ...]
    lines: tuple[Line, ...]


class _Drawn(NamedTuple):
    """A scope laid out by itself, its upper left corner at 0, 0."""

    scope: Scope
    faces: list[NodeLabel]
    labels: list[Label | None]
    layered: Layered
    routes: Routes
    width: float
    height: float


def lay_out(definition: Mapping[str, Any]) -> Layout:
    """Lay out a definition.

    >>> layout = lay_out({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
    >>> [box.node.name for box in layout.boxes]
    ['', 'A']
    """
    scopes = read_graph(definition)
    drawn: dict[str, _Drawn] = {}
    for scope in reversed(scopes):
        drawn[scope.pointer] = _draw_scope(scope, drawn)
    outer = drawn[""]
    corners = {"": (_MARGIN, _MARGIN)}
    boxes: list[Box] = []
    frames: list[Frame] = []
    lines: list[Line] = []
    for scope in scopes:
        _place_scope(drawn[scope.pointer], drawn, corners, boxes, frames)
        lines += _place_lines(drawn[scope.pointer], corners[scope.pointer])
    return Layout(
        outer.width + 2 * _MARGIN, outer.height + 2 * _MARGIN, tuple(boxes), tuple(frames),
        tuple(lines),
    )  # fmt: skip


def _draw_scope(scope: Scope, drawn: Mapping[str, _Drawn]) -> _Drawn:
    faces = [make_face(node) for node in scope.nodes]
    sizes = [_measure_box(node, face, drawn) for node, face in zip(scope.nodes, faces, strict=True)]
    numbers = {node.pointer: number for number, node in enumerate(scope.nodes)}
    labels = [make_label(edge.texts) for edge in scope.edges]
    links = [
        Link(
            numbers[edge.source],
            numbers[edge.target],
            "dashed" if edge.kind == "catch" else "solid",
            (label.width, label.height) if label else None,
            4 if edge.kind in ("start", "next", "end") else 1,
        )
        for edge, label in zip(scope.edges, labels, strict=True)
    ]
    layered = build_layers(sizes, links)
    order_items(layered)
    place_items(layered)
    routes = Routes(layered)
    width = max((item.x + item.width / 2 for item in layered.items), default=0)
    return _Drawn(scope, faces, labels, layered, routes, even(width), routes.height)


def _measure_box(node: Node, face: NodeLabel, drawn: Mapping[str, _Drawn]) -> Size:
    """Give the size of a node's box; a Map or a Parallel holds its scopes in rows."""
    if not node.scopes:
        return face.width, face.height
    rows = _make_rows([_measure_frame(drawn[pointer]) for pointer in node.scopes])
    width = max(_measure_row(row) for row in rows) + 2 * _PADDING
    height = sum(max(size[1] for size in row) for row in rows) + _APART * (len(rows) - 1)
    return max(width, face.width), height + face.height + _PADDING


def _make_rows(sizes: Sequence[Size]) -> list[Sequence[Size]]:
    """Break the branches of a Parallel into rows, each about as long, where one row is too wide."""
    count = 1
    while True:
        length = -(-len(sizes) // count)
        rows = [sizes[start : start + length] for start in range(0, len(sizes), length)]
        if length <= 2 or max(map(_measure_row, rows)) <= _WIDE:
            return rows
        count += 1


def _measure_row(row: Sequence[Size]) -> float:
    return sum(width for width, _ in row) + _APART * (len(row) - 1)


def _measure_frame(drawn: _Drawn) -> Size:
    return max(drawn.width, 60) + 2 * _PADDING, max(drawn.height, 20) + 2 * _PADDING


def _place_scope(
    drawn: _Drawn,
    others: Mapping[str, _Drawn],
    corners: dict[str, Point],
    boxes: list[Box],
    frames: list[Frame],
) -> None:
    """Place the nodes of a scope, and the frames inside them."""
    left, top = corners[drawn.scope.pointer]
    for node, face, item in zip(drawn.scope.nodes, drawn.faces, drawn.layered.items, strict=False):
        x, y = left + item.x - item.width / 2, top + item.y
        boxes.append(Box(node, face, x, y, item.width, item.height))
        if node.scopes:
            for frame in _place_frames(node, boxes[-1], others):
                inner = others[frame.pointer]
                frames.append(frame)
                corners[frame.pointer] = (
                    frame.x + (frame.width - inner.width) // 2,
                    frame.y + _PADDING,
                )


def _place_frames(node: Node, box: Box, drawn: Mapping[str, _Drawn]) -> list[Frame]:
    """Place the scopes of a Map or a Parallel in rows; what is left of the width is shared."""
    rows = _make_rows([_measure_frame(drawn[pointer]) for pointer in node.scopes])
    pointers, y = iter(node.scopes), box.y + box.face.height
    frames = []
    for row in rows:
        more = (box.width - _measure_row(row) - 2 * _PADDING) // len(row)
        x, height = box.x + _PADDING, max(size[1] for size in row)
        for (width, _), pointer in zip(row, pointers, strict=False):
            frames.append(Frame(pointer, x, y, width + more, height))
            x += width + more + _APART
        y += height + _APART
    return frames


def _place_lines(drawn: _Drawn, corner: Point) -> list[Line]:
    left, top = corner
    lines = []
    for edge, label, way in zip(drawn.scope.edges, drawn.labels, drawn.layered.ways, strict=True):
        paths = tuple(
            tuple((left + x, top + y) for x, y in path) for path in drawn.routes.trace(way)
        )
        item = drawn.layered.items[way[1]]
        lines.append(Line(edge, paths, label, left + item.x, top + item.y))
    return lines
