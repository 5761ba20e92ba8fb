"""Chains: states that follow one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from carnation.errors import DefinitionError
from carnation.states.arguments import find_line
from carnation.states.sdk import sdk
from carnation.states.state import format_source, reject_rewiring


class Chain(sdk.Chain):
    """States that follow one another; a chain inside a chain represents its states.

    Linking is linear in the number of states, and a state that already moves elsewhere is refused.

    >>> from carnation.states import Pass
    >>> chain = Chain([Pass("Open"), Pass("Close")])
    >>> [state.state_id for state in chain], chain.steps[0].next_step.state_id
    (['Open', 'Close'], 'Close')
    """

    def __init__(self, steps: Sequence[Any] = ()) -> None:
        if not isinstance(steps, (list, tuple)):
            steps = _list_steps(steps)
        sdk.Chain.__init__(self, [])
        self._members: set[int] = set()
        for step in steps:
            _reject_no_state(step, "a chain")
            for state in step.steps if isinstance(step, sdk.Chain) else (step,):
                self.append(state)

    def append(self, step: Any) -> None:
        """Add a state behind the last one, which moves to it from now on."""
        if id(step) in self._members:
            raise DefinitionError(
                f"state '{step.state_id}'{format_source(step)} appears twice in one chain "
                f"({find_line()}). Create another state for the second place, or move back "
                "to it with next()."
            )
        if self.steps:
            last = self.steps[-1]
            reject_rewiring(last, step)
            last.next(step)
        self._members.add(id(step))
        self.steps.append(step)


def _list_steps(steps: Any) -> list[Any]:
    if isinstance(steps, str) or not hasattr(steps, "__iter__") or isinstance(steps, type):
        raise DefinitionError(
            f"Chain ({find_line()}): expected a list of states, got {steps!r}. Use [...]."
        )
    return list(steps)


def _reject_no_state(step: Any, owner: str) -> None:
    """Raise `DefinitionError` for what cannot be followed by a state, or follow one."""
    if not isinstance(step, (sdk.State, sdk.Chain)):
        given = step.__name__ if isinstance(step, type) else repr(step)
        hint = f" Did you mean {given}(...)?" if isinstance(step, type) else ""
        raise DefinitionError(f"{owner} ({find_line()}) expected states, got {given}.{hint}")
