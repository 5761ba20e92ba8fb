"""Proving: every story of a kind is played, and the first that breaks the invariant is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice, product
from types import MappingProxyType
from typing import Any, NamedTuple

from carnation.errors import BrokenPromiseError, ProofError
from carnation.testing.proofs.environment import Environment
from carnation.testing.proofs.scenarios import (
    KINDS,
    STOP,
    Fault,
    FaultPoint,
    Interleaving,
    Scenario,
)
from carnation.testing.proofs.scheduler import ScenarioScheduler

Invariant = Callable[[Environment], "Iterable[str] | str | None"]


class Proof(NamedTuple):
    """What was played: how many stories, and how many points the one without faults has.

    `kinds` says how many of the stories have a fault of each kind.
    """

    stories: int
    points: int
    kinds: Mapping[str, int] = MappingProxyType({})


class _Broken(BaseException):
    """The invariant complained, or could not be asked."""

    def __init__(self, error: ProofError) -> None:
        super().__init__(error)
        self.error = error


def prove(
    world: Environment,
    invariant: Invariant,
    runs: Sequence[Any],
    *,
    fails: Mapping[int, int] | None = None,
    then: Any = None,
    kinds: Iterable[str] = tuple(KINDS),
    redrives: Iterable[str] = ("first", "last"),
    overlap: bool = False,
    times: int = 1,
    queued: Sequence[str] = (),
    refused: Sequence[str] = (),
    every: int = 1,
) -> Proof:
    """Play the runs once as they are, then once for everything that can go wrong at every point.

    `runs` are the inputs of the executions, `fails` says how many attempts of an event fail
    (by key), `then` is the input of the runs that work through the queue at the end. Of
    the kinds of faults (`KINDS`), those named are injected, one in each story. With `overlap`, the
    first two runs overlap instead, in every order with at most two turns taken between calls. A
    fault happens `times` times in a row at its call, where that is tried again. `queued` are bodies
    of messages that lie in the queue before the first run; the actions `refused` (`DeleteMessage`)
    are refused each time. Of all these stories one in `every` is played: 1 plays all, 5 a
    fifth of each kind of fault, for proofs that are too long for each run of the tests.

    The invariant is asked at every point and at the end; it gives sentences that complain, or
    nothing. Raises `BrokenPromiseError` with the shortest story found in which it complains, and
    `ProofError` where it cannot be asked.
    """
    unknown = set(kinds) - set(KINDS)
    if unknown:
        raise ProofError(
            f"there is no fault '{sorted(unknown)[0]}'. The kinds are: {', '.join(KINDS)}."
        )
    if times < 1:
        raise ProofError("a fault happens once or more at its call; give times=1 or more.")
    if every < 1:
        raise ProofError("every=1 plays each story, every=2 each second one; give 1 or more.")
    plain = Scenario(
        tuple(runs), fails=dict(fails or {}), queued=tuple(queued), refused=tuple(refused)
    )
    if overlap:
        return _prove_overlap(world, invariant, plain, then, every)
    points = play(world, plain, invariant, then)
    played: Counter[str] = Counter()
    stories = _vary(plain, points, tuple(kinds), tuple(redrives), times)
    for story in _thin(stories, every):
        play(world, story, invariant, then)
        played[story.faults[0].kind] += 1
    return Proof(1 + sum(played.values()), len(points), dict(played))


def _vary(
    plain: Scenario,
    points: Sequence[FaultPoint],
    kinds: Sequence[str],
    redrives: Sequence[str],
    times: int,
) -> Iterator[Scenario]:
    for number, point in enumerate(points):
        for kind in point.kinds:
            if kind not in kinds:
                continue
            for redrive in redrives if kind == STOP else redrives[:1]:
                yield replace(plain, faults=(Fault(number, kind, times),), redrive=redrive)


def _thin(stories: Iterable[Scenario], every: int) -> Iterator[Scenario]:
    """Keep so many of the stories of each kind of fault, the first of each among them."""
    seen: Counter[tuple[str, str]] = Counter()
    for story in stories:
        kind = story.faults[0].kind, story.redrive
        if seen[kind] % every == 0:
            yield story
        seen[kind] += 1


def _prove_overlap(
    world: Environment, invariant: Invariant, plain: Scenario, then: Any, every: int
) -> Proof:
    """Let the last run take its turn before each call of the other, for each number of calls.

    Between two calls a run touches nothing that the other sees, so one turn there stands for all.
    """
    if len(plain.runs) < 2:
        raise ProofError("two runs overlap; give two inputs or more.")
    points = play(world, replace(plain, switches=()), invariant, then)
    first = len(plain.runs) - 1
    calls = [at for at, point in enumerate(points) if point.run == first and point.is_call]
    calls.append(max(at for at, point in enumerate(points) if point.run == first))
    most = 1 + sum(point.run == first + 1 and point.is_call for point in points)
    count = 1
    turns = product(calls, range(1, most + 1), (False, True))
    for at, turn, expire in islice(turns, 0, None, every):
        story = replace(plain, switches=(Interleaving(at, turn, expire),))
        play(world, story, invariant, then)
        count += 1
    return Proof(count, len(points))


def play(
    world: Environment, story: Scenario, invariant: Invariant, then: Any = None
) -> list[FaultPoint]:
    """Play one story; gives its points. Raises as `prove` does."""
    try:
        return ScenarioScheduler(world, story, lambda seen: _ask(invariant, seen), then).run()
    except _Broken as broken:
        error, log = broken.error, list(world.log)
    if not isinstance(error, BrokenPromiseError):
        raise error
    for simpler in story.simplify():
        try:
            play(world, simpler, invariant, then)
        except BrokenPromiseError as found:
            raise found from None
    raise BrokenPromiseError(_format_failure(str(error), log))


def _ask(invariant: Invariant, world: Environment) -> None:
    name = getattr(invariant, "__name__", "the invariant")
    try:
        found = invariant(world)
        complaints = [found] if isinstance(found, str) else list(found or ())
    except Exception as error:
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        line = f", line {trace.tb_lineno} of {trace.tb_frame.f_code.co_filename}" if trace else ""
        problem = ProofError(
            f"the invariant '{name}' raised {type(error).__name__}: {error}{line}. "
            "An invariant gives the sentences of what is wrong, or nothing."
        )
        raise _Broken(problem) from error
    if complaints:
        raise _Broken(BrokenPromiseError("; ".join(map(str, complaints))))


def _format_failure(complaint: str, log: Sequence[str]) -> str:
    return "\n".join([f"{complaint}.", "What happened:", *(f"  {line}" for line in log)])
