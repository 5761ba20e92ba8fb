"""References in a template's plain document: found and rewritten, in the texts of `Fn::Sub` too."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from carnation.lazy import compile_lazily
from carnation.stacks.snippets import KEY, make_plain

Swap = Callable[[str, str], Any]
"""Returns what replaces a logical ID and its attribute ('' for `Ref`), None to leave it."""

PLAIN_KEY = make_plain(KEY)
KEY_NAME = "<key>"
"""What a swap is asked for where the customer-managed key stands, which two references make up."""


def refer(name: str, attribute: str) -> dict[str, Any]:
    """Refer to a logical ID, or to an attribute of it."""
    return {"Fn::GetAtt": [name, attribute]} if attribute else {"Ref": name}


def rewrite(value: Any, swap: Swap) -> Any:
    """Rewrite every reference in a value, those in the texts of `Fn::Sub` too."""
    if isinstance(value, list):
        return [rewrite(item, swap) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((name, given),) = value.items()
        if name == "Fn::If" and value == PLAIN_KEY and (key := swap(KEY_NAME, "")):
            return key
        if name == "Ref":
            return swap(given, "") or value
        if name == "Fn::GetAtt":
            owner, attribute = given.split(".", 1) if isinstance(given, str) else given
            return swap(owner, attribute) or value
        if name == "Fn::Sub":
            return {name: _rewrite_text(given, swap)}
    return {name: rewrite(item, swap) for name, item in value.items()}


PLACEHOLDER = compile_lazily(r"\$\{([A-Za-z0-9:]+)(?:\.([A-Za-z0-9.]+))?\}")


def _rewrite_text(given: Any, swap: Swap) -> Any:
    text, variables = (given, {}) if isinstance(given, str) else given
    variables = {name: rewrite(item, swap) for name, item in variables.items()}

    def put(match: re.Match[str]) -> str:
        if match[1] in variables:
            return match[0]
        found = swap(match[1], match[2] or "")
        if not found:
            return match[0]
        return "${" + (found["Ref"] if "Ref" in found else ".".join(found["Fn::GetAtt"])) + "}"

    text = PLACEHOLDER.sub(put, text)
    variables = {name: item for name, item in variables.items() if item != {"Ref": name}}
    return [text, variables] if variables else text


def list_conditions(value: Any) -> set[str]:
    """List the conditions that resources, values and other conditions name."""
    found, waiting = set(), [value]
    for one in waiting:  # grows while we walk
        if isinstance(one, list):
            waiting += [item for item in one if isinstance(item, (list, dict))]
        elif isinstance(one, dict):
            if "Fn::If" in one:
                found.add(one["Fn::If"][0])
            if isinstance(one.get("Condition"), str) and ("Type" in one or len(one) == 1):
                found.add(one["Condition"])
            waiting += [item for item in one.values() if isinstance(item, (list, dict))]
    return found
