"""What the role of a plain definition must allow now, and did not have to before.

Where a template holds the role, the role's own changes and the lint tell it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from carnation.asl import walk_states
from carnation.changes.records import MISSING, Change
from carnation.changes.wording import format_list, shorten
from carnation.document.values import Json
from carnation.permissions import RequiredAction, derive_needs
from carnation.services.arns import split_arn

_OWN = "${StateMachineName}"
_ACCOUNT = re.compile(r"\d{12}")


def find_new_needs(old: Json, new: Json, part: str) -> Iterator[Change]:
    """Yield, for each state, what its role must allow that no state of the old one needed."""
    if not isinstance(old, Mapping) or not isinstance(new, Mapping) or not old.get("States"):
        return
    before = derive_needs(old)
    known = {(need.action, need.resource) for need in before}
    accounts = {_account_of(need.resource) for need in before} - {""}
    added: dict[str, list[RequiredAction]] = {}
    for need in derive_needs(new):
        if (need.action, need.resource) not in known and need.state:
            added.setdefault(need.state, []).append(need)
    places = {place.name: place.pointer for place in walk_states(new)} if added else {}
    for state, needs in added.items():
        actions = list(dict.fromkeys(need.action for need in needs))
        resources = list(dict.fromkeys(need.resource for need in needs))
        sentence = f"needs a role that allows {format_list(actions, 6)}{_format_place(resources)}"
        others = sorted({_account_of(one) for one in resources} - accounts - {""})
        if others and accounts:
            sentence += f"; in account {others[0]}, a policy of the resource must allow it, too"
        pointer = places.get(state, "")
        value: Json = [actions, resources]
        yield Change("permission-needed", pointer, state, sentence, MISSING, value, part=part)


def _account_of(resource: str) -> str:
    """Return the account in an ARN; '' where it has none, or leaves it open."""
    parts = split_arn(resource)
    return parts[4] if len(parts) == 6 and _ACCOUNT.fullmatch(parts[4]) else ""


def _format_place(resources: Sequence[str]) -> str:
    """Name what it is allowed on; the state machine's own executions are not named."""
    names = [shorten(_shorten_arn(one), 90) for one in resources if _OWN not in one and one != "*"]
    return f" on {format_list(names, 3)}" if names else ""


def _shorten_arn(resource: str) -> str:
    """Leave out of an ARN what only deployment fills in.

    >>> _shorten_arn("arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/stock")
    'table/stock'
    """
    parts = split_arn(resource)
    open_account = len(parts) == 6 and parts[4].startswith("${") and parts[5]
    return parts[5] if open_account else resource.replace("${AWS::Partition}", "aws")
