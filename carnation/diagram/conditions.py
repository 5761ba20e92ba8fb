"""The condition of a Choice rule in words, short enough to be next to an edge.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html (the operators).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from carnation.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

_SIGNS = {
    "Equals": "=",
    "GreaterThanEquals": "≥",
    "LessThanEquals": "≤",
    "GreaterThan": ">",
    "LessThan": "<",
    "Matches": "matches",
}
_COMPARISON = re.compile(
    r"(?:String|Numeric|Boolean|Timestamp)"
    r"(Equals|GreaterThanEquals|LessThanEquals|GreaterThan|LessThan|Matches)(?:Path)?"
)
_NATURES = {
    "IsPresent": ("is present", "is absent"),
    "IsNull": ("is null", "is not null"),
    "IsString": ("is text", "is no text"),
    "IsNumeric": ("is a number", "is no number"),
    "IsBoolean": ("is true or false", "is not true or false"),
    "IsTimestamp": ("is a time", "is no time"),
}
# a comment's signs within a string are the string's
_STRING_OR_COMMENT = re.compile(
    r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)|/\*.*?(?:\*/|\Z)""", re.DOTALL
)
_DEPTH = 4
"""How deep rules within rules are told; a reader of a picture follows no further."""


def describe_rule(rule: Mapping[str, Any], depth: int = 0) -> str:
    """Say in words when a rule of a Choice holds; `…` for what is no rule, or nested too deep.

    >>> describe_rule({"Variable": "$.failed[0]", "IsPresent": True})
    'failed[0] is present'
    >>> small = {"Variable": "$.attempt", "NumericLessThan": 3}
    >>> describe_rule({"Not": {"And": [small, {"Variable": "$.ok", "BooleanEquals": False}]}})
    'not (attempt < 3 and ok = false)'
    """
    if isinstance(rule.get("Condition"), str):
        return describe_expression(rule["Condition"])
    if depth >= _DEPTH:
        return "…"
    for key, word in (("And", " and "), ("Or", " or ")):
        if isinstance(rule.get(key), list):
            return word.join(_describe_part(part, depth) for part in rule[key]) or "…"
    if isinstance(rule.get("Not"), Mapping):
        return f"not {_describe_part(rule['Not'], depth)}"
    return _describe_comparison(rule)


def _describe_part(part: object, depth: int) -> str:
    if not isinstance(part, Mapping):
        return "…"
    words = describe_rule(part, depth + 1)
    return f"({words})" if "And" in part or "Or" in part else words


def _describe_comparison(rule: Mapping[str, Any]) -> str:
    subject = describe_path(rule.get("Variable"))
    for key, value in rule.items():
        comparison = _COMPARISON.fullmatch(key)
        if comparison:
            other = describe_path(value) if key.endswith("Path") else _describe_value(value)
            return f"{subject} {_SIGNS[comparison[1]]} {other}"
        if key in _NATURES:
            return f"{subject} {_NATURES[key][value is False]}"
    return "…"


def describe_path(path: object) -> str:
    """Return a path as a reader calls what it leads to: without the `$.` in front.

    >>> describe_path("$.order.total"), describe_path("$$.Execution.Id"), describe_path("$")
    ('order.total', '$$.Execution.Id', 'the input')
    """
    if not isinstance(path, str):
        return "…"
    return "the input" if path == "$" else path.removeprefix("$.")


def _describe_value(value: object) -> str:
    if isinstance(value, (Mapping, list)):
        return "…"
    return json.dumps(value, ensure_ascii=False)


def describe_expression(text: str) -> str:
    """Shorten a JSONata expression: no delimiters, comments or line breaks, no `$states.input.`.

    >>> describe_expression("{% /* large */ $states.input.total  > 100 %}")
    'total > 100'
    """
    inner = text.strip().removeprefix("{%").removesuffix("%}")
    inner = _STRING_OR_COMMENT.sub(lambda found: found[1] or " ", inner)
    return " ".join(inner.replace("$states.input.", "").split()) or "…"
