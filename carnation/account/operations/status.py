"""The state of things: stack, routes, queues, alarms, the last executions."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import Any

from carnation.account import Account, Deployed
from carnation.account.operations.versions import list_versions
from carnation.errors import AccountError

_COUNTS = {
    "visible": "ApproximateNumberOfMessages",
    "in_flight": "ApproximateNumberOfMessagesNotVisible",
    "delayed": "ApproximateNumberOfMessagesDelayed",
}


def find_status(account: Account, deployed: Deployed, executions: int = 5) -> dict[str, Any]:
    """Ask for all of it; what one set of permissions does not show is told as such."""
    outputs = deployed.outputs
    machine = outputs.get("StateMachineArn")
    return {
        "stack": deployed.name,
        "status": deployed.status,
        "protected": deployed.protected,
        "versions": _try(
            lambda: [
                {
                    "number": version.number,
                    "created": version.created.isoformat(),
                    "weight": version.weight,
                }
                for version in list_versions(account, outputs)[:5]
            ]
        )
        if machine
        else [],
        "queues": _try(lambda: list(_find_queues(account, outputs))),
        "alarms": _try(lambda: list(_find_alarms(account, deployed))),
        "executions": _try(lambda: list(_find_executions(account, machine, executions)))
        if machine
        else [],
    }


def _try(ask: Any) -> Any:
    try:
        return ask()
    except AccountError as error:
        if error.reason != "denied":
            raise
        return str(error)


def _find_queues(account: Account, outputs: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for name, url in outputs.items():
        if not name.endswith("QueueUrl"):
            continue
        answer = account.call(
            "sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=list(_COUNTS.values())
        )["Attributes"]
        counts = {word: int(answer.get(field, 0)) for word, field in _COUNTS.items()}
        queue = url.rpartition("/")[2]
        yield {"queue": queue, **counts, "oldest_seconds": _find_age(account, queue)}


def _find_age(account: Account, queue: str) -> int | None:
    """Find how long the oldest message has waited, as CloudWatch last measured it."""
    now = datetime.datetime.now(tz=datetime.timezone.utc)
    answer = account.call(
        "cloudwatch", "get_metric_statistics",
        Namespace="AWS/SQS", MetricName="ApproximateAgeOfOldestMessage",
        Dimensions=[{"Name": "QueueName", "Value": queue}],
        StartTime=now - datetime.timedelta(minutes=15), EndTime=now, Period=300,
        Statistics=["Maximum"],
    )  # fmt: skip
    points = sorted(answer.get("Datapoints", ()), key=lambda point: point["Timestamp"])
    return int(points[-1]["Maximum"]) if points else None


def _find_alarms(account: Account, deployed: Deployed) -> Iterator[dict[str, Any]]:
    prefix = "-".join(
        filter(None, [deployed.parameters.get(name) for name in ("ProjectName", "Environment")])
    )
    rows = account.list(
        "cloudwatch",
        "describe_alarms",
        "MetricAlarms",
        AlarmNamePrefix=f"{prefix or deployed.name}-",
    )
    for row in rows:
        yield {
            "alarm": row["AlarmName"],
            "state": row["StateValue"],
            "reason": row.get("StateReason") or "",
        }


def _find_executions(account: Account, machine: str, limit: int) -> Iterator[dict[str, Any]]:
    rows = account.list(
        "stepfunctions", "list_executions", "executions", limit=limit, stateMachineArn=machine
    )
    for row in rows:
        yield {
            "name": row["name"],
            "status": row["status"],
            "started": row["startDate"].isoformat(),
            "version": row.get("stateMachineVersionArn", "").rpartition(":")[2],
        }
