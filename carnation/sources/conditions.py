"""Conditions of a template: which of them can hold together, by what its parameters may be.

`IsProd` and `IsDev` that compare one parameter with two values never hold both, so that no
definition is judged that nobody can deploy.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-conditions.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product

from carnation.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

_MAX_COMBINATIONS = 256
_MAX_DEPTH = 50
_OTHER = object()
Ways = Mapping[str, bool]
"""Which conditions hold, by their names."""


def list_ways(template: Mapping[str, Any], names: Sequence[str]) -> list[Ways]:
    """List in which ways conditions can hold together, each way once.

    >>> equals = [{"Fn::Equals": [{"Ref": "Stage"}, stage]} for stage in ("prod", "dev")]
    >>> template = {"Conditions": {"IsProd": equals[0], "IsDev": equals[1]}}
    >>> [list(way.values()) for way in list_ways(template, ["IsProd", "IsDev"])]
    [[True, False], [False, True], [False, False]]
    """
    written = template.get("Conditions")
    conditions = written if isinstance(written, Mapping) else {}
    compared: dict[str, list[Any]] = {}
    for name in names:
        _collect({"Condition": name}, conditions, compared, 0)
    for key, values in compared.items():
        compared[key] = _list_values(key, values, template)
    found: dict[tuple[bool, ...], Ways] = {}
    for given in _list_worlds(list(compared.values())):
        world = dict(zip(compared, given, strict=True))
        held = tuple(_holds({"Condition": name}, conditions, world, 0) for name in names)
        found.setdefault(held, dict(zip(names, held, strict=True)))
    return list(found.values())


def _list_worlds(values: list[list[Any]]) -> Iterator[tuple[Any, ...]]:
    """List what the parameters may be together; of very many, also each one changed alone."""
    yield from islice(product(*values), _MAX_COMBINATIONS)
    if len(values) > _MAX_COMBINATIONS:  # nobody's: so, and otherwise
        yield from (tuple(one[base] for one in values) for base in (0, -1))
        return
    for index, own in enumerate(values):
        for base in (0, -1):
            rest = [one[base] for one in values]
            yield from ((*rest[:index], value, *rest[index + 1 :]) for value in own)


def _collect(
    value: Any, conditions: Mapping[str, Any], compared: dict[str, list[Any]], depth: int
) -> None:
    """Collect what is compared, with the texts that it is compared with."""
    if depth > _MAX_DEPTH or not isinstance(value, Mapping) or len(value) != 1:
        return
    ((name, inner),) = value.items()
    if name == "Condition":
        if _is_known(inner, conditions):
            _collect(conditions[inner], conditions, compared, depth + 1)
        else:
            compared.setdefault(f"condition {inner}", ["true", "false"])
    elif name == "Fn::Equals" and isinstance(inner, list) and len(inner) == 2:
        texts = [_read_text(one) for one in inner]
        for one, other in zip(inner, reversed(texts), strict=True):
            if _read_text(one) is None:
                known = compared.setdefault(_render_key(one), [])
                known += [other] if other is not None and other not in known else []
    elif name in ("Fn::And", "Fn::Or", "Fn::Not") and isinstance(inner, list):
        for one in inner:
            _collect(one, conditions, compared, depth + 1)


def _is_known(name: Any, conditions: Mapping[str, Any]) -> bool:
    """Return whether a condition says what it hangs on; one of two texts is edited by hand."""
    body = conditions.get(name) if isinstance(name, str) else None
    parts = body.get("Fn::Equals") if isinstance(body, Mapping) else None
    constant = isinstance(parts, list) and all(_read_text(one) is not None for one in parts)
    return isinstance(body, Mapping) and not constant


def _list_values(key: str, values: list[Any], template: Mapping[str, Any]) -> list[Any]:
    """List what a part of a comparison may be: what a parameter allows, or else anything."""
    if key.startswith("condition "):
        return values
    declared = template.get("Parameters")
    function = json.loads(key)
    name = function.get("Ref") if isinstance(function, Mapping) else None
    body = declared.get(name) if isinstance(declared, Mapping) else None
    allowed = body.get("AllowedValues") if isinstance(body, Mapping) else None
    if isinstance(allowed, list) and allowed:
        texts = [_read_text(one) for one in allowed]
        rest = [one for one in texts if one not in values][:1]
        return [one for one in values if one in texts] + rest or [_OTHER]
    return [*values, _OTHER]


def _holds(value: Any, conditions: Mapping[str, Any], world: Mapping[str, Any], depth: int) -> bool:
    if depth > _MAX_DEPTH or not isinstance(value, Mapping) or len(value) != 1:
        return False
    ((name, inner),) = value.items()
    if name == "Condition":
        if _is_known(inner, conditions):
            return _holds(conditions[inner], conditions, world, depth + 1)
        return world.get(f"condition {inner}") == "true"
    if not isinstance(inner, list):
        return False
    if name == "Fn::Equals" and len(inner) == 2:
        left, right = (
            world.get(_render_key(one), _OTHER) if _read_text(one) is None else _read_text(one)
            for one in inner
        )
        return bool(left == right)
    parts = [_holds(one, conditions, world, depth + 1) for one in inner]
    if name == "Fn::Not":
        return not any(parts)
    return all(parts) if name == "Fn::And" else any(parts)


def _read_text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (str, int, float)) else None


def _render_key(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
