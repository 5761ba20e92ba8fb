"""The 39 comparisons that a rule of a JSONPath Choice can make, and what each compares with.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
"""

from __future__ import annotations

from collections.abc import Mapping

_ORDERS = ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals")
_TESTS = ("IsNull", "IsPresent", "IsNumeric", "IsString", "IsBoolean", "IsTimestamp")
_COMPARED = {"String": "text", "Numeric": "number", "Timestamp": "timestamp"}

COMPARISONS: Mapping[str, str] = {
    **{f"{what}{order}": kind for what, kind in _COMPARED.items() for order in _ORDERS},
    **{f"{what}{order}Path": "path" for what in _COMPARED for order in _ORDERS},
    "BooleanEquals": "flag",
    "BooleanEqualsPath": "path",
    "StringMatches": "text",
    **dict.fromkeys(_TESTS, "flag"),
}
"""Operator to the kind of value it takes (see `carnation.asl.kinds`)."""

CONNECTIVES = ("And", "Or", "Not")
"""What joins rules; each holds rules without a `Next`."""
