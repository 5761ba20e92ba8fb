"""A variant: the state machine writes to the table itself, without a second function."""

from __future__ import annotations

from carnation.patterns.events.jsonata import if_any_failed, invoke_function, map_and_requeue
from carnation.patterns.events.reporter import EVENTS
from carnation.patterns.events.stacks import Table, event_stacks
from carnation.patterns.events.writes import OTHER_EVENT, write_event
from carnation.patterns.retries import retry_transient_errors
from carnation.stacks import Function
from carnation.states import Chain, Choice, Fail, Succeed
from carnation.workflow import Workflow


def collect_then_write() -> Chain:
    """Return the graph: the reference's, around another task."""
    collect_events = invoke_function(
        "CollectEvents",
        "collect_events",
        payload="{% $states.input %}",
        output="{% $states.result.Payload %}",
        timeout_seconds=90,
        retry=retry_transient_errors(2),
    )
    write_events = map_and_requeue(
        "WriteEvents",
        write_event("WriteEvent", timeout_seconds=20),
        give_up_on=[OTHER_EVENT],
        max_concurrency="{% $number('${MaxConcurrency}') %}",
    )
    some_failed = Fail(
        "EventsFailed",
        error="EventsFailed",
        cause="{% $string($count($states.input.failed)) & ' events were not written. Each is in "
        "the queue for the next execution, or in the dead-letter queue.' %}",
    )
    any_failed = Choice("AnyFailed", choices=[(if_any_failed(), some_failed)])
    return Chain([collect_events, write_events, any_failed, Succeed("EventsWritten")])


def make_workflow() -> Workflow:
    """Return the workflow with its one function and the reference's stacks."""
    collect = Function(
        "collect_events",
        description="Creates new events and receives those that wait in the queue",
        timeout=60,
    )
    return Workflow(
        name="direct",
        version="0.1.0",
        comment="The reference workflow with one function: a state writes to the table itself",
        query_language="JSONata",
        states=collect_then_write(),
        timeout_seconds=3600,
        functions=(collect,),
        reporter=EVENTS,
        stacks=event_stacks(collect=collect, store=Table()),
    )
