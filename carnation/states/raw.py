"""Raw states: ASL that carnation has no words for yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from carnation.asl import KNOWN, STATE_TYPES, find_problem
from carnation.errors import DefinitionError
from carnation.states.arguments import (
    WIRED,
    find_line,
    is_dynamic,
    list_languages,
    reject_exclusions,
    reject_misplaced,
    reject_mixture,
)
from carnation.states.sdk import sdk
from carnation.states.state import State, reject_rewiring

_LISTS = ("Choices", "Catch")


class Raw(State, sdk.State):
    """A state as ASL writes it, whole: the way out for what is newer than carnation.

    Its transitions (`Next`, `Default`, those in `Choices` and `Catch`) name states, or are states
    and chains themselves, which become part of the graph; without `Next` and `End` a chain or
    `next()` sets what follows. What is known of its type is checked; fields and types that nobody
    knows pass, in a build as well.

    >>> from carnation.states import Succeed, make_definition
    >>> state = Raw("Ask", {"Type": "Question", "Options": 3, "Next": Succeed("Done")})
    >>> make_definition(state)["States"]["Ask"]
    {'Type': 'Question', 'Options': 3, 'Next': 'Done'}
    """

    place = "Raw"

    def __init__(self, state_id: str, body: Mapping[str, Any]) -> None:
        if not isinstance(body, Mapping) or not isinstance(body.get("Type"), str):
            raise DefinitionError(
                f"the raw state '{state_id}' ({find_line()}) expected a mapping with a 'Type', "
                f"got {body!r}."
            )
        self.set_name(state_id)
        self.extra = {}
        self.body = dict(body)
        _reject_body(f"state '{state_id}'", self.body)
        sdk.State.__init__(self, state_id, body["Type"])
        self.next_step = body.get("Next")
        self.default = self.body.pop("Default", None)

    def next(self, next_step: Any) -> Any:
        """Set the state that follows, unless the body says that the state ends."""
        if self.body.get("End") is True or self.body["Type"] in ("Succeed", "Fail"):
            raise DefinitionError(
                f"state '{self.state_id}' ({self.source}) has 'End' and cannot also have a Next "
                f"({find_line()}). Remove 'End'."
            )
        if self.body["Type"] == "Choice":
            reject_rewiring(self, next_step)
            self.default = next_step
            return next_step
        return super().next(next_step)

    def list_all_languages(self) -> Iterator[tuple[str, str]]:
        """Yield the fields of the body that belong to one query language."""
        return _list_body_languages(self.body)

    def list_targets(self) -> Iterator[Any]:
        """Yield where the state moves: states, chains and names, its own way first."""
        yield from (way for way in (self.default, self.next_step) if way is not None)
        for field in _LISTS:
            for block in self.body.get(field, ()):
                if isinstance(block, Mapping) and "Next" in block:
                    yield block["Next"]


def _reject_body(owner: str, body: Mapping[str, Any]) -> None:
    """Check a raw state by what is known of its type."""
    place = body["Type"]
    if place not in STATE_TYPES:
        meant = [known for known in STATE_TYPES if known.lower() == place.lower()]
        if meant:  # a slip of the hand; what is merely alike may be new
            raise DefinitionError(
                f"{owner} ({find_line()}): unknown state type '{place}'. Did you mean '{meant[0]}'?"
            )
        return
    for name, value in body.items():
        field = KNOWN[place].get(name)
        if field is None:
            reject_misplaced(place, owner, name)
        elif field.kind not in WIRED and not is_dynamic(value):
            problem = find_problem(field, value)
            if problem:
                raise DefinitionError(f"{owner} ({find_line()}): {name} {problem}.")
    reject_exclusions(place, owner, body)
    reject_mixture(owner, _list_body_languages(body))


def _list_body_languages(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    place = body["Type"]
    known = KNOWN.get(place, {})
    if known:
        given = {field.argument: body[name] for name, field in known.items() if name in body}
        yield from list_languages(place, given)
