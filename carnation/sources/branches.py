"""`Fn::If` in a template: each branch is seen, since either may be deployed.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-if.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from carnation.cloudformation.placeholders import is_intrinsic
from carnation.document import escape
from carnation.lazy import TYPE_CHECKING
from carnation.records import NamedTuple
from carnation.sources.conditions import Ways, list_ways

if TYPE_CHECKING:
    from typing import Any

_IF = "Fn::If"
_MAX_DEPTH = 200
_ALL = 8
MAX_WAYS = 20
"""In how many ways one definition is judged at the most."""
_NO_VALUE = {"Ref": "AWS::NoValue"}


def choose_ways(value: Any, template: Mapping[str, Any]) -> list[Ways]:
    """Choose ways in which the conditions in a value hold, so that each branch is there once.

    All of them where they are few; one way without conditions. Branches that no deployment has
    are left out.

    >>> choose_ways({"A": {"Fn::If": ["IsProd", "B", "C"]}}, {})
    [{'IsProd': True}, {'IsProd': False}]
    """
    branches = list(_list_branches(value, (), 0))
    names = list(dict.fromkeys(name for branch in branches for name, _ in branch))
    if not names:
        return [{}]
    ways = list_ways(template, names)
    if len(ways) <= _ALL:
        return ways
    taken = [
        {
            at
            for at, branch in enumerate(branches)
            if all(way[name] is held for name, held in branch)
        }
        for way in ways
    ]
    chosen: list[Ways] = []
    left = set[int]().union(*taken)
    while left and len(chosen) <= MAX_WAYS:
        best = max(range(len(ways)), key=lambda at: len(taken[at] & left))
        chosen.append(ways[best])
        left -= taken[best]
    return chosen


def _list_branches(
    value: Any, around: tuple[tuple[str, bool], ...], depth: int
) -> Iterator[tuple[tuple[str, bool], ...]]:
    """Yield each branch in a value, as what has to hold for it to be there."""
    if depth > _MAX_DEPTH:
        return
    arguments = read_if(value)
    if arguments is not None:
        for held, inner in ((True, arguments[1]), (False, arguments[2])):
            branch = (*around, (str(arguments[0]), held))
            yield branch
            yield from _list_branches(inner, branch, depth + 1)
        return
    inner_values = value.values() if isinstance(value, Mapping) else value
    for inner in inner_values if isinstance(value, (Mapping, list)) else ():
        yield from _list_branches(inner, around, depth + 1)


def read_if(value: Any) -> list[Any] | None:
    """Return the condition and the branches of an `Fn::If`; None for anything else."""
    arguments = value.get(_IF) if isinstance(value, Mapping) and len(value) == 1 else None
    return arguments if isinstance(arguments, list) and len(arguments) == 3 else None


class Chosen(NamedTuple):
    """A value with every `Fn::If` in it decided; `moved` says where its parts stand."""

    value: Any
    moved: dict[str, str]
    label: str


def choose_branches(value: Any, way: Ways, *, parts_only: bool = False) -> Chosen:
    """Decide each `Fn::If` in a value; one that leaves nothing gives None.

    With `parts_only` those between texts and numbers are left, to be placeholders.

    >>> choose_branches([{"Fn::If": ["P", 1, 2]}], {"P": False})
    Chosen(value=[2], moved={'/0': '/0/Fn::If/2'}, label='-unless-P')
    """
    chooser = _Chooser(way, parts_only)
    made = chooser.copy(value, "", "", 0)
    words = (f"-{'if' if way[name] else 'unless'}-{name}" for name in chooser.conditions)
    return Chosen(None if made == _NO_VALUE else made, chooser.moved, "".join(words))


class _Chooser:
    def __init__(self, way: Ways, parts_only: bool) -> None:
        self.way, self.parts_only = way, parts_only
        self.moved: dict[str, str] = {}
        self.conditions: dict[str, None] = {}

    def copy(self, value: Any, there: str, here: str, depth: int) -> Any:
        """Copy a value that is at `there` in the template to `here`."""
        if depth > _MAX_DEPTH or value == _NO_VALUE:
            return value
        if isinstance(value, list):
            return self.copy_list(value, there, here, depth)
        if not isinstance(value, Mapping):
            return value
        arguments = read_if(value)
        if arguments is not None and self.decides(arguments):
            name = str(arguments[0])
            self.conditions[name] = None
            index = 1 if self.way[name] else 2
            inner = f"{there}/{_IF}/{index}"
            self.moved[here] = inner
            return self.copy(arguments[index], inner, here, depth + 1)
        made = {}
        for key, item in value.items():
            part = f"/{escape(key)}"
            chosen = self.copy(item, there + part, here + part, depth + 1)
            if chosen != _NO_VALUE or is_intrinsic(value):
                made[key] = chosen
        return made

    def decides(self, arguments: list[Any]) -> bool:
        return str(arguments[0]) in self.way and (
            not self.parts_only or any(map(_holds_parts, arguments[1:]))
        )

    def copy_list(self, items: list[Any], there: str, here: str, depth: int) -> list[Any]:
        made: list[Any] = []
        for index, item in enumerate(items):
            place = f"{here}/{len(made)}"
            if place != f"{here}/{index}":
                self.moved[place] = f"{there}/{index}"
            chosen = self.copy(item, f"{there}/{index}", place, depth + 1)
            if chosen != _NO_VALUE:
                made.append(chosen)
        return made


def _holds_parts(branch: Any) -> bool:
    """Return whether a branch is a part of a definition: a mapping or a list, no text."""
    if isinstance(branch, Mapping) and is_intrinsic(branch):
        arguments = read_if(branch)
        return arguments is not None and any(map(_holds_parts, arguments[1:]))
    return isinstance(branch, (Mapping, list))
