"""Running executions while a deployment changes what they use: which they are, what they miss.

An execution continues with the definition it began with; roles, functions without a version and
children are those of the moment.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-state-machine-version.html
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from carnation.account import Account
from carnation.account.deployment.change_sets import ChangeSet
from carnation.account.deployment.plan import Plan
from carnation.changes.impacts import KINDS
from carnation.console import count
from carnation.errors import AccountError
from carnation.records import NamedTuple

_MAX_COUNTED = 1000  # executions that are counted
_PAUSE = 5.0  # seconds between two looks
_CONTRACTS = frozenset({"declared-input-narrowed"})  # who started this one as a child relied on it
_USED = ("AWS::IAM::", "AWS::Lambda::", "AWS::StepFunctions::")
_KEPT = ("Retain", "ReplaceAndRetain")


class InFlight(NamedTuple):
    """Running executions of one version ('' where they were started without one)."""

    version: str
    executions: int


def find_in_flight(account: Account, outputs: Mapping[str, str]) -> list[InFlight]:
    """Find the running executions of a deployed state machine, by the version that they hold."""
    arn = outputs.get("StateMachineArn")
    if not arn:
        return []
    try:
        rows = list(account.list(
            "stepfunctions", "list_executions", "executions", limit=_MAX_COUNTED,
            stateMachineArn=arn, statusFilter="RUNNING",
        ))  # fmt: skip
    except AccountError as error:
        if error.code in ("StateMachineTypeNotSupported", "StateMachineDoesNotExist"):
            return []  # EXPRESS: they are over in five minutes, and nobody lists them
        raise
    held = Counter(str(row.get("stateMachineVersionArn") or "").rpartition(":")[2] for row in rows)
    return [InFlight(version, number) for version, number in sorted(held.items())]


def find_missed(plan: Plan, change_set: ChangeSet) -> Iterator[str]:
    """Yield what running executions would miss: permissions, versions, a child's contract."""
    for review in plan.reviews:
        for change in review.changes:
            if KINDS[change.kind].concerns == "in flight" or change.kind in _CONTRACTS:
                yield f"{change.subject} {change.sentence}"
    for row in change_set.rows:
        gone = row["Action"] == "Remove" or row.get("Replacement") == "True"
        kept = row.get("PolicyAction") in _KEPT
        if gone and not kept and row["ResourceType"].startswith(_USED):
            verb = "is removed" if row["Action"] == "Remove" else "is replaced"
            yield f"{row['Path']} ({row['ResourceType']}) {verb}"


def format_in_flight(found: Sequence[InFlight], missed: Sequence[str]) -> Iterator[str]:
    """Format what is in flight, and what it would miss."""
    if not found:
        return
    yield _format_total(found)
    for text in dict.fromkeys(missed):
        yield f"  would miss: {text}"
    if missed:
        yield "  --wait executes the change set when none of them is running any longer"


def _format_total(found: Sequence[InFlight]) -> str:
    total = sum(row.executions for row in found)
    held = ", ".join(
        f"version {row.version}: {row.executions}"
        if row.version
        else f"no version: {row.executions}"
        for row in found
    )
    most = "at least " if total >= _MAX_COUNTED else ""
    number = f"{most}{count(total, 'execution')}"
    return f"{number} in flight ({held}): each continues with the version that it started with"


def count_in_flight(account: Account, outputs: Mapping[str, str]) -> str:
    """Describe how many executions run of a deployed state machine."""
    found = find_in_flight(account, outputs)
    return _format_total(found) if found else "no execution is running"


def drain(
    account: Account,
    outputs: Mapping[str, str],
    tell: Callable[[str], None],
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Wait until no execution is running."""
    before = -1
    while found := find_in_flight(account, outputs):
        total = sum(row.executions for row in found)
        if total != before:
            tell(f"waiting for {count(total, 'execution')} in flight")
        before = total
        pause(_PAUSE if not account.is_local else 0.2)
