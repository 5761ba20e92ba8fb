"""Event patterns: whether an event matches one, as EventBridge decides it.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

import ipaddress
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from carnation.document.values import is_number
from carnation.errors import EmulatorError

_MISSING = object()
_NUMERIC: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">": operator.gt,
    ">=": operator.ge,
}


def matches(pattern: Mapping[str, Any], event: Any) -> bool:
    """Decide whether an event matches a pattern; raises `EmulatorError` for an unknown operator.

    >>> matches({"detail": {"kind": [{"prefix": "or"}]}}, {"detail": {"kind": "order"}})
    True
    >>> matches({"source": [{"anything-but": ["a", "b"]}]}, {"source": "a"})
    False
    """
    if isinstance(event, list):
        return any(matches(pattern, item) for item in event)
    found = event if isinstance(event, Mapping) else {}
    return all(
        any(matches(part, event) for part in wanted)
        if name == "$or" and all(isinstance(part, Mapping) for part in wanted)
        else _matches_field(wanted, found.get(name, _MISSING))
        for name, wanted in pattern.items()
    )


def _matches_field(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, Mapping):
        return matches(wanted, {} if value is _MISSING else value)
    if not isinstance(wanted, list):
        raise EmulatorError(f"event pattern: expected a list of values, got {wanted!r}.")
    values = _flatten(value)
    return any(_matches_any(rule, values) for rule in wanted)


def _flatten(value: Any) -> list[Any]:
    if isinstance(value, list):
        return [item for inner in value for item in _flatten(inner)] or [_MISSING]
    return [value]


def _matches_any(rule: Any, values: list[Any]) -> bool:
    if isinstance(rule, Mapping) and set(rule) == {"exists"}:
        exists = any(v is not _MISSING and not isinstance(v, Mapping) for v in values)
        return exists is bool(rule["exists"])
    return any(value is not _MISSING and _matches_value(rule, value) for value in values)


def _matches_value(rule: Any, value: Any) -> bool:
    if not isinstance(rule, Mapping):
        return (type(rule) is type(value) and rule == value) or _is_same_number(rule, value)
    if len(rule) != 1:
        raise EmulatorError(f"event pattern: expected one operator, got {', '.join(rule)}.")
    name, argument = next(iter(rule.items()))
    if name not in _OPERATORS:
        raise EmulatorError(f"event pattern: unknown operator '{name}'.")
    return _OPERATORS[name](argument, value)


def _is_same_number(rule: Any, value: Any) -> bool:
    return is_number(rule) and is_number(value) and rule == value


def _affix(test: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    def check(argument: Any, value: Any) -> bool:
        if not isinstance(value, str):
            return False
        if isinstance(argument, Mapping):
            return test(value.lower(), str(argument["equals-ignore-case"]).lower())
        return test(value, str(argument))

    return check


def _ignores_case(argument: Any, value: Any) -> bool:
    return isinstance(value, str) and value.lower() == str(argument).lower()


def _is_wild(argument: Any, value: Any) -> bool:
    pattern = "".join(
        ".*" if part == "*" else re.escape(part.replace("\\*", "*"))
        for part in re.split(r"((?<!\\)\*)", str(argument))
    )
    return isinstance(value, str) and re.fullmatch(pattern, value, re.DOTALL) is not None


def _is_in_range(argument: Any, value: Any) -> bool:
    if not is_number(value):
        return False
    pairs = zip(argument[::2], argument[1::2], strict=True)
    return all(_NUMERIC[name](value, limit) for name, limit in pairs)


def _is_in_network(argument: Any, value: Any) -> bool:
    try:
        return ipaddress.ip_address(str(value)) in ipaddress.ip_network(str(argument), strict=False)
    except ValueError:
        return False


def _is_anything_but(argument: Any, value: Any) -> bool:
    if isinstance(argument, Mapping):
        name, inner = next(iter(argument.items()))
        rules = inner if isinstance(inner, list) else [inner]
        return not any(_OPERATORS[name](rule, value) for rule in rules)
    rules = argument if isinstance(argument, list) else [argument]
    return not any(_matches_value(rule, value) for rule in rules)


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "anything-but": _is_anything_but,
    "cidr": _is_in_network,
    "equals-ignore-case": _ignores_case,
    "numeric": _is_in_range,
    "prefix": _affix(str.startswith),
    "suffix": _affix(str.endswith),
    "wildcard": _is_wild,
}
