"""Versions of functions: their descriptions hold what the parameters make of a configuration.

CloudFormation publishes a version when a property of the version itself changes, and what a
deployment gives as a parameter changes no text of the template. So the description, which
replaces the version, holds each setting that a parameter decides, as the function has it.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-version.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from carnation.errors import WorkflowError
from carnation.resources.parameters import SHARED, TAKEN
from carnation.stacks.references import rewrite
from carnation.stacks.writing import CONFIGURATION, UNVERSIONED

MAX_LENGTH = 256
_Setting = tuple[str, Mapping[str, Any]]
"""A name, and the intrinsic function that gives its value."""


def describe_parameters(document: Mapping[str, Any]) -> None:
    """Put the settings that parameters decide into the descriptions of a template's versions."""
    own = {name: given for name, given in document.get("Parameters", {}).items()
           if name not in (*SHARED, *TAKEN)}  # fmt: skip
    resources = document["Resources"]
    for name, version in resources.items():
        properties = version.get("Properties", {})
        if version.get("Type") != "AWS::Lambda::Version" or not _is_ours(properties):
            continue
        function = properties["FunctionName"]["Ref"]
        settings = list(_find_settings(resources[function]["Properties"], own))
        if settings:
            _reject_hidden(function, settings, own)
            properties["Description"] = _extend(properties["Description"], settings)
            _reject_long(name, function, properties["Description"], own)


def _is_ours(properties: Mapping[str, Any]) -> bool:
    return CONFIGURATION in str(properties.get("Description", ""))


def _find_settings(properties: Mapping[str, Any], own: Mapping[str, Any]) -> Iterator[_Setting]:
    left_out = {*UNVERSIONED, "FunctionName"}
    kept = {name: value for name, value in properties.items() if name not in left_out}
    waiting: list[tuple[str, Any]] = list(kept.items())
    for label, value in waiting:  # grows while we walk
        if isinstance(value, list):
            waiting.extend((label, item) for item in value)
        elif isinstance(value, dict):
            if not _is_intrinsic(value):
                waiting.extend(value.items())
            elif any(name in own for name in _list_named(value)):
                yield label, value


def _is_intrinsic(value: Mapping[str, Any]) -> bool:
    return len(value) == 1 and next(iter(value)).startswith(("Ref", "Fn::"))


def _list_named(value: Any) -> list[str]:
    """List the logical IDs and parameters that a value refers to."""
    found: list[str] = []
    rewrite(value, lambda name, _: found.append(name))
    return found


def _reject_hidden(function: str, settings: list[_Setting], own: Mapping[str, Any]) -> None:
    """Reject a parameter that is not to be shown, which a description would show."""
    for label, value in settings:
        for name in _list_named(value):
            if str(own.get(name, {}).get("NoEcho", "")).lower() == "true":
                raise WorkflowError(
                    f"{function}: {label} uses parameter {name}, which has NoEcho, and the "
                    f"description of the function's version would show it, as Lambda shows the "
                    f"environment. Keep it in a Secret, pass the secret's ARN to the function, "
                    f"and read it there."
                )


def _extend(description: Any, settings: list[_Setting]) -> dict[str, Any]:
    given = description["Fn::Sub"] if isinstance(description, dict) else description
    text, variables = (given, {}) if isinstance(given, str) else given
    variables = dict(variables)
    for label, value in settings:
        ((function, inner),) = value.items()
        if function == "Ref":
            shown = f"${{{inner}}}"
        else:
            name = f"Value{len(variables)}"
            shown, variables[name] = f"${{{name}}}", value
        text += f", {label} {shown}"
    return {"Fn::Sub": [text, variables] if variables else text}


def _reject_long(name: str, function: str, description: Any, own: Mapping[str, Any]) -> None:
    """Reject what is longer than Lambda's 256 characters with the parameters' own defaults."""
    given = description["Fn::Sub"]
    text = given if isinstance(given, str) else given[0]
    text = text.replace(CONFIGURATION, "0" * 16)
    filled = re.sub(r"\$\{(\w+)\}", lambda one: str(own.get(one[1], {}).get("Default", "")), text)
    if len(filled) > MAX_LENGTH:
        raise WorkflowError(
            f"{function}: the description of {name} holds what parameters decide, has "
            f"{len(filled)} characters; the limit is {MAX_LENGTH}. Use fewer or shorter "
            f"parameters in the function."
        )
