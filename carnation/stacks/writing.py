"""Templates as text: sections and fields in one fixed order, versions of functions described."""

from __future__ import annotations

import json
import marshal
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from troposphere import Template

from carnation.document import digest, dump_entry, dump_yaml
from carnation.stacks.snippets import Plain, make_plain

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


def add_once(
    template: Template, made_of: tuple[object, ...], add: Callable[[Template], object]
) -> None:
    """Have resources added to a template: made the first time, and taken over from there on.

    `made_of` is all that they depend on, so that workflows with equal nouns share what is made.
    """

    def make() -> dict[str, Plain]:
        before = set(template.resources)
        add(template)
        new = {name: one for name, one in template.resources.items() if name not in before}
        return {name: Plain(make_plain(one)) for name, one in new.items()}

    template.resources.update(keep(_MADE, made_of, make))


def keep(
    kept: dict[Key, Made], made_of: Key | None, make: Callable[[], Made], most: int = 32
) -> Made:
    """Make what is made of this, or give what an equal one was made into; the oldest are forgotten.

    What cannot be compared is None, and made each time.
    """
    if made_of is None:
        return make()
    if made_of not in kept:
        if len(kept) == most:
            del kept[next(iter(kept))]
        kept[made_of] = make()
    return kept[made_of]


def pack(value: Any) -> bytes | None:
    """Return the bytes by which a plain value is compared; None where it is not plain.

    What a workflow's own `change` put into a template may be of other classes.
    """
    try:
        return marshal.dumps(value, 2)  # of this version, equal bytes are equal values
    except ValueError:
        return None


Key = TypeVar("Key")
Made = TypeVar("Made")

_MADE: dict[tuple[object, ...], dict[str, Plain]] = {}
_WRITTEN: dict[bytes, str] = {}
_TEXTS: dict[str, str] = {}


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
    text = "".join(_render_section(name, given[name]) for name in _SECTIONS if given.get(name))
    return keep(_TEXTS, text, lambda: text)  # workflows with equal templates hold one text


def _render_section(name: str, section: Any) -> str:
    """Write a section, an entry at a time: workflows have many entries in common."""
    if not isinstance(section, Mapping):
        return dump_yaml({name: section})
    return f"{name}:\n" + "".join(map(_render_entry, section.items()))


def _render_entry(entry: tuple[str, Any]) -> str:
    return keep(_WRITTEN, pack(entry), lambda: dump_entry(*entry, "  "), 256)


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
