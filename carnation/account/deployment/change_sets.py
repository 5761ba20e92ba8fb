"""Change sets: what CloudFormation says it would do, nested stacks included."""

from __future__ import annotations

import contextlib
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from carnation.account import Account, Deployed, find_deployed
from carnation.errors import AccountError
from carnation.records import NamedTuple

CAPABILITIES = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")
_INNER = re.compile(r"arn:[^\s\]]+:changeSet/[^\s\],]+", re.IGNORECASE)
_MAX_SECONDS = 900.0  # seconds that a change set may take to be made
_OVERTAKEN_CODES = frozenset({
    "AlreadyExistsException", "ChangeSetNotFound", "InvalidChangeSetStatus", "OperationInProgress",
})  # fmt: skip
_OVERTAKEN = re.compile(
    r"cannot be executed|can ?not be updated|already exists|ChangeSet .+ does not exist"
)


class ChangeSet(NamedTuple):
    """A change set that was made: `rows` are the resource changes, `Path` leads to each."""

    name: str
    arn: str
    stack_id: str
    rows: Sequence[Mapping[str, Any]]
    is_new_stack: bool


def make_change_set(
    account: Account,
    stack: str,
    url: str,
    values: Mapping[str, str],
    reused: Sequence[str],
    *,
    is_new: bool,
    options: Mapping[str, Any] | None = None,
    pause: Callable[[float], None] = time.sleep,
    reads_rows: bool = True,
) -> ChangeSet | None:
    """Make a change set over the root and all nested stacks; None where nothing would change.

    `options` are further parameters of CreateChangeSet; without `reads_rows` nobody asks what is
    in it.
    """
    name = f"carnation-{uuid.uuid4()}"
    given: list[dict[str, Any]] = [
        {"ParameterKey": key, "ParameterValue": value} for key, value in values.items()
    ]
    given += [{"ParameterKey": key, "UsePreviousValue": True} for key in reused]
    with translate_overtaken():
        made = account.call(
            "cloudformation", "create_change_set",
            StackName=stack, ChangeSetName=name, ChangeSetType="CREATE" if is_new else "UPDATE",
            TemplateURL=url, Parameters=given, Capabilities=CAPABILITIES, IncludeNestedStacks=True,
            **(options or {}),
        )  # fmt: skip
    change_set = ChangeSet(name, made["Id"], made["StackId"], (), is_new)
    status, reason = _wait(account, made["Id"], pause)
    if status == "CREATE_COMPLETE":
        rows = _list_rows(account, made["Id"], "") if reads_rows else ()
        return change_set._replace(rows=list(rows))
    why = _find_reason(account, made["Id"], reason) or status
    discard_change_set(account, change_set)
    if any(words in reason for words in _NO_CHANGES):
        return None
    raise AccountError(
        f"CloudFormation cannot create a change set for stack '{stack}': {why.rstrip('.')}. "
        "Fix this cause, build, and deploy again.",
        reason="change-set",
        message=why,
    )


def _wait(account: Account, arn: str, pause: Callable[[float], None]) -> tuple[str, str]:
    waited = 0.0
    while True:
        answer = account.call("cloudformation", "describe_change_set", ChangeSetName=arn)
        if answer["Status"] not in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
            return answer["Status"], answer.get("StatusReason") or ""
        if waited > _MAX_SECONDS:
            return answer["Status"], f"it is not ready after {_MAX_SECONDS:.0f} seconds"
        pause(2)
        waited += 2


def _find_reason(account: Account, arn: str, reason: str) -> str:
    """Follow a reason that only names a nested change set, or validations, to what says why."""
    inner = _INNER.search(reason)
    if inner is None:
        found = read_validations(account, ChangeSetName=arn) if "alidation" in reason else []
        return "; ".join(row.text for row in found if row.fails) or reason
    nested = inner[0].rstrip(".:")
    try:
        answer = account.call("cloudformation", "describe_change_set", ChangeSetName=nested)
    except AccountError:  # the outer reason is better than none
        return reason
    why = _find_reason(account, nested, answer.get("StatusReason") or reason)
    return f"{answer['StackName']}: {why}"


class Validated(NamedTuple):
    """What CloudFormation found in a template before it made anything."""

    text: str
    fails: bool


def read_validations(account: Account, **target: Any) -> list[Validated]:
    """Read what was found before anything was made; none where boto3 is older than that.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/validate-stack-deployments.html
    """
    rows = account.list(
        "cloudformation", "describe_events", "OperationEvents",
        Filters={"FailedEvents": True}, **target,
    )  # fmt: skip
    found = []
    with contextlib.suppress(AccountError, AttributeError):
        found += [_read_validation(row) for row in rows if row["EventType"] == "VALIDATION_ERROR"]
    return found


def _read_validation(row: Mapping[str, Any]) -> Validated:
    where = f"resource '{row['LogicalResourceId']}' ({row['ResourceType']})"
    why = str(row.get("ValidationStatusReason", "")).removeprefix("#: ")
    return Validated(
        f"{where} at {row.get('ValidationPath')}: {why}", row["ValidationFailureMode"] == "FAIL"
    )


@contextlib.contextmanager
def translate_overtaken() -> Iterator[None]:
    """Turn what AWS says when somebody else was faster into one paragraph."""
    try:
        yield
    except AccountError as error:
        if error.code in _OVERTAKEN_CODES or _OVERTAKEN.search(error.message):
            raise _make_overtaken() from error
        raise


def reject_overtaken(account: Account, deployed: Deployed | None) -> None:
    """Raise `AccountError` where a stack is no longer what the plan was made from.

    From the moment that a change set is made, AWS itself refuses it when the stack changes.
    """
    if deployed is None or not deployed.exists:
        return
    now = find_deployed(account, deployed.stack_id)
    if now is None or now._replace(protected=deployed.protected) != deployed:
        raise _make_overtaken()


def _make_overtaken() -> AccountError:
    return AccountError(
        "the stack was changed by another deployment, so the plan is outdated. No changes "
        "were made. Run the command again.",
        reason="overtaken",
    )


def _list_rows(account: Account, arn: str, way: str) -> Iterator[dict[str, Any]]:
    changes = account.list("cloudformation", "describe_change_set", "Changes", ChangeSetName=arn)
    for change in changes:
        row = dict(change["ResourceChange"])
        row["Path"] = f"{way}{row['LogicalResourceId']}"
        yield row
        if row.get("ChangeSetId"):
            yield from _list_rows(account, row["ChangeSetId"], f"{row['Path']}/")


def discard_change_set(account: Account, change_set: ChangeSet) -> None:
    """Take a change set away, and the name that was kept for a stack that is not made.

    The name goes only while there is nothing under it: a change set that somebody executed is
    taken away by AWS as well, and the stack that it made stays.
    """
    stack_id = change_set.stack_id
    with contextlib.suppress(AccountError):  # what stays behind does nothing
        account.call("cloudformation", "delete_change_set", ChangeSetName=change_set.arn)
        if not change_set.is_new_stack:
            return
        others = account.call("cloudformation", "list_change_sets", StackName=stack_id)
        found = find_deployed(account, stack_id)
        if not others.get("Summaries") and found is not None and not found.exists:
            account.call("cloudformation", "delete_stack", StackName=stack_id)
