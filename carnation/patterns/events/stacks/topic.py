"""The topic that every alarm publishes to, with an e-mail subscription."""

from __future__ import annotations

from troposphere import Equals, Not, Output, Ref, Template
from troposphere.sns import SubscriptionResource, Topic, TopicPolicy

from carnation.stacks.snippets import (
    Statement,
    name_arn,
    name_resource,
    open_template,
    policy_of,
    refuse_plain_http,
)


def make_topic_stack() -> Template:
    """Make sns-stack.yaml.

    Source: https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
    """
    template = open_template(
        "The topic that alarms publish to", "ProjectName", "Environment", "KeyArn", "AlarmEmail"
    )
    template.add_condition("HasEmail", Not(Equals(Ref("AlarmEmail"), "")))
    topic = template.add_resource(
        Topic("Topic", TopicName=name_resource("alarms"), KmsMasterKeyId=Ref("KeyArn"))
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
    template.add_output(Output("TopicArn", Value=Ref(topic)))
    return template


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
