"""Proving: run every scenario of a kind, and report the first that breaks the invariant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice, product
from types import MappingProxyType
from typing import Any

from carnation.errors import BrokenPromiseError, ProofError
from carnation.records import NamedTuple
from carnation.testing.proofs.environment import Environment
from carnation.testing.proofs.scenarios import (
    KINDS,
    LASTING_KINDS,
    STOP,
    Fault,
    FaultPoint,
    Interleaving,
    Scenario,
)
from carnation.testing.proofs.scheduler import ScenarioScheduler

Invariant = Callable[[Environment], "Iterable[str] | str | None"]


class Proof(NamedTuple):
    """The number of scenarios that ran, and of points in the one without faults.

    `kinds` says how many of the scenarios have a fault of each kind.
    """

    scenarios: int
    points: int
    kinds: Mapping[str, int] = MappingProxyType({})


class _Broken(BaseException):
    """The invariant complained, or could not be asked."""

    def __init__(self, error: ProofError) -> None:
        super().__init__(error)
        self.error = error


def prove(
    environment: Environment,
    invariant: Invariant,
    runs: Sequence[Any],
    *,
    fails: Mapping[int, int] | None = None,
    then: Any = None,
    kinds: Iterable[str] = tuple(KINDS),
    redrives: Iterable[str] = ("first", "last"),
    overlap: bool = False,
    times: int = 1,
    together: int = 1,
    queued: Sequence[str] = (),
    refused: Sequence[str] = (),
    every: int = 1,
) -> Proof:
    """Play the runs once as they are, then once for everything that can go wrong at every point.

    `runs` are the inputs of the executions, `fails` says how many attempts of an event fail
    (by key), `then` is the input of the runs that work through the queue at the end. Of
    the kinds of faults (`KINDS` and `LASTING_KINDS`), those named are injected, one in each
    scenario, or `together` at different points of one, in every combination. With `overlap`,
    the first two runs overlap instead, in every order with at most two turns taken between calls.
    A fault happens `times` times in a row at its call, where that is tried again. `redrives` says
    when a stopped execution is redriven: `first`, `last`, or `never`. `queued` are
    bodies of messages that are in the queue before the first run; the actions `refused`
    (`DeleteMessage`) are refused each time. Of all these scenarios one in `every` runs: 1 runs all,
    5 a fifth of each kind of fault, for proofs that are too long for each run of the tests.

    The invariant is checked at every point and at the end; it returns sentences that say what is
    wrong, or nothing. Raises `BrokenPromiseError` with the shortest scenario found in which it does
    not hold, and `ProofError` where it cannot be checked.
    """
    known = (*KINDS, *LASTING_KINDS)
    unknown = set(kinds) - set(known)
    if unknown:
        raise ProofError(f"unknown fault '{sorted(unknown)[0]}'. Kinds: {', '.join(known)}.")
    if times < 1 or together < 1:
        raise ProofError("a fault happens once or more; give times and together of 1 or more.")
    if every < 1:
        raise ProofError("every=1 runs each scenario, every=2 each second one; give 1 or more.")
    plain = Scenario(
        tuple(runs), fails=dict(fails or {}), queued=tuple(queued), refused=tuple(refused)
    )
    if overlap:
        return _prove_overlap(environment, invariant, plain, then, every)
    points = play(environment, plain, invariant, then)
    played: Counter[str] = Counter()

    def with_faults(count: int) -> Iterator[Scenario]:
        """Yield those with so many faults. Those with one less run again for their points.

        If these were kept, the points of all scenarios would fill the memory.
        """
        if count == 0:
            yield plain
            return
        for before in with_faults(count - 1):
            met = points if before is plain else play(environment, before, invariant, then)
            yield from _thin(_vary(before, met, tuple(kinds), tuple(redrives), times), every)

    for count in range(1, together + 1):  # the shortest counterexample comes first
        for scenario in with_faults(count):
            play(environment, scenario, invariant, then)
            played[scenario.faults[-1].kind] += 1
    return Proof(1 + sum(played.values()), len(points), dict(played))


def _vary(
    plain: Scenario,
    points: Sequence[FaultPoint],
    kinds: Sequence[str],
    redrives: Sequence[str],
    times: int,
) -> Iterator[Scenario]:
    """Yield the scenario with one fault more, at each point after those that it has."""
    first = max((fault.point for fault in plain.faults), default=-1) + 1
    for number, point in enumerate(points[first:], first):
        for kind in (*point.kinds, *point.lasting_kinds):
            if kind not in kinds:
                continue
            for redrive in redrives if kind == STOP else redrives[:1]:
                faults = (*plain.faults, Fault(number, kind, times))
                yield replace(plain, faults=faults, redrive=redrive)


def _thin(scenarios: Iterable[Scenario], every: int) -> Iterator[Scenario]:
    """Keep so many of the scenarios of each kind of fault, the first of each among them."""
    seen: Counter[tuple[str, str]] = Counter()
    for scenario in scenarios:
        kind = scenario.faults[-1].kind, scenario.redrive
        if seen[kind] % every == 0:
            yield scenario
        seen[kind] += 1


def _prove_overlap(
    environment: Environment, invariant: Invariant, plain: Scenario, then: Any, every: int
) -> Proof:
    """Let the last run take its turn before each call of the other, for each number of calls.

    Between two calls a run touches nothing that the other sees, so one turn there represents all.
    """
    if len(plain.runs) < 2:
        raise ProofError("two executions overlap; pass at least two inputs.")
    points = play(environment, replace(plain, switches=()), invariant, then)
    first = len(plain.runs) - 1
    calls = [at for at, point in enumerate(points) if point.run == first and point.is_call]
    calls.append(max(at for at, point in enumerate(points) if point.run == first))
    most = 1 + sum(point.run == first + 1 and point.is_call for point in points)
    count = 1
    turns = product(calls, range(1, most + 1), (False, True))
    for at, turn, expire in islice(turns, 0, None, every):
        scenario = replace(plain, switches=(Interleaving(at, turn, expire),))
        play(environment, scenario, invariant, then)
        count += 1
    return Proof(count, len(points))


def play(
    environment: Environment, scenario: Scenario, invariant: Invariant, then: Any = None
) -> list[FaultPoint]:
    """Run one scenario and return its points. Raises as `prove` does."""
    try:
        return ScenarioScheduler(
            environment, scenario, lambda seen: _ask(invariant, seen), then
        ).run()
    except _Broken as broken:
        error, log = broken.error, list(environment.log)
    if not isinstance(error, BrokenPromiseError):
        raise error
    for simpler in scenario.simplify():
        try:
            play(environment, simpler, invariant, then)
        except BrokenPromiseError as found:
            raise found from None
    raise BrokenPromiseError(_format_failure(str(error), log))


def _ask(invariant: Invariant, environment: Environment) -> None:
    name = getattr(invariant, "__name__", "the invariant")
    try:
        with environment.check():
            found = invariant(environment)
            complaints = [found] if isinstance(found, str) else list(found or ())
    except Exception as error:
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        line = f", line {trace.tb_lineno} of {trace.tb_frame.f_code.co_filename}" if trace else ""
        problem = ProofError(
            f"the invariant '{name}' raised {type(error).__name__}: {error}{line}. "
            "An invariant returns the violations as strings, or nothing."
        )
        raise _Broken(problem) from error
    if complaints:
        raise _Broken(BrokenPromiseError("; ".join(map(str, complaints))))


def _format_failure(violation: str, log: Sequence[str]) -> str:
    return "\n".join([f"{violation}.", "What happened:", *(f"  {line}" for line in log)])
