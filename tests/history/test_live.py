"""Events as they come: what a person is shown of a long Map."""

from __future__ import annotations

from carnation.engine import export_event, run_definition
from carnation.history.live import LiveEvents


def test_what_a_map_inside_a_long_map_does_is_inside_of_it() -> None:
    inner = {
        "Type": "Map", "ItemsPath": "$.few", "Next": "AfterInner",
        "ItemProcessor": {"StartAt": "Deep", "States": {"Deep": {"Type": "Pass", "End": True}}},
    }  # fmt: skip
    outer = {
        "Type": "Map", "ItemsPath": "$.many", "Next": "Last", "MaxConcurrency": 2,
        "ItemProcessor": {
            "StartAt": "Inner",
            "States": {"Inner": inner, "AfterInner": {"Type": "Pass", "End": True}},
        },
    }  # fmt: skip
    small = {**inner, "ItemsPath": "$.many[0].few", "ResultPath": "$.done", "Next": "Outer"}
    states = {"Small": small, "Outer": outer, "Last": {"Type": "Pass", "End": True}}
    execution = run_definition(
        {"StartAt": "Small", "States": states}, {"many": [{"few": [1, 2]}] * 21}
    )
    live = LiveEvents()

    lines = [line for event in execution.events for line in live.add(export_event(event))]

    told = [line.split()[-1] for line in lines]
    assert execution.status == "SUCCEEDED"
    assert told == ["Small", "Deep", "Deep", "Outer", "Last", "ExecutionSucceeded"]
