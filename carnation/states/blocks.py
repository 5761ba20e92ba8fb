"""What all state types share: retriers, catchers, names, transitions, and chains of states.

The table of fields decides what may be given; values are checked when a block is made, so that a
mistake shows on the line of Python that made it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Union

from carnation.asl import fields_of, find_problem
from carnation.errors import DefinitionError, suggest_name
from carnation.states.door import sdk


class Unset:
    """The default of every optional field: the field is not written."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Any = Unset()
Target = Union["State", "Chain", str]
"""Where a transition goes: a state, a chain (its first state), or the name of a state."""
Rule = Any
"""A rule of a Choice, made by `ChoiceRule`."""


def _given(place: str, owner: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Keep the fields that were given, in the table's order, and refuse a value that cannot be."""
    given: dict[str, Any] = {}
    for field in fields_of(place):
        value = arguments.get(field.argument, UNSET)
        if value is UNSET:
            continue
        problem = find_problem(field, value)
        if problem and not _is_placeholder(value):
            raise DefinitionError(f"{owner} ({find_source()}): {field.name} {problem}.")
        given[field.argument] = value
    return given


def _is_placeholder(value: object) -> bool:
    return hasattr(value, "to_jsonpath")


def find_source() -> str:
    """Find the line of Python, outside this package, on which the state is being made."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("carnation."):
        frame = frame.f_back
    path = frame.f_code.co_filename
    here = os.getcwd() + os.sep
    return f"{path.removeprefix(here)}:{frame.f_lineno}"


# What the SDK's constructors and ours keep as attributes of their own.
_STRUCTURE = frozenset(
    {"branches", "choices", "default", "iterator", "item_processor", "processor_config", "type"}
)


class _Block:
    """What retriers, catchers and states share: the table decides what may be in them."""

    place: str
    fields: dict[str, Any]

    def is_field_allowed(self, field_name: str) -> bool:
        """Tell whether the table has this field here; the SDK asks before it takes a field."""
        return any(field.argument == field_name for field in fields_of(self.place))

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse to set a field behind the constructor's back: it would not be written."""
        if name in _STRUCTURE or not self.is_field_allowed(name):
            super().__setattr__(name, value)
        else:
            raise AttributeError(
                f"'{name}' is a field of a {self.place}: give it when you make the {self.place}."
            )

    def __getattr__(self, name: str) -> Any:
        """Read a field as an attribute: None where it was not given, an error where misspelt."""
        fields = self.__dict__.get("fields", {})
        if name in fields:
            return fields[name]
        if not name.startswith("__") and self.is_field_allowed(name):
            return None
        known = [field.argument for field in fields_of(self.place)]
        raise AttributeError(f"a {self.place} has no '{name}'.{suggest_name(name, known)}")


class Retry(_Block, sdk.Retry):
    """A retrier: which errors are tried again, how often, and after how long.

    `interval_seconds` before the first retry (default 1), times `backoff_rate` (2.0) for each
    further one, at most `max_delay_seconds`; `max_attempts` retries (3; 0 is none);
    `jitter_strategy` FULL or NONE.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html

    >>> Retry(error_equals=["States.Timeout"], max_attempts=2).fields
    {'error_equals': ['States.Timeout'], 'max_attempts': 2}
    """

    place = "Retrier"

    def __init__(
        self,
        *,
        error_equals: Sequence[str],
        interval_seconds: int = UNSET,
        max_attempts: int = UNSET,
        backoff_rate: float = UNSET,
        max_delay_seconds: int = UNSET,
        jitter_strategy: str = UNSET,
        comment: str = UNSET,
    ) -> None:
        sdk.Retry.__init__(self, **_given(self.place, "a retrier", locals()))


class Catch(_Block, sdk.Catch):
    """A catcher: the errors it takes, where they are put, and the state that goes on.

    Without `result_path` the error replaces the state's whole input.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    """

    place = "Catcher"

    def __init__(
        self,
        *,
        error_equals: Sequence[str],
        next_step: Target,
        result_path: str | None = UNSET,
        assign: Mapping[str, Any] = UNSET,
        output: Any = UNSET,
        comment: str = UNSET,
    ) -> None:
        sdk.Catch.__init__(self, next_step, **_given(self.place, "a catcher", locals()))


def _list_blocks(blocks: Any, kind: type, owner: str) -> list[Any]:
    """Give one retrier or catcher, or several, as a list; refuse what is none."""
    found = list(blocks) if isinstance(blocks, (list, tuple)) else [blocks]
    for block in found:
        if not isinstance(block, kind):
            raise DefinitionError(
                f"{owner} ({find_source()}): {block!r} is no {kind.__name__}. "
                f"Make it with {kind.__name__}(error_equals=[...], ...)."
            )
    return found


class State(_Block):
    """What the eight types share: a name, its place in Python, and one next state."""

    state_id: str
    next_step: Any
    source: str

    def note(self, state_id: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Check the name and the fields, remember the line of Python, give the fields."""
        if not isinstance(state_id, str) or not 0 < len(state_id) <= 80:
            raise DefinitionError(
                f"a {self.place} state ({find_source()}) is named {state_id!r}; a name has 1 to 80 "
                "characters."
            )
        self.source = find_source()
        self.state_id = state_id
        given = _given(self.place, f"state '{state_id}'", arguments)
        given.pop("retry", None)  # these two are lists of objects that the SDK keeps apart
        given.pop("catch", None)
        return given

    def list_error_blocks(self, retry: Any, catch: Any) -> tuple[list[Retry], list[Catch]]:
        """Give retriers and catchers as lists; raise `DefinitionError` for what is neither."""
        owner = f"state '{self.state_id}'"
        return _list_blocks(retry, sdk.Retry, owner), _list_blocks(catch, sdk.Catch, owner)

    def next(self, next_step: Target) -> Any:
        """Set the state that follows, once; give it back, as the SDK does.

        Raises `DefinitionError` where the state already moves elsewhere: a state has one place in
        one graph, and a second chain through it would change the first without a word.
        """
        refuse_rewiring(self, next_step)
        if isinstance(next_step, str):
            self.next_step = next_step
            return next_step
        return super().next(next_step)  # type: ignore[misc]


def refuse_rewiring(state: Any, next_step: Target) -> None:
    """Raise `DefinitionError` if a state (ours or the SDK's) already moves to another one."""
    before = state.default if state.type == "Choice" else state.next_step
    if before is not None and _name_of(before) != _name_of(next_step):
        raise DefinitionError(
            f"state '{state.state_id}'{_place_of(state)} already moves to '{_name_of(before)}' and "
            f"cannot also move to '{_name_of(next_step)}' ({find_source()}). Make a fresh state "
            "for the second place."
        )


def _place_of(state: Any) -> str:
    return f" ({state.source})" if isinstance(state, State) else ""


def _name_of(target: Any) -> str:
    return target if isinstance(target, str) else str(target.state_id)


def _refuse_no_state(step: Any, owner: str) -> None:
    """Raise `DefinitionError` for what cannot be followed by a state, or follow one."""
    if not isinstance(step, (sdk.State, sdk.Chain)):
        given = step.__name__ if isinstance(step, type) else repr(step)
        hint = f" Did you mean {given}(...)?" if isinstance(step, type) else ""
        raise DefinitionError(f"{owner} ({find_source()}) takes states, and {given} is none.{hint}")


Retriers = Retry | Sequence[Retry]
Catchers = Catch | Sequence[Catch]


class Chain(sdk.Chain):
    """States that follow one another; a chain inside a chain stands for its states.

    Linking is linear in the number of states, and a state that already moves elsewhere is refused.

    >>> from carnation.states import Pass
    >>> chain = Chain([Pass("Open"), Pass("Close")])
    >>> [state.state_id for state in chain], chain.steps[0].next_step.state_id
    (['Open', 'Close'], 'Close')
    """

    def __init__(self, steps: Sequence[Any] = ()) -> None:
        sdk.Chain.__init__(self, [])
        self._members: set[int] = set()
        for step in steps:
            _refuse_no_state(step, "a chain")
            for state in step.steps if isinstance(step, sdk.Chain) else (step,):
                self.append(state)

    def append(self, step: Any) -> None:
        """Add a state behind the last one, which moves to it from now on."""
        if id(step) in self._members:
            raise DefinitionError(
                f"state '{step.state_id}'{_place_of(step)} stands twice in one chain "
                f"({find_source()}). Make a fresh state for the second place, or move back to it "
                "with next()."
            )
        if self.steps:
            last = self.steps[-1]
            refuse_rewiring(last, step)
            last.next(step)
        self._members.add(id(step))
        self.steps.append(step)
