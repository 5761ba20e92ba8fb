"""A run of a definition on sample data, and what it counts.

The engine runs it in virtual time. Events are counted by the state that they belong to.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from carnation.engine import CompiledMachine, Event, Execution, Outcome, Task
from carnation.engine.child_executions import Sources
from carnation.engine.fibers import Fiber
from carnation.engine.history import History, Observer
from carnation.estimates.samples import Guess, SampleData
from carnation.estimates.simulated_tasks import ROUNDS, Endless, Item, Plan, SimulatedTasks, Starter
from carnation.estimates.tallies import SAMPLE_ERRORS, ItemCounts, Stop
from carnation.lazy import TYPE_CHECKING
from carnation.records import NamedTuple
from carnation.services.limits import PAYLOAD

if TYPE_CHECKING:
    from typing import Any

_TOO_LARGE = ItemCounts(
    "FAILED", "States.DataLimitExceeded", "The input is too large.", "", None, 0.0, 0,
    {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, (), (), (),
)  # fmt: skip


class Scene(NamedTuple):
    """What runs: a machine, its states by name, the outermost Maps among them, and its children."""

    machine: CompiledMachine
    states: Mapping[str, Mapping[str, Any]]
    maps: frozenset[str]
    starters: Mapping[str, Starter] = {}
    item: Any = None
    express: bool = False


class _Items:
    """Stands for the reader of a distributed Map: gives the world's items, and no sources."""

    def __init__(self, world: SampleData, given: Any) -> None:
        self._world, self._given = world, given

    def read(self, fiber: Fiber, value: Any) -> tuple[list[Any], Sources]:
        item = Guess(self._world, is_item=True) if self._given is None else self._given
        return [item] * self._world.count, []


class _Watch:
    """Sees the events: how often a state is visited, how long the outermost Maps take."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._visits: Counter[str] = Counter()
        self._entered: dict[int, str] = {}
        self._since: dict[str, float] = {}
        self.lengths: dict[str, int] = {}
        self.seconds: Counter[str] = Counter()
        self.doubts: dict[tuple[str, str], None] = {}
        self.most_at_once: dict[str, int] = {}
        self._running: Counter[str] = Counter()

    def see(self, event: Event) -> None:
        name = event.details.get("name", "")
        if event.type.endswith("StateEntered") and name in self._scene.machine.flow.states:
            self._visits[name] += 1
            if self._visits[name] > ROUNDS:
                raise Endless(name)
        if event.type.startswith("MapIteration"):
            self._running[name] += 1 if event.type == "MapIterationStarted" else -1
            most = max(self.most_at_once.get(name, 0), self._running[name])
            self.most_at_once[name] = most
        self.doubt(event)
        if event.type == "MapStateStarted" and event.previous_id in self._entered:
            self.lengths[self._entered[event.previous_id]] = event.details["length"]
        elif name in self._scene.maps and event.type == "MapStateEntered":
            self._entered[event.id], self._since[name] = name, event.at
        elif name in self._scene.maps and event.type == "MapStateExited":
            self.seconds[name] += event.at - self._since[name]  # type: ignore[assignment]

    def doubt(self, event: Event) -> None:
        """Note an expression that fails: on real data it may not."""
        if event.type == "EvaluationFailed":
            self.doubts[(event.details["state"], str(event.details["cause"]))] = None


class _Traced(Execution):
    """An execution that keeps its children's histories, and says for which item a task is done."""

    doubt: Observer
    """Shown the events of children."""
    whole: Item | None = None
    """What a task outside of every Map is done for."""

    def spawn(
        self, parent: Fiber, flow: Any, value: Any, index: int, history: History | None = None
    ) -> Fiber:
        child = super().spawn(parent, flow, value, index, history)
        if history is not None:
            self.__dict__.setdefault("families", []).append((parent.state.name, child))
            history.observe = self.doubt
        return child

    def perform(self, fiber: Fiber, task: Task) -> Outcome:
        if isinstance(self.port, SimulatedTasks):
            self.port.item = _find_item(fiber) or self.whole
        return super().perform(fiber, task)


def _find_item(fiber: Fiber) -> Item | None:
    """Find the items of the outermost Map that a fiber works on."""
    found, below = None, fiber
    while below.parent is not None:
        if below.parent.state.type == "Map":
            found = below
        below = below.parent
    if found is None or found.parent is None:
        return None
    name, batch = found.parent.state.name, _read_batch(found)
    if not batch:
        return Item(name, found.index)
    # all batches but the last are as large as the first
    return Item(name, found.index * len(_read_batch(found.parent.children[0])), len(batch))


def _read_batch(fiber: Fiber) -> Sequence[Any]:
    """Return the items of a child execution; none where it was started with one by itself."""
    given = fiber.context["Execution"]["Input"]
    batch = given.get("Items") if fiber.item is None and isinstance(given, dict) else None
    return batch if isinstance(batch, list) else ()


def trace(scene: Scene, world: SampleData, plan: Plan) -> ItemCounts:
    """Run a scene on a world, as planned, and count."""
    for name, state in _walk_states(scene.machine):
        if getattr(state, "reader", None) is not None:
            state.reader = _Items(world, scene.item)
            world.hints.objects.add(name)
    given = world.input
    if measure(given) > PAYLOAD:
        return _TOO_LARGE
    player, watch = SimulatedTasks(world, plan, scene.states, scene.starters), _Watch(scene)
    execution = _Traced(
        scene.machine, given, player,
        express=scene.express, observe=watch.see, keeps_children=True,
    )  # fmt: skip
    execution.doubt = watch.doubt
    execution.whole = None if scene.maps else Item("", 0)
    endless = ""
    try:
        execution.run()
    except Endless as signal:
        endless = str(signal)
    return _count(execution, player, scene, watch, endless)


def _walk_states(machine: CompiledMachine) -> Iterator[tuple[str, Any]]:
    flows = [machine.flow]
    for flow in flows:  # grows while we walk
        for name, state in flow.states.items():
            yield name, state
            flows.extend(getattr(state, "inner", ()))


def _count(
    execution: _Traced, player: SimulatedTasks, scene: Scene, watch: _Watch, endless: str
) -> ItemCounts:
    events, payloads, transitions = _count_history(execution.events)
    last = [event.details["name"] for event in execution.events if "name" in event.details]
    tally = ItemCounts(
        "ENDLESS" if endless else execution.status,
        execution.error or "", execution.cause or "", endless or (last or [""])[-1],
        execution.output, execution.clock.now, transitions, events, player.calls, player.units,
        payloads,
        {}, {}, {},
        watch.lengths, watch.seconds, dict(_list_batches(execution, scene)),
        watch.most_at_once | dict(_list_concurrency(execution, scene)),
        tuple(player.guessed), tuple(player.unknown), tuple(watch.doubts),
    )  # fmt: skip
    return _add_started(_add_children(tally, execution, scene), player)


def _list_batches(execution: Execution, scene: Scene) -> Iterator[tuple[str, int]]:
    """Yield how many items each Map put together, by what its run counted."""
    for name in sorted(scene.maps):
        label = scene.states[name].get("Label") or name[:40]
        for run in execution.map_runs:
            if f"/{label}:" in run.arn:
                yield name, run.items.get("total", 0) // max(run.total, 1)


def _list_concurrency(execution: Execution, scene: Scene) -> Iterator[tuple[str, int]]:
    """Yield how many children each distributed Map lets run at once, where it has a limit."""
    for name in sorted(scene.maps):
        label = scene.states[name].get("Label") or name[:40]
        for run in execution.map_runs:
            if f"/{label}:" in run.arn and run.max_concurrency:
                yield name, run.max_concurrency


def _add_children(tally: ItemCounts, execution: _Traced, scene: Scene) -> ItemCounts:
    """Add what the child executions of Maps counted."""
    payloads, transitions = dict(tally.payloads), tally.transitions
    children: Counter[str] = Counter()
    largest: dict[str, int] = {}
    lengths: dict[str, float] = {}
    stops: dict[str, Stop] = {}
    for name, child in getattr(execution, "families", ()):
        history, failure = child.history, child.failure
        if failure is not None and failure.error in SAMPLE_ERRORS:
            stops.setdefault(name, Stop(name, child.state.name, failure.error, failure.cause or ""))
        _, sizes, inside = _count_history(history)
        children[name] += 1
        if not is_express(scene.states.get(name, {})):
            transitions += inside
        largest[name] = max(largest.get(name, 0), history.count + 1)  # and the one that ends it
        for inner, size in sizes.items():
            payloads[inner] = max(payloads.get(inner, 0), size)
        kept = list(history)
        lengths[name] = max(lengths.get(name, 0.0), kept[-1].at - kept[0].at)
    return tally._replace(
        transitions=transitions, payloads=payloads,
        children=children, largest_child=largest, child_seconds=lengths,
        stops=tuple(stops.values()),
    )  # fmt: skip


def _add_started(tally: ItemCounts, player: SimulatedTasks) -> ItemCounts:
    """Add what the executions of other machines counted, as often as they were started."""
    calls, units, payloads = Counter(player.calls), Counter(player.units), dict(tally.payloads)
    children, largest = dict(tally.children), dict(tally.largest_child)
    lengths, transitions = dict(tally.child_seconds), tally.transitions
    stops = list(tally.stops)
    for name, child in player.started.items():
        times = sum(count for (state, _), count in player.calls.items() if state == name)
        children[name], lengths[name] = times, child.seconds
        largest[name] = sum(child.events.values())
        transitions += times * child.transitions
        if child.error in SAMPLE_ERRORS:
            stops.append(Stop(name, child.where, child.error, child.cause))
        for key, count in child.calls.items():
            calls[key] += times * count
            units[key] += times * child.units[key]
        for state, size in child.payloads.items():
            payloads[state] = max(payloads.get(state, 0), size)
    return tally._replace(
        transitions=transitions, payloads=payloads, calls=calls, units=units,
        children=children, largest_child=largest, child_seconds=lengths, stops=tuple(stops),
    )  # fmt: skip


def is_express(state: Mapping[str, Any]) -> bool:
    """Return whether a Map starts Express executions.

    >>> is_express({"ItemProcessor": {"ProcessorConfig": {"ExecutionType": "EXPRESS"}}})
    True
    """
    processor = state.get("ItemProcessor", {})
    return bool(processor.get("ProcessorConfig", {}).get("ExecutionType") == "EXPRESS")


def _count_history(history: Iterable[Event]) -> tuple[dict[str, int], dict[str, int], int]:
    """Count the events of each state, the largest payload of each, and the transitions.

    A transition is the start, each state that is entered, and each further attempt of a task.
    Source: https://aws.amazon.com/step-functions/pricing/
    """
    events: Counter[str] = Counter()
    sizes: dict[str, int] = {}
    owner = {0: ""}
    scheduled: Counter[str] = Counter()
    entered = 0
    known: dict[int, int] = {}  # what one state gives, the next one gets
    for event in history:
        name = owner.get(event.previous_id, "")
        if event.type.endswith(("StateEntered", "StateExited")) or "Iteration" in event.type:
            name = event.details["name"]
        if event.type.endswith("StateEntered"):
            entered += 1
            if event.type == "TaskStateEntered":
                scheduled[name] -= 1
        if event.type.endswith("Scheduled"):
            scheduled[name] += 1
        owner[event.id] = name
        events[name] += 1
        for field in ("input", "output"):
            if field in event.details:
                value = event.details[field]
                size = known.get(id(value)) or known.setdefault(id(value), measure(value))
                sizes[name] = max(sizes.get(name, 0), size)
    retried = sum(count for count in scheduled.values() if count > 0)
    return dict(events), sizes, 1 + entered + retried


def measure(value: Any) -> int:
    """Measure a payload as AWS does: bytes of compact JSON."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return len(text.encode("utf-8", "replace"))
