"""A variant: an Express execution for each event, at a fraction of the price of iterations.

The parent, a Standard execution, keeps the list of events and their results. A child execution may
run twice and keeps no history, so it does only what is idempotent, and succeeds when its event was
written or requeued. One that fails, fails the Map, and a redrive of the parent starts it again.
"""

from __future__ import annotations

from carnation.patterns import if_any_failed, invoke_function, map_and_requeue
from carnation.patterns.events.reporter import EVENTS
from carnation.patterns.events.stacks import Table, event_stacks
from carnation.patterns.retries import retry_transient_errors
from carnation.stacks import Function
from carnation.states import Chain, Choice, Fail, ProcessorConfig, Succeed
from carnation.workflow import Workflow


def collect_then_process() -> Chain:
    """Return the graph: the reference's, with child executions instead of iterations."""
    collect_events = invoke_function(
        "CollectEvents",
        "collect_events",
        payload="$",
        result_selector={
            "events.$": "$.Payload.events",
            "max_concurrency.$": "States.StringToJson('${MaxConcurrency}')",
        },
        timeout_seconds=90,
        retry=retry_transient_errors(2),
    )
    process_events = map_and_requeue(
        "ProcessEvents",
        invoke_function("ProcessEvent", "process_event", timeout_seconds=20),
        max_concurrency_path="$.max_concurrency",
        # what a failed child could not put away only the run still holds: to tolerate is to lose it
        tolerated_failure_percentage=0,
        label="events",
        processor_config=ProcessorConfig(mode="DISTRIBUTED", execution_type="EXPRESS"),
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
    """Return the workflow with the reference's functions and stacks."""
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
        name="express",
        version="0.1.0",
        comment="The reference workflow with an Express execution for each event",
        states=collect_then_process(),
        timeout_seconds=3600,
        functions=(collect, process),
        reporter=EVENTS,
        stacks=event_stacks(collect=collect, process=process, store=Table()),
    )
