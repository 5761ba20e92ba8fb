"""SQS queues, encrypted, retained, and reached through TLS only."""

from __future__ import annotations

from typing import Any

from troposphere import GetAtt, Ref, Template
from troposphere.sqs import Queue, QueuePolicy, RedrivePolicy

from carnation.resources.queues import Queue as QueueNoun
from carnation.stacks.rendering import Rendering, as_property
from carnation.stacks.snippets import (
    KEPT,
    KEY,
    Statement,
    deny_plain_http,
    except_from,
    policy_of,
    resource_name,
)

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
            QueueName=resource_name(name),
            MessageRetentionPeriod=days * DAY,
            **(_plain() if key is None else {"KmsMasterKeyId": key}),
            **properties,
        )
    )


def _plain() -> dict[str, Any]:
    reason = "SQS's own key encrypts it; Workflow(key=Key()) takes one that you manage"
    return {"SqsManagedSseEnabled": True, "Metadata": except_from(("CKV_AWS_27", reason))}


def add_queue_policy(template: Template, queue: Queue, *statements: Statement) -> None:
    """Add the policy of a queue: nothing reaches it but through TLS."""
    template.add_resource(
        QueuePolicy(
            f"{queue.title}Policy",
            Queues=[Ref(queue)],
            PolicyDocument=policy_of(deny_plain_http(GetAtt(queue, "Arn"), "sqs:*"), *statements),
        )
    )


DEAD_LETTER_DAYS = 14


def render_queue(rendering: Rendering, queue: QueueNoun) -> None:
    """Put a queue into the template, and the dead-letter queue behind it."""
    kind: dict[str, Any] = {"FifoQueue": True} if queue.fifo else {}
    options = {**kind, "VisibilityTimeout": queue.visibility_seconds}
    if queue.dead_letters:
        dead = _add_dead_letters(rendering, queue, kind)
        options["RedrivePolicy"] = RedrivePolicy(
            deadLetterTargetArn=GetAtt(dead, "Arn"), maxReceiveCount=queue.receives
        )
    made = add_queue(
        rendering.template, queue.resource_id, queue.name_part, queue.days,
        key=rendering.key, **options,
    )  # fmt: skip
    rendering.finish(queue, made, "QueueName")
    statements = [_let_topic_send(rendering, queue, one) for one in _list_topics(rendering, queue)]
    add_queue_policy(rendering.template, made, *statements)


def _add_dead_letters(rendering: Rendering, queue: QueueNoun, kind: dict[str, Any]) -> Queue:
    dead = add_queue(
        rendering.template, f"{queue.title}DeadLetters", "", DEAD_LETTER_DAYS,
        key=rendering.key, **kind,
    )  # fmt: skip
    name = dead_letter_name(queue)
    dead.properties["QueueName"] = as_property({"Fn::Sub": name})
    if queue.named:
        dead.properties["RedriveAllowPolicy"] = {
            "redrivePermission": "byQueue",
            "sourceQueueArns": [as_property({"Fn::Sub": queue.full_arn})],
        }
    else:
        del dead.properties["QueueName"]
    add_queue_policy(rendering.template, dead)
    return dead


def dead_letter_name(queue: QueueNoun) -> str:
    """Name the dead-letter queue of a queue, as `Fn::Sub` takes it.

    >>> dead_letter_name(QueueNoun("jobs", fifo=True))
    '${ProjectName}-${Environment}-jobs-dead-letters.fifo'
    """
    name = queue.full_name.removesuffix(".fifo")
    return f"{name}-dead-letters{'.fifo' if queue.fifo else ''}"


def _list_topics(rendering: Rendering, queue: QueueNoun) -> list[Any]:
    listed = rendering.application.resources
    return [topic for topic in listed if queue in getattr(topic, "subscribers", ())]


def _let_topic_send(rendering: Rendering, queue: QueueNoun, topic: Any) -> Statement:
    return {
        "Sid": f"Let{topic.title}Send",
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": GetAtt(queue.resource_id, "Arn"),
        "Condition": {"ArnEquals": {"aws:SourceArn": rendering.value(topic.arn)}},
    }
