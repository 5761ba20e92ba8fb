"""What all state types share: retriers, catchers, names, transitions, and chains of states.

The table of fields decides what may be given; values are checked when a block is made, so that a
mistake shows on the line of Python that made it.
"""

from __future__ import annotations

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
            raise DefinitionError(f"{owner}: {field.name} {problem}.")
        given[field.argument] = value
    return given


def _is_placeholder(value: object) -> bool:
    return hasattr(value, "to_jsonpath")


def _find_source() -> str:
    """Find the line of Python, outside this package, on which the state is being made."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("carnation."):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


class _Block:
    """What retriers, catchers and states share: the table decides what may be in them."""

    place: str
    fields: dict[str, Any]

    def is_field_allowed(self, field_name: str) -> bool:
        """Tell whether the table has this field here; the SDK asks before it takes a field."""
        return any(field.argument == field_name for field in fields_of(self.place))

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


class State(_Block):
    """What the eight types share: a name, its place in Python, and one next state."""

    state_id: str
    next_step: Any
    source: str

    def note(self, state_id: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Check the name and the fields, remember the line of Python, give the fields."""
        if not isinstance(state_id, str) or not 0 < len(state_id) <= 80:
            raise DefinitionError(
                f"a {self.place} state is named {state_id!r}; a name has 1 to 80 characters."
            )
        self.source = _find_source()
        given = _given(self.place, f"state '{state_id}'", arguments)
        given.pop("retry", None)  # these two are lists of objects that the SDK keeps apart
        given.pop("catch", None)
        return given

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
        source = f" ({state.source})" if isinstance(state, State) else ""
        raise DefinitionError(
            f"state '{state.state_id}'{source} already moves to '{_name_of(before)}' and "
            f"cannot also move to '{_name_of(next_step)}'. Make a fresh state for the second place."
        )


def _name_of(target: Any) -> str:
    return target if isinstance(target, str) else str(target.state_id)


Retriers = Retry | Sequence[Retry]
Catchers = Catch | Sequence[Catch]


def listed(blocks: Any) -> list[Any]:
    """Give one block, or several, as a list."""
    return list(blocks) if isinstance(blocks, (list, tuple)) else [blocks]


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
            for state in step.steps if isinstance(step, sdk.Chain) else (step,):
                self.append(state)

    def append(self, step: Any) -> None:
        """Add a state behind the last one, which moves to it from now on."""
        if id(step) in self._members:
            raise DefinitionError(
                f"state '{step.state_id}' stands twice in one chain. Make a fresh state for the "
                "second place, or move back to it with next()."
            )
        if self.steps:
            last = self.steps[-1]
            refuse_rewiring(last, step)
            last.next(step)
        self._members.add(id(step))
        self.steps.append(step)
