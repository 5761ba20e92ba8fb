"""What is wrong with a template, by name, before anything is made of it.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from carnation.cloudformation.dependencies import (
    find_attributes,
    find_dependencies,
    find_references,
    list_depends_on,
    order_resources,
)
from carnation.cloudformation.intrinsics import EXTENSIONS, FUNCTIONS, find_wrong_count
from carnation.cloudformation.template import LANGUAGE_EXTENSIONS, Template
from carnation.errors import TemplateError, suggest_name
from carnation.lazy import TYPE_CHECKING
from carnation.services.properties import read_attributes, read_properties

if TYPE_CHECKING:
    from typing import Any

PSEUDO_PARAMETERS = frozenset(
    f"AWS::{name}"
    for name in (
        *("AccountId", "NoValue", "NotificationARNs", "Partition", "Region", "StackId"),
        *("StackName", "URLSuffix"),
    )
)
_SECTIONS = frozenset({
    "AWSTemplateFormatVersion", "Conditions", "Description", "Globals", "Hooks", "Mappings",
    "Metadata", "Outputs", "Parameters", "Resources", "Rules", "Transform",
})  # fmt: skip
_ATTRIBUTES = frozenset({
    "Condition", "CreationPolicy", "DeletionPolicy", "DependsOn", "Metadata", "Properties", "Type",
    "UpdatePolicy", "UpdateReplacePolicy", "Version",
})  # fmt: skip
_POLICIES = ("Delete", "Retain", "Snapshot", "RetainExceptOnCreate")
_PLACES = ("Conditions", "Resources", "Outputs", "Rules")
MAX_RESOURCES = 500


def validate_template(template: Template) -> None:
    """Raise `TemplateError` for the first problem of a template (loops written out)."""
    for problem in find_template_problems(template):
        raise TemplateError(problem)
    for name in template.conditions:
        _check_conditions(template, name, [])
    order_resources(find_dependencies(template.resources))


def find_template_problems(template: Template) -> Iterator[str]:
    """Yield what is wrong with a template, each with the name of what is to blame."""
    unknown = [name for name in template.body if name not in _SECTIONS]
    if unknown:
        yield (
            f"Invalid template property or properties [{', '.join(unknown)}]."
            f"{suggest_name(unknown[0], _SECTIONS)}"
        )
    if not template.resources:
        yield "Template format error: At least one Resources member must be defined."
    if len(template.resources) > MAX_RESOURCES:
        yield (
            f"Template format error: Number of resources, {len(template.resources)}, is greater "
            f"than maximum allowed, {MAX_RESOURCES}"
        )
    yield from find_reference_problems(template)


def find_reference_problems(template: Template) -> Iterator[str]:
    """Yield what names nothing, and what no resource, output or function may be."""
    for name, body in template.resources.items():
        yield from _find_resource_problems(template, name, body)
    for name, body in template.outputs.items():
        yield from _find_output_problems(template, name, body)
    for section in _PLACES:
        for name, body in template.section(section).items():
            yield from _find_function_problems(template, body, f"{section}.{name}")
    yield from _find_unresolved(template)
    yield from _find_unknown_attributes(template)


def _find_resource_problems(template: Template, name: str, body: Any) -> Iterator[str]:
    where = f"resource '{name}'"
    if not name.isalnum():
        yield f"Template format error: Resource name {name} is non alphanumeric."
    if not isinstance(body, Mapping) or not isinstance(body.get("Type"), str):
        yield f"Template format error: {where}: expected a mapping with a Type."
        return
    for field in body:
        if field not in _ATTRIBUTES:
            yield (
                f"Invalid template resource property '{field}' of {where}."
                f"{suggest_name(field, _ATTRIBUTES)}"
            )
    for field in ("DeletionPolicy", "UpdateReplacePolicy"):
        policy = body.get(field, "Delete")
        if isinstance(policy, str) and policy not in _POLICIES:
            yield (
                f"Template format error: {where}: {field} is '{policy}'; expected one of "
                f"{', '.join(_POLICIES)}."
            )
    for other in list_depends_on(body):
        if other not in template.resources:
            yield (
                f"Template format error: Unresolved resource dependencies [{other}] in the "
                f"Resources block of the template: {where} depends on it."
                f"{suggest_name(str(other), template.resources)}"
            )
    if body.get("Properties") is not None and not isinstance(body["Properties"], Mapping):
        yield f"Template format error: {where}: Properties is not a mapping."
    yield from _find_condition_problem(template, body, where)


def _find_output_problems(template: Template, name: str, body: Any) -> Iterator[str]:
    if not isinstance(body, Mapping) or "Value" not in body:
        yield f"Template format error: output '{name}': expected a mapping with a Value."
        return
    yield from _find_condition_problem(template, body, f"output '{name}'")


def _find_condition_problem(
    template: Template, body: Mapping[str, Any], where: str
) -> Iterator[str]:
    condition = body.get("Condition")
    if condition is not None and condition not in template.conditions:
        yield (
            f"Template format error: {where}: condition '{condition}' is not defined in Conditions."
            f"{suggest_name(str(condition), template.conditions)}"
        )


def _find_function_problems(template: Template, value: Any, where: str) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _find_function_problems(template, item, where)
    if not isinstance(value, Mapping):
        return
    functions = [name for name in value if name.startswith("Fn::") and name in FUNCTIONS]
    if functions and len(value) > 1:
        others = ", ".join(name for name in value if name != functions[0])
        yield f"Template error: {where}: {functions[0]} cannot be combined with {others}."
    for name, argument in value.items():
        if name.startswith("Fn::") and len(value) == 1:
            yield from _find_function_problem(template, name, argument, where)
        yield from _find_function_problems(template, argument, where)


def _find_function_problem(
    template: Template, name: str, argument: Any, where: str
) -> Iterator[str]:
    extended = LANGUAGE_EXTENSIONS in template.transforms
    if name not in FUNCTIONS:
        yield f"Template error: {where}: unknown function {name}.{suggest_name(name, FUNCTIONS)}"
    elif name in EXTENSIONS and not extended:
        yield f"Template error: {where}: {name} requires Transform: {LANGUAGE_EXTENSIONS}."
    if name != "Fn::Sub" or not isinstance(argument, str):
        wrong = find_wrong_count(argument, name)
        if wrong:
            yield f"Template error: {where}: {wrong}"
    check = _CHECKS.get(name)
    if check is not None and isinstance(argument, list) and argument:
        known, what = check(template)
        if isinstance(argument[0], str) and argument[0] not in known:
            yield (
                f"Template error: {where}: {name}: {what} '{argument[0]}' is not defined."
                f"{suggest_name(argument[0], known)}"
            )


_CHECKS: dict[str, Callable[[Template], tuple[Mapping[str, Any], str]]] = {
    "Fn::If": lambda template: (template.conditions, "condition"),
    "Fn::FindInMap": lambda template: (template.mappings, "mapping"),
}


def _find_unresolved(template: Template) -> Iterator[str]:
    for section, plain in (("Resources", False), ("Outputs", False), ("Conditions", True)):
        others = () if plain else template.resources
        known = {*template.parameters, *others, *PSEUDO_PARAMETERS}
        for name, body in template.section(section).items():
            part = (
                body.get("Properties")
                if section == "Resources" and isinstance(body, Mapping)
                else body
            )
            for reference in find_references(part):
                if reference not in known:
                    yield (
                        f"Template format error: Unresolved dependencies [{reference}] in "
                        f"{section}.{name}: the template refers to '{reference}', which is neither "
                        f"a parameter nor a resource of it.{suggest_name(reference, known)}"
                    )


def _find_unknown_attributes(template: Template) -> Iterator[str]:
    """Yield the attributes that the types of their resources do not have."""
    for section in ("Resources", "Outputs"):
        for name, attribute in find_attributes(template.section(section)):
            kind = str((template.resources.get(name) or {}).get("Type"))
            known = read_attributes(kind)
            if not known or attribute.startswith("Outputs."):
                continue
            if attribute not in known | read_properties(kind)[""].known:
                yield (
                    f"Template error: resource {name} does not support attribute type {attribute} "
                    f"in Fn::GetAtt.{suggest_name(attribute, known)}"
                )


def _check_conditions(template: Template, name: str, path: list[str]) -> None:
    if name in path:
        circle = " -> ".join([*path[path.index(name) :], name])
        raise TemplateError(f"Circular dependency between conditions: {circle}")
    for other in _find_named_conditions(template.conditions.get(name)):
        _check_conditions(template, other, [*path, name])


def _find_named_conditions(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping) and isinstance(value.get("Condition"), str):
        yield value["Condition"]
    for item in (
        value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    ):
        yield from _find_named_conditions(item)
