"""Rendering: one workflow's template in the making, and what references become in it.

A reference becomes what CloudFormation puts there (`!Ref StockTable`). An ARN that was made of
names becomes an attribute (`!GetAtt StockTable.Arn`): so CloudFormation knows what comes first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from troposphere import AWSHelperFn, AWSObject, GetAtt, Template

from carnation.errors import UsageError, suggest_name
from carnation.resources.application import Application
from carnation.resources.functions import Function
from carnation.resources.references import Reference, Value, find_references
from carnation.resources.resource import Resource, read_given
from carnation.resources.triggers import Trigger
from carnation.stacks.references import PLACEHOLDER
from carnation.stacks.resources import Sources
from carnation.stacks.snippets import GONE, KEY, PREFIX, except_from, to_arn

_BOUNDARY = r"(?![A-Za-z0-9_-])"


class Intrinsic(AWSHelperFn):
    """A plain intrinsic function (`{"Ref": "Topic"}`), which troposphere takes for its own."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = dict(data)


def as_property(value: Any) -> Any:
    """Return a value as troposphere takes it for any property."""
    return Intrinsic(value) if isinstance(value, Mapping) else value


class Rendering:
    """One workflow's template in the making."""

    def __init__(self, application: Application, sources: Sources, template: Template) -> None:
        self.application, self.sources, self.template = application, sources, template
        self.key: Any = None
        if application.key:
            given = application.key.given
            self.key = KEY if given is None else self.value(read_given(given))

    @cached_property
    def references(self) -> dict[str, Reference]:
        """All that texts may refer to, by key."""
        return self.application.list_references()

    @cached_property
    def markers(self) -> dict[str, Value]:
        """What is behind the placeholders of what exists elsewhere, by key."""
        found: dict[str, Value] = {}
        for resource in self.application.resources:
            found.update(resource.list_markers())
        return found

    @cached_property
    def _arns(self) -> list[tuple[re.Pattern[str], str]]:
        """ARNs made of names, each with what gives it as an attribute."""
        listed = [*self.application.resources, *self.application.triggers]
        made = [one for one in listed if not one.is_existing and one.fields and _has_arn(one)]
        return [
            (re.compile(re.escape(one.full_arn) + _BOUNDARY), _render_attribute(one))
            for one in made
        ]

    def value(self, reference: Value) -> Any:
        """Return what a reference, or a plain value, is as a property."""
        return as_property(reference.value if isinstance(reference, Reference) else reference)

    def fill(self, text: str) -> Any:
        """Fill the references in a text, as an environment variable or an endpoint has them."""
        keys = [key for key in find_references(text) if key in self.references]
        if not keys:
            return text
        if text == f"${{{keys[0]}}}":
            return self.value(self.references[keys[0]])
        return _substitute(text, {key: self.references[key].value for key in keys})

    def fill_all(self, value: Any) -> Any:
        """Fill the references in all texts of a property, those of `Fn::Sub` too."""
        if isinstance(value, str):
            return self.fill(value)
        if isinstance(value, (list, tuple)):
            return [self.fill_all(one) for one in value]
        if not isinstance(value, dict):
            return value
        text = value.get("Fn::Sub")
        if isinstance(text, str) and any(key in self.references for key in find_references(text)):
            return self.fill(text)
        if isinstance(text, list):
            return {"Fn::Sub": [text[0], *map(self.fill_all, text[1:])]}
        return {name: self.fill_all(one) for name, one in value.items()}

    def render(self, text: Any) -> Any:
        """Return an ARN as a policy has it: what is ours by attribute, the rest as `Fn::Sub`."""
        if isinstance(text, (list, tuple)):
            return [self.render(one) for one in text]
        for key in find_references(text):
            if key in self.references:
                text = text.replace(f"${{{key}}}", self.references[key].stands_for)
        text = text.replace("${StateMachineName}", f"{PREFIX}-state-machine")
        for pattern, attribute in self._arns:
            text = pattern.sub(attribute, text)
        known = {key: self.markers[key] for key in find_references(text) if key in self.markers}
        return _substitute(text, known)

    def finish(
        self,
        resource: Resource,
        made: AWSObject,
        name_property: str,
        exceptions: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Let a resource of the template be as its noun says: name, retention, properties."""
        if resource.named:
            made.properties[name_property] = as_property({"Fn::Sub": resource.full_name})
        else:
            made.properties.pop(name_property, None)
        if not resource.keep:
            made.resource.update(GONE)
        if exceptions:
            made.resource["Metadata"] = except_from(*exceptions)
        override(resource, made, self.fill_all(dict(resource.properties)))

    def role_arn(self, title: str, name: str) -> Any:
        """Return a role's ARN: by attribute, or of names where stacks would need each other."""
        if self.application.layout == "by-kind":
            return to_arn("iam", f"role/@{name}", region=False)
        return GetAtt(title, "Arn")

    def role_name(self, name: str) -> str:
        """Return the name of a role; '' where CloudFormation generates one."""
        return name if self.application.layout == "by-kind" else ""


def _has_arn(resource: Resource) -> bool:
    return not isinstance(resource, (Trigger, Function)) and "arn" in resource.fields


def _render_attribute(resource: Resource) -> str:
    attribute = resource.fields["arn"]
    return f"${{{resource.resource_id}{'.' if attribute else ''}{attribute}}}"


def _substitute(text: str, given: Mapping[str, Value]) -> Any:
    """Return a text as `Fn::Sub`, or as what it comes to where that is simpler."""
    if text.startswith("${") and PLACEHOLDER.fullmatch(text):
        name = text[2:-1]
        if name in given:
            return as_property(given[name])
        owner, _, attribute = name.partition(".")
        return as_property({"Fn::GetAtt": [owner, attribute]} if attribute else {"Ref": owner})
    if "${" not in text:
        return text
    texts = {key: value for key, value in given.items() if isinstance(value, str)}
    for key, value in texts.items():
        text = text.replace(f"${{{key}}}", value)
    rest = {key: value for key, value in given.items() if key not in texts}
    refs = {key: _render_inline(value) for key, value in rest.items()}
    for key, inline in refs.items():
        if inline:
            text = text.replace(f"${{{key}}}", inline)
            del rest[key]
    if "${" not in text:
        return text
    return as_property({"Fn::Sub": [text, rest] if rest else text})


def _render_inline(value: Value) -> str:
    """Return a `Ref` or an attribute as `Fn::Sub` has it inside a text; '' for anything else."""
    if isinstance(value, Mapping):
        if "Ref" in value:
            return f"${{{value['Ref']}}}"
        if "Fn::GetAtt" in value:
            return "${" + ".".join(value["Fn::GetAtt"]) + "}"
        if isinstance(value.get("Fn::Sub"), str):
            return str(value["Fn::Sub"])
    return ""


def override(owner: Resource, made: AWSObject, properties: Mapping[str, Any]) -> None:
    """Add or override CloudFormation's own properties; raise `UsageError` for a misspelled one."""
    for name, value in properties.items():
        if name not in made.props:
            raise UsageError(
                f"{owner!r} ({owner.line}): properties has '{name}', which {made.resource_type} "
                f"does not have.{suggest_name(name, list(made.props))}"
            )
        made.properties[name] = value


def list_names(values: Sequence[object]) -> str:
    """List values in a sentence."""
    return ", ".join(map(str, values)) or "none"
