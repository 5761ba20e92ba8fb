"""What calls cost, from `prices.txt`: list prices of one region, with their date and source."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

_PATH = os.path.join(os.path.dirname(__file__), "prices.txt")
_WRITES = ("put", "update", "delete", "write", "copy", "list", "create", "complete", "upload")
_SERVICES = {"sqs": "sqs:request", "sns": "sns:request"}


class Prices(NamedTuple):
    """Dollars for one of each thing that is counted, and where and when that was so."""

    origin: str
    dollars: Mapping[str, float]


@lru_cache(maxsize=1)
def read_prices() -> Prices:
    """Read the file.

    >>> read_prices().dollars["states:transition"]
    2.5e-05
    """
    with open(_PATH, encoding="ascii") as file:
        first, *rows = file.read().splitlines()
    words = (row.split(" ") for row in rows)
    return Prices(first.lstrip("# "), {name: float(price) for name, price, _ in words})


def find_price(call: str) -> float | None:
    """Find what one call costs, `sqs:sendMessage` or `aws-sdk:s3:getObject`; None if not known.

    An item of a table is taken to be small: one unit a read or a write.

    >>> find_price("sqs:sendMessage"), find_price("athena:startQueryExecution")
    (4e-07, None)
    """
    service, _, action = call.removeprefix("aws-sdk:").partition(":")
    dollars = read_prices().dollars
    if service in _SERVICES:
        return dollars[_SERVICES[service]]
    if service in ("events", "eventbridge"):
        return dollars["events:event"] if action == "putEvents" else None
    if service in ("s3", "dynamodb"):
        return dollars[f"{service}:{'write' if action.startswith(_WRITES) else 'read'}"]
    return None
