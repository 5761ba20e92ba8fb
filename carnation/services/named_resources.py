"""How a service is asked whether something of a type and a name is there.

Each row asks one action about one name: it fails for what is not there, or lists what begins so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from carnation.lazy import TYPE_CHECKING
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from typing import Any


class Lookup(NamedTuple):
    """The property that names a resource, and the call that finds it by that name.

    `arn` is the form of the ARN that the action takes instead of a name; `rows` are the field that
    lists what was found, and the name's field in it.
    """

    property: str
    service: str
    action: str
    field: str
    arn: str = ""
    many: bool = False
    rows: tuple[str, str] = ("", "")


LOOKUPS = {
    "AWS::CloudWatch::Alarm": Lookup("AlarmName", "cloudwatch", "describe_alarms", "AlarmNames",
                                     many=True, rows=("MetricAlarms", "AlarmName")),
    "AWS::DynamoDB::GlobalTable": Lookup("TableName", "dynamodb", "describe_table", "TableName"),
    "AWS::DynamoDB::Table": Lookup("TableName", "dynamodb", "describe_table", "TableName"),
    "AWS::ECR::Repository": Lookup("RepositoryName", "ecr", "describe_repositories",
                                   "repositoryNames", many=True),
    "AWS::Events::Connection": Lookup("Name", "events", "describe_connection", "Name"),
    "AWS::Events::EventBus": Lookup("Name", "events", "describe_event_bus", "Name"),
    "AWS::IAM::Role": Lookup("RoleName", "iam", "get_role", "RoleName"),
    "AWS::Kinesis::Stream": Lookup("Name", "kinesis", "describe_stream_summary", "StreamName"),
    "AWS::Lambda::Function": Lookup("FunctionName", "lambda", "get_function_configuration",
                                    "FunctionName"),
    "AWS::Logs::LogGroup": Lookup("LogGroupName", "logs", "describe_log_groups",
                                  "logGroupNamePrefix", rows=("logGroups", "logGroupName")),
    "AWS::Pipes::Pipe": Lookup("Name", "pipes", "describe_pipe", "Name"),
    "AWS::S3::Bucket": Lookup("BucketName", "s3", "head_bucket", "Bucket"),
    "AWS::SNS::Topic": Lookup("TopicName", "sns", "get_topic_attributes", "TopicArn", arn="sns:{}"),
    "AWS::SQS::Queue": Lookup("QueueName", "sqs", "get_queue_url", "QueueName"),
    "AWS::SSM::Parameter": Lookup("Name", "ssm", "get_parameter", "Name"),
    "AWS::Scheduler::ScheduleGroup": Lookup("Name", "scheduler", "get_schedule_group", "Name"),
    "AWS::SecretsManager::Secret": Lookup("Name", "secretsmanager", "describe_secret", "SecretId"),
    "AWS::StepFunctions::Activity": Lookup("Name", "stepfunctions", "describe_activity",
                                           "activityArn", arn="states:activity:{}"),
    "AWS::StepFunctions::StateMachine": Lookup(
        "StateMachineName", "stepfunctions", "describe_state_machine", "stateMachineArn",
        arn="states:stateMachine:{}",
    ),
}  # fmt: skip


def find_named(
    kind: str, name: str, place: tuple[str, str, str], ask: Callable[..., Mapping[str, Any]]
) -> bool:
    """Decide whether there is something of a type and a name; False for a type without a row.

    `place` is partition, Region and account; `ask(service, action, **parameters)` makes the call,
    and raises for what is not there.
    """
    lookup = LOOKUPS.get(kind)
    if lookup is None:
        return False
    value: Any = [name] if lookup.many else name
    if lookup.arn:
        service, _, rest = lookup.arn.partition(":")
        partition, region, account = place
        value = f"arn:{partition}:{service}:{region}:{account}:{rest.format(name)}"
    answer = ask(lookup.service, lookup.action, **{lookup.field: value})
    rows, field = lookup.rows
    return not rows or any(row[field] == name for row in answer.get(rows, ()))
