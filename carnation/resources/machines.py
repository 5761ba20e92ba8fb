"""StateMachine and Alarms: how a state machine logs, traces and is watched."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from carnation.errors import UsageError
from carnation.resources.grants import keep_tuples

if TYPE_CHECKING:
    from carnation.resources.topics import Topic

LOG_LEVELS = ("ALL", "ERROR", "FATAL", "OFF")
MORE_ALARMS = ("Age", "Duration", "Silence")
"""Alarms that only some workflows want: old messages, long executions, no execution at all."""


_ALIAS = re.compile(r"(?=.*[A-Za-z_.-])[A-Za-z0-9_.-]{1,80}\Z")


@dataclass(frozen=True)
class StateMachine:
    """How a state machine is deployed, beside its definition.

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
                f"StateMachine: log_level is {self.log_level!r}; expected one of "
                f"{', '.join(LOG_LEVELS)}."
            )
        if not isinstance(self.alias, str) or not _ALIAS.match(self.alias):
            raise UsageError(
                f"StateMachine: alias is {self.alias!r}; expected up to 80 letters, digits, '_', "
                "'-' and '.', and not digits alone."
            )


@dataclass(frozen=True)
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
        """Check the names; raise `UsageError` for an alarm that does not exist."""
        keep_tuples(self, "off", "more", "undoes")
        for name in self.more:
            if name not in MORE_ALARMS:
                raise UsageError(
                    f"Alarms: more has {name!r}; expected any of {', '.join(MORE_ALARMS)}."
                )
