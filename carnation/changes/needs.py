"""What the role of a plain definition must allow now, and did not have to before.

Where a template holds the role, the role's own changes and the lint tell it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from carnation.asl import walk_states
from carnation.changes.records import MISSING, Change
from carnation.changes.wording import format_list, shorten
from carnation.document.values import Json
from carnation.lazy import TYPE_CHECKING, compile_lazily
from carnation.services.arns import split_arn

if TYPE_CHECKING:
    from carnation.permissions import RequiredAction

_OWN = "${StateMachineName}"
_ACCOUNT = compile_lazily(r"\d{12}\Z")
_CALL_NOTHING = ("Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel")


def find_new_needs(old: Json, new: Json, part: str) -> Iterator[Change]:
    """Yield, for each state, what its role must allow that no state of the old one needed."""
    if not isinstance(old, Mapping) or not isinstance(new, Mapping) or not old.get("States"):
        return
    if _list_callers(old) == _list_callers(new):
        return
    from carnation.permissions import derive_needs  # most changes are of no Task

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


def _list_callers(definition: Mapping[str, Json]) -> list[tuple[str, Mapping[str, Json]]]:
    """List the states that may need a role: their needs follow from their names and fields."""
    return [
        (place.name, place.body)
        for place in walk_states(definition)
        if place.type not in _CALL_NOTHING
    ]


def _account_of(resource: str) -> str:
    """Return the account in an ARN; '' where it has none, or leaves it open."""
    parts = split_arn(resource)
    return parts[4] if len(parts) == 6 and _ACCOUNT.match(parts[4]) else ""


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
