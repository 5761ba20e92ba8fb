class CardDeclined(Exception):
    """The bank rejects the payment."""


def handle(event, context):
    """Charge an amount; replace this with a call of your payment provider."""
    if event["amount"] > 1000:
        raise CardDeclined(f"{event['amount']} is above the limit")
    return {"charge_id": f"charge-{event['order_id']}"}
