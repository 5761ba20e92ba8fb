"""The state of things: stack, routes, queues, alarms, the last executions."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from carnation.account import Account, Deployed
from carnation.account.deployed import list_resources
from carnation.account.operations.execution_logs import find_machine, is_express, list_logged
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
        "queues": _try(lambda: list(_find_queues(account, deployed))),
        "alarms": _try(lambda: list(_find_alarms(account, deployed))),
        "executions": _try(lambda: list(_find_executions(account, machine, executions)))
        if machine
        else [],
    }


def _try(ask: Any) -> Any:
    try:
        return ask()
    except AccountError as error:
        if error.reason not in ("denied", "no-logs"):
            raise
        return str(error)


def _list_queues(account: Account, deployed: Deployed) -> list[str]:
    """List the URLs of a stack's queues: those of its outputs first."""
    made = [
        row["PhysicalResourceId"]
        for row in list_resources(account, deployed.stack_id)
        if row["ResourceType"] == "AWS::SQS::Queue"
    ]
    named = [url for url in deployed.outputs.values() if url in made]
    return list(dict.fromkeys([*named, *made]))


def _find_queues(account: Account, deployed: Deployed) -> Iterator[dict[str, Any]]:
    for url in _list_queues(account, deployed):
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
    described = find_machine(account, machine)
    rows: Iterable[Mapping[str, Any]] = (
        list_logged(account, described)[:limit]
        if is_express(described)
        else account.list(
            "stepfunctions", "list_executions", "executions", limit=limit, stateMachineArn=machine
        )
    )
    for row in rows:
        yield {
            "name": row["name"],
            "status": row["status"],
            "started": row["startDate"].isoformat(),
            "version": row.get("stateMachineVersionArn", "").rpartition(":")[2],
        }
