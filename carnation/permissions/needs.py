"""The IAM actions that the tasks of a definition need: each integration calls an API by its name.

Only the call itself: what `.sync` needs beside it, to watch a job, is not told here.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/service-integration-iam-templates.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnation.asl import walk_states

_PREFIXES = {"sfn": "states", "cloudwatchlogs": "logs", "eventbridge": "events", "ses": "ses",
             "sesv2": "ses", "apigatewayv2": "apigateway", "emr": "elasticmapreduce",
             "elasticloadbalancingv2": "elasticloadbalancing", "bedrockruntime": "bedrock",
             "bedrockagentruntime": "bedrock", "dynamodbstreams": "dynamodb",
             "cloudwatch": "cloudwatch", "servicecatalog": "servicecatalog"}  # fmt: skip
_ACTIONS = {
    "lambda:invoke": "lambda:InvokeFunction",
    "http:invoke": "states:InvokeHTTPEndpoint",
    "apigateway:invoke": "execute-api:Invoke",
    "elasticmapreduce:createCluster": "elasticmapreduce:RunJobFlow",
    "s3:listObjectsV2": "s3:ListBucket",
    "s3:headObject": "s3:GetObject",
    "s3:copyObject": "s3:PutObject",
    "dynamodb:transactWriteItems": "dynamodb:PutItem",
}


def find_needed_actions(definition: Mapping[str, Any]) -> dict[str, list[str]]:
    """Give the actions that a definition needs, each with the names of the states that do.

    >>> task = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage"}
    >>> find_needed_actions({"States": {"Put": task}})
    {'sqs:SendMessage': ['Put']}
    """
    found: dict[str, list[str]] = {}
    for place in walk_states(definition):
        action = name_action(place.state.get("Resource"))
        if action:
            found.setdefault(action, []).append(place.name)
    return found


def name_action(resource: Any) -> str:
    """Name the IAM action that a task's Resource needs; '' if it needs none that is known.

    >>> name_action("arn:aws:states:::aws-sdk:sfn:startExecution")
    'states:StartExecution'
    """
    parts = resource.split(":", 5) if isinstance(resource, str) else []
    if len(parts) != 6:
        return ""
    if parts[2] == "lambda":
        return "lambda:InvokeFunction"
    if parts[2] != "states" or parts[3] or parts[4]:
        return ""
    call = parts[5].removeprefix("aws-sdk:").partition(".")[0]
    service, _, action = call.partition(":")
    if not action:
        return ""
    prefix = _PREFIXES.get(service, service)
    return _ACTIONS.get(call) or f"{prefix}:{action[0].upper()}{action[1:]}"
