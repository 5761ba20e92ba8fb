"""Validates an order: it has an id, and items with a quantity and a price."""

from __future__ import annotations

from typing import Any


class InvalidOrder(Exception):
    """The order cannot be fulfilled as it is."""


def handle(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Return the total of an order; raise `InvalidOrder` for what is none."""
    items = event.get("items")
    if not isinstance(event.get("id"), str) or not isinstance(items, list) or not items:
        raise InvalidOrder("an order has an id and one item or more")
    for item in items:
        if not isinstance(item.get("qty"), int) or item["qty"] < 1:
            raise InvalidOrder(f"the quantity of {item.get('sku')} is {item.get('qty')}")
    return {"total": sum(item["qty"] * item["price"] for item in items)}
