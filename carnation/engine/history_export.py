"""A history as the GetExecutionHistory API gives it: texts for values, a name for the details.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html.
"""

from __future__ import annotations

import json
from datetime import datetime, timezone

from carnation.document.values import Json
from carnation.engine.history import Event

_TEXTS = ("input", "output", "parameters")


def export_event(event: Event) -> dict[str, Json]:
    """Write an event as the API does.

    >>> event = Event(2, 0, "PassStateEntered", {"name": "A", "input": {"n": 1}}, 0.0)
    >>> export_event(event)["stateEnteredEventDetails"]["input"]
    '{"n":1}'
    """
    exported: dict[str, Json] = {
        "timestamp": datetime.fromtimestamp(event.at, tz=timezone.utc),
        "type": event.type,
        "id": event.id,
        "previousEventId": event.previous_id,
    }
    details = dict(event.details)
    for key in _TEXTS:
        if key in details:
            details[key] = _text(details[key])
            if key != "parameters":
                details[f"{key}Details"] = {"truncated": False}
    if "assignedVariables" in details:
        assigned = details["assignedVariables"]
        details["assignedVariables"] = {name: _text(value) for name, value in assigned.items()}
        details["assignedVariablesDetails"] = {"truncated": False}
    if details or event.type.startswith("Execution"):
        exported[_details_name(event.type)] = details
    return exported


_text = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def _details_name(type_: str) -> str:
    for end in ("StateEntered", "StateExited"):
        if type_.endswith(end):
            return f"s{end[1:]}EventDetails"
    return f"{type_[0].lower()}{type_[1:]}EventDetails"
