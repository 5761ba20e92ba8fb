"""What an execution is started with: a revision of a state machine, an input, a name."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from carnation.records import NamedTuple


def read_time() -> datetime:
    """Return the time, as the API's dates are."""
    return datetime.now(tz=timezone.utc)


@dataclass(frozen=True)
class Revision:
    """What of a state machine an update replaces, as a whole; `id` is None before the first."""

    definition: str
    role_arn: str
    logging: dict[str, Any]
    tracing: dict[str, Any]
    encryption: dict[str, Any]
    id: str | None = None
    date: datetime = field(default_factory=read_time)


class ExecutionRequest(NamedTuple):
    """What an execution is started with: by whom, of what, under which name."""

    arn: str
    name: str
    machine_arn: str
    machine_name: str
    revision: Revision
    is_express: bool
    input_text: str
    version_arn: str | None = None
    alias_arn: str | None = None
    trace_header: str | None = None
    is_synchronous: bool = False
