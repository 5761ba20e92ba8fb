"""The table of oracle rows: calls, their parameters, and what AWS says that they need."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

PATH = Path(__file__).with_name("oracle.txt")
_PARTITION, _HERE = "arn:${AWS::Partition}:", "${AWS::Region}:${AWS::AccountId}:"


class Row(NamedTuple):
    """A call with what it needs: pairs of action and resource."""

    call: str
    given: dict[str, Any]
    needs: frozenset[tuple[str, str]]
    page: str

    @property
    def state(self) -> dict[str, Any]:
        """The Task that makes the call."""
        resource = f"arn:aws:states:::{self.call}"
        return {"Type": "Task", "Resource": resource, "Parameters": self.given, "End": True}

    @property
    def name(self) -> str:
        """The call with its parameters, to tell rows apart."""
        return f"{self.call} {json.dumps(self.given)[:60]}"


def shorten(resource: str) -> str:
    """Write a resource as the table does."""
    return resource.replace(_PARTITION, "").replace(_HERE, "")


@lru_cache(maxsize=1)
def read_rows() -> tuple[Row, ...]:
    """Read the table."""
    return tuple(_read(PATH.read_text(encoding="utf-8").splitlines()))


def _read(lines: list[str]) -> Iterator[Row]:
    page, head = "", ""
    needs: set[tuple[str, str]] = set()
    for line in [*lines, "= end"]:
        if line.startswith(" "):
            actions, _, resource = line.strip().partition(" ON ")
            needs |= {(action, resource) for action in actions.split()}
            continue
        if head:
            call, _, given = head.partition(" ")
            yield Row(call, json.loads(given or "{}"), frozenset(needs), page)
            head, needs = "", set()
        if line.startswith("= "):
            page = line[2:]
        elif line and not line.startswith("#"):
            head = line
