"""The queue of failed events and the dead-letter queue behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troposphere import GetAtt, Output, Ref, Template
from troposphere.sqs import Queue, QueuePolicy, RedrivePolicy

from carnation.stacks.parts import (
    name_arn,
    name_resource,
    open_template,
    policy_of,
    refuse_plain_http,
)

DAY = 24 * 3600
QUEUE_DAYS, DEAD_LETTER_DAYS = 7, 14
RECEIVES = 10
_LONGEST_VISIBILITY = 12 * 3600
_MARGIN = 900


def find_visibility(definition: Mapping[str, Any]) -> int:
    """Find how many seconds a received message stays hidden: longer than an execution may run.

    >>> find_visibility({"TimeoutSeconds": 3600})
    4500
    """
    timeout = definition.get("TimeoutSeconds", _LONGEST_VISIBILITY)
    return int(min(timeout + _MARGIN, _LONGEST_VISIBILITY))


def make_queue_stack(definition: Mapping[str, Any]) -> Template:
    """Make sqs-stack.yaml.

    Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
    """
    template = open_template("The queue of failed events, and the dead letters", *_PARAMETERS)
    dead = template.add_resource(
        Queue(
            "DeadLetterQueue",
            DeletionPolicy="Retain",
            UpdateReplacePolicy="Retain",
            QueueName=name_resource("dead-letters"),
            MessageRetentionPeriod=DEAD_LETTER_DAYS * DAY,
            KmsMasterKeyId=Ref("KeyArn"),
            RedriveAllowPolicy={
                "redrivePermission": "byQueue",
                "sourceQueueArns": [name_arn("sqs", "@queue")],
            },
        )
    )
    queue = template.add_resource(
        Queue(
            "Queue",
            DeletionPolicy="Retain",
            UpdateReplacePolicy="Retain",
            QueueName=name_resource("queue"),
            MessageRetentionPeriod=QUEUE_DAYS * DAY,
            VisibilityTimeout=find_visibility(definition),
            KmsMasterKeyId=Ref("KeyArn"),
            RedrivePolicy=RedrivePolicy(
                deadLetterTargetArn=GetAtt(dead, "Arn"), maxReceiveCount=RECEIVES
            ),
        )
    )
    for one in (queue, dead):
        template.add_resource(
            QueuePolicy(
                f"{one.title}Policy",
                Queues=[Ref(one)],
                PolicyDocument=policy_of(refuse_plain_http(GetAtt(one, "Arn"), "sqs:*")),
            )
        )
        template.add_output(Output(f"{one.title}Url", Value=Ref(one)))
    return template


_PARAMETERS = ("ProjectName", "Environment", "KeyArn")
