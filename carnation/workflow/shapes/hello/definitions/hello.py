"""hello: a state machine with one Lambda function."""

from carnation.resources import Function
from carnation.states import Chain, Succeed
from carnation.workflow import Workflow

GREET = Function("greet", "Greets a person", timeout=10)


def make_workflow() -> Workflow:
    greet = GREET.invoke("Greet", output="{% $states.result.Payload %}")
    return Workflow(
        name="hello",
        version="0.1.0",
        query_language="JSONata",
        states=Chain([greet, Succeed("Greeted")]),
        resources=[GREET],
    )
