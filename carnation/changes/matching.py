"""Which state of the old definition is which state of the new one.

By name where the scope is the same, then by name in any scope (moved), then by structure (renamed):
first by a body that is alike but for its transitions, then by the share of fields in common. A name
that now represents something of another type is believed last.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from carnation.asl import Definition, State, read_definition
from carnation.changes.records import render_value
from carnation.document.values import Json
from carnation.records import NamedTuple

INNER = ("ItemProcessor", "Iterator", "Branches")
_ALIKE = 0.6  # the share of fields in common from which two states are one
_MAX_CANDIDATES = 40  # a field that more states share says nothing about who is who


class Pair(NamedTuple):
    """A state in both definitions."""

    old: State
    new: State


class Match(NamedTuple):
    """Two definitions side by side: states in both, and in one only; in the order of walking."""

    pairs: list[Pair]
    removed: list[State]
    added: list[State]
    old: Definition
    new: Definition


def match_states(old: Mapping[str, Json], new: Mapping[str, Json]) -> Match:
    """Match the states of two definitions.

    >>> one = {"States": {"A": {"Type": "Task", "Resource": "r", "End": True}}}
    >>> two = {"States": {"B": {"Type": "Task", "Resource": "r", "End": True}}}
    >>> [(pair.old.name, pair.new.name) for pair in match_states(one, two).pairs]
    [('A', 'B')]
    """
    matcher = _Matcher(read_definition(old), read_definition(new))
    matcher.match_names()
    matcher.match_moved()
    matcher.match_bodies()
    matcher.match_leftovers()
    return matcher.finish()


class _Matcher:
    """Two lists of states, and who was found to be whom: pointer to pointer."""

    def __init__(self, old: Definition, new: Definition) -> None:
        self.old = old
        self.new = new
        self.found: dict[State, State] = {}
        self.taken: set[State] = set()

    def pair(self, old: State, new: State) -> None:
        self.found[old] = new
        self.taken.add(new)

    def left(self) -> tuple[list[State], list[State]]:
        old = [place for place in self.old.states if place not in self.found]
        return old, [place for place in self.new.states if place not in self.taken]

    def match_names(self) -> None:
        """Pair states of the same name and type at the same pointer, or in a scope that matches."""
        there = self.new.by_pointer
        for place in self.old.states:
            twin = there.get(self._translate(place))
            if twin is not None and twin.body.get("Type") == place.body.get("Type"):
                self.pair(place, twin)

    def _translate(self, place: State) -> str:
        """Describe where a state of the old definition would be now, had only its scope moved."""
        owner = place.scope.owner
        twin = self.found.get(owner) if owner else None
        if owner is None or twin is None:
            return place.pointer
        inner = place.scope.pointer[len(owner.pointer) + 1 :]
        if inner in ("ItemProcessor", "Iterator") and inner not in twin.body:
            inner = "Iterator" if inner == "ItemProcessor" else "ItemProcessor"
        return f"{twin.pointer}/{inner}{place.pointer[len(place.scope.pointer) :]}"

    def match_moved(self) -> None:
        """Pair what bears a name that stands nowhere else, of the same type, in any scope."""
        old, new = self.left()
        there = _by_name(new)
        for name, places in _by_name(old).items():
            twins = there.get(name, [])
            if len(places) == len(twins):
                for place, twin in zip(places, twins, strict=True):
                    if place.body.get("Type") == twin.body.get("Type"):
                        self.pair(place, twin)

    def match_bodies(self) -> None:
        """Pair states of different names: the same body first, then one much alike."""
        old, new = self.left()
        if old and new:
            self._pair_best(_score_bodies(old, new), 1.0)
            old, new = self.left()
            self._pair_best(_score_fields(old, new), _ALIKE)

    def _pair_best(self, scores: Iterable[tuple[float, State, State]], least: float) -> None:
        ranked = [
            (score, self._count_neighbors(old, new), old, new) for score, old, new in scores
            if score >= least
        ]  # fmt: skip
        ranked.sort(key=lambda row: (-row[0], -row[1]))  # stable: the order of walking decides
        for _, _, old, new in ranked:
            if old not in self.found and new not in self.taken:
                self.pair(old, new)

    def _count_neighbors(self, old: State, new: State) -> int:
        """Count what the surroundings of two states have in common: scope, and where they lead."""
        here, there = ({move.target for move in state.transitions} for state in (old, new))
        return 2 * (old.scope.pointer == new.scope.pointer) + len(here & there)

    def match_leftovers(self) -> None:
        """Pair by name what is left, whatever it has become."""
        old, new = self.left()
        there = {place.pointer: place for place in new}
        for place in old:
            twin = there.get(self._translate(place))
            if twin is not None:
                self.pair(place, twin)

    def finish(self) -> Match:
        removed, added = self.left()
        pairs = [Pair(place, self.found[place]) for place in self.old.states if place in self.found]
        return Match(pairs, removed, added, self.old, self.new)


def _by_name(places: Iterable[State]) -> dict[str, list[State]]:
    found: dict[str, list[State]] = defaultdict(list)
    for place in places:
        found[place.name].append(place)
    return found


def _list_features(place: State) -> list[str]:
    """Render what a state is, without its transitions: a renaming elsewhere changes those."""
    features = []
    for field, value in place.body.items():
        if field in ("Next", "Default", "End", "Comment"):
            continue
        if field in INNER:
            features += [f"{field}:{name}" for name in _inner_names(value)]
        elif field in ("Choices", "Catch") and isinstance(value, list):
            features += [field + render_value(_without_next(item)) for item in value]
        elif isinstance(value, Mapping) and value:
            features += [f"{field}.{key}{render_value(item)}" for key, item in value.items()]
        else:
            features.append(field + render_value(value))
    return features


def score_likeness(old: Mapping[str, Json], new: Mapping[str, Json]) -> float:
    """Return the share of names and fields of states that two definitions have in common (Dice).

    >>> one = {"States": {"A": {"Type": "Wait", "Seconds": 1, "End": True}}}
    >>> round(score_likeness(one, {"States": {"A": {"Type": "Wait", "Seconds": 2}}}), 2)
    0.67
    """
    here, there = (
        Counter(
            feature for state in read_definition(value).states
            for feature in (f"Name:{state.name}", *_list_features(state))
        )
        for value in (old, new)
    )  # fmt: skip
    total = here.total() + there.total()
    return 2 * (here & there).total() / total if total else 0.0


def _without_next(item: Json) -> Json:
    if not isinstance(item, Mapping):
        return item
    return {key: value for key, value in item.items() if key != "Next"}


def _inner_names(value: Json) -> Iterator[str]:
    for scope in value if isinstance(value, list) else [value]:
        states = scope.get("States") if isinstance(scope, Mapping) else None
        yield from states if isinstance(states, Mapping) else ()


def _score_bodies(old: list[State], new: list[State]) -> Iterator[tuple[float, State, State]]:
    """Yield states of one body; where there are many, in their order, or it would be a square."""
    there: dict[str, list[State]] = defaultdict(list)
    for place in new:
        there["\n".join(sorted(_list_features(place)))].append(place)
    here: dict[str, list[State]] = defaultdict(list)
    for place in old:
        here["\n".join(sorted(_list_features(place)))].append(place)
    for key, places in here.items():
        twins = there.get(key, [])
        if len(places) * len(twins) > _MAX_CANDIDATES**2:
            yield from ((1.0, one, two) for one, two in zip(places, twins, strict=False))
        else:
            yield from (
                (1.0, one, two)
                for one in places
                for two in twins
                # a body that says its type only is known by where it stands
                if "\n" in key or one.scope.pointer == two.scope.pointer
            )


def _score_fields(old: list[State], new: list[State]) -> Iterator[tuple[float, State, State]]:
    """Yield states of the same type with the share of what they have in common (Dice)."""
    features = [set(_list_features(place)) for place in new]
    holders: dict[str, list[int]] = defaultdict(list)
    for index, mine in enumerate(features):
        for feature in mine:
            holders[feature].append(index)
    for place in old:
        mine = set(_list_features(place))
        rare = [holders[name] for name in mine if len(holders.get(name, ())) <= _MAX_CANDIDATES]
        for index in sorted(set().union(*rare)):
            theirs, twin = features[index], new[index]
            if twin.body.get("Type") == place.body.get("Type"):
                yield 2 * len(mine & theirs) / (len(mine) + len(theirs)), place, twin
