"""What is true of a picture's geometry, and what is wrong with one, for the diagram's tests."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from carnation.diagram.layout import Layout, Line


class Area(NamedTuple):
    """A rectangle of a picture, and whose it is."""

    owner: str
    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Area) -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def holds(self, other: Area) -> bool:
        return (
            self.left <= other.left
            and self.top <= other.top
            and other.right <= self.right
            and other.bottom <= self.bottom
        )


class Piece(NamedTuple):
    """A straight piece of a line: from left to right, or from the top down."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def is_level(self) -> bool:
        return self.top == self.bottom

    def runs_through(self, area: Area) -> bool:
        return (
            self.left < area.right
            and area.left < self.right
            and self.top < area.bottom
            and area.top < self.bottom
        )


def list_boxes(layout: Layout) -> list[Area]:
    return [
        Area(box.node.pointer, box.x, box.y, box.x + box.width, box.y + box.height)
        for box in layout.boxes
    ]


def list_frames(layout: Layout) -> list[Area]:
    return [
        Area(frame.pointer, frame.x, frame.y, frame.x + frame.width, frame.y + frame.height)
        for frame in layout.frames
    ]


def list_labels(layout: Layout) -> list[Area]:
    return [
        Area(
            line.edge.source,
            line.x - line.label.width / 2,
            line.y,
            line.x + line.label.width / 2,
            line.y + line.label.height,
        )
        for line in layout.lines
        if line.label
    ]


def list_pieces(line: Line) -> Iterator[Piece]:
    for path in line.paths:
        for (x, y), (other_x, other_y) in pairwise(path):
            assert x == other_x or y == other_y, "a piece runs neither down nor across"
            yield Piece(min(x, other_x), min(y, other_y), max(x, other_x), max(y, other_y))


def scope_of(pointer: str) -> str:
    """Return the scope of a state, of a start or of an end."""
    *rest, before, last = pointer.split("/")
    if before == "States":
        return "/".join(rest)
    return "/".join([*rest, before]) if last == "StartAt" else scope_of("/".join([*rest, before]))


def count_crossings(layout: Layout) -> int:
    """Count the places where two edges cross; where they join, they do not."""
    levels: list[tuple[Piece, int]] = []
    uprights: list[tuple[float, int, Piece]] = []
    for number, line in enumerate(layout.lines):
        for piece in list_pieces(line):
            if piece.is_level:
                levels.append((piece, number))
            else:
                uprights.append((piece.left, number, piece))
    uprights.sort()
    places = set()
    for level, number in levels:
        for left, other, upright in uprights[bisect_left(uprights, (level.left,)) :]:
            if left >= level.right:
                break
            crossed = left > level.left and upright.top < level.top < upright.bottom
            if crossed and number != other:
                places.add((left, level.top))
    return len(places)


def find_faults(layout: Layout) -> Iterator[str]:
    """Find what no picture may have, within each scope."""
    things: dict[str, list[Area]] = {}
    for area in (*list_boxes(layout), *list_labels(layout)):
        things.setdefault(scope_of(area.owner), []).append(area)
    for areas in things.values():
        areas.sort(key=lambda area: area.top)
        for number, area in enumerate(areas):
            for other in areas[number + 1 :]:
                if other.top >= area.bottom:
                    break
                if area.overlaps(other):
                    yield f"{area} lies on {other}"
    for line in layout.lines:
        areas = things[scope_of(line.edge.source)]
        for piece in list_pieces(line):
            for area in areas:
                if area.top >= piece.bottom:
                    break
                if piece.runs_through(area):
                    yield f"{line.edge} runs through {area}"
    yield from _find_strays(layout)


def _find_strays(layout: Layout) -> Iterator[str]:
    """Find what lies outside of what should hold it."""
    picture = Area("", 0, 0, layout.width, layout.height)
    homes = {frame.owner: frame for frame in list_frames(layout)}
    boxes = {box.owner: box for box in list_boxes(layout)}
    for area in (*list_boxes(layout), *list_labels(layout)):
        if not homes.get(scope_of(area.owner), picture).holds(area):
            yield f"{area} is outside of its scope"
    for box in layout.boxes:
        for scope in box.node.scopes:
            if not boxes[box.node.pointer].holds(homes[scope]):
                yield f"{homes[scope]} is outside of its box"
    for line in layout.lines:
        home = homes.get(scope_of(line.edge.source), picture)
        for piece in list_pieces(line):
            if not home.holds(Area("", *piece)):
                yield f"{line.edge} leaves its scope"


def chain(count: int, **fields: Any) -> dict[str, Any]:
    """Make a definition of so many tasks, one after the other."""
    states: dict[str, Any] = {
        f"S{number}": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
                       "Next": f"S{number + 1}", **fields}
        for number in range(count)
    }  # fmt: skip
    states[f"S{count}"] = {"Type": "Succeed"}
    return {"StartAt": "S0", "States": states}


def nest(depth: int) -> dict[str, Any]:
    """Make a definition of Maps, each within the one before it."""
    definition: dict[str, Any] = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
    for _ in range(depth):
        state = {"Type": "Map", "ItemProcessor": definition, "End": True}
        definition = {"StartAt": "M", "States": {"M": state}}
    return definition


def graph(**moves: str) -> dict[str, Any]:
    """Make a definition out of its moves: `A="B C"` is a choice, `A="B"` a task, `A=""` the end."""
    states: dict[str, Mapping[str, Any]] = {}
    for name, targets in moves.items():
        first, *others = targets.split() or [""]
        if others:
            rules = [{"Variable": "$.x", "StringEquals": to, "Next": to} for to in others]
            states[name] = {"Type": "Choice", "Choices": rules, "Default": first}
        else:
            states[name] = {"Type": "Pass", **({"Next": first} if first else {"End": True})}
    return {"StartAt": next(iter(moves)), "States": states}
