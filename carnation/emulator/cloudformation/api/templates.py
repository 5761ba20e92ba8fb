"""Templates read, checked and summarized."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from carnation.cloudformation.parameters import as_text
from carnation.cloudformation.template import Template, parse_template
from carnation.emulator.cloudformation.api.change_sets import find_change_set
from carnation.emulator.cloudformation.api.definitions import list_capabilities
from carnation.emulator.cloudformation.api.requests import (
    IAM,
    Action,
    Caller,
    Request,
    find_live,
    find_stack,
    read_text,
)


def _get_template(caller: Caller, request: Request) -> Mapping[str, Any]:
    if request.get("ChangeSetName"):
        definition = find_change_set(caller, request).definition
    else:
        definition = find_stack(caller, request).definition
    processed = request.get("TemplateStage") == "Processed"
    text = json.dumps(definition.template.body) if processed else definition.text
    return {"TemplateBody": text, "StagesAvailable": ["Original", "Processed"]}


def _validate_template(caller: Caller, request: Request) -> Mapping[str, Any]:
    template = parse_template(read_text(caller, request))
    found = list_capabilities(template)
    return {
        "Description": template.body.get("Description"),
        "Parameters": [_declare(name, body) for name, body in template.parameters.items()],
        "Capabilities": found,
        "CapabilitiesReason": _explain_capabilities(template) if found else None,
        "DeclaredTransforms": [str(name) for name in template.transforms],
    }


def _declare(name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    default = body.get("Default")
    return {
        "ParameterKey": name,
        "DefaultValue": None if default is None else as_text(default),
        "ParameterType": body.get("Type", "String"),
        "NoEcho": str(body.get("NoEcho", "false")).lower() == "true",
        "Description": body.get("Description"),
        "ParameterConstraints": {
            "AllowedValues": [as_text(value) for value in body.get("AllowedValues", ())]
        },
    }


def _explain_capabilities(template: Template) -> str:
    kinds = {body["Type"] for body in template.resources.values() if body["Type"].startswith(IAM)}
    return f"The following resource(s) require capabilities: [{', '.join(sorted(kinds))}]"


def _summarize_template(caller: Caller, request: Request) -> Mapping[str, Any]:
    if request.get("StackName"):
        template = parse_template(find_live(caller, request).definition.text)
    else:
        template = parse_template(read_text(caller, request))
    found = list_capabilities(template)
    kinds = [body.get("Type") for body in template.resources.values()]
    return {
        "Parameters": [_declare(name, body) for name, body in template.parameters.items()],
        "Description": template.body.get("Description"),
        "Capabilities": found,
        "CapabilitiesReason": _explain_capabilities(template) if found else None,
        "ResourceTypes": list(dict.fromkeys(kinds)),
        "Version": template.body.get("AWSTemplateFormatVersion"),
        "DeclaredTransforms": [str(name) for name in template.transforms],
        "ResourceIdentifierSummaries": [],
    }


ACTIONS: dict[str, Action] = {
    "GetTemplate": _get_template,
    "GetTemplateSummary": _summarize_template,
    "ValidateTemplate": _validate_template,
}
