"""Refusals about fields: each case breaks its rule, and keeps it."""

from __future__ import annotations

from tests.rule_cases.builders import (
    OK,
    STRINGS,
    Case,
    ata,
    caught,
    choice,
    errors,
    machine,
    map_,
    only,
    pass_,
    retry,
    rule,
    task,
)

CASES: list[Case] = [
    Case(
        "unknown-field",
        "a field is misspelled",
        only(pass_(InptPath="$")),
        only(pass_(InputPath="$")),
    ),
    Case("unknown-field", "a Pass has a Catch", only(pass_(Catch=[])), only(task(Catch=[]))),
    Case(
        "unknown-field",
        "a Map has a timeout",
        only(map_(TimeoutSeconds=1)),
        only(task(TimeoutSeconds=1)),
    ),
    Case(
        "unknown-field",
        "a rule has a misspelled operator",
        choice(rule(Variable="$.a", StringEqual="x")),
        choice(rule(**STRINGS)),
    ),
    Case(
        "field-of-other-language",
        "a JSONata state has Parameters",
        ata(Parameters={}),
        ata(Output={}),
    ),
    Case(
        "field-of-other-language",
        "a JSONPath state has an Output",
        only(pass_(Output={})),
        ata(Output={}),
    ),
    Case(
        "jsonpath-in-jsonata-machine",
        "a JSONata machine holds a JSONPath state",
        only(pass_(QueryLanguage="JSONPath"), QueryLanguage="JSONata"),
        only(pass_(QueryLanguage="JSONata"), QueryLanguage="JSONPath"),
    ),
    Case(
        "wrong-value",
        "a timeout is 0",
        only(task(TimeoutSeconds=0)),
        only(task(TimeoutSeconds=2.0)),
    ),
    Case(
        "wrong-value",
        "a wait is a text",
        only({"Type": "Wait", "Seconds": "5", "End": True}),
        only({"Type": "Wait", "Seconds": "${Seconds}", "End": True}),
    ),
    Case(
        "wrong-value",
        "a jitter strategy is unknown",
        retry(errors("E", JitterStrategy="full")),
        retry(errors("E", JitterStrategy="FULL")),
    ),
    Case(
        "wrong-value",
        "an expression stands in a JSONPath state",
        only(task(TimeoutSeconds="{% 5 %}")),
        only(task(QueryLanguage="JSONata", TimeoutSeconds="{% 5 %}")),
    ),
    Case(
        "wrong-value",
        "a timestamp has no zone",
        only({"Type": "Wait", "Timestamp": "2016-12-05T21:29:29", "End": True}),
        only({"Type": "Wait", "Timestamp": "2016-12-05T21:29:29Z", "End": True}),
    ),
    Case(
        "wrong-value",
        "a month is the 13th",
        only({"Type": "Wait", "Timestamp": "2016-13-05T21:29:29Z", "End": True}),
        OK,
    ),
    Case(
        "missing-field", "a Task has no Resource", only({"Type": "Task", "End": True}), only(task())
    ),
    Case(
        "missing-field", "a catcher has no Next", only(task(Catch=[errors("E")])), caught(pass_())
    ),
    Case(
        "exclusive-fields",
        "a state moves on and ends",
        machine(A=pass_(Next="B", End=True), B=pass_()),
        OK,
    ),
    Case("exclusive-fields", "a state does neither", only({"Type": "Pass"}), OK),
    Case(
        "exclusive-fields",
        "End is false and alone",
        only(pass_(End=False)),
        machine(A=pass_(End=False, Next="B"), B=pass_()),
    ),
    Case(
        "exclusive-fields",
        "a Fail has two causes",
        only({"Type": "Fail", "Cause": "c", "CausePath": "$.c"}),
        only({"Type": "Fail", "Cause": "c"}),
    ),
    Case(
        "invalid-variable-name",
        "a variable has a hyphen",
        only(pass_(Assign={"a-b": 1})),
        only(pass_(Assign={"a_b": 1, "größe.$": "$.n"})),
    ),
    Case(
        "invalid-variable-name", "Assign is a text", only(pass_(Assign="x")), only(pass_(Assign={}))
    ),
    Case(
        "invalid-variable-name",
        "a variable with AWS's name",
        only(pass_(Assign={"states": 1})),
        OK,
    ),
    Case(
        "states-all-not-alone",
        "States.ALL has company",
        retry(errors("States.ALL", "E")),
        retry(errors("States.ALL")),
    ),
    Case(
        "states-all-not-last",
        "a retrier stands behind States.ALL",
        retry(errors("States.ALL"), errors("E")),
        retry(errors("E"), errors("States.ALL")),
    ),
]
