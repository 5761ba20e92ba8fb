"""Charges the card: a stand-in for a payment provider, which declines large amounts."""

from __future__ import annotations

from typing import Any

LIMIT = 1000


class CardDeclined(Exception):
    """The card's bank declines the payment."""


def handle(event: dict[str, Any], context: object) -> dict[str, str]:
    """Return the id of the charge; raise `CardDeclined` above the card's limit."""
    if event["amount"] > LIMIT:
        raise CardDeclined(f"{event['amount']} is above the limit of {LIMIT}")
    return {"charge_id": f"charge-{event['order_id']}"}
