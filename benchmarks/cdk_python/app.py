"""The reference workflow as a CDK app: the same states and resources as definitions/carnation.py.

It exists to be measured: benchmarks/build.py runs `cdk synth` on it. What CDK's constructs have no
word for (a message's attributes, a path to the concurrency) is left out. Imports nothing of
carnation.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aws_cdk import App, Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as cloudwatch_actions
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks

LAMBDAS = Path(__file__).resolve().parents[2] / "lambdas"
EVENT_FIELDS = ("sequence_no", "random_value", "generated_unix_time")
RETRY_ONCE: dict[str, Any] = {
    "errors": ["States.ALL"],
    "interval": Duration.seconds(1),
    "max_attempts": 1,
}


def make_function(
    stack: Stack, title: str, folder: str, environment: dict[str, str]
) -> lambda_.Function:
    """Make a function of `lambdas/`."""
    return lambda_.Function(
        stack,
        title,
        runtime=lambda_.Runtime.PYTHON_3_13,
        architecture=lambda_.Architecture.ARM_64,
        handler="handler.handle",
        code=lambda_.Code.from_asset(str(LAMBDAS / folder)),
        memory_size=256,
        timeout=Duration.seconds(60),
        tracing=lambda_.Tracing.ACTIVE,
        environment=environment,
    )


def _send(stack: Stack, name: str, queue: sqs.Queue, attempt: Any) -> tasks.SqsSendMessage:
    body = {field: sfn.JsonPath.string_at(f"$.event.{field}") for field in EVENT_FIELDS}
    task = tasks.SqsSendMessage(
        stack,
        name,
        queue=queue,
        message_body=sfn.TaskInput.from_object({**body, "retry_attempt": attempt}),
        result_path=sfn.JsonPath.DISCARD,
        task_timeout=sfn.Timeout.duration(Duration.seconds(30)),
    )
    task.add_retry(**RETRY_ONCE)
    return task


def _delete(stack: Stack, name: str, queue: sqs.Queue, next_step: Any) -> tasks.CallAwsService:
    task = tasks.CallAwsService(
        stack,
        name,
        service="sqs",
        action="deleteMessage",
        parameters={
            "QueueUrl": queue.queue_url,
            "ReceiptHandle": sfn.JsonPath.string_at("$.receipt_handle"),
        },
        iam_resources=[queue.queue_arn],
        result_path=sfn.JsonPath.DISCARD,
        task_timeout=sfn.Timeout.duration(Duration.seconds(30)),
    )
    task.add_retry(**RETRY_ONCE)
    task.add_catch(next_step, result_path="$.deletion")
    task.next(next_step)
    return task


def _put_away(stack: Stack, queue: sqs.Queue, dead_letters: sqs.Queue) -> tuple[Any, Any]:
    failed = sfn.Pass(
        stack,
        "Failed",
        comment="The fields of a failed event that the execution needs",
        parameters={
            "sequence_no": sfn.JsonPath.number_at("$.event.sequence_no"),
            "generated_unix_time": sfn.JsonPath.number_at("$.event.generated_unix_time"),
            "retry_attempt": sfn.JsonPath.number_at("$.event.retry_attempt"),
            "error": sfn.JsonPath.string_at("$.failure.Error"),
        },
    )
    had_message = (
        sfn.Choice(stack, "HadMessage")
        .when(
            sfn.Condition.is_present("$.receipt_handle"),
            _delete(stack, "DeleteOldMessage", queue, failed),
        )
        .otherwise(failed)
    )
    attempt = sfn.JsonPath.number_at("$.event.retry_attempt")
    in_queue = _send(stack, "PutInQueue", queue, sfn.JsonPath.math_add(attempt, 1))
    in_dead_letters = _send(stack, "PutInDeadLetters", dead_letters, attempt)
    in_queue.next(had_message)
    in_dead_letters.next(had_message)
    return in_queue, in_dead_letters


def draw_iteration(
    stack: Stack, function: lambda_.Function, queue: sqs.Queue, dead_letters: sqs.Queue
) -> Any:
    """Draw what is done for one event."""
    written = sfn.Succeed(stack, "Written")
    in_queue, in_dead_letters = _put_away(stack, queue, dead_letters)
    used_up = sfn.Condition.number_greater_than_equals("$.event.retry_attempt", 3)
    attempts_left = sfn.Choice(stack, "AttemptsLeft").when(used_up, in_dead_letters)
    attempts_left.otherwise(in_queue)
    was_queued = (
        sfn.Choice(stack, "WasQueued")
        .when(
            sfn.Condition.is_present("$.receipt_handle"),
            _delete(stack, "DeleteMessage", queue, written),
        )
        .otherwise(written)
    )
    process = tasks.LambdaInvoke(
        stack,
        "ProcessEvent",
        lambda_function=function,
        payload=sfn.TaskInput.from_json_path_at("$.event"),
        result_path=sfn.JsonPath.DISCARD,
    )
    process.add_catch(in_dead_letters, errors=["EventConflict"], result_path="$.failure")
    process.add_catch(attempts_left, errors=["States.ALL"], result_path="$.failure")
    return process.next(was_queued)


def draw_definition(stack: Stack, collect: lambda_.Function, iteration: Any) -> Any:
    """Draw the graph, from the first state to the last."""
    collect_events = tasks.LambdaInvoke(
        stack,
        "CollectEvents",
        lambda_function=collect,
        payload=sfn.TaskInput.from_json_path_at("$"),
        result_selector={"events": sfn.JsonPath.object_at("$.Payload.events")},
    )
    process_events = sfn.Map(
        stack,
        "ProcessEvents",
        items_path="$.events",
        max_concurrency=10,
        result_selector={"failed.$": "$[?(@.error)]"},
    )
    process_events.item_processor(iteration)
    some_failed = sfn.Fail(
        stack, "EventsFailed", error="EventsFailed", cause="Some events were not written"
    )
    any_failed = (
        sfn.Choice(stack, "AnyFailed")
        .when(sfn.Condition.is_present("$.failed[0]"), some_failed)
        .otherwise(sfn.Succeed(stack, "EventsWritten"))
    )
    return collect_events.next(process_events).next(any_failed)


def add_alarms(
    stack: Stack, machine: sfn.StateMachine, dead: sqs.Queue, functions: list[lambda_.Function]
) -> None:
    """Add the alarms and the topic they publish to."""
    action = cloudwatch_actions.SnsAction(sns.Topic(stack, "Alarms"))
    metrics = {
        "ExecutionsFailed": machine.metric_failed(),
        "ExecutionsTimedOut": machine.metric_timed_out(),
        "ExecutionsAborted": machine.metric_aborted(),
        "DeadLetters": dead.metric_approximate_number_of_messages_visible(),
        **{f"{function.node.id}Errors": function.metric_errors() for function in functions},
    }
    for name, metric in metrics.items():
        metric.create_alarm(
            stack,
            name,
            threshold=0,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
        ).add_alarm_action(action)


def main() -> None:
    """Synthesize the stack."""
    app = App(analytics_reporting=False)
    stack = Stack(app, "carnation")
    dead = sqs.Queue(stack, "DeadLetterQueue", retention_period=Duration.days(14))
    queue = sqs.Queue(
        stack,
        "Queue",
        visibility_timeout=Duration.seconds(4500),
        dead_letter_queue=sqs.DeadLetterQueue(queue=dead, max_receive_count=10),
    )
    table = dynamodb.TableV2(
        stack,
        "Events",
        partition_key=dynamodb.Attribute(name="sequenceNo", type=dynamodb.AttributeType.NUMBER),
        sort_key=dynamodb.Attribute(name="generatedUnixTime", type=dynamodb.AttributeType.NUMBER),
    )
    queues = {"QUEUE_URL": queue.queue_url, "DEAD_LETTER_QUEUE_URL": dead.queue_url}
    collect = make_function(stack, "CollectEventsFunction", "collect_events", queues)
    name = {"TABLE_NAME": table.table_name}
    process = make_function(stack, "ProcessEventFunction", "process_event", name)
    queue.grant_consume_messages(collect)
    dead.grant_send_messages(collect)
    table.grant_read_write_data(process)
    iteration = draw_iteration(stack, process, queue, dead)
    definition = draw_definition(stack, collect, iteration)
    machine = sfn.StateMachine(
        stack,
        "Machine",
        definition_body=sfn.DefinitionBody.from_chainable(definition),
        timeout=Duration.hours(1),
        tracing_enabled=True,
    )
    add_alarms(stack, machine, dead, [collect, process])
    app.synth()


if __name__ == "__main__":
    main()
