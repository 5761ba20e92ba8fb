"""What calls cost, from `prices.txt`: list prices of one region, each with its date.

`scripts/write_prices.py` makes the file from AWS's price list. A row says who read it: `list`, the
script; `page`, somebody on AWS's page; `others`, who published what AWS's list told them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache

from carnation.records import NamedTuple

_PATH = os.path.join(os.path.dirname(__file__), "prices.txt")
_WRITES = ("put", "update", "delete", "write", "copy", "list", "create", "complete", "upload")
_SERVICES = {"sqs": "sqs:request", "sns": "sns:request"}


class Prices(NamedTuple):
    """Dollars for one of each thing that is counted, in a region; and who read each price, when."""

    region: str
    dollars: Mapping[str, float]
    dates: Mapping[str, str]
    readers: Mapping[str, str]

    @property
    def origin(self) -> str:
        """Describe what the prices are, and how old."""
        days = sorted(set(self.dates.values()))
        span = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
        return (
            f"{self.region}, list prices in dollars as of {span}, without free tiers and discounts"
        )

    @property
    def unconfirmed(self) -> tuple[str, ...]:
        """Name what was not read from AWS's price list itself."""
        return tuple(name for name, reader in self.readers.items() if reader != "list")


@lru_cache(maxsize=1)
def read_prices() -> Prices:
    """Read the file.

    >>> read_prices().dollars["states:transition"]
    2.5e-05
    """
    with open(_PATH, encoding="ascii") as file:
        first, *lines = file.read().splitlines()
    rows = [line.split(" ") for line in lines]
    return Prices(
        first.lstrip("# ").partition(";")[0],
        {name: float(price) for name, price, *_ in rows},
        {row[0]: row[4] for row in rows},
        {row[0]: row[5] for row in rows},
    )


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
    if service == "s3" and action.startswith("delete"):
        return 0.0
    if service in ("s3", "dynamodb"):
        writes = action.startswith(_WRITES) or "Write" in action
        return dollars[f"{service}:{'write' if writes else 'read'}"]
    return None
