"""What AWS's services are called: behind `aws-sdk:`, by the Java SDK's client, and by botocore.

From `clients.txt`, made by `scripts/write_clients.py` from botocore's models. Step Functions names
the errors of an SDK integration by the client of the Java SDK: `SecretsManager.…`, `AcmPca.…`.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from carnation.services.lines import list_lines, read_words

OPTIMIZED_CLIENTS: Mapping[str, tuple[str, str]] = {
    "apigateway": ("ApiGateway", "AmazonApiGateway"),
    "dynamodb": ("DynamoDB", "AmazonDynamoDBv2"),
    "events": ("EventBridge", "AmazonCloudWatchEvents"),
    "lambda": ("Lambda", "AWSLambda"),
    "sns": ("SNS", "AmazonSNS"),
    "sqs": ("SQS", "AmazonSQS"),
    "states": ("StepFunctions", "AWSStepFunctions"),
}
"""Optimized integrations: what their errors begin with, and the client of AWS's older Java SDK."""

_OTHERS = {"stepfunctions": "sfn", "states": "sfn", "events": "eventbridge"}


def client_name(service: str) -> str:
    """Return the Java SDK's name for a service's client, with which its errors begin.

    >>> client_name("secretsmanager"), client_name("acmpca"), client_name("nosuch")
    ('SecretsManager', 'AcmPca', 'Nosuch')
    """
    return (read_words("clients.txt", service) or (service.capitalize(),))[0]


def client_exception(service: str) -> str:
    """Return the exception of an optimized integration's client, for what no model names.

    >>> client_exception("dynamodb"), client_exception("glue")
    ('AmazonDynamoDBException', 'AmazonGlueException')
    """
    java = OPTIMIZED_CLIENTS.get(service, ("", f"Amazon{client_name(service)}"))[1]
    return f"{java.removesuffix('v2')}Exception"


def botocore_name(service: str) -> str:
    """Return botocore's name for a service.

    >>> botocore_name("cloudwatchlogs"), botocore_name("states"), botocore_name("nosuch")
    ('logs', 'stepfunctions', 'nosuch')
    """
    return (read_words("clients.txt", _OTHERS.get(service, service)) or (service, service))[1]


@lru_cache(maxsize=1)
def _read_services() -> Mapping[str, str]:
    return {line[2]: line[0] for line in list_lines("clients.txt")} | _OTHERS


def find_service(name: str) -> str:
    """Find the service that boto3, or an optimized integration, calls otherwise; '' if none is.

    >>> find_service("logs"), find_service("stepfunctions"), find_service("nosuch")
    ('cloudwatchlogs', 'sfn', '')
    """
    return _read_services().get(name, "")
