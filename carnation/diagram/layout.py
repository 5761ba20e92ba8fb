"""A whole definition laid out: scope by scope from the inside out, then placed from the outside in.

To the right is the same with the axes exchanged: a scope is laid out from the top down either way.
No recursion: however deep Maps and Parallels are nested, it is two walks over a list of scopes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from carnation.diagram.coordinates import place_items
from carnation.diagram.crossings import order_items
from carnation.diagram.edge_routing import Point, Routes
from carnation.diagram.folding import fold_scopes
from carnation.diagram.graph import Edge, Node, Scope, read_graph
from carnation.diagram.labels import Label, NodeLabel, even, make_face, make_label
from carnation.diagram.layers import Item, Layered, Link, build_layers
from carnation.lazy import TYPE_CHECKING
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from typing import Any, Literal, TypeAlias

Size = tuple[float, float]
Direction: TypeAlias = "Literal['down', 'right']"

_MARGIN, _RIM, _PADDING, _APART = 10.0, 6.0, 10.0, 8.0
_WIDE = 960.0
"""How wide a row of branches may be: shown at a page's 900 pixels, its text has at least 9."""
_PAGE = 1100.0
"""How wide a picture may be for that."""
_BESIDE = 6.0
"""What stays free between a label and the line at its left and right."""
_MANY_ALIKE = 3
"""From how many catchers alike on only the first is labeled: they share one line."""
_SIDE, _STEP = 32.0, 7.0
"""What a box keeps free of edges at its corners, and what each of many edges needs next to it."""


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
    direction: Direction = "down"


class _Drawn(NamedTuple):
    """A scope laid out by itself, its upper left corner at 0, 0."""

    scope: Scope
    faces: list[NodeLabel]
    labels: list[Label | None]
    layered: Layered
    routes: Routes
    width: float
    height: float


def lay_out(
    definition: Mapping[str, Any], direction: Direction = "down", *, fold: bool = False
) -> Layout:
    """Lay out a definition, its equal branches folded or not.

    >>> layout = lay_out({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
    >>> [box.node.name for box in layout.boxes]
    ['', 'A']
    """
    scopes = fold_scopes(read_graph(definition)) if fold else read_graph(definition)
    drawn: dict[str, _Drawn] = {}
    for scope in reversed(scopes):
        drawn[scope.pointer] = _draw_scope(scope, drawn, direction)
    outer = drawn[""]
    corners = {"": (_MARGIN, _MARGIN)}
    boxes: list[Box] = []
    frames: list[Frame] = []
    lines: list[Line] = []
    for scope in scopes:
        _place_scope(drawn[scope.pointer], drawn, corners, boxes, frames, direction)
        lines += _place_lines(drawn[scope.pointer], corners[scope.pointer], direction)
    return Layout(
        outer.width + 2 * _MARGIN, outer.height + 2 * _MARGIN, tuple(boxes), tuple(frames),
        tuple(lines), direction,
    )  # fmt: skip


def lay_out_for_page(definition: Mapping[str, Any], *, fold: bool = False) -> Layout:
    """Lay out from the top down; to the right where only that is narrow enough for a page."""
    layout = lay_out(definition, fold=fold)
    # what runs to the right is about as wide as it would be high, and more
    if layout.width <= _PAGE or layout.height > _PAGE:
        return layout
    other = lay_out(definition, "right", fold=fold)
    return other if other.width <= _PAGE else layout


def _turn(pair: tuple[float, float], direction: Direction) -> tuple[float, float]:
    """Exchange the axes of a size or a point, if the picture runs to the right."""
    return pair if direction == "down" else pair[::-1]


def _draw_scope(scope: Scope, drawn: Mapping[str, _Drawn], direction: Direction) -> _Drawn:
    faces = [make_face(node) for node in scope.nodes]
    ways = Counter(edge.source for edge in scope.edges)
    sizes = [
        _turn(_measure_box(node, face, drawn, direction, ways[node.pointer]), direction)
        for node, face in zip(scope.nodes, faces, strict=True)
    ]
    numbers = {node.pointer: number for number, node in enumerate(scope.nodes)}
    labels = [make_label(texts) for texts in _list_texts(scope.edges)]
    links = [
        Link(
            numbers[edge.source],
            numbers[edge.target],
            "dashed" if edge.kind == "catch" else "solid",
            _measure_label(label, direction) if label else None,
            4 if edge.kind in ("start", "next", "end") else 1,
        )
        for edge, label in zip(scope.edges, labels, strict=True)
    ]
    layered = build_layers(sizes, links)
    order_items(layered)
    place_items(layered)
    routes = Routes(layered)
    breadth = max((item.x + item.width / 2 for item in layered.items), default=0)
    width, height = _turn((even(breadth), routes.height), direction)
    return _Drawn(scope, faces, labels, layered, routes, width, height)


def _list_texts(edges: Sequence[Edge]) -> list[tuple[str, ...]]:
    """Return what is written next to each edge: of many catchers that say the same, once."""
    alike = Counter((edge.target, edge.texts) for edge in edges if edge.kind == "catch")
    told: set[tuple[str, tuple[str, ...]]] = set()
    found = []
    for edge in edges:
        key = (edge.target, edge.texts)
        joins = edge.kind == "catch" and alike[key] >= _MANY_ALIKE
        found.append(() if joins and key in told else edge.texts)
        told.add(key)
    return found


def _measure_label(label: Label, direction: Direction) -> Size:
    """Return the size of a label on its layer; an edge that goes on sideways keeps a distance."""
    apart = _BESIDE if direction == "right" else 0
    return _turn((label.width + 2 * apart, label.height), direction)


def _measure_box(
    node: Node, face: NodeLabel, drawn: Mapping[str, _Drawn], direction: Direction, ways: int
) -> Size:
    """Return the size of a node's box; a Map or a Parallel holds its scopes in rows.

    The ways out of a box leave from its longer side if they go down; else it grows with them.
    """
    if not node.scopes:
        needed = _SIDE + _STEP * (ways - 1) if direction == "right" and ways > 2 else 0
        return face.width, max(face.height, needed)
    rows = _make_rows([_measure_frame(drawn[pointer]) for pointer in node.scopes], direction)
    width = max(_measure_row(row) for row in rows) + 2 * _RIM
    height = sum(max(size[1] for size in row) for row in rows) + _APART * (len(rows) - 1)
    return max(width, face.width), height + face.height + _RIM


def _make_rows(sizes: Sequence[Size], direction: Direction) -> list[Sequence[Size]]:
    """Break the branches of a Parallel into rows, each about as long, where one row is too wide.

    Branches that run to the right are below each other.
    """
    count = 1 if direction == "down" else len(sizes)
    while True:
        length = -(-len(sizes) // count)
        rows = [sizes[start : start + length] for start in range(0, len(sizes), length)]
        if length <= 1 or max(map(_measure_row, rows)) <= _WIDE:
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
    direction: Direction,
) -> None:
    """Place the nodes of a scope, and the frames inside them."""
    left, top = corners[drawn.scope.pointer]
    for node, face, item in zip(drawn.scope.nodes, drawn.faces, drawn.layered.items, strict=False):
        x, y = _find_corner(item, direction)
        boxes.append(
            Box(node, face, left + x, top + y, *_turn((item.width, item.height), direction))
        )
        if node.scopes:
            for frame in _place_frames(node, boxes[-1], others, direction):
                inner = others[frame.pointer]
                frames.append(frame)
                corners[frame.pointer] = (
                    frame.x + (frame.width - inner.width) // 2,
                    frame.y + _PADDING,
                )


def _find_corner(item: Item, direction: Direction) -> Point:
    return _turn((item.x - item.width / 2, item.y), direction)


def _place_frames(
    node: Node, box: Box, drawn: Mapping[str, _Drawn], direction: Direction
) -> list[Frame]:
    """Place the scopes of a Map or a Parallel in rows; what is left of the width is shared."""
    rows = _make_rows([_measure_frame(drawn[pointer]) for pointer in node.scopes], direction)
    pointers, y = iter(node.scopes), box.y + box.face.height
    frames = []
    for row in rows:
        more = (box.width - _measure_row(row) - 2 * _RIM) / len(row)
        x, height = box.x + _RIM, max(size[1] for size in row)
        for (width, _), pointer in zip(row, pointers, strict=False):
            frames.append(Frame(pointer, x, y, width + more, height))
            x += width + more + _APART
        y += height + _APART
    return frames


def _place_lines(drawn: _Drawn, corner: Point, direction: Direction) -> list[Line]:
    left, top = corner
    lines = []
    for edge, label, way in zip(drawn.scope.edges, drawn.labels, drawn.layered.ways, strict=True):
        paths = tuple(
            tuple((left + x, top + y) for x, y in (_turn(point, direction) for point in path))
            for path in drawn.routes.trace(way)
        )
        item = drawn.layered.items[way[1]]
        x, y = _find_corner(item, direction)
        width, _ = _turn((item.width, item.height), direction)
        lines.append(Line(edge, paths, label, left + x + width / 2, top + y))
    return lines
