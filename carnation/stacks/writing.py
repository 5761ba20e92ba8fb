"""Templates as text: sections and fields in one fixed order, versions of functions described."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from troposphere import Template

from carnation.document import digest, dump_yaml
from carnation.stacks.snippets import make_plain

CONFIGURATION = "{configuration}"
"""What the description of a function's version holds until the template is written."""

UNVERSIONED = frozenset(
    ("CodeSigningConfigArn", "RecursiveLoop", "ReservedConcurrentExecutions",
     "RuntimeManagementConfig", "Tags")
)  # fmt: skip
"""What a version does not hold: Lambda publishes none for it, and CloudFormation would fail."""

_SECTIONS = ("AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Mappings",
             "Rules", "Conditions", "Resources", "Outputs")  # fmt: skip
_HEAD = ("Type", "Condition", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy", "Metadata")


def list_sections(template: Template) -> dict[str, Any]:
    """Return a template as a plain document, section by section."""
    sections = {
        "AWSTemplateFormatVersion": template.version,
        "Description": template.description,
        "Metadata": template.metadata,
        "Parameters": template.parameters,
        "Conditions": template.conditions,
        "Resources": template.resources,
        "Outputs": template.outputs,
    }
    return {name: make_plain(value) for name, value in sections.items() if value}


def render_template(template: Template) -> str:
    """Write a template as YAML."""
    return render_document(list_sections(template))


def render_document(document: Mapping[str, Any]) -> str:
    """Write a template's document as YAML, in the order of sections and of a resource's fields."""
    resources = {
        name: {key: resource[key] for key in (*_HEAD, *resource) if key in resource}
        for name, resource in document["Resources"].items()
    }
    _describe_versions(resources)
    given = {**document, "Resources": resources}
    return dump_yaml({name: given[name] for name in _SECTIONS if given.get(name)})


def _describe_versions(resources: Mapping[str, Any]) -> None:
    """Put the digest of each function's configuration into the description of its version.

    Lambda publishes a version only when code or configuration changed, and CloudFormation only when
    the version's own properties did.
    """
    for version in resources.values():
        if version["Type"] != "AWS::Lambda::Version":
            continue
        owner = version["Properties"]["FunctionName"]
        properties = resources[owner["Ref"]]["Properties"] if "Ref" in owner else {}
        held = {name: value for name, value in properties.items() if name not in UNVERSIONED}
        found = digest(json.dumps(held, sort_keys=True))[:16]
        version["Properties"] = _fill(version["Properties"], found)


def _fill(value: Any, configuration: str) -> Any:
    if isinstance(value, str):
        return value.replace(CONFIGURATION, configuration)
    if isinstance(value, list):
        return [_fill(item, configuration) for item in value]
    if isinstance(value, dict):
        return {name: _fill(item, configuration) for name, item in value.items()}
    return value
