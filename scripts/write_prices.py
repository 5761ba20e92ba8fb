"""Write `carnation/services/prices.txt` again from AWS's public price list.

Each row names an offer of the list and a usage type in it; the price is the first tier that is not
free. Run as `python scripts/write_prices.py` where AWS can be reached, or with `--from FOLDER` over
offer files that were downloaded before, `FOLDER/AWSLambda.json` or as AWS lays them out,
`FOLDER/AWSLambda/current/us-east-1/index.json`. With `--check` it only says whether the file is
current. No credentials: the list is public.
Source: https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-the-aws-price-list-bulk-api.html
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "carnation" / "services" / "prices.txt"
LIST = "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws"
# a usage type begins with its region, in the older services of the oldest region with nothing
PREFIX = r"(?:(?:[A-Z]{2,4}\d|EU)-)?"
ONLY = {"AWSEvents": ("eventType", "Custom Event")}
"""What else a product must be, where a usage type stands for several."""


def main(argv: Sequence[str] | None = None) -> int:
    """Write the file, or say whether it is current."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--from", dest="source", default=LIST, metavar="FOLDER or URL")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--to", type=Path, default=TARGET, metavar="FILE")
    parser.add_argument("--check", action="store_true", help="only say whether FILE is current")
    options = parser.parse_args(argv)
    try:
        text = write_rows(options.to.read_text("ascii"), options.source, options.region)
    except (OSError, ValueError, LookupError) as error:
        print(f"write_prices: {error}", file=sys.stderr)
        return 2
    if options.check:
        return int(text != options.to.read_text("ascii"))
    whole = options.to.with_suffix(".new")
    whole.write_text(text, "ascii")
    os.replace(whole, options.to)
    return 0


def write_rows(text: str, source: str, region: str) -> str:
    """Write the rows of a file with today's prices; the first line names the region."""
    head, *rows = text.splitlines()
    read = lru_cache(lambda offer: read_offer(source, offer, region))
    lines = [re.sub(r"^# [a-z0-9-]+;", f"# {region};", head)]
    lines += [_renew(row.split(" "), read, region) for row in rows]
    return "\n".join([*lines, ""])


def _renew(row: Sequence[str], read: Callable[[str], Any], region: str) -> str:
    name, _, offer, usage, *_ = row
    document = read(offer)
    price = find_price(document, offer, usage, region)
    day = str(document["publicationDate"])[:10]
    return f"{name} {price:f} {offer} {usage} {day} list"


def read_offer(source: str, offer: str, region: str) -> Any:
    """Read the file of an offer from a folder or from an address."""
    path = f"{offer}/current/{region}/index.json"
    if source.startswith(("https://", "http://")):
        address = f"{source.rstrip('/')}/{path}"
        with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310 - http(s), above
            return json.load(answer)
    places = [Path(source, path), Path(source, f"{offer}.json")]
    found = [place for place in places if place.is_file()]
    if not found:
        raise LookupError(f"there is neither {places[0]} nor {places[1]}. Download {LIST}/{path}")
    return json.loads(found[0].read_text("utf-8"))


def find_price(document: Any, offer: str, usage: str, region: str) -> Decimal:
    """Find the price of a usage type; raises `LookupError` where there is none, or several."""
    wanted = re.compile(f"{PREFIX}(?:{usage})")
    prices = {
        price
        for sku, product in document["products"].items()
        if _is_meant(product["attributes"], wanted, offer, region)
        for price in _list_first(document["terms"]["OnDemand"].get(sku, {}))
    }
    if len(prices) != 1:
        found = ", ".join(f"{price:f}" for price in sorted(prices)) or "none"
        raise LookupError(f"{offer} has not one price for {usage} in {region}, but: {found}")
    return prices.pop()


def _is_meant(attributes: Any, wanted: re.Pattern[str], offer: str, region: str) -> bool:
    key, value = ONLY.get(offer, ("", None))
    return (
        wanted.fullmatch(attributes.get("usagetype", "")) is not None
        and attributes.get("regionCode", region) == region
        and attributes.get(key) == value
    )


def _list_first(terms: Any) -> Iterator[Decimal]:
    """Yield the first price of each term that is not free."""
    for term in terms.values():
        tiers = sorted(
            (Decimal(tier["beginRange"]), Decimal(tier["pricePerUnit"]["USD"]))
            for tier in term["priceDimensions"].values()
        )
        yield from [price.normalize() for _, price in tiers if price][:1]


if __name__ == "__main__":
    sys.exit(main())
