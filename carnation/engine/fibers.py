"""Fibers of control, the states they run, and the scheduler that runs them one step at a time.

A fiber is the execution itself, a branch of a Parallel, an iteration of a Map or a child
execution: a generator that yields between two states and wherever it waits. There are no threads.
Time is virtual: when no fiber can go on, the clock moves to the next moment at which one can.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Protocol

from carnation.document.values import Json
from carnation.engine.child_executions import Child, MapRun
from carnation.engine.failures import StateError
from carnation.engine.history import Event, History
from carnation.engine.ports import Beat, Outcome, Task
from carnation.errors import DefinitionError, suggest_name

# what a fiber's generator yields: False to go on when its turn comes, True when it waits
Steps = Generator[bool, None, Json]  # and returns what the state is after
WAIT, CONTINUE = True, False
_NO_MAIL: deque[Fiber] = deque(maxlen=0)


class State:
    """One state: `run` performs it on a fiber and returns the state that comes next.

    `run` gives the next state's name, or None at the end of a flow, where nothing has to be waited
    for; a state that `waits` gives a generator that ends with it.
    """

    waits = False

    def __init__(self, name: str, body: Mapping[str, Json], language: str) -> None:
        """Read what all states have."""
        self.name, self.body, self.language = name, body, language
        self.type: str = body["Type"]
        self.next: str | None = body.get("Next")
        self.entered, self.exited = f"{self.type}StateEntered", f"{self.type}StateExited"
        self.inner: list[Flow] = []

    def run(self, fiber: Fiber) -> Json:
        """Perform the state."""
        raise NotImplementedError

    def targets(self) -> Iterator[tuple[str, Json]]:
        """Yield every transition: the field and the name it gives."""
        if "Next" in self.body:
            yield "Next", self.body["Next"]
        for at, catcher in enumerate(self.body.get("Catch") or ()):
            yield f"Catch[{at}].Next", catcher.get("Next")


class Flow:
    """What has a StartAt."""

    def __init__(self, where: str) -> None:
        """Begin empty; `compile_definition` fills it."""
        self.where = where
        self.states: dict[str, State] = {}
        self.start: State

    def check(self, start: Json) -> None:
        """Reject transitions to nowhere."""
        self.start = self.states[self._known("StartAt", start, self.where)]
        for state in self.states.values():
            for field, target in state.targets():
                self._known(field, target, f"state '{state.name}'")

    def _known(self, field: str, target: Json, where: str) -> str:
        if not isinstance(target, str) or target not in self.states:
            hint = suggest_name(str(target), self.states) or " Name a state next to it."
            raise DefinitionError(f"{where}: {field} is {target!r}, which does not exist.{hint}")
        return target


class Run(Protocol):
    """What states ask of the execution they run in."""

    machine_arn: str
    region: str
    clock: Clock
    context: dict[str, Json]
    given_context: dict[str, Json] | None
    chance: random.Random
    tokens: random.Random
    waited: float
    redrives: int
    pending: dict[str, Fiber]
    map_runs: list[MapRun]
    keeps_children: bool
    observe_child: Callable[[Child, Event], None] | None
    refuse: Callable[[Task], str | None]

    def read_clock(self) -> float:
        """Return the current time of the execution, in seconds since 1970."""

    def perform(self, fiber: Fiber, task: Task) -> Outcome:
        """Have the port perform a task."""

    def spawn(
        self, parent: Fiber, flow: Flow, value: Json, index: int, history: History | None = None
    ) -> Fiber:
        """Create a fiber inside a state of another one."""

    def revive(self, fiber: Fiber) -> None:
        """Put a fiber that failed back to the state it ended in."""


class Fiber:
    """One fiber: where it stands, what it holds, and what it waits for."""

    __slots__ = (
        *("attempt", "before", "children", "context", "entered_at", "entered_id", "failure"),
        *("flow", "history", "inbox", "index", "input", "is_done", "is_kept", "item", "key"),
        *("mail", "output", "parent", "previous", "redriven", "run", "seat", "state", "steps"),
        *("ticket", "token", "trace", "variables"),
    )

    def __init__(self, run: Run, flow: Flow, value: Json, history: History) -> None:
        """Stand before the first state of a flow."""
        self.run, self.flow, self.history = run, flow, history
        self.state: State = flow.start
        self.input, self.output = value, None
        self.parent: Fiber | None = None
        self.children: Sequence[Fiber] = ()
        self.mail = _NO_MAIL  # made by the states that have fibers inside
        self.variables: dict[str, Json] = {}
        self.item: dict[str, Json] | None = None
        self.context: dict[str, Json] = run.context
        self.failure: StateError | None = None
        self.steps: Steps | None = None
        self.inbox: Outcome | Beat | None = None
        self.is_done = self.is_kept = self.redriven = False
        self.index = self.before = self.previous = self.entered_id = self.attempt = self.ticket = (
            self.seat
        ) = 0
        self.entered_at = 0.0
        self.token = self.key = ""
        self.trace: dict[str, Json] | None = None

    def add(self, type_: str, details: dict[str, Json]) -> int:
        """Write an event behind the fiber's last one."""
        self.previous = self.history.add(type_, self.previous, details, self.run.clock.now)
        return self.previous

    def note(self, type_: str, details: dict[str, Json]) -> int:
        """Write an event that no later one points at."""
        return self.history.add(type_, self.previous, details, self.run.clock.now)


class Clock:
    """Runs fibers in an order chosen by a seed, and lets virtual time pass.

    With a `pause`, time passes for real: it is called with the seconds to wait.
    """

    def __init__(
        self, now: float, seed: int | None, pause: Callable[[float], None] | None = None
    ) -> None:
        """Start at a moment, in seconds since 1970."""
        self.now, self.pause = now, pause
        self.ready: deque[Fiber] = deque()
        self._order = None if seed is None else random.Random(seed)  # noqa: S311
        self._timers: list[tuple[float, int, int, bool, Fiber]] = []
        self._count = 0

    def release(self) -> None:
        """Free all but the time it is."""
        del self.ready, self._timers
        self.pause = None

    def wake(self, fiber: Fiber, message: Outcome | Beat | None = None) -> None:
        """Let a waiting fiber go on, with a message."""
        fiber.ticket += 1  # whatever else it waited for is stale
        fiber.inbox = message
        self.ready.append(fiber)

    def sleep(self, fiber: Fiber, seconds: float, *, deadline: bool = False) -> None:
        """Wake a fiber after a time; a deadline is a time at which something is given up."""
        self._count += 1
        due = self.now + seconds
        heapq.heappush(self._timers, (due, self._count, fiber.ticket, deadline, fiber))

    @property
    def next_deadline(self) -> float | None:
        """The moment at which the first waiting fiber gives up, if any does."""
        moments = [
            due
            for due, _, ticket, deadline, fiber in self._timers
            if deadline and ticket == fiber.ticket and not fiber.is_done
        ]
        return min(moments, default=None)

    def pop(self) -> Fiber | None:
        """Take the next fiber that can go on; None if there is none."""
        if not self.ready:
            return None
        if self._order is not None and len(self.ready) > 1:
            self.ready.rotate(-self._order.randrange(len(self.ready)))
        return self.ready.popleft()

    def advance(self, *, give_up: bool) -> bool:
        """Move to the next timer and wake who waits for it; False if there is none.

        A deadline is passed only with `give_up`: as long as somebody may answer, it is early.
        """
        held: list[tuple[float, int, int, bool, Fiber]] = []
        moved = False
        while self._timers and not moved:
            entry = heapq.heappop(self._timers)
            due, _, ticket, deadline, fiber = entry
            if ticket != fiber.ticket or fiber.is_done:
                continue
            if deadline and not give_up:
                held.append(entry)
                continue
            if self.pause is not None and due > self.now:
                self.pause(due - self.now)
            self.now = max(self.now, due)
            self.wake(fiber)
            moved = True
        for entry in held:
            heapq.heappush(self._timers, entry)
        return moved
