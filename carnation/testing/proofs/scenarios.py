"""Scenarios: the runs, the faults and their points, and the order in which two runs take turns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from carnation.records import NamedTuple

STOP, TIME_OUT = "stop", "time-out"
CRASH, LOSE, EXPIRE = "crash", "lose", "expire"
THROTTLE, HALF, DUPLICATE = "throttle", "half", "duplicate"
LOSE_CHILD = "lose-child"
DENY = "deny"

KINDS: Mapping[str, str] = {
    STOP: "the execution is aborted; a running handler continues to its end, its result discarded",
    TIME_OUT: "the execution's TimeoutSeconds are over",
    CRASH: "the handler's process dies",
    LOSE: "the call was made, and its answer was lost: the state sees an error that is retried",
    EXPIRE: "the call was made, and the state's TimeoutSeconds were over",
    THROTTLE: "the service rejects the call: too many requests",
    HALF: "a batch: the first half is done, the rest is reported as failed in a 200",
    DUPLICATE: "at least once: what was received is delivered again, what was sent arrives twice, "
    "a function is invoked twice, an Express execution runs a second time",
    LOSE_CHILD: "a child execution ends alone: aborted by hand, or an Express one after its five "
    "minutes; its parent sees that it failed",
}
"""The kinds of faults that pass, and what each means."""

LASTING_KINDS: Mapping[str, str] = {
    DENY: "the service rejects this state's call for good, in each execution, until somebody "
    "repairs it: when nothing is left in the queue, or each message was received often enough",
}
"""The kinds of faults that last: `prove` injects them where they are asked for by name."""

BEFORE, AFTER, STEP = "before", "after", "step"
TASK, HANDLER, FUNCTION, MAP = "task", "handler", "function", "map"

_BATCHES = ("SendMessageBatch", "DeleteMessageBatch", "BatchWriteItem")
_DELIVERIES = ("ReceiveMessage", "SendMessage", "SendMessageBatch", "StartExecution")


class FaultPoint(NamedTuple):
    """A moment at which something can go wrong.

    `phase` is before or after a call, or a step to the next state; `place` is who calls: the
    `task` of a state, the `handler` of a function, a state that invokes a `function`, a `map` that
    reads its items or writes its results. `child` is STANDARD or EXPRESS inside a child execution.
    """

    run: int
    state: str
    phase: str
    place: str
    action: str
    child: str = ""

    @property
    def kinds(self) -> Iterator[str]:
        """What can go wrong here."""
        yield STOP
        if self.child:
            yield LOSE_CHILD
        if self.runs_again:
            yield DUPLICATE
        if self.phase == STEP:
            return
        yield TIME_OUT
        if self.place == HANDLER:
            yield CRASH
        if self.phase == BEFORE:
            yield THROTTLE
            if self.action in _BATCHES:
                yield HALF
            return
        if self.place != HANDLER:
            yield LOSE
        if self.place in (TASK, FUNCTION):
            yield EXPIRE
        if self.place == FUNCTION or self.action in _DELIVERIES:
            yield DUPLICATE

    @property
    def lasting_kinds(self) -> Iterator[str]:
        """What can begin here, and last."""
        if self.phase == BEFORE:
            yield DENY

    @property
    def is_call(self) -> bool:
        """Whether a service is called next; an invocation is none, but its handler's calls are."""
        return self.phase == BEFORE and self.place != FUNCTION

    @property
    def runs_again(self) -> bool:
        """Whether a duplicate here is a second run of the Express execution it is in."""
        return self.child == "EXPRESS" and self.phase != AFTER


class Fault(NamedTuple):
    """Something that goes wrong at a point, counted from the scenario's beginning.

    What cannot happen at that point does not: no process of a handler dies where a state calls.
    With `times`, it happens again where the same call is tried again, so many times in all.
    """

    point: int
    kind: str
    times: int = 1


class Interleaving(NamedTuple):
    """At a point, the other run takes its turn until it has made so many calls.

    With `expire`, what the first has received is delivered to the other as well.
    """

    point: int
    calls: int
    expire: bool = False


@dataclass(frozen=True)
class Scenario:
    """What happens: the inputs of the runs, one after the other, and what goes wrong.

    With `switches`, the last two runs overlap. `fails` gives, for an item's key, how
    many of its attempts fail, in the handler or in the state that writes it. `redrive` is when an
    execution that can be redriven is: `first`, before anything else runs, `last`, or `never`: its
    14 days or its 25,000 events are used up, and what it alone held is lost. `queued` are
    the bodies of messages that are in the queue before the first run, `refused` the actions that
    are refused for good.
    """

    runs: tuple[Any, ...]
    faults: tuple[Fault, ...] = ()
    switches: tuple[Interleaving, ...] | None = None
    fails: Mapping[int, int] = field(default_factory=dict)
    redrive: str = "first"
    queued: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()

    def simplify(self) -> Iterator[Scenario]:
        """Return the scenarios that are one thing shorter."""
        if len(self.runs) > 1 and self.switches is None:
            yield from (
                replace(self, runs=self.runs[:at] + self.runs[at + 1 :])
                for at in range(len(self.runs))
            )
        if self.switches is not None:
            yield replace(self, switches=None)
        yield from (
            replace(self, faults=self.faults[:at] + self.faults[at + 1 :])
            for at in range(len(self.faults))
        )
        yield from (
            replace(self, queued=self.queued[:at] + self.queued[at + 1 :])
            for at in range(len(self.queued))
        )
        for number in self.fails:
            yield replace(
                self, fails={key: times for key, times in self.fails.items() if key != number}
            )
