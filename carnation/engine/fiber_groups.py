"""Fibers inside a state: the branches of a Parallel, the iterations and children of a Map.

The parent starts as many as may run at once, waits, and takes each as it finishes. When one fails
beyond what is tolerated, the others are aborted where they stand.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from carnation.engine.failures import StateError
from carnation.engine.fibers import WAIT, Fiber, Steps


def run_group(
    fiber: Fiber,
    count: int,
    concurrency: int,
    start: Callable[[int], Fiber],
    take: Callable[[Fiber], bool],
    revive: Callable[[Fiber], None] | None = None,
) -> Steps:
    """Run `count` fibers; `take` is given each that has finished, and says whether to go on.

    Ends with the fibers that were still running when `take` said no, aborted. On a redrive,
    `revive` brings a fiber back that ended badly: to where it stood, unless it says otherwise.
    """
    revive = fiber.run.revive if revive is None else revive
    running: dict[int, Fiber] = {}
    following, clock = 0, fiber.run.clock
    kept = fiber.children if fiber.redriven else ()
    children: list[Fiber] = []
    fiber.children, fiber.mail = children, deque()
    while following < count or running:
        while following < count and len(running) < concurrency:
            child = _start_or_keep(start, revive, kept, following)
            children.append(child)
            following += 1
            if child.is_done:
                fiber.mail.append(child)
            else:
                running[child.seat] = child
                clock.ready.append(child)
        if not fiber.mail:
            yield WAIT
        while fiber.mail:
            child = fiber.mail.popleft()
            running.pop(child.seat, None)
            if not take(child):
                return list(running.values())
    return []


def _start_or_keep(
    start: Callable[[int], Fiber],
    revive: Callable[[Fiber], None],
    kept: Sequence[Fiber],
    index: int,
) -> Fiber:
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


def abort(fibers: Sequence[Fiber], iteration: str = "") -> None:
    """End fibers where they stand, the innermost first; they are told nothing any more."""
    waiting = list(fibers)
    order: list[Fiber] = []
    while waiting:
        fiber = waiting.pop()
        if not fiber.is_done:
            order.append(fiber)
            waiting.extend(child for child in fiber.children if not child.is_done)
    for fiber in reversed(order):
        fiber.is_done, fiber.failure = True, StateError(None)
        fiber.ticket += 1
        fiber.run.pending.pop(fiber.token, None)
        if fiber.steps is not None:
            fiber.steps.close()
        if fiber.entered_id:
            fiber.note(f"{fiber.state.type}StateAborted", {})
        if iteration and fiber in fibers:
            fiber.note(iteration, {"name": fiber.key, "index": fiber.index})
