"""The alarms of a workflow: executions, functions, dead letters, tables, and what it adds.

Each costs about $0.10 a month. `Alarms(off=[…])` leaves some out, `alarms=None` all of them.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html,
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html,
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html,
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from troposphere import GetAtt, Sub

from carnation.errors import WorkflowError
from carnation.records import NamedTuple
from carnation.resources.machines import Alarms
from carnation.stacks.alarms import TOPIC, add_alarm
from carnation.stacks.rendering import Rendering, list_names
from carnation.stacks.snippets import resource_name, to_arn

_DAY = 24 * 3600
_SILENCE = {"period": _DAY, "operator": "LessThanThreshold", "missing": "breaching"}
_LONG = 0.8  # of a function's timeout


class Watch(NamedTuple):
    """An alarm to be: its title, what it means, and the metric that it watches."""

    title: str
    meaning: str
    namespace: str
    metric: str
    dimensions: dict[str, Any]
    threshold: float = 1
    options: dict[str, Any] = {}  # noqa: RUF012


def add_alarms(rendering: Rendering, alarms: Alarms, *, undelivered: bool) -> list[str]:
    """Add the alarms of a workflow; return the titles of those that make a canary roll back."""
    watches = list(_list_watches(rendering, alarms, undelivered))
    _reject_unknown(rendering, alarms, [watch.title for watch in watches])
    topic = rendering.value(alarms.topic.arn) if alarms.topic else TOPIC
    kept = [one for one in watches if not any(fnmatchcase(one.title, off) for off in alarms.off)]
    for watch in kept:
        add_alarm(
            rendering.template, watch.title, _hyphenate(watch.title), watch.meaning,
            watch.namespace, watch.metric, alarms.thresholds.get(watch.title, watch.threshold),
            topic=topic, **watch.options, **watch.dimensions,
        )  # fmt: skip
    undoing = [f"Executions{name}" for name in alarms.undoes]
    return [watch.title for watch in kept if watch.title in undoing]


def _reject_unknown(rendering: Rendering, alarms: Alarms, titles: list[str]) -> None:
    for name, patterns in (("off", alarms.off), ("thresholds", tuple(alarms.thresholds))):
        for pattern in patterns:
            if not any(fnmatchcase(title, pattern) for title in titles):
                raise WorkflowError(
                    f"workflow '{rendering.application.workflow}': Alarms({name}=…) names "
                    f"'{pattern}', which is not an alarm. Alarms: {list_names(titles)}."
                )


def _list_watches(rendering: Rendering, alarms: Alarms, undelivered: bool) -> Iterator[Watch]:
    machine = {"StateMachineArn": to_arn("states", "stateMachine:@state-machine")}
    for metric, meaning in (
        ("ExecutionsFailed", "An execution failed"),
        ("ExecutionsTimedOut", "An execution timed out"),
        ("ExecutionsAborted", "An execution was aborted"),
    ):
        if rendering.application.type == "STANDARD" or metric != "ExecutionsAborted":
            yield Watch(metric, meaning, "AWS/States", metric, machine)
    if "Silence" in alarms.more:
        yield Watch("Silence", "No execution started for a day", "AWS/States",
                    "ExecutionsStarted", machine, 1,
                    _SILENCE)  # fmt: skip
    for function in rendering.application.functions:
        yield from _watch_function(rendering, function, "Duration" in alarms.more)
    for resource in rendering.application.resources:
        if not resource.is_existing:
            yield from _watch_resource(rendering, resource, alarms)
    if undelivered:
        yield _watch_depth("Undelivered", "A trigger could not start an execution",
                           GetAtt("Undelivered", "QueueName"))  # fmt: skip


def _watch_function(rendering: Rendering, function: Any, duration: bool) -> Iterator[Watch]:
    dimensions = {"FunctionName": rendering.render(function.full_name)}
    for metric, meaning in (("Errors", "fails"), ("Throttles", "is throttled")):
        yield Watch(f"{function.title}{metric}", f"{function.title} {meaning}", "AWS/Lambda",
                    metric, dimensions)  # fmt: skip
    if duration:
        near = int(function.timeout * 1000 * _LONG)
        yield Watch(f"{function.title}Duration", f"{function.title} takes {_LONG:.0%} of its "
                    "timeout", "AWS/Lambda", "Duration", dimensions, near,
                    {"statistic": "Maximum"})  # fmt: skip


def _watch_resource(rendering: Rendering, resource: Any, alarms: Alarms) -> Iterator[Watch]:
    if resource.kind == "Queue":
        if resource.dead_letters:
            yield _watch_depth(f"{resource.title}DeadLetters",
                               f"A message of {resource.name_part} is in its dead-letter queue",
                               GetAtt(f"{resource.title}DeadLetters", "QueueName"))  # fmt: skip
        if "Age" in alarms.more:
            half = resource.days * _DAY // 2
            yield Watch(f"{resource.title}Age", f"A message is in {resource.name_part} for half "
                        "of its retention period", "AWS/SQS", "ApproximateAgeOfOldestMessage",
                        {"QueueName": GetAtt(resource.resource_id, "QueueName")}, half,
                        {"statistic": "Maximum"})  # fmt: skip
    if resource.kind == "Table":
        table = {"TableName": rendering.value(resource.name)}
        for metric, verb in (
            ("ReadThrottleEvents", "Reads of"),
            ("WriteThrottleEvents", "Writes to"),
        ):
            name = f"{resource.title}{metric[: -len('ThrottleEvents')]}Throttles"
            yield Watch(name, f"{verb} {resource.name_part} are throttled",
                        "AWS/DynamoDB", metric, table)  # fmt: skip


def _watch_depth(title: str, meaning: str, queue: Any) -> Watch:
    return Watch(title, meaning, "AWS/SQS", "ApproximateNumberOfMessagesVisible",
                 {"QueueName": queue}, 1, {"statistic": "Maximum"})  # fmt: skip


def _hyphenate(title: str) -> str:
    """Write an alarm's title as names are written.

    >>> _hyphenate("ExecutionsTimedOut")
    'executions-timed-out'
    """
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in title).lstrip("-")


def alarm_name(title: str) -> Sub:
    """Name an alarm by its title."""
    return resource_name(_hyphenate(title))
