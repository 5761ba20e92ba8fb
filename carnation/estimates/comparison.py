"""Two estimates side by side: what a change costs a month, and which limits move."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from carnation.asl import read_definition, walk_states
from carnation.asl.cycles import find_cycles
from carnation.document.values import Json
from carnation.errors import CarnationError
from carnation.estimates.estimate import Estimates, estimate
from carnation.estimates.formats import CENT, render_dollars
from carnation.estimates.metrics import Estimate, LimitExceeded, find_figures
from carnation.estimates.models import SampleEnd
from carnation.estimates.targets import Target
from carnation.records import NamedTuple

_DAYS = 30
_NEAR, _MIN_NEAR = 100, 100_000
"""Limits are told up to so many times the load, or up to so many items."""
_MAX_LIMITS = 2  # limits that are told


class Load(NamedTuple):
    """What comes in: executions a day, and the items of each; without the first, items a day."""

    items: int
    executions_a_day: int | None = None

    def __str__(self) -> str:
        if self.executions_a_day is None:
            return f"{self.items:,} items a day"
        items = "1 item" if self.items == 1 else f"{self.items:,} items"
        return f"{self.executions_a_day:,} executions a day of {items}"

    def measure(self, estimates: Estimates) -> tuple[int, int]:
        """Return the items of an execution and how often a day; without a Map, all executions."""
        if estimates.model.outers:
            return self.items, self.executions_a_day or 1
        return self.executions_a_day or self.items, 1

    def find_month(self, estimates: Estimates) -> float:
        """Return the dollars of a month of 30 days."""
        items, times = self.measure(estimates)
        return find_figures(estimates.model, items).total * times * _DAYS


def compare_estimates(old: Target | None, new: Target | None, load: Load) -> str:
    """Say in a line what a change costs, and which limits are reached at another size.

    What cannot be estimated is said, too; '' where neither side is there.
    """
    if old is None and new is None:
        return ""
    try:
        before, after = (side and estimate(side, [load.items]) for side in (old, new))
    except (CarnationError, RecursionError) as error:
        cause = " ".join(str(error).split()).rstrip(".")
        return f"not estimated at {load}: {cause}"
    unknown = _find_doubt((old, before), (new, after))
    if unknown:
        return f"unknown, because {unknown}"
    parts = [_format_cost(before, after, load)]
    ends = list(_format_ends(before, after))
    # where a sample ends early, what it meets as it grows is not what an execution meets
    parts += ends or [*_format_limits(before, after, load), *_format_failures(before, after, load)]
    basis = [*_format_types(old, new), _format_basis(before, after, load)]
    return f"{'; '.join(parts)} ({'; '.join(basis)})"


def _format_types(old: Target | None, new: Target | None) -> Iterator[str]:
    """Say so where each side is priced by another type."""
    if old is not None and new is not None and old.type != new.type:
        yield f"the old state machine is priced as {old.type}, the new one as {new.type}"


def _format_cost(old: Estimates | None, new: Estimates | None, load: Load) -> str:
    before, after = (_find_month(side, load) for side in (old, new))
    step = after - before
    coming = str(load)
    if load.executions_a_day is None and not any(side and side.model.outers for side in (old, new)):
        coming = f"{load.items:,} executions a day"
    if old is None or new is None or abs(step) < CENT / 2:
        same = f"{render_dollars(after if new else before)} a month at {coming}"
        return f"as before, {same}" if old and new else f"{'+' if new else '-'}{same}"
    sign = "+" if step > 0 else "-"
    return (
        f"{sign}{render_dollars(abs(step))} a month at {coming} "
        f"({render_dollars(after)} instead of {render_dollars(before)})"
    )


def _find_month(side: Estimates | None, load: Load) -> float:
    return load.find_month(side) if side is not None else 0.0


def _measure(side: Estimates, load: Load) -> Estimate:
    return find_figures(side.model, load.measure(side)[0])


def _format_limits(old: Estimates | None, new: Estimates | None, load: Load) -> Iterator[str]:
    """Yield the limits near the load that are met at another size, the first to be met first."""
    if old is None or new is None:
        return
    was, now = ({one.limit: one for one in side.limits if one.is_hard} for side in (old, new))
    unit = "items" if new.model.outers else "executions"
    near = max(_NEAR * load.items, _MIN_NEAR)
    first = {name: min(_place(was.get(name)), _place(now.get(name))) for name in {**now, **was}}
    moved = [name for name, place in first.items()
             if place <= near and _place(was.get(name)) != _place(now.get(name))]  # fmt: skip
    moved.sort(key=first.__getitem__)
    for name in moved[:_MAX_LIMITS]:
        yield f"{_limit_name(name)} {_format_move(was.get(name), now.get(name), unit)}"
    if moved[_MAX_LIMITS:]:
        yield f"{len(moved) - _MAX_LIMITS} more limits move"


def _format_move(was: LimitExceeded | None, now: LimitExceeded | None, unit: str) -> str:
    if now is None:
        return f"is no longer reached (before, {_format_place(was, unit)})"
    if was is None:
        return f"is reached {_format_place(now, unit)}, and was not before"
    before = _format_place(was, "").removeprefix("at ")
    return f"is reached {_format_place(now, unit)} instead of {before}"


Side = tuple[Target | None, Estimates | None]


def _find_doubt(old: Side, new: Side) -> str:
    """Describe why two figures cannot be held against each other; '' where they can."""
    if old[1] is None or new[1] is None or old[0] is None or new[0] is None:
        return ""
    ends = [_find_end(side[1]) for side in (old, new)]
    for word, end in zip(("old", "new"), ends, strict=True):
        if end is not None and not end.loop:
            told = end.note if ends[0] == ends[1] else f"in the {word} definition {end.note}"
            return f"{told}; pass results that reach the end to 'carnation estimate'"
    waits = [_list_waits(side[0]) for side in (old, new)]
    if any(ends) and (ends[0] != ends[1] or waits[0] != waits[1]):
        loop = next(end.loop for end in ends if end is not None)
        return _format_rounds(loop) + _compare_waits(*waits)
    polls = [name for name in _list_looping(new[0]) if waits[0].get(name) != waits[1].get(name)]
    if polls and polls[0] in waits[0]:
        return _format_rounds(polls[0]) + _compare_waits(*waits)
    return _find_other_way(old, new)


def _format_rounds(name: str) -> str:
    return f"the number of rounds of the loop through '{name}' is not known"


def _compare_waits(old: Mapping[str, Json], new: Mapping[str, Json]) -> str:
    """Describe how much more often a loop goes round whose wait is another."""
    for name, seconds in new.items():
        before = old.get(name)
        if isinstance(before, int) and isinstance(seconds, int) and 0 < seconds != before > 0:
            more = before > seconds
            times = before / seconds if more else seconds / before
            return (
                f"; as '{name}' waits {seconds} s instead of {before} s, it goes round "
                f"{times:.3g} times as {'often' if more else 'seldom'}, and costs "
                f"{'more' if more else 'less'}"
            )
    return ""


def _list_looping(target: Target) -> list[str]:
    """List the Waits that an execution may come to again."""
    states = [state for scope in read_definition(target.definition).scopes
              for state in scope.states.values()]  # fmt: skip
    places = {
        state.pointer: [
            state.scope.states[move.target].pointer
            for move in state.transitions
            if move.target in state.scope.states
        ]
        for state in states
    }
    looping = {pointer for cycle in find_cycles(places) for pointer in cycle}
    return [one.name for one in states if one.type == "Wait" and one.pointer in looping]


def _list_waits(target: Target | None) -> dict[str, Json]:
    return {
        place.name: place.body.get("Seconds", str(place.body))
        for place in (walk_states(target.definition) if target else ())
        if place.body.get("Type") == "Wait"
    }


def _find_other_way(old: Side, new: Side) -> str:
    """Describe where the samples of two sides go different ways through states that both have."""
    visited = [_list_visited(side[1]) for side in (old, new)]
    tasks = [_list_tasks(side[0]) for side in (old, new)]
    both = tasks[0] & tasks[1]
    for word, one, other in (
        ("old", visited[0], visited[1]),
        ("new", visited[1], visited[0]),
    ):
        only = sorted((one - other) & both)
        if only:
            return f"in the sample execution only the {word} definition reaches '{only[0]}'"
    return ""


def _list_visited(side: Estimates | None) -> set[str]:
    keys = [*side.model.first, *side.model.growths] if side else []
    return {key[1] for key in keys if key[0] == "payload"}


def _list_tasks(target: Target | None) -> set[str]:
    return {
        place.name
        for place in (walk_states(target.definition) if target else ())
        if place.body.get("Type") == "Task"
    }


def _find_end(side: Estimates | None) -> SampleEnd | None:
    """Return why the sample ends before its time, in a sentence; None where it does not."""
    ends = side.model.ends if side is not None else ()
    return next((end._replace(note=end.note.partition(". ")[0]) for end in ends), None)


def _format_ends(old: Estimates | None, new: Estimates | None) -> Iterator[str]:
    """Yield where the sample ends before its time, once where it does so on both sides."""
    ends = [_find_end(side) for side in (old, new)]
    if ends[0] == ends[1]:
        ends = ends[:1] if ends[0] else []
        yield from (f"in both {end.note}, and the rest is not counted" for end in ends if end)
        return
    for word, end in zip(("old", "new"), ends, strict=True):
        if end:
            yield f"in the {word} one {end.note}, and the rest is not counted"


def _limit_name(name: str) -> str:
    """Name a limit in a sentence.

    >>> _limit_name("a history of 25,000 events"), _limit_name("a year")
    ('the history limit (25,000 events)', 'the limit of a year')
    """
    kind, of, size = name.removeprefix("a ").partition(" of ")
    if name.startswith("a ") and of:
        return f"the {kind} limit ({size})"
    return f"the limit of {name}"


def _place(limit: LimitExceeded | None) -> float:
    return limit.items if limit else float("inf")


def _format_place(limit: LimitExceeded | None, unit: str) -> str:
    if limit is None:
        return "at no size"
    return "by every execution" if limit.items <= 1 else f"at {limit.items:,} {unit}".rstrip()


def _format_failures(old: Estimates | None, new: Estimates | None, load: Load) -> Iterator[str]:
    """Yield the limit that the load itself is beyond."""
    broken = _find_broken(new, load)
    if broken is None:
        return
    before = _find_broken(old, load)
    same = before is not None and (before.limit, before.state) == (broken.limit, broken.state)
    yield (
        f"at this load executions fail in '{broken.state}'{', as before' if same else ''}: "
        f"{_limit_name(broken.limit)} is reached {_format_place(broken, 'items')}"
    )


def _find_broken(side: Estimates | None, load: Load) -> LimitExceeded | None:
    """Find the first limit that the load itself is beyond."""
    if side is None or not side.model.outers:
        return None
    return next((one for one in side.limits if one.is_hard and one.items <= load.items), None)


def _format_basis(old: Estimates | None, new: Estimates | None, load: Load) -> str:
    """Describe the basis of the figures."""
    sides = [side for side in (old, new) if side is not None]
    guessed = sorted({name for side in sides for name in side.model.guessed})
    unpriced = sorted({call for side in sides for call in _measure(side, load).unpriced})
    words = ["estimated from samples and list prices"]
    if guessed:
        others = len(guessed) - 1
        more = f" and {others} more {'state' if others == 1 else 'states'}" if others else ""
        words.append(f"the results of '{guessed[0]}'{more} are guessed")
    if unpriced:
        words.append(f"without the price of {', '.join(unpriced)}")
    return "; ".join(words)
