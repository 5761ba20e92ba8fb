"""Stack policies are checked when they are set, and hold at updates as they do on AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from carnation.emulator import Emulator
from carnation.emulator.cloudformation.stack_policies import (
    DELETE,
    MODIFY,
    REPLACE,
    check_policy,
    reject_denied,
)
from carnation.errors import EmulatorError, TemplateError

ALL = {"Effect": "Allow", "Principal": "*", "Action": "Update:*", "Resource": "*"}
NOBODY = {"Effect": "Deny", "Principal": "*", "Action": "Update:*"}
QUEUE, TABLE = "AWS::SQS::Queue", "AWS::DynamoDB::Table"


def deny(*actions: str, **more: Any) -> dict[str, Any]:
    return {**ALL, "Effect": "Deny", "Action": list(actions), **more}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Statement": list(statements)})


def reason(text: str | None, action: str, kind: str = QUEUE) -> str:
    try:
        reject_denied(text, action, "Q", kind)
    except EmulatorError as error:
        return str(error)
    return ""


def test_all_is_allowed_without_a_policy_and_with_an_empty_one() -> None:
    assert not reason(None, MODIFY)
    assert not reason("{}", DELETE)


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        (policy(ALL), {MODIFY, REPLACE, DELETE}),
        (policy(deny("Update:*"), ALL), set()),
        (policy(ALL, deny(REPLACE, DELETE)), {MODIFY}),
        (policy({**ALL, "Resource": "LogicalResourceId/Other"}), set()),
        (policy({**ALL, "Resource": ["LogicalResourceId/Q*"], "Action": MODIFY}), {MODIFY}),
        (policy({"Effect": "Allow", "Principal": "*", "NotAction": DELETE, "Resource": "*"}),
         {MODIFY, REPLACE}),
        (policy(ALL, {**NOBODY, "NotResource": "LogicalResourceId/Q"}), {MODIFY, REPLACE, DELETE}),
        (policy(ALL, {**NOBODY, "NotResource": "LogicalResourceId/Other"}), set()),
        (policy(ALL, deny("Update:*", Condition={"StringEquals": {"ResourceType": [TABLE]}})),
         {MODIFY, REPLACE, DELETE}),
        (policy(ALL, deny("Update:*", Condition={"StringLike": {"ResourceType": "AWS::SQS::*"}})),
         set()),
    ],
)  # fmt: skip
def test_a_policy_allows_what_a_statement_allows_and_none_denies(
    text: str, allowed: set[str]
) -> None:
    check_policy(text, ["Q", "Other"])
    assert {action for action in (MODIFY, REPLACE, DELETE) if not reason(text, action)} == allowed


def test_the_statement_that_denies_is_named() -> None:
    assert reason(policy(ALL, deny(REPLACE, DELETE)), DELETE) == (
        "Action denied by stack policy: Statement [#2] does not allow "
        "[Update:Replace, Update:Delete] for resource [*];"
    )
    assert "not allowed by stack policy" in reason(policy({**ALL, "Action": MODIFY}), DELETE)


@pytest.mark.parametrize(
    "text",
    [
        "a1b2", "[]", '"x"', '{"Statement": "x"}', '{"Statement": 5}', '{"Statements": []}',
        policy({**ALL, "Principal": "me"}), policy({**ALL, "Action": "Delete:*"}),
        policy({**ALL, "Effect": "Perhaps"}), policy({**ALL, "Resource": "Q"}),
        policy({**ALL, "Condition": "x"}), policy({**ALL, "Condition": {"Bool": {"a": "b"}}}),
        policy({"Effect": "Allow", "Principal": "*", "Resource": "*"}), " " * 17_000 + "{}",
    ],
)  # fmt: skip
def test_what_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(TemplateError, match="Error validating stack policy: Invalid stack policy"):
        check_policy(text, ["Q"])


def test_a_policy_for_a_resource_that_the_template_does_not_have_is_refused() -> None:
    text = policy({**ALL, "Resource": ["LogicalResourceId/Q", "LogicalResourceId/Nobody"]})
    with pytest.raises(TemplateError, match="Unknown logical id 'LogicalResourceId/Nobody'"):
        check_policy(text, ["Q"])


@pytest.fixture(scope="module")
def cloudformation() -> Iterator[Any]:
    with Emulator(in_process=True) as opened:
        yield opened.client("cloudformation")


def queue(name: str, seconds: int) -> dict[str, Any]:
    return {"Type": QUEUE, "Properties": {"QueueName": name, "VisibilityTimeout": seconds}}


def template(**resources: Any) -> str:
    return json.dumps({"Resources": resources})


def denied(cloudformation: Any, stack: str) -> list[tuple[str, str]]:
    rows = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    return [
        (row["LogicalResourceId"], row["ResourceStatus"]) for row in rows
        if "by stack policy" in row.get("ResourceStatusReason", "")
    ]  # fmt: skip


def status(cloudformation: Any, stack: str) -> str:
    (found,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    return str(found["StackStatus"])


@pytest.mark.parametrize(
    ("action", "after"),
    [
        (MODIFY, {"Q": queue("q", 2), "Other": queue("other", 1)}),
        (REPLACE, {"Q": queue("renamed", 1), "Other": queue("other", 1)}),
        (DELETE, {"Other": queue("other", 1)}),
    ],
)
def test_a_denied_change_fails_and_is_rolled_back(
    cloudformation: Any, action: str, after: dict[str, Any]
) -> None:
    name = action.replace("Update:", "deny-")
    before = template(Q=queue("q", 1), Other=queue("other", 1))
    text = policy(ALL, deny(action, Resource="LogicalResourceId/Q"))
    cloudformation.create_stack(StackName=name, TemplateBody=before, StackPolicyBody=text)
    assert cloudformation.get_stack_policy(StackName=name)["StackPolicyBody"] == text
    cloudformation.update_stack(StackName=name, TemplateBody=template(**after))
    assert status(cloudformation, name) == "UPDATE_ROLLBACK_COMPLETE"
    assert denied(cloudformation, name) == [("Q", "UPDATE_FAILED")]
    cloudformation.create_change_set(
        StackName=name, ChangeSetName="c", TemplateBody=template(**after)
    )
    cloudformation.execute_change_set(StackName=name, ChangeSetName="c")
    assert len(denied(cloudformation, name)) == 2
    during = {"StackPolicyDuringUpdateBody": policy(ALL)}
    cloudformation.update_stack(StackName=name, TemplateBody=template(**after), **during)
    assert status(cloudformation, name) == "UPDATE_COMPLETE"
    assert cloudformation.get_stack_policy(StackName=name)["StackPolicyBody"] == text
    cloudformation.delete_stack(StackName=name)  # policies hold at updates only


def test_a_policy_given_with_an_update_holds_from_the_next_one(cloudformation: Any) -> None:
    cloudformation.create_stack(StackName="next", TemplateBody=template(Q=queue("n", 1)))
    assert "StackPolicyBody" not in cloudformation.get_stack_policy(StackName="next")
    text = policy(deny("Update:*"))
    cloudformation.update_stack(
        StackName="next", TemplateBody=template(Q=queue("n", 2)), StackPolicyBody=text
    )
    assert status(cloudformation, "next") == "UPDATE_COMPLETE"
    cloudformation.update_stack(StackName="next", TemplateBody=template(Q=queue("n", 3)))
    assert denied(cloudformation, "next") == [("Q", "UPDATE_FAILED")]
    with pytest.raises(ClientError, match="cannot specify both StackPolicyURL and StackPolicyBody"):
        cloudformation.set_stack_policy(StackName="next", StackPolicyBody="{}", StackPolicyURL="u")
    cloudformation.set_stack_policy(StackName="next", StackPolicyBody="{}")
    cloudformation.update_stack(StackName="next", TemplateBody=template(Q=queue("n", 3)))
    assert status(cloudformation, "next") == "UPDATE_COMPLETE"
