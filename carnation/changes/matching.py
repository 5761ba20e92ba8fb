"""Which state of the old definition is which state of the new one.

By name where the scope is the same, then by name in any scope (moved), then by structure (renamed):
first by a body that is alike but for its transitions, then by the share of fields in common. A name
that now stands for something of another type is believed last.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from carnation.asl import Place, walk_states
from carnation.changes.records import spell

INNER = ("ItemProcessor", "Iterator", "Branches")
_ALIKE = 0.6  # the share of fields in common from which two states are one
_MOST_CANDIDATES = 40  # a field that more states share says nothing about who is who


class Pair(NamedTuple):
    """A state in both definitions."""

    old: Place
    new: Place


class Match(NamedTuple):
    """Two definitions side by side: states in both, and in one only; in the order of walking."""

    pairs: list[Pair]
    removed: list[Place]
    added: list[Place]
    old: list[Place]
    new: list[Place]


def find_scope(pointer: str) -> str:
    """Give the pointer to the scope that a state stands in."""
    return pointer.rpartition("/States/")[0]


def match_states(old: Mapping[str, Any], new: Mapping[str, Any]) -> Match:
    """Match the states of two definitions.

    >>> one = {"States": {"A": {"Type": "Task", "Resource": "r", "End": True}}}
    >>> two = {"States": {"B": {"Type": "Task", "Resource": "r", "End": True}}}
    >>> [(pair.old.name, pair.new.name) for pair in match_states(one, two).pairs]
    [('A', 'B')]
    """
    matcher = _Matcher(list(walk_states(old)), list(walk_states(new)))
    matcher.match_names()
    matcher.match_moved()
    matcher.match_bodies()
    matcher.match_leftovers()
    return matcher.finish()


class _Matcher:
    """Two lists of states, and who was found to be whom: pointer to pointer."""

    def __init__(self, old: list[Place], new: list[Place]) -> None:
        self.old = old
        self.new = new
        self.found: dict[str, Place] = {}
        self.taken: set[str] = set()

    def pair(self, old: Place, new: Place) -> None:
        self.found[old.pointer] = new
        self.taken.add(new.pointer)

    def left(self) -> tuple[list[Place], list[Place]]:
        old = [place for place in self.old if place.pointer not in self.found]
        return old, [place for place in self.new if place.pointer not in self.taken]

    def match_names(self) -> None:
        """Pair states of the same name and type at the same pointer, or in a scope that matches."""
        there = {place.pointer: place for place in self.new}
        for place in self.old:
            twin = there.get(self._translate(place.pointer))
            if twin is not None and twin.state.get("Type") == place.state.get("Type"):
                self.pair(place, twin)

    def _translate(self, pointer: str) -> str:
        """Say where a state of the old definition would stand now, had only its scope moved."""
        scope, _, name = pointer.rpartition("/States/")
        owner, inner = split_owner(scope)
        if not owner:
            return pointer
        twin = self.found.get(owner)
        if twin is None:
            return pointer
        if inner in ("ItemProcessor", "Iterator") and inner not in twin.state:
            inner = "Iterator" if inner == "ItemProcessor" else "ItemProcessor"
        return f"{twin.pointer}/{inner}/States/{name}"

    def match_moved(self) -> None:
        """Pair what bears a name that stands nowhere else, of the same type, in any scope."""
        old, new = self.left()
        there = _by_name(new)
        for name, places in _by_name(old).items():
            twins = there.get(name, [])
            if len(places) == len(twins):
                for place, twin in zip(places, twins, strict=True):
                    if place.state.get("Type") == twin.state.get("Type"):
                        self.pair(place, twin)

    def match_bodies(self) -> None:
        """Pair states of different names: the same body first, then one much alike."""
        old, new = self.left()
        if old and new:
            self._pair_best(_score_bodies(old, new), 1.0)
            old, new = self.left()
            self._pair_best(_score_fields(old, new), _ALIKE)

    def _pair_best(self, scores: Iterable[tuple[float, Place, Place]], least: float) -> None:
        ranked = [
            (score, self._count_neighbours(old, new), old, new) for score, old, new in scores
            if score >= least
        ]  # fmt: skip
        ranked.sort(key=lambda row: (-row[0], -row[1]))  # stable: the order of walking decides
        for _, _, old, new in ranked:
            if old.pointer not in self.found and new.pointer not in self.taken:
                self.pair(old, new)

    def _count_neighbours(self, old: Place, new: Place) -> int:
        """Count what the surroundings of two states have in common: scope, and where they lead."""
        here, there = find_scope(old.pointer), find_scope(new.pointer)
        common = set(list_targets(old.state)) & set(list_targets(new.state))
        return 2 * (here == there) + len(common)

    def match_leftovers(self) -> None:
        """Pair by name what is left, whatever it has become."""
        old, new = self.left()
        there = {place.pointer: place for place in new}
        for place in old:
            twin = there.get(self._translate(place.pointer))
            if twin is not None:
                self.pair(place, twin)

    def finish(self) -> Match:
        removed, added = self.left()
        pairs = [
            Pair(place, self.found[place.pointer])
            for place in self.old
            if place.pointer in self.found
        ]
        return Match(pairs, removed, added, self.old, self.new)


def split_owner(scope: str) -> tuple[str, str]:
    """Split the pointer to a scope into the state that holds it and the way inside it.

    >>> split_owner("/States/A/Branches/1"), split_owner("")
    (('/States/A', 'Branches/1'), ('', ''))
    """
    head, _, last = scope.rpartition("/")
    if last in ("ItemProcessor", "Iterator"):
        return head, last
    return head.rpartition("/")[0], f"Branches/{last}" if scope else ""


def list_targets(state: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names that a state may move to, in the order in which they stand."""
    holders = [state]
    for field in ("Choices", "Catch"):
        items = state.get(field)
        if isinstance(items, list):
            holders += [item for item in items if isinstance(item, Mapping)]
    for holder in holders:
        target = holder.get("Next")
        if isinstance(target, str):
            yield target
    default = state.get("Default")
    if isinstance(default, str):
        yield default


def _by_name(places: Iterable[Place]) -> dict[str, list[Place]]:
    found: dict[str, list[Place]] = defaultdict(list)
    for place in places:
        found[place.name].append(place)
    return found


def _list_features(place: Place) -> list[str]:
    """Spell what a state is, without its transitions: a renaming elsewhere changes those."""
    features = []
    for field, value in place.state.items():
        if field in ("Next", "Default", "End", "Comment"):
            continue
        if field in INNER:
            features += [f"{field}:{name}" for name in _inner_names(value)]
        elif field in ("Choices", "Catch") and isinstance(value, list):
            features += [field + spell(_without_next(item)) for item in value]
        elif isinstance(value, Mapping) and value:
            features += [f"{field}.{key}{spell(item)}" for key, item in value.items()]
        else:
            features.append(field + spell(value))
    return features


def _without_next(item: Any) -> Any:
    if not isinstance(item, Mapping):
        return item
    return {key: value for key, value in item.items() if key != "Next"}


def _inner_names(value: Any) -> Iterator[str]:
    for scope in value if isinstance(value, list) else [value]:
        states = scope.get("States") if isinstance(scope, Mapping) else None
        yield from states if isinstance(states, Mapping) else ()


def _score_bodies(old: list[Place], new: list[Place]) -> Iterator[tuple[float, Place, Place]]:
    """Yield states of one body; where there are many, in their order, or it would be a square."""
    there: dict[str, list[Place]] = defaultdict(list)
    for place in new:
        there["\n".join(sorted(_list_features(place)))].append(place)
    here: dict[str, list[Place]] = defaultdict(list)
    for place in old:
        here["\n".join(sorted(_list_features(place)))].append(place)
    for key, places in here.items():
        twins = there.get(key, [])
        if len(places) * len(twins) > _MOST_CANDIDATES**2:
            yield from ((1.0, one, two) for one, two in zip(places, twins, strict=False))
        else:
            yield from (
                (1.0, one, two)
                for one in places
                for two in twins
                # a body that says its type only is known by where it stands
                if "\n" in key or find_scope(one.pointer) == find_scope(two.pointer)
            )


def _score_fields(old: list[Place], new: list[Place]) -> Iterator[tuple[float, Place, Place]]:
    """Yield states of the same type with the share of what they have in common (Dice)."""
    features = [set(_list_features(place)) for place in new]
    holders: dict[str, list[int]] = defaultdict(list)
    for index, mine in enumerate(features):
        for feature in mine:
            holders[feature].append(index)
    for place in old:
        mine = set(_list_features(place))
        rare = [holders[name] for name in mine if len(holders.get(name, ())) <= _MOST_CANDIDATES]
        for index in sorted(set().union(*rare)):
            theirs, twin = features[index], new[index]
            if twin.state.get("Type") == place.state.get("Type"):
                yield 2 * len(mine & theirs) / (len(mine) + len(theirs)), place, twin
