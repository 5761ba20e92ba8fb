"""A request that a person approves by a link in an email; it fails after a day without answer."""

from carnation.resources import ANSWER, Function, HttpApi, Parameter, Topic
from carnation.states import Chain, Choice, Condition, Fail, Succeed
from carnation.workflow import Workflow

APPROVER = Parameter("approver", "The email address of the approver", example="me@example.com")
MAIL = Topic("mail", emails=[APPROVER.value])
ANSWERS = Function(
    "answer_request", "Returns the approver's answer to the execution that waits", uses=[ANSWER]
)
ROUTES = {"POST /requests": None, "GET /answer": ANSWERS}
FRONT = HttpApi("front", routes=ROUTES, authorization={"GET /answer": "NONE"})
LINK = f"{FRONT.url}/answer?token=' & $encodeUrlComponent($states.context.Task.Token) & '&answer="


def draw_graph() -> Chain:
    """Return the states: the question, and the two answers."""
    ask = MAIL.publish(
        "AskApprover",
        pattern=".waitForTaskToken",
        Subject="A request waits for your answer",
        Message=f"{{% $string($states.input) & ' Approve: {LINK}yes Reject: {LINK}no' %}}",
        timeout_seconds=24 * 3600,
    )
    approved = (Condition("{% $states.input.answer = 'yes' %}"), Succeed("Approved"))
    rejected = Fail("Rejected", error="Rejected")
    return Chain([ask, Choice("IsApproved", choices=[approved], default=rejected)])


def make_workflow() -> Workflow:
    """Return the workflow."""
    return Workflow(
        name="approval",
        version="0.1.0",
        query_language="JSONata",
        states=draw_graph(),
        timeout_seconds=2 * 24 * 3600,
        resources=[APPROVER, MAIL, ANSWERS],
        triggers=[FRONT],
    )
