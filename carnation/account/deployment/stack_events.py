"""Following a stack: the events of all its stacks as they come, and what came of it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from carnation.account import Account, find_deployed
from carnation.records import NamedTuple

_NESTED = "AWS::CloudFormation::Stack"
# failures that only follow from another one
_ECHOES = re.compile(
    r"creation cancelled|update cancelled|Embedded stack|The following resource\(s\)", re.IGNORECASE
)


class Event(NamedTuple):
    """One event of one stack: `path` leads to the resource from the root."""

    time: Any
    path: str
    kind: str
    status: str
    reason: str
    stack: str
    is_echo: bool = False
    """A nested stack's word on itself, which the stack around it repeats."""

    @property
    def failed(self) -> bool:
        """Return whether something could not be done."""
        return self.status.endswith("_FAILED")


class Outcome(NamedTuple):
    """What a stack has come to: its status, its outputs, and the first cause of a failure."""

    status: str
    outputs: Mapping[str, str]
    cause: Event | None

    @property
    def succeeded(self) -> bool:
        """Return whether what was asked for was done."""
        return self.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE")


class _Follower:
    def __init__(self, account: Account, stack_id: str, since: Any) -> None:
        self._account, self._since = account, since
        self._ways = {stack_id: ""}
        self._seen: set[str] = set()
        self.events: list[Event] = []

    def look(self) -> list[Event]:
        """Read what is new in every stack that is known; new stacks become known by it."""
        fresh: list[Event] = []
        todo = list(self._ways)
        while todo:
            stack_id = todo.pop(0)
            for row in self._read(stack_id):
                self._seen.add(row["EventId"])
                event = self._make(row, stack_id)
                fresh.append(event)
                physical = row.get("PhysicalResourceId") or ""
                nested = row["ResourceType"] == _NESTED and physical.startswith("arn:")
                if nested and physical not in self._ways:
                    self._ways[physical] = f"{event.path}/"
                    todo.append(physical)
        fresh.sort(key=lambda event: event.time)
        self.events += fresh
        return fresh

    def _read(self, stack_id: str) -> list[Mapping[str, Any]]:
        rows = []
        for row in self._account.list(
            "cloudformation", "describe_stack_events", "StackEvents", StackName=stack_id
        ):
            if row["EventId"] in self._seen or (self._since and row["Timestamp"] <= self._since):
                break  # the newest come first
            rows.append(row)
        return rows[::-1]

    def _make(self, row: Mapping[str, Any], stack_id: str) -> Event:
        way = self._ways[stack_id]
        own = row.get("PhysicalResourceId") == stack_id
        path = (way.rstrip("/") or row["StackName"]) if own else way + row["LogicalResourceId"]
        return Event(
            row["Timestamp"],
            path,
            row["ResourceType"],
            row["ResourceStatus"],
            row.get("ResourceStatusReason") or "",
            row["StackName"],
            own and way != "",
        )


def find_last_event(account: Account, stack: str) -> Any:
    """Return the time of a stack's newest event: what is followed comes after it."""
    rows = account.list(
        "cloudformation", "describe_stack_events", "StackEvents", limit=1, StackName=stack
    )
    return next((row["Timestamp"] for row in rows), None)


def follow(
    account: Account,
    stack_id: str,
    tell: Callable[[Event], None] = lambda event: None,
    *,
    since: Any = None,
    pause: Callable[[float], None] = time.sleep,
) -> Outcome:
    """Follow a stack until nothing is in progress; `tell` hears each event once, in order."""
    follower = _Follower(account, stack_id, since)
    while True:
        stack = find_deployed(account, stack_id)
        for event in follower.look():
            if not event.is_echo:
                tell(event)
        if stack is None or not stack.status.endswith("_IN_PROGRESS"):
            break
        pause(0.1 if account.is_local else 3)
    status = stack.status if stack else "DELETE_COMPLETE"
    return Outcome(status, stack.outputs if stack else {}, find_cause(follower.events))


def find_cause(events: list[Event]) -> Event | None:
    """Find the first failure that is no echo of another.

    A stack that fails before any resource of it (an export is missing) only says why it goes back.
    """
    failed = [event for event in events if event.failed]
    first = [event for event in failed if not _ECHOES.search(event.reason)]
    back = [e for e in events if e.status.endswith("ROLLBACK_IN_PROGRESS") and e.reason]
    return next(iter(first or failed or back), None)
