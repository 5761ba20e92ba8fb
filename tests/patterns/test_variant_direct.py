"""The variant without a second function: what its one call to the table does, and does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from carnation.artifacts import read_artifacts
from carnation.emulator import Emulator, ExecutionResult, ServiceError
from carnation.patterns.events.writes import OTHER_EVENT
from tests.conftest import ROOT
from tests.patterns.test_reference import QUEUE_ONLY, TEN, Deployed, deploy_once, entered

pytestmark = pytest.mark.filterwarnings("default")  # the vendors' warnings are not ours

EVENT = {"sequence_no": 5, "random_value": "a", "generated_unix_time": 1_700_000_000_000}
ITEM = {
    "sequenceNo": {"N": "5"},
    "generatedUnixTime": {"N": "1700000000000"},
    "randomStringValue": {"S": "a"},
    "createdUnixTime": {"N": "1"},
    "retryAttempt": {"N": "0"},
}


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(in_process=True) as opened:
        yield opened


@pytest.fixture
def deployed(emulator: Emulator) -> Deployed:
    return deploy_once(emulator, read_artifacts(str(ROOT), "direct"))


class Writes:
    """Counts the calls to the table, and fails the first of them."""

    def __init__(self, fails: int = 0) -> None:
        self.count, self.fails = 0, fails

    def __call__(self, service: str, action: str, parameters: Any) -> ServiceError | None:
        if action != "UpdateItem":
            return None
        self.count += 1
        # an error that the client itself does not retry
        return ServiceError("AccessDeniedException") if self.count <= self.fails else None


def put(deployed: Deployed, **changed: Any) -> None:
    table = deployed.outputs["TableName"]
    deployed.emulator.client("dynamodb").put_item(TableName=table, Item={**ITEM, **changed})


def run_event(deployed: Deployed, event: dict[str, Any], writes: Writes) -> ExecutionResult:
    deployed.send({**event, "retry_attempt": 1})
    with deployed.emulator.intercept(before_call=writes):
        return deployed.run(QUEUE_ONLY)


def read_only_item(deployed: Deployed) -> dict[str, Any]:
    (item,) = deployed.emulator.items(deployed.outputs["TableName"])
    return item


def test_each_event_is_written_whole(deployed: Deployed) -> None:
    assert deployed.run(TEN).status == "SUCCEEDED"
    assert deployed.places() == (10, 0, 0)
    for item in deployed.emulator.items(deployed.outputs["TableName"]):
        assert set(item) == set(ITEM)
        assert item["retryAttempt"] == 0
        took = abs(item["createdUnixTime"] - item["generatedUnixTime"])
        assert took < 60_000  # both are milliseconds, of two clocks
        assert len(item["randomStringValue"]) == 16


def test_the_largest_numbers_keep_every_digit(deployed: Deployed) -> None:
    largest = 2**53 - 1
    event = {**EVENT, "sequence_no": largest, "generated_unix_time": largest}
    assert run_event(deployed, event, Writes()).status == "SUCCEEDED"
    item = read_only_item(deployed)
    assert (item["sequenceNo"], item["generatedUnixTime"]) == (largest, largest)


def test_the_same_event_already_there_is_success_and_changes_nothing(deployed: Deployed) -> None:
    put(deployed)
    before = read_only_item(deployed)
    assert run_event(deployed, EVENT, Writes()).status == "SUCCEEDED"
    assert read_only_item(deployed) == before
    assert before["createdUnixTime"] == 1
    assert deployed.places() == (1, 0, 0)


def test_another_event_under_the_key_is_a_dead_letter_at_once(deployed: Deployed) -> None:
    put(deployed, randomStringValue={"S": "b"})
    before, writes = read_only_item(deployed), Writes()
    execution = run_event(deployed, EVENT, writes)
    assert (execution.status, execution.error) == ("FAILED", "EventsFailed")
    assert writes.count == 1
    assert read_only_item(deployed) == before
    assert deployed.places() == (1, 0, 1)
    assert deployed.bodies("DeadLetterQueueUrl") == [{**EVENT, "retry_attempt": 1}]
    (letter,) = deployed.emulator.messages(deployed.outputs["DeadLetterQueueUrl"])
    assert letter.attributes["reason"] == OTHER_EVENT


def test_a_write_that_fails_is_tried_once_more_and_then_put_away(deployed: Deployed) -> None:
    for fails, status in ((1, "SUCCEEDED"), (2, "FAILED")):
        writes = Writes(fails)
        event = {**EVENT, "sequence_no": fails}
        assert run_event(deployed, event, writes).status == status
        assert writes.count == 2
    assert deployed.places() == (1, 1, 0)


def test_a_table_that_accepts_nothing_loses_no_event(deployed: Deployed) -> None:
    with deployed.emulator.intercept(before_call=Writes(99)):
        execution = deployed.run(TEN)
    assert entered(execution)[-1] == "EventsFailed"
    assert deployed.places() == (0, 10, 0)


def test_the_worst_case_takes_no_more_history_than_collecting_counts_with(
    deployed: Deployed, load_handler: Any
) -> None:
    limits = load_handler("collect_events")
    sends = iter([True, False] * 2)

    def worst(service: str, action: str, parameters: Any) -> ServiceError | None:
        fails = {
            "UpdateItem": lambda: True,
            "SendMessage": lambda: next(sends),
            "DeleteMessage": lambda: True,
        }
        return ServiceError("InternalError") if fails.get(action, lambda: False)() else None

    with deployed.emulator.intercept(before_call=worst):
        new = len(deployed.run({"start_seq": 1, "end_seq": 2}).history)
        queued = len(deployed.run(QUEUE_ONLY).history)
    most = limits.HISTORY_OF_RUN + limits.HISTORY_OF_NEW
    assert most - 6 == new  # CollectEvents was not retried
    assert queued == new + limits.HISTORY_OF_QUEUED - limits.HISTORY_OF_NEW
