"""The file of prices, and the script that makes it from AWS's price list."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from carnation.estimates import formats as writing
from carnation.services import prices as room
from carnation.services.prices import Prices, find_price, read_prices
from tests.conftest import ROOT

FILE = ROOT / "carnation" / "services" / "prices.txt"
spec = importlib.util.spec_from_file_location("write_prices", ROOT / "scripts" / "write_prices.py")
assert spec
assert spec.loader
script = importlib.util.module_from_spec(spec)
spec.loader.exec_module(script)

Offer = dict[str, Any]


def make_offer(*products: tuple[str, dict[str, str], list[tuple[str, str]]]) -> Offer:
    """Make an offer file of `(usage type, further attributes, [(from, dollars)])`, as AWS does."""
    return {
        "formatVersion": "v1.0",
        "publicationDate": "2027-01-31T09:23:18Z",
        "products": {
            f"SKU{at}": {"sku": f"SKU{at}", "attributes": {"usagetype": usage, **attributes}}
            for at, (usage, attributes, _) in enumerate(products)
        },
        "terms": {
            "OnDemand": {
                f"SKU{at}": {
                    f"SKU{at}.JRTCKXETXF": {
                        "priceDimensions": {
                            f"SKU{at}.{start}": {
                                "beginRange": start, "pricePerUnit": {"USD": dollars},
                            }
                            for start, dollars in tiers
                        }
                    }
                }
                for at, (_, _, tiers) in enumerate(products)
            }
        },
    }  # fmt: skip


HERE = {"regionCode": "us-east-1"}
OFFERS = {
    "AmazonStates": make_offer(
        ("USE1-StateTransition", HERE, [("0", "0.0000250000")]),
        ("Global-StateTransition", {}, [("0", "0.0000000000")]),
        ("USE1-StepFunctions-Request", HERE, [("0", "0.0000010000")]),
        ("USE1-StepFunctions-GB-Second", HERE, [
            ("0", "0.0000166700"), ("3600000", "0.0000083300"), ("18000000", "0.0000045600"),
        ]),
    ),
    "AWSLambda": make_offer(
        ("Request", HERE, [("0", "0.0000002000")]),
        ("Request-ARM", HERE, [("0", "0.0000002000")]),
        ("Lambda-GB-Second", HERE, [("6000000000", "0.0000150000"), ("0", "0.0000166667")]),
        ("Lambda-GB-Second-ARM", HERE, [("0", "0.0000133334")]),
        ("Lambda-Edge-Request", HERE, [("0", "0.0000006000")]),
    ),
    "AWSQueueService": make_offer(
        ("Requests-RBP", HERE, [("0", "0.0000004000"), ("100000000000", "0.0000003000")]),
        ("Requests-FIFO-RBP", HERE, [("0", "0.0000005000")]),
    ),
    "AmazonSNS": make_offer(
        ("Requests-Tier1", HERE, [("0", "0"), ("1000000", "0.0000005000")]),
    ),
    "AmazonDynamoDB": make_offer(
        ("WriteRequestUnits", HERE, [("0", "0.000000625")]),
        ("IA-WriteRequestUnits", HERE, [("0", "0.00000078")]),
        ("ReadRequestUnits", HERE, [("0", "0.000000125")]),
    ),
    "AmazonS3": make_offer(
        ("Requests-Tier1", HERE, [("0", "0.0000050000")]),
        ("Requests-SIA-Tier1", HERE, [("0", "0.0000100000")]),
        ("EU-Requests-Tier1", {"regionCode": "eu-west-1"}, [("0", "0.0000070000")]),
        ("Requests-Tier2", HERE, [("0", "0.0000004000")]),
    ),
    "AWSEvents": make_offer(
        ("USE1-Event-64K-Chunks", HERE | {"eventType": "Custom Event"}, [("0", "0.0000010000")]),
        ("USE1-Event-64K-Chunks", HERE | {"eventType": "Scheduled"}, [("0", "0.0000020000")]),
    ),
}  # fmt: skip


@pytest.fixture
def lay(tmp_path: Path) -> Callable[..., tuple[str, Path]]:
    """Lay offer files down, in AWS's layout or flat, beside a copy of the file of prices."""

    def write(*, flat: bool = False, **offers: Offer) -> tuple[str, Path]:
        for name, offer in {**OFFERS, **offers}.items():
            path = tmp_path / (f"{name}.json" if flat else f"{name}/current/us-east-1/index.json")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(offer), encoding="utf-8")
        target = tmp_path / "prices.txt"
        target.write_text(FILE.read_text("ascii"), "ascii")
        return str(tmp_path), target

    return write


def read_rows(path: Path) -> dict[str, list[str]]:
    return {row.split(" ")[0]: row.split(" ")[1:] for row in path.read_text().splitlines()[1:]}


@pytest.mark.parametrize("flat", [True, False])
def test_every_price_is_read_from_its_offer_with_its_date(
    lay: Callable[..., tuple[str, Path]], flat: bool
) -> None:
    folder, target = lay(flat=flat)
    assert script.main(["--from", folder, "--to", str(target), "--check"]) == 1
    assert script.main(["--from", folder, "--to", str(target)]) == 0
    rows, before = read_rows(target), read_rows(FILE)
    assert list(rows) == list(before)
    assert {tuple(row[3:]) for row in rows.values()} == {("2027-01-31", "list")}
    # the samples have today's prices, so that what is wrong in the file shows
    assert {name: row[0] for name, row in rows.items()} == {
        name: row[0] for name, row in before.items()
    }
    assert script.main(["--from", folder, "--to", str(target), "--check"]) == 0


def test_a_price_that_changed_is_written(lay: Callable[..., tuple[str, Path]]) -> None:
    dearer = make_offer(("Requests-Tier1", HERE, [("0", "0"), ("1000000", "0.0000007500")]))
    folder, target = lay(AmazonSNS=dearer)
    assert script.main(["--from", folder, "--to", str(target)]) == 0
    assert read_rows(target)["sns:request"][0] == "0.00000075"


@pytest.mark.parametrize(("offer", "problem"), [
    (make_offer(), "AmazonSNS has not one price for Requests-Tier1 in us-east-1, but: none"),
    (
        make_offer(("Requests-Tier1", HERE, [("0", "1")]),
                   ("USE1-Requests-Tier1", HERE, [("0", "2")])),
        "but: 1, 2",
    ),
    (make_offer(("Requests-Tier1", HERE, [("0", "0")])), "but: none"),
])  # fmt: skip
def test_what_is_missing_or_reported_twice_leaves_the_file_as_it_was(
    lay: Callable[..., tuple[str, Path]],
    offer: Offer,
    problem: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder, target = lay(AmazonSNS=offer)
    before = target.read_text()
    assert script.main(["--from", folder, "--to", str(target)]) == 2
    assert problem in capsys.readouterr().err
    assert target.read_text() == before


def test_a_missing_offer_is_named_with_where_it_is_to_be_had(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert script.main(["--from", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert f"{tmp_path}/AmazonStates.json" in error
    assert "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonStates/current/" in error


class Shop(BaseHTTPRequestHandler):
    """Serves the offers where AWS does."""

    def do_GET(self) -> None:
        _, name, _, region, _ = self.path.split("/")
        self.send_response(200)
        self.end_headers()
        assert region == "us-east-1"
        self.wfile.write(json.dumps(OFFERS[name]).encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def test_an_address_is_read_like_a_folder(lay: Callable[..., tuple[str, Path]]) -> None:
    _, target = lay()
    with HTTPServer(("127.0.0.1", 0), Shop) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        assert script.main(["--from", address, "--to", str(target)]) == 0
        server.shutdown()
    assert read_rows(target)["states:transition"][0] == "0.000025"


def test_prices_name_their_region_their_date_and_who_read_them() -> None:
    prices = read_prices()
    assert prices.origin.startswith("us-east-1, list prices in dollars as of 20")
    assert all(price > 0 for price in prices.dollars.values())
    assert set(prices.readers.values()) <= {"list", "page", "others"}
    assert find_price("aws-sdk:s3:putObject") == prices.dollars["s3:write"]
    assert find_price("aws-sdk:s3:deleteObject") == 0
    assert find_price("events:putEvents") == prices.dollars["events:event"]


@pytest.mark.parametrize(("readers", "said"), [
    (["list", "list"], "discounts."),
    (["list", "others"], "Not read from AWS's own price list: b."),
    (["page", "others"], "None was read from AWS's own price list"),
])  # fmt: skip
def test_an_estimate_says_which_prices_are_unconfirmed(
    readers: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dates = {"a": "2026-01", "b": "2026-01"}
    made = Prices("us-east-1", {"a": 1.0, "b": 2.0}, dates, dict(zip("ab", readers, strict=True)))
    monkeypatch.setattr(writing, "read_prices", lambda: made)
    assert room.read_prices() is not made
    assert said in f"{made.origin}.{writing._doubt_prices()}"
    assert "as of 2026-01, " in made.origin
