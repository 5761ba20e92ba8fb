"""Messages of a queue, enriched with their customers and published."""

from carnation.resources import Function, Queue, QueueSource, Table, Topic
from carnation.states import Chain, Map
from carnation.workflow import Workflow

INCOMING = Queue("incoming", receives=5)
CUSTOMERS = Table("customers", key="customerId")
JOIN = Function("join_customer", "Joins a message with its customer", timeout=10)
ENRICHED = Topic("enriched")
BODY = "$parse($states.input.body)"


def draw_graph() -> Map:
    read = CUSTOMERS.get_item(
        "ReadCustomer",
        Key={"customerId": {"S": f"{{% {BODY}.customerId %}}"}},
        output={"message": f"{{% {BODY} %}}", "customer": "{% $states.result.Item %}"},
    )
    join = JOIN.invoke("JoinCustomer", output="{% $states.result.Payload %}")
    publish = ENRICHED.publish("Publish", Message="{% $states.input %}")
    return Map("EnrichMessages", item_processor=Chain([read, join, publish]), max_concurrency=10)


def make_workflow() -> Workflow:
    return Workflow(
        name="enrich",
        version="0.1.0",
        type="EXPRESS",
        query_language="JSONata",
        states=draw_graph(),
        timeout_seconds=60,
        resources=[INCOMING, CUSTOMERS, JOIN, ENRICHED],
        triggers=[QueueSource("messages", queue=INCOMING, batch_size=10)],
    )
