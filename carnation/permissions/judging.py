"""A role next to its definition: which needs no grant meets, and which grants nothing needs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from carnation.document.values import Json
from carnation.permissions.grants import Grant, list_excluded, matches
from carnation.permissions.required import RequiredAction
from carnation.permissions.spelling import Match, compare_arns
from carnation.records import NamedTuple


class Asked(NamedTuple):
    """A need, and `printed`: its resource as the derived policy names it."""

    need: RequiredAction
    printed: str


def find_missing(
    grants: Iterable[Grant], needs: Iterable[RequiredAction], printed: Sequence[RequiredAction] = ()
) -> list[RequiredAction]:
    """List the needs that no grant covers; believing the role where nobody can tell.

    A need whose resource only an execution knows is met by any part of it. A placeholder may be
    what is needed, unless it is known to be something else: what covers another need. `printed` are
    the same needs in the words of the derived policy, where these differ.
    """
    given = list(grants)
    listed = list(needs)
    words = printed if len(printed) == len(listed) else listed
    asked = [Asked(need, one.resource) for need, one in zip(listed, words, strict=True)]
    by_action: dict[str, list[Asked]] = {}
    for one in asked:
        by_action.setdefault(one.need.action.lower(), []).append(one)
    missing = {id(one) for same in by_action.values() for one in _find_unmet(given, same)}
    return [one.need for one in asked if id(one) in missing]


def _find_unmet(grants: Sequence[Grant], asked: Sequence[Asked]) -> list[Asked]:
    """Find what is unmet of the needs that share an action."""
    action = asked[0].need.action.lower()
    fit = [one for one in grants if _is_about(one.action.lower(), action)]
    allowed = [one for one in fit if one.effect == "Allow"]
    denied = [one for one in fit if one.effect == "Deny" and not one.condition]
    judged = [[_match(grant, one) for grant in allowed] for one in asked]
    sure = {at for row in judged for at, match in enumerate(row) if match >= Match.THERE}
    return [
        one
        for one, row in zip(asked, judged, strict=True)
        if not _is_met(one.need, row, sure) or any(_denies(grant, one) for grant in denied)
    ]


def _is_about(pattern: str, action: str) -> bool:
    excluded = list_excluded(pattern)
    if excluded is None:
        return matches(pattern, action)
    return not any(matches(one, action) for one in excluded)


def _compare_resource(pattern: str, resource: str) -> Match:
    """Compare a grant's resource with a need's; `NotResource` is all but what it lists."""
    excluded = list_excluded(pattern)
    if excluded is None:
        return compare_arns(pattern, resource)
    found = max((compare_arns(one, resource) for one in excluded), default=Match.NO)
    if found >= Match.THERE:
        return Match.NO
    return Match.COVERS if found is Match.NO else Match.MAYBE


def _is_met(need: RequiredAction, row: Sequence[Match], sure: set[int]) -> bool:
    """Return whether a need is met; `sure` are the grants that surely meet another."""
    for at, match in enumerate(row):
        if match >= Match.THERE or (match is Match.PART and not need.is_exact):
            return True
        if match is Match.MAYBE and at not in sure:
            return True
    return False


def _match(grant: Grant, asked: Asked) -> Match:
    if grant.resource == asked.printed:
        found = Match.COVERS
    else:
        found = _compare_resource(grant.resource, asked.need.resource)
    if found is Match.NO:
        return found
    return min(found, _compare_conditions(grant.condition, asked.need))


def _denies(grant: Grant, asked: Asked) -> bool:
    return _compare_resource(grant.resource, asked.need.resource) >= Match.THERE


def _compare_conditions(condition: str, need: RequiredAction) -> Match:
    """Compare a grant's condition with what is known of the request.

    What the need's own condition says is known; of anything else the role is believed.
    """
    if not condition:
        return Match.COVERS
    known = {key.lower(): values for _, key, values in need.condition}
    found = Match.COVERS
    for key, values in _read_condition(condition):
        found = min(found, _compare_values(values, known[key]) if key in known else Match.MAYBE)
    return found


def _compare_values(granted: Sequence[str], needed: Sequence[str]) -> Match:
    best = [max(compare_arns(one, value) for one in granted) for value in needed] if granted else []
    return min(best, default=Match.NO)


@lru_cache(maxsize=1024)
def _read_condition(condition: str) -> list[tuple[str, tuple[str, ...]]]:
    read: Json = json.loads(condition)
    found = []
    for tests in read.values() if isinstance(read, Mapping) else ():
        for key, values in tests.items() if isinstance(tests, Mapping) else ():
            items = values if isinstance(values, list) else [values]
            found.append((key.lower(), tuple(map(str, items))))
    return found


def find_unneeded(grants: Iterable[Grant], needs: Iterable[RequiredAction]) -> list[Grant]:
    """List the grants of actions that nothing in the definition needs.

    What a definition does not show is left out: logs, traces, keys, and events for other roles.
    """
    needed = {need.action.lower() for need in needs}
    unseen = ("logs:", "xray:", "kms:", "!")
    return [
        grant
        for grant in grants
        if grant.effect == "Allow"
        and not grant.action.lower().startswith(unseen)
        and not any(matches(grant.action.lower(), action) for action in needed)
    ]
