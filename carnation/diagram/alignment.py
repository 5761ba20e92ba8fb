"""The last touch on an arrangement: what stands away from its neighbors for no need moves closer.

Items that stand exactly below each other along a chain or a main line stay so: they move as one.
Our own; each move shortens the edges, keeps the order, and leaves everything as far apart as it
must be.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

from carnation.diagram.layers import Item, Layered

_GAPS = {"node": 12.0, "label": 6.0, "bend": 7.0, "turn": 6.0}
"""Half the space between two items, by kind."""
_ROUNDS = 5


def separation(left: Item, right: Item) -> float:
    """Return the least distance between the centers of two neighbors."""
    return (left.width + right.width) / 2 + _GAPS[left.kind] + _GAPS[right.kind]


def align_items(layered: Layered) -> None:
    """Move each block towards the median of what it is joined to, as far as there is room."""
    items = layered.items
    roots = _find_blocks(layered)
    members: dict[int, list[int]] = {}
    for index, root in enumerate(roots):
        members.setdefault(root, []).append(index)
    left, right = _neighbors_of(layered)
    for turn in range(2 * _ROUNDS):
        # in the direction of the sweep each block meets room that the one before it has made
        order = sorted(members, key=lambda root: (items[root].x, root), reverse=bool(turn % 2))
        for root in order:
            block = members[root]
            low = max(_limits(items, block, left, 1), default=float("-inf"))
            high = min(_limits(items, block, right, -1), default=float("inf"))
            aim = _aim_of(layered, roots, block, items[root].x)
            aim = float(round(min(max(aim, low), high)))
            if aim != items[root].x and low <= aim <= high:
                for index in block:
                    items[index].x = aim


def _find_blocks(layered: Layered) -> list[int]:
    """Gather what is in one straight line; give each item the first of its line."""
    items = layered.items
    roots = list(range(len(items)))
    for layer in layered.layers:
        for index in layer:
            for other in items[index].up:
                chain = items[index].kind == items[other].kind == "bend"
                firm = chain or items[other].kind == "label" or layered.weights[other, index] > 1
                if firm and items[index].x == items[other].x:
                    roots[index] = roots[other]
                    break
    return roots


def _neighbors_of(layered: Layered) -> tuple[dict[int, int], dict[int, int]]:
    left: dict[int, int] = {}
    right: dict[int, int] = {}
    for layer in layered.layers:
        for one, other in itertools.pairwise(layer):
            right[one], left[other] = other, one
    return left, right


def _limits(
    items: Sequence[Item], block: Sequence[int], beside: Mapping[int, int], sign: int
) -> Iterator[float]:
    for index in block:
        if index in beside:
            other = items[beside[index]]
            yield other.x + sign * separation(items[index], other)


def _aim_of(layered: Layered, roots: Sequence[int], block: Sequence[int], x: float) -> float:
    """Return the weighted median of the outside neighbors; in a range, the nearest."""
    pulls: list[tuple[float, int]] = []
    for index in block:
        item = layered.items[index]
        pairs = [(other, (other, index)) for other in item.up]
        pairs += [(other, (index, other)) for other in item.down]
        for other, pair in pairs:
            if roots[other] != roots[index]:
                weight = _strength(layered.items, item, layered.items[other], layered.weights[pair])
                pulls.append((layered.items[other].x, weight))
    pulls.sort()
    half, passed = sum(weight for _, weight in pulls) / 2, 0
    for number, (place, weight) in enumerate(pulls):
        passed += weight
        if passed > half:
            return place
        if passed == half:
            return min(max(x, place), pulls[number + 1][0])
    return x


def _strength(items: Sequence[Item], item: Item, other: Item, weight: int) -> int:
    """Describe how much one item pulls another: a way round follows what it goes round, not it.

    A label is above what it leads to, unless that is a chain of many: then below its source.
    """
    if other.kind == "turn":
        return 1
    if item.kind == "turn":
        return 1 if other.kind == "bend" else 2
    if item.kind == "label" and other.layer > item.layer:
        joins = other.kind == "bend" and any(items[index].kind == "bend" for index in other.up)
        return 1 if joins else 3
    return 2 * weight
