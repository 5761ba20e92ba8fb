"""The patterns in JSONata: what later states need is kept in variables, not in the payload.

For a workflow with `query_language="JSONata"`. The states, transitions and promises are those of
`carnation.patterns`; no ResultPath has to keep the item, since the variable `$item` does.
"""

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
from carnation.states import Catch, Condition, Map, Pass, Succeed, Task, integration_arn

__all__ = ["if_any_failed", "invoke_function", "map_and_requeue"]


def invoke_function(
    state_id: str, function: str, *, payload: Any = "{% $states.input.event %}", **fields: Any
) -> Task:
    """Make the Task that invokes a function of the workflow, as `patterns.invoke_function` does.

    `payload` is an expression, or a mapping that holds some, of what the function receives.

    >>> invoke_function("Pay", "take_money", payload="{% $order %}").fields["arguments"]
    {'FunctionName': '${TakeMoneyFunction}', 'Payload': '{% $order %}'}
    """
    return Task(
        state_id,
        resource=integration_arn("lambda:invoke"),
        arguments={"FunctionName": substitute_function(function), "Payload": payload},
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
    items: Any = "{% $states.input.events %}",
    **fields: Any,
) -> Map:
    """Make the Map that does `work` for each event, as `patterns.map_and_requeue` does.

    The item is the input of `work`, and the variable `$item` of every state behind it; the error's
    name is `$failure`. What `work` assigns stays.
    """
    iteration = draw_iteration(
        _Jsonata(),
        work,
        event_fields=event_fields,
        key_fields=key_fields,
        retries=retries,
        give_up_on=give_up_on,
    )
    return Map(
        state_id,
        items=items,
        item_processor=iteration,
        **{"output": {"failed": "{% [$states.result[$exists(error)]] %}"}, **fields},
    )


def if_any_failed() -> Any:
    """Make the condition that holds when a `map_and_requeue` has put any event away.

    >>> if_any_failed().to_dict()
    {'Condition': '{% $exists($states.input.failed[0]) %}'}
    """
    return Condition("{% $exists($states.input.failed[0]) %}")


_ITEM = {"item": "{% $states.input %}"}


class _Jsonata:
    """Spells the graph of an iteration in JSONata: the item is a variable."""

    def keep_item(self, work: Task) -> None:
        given: Mapping[str, Any] = work.fields.get("assign", {})
        work.fields["assign"] = {**given, **_ITEM}

    def catch(self, errors: Sequence[str], next_step: Any) -> Catch:
        return Catch(
            error_equals=list(errors),
            next_step=next_step,
            assign={**_ITEM, "failure": "{% $states.errorOutput.Error %}"},
        )

    def end(self, state_id: str) -> Succeed:
        return Succeed(state_id, output={})

    def make_failed_answer(self, state_id: str, key_fields: Sequence[str]) -> Pass:
        return Pass(
            state_id,
            comment="The fields of a failed event that the execution needs",
            output={**_pick((*key_fields, "retry_attempt")), "error": "{% $failure %}"},
        )

    def if_queued(self) -> Any:
        return Condition("{% $exists($item.receipt_handle) %}")

    def if_kept(self) -> Any:
        return Condition(
            "{% $exists($item.kept_until) and "
            "$toMillis($states.context.State.EnteredTime) < $toMillis($item.kept_until) %}"
        )

    def if_last(self, retries: int) -> Any:
        return Condition(f"{{% $item.event.retry_attempt >= {retries} %}}")

    def send(self, state_id: str, queue: str, event_fields: Sequence[str], more: int) -> Task:
        added = f" + {more}" if more else ""
        return Task(
            state_id,
            resource=integration_arn("sqs:sendMessage"),
            arguments={
                "QueueUrl": queue,
                "MessageBody": {
                    **_pick(event_fields),
                    "retry_attempt": f"{{% $item.event.retry_attempt{added} %}}",
                },
                "MessageAttributes": {
                    "reason": {"DataType": "String", "StringValue": "{% $failure %}"},
                    "execution": {
                        "DataType": "String",
                        "StringValue": "{% $states.context.Execution.Id %}",
                    },
                },
            },
            timeout_seconds=30,
            retry=retry_once(),
        )

    def delete(self, state_id: str, next_step: Any) -> Task:
        task = Task(
            state_id,
            resource=integration_arn("aws-sdk:sqs:deleteMessage"),
            arguments={"QueueUrl": QUEUE, "ReceiptHandle": "{% $item.receipt_handle %}"},
            timeout_seconds=30,
            retry=retry_once(),
            catch=Catch(
                error_equals=["States.ALL"],
                next_step=next_step,
                comment="The event is safe; the copy that remains in the queue has no effect",
            ),
        )
        task.next(next_step)
        return task


def _pick(fields: Sequence[str]) -> dict[str, str]:
    return {field: f"{{% $item.event.{field} %}}" for field in fields}
