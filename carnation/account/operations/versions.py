"""Versions of a state machine, and where its alias leads.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-cd-aliasing-versioning.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from carnation.account import Account, Deployed
from carnation.errors import AccountError, UsageError
from carnation.records import NamedTuple


class Version(NamedTuple):
    """A published version: its number, when it was published, the share that the alias sends it."""

    number: int
    arn: str
    created: Any
    weight: int


def find_routes(account: Account, outputs: Mapping[str, str]) -> dict[str, int]:
    """Find where the alias leads: version ARN to percent."""
    alias = outputs["StateMachineAliasArn"]
    answer = account.call(
        "stepfunctions", "describe_state_machine_alias", stateMachineAliasArn=alias
    )
    rows = answer["routingConfiguration"]
    return {row["stateMachineVersionArn"]: int(row["weight"]) for row in rows if row["weight"]}


def list_versions(account: Account, outputs: Mapping[str, str]) -> list[Version]:
    """List the versions of a deployed state machine, newest first."""
    routes = find_routes(account, outputs) if "StateMachineAliasArn" in outputs else {}
    rows = account.list(
        "stepfunctions", "list_state_machine_versions", "stateMachineVersions",
        stateMachineArn=outputs["StateMachineArn"],
    )  # fmt: skip
    versions = [
        Version(
            int(row["stateMachineVersionArn"].rpartition(":")[2]),
            row["stateMachineVersionArn"],
            row["creationDate"],
            routes.get(row["stateMachineVersionArn"], 0),
        )
        for row in rows
    ]
    return sorted(versions, reverse=True)


def choose_version(versions: Sequence[Version], wanted: int | None) -> Version:
    """Choose the version to go to: the one that is named, or the one before the present."""
    if wanted is not None:
        for version in versions:
            if version.number == wanted:
                return version
        there = ", ".join(str(version.number) for version in versions) or "none"
        raise UsageError(f"version {wanted} not found. Versions: {there}.")
    present = max((version.number for version in versions if version.weight), default=0)
    older = [version for version in versions if version.number < present]
    if not older:
        raise AccountError(
            f"version {present} is the first: there is no earlier version.",
            reason="no-version",
        )
    return older[0]


def move_alias(account: Account, outputs: Mapping[str, str], version: Version) -> None:
    """Send everything that starts from now on to one version."""
    account.call(
        "stepfunctions", "update_state_machine_alias",
        stateMachineAliasArn=outputs["StateMachineAliasArn"],
        routingConfiguration=[{"stateMachineVersionArn": version.arn, "weight": 100}],
    )  # fmt: skip


def count_running(account: Account, outputs: Mapping[str, str]) -> int:
    """Count the running executions (up to 1,000)."""
    rows = account.list(
        "stepfunctions", "list_executions", "executions", limit=1000,
        stateMachineArn=outputs["StateMachineArn"], statusFilter="RUNNING",
    )  # fmt: skip
    return sum(1 for _ in rows)


def find_detour(account: Account, deployed: Deployed | None, command: str) -> str:
    """Describe where the alias leads if not to the last deployed version; else ''.

    `command` is how the alias is moved, without its version.
    """
    outputs = deployed.outputs if deployed else {}
    version = outputs.get("StateMachineVersionArn", "")
    routes = find_routes(account, outputs) if version and "StateMachineAliasArn" in outputs else {}
    if not routes or version in routes:
        return ""
    numbers = ", ".join(arn.rpartition(":")[2] for arn in routes)
    number = version.rpartition(":")[2]
    return (
        f"but the alias leads to version {numbers}, not to {number}, which was deployed last. "
        f"Move it on with: {command} --to {number}"
    )
