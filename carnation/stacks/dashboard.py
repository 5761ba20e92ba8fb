"""The dashboard of a workflow: its executions, functions, queues and tables, each in a row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from troposphere import Sub
from troposphere.cloudwatch import Dashboard

from carnation.stacks.rendering import Rendering
from carnation.stacks.snippets import render_arn, resource_name

_WIDTH, _HEIGHT = 12, 6


def add_dashboard(rendering: Rendering) -> None:
    """Add the dashboard, which costs about $3 a month.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    """
    widgets = [
        {
            "type": "metric",
            "x": number % 2 * _WIDTH,
            "y": number // 2 * _HEIGHT,
            "width": _WIDTH,
            "height": _HEIGHT,
            "properties": {
                "title": title,
                "region": "${AWS::Region}",
                "period": 300,
                "stat": statistic,
                "metrics": [[namespace, metric, dimension, value] for metric in metrics],
            },
        }
        for number, (title, statistic, namespace, metrics, dimension, value) in enumerate(
            _list_widgets(rendering)
        )
    ]
    rendering.template.add_resource(
        Dashboard(
            "Dashboard",
            DashboardName=resource_name("dashboard"),
            DashboardBody=Sub(json.dumps({"widgets": widgets}, separators=(",", ":"))),
        )
    )


_Widget = tuple[str, str, str, tuple[str, ...], str, str]
_ENDS = ("Started", "Succeeded", "Failed", "TimedOut", "Aborted")


def _list_widgets(rendering: Rendering) -> Iterator[_Widget]:
    machine = ("StateMachineArn", render_arn("states", "stateMachine:@state-machine"))
    ends = tuple(f"Executions{end}" for end in _ENDS)
    yield "Executions", "Sum", "AWS/States", ends, *machine
    yield "How long executions take", "p99", "AWS/States", ("ExecutionTime",), *machine
    for resource in rendering.application.resources:
        if not resource.is_existing:
            yield from _list_widgets_of(resource)


def _list_widgets_of(resource: Any) -> Iterator[_Widget]:
    name, ref = resource.name_part, f"${{{resource.resource_id}}}"
    if resource.kind == "Function":
        calls = ("Invocations", "Errors", "Throttles")
        yield f"Function {name}", "Sum", "AWS/Lambda", calls, "FunctionName", ref
    elif resource.kind == "Queue":
        waiting = ("ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible")
        queue = f"${{{resource.resource_id}.QueueName}}"
        yield f"Queue {name}", "Maximum", "AWS/SQS", waiting, "QueueName", queue
    elif resource.kind == "Table":
        units = ("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits")
        yield f"Table {name}", "Sum", "AWS/DynamoDB", units, "TableName", ref
