"""The formats of names: what IAM compares where a call is given something shorter."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from carnation.permissions.parameters import Given


def render_names(variable: str, parameter: Given) -> list[str]:
    """Render a parameter as the ARNs of its kind do, all that it may mean.

    >>> render_names("SecretId", Given("SecretId", "app/token"))
    ['app/token-??????']
    >>> render_names("BucketName", Given("Bucket", "jobs"))
    ['jobs']
    """
    text = parameter.pattern
    if variable == "ParameterNameWithoutLeadingSlash" and parameter.name == "Path":
        return [text.strip("/"), text.strip("/") + "/*"]
    render = _FORMATS.get(variable)
    return render(text) if render else [text]


def _render_secret(text: str) -> list[str]:
    """Add the six characters of Secrets Manager.

    Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
    """
    return [text] if text.endswith("*") else [f"{text}-??????"]


def _render_key(text: str) -> list[str]:
    return ["*"] if text.startswith("alias/") else [text]


def _render_family(text: str) -> list[str]:
    return [text.partition(":")[0]]


def _render_definition(text: str) -> list[str]:
    """Name a job definition's revision, or all of them where the newest is taken.

    Source: https://docs.aws.amazon.com/batch/latest/userguide/batch-supported-iam-actions-resources.html
    """
    return [text.partition(":")[0]]


def _render_revision(text: str) -> list[str]:
    return [text.partition(":")[2] or "*"]


def _render_log_group(text: str) -> list[str]:
    """Let the streams of a log group follow: actions are compared with `log-group:NAME:…`.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
    """
    return [text.removesuffix(":*")]


def _render_identity(text: str) -> list[str]:
    """Name who sends mail: the address, or its domain, whichever is verified.

    Source: https://docs.aws.amazon.com/ses/latest/dg/control-user-access.html
    """
    address = re.sub(r".*<(.*)>\s*\Z", r"\1", text)
    return [address, address.partition("@")[2]] if "@" in address else [address]


def _render_scope(text: str) -> list[str]:
    return [{"CLOUDFRONT": "global"}.get(text, text.lower())]


_FORMATS: Mapping[str, Callable[[str], list[str]]] = {
    "Alias": lambda text: [text.removeprefix("alias/")],
    "IdentityName": _render_identity,
    "JobDefinitionName": _render_definition,
    "KeyId": _render_key,
    "LogGroupName": _render_log_group,
    "ObjectName": lambda text: [text.lstrip("/")],
    "ParameterNameWithoutLeadingSlash": lambda text: [text.lstrip("/")],
    "ProjectName": lambda text: [re.sub(r":[0-9a-f*-]+\Z", "", text)],
    "QueueName": lambda text: [text.rpartition("/")[2]],
    "Revision": _render_revision,
    "Scope": _render_scope,
    "SecretId": _render_secret,
    "TaskDefinitionFamilyName": _render_family,
    "TaskDefinitionRevisionNumber": _render_revision,
}
