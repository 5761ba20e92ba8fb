"""An order: validated, charged and reserved concurrently, shipped item by item, then announced."""

from carnation.resources import EventRule, Function, Queue, Table, Topic
from carnation.states import (
    Catch,
    Chain,
    Choice,
    Condition,
    Fail,
    Map,
    Parallel,
    Pass,
    Retry,
    Succeed,
)
from carnation.workflow import Workflow

VALIDATE = Function("validate_order", "Validates an order", timeout=10)
CHARGE = Function("charge_payment", "Charges the card", timeout=10)
STOCK = Table("stock", key="orderId")
SHIPPING = Queue("shipping")
TOLD = Topic("told")


def draw_order() -> Chain:
    tell_rejected = TOLD.publish(
        "TellRejected", Message="{% 'Order ' & $order.id & ' was rejected' %}"
    )
    tell_rejected.next(Fail("Rejected", error="OrderRejected", cause="{% $string($problem) %}"))
    note_declined = Chain([Pass("NoteDeclined", assign={"problem": "CardDeclined"}), tell_rejected])

    def reject(error: str) -> Catch:
        kept = {
            "problem": "{% $states.errorOutput.Error %}",
            "order": "{% $states.context.Execution.Input %}",
        }
        return Catch(error_equals=[error], next_step=tell_rejected, assign=kept)

    validate = VALIDATE.invoke(
        "ValidateOrder",
        assign={"order": "{% $states.input %}", "total": "{% $states.result.Payload.total %}"},
        catch=reject("InvalidOrder"),
    )
    charge = CHARGE.invoke(
        "ChargePayment",
        {"order_id": "{% $order.id %}", "amount": "{% $total %}"},
        output={"charge": "{% $states.result.Payload.charge_id %}"},
        retry=Retry(
            error_equals=["Lambda.TooManyRequestsException"], interval_seconds=2, max_attempts=3
        ),
        catch=Catch(
            error_equals=["CardDeclined"], next_step=Pass("Declined", output={"declined": True})
        ),
    )
    reserve = STOCK.update_item(
        "ReserveStock",
        Key={"orderId": {"S": "{% $order.id %}"}},
        UpdateExpression="SET reserved = :n",
        ExpressionAttributeValues={":n": {"N": "{% $string($sum($order.items.qty)) %}"}},
        output={"reserved": True},
    )
    ship = SHIPPING.send_message(
        "SendShipment", MessageBody={"order": "{% $order.id %}", "item": "{% $states.input %}"}
    )
    return Chain(
        [
            validate,
            Parallel(
                "ChargeAndReserve",
                branches=[charge, reserve],
                catch=reject("States.ALL"),
                assign={"declined": "{% $exists($states.result[0].declined) %}"},
            ),
            Choice("IsPaid", choices=[(Condition("{% $declined %}"), note_declined)]),
            Map(
                "ShipItems",
                items="{% $order.items %}",
                item_processor=ship,
                max_concurrency=5,
                output={"shipped": "{% $count($states.result) %}"},
            ),
            TOLD.publish(
                "TellShipped",
                Message="{% 'Order ' & $order.id & ' ships' %}",
                output="{% $states.input %}",
            ),
            Succeed("Fulfilled"),
        ]
    )


def make_workflow(
    name: str = "orders", type: str = "STANDARD", timeout_seconds: int = 3600
) -> Workflow:
    return Workflow(
        name=name,
        version="0.1.0",
        type=type,
        query_language="JSONata",
        states=draw_order(),
        timeout_seconds=timeout_seconds,
        resources=[VALIDATE, CHARGE, STOCK, SHIPPING, TOLD],
        triggers=[EventRule("order_placed", source="shop", detail_type="OrderPlaced")],
    )
