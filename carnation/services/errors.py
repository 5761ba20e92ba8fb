"""The errors of AWS's services, as `ErrorEquals` names them.

From `errors.txt` (made by `scripts/write_errors.py` from botocore's models), with what every client
of AWS's Java SDK, which Step Functions uses, can throw. An error is named by its service and its
class: `DynamoDB.ProvisionedThroughputExceededException` for an optimized integration, with the
SDK's own spelling of the service (`DynamoDb.`) for an SDK integration.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

from functools import lru_cache

from carnation.services.clients import OPTIMIZED_CLIENTS, client_exception, client_name
from carnation.services.lines import list_lines, read_words
from carnation.services.optimized import APIS

STATES_ERRORS = (
    "States.TaskFailed", "States.Timeout", "States.HeartbeatTimeout", "States.Permissions",
    "States.DataLimitExceeded", "States.Runtime", "States.BranchFailed",
    "States.ExceedToleratedFailureThreshold", "States.Http.Socket",
    "States.ItemReaderFailed", "States.ResultWriterFailed", "States.QueryEvaluationError",
    "States.IntrinsicFailure", "States.NoChoiceMatched", "States.ParameterPathFailure",
    "States.ResultPathMatchFailure",
)  # fmt: skip
"""The names that Step Functions itself gives."""

_PREFIXES = {service: prefix for service, (prefix, _) in OPTIMIZED_CLIENTS.items()}
# what the service or the client may answer whatever is asked; models do not repeat it
_COMMON = (
    "AccessDeniedException", "ClientExecutionTimeoutException", "ExpiredTokenException",
    "IncompleteSignatureException", "InternalFailureException", "InternalServerErrorException",
    "InvalidClientTokenIdException", "RequestExpiredException", "RequestLimitExceededException",
    "SdkClientException", "ServiceException", "ServiceUnavailableException",
    "ThrottlingException", "TooManyRequestsException", "UnrecognizedClientException",
    "ValidationException",
)  # fmt: skip
_MORE = {"lambda": ("Unknown",), "events": ("FailedEntry",)}


def find_errors(service: str) -> tuple[str, ...] | None:
    """List the errors of a service, as a Task's Resource names it; None if it is not known.

    >>> "DynamoDB.ConditionalCheckFailedException" in find_errors("dynamodb")
    True
    >>> "Sqs.QueueDoesNotExistException" in find_errors("aws-sdk:sqs")
    True
    """
    plain = service.removeprefix("aws-sdk:")
    names = read_words("errors.txt", APIS.get(plain, plain))
    if names is None:
        return None
    prefix = _PREFIXES.get(service, client_name(plain))
    classes = {name if name.endswith("Exception") else f"{name}Exception" for name in names}
    own = (f"{prefix}Exception",)
    if service in OPTIMIZED_CLIENTS:
        own = (client_exception(service), *_MORE.get(service, ()))
    return tuple(f"{prefix}.{name}" for name in sorted({*classes, *_COMMON, *own}))


def find_prefix(service: str) -> str:
    """Return what the errors of a service begin with, as a Task's Resource names it; '' if unknown.

    >>> find_prefix("aws-sdk:acmpca"), find_prefix("dynamodb"), find_prefix("glue")
    ('AcmPca.', 'DynamoDB.', '')
    """
    plain = service.removeprefix("aws-sdk:")
    if plain != service:
        return f"{client_name(plain)}." if read_words("errors.txt", plain) is not None else ""
    return f"{_PREFIXES[plain]}." if plain in _PREFIXES else ""


@lru_cache(maxsize=1)
def list_prefixes() -> frozenset[str]:
    """List what the errors of any service begin with.

    >>> {"S3.", "AcmPca.", "DynamoDB."} <= list_prefixes()
    True
    """
    clients = [client_name(line[0]) for line in list_lines("errors.txt")]
    return frozenset(f"{name}." for name in (*_PREFIXES.values(), *clients))
