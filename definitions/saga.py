"""A trip: flight, car, and payment, undone in reverse order if one of them cannot be booked."""

from typing import Any

from carnation.resources import HttpApi, Table
from carnation.states import Catch, Chain, Fail, Retry, State, Succeed
from carnation.workflow import Workflow

BOOKINGS = Table("bookings", key="trip", sort_key="part")
PROBLEM = {"problem": "{% $states.errorOutput.Error %}"}


def name_booking(part: str) -> dict[str, Any]:
    """Return the key of a part of the trip."""
    return {"trip": {"S": "{% $states.context.Execution.Input.trip %}"}, "part": {"S": part}}


def draw_graph() -> Chain:
    """Return the bookings, and for each the states that undo it."""
    undo: State | Chain = Fail("TripFailed", error="TripFailed", cause="{% $problem %}")
    booked: list[State] = []
    for part in ("Flight", "Car", "Payment"):
        book = BOOKINGS.put_item(
            f"Book{part}",
            Item=name_booking(part),
            ConditionExpression="attribute_not_exists(part)",
            catch=Catch(error_equals=["States.ALL"], next_step=undo, assign=PROBLEM),
        )
        again = Retry(error_equals=["States.ALL"], interval_seconds=1, max_attempts=8)
        undone = BOOKINGS.delete_item(f"Undo{part}", Key=name_booking(part), retry=again)
        undo = Chain([undone, undo])
        booked.append(book)
    return Chain([*booked, Succeed("TripBooked")])


def make_workflow() -> Workflow:
    """Return the workflow."""
    return Workflow(
        name="saga",
        version="0.1.0",
        query_language="JSONata",
        states=draw_graph(),
        timeout_seconds=900,
        resources=[BOOKINGS],
        triggers=[HttpApi("front", routes={"POST /trips": None})],
    )
