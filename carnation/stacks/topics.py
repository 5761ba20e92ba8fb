"""The topic that alarms publish to, with an e-mail subscription."""

from __future__ import annotations

from typing import Any

from troposphere import Ref, Template
from troposphere.sns import SubscriptionResource, Topic, TopicPolicy

from carnation.resources.functions import Function
from carnation.resources.queues import Queue
from carnation.resources.topics import Topic as TopicNoun
from carnation.stacks.rendering import Rendering
from carnation.stacks.snippets import (
    KEY,
    Statement,
    deny_plain_http,
    except_from,
    policy_of,
    resource_name,
    to_arn,
)

_PLAIN = ("CKV_AWS_26", "CloudWatch's alarms cannot publish to a topic that AWS's own key encrypts")


def add_alarm_topic(template: Template, *, key: Any = KEY) -> Topic:
    """Add the topic of alarms, its policy and subscription (on the condition `HasEmail`).

    Alarms cannot publish to a topic that AWS's own key encrypts, so without a key it is not.
    Source: https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
    """
    topic = template.add_resource(
        Topic(
            "Topic",
            TopicName=resource_name("alarms"),
            **({"Metadata": except_from(_PLAIN)} if key is None else {"KmsMasterKeyId": key}),
        )
    )
    template.add_resource(
        TopicPolicy(
            "TopicPolicy",
            Topics=[Ref(topic)],
            PolicyDocument=policy_of(
                _let_alarms_publish(topic),
                deny_plain_http(Ref(topic), "sns:Publish"),
            ),
        )
    )
    template.add_resource(
        SubscriptionResource(
            "EmailSubscription",
            Condition="HasEmail",
            TopicArn=Ref(topic),
            Protocol="email",
            Endpoint=Ref("AlarmEmail"),
        )
    )
    return topic


def _let_alarms_publish(topic: Topic) -> Statement:
    alarms = to_arn("cloudwatch", "alarm:@*")
    return {
        "Sid": "LetAlarmsPublish",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": Ref(topic),
        "Condition": {
            "StringEquals": {"aws:SourceAccount": Ref("AWS::AccountId")},
            "ArnLike": {"aws:SourceArn": alarms},
        },
    }


def render_topic(rendering: Rendering, topic: TopicNoun) -> None:
    """Put a topic into the template, with its policy and subscriptions."""
    made = rendering.template.add_resource(
        Topic(
            topic.resource_id,
            TopicName="",
            KmsMasterKeyId="alias/aws/sns" if rendering.key is None else rendering.key,
        )
    )
    rendering.finish(topic, made, "TopicName")
    rendering.template.add_resource(
        TopicPolicy(
            f"{topic.resource_id}Policy",
            Topics=[Ref(made)],
            PolicyDocument=policy_of(deny_plain_http(Ref(made), "sns:Publish")),
        )
    )
    for number, email in enumerate(topic.emails, 1):
        _subscribe(rendering, topic, f"Email{number}", "email", rendering.fill(email))
    for number, one in enumerate(topic.subscribers, 1):
        if isinstance(one, Queue):
            _subscribe(rendering, topic, one.title, "sqs", rendering.value(one.arn))
        elif isinstance(one, Function):
            _subscribe(rendering, topic, one.title, "lambda", rendering.value(one.arn))
            _let_topic_invoke(rendering, topic, one)
        else:
            _subscribe(rendering, topic, f"Url{number}", "https", one)


def _subscribe(
    rendering: Rendering, topic: TopicNoun, who: str, protocol: str, endpoint: Any
) -> None:
    rendering.template.add_resource(
        SubscriptionResource(
            f"{topic.title}To{who}",
            TopicArn=Ref(topic.resource_id),
            Protocol=protocol,
            Endpoint=endpoint,
            **({"RawMessageDelivery": True} if protocol == "sqs" else {}),
        )
    )


def _let_topic_invoke(rendering: Rendering, topic: TopicNoun, function: Function) -> None:
    from troposphere.awslambda import Permission

    rendering.template.add_resource(
        Permission(
            f"{topic.title}Invokes{function.title}",
            Action="lambda:InvokeFunction",
            FunctionName=rendering.value(function.arn),
            Principal="sns.amazonaws.com",
            SourceArn=Ref(topic.resource_id),
        )
    )
