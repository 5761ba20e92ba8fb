"""The patterns in JSONPath: what a state hands on is in its payload."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from carnation.patterns.events.map import (
    EVENT_FIELDS,
    GIVE_UP_ON,
    KEY_FIELDS,
    QUEUE,
    draw_iteration,
)
from carnation.patterns.retries import retry_once, retry_transient_errors, substitute_function
from carnation.states import Catch, ChoiceRule, Map, Pass, Succeed, Task, integration_arn


def invoke_function(
    state_id: str, function: str, *, payload: str | Mapping[str, Any] = "$.event", **fields: Any
) -> Task:
    """Make the Task that invokes a function of the workflow, at the version that was deployed.

    `function` is the function's name (`process_event`); the definition gets a substitution for the
    ARN of its version, so that running executions keep their code. `payload` is the path to what
    the function receives, or a mapping that holds paths. Other fields are those of `Task`; `retry`
    is `retry_transient_errors()` unless given.

    >>> invoke_function("Pay", "take_money", payload="$.order").fields["parameters"]
    {'FunctionName': '${TakeMoneyFunction}', 'Payload.$': '$.order'}
    """
    given = {"Payload.$" if isinstance(payload, str) else "Payload": payload}
    return Task(
        state_id,
        resource=integration_arn("lambda:invoke"),
        parameters={"FunctionName": substitute_function(function), **given},
        **{"retry": retry_transient_errors(), **fields},
    )


def map_and_requeue(
    state_id: str,
    work: Task,
    *,
    event_fields: Sequence[str] = EVENT_FIELDS,
    key_fields: Sequence[str] = KEY_FIELDS,
    retries: int = 3,
    give_up_on: Sequence[str] = GIVE_UP_ON,
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
    iteration = draw_iteration(
        _Paths(),
        work,
        event_fields=event_fields,
        key_fields=key_fields,
        retries=retries,
        give_up_on=give_up_on,
    )
    return Map(
        state_id,
        items_path=items_path,
        item_processor=iteration,
        result_selector={"failed.$": "$[?(@.error)]"},
        **fields,
    )


map_and_put_away = map_and_requeue
"""The name until 0.1, for one release."""


def if_any_failed() -> Any:
    """Make the rule that holds when a `map_and_requeue` has put any event away.

    >>> str(if_any_failed())
    "{'Variable': '$.failed[0]', 'IsPresent': True}"
    """
    return ChoiceRule.IsPresent("$.failed[0]", True)


class _Paths:
    """Spells the graph of an iteration in JSONPath: the item stays the payload."""

    def keep_item(self, work: Task) -> None:
        work.fields["result_path"] = None

    def catch(self, errors: Sequence[str], next_step: Any) -> Catch:
        return Catch(error_equals=list(errors), next_step=next_step, result_path="$.failure")

    def end(self, state_id: str) -> Succeed:
        return Succeed(state_id, output_path=None)

    def make_failed_answer(self, state_id: str, key_fields: Sequence[str]) -> Pass:
        return Pass(
            state_id,
            comment="The fields of a failed event that the execution needs",
            parameters={
                **{f"{field}.$": f"$.event.{field}" for field in (*key_fields, "retry_attempt")},
                "error.$": "$.failure.Error",
            },
        )

    def if_queued(self) -> Any:
        return ChoiceRule.IsPresent("$.receipt_handle", True)

    def if_kept(self) -> Any:
        return ChoiceRule.And(
            [
                ChoiceRule.IsPresent("$.kept_until", True),
                ChoiceRule.TimestampLessThanPath("$$.State.EnteredTime", "$.kept_until"),
            ]
        )

    def if_last(self, retries: int) -> Any:
        return ChoiceRule.NumericGreaterThanEquals("$.event.retry_attempt", retries)

    def send(self, state_id: str, queue: str, event_fields: Sequence[str], more: int) -> Task:
        attempt = "$.event.retry_attempt"
        return Task(
            state_id,
            resource=integration_arn("sqs:sendMessage"),
            parameters={
                "QueueUrl": queue,
                "MessageBody": {
                    **{f"{field}.$": f"$.event.{field}" for field in event_fields},
                    "retry_attempt.$": f"States.MathAdd({attempt}, {more})" if more else attempt,
                },
                "MessageAttributes": {
                    "reason": {"DataType": "String", "StringValue.$": "$.failure.Error"},
                    "execution": {"DataType": "String", "StringValue.$": "$$.Execution.Id"},
                },
            },
            result_path=None,
            timeout_seconds=30,
            retry=retry_once(),
        )

    def delete(self, state_id: str, next_step: Any) -> Task:
        task = Task(
            state_id,
            resource=integration_arn("aws-sdk:sqs:deleteMessage"),
            parameters={"QueueUrl": QUEUE, "ReceiptHandle.$": "$.receipt_handle"},
            result_path=None,
            timeout_seconds=30,
            retry=retry_once(),
            catch=Catch(
                error_equals=["States.ALL"],
                next_step=next_step,
                result_path="$.deletion",
                comment="The event is safe; the copy that remains in the queue has no effect",
            ),
        )
        task.next(next_step)
        return task
