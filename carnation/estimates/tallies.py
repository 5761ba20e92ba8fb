"""What a run of a definition on sample data counts."""

from __future__ import annotations

from collections.abc import Mapping

from carnation.lazy import TYPE_CHECKING
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from typing import Any

SAMPLE_ERRORS = (
    "States.Runtime", "States.DataLimitExceeded", "States.QueryEvaluationError",
    "States.ParameterPathFailure", "States.IntrinsicFailure", "States.NoChoiceMatched",
)  # fmt: skip
"""Errors that say more of a sample's data than of the definition."""


class Stop(NamedTuple):
    """Where a child execution failed on its sample: the state that started it, and its own."""

    starter: str
    where: str
    error: str
    cause: str


class ItemCounts(NamedTuple):
    """What a run counted.

    `events` are the execution's, by state; `children` how many each Map, or each task that starts
    another machine, has started, `largest_child` and `child_seconds` of them. Of the outermost
    Maps, by name: `lengths` is how many items each had, `map_seconds` how long it took, `batches`
    how many items were put together, `most_at_once` how many ran at once. `guessed` are states
    whose result is a guess, `unknown` states that start a machine that nobody showed; `doubts` are
    states and causes of expressions that failed, also where a catcher went on; `stops` are children
    that failed on the sample.
    """

    status: str
    error: str
    cause: str
    where: str
    output: Any
    seconds: float
    transitions: int
    events: Mapping[str, int]
    calls: Mapping[tuple[str, str], int]
    units: Mapping[tuple[str, str], int]
    payloads: Mapping[str, int]
    children: Mapping[str, int]
    largest_child: Mapping[str, int]
    child_seconds: Mapping[str, float]
    lengths: Mapping[str, int]
    map_seconds: Mapping[str, float]
    batches: Mapping[str, int]
    most_at_once: Mapping[str, int]
    guessed: tuple[str, ...]
    unknown: tuple[str, ...]
    doubts: tuple[tuple[str, str], ...]
    stops: tuple[Stop, ...] = ()
