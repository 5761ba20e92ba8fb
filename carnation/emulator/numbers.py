"""Numbers as DynamoDB takes them: texts that moto leaves unread until it calculates with them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any


def find_invalid_number(body: Any) -> str | None:
    """Find a number in a request's attribute values that is none; None where all are.

    >>> find_invalid_number({"Key": {"id": {"S": "a"}}, "Item": {"count": {"N": "two"}}})
    'two'
    >>> find_invalid_number({"Item": {"N": {"NS": ["1", "-2.5E3"]}}})
    """
    waiting: list[Any] = [body]
    for one in waiting:  # grows while we walk
        if isinstance(one, list):
            waiting.extend(one)
        elif isinstance(one, dict):
            numbers = _list_numbers(one)
            for text in numbers:
                if not _is_number(text):
                    return text
            waiting.extend(() if numbers else one.values())
    return None


def _list_numbers(value: dict[str, Any]) -> list[str]:
    """List the texts of an attribute value that is a number or a set of numbers."""
    if len(value) != 1:
        return []
    ((kind, given),) = value.items()
    if kind == "N" and isinstance(given, str):
        return [given]
    if kind == "NS" and isinstance(given, list):
        return [one for one in given if isinstance(one, str)]
    return []


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False
