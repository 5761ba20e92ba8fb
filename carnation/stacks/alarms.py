"""Alarms: each publishes to one topic; missing data is no breach unless an alarm says so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from troposphere import Ref, Template
from troposphere.cloudwatch import Alarm, MetricDimension

from carnation.resources.functions import Function
from carnation.stacks.snippets import resource_name

TOPIC = Ref("Topic")
"""The topic of alarms, which the stack makes."""

_NEAR_TIMEOUT = 0.8
_CONCURRENT = 900  # of an account's 1,000 by default


def watch_function(template: Template, function: Function) -> None:
    """Watch a function: errors, throttles, how long it takes, how often it runs at once."""
    near = int(function.timeout * 1000 * _NEAR_TIMEOUT)
    for metric, meaning, threshold, statistic in (
        ("Errors", "fails", 1, "Sum"),
        ("Throttles", "is throttled", 1, "Sum"),
        ("Duration", f"takes {_NEAR_TIMEOUT:.0%} of its timeout", near, "Maximum"),
        (
            "ConcurrentExecutions",
            "is close to the limit of concurrent executions",
            _CONCURRENT,
            "Maximum",
        ),
    ):
        add_alarm(
            template, f"{function.title}{metric}", f"{function.name_part}-{_hyphenate(metric)}",
            f"{function.title} {meaning}", "AWS/Lambda", metric, threshold, statistic=statistic,
            FunctionName=resource_name(function.name_part),
        )  # fmt: skip


def add_alarm(
    template: Template,
    title: str,
    name: str,
    description: str,
    namespace: Any,
    metric: str,
    threshold: float,
    *,
    statistic: str = "Sum",
    period: int = 300,
    operator: str = "GreaterThanOrEqualToThreshold",
    missing: str = "notBreaching",
    condition: str | None = None,
    topic: Any = TOPIC,
    **dimensions: Any,
) -> None:
    """Add an alarm that publishes to the topic, as it does when all is well again."""
    template.add_resource(
        Alarm(
            f"{title}Alarm",
            **({"Condition": condition} if condition else {}),
            AlarmName=resource_name(name),
            AlarmDescription=description,
            Namespace=namespace,
            MetricName=metric,
            **({"Dimensions": _list_dimensions(dimensions)} if dimensions else {}),
            Statistic=statistic,
            Period=period,
            EvaluationPeriods=1,
            ComparisonOperator=operator,
            Threshold=threshold,
            TreatMissingData=missing,
            AlarmActions=[topic],
            OKActions=[topic],
        )
    )


def _list_dimensions(values: Mapping[str, Any]) -> list[MetricDimension]:
    return [MetricDimension(Name=key, Value=value) for key, value in values.items()]


def _hyphenate(metric: str) -> str:
    """Write a metric's name as names of resources are written.

    >>> _hyphenate("ConcurrentExecutions")
    'concurrent-executions'
    """
    return re.sub("(?<=[a-z])(?=[A-Z])", "-", metric).lower()
