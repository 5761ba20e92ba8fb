"""Executions in flight: they keep the old definition, and get the new role.

So an action that the old definition needs and a role has lost stops them, though the new definition
no longer needs it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from carnation.changes.permissions import Principal, read_grants
from carnation.changes.records import MISSING, Change
from carnation.changes.wording import format_list, shorten
from carnation.document.values import Json
from carnation.permissions import Grant, find_lost, find_needed_actions
from carnation.permissions.grants import matches

_ROLE = "AWS::IAM::Role"


def is_for_states(kind: str, body: Mapping[str, Json], others: Mapping[str, Json]) -> bool:
    """Tell whether a resource says what Step Functions may do: a role, or a policy of one.

    `others` are the bodies of the resources beside it, by their names.
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
) -> Iterator[Change]:
    """Yield the actions that a role has lost and executions of the old definitions still need."""
    if not definitions:
        return
    before, after = read_grants(kind, old), read_grants(kind, new)
    lost = [grant for grant in find_lost(before, after) if grant.effect == "Allow"]
    lost += [grant for grant in find_lost(after, before) if grant.effect == "Deny"]
    for definition in definitions:
        for action, states in find_needed_actions(definition).items():
            grants = [grant for grant in lost if matches(grant.action.lower(), action.lower())]
            if grants:
                yield _describe(subject, action, states, grants)


def _describe(subject: str, action: str, states: list[str], grants: list[Grant]) -> Change:
    where = format_list([f"'{shorten(name, 40)}'" for name in states], 3)
    on = format_list([shorten(name, 90) for name in dict.fromkeys(g.resource for g in grants)], 3)
    sentence = f"lost {action} on {on}, which executions in flight still need in {where}"
    value = [list(grant[:5]) for grant in grants]
    if grants[0].effect == "Deny":  # a denial that is new stands in the new document
        return Change("action-lost", grants[0].pointer, subject, sentence, MISSING, value)
    return Change("action-lost", grants[0].pointer, subject, sentence, value, MISSING, old=True)
