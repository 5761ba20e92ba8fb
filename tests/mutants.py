"""Single-point mutants of definitions: each differs from a valid one in one place, and is refused.

A mutator looks at one state and yields changes; a change is a function that makes its state (a
copy) wrong. What a mutant breaks is named after the rule that should find it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from carnation.asl import KNOWN, walk_states
from carnation.asl.comparisons import COMPARISONS
from carnation.document import split_pointer

Body = dict[str, Any]
Change = Callable[[Body], object]


class Mutant(NamedTuple):
    rule: str
    what: str
    definition: Body
    type: str = "STANDARD"


def _set(name: str, value: Any) -> Change:
    return lambda body: body.update({name: value})


def _drop(name: str) -> Change:
    return lambda body: body.pop(name)


def _is_ata(definition: Body, state: Body) -> bool:
    return state.get("QueryLanguage", definition.get("QueryLanguage")) == "JSONata"


def change_state(state: Body, ata: bool) -> Iterator[tuple[str, str, Change]]:
    """Yield what can be made wrong with any state, and with this type of state."""
    kind = state["Type"]
    yield "unknown-state-type", "its type is miscased", _set("Type", kind.lower())
    yield "unknown-state-type", "its type is gone", _drop("Type")
    yield "unknown-field", "a field nobody knows", _set("Tmeout", 1)
    yield "wrong-value", "a language nobody speaks", _set("QueryLanguage", "jsonata")
    yield "wrong-value", "a comment that is a number", _set("Comment", 7)
    foreign = ("InputPath", "$") if ata else ("Output", 1)
    if kind != "Fail":
        yield "field-of-other-language", "a field of the other language", _set(*foreign)
    if kind not in ("Task", "Map", "Parallel"):
        yield "unknown-field", "a Catch where none may be", _set("Catch", [])
    if kind != "Task":
        yield "unknown-field", "a heartbeat where none may be", _set("HeartbeatSeconds", 1)
    if kind in ("Pass", "Task", "Choice", "Wait", "Parallel", "Map"):
        yield "invalid-variable-name", "a variable with a hyphen", _set("Assign", {"a-b": 1})
        yield "invalid-variable-name", "variables in a list", _set("Assign", [])
    if kind in ("Pass", "Task", "Wait", "Parallel", "Map"):
        yield from change_flow(state)
    if not ata and kind in ("Pass", "Task", "Parallel", "Map"):
        yield "invalid-reference-path", "a wildcard in ResultPath", _set("ResultPath", "$.a[*]")
        yield "invalid-reference-path", "a variable in ResultPath", _set("ResultPath", "$a")
        yield "wrong-value", "a word in ResultPath", _set("ResultPath", "result")
    if not ata and kind != "Fail":
        yield "invalid-path", "a bracket that does not end", _set("InputPath", "$.a[0")
        yield "wrong-value", "a number for a path", _set("OutputPath", 5)
    yield from change_type(state, ata)


def change_flow(state: Body) -> Iterator[tuple[str, str, Change]]:
    way = "Next" if "Next" in state else "End"
    other = ("End", True) if way == "Next" else ("Next", "Nowhere")
    yield "exclusive-fields", f"no {way}", _drop(way)
    yield "exclusive-fields", "both Next and End", _set(*other)
    if way == "Next":
        yield "missing-target", "a Next to nowhere", _set("Next", "Nowhere at all")
        yield "malformed-definition", "a Next that is a list", _set("Next", ["A"])
    else:
        yield "wrong-value", "an End that is a text", _set("End", "true")


def change_type(state: Body, ata: bool) -> Iterator[tuple[str, str, Change]]:
    changes = {"Task": change_task, "Choice": change_choice, "Wait": change_wait}
    changes |= {"Fail": change_fail, "Map": change_map, "Parallel": change_parallel}
    if state["Type"] in changes:
        yield from changes[state["Type"]](state, ata)
    if state["Type"] in ("Task", "Map", "Parallel"):
        yield from change_errors(state)


def change_task(state: Body, ata: bool) -> Iterator[tuple[str, str, Change]]:
    yield "missing-field", "no Resource", _drop("Resource")
    yield "invalid-resource", "a Resource that is no ARN", _set("Resource", "lambda:invoke")
    yield (
        "unknown-integration",
        "an action that is none",
        _set("Resource", "arn:aws:states:::dynamodb:getItems"),
    )
    yield (
        "unknown-integration",
        "an action of the SDK that is none",
        _set("Resource", "arn:aws:states:::aws-sdk:s3:getObjekt"),
    )
    yield (
        "unknown-integration-pattern",
        "a pattern that is none",
        _set("Resource", "arn:aws:states:::sqs:sendMessage.sync"),
    )
    for name in ("TimeoutSeconds", "HeartbeatSeconds"):
        for value in (0, -1, 1.5, "10", True, 100_000_000):
            yield "wrong-value", f"{name} {value!r}", _set(name, value)
        if not ata:
            both = {name: 1, f"{name}Path": "$.t"}
            yield "exclusive-fields", f"{name} twice", lambda body, both=both: body.update(both)
    yield "malformed-definition", "credentials that are null", _set("Credentials", None)
    yield "exclusive-fields", "credentials without a role", _set("Credentials", {})


def change_wait(state: Body, ata: bool) -> Iterator[tuple[str, str, Change]]:
    ways = [name for name in state if name.startswith(("Seconds", "Timestamp"))]
    yield "exclusive-fields", "no time to wait", _drop(ways[0])
    more = ("Seconds", 1) if "Seconds" not in state else ("Timestamp", "2026-01-01T00:00:00Z")
    yield "exclusive-fields", "two times to wait", _set(*more)
    if "Seconds" in state:
        for value in (-1, 1.5, "5", 100_000_000, None):
            yield "wrong-value", f"Seconds {value!r}", _set("Seconds", value)
    if "Timestamp" in state:
        yield "wrong-value", "a date without a time", _set("Timestamp", "2026-01-01")


def change_fail(state: Body, ata: bool) -> Iterator[tuple[str, str, Change]]:
    yield "wrong-value", "an Error that is a number", _set("Error", 500)
    yield "unknown-field", "a Fail that ends", _set("End", True)
    if "Cause" in state and not ata:
        yield "exclusive-fields", "two causes", _set("CausePath", "$.c")


def change_parallel(state: Body, ata: bool) -> Iterator[tuple[str, str, Change]]:
    yield "missing-field", "no Branches", _drop("Branches")
    yield "no-states", "no branch at all", _set("Branches", [])
    yield "malformed-definition", "a branch that is a list", _set("Branches", [[]])


def change_map(state: Body, ata: bool) -> Iterator[tuple[str, str, Change]]:
    inner = "ItemProcessor" if "ItemProcessor" in state else "Iterator"
    yield "exclusive-fields", "nothing to run", _drop(inner)
    yield "missing-field", "a processor without states", _set(inner, {"StartAt": "A"})
    yield "wrong-value", "MaxConcurrency -1", _set("MaxConcurrency", -1)
    yield "wrong-value", "MaxConcurrency as a text", _set("MaxConcurrency", "5")
    yield "wrong-value", "more than all may fail", _set("ToleratedFailurePercentage", 101)
    yield "wrong-value", "less than none may fail", _set("ToleratedFailureCount", -1)
    yield "invalid-label", "a label with a colon", _set("Label", "a:b")
    yield "invalid-label", "a label of 41 characters", _set("Label", "x" * 41)
    yield "empty-item-batcher", "a batch without a size", _set("ItemBatcher", {})
    yield (
        "unknown-map-connector",
        "a reader that cannot read",
        _set("ItemReader", {"Resource": "arn:aws:states:::sqs:sendMessage"}),
    )
    if not ata:
        yield "wrong-value", "ItemsPath null", _set("ItemsPath", None)
        yield "invalid-reference-path", "a filter in ItemsPath", _set("ItemsPath", "$.a[?(@.b)]")
    mode = {"Mode": "INLINE", "ExecutionType": "STANDARD"}
    yield (
        "execution-type-of-inline-map",
        "an inline Map with an execution type",
        (lambda body: body[inner].update(ProcessorConfig=mode)),
    )
    yield (
        "wrong-value",
        "a mode that is none",
        (lambda body: body[inner].update(ProcessorConfig={"Mode": "INLINED"})),
    )


def change_errors(state: Body) -> Iterator[tuple[str, str, Change]]:
    numbers = {
        "IntervalSeconds": (0, 1.5, "1"), "MaxAttempts": (-1, 99.5), "BackoffRate": (0.3, -2, "2"),
        "MaxDelaySeconds": (0, 31_622_401), "JitterStrategy": ("full", 1),
    }  # fmt: skip
    for name, values in numbers.items():
        for value in values:
            retrier = {"ErrorEquals": ["E"], name: value}
            yield "wrong-value", f"{name} {value!r}", _set("Retry", [retrier])
    yield "wrong-value", "a retrier for nothing", _set("Retry", [{"ErrorEquals": []}])
    yield "wrong-value", "an error that is a number", _set("Retry", [{"ErrorEquals": [1]}])
    yield "missing-field", "a retrier without errors", _set("Retry", [{"MaxAttempts": 1}])
    yield (
        "unknown-field",
        "a retrier that moves",
        _set("Retry", [{"ErrorEquals": ["E"], "Next": "A"}]),
    )
    yield (
        "states-all-not-alone",
        "States.ALL in company",
        _set("Retry", [{"ErrorEquals": ["States.ALL", "E"]}]),
    )
    yield (
        "states-all-not-last",
        "States.ALL first",
        _set("Retry", [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["E"]}]),
    )
    yield (
        "missing-target",
        "a catcher to nowhere",
        _set("Catch", [{"ErrorEquals": ["E"], "Next": "Nowhere"}]),
    )
    yield "missing-field", "a catcher without a handler", _set("Catch", [{"ErrorEquals": ["E"]}])
    yield "malformed-definition", "a Catch that is a mapping", _set("Catch", {})


def change_choice(state: Body, ata: bool) -> Iterator[tuple[str, str, Change]]:
    def on_rule(change: Change) -> Change:
        return lambda body: change(body["Choices"][0])

    yield "missing-field", "no Choices", _drop("Choices")
    yield "no-states", "no rule at all", _set("Choices", [])
    yield "missing-target", "a Default to nowhere", _set("Default", "Nowhere")
    yield "unknown-field", "a Choice that moves on", _set("Next", "A")
    yield "missing-field", "a rule without Next", on_rule(_drop("Next"))
    yield "missing-target", "a rule to nowhere", on_rule(_set("Next", "Nowhere"))
    yield "unknown-field", "a rule with an operator nobody knows", on_rule(_set("StringIs", "x"))
    if ata:
        yield "rule-without-operator", "a rule without a Condition", on_rule(_drop("Condition"))
        return
    rule = state["Choices"][0]
    yield (
        "rule-without-operator",
        "two operators",
        on_rule(_set("Not", {"Variable": "$.a", "IsNull": True})),
    )
    operators = [name for name in rule if name in COMPARISONS]
    for name in operators:
        wrong: Any = 5 if COMPARISONS[name] in ("text", "flag", "path", "timestamp") else "5"
        yield "wrong-comparison-value", f"{name} of another kind", on_rule(_set(name, wrong))
        yield "rule-without-operator", "no operator", on_rule(_drop(name))
        yield "rule-without-variable", "no Variable", on_rule(_drop("Variable"))
        yield "invalid-path", "a call for a Variable", on_rule(_set("Variable", "States.UUID()"))
    for name in ("And", "Or"):
        if name in rule:
            yield "empty-connective", f"{name} of nothing", on_rule(_set(name, []))
            yield (
                "unknown-nested-field",
                "a nested rule that moves",
                (lambda body, name=name: body["Choices"][0][name][0].update(Next="A")),
            )


def change_texts(state: Body, ata: bool) -> Iterator[tuple[str, str, Change]]:
    """Break each expression of a state, one at a time."""
    for path, text in _find_expressions(state, ata):
        if ata:
            yield "unbalanced-jsonata", "an expression not closed", _put(path, text[:-2])
            yield "invalid-jsonata", "an open bracket", _put(path, text[:-2] + " ( %}")
            yield "invalid-jsonata", "two operators", _put(path, "{% $a + * $b %}")
            yield "unsupported-jsonata-reference", "a bare name", _put(path, "{% order.id %}")
            yield "unsupported-jsonata-reference", "the root", _put(path, "{% $$.a %}")
        elif text.startswith("States."):
            yield "invalid-intrinsic", "a function nobody knows", _put(path, "States.X" + text[7:])
            yield "invalid-intrinsic", "a call not closed", _put(path, text.rstrip()[:-1])
            yield "invalid-path", "a blank before a call", _put(path, " " + text)
        else:
            yield "invalid-path", "a path without its root", _put(path, text.lstrip("$."))
            yield "invalid-path", "a number for a path", _put(path, 5)
            yield "invalid-path", "a bracket that does not end", _put(path, text + "['a'")


def _find_expressions(state: Body, ata: bool) -> Iterator[tuple[tuple[Any, ...], str]]:
    names = ("Output", "Arguments", "Assign", "Items") if ata else (
        "Parameters", "ItemSelector", "ResultSelector", "Assign"
    )  # fmt: skip
    waiting: list[tuple[tuple[Any, ...], Any]] = [((n,), state[n]) for n in names if n in state]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [((*path, key), item) for key, item in value.items()]
        elif isinstance(value, list):
            waiting += [((*path, index), item) for index, item in enumerate(value)]
        elif isinstance(value, str) and "${" not in value and _is_expression(path, value, ata):
            yield path, value


def _is_expression(path: tuple[Any, ...], value: str, ata: bool) -> bool:
    return value.startswith("{%") if ata else str(path[-1]).endswith(".$")


def _put(path: tuple[Any, ...], value: Any) -> Change:
    def change(body: Any) -> None:
        for key in path[:-1]:
            body = body[key]
        body[path[-1]] = value

    return change


def _copy(definition: Body) -> Body:
    copy: Body = json.loads(json.dumps(definition))
    return copy


def make_mutants(definition: Body) -> Iterator[Mutant]:
    """Yield the mutants of a definition, one change each."""
    yield from _change_machine(definition)
    for index, place in enumerate(walk_states(definition)):
        state = dict(place.body)
        if state.get("Type") not in KNOWN:
            continue
        ata = _is_ata(definition, state)
        for rule, what, change in (*change_state(state, ata), *change_texts(state, ata)):
            copy = _copy(definition)
            change(list(walk_states(copy))[index].body)  # type: ignore[arg-type]
            yield Mutant(rule, f"{place.name}: {what}", copy)


def _change_machine(definition: Body) -> Iterator[Mutant]:
    extra = {"Type": "Pass", "End": True}
    first = next(iter(definition["States"]))
    changes: list[tuple[str, str, Change]] = [
        ("missing-target", "StartAt to nowhere", _set("StartAt", "Nowhere")),
        ("missing-field", "no StartAt", _drop("StartAt")),
        ("missing-field", "no States", _drop("States")),
        ("unknown-field", "a field nobody knows", _set("Start", "A")),
        ("wrong-value", "a timeout of 0", _set("TimeoutSeconds", 0)),
        ("unreachable-state", "a state apart", lambda body: body["States"].update(Apart=extra)),
        (
            "malformed-definition",
            "a state that is a text",
            lambda body: body["States"].update({first: "x"}),
        ),
        ("invalid-state-name", "a name of 81 characters", _add_state("x" * 81, extra)),
    ]
    for rule, what, change in changes:
        copy = _copy(definition)
        change(copy)
        yield Mutant(rule, what, copy)
    yield from _change_scopes(definition)


def _add_state(name: str, body: Body) -> Change:
    def change(definition: Body) -> None:
        definition["States"][name] = body | {"End": False, "Next": definition["StartAt"]}
        definition["StartAt"] = name

    return change


def _change_scopes(definition: Body) -> Iterator[Mutant]:
    """Rename the first state of each inner scope to the first one of the machine."""
    top = next(iter(definition["States"]))
    for place in walk_states(definition):
        parts = split_pointer(place.pointer)
        if len(parts) > 2:
            copy = _copy(definition)
            scope: Any = copy
            for key in parts[:-2]:
                scope = scope[int(key)] if isinstance(scope, list) else scope[key]
            scope["States"][top] = scope["States"].pop(place.name)
            yield Mutant("duplicate-state-name", f"{place.name} takes the name of {top}", copy)
            return
