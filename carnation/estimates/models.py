"""How what a run counts grows with its items, found by running samples of several sizes.

Whatever is counted is taken for a sum: a part for the run, and one for each item, each batch, each
item that fails and each that is retried. Samples that differ in one of these tell its part; a
further one, of another size, tells whether it is a sum at all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from carnation.asl import fill_substitutions, find_substitutions, walk_states
from carnation.engine import compile_definition
from carnation.estimates.hints import Hints
from carnation.estimates.samples import World
from carnation.estimates.traces import Plan, Tally, trace
from carnation.services.limits import DISTRIBUTED_AT_ONCE, INLINE_AT_ONCE

_SCOUTED = 2_000
_OURS = ("States.Runtime", "States.DataLimitExceeded", "States.QueryEvaluationError",
         "States.ParameterPathFailure", "States.IntrinsicFailure",
         "States.NoChoiceMatched")  # fmt: skip
Key = tuple[str, ...]


class Facts(NamedTuple):
    """What is known beside the definition."""

    given: Any = None
    results: Mapping[str, Any] = {}
    item: Any = None
    fail: float = 0.0
    retry: float = 0.0
    error: str = "States.TaskFailed"
    seconds: Mapping[str, float] = {}
    usual: float = 0.1
    memory: int = 128
    substitutions: Mapping[str, str] = {}
    express: bool = False


class Outer(NamedTuple):
    """The Map whose items are counted: its name, how many run at once, how many in a batch."""

    name: str
    at_once: int
    batch: int
    is_distributed: bool


class Growth(NamedTuple):
    """The parts of a sum."""

    fixed: float
    item: float = 0.0
    batch: float = 0.0
    failed: float = 0.0
    retried: float = 0.0

    def at(self, items: int, batches: int, failed: int, retried: int) -> float:
        """Add up for a size."""
        return (
            self.fixed + self.item * items + self.batch * batches
            + self.failed * failed + self.retried * retried
        )  # fmt: skip


class Model(NamedTuple):
    """A definition, as it grows."""

    facts: Facts
    outer: Outer | None
    growths: Mapping[Key, Growth]
    notes: tuple[str, ...]
    guessed: tuple[str, ...]
    states: Mapping[str, Mapping[str, Any]]
    timeout: Any

    def count_batches(self, items: int) -> int:
        """Count the batches, and so the child executions, of so many items."""
        return math.ceil(items / self.outer.batch) if self.outer and self.outer.batch else 0

    def read(self, key: Key, items: int) -> float:
        """Give what one execution over so many items counts; without a Map, the worst it can."""
        growth = self.growths.get(key, Growth(0))
        if self.outer is None:
            return growth.fixed + max(0, growth.failed, growth.retried)
        failed, retried = self._count_shares(items)
        return growth.at(items, self.count_batches(items), failed, retried)

    def add_up(self, key: Key, items: int) -> float:
        """Give what all executions count; there are several where there is no Map."""
        if self.outer is not None:
            return self.read(key, items)
        growth, (failed, retried) = self.growths.get(key, Growth(0)), self._count_shares(items)
        return growth.fixed * items + growth.failed * failed + growth.retried * retried

    def find_seconds(self, items: int) -> float:
        """Give how long an execution takes: whole rounds of as many as run at once."""
        if self.outer is None:
            return self.read(("seconds",), items)
        at_once = self.outer.at_once
        if not self.outer.is_distributed:
            return self.read(("seconds",), math.ceil(items / at_once) * at_once)
        rounds = math.ceil(self.count_batches(items) / at_once)
        child = self.read(("seconds of child", self.outer.name), items)
        return self.growths[("seconds",)].fixed + (rounds - 1) * child

    def _count_shares(self, items: int) -> tuple[int, int]:
        return count_share(self.facts.fail, items), count_share(self.facts.retry, items)


def count_share(share: float, items: int) -> int:
    """Count a share of the items: at least one, where there is any.

    >>> count_share(0.01, 1000), count_share(0.01, 3), count_share(0, 3)
    (10, 1, 0)
    """
    return min(items, max(1, round(share * items))) if share else 0


def make_model(definition: Mapping[str, Any], facts: Facts) -> Model:
    """Run samples of a definition, and find how what they count grows."""
    filled = _substitute(definition, facts.substitutions)
    states = {place.name: place.state for place in walk_states(filled)}
    hints = Hints(filled)
    machine = compile_definition(filled)
    guessed: dict[str, None] = {}
    needs_full = False

    def run(items: int, failed: int, retried: int, *, is_full: bool = False) -> Tally:
        world = World(hints, items, facts.given, facts.results, is_full=is_full or needs_full)
        plan = Plan(failed, retried, facts.error, facts.seconds, facts.usual)
        tally = trace(machine, world, plan, states, facts.item, facts.express)
        guessed.update(dict.fromkeys(tally.guessed))
        return tally

    needs_full = run(3, 0, 0).error in _OURS and run(3, 0, 0, is_full=True).error not in _OURS
    outer = _find_outer(filled, run)
    if outer is None:
        notes, growths = _grow_once(run, facts)
    else:
        size = _find_size(run, outer)
        notes, growths = _grow(run, facts, outer, size)
        notes += _check(run, facts, outer, growths, size)
    timeout = filled.get("TimeoutSeconds")
    return Model(facts, outer, growths, tuple(notes), tuple(guessed), states, timeout)


def _shares(facts: Facts, size: int) -> tuple[int, int]:
    """Give how many of a sample fail and are retried: as few as make a difference."""
    few = max(1, size // 10)
    return few if facts.fail else 0, few if facts.retry else 0


def _substitute(definition: Any, given: Mapping[str, str]) -> Any:
    """Put values where the definition has substitutions that an expression reads."""
    known = {"Partition": "aws", **given}
    for name in find_substitutions(definition):
        known.setdefault(name, "0" if _is_read(definition, name) else f"${{{name}}}")
    return fill_substitutions(definition, known)


def _is_read(definition: Any, name: str) -> bool:
    """Tell whether an expression reads a substitution as JSON."""
    waiting = [definition]
    for value in waiting:  # grows while we walk
        if isinstance(value, str) and f"StringToJson('${{{name}}}')" in value:
            return True
        if isinstance(value, (Mapping, list)):
            waiting.extend(value.values() if isinstance(value, Mapping) else value)
    return False


Run = Callable[[int, int, int], Tally]


def _find_outer(definition: Mapping[str, Any], run: Run) -> Outer | None:
    """Find the first Map that no other is around."""
    for place in walk_states(definition):
        if place.state.get("Type") == "Map" and place.pointer.count("/States/") == 1:
            processor = place.state.get("ItemProcessor", place.state.get("Iterator", {}))
            distributed = processor.get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED"
            most = DISTRIBUTED_AT_ONCE if distributed else INLINE_AT_ONCE
            at_once = place.state.get("MaxConcurrency", 0)
            at_once = at_once if isinstance(at_once, int) and 0 < at_once < most else most
            batch = _find_batch(place.state, run) if distributed else 0
            return Outer(place.name, at_once, batch, distributed)
    return None


def _find_batch(state: Mapping[str, Any], run: Run) -> int:
    batcher = state.get("ItemBatcher")
    if not isinstance(batcher, Mapping):
        return 1
    most = batcher.get("MaxItemsPerBatch")
    if isinstance(most, int) and "MaxInputBytesPerBatch" not in batcher:
        return max(1, most)
    scouts = (run(items, 0, 0).batch for items in (_SCOUTED, 500, 100, 20))
    return next((batch for batch in scouts if batch), 1)


def _find_size(run: Run, outer: Outer) -> int:
    """Find a size for the samples: whole rounds or batches, if so many fit into a payload."""
    rounds = outer.at_once * math.ceil(20 / outer.at_once)
    sizes: tuple[int, ...] = (rounds, outer.at_once, 4, 2)
    if outer.is_distributed:
        sizes = (outer.batch * math.ceil(20 / outer.batch), 2 * outer.batch, outer.batch)
    for size in sizes:
        if run(size * 3, 0, 0).error != "States.DataLimitExceeded":
            return size
    return sizes[-1] if outer.is_distributed else 1


def _judge(tally: Tally) -> list[str]:
    if tally.status == "ENDLESS":
        return [f"the loop through '{tally.where}' has no end that the sample shows: it is counted "
                "with 100 rounds. Give results that end it."]  # fmt: skip
    if tally.error in _OURS:
        return [f"the sample ends in '{tally.where}' with {tally.error}: {tally.cause} What comes "
                "after is not counted. Give --input or --results."]  # fmt: skip
    if tally.status == "RUNNING":
        return [f"'{tally.where}' waits for ever; what comes after is not counted."]
    return []


def flatten(tally: Tally) -> dict[Key, float]:
    """Write what a tally counts as numbers by key."""
    found: dict[Key, float] = {("transitions",): tally.transitions, ("seconds",): tally.seconds}
    found[("events",)] = sum(tally.events.values())
    parts: tuple[tuple[str, Mapping[Any, float]], ...] = (
        ("events of", tally.events), ("call", tally.calls), ("payload", tally.payloads),
        ("children", tally.children), ("events of child", tally.largest_child),
        ("seconds of child", tally.child_seconds),
    )  # fmt: skip
    for name, numbers in parts:
        for key, number in numbers.items():
            rest = key if isinstance(key, tuple) else (key,)
            path: Key = (name, *rest)
            found[path] = number
    return found


def _grow_once(run: Run, facts: Facts) -> tuple[list[str], dict[Key, Growth]]:
    """Find what one execution counts where there is no Map: an item is an execution."""
    first = run(1, 0, 0)
    start = flatten(first)
    worse = flatten(run(1, 1, 0)) if facts.fail else start
    again = flatten(run(1, 0, 1)) if facts.retry else start
    growths = {}
    for key in {*start, *worse, *again}:
        here = start.get(key, 0)
        growths[key] = Growth(here, 0, 0, worse.get(key, 0) - here, again.get(key, 0) - here)
    return _judge(first), growths


def _grow(run: Run, facts: Facts, outer: Outer, size: int) -> tuple[list[str], dict[Key, Growth]]:
    failed, retried = _shares(facts, size)
    first = run(size, failed, retried)
    start, twice = flatten(first), flatten(run(2 * size, failed, retried))
    more = flatten(run(size + 1, failed, retried)) if outer.batch > 1 else {}
    worse = flatten(run(size, 2 * failed, retried)) if failed else {}
    again = flatten(run(size, failed, 2 * retried)) if retried else {}
    growths = {}
    for key in {*start, *twice, *more, *worse, *again}:
        here = start.get(key, 0)
        item, batch = (twice.get(key, 0) - here) / size, 0.0
        if more:
            # over `size` items as many batches as fill up; one more item opens another
            one_more = more.get(key, 0) - here
            batch = (one_more - item) / (1 - 1 / outer.batch)
            item = one_more - batch
        fails = (worse.get(key, 0) - here) / failed if worse else 0.0
        repeats = (again.get(key, 0) - here) / retried if again else 0.0
        batches = size // outer.batch if outer.batch else 0
        fixed = here - item * size - batch * batches - fails * failed - repeats * retried
        growths[key] = Growth(fixed, item, batch, fails, repeats)
    if not outer.is_distributed and (failed or retried):
        growths[("seconds",)] = _grow_in_time(run, facts, outer, size)
    return _judge(first), growths


def _grow_in_time(run: Run, facts: Facts, outer: Outer, size: int) -> Growth:
    """Find how the time grows: failures share the places with what runs beside them."""
    shares = [share for share in (facts.fail, facts.retry) if share]
    rounds = math.ceil(min(_SCOUTED, max(size, 1 / min(shares))) / outer.at_once)
    few = rounds * outer.at_once

    def last(items: int) -> float:
        failed, retried = (count_share(share, items) for share in (facts.fail, facts.retry))
        return run(items, failed, retried).seconds

    item = (last(2 * few) - last(few)) / few
    return Growth(last(few) - item * few, item)


def _check(
    run: Run, facts: Facts, outer: Outer, growths: Mapping[Key, Growth], size: int
) -> list[str]:
    """Say where a sample of another size is not what the sums say."""
    items = 3 * size
    failed, retried = _shares(facts, items)
    found = flatten(run(items, failed, retried))
    batches = items // outer.batch if outer.batch else 0
    for key in (("events",), ("transitions",)):
        said = growths[key].at(items, batches, failed, retried)
        if abs(said - found[key]) > 0.5:
            return [f"{key[0]} do not grow evenly with the items ({found[key]:.0f} in a sample of "
                    f"{items}, not {said:.0f}): the figures are rough."]  # fmt: skip
    return []
