from __future__ import annotations

from typing import Any

import pytest

from carnation.engine import Succeeded, test_state
from carnation.errors import DefinitionError, UsageError
from tests.engine_fakes import Script, machine, task

ERROR = {"errorOutput": {"error": "E", "cause": "c"}}
PROCESSOR = {"StartAt": "X", "States": {"X": {"Type": "Pass", "End": True}}}


def inspect(state: dict[str, Any], value: Any, **options: Any) -> dict[str, Any]:
    return test_state(state, value, inspection_level="DEBUG", **options)


def test_a_task_shows_each_step_of_its_processing() -> None:
    state = task(
        InputPath="$.in",
        Parameters={"p.$": "$.n"},
        ResultSelector={"s.$": "$.r"},
        ResultPath="$.out",
        Next="B",
    )
    found = inspect(state, {"in": {"n": 1}}, mock={"result": {"r": 2}})
    assert found == {
        "status": "SUCCEEDED",
        "output": {"in": {"n": 1}, "out": {"s": 2}},
        "nextState": "B",
        "inspectionData": {
            "input": {"in": {"n": 1}},
            "afterInputPath": {"n": 1},
            "afterParameters": {"p": 1},
            "result": {"r": 2},
            "afterResultSelector": {"s": 2},
            "afterResultPath": {"in": {"n": 1}, "out": {"s": 2}},
        },
    }


def test_a_retrier_gives_its_interval_and_a_catcher_its_output() -> None:
    state = task(
        Retry=[{"ErrorEquals": ["E"], "IntervalSeconds": 2, "MaxAttempts": 2}],
        Catch=[{"ErrorEquals": ["F"], "Next": "C"}, {"ErrorEquals": ["E"], "Next": "D"}],
        End=True,
    )
    found = inspect(state, {}, mock=ERROR, configuration={"retrierRetryCount": 1})
    assert (found["status"], found["error"], found["cause"]) == ("RETRIABLE", "E", "c")
    assert found["inspectionData"]["errorDetails"] == {
        "retryIndex": 0,
        "retryBackoffIntervalSeconds": 4,
    }
    found = inspect(state, {}, mock=ERROR, configuration={"retrierRetryCount": 2})
    assert (found["status"], found["nextState"]) == ("CAUGHT_ERROR", "D")
    assert found["output"] == {"Error": "E", "Cause": "c"}
    assert found["inspectionData"]["errorDetails"] == {"retryIndex": 0, "catchIndex": 1}
    assert test_state(task(End=True), {}, mock=ERROR)["status"] == "FAILED"


def test_a_task_without_mock_is_performed_by_the_port() -> None:
    found = test_state(task(End=True), {"n": 1}, port=Script(StateName=Succeeded(7)))
    assert found == {"status": "SUCCEEDED", "output": 7}


def test_variables_and_context_are_given() -> None:
    state = {"Type": "Pass", "Parameters": {"v.$": "$v", "c.$": "$$.x"}, "End": True}
    assert test_state(state, {}, variables={"v": 1}, context={"x": 2})["output"] == {"v": 1, "c": 2}


def test_a_wait_does_not_wait() -> None:
    assert test_state({"Type": "Wait", "Seconds": 99, "Next": "B"}, 1)["nextState"] == "B"


def test_a_map_shows_its_items_batches_and_tolerance() -> None:
    processor = {**PROCESSOR, "ProcessorConfig": {"Mode": "DISTRIBUTED"}}
    state = {
        "Type": "Map",
        "ItemProcessor": processor,
        "ItemReader": {"Resource": "arn:aws:states:::s3:getObject",
                       "ReaderConfig": {"InputType": "JSONL"}, "Parameters": {}},
        "ItemSelector": {"v.$": "$$.Map.Item.Value"},
        "ItemBatcher": {"MaxItemsPerBatch": 2},
        "ToleratedFailurePercentage": 40,
        "MaxConcurrency": 3,
        "End": True,
    }  # fmt: skip
    settings = {"mapItemReaderData": "1\n2\n3\n", "mapIterationFailureCount": 1}
    found = inspect(state, {}, mock={"result": [1]}, configuration=settings)
    assert found["status"] == "SUCCEEDED"
    data = found["inspectionData"]
    assert data["afterItemSelector"] == [{"v": 1}, {"v": 2}, {"v": 3}]
    assert [len(batch["Items"]) for batch in data["afterItemBatcher"]] == [2, 1]
    assert (data["maxConcurrency"], data["toleratedFailurePercentage"]) == (3, 40.0)
    settings["mapIterationFailureCount"] = 2
    found = inspect(state, {}, mock={"result": [1]}, configuration=settings)
    assert found["error"] == "States.ExceedToleratedFailureThreshold"
    both = {**state, "ToleratedFailureCount": 2}  # the share is exceeded
    assert inspect(both, {}, mock={"result": [1]}, configuration=settings)["error"]
    config = {"InputType": "JSON", "ItemsPointer": "/a"}
    pointed = {**state, "ItemReader": {**state["ItemReader"], "ReaderConfig": config}}
    given = {"mapItemReaderData": '{"a": [1]}'}
    found = inspect(pointed, {}, mock={"result": [1]}, configuration=given)
    assert found["inspectionData"]["afterItemsPointer"] == [1]
    counted = {**state, "ToleratedFailureCount": 1}
    del counted["ToleratedFailurePercentage"]
    found = inspect(counted, {}, mock={"result": [1]}, configuration=settings)
    assert found["error"] == "States.ExceedToleratedFailureThreshold"


def test_an_inline_map_and_a_parallel_give_their_mock() -> None:
    state = {"Type": "Map", "ItemProcessor": PROCESSOR, "End": True}
    assert test_state(state, [1], mock={"result": [2]})["output"] == [2]
    state = {"Type": "Parallel", "Branches": [PROCESSOR], "End": True}
    assert test_state(state, 1, mock={"result": [2]})["output"] == [2]
    with pytest.raises(UsageError, match="tested with a mock"):
        test_state(state, 1)


def test_a_state_of_a_machine_is_found_by_name_wherever_it_stands() -> None:
    inner = {"Type": "Map", "ItemProcessor": PROCESSOR}
    definition = machine(inner, {"Type": "Fail", "Error": "E"})
    assert test_state(definition, 5, state_name="X")["output"] == 5
    assert test_state(definition, 5, state_name="B") == {"status": "FAILED", "error": "E"}
    with pytest.raises(UsageError, match="no state 'Z'"):
        test_state(definition, 5, state_name="Z")
    with pytest.raises(UsageError, match="name the state"):
        test_state(definition, 5)
    with pytest.raises(DefinitionError, match="Known"):
        test_state({"Type": "Zzz"}, 5)


def test_a_choice_reports_where_it_goes() -> None:
    rule = {"Variable": "$.n", "NumericEquals": 1, "Next": "B"}
    state = {"Type": "Choice", "Choices": [rule], "Default": "C"}
    assert test_state(state, {"n": 1})["nextState"] == "B"
    assert test_state(state, {"n": 2})["nextState"] == "C"
