"""What an execution still has in its hands, and whether it can be driven on.

What AWS redrives goes on from the state that failed, with what that state was given. An Express
execution keeps nothing between its states: it is begun again from its input, and only where it is
the child of a Map Run. Source: https://docs.aws.amazon.com/step-functions/latest/dg/redrive-map-run.html.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from carnation.engine import Execution
from carnation.engine.distributed import DistributedMap
from carnation.engine.failures import StateError

STANDARD, EXPRESS = "STANDARD", "EXPRESS"


def can_redrive(execution: Execution) -> bool:
    """Return whether redriving would do anything but fail again in a Fail state."""
    if execution.is_express or execution.status in ("RUNNING", "SUCCEEDED"):
        return False
    return execution.status != "FAILED" or _can_go_on(execution.root)


def _can_go_on(fiber: Any) -> bool:
    """Return whether a fiber that failed gets any further when it is redriven."""
    if fiber.parent is not None and find_child_type(fiber) == EXPRESS:
        return True
    if fiber.state.type == "Fail":
        return False
    failed = [child for child in fiber.children if not _has_succeeded(child)]
    return not failed or bool(_find_rest(fiber)) or any(map(_can_go_on, failed))


def find_child(fiber: Any) -> Any:
    """Find the child execution that a fiber runs in; None where it is the execution itself."""
    while fiber is not None and fiber.parent is not None:
        if fiber.history is not fiber.parent.history:
            return fiber
        fiber = fiber.parent
    return None


def find_child_type(fiber: Any) -> str:
    """Return what type of child execution a fiber is the beginning of; empty if of none."""
    state = fiber.parent.state
    return state.child_type if isinstance(state, DistributedMap) else ""


def find_held(execution: Execution) -> list[Any]:
    """Find the values that an execution holds: running, or ended and to be redriven.

    Of a Map, the items whose iteration has not succeeded; else the inputs of states not left, and
    the variables that these states see. Of an Express execution, its input alone.
    """
    if execution.is_express:
        return [execution.input] if execution.status == "RUNNING" else []
    if execution.status != "RUNNING" and not can_redrive(execution):
        return []
    return list(_walk(execution.root))


def _walk(fiber: Any) -> Iterator[Any]:
    if fiber.parent is not None and find_child_type(fiber) == EXPRESS:
        yield fiber.context["Execution"]["Input"]
        return
    # a state that was left has no part in it any more, nor have the children that it gave up
    entered = bool(fiber.entered_id)
    unfinished = [child for child in fiber.children if entered and not _is_over(child)]
    rest = _find_rest(fiber) if entered else []
    if not rest and not (entered and any(not _has_succeeded(one) for one in fiber.children)):
        yield fiber.input
        yield fiber.variables
    for child in unfinished:
        yield from _walk(child)
    yield from rest


def _has_succeeded(fiber: Any) -> bool:
    return bool(fiber.is_done and fiber.failure is None)


def _is_over(fiber: Any) -> bool:
    """Return whether nothing will come of a fiber any more, even if its execution is redriven."""
    return bool(fiber.is_done and (fiber.failure is None or not _can_go_on(fiber)))


def _find_rest(fiber: Any) -> list[Any]:
    """Find what a Map has started no iteration and no child for."""
    state = fiber.state
    if state.type != "Map":
        return []
    try:
        if not isinstance(state, DistributedMap):
            items = state.find_items(fiber, state.data_flow.select_input(fiber))
        else:
            items = _find_inputs(fiber, state)
    except StateError:  # it failed over its input, which is what it still holds
        return [fiber.input]
    return list(items[len(fiber.children) :])


def _find_inputs(fiber: Any, state: DistributedMap) -> list[Any]:
    """Find the inputs of a Map Run's children, or where they come from if they were not read."""
    map_run = state.find_map_run(fiber)
    if map_run is not None and map_run.inputs is not None:
        return [given for given, _ in map_run.inputs]
    value = state.data_flow.select_input(fiber)
    return [value] if state.reader is None else [state.reader.find_request(fiber, value)]
