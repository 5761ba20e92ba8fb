"""Map runs and their child executions, as reported to observers of an execution."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from carnation.document.values import Json
from carnation.records import NamedTuple

Sources = list[tuple[int, str]]  # the number of an item, and where it and those behind it are from


STATE_DATA = "STATE_DATA"


@dataclass
class MapRun:
    """What DescribeMapRun tells: counts of items and of child executions."""

    arn: str
    state: str
    max_concurrency: int
    tolerated_count: int
    tolerated_percentage: float
    started_at: float = 0.0
    stopped_at: float | None = None
    redrives: int = 0
    status: str = "RUNNING"
    total: int = 0
    succeeded: int = 0
    failed: int = 0
    aborted: int = 0
    items: dict[str, int] = field(default_factory=dict)
    # what each child is started with, and the number of its items; None before they are known
    inputs: list[tuple[Json, int]] | None = None
    sources: Sources = field(default_factory=list)

    def find_source(self, index: int) -> str:
        """Return where an item comes from: the URI of an object, or the state's own data."""
        at = bisect_right(self.sources, index, key=lambda source: source[0])
        return self.sources[at - 1][1] if at else STATE_DATA


class Child(NamedTuple):
    """A child execution, as observers see it: its run, its place in it, its number of items."""

    map_run: MapRun
    arn: str
    number: int
    items: int
