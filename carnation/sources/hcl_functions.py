"""Functions of Terraform that definitions are put together with; others give unknown values.

Source: https://developer.hashicorp.com/terraform/language/functions
"""

from __future__ import annotations

from collections.abc import Mapping

from carnation.lazy import TYPE_CHECKING
from carnation.sources.hcl import Call, FileText, Unknown

if TYPE_CHECKING:
    from typing import Any


def _merge(given: list[Any], scope: Any) -> Any:
    if not any(isinstance(one, Mapping) for one in given):
        return None
    made: dict[str, Any] = {}
    for one in given:
        made |= one if isinstance(one, Mapping) else {}
    return made


def _concat(given: list[Any], scope: Any) -> Any:
    return [item for one in given for item in (one if isinstance(one, list) else [one])]


def _flatten(given: list[Any], scope: Any) -> Any:
    made: list[Any] = []
    waiting = list(reversed(given))
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += reversed(one)
        else:
            made.append(one)
    return made


def _look_up(given: list[Any], scope: Any) -> Any:
    holder, key, *rest = given
    if isinstance(holder, Mapping) and isinstance(key, str):
        return holder.get(key, rest[0] if rest else None)
    return None


def _replace(given: list[Any], scope: Any) -> Any:
    text, old, new = given
    if isinstance(text, Unknown) or not isinstance(old, str) or old.startswith("/"):
        return None
    made = str(text).replace(old, str(new))
    return FileText(made, text.path, text.names) if isinstance(text, FileText) else made


def _text(change: Any) -> Call:
    def call(given: list[Any], scope: Any) -> Any:
        one = given[0]
        if not isinstance(one, str):
            return None
        made = change(one)
        return FileText(made, one.path, one.names) if isinstance(one, FileText) else made

    return call


def _keep(given: list[Any], scope: Any) -> Any:
    return given[0]


def _join(given: list[Any], scope: Any) -> Any:
    separator, items = given[0], given[1]
    return str(separator).join(map(str, items)) if isinstance(items, list) else None


def _coalesce(given: list[Any], scope: Any) -> Any:
    return next((one for one in given if one is not None and one != ""), None)


FUNCTIONS: Mapping[str, Call] = {
    "chomp": _text(lambda text: text.rstrip("\r\n")),
    "coalesce": _coalesce,
    "concat": _concat,
    "flatten": _flatten,
    "join": _join,
    "keys": lambda given, scope: sorted(given[0]) if isinstance(given[0], Mapping) else None,
    "lookup": _look_up,
    "lower": _text(str.lower),
    "merge": _merge,
    "nonsensitive": _keep,
    "replace": _replace,
    "sensitive": _keep,
    "toset": _keep,
    "tolist": _keep,
    "tomap": _keep,
    "trimspace": _text(str.strip),
    "try": _keep,
    "upper": _text(str.upper),
    "values": lambda given, scope: (
        [given[0][key] for key in sorted(given[0])] if isinstance(given[0], Mapping) else None
    ),
}
