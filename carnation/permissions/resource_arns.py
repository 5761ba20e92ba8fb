"""What a call is about: its parameters, made into the ARN that IAM compares.

AWS's reference gives each action a pattern (`arn:…:table/${TableName}`); a parameter of the task
fills it. A substitution stays as it is. What is worked out while an execution runs becomes `*`, and
the note says so; of a key in S3 that is formatted, what comes before the first value stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from carnation.permissions.required import Target, name_arn
from carnation.services.iam import Authorization

_PSEUDO = {"Partition": "${AWS::Partition}", "Region": "${AWS::Region}"}
_ACCOUNTS = ("Account", "AccountId")
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_SUBSTITUTION = re.compile(r"\$\{[^{}]+\}\Z")
_FORMATTED = re.compile(r"States\.Format\('([^'{}\\$*?]*)")
_QUEUE_URL = re.compile(r"https?://sqs\.([a-z0-9-]+)\.[^/]+/(\d+|\$\{[^}]+\})/(.+)\Z")

_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "ActivityName": ("ActivityArn",),
    "BucketName": ("Bucket",),
    "ObjectName": ("Key",),
    "QueueName": ("QueueUrl",),
    "TopicName": ("TopicArn", "TargetArn"),
    "StateMachineName": ("StateMachineArn",),
    "ParameterNameWithoutLeadingSlash": ("Name",),
    "TaskDefinitionFamilyName": ("TaskDefinition",),
    "JobQueueName": ("JobQueue",),
    "WorkGroupName": ("WorkGroup",),
    "RoleNameWithPath": ("RoleName",),
    "ScheduleName": ("Name",),
    "StreamName": ("StreamName", "StreamARN"),
    "DeliveryStreamName": ("DeliveryStreamName",),
    "ProjectName": ("ProjectName", "Name"),
    "CrawlerName": ("Name",),
    "ResourceId": ("Name", "Id", "ModelId", "KnowledgeBaseId"),
}
"""Variables of the patterns that parameters name otherwise."""
UNLISTED = "AWS's reference does not list this action: look it up"
_ARNS_BY_CUSTOM = (
    "FunctionName", "JobQueue", "JobDefinition", "TaskDefinition", "SecretId", "KeyId", "RoleArn",
)  # fmt: skip
"""Parameters for which a substitution nearly always holds an ARN, though a name would do."""


_MADE = frozenset({"TaskDefinitionRevisionNumber", "CreationTime", "OpaqueId", "Uuid", "UUID"})
"""Variables that AWS makes up: no task could give them."""


class Given(NamedTuple):
    """A parameter: its text where the definition fixes it, None where an execution works it out."""

    name: str
    text: str | None


def read_parameter(given: Mapping[str, Any], *names: str) -> Given | None:
    """Read the first of some parameters that is given; None if none of them is.

    >>> read_parameter({"Key.$": "$.key"}, "Bucket", "Key")
    Given(name='Key', text=None)
    """
    for name in names:
        if f"{name}.$" in given:
            return Given(name, None)
        value = given.get(name)
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if isinstance(value, str) and not value.lstrip().startswith("{%"):
            return Given(name, value)
        if name in given:
            return Given(name, None)
    return None


def find_targets(needed: Authorization, given: Mapping[str, Any]) -> list[Target]:
    """Find what an authorization is about, as narrowly as the parameters allow."""
    if not needed.is_listed:
        return [Target("*", UNLISTED)]
    if not needed.arns:
        return [Target("*")]  # IAM knows nothing narrower for it
    targets = [_fill(pattern, given) for pattern in needed.arns]
    if needed.needs_all or len(targets) == 1:
        return targets
    exact = [target for target in targets if target.is_exact]
    open_ones = [target for target in targets if "not given" not in target.note]
    return (exact or open_ones or [Target("*", "what it is about is not fixed here")])[:1]


def _fill(pattern: str, given: Mapping[str, Any]) -> Target:
    notes: list[str] = []
    pieces: list[str] = []
    end = 0
    for match in _VARIABLE.finditer(pattern):
        pieces.append(pattern[end : match.start()])
        end = match.end()
        name = match.group(1)
        if name in _PSEUDO or name in _ACCOUNTS:
            pieces.append(_PSEUDO.get(name, "${AWS::AccountId}"))
            continue
        parameter = read_parameter(given, *_list_names(name))
        arn = _read_arn(parameter)
        if arn:
            return _continue_arn(arn, pattern[end:], given)
        text = parameter.text if parameter else None
        if text is None:
            notes += [_tell(parameter, name)] if name not in _MADE else []
            text = _read_beginning(given) + "*" if name == "ObjectName" else "*"
        pieces.append(_trim(text, name))
    return Target("".join([*pieces, pattern[end:]]), ", ".join(dict.fromkeys(notes)))


def _read_beginning(given: Mapping[str, Any]) -> str:
    """Give how a key begins, whatever an execution puts behind it: what it formats first."""
    match = _FORMATTED.match(str(given.get("Key.$", "")))
    return match[1] if match else ""


def _tell(parameter: Given | None, variable: str) -> str:
    if parameter is None:
        return f"its {variable} is not given"
    return f"{parameter.name} is worked out while it runs"


def _list_names(variable: str) -> Iterator[str]:
    yield from _PARAMETERS.get(variable, ())
    yield variable
    stem = re.sub(r"(Name|Id|Identifier)$", "", variable)
    for end in ("Name", "Id", "Arn", "ARN", "Identifier", ""):
        yield stem + end
        yield f"{stem}{end}s"


def _read_arn(parameter: Given | None) -> str:
    """Give a parameter's ARN, if it holds one: as such, behind a URL, or for a substitution."""
    if parameter is None or parameter.text is None:
        return ""
    name, text = parameter.name, parameter.text
    if text.startswith("arn:"):
        return text
    if name == "QueueUrl":
        return read_queue(text)
    if _SUBSTITUTION.match(text) and (
        name in _ARNS_BY_CUSTOM or name.lower().endswith("arn") or text.rstrip("}").endswith("Arn")
    ):
        return text
    return ""


def read_queue(url: str) -> str:
    """Give the ARN of a queue by its URL; of a substitution, one that ends in Arn.

    >>> read_queue("https://sqs.eu-west-1.amazonaws.com/111122223333/jobs")
    'arn:${AWS::Partition}:sqs:eu-west-1:111122223333:jobs'
    >>> read_queue("${JobsQueueUrl}")
    '${JobsQueueArn}'
    """
    match = _QUEUE_URL.match(url)
    if match:
        region, account, name = match.groups()
        return f"arn:${{AWS::Partition}}:sqs:{region}:{account}:{name}"
    if _SUBSTITUTION.match(url):
        return re.sub(r"(Url|URL)?\}$", "Arn}", url)
    return ""


def _continue_arn(arn: str, rest: str, given: Mapping[str, Any]) -> Target:
    """Put behind an ARN what its pattern has behind the part that the ARN stands for."""
    if not rest or rest.startswith(":") or (arn.startswith("arn:") and rest[1:2] == "$"):
        return Target(arn)
    behind = _fill(rest, given)
    return Target(arn + behind.resource, behind.note)


def _trim(text: str, variable: str) -> str:
    if variable == "ParameterNameWithoutLeadingSlash":
        return text.lstrip("/")
    if variable == "TaskDefinitionFamilyName":
        return text.partition(":")[0]
    if variable == "QueueName":
        return text.rpartition("/")[2]
    return text


def name_function(parameter: Given | None, qualifier: Given | None) -> Target:
    """Name the function of an invocation: by ARN, by part of one, or by its name.

    >>> name_function(Given("FunctionName", "hello:live"), None).resource
    'arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:hello:live'
    """
    if parameter is None or parameter.text is None:
        return Target(name_arn("lambda", "function:*"), "FunctionName is worked out while it runs")
    arn = _read_arn(parameter)
    if not arn:
        account, mark, name = parameter.text.rpartition(":function:")
        arn = name_arn("lambda", f"function:{name if mark else parameter.text}")
        if account:
            arn = arn.replace("${AWS::AccountId}", account)
    if qualifier is not None:
        return Target(f"{arn}:{qualifier.text or '*'}")
    return Target(arn)
