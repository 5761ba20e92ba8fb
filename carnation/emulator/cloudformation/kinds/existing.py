"""Whether something of a type and a name is there already, by the services' own APIs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from carnation.emulator.cloudformation.kind import Context

Look = Callable[[Context, str], Any]


def _by(service: str, action: str, field: str) -> Look:
    """Ask an action that fails for what is not there."""
    return lambda context, name: getattr(context.connect(service), action)(**{field: name})


def _find_topic(context: Context, name: str) -> Any:
    arn = context.arn("sns", name)
    return context.connect("sns").get_topic_attributes(TopicArn=arn)


def _find_machine(context: Context, name: str) -> Any:
    arn = context.arn("states", f"stateMachine:{name}")
    return context.connect("stepfunctions").describe_state_machine(stateMachineArn=arn)


def _find_activity(context: Context, name: str) -> Any:
    arn = context.arn("states", f"activity:{name}")
    return context.connect("stepfunctions").describe_activity(activityArn=arn)


def _find_log_group(context: Context, name: str) -> Any:
    found = context.connect("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return any(row["logGroupName"] == name for row in found)


def _find_alarm(context: Context, name: str) -> Any:
    return context.connect("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]


LOOKS: dict[str, Look] = {
    "AWS::CloudWatch::Alarm": _find_alarm,
    "AWS::DynamoDB::Table": _by("dynamodb", "describe_table", "TableName"),
    "AWS::DynamoDB::GlobalTable": _by("dynamodb", "describe_table", "TableName"),
    "AWS::ECR::Repository": lambda context, name: context.connect("ecr").describe_repositories(
        repositoryNames=[name]
    ),
    "AWS::Events::Connection": _by("events", "describe_connection", "Name"),
    "AWS::Events::EventBus": _by("events", "describe_event_bus", "Name"),
    "AWS::IAM::Role": _by("iam", "get_role", "RoleName"),
    "AWS::Kinesis::Stream": _by("kinesis", "describe_stream_summary", "StreamName"),
    "AWS::Lambda::Function": _by("lambda", "get_function", "FunctionName"),
    "AWS::Logs::LogGroup": _find_log_group,
    "AWS::Pipes::Pipe": _by("pipes", "describe_pipe", "Name"),
    "AWS::S3::Bucket": _by("s3", "head_bucket", "Bucket"),
    "AWS::SNS::Topic": _find_topic,
    "AWS::SQS::Queue": _by("sqs", "get_queue_url", "QueueName"),
    "AWS::SSM::Parameter": _by("ssm", "get_parameter", "Name"),
    "AWS::Scheduler::ScheduleGroup": _by("scheduler", "get_schedule_group", "Name"),
    "AWS::SecretsManager::Secret": _by("secretsmanager", "describe_secret", "SecretId"),
    "AWS::StepFunctions::Activity": _find_activity,
    "AWS::StepFunctions::StateMachine": _find_machine,
}


def exists(context: Context, kind: str, name: str) -> bool:
    """Decide whether something of a type has a name; False for a type that is not looked up."""
    look = LOOKS.get(kind)
    if look is None:
        return False
    try:
        return bool(look(context, name))
    except ClientError:
        return False
