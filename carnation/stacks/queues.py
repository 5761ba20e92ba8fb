"""SQS queues, encrypted, retained, and reached through TLS only."""

from __future__ import annotations

from typing import Any

from troposphere import GetAtt, Ref, Template
from troposphere.sqs import Queue, QueuePolicy

from carnation.stacks.snippets import KEPT, KEY, name_resource, policy_of, refuse_plain_http

DAY = 24 * 3600


def add_queue(
    template: Template, title: str, name: str, days: int, *, key: Any = KEY, **properties: Any
) -> Queue:
    """Add a queue; `days` is how long it keeps a message.

    Without a key, SQS encrypts with its own.
    """
    return template.add_resource(
        Queue(
            title,
            **KEPT,
            QueueName=name_resource(name),
            MessageRetentionPeriod=days * DAY,
            **({"SqsManagedSseEnabled": True} if key is None else {"KmsMasterKeyId": key}),
            **properties,
        )
    )


def add_queue_policy(template: Template, queue: Queue) -> None:
    """Add the policy of a queue: nothing reaches it but through TLS."""
    template.add_resource(
        QueuePolicy(
            f"{queue.title}Policy",
            Queues=[Ref(queue)],
            PolicyDocument=policy_of(refuse_plain_http(GetAtt(queue, "Arn"), "sqs:*")),
        )
    )
