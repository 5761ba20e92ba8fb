"""Joins a message with its customer."""

from __future__ import annotations

from typing import Any


class UnknownCustomer(Exception):
    """The message names a customer that the table does not have."""


def handle(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Return the message with its customer's name; raise `UnknownCustomer` without one."""
    if not event.get("customer"):
        raise UnknownCustomer(event["message"]["customerId"])
    return {**event["message"], "name": event["customer"]["name"]["S"]}
