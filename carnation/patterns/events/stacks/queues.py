"""The queue of failed events and the dead-letter queue behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troposphere import GetAtt, Template
from troposphere.sqs import RedrivePolicy

from carnation.errors import DefinitionError
from carnation.stacks.queues import add_queue, add_queue_policy
from carnation.stacks.resources import Sources
from carnation.stacks.snippets import to_arn

QUEUE_DAYS, DEAD_LETTER_DAYS = 7, 14
RECEIVES = 10
_MAX_VISIBILITY = 12 * 3600
_MARGIN = 900


def find_visibility(workflow: str, definition: Mapping[str, Any]) -> int:
    """Find how many seconds a received message stays hidden: longer than an execution may run.

    Otherwise a second run would receive what the first one still works on. SQS hides a message for
    12 hours at most, so an execution must end before.
    Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html

    >>> find_visibility("pay", {"TimeoutSeconds": 3600})
    4500
    """
    timeout, longest = definition.get("TimeoutSeconds"), _MAX_VISIBILITY - _MARGIN
    if not isinstance(timeout, int) or timeout > longest:
        found = f"TimeoutSeconds {timeout}" if timeout else "no TimeoutSeconds"
        raise DefinitionError(
            f"the definition of '{workflow}' has {found}, and SQS hides a received message for 12 "
            f"hours at most. Give the workflow a timeout_seconds of up to {longest:,}."
        )
    return timeout + _MARGIN


def add_queues(template: Template, sources: Sources) -> None:
    """Add the queue, the dead-letter queue behind it, and that of starts which never arrived.

    Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
    """
    dead = add_queue(
        template, "DeadLetterQueue", "dead-letters", DEAD_LETTER_DAYS,
        RedriveAllowPolicy={
            "redrivePermission": "byQueue",
            "sourceQueueArns": [to_arn("sqs", "@queue")],
        },
    )  # fmt: skip
    queue = add_queue(
        template, "Queue", "queue", QUEUE_DAYS,
        VisibilityTimeout=find_visibility(sources.workflow, sources.definition),
        RedrivePolicy=RedrivePolicy(
            deadLetterTargetArn=GetAtt(dead, "Arn"), maxReceiveCount=RECEIVES
        ),
    )  # fmt: skip
    undelivered = add_queue(template, "UndeliveredQueue", "undelivered", DEAD_LETTER_DAYS)
    for one in (queue, dead, undelivered):
        add_queue_policy(template, one)
