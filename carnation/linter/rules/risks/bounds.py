"""Risks of size: inline Maps that outgrow a history or a payload, where the items are counted."""

from __future__ import annotations

from collections.abc import Iterator

from carnation.asl.graph import Problem, Scope, State
from carnation.lazy import json
from carnation.linter.findings import NOTE, WARNING, risk
from carnation.linter.machine import Machine
from carnation.linter.rules.errors import ALL, names_of
from carnation.linter.rules.maps import is_distributed
from carnation.linter.rules.risks.dataflow import find_most_items
from carnation.services.task_calls import find_integration

_MAX_EVENTS = 25_000
_MAX_BYTES = 256 * 1024  # bytes
_ENVELOPE = 500  # bytes; what an optimized integration adds (headers, request id), at least
_NEVER = 1 << 60


@risk("inline-map-beyond-history", WARNING)
def find_long_maps(machine: Machine) -> Iterator[Problem]:
    """An inline Map may be given more items than the history of one execution holds.

    Problem: an execution ends at 25,000 events. An iteration costs two and each state in it at
    least two more, five for a Task, and that without a single retry. Counted where the number of
    items is known: a literal list, or `maxItems` in what the workflow declares.
    Solution: make the Map distributed (each child execution has a history of its own), put items
    into batches, or declare fewer.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
    """
    for state in _list_inline(machine) if machine.type != "EXPRESS" else ():
        items = find_most_items(machine, state)
        events = items * _count_iteration(machine, state) if items else 0
        if events > _MAX_EVENTS:
            yield state.problem(
                f"{items:,} items cause at least {events:,} events; a history can hold "
                f"{_MAX_EVENTS:,}"
            )


@risk("inline-map-beyond-payload", WARNING)
def find_large_maps(machine: Machine) -> Iterator[Problem]:
    """The results of an inline Map may be larger than a payload.

    Problem: a Map gives a list of all results, and a state's output ends at 256 KiB: then the
    execution fails with `States.DataLimitExceeded`, which `States.ALL` does not catch. Counted
    where the number of items is known, with what each result has at least (the envelope of an
    integration alone has half a kilobyte).
    Solution: keep less of each result (`ResultSelector`, `"ResultPath": null`, `OutputPath`), or
    make the Map distributed with a `ResultWriter`.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
    """
    for state in _list_inline(machine):
        kept = state.body.get("ResultPath", "") is not None
        if not kept or "ResultSelector" in state.body or "Output" in state.body:
            continue
        items = find_most_items(machine, state)
        size = items * min(map(_measure_result, state.inner), default=0) if items else 0
        if size > _MAX_BYTES:
            yield state.problem(
                f"{items:,} results have at least {size:,} bytes; a payload has {_MAX_BYTES:,}"
            )


@risk("states-all-misses-data-limit", NOTE)
def find_half_caught(machine: Machine) -> Iterator[Problem]:
    """A Map or Parallel catches `States.ALL`, and a payload that is too large goes past it.

    Problem: `States.ALL` matches neither `States.DataLimitExceeded` nor `States.Runtime`. Where
    results are gathered, the first is the error to reckon with: the handler never sees it, and the
    execution fails.
    Solution: keep the results small, or write them to S3; what must happen after any failure
    belongs to an EventBridge rule on the status of the execution.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    """
    for state in (*machine.by_type["Map"], *machine.by_type["Parallel"]):
        thrown_away = state.body.get("ResultPath", "") is None or "ResultWriter" in state.body
        for catcher in () if thrown_away else state.catchers:
            if ALL in names_of(catcher):
                yield catcher.problem(f"'{ALL}' does not match 'States.DataLimitExceeded'")


def _list_inline(machine: Machine) -> Iterator[State]:
    return (state for state in machine.by_type["Map"] if not is_distributed(state))


def _count_iteration(machine: Machine, state: State) -> int:
    fewest = min((_count_scope(machine, scope) for scope in state.inner), default=_NEVER)
    return 2 + fewest if fewest < _NEVER else 0


def _count_scope(machine: Machine, scope: Scope) -> int:
    """Count the events of the shortest way through a scope (Dijkstra)."""
    from heapq import heappop, heappush  # only a loop over many items needs them

    waiting = [(0, scope.reached[0].name)] if scope.reached else []
    seen: set[str] = set()
    while waiting:
        events, name = heappop(waiting)
        if name in seen:
            continue
        seen.add(name)
        state = scope.states[name]
        events += _count_state(machine, state)
        if state.is_terminal():
            return events
        for target in (move.target for move in state.transitions):
            if target in scope.states:
                heappush(waiting, (events, target))
    return _NEVER


def _count_state(machine: Machine, state: State) -> int:
    """Count the events of a state that goes well: entered, exited, and what its work adds."""
    if state.place == "Task":
        return 5
    if state.place == "Parallel":
        branches = [_count_scope(machine, scope) for scope in state.inner]
        return 4 + sum(branch for branch in branches if branch < _NEVER)
    return {"Fail": 1, "Map": 4}.get(state.place, 2)


def _measure_result(scope: Scope) -> int:
    """Measure what an iteration gives at least, in bytes, by the states at which it may end."""
    ends = [state for state in scope.reached if state.is_terminal() and state.place != "Fail"]
    return min(map(_measure_end, ends), default=0)


def _measure_end(state: State) -> int:
    body = state.body
    narrowed = ("OutputPath", "ResultSelector", "Output", "ResultPath")
    if any(name in body and body[name] != "$" for name in narrowed):
        return 0
    if state.place == "Pass" and "Result" in body:
        return len(json.dumps(body["Result"], separators=(",", ":"))) + 1
    resource = find_integration(state.body)
    # a callback gives what it is called back with, an API of the SDK brings no metadata
    known = resource is not None and not resource.is_sdk and not resource.pattern
    return _ENVELOPE if state.place == "Task" and known else 0
