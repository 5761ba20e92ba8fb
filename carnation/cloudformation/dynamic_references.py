"""Dynamic references: `{{resolve:ssm:name:version}}` and those to secrets, found and replaced.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
"""

from __future__ import annotations

import re
from collections.abc import Callable

from carnation.errors import TemplateError
from carnation.lazy import TYPE_CHECKING, compile_lazily
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from typing import Any

_REFERENCE = compile_lazily(r"\{\{resolve:([^:{}]+):([^{}]*)\}\}")
_SERVICES = ("ssm", "ssm-secure", "secretsmanager")


class DynamicReference(NamedTuple):
    """A reference: a parameter of SSM by name and version, or a field of a secret."""

    service: str
    name: str
    version: str = ""
    json_key: str = ""
    version_stage: str = ""
    version_id: str = ""

    def __str__(self) -> str:
        """Return the reference's service and name, as messages give it."""
        return f"{{{{resolve:{self.service}:{self.name}}}}}"


ReadReference = Callable[[DynamicReference], str]


def parse_reference(service: str, text: str) -> DynamicReference:
    """Read what follows the service's name.

    >>> parse_reference("secretsmanager", "db:SecretString:password").json_key
    'password'
    >>> parse_reference("ssm", "/size:3").version
    '3'
    """
    if service not in _SERVICES:
        raise TemplateError(
            f"{{{{resolve:{service}:{text}}}}}: '{service}' is not a service of dynamic "
            f"references; use {', '.join(_SERVICES)}."
        )
    if service != "secretsmanager":
        name, _, version = text.partition(":")
        return DynamicReference(service, name, version)
    arn = re.match(r"arn:[^:]+:secretsmanager:[^:]*:[^:]*:secret:[^:]+", text)
    name = arn[0] if arn else text.split(":", 1)[0]
    rest = text[len(name) :].lstrip(":").split(":")
    if rest[0] not in ("", "SecretString"):
        raise TemplateError(
            f"{{{{resolve:{service}:{text}}}}}: expected SecretString after the name."
        )
    fields = [*rest[1:], "", "", ""]
    return DynamicReference(service, name, "", fields[0], fields[1], fields[2])


def replace_references(value: Any, read: ReadReference) -> Any:
    """Copy a value with each dynamic reference in its strings replaced by what it represents."""
    if isinstance(value, str):
        if "{{resolve:" not in value:
            return value
        return _REFERENCE.sub(lambda match: read(parse_reference(match[1], match[2])), value)
    if isinstance(value, dict):
        return {key: replace_references(item, read) for key, item in value.items()}
    if isinstance(value, list):
        return [replace_references(item, read) for item in value]
    return value
