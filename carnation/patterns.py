"""Patterns: reusable parts of a workflow, as functions that return fresh states.

The one that carnation's reference application is made of: do some work for each event of a list,
and put every event whose work fails safely away inside its own iteration, so that none is lost
with the list: into a queue for a later run, or, when its retries are used up, into a dead-letter
queue for a person.

An item of the list is `{"event": {…}, "receipt_handle": "…"}`; the handle is there when the event
came out of the queue. An event carries `retry_attempt`: 0 at first, n on its n-th retry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from carnation.states import (
    Catch,
    Choice,
    ChoiceRule,
    Map,
    Pass,
    Retry,
    Succeed,
    Task,
    name_integration,
)

TRANSIENT_LAMBDA_ERRORS = (
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
)
"""What AWS advises to retry on every Lambda task.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html
"""


def retry_transient_errors(max_attempts: int = 1) -> Retry:
    """Make the retrier for errors of the Lambda service itself, its waits spread at random.

    One attempt is what a Map over a thousand events can afford: each costs its history three more
    for every event.

    >>> retry_transient_errors(2).fields["max_attempts"]
    2
    """
    return Retry(
        error_equals=TRANSIENT_LAMBDA_ERRORS,
        interval_seconds=2,
        max_attempts=max_attempts,
        max_delay_seconds=10,
        jitter_strategy="FULL",
    )


def invoke_function(
    state_id: str, function: str, *, payload: str = "$.event", **fields: Any
) -> Task:
    """Make the Task that invokes a function of the workflow, at the version that was deployed.

    `function` is the function's name (`process_event`); the definition gets a substitution for the
    ARN of its version, so that executions in flight keep their code. `payload` is the path to what
    the function receives. Other fields are those of `Task`; `retry` is `retry_transient_errors()`
    unless given.

    >>> invoke_function("Pay", "take_money", payload="$.order").fields["parameters"]
    {'FunctionName': '${TakeMoneyFunction}', 'Payload.$': '$.order'}
    """
    substitution = "".join(part.title() for part in function.split("_")) + "Function"
    return Task(
        state_id,
        resource=name_integration("lambda:invoke"),
        parameters={"FunctionName": f"${{{substitution}}}", "Payload.$": payload},
        **{"retry": retry_transient_errors(), **fields},
    )


def map_and_put_away(
    state_id: str,
    work: Task,
    *,
    event_fields: Sequence[str] = ("sequence_no", "random_value", "generated_unix_time"),
    key_fields: Sequence[str] = ("sequence_no", "generated_unix_time"),
    retries: int = 3,
    give_up_on: Sequence[str] = ("EventConflict",),
    items_path: str = "$.events",
    **fields: Any,
) -> Map:
    """Make the Map that does `work` for each event and puts every failed event away at once.

    `work` is the Task for one item; its input is the item, its result is thrown away. An event that
    fails goes to the queue (`${QueueUrl}`) with its `retry_attempt` raised by one; one that fails
    its last retry (`retries` of them), or with an error named in `give_up_on`, goes to the
    dead-letter queue (`${DeadLetterQueueUrl}`). The message an event came from is deleted after the
    event is safe, never before, and a deletion that fails is no failure of the event.

    The Map's output is `{"failed": […]}` (see `if_any_failed`): the failed events' `key_fields`,
    attempts and error names. Sending has no catcher, by intent: a run that cannot put an event away
    fails in the sending state itself, which redriving runs again (a Fail state would only fail
    again).
    `event_fields` are all fields of an event but `retry_attempt`. Other fields are those of `Map`.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
    """
    written = Succeed("Written", output_path=None)
    was_queued = _choose_queued("WasQueued", _delete_message("DeleteMessage", written), written)
    put_in_queue, put_in_dead_letters = _put_away(event_fields, key_fields)
    attempts_left = Choice(
        "AttemptsLeft",
        choices=[
            (
                ChoiceRule.NumericGreaterThanEquals("$.event.retry_attempt", retries),
                put_in_dead_letters,
            )
        ],
        default=put_in_queue,
    )
    work.fields["result_path"] = None
    work.next(was_queued)
    if give_up_on:
        work.add_catch(_catch(give_up_on, put_in_dead_letters))
    work.add_catch(_catch(["States.ALL"], attempts_left))
    return Map(
        state_id,
        items_path=items_path,
        item_processor=work,
        result_selector={"failed.$": "$[?(@.error)]"},
        **fields,
    )


def if_any_failed() -> Any:
    """Make the rule that holds when a `map_and_put_away` has put any event away.

    >>> str(if_any_failed())
    "{'Variable': '$.failed[0]', 'IsPresent': True}"
    """
    return ChoiceRule.IsPresent("$.failed[0]", True)


def _catch(errors: Sequence[str], next_step: Any) -> Catch:
    return Catch(error_equals=list(errors), next_step=next_step, result_path="$.failure")


def _put_away(event_fields: Sequence[str], key_fields: Sequence[str]) -> tuple[Task, Task]:
    """Make the two ways out for a failed event, which meet where its old message is deleted."""
    failed = Pass(
        "Failed",
        comment="All that the run needs to know of a failed event",
        parameters={
            **{f"{field}.$": f"$.event.{field}" for field in (*key_fields, "retry_attempt")},
            "error.$": "$.failure.Error",
        },
    )
    had_message = _choose_queued("HadMessage", _delete_message("DeleteOldMessage", failed), failed)
    event = {f"{field}.$": f"$.event.{field}" for field in event_fields}
    next_attempt = {"retry_attempt.$": "States.MathAdd($.event.retry_attempt, 1)"}
    same_attempt = {"retry_attempt.$": "$.event.retry_attempt"}
    ways = (
        _send_message("PutInQueue", "${QueueUrl}", {**event, **next_attempt}),
        _send_message("PutInDeadLetters", "${DeadLetterQueueUrl}", {**event, **same_attempt}),
    )
    for way in ways:
        way.next(had_message)
    return ways


def _send_message(state_id: str, queue_url: str, body: Mapping[str, str]) -> Task:
    return Task(
        state_id,
        resource=name_integration("sqs:sendMessage"),
        parameters={
            "QueueUrl": queue_url,
            "MessageBody": dict(body),
            "MessageAttributes": {
                "reason": {"DataType": "String", "StringValue.$": "$.failure.Error"},
                "execution": {"DataType": "String", "StringValue.$": "$$.Execution.Id"},
            },
        },
        result_path=None,
        timeout_seconds=30,
        retry=_retry_once(),
    )


def _delete_message(state_id: str, next_step: Any) -> Task:
    task = Task(
        state_id,
        resource=name_integration("aws-sdk:sqs:deleteMessage"),
        parameters={"QueueUrl": "${QueueUrl}", "ReceiptHandle.$": "$.receipt_handle"},
        result_path=None,
        timeout_seconds=30,
        retry=_retry_once(),
        catch=Catch(
            error_equals=["States.ALL"],
            next_step=next_step,
            result_path="$.deletion",
            comment="The event is safe; the copy that stays in the queue changes nothing",
        ),
    )
    task.next(next_step)
    return task


def _retry_once() -> Retry:
    # one retry, since each costs the history three events for every event of the run
    return Retry(
        error_equals=["States.ALL"],
        interval_seconds=1,
        max_attempts=1,
        jitter_strategy="FULL",
    )


def _choose_queued(state_id: str, if_queued: Any, otherwise: Any) -> Choice:
    return Choice(
        state_id,
        choices=[(ChoiceRule.IsPresent("$.receipt_handle", True), if_queued)],
        default=otherwise,
    )
