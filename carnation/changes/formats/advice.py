"""Advice: what a change means for running executions and for callers, and what to do about it.

Three lines that are under every verdict, also where the answer is that there is nothing to do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from carnation.changes.formats.actions import ACTIONS
from carnation.changes.formats.callers import format_callers
from carnation.changes.formats.wording import find_joint, list_notes
from carnation.changes.impacts import CODE, COSMETIC, IMPACTS, KINDS, PERMISSIONS, RESOURCES
from carnation.changes.records import Change
from carnation.changes.reviews.compare import Review
from carnation.changes.reviews.verdict import rank_consequence
from carnation.changes.wording import format_list, quote_subject, shorten
from carnation.document.values import Json, is_number
from carnation.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from carnation.asl import State

_KEPT = "they keep the definition that they started with"
_HARMLESS = (
    "resource-added", "output-added", "code-changed", "permission-wildcard", "permission-needed",
)  # fmt: skip
_MAX_TOLD = 3  # changes that are told in a line
_MAX_ACTIONS = 5
_RETRIES = ("retry-changed", "retry-removed")
_WAITERS = ("timeout-added", "timeout-lowered")
_CAUGHT = frozenset({"States.ALL", "States.Timeout", "States.TaskFailed"})


def list_lines(review: Review) -> list[tuple[str, str]]:
    """List the lines under a verdict, with headings: the advice, and what others know."""
    advice = [
        ("Running executions", format_running(review)),
        ("Callers", format_callers(review)),
        ("Before merging", format_before_merging(review)),
    ]
    return [*advice, *list_notes(review)]


def format_running(review: Review) -> str:
    """Describe what becomes of the executions that run while it is deployed.

    >>> format_running(Review("w", "", "", [Change("cycle-added", "", "A", "")], [], []))
    'no effect: they keep the definition that they started with'
    """
    if any(change.kind == "workflow-added" for change in review.changes):
        return "none: the workflow was added"
    if any(change.kind == "workflow-removed" for change in review.changes):
        return f"{_KEPT}, and end with it; afterwards it cannot be started or redriven"
    if any(change.kind == "workflow-renamed" for change in review.changes):
        return f"{_KEPT}, in the stack of the old name until that is deleted"
    met = [change for change in review.changes if _reaches_running(change)]
    if not met:
        return f"no effect: {_KEPT}"
    told = [
        f"'{shorten(one.subject, 60)}'{find_joint(one)}{one.sentence}" for one in met[:_MAX_TOLD]
    ]
    more = f"; and {len(met) - _MAX_TOLD} more" if met[_MAX_TOLD:] else ""
    return f"{_KEPT}, but these changes apply immediately: {'; '.join(told)}{more}"


def _reaches_running(change: Change) -> bool:
    """Return whether what changed is not part of a definition: a role, a function, a resource."""
    kind = KINDS[change.kind]
    if kind.impact == COSMETIC or kind.slug in _HARMLESS or kind.slug.endswith("-broadened"):
        return False
    return kind.concerns == "in flight" or kind.family in (PERMISSIONS, RESOURCES, CODE)


def format_before_merging(review: Review) -> str:
    """Describe what to do before it is merged, the gravest first.

    >>> changes = [Change("state-renamed", "", "B", "", "A", "B")]
    >>> format_before_merging(Review("w", "", "", changes, [], []))
    "change the alarms, queries and dashboards that name the old state ('A')"
    """
    found: dict[str, dict[str, None]] = {}
    states = _NewStates(review)
    ranked = sorted(review.changes, key=lambda one: (-_weigh(one), rank_consequence(one)))
    for change in ranked:
        for action in _list_actions(review, change, states):
            is_renamed = change.kind == "state-renamed" and isinstance(change.before, str)
            subject = str(change.before) if is_renamed else change.subject
            found.setdefault(action, {})[subject] = None
    told = [_format_subjects(action, list(subjects)) for action, subjects in found.items()]
    if not told:
        return "nothing to do"
    more = f"; and {len(told) - _MAX_ACTIONS} more, by the table" if told[_MAX_ACTIONS:] else ""
    return "; ".join(told[:_MAX_ACTIONS]) + more


def _weigh(change: Change) -> int:
    return IMPACTS.index(change.impact)


def _format_subjects(action: str, subjects: list[str]) -> str:
    return f"{action} ({format_list([quote_subject(one) for one in subjects], 3)})"


def _list_actions(review: Review, change: Change, states: _NewStates) -> Iterator[str]:
    if change.kind == "catch-removed" and isinstance(change.before, Mapping):
        target = change.before.get("Next")
        yield f"put the Catch back, or be sure that '{target}' need not run: the error now ends " \
            "the execution"  # fmt: skip
    elif change.kind in _WAITERS and change.subject.startswith("the "):
        yield "be sure that no execution takes longer: no Catch catches the timeout of the whole " \
            "state machine, and it ends as TIMED_OUT"  # fmt: skip
    elif change.kind in _WAITERS and not _catches_timeout(states.find(change)):
        yield "catch States.Timeout, else the execution fails there and runs no state that deals " \
            "with errors"  # fmt: skip
    elif change.kind in _RETRIES and (place := states.find(change)) is not None:
        joint = ", otherwise" if change.kind == "retry-changed" else ": then"
        yield f"{ACTIONS[change.kind]}{joint} {_format_end(place)}"
    elif change.after == "missing-permission":
        yield "grant the role the permission"
    elif change.kind == "wait-changed" and _is_shorter(change):
        yield "check that the states after the wait may run sooner and more often"
    elif change.kind == "permission-needed" and isinstance(change.after, list):
        needed = (one for one in review.changes if one.kind == change.kind)
        several = len([*islice(needed, 2)]) > 1  # of thousands, two are enough
        actions = "what Permissions lists" if several else format_list(change.after[0], 6)
        yield f"allow the role {actions}"
    elif change.kind in ACTIONS:
        yield ACTIONS[change.kind]


def _is_shorter(change: Change) -> bool:
    before, after = change.before, change.after
    return is_number(before) and is_number(after) and bool(after < before)


def _catches_timeout(place: State | None) -> bool:
    """Return whether a state of the new definition catches its timeout."""
    return place is not None and _catches(place.body)


class _NewStates:
    """The states of the new definitions, each of which is read once, when it is asked for."""

    def __init__(self, review: Review) -> None:
        self.review = review
        self.read: dict[str, dict[str, State]] = {}

    def find(self, change: Change) -> State | None:
        """Find the state that a change is about."""
        if change.part not in self.read:
            self.read[change.part] = dict(self._list(change.part))
        return self.read[change.part].get(change.subject)

    def _list(self, part: str) -> Iterator[tuple[str, State]]:
        """List states by name, the last ones first: the first of a name is meant."""
        from carnation.asl import walk_states

        for path, _, new in reversed(self.review.definitions):
            if path.partition(", ")[0] == part:
                yield from [(place.name, place) for place in walk_states(new)][::-1]


def _format_end(place: State) -> str:
    """Describe where the error goes when the attempts are used up."""
    caught = place.body.get("Catch")
    for one in caught if isinstance(caught, list) else ():
        if isinstance(one, Mapping) and "States.ALL" in one.get("ErrorEquals", ()):
            return f"'{shorten(str(one.get('Next')), 40)}' runs"
    other = " unless a Catch names the error" if caught else ""
    where = "execution" if place.pointer.count("/States/") == 1 else "iteration or branch"
    return f"the {where} fails{other}"


def _catches(state: Mapping[str, Json]) -> bool:
    catchers = state.get("Catch")
    return any(
        _CAUGHT.intersection(map(str, one.get("ErrorEquals", ())))
        for one in (catchers if isinstance(catchers, list) else ())
        if isinstance(one, Mapping)
    )
