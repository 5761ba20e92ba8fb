"""The reference workflow: write each event to a table, and never lose one that fails.

CollectEvents creates new events and receives those that wait in the queue. ProcessEvents writes
each of them, and sends each that fails to the queue or the dead-letter queue. An execution in which
an event failed ends in Fail, one in which all were written in Succeed.
"""

from __future__ import annotations

from carnation.patterns import (
    TRANSIENT_LAMBDA_ERRORS,
    if_any_failed,
    invoke_function,
    map_and_requeue,
)
from carnation.patterns.events.reporter import EVENTS
from carnation.patterns.events.stacks import Table, event_stacks
from carnation.stacks import Function
from carnation.states import Chain, Choice, Fail, Retry, Succeed
from carnation.workflow import Workflow


def collect_then_process() -> Chain:
    """Return the graph, from the first state to the last."""
    collect_events = invoke_function(
        "CollectEvents",
        "collect_events",
        payload="$",
        result_selector={
            "events.$": "$.Payload.events",
            "max_concurrency.$": "States.StringToJson('${MaxConcurrency}')",
        },
        timeout_seconds=90,
        retry=Retry(
            error_equals=TRANSIENT_LAMBDA_ERRORS,
            interval_seconds=2,
            max_attempts=2,
            backoff_rate=2.0,
            max_delay_seconds=10,
            jitter_strategy="FULL",
        ),
    )

    process_event = invoke_function(
        "ProcessEvent", "process_event", payload="$.event", timeout_seconds=20
    )

    process_events = map_and_requeue(
        "ProcessEvents",
        process_event,
        event_fields=("sequence_no", "random_value", "generated_unix_time"),
        key_fields=("sequence_no", "generated_unix_time"),
        retries=3,
        give_up_on=["EventConflict"],
        items_path="$.events",
        max_concurrency_path="$.max_concurrency",
    )

    some_failed = Fail(
        "EventsFailed",
        error="EventsFailed",
        cause="Some events were not written. Each is in the queue for the next execution, "
        "or in the dead-letter queue.",
    )

    any_failed = Choice("AnyFailed", choices=[(if_any_failed(), some_failed)])

    return Chain([collect_events, process_events, any_failed, Succeed("EventsWritten")])


def make_workflow() -> Workflow:
    """Return the workflow: the graph, the functions that it invokes, and its stacks."""
    collect = Function(
        "collect_events",
        description="Creates new events and receives those that wait in the queue",
        timeout=60,
    )
    process = Function(
        "process_event",
        description="Writes one event to the table, once",
        timeout=10,
    )
    return Workflow(
        name="carnation",
        version="0.1.0",
        comment="Writes events to a table; failed events wait in a queue for the next execution",
        states=collect_then_process(),
        timeout_seconds=3600,
        functions=(collect, process),
        reporter=EVENTS,
        stacks=event_stacks(collect=collect, process=process, store=Table()),
    )
