"""The scopes of two definitions: which Map's inside and which branch is which.

Branches have no names: they are matched by the states that they have in common.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from carnation.changes.context import StatePair, is_reordered
from carnation.changes.edits import find_edits
from carnation.changes.matching import Match, Pair
from carnation.changes.records import MISSING, Change, Edit
from carnation.changes.transitions import find_target_changes
from carnation.changes.wording import contrast, format_list
from carnation.document.values import Json
from carnation.records import NamedTuple

_PROCESSORS = ("ItemProcessor", "Iterator")
_SELECTORS = ("ItemSelector", "Parameters")


class Scopes(NamedTuple):
    """Which scope is which, and what its states are called now.

    `pairs` gives for each scope of the old definition the one that it is now; `names` for each
    scope of the old one the new name of each of its states.
    """

    pairs: Mapping[str, str]
    names: Mapping[str, Mapping[str, str]]

    def renamer(self, scope: str) -> Callable[[str], str]:
        """Return the function from a state's old name, in a scope, to its name now."""
        names = self.names.get(scope, {})
        return lambda name: names.get(name, name)


def pair_scopes(match: Match) -> Scopes:
    """Pair the scopes of two definitions whose states are matched."""
    votes: Counter[tuple[str, str]] = Counter()
    names: dict[str, dict[str, str]] = {}
    for old, new in match.pairs:
        scope = old.scope.pointer
        votes[scope, new.scope.pointer] += 1
        names.setdefault(scope, {})[old.name] = new.name
    pairs = {"": ""}
    for old, new in match.pairs:
        for field in _PROCESSORS:
            inner = _find_processor(new.body)
            if isinstance(old.body.get(field), Mapping) and inner:
                pairs[f"{old.pointer}/{field}"] = f"{new.pointer}/{inner}"
        pairs.update(_pair_branches(Pair(old, new), votes))
    return Scopes(pairs, names)


def _find_processor(state: Mapping[str, Json]) -> str:
    return next((field for field in _PROCESSORS if isinstance(state.get(field), Mapping)), "")


def _pair_branches(pair: Pair, votes: Mapping[tuple[str, str], int]) -> dict[str, str]:
    old = [f"{pair.old.pointer}/Branches/{i}" for i in range(_count_branches(pair.old.body))]
    new = [f"{pair.new.pointer}/Branches/{i}" for i in range(_count_branches(pair.new.body))]
    ranked = sorted(
        ((count, one, two) for one in old for two in new if (count := votes.get((one, two), 0))),
        key=lambda row: -row[0],
    ) if len(old) * len(new) <= len(votes) ** 2 else []  # fmt: skip
    found: dict[str, str] = {}
    for _, one, two in ranked:
        if one not in found and two not in found.values():
            found[one] = two
    taken = set(found.values())
    rest = [scope for scope in new if scope not in taken]
    left = [scope for scope in old if scope not in found]
    found.update(zip(left, rest, strict=False))
    return found


def _count_branches(state: Mapping[str, Json]) -> int:
    branches = state.get("Branches")
    return len(branches) if isinstance(branches, list) else 0


def find_respelling(pair: Pair) -> tuple[str, str] | None:
    """Find how a Map's selector is called on either side, where that is not the same.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html
    """
    names = [
        next((name for name in _SELECTORS if name in place.body), "")
        for place in pair
        if place.type == "Map" and not all(name in place.body for name in _SELECTORS)
    ]
    return (names[0], names[1]) if len(names) == 2 and all(names) and names[0] != names[1] else None


def find_scope_changes(pair: Pair, scopes: Scopes) -> Iterator[Change]:
    """Yield what has become of the scopes inside a Map or a Parallel."""
    old, new = pair
    respelled = find_respelling(pair)
    if respelled:
        sentence = f"its {respelled[0]} is now called {respelled[1]}"
        pointer = f"{new.pointer}/{respelled[1]}"
        yield Change("processor-respelled", pointer, new.name, sentence)
    if isinstance(old.body.get("Branches"), list) and isinstance(new.body.get("Branches"), list):
        yield from _compare_branches(pair, scopes)
    else:
        yield from _compare_inner(pair, "Branches", "Branches")
    fields = [_find_processor(place.body) for place in pair]
    if all(fields):
        if fields[0] != fields[1]:
            sentence = f"its {fields[0]} is now called {fields[1]}"
            yield Change("processor-respelled", f"{new.pointer}/{fields[1]}", new.name, sentence)
        here, there = (f"{place.pointer}/{name}" for place, name in zip(pair, fields, strict=True))
        inner = (old.body[fields[0]], new.body[fields[1]])
        yield from _compare_scopes(new.name, inner, (here, there), scopes)
    else:
        for field in _PROCESSORS:
            yield from _compare_inner(pair, field, field)


def _compare_inner(pair: Pair, old_field: str, new_field: str) -> Iterator[Change]:
    """Compare what is no scope in one of the two, like any value."""
    old = pair.old.body.get(old_field, MISSING)
    new = pair.new.body.get(new_field, MISSING)
    here, there = f"{pair.old.pointer}/{old_field}", f"{pair.new.pointer}/{new_field}"
    for edit in find_edits(old, new, here, there):
        words = (
            "was added"
            if edit.before is MISSING
            else "was removed"
            if edit.after is MISSING
            else ""
        )
        sentence = f"{new_field} {words or 'is another'}"
        yield edit.describe("field-changed", pair.new.name, sentence)


def _compare_scopes(
    name: str, inner: tuple[Json, Json], at: tuple[str, str], scopes: Scopes
) -> Iterator[Change]:
    """Compare two scopes but for their states."""
    old, new = inner
    sides = StatePair(name, old, new, at[0], at[1], scopes.renamer(at[0]))
    for change in find_target_changes(sides, "StartAt", "inside starts at"):
        yield change._replace(kind="start-changed")
    for field in dict.fromkeys([*new, *old]):
        if field == "StartAt" or (field == "States" and _have_states(old, new)):
            continue
        if field == "ProcessorConfig" and _is_same_mode(old, new):
            if old.get(field) != new.get(field):
                sentence = "its ProcessorConfig is equivalent"
                pointer = f"{at[1]}/{field}" if field in new else at[1]
                yield Change("processor-respelled", pointer, name, sentence)
            continue
        for edit in sides.find_edits(field):
            kind = _kind_of(field, edit)
            yield sides.describe(edit, kind)
    yield from _compare_strays(sides)


def _is_same_mode(old: Mapping[str, Json], new: Mapping[str, Json]) -> bool:
    """Return whether two processors run in the same way: without a word, a Map is INLINE."""
    configs = [side.get("ProcessorConfig", {}) for side in (old, new)]
    if not all(isinstance(config, Mapping) for config in configs):
        return False
    return bool({"Mode": "INLINE", **configs[0]} == {"Mode": "INLINE", **configs[1]})


def _kind_of(field: str, edit: Edit) -> str:
    if field == "ProcessorConfig":
        types = sorted(map(str, (edit.before, edit.after)))
        if edit.pointer.endswith("ExecutionType") and types == ["EXPRESS", "STANDARD"]:
            return "child-type-changed"
        is_mode = edit.pointer.endswith(("Mode", "Type", "Config"))
        return "mode-changed" if is_mode else "field-changed"
    return "comment-changed" if field == "Comment" else "field-changed"


def _have_states(old: Mapping[str, Json], new: Mapping[str, Json]) -> bool:
    return isinstance(old.get("States"), Mapping) and isinstance(new.get("States"), Mapping)


def _compare_strays(sides: StatePair) -> Iterator[Change]:
    """Compare what stands among the states and is none."""
    if not _have_states(sides.old, sides.new):
        return
    left = [{key: value for key, value in side["States"].items() if not isinstance(value, Mapping)}
            for side in (sides.old, sides.new)]  # fmt: skip
    for edit in find_edits(left[0], left[1], f"{sides.old_at}/States", f"{sides.new_at}/States"):
        sentence = f"among its states: {contrast(edit.before, edit.after)}"
        yield edit.describe("field-changed", sides.subject, sentence)


def _compare_branches(pair: Pair, scopes: Scopes) -> Iterator[Change]:
    old, new = pair
    matched: list[tuple[int, int]] = []
    taken = set()
    for i, branch in enumerate(old.body["Branches"]):
        here = f"{old.pointer}/Branches/{i}"
        there = scopes.pairs.get(here)
        if there is None:
            sentence = f"branch {i + 1} was removed ({_format_branch(branch)})"
            yield Change("branch-removed", here, new.name, sentence, branch, MISSING, old=True)
            continue
        j = int(there.rpartition("/")[2])
        taken.add(j)
        matched.append((i, j))
        inner = (branch, new.body["Branches"][j])
        yield from _compare_branch(new.name, inner, (here, there), scopes)
    for j, branch in enumerate(new.body["Branches"]):
        if j not in taken:
            sentence = f"branch {j + 1} was added ({_format_branch(branch)})"
            pointer = f"{new.pointer}/Branches/{j}"
            yield Change("branch-added", pointer, new.name, sentence, MISSING, branch)
    if is_reordered(matched):
        sentence = "its branches are in another order, and so are the items of its output"
        yield Change("branches-reordered", f"{new.pointer}/Branches", new.name, sentence)


def _compare_branch(
    name: str, inner: tuple[Json, Json], at: tuple[str, str], scopes: Scopes
) -> Iterator[Change]:
    if isinstance(inner[0], Mapping) and isinstance(inner[1], Mapping):
        yield from _compare_scopes(name, inner, at, scopes)
        return
    for edit in find_edits(inner[0], inner[1], *at):
        yield edit.describe("field-changed", name, f"a branch: {contrast(edit.before, edit.after)}")


def _format_branch(branch: Json) -> str:
    states = branch.get("States") if isinstance(branch, Mapping) else None
    return format_list(list(map(str, states)), 3) if isinstance(states, Mapping) else "of no states"
