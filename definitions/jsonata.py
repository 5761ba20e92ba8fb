"""A variant: the reference workflow in JSONata, with variables instead of result paths."""

from __future__ import annotations

from carnation.patterns.events.jsonata import if_any_failed, invoke_function, map_and_requeue
from carnation.patterns.events.reporter import EVENTS
from carnation.patterns.events.stacks import Table, event_stacks
from carnation.patterns.retries import retry_transient_errors
from carnation.stacks import Function
from carnation.states import Chain, Choice, Fail, Succeed
from carnation.workflow import Workflow


def collect_then_process() -> Chain:
    """Return the graph: the reference's states and transitions, in JSONata."""
    collect_events = invoke_function(
        "CollectEvents",
        "collect_events",
        payload="{% $states.input %}",
        output="{% $states.result.Payload %}",
        timeout_seconds=90,
        retry=retry_transient_errors(2),
    )
    process_events = map_and_requeue(
        "ProcessEvents",
        invoke_function("ProcessEvent", "process_event", timeout_seconds=20),
        max_concurrency="{% $number('${MaxConcurrency}') %}",
    )
    some_failed = Fail(
        "EventsFailed",
        error="EventsFailed",
        cause="{% $string($count($states.input.failed)) & ' events were not written. Each is in "
        "the queue for the next execution, or in the dead-letter queue.' %}",
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
        name="jsonata",
        version="0.1.0",
        comment="The reference workflow in JSONata, with variables",
        query_language="JSONata",
        states=collect_then_process(),
        timeout_seconds=3600,
        functions=(collect, process),
        reporter=EVENTS,
        stacks=event_stacks(collect=collect, process=process, store=Table()),
    )
