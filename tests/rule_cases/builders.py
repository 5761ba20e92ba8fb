"""How the definitions in the cases are made: small functions for states, rules, machines."""

from __future__ import annotations

from typing import Any, NamedTuple

LAMBDA = "arn:aws:states:::lambda:invoke"
SQS_TOKEN = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"


class Case(NamedTuple):
    rule: str
    sentence: str
    broken: dict[str, Any]
    kept: dict[str, Any]
    type: str = "STANDARD"


def machine(**states: Any) -> dict[str, Any]:
    """A definition that starts at the first state; keyword `top` adds fields of the machine."""
    top = states.pop("top", {})
    return {"StartAt": next(iter(states), "A"), **top, "States": states}


def pass_(**fields: Any) -> dict[str, Any]:
    return {"Type": "Pass", **({} if "Next" in fields else {"End": True}), **fields}


def task(resource: str = LAMBDA, **fields: Any) -> dict[str, Any]:
    given = {"Parameters": {"FunctionName": "f"}} if resource == LAMBDA else {}
    if fields.get("QueryLanguage") == "JSONata" and given:
        given = {"Arguments": {"FunctionName": "f"}}
    return {
        "Type": "Task",
        "Resource": resource,
        **given,
        **({} if "Next" in fields else {"End": True}),
        **fields,
    }


def only(state: dict[str, Any], **top: Any) -> dict[str, Any]:
    """A machine of one state, and the ones it may move to."""
    return machine(A=state, top=top)


def choice(*rules: Any, default: bool = True, **fields: Any) -> dict[str, Any]:
    extra = {"Default": "B"} if default else {}
    return machine(A={"Type": "Choice", "Choices": list(rules), **extra, **fields}, B=pass_())


def rule(**fields: Any) -> dict[str, Any]:
    return {**fields, "Next": "B"}


def map_(mode: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    config = {"ProcessorConfig": mode} if mode else {}
    inner = {**config, "StartAt": "I", "States": {"I": pass_()}}
    return {"Type": "Map", "ItemProcessor": inner, "End": True, **fields}


DISTRIBUTED = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
EXPRESS_CHILDREN = {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}


def reader(**config: Any) -> dict[str, Any]:
    body = {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": config, "Parameters": {}}
    return only(map_(DISTRIBUTED, ItemReader=body))


def resource(name: str, **fields: Any) -> dict[str, Any]:
    return only({"Type": "Task", "Resource": name, "End": True, **fields})


def retry(*retriers: dict[str, Any], **top: Any) -> dict[str, Any]:
    return only(task(Retry=list(retriers)), **top)


def errors(*names: str, **fields: Any) -> dict[str, Any]:
    return {"ErrorEquals": list(names), **fields}


def ata(**fields: Any) -> dict[str, Any]:
    return only(pass_(QueryLanguage="JSONata", **fields))


def caught(handler: dict[str, Any], **catcher: Any) -> dict[str, Any]:
    return machine(
        A=task(Next="Done", Catch=[{**errors("States.ALL"), "Next": "H", **catcher}]),
        Done=pass_(),
        H=handler,
    )


def two(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    first = {key: value for key, value in first.items() if key != "End"}
    return machine(A={**first, "Next": "B"}, B=second)


OK = only(pass_())
LOOP = machine(A=pass_(Next="B"), B=pass_(Next="A"))
STRINGS = {"Variable": "$.s", "StringEquals": "x"}

QUEUE = {"QueueUrl": "q", "MessageBody": {"t.$": "$$.Task.Token"}}
GLUE = "arn:aws:states:::glue:startJobRun.sync"
DDB = "arn:aws:states:::dynamodb:putItem"
ITEM = {"Parameters": {"TableName": "t", "Item": {}}}
BOOLEAN = {"Variable": "$.b", "BooleanEquals": True}


def child(pattern: str) -> dict[str, Any]:
    return {"Type": "Task", "Resource": f"arn:aws:states:::states:startExecution.{pattern}",
            "Parameters": {"StateMachineArn": "s"}, "TimeoutSeconds": 9}  # fmt: skip
