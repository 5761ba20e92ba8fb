"""The stages of a deployment by themselves, against an account that answers as it is told."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from carnation.account import Account, Deployed
from carnation.account.client_errors import explain_failure
from carnation.account.deployment import (
    ChangeSet,
    Plan,
    ensure_bucket,
    find_losses,
    follow,
    make_change_set,
    reject_losses,
    reject_state,
)
from carnation.account.deployment.parameters import reject_missing
from carnation.account.deployment.stack_events import Event, find_cause
from carnation.account.deployment.uploads import upload_missing
from carnation.artifacts import Artifacts
from carnation.cli import destroy
from carnation.errors import AccountError, UsageError

STACK = "arn:aws:cloudformation:us-east-1:123456789012:stack/tiny-dev/1"
NOON = datetime(2026, 11, 1, 12, tzinfo=timezone.utc)


class Told(Account):
    """An account that gives, for each action, one answer after the other; the last one stays."""

    def __init__(self, **answers: list[Any]) -> None:
        self.answers, self.calls, self.endpoint_url = answers, [], "http://127.0.0.1:1"
        self.region, self.number = "us-east-1", "123456789012"

    number = ""

    def call(self, service: str, action: str, /, **parameters: Any) -> Any:
        self.calls.append(action)
        left = self.answers.get(action, [{}])
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def refuse(code: str) -> AccountError:
    return AccountError(code, reason="refused", code=code, message=code)


def describe(status: str) -> dict[str, Any]:
    stack = {"StackName": "tiny-dev", "StackId": STACK, "StackStatus": status}
    return {"Stacks": [stack]}


def make(account: Account, pauses: list[float]) -> Any:
    return make_change_set(account, "tiny-dev", "url", {}, ("Size",), is_new=False,
                           pause=pauses.append)  # fmt: skip


def test_a_change_set_is_waited_for_and_one_without_changes_is_none() -> None:
    made = {"Id": "arn:set", "StackId": STACK}
    pending, reason = {"Status": "CREATE_IN_PROGRESS"}, "The submitted information didn't contain"
    failed = {"Status": "FAILED", "StatusReason": f"{reason} changes."}
    account = Told(create_change_set=[made], describe_change_set=[pending, pending, failed])
    pauses: list[float] = []
    assert make(account, pauses) is None
    assert len(pauses) == 2
    assert account.calls[-1] == "delete_change_set"


def test_a_change_set_is_not_waited_for_for_ever() -> None:
    made = {"Id": "arn:set", "StackId": STACK}
    account = Told(create_change_set=[made], describe_change_set=[{"Status": "CREATE_PENDING"}])
    pauses: list[float] = []
    with pytest.raises(AccountError, match="it is not ready after 900 seconds"):
        make(account, pauses)
    assert sum(pauses) > 900


def test_what_refuses_a_change_set_otherwise_is_reported_as_it_is() -> None:
    with pytest.raises(AccountError, match="^AccessDenied$"):
        make(Told(create_change_set=[refuse("AccessDenied")]), [])


def test_a_stack_is_followed_until_nothing_is_in_progress() -> None:
    states = [describe("UPDATE_IN_PROGRESS"), describe("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
              describe("UPDATE_COMPLETE")]  # fmt: skip
    pauses: list[float] = []
    outcome = follow(Told(describe_stacks=states), STACK, pause=pauses.append)
    assert (outcome.status, len(pauses)) == ("UPDATE_COMPLETE", 2)


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        ("CREATE_FAILED", "carnation destroy"),
        ("ROLLBACK_FAILED", "carnation destroy"),
        ("DELETE_FAILED", "carnation destroy"),
        ("UPDATE_ROLLBACK_FAILED", "aws cloudformation continue-update-rollback --stack-name tiny"),
    ],
)
def test_a_bad_state_is_refused_with_the_way_out(status: str, remedy: str) -> None:
    with pytest.raises(AccountError, match=f"'tiny-dev' is {status}: .*{remedy}"):
        reject_state(Deployed("tiny-dev", STACK, status, {}, {}, protected=False))


def test_a_bucket_that_another_deployment_makes_at_the_same_time_is_taken() -> None:
    account = Told(head_bucket=[refuse("404")], create_bucket=[refuse("BucketAlreadyOwnedByYou")])
    assert ensure_bucket(account, None) == "carnation-artifacts-123456789012-us-east-1"
    for action, answers in (
        ("create_bucket", {"head_bucket": [refuse("404")]}),
        ("head_bucket", {}),
        ("get_bucket_policy", {}),
    ):
        with pytest.raises(AccountError, match="SlowDown"):
            ensure_bucket(Told(**answers, **{action: [refuse("SlowDown")]}), None)


def test_an_upload_that_fails_stops_the_others() -> None:
    account = Told(put_object=[refuse("SlowDown")])
    with pytest.raises(AccountError, match="SlowDown"):
        upload_missing(account, "bucket", {str(number): b"" for number in range(100)})
    assert len(account.calls) < 100


def test_a_parameter_that_nobody_gives_is_named() -> None:
    with pytest.raises(UsageError, match="requires Size. Give --parameter Size=…"):
        reject_missing(["Size"])


@pytest.mark.parametrize(
    ("name", "reason", "words"),
    [
        ("UnauthorizedSSOTokenError", "expired", "aws sso login"),
        ("TokenRetrievalError", "expired", "aws sso login"),
        ("ParamValidationError", "failed", "s3, head_bucket: no"),
    ],
)
def test_what_boto3_itself_complains_of_has_its_remedy(name: str, reason: str, words: str) -> None:
    error = explain_failure("s3", "head_bucket", type(name, (Exception,), {})("no"), "eu-west-1")
    assert (error.reason, words in str(error)) == (reason, True)


def test_a_removal_that_fails_is_reported_with_its_cause_and_what_holds_data_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    event = {
        "EventId": "1", "StackName": "tiny-dev", "LogicalResourceId": "Table", "Timestamp": NOON,
        "ResourceType": "AWS::DynamoDB::Table", "ResourceStatus": "DELETE_FAILED",
        "ResourceStatusReason": "deletion protection is on",
    }  # fmt: skip
    table = {
        "LogicalResourceId": "Table", "PhysicalResourceId": "events",
        "ResourceType": "AWS::DynamoDB::Table", "ResourceStatus": "CREATE_COMPLETE",
    }  # fmt: skip
    template = {"TemplateBody": "Resources: {Table: {Type: AWS::DynamoDB::Table}}"}
    account = Told(
        describe_stacks=[describe("CREATE_COMPLETE"), describe("DELETE_FAILED")],
        list_stack_resources=[{"StackResourceSummaries": [table]}],
        get_template=[template],
        describe_stack_events=[{"StackEvents": []}, {"StackEvents": [event]}],
    )
    monkeypatch.setattr("carnation.cli.accounts.Account", lambda *_: account)
    assert destroy.main(["tiny", "--yes"]) == 2
    out, err = capsys.readouterr()
    assert "its data is lost: Table (events)" in out
    assert "is DELETE_FAILED: Table: deletion protection is on" in err
    assert "run the command again" in err


def test_two_resources_of_one_name_are_allowed_one_by_one() -> None:
    queue = {"ResourceType": "AWS::SQS::Queue", "LogicalResourceId": "Queue", "Action": "Remove"}
    table = {"ResourceType": "AWS::DynamoDB::Table", "LogicalResourceId": "Table"}
    rows: list[dict[str, Any]] = [
        {**queue, "Path": "A/Queue"},
        {**queue, "Path": "B/Queue", "PolicyAction": "Retain"},
        {**table, "Path": "B/Table", "Action": "Modify", "Replacement": "Conditional"},
        {**table, "Path": "C/Table", "Action": "Modify", "Replacement": "False"},
        {"ResourceType": "AWS::IAM::Role", "LogicalResourceId": "R", "Action": "Remove",
         "Path": "R"},
    ]  # fmt: skip
    plan = Plan("s", Artifacts("w", "1", {}, {}, {}), None, {}, (), {}, (), same=False)
    losses = find_losses(plan, ChangeSet("n", "arn", STACK, rows, is_new_stack=False))
    assert list(losses) == ["A/Queue", "B/Queue", "Table"]
    assert "retained, outside" in losses["B/Queue"]
    assert losses["Table"].startswith("may be replaced by an empty one")
    with pytest.raises(AccountError, match="--allow-replacement B/Queue$"):
        reject_losses(losses, ["A/Queue", "Queue", "Table"])
    reject_losses(losses, ["A/Queue", "B/Queue", "Table"])


def test_a_stack_that_goes_back_before_any_resource_failed_says_why() -> None:
    def event(status: str, reason: str, path: str = "s") -> Event:
        return Event(0, path, "AWS::CloudFormation::Stack", status, reason, "s")

    begun = event("CREATE_IN_PROGRESS", "User Initiated")
    back = event("ROLLBACK_IN_PROGRESS", "No export named x found.")
    failed = event("CREATE_FAILED", "no room", "s/Queue")
    assert find_cause([begun, back]) == back
    assert find_cause([begun, failed, back]) == failed
    assert find_cause([begun]) is None
