"""Running executions: they keep the old definition, and get the new role.

So an action that the old definition needs and a role has lost stops them, though the new definition
no longer needs it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from carnation.changes.permissions import Principal, read_grants
from carnation.changes.records import MISSING, Change
from carnation.changes.wording import format_list, shorten
from carnation.document.values import Json
from carnation.permissions import (
    Grant,
    RequiredAction,
    derive_needs,
    find_lost,
    find_missing,
    find_needed_actions,
)
from carnation.permissions.grants import matches

_ROLE = "AWS::IAM::Role"
_UNKNOWN = re.compile(r"\$\{(?!AWS::)")


def is_for_states(kind: str, body: Mapping[str, Json], others: Mapping[str, Json]) -> bool:
    """Return whether a resource says what Step Functions may do: a role, or a policy of one.

    `others` are the bodies of the resources next to it, by their names.
    """
    if kind == _ROLE:
        return _is_trusted(body)
    roles = Principal(body, "").properties.get("Roles")
    named = roles if isinstance(roles, list) else ()
    names = [str(role.get("Ref")) for role in named if isinstance(role, Mapping)]
    return any(_is_trusted(others[name]) for name in names if name in others)


def _is_trusted(role: Json) -> bool:
    trust = Principal(role, "").properties.get("AssumeRolePolicyDocument")
    return "states." in str(trust)


def find_lost_actions(
    subject: str,
    kind: str,
    old: Principal,
    new: Principal,
    definitions: Sequence[Mapping[str, Json]],
    current: Sequence[Mapping[str, Json]] = (),
) -> Iterator[Change]:
    """Yield the actions that a role has lost and executions of the old definitions still need.

    What a narrower grant of the new role still allows is no loss. `current` are the definitions of
    the new side: what they need, new executions lack, too.
    """
    if not definitions:
        return
    before, after = read_grants(kind, old), read_grants(kind, new)
    lost = [grant for grant in find_lost(before, after) if grant.effect == "Allow"]
    lost += [grant for grant in find_lost(after, before) if grant.effect == "Deny"]
    now: dict[str, list[str]] = {}
    for definition in current:
        for action, states in find_needed_actions(definition).items():
            now.setdefault(action, []).extend(states)
    for definition in definitions:
        for action, states in _find_unmet(definition, lost, after).items():
            grants = [grant for grant in lost if matches(grant.action.lower(), action.lower())]
            still = [name for name in states if name in now.get(action, ())]
            yield _describe(subject, action, states, still, grants)


def _find_unmet(
    definition: Mapping[str, Json], lost: Sequence[Grant], after: Sequence[Grant]
) -> dict[str, list[str]]:
    """Return the actions that were lost and are needed, with the states that need them."""
    found: dict[str, dict[str, None]] = {}
    for need in derive_needs(definition):
        action = need.action.lower()
        if any(matches(grant.action.lower(), action) for grant in lost):
            left = [grant for grant in after if matches(grant.action.lower(), action)]
            if not _is_surely_met(need, left):
                found.setdefault(need.action, {})[need.state] = None
    return {action: list(states) for action, states in found.items()}


def _is_surely_met(need: RequiredAction, left: Sequence[Grant]) -> bool:
    """Return whether the rest of a role surely meets a need, whatever deployment fills in."""
    if any(_UNKNOWN.search(text) for text in (need.resource, *(one.resource for one in left))):
        return any(one.resource == "*" and not one.condition for one in left)
    return bool(left) and need.is_exact and not find_missing(left, [need])


def _describe(
    subject: str, action: str, states: list[str], still: list[str], grants: list[Grant]
) -> Change:
    where = format_list([f"'{shorten(name, 40)}'" for name in states], 3)
    on = format_list([shorten(name, 90) for name in dict.fromkeys(g.resource for g in grants)], 3)
    sentence = f"lost {action} on {on}, which running executions still need in {where}"
    if still:
        named = format_list([f"'{shorten(name, 40)}'" for name in still], 3)
        sentence += f"; every new execution fails in {named}"
    value = [list(grant[:5]) for grant in grants]
    if grants[0].effect == "Deny":  # a denial that is new is in the new document
        return Change(
            "action-lost", grants[0].pointer, subject, sentence, MISSING, value, facts=(action,)
        )
    return Change(
        "action-lost", grants[0].pointer, subject, sentence, value, MISSING,
        old=True, facts=(action,),
    )  # fmt: skip
