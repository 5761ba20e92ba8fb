"""Executions of Express workflows, read from their logs: there is no other history of them.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
"""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from carnation.account import Account
from carnation.errors import AccountError

_STATUSES = {
    "ExecutionAborted": "ABORTED",
    "ExecutionFailed": "FAILED",
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionTimedOut": "TIMED_OUT",
}
_MAX_WAIT = 300 + 60  # seconds: how long an execution may take, and CloudWatch for its logs
HOURS = 24
"""How far back executions are listed."""


def find_machine(account: Account, arn: str) -> dict[str, Any]:
    """Describe the state machine of an ARN, which may name a version or an alias."""
    machine = ":".join(arn.split(":")[:7])
    return account.call("stepfunctions", "describe_state_machine", stateMachineArn=machine)


def is_express(machine: Mapping[str, Any]) -> bool:
    """Return whether a state machine is an Express one."""
    return bool(machine.get("type") == "EXPRESS")


def find_log_group(machine: Mapping[str, Any], *, whole: bool = False) -> str:
    """Return the log group of a state machine; `whole` requires that successes are logged, too.

    Raises `AccountError` where its logs do not have that.
    """
    logging = machine.get("loggingConfiguration") or {}
    arns = [
        one.get("cloudWatchLogsLogGroup", {}).get("logGroupArn", "")
        for one in logging.get("destinations") or ()
    ]
    level = logging.get("level", "OFF")
    if not any(arns) or level == "OFF" or (whole and level != "ALL"):
        raise AccountError(
            f"'{machine['name']}' is an Express workflow whose log level is {level}, and its "
            "executions are read from its logs. Use StateMachine(log_level='ALL'), and deploy.",
            reason="no-logs",
        )
    return str(arns[0].removesuffix(":*").split(":log-group:")[1])


def read_events(
    account: Account, group: str, since: float, execution: str = ""
) -> Iterator[dict[str, Any]]:
    """Yield logged events as `GetExecutionHistory` gives them, each with its `executionArn`."""
    words: dict[str, Any] = {"filterPattern": json.dumps(execution)} if execution else {}
    rows = account.list(
        "logs", "filter_log_events", "events",
        logGroupName=group, startTime=int(since * 1000), **words,
    )  # fmt: skip
    for row in rows:
        try:
            event = json.loads(row["message"])
        except ValueError:
            continue
        arn = event.get("execution_arn") if isinstance(event, dict) else None
        if arn and execution in ("", arn):
            yield _export_event(event)


def _export_event(event: Mapping[str, Any]) -> dict[str, Any]:
    kind = str(event["type"])
    name = "stateEntered" if kind.endswith("StateEntered") else kind[:1].lower() + kind[1:]
    name = "stateExited" if kind.endswith("StateExited") else name
    seconds = int(event["event_timestamp"]) / 1000
    return {
        "id": int(event["id"]),
        "previousEventId": int(event.get("previous_event_id") or 0),
        "type": kind,
        "timestamp": datetime.datetime.fromtimestamp(seconds, tz=datetime.timezone.utc),
        "executionArn": event["execution_arn"],
        f"{name}EventDetails": event.get("details") or {},
    }


def describe_logged(events: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Describe an execution by its logged events, as `DescribeExecution` does."""
    first, last = events[0], events[-1]
    ended = next((one for one in events if one["type"] in _STATUSES), None)
    details = _details(ended) if ended else {}
    started = next((_details(one) for one in events if one["type"] == "ExecutionStarted"), {})
    named = {field: details[field] for field in ("output", "error", "cause") if field in details}
    return {
        "executionArn": first["executionArn"],
        "name": ":".join(first["executionArn"].split(":")[7:]),
        "status": _STATUSES[ended["type"]] if ended else "RUNNING",
        "startDate": first["timestamp"],
        "stopDate": last["timestamp"] if ended else None,
        "input": started.get("input"),
        **named,
    }


def _details(event: Mapping[str, Any]) -> Mapping[str, Any]:
    found = (value for key, value in event.items() if key.endswith("EventDetails"))
    details: Mapping[str, Any] = next(found, {})
    return details


def follow_logs(
    account: Account,
    machine: Mapping[str, Any],
    arn: str,
    on_event: Callable[[Mapping[str, Any]], None] = lambda event: None,
    pause: Callable[[float], None] = time.sleep,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Follow an Express execution by its logs; returns its description and its events."""
    group = find_log_group(machine, whole=True)
    known: dict[int, dict[str, Any]] = {}
    since, waited = time.time() - _MAX_WAIT, 0.0
    while waited < _MAX_WAIT:
        for event in sorted(read_events(account, group, since, arn), key=lambda one: one["id"]):
            if event["id"] not in known:
                known[event["id"]] = event
                on_event(event)
        events = [known[number] for number in sorted(known)]
        if events and describe_logged(events)["status"] != "RUNNING":
            return describe_logged(events), events
        seconds = 0.1 if account.is_local else 2.0
        pause(seconds)
        waited += seconds
    raise AccountError(
        f"the log group {group} does not have the end of {arn} after {_MAX_WAIT} seconds. Check "
        f"whether its role may deliver logs.",
        reason="no-logs",
    )


def list_logged(
    account: Account, machine: Mapping[str, Any], hours: float = HOURS
) -> list[dict[str, Any]]:
    """List the executions of the last hours that the logs have, the newest first."""
    group = find_log_group(machine)
    found: dict[str, list[dict[str, Any]]] = {}
    for event in read_events(account, group, time.time() - hours * 3600):
        if event["type"] in (*_STATUSES, "ExecutionStarted"):
            found.setdefault(event["executionArn"], []).append(event)
    rows = [describe_logged(sorted(events, key=lambda one: one["id"])) for events in found.values()]
    return sorted(rows, key=lambda row: row["startDate"], reverse=True)
