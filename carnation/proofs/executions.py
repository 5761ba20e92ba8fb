"""What an execution still has in its hands, and whether it can be driven on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from carnation.engine import Execution


def can_redrive(execution: Execution) -> bool:
    """Tell whether redriving would do anything but fail again in a Fail state."""
    if execution.status in ("ABORTED", "TIMED_OUT"):
        return True
    return execution.status == "FAILED" and execution.root.state.type != "Fail"


def find_held(execution: Execution) -> list[Any]:
    """Find the values that an execution still holds: running, or redriven later.

    Of a Map, the items whose iteration has not succeeded; else the inputs of states not left, and
    the variables that these states see.
    """
    if execution.status != "RUNNING" and not can_redrive(execution):
        return []
    return list(_walk(execution.root))


def _walk(strand: Any) -> Iterator[Any]:
    if strand.is_done and strand.failure is None and strand.parent is not None:
        return
    open_children = [child for child in strand.children if not _has_succeeded(child)]
    rest = list(_find_rest(strand)) if strand.children else []
    if not open_children and not rest:
        yield strand.input
        yield strand.variables
        return
    for child in open_children:
        yield from _walk(child)
    yield from rest


def _has_succeeded(strand: Any) -> bool:
    return bool(strand.is_done and strand.failure is None)


def _find_rest(strand: Any) -> Iterator[Any]:
    """Find the items of a Map that no iteration was started for."""
    state = strand.state
    if state.type != "Map":
        return
    if getattr(state, "reader", None) is not None:
        yield strand.run.input  # they lie in S3, and only the run's input says which
        return
    items = state.find_items(strand, state.shape.take_input(strand))
    yield from items[len(strand.children) :]
