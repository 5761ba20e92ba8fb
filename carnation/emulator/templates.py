"""CloudFormation templates as moto should read them: tags, intrinsic functions, attributes.

moto's own reader loses `!Condition`, the rest of `!GetAtt Nested.Outputs.X`, and what it cannot
resolve. This one raises instead. Source of the rules:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import yaml

from carnation.errors import EmulatorError

_SUBSTITUTION = re.compile(r"\$\{(!?)([^{}]*)\}")
_Clean = Callable[[Any, Any], Any]
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_SafeLoader):  # type: ignore[misc]
    """YAML with CloudFormation's tags; a date stays the text that it is in a policy's Version."""


def _construct_tag(loader: Any, suffix: str, node: Any) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _construct_tag)
_Loader.yaml_implicit_resolvers = {
    first: [(tag, regex) for tag, regex in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}


def parse_template(text: str) -> dict[str, Any]:
    """Read a template's text, YAML or JSON.

    >>> parse_template("Outputs: {Url: {Value: !GetAtt Nested.Outputs.Url}}")
    {'Outputs': {'Url': {'Value': {'Fn::GetAtt': ['Nested', 'Outputs.Url']}}}}
    """
    try:
        read = json.loads if text.lstrip().startswith("{") else _read_yaml
        template = read(text)
    except (yaml.YAMLError, ValueError) as error:
        raise EmulatorError(f"the template is neither YAML nor JSON: {error}") from error
    if not isinstance(template, dict):
        raise EmulatorError("the template is no mapping; it needs at least Resources.")
    return template


def _read_yaml(text: str) -> Any:
    return yaml.load(text, _Loader)  # noqa: S506 - a safe loader, with tags


def as_boolean(value: Any) -> bool:
    """Turn a parameter's text back into the boolean it means, as CloudFormation does.

    >>> as_boolean("true"), as_boolean("false"), as_boolean(None)
    (True, False, False)
    """
    return str(value).lower() == "true"


def make_cleaner(original: _Clean) -> _Clean:
    """Wrap moto's resolver of intrinsic functions; what cannot be resolved is an error."""

    def clean(value: Any, resources: Any) -> Any:
        if isinstance(value, list):
            # AWS::NoValue takes an element away, and only here is it known to be one
            return [item for item in (clean(item, resources) for item in value) if item is not None]
        if isinstance(value, dict):
            if "Fn::GetAtt" in value:
                return _get_attribute(value["Fn::GetAtt"], resources)
            if "Fn::Sub" in value:
                return _substitute(value["Fn::Sub"], resources, clean)
            if set(value) == {"Ref"}:
                return _refer(value["Ref"], resources)
        return original(value, resources)

    return clean


def _refer(name: str, resources: Any) -> Any:
    try:
        found = resources[name]
    except KeyError:
        raise EmulatorError(
            f"the template refers to '{name}', which is neither a parameter nor a resource of it."
        ) from None
    if found is None and name != "AWS::NoValue":
        raise EmulatorError(
            f"the template refers to '{name}', whose condition is false. Put the reference behind "
            "the same condition with Fn::If."
        )
    return getattr(found, "physical_resource_id", found)


def _get_attribute(reference: Any, resources: Any) -> Any:
    parts = reference.split(".", 1) if isinstance(reference, str) else list(reference)
    name, attribute = parts[0], ".".join(parts[1:])
    _refer(name, resources)
    try:
        value = resources[name].get_cfn_attribute(attribute)
    except Exception as error:
        raise EmulatorError(
            f"the template asks for the attribute '{attribute}' of '{name}', which the emulator "
            f"cannot give ({type(error).__name__}: {error})."
        ) from error
    return value


def _substitute(argument: Any, resources: Any, clean: _Clean) -> str:
    template, own = argument if isinstance(argument, list) else (argument, {})

    def replace(match: re.Match[str]) -> str:
        literal, name = match.groups()
        if literal:
            return f"${{{name}}}"
        if name in own:
            return str(clean(own[name], resources))
        if "." in name:
            return str(_get_attribute(name, resources))
        return str(_refer(name, resources))

    return _SUBSTITUTION.sub(replace, template)


def substitute_definition(definition: str, substitutions: dict[str, Any], where: str) -> str:
    """Fill `${Name}` of a state machine's definition; one that is not given is an error.

    >>> substitute_definition('{"Resource": "${Arn}"}', {"Arn": "arn:aws:x"}, "'m'")
    '{"Resource": "arn:aws:x"}'
    """

    def replace(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in substitutions:
            raise EmulatorError(
                f"{where}: the definition uses ${{{name}}}, which DefinitionSubstitutions does "
                f"not give; it gives {', '.join(sorted(substitutions)) or 'nothing'}."
            )
        value = substitutions[name]
        return value if isinstance(value, str) else json.dumps(value)

    return re.sub(r"\$\{([A-Za-z0-9_]+)\}", replace, definition)
