"""Policies against the oracle: what each call needs, and roles that are right in any words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from carnation.permissions import (
    Grant,
    derive_needs,
    derive_policy,
    find_missing,
    find_unneeded,
    read_policy,
    render_policy,
)
from carnation.permissions.spelling import Match, compare_arns
from carnation.services import INTEGRATIONS
from tests.depth import every
from tests.permissions.oracle import Row, read_rows, shorten

ROWS = read_rows()
AUTHORIZED_BY_KUBERNETES = ("eks:call", "eks:runJob")
per_row = pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])


def test_the_table_is_wide_enough() -> None:
    calls = {row.call.partition(".")[0] for row in ROWS}
    services = {call.split(":")[1] for call in calls if call.startswith("aws-sdk:")}
    assert len(ROWS) >= 150
    assert len(services) >= 60
    assert set(INTEGRATIONS) <= calls
    assert all(row.page.startswith("https://docs.aws.amazon.com/") for row in ROWS)


@per_row
def test_a_call_needs_what_aws_says(row: Row) -> None:
    needs = derive_needs({"StartAt": "A", "States": {"A": row.state}})
    assert {(need.action, shorten(need.resource)) for need in needs} == row.needs
    assert row.needs or row.call.startswith(AUTHORIZED_BY_KUBERNETES)


def group(size: int) -> Iterator[dict[str, Any]]:
    """Return definitions of several calls each, so that needs of one may hide those of another."""
    for start in range(0, len(ROWS), size):
        rows = ROWS[start : start + size]
        yield {"StartAt": "A", "States": {f"S{at}": row.state for at, row in enumerate(rows)}}


def list_grants(definition: dict[str, Any]) -> list[Grant]:
    return list(read_policy(render_policy(derive_policy(definition)), ""))


def as_literal(text: str) -> str:
    pseudo = {"Partition": "aws", "Region": "us-east-1", "AccountId": "1"}
    return re.sub(r"\$\{AWS::(\w+)\}", lambda found: pseudo.get(found[1], found[0]), text)


def as_wild(text: str) -> str:
    parts = text.split(":", 5) if text.startswith("arn:aws:") else []
    return ":".join(["arn", "*", parts[2], "*", "*", parts[5]]) if len(parts) == 6 else text


def with_pseudo(text: str) -> str:
    """Write the literal parts of an ARN as a template does."""
    parts = text.split(":", 5) if text.startswith("arn:aws:") else []
    if len(parts) < 6:
        return text
    region = parts[3] and "${AWS::Region}"
    account = "${AWS::AccountId}" if parts[4].isdigit() else parts[4]
    return ":".join(["arn", "${AWS::Partition}", parts[2], region, account, parts[5]])


SPELLINGS: dict[str, Callable[[str], str]] = {
    "as printed": str,
    "literal": as_literal,
    "pseudo parameters": with_pseudo,
    "wildcards": lambda text: as_wild(as_literal(text)),
    "all of the service": lambda text: (
        f"arn:*:{as_literal(text).split(':')[2]}:*" if text.startswith("arn:") else text
    ),
    "everything": lambda _: "*",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("size", [1, 12])
@every(3)
def test_the_printed_policy_is_right_in_any_words(spelling: str, size: int, stride: int) -> None:
    spell = SPELLINGS[spelling]
    for definition in [*group(size)][::stride]:
        needs = derive_needs(definition)
        grants = [
            grant._replace(resource=spell(grant.resource)) for grant in list_grants(definition)
        ]
        assert find_missing(grants, needs) == []
        assert find_unneeded(grants, needs) == []


def is_same_there(one: Grant, other: Grant) -> bool:
    """Tell whether two grants are one, in an account where the literals are what is deployed to."""
    if (one.action, one.condition) != (other.action, other.condition):
        return False
    return compare_arns(one.resource, other.resource) >= Match.THERE


@pytest.mark.parametrize(("spelling", "size"), [
    ("as printed", 1), ("literal", 1), ("wildcards", 1), ("as printed", 12),
])  # fmt: skip
def test_whatever_is_taken_out_of_the_policy_is_missed(spelling: str, size: int) -> None:
    for definition in group(size):
        needs = derive_needs(definition)
        grants = [
            grant._replace(resource=SPELLINGS[spelling](grant.resource), pointer="")
            for grant in list_grants(definition)
        ]
        for left_out in grants:
            fewer = [grant for grant in grants if grant != left_out]
            if any(is_same_there(grant, left_out) for grant in fewer):
                continue
            same = [need for need in needs if need.action == left_out.action]
            assert find_missing(fewer, same), left_out
