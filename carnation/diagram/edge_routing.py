"""The ways of the edges: down and across at right angles, tracks that cross no more than they must.

Between two layers lies a gap. What has to move sideways there does so on a track of its own; which
track is above which is decided pair by pair, by the crossings that either order would cost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from carnation.diagram.layers import Item, Layered
from carnation.records import NamedTuple

Point = tuple[float, float]
Piece = tuple[int, int]

_TRACK = 9.0
_ABOVE, _BELOW, _ARROW = 8.0, 8.0, 16.0
"""Room in a gap: above the first track, below the last, and below it where arrows end."""
_STRAIGHT, _STRAIGHT_ARROW = 8.0, 14.0
"""Room in a gap where nothing moves sideways, and where arrows end below it."""
_BESIDE = 6.0
"""How near a box a loop may pass next to it."""
_INSET, _PORT = 16.0, 14.0
"""How far from a box's corner an edge may meet it, and from another edge."""
_FIRM = 10
"""A straight line's place counts as one more than its weight to this power, another's as 1."""
_MANY = 250
"""Tracks of one gap beyond which we sort them by direction instead of comparing every pair."""


class Track(NamedTuple):
    """A sideways move: where lines come to it from above, and where they leave it downwards."""

    tops: tuple[float, ...]
    bottoms: tuple[float, ...]
    pieces: tuple[Piece, ...]

    @property
    def low(self) -> float:
        """The left end."""
        return min(self.tops + self.bottoms)

    @property
    def high(self) -> float:
        """The right end."""
        return max(self.tops + self.bottoms)


class Routes:
    """The routed edges of one layered graph; making it gives every item its y."""

    def __init__(self, layered: Layered) -> None:
        self.layered = layered
        self.bottoms: dict[Piece, float] = {}
        self.tops: dict[Piece, float] = {}
        self.heights: dict[Piece, float] = {}
        for index, item in enumerate(layered.items):
            self._place_ports(index, item)
        self.height = self._stack_layers()
        self.jumps: dict[int, int] = {}

    def _place_ports(self, index: int, item: Item) -> None:
        items = self.layered.items
        for near, ports, down in ((item.down, self.bottoms, True), (item.up, self.tops, False)):
            pieces = [(index, other) if down else (other, index) for other in near]
            if item.kind != "node":
                ports.update(dict.fromkeys(pieces, item.x))
                continue
            aims = {piece: self._aim_of(piece[down]) for piece in pieces}
            pieces.sort(key=lambda piece: (aims[piece], items[piece[down]].x, piece))
            firm = [self.layered.weights[piece] for piece in pieces]
            spread = spread_ports(item.x, item.width, [aims[piece] for piece in pieces], firm)
            ports.update(zip(pieces, spread, strict=True))

    def _aim_of(self, index: int) -> float:
        """Return the x that an edge leads to: of what it meets, or of what it turns to."""
        item = self.layered.items[index]
        if item.kind != "turn":
            return item.x
        chain = item.up[-1] if len(item.up) > 1 else item.down[-1]
        return self.layered.items[chain].x

    def _stack_layers(self) -> float:
        """Put the layers below each other, with as much room between as their tracks need."""
        items, y = self.layered.items, 0.0
        layers = self.layered.layers
        for number, layer in enumerate(layers):
            for index in layer:
                items[index].y = y
            y += max((items[index].height for index in layer), default=0.0)
            if number + 1 < len(layers):
                y += self._fill_gap(layer, layers[number + 1], y)
        return y

    def _fill_gap(self, upper: Sequence[int], lower: Sequence[int], y: float) -> float:
        """Lay the tracks of one gap and give its height."""
        tracks = order_tracks(list(self._list_tracks(upper, lower)))
        levels = stack_tracks(tracks)
        for track, level in zip(tracks, levels, strict=True):
            # a loop need not go round below what is higher than its own box
            start = y if track.bottoms else self._find_floor(upper, track, y)
            for piece in track.pieces:
                self.heights[piece] = start + _ABOVE + level * _TRACK
        arrows = any(self.layered.items[index].kind == "node" for index in lower)
        if not levels:
            return _STRAIGHT_ARROW if arrows else _STRAIGHT
        return _ABOVE + max(levels) * _TRACK + (_ARROW if arrows else _BELOW)

    def _find_floor(self, upper: Sequence[int], track: Track, y: float) -> float:
        """Return where what a track passes on its layer ends, at most the end of the layer."""
        passed = [
            item.y + item.height
            for item in (self.layered.items[index] for index in upper)
            if item.x + item.width / 2 + _BESIDE > track.low
            and item.x - item.width / 2 - _BESIDE < track.high
        ]
        return min(max(passed, default=y), y)

    def _list_tracks(self, upper: Sequence[int], lower: Sequence[int]) -> Iterator[Track]:
        items = self.layered.items
        for index in lower:
            pieces = [(other, index) for other in items[index].up if items[other].kind != "turn"]
            if items[index].kind == "turn" and pieces:  # below, from one side to the other
                yield Track(tuple(self.bottoms[piece] for piece in pieces), (), tuple(pieces))
                continue
            joined = items[index].kind == "bend" and [pieces]
            for group in joined or [[piece] for piece in pieces]:
                tops = tuple(self.bottoms[piece] for piece in group)
                if any(top != self.tops[group[0]] for top in tops):
                    yield Track(tops, (self.tops[group[0]],), tuple(group))
        for index in upper:
            if items[index].kind == "turn" and items[index].down:  # above, likewise
                pieces = [(index, other) for other in items[index].down]
                yield Track((), tuple(self.tops[piece] for piece in pieces), tuple(pieces))

    def trace(self, way: Sequence[int]) -> list[list[Point]]:
        """Draw a way as lines, one before its label and one behind; corners only."""
        lines: list[list[Point]] = [[]]
        path = list(way)
        last = path[-1]
        while last in self.layered.onward:
            last = self.layered.onward[last]
            path.append(last)
            if self.layered.items[last].kind == "bend":
                last = self._jump(last)
                path.append(last)
        for one, other in pairwise(path):
            lines[-1].extend(self._step(one, other))
            if self.layered.items[other].kind == "label":
                lines.append([])
        return [straighten(line) for line in lines]

    def _jump(self, bend: int) -> int:
        """Return the last bend of a chain that lies straight above or below this one."""
        items, onward = self.layered.items, self.layered.onward
        passed = []
        while bend not in self.jumps:
            after = onward[bend]
            if items[after].kind != "bend" or items[after].x != items[bend].x:
                self.jumps[bend] = bend
                break
            passed.append(bend)
            bend = after
        for other in passed:
            self.jumps[other] = self.jumps[bend]
        return self.jumps[bend]

    def _step(self, one: int, other: int) -> list[Point]:
        """Return the corners between two items that follow each other on a way."""
        first, second = self.layered.items[one], self.layered.items[other]
        if abs(first.layer - second.layer) != 1:
            return []  # a jump along a chain: its ends are corners of other steps
        down = first.layer < second.layer
        upper, lower = (one, other) if down else (other, one)
        points: list[Point] = []
        top, bottom = self.layered.items[upper], self.layered.items[lower]
        track = self.heights.get((upper, lower))
        if top.kind != "turn":
            points.append((self.bottoms[upper, lower], top.y + top.height))
            if track is not None:
                points.append((self.bottoms[upper, lower], track))
        if bottom.kind != "turn":
            if track is not None:
                points.append((self.tops[upper, lower], track))
            points.append((self.tops[upper, lower], bottom.y))
        return points if down else points[::-1]


def spread_ports(
    center: float, width: float, aims: Sequence[float], weights: Sequence[int] = ()
) -> list[float]:
    """Choose where edges meet a side of a box: straight where they can, apart, in their order.

    What weighs more stays straight before the others do.

    >>> spread_ports(100, 120, [70]), spread_ports(100, 120, [0, 100, 300])
    ([70.0], [86.0, 100.0, 114.0])
    """
    reach = max(width / 2 - _INSET, 0)
    straight = [abs(aim - center) <= reach for aim in aims]
    wanted = [aim if fits else center for aim, fits in zip(aims, straight, strict=True)]
    step = min(_PORT, 2 * reach / max(len(aims) - 1, 1))
    firm = [(1 + weight) ** _FIRM for weight in weights or [1] * len(aims)]
    firm = [weight if fits else 1 for weight, fits in zip(firm, straight, strict=True)]
    ports = _keep_apart(wanted, firm, step)
    low, high = center - reach, center + reach - step * (len(aims) - 1)
    return [
        round(min(max(port, low + number * step), high + number * step), 1)
        for number, port in enumerate(ports)
    ]


def _keep_apart(wanted: Sequence[float], weights: Sequence[int], step: float) -> list[float]:
    """Move values as little as possible until each is a step beyond the one before it.

    Pools neighbors that violate the order: isotonic regression, exact for weighted least squares.
    """
    pools: list[tuple[float, int, int]] = []  # the weighted sum, the weight, how many
    for number, (value, weight) in enumerate(zip(wanted, weights, strict=True)):
        total, heavy, count = (value - number * step) * weight, weight, 1
        while pools and pools[-1][0] / pools[-1][1] > total / heavy:
            more, weighty, others = pools.pop()
            total, heavy, count = total + more, heavy + weighty, count + others
        pools.append((total, heavy, count))
    means = [total / heavy for total, heavy, count in pools for _ in range(count)]
    return [mean + number * step for number, mean in enumerate(means)]


def order_tracks(tracks: list[Track]) -> list[Track]:
    """Order the tracks of a gap from the top down, so that lines cross as little as they can."""
    if len(tracks) > _MANY:
        return sorted(tracks, key=_direction_of)
    wins = [0] * len(tracks)
    above: list[set[int]] = [set() for _ in tracks]
    for i, one in enumerate(tracks):
        for j in range(i):
            cost = _count_crossings(one, tracks[j]) - _count_crossings(tracks[j], one)
            if cost:
                upper, lower = (i, j) if cost < 0 else (j, i)
                above[upper].add(lower)
                wins[upper] += 1
                wins[lower] -= 1
    return [tracks[index] for index in _sort_tracks(above, wins)]


def _sort_tracks(above: list[set[int]], wins: list[int]) -> list[int]:
    """Sort so that each comes before those it is to be above; the most wins break a cycle."""
    waiting = [0] * len(above)
    for others in above:
        for other in others:
            waiting[other] += 1
    left, order = set(range(len(above))), []
    while left:
        index = min(left, key=lambda i: (waiting[i] > 0, -wins[i], i))
        left.remove(index)
        order.append(index)
        for other in above[index]:
            waiting[other] -= 1
    return order


def _count_crossings(upper: Track, lower: Track) -> int:
    """Count the crossings of two tracks if the one is above the other."""
    low, high = upper.low, upper.high
    count = sum(low <= x <= high for x in lower.tops)
    low, high = lower.low, lower.high
    return count + sum(low <= x <= high for x in upper.bottoms)


def _direction_of(track: Track) -> tuple[int, float]:
    """Sort turns first, then what goes right from right to left, and what goes left the other way.

    Without crossings this order needs none; with them it costs no more than another.
    """
    if not track.bottoms:
        return (0, track.high - track.low)
    if not track.tops:
        return (2, track.low - track.high)
    start, end = track.tops[0], track.bottoms[0]
    return (1, -start if end > start else start)


def stack_tracks(tracks: Sequence[Track]) -> list[int]:
    """Give each track its level: below every earlier one that it would touch on the same level."""
    levels: list[int] = []
    rows: list[list[tuple[float, float]]] = []
    for track in tracks:
        level = len(rows)
        while level and not any(
            low - 6 < track.high and track.low < high + 6 for low, high in rows[level - 1]
        ):
            level -= 1
        if level == len(rows):
            rows.append([])
        rows[level].append((track.low, track.high))
        levels.append(level)
    return levels


def straighten(points: Sequence[Point]) -> list[Point]:
    """Leave out the points that are no corners.

    >>> straighten([(0, 0), (0, 5), (0, 9), (4, 9)])
    [(0, 0), (0, 9), (4, 9)]
    """
    corners: list[Point] = []
    for point in points:
        if corners and corners[-1] == point:
            continue
        if len(corners) > 1 and any(
            corners[-2][axis] == corners[-1][axis] == point[axis] for axis in (0, 1)
        ):
            corners.pop()
        corners.append(point)
    return corners
