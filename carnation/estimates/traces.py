"""A run of a definition on sample data, and what it counts.

The engine runs it in virtual time; a port answers the Tasks from the sample, after the seconds that
each is said to take. Events are counted by the state that they belong to.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from carnation.engine import (
    Event,
    Execution,
    Failed,
    Machine,
    Outcome,
    Started,
    Submitted,
    Succeeded,
    Task,
)
from carnation.engine.history import History
from carnation.engine.strands import Strand
from carnation.estimates.samples import Guess, World
from carnation.services.limits import PAYLOAD

ROUNDS = 100
"""Visits of a state, for each item, after which its loop is taken for one without an end."""
_METADATA: Mapping[str, Any] = {
    # as large as what AWS sends: request id, date, content type and length, trace id, twice
    "SdkHttpMetadata": {
        "AllHttpHeaders": {"x-amzn-RequestId": ["x" * 36], "Content-Type": ["x" * 300]},
        "HttpHeaders": {"x-amzn-RequestId": "x" * 36, "Content-Type": "x" * 280},
        "HttpStatusCode": 200,
    },
    "SdkResponseMetadata": {"RequestId": "x" * 36},
}


class Plan(NamedTuple):
    """How a sample is to go: which items fail or need a retry, and how long tasks take."""

    failing: int = 0
    retried: int = 0
    error: str = "States.TaskFailed"
    seconds: Mapping[str, float] = {}
    usual: float = 0.1


class Endless(Exception):  # noqa: N818 - it is a signal, and ends the run
    """A loop has gone round so often that it may have no end."""


class Tally(NamedTuple):
    """What a run counted: `events` of the execution, by state; `children` of each Map, the rest."""

    status: str
    error: str
    cause: str
    where: str
    seconds: float
    transitions: int
    events: Mapping[str, int]
    calls: Mapping[tuple[str, str], int]
    payloads: Mapping[str, int]
    children: Mapping[str, int]
    largest_child: Mapping[str, int]
    child_seconds: Mapping[str, float]
    guessed: tuple[str, ...]
    batch: int


_TOO_LARGE = Tally(
    "FAILED", "States.DataLimitExceeded", "The input is too large.", "", 0.0, 0,
    {}, {}, {}, {}, {}, {}, (), 0,
)  # fmt: skip


class Player:
    """The port: answers from the sample, and counts what it was asked."""

    def __init__(self, world: World, plan: Plan, states: Mapping[str, Mapping[str, Any]]) -> None:
        """Take the data, and the states of the definition by name."""
        self._world, self._plan, self._states = world, plan, states
        self.calls: Counter[tuple[str, str]] = Counter()
        self.guessed: dict[str, None] = {}
        self._first: dict[int, str] = {}

    def perform(self, task: Task) -> Outcome:
        """Answer a task."""
        key = task.name, _name_call(task)
        self.calls[key] += 1
        if self.calls[key] > ROUNDS * max(self._world.count, 1):
            raise Endless(task.name)
        seconds = self._plan.seconds.get(task.name, self._plan.usual)
        failure = self._find_failure(task)
        outcome: Succeeded | Failed
        if failure:
            outcome = Failed(failure, "as planned", seconds)
        else:
            outcome = Succeeded(self._make_result(task), seconds)
        if task.kind == "Activity":
            return Started(outcome=outcome)
        if task.is_callback or task.is_sync:
            return Submitted({}, outcome)
        return outcome

    def _find_failure(self, task: Task) -> str:
        """Name the error that a task ends in: the first task of an item that fails, if any does."""
        item = task.context.get("Map", {}).get("Item")
        index = item["Index"] if item else 0
        name = self._first.setdefault(index, task.name)
        if name != task.name:
            return ""
        count = self._world.count
        if _is_chosen(index, self._plan.failing, count):
            return self._plan.error
        if _is_chosen(index + 1, self._plan.retried, count) and not task.attempt:
            return _find_transient(self._states.get(task.name, {}))
        return ""

    def _make_result(self, task: Task) -> Any:
        is_dropped = self._states.get(task.name, {}).get("ResultPath", "$") is None
        if not self._world.is_known(task.name) and not is_dropped:
            self.guessed[task.name] = None
        value = self._world.find_result(task.name)
        if task.service == "lambda" and not task.is_callback:
            if isinstance(value, dict) and not isinstance(value, Guess) and "Payload" in value:
                return value
            return {
                "ExecutedVersion": "$LATEST", "Payload": value, **_METADATA, "StatusCode": 200,
            }  # fmt: skip
        if isinstance(value, Guess) and not task.service.startswith("aws-sdk:"):
            value.update(_METADATA if task.kind == "Task" and not task.is_callback else {})
        return value


def _is_chosen(index: int, chosen: int, count: int) -> bool:
    """Tell whether an item is one of those chosen, spread evenly over all."""
    return bool(chosen) and (index % count + 1) * chosen // count != index % count * chosen // count


def _find_transient(state: Mapping[str, Any]) -> str:
    """Name an error that a state retries; '' if it retries none."""
    for retrier in state.get("Retry", ()):
        if retrier.get("MaxAttempts", 3):
            name = str(retrier["ErrorEquals"][0])
            return "States.TaskFailed" if name == "States.ALL" else name
    return ""


def _name_call(task: Task) -> str:
    if task.kind != "Task":
        return "lambda:invoke" if task.kind == "LambdaFunction" else "activity"
    return f"{task.service}:{task.action.partition('.')[0]}" if task.service else "lambda:invoke"


class _Items:
    """Stands for the reader of a distributed Map: gives the world's items."""

    def __init__(self, world: World, given: Any) -> None:
        self._world, self._given = world, given

    def read(self, strand: Strand, value: Any) -> list[Any]:
        item = Guess(self._world) if self._given is None else self._given
        return [item] * self._world.count


class _Traced(Execution):
    """An execution that keeps the histories of its children, by the Map that started them."""

    def spawn(
        self, parent: Strand, flow: Any, value: Any, index: int, history: History | None = None
    ) -> Strand:
        if history is not None:
            self.__dict__.setdefault("families", []).append((parent.state.name, history))
        return super().spawn(parent, flow, value, index, history)


def trace(
    machine: Machine,
    world: World,
    plan: Plan,
    states: Mapping[str, Mapping[str, Any]],
    item: Any = None,
    express: bool = False,
) -> Tally:
    """Run a machine on a world, as planned, and count."""
    for name, state in machine.flow.states.items():
        if getattr(state, "reader", None) is not None:
            state.reader = _Items(world, item)  # type: ignore[attr-defined]
            world.hints.objects.add(name)
    given = world.input
    if measure(given) > PAYLOAD:
        return _TOO_LARGE
    player = Player(world, plan, states)
    visits: Counter[str] = Counter()

    def watch(event: Event) -> None:
        if event.type.endswith("StateEntered") and event.details["name"] in machine.flow.states:
            visits[event.details["name"]] += 1
            if visits[event.details["name"]] > ROUNDS:
                raise Endless(event.details["name"])

    execution = _Traced(machine, given, player, express=express, observe=watch, keeps_children=True)
    endless = ""
    try:
        execution.run()
    except Endless as signal:
        endless = str(signal)
    return _count(execution, player, states, endless)


def _count(execution: Execution, player: Player, states: Mapping[str, Any], endless: str) -> Tally:
    events, payloads, transitions = _count_history(execution.events)
    largest: dict[str, int] = {}
    lengths: dict[str, float] = {}
    children: Counter[str] = Counter()
    for name, history in getattr(execution, "families", ()):
        _, sizes, inside = _count_history(list(history))
        children[name] += 1
        processor = states.get(name, {}).get("ItemProcessor", {}).get("ProcessorConfig", {})
        if processor.get("ExecutionType") != "EXPRESS":
            transitions += inside
        largest[name] = max(largest.get(name, 0), history.count + 1)  # and the one that ends it
        for inner, size in sizes.items():
            payloads[inner] = max(payloads.get(inner, 0), size)
        kept = list(history)
        lengths[name] = max(lengths.get(name, 0.0), kept[-1].at - kept[0].at)
    batch = max(
        (run.items.get("total", 0) // max(run.total, 1) for run in execution.map_runs), default=0
    )
    last = [event.details["name"] for event in execution.events if "name" in event.details]
    return Tally(
        "ENDLESS" if endless else execution.status,
        execution.error or "", execution.cause or "", endless or (last or [""])[-1],
        execution.clock.now, transitions, events, player.calls, payloads,
        children, largest, lengths,
        tuple(player.guessed), batch,
    )  # fmt: skip


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
                size = measure(event.details[field])
                sizes[name] = max(sizes.get(name, 0), size)
    retried = sum(count for count in scheduled.values() if count > 0)
    return dict(events), sizes, 1 + entered + retried


def measure(value: Any) -> int:
    """Measure a payload as AWS does: bytes of compact JSON."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return len(text.encode("utf-8", "replace"))
