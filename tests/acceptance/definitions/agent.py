"""A model answers a question, with a weather service as its tool, in ten turns at most."""

from carnation.resources import Connection, HttpApi, Secret
from carnation.states import Chain, Choice, Condition, Fail, Pass, Succeed, integrate
from carnation.workflow import Workflow

KEY = Secret("weather_key", "The key of the weather service")
WEATHER = Connection("weather", endpoint="https://api.weather.example.com", secret=KEY)
CITY = {"type": "object", "properties": {"city": {"type": "string"}}}
TOOL = {"ToolSpec": {"Name": "weather", "InputSchema": {"Json": CITY}}}
ASKED = {"Role": "user", "Content": [{"Text": "{% $states.input.question %}"}]}
CALL = {"ModelId": "amazon.nova-lite-v1:0", "Messages": "{% $messages %}"}
USE = "$messages[-1].Content.ToolUse"
RESULT = f"{{'ToolUseId': {USE}.ToolUseId, 'Content': [{{'Json': $states.result.ResponseBody}}]}}"
TOLD = f"{{'Role': 'user', 'Content': [{{'ToolResult': {RESULT}}}]}}"
SAID = {"messages": "{% $append($messages, $states.result.Output.Message) %}"}


def draw_graph() -> Chain:
    think = integrate(
        "Think",
        "aws-sdk:bedrockruntime:converse",
        arguments={**CALL, "ToolConfig": {"Tools": [TOOL]}},
        assign={**SAID, "turns": "{% $turns + 1 %}"},
        timeout_seconds=60,
    )
    city = {"city": f"{{% {USE}.Input.city %}}"}
    told = {"messages": f"{{% $append($messages, {TOLD}) %}}"}
    look = WEATHER.call("LookUp", "GET", "/now", QueryParameters=city, assign=told)
    look.next(think)
    more = Condition(f"{{% $exists({USE}) and $turns < 10 %}}")
    done = Condition(f"{{% $not($exists({USE})) %}}")
    answer = Succeed("Answer", output="{% $messages[-1].Content.Text %}")
    stop = Fail("TooManyTurns", error="TooManyTurns")
    judge = Choice("IsDone", choices=[(more, look), (done, answer)], default=stop)
    return Chain([Pass("Begin", assign={"messages": [ASKED], "turns": 0}), think, judge])


def make_workflow() -> Workflow:
    return Workflow(
        name="agent",
        version="0.1.0",
        query_language="JSONata",
        states=draw_graph(),
        timeout_seconds=600,
        resources=[KEY, WEATHER],
        triggers=[HttpApi("front", routes={"POST /questions": None})],
    )
