"""The topic that every alarm publishes to, with an e-mail subscription."""

from __future__ import annotations

from troposphere import Output, Ref, Template

from carnation.stacks.parameters import add_conditions, open_template
from carnation.stacks.topics import add_alarm_topic


def make_topic_stack() -> Template:
    """Make sns-stack.yaml.

    Source: https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
    """
    template = open_template(
        "The topic that alarms publish to", "ProjectName", "Environment", "KeyArn", "AlarmEmail"
    )
    add_conditions(template, "HasEmail")
    topic = add_alarm_topic(template)
    template.add_output(Output("TopicArn", Value=Ref(topic)))
    return template
