"""A definition as it grows: samples of it are run, and what they count is taken apart."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping

from carnation.asl import read_definition
from carnation.cloudformation.substitutions import find_substitutions
from carnation.engine import compile_definition
from carnation.errors import DefinitionError
from carnation.estimates.growth import Growth, Key, Size, add_up, find_growths
from carnation.estimates.inference import InferredData, is_outermost
from carnation.estimates.samples import SampleData
from carnation.estimates.simulated_tasks import Plan
from carnation.estimates.simulation import Scene, is_express, trace
from carnation.estimates.substitutions import Filled, fill_definition
from carnation.estimates.tallies import SAMPLE_ERRORS, ItemCounts
from carnation.estimates.top_level_maps import Pace, TopLevelMap, find_outers, find_pace
from carnation.lazy import TYPE_CHECKING
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from typing import Any


class Child(NamedTuple):
    """A machine that a state starts."""

    definition: Mapping[str, Any]
    express: bool = False


class Facts(NamedTuple):
    """What is known next to the definition.

    By the names of states: `results`, `seconds`, `children` that they start, and `memories` (MB) of
    the functions that they invoke; `usual` and `memory` are for the others.
    """

    given: Any = None
    results: Mapping[str, Any] = {}
    item: Any = None
    fail: float = 0.0
    retry: float = 0.0
    error: str = "States.TaskFailed"
    seconds: Mapping[str, float] = {}
    usual: float = 0.1
    memory: int = 128
    memories: Mapping[str, int] = {}
    substitutions: Mapping[str, str] = {}
    express: bool = False
    arm: bool = False
    children: Mapping[str, Child] = {}


class SampleEnd(NamedTuple):
    """Why the sample ends before its time, as a note; `loop` is the state of an endless loop."""

    note: str
    loop: str = ""


class Model(NamedTuple):
    """A definition, as it grows: by the items of its `outers`, or without one by executions.

    `express` names the Maps and states whose children are Express executions; `first` is what a
    single item counts, where batches hold several.
    """

    facts: Facts
    outers: tuple[TopLevelMap, ...]
    growths: Mapping[Key, Growth]
    first: Mapping[Key, float]
    pace: Pace
    ends: tuple[SampleEnd, ...]
    notes: tuple[str, ...]
    guessed: tuple[str, ...]
    express: frozenset[str]
    timeout: Any

    @property
    def batches(self) -> tuple[int, ...]:
        """The sizes of batches, each once."""
        return list_batches(self.outers)

    def find_outer(self, name: str) -> TopLevelMap | None:
        """Find an outermost Map by its name."""
        return next((outer for outer in self.outers if outer.name == name), None)

    def read(self, key: Key, items: int) -> float:
        """Return what one execution over so many items counts; without a Map, the worst it can."""
        growth = self.growths.get(key, Growth(0, batches=(0.0,) * len(self.batches)))
        if not self.outers:
            return growth.fixed + max(0, growth.failed, growth.retried)
        whole = add_up(growth, self._measure(items), self.batches)
        batch = self._find_batch(key)
        if items >= batch:
            return whole
        first = self.first.get(key, 0)  # so few items do not fill a batch
        return first + (whole - first) * (items - 1) / (batch - 1)

    def _find_batch(self, key: Key) -> int:
        """Return how many items a key counts of one child; 0 where it counts no child."""
        if key[0] not in ("payload", "events of child", "seconds of child"):
            return 0
        around = (outer for outer in self.outers if key[1] in outer.inside or (
            key[1] == outer.name and key[0] != "payload"))  # fmt: skip
        return next((outer.batch for outer in around), 0)

    def add_up(self, key: Key, items: int) -> float:
        """Return what all executions count; there are several where there is no Map."""
        if self.outers:
            return self.read(key, items)
        growth, size = self.growths.get(key, Growth(0)), self._measure(items)
        return growth.fixed * items + growth.failed * size.failed + growth.retried * size.retried

    def find_seconds(self, items: int) -> float:
        """Return how long an execution takes."""
        return self.pace.at(items, self.outers) if self.outers else self.read(("seconds",), 1)

    def _measure(self, items: int) -> Size:
        size = measure_size(self.facts, items)
        if self.outers and all(outer.batch > 1 for outer in self.outers):
            # the items of a batch fail together
            most = max(outer.count_batches(items) for outer in self.outers)
            return Size(items, min(size.failed, most), min(size.retried, most))
        return size


def list_batches(outers: tuple[TopLevelMap, ...]) -> tuple[int, ...]:
    """List the sizes of batches of several items, each once."""
    return tuple(sorted({outer.batch for outer in outers if outer.batch > 1}))


def measure_size(facts: Facts, items: int) -> Size:
    """Count how many of the items fail and are retried."""
    return Size(items, count_share(facts.fail, items), count_share(facts.retry, items))


def count_share(share: float, items: int) -> int:
    """Count a share of the items: at least one, where there is any.

    >>> count_share(0.01, 1000), count_share(0.01, 3), count_share(0, 3)
    (10, 1, 0)
    """
    return min(items, max(1, round(share * items))) if share else 0


class _Stage:
    """Runs samples of a definition, and remembers what nobody had told."""

    def __init__(self, definition: Mapping[str, Any], facts: Facts) -> None:
        filled = _substitute(definition, facts.substitutions)
        self.definition, self.left = filled
        self.graph = read_definition(self.definition)
        for problem in self.graph.malformed:
            where = f"state '{problem.state}': " if problem.state else ""
            raise DefinitionError(f"{where}{problem.message}. carnation lint lists everything.")
        self.facts = facts
        self.guessed: dict[str, None] = {}
        self.unknown: dict[str, None] = {}
        self.made: set[str] = set()
        self.doubts: dict[tuple[str, str], None] = {}
        self.zeros = [
            name
            for name in find_substitutions(definition)
            if name not in facts.substitutions and _is_read(definition, name)
        ]
        self.hints = InferredData(self.graph)
        places = self.graph.states
        maps = [place.name for place in places if place.body.get("Type") == "Map"
                and is_outermost(place.pointer)]  # fmt: skip
        starters = {name: _make_starter(child, facts) for name, child in facts.children.items()}
        self.scene = Scene(
            compile_definition(_read_anything(self.definition)),
            {place.name: place.body for place in places},
            frozenset(maps), starters, facts.item, facts.express,
        )  # fmt: skip
        self._ran: dict[tuple[Size, bool], tuple[ItemCounts, set[str]]] = {}
        self._is_full = False
        self._is_full = self._needs_full()
        for told in (self.guessed, self.unknown, self.made, self.doubts):
            told.clear()

    def _needs_full(self) -> bool:
        """Return whether guesses that are ready to make up more do not do."""
        if not _is_stopped(self.run(Size(3))):
            return False
        self._is_full = True
        return not _is_stopped(self.run(Size(3)))

    def run(self, size: Size) -> ItemCounts:
        """Run a sample, each once; where no Map maps over items, one is as good as many."""
        if not self.scene.maps:
            size = Size(*(min(count, 1) for count in size))
        if (size, self._is_full) not in self._ran:
            self._ran[size, self._is_full] = self._run(size)
        tally, made = self._ran[size, self._is_full]
        self.guessed.update(dict.fromkeys(tally.guessed))
        self.unknown.update(dict.fromkeys(tally.unknown))
        self.made |= made
        if not size.failed:
            self.doubts.update(dict.fromkeys(tally.doubts))
        return tally

    def _run(self, size: Size) -> tuple[ItemCounts, set[str]]:
        facts = self.facts
        world = SampleData(
            self.hints, size.items, facts.given, facts.results, is_full=self._is_full
        )
        plan = Plan(size.failed, size.retried, facts.error, facts.seconds, facts.usual)
        return trace(self.scene, world, plan), world.made

    def count(self, size: Size) -> dict[Key, float]:
        """Run a sample, and write what it counts as numbers by key."""
        return flatten(self.run(size))


def _read_anything(definition: Any) -> Any:
    """Let every ItemReader read JSON: what it would read is a sample here."""
    if isinstance(definition, list):
        return [_read_anything(item) for item in definition]
    if not isinstance(definition, Mapping):
        return definition
    return {
        key: "JSON" if key == "InputType" and item == "PARQUET" else _read_anything(item)
        for key, item in definition.items()
    }


def _make_starter(child: Child, facts: Facts) -> Callable[[Any], ItemCounts]:
    seen: dict[str, ItemCounts] = {}

    def start(given: Any) -> ItemCounts:
        text = json.dumps(given, sort_keys=True)
        if text not in seen:
            seen[text] = run(given)
        return seen[text]

    def run(given: Any) -> ItemCounts:
        own = facts._replace(given=given, express=child.express, fail=0, retry=0, children={})
        tally = _Stage(child.definition, own).run(Size(1))
        # an Express execution is paid by its time, not by its transitions
        return tally._replace(transitions=0) if child.express else tally

    return start


def make_model(definition: Mapping[str, Any], facts: Facts) -> Model:
    """Run samples of a definition, and find how what they count grows."""
    stage = _Stage(definition, facts)
    outers = find_outers(stage.graph, lambda items: stage.run(Size(items)))
    size = _find_size(stage, outers)
    if outers:
        growths = find_growths(stage.count, _share(facts, size), list_batches(outers))
        ends = _list_ends(stage.run(_share(facts, size)))
        notes = list(_check(stage, outers, growths, size))
    else:
        growths = _grow_once(stage)
        ends = _list_ends(stage.run(Size(1)))
        notes = list(_explain_rates(stage, growths))
    pace = find_pace(
        lambda items: stage.run(measure_size(facts, items)), outers, size, (facts.fail, facts.retry)
    )
    notes = [*(end.note for end in ends), *notes, *_list_notes(stage, outers)]
    maps = {name for name, state in stage.scene.states.items() if is_express(state)}
    starts = {name for name, child in facts.children.items() if child.express}
    first = stage.count(Size(1)) if list_batches(outers) else {}
    return Model(
        facts, outers, growths, first, pace, tuple(ends), tuple(notes), tuple(stage.guessed),
        frozenset(maps | starts), stage.definition.get("TimeoutSeconds"),
    )  # fmt: skip


def _explain_rates(stage: _Stage, growths: Mapping[Key, Growth]) -> Iterator[str]:
    """Say, where there is no Map, which task the rates are about, or that they change nothing."""
    facts, first = stage.facts, _find_first_task(stage.definition)
    task = f"the first Task of an execution{f', {first!r}' if first else ''}"
    if facts.fail:
        yield f"--fail without a Map: {task}, fails with {facts.error}."
    if facts.retry and any(growth.retried for growth in growths.values()):
        yield f"--retry without a Map: {task}, is retried once."
    elif facts.retry:
        yield f"--retry has no effect without a Map: {task}, retries no error."


def _find_first_task(definition: Mapping[str, Any]) -> str:
    """Find the Task that every execution comes to first; '' where that depends on its input."""
    name, seen = definition.get("StartAt"), set[object]()
    while name in definition["States"] and name not in seen:
        seen.add(name)
        state = definition["States"][name]
        if state.get("Type") == "Task":
            return str(name)
        name = state.get("Next") if state.get("Type") in ("Pass", "Wait") else None
    return ""


def _share(facts: Facts, items: int) -> Size:
    """Let as few of a sample fail and be retried as make a difference."""
    few = max(1, items // 10)
    return Size(items, few if facts.fail else 0, few if facts.retry else 0)


def fill_known(definition: Any, given: Mapping[str, str]) -> Any:
    """Return a definition with values instead of its substitutions."""
    return _substitute(definition, given).definition


def _substitute(definition: Any, given: Mapping[str, str]) -> Filled:
    """Put values where the definition has substitutions; one that is read as a number is 0."""
    zeros = {name: "0" for name in find_substitutions(definition) if _is_read(definition, name)}
    return fill_definition(definition, given, zeros)


def _is_read(definition: Any, name: str) -> bool:
    """Return whether an expression reads a substitution as a number or as JSON."""
    reads = (f"StringToJson('${{{name}}}')", f"$number('${{{name}}}')")
    waiting = [definition]
    for value in waiting:  # grows while we walk
        if isinstance(value, str) and any(read in value for read in reads):
            return True
        if isinstance(value, (Mapping, list)):
            waiting.extend(value.values() if isinstance(value, Mapping) else value)
    return False


def _find_size(stage: _Stage, outers: tuple[TopLevelMap, ...]) -> int:
    """Find a size for the samples: two batches at least, if so many items fit into a payload."""
    batches = list_batches(outers)
    most = max([20, *(2 * batch for batch in batches)])
    for size in (most, most // 2, 4, 2):
        if stage.run(Size(size * 3)).error != "States.DataLimitExceeded":
            return size
    return 1


def _is_stopped(tally: ItemCounts) -> bool:
    """Return whether an execution or a child of it fails on the sample's data."""
    return tally.error in SAMPLE_ERRORS or bool(tally.stops)


def _list_ends(tally: ItemCounts) -> list[SampleEnd]:
    if tally.status == "ENDLESS":
        note = (
            f"the loop through '{tally.where}' does not end in the sample: it is counted with 100 "
            "rounds. Add --results that end it."
        )
        return [SampleEnd(note, tally.where)]
    return [SampleEnd(note) for note in _list_stops(tally)]


def _list_stops(tally: ItemCounts) -> list[str]:
    if tally.error in SAMPLE_ERRORS:
        return [f"the sample ends in '{tally.where}' with {tally.error}: {shorten(tally.cause)} "
                "Later states are not counted. Add --input or --results."]  # fmt: skip
    if tally.stops:
        return [
            f"the sample ends in '{stop.where}', in a child execution of '{stop.starter}', with "
            f"{stop.error}: {shorten(stop.cause)} Later states are not counted. Add --input or "
            f"--results."
            for stop in tally.stops
        ]
    if tally.status == "RUNNING":
        return [f"'{tally.where}' waits forever; later states are not counted."]
    return []


def shorten(cause: str) -> str:
    """Leave out of a cause what the note says anyway, and the data.

    >>> shorten("An error occurred while executing the state 'A' (entered at the event id #2). Odd")
    'Odd.'
    """
    cause = re.sub(r"An error occurred while executing the state '.*?' \(.*?\)\. ", "", cause)
    cause = re.sub(r" in the input '.*'", "", cause, flags=re.DOTALL).rstrip(". ")
    return f"{cause[:200]}…" if len(cause) > 200 else f"{cause}."


def _list_notes(stage: _Stage, outers: tuple[TopLevelMap, ...]) -> list[str]:
    """Describe what the figures take for granted."""
    notes = []
    if len(outers) > 1:
        names = ", ".join(f"'{outer.name}'" for outer in outers)
        notes.append(f"each of the Maps {names} is assumed to get this number of items.")
    inner = [name for name, state in stage.scene.states.items()
             if state.get("Type") == "Map" and name not in stage.scene.maps
             and stage.hints.list_name(state) in stage.made]  # fmt: skip
    if inner:
        names = ", ".join(f"'{name}'" for name in inner)
        notes.append(f"{names}, inside another Map, is assumed to get one item each time. Add a "
        f"sample with --input or --item.")  # fmt: skip
    for name, cause in list(stage.doubts)[:3]:
        notes.append(f"an expression fails on the sample, in '{name}': {shorten(cause)} "
                     "If it would not on real data: --input, --item, --results.")  # fmt: skip
    for field, name in stage.left:
        notes.append(f"'{field}' is ${{{name}}}, which is not set: it is left out. Set it: "
        f"--set {name}=VALUE.")  # fmt: skip
    if stage.zeros:
        names = ", ".join(f"${{{name}}}" for name in stage.zeros)
        notes.append(f"{names} is assumed to be 0; a MaxConcurrency of 0 means no limit. Set "
        f"it: --set NAME=VALUE.")  # fmt: skip
    if stage.unknown:
        names = ", ".join(f"'{name}'" for name in stage.unknown)
        starts = "starts" if len(stage.unknown) == 1 else "start"
        notes.append(f"{names} {starts} executions of another machine, which are not counted. "
                     "Give it: --child STATE=FILE.")  # fmt: skip
    return notes


def flatten(tally: ItemCounts) -> dict[Key, float]:
    """Write what a tally counts as numbers by key."""
    found: dict[Key, float] = {("transitions",): tally.transitions, ("seconds",): tally.seconds}
    found[("events",)] = sum(tally.events.values())
    parts: tuple[tuple[str, Mapping[Any, float]], ...] = (
        ("events of", tally.events), ("call", tally.calls), ("units", tally.units),
        ("payload", tally.payloads),
        ("children", tally.children), ("events of child", tally.largest_child),
        ("seconds of child", tally.child_seconds),
    )  # fmt: skip
    for name, numbers in parts:
        for key, number in numbers.items():
            rest = key if isinstance(key, tuple) else (key,)
            path: Key = (name, *rest)
            found[path] = number
    return found


def _grow_once(stage: _Stage) -> dict[Key, Growth]:
    """Find what one execution counts where there is no Map: an item is an execution."""
    facts, start = stage.facts, stage.count(Size(1))
    worse = stage.count(Size(1, failed=1)) if facts.fail else start
    again = stage.count(Size(1, retried=1)) if facts.retry else start
    growths = {}
    for key in {**start, **worse, **again}:
        here = start.get(key, 0)
        growths[key] = Growth(here, 0, worse.get(key, 0) - here, again.get(key, 0) - here)
    return growths


def _check(
    stage: _Stage, outers: tuple[TopLevelMap, ...], growths: Mapping[Key, Growth], size: int
) -> list[str]:
    """Describe where a sample of another size is not what the sums say."""
    more = _share(stage.facts, 3 * size)
    found = stage.count(more)
    for key in (("events",), ("transitions",)):
        said = add_up(growths[key], more, list_batches(outers))
        if abs(said - found[key]) > 0.5:
            return [f"{key[0]} do not grow evenly with the items ({found[key]:.0f} in a sample of "
                    f"{more.items}, not {said:.0f}): the figures are rough."]  # fmt: skip
    return []
