"""Small workflows of events for the proof's own tests: no handlers, every call is a state's own.

`make_small` makes one as it should be, in the shapes that a Map can have, or with one mistake that
people make.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from troposphere import GetAtt, Output, Parameter, Ref, Template, dynamodb, iam, s3, sqs
from troposphere.stepfunctions import S3Location, StateMachine

from carnation.artifacts import Artifacts, make_artifacts
from carnation.document import dump_yaml, keyed_path
from carnation.patterns.events import reporter
from carnation.stacks import Sources
from carnation.workflow import Workflow

SDK, OPTIMIZED = "arn:aws:states:::aws-sdk:", "arn:aws:states:::"
EVENTS = """{% {'items': [$append(
    [$states.input.start_seq..$states.input.end_seq - 1].{'event': {
        'sequence_no': $, 'random_value': 'x', 'generated_unix_time': 1, 'retry_attempt': 0}},
    $states.result.Messages.{'event': $parse(Body), 'receipt_handle': ReceiptHandle}
)]} %}"""


def make_small(
    children: str = "",
    *,
    condition: bool = True,
    puts_away: bool = True,
    deletes_first: bool = False,
) -> Artifacts:
    """Make a workflow that receives, makes, and puts events.

    `children` is the execution type of a Distributed Map over batches of two out of S3, or empty
    for an inline Map. The mistakes: a put without `condition`; an event that is not put away when
    its put fails, so that the run ends in Fail, or tolerates the child and forgets it; a message
    that is deleted as soon as it was received.
    """
    definition = _draw(children, condition, puts_away, deletes_first)
    return _make(definition)


def make_parent(action: str, child: str = "STANDARD", **mistakes: Any) -> Artifacts:
    """Make a workflow that starts the small one, an execution of a state machine of its own.

    `action` is how: `states:startExecution`, with or without `.sync:2`, or
    `aws-sdk:sfn:startSyncExecution`; `child` is the type of the state machine that is started.
    """
    arguments = {"StateMachineArn": "${ChildArn}", "Input": "{% $states.input %}"}
    start = _task(OPTIMIZED, action, "Done", arguments)
    definition = {
        "QueryLanguage": "JSONata",
        "StartAt": "Start",
        "TimeoutSeconds": 3600,
        "States": {"Start": start, "Done": {"Type": "Succeed"}},
    }
    inner = {"condition": True, "puts_away": True, "deletes_first": False, **mistakes}
    return _make(definition, _draw("", **inner), child)


def _make(definition: Any, child: Any = None, kind: str = "STANDARD") -> Artifacts:
    def render(sources: Sources) -> dict[str, str]:
        return _render(sources, child, kind)

    workflow = Workflow(
        name="small", version="0.1.0", states=definition, stacks=render, reporter=reporter.EVENTS
    )
    return make_artifacts(str(Path(__file__).parent / "naive"), workflow)


def _draw(children: str, condition: bool, puts_away: bool, deletes_first: bool) -> dict[str, Any]:
    process = _inline(condition, puts_away)
    states: dict[str, Any] = {
        "Receive": _task(SDK, "sqs:receiveMessage", "Collected", {
            "QueueUrl": "${QueueUrl}", "MaxNumberOfMessages": 10}, Output=EVENTS,
            Assign={"items": EVENTS}),
        "Collected": {"Type": "Pass", "Next": "Forget" if deletes_first else "Each"},
        "Each": {**process, "Next": "Done"},
        "Done": {"Type": "Succeed"},
    }  # fmt: skip
    if not puts_away and not children:
        states["Each"]["Catch"] = [{"ErrorEquals": ["States.ALL"], "Next": "SomeFailed"}]
        states["SomeFailed"] = {"Type": "Fail", "Error": "SomeFailed"}
    if deletes_first:
        states["Forget"] = _delete_all("Each")
    if children:
        states["Each"] = _task(SDK, "s3:putObject", "Children", {
            "Bucket": "${BucketName}",
            "Key": "{% 'runs/' & $states.context.Execution.Name & '.jsonl' %}",
            "Body": "{% $join([$states.input.items.$string($)], '\\n') %}",
        }, Output={"key": "{% 'runs/' & $states.context.Execution.Name & '.jsonl' %}"})  # fmt: skip
        states["Children"] = _distributed(children, process, tolerated=not puts_away)
    start = {"QueryLanguage": "JSONata", "StartAt": "Receive", "TimeoutSeconds": 3600}
    return {**start, "States": states}


def _task(kind: str, action: str, following: str, arguments: Any, **fields: Any) -> dict[str, Any]:
    task = {"Type": "Task", "Resource": kind + action, "Arguments": arguments, **fields}
    return {**task, "Next": following}


def _delete_all(following: str) -> dict[str, Any]:
    handle = "{% $states.input.receipt_handle %}"
    states = {
        "DeleteAtOnce": _task(SDK, "sqs:deleteMessage", "Deleted", {
            "QueueUrl": "${QueueUrl}", "ReceiptHandle": handle}),
        "Deleted": {"Type": "Succeed"},
    }  # fmt: skip
    return {
        "Type": "Map",
        "Items": "{% [$states.input.items[$exists(receipt_handle)]] %}",
        "ItemProcessor": {"StartAt": "DeleteAtOnce", "States": states},
        "Output": "{% $states.input %}",
        "Next": following,
    }


def _inline(condition: bool, puts_away: bool) -> dict[str, Any]:
    """Make the Map that puts each event of a list, and puts those away that fail."""
    keep = {"item": "{% $states.input %}"}
    event = "$states.input.event"
    item = {
        "sequenceNo": {"N": f"{{% $string({event}.sequence_no) %}}"},
        "generatedUnixTime": {"N": f"{{% $string({event}.generated_unix_time) %}}"},
        "retryAttempt": {"N": f"{{% $string({event}.retry_attempt) %}}"},
    }
    put: dict[str, Any] = {"TableName": "${TableName}", "Item": item}
    catch = []
    if condition:
        put["ConditionExpression"] = "attribute_not_exists(sequenceNo)"
        there = {"ErrorEquals": ["DynamoDB.ConditionalCheckFailedException"], "Next": "WasQueued"}
        catch.append({**there, "Assign": keep})
    if puts_away:
        catch.append({"ErrorEquals": ["States.ALL"], "Assign": keep, "Next": "AttemptsLeft"})
    choices = [{"Condition": "{% $exists($item.receipt_handle) %}", "Next": "Delete"}]
    states = {
        "Put": _task(OPTIMIZED, "dynamodb:putItem", "WasQueued", put, Assign=keep, Catch=catch),
        "WasQueued": {"Type": "Choice", "Choices": choices, "Default": "Ended"},
        "Delete": _delete(),
        "Ended": {"Type": "Succeed"},
        **(_put_away() if puts_away else {}),
    }
    processor = {"StartAt": "Put", "States": states}
    items = "{% $states.input.items %}"
    return {"Type": "Map", "Items": items, "ItemProcessor": processor, "Output": {}}


def _put_away() -> dict[str, Any]:
    last = "{% $item.event.retry_attempt >= 3 %}"
    return {
        "AttemptsLeft": {
            "Type": "Choice",
            "Choices": [{"Condition": last, "Next": "GiveUp"}],
            "Default": "TryAgain",
        },
        "TryAgain": _send("QueueUrl", 1),
        "GiveUp": _send("DeadLetterQueueUrl", 0),
    }


def _send(queue: str, more: int) -> dict[str, Any]:
    change = f"{{'retry_attempt': $item.event.retry_attempt + {more}}}"
    body = f"{{% $string($merge([$item.event, {change}])) %}}"
    arguments = {"QueueUrl": f"${{{queue}}}", "MessageBody": body}
    return _task(OPTIMIZED, "sqs:sendMessage", "WasQueued", arguments)


def _delete() -> dict[str, Any]:
    arguments = {"QueueUrl": "${QueueUrl}", "ReceiptHandle": "{% $item.receipt_handle %}"}
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Ended"}]
    return _task(SDK, "sqs:deleteMessage", "Ended", arguments, Catch=catch)


def _distributed(kind: str, process: Mapping[str, Any], *, tolerated: bool) -> dict[str, Any]:
    items = {**process, "Items": "{% $states.input.Items %}", "End": True}
    state = {
        "Type": "Map",
        "Label": "Children",
        "ItemReader": {
            "Resource": f"{OPTIMIZED}s3:getObject",
            "ReaderConfig": {"InputType": "JSONL"},
            "Arguments": {"Bucket": "${BucketName}", "Key": "{% $states.input.key %}"},
        },
        "ItemBatcher": {"MaxItemsPerBatch": 2},
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind},
            "StartAt": "Batch",
            "States": {"Batch": items},
        },
        "ResultWriter": {
            "Resource": f"{OPTIMIZED}s3:putObject",
            "Arguments": {"Bucket": "${BucketName}", "Prefix": "results"},
        },
        "Next": "Done",
    }
    return {**state, "ToleratedFailurePercentage": 100} if tolerated else state


def _render(sources: Sources, child: Any, kind: str) -> dict[str, str]:
    template = Template(Description="A small workflow of events")
    template.set_version("2010-09-09")
    artifacts = Ref(template.add_parameter(Parameter("ArtifactBucket", Type="String")))
    keys = (("sequenceNo", "HASH"), ("generatedUnixTime", "RANGE"))
    table = template.add_resource(dynamodb.Table(
        "Table",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            dynamodb.AttributeDefinition(AttributeName=name, AttributeType="N") for name, _ in keys
        ],
        KeySchema=[dynamodb.KeySchema(AttributeName=name, KeyType=kind) for name, kind in keys],
    ))  # fmt: skip
    found = {
        "TableName": Ref(table),
        "BucketName": Ref(template.add_resource(s3.Bucket("Bucket"))),
        "QueueUrl": Ref(template.add_resource(sqs.Queue("Queue"))),
        "DeadLetterQueueUrl": Ref(template.add_resource(sqs.Queue("DeadLetterQueue"))),
    }
    trust = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"},
             "Action": "sts:AssumeRole"}  # fmt: skip
    role = template.add_resource(
        iam.Role("Role", AssumeRolePolicyDocument={"Version": "2012-10-17", "Statement": [trust]})
    )
    given: dict[str, Any] = dict(found)
    if child is not None:
        inner = StateMachine(
            "Child",
            RoleArn=GetAtt(role, "Arn"),
            StateMachineType=kind,
            DefinitionString=json.dumps(child),
            DefinitionSubstitutions=found,
        )
        given["ChildArn"] = Ref(template.add_resource(inner))
    text = json.dumps(sources.definition)
    location = keyed_path(f"small/{sources.definition_path}", sources.definition_sha256)
    machine = template.add_resource(StateMachine(
        "StateMachine",
        RoleArn=GetAtt(role, "Arn"),
        DefinitionS3Location=S3Location(Bucket=artifacts, Key=location),
        DefinitionSubstitutions={
            name: value for name, value in given.items() if f"${{{name}}}" in text
        },
    ))  # fmt: skip
    for name, value in {**found, "StateMachineArn": Ref(machine)}.items():
        template.add_output(Output(name, Value=value))
    return {"cft/small-root-stack.yaml": dump_yaml(template.to_dict())}
