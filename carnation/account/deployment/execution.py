"""Executing: states in which that can be done, waiting for others, protection, the outcome."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

from carnation.account import Account, Deployed, find_deployed
from carnation.account.deployment.change_sets import CAPABILITIES, ChangeSet, translate_overtaken
from carnation.account.deployment.parameters import DATA_PROTECTION
from carnation.account.deployment.stack_events import Event, Outcome, find_last_event, follow
from carnation.errors import AccountError

_REMEDIES = {
    "UPDATE_ROLLBACK_FAILED": (
        "an update failed, and so did its rollback. See which resource failed (`aws "
        "cloudformation describe-stack-events --stack-name {name}`), fix it, then run `aws "
        "cloudformation continue-update-rollback --stack-name {name}` and deploy again"
    ),
    "ROLLBACK_FAILED": (
        "its creation failed, and so did its rollback. A table with deletion protection causes "
        "this. Empty or unprotect what is left, run `carnation destroy`, and "
        "deploy again"
    ),
    "DELETE_FAILED": (
        "its deletion failed. Run `carnation destroy` again, which names the resource that failed"
    ),
    "CREATE_FAILED": "its creation failed. Run `carnation destroy`, and deploy again",
}


def reject_state(deployed: Deployed | None) -> None:
    """Raise `AccountError` for a stack that cannot be deployed over, with the way out."""
    if deployed is None or deployed.status not in _REMEDIES:
        return
    remedy = find_remedy(deployed.name, deployed.status)
    raise AccountError(
        f"stack '{deployed.name}' is {deployed.status}: {remedy}.", reason="bad-state"
    )


def find_remedy(stack: str, status: str) -> str:
    """Find the way out of a status in which a stack cannot be deployed over."""
    return _REMEDIES.get(status, "deploy again, and the update continues").format(name=stack)


UNPROTECTED = "carnation-unprotected-"
"""Begins the token of a creation whose tables are to be protected when the stack stands."""

FAILED_CREATION = "ROLLBACK_COMPLETE"
"""What a failed creation leaves: a name with nothing in it, that can only be deleted."""


def find_settled(
    account: Account,
    stack: str,
    tell: Callable[[str], None],
    report_event: Callable[[Event], None] = lambda event: None,
    pause: Callable[[float], None] = time.sleep,
) -> Deployed | None:
    """Find a stack, waiting for whatever somebody else does to it; changes nothing.

    Raises `AccountError` for a stack that cannot be deployed over.
    """
    deployed = find_deployed(account, stack)
    if deployed and deployed.exists and deployed.status.endswith("_IN_PROGRESS"):
        tell(f"stack '{stack}' is {deployed.status}: waiting for that to end")
        since = find_last_event(account, deployed.stack_id)
        follow(account, deployed.stack_id, report_event, since=since, pause=pause)
        deployed = find_deployed(account, stack)
    reject_state(deployed)
    return deployed


def clear_failed_creation(
    account: Account,
    deployed: Deployed,
    tell: Callable[[str], None],
    pause: Callable[[float], None] = time.sleep,
) -> Deployed | None:
    """Delete the name that a failed creation left; returns what is there then."""
    tell(f"stack '{deployed.name}' was never created ({FAILED_CREATION}): clearing its name")
    if deployed.protected:
        protect(account, deployed, on=False)
    account.call("cloudformation", "delete_stack", StackName=deployed.stack_id)
    follow(account, deployed.stack_id, pause=pause)
    remaining = find_deployed(account, deployed.name)
    reject_state(remaining)
    return remaining


def begin(account: Account, change_set: ChangeSet, *, unprotected: bool = False) -> None:
    """Let CloudFormation execute a change set.

    A creation that fails takes all it made along, what has to be retained later included: it is
    empty yet, and its name would be in the next creation's way.
    """
    more: dict[str, Any] = {"RetainExceptOnCreate": True} if change_set.is_new_stack else {}
    if unprotected:
        more["ClientRequestToken"] = f"{UNPROTECTED}{uuid.uuid4().hex}"
    with translate_overtaken():
        account.call("cloudformation", "execute_change_set", ChangeSetName=change_set.arn, **more)


def execute(
    account: Account,
    change_set: ChangeSet,
    tell: Callable[[Event], None] = lambda event: None,
    pause: Callable[[float], None] = time.sleep,
    *,
    unprotected: bool = False,
) -> Outcome:
    """Execute a change set and follow it; protect the stack when it stands.

    `unprotected` marks in the stack's events that its tables are still to be protected.
    """
    since = find_last_event(account, change_set.stack_id)
    begin(account, change_set, unprotected=unprotected)
    try:
        outcome = follow(account, change_set.stack_id, tell, since=since, pause=pause)
    except KeyboardInterrupt as error:
        raise AccountError(
            "interrupted, but CloudFormation continues the deployment. Run the same command "
            "again: it waits for the end and continues.",
            reason="interrupted",
        ) from error
    if outcome.succeeded:
        deployed = find_deployed(account, change_set.stack_id)
        if deployed and not deployed.protected:
            protect(account, deployed, on=True)
    return outcome


def waits_for_protection(account: Account, deployed: Deployed) -> bool:
    """Decide whether a creation was interrupted before its tables were protected.

    The last operation on the stack says so by its token.
    """
    rows = account.list(
        "cloudformation", "describe_stack_events", "StackEvents",
        limit=1, StackName=deployed.stack_id,
    )  # fmt: skip
    return any(str(row.get("ClientRequestToken") or "").startswith(UNPROTECTED) for row in rows)


def protect(account: Account, deployed: Deployed, *, on: bool) -> None:
    """Switch a stack's termination protection."""
    account.call(
        "cloudformation", "update_termination_protection",
        StackName=deployed.stack_id, EnableTerminationProtection=on,
    )  # fmt: skip


def protect_data(
    account: Account,
    stack_id: str,
    tell: Callable[[Event], None] = lambda event: None,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Switch the deletion protection of a new stack's tables on.

    Not before the stack stands: a creation that fails has to delete what it made, and could not.
    """
    deployed = find_deployed(account, stack_id)
    names = deployed.parameters if deployed else ()
    given = [
        {"ParameterKey": name, "ParameterValue": "true"}
        if name == DATA_PROTECTION
        else {"ParameterKey": name, "UsePreviousValue": True}
        for name in names
    ]
    since = find_last_event(account, stack_id)
    account.call(
        "cloudformation", "update_stack", StackName=stack_id, UsePreviousTemplate=True,
        Parameters=given, Capabilities=CAPABILITIES,
    )  # fmt: skip
    outcome = follow(account, stack_id, tell, since=since, pause=pause)
    if not outcome.succeeded:
        why = f" {outcome.cause.reason.rstrip('.')}." if outcome.cause else ""
        raise AccountError(
            f"the stack is deployed, but its tables are not protected from deletion: it is "
            f"{outcome.status}.{why} To protect them, deploy again with --parameter "
            f"{DATA_PROTECTION}=true.",
            reason="unprotected",
        )
