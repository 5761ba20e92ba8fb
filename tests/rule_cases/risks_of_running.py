"""Risks of waiting, errors and the graph: each case has the risk, and has it not."""

from __future__ import annotations

from tests.rule_cases.builders import (
    BOOLEAN,
    DDB,
    DISTRIBUTED,
    GLUE,
    ITEM,
    QUEUE,
    SQS_TOKEN,
    STRINGS,
    Case,
    choice,
    errors,
    machine,
    map_,
    only,
    pass_,
    retry,
    rule,
    task,
    two,
)

CASES: list[Case] = [
    Case(
        "callback-without-timeout",
        "a callback may never come",
        only(task(SQS_TOKEN, Parameters=QUEUE)),
        only(task(SQS_TOKEN, Parameters=QUEUE, HeartbeatSeconds=5)),
    ),
    Case(
        "callback-without-token",
        "the token is given to nobody",
        only(task(SQS_TOKEN, Parameters={**QUEUE, "MessageBody": "m"})),
        only(task(SQS_TOKEN, Parameters=QUEUE)),
    ),
    Case(
        "callback-without-token",
        "JSONata hands out no token",
        only(
            task(
                SQS_TOKEN,
                QueryLanguage="JSONata",
                Arguments={"QueueUrl": "q", "MessageBody": "{% $states.input.m %}"},
            )
        ),
        only(
            task(
                SQS_TOKEN,
                QueryLanguage="JSONata",
                Arguments={"QueueUrl": "q", "MessageBody": "{% $states.context.Task.Token %}"},
            )
        ),
    ),
    Case(
        "sync-without-timeout",
        "a job may hang",
        only(task(GLUE, Parameters={"JobName": "j"})),
        only(task(GLUE, Parameters={"JobName": "j"}), TimeoutSeconds=60),
    ),
    Case(
        "heartbeat-not-below-timeout",
        "the timeout comes first",
        only(task(TimeoutSeconds=5, HeartbeatSeconds=5)),
        only(task(TimeoutSeconds=5, HeartbeatSeconds=4)),
    ),
    Case(
        "backoff-beyond-timeout",
        "the retries outlast the machine",
        retry(errors("E", IntervalSeconds=30, MaxAttempts=3), TimeoutSeconds=60),
        retry(
            errors("E", IntervalSeconds=30, MaxAttempts=3, MaxDelaySeconds=10), TimeoutSeconds=60
        ),
    ),
    Case(
        "express-too-slow",
        "an Express machine waits for an hour",
        only({"Type": "Wait", "Seconds": 3600, "End": True}),
        only({"Type": "Wait", "Seconds": 30, "End": True}),
        "EXPRESS",
    ),
    Case(
        "miscased-error-name",
        "a reserved name is miscased",
        retry(errors("States.All")),
        retry(errors("States.ALL")),
    ),
    Case(
        "miscased-error-name",
        "a prefix is misspelled",
        retry(errors("State.ALL")),
        retry(errors("MyState.ALL")),
    ),
    Case(
        "miscased-error-name",
        "a reserved prefix is borrowed",
        retry(errors("States.Mine")),
        retry(errors("Mine")),
    ),
    Case(
        "wrong-error-prefix",
        "the optimized integration is caught like the SDK's",
        only(task(DDB, **ITEM, Retry=[errors("DynamoDb.ConditionalCheckFailedException")])),
        only(task(DDB, **ITEM, Retry=[errors("DynamoDB.ConditionalCheckFailedException")])),
    ),
    Case(
        "dead-retrier",
        "a name stands twice",
        retry(errors("E"), errors("E")),
        retry(errors("E"), errors("F")),
    ),
    Case(
        "dead-retrier",
        "TaskFailed comes first",
        retry(errors("States.TaskFailed"), errors("E")),
        retry(errors("E"), errors("States.TaskFailed"), errors("States.Timeout")),
    ),
    Case(
        "retried-terminal-error",
        "a runtime error is retried",
        retry(errors("States.Runtime")),
        retry(errors("E")),
    ),
    Case(
        "lambda-without-retry",
        "a function is not retried",
        only(task()),
        retry(errors("Lambda.ServiceException")),
    ),
    Case(
        "fan-out-without-jitter",
        "all iterations retry at once",
        only(
            {
                **map_(DISTRIBUTED),
                "ItemProcessor": {
                    "ProcessorConfig": DISTRIBUTED,
                    "StartAt": "I",
                    "States": {"I": task(Retry=[errors("E")])},
                },
            }
        ),
        only(
            {
                **map_(DISTRIBUTED),
                "ItemProcessor": {
                    "ProcessorConfig": DISTRIBUTED,
                    "StartAt": "I",
                    "States": {"I": task(Retry=[errors("E", JitterStrategy="FULL")])},
                },
            }
        ),
    ),
    Case(
        "fail-without-error",
        "a failure has no name",
        only({"Type": "Fail"}),
        only({"Type": "Fail", "Error": "Sorry"}),
    ),
    Case(
        "heartbeat-never-sent",
        "nobody sends heartbeats",
        only(task(HeartbeatSeconds=5)),
        only(task()),
    ),
    Case(
        "choice-without-default",
        "no rule may hold",
        choice(rule(**STRINGS), default=False),
        choice(rule(**STRINGS)),
    ),
    Case(
        "choice-without-default",
        "two texts are not all texts",
        choice(rule(**STRINGS), rule(Variable="$.s", StringEquals="y"), default=False),
        choice(rule(**BOOLEAN), rule(Variable="$.b", BooleanEquals=False), default=False),
    ),
    Case(
        "choice-without-default",
        "a condition may be false",
        choice(rule(Condition="{% $states.input.a %}"), default=False, QueryLanguage="JSONata"),
        choice(rule(Condition=True), default=False, QueryLanguage="JSONata"),
    ),
    Case(
        "shadowed-rule",
        "a rule asks again",
        choice(rule(**STRINGS), rule(**STRINGS)),
        choice(rule(**STRINGS), rule(**BOOLEAN)),
    ),
    Case(
        "impossible-rule",
        "a text is two texts",
        choice(rule(And=[STRINGS, {**STRINGS, "StringEquals": "y"}])),
        choice(rule(And=[STRINGS, BOOLEAN])),
    ),
    Case(
        "unbounded-loop",
        "a loop polls for ever",
        machine(
            A=pass_(Next="C"),
            C={"Type": "Choice", "Choices": [{**STRINGS, "Next": "D"}], "Default": "A"},
            D=pass_(),
        ),
        machine(
            A=pass_(Parameters={"n.$": "States.MathAdd($.n, 1)"}, Next="C"),
            C={
                "Type": "Choice",
                "Choices": [{"Variable": "$.n", "NumericGreaterThan": 5, "Next": "D"}],
                "Default": "A",
            },
            D=pass_(),
        ),
    ),
    Case(
        "unbounded-loop",
        "a state comes back to itself",
        machine(A=task(Next="B", Catch=[{**errors("E"), "Next": "A"}]), B=pass_()),
        machine(A=task(Next="B"), B=pass_()),
    ),
    Case(
        "inline-map-without-concurrency",
        "a Map runs 40 at once",
        only(map_()),
        only(map_(MaxConcurrency=5)),
    ),
    Case(
        "distributed-map-without-tolerance",
        "one item fails them all",
        only(map_(DISTRIBUTED)),
        only(map_(DISTRIBUTED, ToleratedFailureCountPath="$.n")),
    ),
    Case(
        "distributed-map-without-writer",
        "a million results are one payload",
        only(map_(DISTRIBUTED)),
        only(map_(DISTRIBUTED, ResultPath=None)),
    ),
    Case(
        "states-all-misses-data-limit",
        "too large a result goes past the handler",
        machine(
            A=map_(Catch=[{**errors("States.ALL"), "ResultPath": "$.e", "Next": "B"}]), B=pass_()
        ),
        machine(A=map_(ResultPath=None, Catch=[{**errors("States.ALL"), "Next": "B"}]), B=pass_()),
    ),
    Case(
        "inline-map-beyond-history",
        "a literal list of JSONata is too long for one history",
        only(map_(QueryLanguage="JSONata", Items=[1] * 7_000)),
        only(map_(QueryLanguage="JSONata", Items=[1] * 5_000)),
    ),
    Case(
        "inline-map-beyond-history",
        "a list that a Pass gives is too long for one history",
        two(pass_(Result=[1] * 7_000), map_()),
        two(pass_(Result=[1] * 7_000), map_(DISTRIBUTED)),
    ),
    Case(
        "inline-map-beyond-payload",
        "the envelopes of so many calls are too large together",
        two(pass_(Result=[1] * 600), map_(ItemProcessor=machine(I=task()))),
        two(
            pass_(Result=[1] * 600),
            map_(ItemProcessor=machine(I=task(ResultSelector={"id.$": "$.Payload.id"}))),
        ),
    ),
    Case(
        "inline-map-beyond-payload",
        "so many literal results are too large together",
        two(pass_(Result=[1] * 600), map_(ItemProcessor=machine(I=pass_(Result="x" * 500)))),
        two(pass_(Result=[1] * 600), map_(ItemProcessor=machine(I=pass_(Result="x")))),
    ),
]
