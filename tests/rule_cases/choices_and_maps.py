"""Refusals about choices and maps: each case breaks its rule, and keeps it."""

from __future__ import annotations

from tests.rule_cases.builders import (
    DISTRIBUTED,
    EXPRESS_CHILDREN,
    OK,
    STRINGS,
    Case,
    choice,
    machine,
    map_,
    only,
    pass_,
    reader,
    rule,
)

CASES: list[Case] = [
    Case(
        "rule-without-operator",
        "a rule makes two comparisons",
        choice(rule(**STRINGS, IsNull=True)),
        choice(rule(**STRINGS)),
    ),
    Case(
        "rule-without-operator",
        "a JSONata rule has no Condition",
        choice(rule(), QueryLanguage="JSONata"),
        choice(rule(Condition="{% true %}"), QueryLanguage="JSONata"),
    ),
    Case(
        "rule-without-operator",
        "a JSONata rule compares",
        choice(rule(Condition=True, **STRINGS), QueryLanguage="JSONata"),
        choice(rule(Condition=True), QueryLanguage="JSONata"),
    ),
    Case(
        "rule-without-variable",
        "a comparison compares nothing",
        choice(rule(IsNull=True)),
        choice(rule(**STRINGS)),
    ),
    Case(
        "rule-without-variable",
        "And has a Variable",
        choice(rule(Variable="$.a", And=[STRINGS])),
        choice(rule(And=[STRINGS])),
    ),
    Case(
        "wrong-comparison-value",
        "a number is compared with a text",
        choice(rule(Variable="$.n", NumericEquals="1")),
        choice(rule(Variable="$.n", NumericEquals=1.5)),
    ),
    Case(
        "unknown-nested-field",
        "a nested rule moves on",
        choice(rule(Not={**STRINGS, "Next": "B"})),
        choice(rule(Not=STRINGS)),
    ),
    Case("empty-connective", "Or joins nothing", choice(rule(Or=[])), choice(rule(Or=[STRINGS]))),
    Case(
        "execution-type-of-inline-map",
        "an inline Map has an execution type",
        only(map_({"Mode": "INLINE", "ExecutionType": "EXPRESS"})),
        only(map_({"Mode": "INLINE"})),
    ),
    Case(
        "execution-type-of-inline-map",
        "a distributed Map has none",
        only(map_({"Mode": "DISTRIBUTED"})),
        only(map_(DISTRIBUTED)),
    ),
    Case(
        "invalid-label",
        "a label is empty",
        only(map_(DISTRIBUTED, Label="")),
        only(map_(DISTRIBUTED, Label="Map-1")),
    ),
    Case("invalid-label", "a label has a question mark", only(map_(Label="a?")), OK),
    Case(
        "duplicate-label",
        "two Maps share a label",
        machine(
            A={**map_(Label="L"), "End": False, "Next": "B"},
            B={
                "Type": "Map",
                "Label": "L",
                "End": True,
                "ItemProcessor": {"StartAt": "J", "States": {"J": pass_()}},
            },
        ),
        only(map_(Label="L")),
    ),
    Case(
        "wrong-reader-config",
        "CSV says nothing about headers",
        reader(InputType="CSV"),
        reader(InputType="CSV", CSVHeaderLocation="FIRST_ROW"),
    ),
    Case(
        "wrong-reader-config",
        "given headers are not given",
        reader(InputType="CSV", CSVHeaderLocation="GIVEN"),
        reader(InputType="CSV", CSVHeaderLocation="GIVEN", CSVHeaders=["a"]),
    ),
    Case(
        "wrong-reader-config",
        "JSON has a delimiter",
        reader(InputType="JSON", CSVDelimiter="TAB"),
        reader(InputType="JSON"),
    ),
    Case(
        "wrong-reader-config",
        "the first row is given",
        reader(InputType="CSV", CSVHeaderLocation="FIRST_ROW", CSVHeaders=["a"]),
        OK,
    ),
    Case(
        "unknown-map-connector",
        "a Map reads from DynamoDB",
        only(map_(DISTRIBUTED, ItemReader={"Resource": "arn:aws:states:::dynamodb:getItem"})),
        reader(),
    ),
    Case(
        "empty-item-batcher",
        "a batch has no size",
        only(map_(DISTRIBUTED, ItemBatcher={})),
        only(map_(DISTRIBUTED, ItemBatcher={"MaxItemsPerBatch": 2})),
    ),
    Case(
        "distributed-map-in-express",
        "an Express machine has a distributed Map",
        only(map_(DISTRIBUTED)),
        only(map_()),
        "EXPRESS",
    ),
    Case(
        "distributed-map-in-express",
        "Express children have a distributed Map",
        only(
            {
                "Type": "Map",
                "End": True,
                "ItemProcessor": {
                    "ProcessorConfig": EXPRESS_CHILDREN,
                    "StartAt": "M",
                    "States": {"M": map_(DISTRIBUTED)},
                },
            }
        ),
        only(map_(EXPRESS_CHILDREN)),
    ),
]
