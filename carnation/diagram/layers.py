"""A scope as a layered graph: cycles opened, every node on a layer, long edges cut into pieces.

States are on even layers, what is written next to an edge on the odd ones between them, so that a
label never meets a box. An edge over several layers is a chain of bends. Chains to one target are
shared by all edges of one style, like a bus: the picture stays calm where thirty states catch into
one, and the number of bends grows with states, not with edges.

Source: K. Sugiyama, S. Tagawa, M. Toda, Methods for Visual Understanding of Hierarchical System
Structures, 1981 (layers, bends); the shared chains and the loops routed round are our own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from carnation.records import NamedTuple

_STRAIGHT = 8
"""The weight of a piece of a chain: long edges are straight before anything else is."""

MAIN = 6
"""The weight of a piece of the longest path that no error is part of."""


class Link(NamedTuple):
    """An edge to lay out: indexes of its nodes, its style, and the size of its label, if any.

    Links of one style to one target share their chain. `weight` says how straight it should be.
    """

    source: int
    target: int
    style: str
    label: tuple[float, float] | None = None
    weight: int = 1


class Item:
    """What takes a place on a layer: a node, a label, or a bend of an edge."""

    __slots__ = ("down", "height", "kind", "layer", "up", "width", "x", "y")

    def __init__(self, kind: str, layer: int, width: float = 0, height: float = 0) -> None:
        self.kind = kind  # node, label, bend, or turn
        self.layer = layer
        self.width = width
        self.height = height
        self.up: list[int] = []
        self.down: list[int] = []
        self.x = 0.0  # of the center
        self.y = 0.0  # of the top


class Layered(NamedTuple):
    """The items (nodes first, in their order), the layers, and each link's way from item to item.

    A way ends where it meets a chain; `onward` says what follows each bend. `weights` say how
    straight a piece should be.
    """

    items: list[Item]
    layers: list[list[int]]
    ways: list[list[int]]
    onward: dict[int, int]
    weights: dict[tuple[int, int], int]


def find_back_links(count: int, links: Sequence[Link]) -> set[int]:
    """Find the links that close a cycle, as a walk from the first node on meets them.

    >>> sorted(find_back_links(2, [Link(0, 1, ""), Link(1, 0, "")]))
    [1]
    """
    leaving = _group_by_source(count, links)
    seen, done = [False] * count, [False] * count
    back: set[int] = set()
    for root in range(count):
        path = [] if seen[root] else [(root, iter(leaving[root]))]
        seen[root] = True
        while path:
            node, rest = path[-1]
            index = next(rest, None)
            if index is None:
                done[node] = True
                path.pop()
            elif not seen[target := links[index].target]:
                seen[target] = True
                path.append((target, iter(leaving[target])))
            elif not done[target]:
                back.add(index)
    return back


def _group_by_source(count: int, links: Iterable[Link]) -> list[list[int]]:
    groups: list[list[int]] = [[] for _ in range(count)]
    for index, link in enumerate(links):
        groups[link.source].append(index)
    return groups


def rank_nodes(count: int, links: Sequence[Link]) -> list[int]:
    """Put every node two layers below the lowest that leads to it; the links have no cycle.

    >>> rank_nodes(3, [Link(0, 1, ""), Link(1, 2, ""), Link(0, 2, "")])
    [0, 2, 4]
    """
    waiting_for = [0] * count
    for link in links:
        waiting_for[link.target] += 1
    leaving = _group_by_source(count, links)
    ranks = [0] * count
    ready = [node for node in range(count) if not waiting_for[node]]
    free = set(ready[1:])
    for node in ready:  # grows while we walk
        for index in leaving[node]:
            target = links[index].target
            ranks[target] = max(ranks[target], ranks[node] + 2)
            waiting_for[target] -= 1
            if not waiting_for[target]:
                ready.append(target)
    for node in free:  # what nothing leads to need not be at the top
        below = [ranks[links[index].target] for index in leaving[node]]
        ranks[node] = min(below) - 2 if below else 2
    return ranks


def _stress_main_way(links: Sequence[Link], back: set[int], ranks: Sequence[int]) -> list[Link]:
    """Return the links of the longest path without an error their weight: it is to run straight."""
    lengths = [0] * len(ranks)
    came: dict[int, int] = {}
    for index in sorted(range(len(links)), key=lambda index: (ranks[links[index].source], index)):
        link = links[index]
        longer = lengths[link.source] + 1 > lengths[link.target]
        if index not in back and link.style != "dashed" and longer:
            lengths[link.target] = lengths[link.source] + 1
            came[link.target] = index
    node = max(range(len(ranks)), key=lambda node: (lengths[node], -node), default=0)
    stressed = list(links)
    while node in came:
        link = links[came[node]]
        stressed[came[node]] = link._replace(weight=MAIN)
        node = link.source
    return stressed


class _Builder:
    """Builds the layered graph of one scope, link by link."""

    def __init__(self, sizes: Sequence[tuple[float, float]], ranks: Sequence[int]) -> None:
        self.items = [
            Item("node", rank, width, height)
            for rank, (width, height) in zip(ranks, sizes, strict=True)
        ]
        self.weights: dict[tuple[int, int], int] = {}
        self.onward: dict[int, int] = {}
        self.chains: dict[tuple[int, str], list[int]] = {}

    def add_item(self, kind: str, layer: int, size: tuple[float, float] = (0, 0)) -> int:
        self.items.append(Item(kind, layer, *size))
        return len(self.items) - 1

    def join(self, upper: int, lower: int, weight: int) -> None:
        if (upper, lower) not in self.weights:
            self.items[upper].down.append(lower)
            self.items[lower].up.append(upper)
            self.weights[upper, lower] = weight

    def leave_source(self, link: Link) -> list[int]:
        """Begin a way: at its source and, if it has one, its label."""
        if not link.label:
            return [link.source]
        label = self.add_item("label", self.items[link.source].layer + 1, link.label)
        self.join(link.source, label, link.weight)
        return [link.source, label]

    def route_down(self, link: Link) -> list[int]:
        """Lead a link down to its target, or to the chain that ends there."""
        way = self.leave_source(link)
        entry = self.reach_down(link, self.items[way[-1]].layer + 1)
        self.join(way[-1], entry, link.weight)
        return [*way, entry]

    def reach_down(self, link: Link, layer: int) -> int:
        """Return what is on a layer in the chain down to a target: a bend, or the target."""
        style = "main" if link.weight == MAIN else link.style
        chain = self.chains.setdefault((link.target, style), [])
        bottom = self.items[link.target].layer
        while len(chain) < bottom - layer:
            below = chain[-1] if chain else link.target
            bend = self.add_item("bend", bottom - 1 - len(chain))
            self.join(bend, below, _STRAIGHT if chain else link.weight)
            self.onward[bend] = below
            chain.append(bend)
        return chain[bottom - layer - 1] if layer < bottom else link.target

    def route_back(self, link: Link) -> list[int]:
        """Lead a link that closes a cycle round: down, a turn, up beside all, a turn, down."""
        way = self.leave_source(link)
        layer = self.items[way[-1]].layer + 1
        turn = self.add_item("turn", layer)
        self.join(way[-1], turn, 1)
        bend = self.reach_up(link, layer - 1)
        self.join(bend, turn, 1)
        return [*way, turn, bend]

    def reach_up(self, link: Link, layer: int) -> int:
        """Return the bend on a layer in the chain that leads up, and round above a target."""
        chain = self.chains.setdefault((link.target, f"back {link.style}"), [])
        top = self.items[link.target].layer
        if not chain:
            chain.append(self.add_item("turn", top - 1))
            self.join(chain[0], link.target, 1)
            self.onward[chain[0]] = link.target
        while len(chain) < layer - top + 2:
            bend = self.add_item("bend", top - 1 + len(chain))
            self.join(chain[-1], bend, _STRAIGHT if len(chain) > 1 else 1)
            self.onward[bend] = chain[-1]
            chain.append(bend)
        return chain[layer - top + 1]


def build_layers(sizes: Sequence[tuple[float, float]], links: Sequence[Link]) -> Layered:
    """Build the layered graph of nodes with these sizes; a link to its own node is a loop too."""
    back = find_back_links(len(sizes), links)
    ranks = rank_nodes(len(sizes), [link for i, link in enumerate(links) if i not in back])
    links = _stress_main_way(links, back, ranks)
    builder = _Builder(sizes, ranks)
    ways = [
        builder.route_back(link) if index in back else builder.route_down(link)
        for index, link in enumerate(links)
    ]
    layers = _fill_layers(builder.items)
    return Layered(builder.items, layers, ways, builder.onward, builder.weights)


def _fill_layers(items: Sequence[Item]) -> list[list[int]]:
    """Put the items into their layers, the highest of which becomes the first."""
    lowest = min((item.layer for item in items), default=0)
    height = max((item.layer for item in items), default=0) - lowest + 1
    layers: list[list[int]] = [[] for _ in range(height)]
    for index, item in enumerate(items):
        item.layer -= lowest
        layers[item.layer].append(index)
    return layers
