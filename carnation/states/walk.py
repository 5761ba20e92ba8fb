"""A graph of states looked through: where states move, and where they are from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from carnation.errors import DefinitionError
from carnation.states.groups import Subgraph
from carnation.states.raw import Raw
from carnation.states.sdk import sdk

_TERMINAL = ("Succeed", "Fail")


def find_source(start: Any, name: str) -> str:
    """Say on which line of Python the state of this name was made; '' if none says so.

    >>> from carnation.states import Succeed
    >>> find_source(Succeed("Done"), "Done").rpartition(":")[2].isdigit()
    True
    """
    for state in _walk_graph(start):
        if state.state_id == name:
            return str(getattr(state, "source", None) or "")
    return ""


def find_unchecked(start: Any) -> set[str]:
    """Find the states that are raw ASL, whole or in part: what nobody knows is meant there.

    >>> from carnation.states import Chain, Pass
    >>> find_unchecked(Chain([Pass("Note", extra={"Mood": "calm"}), Pass("Plain")]))
    {'Note'}
    """
    return {
        state.state_id
        for state in _walk_graph(start)
        if isinstance(state, Raw) or any(map(_has_extra, (state, *_parts_of(state))))
    }


def _has_extra(block: Any) -> bool:
    return bool(getattr(block, "__dict__", {}).get("extra"))


def _parts_of(state: Any) -> Iterator[Any]:
    """Yield what a state is made of: retriers, catchers, rules, parts, the graphs inside."""
    for name in ("retries", "catches", "branches"):
        yield from state.__dict__.get(name, ())
    yield from state.fields.values()
    yield state.__dict__.get("iterator")
    rules = [rule for rule, _ in state.__dict__.get("choices", ())]
    for rule in rules:  # grows while rules hold others
        held = vars(rule)
        rules.extend(held.get("rules", [held["rule"]] if "rule" in held else []))
        yield rule


def _walk_graph(start: Any) -> Iterator[Any]:
    """Yield every state once, those inside Maps and Parallels too."""
    waiting, met = [start.branch if isinstance(start, sdk.Graph) else start], set[int]()
    while waiting:
        state = first_of(waiting.pop())
        if id(state) not in met:
            yield state
            met.add(id(state))
            waiting.extend(target for target in targets_of(state) if not isinstance(target, str))
            waiting.extend(_graphs_of(state))


def _graphs_of(state: Any) -> Iterator[Any]:
    processor = state.__dict__.get("iterator")
    for graph in (*state.__dict__.get("branches", ()), processor):
        if graph is not None:
            yield graph.states if isinstance(graph, Subgraph) else graph


def targets_of(state: Any) -> Iterator[Any]:
    """Yield where a state moves: states, chains and names, its own way first."""
    if isinstance(state, Raw):
        yield from state.list_targets()
        return
    if state.type == "Choice":
        yield from (target for _, target in state.choices)
        if state.default is not None:
            yield state.default
    elif state.type not in _TERMINAL and state.next_step is not None:
        yield state.next_step
    yield from (catcher.next_step for catcher in getattr(state, "catches", ()))


def first_of(target: Any) -> Any:
    """Return the state that a target begins with; raise `DefinitionError` for what is none."""
    first = target
    while isinstance(first, sdk.Chain):
        if not first.steps:
            raise DefinitionError("a chain has no states; add at least one.")
        first = first.steps[0]
    if isinstance(first, sdk.State):
        return first
    raise DefinitionError(
        f"{target!r} is used as a state. Expected a state, a chain, or the name of a state."
    )
