"""The transform `AWS::Include`: parts of a template that lie in a bucket, put in their places.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-include.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from carnation.cloudformation.template import Template, parse_template
from carnation.errors import TemplateError

INCLUDE = "AWS::Include"
Read = Callable[[Any], str]


def expand_includes(template: Template, read: Read) -> Template:
    """Return the template with what it includes in its place; `read` takes a Location.

    >>> part = {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://b/k"}}}
    >>> body = {"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": part}}}
    >>> found = expand_includes(Template(body), lambda location: "QueueName: q")
    >>> found.resources["Q"]["Properties"]
    {'QueueName': 'q'}
    """
    body: dict[str, Any] = dict(template.body)
    kept = [name for name in template.transforms if not _is_include(name)]
    for name in template.transforms:
        if _is_include(name):
            body = _merge(body, _load(name, read))
    if len(kept) < len(template.transforms):
        body = {**body, "Transform": kept} if kept else _without(body, "Transform")
    expanded: dict[str, Any] = _expand(body, read)
    return Template(expanded)


def _is_include(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get("Name") == INCLUDE


def _load(value: Mapping[str, Any], read: Read) -> Mapping[str, Any]:
    location = (value.get("Parameters") or {}).get("Location")
    if location is None:
        raise TemplateError(f"{INCLUDE}: Parameters has no Location, an s3:// URI of the part.")
    return parse_template(read(location), "include").body


def _merge(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Put a part beside what is there; sections that both have become one."""
    merged = dict(one)
    for key, value in other.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = {**merged[key], **value} if both else value
    return merged


def _without(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != name}


def _expand(value: Any, read: Read) -> Any:
    if isinstance(value, list):
        return [_expand(item, read) for item in value]
    if not isinstance(value, Mapping):
        return value
    inner = {key: _expand(item, read) for key, item in value.items() if key != "Fn::Transform"}
    asked = value.get("Fn::Transform")
    if asked is None:
        return inner
    if not _is_include(asked):
        name = asked.get("Name") if isinstance(asked, Mapping) else asked
        raise TemplateError(f"No transform named {name} found.")
    return _merge(inner, _expand(_load(asked, read), read))
