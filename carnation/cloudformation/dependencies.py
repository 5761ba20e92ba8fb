"""What resources of a template refer to, and the order in which they are created.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from carnation.cloudformation.intrinsics import SUBSTITUTION, split_attribute
from carnation.errors import TemplateError
from carnation.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

Holds = Callable[[str], bool]


def find_references(value: Any, holds: Holds | None = None) -> Iterator[str]:
    """Yield each name that `Ref`, `Fn::GetAtt` and `Fn::Sub` name in a value.

    With `holds`, only the branch of an `Fn::If` that is taken is looked at.

    >>> sorted(set(find_references({"A": {"Ref": "Q"}, "B": {"Fn::Sub": "${R.Arn} ${!x}"}})))
    ['Q', 'R']
    """
    if isinstance(value, list):
        for item in value:
            yield from find_references(item, holds)
    if not isinstance(value, Mapping):
        return
    if len(value) == 1:
        name, argument = next(iter(value.items()))
        if name == "Ref" and isinstance(argument, str):
            yield argument
            return
        if name == "Fn::GetAtt":
            target, attribute = split_attribute(argument)
            yield target
            yield from find_references(attribute, holds)
            return
        if name == "Fn::Sub":
            yield from _find_substituted(argument, holds)
            return
        if name == "Fn::If" and holds and isinstance(argument, list) and len(argument) == 3:
            taken = argument[1] if holds(str(argument[0])) else argument[2]
            yield from find_references(taken, holds)
            return
    for item in value.values():
        yield from find_references(item, holds)


def find_attributes(value: Any) -> Iterator[tuple[str, str]]:
    """Yield the logical ID and the attribute of each `Fn::GetAtt` that is known as it stands.

    >>> list(find_attributes([{"Fn::GetAtt": "Q.Arn"}, {"Fn::Sub": "${R.Id} ${P}"}]))
    [('Q', 'Arn'), ('R', 'Id')]
    """
    if isinstance(value, list):
        for item in value:
            yield from find_attributes(item)
    if not isinstance(value, Mapping):
        return
    for name, argument in value.items():
        if name == "Fn::GetAtt" and len(value) == 1:
            target, attribute = split_attribute(argument)
            if isinstance(attribute, str):
                yield target, attribute
        elif name == "Fn::Sub" and len(value) == 1:
            yield from _find_substituted_attributes(argument)
        else:
            yield from find_attributes(argument)


def _find_substituted_attributes(argument: Any) -> Iterator[tuple[str, str]]:
    text, own = (argument, {}) if isinstance(argument, str) else (*argument, {})[:2]
    for literal, name in SUBSTITUTION.findall(str(text)):
        target, dot, attribute = name.strip().partition(".")
        if dot and not literal and name.strip() not in own:
            yield target, attribute
    yield from find_attributes(own)


def _find_substituted(argument: Any, holds: Holds | None) -> Iterator[str]:
    text, own = (argument, {}) if isinstance(argument, str) else (*argument, {})[:2]
    for literal, name in SUBSTITUTION.findall(str(text)):
        if not literal and name.strip() not in own:
            yield name.strip().split(".", 1)[0]
    yield from find_references(own, holds)


def list_depends_on(body: Mapping[str, Any]) -> list[str]:
    """List what a resource's `DependsOn` names."""
    value = body.get("DependsOn") or []
    return [value] if isinstance(value, str) else list(value)


def find_dependencies(
    resources: Mapping[str, Any], holds: Holds | None = None
) -> dict[str, list[str]]:
    """Return, for each resource, the others that have to be created before it."""
    return {
        name: [
            other
            for other in dict.fromkeys(
                (*list_depends_on(body), *find_references(body.get("Properties"), holds))
            )
            if other in resources
        ]
        for name, body in resources.items()
    }


def order_resources(dependencies: Mapping[str, Collection[str]]) -> list[str]:
    """Order names so that each comes after those that it depends on; raises for a circle.

    >>> order_resources({"Alias": ["Key"], "Key": []})
    ['Key', 'Alias']
    """
    ordered: dict[str, None] = {}
    for name in dependencies:
        if name not in ordered:
            _visit(name, dependencies, ordered)
    return list(ordered)


def _visit(
    start: str, dependencies: Mapping[str, Collection[str]], ordered: dict[str, None]
) -> None:
    path = {start: iter(dependencies[start])}
    while path:
        name = next(reversed(path))
        for other in path[name]:
            if other in path:
                names = list(path)
                circle = names[names.index(other) :]
                raise TemplateError(
                    f"Circular dependency between resources: [{', '.join(sorted(circle))}] "
                    f"({' -> '.join([*circle, other])}). Remove one of these references."
                )
            if other not in ordered:
                path[other] = iter(dependencies[other])
                break
        else:
            del path[name]
            ordered[name] = None
