"""StateMachine and Alarms: how a state machine logs, traces and is watched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from carnation.errors import UsageError
from carnation.lazy import compile_lazily
from carnation.records import field, record
from carnation.resources.grants import keep_tuples
from carnation.states.arguments import find_line

if TYPE_CHECKING:
    from carnation.resources.topics import Topic

LOG_LEVELS = ("ALL", "ERROR", "FATAL", "OFF")
MORE_ALARMS = ("Age", "Duration", "Silence")
"""Alarms that only some workflows want: old messages, long executions, no execution at all."""


_ALIAS = compile_lazily(r"(?=.*[A-Za-z_.-])[A-Za-z0-9_.-]{1,80}\Z")


@record(frozen=True)
class StateMachine:
    """How a state machine is deployed, next to its definition.

    `log_level` is ERROR by default, since the history of a Standard workflow has the rest, and ALL
    for Express, which has no history. `log_data` (default: True) includes inputs and outputs.
    `alias` is what triggers start, and what moves to a new version.
    """

    log_level: str = ""
    log_data: bool = True
    tracing: bool = True
    alias: str = "live"

    def __post_init__(self) -> None:
        """Check level and alias; raise `UsageError` for what AWS would reject.

        Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachineAlias.html
        """
        if self.log_level and self.log_level not in LOG_LEVELS:
            raise UsageError(
                f"StateMachine ({find_line()}): log_level is {self.log_level!r}; expected one of "
                f"{', '.join(LOG_LEVELS)}, and no Parameter: the build decides it."
            )
        if not isinstance(self.alias, str) or not _ALIAS.match(self.alias):
            raise UsageError(
                f"StateMachine ({find_line()}): alias is {self.alias!r}; expected up to 80 "
                "letters, digits, '_', '-' and '.', and not digits alone."
            )


def is_numbers(values: object) -> bool:
    """Return whether values are numbers by name."""
    return isinstance(values, Mapping) and all(
        isinstance(value, (int, float)) and not isinstance(value, bool) for value in values.values()
    )


@record(frozen=True)
class Alarms:
    """Which alarms watch a workflow, and whom they tell; each costs about $0.10 a month.

    `topic` is an existing topic, in place of the stack's own. `off` lists alarms to leave out, by
    name or pattern (`*Throttles`); `thresholds` gives others than 1; `more` adds `Age`, `Duration`
    or `Silence`. `undoes` lists the alarms of executions that make a canary deployment roll back.
    """

    topic: Topic | None = None
    off: Sequence[str] = ()
    thresholds: Mapping[str, float] = field(default_factory=dict, hash=False)
    more: Sequence[str] = ()
    undoes: Sequence[str] = ("Aborted", "Failed", "TimedOut")

    def __post_init__(self) -> None:
        """Check the names; raise `UsageError` for what is no topic, list or known alarm."""
        keep_tuples(self, "off", "more", "undoes")
        for name, valid, form in (
            ("topic", self.topic is None or hasattr(self.topic, "publish"), "a Topic"),
            ("off", isinstance(self.off, tuple), "a list of names"),
            ("thresholds", is_numbers(self.thresholds), "numbers by the names of alarms"),
            ("more", isinstance(self.more, tuple), "a list of names"),
            ("undoes", isinstance(self.undoes, tuple), "a list of names"),
        ):
            if not valid:
                raise UsageError(
                    f"Alarms ({find_line()}): {name} is {getattr(self, name)!r}; expected {form}."
                )
        for name in self.more:
            if name not in MORE_ALARMS:
                raise UsageError(
                    f"Alarms ({find_line()}): more has {name!r}; expected any of "
                    f"{', '.join(MORE_ALARMS)}."
                )
