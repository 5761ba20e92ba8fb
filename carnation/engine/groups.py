"""Strands inside a state: the branches of a Parallel, the iterations and children of a Map.

The parent starts as many as may run at once, waits, and takes each as it finishes. When one fails
beyond what is tolerated, the others are aborted where they stand.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from carnation.engine.failures import StateError
from carnation.engine.strands import WAIT, Steps, Strand


def run_group(
    strand: Strand,
    count: int,
    at_once: int,
    start: Callable[[int], Strand],
    take: Callable[[Strand], bool],
    revive: Callable[[Strand], None] | None = None,
) -> Steps:
    """Run `count` strands; `take` is given each that has finished, and says whether to go on.

    Ends with the strands that were still running when `take` said no, aborted. On a redrive,
    `revive` brings a strand back that ended badly: to where it stood, unless it says otherwise.
    """
    revive = strand.run.revive if revive is None else revive
    running: dict[int, Strand] = {}
    following, clock = 0, strand.run.clock
    kept = strand.children if strand.redriven else []
    strand.children, strand.mail = [], deque()
    while following < count or running:
        while following < count and len(running) < at_once:
            child = _start_or_keep(start, revive, kept, following)
            strand.children.append(child)
            following += 1
            if child.is_done:
                strand.mail.append(child)
            else:
                running[child.seat] = child
                clock.ready.append(child)
        if not strand.mail:
            yield WAIT
        while strand.mail:
            child = strand.mail.popleft()
            running.pop(child.seat, None)
            if not take(child):
                return list(running.values())
    return []


def _start_or_keep(
    start: Callable[[int], Strand],
    revive: Callable[[Strand], None],
    kept: list[Strand],
    index: int,
) -> Strand:
    """On a redrive, what is finished stays finished, and what failed goes on where it stood."""
    if index < len(kept):
        child = kept[index]
        child.seat = index
        if child.is_done and child.failure is None:
            child.is_kept = True
            return child
        revive(child)
        return child
    child = start(index)
    child.seat = index
    return child


def abort(strands: list[Strand], iteration: str = "") -> None:
    """End strands where they stand, the innermost first; they are told nothing any more."""
    waiting = list(strands)
    order: list[Strand] = []
    while waiting:
        strand = waiting.pop()
        if not strand.is_done:
            order.append(strand)
            waiting.extend(child for child in strand.children if not child.is_done)
    for strand in reversed(order):
        strand.is_done, strand.failure = True, StateError(None)
        strand.ticket += 1
        strand.run.pending.pop(strand.token, None)
        if strand.steps is not None:
            strand.steps.close()
        if strand.entered_id:
            strand.note(f"{strand.state.type}StateAborted", {})
        if iteration and strand in strands:
            strand.note(iteration, {"name": strand.key, "index": strand.index})
