"""Risks of data, variables and payloads: each case has the risk, and has it not."""

from __future__ import annotations

from tests.rule_cases.builders import (
    STRINGS,
    Case,
    ata,
    caught,
    child,
    errors,
    machine,
    map_,
    only,
    pass_,
    resource,
    task,
    two,
)

CASES: list[Case] = [
    Case(
        "undefined-variable",
        "a child execution asks for a variable",
        two(
            pass_(Assign={"n": 1}),
            {
                "Type": "Map",
                "End": True,
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                    **machine(I=pass_(Parameters={"a.$": "$n"})),
                },
            },
        ),
        two(
            pass_(Assign={"n": 1}),
            {
                "Type": "Map",
                "End": True,
                "ItemProcessor": machine(I=pass_(Parameters={"a.$": "$n"})),
            },
        ),
    ),
    Case(
        "literal-path",
        "a path is sent literally",
        only(pass_(Parameters={"id": "$.order.id"})),
        only(pass_(Parameters={"id.$": "$.order.id"})),
    ),
    Case(
        "literal-path",
        "a call is sent literally",
        only(pass_(Parameters={"id": ["States.UUID()"]})),
        only(pass_(Parameters={"ItemsPath": "$.x"})),
    ),
    Case(
        "literal-path",
        "JSONata is given a path",
        ata(Output={"id": "$.order.id"}),
        ata(Output={"id": "{% $states.input.order.id %}"}),
    ),
    Case(
        "unknown-parameter",
        "a parameter is spelled as botocore does",
        resource(
            "arn:aws:states:::aws-sdk:rds:startDBInstance", Parameters={"DBInstanceIdentifier": "d"}
        ),
        resource(
            "arn:aws:states:::aws-sdk:rds:startDBInstance", Parameters={"DbInstanceIdentifier": "d"}
        ),
    ),
    Case(
        "hard-coded-account",
        "an account is part of the definition",
        resource("arn:aws:lambda:eu-west-1:123456789012:function:f"),
        resource("${F}"),
    ),
    Case(
        "hard-coded-region",
        "the address of a queue names the region",
        only(pass_(Parameters={"QueueUrl": "https://sqs.eu-west-1.amazonaws.com/${A}/q"})),
        only(pass_(Parameters={"QueueUrl": "https://sqs.${R}.amazonaws.com/${A}/q"})),
    ),
    Case(
        "hard-coded-region",
        "an ARN names the region",
        resource("arn:aws:lambda:eu-west-1:${A}:function:f"),
        resource("arn:aws:lambda:${R}:${A}:function:f"),
    ),
    Case(
        "hard-coded-secret",
        "a key lies open",
        only(pass_(Result={"k": "AKIA" + "A1B2C3D4E5F6G7H8"})),
        only(pass_(Result={"k": "AKIAIOSFODNN7EXAMPLE"})),
    ),
    Case(
        "hard-coded-secret",
        "a password lies open",
        only(pass_(Parameters={"password": "hunter2"})),
        only(pass_(Parameters={"password.$": "$.p", "apiKey": "<yours>"})),
    ),
    Case(
        "undefined-variable",
        "a variable was never assigned",
        only(pass_(Parameters={"a.$": "$n"})),
        two(pass_(Assign={"n": 1}), pass_(Parameters={"a.$": "$n"})),
    ),
    Case(
        "undefined-variable",
        "a state reads what it assigns itself",
        ata(Assign={"n": 1}, Output="{% $n %}"),
        machine(
            top={"QueryLanguage": "JSONata"},
            A=pass_(Assign={"n": 1}, Next="B"),
            B=pass_(Output="{% ($m := $n; $map([1], function($x) { $x + $m })) %}"),
        ),
    ),
    Case(
        "undefined-variable",
        "a branch keeps its variables",
        two(
            {"Type": "Parallel", "Branches": [machine(I=pass_(Assign={"n": 1}))]},
            pass_(Parameters={"a.$": "$n.m"}),
        ),
        two(
            pass_(Assign={"n": 1}),
            {
                "Type": "Parallel",
                "End": True,
                "Branches": [machine(I=pass_(Parameters={"a.$": "States.Array($n)"}))],
            },
        ),
    ),
    Case(
        "maybe-undefined-variable",
        "only one way assigns it",
        machine(
            A={"Type": "Choice", "Choices": [{**STRINGS, "Next": "B"}], "Default": "C"},
            B=pass_(Assign={"n": 1}, Next="C"),
            C=pass_(Parameters={"a.$": "$n"}),
        ),
        machine(
            A={
                "Type": "Choice",
                "Choices": [{**STRINGS, "Next": "B"}],
                "Default": "C",
                "Assign": {"n": 0},
            },
            B=pass_(Assign={"n": 1}, Next="C"),
            C=pass_(),
        ),
    ),
    Case(
        "maybe-undefined-variable",
        "the catcher does not assign it",
        machine(
            A=task(Assign={"n": 1}, Next="B", Catch=[{**errors("E"), "Next": "B"}]),
            B=pass_(Parameters={"a.$": "$n"}),
        ),
        machine(
            A=task(
                Assign={"n": 1}, Next="B", Catch=[{**errors("E"), "Next": "B", "Assign": {"n": 2}}]
            ),
            B=pass_(Parameters={"a.$": "$n"}),
        ),
    ),
    Case(
        "path-never-produced",
        "a field was dropped",
        two(pass_(Parameters={"x.$": "$.x"}), pass_(InputPath="$.y")),
        two(pass_(Parameters={"x.$": "$.x"}), pass_(InputPath="$.x.y")),
    ),
    Case(
        "path-never-produced",
        "an item has no such field",
        two(
            pass_(Result={"items": [{"id": 1}]}),
            {
                "Type": "Map",
                "End": True,
                "ItemsPath": "$.items",
                "ItemProcessor": machine(I=pass_(Parameters={"a.$": "$.name"})),
            },
        ),
        two(
            pass_(Result={"items": [{"id": 1}]}),
            {
                "Type": "Map",
                "End": True,
                "ItemsPath": "$.items",
                "ItemProcessor": machine(I=pass_(Parameters={"a.$": "$.id"})),
            },
        ),
    ),
    Case(
        "path-never-produced",
        "a rule asks for what is gone",
        machine(
            A=pass_(Result={"a": 1}, Next="C"),
            C={"Type": "Choice", "Choices": [{**STRINGS, "Next": "D"}], "Default": "D"},
            D=pass_(),
        ),
        machine(
            A=pass_(Result={"a": 1}, Next="C"),
            C={
                "Type": "Choice",
                "Choices": [
                    {"And": [{"Variable": "$.s", "IsPresent": True}, STRINGS], "Next": "D"}
                ],
                "Default": "D",
            },
            D=pass_(),
        ),
    ),
    Case(
        "lambda-envelope",
        "a result is sought beside Payload",
        two(task(), pass_(InputPath="$.total")),
        two(task(OutputPath="$.Payload"), pass_(InputPath="$.total")),
    ),
    Case(
        "field-of-list",
        "a list is asked for a field",
        two(map_(), pass_(InputPath="$.total")),
        two(map_(ResultPath="$.all"), pass_(InputPath="$.all[0].total")),
    ),
    Case(
        "field-of-text",
        "an output is still a text",
        two(child("sync"), pass_(InputPath="$.Output.total")),
        two(child("sync:2"), pass_(InputPath="$.Output.total")),
    ),
    Case(
        "catch-loses-input",
        "the handler reads what is gone",
        caught(pass_(Parameters={"id.$": "$.order.id"})),
        caught(pass_(Parameters={"id.$": "$.order.id"}), ResultPath="$.error"),
    ),
]
