"""Intrinsic functions and conditions of a template, resolved against what is known.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from carnation.cloudformation.parameters import as_text
from carnation.cloudformation.template import Template
from carnation.errors import TemplateError, suggest_name
from carnation.lazy import compile_lazily

SUBSTITUTION = compile_lazily(r"\$\{(!?)([^{}]*)\}")
NO_VALUE = object()


class UnknownValueError(TemplateError):
    """A value is known only after a resource is created."""


class Resources(Protocol):
    """What is known about resources: each method raises `UnknownValueError` for a later value."""

    def ref(self, name: str) -> Any:
        """Return the physical ID of a resource."""

    def attribute(self, name: str, attribute: str) -> Any:
        """Return an attribute of a resource."""

    def export(self, name: str) -> str:
        """Return the value of an export of another stack."""

    def zones(self, region: str) -> list[str]:
        """Return the Availability Zones of a Region."""


class Resolver:
    """Resolves values of one template; `values` has the parameters and the pseudo parameters."""

    def __init__(self, template: Template, values: Mapping[str, Any], resources: Resources) -> None:
        """Take the template and what is known."""
        self.template, self.values, self.resources = template, values, resources
        self._held: dict[str, bool] = {}
        self._open: list[str] = []

    def resolve(self, value: Any) -> Any:
        """Copy a value with its functions resolved; `AWS::NoValue` removes a key or an item."""
        if isinstance(value, list):
            items = (self.resolve(item) for item in value)
            return [item for item in items if item is not NO_VALUE]
        if not isinstance(value, Mapping):
            return value
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            function = _FUNCTIONS.get(name)
            if function is not None:
                return function(self, argument)
            if name.startswith("Fn::"):
                raise TemplateError(f"unknown function {name}.{suggest_name(name, FUNCTIONS)}")
        pairs = ((key, self.resolve(item)) for key, item in value.items())
        return {key: item for key, item in pairs if item is not NO_VALUE}

    def holds(self, name: str) -> bool:
        """Decide whether a condition holds."""
        if name not in self.template.conditions:
            known = suggest_name(name, self.template.conditions)
            raise TemplateError(f"condition '{name}' is not defined in Conditions.{known}")
        if name in self._open:
            circle = " -> ".join([*self._open[self._open.index(name) :], name])
            raise TemplateError(f"Circular dependency between conditions: {circle}")
        if name not in self._held:
            self._open.append(name)
            try:
                self._held[name] = self.decide(self.template.conditions[name])
            finally:
                self._open.pop()
        return self._held[name]

    def decide(self, value: Any) -> bool:
        """Decide a condition's expression."""
        if isinstance(value, Mapping) and len(value) == 1:
            name, argument = next(iter(value.items()))
            if name == "Condition":
                return self.holds(str(argument))
            if name in _LOGIC:
                return _LOGIC[name](self, argument)
        raise TemplateError(
            f"a condition consists of {', '.join(_LOGIC)} and Condition; got {_format_value(value)}"
        )

    def includes(self, body: Mapping[str, Any]) -> bool:
        """Decide whether a resource or an output is there: it has no condition, or it holds."""
        condition = body.get("Condition")
        return condition is None or self.holds(str(condition))

    def text(self, value: Any, function: str) -> str:
        """Resolve a value that has to be a scalar, and write it as text."""
        found = self.resolve(value)
        if found is NO_VALUE or isinstance(found, (Mapping, list)) or found is None:
            raise TemplateError(f"{function}: expected a string, got {_format_value(found)}.")
        return as_text(found)

    def items(self, value: Any, function: str) -> list[Any]:
        """Resolve a value that has to be a list."""
        found = self.resolve(value)
        if not isinstance(found, list):
            raise TemplateError(f"{function}: expected a list, got {_format_value(found)}.")
        return found

    def find_ref(self, name: str) -> Any:
        """Return what `Ref` gives."""
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in self.values:
            return self.values[name]
        if name in self.template.parameters:
            raise UnknownValueError(f"the value of parameter '{name}' is not known yet.")
        return self._find_resource(name, lambda: self.resources.ref(name))

    def find_attribute(self, name: str, attribute: str) -> Any:
        """Return what `Fn::GetAtt` gives."""
        return self._find_resource(name, lambda: self.resources.attribute(name, attribute))

    def _find_resource(self, name: str, find: Callable[[], Any]) -> Any:
        body = self.template.resources.get(name)
        if body is None:
            known = suggest_name(name, [*self.template.resources, *self.values])
            raise TemplateError(
                f"the template refers to '{name}', which is neither a parameter nor a resource of "
                f"it.{known}"
            )
        if not self.includes(body):
            raise TemplateError(
                f"the template refers to '{name}', whose condition is false. Put the reference "
                "behind the same condition with Fn::If."
            )
        return find()


def _format_value(value: Any) -> str:
    return "nothing" if value is NO_VALUE else json.dumps(value, default=str)[:80]


# how many items the list has that a function takes: at least, at most
_COUNTS = {
    **dict.fromkeys(("Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn"), (2, 2)),
    **dict.fromkeys(("Fn::Equals", "Fn::Join", "Fn::Select", "Fn::Split"), (2, 2)),
    **dict.fromkeys(("Fn::And", "Fn::Or"), (2, 10)),
    "Fn::Cidr": (2, 3),
    "Fn::FindInMap": (3, 4),
    "Fn::If": (3, 3),
    "Fn::Not": (1, 1),
    "Fn::Sub": (2, 2),
}


def find_wrong_count(argument: Any, function: str) -> str:
    """Describe that a function does not have the list of items that it takes; '' where it has.

    >>> find_wrong_count([","], "Fn::Split")
    'Fn::Split: expected a list of 2 items, got [","].'
    """
    if function not in _COUNTS:
        return ""
    least, most = _COUNTS[function]
    if isinstance(argument, list) and least <= len(argument) <= most:
        return ""
    count = str(least) if least == most else f"{least} to {most}"
    items = "item" if count == "1" else "items"
    return f"{function}: expected a list of {count} {items}, got {_format_value(argument)}."


def _accept_list(argument: Any, function: str) -> list[Any]:
    problem = find_wrong_count(argument, function)
    if problem:
        raise TemplateError(problem)
    found: list[Any] = argument
    return found


def split_attribute(argument: Any) -> tuple[str, Any]:
    """Read the argument of `Fn::GetAtt`: a logical ID and an attribute.

    >>> split_attribute("Nested.Outputs.Url"), split_attribute(["Role", "Arn"])
    (('Nested', 'Outputs.Url'), ('Role', 'Arn'))
    """
    if isinstance(argument, str) and "." in argument:
        name, _, attribute = argument.partition(".")
        return name, attribute
    if isinstance(argument, list) and len(argument) >= 2 and isinstance(argument[0], str):
        if all(isinstance(part, str) for part in argument):
            return argument[0], ".".join(argument[1:])
        return argument[0], argument[1]
    raise TemplateError(
        f"Fn::GetAtt: expected a logical ID and an attribute, got {_format_value(argument)}."
    )


def _get_attribute(resolver: Resolver, argument: Any) -> Any:
    name, attribute = split_attribute(argument)
    return resolver.find_attribute(name, resolver.text(attribute, "Fn::GetAtt"))


def _substitute(resolver: Resolver, argument: Any) -> str:
    text, own = (argument, {}) if isinstance(argument, str) else _accept_list(argument, "Fn::Sub")
    if not isinstance(text, str) or not isinstance(own, Mapping):
        raise TemplateError(
            f"Fn::Sub: expected a string and a mapping, got {_format_value(argument)}."
        )

    def replace(match: re.Match[str]) -> str:
        literal, name = match.groups()
        if literal:
            return f"${{{name}}}"
        name = name.strip()
        if name in own:
            return resolver.text(own[name], f"Fn::Sub of ${{{name}}}")
        if "." in name:
            return resolver.text({"Fn::GetAtt": name}, f"Fn::Sub of ${{{name}}}")
        return resolver.text({"Ref": name}, f"Fn::Sub of ${{{name}}}")

    return SUBSTITUTION.sub(replace, text)


def _join(resolver: Resolver, argument: Any) -> str:
    delimiter, items = _accept_list(argument, "Fn::Join")
    texts = (resolver.text(item, "Fn::Join") for item in resolver.items(items, "Fn::Join"))
    return resolver.text(delimiter, "Fn::Join").join(texts)


def _select(resolver: Resolver, argument: Any) -> Any:
    index, items = _accept_list(argument, "Fn::Select")
    found, text = resolver.items(items, "Fn::Select"), resolver.text(index, "Fn::Select")
    if not text.isdecimal() or int(text) >= len(found):
        raise TemplateError(
            f"Template error: Fn::Select cannot select nonexistent value at index {text} "
            f"of {len(found)} items."
        )
    return found[int(text)]


def _split(resolver: Resolver, argument: Any) -> list[str]:
    delimiter, text = _accept_list(argument, "Fn::Split")
    found = resolver.text(delimiter, "Fn::Split")
    if not found:
        raise TemplateError("Fn::Split: expected a delimiter, got an empty string.")
    return resolver.text(text, "Fn::Split").split(found)


def _choose(resolver: Resolver, argument: Any) -> Any:
    condition, then, otherwise = _accept_list(argument, "Fn::If")
    name = condition if isinstance(condition, str) else resolver.text(condition, "Fn::If")
    return resolver.resolve(then if resolver.holds(name) else otherwise)


def _find_in_map(resolver: Resolver, argument: Any) -> Any:
    name, first, second, *more = _accept_list(argument, "Fn::FindInMap")
    keys = [resolver.text(part, "Fn::FindInMap") for part in (name, first, second)]
    found: Any = resolver.template.mappings
    for key in keys:
        if not isinstance(found, Mapping) or key not in found:
            if more and isinstance(more[0], Mapping) and "DefaultValue" in more[0]:
                return resolver.resolve(more[0]["DefaultValue"])
            known = suggest_name(key, found) if isinstance(found, Mapping) else ""
            raise TemplateError(
                f"Template error: Unable to get mapping for {'::'.join(keys)}; "
                f"'{key}' is not there.{known}"
            )
        found = found[key]
    return found


def _import_value(resolver: Resolver, argument: Any) -> str:
    return resolver.resources.export(resolver.text(argument, "Fn::ImportValue"))


def _get_zones(resolver: Resolver, argument: Any) -> list[str]:
    region = resolver.text(argument, "Fn::GetAZs") or str(resolver.values["AWS::Region"])
    return resolver.resources.zones(region)


def _encode(resolver: Resolver, argument: Any) -> str:
    from base64 import b64encode

    return b64encode(resolver.text(argument, "Fn::Base64").encode()).decode()


def _divide_network(resolver: Resolver, argument: Any) -> list[str]:
    from ipaddress import ip_network

    block, count, *bits = (
        resolver.text(part, "Fn::Cidr") for part in _accept_list(argument, "Fn::Cidr")
    )
    try:
        network = ip_network(block, strict=False)
        host_bits = int(bits[0]) if bits else 8
        subnets = network.subnets(new_prefix=network.max_prefixlen - host_bits)
        found = [str(subnet) for _, subnet in zip(range(int(count)), subnets, strict=False)]
    except ValueError as error:
        raise TemplateError(f"Fn::Cidr: {error}.") from error
    if len(found) < int(count):
        raise TemplateError(
            f"Fn::Cidr: {block} has {len(found)} blocks of {host_bits} bits, not {count}."
        )
    return found


def _to_json(resolver: Resolver, argument: Any) -> str:
    return json.dumps(resolver.resolve(argument), separators=(",", ":"))


def _count(resolver: Resolver, argument: Any) -> int:
    return len(resolver.items(argument, "Fn::Length"))


def _equals(resolver: Resolver, argument: Any) -> bool:
    left, right = (resolver.resolve(part) for part in _accept_list(argument, "Fn::Equals"))
    return bool(_comparable(left) == _comparable(right))


def _comparable(value: Any) -> Any:
    if isinstance(value, (Mapping, list)):
        return json.dumps(value, sort_keys=True)
    return as_text(value)


def _not(resolver: Resolver, argument: Any) -> bool:
    (inner,) = _accept_list(argument, "Fn::Not")
    return not resolver.decide(inner)


def _and(resolver: Resolver, argument: Any) -> bool:
    return all(resolver.decide(part) for part in _accept_list(argument, "Fn::And"))


def _or(resolver: Resolver, argument: Any) -> bool:
    return any(resolver.decide(part) for part in _accept_list(argument, "Fn::Or"))


def _contains(resolver: Resolver, argument: Any) -> bool:
    items, wanted = _accept_list(argument, "Fn::Contains")
    return resolver.resolve(wanted) in resolver.items(items, "Fn::Contains")


def _each_equals(resolver: Resolver, argument: Any) -> bool:
    items, wanted = _accept_list(argument, "Fn::EachMemberEquals")
    value = resolver.resolve(wanted)
    return all(item == value for item in resolver.items(items, "Fn::EachMemberEquals"))


def _each_in(resolver: Resolver, argument: Any) -> bool:
    items, allowed = (
        resolver.items(part, "Fn::EachMemberIn")
        for part in _accept_list(argument, "Fn::EachMemberIn")
    )
    return all(item in allowed for item in items)


_LOGIC: dict[str, Callable[[Resolver, Any], bool]] = {
    "Fn::And": _and,
    "Fn::Contains": _contains,
    "Fn::EachMemberEquals": _each_equals,
    "Fn::EachMemberIn": _each_in,
    "Fn::Equals": _equals,
    "Fn::Not": _not,
    "Fn::Or": _or,
}
_FUNCTIONS: dict[str, Callable[[Resolver, Any], Any]] = {
    "Fn::Base64": _encode,
    "Fn::Cidr": _divide_network,
    "Fn::FindInMap": _find_in_map,
    "Fn::GetAZs": _get_zones,
    "Fn::GetAtt": _get_attribute,
    "Fn::If": _choose,
    "Fn::ImportValue": _import_value,
    "Fn::Join": _join,
    "Fn::Length": _count,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::Sub": _substitute,
    "Fn::ToJsonString": _to_json,
    "Ref": lambda resolver, name: resolver.find_ref(str(name)),
}
EXTENSIONS = frozenset({"Fn::Length", "Fn::ToJsonString"})
FUNCTIONS = frozenset({*_FUNCTIONS, *_LOGIC})
