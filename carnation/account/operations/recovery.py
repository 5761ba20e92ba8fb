"""Recovery: executions that ended badly, and what brings them on.

Those of a Standard workflow are redriven from where each failed. AWS cannot redrive an Express
execution: it is started again, from the beginning, with the input that is logged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from carnation.account import Account
from carnation.account.operations.execution_logs import (
    find_machine,
    follow_logs,
    is_express,
    list_logged,
)
from carnation.account.operations.executions import (
    ENDED,
    find_redrivable,
    follow_execution,
    is_redrivable,
    redrive,
    start,
)
from carnation.console import format_time
from carnation.records import NamedTuple


class Recovery(NamedTuple):
    """The executions that ended badly, as AWS describes them, and those that can be recovered."""

    machine: Mapping[str, Any]
    found: list[dict[str, Any]]
    chosen: list[dict[str, Any]]

    @property
    def is_express(self) -> bool:
        """Whether executions are started again, since they cannot be redriven."""
        return is_express(self.machine)

    def list_rows(self) -> list[list[str]]:
        """List the executions as the rows of a table, its heads first."""
        last = "input" if self.is_express else "can be redriven"
        return [["execution", "status", "error", "started", last]] + [
            [
                one["name"].partition(":")[0], one["status"], one.get("error") or "",
                format_time(one["startDate"].timestamp()), self._describe(one),
            ]
            for one in self.found
        ]  # fmt: skip

    def _describe(self, one: Mapping[str, Any]) -> str:
        if self.is_express:
            return (one["input"] or "(not logged)")[:60]
        return "yes" if is_redrivable(one) else str(one.get("redriveStatusReason") or "no")

    def recover(self, account: Account) -> Iterator[tuple[str, dict[str, Any]]]:
        """Recover the chosen ones; yields the name of each, and how it ended this time."""
        if self.is_express:
            for one in self.chosen:
                arn, _ = start(account, self.machine["stateMachineArn"], one["input"], None)
                yield one["name"], follow_logs(account, self.machine, arn)[0]
            return
        for one in self.chosen:
            redrive(account, one["executionArn"])
        for one in self.chosen:
            yield one["name"], follow_execution(account, one["executionArn"])[0]


def find_recovery(account: Account, machine_arn: str, settled: Sequence[str] = ()) -> Recovery:
    """Find what ended badly; `settled` are errors that leave nothing to redrive."""
    machine = find_machine(account, machine_arn)
    if is_express(machine):
        found = [one for one in list_logged(account, machine) if one["status"] in ENDED]
        return Recovery(machine, found, [one for one in found if one["input"] is not None])
    found = list(find_redrivable(account, machine_arn, settled))
    return Recovery(machine, found, [one for one in found if is_redrivable(one)])
