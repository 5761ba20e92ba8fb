"""Six of the eight state types, typed: constructors over the SDK's classes and the table of fields.

(Map and Parallel, which hold graphs, are in `carnation.states.groups`.)

Each class is the SDK's own state, so whatever takes an SDK state takes these. What they add: every
field of today's language as a named argument that an editor completes, values checked when the
state is made, transitions by name as well as by state, and the line of Python they came from.
An argument that is left out is not written; `None` is written as `null` where ASL has a meaning for
it (`result_path=None` throws the result away). `extra` takes fields that carnation does not know
yet, as ASL writes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from carnation.errors import DefinitionError
from carnation.states.arguments import UNSET, find_line
from carnation.states.choice_rules import Rule
from carnation.states.map_fields import list_part_languages, reject_wrong_parts
from carnation.states.sdk import choice_rule, sdk
from carnation.states.state import (
    Catchers,
    Extra,
    Retriers,
    State,
    Target,
    reject_no_target,
    reject_rewiring,
)


class Pass(State, sdk.Pass):
    """A state that hands its input on, shaped by `parameters`, or puts `result` in its place.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-pass.html

    >>> "result" in Pass("Note").fields, "result" in Pass("Note", result=None).fields
    (False, True)
    """

    place = "Pass"

    def __init__(
        self,
        state_id: str,
        *,
        comment: str = UNSET,
        query_language: str = UNSET,
        input_path: str | None = UNSET,
        parameters: Any = UNSET,
        result: Any = UNSET,
        result_path: str | None = UNSET,
        output_path: str | None = UNSET,
        assign: Mapping[str, Any] = UNSET,
        output: Any = UNSET,
        extra: Extra = UNSET,
    ) -> None:
        sdk.Pass.__init__(self, state_id, **self.note(state_id, locals()))
        self.reject_mixture()


class Task(State, sdk.Task):
    """A state that has work done by the service that `resource` names.

    Times are in seconds; `retry` and `catch` are tried in their order, the first that matches wins.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html

    >>> Task("Pay", resource="arn:aws:states:::sqs:sendMessage", timeout_seconds=0)
    Traceback (most recent call last):
    carnation.errors.DefinitionError: state 'Pay': TimeoutSeconds is 0; expected an integer ...
    """

    place = "Task"

    def __init__(
        self,
        state_id: str,
        *,
        resource: str,
        comment: str = UNSET,
        query_language: str = UNSET,
        credentials: Mapping[str, Any] = UNSET,
        input_path: str | None = UNSET,
        parameters: Any = UNSET,
        arguments: Any = UNSET,
        result_selector: Mapping[str, Any] = UNSET,
        result_path: str | None = UNSET,
        output_path: str | None = UNSET,
        timeout_seconds: int | str = UNSET,
        timeout_seconds_path: str = UNSET,
        heartbeat_seconds: int | str = UNSET,
        heartbeat_seconds_path: str = UNSET,
        retry: Retriers = (),
        catch: Catchers = (),
        assign: Mapping[str, Any] = UNSET,
        output: Any = UNSET,
        extra: Extra = UNSET,
    ) -> None:
        given = self.note(state_id, locals())
        reject_wrong_parts(f"state '{state_id}'", given)
        sdk.Task.__init__(self, state_id, *self.list_error_blocks(retry, catch), **given)
        self.reject_mixture()

    def list_languages(self) -> Iterator[tuple[str, str]]:
        """Yield the fields that belong to one query language, those of its credentials too."""
        yield from super().list_languages()
        yield from list_part_languages(self.fields)


class Choice(State, sdk.Choice):
    """A state that moves on by the first of its `choices` whose rule holds, else to `default`.

    In a chain the next state becomes the default.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
    """

    place = "Choice"

    def __init__(
        self,
        state_id: str,
        *,
        choices: Sequence[tuple[Rule, Target]] = (),
        default: Target = UNSET,
        comment: str = UNSET,
        query_language: str = UNSET,
        input_path: str | None = UNSET,
        output_path: str | None = UNSET,
        assign: Mapping[str, Any] = UNSET,
        output: Any = UNSET,
        extra: Extra = UNSET,
    ) -> None:
        given = self.note(state_id, locals())
        sdk.Choice.__init__(self, state_id, **given)
        for choice in choices:
            self.add_choice(*_read_choice(choice, state_id))
        if default is not UNSET:
            reject_no_target(f"state '{state_id}'", default)
            self.default_choice(default)
        self.reject_mixture()

    def list_languages(self) -> Iterator[tuple[str, str]]:
        """Yield what belongs to one query language, its rules included."""
        yield from super().list_languages()
        for rule, _ in self.choices:
            yield from rule.list_languages() if isinstance(rule, Rule) else ()

    def next(self, next_step: Target) -> Any:
        """Set the default, as chaining a Choice does in the SDK."""
        reject_rewiring(self, next_step)
        self.default_choice(next_step)
        return next_step


def _read_choice(choice: Any, state_id: str) -> tuple[Rule, Target]:
    """Return a rule and its target, or raise `DefinitionError` for what is no such pair."""
    pair = isinstance(choice, tuple) and len(choice) == 2
    if pair and isinstance(choice[0], choice_rule.BaseRule):
        rule, target = choice
        reject_no_target(f"state '{state_id}': a choice", target)
        return rule, target
    raise DefinitionError(
        f"state '{state_id}' ({find_line()}): expected pairs of a rule and a target in choices, "
        f"got {choice!r}. Write it as (ChoiceRule.StringEquals(...), Succeed(...))."
    )


class Wait(State, sdk.Wait):
    """A state that waits: exactly one of `seconds`, `seconds_path`, `timestamp`, `timestamp_path`.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html
    """

    place = "Wait"

    def __init__(
        self,
        state_id: str,
        *,
        seconds: int | str = UNSET,
        seconds_path: str = UNSET,
        timestamp: str = UNSET,
        timestamp_path: str = UNSET,
        comment: str = UNSET,
        query_language: str = UNSET,
        input_path: str | None = UNSET,
        output_path: str | None = UNSET,
        assign: Mapping[str, Any] = UNSET,
        output: Any = UNSET,
        extra: Extra = UNSET,
    ) -> None:
        given = self.note(state_id, locals())
        if given.keys().isdisjoint(_WAYS_TO_WAIT) and not self.extra:
            raise DefinitionError(
                f"state '{state_id}' ({self.source}): a Wait needs exactly one of seconds, "
                f"seconds_path, timestamp, and timestamp_path."
            )
        sdk.State.__init__(self, state_id, "Wait", **given)
        self.reject_mixture()


_WAYS_TO_WAIT = ("seconds", "seconds_path", "timestamp", "timestamp_path")


class Succeed(State, sdk.Succeed):
    """A terminal state: the execution, or the iteration or branch, has succeeded.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-succeed.html
    """

    place = "Succeed"

    def __init__(
        self,
        state_id: str,
        *,
        comment: str = UNSET,
        query_language: str = UNSET,
        input_path: str | None = UNSET,
        output_path: str | None = UNSET,
        output: Any = UNSET,
        extra: Extra = UNSET,
    ) -> None:
        sdk.Succeed.__init__(self, state_id, **self.note(state_id, locals()))
        self.reject_mixture()


class Fail(State, sdk.Fail):
    """A terminal state: the execution fails with `error` and `cause`.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-fail.html
    """

    place = "Fail"

    def __init__(
        self,
        state_id: str,
        *,
        error: str = UNSET,
        error_path: str = UNSET,
        cause: str = UNSET,
        cause_path: str = UNSET,
        comment: str = UNSET,
        query_language: str = UNSET,
        extra: Extra = UNSET,
    ) -> None:
        sdk.Fail.__init__(self, state_id, **self.note(state_id, locals()))
        self.reject_mixture()
