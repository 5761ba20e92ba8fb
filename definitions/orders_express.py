from carnation.workflow import Workflow
from definitions.orders import make_workflow as make_orders


def make_workflow() -> Workflow:
    return make_orders("orders-express", type="EXPRESS", timeout_seconds=300)
