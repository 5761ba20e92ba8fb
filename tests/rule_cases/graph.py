"""Refusals about graph: each case breaks its rule, and keeps it."""

from __future__ import annotations

from tests.rule_cases.builders import (
    LOOP,
    OK,
    STRINGS,
    Case,
    caught,
    choice,
    errors,
    machine,
    map_,
    only,
    pass_,
    rule,
    task,
)

CASES: list[Case] = [
    Case("malformed-definition", "a state is a number", machine(A=pass_(), B=3), OK),
    Case("malformed-definition", "Retry is no list", only(task(Retry={})), only(task(Retry=[]))),
    Case("malformed-definition", "a retrier is a text", only(task(Retry=["x"])), OK),
    Case(
        "malformed-definition",
        "Branches is no list",
        only({"Type": "Parallel", "Branches": {}, "End": True}),
        OK,
    ),
    Case("malformed-definition", "States is a list", {"StartAt": "A", "States": []}, OK),
    Case("malformed-definition", "Next is a number", only(pass_(Next=3)), OK),
    Case(
        "malformed-definition",
        "And holds no list",
        choice(rule(And={})),
        choice(rule(And=[STRINGS])),
    ),
    Case(
        "malformed-definition", "Not holds a text", choice(rule(Not="x")), choice(rule(Not=STRINGS))
    ),
    Case(
        "malformed-definition",
        "Credentials are null",
        only(task(Credentials=None)),
        only(task(Credentials={"RoleArn": "arn:aws:iam::1:role/r"})),
    ),
    Case(
        "malformed-definition",
        "an ItemProcessor is a text",
        only({"Type": "Map", "ItemProcessor": "x", "End": True}),
        only(map_()),
    ),
    Case("unknown-state-type", "a type is misspelled", only({"Type": "Tsk", "End": True}), OK),
    Case("unknown-state-type", "a type is missing", only({"End": True}), OK),
    Case("no-states", "a graph has no states", {"StartAt": "A", "States": {}}, OK),
    Case(
        "no-states",
        "a Parallel has no branches",
        only({"Type": "Parallel", "Branches": [], "End": True}),
        OK,
    ),
    Case(
        "invalid-state-name",
        "a name has 81 characters",
        {"StartAt": "x" * 81, "States": {"x" * 81: pass_()}},
        {"StartAt": "x" * 80, "States": {"x" * 80: pass_()}},
    ),
    Case(
        "duplicate-state-name",
        "a name stands inside a Map and outside",
        machine(A=map_(Next="I") | {"End": False}, I=pass_()),
        machine(A=map_()),
    ),
    Case(
        "missing-target",
        "a Next goes nowhere",
        machine(A=pass_(Next="Bb"), B=pass_()),
        machine(A=pass_(Next="B"), B=pass_()),
    ),
    Case(
        "missing-target", "StartAt names no state", {"StartAt": "X", "States": {"A": pass_()}}, OK
    ),
    Case(
        "missing-target",
        "a Default goes nowhere",
        choice(rule(**STRINGS))
        | {
            "States": {
                "A": {"Type": "Choice", "Choices": [rule(**STRINGS)], "Default": "C"},
                "B": pass_(),
            }
        },
        choice(rule(**STRINGS)),
    ),
    Case(
        "missing-target",
        "a transition leaves its Map",
        machine(
            A={
                "Type": "Map",
                "Next": "B",
                "ItemProcessor": {"StartAt": "I", "States": {"I": pass_(Next="B")}},
            },
            B=pass_(),
        ),
        only(map_()),
    ),
    Case(
        "missing-target",
        "a catcher goes nowhere",
        only(task(Catch=[{**errors("E"), "Next": "X"}])),
        caught(pass_()),
    ),
    Case(
        "start-at-is-no-name", "StartAt is a list", {"StartAt": ["A"], "States": {"A": pass_()}}, OK
    ),
    Case(
        "unreachable-state",
        "a state stands apart",
        machine(A=pass_(), B=pass_()),
        machine(A=pass_(Next="B"), B=pass_()),
    ),
    Case(
        "unreachable-state",
        "two states only reach each other",
        machine(A=pass_(), B=pass_(Next="C"), C=pass_(Next="B")),
        OK,
    ),
    Case("no-terminal-state", "everything goes round", LOOP, OK),
]
