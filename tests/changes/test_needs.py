from __future__ import annotations

from typing import Any

import pytest

from carnation.changes.needs import find_new_needs

OURS, THEIRS = "111122223333", "444455556666"


def send(queue: str, account: str = OURS, **fields: Any) -> dict[str, Any]:
    given = {"QueueUrl": f"https://sqs.eu-west-1.amazonaws.com/{account}/{queue}"}
    return {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": given,
            "End": True, **fields}  # fmt: skip


def define(**states: Any) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


def test_another_queue_needs_a_role_that_allows_it() -> None:
    (need,) = find_new_needs(define(Put=send("a")), define(Put=send("b")), "w.asl.json")
    assert (need.kind, need.pointer, need.subject) == ("permission-needed", "/States/Put", "Put")
    assert f"sqs:SendMessage on arn:aws:sqs:eu-west-1:{OURS}:b" in need.sentence
    assert "policy of the resource" not in need.sentence


def test_a_queue_of_another_account_must_allow_it_itself() -> None:
    (need,) = find_new_needs(define(Put=send("a")), define(Put=send("a", THEIRS)), "w.asl.json")
    assert f"in account {THEIRS}, a policy of the resource must allow it" in need.sentence


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (define(Put=send("a")), define(Send=send("a"))),
        (define(Put=send("a"), Tell=send("b")), define(Put=send("b"))),
        ({}, define(Put=send("a"))),
        ("no definition", define(Put=send("a"))),
    ],
    ids=["renamed", "needed elsewhere", "new", "no definition"],
)
def test_what_the_role_had_to_allow_before_is_no_new_need(old: Any, new: Any) -> None:
    assert list(find_new_needs(old, new, "w.asl.json")) == []


def test_a_map_that_becomes_distributed_needs_its_own_executions() -> None:
    inner = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
    inline = {"Type": "Map", "ItemProcessor": inner, "End": True}
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    spread = {**inline, "ItemProcessor": {**inner, "ProcessorConfig": config}}
    (need,) = find_new_needs(define(Each=inline), define(Each=spread), "w.asl.json")
    assert "states:StartExecution" in need.sentence
    assert "${" not in need.sentence
