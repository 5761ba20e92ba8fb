"""The eight state types, typed: constructors over the SDK's classes, driven by the table of fields.

Each class is the SDK's own state, so whatever takes an SDK state takes these. What they add: every
field of today's language as a named argument that an editor completes, values checked when the
state is made, transitions by name as well as by state, and the line of Python they came from.
An argument that is left out is not written; `None` is written as `null` where ASL has a meaning for
it (`result_path=None` throws the result away).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from carnation.asl import argument_of
from carnation.errors import DefinitionError
from carnation.states.blocks import (
    UNSET,
    Catchers,
    Chain,
    Retriers,
    Rule,
    State,
    Target,
    find_source,
    refuse_rewiring,
)
from carnation.states.door import choice_rule, sdk


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
    ) -> None:
        sdk.Pass.__init__(self, state_id, **self.note(state_id, locals()))


class Task(State, sdk.Task):
    """A state that has work done by the service that `resource` names.

    Times are in seconds; `retry` and `catch` are tried in their order, the first that matches wins.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html

    >>> Task("Pay", resource="arn:aws:states:::sqs:sendMessage", timeout_seconds=0)
    Traceback (most recent call last):
    carnation.errors.DefinitionError: state 'Pay': TimeoutSeconds is 0; it takes a whole number ...
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
    ) -> None:
        given = self.note(state_id, locals())
        sdk.Task.__init__(self, state_id, *self.list_error_blocks(retry, catch), **given)


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
    ) -> None:
        given = self.note(state_id, {**locals(), "choices": UNSET, "default": UNSET})
        sdk.Choice.__init__(self, state_id, **given)
        for choice in choices:
            self.add_choice(*_read_choice(choice, state_id))
        if default is not UNSET:
            self.default_choice(default)

    def next(self, next_step: Target) -> Any:
        """Set the default, as chaining a Choice does in the SDK."""
        refuse_rewiring(self, next_step)
        self.default_choice(next_step)
        return next_step


def _read_choice(choice: Any, state_id: str) -> tuple[Rule, Target]:
    """Give a rule and its target, or raise `DefinitionError` for what is no such pair."""
    pair = isinstance(choice, tuple) and len(choice) == 2
    if pair and isinstance(choice[0], choice_rule.BaseRule):
        rule, target = choice
        return rule, target
    raise DefinitionError(
        f"state '{state_id}' ({find_source()}): choices takes pairs of a rule and a target, and "
        f"{choice!r} is none. Write it as (ChoiceRule.StringEquals(...), Succeed(...))."
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
    ) -> None:
        given = self.note(state_id, locals())
        ways = [f"'{name}'" for name in _WAYS_TO_WAIT if name in given]
        if len(ways) != 1:
            raise DefinitionError(
                f"state '{state_id}' ({self.source}): a Wait takes exactly one of seconds, "
                "seconds_path, timestamp and timestamp_path, and was given "
                f"{' and '.join(ways) or 'none'}."
            )
        sdk.Wait.__init__(self, state_id, **given)


_WAYS_TO_WAIT = tuple(
    argument_of(name) for name in ("Seconds", "SecondsPath", "Timestamp", "TimestampPath")
)


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
    ) -> None:
        sdk.Succeed.__init__(self, state_id, **self.note(state_id, locals()))


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
    ) -> None:
        given = self.note(state_id, locals())
        for field in ("error", "cause"):
            if field in given and f"{field}_path" in given:
                raise DefinitionError(
                    f"state '{state_id}' ({self.source}): {field} and {field}_path exclude each "
                    "other; give one."
                )
        sdk.Fail.__init__(self, state_id, **given)


class Parallel(State, sdk.Parallel):
    """A state that runs `branches` (a state or a chain each) at once and waits for all.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html
    """

    place = "Parallel"

    def __init__(
        self,
        state_id: str,
        *,
        branches: Sequence[State | Chain] = (),
        comment: str = UNSET,
        query_language: str = UNSET,
        input_path: str | None = UNSET,
        parameters: Any = UNSET,
        arguments: Any = UNSET,
        result_selector: Mapping[str, Any] = UNSET,
        result_path: str | None = UNSET,
        output_path: str | None = UNSET,
        retry: Retriers = (),
        catch: Catchers = (),
        assign: Mapping[str, Any] = UNSET,
        output: Any = UNSET,
    ) -> None:
        given = self.note(state_id, {**locals(), "branches": UNSET})
        sdk.Parallel.__init__(self, state_id, *self.list_error_blocks(retry, catch), **given)
        for branch in branches:
            self.add_branch(branch)


class Map(State, sdk.Map):
    """A state that runs `item_processor` (a state or a chain) once for each item of a list.

    `max_concurrency` iterations run at once (0: as many as AWS allows, 40 for an inline Map);
    `processor_config` is `{"Mode": "INLINE"}` unless given.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map.html
    """

    place = "Map"

    def __init__(
        self,
        state_id: str,
        *,
        item_processor: State | Chain = UNSET,
        processor_config: Mapping[str, str] = UNSET,
        comment: str = UNSET,
        query_language: str = UNSET,
        input_path: str | None = UNSET,
        item_reader: Mapping[str, Any] = UNSET,
        items: Any = UNSET,
        items_path: str = UNSET,
        item_selector: Any = UNSET,
        item_batcher: Mapping[str, Any] = UNSET,
        max_concurrency: int | str = UNSET,
        max_concurrency_path: str = UNSET,
        tolerated_failure_percentage: float | str = UNSET,
        tolerated_failure_percentage_path: str = UNSET,
        tolerated_failure_count: int | str = UNSET,
        tolerated_failure_count_path: str = UNSET,
        label: str = UNSET,
        result_selector: Mapping[str, Any] = UNSET,
        result_path: str | None = UNSET,
        result_writer: Mapping[str, Any] = UNSET,
        output_path: str | None = UNSET,
        retry: Retriers = (),
        catch: Catchers = (),
        assign: Mapping[str, Any] = UNSET,
        output: Any = UNSET,
    ) -> None:
        given = self.note(state_id, {**locals(), "item_processor": UNSET})
        sdk.Map.__init__(self, state_id, *self.list_error_blocks(retry, catch), **given)
        self.processor_config = (
            {"Mode": "INLINE"} if processor_config is UNSET else processor_config
        )
        if item_processor is not UNSET:
            self.attach_iterator(item_processor)
