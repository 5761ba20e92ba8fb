"""The order of items on their layers: few crossings, found by sweeps.

Source: barycenter sweeps as in Sugiyama, Tagawa, Toda 1981; exchanges of neighbors as in
E. R. Gansner et al., A Technique for Drawing Directed Graphs, 1993.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Sequence
from itertools import pairwise

from carnation.diagram.layers import Item, Layered

_SWEEPS = 12
_PATIENCE = 4
"""Sweeps without a gain before we stop."""
_STARTS, _EFFORT = 32, 16_000
"""At most so many beginnings, as long as crossings are left; fewer where there are many items."""


def order_items(layered: Layered) -> None:
    """Order every layer in place, keeping the best order met.

    Sweeps end in a hollow that depends on where they began, so we begin more than once.
    """
    best: list[list[int]] = []
    fewest = -1
    for layers in _list_starts(layered):
        layered.layers[:] = layers
        crossings = _improve(layered)
        if fewest < 0 or crossings < fewest:
            best, fewest = [layer[:] for layer in layered.layers], crossings
        if not fewest:
            break
    layered.layers[:] = best


def _list_starts(layered: Layered) -> Iterator[list[list[int]]]:
    """Yield orders to begin with: a walk's, those with the long ways at the sides, other walks'."""
    walks = [walk_layers(layered, start) for start in (0, 1)]
    yield walks[0]
    for walk in walks:
        yield from (split_sides(layered, walk, mirrored=mirrored) for mirrored in (False, True))
    for start in range(1, min(_STARTS, _EFFORT // max(len(layered.items), 1))):
        yield walk_layers(layered, start)


def split_sides(
    layered: Layered, layers: Sequence[Sequence[int]], *, mirrored: bool
) -> list[list[int]]:
    """Put the long ways down at the left, what comes back at the right, each inside the longer.

    The way down that begins first is the outermost, and so is the one that comes back furthest.
    """
    keys = _Sides(layered)
    sorted_layers = [sorted(layer, key=keys.rank) for layer in layers]
    return [layer[::-1] for layer in sorted_layers] if mirrored else sorted_layers


class _Sides:
    """Where each item belongs: a side, and how far out there."""

    def __init__(self, layered: Layered) -> None:
        self._items, self._onward = layered.items, layered.onward
        self._begins: dict[int, int] = {}
        for index in sorted(layered.onward, key=lambda one: layered.items[one].layer):
            if not self._comes_back(index):
                layer = layered.items[index].layer
                own = self._begins.setdefault(index, layer)
                after = layered.onward[index]
                self._begins[after] = min(self._begins.get(after, own), own)

    def _comes_back(self, bend: int) -> bool:
        after = self._onward.get(bend)
        return after is None or self._items[after].layer < self._items[bend].layer

    def _find_end(self, bend: int) -> int:
        """Return the layer of the node that a chain leads back to."""
        while bend in self._onward:
            bend = self._onward[bend]
        return self._items[bend].layer

    def rank(self, index: int) -> tuple[int, int]:
        """Return the side: 0 the left, 1 what is between, 2 and 3 the right; and the place."""
        item = self._items[index]
        if item.kind == "bend":
            if self._comes_back(index):
                return 3, -self._find_end(index)
            return 0, self._begins[index]
        if item.kind == "turn":
            chain = next((one for one in (*item.up, *item.down) if one in self._onward), None)
            return 2, 0 if chain is None else self._find_end(chain)
        if item.kind == "label" and item.down:
            after = self._items[item.down[0]]
            if after.kind == "turn":
                chains = [one for one in after.up if one in self._onward]
                return 2, self._find_end(chains[0]) if chains else 0
            if after.kind == "bend":
                return 0, item.layer
        return 1, 0


def walk_layers(layered: Layered, start: int) -> list[list[int]]:
    """Put the items into their layers as a walk from the top meets them, branch by branch.

    The first walk takes branches in their order, the next one backwards, others mixed.
    """
    items = layered.items
    layers: list[list[int]] = [[] for _ in layered.layers]
    seen = [False] * len(items)
    for top in sorted(range(len(items)), key=lambda index: (items[index].layer, index)):
        stack = [top]
        while stack:
            index = stack.pop()
            if not seen[index]:
                seen[index] = True
                layers[items[index].layer].append(index)
                stack.extend(_mix(items[index].down, start))
    return layers


def _mix(branches: Sequence[int], start: int) -> Sequence[int]:
    """Return the branches, the first one last, since a stack gives them back that way."""
    if start < 2:
        return branches if start else branches[::-1]
    # a multiplicative hash: mixed, but the same on every machine (Knuth, TAOCP 3, 6.4)
    return sorted(branches, key=lambda index: (index + start) * start * 2_654_435_761 % 2**32)


def _improve(layered: Layered) -> int:
    """Sweep until nothing is gained; leave the best order and give its crossings."""
    items, layers = layered.items, layered.layers
    places = [0] * len(items)
    for layer in layers:
        _number(layer, places)
    pieces = _list_pieces(items)
    best, fewest, idle = [layer[:] for layer in layers], _count_all(layered, pieces, places), 0
    for sweep in range(-1, _SWEEPS):
        if not fewest or idle == _PATIENCE:
            break
        if sweep >= 0:  # a good beginning may need no more than exchanges
            _sweep(items, layers, places, down=sweep % 2 == 0)
        _exchange(items, layers, places)
        crossings = _count_all(layered, pieces, places)
        idle += 1
        if crossings < fewest:
            best, fewest, idle = [layer[:] for layer in layers], crossings, 0
    layers[:] = best
    return fewest


def count_crossings(layered: Layered) -> int:
    """Count the crossings between neighboring layers."""
    places = [0] * len(layered.items)
    for layer in layered.layers:
        _number(layer, places)
    return _count_all(layered, _list_pieces(layered.items), places)


def _list_pieces(items: Sequence[Item]) -> list[list[int]]:
    """List for each item the items below to which a piece leads; a turn has none on either side."""
    turns = {index for index, item in enumerate(items) if item.kind == "turn"}
    return [
        [] if index in turns else [other for other in item.down if other not in turns]
        for index, item in enumerate(items)
    ]


def _count_all(layered: Layered, pieces: list[list[int]], places: list[int]) -> int:
    return sum(
        _count_between(layered.items, upper, lower, pieces, places)
        for upper, lower in pairwise(layered.layers)
    )


def _count_between(
    items: Sequence[Item],
    upper: Sequence[int],
    lower: Sequence[int],
    pieces: list[list[int]],
    places: list[int],
) -> int:
    """Count the pieces that cross, and those that a turn between the layers goes across.

    A turn below the upper layer and one above the lower never cross: they are above each other.
    """
    met: list[int] = []
    starts: list[int] = []
    total = 0
    for place, index in enumerate(upper):
        ends = sorted([places[other] for other in pieces[index]])
        for end in ends:
            total += len(met) - bisect_right(met, end)
        for end in ends:
            insort(met, end)
            starts.append(place)
    turns = [[places[other] for other in items[i].up] for i in lower if items[i].kind == "turn"]
    caps = [[places[other] for other in items[i].down] for i in upper if items[i].kind == "turn"]
    return total + _count_across(turns, starts) + _count_across(caps, met)


def _count_across(turns: Sequence[Sequence[int]], pieces: Sequence[int]) -> int:
    """Count what passes through turns: pieces, sorted by where they do, and other turns."""
    total = 0
    for number, ends in enumerate(turns):
        if ends:
            low, high = min(ends), max(ends)
            total += max(bisect_left(pieces, high) - bisect_right(pieces, low), 0)
            for others in turns[:number]:
                inside = [low < end < high for end in others]
                total += any(inside) and not all(inside) and not {low, high} & set(others)
    return total


def _number(layer: Sequence[int], places: list[int]) -> None:
    for place, index in enumerate(layer):
        places[index] = place


def _sweep(
    items: Sequence[Item], layers: list[list[int]], places: list[int], *, down: bool
) -> None:
    """Sort each layer by the mean place of its neighbors on the layer before it."""
    for layer in layers[1:] if down else layers[-2::-1]:
        means = {}
        for index in layer:
            near = items[index].up if down else items[index].down
            if near:
                means[index] = sum(places[other] for other in near) / len(near)
        ordered = iter(sorted(means, key=lambda index: (means[index], places[index])))
        # what has no neighbor there stays where it is
        layer[:] = [next(ordered) if index in means else index for index in layer]
        _number(layer, places)


def _exchange(items: Sequence[Item], layers: list[list[int]], places: list[int]) -> None:
    """Exchange neighbors wherever that removes a crossing, once through all layers."""
    for layer in layers:
        for place in range(len(layer) - 1):
            left, right = layer[place], layer[place + 1]
            if _gain(items, left, right, places) > 0:
                layer[place], layer[place + 1] = right, left
                places[left], places[right] = place + 1, place


def _gain(items: Sequence[Item], left: int, right: int, places: Sequence[int]) -> int:
    """Count the crossings that go if two neighbors change places, less those that come."""
    gain = 0
    one, other = items[left], items[right]
    turns = "turn" in (one.kind, other.kind)
    for ours, theirs in ((one.up, other.up), (one.down, other.down)):
        if len(ours) * len(theirs) > 10_000:
            continue  # two hubs: the sweeps have to do
        for mine in ours:
            for yours in theirs:
                apart = turns and ((one.kind, items[yours].kind), (other.kind, items[mine].kind))
                if not apart or ("turn", "turn") not in apart:
                    gain += (places[mine] > places[yours]) - (places[mine] < places[yours])
    return gain
