"""Triggers: rules, schedules, pipes and APIs, each with a role that may start this workflow only.

A trigger starts the alias, so a canary deployment holds for it as well. What a rule or a schedule
cannot deliver goes to one dead-letter queue, `undelivered`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from troposphere import GetAtt, Ref, Sub

from carnation.resources import triggers
from carnation.stacks.policies import use_keys
from carnation.stacks.queues import DEAD_LETTER_DAYS, add_queue, add_queue_policy
from carnation.stacks.rendering import Rendering
from carnation.stacks.roles import add_role, trust
from carnation.stacks.snippets import Statement, allow, render_rule, to_arn

ALIAS = Ref("StateMachineAlias")
UNDELIVERED = "Undelivered"
_HOURS = 24


def needs_undelivered(rendering: Rendering) -> bool:
    """Return whether a trigger has a dead-letter queue."""
    return any(one.uses_undelivered for one in rendering.application.triggers)


def add_undelivered(rendering: Rendering) -> None:
    """Add the dead-letter queue of what triggers could not deliver."""
    queue = add_queue(
        rendering.template, UNDELIVERED, "undelivered", DEAD_LETTER_DAYS, key=rendering.key
    )
    rules = [
        to_arn("events", f"rule/{render_rule(one)}")
        for one in rendering.application.triggers
        if isinstance(one, (triggers.EventRule, triggers.Upload))
    ]
    statements = [_let_rules_send(rules)] if rules else []
    add_queue_policy(rendering.template, queue, *statements)


def _let_rules_send(rules: list[Sub]) -> Statement:
    return {
        "Sid": "LetRulesSend",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": GetAtt(UNDELIVERED, "Arn"),
        "Condition": {"ArnEquals": {"aws:SourceArn": rules}},
    }


def add_trigger_role(
    rendering: Rendering,
    trigger: triggers.Trigger,
    trusted: dict[str, Any],
    *statements: Statement,
    action: str = "states:StartExecution",
) -> Any:
    """Add the role of a trigger, which may start the alias; return its ARN."""
    alias = rendering.application.machine.alias
    machine = to_arn("states", f"stateMachine:@state-machine:{alias}")
    start = allow(action.partition(":")[2], action, machine)
    title = f"{trigger.title}Role"
    add_role(
        rendering.template, title, rendering.role_name(trigger.name_part),
        trusted, [start, *statements],
    )  # fmt: skip
    return rendering.role_arn(title, trigger.name_part)


def render_rule_trigger(rendering: Rendering, rule: triggers.EventRule) -> None:
    """Render a rule that starts the state machine."""
    path = {} if rule.whole_event else {"InputPath": "$.detail"}
    bus = {"EventBusName": rendering.value(rule.bus.name)} if rule.bus else {}
    _add_rule(rendering, rule, rule.make_pattern(), path, bus)


def render_upload(rendering: Rendering, upload: triggers.Upload) -> None:
    """Render the rule of uploads to a bucket."""
    assert upload.bucket is not None  # noqa: S101 (the record checks it)
    tests = [{part: value} for part, value in (("prefix", upload.prefix), ("suffix", upload.suffix))
             if value]  # fmt: skip
    pattern: dict[str, Any] = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [rendering.value(upload.bucket.name)]}},
    }
    if len(tests) == 2:
        both = {"wildcard": f"{upload.prefix}*{upload.suffix}"}
        pattern["detail"]["object"] = {"key": [both]}
    elif tests:
        pattern["detail"]["object"] = {"key": tests}
    _add_rule(rendering, upload, pattern, {"InputPath": "$.detail"}, {})


def _add_rule(
    rendering: Rendering,
    rule: triggers.EventRule | triggers.Upload,
    pattern: Mapping[str, Any],
    path: Mapping[str, Any],
    bus: Mapping[str, Any],
) -> None:
    from troposphere.events import DeadLetterConfig, RetryPolicy, Rule, Target

    source = to_arn("events", f"rule/{render_rule(rule)}")
    role = add_trigger_role(rendering, rule, trust("events", source))
    target = Target(
        Arn=ALIAS,
        Id="StateMachine",
        RoleArn=role,
        **path,
        DeadLetterConfig=DeadLetterConfig(Arn=GetAtt(UNDELIVERED, "Arn")),
        RetryPolicy=RetryPolicy(MaximumEventAgeInSeconds=_HOURS * 3600, MaximumRetryAttempts=185),
    )
    made = rendering.template.add_resource(
        Rule(
            rule.resource_id,
            Name="",
            Description=f"Starts an execution of {rendering.application.workflow}",
            **bus,
            EventPattern=dict(pattern),
            State="ENABLED",
            Targets=[target],
        )
    )
    rendering.finish(rule, made, "Name")


def render_schedule(rendering: Rendering, schedule: triggers.Schedule) -> None:
    """Render a schedule."""
    from troposphere.scheduler import DeadLetterConfig, FlexibleTimeWindow, RetryPolicy, Target
    from troposphere.scheduler import Schedule as Made

    # a role cannot be bound to one schedule, only to the group
    source = to_arn("scheduler", "schedule-group/default")
    role = add_trigger_role(
        rendering, schedule, trust("scheduler", source), *list_undelivered(rendering)
    )
    made = rendering.template.add_resource(
        Made(
            schedule.resource_id,
            Name="",
            Description=f"Starts an execution of {rendering.application.workflow}",
            ScheduleExpression=schedule.expression,
            ScheduleExpressionTimezone=schedule.timezone,
            FlexibleTimeWindow=FlexibleTimeWindow(Mode="OFF"),
            **({} if rendering.key is None else {"KmsKeyArn": rendering.key}),
            Target=Target(
                Arn=ALIAS,
                RoleArn=role,
                Input=_render_input(schedule.input),
                DeadLetterConfig=DeadLetterConfig(Arn=GetAtt(UNDELIVERED, "Arn")),
                RetryPolicy=RetryPolicy(MaximumRetryAttempts=3, MaximumEventAgeInSeconds=3600),
            ),
        )
    )
    if rendering.key is None:
        made.resource["Metadata"] = _plain_schedule()
    rendering.finish(schedule, made, "Name")


def _plain_schedule() -> dict[str, Any]:
    from carnation.stacks.snippets import except_from

    return except_from(("CKV_AWS_297", "EventBridge's own key encrypts the schedule"))


def _render_input(given: Mapping[str, Any]) -> str:
    from json import dumps

    return dumps(dict(given), ensure_ascii=False)


def _use_queue_key(rendering: Rendering) -> Iterator[Statement]:
    from carnation.resources.grants import Grant

    yield from use_keys(rendering, [Grant(("sqs:SendMessage",), ("${Undelivered}",))])


def list_undelivered(rendering: Rendering) -> list[Statement]:
    """List what sending to the dead-letter queue takes."""
    send = allow("SendMessage", "sqs:SendMessage", GetAtt(UNDELIVERED, "Arn"))
    return [send, *_use_queue_key(rendering)]
