"""Validates an order: it has an id, and items with a quantity and a price."""

from __future__ import annotations

from typing import Any


class InvalidOrder(Exception):
    """The order cannot be fulfilled as it is."""


def handle(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Return the total of an order; raise `InvalidOrder` if it is not valid."""
    items = event.get("items")
    if not isinstance(event.get("id"), str) or not isinstance(items, list) or not items:
        raise InvalidOrder("expected an order with an id and at least one item")
    for item in items:
        if not isinstance(item.get("qty"), int) or item["qty"] < 1:
            raise InvalidOrder(f"the quantity of {item.get('sku')} is {item.get('qty')}")
    return {"total": sum(item["qty"] * item["price"] for item in items)}
