"""Choices that decide nothing or wrongly, and error names that nothing reports."""

from __future__ import annotations

from typing import Any

from tests.rule_cases.builders import (
    DDB,
    ITEM,
    SQS_TOKEN,
    Case,
    choice,
    errors,
    machine,
    only,
    pass_,
    resource,
    rule,
    task,
)

N, S = {"Variable": "$.n"}, {"Variable": "$.s"}
PUT = "arn:aws:states:::aws-sdk:dynamodb:putItem"
ALL = {"Retry": [errors("States.ALL")]}


def rules(*bodies: dict[str, Any]) -> dict[str, Any]:
    """A Choice with two ways, whose rules ask one after the other."""
    listed = [{**body, "Next": "B" if index else "C"} for index, body in enumerate(bodies)]
    return machine(A={"Type": "Choice", "Choices": listed, "Default": "B"}, B=pass_(), C=pass_())


def conditions(*texts: str) -> dict[str, Any]:
    definition = rules(*({"Condition": text} for text in texts))
    return {"QueryLanguage": "JSONata", **definition}


def joined(*bodies: dict[str, Any]) -> dict[str, Any]:
    return choice(rule(And=list(bodies)))


def given(value: Any, **comparison: Any) -> dict[str, Any]:
    """A Choice behind a Pass that gives a value."""
    return machine(
        P=pass_(Result={"v": value}, Next="A"),
        A={"Type": "Choice", "Choices": [rule(Variable="$.v", **comparison)], "Default": "C"},
        B=pass_(),
        C=pass_(),
    )


def calling(
    *names: str, action: str = "aws-sdk:acmpca:listCertificateAuthorities"
) -> dict[str, Any]:
    return resource(f"arn:aws:states:::{action}", Retry=[errors(*names)])


def around(inner: dict[str, Any], *names: str) -> dict[str, Any]:
    """A Parallel around one state, with a catcher."""
    state = {"Type": "Parallel", "Branches": [machine(I=inner)], "Next": "B"}
    return machine(A={**state, "Catch": [{**errors(*names), "Next": "B"}]}, B=pass_())


RISKS: list[Case] = [
    *(
        Case("shadowed-rule", f"{narrow} comes after {wide}", rules(wide, narrow),
             rules(narrow, wide))
        for wide, narrow in (
            ({**N, "NumericGreaterThan": 5}, {**N, "NumericGreaterThan": 10}),
            ({**N, "NumericGreaterThan": 5}, {**N, "NumericEquals": 6}),
            ({**N, "StringMatches": "a*"}, {**N, "StringMatches": "ab*c"}),
            ({**N, "NumericLessThanEquals": 5}, {**N, "NumericLessThan": 5}),
            ({**N, "IsPresent": True}, {**N, "NumericEquals": 1}),
            ({**N, "IsNumeric": True}, {**N, "NumericLessThan": 1}),
            ({**S, "IsNumeric": False}, {**S, "StringEquals": "x"}),
            ({**S, "StringMatches": "log-*.txt"}, {**S, "StringEquals": "log-1.txt"}),
            ({"Or": [{**N, "IsNull": True}, {**S, "IsNull": True}]}, {**N, "IsNull": True}),
            ({**N, "IsNull": True}, {"And": [{**N, "IsNull": True}, {**S, "IsNull": True}]}),
            ({"Not": {**N, "NumericEquals": 1}}, {"Not": {**N, "NumericLessThan": 5}}),
            ({**S, "TimestampLessThan": "2026-02-01T00:00:00Z"},
             {**S, "TimestampLessThan": "2026-01-01T00:00:00Z"}),
        )
    ),
    Case("shadowed-rule", "a rule is behind one that always holds",
         conditions("{% true %}", "{% $states.input.a %}"),
         conditions("{% $states.input.a %}", "{% true %}")),
    Case("shadowed-rule", "an expression is the same but for its blanks",
         conditions("{% $states.input.a=1 %}", "{%$states.input.a = 1%}"),
         conditions("{% $states.input.a = ' ' %}", "{% $states.input.a = '' %}")),
    *(
        Case("impossible-rule", f"{one} and {other} exclude each other", joined(one, other),
             joined(one, kept))
        for one, other, kept in (
            ({**N, "NumericGreaterThan": 10}, {**N, "NumericLessThan": 5},
             {**N, "NumericLessThan": 50}),
            ({**N, "NumericLessThan": 5}, {**N, "NumericGreaterThanEquals": 5},
             {**N, "NumericGreaterThanEquals": 4}),
            ({**N, "StringEquals": "1"}, {**N, "NumericEquals": 1}, {**S, "NumericEquals": 1}),
            ({**N, "IsString": True}, {**N, "NumericEquals": 1}, {**N, "StringEquals": "1"}),
            ({**N, "IsNumeric": False}, {**N, "NumericEquals": 1}, {**N, "IsString": True}),
            ({**N, "IsNull": True}, {**N, "BooleanEquals": True}, {**N, "IsPresent": True}),
            ({**N, "IsPresent": False}, {**N, "StringEquals": "x"}, {**N, "IsPresent": False}),
            ({**S, "IsTimestamp": True}, {**S, "IsNumeric": True}, {**S, "IsString": True}),
            ({**S, "StringMatches": "a*"}, {**S, "StringEquals": "b"}, {**S, "StringEquals": "ab"}),
        )
    ),
    *(
        Case("shadowed-rule", f"{narrow} comes after {wide}",
             conditions("{% " + wide + " %}", "{% " + narrow + " %}"),
             conditions("{% " + narrow + " %}", "{% " + wide + " %}"))
        for wide, narrow in (
            ("$states.input.n > 5", "$states.input.n > 10"),
            ("5 < $states.input.n", "$states.input.n = 7"),
            ("$exists($states.input.n)", "$states.input.n = 'x'"),
            ("$states.input.a or $states.input.b", "$states.input.b"),
            ("$states.input.a", "$states.input.a and $states.input.b"),
            ("$type($states.input.n) = 'number'", "$states.input.n = 1"),
            ("$not($states.input.n = 1)", "$not($states.input.n < 5)"),
        )
    ),
    Case("impossible-rule", "a condition cannot hold",
         conditions("{% $states.input.n > 10 and $states.input.n < 5 %}"),
         conditions("{% $states.input.n > 10 or $states.input.n < 5 %}")),
    *(
        Case("condition-not-boolean", f"{wrong} is neither true nor false",
             conditions("{% " + wrong + " %}"), conditions("{% " + right + " %}"))
        for wrong, right in (
            ("'true'", "true"),
            ("$count($states.input.items)", "$count($states.input.items) > 0"),
            ("$states.input.a + 1", "$boolean($states.input.a + 1)"),
            ("[$states.input.a]", "$states.input.a"),
            ("($x := 1; 'a' & $x)", "($x := 1; $x = 1)"),
        )
    ),
    Case("single-way-choice", "two rules lead one way, and nothing else",
         machine(A={"Type": "Choice", "Choices": [rule(**S, IsNull=True), rule(**N, IsNull=True)]},
                 B=pass_()),
         machine(A={"Type": "Choice", "Choices": [rule(**S, IsNull=True)]}, B=pass_())),
    Case("single-way-choice", "everything goes one way",
         choice(rule(**S, StringEquals="x"), rule(**S, StringEquals="y")),
         rules({**S, "StringEquals": "x"})),
    Case("single-way-choice", "one that assigns is of use",
         choice(rule(Condition="{% $states.input.a %}"), QueryLanguage="JSONata"),
         choice(rule(Condition="{% $states.input.a %}", Assign={"x": 1}), QueryLanguage="JSONata")),
    *(
        Case("comparison-of-other-type", f"{value!r} meets {wrong}",
             given(value, **{wrong: other}), given(value, **{right: kept}))
        for value, wrong, other, right, kept in (
            (5, "StringEquals", "5", "NumericEquals", 5),
            ("5", "NumericLessThan", 6, "StringLessThan", "6"),
            (True, "StringEquals", "true", "BooleanEquals", True),
            ("2026-01-01T00:00:00Z", "BooleanEquals", True, "TimestampLessThan",
             "2026-01-01T00:00:00Z"),
            ([1], "NumericEquals", 1, "IsPresent", True),
            ({"a": 1}, "StringMatches", "*", "IsNull", False),
            (5, "StringEqualsPath", "$.v", "NumericEqualsPath", "$.v"),
        )
    ),
    *(
        Case("comparison-of-other-type", f"{wrong} compares two types",
             conditions("{% " + wrong + " %}"), conditions("{% " + right + " %}"))
        for wrong, right in (
            ("$count($states.input.items) = '3'", "$count($states.input.items) = 3"),
            ("$string($states.input.n) > 5", "$number($states.input.n) > 5"),
            ("$exists($states.input.n) = 'true'", "$states.input.n = 'true'"),
            ("'10' < 9", "'10' < $states.input.n"),
            ("($states.input.a + 1) & '' = 2", "($states.input.a + 1) = 2"),
        )
    ),
    Case("wrong-error-prefix", "an SDK client has another name",
         calling("Acmpca.ResourceNotFoundException"), calling("AcmPca.ResourceNotFoundException")),
    Case("wrong-error-prefix", "the SDK's DynamoDB is DynamoDb",
         only(task(PUT, **ITEM, Retry=[errors("DynamoDB.ConditionalCheckFailedException")])),
         only(task(PUT, **ITEM, Retry=[errors("DynamoDb.ConditionalCheckFailedException")]))),
    Case("unreported-error", "a service does not report another one's errors",
         calling("S3.NoSuchKeyException"), calling("AcmPca.AnythingAtAllException")),
    Case("unreported-error", "a service does not report a name of your own",
         only(task(DDB, **ITEM, Retry=[errors("Mine")])), only(task(Retry=[errors("Mine")]))),
    Case("unreported-error", "whoever has the token may",
         calling("Mine", action="aws-sdk:sqs:listQueues"),
         only(task(SQS_TOKEN, HeartbeatSeconds=9, Retry=[errors("Mine")], Parameters={
             "QueueUrl": "q", "MessageBody": {"t.$": "$$.Task.Token"}}))),
    Case("unreported-error", "an exception is written without its end",
         calling("AcmPca.ResourceNotFound"), calling("AcmPca.ResourceNotFoundException")),
    Case("unreported-error", "no Fail inside has this name",
         around({"Type": "Fail", "Error": "Other"}, "Mine"),
         around({"Type": "Fail", "Error": "Mine"}, "Mine")),
    Case("unreported-error", "a Fail may take its name from the data",
         around(pass_(), "Mine"), around({"Type": "Fail", "ErrorPath": "$.error"}, "Mine")),
    Case("unreported-error", "a Task has no branches",
         only(task(Retry=[errors("States.BranchFailed")])), around(pass_(), "States.BranchFailed")),
    Case("unreported-error", "nothing waits for a heartbeat",
         only(task(Retry=[errors("States.HeartbeatTimeout")])),
         only(task(HeartbeatSeconds=9, Retry=[errors("States.HeartbeatTimeout")]))),
    Case("unreported-error", "no HTTP is called",
         only(task(Retry=[errors("States.Http.StatusCode.429")])),
         only(task(Retry=[errors("States.Timeout")]))),
    Case("unreported-error", "an exception is misspelled",
         calling("AcmPca.ResorceNotFoundException"), calling("AcmPca.ResourceNotFoundException")),
    Case("miscased-error-name", "an HTTP task reports status codes",
         calling("States.Http.StatusCode"), only(task(Retry=[
             errors("States.Http.StatusCode.404")]))),
]  # fmt: skip
