"""Task resources: the ARNs that name what Step Functions calls, free of whoever builds."""

from __future__ import annotations

from carnation.errors import DefinitionError

_PATTERNS = ("", ".sync", ".sync:2", ".waitForTaskToken")


def name_integration(action: str, pattern: str = "") -> str:
    """Name a service integration as a Task's resource; the partition stays a substitution.

    `action` is `service:apiAction` of an optimized integration or
    `aws-sdk:service:apiAction`; `pattern` is '', '.sync', '.sync:2' or '.waitForTaskToken'.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html

    >>> name_integration("sqs:sendMessage")
    'arn:${Partition}:states:::sqs:sendMessage'
    """
    if pattern not in _PATTERNS:
        raise DefinitionError(
            f"'{pattern}' is no integration pattern. Give one of: "
            + ", ".join(repr(known) for known in _PATTERNS)
        )
    return f"arn:${{Partition}}:states:::{action}{pattern}"
