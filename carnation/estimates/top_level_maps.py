"""The outermost Maps of a definition: whose items are counted, and how they grow in time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping

from carnation.asl import Definition, State
from carnation.estimates.inference import is_outermost
from carnation.estimates.tallies import ItemCounts
from carnation.lazy import TYPE_CHECKING
from carnation.permissions import is_distributed
from carnation.records import NamedTuple
from carnation.services.limits import DISTRIBUTED_CONCURRENCY, INLINE_CONCURRENCY

if TYPE_CHECKING:
    from typing import Any

_SCOUTED = 2_000


class TopLevelMap(NamedTuple):
    """A Map with no other around it: how many items run at once, how many in a batch.

    `batch` is 0 for an inline Map, and `inside` the names of its states. Branches of one Parallel
    run next to each other: `beside` is the pointer of that Parallel.
    """

    name: str
    at_once: int
    batch: int
    inside: frozenset[str]
    beside: str

    @property
    def is_distributed(self) -> bool:
        """Return whether it starts child executions."""
        return self.batch > 0

    def count_batches(self, items: int) -> int:
        """Count the child executions of so many items."""
        return math.ceil(items / self.batch) if self.batch else 0

    def count_rounds(self, items: int) -> int:
        """Count how often as many as run at once have to follow each other."""
        return math.ceil((self.count_batches(items) or items) / self.at_once)


Run = Callable[[int], ItemCounts]


def find_outers(graph: Definition, run: Run) -> tuple[TopLevelMap, ...]:
    """Find the outermost Maps whose items grow; `run` runs a sample with so many items.

    A Map over a list that the definition itself fixes is as long in every sample: it is no outer.
    """
    maps = [
        place
        for place in graph.states
        if place.body.get("Type") == "Map" and is_outermost(place.pointer)
    ]
    if not maps:
        return ()
    few, more = run(2).lengths, run(2 * INLINE_CONCURRENCY)
    return tuple(
        _describe(graph, place, more.most_at_once, run)
        for place in maps
        if "ItemReader" in place.body or few.get(place.name) != more.lengths.get(place.name)
    )


def _describe(graph: Definition, place: State, seen: Mapping[str, int], run: Run) -> TopLevelMap:
    name, state, pointer = place.name, place.body, place.pointer
    distributed = is_distributed(state)
    most = DISTRIBUTED_CONCURRENCY if distributed else INLINE_CONCURRENCY
    given = state.get("MaxConcurrency", 0)
    if "MaxConcurrencyPath" in state or isinstance(given, str):
        given = seen.get(name, 0)
    at_once = given if isinstance(given, int) and 0 < given < most else most
    batch = _find_batch(name, state, run) if distributed else 0
    around = f"{pointer}/"
    inside = {place.name for place in graph.states if place.pointer.startswith(around)}
    return TopLevelMap(name, at_once, batch, frozenset(inside), pointer.rpartition("/Branches/")[0])


def _find_batch(name: str, state: Mapping[str, Any], run: Run) -> int:
    batcher = state.get("ItemBatcher")
    if not isinstance(batcher, Mapping):
        return 1
    most = batcher.get("MaxItemsPerBatch")
    if isinstance(most, int) and "MaxInputBytesPerBatch" not in batcher:
        return max(1, most)
    scouts = (run(items).batches.get(name, 0) for items in (_SCOUTED, 500, 100, 20))
    return next((batch for batch in scouts if batch), 1)


class Pace(NamedTuple):
    """How long an execution takes: `seconds` at `items`, and a further round of each Map."""

    seconds: float
    items: int
    rounds: Mapping[str, float]

    def at(self, items: int, outers: Iterable[TopLevelMap]) -> float:
        """Return the seconds for so many items; of Maps next to each other, the slowest counts."""
        longest: dict[str, float] = {}
        for outer in outers:
            more = outer.count_rounds(items) - outer.count_rounds(self.items)
            grown = more * self.rounds[outer.name]
            place = outer.beside or outer.name
            longest[place] = max(longest.get(place, grown), grown)
        return max(0.0, self.seconds + sum(longest.values()))


def find_pace(
    run: Run, outers: tuple[TopLevelMap, ...], size: int, shares: Iterable[float]
) -> Pace:
    """Find how the time grows: whole rounds, with failures sharing the places with the others.

    A round of child executions takes as long as the longest; of those, 10,000 may run at once, so
    that no sample shows a second round.
    """
    inline = [outer.at_once for outer in outers if not outer.is_distributed]
    least = max(size, *(1 / share for share in shares if share), 1)
    step = max(inline, default=1)
    few = math.ceil(min(_SCOUTED, least) / step) * step
    first = run(few)
    second = run(2 * few) if inline else first
    return Pace(first.seconds, few, dict(_list_rounds(outers, first, second, few)))


def _list_rounds(
    outers: Iterable[TopLevelMap], first: ItemCounts, second: ItemCounts, few: int
) -> Iterator[tuple[str, float]]:
    for outer in outers:
        name = outer.name
        if outer.is_distributed:
            yield name, first.child_seconds.get(name, 0.0)
            continue
        rounds = outer.count_rounds(2 * few) - outer.count_rounds(few)
        longer = second.map_seconds.get(name, 0.0) - first.map_seconds.get(name, 0.0)
        yield name, longer / rounds if rounds else 0.0
