"""The core of the reference workflow for sfnx: collect events, process each, fail if any failed."""

from sfnx import Timeout, state_machine, task

_RETRY = [{"ErrorEquals": [Timeout], "MaxAttempts": 3}]


class EventsFailedError(Exception):
    """Some events were put away."""


@state_machine(timeout=300)
def events(input):
    """Collect events and process each of them."""
    collected = task(
        "arn:aws:states:::lambda:invoke",
        {"FunctionName": "collect-events", "Payload": input},
        retry=_RETRY,
    )
    found: list = collected["Payload"]["events"]
    for event in found:
        task(
            "arn:aws:states:::lambda:invoke",
            {"FunctionName": "process-event", "Payload": event},
            retry=_RETRY,
        )
    if collected["Payload"]["failed"] > 0:
        raise EventsFailedError("some events failed")
    return collected["Payload"]
