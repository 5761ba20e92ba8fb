"""Refusals about tasks and expressions: each case breaks its rule, and keeps it."""

from __future__ import annotations

from tests.rule_cases.builders import (
    OK,
    SQS_TOKEN,
    STRINGS,
    Case,
    ata,
    choice,
    errors,
    machine,
    map_,
    only,
    pass_,
    resource,
    rule,
    task,
)

CASES: list[Case] = [
    Case(
        "unsupported-jsonata-reference",
        "a Pass asks for a result",
        ata(Output="{% $states.result %}"),
        ata(Output="{% '$states.result' %}"),
    ),
    Case(
        "unsupported-jsonata-reference",
        "the arguments ask for the result",
        only(task(QueryLanguage="JSONata", Arguments={"FunctionName": "{% $states.result %}"})),
        only(task(QueryLanguage="JSONata", Output="{% $states.result.Payload %}")),
    ),
    Case("invalid-resource", "a resource is no ARN", resource("lambda"), resource("${Function}")),
    Case(
        "invalid-function-alias",
        "an alias is missing",
        resource("arn:aws:lambda:eu-west-1:123456789012:function:f:"),
        resource("arn:aws:lambda:eu-west-1:123456789012:function:f:$LATEST"),
    ),
    Case(
        "unknown-integration",
        "an optimized action does not exist",
        resource("arn:aws:states:::dynamodb:query"),
        resource("arn:aws:states:::aws-sdk:dynamodb:query", Parameters={"TableName": "t"}),
    ),
    Case(
        "unknown-integration",
        "an SDK action is miscased",
        resource("arn:aws:states:::aws-sdk:s3:getobject"),
        resource("arn:aws:states:::aws-sdk:s3:getObject", Parameters={"Bucket": "b", "Key": "k"}),
    ),
    Case(
        "unknown-integration-pattern",
        "an SDK action waits for its job",
        resource("arn:aws:states:::aws-sdk:s3:listBuckets.sync"),
        resource("arn:aws:states:::aws-sdk:s3:listBuckets"),
    ),
    Case(
        "unknown-integration-pattern",
        "sync is misspelled",
        resource("arn:aws:states:::ecs:runTask.synch", Parameters={"TaskDefinition": "t"}),
        resource("arn:aws:states:::ecs:runTask.sync", Parameters={"TaskDefinition": "t"}),
    ),
    Case(
        "missing-parameter",
        "a message goes to no queue",
        resource("arn:aws:states:::sqs:sendMessage", Parameters={"MessageBody": "m"}),
        resource(
            "arn:aws:states:::sqs:sendMessage", Parameters={"MessageBody": "m", "QueueUrl.$": "$.q"}
        ),
    ),
    Case(
        "pattern-in-express",
        "an Express machine waits for a callback",
        only(task(SQS_TOKEN, Parameters={"QueueUrl": "q", "MessageBody.$": "$$.Task.Token"})),
        only(task()),
        "EXPRESS",
    ),
    Case(
        "pattern-in-express",
        "an Express machine has an activity",
        resource("arn:aws:states:eu-west-1:1:activity:a"),
        OK,
        "EXPRESS",
    ),
    Case(
        "credentials-of-activity",
        "an activity with a role",
        resource(
            "arn:aws:states:eu-west-1:1:activity:a",
            Credentials={"RoleArn": "arn:aws:iam::1:role/r"},
        ),
        OK,
    ),
    Case(
        "invalid-path",
        "a path is a word",
        only(pass_(Parameters={"a.$": "order"})),
        only(pass_(Parameters={"a.$": "$.order"})),
    ),
    Case(
        "invalid-path",
        "a path is a number",
        only(pass_(Parameters={"l": [{"a.$": 5}]})),
        only(pass_(Result={"a.$": 5})),
    ),
    Case(
        "invalid-path",
        "a Variable is a call",
        choice(rule(Variable="States.UUID()", StringEquals="x")),
        choice(rule(**STRINGS)),
    ),
    Case(
        "invalid-path",
        "a bracket does not end",
        only(pass_(OutputPath="$.a[0")),
        only(pass_(OutputPath="$.a[0]")),
    ),
    Case(
        "invalid-reference-path",
        "ResultPath has a wildcard",
        only(pass_(ResultPath="$.a[*]")),
        only(pass_(ResultPath="$.a[0].b")),
    ),
    Case(
        "invalid-reference-path",
        "ResultPath names a variable",
        only(pass_(ResultPath="$v")),
        only(pass_(ResultPath=None)),
    ),
    Case(
        "invalid-reference-path",
        "SecondsPath looks into the context",
        only({"Type": "Wait", "SecondsPath": "$$.Wait", "End": True}),
        only(map_(ItemsPath="$$.Execution.Input")),
    ),
    Case(
        "invalid-intrinsic",
        "a function does not exist",
        only(pass_(Parameters={"a.$": "States.Frmat('x')"})),
        only(pass_(Parameters={"a.$": "States.Format('x')"})),
    ),
    Case(
        "repeated-payload-field",
        "a field is given twice",
        only(pass_(Parameters={"l": [{"a": 1, "a.$": "$.b"}]})),
        only(pass_(Parameters={"l": [{"a": 1, "b.$": "$.b"}]})),
    ),
    Case(
        "unbalanced-jsonata",
        "an expression is not closed",
        ata(Output="{% 1"),
        ata(Output=" {% 1 %} "),
    ),
    Case(
        "invalid-jsonata",
        "a bracket does not end",
        ata(Output={"a": ["{% $sum([1 %}"]}),
        ata(Output={"a": ["{% $sum([1]) %}"]}),
    ),
    Case(
        "unsupported-jsonata-reference",
        "a bare name stands at the top",
        ata(Output="{% orders %}"),
        ata(Output="{% $states.input.orders %}"),
    ),
    Case(
        "unsupported-jsonata-reference",
        "the root is asked for",
        ata(Output="{% $$ %}"),
        ata(Output="{% '$$' %}"),
    ),
    Case(
        "unsupported-jsonata-reference",
        "errorOutput stands outside a catcher",
        ata(Output="{% $states.errorOutput %}"),
        machine(
            A=task(
                QueryLanguage="JSONata",
                Next="B",
                Catch=[{**errors("E"), "Output": "{% $states.errorOutput %}", "Next": "B"}],
            ),
            B=pass_(),
        ),
    ),
]
