"""What all states share: retriers, catchers, names and transitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import CodeType
from typing import TYPE_CHECKING, Any, Union

from carnation.asl.fields import PLACES, fields_of
from carnation.errors import DefinitionError
from carnation.states.arguments import (
    UNSET,
    find_line,
    list_languages,
    mark_line,
    read_arguments,
    reject_mixture,
    render_line,
    suggest_argument,
)
from carnation.states.sdk import sdk

if TYPE_CHECKING:
    from carnation.states.chain import Chain

Target = Union["State", "Chain", str]
"""Where a transition goes: a state, a chain (its first state), or the name of a state."""
Extra = Mapping[str, Any]
"""Fields that carnation does not know yet, as ASL writes them: name to value."""

# What the SDK's constructors and ours keep as attributes of their own.
_STRUCTURE = frozenset({"branches", "choices", "default", "iterator", "type"})

_ARGUMENTS = {
    place: frozenset(field.argument for field in fields_of(place, legacy=True)) for place in PLACES
}


class _Block:
    """What retriers, catchers and states share: the table decides what may be in them."""

    place: str
    fields: dict[str, Any]
    extra: dict[str, Any]

    def read(self, owner: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Check what was given, remember what is extra, give the fields."""
        given, self.extra = read_arguments(self.place, owner, arguments)
        return given

    def list_languages(self) -> Iterator[tuple[str, str]]:
        """Yield the fields that belong to one query language, each with it."""
        return list_languages(self.place, self.fields)

    def is_field_allowed(self, field_name: str) -> bool:
        """Return whether the table has this field here; the SDK asks before it takes a field."""
        return field_name in _ARGUMENTS.get(self.place, ())

    def __setattr__(self, name: str, value: Any) -> None:
        """Reject to set a field behind the constructor's back: it would not be written."""
        if name in _STRUCTURE or not self.is_field_allowed(name):
            super().__setattr__(name, value)
        else:
            raise AttributeError(
                f"'{name}' is a field of a {self.place}: give it when you make the {self.place}."
            )

    def __getattr__(self, name: str) -> Any:
        """Read a field as an attribute: None where it was not given, an error where misspelled."""
        fields = self.__dict__.get("fields", {})
        if name in fields:
            return fields[name]
        if not name.startswith("__") and self.is_field_allowed(name):
            return None
        hint = suggest_argument(self.place, name)
        raise AttributeError(f"a {self.place} has no '{name}'.{hint}")


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
        extra: Extra = UNSET,
    ) -> None:
        sdk.Retry.__init__(self, **self.read("a retrier", locals()))


class Catch(_Block, sdk.Catch):
    """A catcher: the errors it takes, where they are put, and the state that goes on.

    In JSONPath the error replaces the state's whole input unless `result_path` says where it goes;
    in JSONata `output` says what the next state gets (`$states.errorOutput` is the error).
    `assign` sets variables.
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
        extra: Extra = UNSET,
    ) -> None:
        reject_no_target("a catcher", next_step)
        sdk.Catch.__init__(self, next_step, **self.read("a catcher", locals()))
        reject_mixture("a catcher", self.list_languages())


def _list_blocks(blocks: Any, kind: type, owner: str) -> list[Any]:
    """Return one retrier or catcher, or several, as a list; refuse what is none."""
    found = list(blocks) if isinstance(blocks, (list, tuple)) else [blocks]
    for block in found:
        if not isinstance(block, kind):
            raise DefinitionError(
                f"{owner} ({find_line()}): {block!r} is not a {kind.__name__}. Create it with "
                f"{kind.__name__}(error_equals=[...], ...)."
            )
    return found


class State(_Block):
    """What the eight types share: a name, its place in Python, and one next state."""

    state_id: str
    next_step: Any
    made_at: tuple[CodeType, int]
    empty_blocks: tuple[str, ...] = ()
    """Retry and Catch where they were given as an empty list, which is written as one."""

    def note(self, state_id: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Check the name and the fields, remember the line of Python, give the fields."""
        self.set_name(state_id)
        return self.read(f"state '{state_id}'", arguments)

    def set_name(self, state_id: str) -> None:
        """Check the name, and remember the line of Python."""
        if not isinstance(state_id, str) or not 0 < len(state_id) <= 80:
            raise DefinitionError(
                f"a {self.place} state ({find_line()}) is named {state_id!r}; a name has 1 to 80 "
                "characters."
            )
        self.made_at = mark_line()
        self.state_id = state_id

    @property
    def source(self) -> str:
        """The file and the line on which the state was made."""
        return render_line(*self.made_at)

    def list_error_blocks(self, retry: Any, catch: Any) -> tuple[list[Retry], list[Catch]]:
        """Return retriers and catchers as lists; raise `DefinitionError` for what is neither."""
        owner = f"state '{self.state_id}'"
        given = {"Retry": retry, "Catch": catch}
        self.empty_blocks = tuple(name for name, blocks in given.items() if blocks == [])
        return _list_blocks(retry, sdk.Retry, owner), _list_blocks(catch, sdk.Catch, owner)

    def reject_mixture(self) -> None:
        """Raise `DefinitionError` where fields of both query languages stand together."""
        reject_mixture(f"state '{self.state_id}'", self.list_all_languages())

    def list_all_languages(self) -> Iterator[tuple[str, str]]:
        """Yield what belongs to one query language, that of the catchers too."""
        yield from self.list_languages()
        for catcher in self.catches:
            if isinstance(catcher, Catch):
                yield from catcher.list_languages()

    def next(self, next_step: Target) -> Any:
        """Set the state that follows, once; give it back, as the SDK does.

        Raises `DefinitionError` where the state already moves elsewhere: a state has one place in
        one graph, and a second chain through it would change the first without a word.
        """
        if self.place in ("Succeed", "Fail"):
            raise DefinitionError(
                f"state '{self.state_id}'{format_source(self)} is a terminal state and cannot "
                f"have a Next ({find_line()}). Place it last in the chain."
            )
        reject_no_target(f"state '{self.state_id}'", next_step)
        reject_rewiring(self, next_step)
        if isinstance(next_step, str):
            self.next_step = next_step
            return next_step
        return super().next(next_step)  # type: ignore[misc]


def reject_no_target(owner: str, target: Any) -> None:
    """Raise `DefinitionError` for what no transition can go to."""
    if not isinstance(target, (str, sdk.State, sdk.Chain)):
        raise DefinitionError(
            f"{owner} ({find_line()}) moves to {target!r}; expected a state, a chain, or the "
            f"name of a state."
        )


def reject_rewiring(state: Any, next_step: Target) -> None:
    """Raise `DefinitionError` if a state (ours or the SDK's) already moves to another one."""
    before = state.default if state.type == "Choice" else state.next_step
    if before is not None and _target_name(before) != _target_name(next_step):
        raise DefinitionError(
            f"state '{state.state_id}'{format_source(state)} already moves to "
            f"'{_target_name(before)}' and cannot also move to '{_target_name(next_step)}' "
            f"({find_line()}). Create another state for the second place."
        )


def format_source(state: Any) -> str:
    """Say in brackets on which line of Python a state was made, where that is known."""
    return f" ({state.source})" if isinstance(state, State) else ""


def _target_name(target: Any) -> str:
    return target if isinstance(target, str) else str(target.state_id)


Retriers = Retry | Sequence[Retry]
Catchers = Catch | Sequence[Catch]
