"""The distributed variant on the local emulator: batches, notes, exports, redrives.

That it keeps the promise wherever a run stops, `tests/testing/test_proofs.py` proves.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from carnation.artifacts import read_artifacts
from carnation.emulator import Emulator
from tests.conftest import ROOT
from tests.patterns.test_reference import (
    QUEUE_ONLY,
    Deployed,
    deploy_once,
    entered,
    fail_events,
    refuse_sends,
)
from tests.patterns.test_variants import read_definition

pytestmark = pytest.mark.filterwarnings("default")  # the vendors' warnings are not ours

MANY = {"start_seq": 0, "end_seq": 250}


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(in_process=True) as opened:
        yield opened


@pytest.fixture
def deployed(emulator: Emulator) -> Deployed:
    return deploy_once(emulator, read_artifacts(str(ROOT), "distributed"))


def list_files(deployed: Deployed, folder: str) -> dict[str, str]:
    found = deployed.emulator.objects(deployed.outputs["FilesBucketName"])
    return {key: body.decode() for key, body in found.items() if key.startswith(f"{folder}/")}


def test_a_run_writes_every_event_of_a_range_that_no_payload_holds(deployed: Deployed) -> None:
    execution = deployed.run({"start_seq": 0, "end_seq": 1500})
    assert (execution.status, entered(execution)[-1]) == ("SUCCEEDED", "EventsWritten")
    assert deployed.places() == (1500, 0, 0)
    (file,) = list_files(deployed, "events").values()
    assert len(file.splitlines()) == 1500
    assert len(json.dumps(execution.output)) < 1000
    assert list_files(deployed, "failed") == {}


def test_nothing_to_do_starts_no_map(deployed: Deployed) -> None:
    execution = deployed.run(QUEUE_ONLY)
    assert execution.status == "SUCCEEDED"
    assert entered(execution) == ["CollectEvents", "AnyEvents", "EventsWritten"]


def test_one_failed_event_of_a_batch_is_put_away_and_the_others_are_written(
    deployed: Deployed,
) -> None:
    with deployed.emulator.intercept(before_invoke=fail_events(3, 7, 170)):
        execution = deployed.run(MANY)
    assert (execution.status, execution.error) == ("FAILED", "EventsFailed")
    assert entered(execution)[-1] == "EventsFailed"
    assert deployed.places() == (247, 3, 0)
    assert sorted(body["sequence_no"] for body in deployed.bodies("QueueUrl")) == [3, 7, 170]


def test_the_failed_events_are_noted_by_batch_and_exported_as_one_list(deployed: Deployed) -> None:
    with deployed.emulator.intercept(before_invoke=fail_events(3, 7, 170)):
        execution = deployed.run(MANY)
    name = execution.arn.rpartition(":")[2]
    notes = list_files(deployed, "failed")
    assert all(key.startswith(f"failed/{name}/") for key in notes)
    numbers = [[one["sequence_no"] for one in json.loads(text)] for text in notes.values()]
    assert sorted(numbers) == [[3, 7], [170]]
    results = list_files(deployed, "results")
    (manifest,) = [key for key in results if key.endswith("manifest.json")]
    assert f"/{manifest} names" in (execution.cause or "")
    (written,) = json.loads(results[manifest])["ResultFiles"]["SUCCEEDED"]
    lines = [json.loads(line) for line in results[written["Key"]].splitlines()]
    assert [(line["sequence_no"], line["error"]) for line in lines] == [
        (3, "Broken"), (7, "Broken"), (170, "Broken"),
    ]  # fmt: skip


@pytest.mark.parametrize(("failing", "end"), [(3, (5, 0, 0)), (4, (4, 0, 1))])
def test_an_event_has_one_first_attempt_and_three_retries_in_runs_of_their_own(
    deployed: Deployed, failing: int, end: tuple[int, int, int]
) -> None:
    given: dict[str, int] = {"start_seq": 0, "end_seq": 5}
    with deployed.emulator.intercept(before_invoke=fail_events(3, attempts=failing)):
        for number in range(4):
            execution = deployed.run(given if number == 0 else QUEUE_ONLY)
            assert execution.status == ("FAILED" if number < failing else "SUCCEEDED")
            deployed.emulator.expire_visibility(deployed.outputs["QueueUrl"])
    assert deployed.places() == end


def test_a_batch_that_cannot_put_an_event_away_fails_the_run_where_redriving_goes_on(
    deployed: Deployed,
) -> None:
    with (
        deployed.emulator.intercept(before_invoke=fail_events(3)),
        deployed.emulator.intercept(before_call=refuse_sends(99)),
    ):
        execution = deployed.run(MANY)
    assert execution.error == "States.ExceedToleratedFailureThreshold"
    assert entered(execution)[-1] == "ProcessBatches"
    assert deployed.bodies("QueueUrl") == []
    deployed.emulator.client("stepfunctions").redrive_execution(executionArn=execution.arn)
    again = deployed.emulator.wait(execution.arn)
    assert (again.status, again.error) == ("FAILED", "EventsFailed")
    assert deployed.places() == (249, 1, 0)
    assert len(list_files(deployed, "events")) == 1


def test_the_definition_reads_batches_and_exports_as_the_page_says() -> None:
    state = read_definition("distributed")["States"]["ProcessBatches"]
    assert state["ItemReader"]["ReaderConfig"] == {"InputType": "JSONL"}
    assert state["ItemBatcher"]["MaxItemsPerBatch"] == 100
    assert state["ToleratedFailurePercentage"] == 0
    assert state["ResultWriter"]["WriterConfig"]["OutputType"] == "JSONL"
    assert state["ItemProcessor"]["ProcessorConfig"]["Mode"] == "DISTRIBUTED"


def test_an_iteration_is_the_reference_s_own() -> None:
    reference = read_definition("carnation")["States"]["ProcessEvents"]
    batch = read_definition("distributed")["States"]["ProcessBatches"]["ItemProcessor"]
    assert batch["States"]["ProcessEvents"]["ItemProcessor"] == reference["ItemProcessor"]


def test_the_history_of_a_batch_holds_the_worst_case() -> None:
    state = read_definition("distributed")["States"]["ProcessBatches"]
    worst = 32  # of a queued event that fails with every retry (lambdas/collect_events)
    assert state["ItemBatcher"]["MaxItemsPerBatch"] * worst < 25_000 / 2
