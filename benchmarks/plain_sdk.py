"""The reference workflow as a plain script: the stock Step Functions SDK, and troposphere.

Run as `python benchmarks/plain_sdk.py FOLDER`, where `stepfunctions` imports as a whole. It writes
a definition and a template for the same states and resources as `definitions/carnation.py`, as far
as the SDK's words reach (it knows no ResultSelector and no ItemProcessor, among others). It exists
to be measured, and imports nothing of carnation.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from stepfunctions.steps import Catch, Chain, Choice, ChoiceRule, Fail, Map, Pass, Retry, Succeed
from stepfunctions.steps.compute import LambdaStep
from stepfunctions.steps.service import SqsSendMessageStep
from stepfunctions.steps.states import Graph, Task
from troposphere import GetAtt, Output, Parameter, Ref, Sub, Template
from troposphere.awslambda import Code, Environment, Function
from troposphere.cloudwatch import Alarm, MetricDimension
from troposphere.dynamodb import AttributeDefinition, KeySchema, Table
from troposphere.iam import Policy, Role
from troposphere.sns import Topic
from troposphere.sqs import Queue, RedrivePolicy
from troposphere.stepfunctions import S3Location, StateMachine

TRANSIENT = ["Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException"]
FIELDS = ("sequence_no", "random_value", "generated_unix_time", "retry_attempt")


def _retry(errors: list[str], attempts: int) -> Retry:
    return Retry(error_equals=errors, interval_seconds=2, max_attempts=attempts)


def _invoke(name: str, function: str, **fields: Any) -> LambdaStep:
    return LambdaStep(
        name,
        parameters={"FunctionName": f"${{{function}}}", "Payload.$": "$"},
        retry=_retry(TRANSIENT, 2),
        **fields,
    )


def _send(name: str, url: str) -> SqsSendMessageStep:
    return SqsSendMessageStep(
        name,
        parameters={
            "QueueUrl": url,
            "MessageBody": {f"{field}.$": f"$.event.{field}" for field in FIELDS},
        },
        result_path=None,
        retry=_retry(["States.ALL"], 1),
    )


def _delete(name: str, next_step: Any) -> Task:
    step = Task(
        name,
        resource="arn:aws:states:::aws-sdk:sqs:deleteMessage",
        parameters={"QueueUrl": "${QueueUrl}", "ReceiptHandle.$": "$.receipt_handle"},
        result_path=None,
        retry=_retry(["States.ALL"], 1),
        catch=Catch(error_equals=["States.ALL"], next_step=next_step, result_path="$.deletion"),
    )
    step.next(next_step)
    return step


def _choose(name: str, rule: Any, if_true: Any, otherwise: Any) -> Choice:
    choice = Choice(name)
    choice.add_choice(rule, if_true)
    choice.default_choice(otherwise)
    return choice


def draw_iteration() -> LambdaStep:
    """Draw what is done for one event."""
    is_queued = ChoiceRule.IsPresent("$.receipt_handle", True)
    written = Succeed("Written")
    failed = Pass("Failed", parameters={"error.$": "$.failure.Error"})
    had = _choose("HadMessage", is_queued, _delete("DeleteOldMessage", failed), failed)
    in_queue = _send("PutInQueue", "${QueueUrl}")
    in_dead_letters = _send("PutInDeadLetters", "${DeadLetterQueueUrl}")
    in_queue.next(had)
    in_dead_letters.next(had)
    used_up = ChoiceRule.NumericGreaterThanEquals("$.event.retry_attempt", 3)
    attempts_left = _choose("AttemptsLeft", used_up, in_dead_letters, in_queue)
    process = _invoke("ProcessEvent", "ProcessEventFunction", result_path=None)
    for errors, step in ((["EventConflict"], in_dead_letters), (["States.ALL"], attempts_left)):
        process.add_catch(Catch(error_equals=errors, next_step=step, result_path="$.failure"))
    process.next(_choose("WasQueued", is_queued, _delete("DeleteMessage", written), written))
    return process


def draw_definition() -> str:
    """Draw the graph and write its definition."""
    any_failed = _choose(
        "AnyFailed",
        ChoiceRule.IsPresent("$.failed[0]", True),
        Fail(
            "EventsFailed",
            error="EventsFailed",
            cause="The failed events are in the queue or the dead-letter queue",
        ),
        Succeed("EventsWritten"),
    )
    collect = _invoke("CollectEvents", "CollectEventsFunction", output_path="$.Payload")
    events = Map("ProcessEvents", iterator=draw_iteration(), items_path="$.events")
    return str(Graph(Chain([collect, events, any_failed])).to_json(pretty=True))


def _add_functions(template: Template) -> None:
    for title in ("CollectEvents", "ProcessEvent"):
        role = template.add_resource(_make_role(f"{title}Role", "lambda", ["sqs:*", "dynamodb:*"]))
        template.add_resource(
            Function(
                f"{title}Function",
                Runtime="python3.13",
                Architectures=["arm64"],
                Handler="handler.handle",
                Code=Code(S3Bucket=Ref("ArtifactBucket"), S3Key=f"{title}.zip"),
                Timeout=60,
                MemorySize=256,
                Role=GetAtt(role, "Arn"),
                Environment=Environment(Variables={"QUEUE_URL": Ref("Queue")}),
            )
        )


def _make_role(title: str, service: str, actions: list[str]) -> Role:
    allow = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    return Role(
        title,
        AssumeRolePolicyDocument={"Version": "2012-10-17", "Statement": [trust]},
        Policies=[
            Policy(
                PolicyName="work",
                PolicyDocument={"Version": "2012-10-17", "Statement": [allow]},
            )
        ],
    )


def _add_stores(template: Template) -> None:
    dead = template.add_resource(Queue("DeadLetterQueue", MessageRetentionPeriod=1209600))
    redrive = RedrivePolicy(deadLetterTargetArn=GetAtt(dead, "Arn"), maxReceiveCount=10)
    template.add_resource(Queue("Queue", VisibilityTimeout=4500, RedrivePolicy=redrive))
    keys = ("sequenceNo", "generatedUnixTime")
    template.add_resource(
        Table(
            "Events",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                AttributeDefinition(AttributeName=key, AttributeType="N") for key in keys
            ],
            KeySchema=[
                KeySchema(AttributeName=key, KeyType=kind)
                for key, kind in zip(keys, ("HASH", "RANGE"), strict=True)
            ],
        )
    )


def _add_alarm(
    template: Template, title: str, namespace: str, metric: str, of: tuple[str, Any]
) -> None:
    template.add_resource(
        Alarm(
            title,
            Namespace=namespace,
            MetricName=metric,
            Dimensions=[MetricDimension(Name=of[0], Value=of[1])],
            Statistic="Maximum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=0,
            ComparisonOperator="GreaterThanThreshold",
            AlarmActions=[Ref("Alarms")],
        )
    )


def make_template() -> Template:
    """Make the template: functions, queues, table, topic, alarms, state machine."""
    template = Template("The reference workflow, in one stack")
    template.add_parameter(Parameter("ArtifactBucket", Type="String"))
    _add_stores(template)
    _add_functions(template)
    template.add_resource(Topic("Alarms"))
    role = template.add_resource(_make_role("MachineRole", "states", ["lambda:*", "sqs:*"]))
    names = ("QueueUrl", "DeadLetterQueueUrl")
    functions = ("CollectEventsFunction", "ProcessEventFunction")
    machine = template.add_resource(
        StateMachine(
            "Machine",
            RoleArn=GetAtt(role, "Arn"),
            DefinitionS3Location=S3Location(Bucket=Ref("ArtifactBucket"), Key="carnation.asl.json"),
            DefinitionSubstitutions={
                **{name: Ref(name.removesuffix("Url")) for name in names},
                **{name: GetAtt(name, "Arn") for name in functions},
            },
        )
    )
    for metric in ("ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"):
        _add_alarm(template, metric, "AWS/States", metric, ("StateMachineArn", Ref(machine)))
    depth, dead = "ApproximateNumberOfMessagesVisible", GetAtt("DeadLetterQueue", "QueueName")
    _add_alarm(template, "DeadLetters", "AWS/SQS", depth, ("QueueName", dead))
    for function in functions:
        title = f"{function}Errors"
        _add_alarm(template, title, "AWS/Lambda", "Errors", ("FunctionName", Ref(function)))
    template.add_output(Output("StateMachineArn", Value=Sub("${Machine}")))
    return template


def main() -> None:
    """Write the definition and the template into the folder that was given."""
    folder = Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    (folder / "carnation.asl.json").write_text(draw_definition())
    (folder / "template.yaml").write_text(make_template().to_yaml())


if __name__ == "__main__":
    main()
