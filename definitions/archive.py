"""A variant: the same pattern around another handler, with a bucket as the store of events."""

from carnation.patterns import if_any_failed, invoke_function, map_and_requeue
from carnation.patterns.events.reporter import EVENTS
from carnation.patterns.events.stacks import Bucket, event_stacks
from carnation.stacks import Function
from carnation.states import Chain, Choice, Fail, Succeed
from carnation.workflow import Workflow


def make_workflow() -> Workflow:
    """Archive each event once; failed events wait in a queue, as in the reference workflow."""
    collect = Function("collect_events", description="Creates and receives events", timeout=60)
    archive = Function("archive_event", description="Writes one event, once", timeout=10)
    some_failed = Fail(
        "EventsFailed",
        error="EventsFailed",
        cause="The failed events are in the queue or the dead-letter queue",
    )
    states = Chain([
        invoke_function("CollectEvents", "collect_events", payload="$", output_path="$.Payload"),
        map_and_requeue("ArchiveEvents", invoke_function("ArchiveEvent", "archive_event")),
        Choice("AnyFailed", choices=[(if_any_failed(), some_failed)]),
        Succeed("EventsArchived"),
    ])  # fmt: skip
    return Workflow(
        name="archive",
        version="0.1.0",
        states=states,
        timeout_seconds=3600,
        functions=(collect, archive),
        reporter=EVENTS,
        stacks=event_stacks(collect=collect, process=archive, store=Bucket()),
    )
