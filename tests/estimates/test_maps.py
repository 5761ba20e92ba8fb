"""Estimates of definitions with several Maps, nested ones, children: against the engine's count."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from carnation.engine import Execution, Failed, Succeeded, Task, compile_definition
from carnation.estimates import Child, Facts, find_breaks, find_figures, make_model
from tests.engine_fakes import machine, task

PASS = {"Type": "Pass"}
ITEM = {"id": "x" * 30, "lines": [{"n": 1}, {"n": 2}, {"n": 3}]}


def chain(*names: str, **states: Mapping[str, Any]) -> dict[str, Any]:
    """A chain of states by name: Pass where none is given."""
    made: dict[str, Any] = {}
    for name, following in zip(names, [*names[1:], ""], strict=True):
        end = {"Next": following} if following else {"End": True}
        made[name] = {**states.get(name, PASS), **end}
    return {"StartAt": names[0], "States": made}


def each(inner: dict[str, Any], path: str = "$.items", **fields: Any) -> dict[str, Any]:
    processor = {"ProcessorConfig": {"Mode": "INLINE"}, **inner}
    return {
        "Type": "Map", "ItemsPath": path, "ItemProcessor": processor, "ResultPath": None, **fields,
    }  # fmt: skip


def spread(inner: dict[str, Any], batch: int = 0, kind: str = "STANDARD", **fields: Any) -> Any:
    config = {"Mode": "DISTRIBUTED", "ExecutionType": kind}
    made = {**each(inner, **fields), "ItemProcessor": {**inner, "ProcessorConfig": config}}
    return {**made, "ItemBatcher": {"MaxItemsPerBatch": batch}} if batch else made


def call(**fields: Any) -> dict[str, Any]:
    return {
        "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "ResultPath": None,
        "Parameters": {"FunctionName": "f"}, **fields,
    }  # fmt: skip


def both(*branches: dict[str, Any]) -> dict[str, Any]:
    return {"Type": "Parallel", "Branches": list(branches), "ResultPath": None}


LINES = each(chain("Line"), "$.lines")
REGIONS = {"Type": "Pass", "Result": {"regions": ["a", "b", "c"]}, "ResultPath": "$.made"}
QUERY = {
    "QueryLanguage": "JSONata", "StartAt": "Keep", "States": {
        "Keep": {"Type": "Pass", "Assign": {"all": "{% $states.input.items %}"}, "Next": "Each"},
        "Each": {
            "Type": "Map", "Items": "{% $all %}", "MaxConcurrency": 7, "End": True,
            "ItemSelector": {"id": "{% $states.context.Map.Item.Value.id %}"},
            "ItemProcessor": chain("Mark", "Send", Send={
                "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
                "Arguments": {"FunctionName": "f"}, "Output": "{% $states.input.id %}",
            }),
        },
    },
}  # fmt: skip
SET: dict[str, dict[str, Any]] = {
    "two Maps, one after the other": chain(
        "A", "B", A=each(chain("A1"), MaxConcurrency=3), B=each(chain("B1", "B2"))
    ),
    "a Map in each branch": chain(
        "P", P=both(chain("A", A=each(chain("A1"))), chain("B", B=each(chain("B1", B1=call()))))
    ),
    "a Map that is given what its Parallel is": chain(
        "P", P={**both(chain("A", A={**each(chain("A1")), "ItemsPath": "$"})),
                "InputPath": "$.items"}
    ),
    "a Map in a Map": chain("A", A=each(chain("A1", "L", L=LINES), MaxConcurrency=5)),
    "a Map in a branch in a Map": chain("A", A=each(chain("P", P=both(chain("L", L=LINES))))),
    "a list that is fixed, and one that grows": chain(
        "R", "F", "A", R=REGIONS, F=each(chain("F1"), "$.made.regions"), A=each(chain("A1"))
    ),
    "child executions": chain("A", A=spread(chain("A1", A1=call()))),
    "batches": chain("A", A=spread(chain("A1", "A2", A1=call()), 10)),
    "batches of two sizes": chain(
        "A", "B", A=spread(chain("A1"), 10), B=spread(chain("B1", "B2"), 7)
    ),
    "batches, mapped over inside": chain(
        "A", A=spread(chain("In", In=each(chain("I1"), "$.Items")), 4)
    ),
    "Express batches beside an inline Map": chain(
        "P", P=both(chain("A", A=spread(chain("A1"), 6, "EXPRESS")),
                    chain("B", B=each(chain("B1"))))
    ),
    "JSONata with a variable": QUERY,
}  # fmt: skip


class Counted(Execution):
    """An execution that counts what happens in it and in its children."""

    steps = largest = 0

    def spawn(self, parent: Any, flow: Any, value: Any, index: int, history: Any = None) -> Any:
        if history is not None:
            history.observe = self.kinds(parent.state.body)
            self.measure({"input": value})
        return super().spawn(parent, flow, value, index, history)

    def kinds(self, body: Mapping[str, Any]) -> Any:
        config = body["ItemProcessor"]["ProcessorConfig"]
        is_express = config["ExecutionType"] == "EXPRESS"
        return (lambda event: self.measure(event.details)) if is_express else self.see

    def measure(self, details: Mapping[str, Any]) -> None:
        """Keep the largest payload."""
        for field in ("input", "output"):
            if field in details:
                text = json.dumps(details[field], separators=(",", ":"))
                self.largest = max(self.largest, len(text.encode()))

    def see(self, event: Any) -> None:
        """Count a transition for a start, for each state, for each further attempt."""
        self.measure(event.details)
        started = event.type == "ExecutionStarted"
        steps = started or event.type.endswith("StateEntered")
        again = (event.type == "TaskScheduled") - (event.type == "TaskStateEntered")
        self.steps += steps + again


class Port:
    """Answers every call alike; some items fail, or need a second attempt."""

    def __init__(self, output: Any, error: str = "", often: int = 10, *, once: bool = True) -> None:
        self.output, self.error, self.often, self.once = output, error, often, once
        self.calls = 0

    def perform(self, task: Task) -> Any:
        self.calls += 1
        item = task.context.get("Map", {}).get("Item", {"Index": 1})
        chosen = self.error and item["Index"] % self.often == 0
        if chosen and not (self.once and task.attempt):
            return Failed(self.error, "")
        return Succeeded(self.output, 0.1)


def play(definition: Any, items: int, port: Port) -> tuple[Counted, int]:
    given = {"items": [ITEM] * items}
    execution = Counted(compile_definition(definition), given, port, keeps_children=True)
    execution.see(execution.events[0])
    execution.history.observe = execution.see
    execution.run()
    assert execution.status == "SUCCEEDED", (execution.error, execution.cause)
    return execution, execution.largest


def list_tasks(definition: Any) -> dict[str, Any]:
    """Return each task of a definition the result that the port gives."""
    text = json.dumps(definition)
    return {name: {"Payload": 1} for name in ("A1", "B1", "Send") if f'"{name}"' in text}


@pytest.mark.parametrize("name", SET)
@pytest.mark.parametrize("items", [1, 9, 100, pytest.param(256, marks=pytest.mark.exhaustive)])
def test_events_and_transitions_are_those_of_the_engine(name: str, items: int) -> None:
    definition, port = SET[name], Port({"Payload": 1})
    execution, largest = play(definition, items, port)
    facts = Facts(given={"items": [ITEM]}, results=list_tasks(definition))
    model = make_model(definition, facts)
    figures = find_figures(model, items)
    assert figures.events == len(execution.events)
    assert figures.transitions == execution.steps
    assert figures.payload == pytest.approx(largest, rel=0.02, abs=8)
    assert figures.invocations == port.calls
    assert sum(figures.children.values()) == sum(run.total for run in execution.map_runs)
    assert figures.seconds == pytest.approx(execution.clock.now, rel=0.02, abs=0.01)


RETRY = [{"ErrorEquals": ["E"], "MaxAttempts": 1, "IntervalSeconds": 1}]
CATCH = [{"ErrorEquals": ["E"], "ResultPath": None, "Next": "End"}]


@pytest.mark.parametrize("place", ["alone", "in a branch", "around a Map", "second"])
@pytest.mark.parametrize("once", [True, False])
def test_failing_items_are_those_of_the_outermost_map(place: str, once: bool) -> None:
    work = call(Retry=RETRY) if once else call(Catch=CATCH)
    inner = chain("A1", *(["L"] if place == "around a Map" else []), "End", A1=work, L=LINES)
    over = each(inner)
    definition = {
        "in a branch": chain("P", P=both(chain("A", A=over), chain("B"))),
        "second": chain("First", "A", First=call(), A=over),
    }.get(place, chain("A", A=over))
    port = Port({"Payload": 1}, "E", once=once)
    execution, _ = play(definition, 100, port)
    share = {"retry": 0.1} if once else {"fail": 0.1, "error": "E"}
    facts = Facts(given={"items": [ITEM]}, results=list_tasks(definition), **share)
    figures = find_figures(make_model(definition, facts), 100)
    assert (figures.events, figures.transitions) == (len(execution.events), execution.steps)


def test_the_items_of_a_batch_fail_together() -> None:
    work = chain("A1", "End", A1=call(Catch=CATCH))
    definition = chain("A", A=spread(work, 10))
    facts = Facts(given={"items": [ITEM]}, results={"A1": {"Payload": 1}}, fail=0.5, error="E")
    figures = find_figures(make_model(definition, facts), 1000)
    assert figures.requests["lambda:invoke"] == 100
    assert figures.transitions == 1 + 1 + 100 * 3


# executions of other machines

CHILD = machine(task(), {"Type": "Wait", "Seconds": 2}, {"Type": "Pass", "Result": {"ok": 1}})
START = {
    "Type": "Task", "ResultPath": "$.child",
    "Parameters": {"StateMachineArn": "${Child}", "Input": {"id.$": "$.id"}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("resource", "express", "transitions", "seconds"),
    [
        ("states:startExecution.sync:2", False, 1 + 1 + 100 * (1 + 4), 2.1 * 3),
        ("states:startExecution", False, 1 + 1 + 100 * (1 + 4), 0.1 * 3),
        ("aws-sdk:sfn:startSyncExecution", True, 1 + 1 + 100, 2.1 * 3),
    ],
)
def test_executions_of_another_machine_are_counted_where_it_is_given(
    resource: str, express: bool, transitions: int, seconds: float
) -> None:
    start = {**START, "Resource": f"arn:aws:states:::{resource}"}
    definition = chain("A", A=each(chain("Start", Start=start)))
    bare = make_model(definition, Facts(given={"items": [ITEM]}))
    assert any("'Start' starts executions of another machine" in note for note in bare.notes)
    facts = Facts(given={"items": [ITEM]}, children={"Start": Child(CHILD, express)})
    model = make_model(definition, facts)
    figures = find_figures(model, 100)
    assert not any("another machine" in note for note in model.notes)
    assert figures.children == {"Start": 100}
    assert figures.requests["lambda:invoke"] == figures.invocations == 100
    assert figures.transitions == transitions
    assert figures.seconds == pytest.approx(seconds)
    assert ("Express children" in figures.dollars) is express
    assert figures.child_events == 1 + 5 + 2 + 2 + 1


def test_a_child_is_waited_for_and_its_output_goes_on() -> None:
    start = {**START, "Resource": "arn:aws:states:::states:startExecution.sync:2"}
    ends = {"Type": "Pass", "InputPath": "$.child.Output.ok"}
    definition = chain("Start", "End", Start=start, End=ends)
    facts = Facts(given={"id": 1}, children={"Start": Child(CHILD)})
    assert make_model(definition, facts).notes == ()
    parsed = {**start, "Resource": "arn:aws:states:::aws-sdk:sfn:startSyncExecution"}
    text = {"Type": "Pass", "Parameters": {"a.$": "States.StringToJson($.child.Output)"}}
    definition = chain("Start", "End", Start=parsed, End=text)
    assert make_model(definition, facts).notes == ()


def test_a_child_that_outgrows_its_own_history_is_named() -> None:
    waits = {"Type": "Map", "ItemsPath": "$.numbers", "ItemProcessor": chain("N")}
    numbers = {"Type": "Pass", "Parameters": {"numbers.$": "States.ArrayRange(1, 900, 1)"}}
    child = chain("Make", "All", Make=numbers, All=waits)
    for index in range(30):
        child["States"][f"M{index}"] = {**waits, "ResultPath": None, "End": True}
    for index in range(29):
        child["States"][f"M{index}"] |= {"Next": f"M{index + 1}"}
        del child["States"][f"M{index}"]["End"]
    child["States"]["All"] |= {"ResultPath": None, "Next": "M0"}
    del child["States"]["All"]["End"]
    start = {**START, "Resource": "arn:aws:states:::states:startExecution"}
    definition = chain("A", A=each(chain("Start", Start=start)))
    facts = Facts(given={"items": [ITEM]}, children={"Start": Child(child)})
    first = find_breaks(make_model(definition, facts))[0]
    assert (first.limit, first.items, first.state) == (
        "a child's history of 25,000 events", 1, "Start",
    )  # fmt: skip


def test_a_child_execution_that_copies_a_guess_goes_as_far_as_the_same_states_inline() -> None:
    given = {"Bucket": "b", "Key.$": "$.number", "Body.$": "$.a.Payload"}
    save = call(Resource="arn:aws:states:::aws-sdk:s3:putObject", Parameters=given)
    inner = chain("A", "B", A={**call(), "ResultPath": "$.a"}, B=save)
    inline, distributed = (
        find_figures(make_model(chain("M", M=how(inner)), Facts()), 1000) for how in (each, spread)
    )
    assert inline.requests == distributed.requests
    assert inline.invocations == distributed.invocations == 1000


@pytest.mark.parametrize("kind", ["STANDARD", "EXPRESS"])
def test_a_child_execution_that_fails_on_the_sample_is_reported(kind: str) -> None:
    parse = {"Type": "Pass", "Parameters": {"a.$": "States.StringToJson($.id)"}}
    definition = chain("A", A=spread(chain("Parse", "B", Parse=parse, B=call()), kind=kind))
    definition["States"]["A"]["ToleratedFailurePercentage"] = 100
    (note, *_) = make_model(definition, Facts(given={"items": [ITEM]})).notes
    assert note.startswith("the sample ends in 'Parse', in a child execution of 'A'")


@pytest.mark.parametrize(
    ("end", "noted"),
    [
        ({"Type": "Fail", "Error": "Declined"}, False),
        ({"Type": "Pass", "Parameters": {"a.$": "$.lost"}}, True),
    ],
    ids=["on purpose", "on its sample"],
)
def test_a_child_of_another_machine_that_fails_is_no_success(
    end: Mapping[str, Any], noted: bool
) -> None:
    child = machine(task(), dict(end))
    catch = [{"ErrorEquals": ["States.TaskFailed"], "Next": "Undo"}]
    start = {**START, "Resource": "arn:aws:states:::states:startExecution.sync:2", "Catch": catch}
    definition = chain("Start", "Done", Start=start)
    definition["States"]["Undo"] = {**call(), "End": True}
    facts = Facts(given={"id": 1}, results={}, children={"Start": Child(child)})
    model = make_model(definition, facts)
    assert find_figures(model, 1).requests["lambda:invoke"] == 2  # the child's, and Undo
    assert any("in a child execution of 'Start'" in note for note in model.notes) is noted


# what is taken for granted


def find_notes(definition: Any, **facts: Any) -> str:
    return "\n".join(make_model(definition, Facts(**facts)).notes)


def test_a_note_says_which_maps_get_as_many_items_and_which_are_guessed() -> None:
    two = chain("A", "B", A=each(chain("A1")), B=each(chain("B1")))
    assert "each of the Maps 'A', 'B'" in find_notes(two)
    nested = chain("A", A=each(chain("L", L=each(chain("Line"), "$.lines"))))
    assert "'L', inside another Map, is assumed to get one item" in find_notes(nested)
    assert find_notes(nested, given={"items": [ITEM]}) == ""


def test_an_inner_list_of_the_same_name_does_not_grow_along() -> None:
    nested = chain("A", A=each(chain("L", L=each(chain("Line"), "$.items"))))
    figures = find_figures(make_model(nested, Facts()), 1000)
    assert figures.transitions == 2 + 1000 * 2


def test_a_list_that_the_definition_fixes_is_no_map_to_grow() -> None:
    fixed = chain("R", "F", R=REGIONS, F=each(chain("F1", F1=call()), "$.made.regions"))
    figures = find_figures(make_model(fixed, Facts(given={})), 50)
    assert (figures.executions, figures.transitions) == (50, 50 * (1 + 2 + 3))


def test_the_slowest_of_two_maps_side_by_side_reports_the_time() -> None:
    slow = each(chain("A1", A1=call()), MaxConcurrency=2)
    fast = each(chain("B1", B1=call()), MaxConcurrency=20)
    definition = chain("P", P=both(chain("A", A=slow), chain("B", B=fast)))
    model = make_model(definition, Facts(given={"items": [ITEM]}, seconds={"A1": 3.0}))
    assert find_figures(model, 1000).seconds == pytest.approx(500 * 3.0, rel=0.01)
    limit = next(one for one in find_breaks(model) if one.limit == "a year")
    assert limit.state == "A"
