"""What the models of the APIs do not say: parameters of which one is needed, or only one may be.

And what an HTTP task asks for. Each row has its page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from carnation.lazy import TYPE_CHECKING, compile_lazily
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from typing import Any, TypeGuard


class _Choice(NamedTuple):
    """Parameters of a call of which at most one may be given, and whether one has to be."""

    names: tuple[str, ...]
    needed: bool = False


_LEGACY_CONDITION = _Choice(("ConditionExpression", "Expected"))
_LEGACY_PROJECTION = _Choice(("ProjectionExpression", "AttributesToGet"))
_CHOICES: Mapping[str, tuple[_Choice, ...]] = {
    # https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
    "sns:publish": (_Choice(("TopicArn", "TargetArn", "PhoneNumber"), needed=True),),
    # https://docs.aws.amazon.com/step-functions/latest/dg/connect-bedrock.html
    "bedrock:invokeModel": (_Choice(("Body", "Input"), needed=True),),
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
    "ecs:runTask": (_Choice(("LaunchType", "CapacityProviderStrategy")),),
    # https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html
    "http:invoke": (
        _Choice(("Authentication", "InvocationConfig"), needed=True),
    ),
    # https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-jobs-runs.html
    "glue:startJobRun": (
        _Choice(("MaxCapacity", "WorkerType")),
        _Choice(("MaxCapacity", "NumberOfWorkers")),
    ),
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.html
    "dynamodb:getItem": (_LEGACY_PROJECTION,),
    "dynamodb:putItem": (_LEGACY_CONDITION,),
    "dynamodb:deleteItem": (_LEGACY_CONDITION,),
    "dynamodb:updateItem": (
        _LEGACY_CONDITION,
        _Choice(("UpdateExpression", "AttributeUpdates")),
    ),
    "dynamodb:query": (
        _LEGACY_PROJECTION,
        _Choice(("KeyConditionExpression", "KeyConditions"), needed=True),
        _Choice(("FilterExpression", "QueryFilter")),
    ),
    # https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
    "secretsmanager:createSecret": (_Choice(("SecretString", "SecretBinary")),),
    "secretsmanager:putSecretValue": (_Choice(("SecretString", "SecretBinary")),),
    # https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html
    "ssm:sendCommand": (_Choice(("InstanceIds", "Targets"), needed=True),),
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
    "cloudformation:createStack": (_Choice(("TemplateBody", "TemplateURL"), needed=True),),
    "cloudformation:updateStack": (
        _Choice(("TemplateBody", "TemplateURL", "UsePreviousTemplate"), needed=True),
    ),
    # https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionCode.html
    "lambda:updateFunctionCode": (
        _Choice(("ZipFile", "ImageUri")), _Choice(("ZipFile", "S3Bucket")),
    ),
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    "cloudwatch:putMetricAlarm": (
        _Choice(("MetricName", "Metrics")), _Choice(("Statistic", "ExtendedStatistic")),
    ),
    # https://docs.aws.amazon.com/redshift-data/latest/APIReference/API_ExecuteStatement.html
    "redshiftdata:executeStatement": (_Choice(("ClusterIdentifier", "WorkgroupName")),),
    "dynamodb:scan": (_LEGACY_PROJECTION, _Choice(("FilterExpression", "ScanFilter"))),
}  # fmt: skip
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD")
_ENCODINGS = ("NONE", "URL_ENCODED")
_ARRAYS = ("INDICES", "REPEAT", "COMMAS", "BRACKETS")
_URL = compile_lazily(r"https://[^\s/?#]+\S*\Z")
_NO_HOST = compile_lazily(r"\w+://|\$|.*/")
_OWN_HEADERS = frozenset({
    "authorization", "connection", "content-md5", "date", "expect", "host", "max-forwards",
    "proxy-authenticate", "server", "te", "transfer-encoding", "trailer", "upgrade", "via",
    "www-authenticate",
})  # fmt: skip
_OWN_PREFIXES = ("x-amz-", "x-amzn-", "x-forwarded-")

Found = tuple[tuple[str, ...], str]


def find_rule_problems(name: str, given: Mapping[str, Any]) -> Iterator[Found]:
    """Yield (keys, what is wrong) of a call of `service:action`."""
    names = {str(key).removesuffix(".$"): str(key) for key in given}
    for choice in _CHOICES.get(name, ()):
        present = [one for one in choice.names if one in names]
        if len(present) > 1:
            both = " and ".join(f"'{one}'" for one in present)
            yield (names[present[-1]],), f"accepts only one of {both}"
        elif choice.needed and not present:
            yield (), f"requires {' or '.join(repr(one) for one in choice.names)}"
    if name in _CHECKS:
        yield from _CHECKS[name](given)


def _check_http(given: Mapping[str, Any]) -> Iterator[Found]:
    """Yield what an HTTP task does not take.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html
    """
    endpoint = given.get("ApiEndpoint")
    if _is_known(endpoint) and not _URL.match(endpoint):
        yield (
            ("ApiEndpoint",),
            f"expects a URL that starts with https:// as 'ApiEndpoint', not {endpoint[:80]!r}",
        )
    yield from _check_word(given, ("Method",), _METHODS)
    yield from _check_word(given, ("Transform", "RequestBodyEncoding"), _ENCODINGS)
    yield from _check_word(given, ("Transform", "RequestEncodingOptions", "ArrayFormat"), _ARRAYS)
    headers = given.get("Headers")
    for key in headers if isinstance(headers, Mapping) else ():
        name = str(key).removesuffix(".$").lower()
        if name in _OWN_HEADERS or name.startswith(_OWN_PREFIXES):
            yield ("Headers", str(key)), f"does not accept the header '{key}', which AWS sets"


def _check_api(given: Mapping[str, Any]) -> Iterator[Found]:
    """Yield what a call of API Gateway does not take.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-api-gateway.html
    """
    endpoint = given.get("ApiEndpoint")
    if _is_known(endpoint) and _NO_HOST.match(endpoint):
        yield (
            ("ApiEndpoint",),
            (
                "expects a host name (ID.execute-api.REGION.amazonaws.com) as 'ApiEndpoint', "
                f"not {endpoint[:80]!r}"
            ),
        )
    yield from _check_word(given, ("Method",), _METHODS)
    yield from _check_word(given, ("AuthType",), ("IAM_ROLE", "NO_AUTH", "RESOURCE_POLICY"))


def _check_word(
    given: Mapping[str, Any], keys: tuple[str, ...], words: tuple[str, ...]
) -> Iterator[Found]:
    value: Any = given
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    if _is_known(value) and value not in words:
        listed = ", ".join(f"'{word}'" for word in words)
        yield keys, f"expects one of {listed} as '{'.'.join(keys)}', not {value[:40]!r}"


def _is_known(value: object) -> TypeGuard[str]:
    """Return whether a value is a string that is not made later."""
    return isinstance(value, str) and "${" not in value and not value.startswith("{%")


_CHECKS = {
    "http:invoke": _check_http,
    "apigateway:invoke": _check_api,
}
