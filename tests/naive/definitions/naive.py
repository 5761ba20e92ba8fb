"""A workflow that most people would write first: it deletes what it receives, and puts blindly."""

from carnation.patterns import if_any_failed, invoke_function, map_and_requeue
from carnation.patterns.events.reporter import EVENTS
from carnation.patterns.events.stacks import Table, event_stacks
from carnation.stacks import Function
from carnation.states import Chain, Choice, Fail, Succeed
from carnation.workflow import Workflow


def make_workflow() -> Workflow:
    """Draw the reference workflow's graph around naive handlers."""
    collect = Function("collect_naively", description="Deletes what it receives", timeout=60)
    process = Function("process_naively", description="Puts without a condition", timeout=10)
    failed = Fail("EventsFailed", error="EventsFailed", cause="Some events failed")
    return Workflow(
        name="naive",
        version="0.1.0",
        states=Chain([
            invoke_function("CollectEvents", "collect_naively", payload="$",
                            output_path="$.Payload"),
            map_and_requeue("ProcessEvents", invoke_function("ProcessEvent", "process_naively")),
            Choice("AnyFailed", choices=[(if_any_failed(), failed)]),
            Succeed("EventsWritten"),
        ]),
        timeout_seconds=3600,
        functions=(collect, process),
        reporter=EVENTS,
        stacks=event_stacks(collect=collect, process=process, store=Table()),
    )  # fmt: skip
