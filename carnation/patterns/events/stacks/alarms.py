"""The alarms, all of which publish to one topic."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from troposphere import Ref, Template
from troposphere.logs import MetricFilter, MetricTransformation

from carnation.patterns.events.stacks.queues import DEAD_LETTER_DAYS, QUEUE_DAYS
from carnation.patterns.events.stacks.resources import Bucket, Table
from carnation.stacks.alarms import add_alarm, watch_function
from carnation.stacks.queues import DAY
from carnation.stacks.resources import Function
from carnation.stacks.snippets import resource_name, to_arn

UNFINISHED_RECEIVES = 3


NAMESPACE = resource_name("workflow")
"""Where the metrics are that are read out of logs."""


def add_alarms(
    template: Template,
    functions: Sequence[Function],
    store: Table | Bucket,
    definition: Mapping[str, Any],
) -> None:
    """Add the alarms.

    Each run begins with the first function. Where there is no second one, a state writes to the
    store, and a table's throttles are watched in the function's place. Missing data is no breach
    but where silence is what is watched for.
    Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html,
    https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html,
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html,
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
    """
    for function in functions:
        watch_function(template, function)
        if function is functions[0]:
            _expect_invocations(template, function)
    if len(functions) == 1 and isinstance(store, Table):
        _watch_table(template)
    for metric, name, meaning in (
        ("ExecutionsFailed", "failed", "failed: events wait in the queue, or it must be redriven"),
        ("ExecutionsAborted", "aborted", "was aborted: redrive it, it may hold events"),
        ("ExecutionsTimedOut", "timed-out", "timed out: redrive it, it may hold events"),
    ):
        add_alarm(
            template, f"Executions{metric[10:]}", f"executions-{name}", f"An execution {meaning}",
            "AWS/States", metric, 1,
            StateMachineArn=to_arn("states", "stateMachine:@state-machine"),
        )  # fmt: skip
    _watch_unfinished(template, definition)
    _watch_received_again(template, functions[0])
    for queue, days in (("queue", QUEUE_DAYS), ("dead-letters", DEAD_LETTER_DAYS)):
        title = "".join(part.title() for part in queue.split("-"))
        add_alarm(
            template, f"{title}Age", f"{queue}-age",
            f"A message is older than half of the {days} days after which SQS deletes it",
            "AWS/SQS", "ApproximateAgeOfOldestMessage", days * DAY // 2, statistic="Maximum",
            QueueName=resource_name(queue),
        )  # fmt: skip
    add_alarm(
        template, "DeadLettersDepth", "dead-letters-depth", "Events are in the dead-letter queue",
        "AWS/SQS", "ApproximateNumberOfMessagesVisible", 1, statistic="Maximum",
        QueueName=resource_name("dead-letters"),
    )  # fmt: skip
    add_alarm(
        template, "UndeliveredDepth", "undelivered-depth",
        "The schedule could not start an execution",
        "AWS/SQS", "ApproximateNumberOfMessagesVisible", 1, statistic="Maximum",
        condition="HasSchedule", QueueName=resource_name("undelivered"),
    )  # fmt: skip


def _watch_unfinished(template: Template, definition: Mapping[str, Any]) -> None:
    """Watch for executions that failed otherwise than in a Fail state, with events in their hands.

    A Fail state comes after every event was written or put away.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/cloudwatch-log-level.html,
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
    """
    known = [state.get("Error") for state in definition["States"].values()]
    others = "".join(f" && ($.details.error != {json.dumps(error)})" for error in known if error)
    _watch_log(
        template, "ExecutionsUnfinished", "executions-unfinished",
        "An execution failed before every event was written or requeued: redrive it",
        "StateMachineLogs", f'{{ ($.type = "ExecutionFailed"){others} }}',
    )  # fmt: skip


def _watch_received_again(template: Template, collect: Function) -> None:
    """Watch for messages that no run finishes: of those SQS reports no age from the third receive.

    Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    """
    _watch_log(
        template, "ReceivedAgain", "received-again",
        f"A message was received {UNFINISHED_RECEIVES} times: redrive the "
        "executions that hold it, or find out why it is not deleted", f"{collect.title}Logs",
        f"{{ $.receives >= {UNFINISHED_RECEIVES} }}",
    )  # fmt: skip


def _watch_log(
    template: Template, title: str, name: str, meaning: str, logs: str, pattern: str
) -> None:
    """Count the lines of a log that match, and alarm at the first."""
    template.add_resource(
        MetricFilter(
            f"{title}Filter",
            LogGroupName=Ref(logs),
            FilterPattern=pattern,
            MetricTransformations=[
                MetricTransformation(
                    MetricNamespace=NAMESPACE, MetricName=title, MetricValue="1", Unit="Count"
                )
            ],
        )
    )
    add_alarm(template, title, name, meaning, NAMESPACE, title, 1)


def _watch_table(template: Template) -> None:
    add_alarm(
        template, "TableThrottles", "table-throttles", "The table of events throttles writes",
        "AWS/DynamoDB", "WriteThrottleEvents", 1,
        TableName=resource_name("events"),
    )  # fmt: skip


def _expect_invocations(template: Template, collect: Function) -> None:
    """Watch for silence where a schedule is set: each of its runs invokes this function first."""
    add_alarm(
        template, f"{collect.title}Silent", f"{collect.name_part}-silent",
        f"{collect.title} was not invoked for a day, though a schedule is set",
        "AWS/Lambda", "Invocations", 1, period=DAY, operator="LessThanThreshold",
        missing="breaching", condition="HasSchedule",
        FunctionName=resource_name(collect.name_part),
    )  # fmt: skip
