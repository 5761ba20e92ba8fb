"""Marks: which states and transitions of two pictures were added, removed or changed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from carnation.asl import walk_states
from carnation.changes.records import Change
from carnation.document.values import Json

Marks = dict[str, str]

_STATE = re.compile(r"(?:/(?:ItemProcessor|Iterator|Branches/\d+))?/States/[^/]+")
_ADDED = ("state-added", "branch-added")
_REMOVED = ("state-removed", "branch-removed")


def find_state(pointer: str) -> str:
    """Return the pointer to the state that a pointer leads into, within its definition.

    >>> find_state("/Resources/M/Properties/Definition/States/A/Branches/0/States/B/Next")
    '/States/A/Branches/0/States/B'
    """
    inside = pointer.rpartition("#")[2]
    start = inside.find("/States/")
    found = ""
    place = max(start, 0)
    while match := _STATE.match(inside, place):
        found, place = inside[start : match.end()], match.end()
    return found


def mark_changes(changes: Iterable[Change], old: Json) -> tuple[Marks, Marks]:
    """Return the marks of the picture before, and of the one after."""
    before: Marks = {}
    after: Marks = {}
    names = {place.name: place.pointer for place in walk_states(old)} if _is_mapping(old) else {}
    for change in changes:
        pointer = find_state(change.pointer)
        if not pointer or change.impact == "cosmetic":
            continue
        if change.kind in _ADDED:
            after[pointer] = "added"
        elif change.kind in _REMOVED:
            before[pointer] = "removed"
        else:
            (before if change.old else after).setdefault(pointer, "changed")
            twin = change.before if change.kind == "state-renamed" else change.subject
            if not change.old and twin in names:
                before.setdefault(names[twin], "changed")
            _mark_transition(change, pointer, before, after)
    return before, after


def _is_mapping(value: Json) -> bool:
    return isinstance(value, Mapping)


def _mark_transition(change: Change, pointer: str, before: Marks, after: Marks) -> None:
    if change.kind.startswith("transition-"):
        if isinstance(change.before, str):
            before[f"{pointer}→{change.before}"] = "removed"
        if isinstance(change.after, str):
            after[f"{pointer}→{change.after}"] = "added"
