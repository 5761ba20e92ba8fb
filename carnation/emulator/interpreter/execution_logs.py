"""Events of executions, sent to CloudWatch Logs as the logging configuration asks.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html and
…/latest/dg/cloudwatch-log-level.html.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from carnation.emulator.interpreter.requests import ExecutionRequest
from carnation.engine import Event

_DATA = ("input", "output", "parameters")
_AT_ERROR = ("Failed", "TimedOut", "Aborted")
_AT_FATAL = ("ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted")
_BATCH = 1000


def is_logged(event_type: str, level: str) -> bool:
    """Return whether a level logs a type of event.

    >>> is_logged("FailStateEntered", "ERROR"), is_logged("FailStateEntered", "FATAL")
    (True, False)
    """
    if level == "FATAL":
        return event_type in _AT_FATAL
    if level == "ERROR":
        return event_type == "FailStateEntered" or event_type.endswith(_AT_ERROR)
    return level == "ALL"


class ExecutionLogger:
    """Collects the events of one execution, and delivers them in batches."""

    def __init__(
        self,
        request: ExecutionRequest,
        deliver: Callable[[str, str, list[dict[str, Any]]], None],
    ) -> None:
        """Take the logging configuration of what is executed."""
        logging = request.revision.logging
        destinations = logging.get("destinations") or [{}]
        group = destinations[0].get("cloudWatchLogsLogGroup", {}).get("logGroupArn", "")
        self._level = logging["level"] if group else "OFF"
        self._group, self._data = group, logging["includeExecutionData"]
        self._arn, self._name, self._deliver = request.arn, request.machine_name, deliver
        self._rows: list[dict[str, Any]] = []
        self._redrives = 0
        self._stream = ""

    def add(self, event: Event) -> None:
        """Keep an event, if the level logs it."""
        if self._level == "OFF":
            return
        if event.type == "ExecutionRedriven":
            self._redrives += 1
        if is_logged(event.type, self._level):
            message = json.dumps(self._describe(event), separators=(",", ":"), ensure_ascii=False)
            self._rows.append({"timestamp": int(event.at * 1000), "message": message})
        if len(self._rows) >= _BATCH:
            self.flush()

    def _describe(self, event: Event) -> dict[str, Any]:
        return {
            "id": str(event.id),
            "type": event.type,
            "details": dict(self._detail(event)),
            "previous_event_id": str(event.previous_id),
            "event_timestamp": str(int(event.at * 1000)),
            "execution_arn": self._arn,
            "redrive_count": str(self._redrives),
        }

    def _detail(self, event: Event) -> Any:
        for name, value in event.details.items():
            if name not in _DATA:
                yield name, value
            elif self._data:
                yield name, _to_text(value)
                yield from (
                    () if name == "parameters" else ((f"{name}Details", {"truncated": False}),)
                )

    def flush(self) -> None:
        """Deliver what was collected."""
        if self._rows:
            rows, self._rows = self._rows, []
            self._stream = self._stream or self._stream_name(rows[0]["timestamp"] / 1000)
            self._deliver(self._group, self._stream, rows)

    def _stream_name(self, moment: float) -> str:
        day = datetime.fromtimestamp(moment, tz=timezone.utc).strftime("%Y-%m-%d-%H-%M")
        return f"states/{self._name}/{day}/{uuid.uuid4().hex[:8]}"


def _to_text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
