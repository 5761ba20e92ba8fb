"""The topic that alarms publish to, with an e-mail subscription."""

from __future__ import annotations

from typing import Any

from troposphere import Ref, Template
from troposphere.sns import SubscriptionResource, Topic, TopicPolicy

from carnation.stacks.snippets import (
    KEY,
    Statement,
    name_arn,
    name_resource,
    policy_of,
    refuse_plain_http,
)


def add_alarm_topic(template: Template, *, key: Any = KEY) -> Topic:
    """Add the topic of alarms, its policy and subscription (on the condition `HasEmail`).

    Alarms cannot publish to a topic that AWS's own key encrypts, so without a key it is not.
    Source: https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
    """
    topic = template.add_resource(
        Topic(
            "Topic",
            TopicName=name_resource("alarms"),
            **({} if key is None else {"KmsMasterKeyId": key}),
        )
    )
    template.add_resource(
        TopicPolicy(
            "TopicPolicy",
            Topics=[Ref(topic)],
            PolicyDocument=policy_of(
                _let_alarms_publish(topic),
                refuse_plain_http(Ref(topic), "sns:Publish"),
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
    alarms = name_arn("cloudwatch", "alarm:@*")
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
