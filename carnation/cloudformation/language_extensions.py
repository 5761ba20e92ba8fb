"""The transform `AWS::LanguageExtensions`: `Fn::ForEach` loops, written out.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from carnation.cloudformation.template import LANGUAGE_EXTENSIONS, Template
from carnation.errors import TemplateError
from carnation.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, TypeAlias

_LOOP = "Fn::ForEach::"
Resolve: TypeAlias = "Callable[[Any], Any]"


def expand_loops(template: Template, resolve: Resolve) -> Template:
    """Return the template with its `Fn::ForEach` loops written out.

    `resolve` resolves a loop's collection, which may refer to parameters.

    >>> loop = {"Fn::ForEach::Queues": ["Name", ["A", "B"], {"Q${Name}": {"Type": "T"}}]}
    >>> body = {"Transform": "AWS::LanguageExtensions", "Resources": loop}
    >>> list(expand_loops(Template(body), lambda value: value).resources)
    ['QA', 'QB']
    """
    if LANGUAGE_EXTENSIONS not in template.transforms:
        return template
    body: dict[str, Any] = _expand(template.body, resolve)
    return Template(body)


def _expand(value: Any, resolve: Resolve) -> Any:
    if isinstance(value, list):
        return [_expand(item, resolve) for item in value]
    if not isinstance(value, Mapping):
        return value
    made: dict[str, Any] = {}
    for key, item in value.items():
        entries = (
            _repeat(key, item, resolve) if key.startswith(_LOOP) else {key: _expand(item, resolve)}
        )
        for name in entries:
            if name in made:
                raise TemplateError(
                    f"{key}: the key '{name}' comes up twice. Use the loop's name in it."
                )
        made.update(entries)
    return made


def _repeat(key: str, argument: Any, resolve: Resolve) -> dict[str, Any]:
    if not (isinstance(argument, list) and len(argument) == 3 and isinstance(argument[2], Mapping)):
        raise TemplateError(f"{key}: expected an identifier, a collection and a mapping.")
    identifier, collection, body = argument
    values = resolve(collection)
    if not isinstance(identifier, str) or not isinstance(values, list):
        raise TemplateError(f"{key}: expected an identifier and a list, got {argument[:2]}.")
    made: dict[str, Any] = {}
    for value in values:
        made.update(_expand(replace_identifier(body, identifier, str(value)), resolve))
    return made


def replace_identifier(value: Any, identifier: str, text: str) -> Any:
    """Copy a loop's body for one value of its collection."""
    if isinstance(value, list):
        return [replace_identifier(item, identifier, text) for item in value]
    if isinstance(value, str):
        return _replace_text(value, identifier, text)
    if not isinstance(value, Mapping):
        return value
    if dict(value) == {"Ref": identifier}:
        return text
    return {
        _replace_text(key, identifier, text): replace_identifier(item, identifier, text)
        for key, item in value.items()
    }


def _replace_text(written: str, identifier: str, text: str) -> str:
    plain = written.replace(f"${{{identifier}}}", text)
    return plain.replace(f"&{{{identifier}}}", re.sub(r"[^A-Za-z0-9]", "", text))
