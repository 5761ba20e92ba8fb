"""What a state does, in the few words that a picture has room for.

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html (Resource),
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html (Retry, Catch).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from carnation.diagram.conditions import describe_expression, describe_path
from carnation.lazy import TYPE_CHECKING
from carnation.services.task_calls import ACTIVITY, FUNCTION, INTEGRATION, read_resource

if TYPE_CHECKING:
    from typing import Any

_SERVICES = {
    "apigateway": "API Gateway",
    "aws-sdk": "AWS SDK",
    "bedrock": "Bedrock",
    "bedrockagent": "Bedrock Agents",
    "bedrockagentruntime": "Bedrock Agents Runtime",
    "bedrockruntime": "Bedrock Runtime",
    "cloudformation": "CloudFormation",
    "cloudfront": "CloudFront",
    "cloudwatch": "CloudWatch",
    "cloudwatchlogs": "CloudWatch Logs",
    "codebuild": "CodeBuild",
    "codepipeline": "CodePipeline",
    "dynamodb": "DynamoDB",
    "elasticmapreduce": "EMR",
    "emr-containers": "EMR on EKS",
    "emr-serverless": "EMR Serverless",
    "events": "EventBridge",
    "eventbridge": "EventBridge",
    "http": "HTTP",
    "mediaconvert": "MediaConvert",
    "rdsdata": "RDS Data",
    "redshiftdata": "Redshift Data",
    "route53": "Route 53",
    "sagemaker": "SageMaker",
    "sagemakerruntime": "SageMaker Runtime",
    "scheduler": "EventBridge Scheduler",
    "secretsmanager": "Secrets Manager",
    "sesv2": "SES",
    "sfn": "Step Functions",
    "states": "Step Functions",
    "stepfunctions": "Step Functions",
}
_KINDS = {FUNCTION: "Lambda", ACTIVITY: "Activity"}
# up to the version or alias; a colon within a variable, `${self:service}`, is the variable's
_RESOURCE_NAME = re.compile(r"(?:\$\{[^}]*\}|[^:])+")
_PATTERNS = {"sync": ", waits for it", "sync:2": ", waits for it", "waitForTaskToken": ", waits"}
_DEFAULT_ATTEMPTS = 3
ANY_ERROR = "any error"
"""How States.ALL is told."""


def describe_state(state: Mapping[str, Any]) -> str:
    """Say under a state's name what it does.

    >>> describe_state({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage"})
    'SQS sendMessage'
    >>> describe_state({"Type": "Wait", "Seconds": 30})
    'Wait 30 s'
    """
    kind = state.get("Type")
    if kind == "Task":
        return describe_resource(state.get("Resource"))
    if kind == "Wait":
        return describe_wait(state)
    if kind == "Fail" and isinstance(state.get("Error"), str):
        return f"Fail {state['Error']}"
    if kind == "Map":
        return describe_map(state)
    if kind == "Parallel" and isinstance(state.get("Branches"), list):
        count = len(state["Branches"])
        return f"Parallel, {count} {'branch' if count == 1 else 'branches'}"
    return kind if isinstance(kind, str) and kind else "no Type"


def describe_resource(resource: object) -> str:
    """Name the service and its action, or the function or activity that a Task asks.

    >>> describe_resource("arn:aws:lambda:eu-west-1:123456789012:function:pay:7")
    'Lambda pay'
    >>> describe_resource("arn:aws:states:::ecs:runTask.sync")
    'ECS runTask, waits for it'
    """
    if not isinstance(resource, str) or not resource:
        return "Task"
    read = read_resource(resource)
    if read.kind == INTEGRATION:
        return f"{_service_name(read.service)} {read.action}{_PATTERNS.get(read.pattern, '')}"
    if read.kind in _KINDS:
        named = _RESOURCE_NAME.match(read.name)
        return f"{_KINDS[read.kind]} {named[0] if named else ''}".rstrip()
    return f"Task {resource.removeprefix('${').removesuffix('}')}"


def find_symbol(state: Mapping[str, Any]) -> str:
    """Name what a state's icon is to show beyond its type: a Task's service, a distributed Map.

    >>> find_symbol({"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:getObject"})
    's3'
    """
    kind, resource = state.get("Type"), state.get("Resource")
    if kind == "Map":
        return "distributed" if _is_distributed(state) else ""
    read = read_resource(resource)
    if kind != "Task" or not read.kind:
        return ""
    return read.service.lower() or {FUNCTION: "lambda", ACTIVITY: "activity"}.get(read.kind, "")


def _is_distributed(state: Mapping[str, Any]) -> bool:
    processor = state.get("ItemProcessor")
    config = processor.get("ProcessorConfig") if isinstance(processor, Mapping) else None
    return isinstance(config, Mapping) and config.get("Mode") == "DISTRIBUTED"


def _service_name(name: str) -> str:
    known = _SERVICES.get(name)
    # the names of AWS's services with up to four letters are initials: SQS, SNS, ECS, Glue is not
    initials = len(name) <= 3 or name == "xray"
    return known or (name.upper() if initials else name[:1].upper() + name[1:])


def describe_wait(state: Mapping[str, Any]) -> str:
    """Describe how long, or until when, a Wait waits."""
    for field, word in (("Seconds", "Wait "), ("Timestamp", "Wait until ")):
        if f"{field}Path" in state:
            return word + describe_path(state[f"{field}Path"])
        value = state.get(field)
        if isinstance(value, str):
            return word + describe_expression(value)
        if isinstance(value, (int, float)):
            return f"{word}{value} s"
    return "Wait"


def describe_map(state: Mapping[str, Any]) -> str:
    """Describe what a Map goes through, whether distributed, and how many at once."""
    words = "Distributed Map" if _is_distributed(state) else "Map"
    items = state.get("ItemsPath", state.get("Items"))
    if isinstance(items, str) and items != "$":
        expression = items.startswith("{%")
        words += f" over {describe_expression(items) if expression else describe_path(items)}"
    concurrency = state.get("MaxConcurrency")
    if isinstance(concurrency, int) and concurrency > 0:
        words += ", one at a time" if concurrency == 1 else f", {concurrency} at once"
    return words


def describe_errors(catcher: Mapping[str, Any]) -> str:
    """Name the errors of a retrier or a catcher.

    >>> describe_errors({"ErrorEquals": ["States.ALL"]})
    'any error'
    """
    names = catcher.get("ErrorEquals")
    texts = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
    if "States.ALL" in texts:
        return ANY_ERROR
    return ", ".join(texts) or "…"


def list_retriers(state: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """List the retriers of a state, whatever else stands among them left out."""
    retriers = state.get("Retry")
    items = retriers if isinstance(retriers, list) else []
    return [retrier for retrier in items if isinstance(retrier, Mapping)]


def count_retries(state: Mapping[str, Any]) -> str:
    """Return the most retries that a state may make, as its badge says it; '' where it makes none.

    >>> count_retries({"Retry": [{"ErrorEquals": ["A"], "MaxAttempts": 2}, {"MaxAttempts": 1}]})
    '3'
    """
    retriers = list_retriers(state)
    attempts = [retrier.get("MaxAttempts", _DEFAULT_ATTEMPTS) for retrier in retriers]
    total = sum(count for count in attempts if isinstance(count, int))
    if not total:
        return "?" if any(not isinstance(count, int) for count in attempts) else ""
    return f"{total}" if total < 1000 else "999+"


def describe_retries(state: Mapping[str, Any]) -> list[str]:
    """Format each retrier in a sentence.

    >>> describe_retries({"Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 2}]})
    ['any error: up to 2 retries, the first after 1 s, then 2 times as long']
    """
    return [
        f"{describe_errors(retrier)}: {_describe_retrier(retrier)}"
        for retrier in list_retriers(state)
    ]


def _describe_retrier(retrier: Mapping[str, Any]) -> str:
    attempts, rate = retrier.get("MaxAttempts", _DEFAULT_ATTEMPTS), retrier.get("BackoffRate", 2)
    if attempts == 0:
        return "not retried"
    if not isinstance(rate, (int, float)):
        return "retried"
    retries = "1 retry" if attempts == 1 else f"{attempts} retries"
    first = f"the first after {retrier.get('IntervalSeconds', 1)} s"
    return f"up to {retries}, {first}, then {rate:g} times as long"
