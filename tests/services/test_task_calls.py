"""One reader of a Task's call: what a `Resource` names, and what is sent with it."""

from __future__ import annotations

from typing import Any

import pytest

from carnation.permissions.calls import list_task_needs
from carnation.services.task_calls import (
    ACTIVITY,
    FUNCTION,
    INTEGRATION,
    SUBSTITUTION,
    Resource,
    find_integration,
    read_call,
    read_resource,
)

KINDS = {
    "arn:aws:states:::sqs:sendMessage": INTEGRATION,
    "arn:${AWS::Partition}:states:::aws-sdk:s3:getObject.waitForTaskToken": INTEGRATION,
    "arn:aws:states:${AWS::Region}:${AWS::AccountId}:activity:approve": ACTIVITY,
    "arn:aws:lambda:eu-west-1:123456789012:function:pay": FUNCTION,
    "${Prefix}:function:pay": FUNCTION,
    "${Pay}": SUBSTITUTION,
    "${Pay}:live": SUBSTITUTION,
    "${Pay}:${Alias}": SUBSTITUTION,
    "arn:aws:states:::${Call}": "",
    "arn:aws:states:::lambda:invoke${Pattern}": "",
    "arn:aws:states:eu-west-1:123456789012:stateMachine:pay": "",
    "arn:aws:s3:::bucket": "",
    "pay": "",
}


@pytest.mark.parametrize("text", KINDS)
def test_the_kind_of_a_resource_is_reported_by_its_text(text: str) -> None:
    assert read_resource(text).kind == KINDS[text]


@pytest.mark.parametrize("value", [None, 7, {"Ref": "Pay"}, []])
def test_what_is_no_text_is_of_no_kind(value: Any) -> None:
    assert read_resource(value) == Resource("")
    assert find_integration({"Resource": value}) is None


def test_an_arn_is_taken_apart() -> None:
    read = read_resource("arn:aws-cn:states:::aws-sdk:sfn:startExecution.waitForTaskToken")
    assert (read.owner, read.call) == ("aws-sdk:sfn", "aws-sdk:sfn:startExecution")
    assert read.full_call == "aws-sdk:sfn:startExecution.waitForTaskToken"
    function = read_resource("arn:${Partition}:lambda:${Region}:${AWS::AccountId}:function:pay:1")
    places = (function.partition, function.region, function.account, function.name)
    assert places == ("${Partition}", "${Region}", "${AWS::AccountId}", "pay:1")


@pytest.mark.parametrize("field", ["Parameters", "Arguments"])
def test_what_is_sent_is_read_in_both_languages(field: str) -> None:
    assert read_call({"Resource": "${Pay}", field: {}})[1:] == (field, {})
    assert read_call({"Resource": "${Pay}"})[1:] == ("", None)


@pytest.mark.parametrize("resource", ["${Pay}:live", "${Pay}:${Alias}", "${Prefix}:function:pay"])
def test_an_alias_behind_a_substitution_needs_the_permission_to_invoke(resource: str) -> None:
    (need,) = list_task_needs("A", {"Type": "Task", "Resource": resource})
    assert (need.action, need.resource) == ("lambda:InvokeFunction", resource)
