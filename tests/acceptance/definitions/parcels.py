"""The parcels of an order, each shipped by an execution of its own; the lost are noted."""

from carnation.resources import Child, EventRule, Table
from carnation.states import Catch, Map
from carnation.workflow import Workflow

SHIP = Child("ship_item")
LOST = Table("lost", key="parcel")


def make_workflow() -> Workflow:
    note = LOST.put_item("NoteLost", Item={"parcel": {"S": "{% $parcel %}"}})
    lost = {"parcel": "{% $states.context.Map.Item.Value.id %}"}
    catch = Catch(error_equals=["States.ALL"], next_step=note, assign=lost)
    ship = SHIP.start_execution("Ship", timeout_seconds=900, catch=catch)
    return Workflow(
        name="parcels",
        version="0.1.0",
        query_language="JSONata",
        states=Map("ShipAll", items="{% $states.input.parcels %}", item_processor=ship),
        timeout_seconds=3600,
        resources=[SHIP, LOST],
        triggers=[EventRule("packed", source="shop", detail_type="OrderPacked")],
    )
