"""Removing a stack: what would be lost, what is retained, and then doing it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from carnation.account import Account, Deployed
from carnation.account.deployed import list_resources, read_template
from carnation.account.deployment.execution import protect
from carnation.account.deployment.stack_events import Event, Outcome, find_last_event, follow
from carnation.document import parse_document
from carnation.errors import AccountError
from carnation.records import NamedTuple
from carnation.services.updates import is_stateful

_KEPT = ("Retain", "RetainExceptOnCreate", "Snapshot")
# a version goes with what it is a version of, whatever its own policy says
_VERSIONS = ("AWS::StepFunctions::StateMachineVersion", "AWS::Lambda::Version")


class DeletionPlan(NamedTuple):
    """One resource of a stack that is to be removed, and what becomes of it."""

    path: str
    kind: str
    physical: str
    retained: bool

    @property
    def holds_data(self) -> bool:
        """Return whether data goes with it."""
        return is_stateful(self.kind)


def find_removal(account: Account, deployed: Deployed) -> list[DeletionPlan]:
    """Find what removing a stack takes away and what it leaves, by the deployed templates.

    Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html
    and https://docs.aws.amazon.com/lambda/latest/api/API_DeleteFunction.html: all versions go, too.
    """
    bodies: dict[str, Mapping[str, Any]] = {}
    found = []
    for row in list_resources(account, deployed.stack_id):
        stack = row["Stack"]
        if stack not in bodies:
            text = read_template(account, stack)
            bodies[stack] = parse_document(text, "stack.yaml").value.get("Resources", {})
        if row["ResourceType"] == "AWS::CloudFormation::Stack":
            continue
        body = bodies[stack].get(row["LogicalResourceId"], {})
        retained = body.get("DeletionPolicy") in _KEPT
        physical = row.get("PhysicalResourceId") or ""
        found.append(DeletionPlan(row["Path"], row["ResourceType"], physical, retained))
    kept = {row.physical for row in found if row.retained}
    return [
        row._replace(retained=False)
        if row.kind in _VERSIONS and kept.isdisjoint(_owner_names(row.physical))
        else row
        for row in found
    ]


def _owner_names(version: str) -> tuple[str, str]:
    """Name what a version is one of, as stacks do: by its ARN or by its name.

    >>> _owner_names("arn:aws:lambda:eu-west-1:123456789012:function:pay:7")
    ('arn:aws:lambda:eu-west-1:123456789012:function:pay', 'pay')
    """
    arn = version.rpartition(":")[0]
    return arn, arn.rpartition(":")[2]


def remove(
    account: Account,
    deployed: Deployed,
    tell: Callable[[Event], None] = lambda event: None,
    pause: Callable[[float], None] = time.sleep,
) -> Outcome:
    """Take the protection off, delete the stack, follow it to its end.

    Where AWS refuses to delete it, the protection is put on again.
    """
    if deployed.protected:
        protect(account, deployed, on=False)
    since = find_last_event(account, deployed.stack_id)
    try:
        account.call("cloudformation", "delete_stack", StackName=deployed.stack_id)
    except AccountError:
        if deployed.protected:
            protect(account, deployed, on=True)
        raise
    return follow(account, deployed.stack_id, tell, since=since, pause=pause)
