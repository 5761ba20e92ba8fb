"""What references to a template's resources represent: ARNs and names, as far as it fixes them.

The name that CloudFormation makes up is `${!Jobs}`, which nothing else is called.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
"""

from __future__ import annotations

from collections.abc import Mapping

from carnation.cloudformation.placeholders import Placeholders
from carnation.cloudformation.substitutions import fill_substitutions
from carnation.lazy import TYPE_CHECKING
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from typing import Any

_HERE = "${AWS::Region}:${AWS::AccountId}"


class Kind(NamedTuple):
    """A type of resource: where its name is given, its ARN behind the partition, what Ref gives."""

    name: str
    arn: str
    ref_is_arn: bool = False


KINDS: Mapping[str, Kind] = {
    "AWS::Athena::WorkGroup": Kind("Name", f"athena:{_HERE}:workgroup/{{}}"),
    "AWS::Batch::JobDefinition": Kind(
        "JobDefinitionName", f"batch:{_HERE}:job-definition/{{}}", True
    ),
    "AWS::Batch::JobQueue": Kind("JobQueueName", f"batch:{_HERE}:job-queue/{{}}", True),
    "AWS::CodeBuild::Project": Kind("Name", f"codebuild:{_HERE}:project/{{}}"),
    "AWS::DynamoDB::GlobalTable": Kind("TableName", f"dynamodb:{_HERE}:table/{{}}"),
    "AWS::DynamoDB::Table": Kind("TableName", f"dynamodb:{_HERE}:table/{{}}"),
    "AWS::ECS::Cluster": Kind("ClusterName", f"ecs:{_HERE}:cluster/{{}}"),
    "AWS::Events::EventBus": Kind("Name", f"events:{_HERE}:event-bus/{{}}"),
    "AWS::Glue::Crawler": Kind("Name", f"glue:{_HERE}:crawler/{{}}"),
    "AWS::Glue::Job": Kind("Name", f"glue:{_HERE}:job/{{}}"),
    "AWS::IAM::Role": Kind("RoleName", "iam::${AWS::AccountId}:role/{}"),
    "AWS::KMS::Key": Kind("", f"kms:{_HERE}:key/{{}}"),
    "AWS::Kinesis::Stream": Kind("Name", f"kinesis:{_HERE}:stream/{{}}"),
    "AWS::KinesisFirehose::DeliveryStream": Kind(
        "DeliveryStreamName", f"firehose:{_HERE}:deliverystream/{{}}"
    ),
    "AWS::Lambda::Function": Kind("FunctionName", f"lambda:{_HERE}:function:{{}}"),
    "AWS::Logs::LogGroup": Kind("LogGroupName", f"logs:{_HERE}:log-group:{{}}:*"),
    "AWS::S3::Bucket": Kind("BucketName", "s3:::{}"),
    "AWS::SNS::Topic": Kind("TopicName", f"sns:{_HERE}:{{}}", True),
    "AWS::SQS::Queue": Kind("QueueName", f"sqs:{_HERE}:{{}}", True),
    "AWS::Serverless::Function": Kind("FunctionName", f"lambda:{_HERE}:function:{{}}"),
    "AWS::Serverless::SimpleTable": Kind("TableName", f"dynamodb:{_HERE}:table/{{}}"),
    "AWS::Serverless::StateMachine": Kind("Name", f"states:{_HERE}:stateMachine:{{}}", True),
    "AWS::StepFunctions::Activity": Kind("Name", f"states:{_HERE}:activity:{{}}", True),
    "AWS::StepFunctions::StateMachine": Kind(
        "StateMachineName", f"states:{_HERE}:stateMachine:{{}}", True
    ),
}  # fmt: skip
"""Types that definitions speak of. Ref of a queue is its URL, which represents the queue."""
_NAMES = ("Name", "QueueName", "TopicName", "FunctionName")


def resolve_resources(template: Mapping[str, Any]) -> dict[str, str]:
    """Return what `Jobs` and `Jobs.Arn` represent, for each resource of a type that is known.

    >>> queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "jobs"}}
    >>> resolve_resources({"Resources": {"Jobs": queue}})["Jobs.Arn"].rpartition(":")[2]
    'jobs'
    """
    resources = template.get("Resources")
    found: dict[str, str] = {}
    for logical, body in resources.items() if isinstance(resources, Mapping) else ():
        kind = KINDS.get(str(body.get("Type"))) if isinstance(body, Mapping) else None
        if kind is None:
            continue
        name = _read_name(body.get("Properties"), kind.name) or f"${{!{logical}}}"
        arn = "arn:${AWS::Partition}:" + kind.arn.replace("{}", name)
        found[logical] = arn if kind.ref_is_arn else name
        found |= dict.fromkeys((f"{logical}.Arn", f"{logical}.TopicArn"), arn)
        found |= {f"{logical}.{attribute}": name for attribute in _NAMES}
    return found


def _read_name(properties: Any, field: str) -> str:
    value = properties.get(field) if isinstance(properties, Mapping) and field else None
    text = Placeholders({}).replace(value) if isinstance(value, (str, Mapping)) else ""
    return text if isinstance(text, str) else ""


def resolve_substitutions(
    template: Mapping[str, Any], properties: Mapping[str, Any]
) -> dict[str, str]:
    """Return what the `${…}` of a definition represent: its own substitutions, then resources."""
    names = resolve_resources(template)
    given = properties.get("DefinitionSubstitutions")
    placeholders = Placeholders({})
    own: dict[str, str] = {}
    for name, value in given.items() if isinstance(given, Mapping) else ():
        text = placeholders.replace(value)
        if isinstance(text, str):
            own[name] = fill_substitutions(text, names)
    machine = properties.get("StateMachineName", properties.get("Name"))
    if isinstance(machine, str):
        own["StateMachineName"] = machine
    return names | own
