"""The alarms, all of which publish to one topic."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from troposphere import Equals, Not, Ref, Template
from troposphere.cloudwatch import Alarm, MetricDimension

from carnation.patterns.events.stacks.queues import DAY, DEAD_LETTER_DAYS, QUEUE_DAYS
from carnation.patterns.events.stacks.resources import Bucket, Table
from carnation.stacks.resources import Function
from carnation.stacks.snippets import name_arn, name_resource, open_template

_PARAMETERS = ("ProjectName", "Environment", "TopicArn", "Schedule")
_NEAR_TIMEOUT = 0.8
_CONCURRENT = 900  # of an account's 1,000 by default
EXECUTION_ALARMS = ("failed", "aborted", "timed-out")


def make_alarm_stack(functions: Sequence[Function], store: Table | Bucket) -> Template:
    """Make cloudwatch-stack.yaml.

    Each run begins with the first function. Where there is no second one, a state writes to the
    store, and a table's throttles are watched in the function's place. Missing data is no breach
    but where silence is what is watched for.
    Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html,
    https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html,
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html,
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
    """
    template = open_template("The alarms", *_PARAMETERS)
    template.add_condition("HasSchedule", Not(Equals(Ref("Schedule"), "")))
    for function in functions:
        _watch_function(template, function)
        if function is functions[0]:
            _expect_invocations(template, function)
    if len(functions) == 1 and isinstance(store, Table):
        _watch_table(template)
    for metric, name, meaning in (
        ("ExecutionsFailed", "failed", "failed: events wait in the queue, or must be redriven"),
        ("ExecutionsAborted", "aborted", "was aborted: redrive it, it may hold events"),
        ("ExecutionsTimedOut", "timed-out", "timed out: redrive it, it may hold events"),
    ):
        _add_alarm(
            template, f"Executions{metric[10:]}", f"executions-{name}", f"An execution {meaning}",
            "AWS/States", metric, 1,
            StateMachineArn=name_arn("states", "stateMachine:@state-machine"),
        )  # fmt: skip
    for queue, days in (("queue", QUEUE_DAYS), ("dead-letters", DEAD_LETTER_DAYS)):
        title = "".join(part.title() for part in queue.split("-"))
        _add_alarm(
            template, f"{title}Age", f"{queue}-age",
            f"A message has waited half of the {days} days after which it is deleted",
            "AWS/SQS", "ApproximateAgeOfOldestMessage", days * DAY // 2, statistic="Maximum",
            QueueName=name_resource(queue),
        )  # fmt: skip
    _add_alarm(
        template, "DeadLettersDepth", "dead-letters-depth", "Events lie in the dead-letter queue",
        "AWS/SQS", "ApproximateNumberOfMessagesVisible", 1, statistic="Maximum",
        QueueName=name_resource("dead-letters"),
    )  # fmt: skip
    return template


def _watch_function(template: Template, function: Function) -> None:
    near = int(function.timeout * 1000 * _NEAR_TIMEOUT)
    for metric, meaning, threshold, statistic in (
        ("Errors", "fails", 1, "Sum"),
        ("Throttles", "is throttled", 1, "Sum"),
        ("Duration", f"takes {_NEAR_TIMEOUT:.0%} of its timeout", near, "Maximum"),
        ("ConcurrentExecutions", "runs too often at once", _CONCURRENT, "Maximum"),
    ):
        _add_alarm(
            template, f"{function.title}{metric}", f"{function.resource}-{_hyphenate(metric)}",
            f"{function.title} {meaning}", "AWS/Lambda", metric, threshold, statistic=statistic,
            FunctionName=name_resource(function.resource),
        )  # fmt: skip


def _watch_table(template: Template) -> None:
    _add_alarm(
        template, "TableThrottles", "table-throttles", "The table of events throttles writes",
        "AWS/DynamoDB", "WriteThrottleEvents", 1,
        TableName=name_resource("events"),
    )  # fmt: skip


def _expect_invocations(template: Template, collect: Function) -> None:
    """Watch for silence where a schedule is set: each of its runs invokes this function first."""
    _add_alarm(
        template, f"{collect.title}Silent", f"{collect.resource}-silent",
        f"{collect.title} was not invoked for a day, though a schedule is set",
        "AWS/Lambda", "Invocations", 1, period=DAY, operator="LessThanThreshold",
        missing="breaching", condition="HasSchedule",
        FunctionName=name_resource(collect.resource),
    )  # fmt: skip


def _add_alarm(
    template: Template,
    title: str,
    name: str,
    description: str,
    namespace: str,
    metric: str,
    threshold: int,
    *,
    statistic: str = "Sum",
    period: int = 300,
    operator: str = "GreaterThanOrEqualToThreshold",
    missing: str = "notBreaching",
    condition: str | None = None,
    **dimensions: Any,
) -> None:
    template.add_resource(
        Alarm(
            f"{title}Alarm",
            **({"Condition": condition} if condition else {}),
            AlarmName=name_resource(name),
            AlarmDescription=description,
            Namespace=namespace,
            MetricName=metric,
            Dimensions=[
                MetricDimension(Name=key, Value=value) for key, value in dimensions.items()
            ],
            Statistic=statistic,
            Period=period,
            EvaluationPeriods=1,
            ComparisonOperator=operator,
            Threshold=threshold,
            TreatMissingData=missing,
            AlarmActions=[Ref("TopicArn")],
            OKActions=[Ref("TopicArn")],
        )
    )


def _hyphenate(metric: str) -> str:
    """Write a metric's name as names of resources are written.

    >>> _hyphenate("ConcurrentExecutions")
    'concurrent-executions'
    """
    return re.sub("(?<=[a-z])(?=[A-Z])", "-", metric).lower()
