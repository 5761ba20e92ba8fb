"""Two definitions compared: their graphs, their scopes, and each state with what it was.

Works on plain documents and believes nothing: what is not shaped like a definition is compared like
any value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from carnation.asl import Definition, State
from carnation.asl.cycles import find_cycles
from carnation.changes.context import StatePair, format_path
from carnation.changes.edits import count_reordered, find_edits
from carnation.changes.languages import join_language_changes
from carnation.changes.matching import INNER, Match, Pair, match_states
from carnation.changes.readers import find_lost_paths
from carnation.changes.records import MISSING, Change
from carnation.changes.scopes import Scopes, find_respelling, find_scope_changes, pair_scopes
from carnation.changes.states import find_field_changes, find_state_changes
from carnation.changes.transitions import find_target_changes
from carnation.changes.wording import contrast, format_list, shorten
from carnation.document import split_pointer
from carnation.document.values import Json

MACHINE = "the state machine"


def find_definition_changes(old: Json, new: Json, part: str = "") -> Iterator[Change]:
    """Yield every change between two definitions; `part` names the document in the records.

    >>> old = {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 1, "End": True}}}
    >>> new = {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 2, "End": True}}}
    >>> [(change.subject, change.sentence) for change in find_definition_changes(old, new)]
    [('A', 'waits longer; Seconds: 1 to 2')]
    """
    for change in _find_changes(old, new):
        yield change._replace(part=part) if part else change


def _find_changes(old: Json, new: Json) -> Iterator[Change]:
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        yield from _compare_plainly(old, new, "", "")
        return
    match = match_states(old, new)
    scopes = pair_scopes(match)
    yield from _describe_states(match, scopes)
    yield from _compare_machine(old, new, scopes)
    for pair in match.pairs:
        sides = _place_sides(old, new, pair, scopes)
        yield from join_language_changes(sides, find_state_changes(sides))
        yield from find_scope_changes(pair, scopes)
    yield from find_lost_paths(match, scopes)
    yield from _compare_unshaped(old, new, match)
    yield from _compare_flows(match)
    count = count_reordered(old, new)
    if count:
        places = "one place" if count == 1 else f"{count} places"
        yield Change("order-changed", "", MACHINE, f"keys are in another order in {places}")


def _compare_plainly(old: Json, new: Json, old_at: str, new_at: str) -> Iterator[Change]:
    for edit in find_edits(old, new, old_at, new_at):
        path = format_path(split_pointer(edit.pointer))
        yield edit.describe(
            "field-changed", MACHINE, f"{path}: {contrast(edit.before, edit.after)}"
        )


def _describe_states(match: Match, scopes: Scopes) -> Iterator[Change]:
    for place in match.removed:
        sentence = f"was removed ({_describe(place)})"
        yield Change(
            "state-removed", place.pointer, place.name, sentence, _outline(place), MISSING, old=True
        )
    for old, new in match.pairs:
        if old.name != new.name:
            sentence = f"was renamed from '{shorten(old.name)}'"
            yield Change("state-renamed", new.pointer, new.name, sentence, old.name, new.name)
        here, there = old.scope.pointer, new.scope.pointer
        if scopes.pairs.get(here) != there:
            sentence = f"moved from {_scope_name(here)} to {_scope_name(there)}"
            yield Change("state-moved", new.pointer, new.name, sentence, old.pointer, new.pointer)
    for place in match.added:
        sentence = f"was added ({_describe(place)})"
        yield Change("state-added", place.pointer, place.name, sentence, MISSING, _outline(place))


def _outline(place: State) -> dict[str, Json]:
    """Return a state without the states inside it, which are told by themselves."""
    return {key: value for key, value in place.body.items() if key not in INNER}


def _describe(place: State) -> str:
    kind, resource = place.body.get("Type"), place.body.get("Resource")
    if kind == "Task" and isinstance(resource, str):
        return f"a Task, {shorten(resource)}"
    return f"a {kind}" if isinstance(kind, str) else "of no Type"


def _scope_name(scope: str) -> str:
    if not scope:
        return "the top"
    parts = split_pointer(scope)
    if parts[-1].isdigit():
        return f"branch {int(parts[-1]) + 1} of '{shorten(parts[-3])}'"
    return f"the {parts[-1]} of '{shorten(parts[-2])}'"


def _compare_machine(
    old: Mapping[str, Json], new: Mapping[str, Json], scopes: Scopes
) -> Iterator[Change]:
    sides = StatePair(MACHINE, old, new, "", "", scopes.renamer(""))
    for change in find_target_changes(sides, "StartAt", "starts at"):
        yield change._replace(kind="start-changed")
    rest = StatePair(MACHINE, _without_flow(old), _without_flow(new), "", "")
    yield from find_state_changes(rest)
    if not (isinstance(old.get("States"), Mapping) and isinstance(new.get("States"), Mapping)):
        yield from find_field_changes(sides, "States")


def _without_flow(definition: Mapping[str, Json]) -> dict[str, Json]:
    return {key: value for key, value in definition.items() if key not in ("StartAt", "States")}


def _place_sides(
    old: Mapping[str, Json], new: Mapping[str, Json], pair: Pair, scopes: Scopes
) -> StatePair:
    final = pair.new.scope.owner is None and (
        pair.new.body.get("End") is True or pair.new.type == "Succeed"
    )
    languages = [
        str(body.get("QueryLanguage", machine.get("QueryLanguage", "JSONPath")))
        for body, machine in ((pair.new.body, new), (pair.old.body, old))
    ]
    respelled = find_respelling(pair)
    before = {
        respelled[1] if respelled and name == respelled[0] else name: value
        for name, value in pair.old.body.items()
    }
    return StatePair(
        pair.new.name,
        before if respelled else pair.old.body,
        pair.new.body,
        pair.old.pointer,
        pair.new.pointer,
        scopes.renamer(pair.old.scope.pointer),
        final,
        *languages,
    )


def _compare_unshaped(
    old: Mapping[str, Json], new: Mapping[str, Json], match: Match
) -> Iterator[Change]:
    """Compare what stands among the states and is none: no mapping."""
    one, two = old.get("States"), new.get("States")
    if isinstance(one, Mapping) and isinstance(two, Mapping):
        left = [{key: value for key, value in states.items() if not isinstance(value, Mapping)}
                for states in (one, two)]  # fmt: skip
        yield from _compare_plainly(left[0], left[1], "/States", "/States")


def _compare_flows(match: Match) -> Iterator[Change]:
    """Compare what can be reached, and what can come back to itself."""
    reached = [{state for scope in side.scopes for state in scope.reached}
               for side in (match.old, match.new)]  # fmt: skip
    for pair in match.pairs:
        if pair.old in reached[0] and pair.new not in reached[1]:
            sentence = "can no longer be reached"
            yield Change("state-unreachable", pair.new.pointer, pair.new.name, sentence)
    now = {pair.old: pair.new for pair in match.pairs}
    old, new = _find_cycles(match.old), _find_cycles(match.new)
    before = [{now.get(state) for state in cycle} for cycle in old]
    for cycle in new:
        if not any(known.issuperset(cycle) for known in before):
            yield _describe_cycle("cycle-added", cycle, "can now come back to itself")
    for cycle, known in zip(old, before, strict=True):
        if not any(known.intersection(other) for other in new):
            yield _describe_cycle("cycle-removed", cycle, "can no longer come back to itself")


def _find_cycles(definition: Definition) -> list[list[State]]:
    targets = {
        state.pointer: [
            state.scope.states[move.target].pointer
            for move in state.transitions
            if move.target in state.scope.states
        ]
        for state in definition.states
    }
    found = find_cycles(targets)
    return [[definition.by_pointer[pointer] for pointer in cycle] for cycle in found]


def _describe_cycle(kind: str, cycle: list[State], phrase: str) -> Change:
    names = [f"'{shorten(state.name, 30)}'" for state in cycle[1:]]
    through = f", through {format_list(names)}" if names else ""
    old = kind == "cycle-removed"
    return Change(kind, cycle[0].pointer, cycle[0].name, phrase + through, old=old)
