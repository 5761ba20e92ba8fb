"""order: charges an order, saves it, and puts its shipment into a queue."""

from carnation.resources import EventRule, Function, Queue, Table
from carnation.states import Catch, Chain, Fail, Retry
from carnation.workflow import Workflow

CHARGE = Function("charge_payment", "Charges the card", timeout=10)
ORDERS = Table("orders", key="orderId")
SHIPMENTS = Queue("shipments")


def draw_graph() -> Chain:
    declined = Fail("Declined", error="CardDeclined", cause="{% $states.input.Cause %}")
    charge = CHARGE.invoke(
        "ChargePayment",
        {"order_id": "{% $states.input.id %}", "amount": "{% $states.input.amount %}"},
        assign={
            "id": "{% $states.input.id %}",
            "charge": "{% $states.result.Payload.charge_id %}",
        },
        retry=Retry(error_equals=["Lambda.TooManyRequestsException"], max_attempts=3),
        catch=Catch(error_equals=["CardDeclined"], next_step=declined),
    )
    save = ORDERS.put_item(
        "SaveOrder", Item={"orderId": {"S": "{% $id %}"}, "charge": {"S": "{% $charge %}"}}
    )
    ship = SHIPMENTS.send_message(
        "SendShipment", MessageBody={"order": "{% $id %}"}, output={"charge": "{% $charge %}"}
    )
    return Chain([charge, save, ship])


def make_workflow() -> Workflow:
    return Workflow(
        name="order",
        version="0.1.0",
        query_language="JSONata",
        states=draw_graph(),
        timeout_seconds=3600,
        resources=[CHARGE, ORDERS, SHIPMENTS],
        triggers=[EventRule("placed", source="shop", detail_type="OrderPlaced")],
    )
