"""The tags of a stack, which its resources get.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-resource-tags.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnation.emulator.cloudformation.requests import as_tags

_LISTS = frozenset({
    "AWS::CloudWatch::Alarm", "AWS::DynamoDB::Table", "AWS::Events::EventBus", "AWS::IAM::Role",
    "AWS::KMS::Key", "AWS::Lambda::Function", "AWS::Logs::LogGroup", "AWS::S3::Bucket",
    "AWS::SNS::Topic", "AWS::SQS::Queue", "AWS::Scheduler::ScheduleGroup",
    "AWS::SecretsManager::Secret", "AWS::StepFunctions::Activity",
    "AWS::StepFunctions::StateMachine",
})  # fmt: skip
_MAPPINGS = frozenset({"AWS::ApiGatewayV2::Api", "AWS::ApiGatewayV2::Stage", "AWS::Pipes::Pipe"})


def add_tags(kind: str, properties: dict[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    """Return a resource's properties with its stack's tags; its own come first."""
    if not tags or kind not in _LISTS | _MAPPINGS:
        return properties
    merged = {**tags, **as_tags(properties.get("Tags"))}
    if kind in _MAPPINGS:
        return {**properties, "Tags": merged}
    return {**properties, "Tags": [{"Key": key, "Value": value} for key, value in merged.items()]}
