"""Where on its layer each item stands: chains straight, nodes in the middle of their neighbors.

Source: U. Brandes, B. Köpf, Fast and Simple Horizontal Coordinate Assignment, 2001, with the
compaction over a graph of blocks, since boxes differ in width.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from carnation.diagram.alignment import align_items, separation
from carnation.diagram.layers import MAIN, Item, Layered


def place_items(layered: Layered) -> None:
    """Return every item its x, in whole units; the leftmost edge of all is at 0."""
    conflicts = _find_conflicts(layered)
    candidates = []
    for down in (True, False):
        for right in (False, True):
            roots = _align(layered, conflicts, down=down, right=right)
            candidates.append(_compact(layered, roots, right=right))
    _match_sides(layered.items, candidates)
    for index, item in enumerate(layered.items):
        four = sorted(candidate[index] for candidate in candidates)
        item.x = float(round((four[1] + four[2]) / 2))
    align_items(layered)
    left = min((item.x - item.width / 2 for item in layered.items), default=0)
    for item in layered.items:
        item.x -= left


def _find_conflicts(layered: Layered) -> set[tuple[int, int]]:
    """Find the pieces that cross or join a chain: the chain is the one to be straight."""
    items = layered.items
    conflicts = {
        (other, index)
        for index in range(len(items))
        for other in items[index].up
        if _chain_above(items, index) not in (None, other)
    }
    conflicts |= _beside_main_way(layered, conflicts)
    for upper, lower in pairwise(layered.layers):
        places = {index: place for place, index in enumerate(upper)}
        chain_of = [_chain_above(items, index) for index in lower]
        left, first = -1, 0
        for place, chain in enumerate(chain_of):
            if chain is None and place < len(lower) - 1:
                continue
            right = len(upper) if chain is None else places[chain]
            for index in lower[first : place + 1]:
                for other in items[index].up:
                    if not left <= places[other] <= right:
                        conflicts.add((other, index))
            left, first = right, place + 1
    return conflicts


def _beside_main_way(layered: Layered, lost: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Find the pieces that share an end with one of the main way, which is the one to be straight.

    What is `lost` to a chain is no such piece.
    """
    main = [p for p, weight in layered.weights.items() if weight == MAIN and p not in lost]
    tops, bottoms = dict(main), {lower: upper for upper, lower in main}
    return {
        (upper, lower)
        for upper, lower in layered.weights
        if tops.get(upper, lower) != lower or bottoms.get(lower, upper) != upper
    }


def _chain_above(items: Sequence[Item], index: int) -> int | None:
    if items[index].kind != "bend":
        return None
    return next((other for other in items[index].up if items[other].kind == "bend"), None)


def _align(
    layered: Layered, conflicts: set[tuple[int, int]], *, down: bool, right: bool
) -> list[int]:
    """Gather items into vertical blocks, each aligned with a median neighbor; give the roots."""
    items, weights = layered.items, layered.weights
    roots = list(range(len(items)))
    taken = [False] * len(items)
    places = [0] * len(items)
    for layer in layered.layers:
        for place, index in enumerate(layer):
            places[index] = -place if right else place
    layers = layered.layers if down else layered.layers[::-1]
    for layer in layers[1:]:
        edge = -len(items) - 1
        for index in reversed(layer) if right else layer:
            for other in _medians(items[index], index, places, weights, down=down):
                pair = (other, index) if down else (index, other)
                if not taken[other] and pair not in conflicts and places[other] > edge:
                    roots[index] = roots[other]
                    taken[other] = True
                    edge = places[other]
                    break
    return roots


def _medians(
    item: Item,
    index: int,
    places: Sequence[int],
    weights: Mapping[tuple[int, int], int],
    *,
    down: bool,
) -> Sequence[int]:
    """Return the middle neighbors among those that weigh most."""
    near = item.up if down else item.down
    if len(near) < 2:
        return near
    pairs = {other: (other, index) if down else (index, other) for other in near}
    most = max(weights[pair] for pair in pairs.values())
    near = sorted((o for o in near if weights[pairs[o]] == most), key=lambda o: places[o])
    middle = (len(near) - 1) // 2
    return near[middle : len(near) // 2 + 1]


def _compact(layered: Layered, roots: Sequence[int], *, right: bool) -> list[float]:
    """Place the blocks as close as their widths allow, then closer to what they belong beside."""
    items = layered.items
    before: dict[int, dict[int, float]] = {root: {} for root in roots}
    after: dict[int, dict[int, float]] = {root: {} for root in roots}
    for layer in layered.layers:
        for left, this in pairwise(layer):
            one, other = roots[left], roots[this]
            space = max(before[other].get(one, 0.0), separation(items[left], items[this]))
            before[other][one] = after[one][other] = space
    order = _sort_blocks(before, after)
    x = dict.fromkeys(order, 0.0)
    for root in order:
        x[root] = max((x[o] + space for o, space in before[root].items()), default=0.0)
    for root in reversed(order):
        if after[root]:
            x[root] = max(x[root], min(x[o] - space for o, space in after[root].items()))
    if right:  # the mirror: first as far right as can be, then back
        widest = max(x.values(), default=0.0)
        for root in reversed(order):
            x[root] = min((x[o] - space for o, space in after[root].items()), default=widest)
        for root in order:
            if before[root]:
                x[root] = min(x[root], max(x[o] + space for o, space in before[root].items()))
    return [x[root] for root in roots]


def _sort_blocks(
    before: Mapping[int, Mapping[int, float]], after: Mapping[int, Mapping[int, float]]
) -> list[int]:
    """Sort the blocks so that each comes behind all that stand to its left."""
    waiting = {root: len(others) for root, others in before.items()}
    order = [root for root, count in waiting.items() if not count]
    for root in order:  # grows while we walk
        for other in after[root]:
            waiting[other] -= 1
            if not waiting[other]:
                order.append(other)
    return order


def _match_sides(items: Sequence[Item], candidates: list[list[float]]) -> None:
    """Shift the four candidates to the narrowest: left ones by their left, right by their right."""
    spans = [
        (
            min((x - item.width / 2 for x, item in zip(xs, items, strict=True)), default=0.0),
            max((x + item.width / 2 for x, item in zip(xs, items, strict=True)), default=0.0),
        )
        for xs in candidates
    ]
    low, high = min(spans, key=lambda span: span[1] - span[0])
    for number, (xs, (left, right)) in enumerate(zip(candidates, spans, strict=True)):
        shift = high - right if number % 2 else low - left
        xs[:] = [x + shift for x in xs]
