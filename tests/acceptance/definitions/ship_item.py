"""One parcel, handed to the carrier; what weighs too much is refused."""

from carnation.resources import Queue
from carnation.states import Choice, Condition, Fail
from carnation.workflow import Workflow

CARRIER = Queue("carrier")


def make_workflow() -> Workflow:
    send = CARRIER.send_message("SendParcel", MessageBody="{% $states.input %}")
    heavy = (Condition("{% $states.input.kg > 30 %}"), Fail("TooHeavy", error="TooHeavy"))
    return Workflow(
        name="ship-item",
        version="0.1.0",
        query_language="JSONata",
        states=Choice("IsHeavy", choices=[heavy], default=send),
        timeout_seconds=600,
        resources=[CARRIER],
    )
