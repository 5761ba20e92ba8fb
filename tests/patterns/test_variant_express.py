"""The variant with Express children on the local emulator: which child runs again, and when.

That it keeps the promise wherever a run or a child stops, `tests/testing/test_proofs.py` proves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from carnation.artifacts import read_artifacts
from carnation.emulator import Emulator, ExecutionResult
from tests.conftest import ROOT
from tests.depth import every
from tests.patterns.test_reference import (
    TEN,
    Deployed,
    deploy_once,
    entered,
    fail_events,
    refuse_sends,
)
from tests.patterns.test_variants import list_transitions, read_definition

pytestmark = pytest.mark.filterwarnings("default")  # the vendors' warnings are not ours

MINUTES = 5  # an Express execution has no more


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(in_process=True) as opened:
        yield opened


@pytest.fixture
def deployed(emulator: Emulator) -> Deployed:
    return deploy_once(emulator, read_artifacts(str(ROOT), "express"))


def redrive(deployed: Deployed, execution: ExecutionResult) -> ExecutionResult:
    deployed.emulator.client("stepfunctions").redrive_execution(executionArn=execution.arn)
    return deployed.emulator.wait(execution.arn)


def test_the_run_and_each_child_are_the_reference_s_states_and_transitions() -> None:
    reference, variant = read_definition("carnation"), read_definition("express")
    assert list(list_transitions(variant)) == list(list_transitions(reference))
    mapped, inline = variant["States"]["ProcessEvents"], reference["States"]["ProcessEvents"]
    config = mapped["ItemProcessor"].pop("ProcessorConfig")
    assert config == {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}
    assert mapped["ItemProcessor"]["States"] == inline["ItemProcessor"]["States"]
    assert mapped["ToleratedFailurePercentage"] == 0


@every(4)
def test_a_thousand_events_take_few_events_of_the_run_s_history(
    deployed: Deployed, stride: int
) -> None:
    execution = deployed.run({"start_seq": 0, "end_seq": 1000 // stride})
    assert (execution.status, entered(execution)[-1]) == ("SUCCEEDED", "EventsWritten")
    assert deployed.places() == (1000 // stride, 0, 0)
    assert len(execution.history) < 30


def test_children_that_put_their_events_away_have_succeeded(deployed: Deployed) -> None:
    with deployed.emulator.intercept(before_invoke=fail_events(3, 7)):
        execution = deployed.run(TEN)
    assert (execution.status, execution.error) == ("FAILED", "EventsFailed")
    assert deployed.places() == (8, 2, 0)


def test_a_child_that_cannot_put_its_event_away_fails_the_run_and_no_other_is_redriven(
    deployed: Deployed,
) -> None:
    invoked: Counter[int] = Counter()

    def count(function: str, payload: Mapping[str, Any]) -> None:
        if "retry_attempt" in payload:
            invoked[payload["sequence_no"]] += 1

    with deployed.emulator.intercept(before_invoke=count):
        with (
            deployed.emulator.intercept(before_invoke=fail_events(10)),
            deployed.emulator.intercept(before_call=refuse_sends(99)),
        ):
            execution = deployed.run(TEN)
        assert execution.error == "States.ExceedToleratedFailureThreshold"
        assert entered(execution)[-1] == "ProcessEvents"
        again = redrive(deployed, execution)
    assert again.error != execution.error  # it went on
    assert sum(deployed.places()) == 10
    assert all(invoked[number] == 1 for number in range(1, 10))


def test_the_longest_way_through_a_child_ends_before_its_time_is_over() -> None:
    processor = read_definition("express")["States"]["ProcessEvents"]["ItemProcessor"]
    states = processor["States"]

    def take(name: str) -> float:
        state = states[name]
        rules = (*state.get("Choices", ()), *state.get("Catch", ()))
        ways = [state.get("Next"), state.get("Default"), *(rule["Next"] for rule in rules)]
        rest = max((take(way) for way in ways if way), default=0)
        return seconds_of(state) + rest

    assert 100 < take(processor["StartAt"]) < MINUTES * 60


def seconds_of(state: Mapping[str, Any]) -> float:
    if state["Type"] != "Task":
        return 0
    (retrier,) = state["Retry"]
    attempts = 1 + retrier["MaxAttempts"]
    waits = retrier["MaxAttempts"] * retrier.get("MaxDelaySeconds", retrier["IntervalSeconds"])
    return float(attempts * state["TimeoutSeconds"] + waits)
