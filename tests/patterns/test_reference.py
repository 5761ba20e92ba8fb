"""The promise of the reference workflow, shown on the emitted artifacts and the real handlers."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from carnation.artifacts import Artifacts, read_artifacts
from carnation.cloudformation.template import parse_template
from carnation.emulator import Emulator, ExecutionResult, FunctionError, ServiceError
from carnation.emulator.snapshots import Snapshot
from carnation.patterns.events.ledger import (
    DEAD,
    WAITING,
    WRITTEN,
    count_places,
    find_events,
    tally_run,
)
from tests.conftest import ROOT
from tests.depth import every

pytestmark = pytest.mark.filterwarnings("default")  # the vendors' warnings are not ours

TEN = {"start_seq": 1, "end_seq": 11}
QUEUE_ONLY = {"start_seq": 0, "end_seq": 0}
NUMBERS = itertools.count(1)
KEPT: dict[tuple[Emulator, str], tuple[Deployed, Snapshot]] = {}


class Deployed:
    """One deployment of the reference workflow, and what the tests ask of it."""

    def __init__(self, emulator: Emulator, artifacts: Artifacts) -> None:
        self.emulator = emulator
        project = f"t{next(NUMBERS)}"
        deployment = emulator.deploy(
            project,
            artifacts.list_uploads(),
            artifacts.find_key("-root-stack.yaml"),
            {"ArtifactBucket": f"artifacts-{project}", "ProjectName": project},
            bucket=f"artifacts-{project}",
        )
        self.outputs: Mapping[str, str] = deployment.outputs

    def run(self, given: Any) -> ExecutionResult:
        return self.emulator.execute(self.outputs["StateMachineArn"], given)

    def send(self, body: Any) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        url = self.outputs["QueueUrl"]
        self.emulator.client("sqs").send_message(QueueUrl=url, MessageBody=text)

    def places(self) -> tuple[int, int, int]:
        counts = count_places(find_events(self.emulator, self.outputs))
        return counts[WRITTEN], counts[WAITING], counts[DEAD]

    def bodies(self, queue: str) -> list[Any]:
        return [json.loads(message.body) for message in self.emulator.messages(self.outputs[queue])]


@pytest.fixture(scope="module")
def artifacts() -> Artifacts:
    return read_artifacts(str(ROOT), "carnation")


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(in_process=True) as opened:
        yield opened


def deploy_once(emulator: Emulator, artifacts: Artifacts) -> Deployed:
    """Put the emulator's deployment of a workflow back as it was new; deploy it where none is."""
    kept = KEPT.get((emulator, artifacts.workflow))
    if kept is None or not emulator.restore(kept[1]):
        deployed = Deployed(emulator, artifacts)
        KEPT[emulator, artifacts.workflow] = kept = deployed, emulator.create_snapshot()
    return kept[0]


@pytest.fixture
def deployed(emulator: Emulator, artifacts: Artifacts) -> Deployed:
    return deploy_once(emulator, artifacts)


def fail_events(*numbers: int, attempts: int = 99, error: str = "Broken") -> Any:
    """Make a hook that fails the processing of these events on their first attempts."""

    def fail(function: str, payload: Any) -> FunctionError | None:
        chosen = "retry_attempt" in payload and payload["sequence_no"] in numbers
        return FunctionError(error) if chosen and payload["retry_attempt"] < attempts else None

    return fail


def types_of(execution: ExecutionResult) -> list[str]:
    return [event["type"] for event in execution.history]


def entered(execution: ExecutionResult) -> list[str]:
    return [
        event["stateEnteredEventDetails"]["name"]
        for event in execution.history
        if "stateEnteredEventDetails" in event
    ]


def test_a_run_writes_b_minus_a_events_and_ends_in_succeed(deployed: Deployed) -> None:
    execution = deployed.run(TEN)
    assert execution.status == "SUCCEEDED"
    assert entered(execution)[-1] == "EventsWritten"
    items = deployed.emulator.items(deployed.outputs["TableName"])
    assert sorted(int(item["sequenceNo"]) for item in items) == list(range(1, 11))
    assert deployed.places() == (10, 0, 0)


def test_an_empty_range_makes_nothing_and_succeeds_on_an_empty_queue(deployed: Deployed) -> None:
    assert deployed.run(QUEUE_ONLY).status == "SUCCEEDED"
    assert deployed.places() == (0, 0, 0)


def test_any_failure_ends_in_fail_after_everything_was_put_away(deployed: Deployed) -> None:
    with deployed.emulator.intercept(before_invoke=fail_events(3, 7)):
        execution = deployed.run(TEN)
    assert (execution.status, execution.error) == ("FAILED", "EventsFailed")
    assert deployed.places() == (8, 2, 0)
    tally = tally_run(execution)
    assert tally is not None
    assert (tally.made, tally.received, tally.written) == (10, 0, 8)
    failed = {(one["sequence_no"], one["retry_attempt"], one["error"]) for one in tally.failed}
    assert failed == {(3, 0, "Broken"), (7, 0, "Broken")}
    assert {body["retry_attempt"] for body in deployed.bodies("QueueUrl")} == {1}


def test_a_failed_event_is_put_away_before_its_map_ends(deployed: Deployed) -> None:
    with deployed.emulator.intercept(before_invoke=fail_events(3)):
        types = deployed.run(TEN).history
    names = [event["type"] for event in types]
    sent = [
        index
        for index, event in enumerate(types)
        if event["type"] == "TaskSucceeded"
        and event["taskSucceededEventDetails"]["resource"] == "sendMessage"
    ]
    assert len(sent) == 1
    assert sent[0] < names.index("MapStateSucceeded")


@pytest.mark.parametrize("failing", [1, 2, 3, 4, 5])
def test_the_third_failed_retry_and_no_other_leads_to_the_dead_letters(
    deployed: Deployed, failing: int
) -> None:
    with deployed.emulator.intercept(before_invoke=fail_events(3, attempts=failing)):
        statuses = [deployed.run(given).status for given in (TEN, *[QUEUE_ONLY] * 4)]
    failed_runs = min(failing, 4)
    assert statuses == ["FAILED"] * failed_runs + ["SUCCEEDED"] * (5 - failed_runs)
    assert deployed.places() == ((10, 0, 0) if failing < 4 else (9, 0, 1))
    if failing >= 4:
        assert [body["retry_attempt"] for body in deployed.bodies("DeadLetterQueueUrl")] == [3]


def test_a_dead_letter_says_why_and_in_which_execution(deployed: Deployed) -> None:
    with deployed.emulator.intercept(before_invoke=fail_events(1, error="Sandbox.Timedout")):
        runs = [
            deployed.run(given) for given in ({"start_seq": 1, "end_seq": 2}, *[QUEUE_ONLY] * 3)
        ]
    (letter,) = deployed.emulator.messages(deployed.outputs["DeadLetterQueueUrl"])
    assert letter.attributes["reason"] == "Sandbox.Timedout"
    assert letter.attributes["execution"] == runs[-1].arn


def test_another_event_under_the_same_key_goes_to_the_dead_letters_at_once(
    deployed: Deployed,
) -> None:
    event = {"sequence_no": 5, "random_value": "a", "generated_unix_time": 9, "retry_attempt": 1}
    deployed.send(event)
    assert deployed.run(QUEUE_ONLY).status == "SUCCEEDED"
    deployed.send({**event, "random_value": "b"})
    execution = deployed.run(QUEUE_ONLY)
    assert (execution.status, execution.error) == ("FAILED", "EventsFailed")
    assert entered(execution).count("ProcessEvent") == 1
    assert deployed.places() == (1, 0, 1)
    assert deployed.bodies("DeadLetterQueueUrl") == [{**event, "random_value": "b"}]


def test_a_duplicated_event_is_applied_once(deployed: Deployed) -> None:
    event = {"sequence_no": 5, "random_value": "a", "generated_unix_time": 9, "retry_attempt": 2}
    deployed.send(event)
    deployed.send({**event, "retry_attempt": 1})
    assert deployed.run(QUEUE_ONLY).status == "SUCCEEDED"
    assert deployed.places() == (1, 0, 0)
    deployed.send(event)
    (before,) = deployed.emulator.items(deployed.outputs["TableName"])
    assert deployed.run(QUEUE_ONLY).status == "SUCCEEDED"
    assert deployed.emulator.items(deployed.outputs["TableName"]) == [before]
    assert deployed.bodies("QueueUrl") == []


def test_a_message_that_is_no_event_goes_to_the_dead_letters_with_a_reason(
    deployed: Deployed,
) -> None:
    deployed.send("this is no event")
    assert deployed.run(TEN).status == "SUCCEEDED"
    (letter,) = deployed.emulator.messages(deployed.outputs["DeadLetterQueueUrl"])
    assert letter.body == "this is no event"
    assert letter.attributes["reason"] == "the body is not valid JSON"


def test_a_range_beyond_the_limit_is_refused_with_limit_number_and_remedy(
    deployed: Deployed,
) -> None:
    execution = deployed.run({"start_seq": 0, "end_seq": 5000})
    assert (execution.status, execution.error) == ("FAILED", "RangeTooLarge")
    message = json.loads(execution.cause or "")["errorMessage"]
    assert "5000 events" in message
    assert "at most 1040" in message
    assert "distributed variant" in message
    assert deployed.places() == (0, 0, 0)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"start_seq": 1.5, "end_seq": 2}, "start_seq"),
        ({"start_seq": -1, "end_seq": 2}, "start_seq"),
        ({"start_seq": 3, "end_seq": 2}, "end_seq"),
        ({"start_seq": 3}, "end_seq"),
        ({"start_seq": 1, "end_seq": 2, "max": 3}, "max"),
    ],
)
def test_a_wrong_input_is_refused_by_name_and_changes_nothing(
    deployed: Deployed, given: Any, named: str
) -> None:
    execution = deployed.run(given)
    assert (execution.status, execution.error) == ("FAILED", "InvalidInput")
    assert f"'{named}'" in json.loads(execution.cause or "")["errorMessage"]
    assert deployed.places() == (0, 0, 0)


def test_the_old_message_is_deleted_only_after_the_event_was_sent(deployed: Deployed) -> None:
    calls: list[str] = []

    def note(service: str, action: str, parameters: Any) -> None:
        if service == "sqs":
            calls.append(action)

    with deployed.emulator.intercept(before_invoke=fail_events(1)):
        deployed.run({"start_seq": 1, "end_seq": 2})
        with deployed.emulator.intercept(before_call=note):
            deployed.run(QUEUE_ONLY)
    assert [call for call in calls if call != "ReceiveMessage"] == ["SendMessage", "DeleteMessage"]


def test_a_deletion_that_fails_is_no_failure_of_the_event(deployed: Deployed) -> None:
    def refuse(service: str, action: str, parameters: Any) -> ServiceError | None:
        return ServiceError("InternalError") if action == "DeleteMessage" else None

    event = {"sequence_no": 5, "random_value": "a", "generated_unix_time": 9, "retry_attempt": 1}
    deployed.send(event)
    with deployed.emulator.intercept(before_call=refuse):
        assert deployed.run(QUEUE_ONLY).status == "SUCCEEDED"
    assert deployed.places() == (1, 1, 0)
    deployed.emulator.expire_visibility(deployed.outputs["QueueUrl"])
    assert deployed.run(QUEUE_ONLY).status == "SUCCEEDED"
    assert deployed.places() == (1, 0, 0)


def refuse_sends(times: int) -> Any:
    left = [times]

    def refuse(service: str, action: str, parameters: Any) -> ServiceError | None:
        if (service, action) != ("sqs", "SendMessage") or left[0] == 0:
            return None
        left[0] -= 1
        return ServiceError("KmsDisabled", "the key is disabled")

    return refuse


def test_a_sending_that_fails_once_is_tried_again(deployed: Deployed) -> None:
    with (
        deployed.emulator.intercept(before_invoke=fail_events(3)),
        deployed.emulator.intercept(before_call=refuse_sends(1)),
    ):
        assert deployed.run(TEN).error == "EventsFailed"
    assert deployed.places() == (9, 1, 0)


def test_an_event_that_cannot_be_put_away_ends_the_run_in_the_sending_state(
    deployed: Deployed,
) -> None:
    event = {"sequence_no": 3, "random_value": "a", "generated_unix_time": 9, "retry_attempt": 1}
    deployed.send(event)
    with (
        deployed.emulator.intercept(before_invoke=fail_events(3)),
        deployed.emulator.intercept(before_call=refuse_sends(99)),
    ):
        execution = deployed.run(QUEUE_ONLY)
    assert execution.status == "FAILED"
    assert execution.error not in ("EventsFailed", None)
    assert entered(execution)[-1] == "PutInQueue"
    assert "FailStateEntered" not in types_of(execution)  # a redrive would only fail there again
    assert deployed.bodies("QueueUrl") == [event]  # nothing was deleted


def test_an_aborted_run_loses_nothing(deployed: Deployed) -> None:
    for number in range(20, 24):
        deployed.send(
            {
                "sequence_no": number,
                "random_value": "q",
                "generated_unix_time": 9,
                "retry_attempt": 1,
            }
        )
    arn: list[str] = []
    ready, written = threading.Event(), itertools.count()

    def abort(service: str, action: str, parameters: Any) -> None:
        if action == "PutItem" and next(written) == 3:
            ready.wait(10)
            deployed.emulator.stop(arn[0])

    with deployed.emulator.intercept(before_call=abort):
        arn.append(deployed.emulator.start(deployed.outputs["StateMachineArn"], TEN))
        ready.set()
        execution = deployed.emulator.wait(arn[0])
    assert execution.status == "ABORTED"
    collected = next(
        json.loads(event["stateExitedEventDetails"]["output"])["events"]
        for event in execution.history
        if event["type"] == "TaskStateExited"
    )
    keys = {
        (item["event"]["sequence_no"], item["event"]["generated_unix_time"]) for item in collected
    }
    assert len(keys) == 14  # the execution's own history still holds them all, to be redriven
    queued = {body["sequence_no"] for body in deployed.bodies("QueueUrl")}
    rows = {
        int(row["sequenceNo"]) for row in deployed.emulator.items(deployed.outputs["TableName"])
    }
    assert queued | rows >= {20, 21, 22, 23}
    deployed.emulator.expire_visibility(deployed.outputs["QueueUrl"])
    assert deployed.run(QUEUE_ONLY).status == "SUCCEEDED"
    rows = {
        int(row["sequenceNo"]) for row in deployed.emulator.items(deployed.outputs["TableName"])
    }
    assert rows >= {20, 21, 22, 23}


def test_two_overlapping_runs_apply_each_event_once(deployed: Deployed) -> None:
    for number in range(20):
        deployed.send(
            {
                "sequence_no": number,
                "random_value": "q",
                "generated_unix_time": 9,
                "retry_attempt": 1,
            }
        )
    machine = deployed.outputs["StateMachineArn"]
    arns = [deployed.emulator.start(machine, given) for given in (TEN, QUEUE_ONLY)]
    assert {deployed.emulator.wait(arn).status for arn in arns} == {"SUCCEEDED"}
    assert deployed.places() == (30, 0, 0)


def test_a_full_queue_is_worked_off_in_several_runs(deployed: Deployed) -> None:
    big = "x" * 3000
    for number in range(120):
        deployed.send(
            {
                "sequence_no": number,
                "random_value": big,
                "generated_unix_time": 9,
                "retry_attempt": 1,
            }
        )
    written = []
    for _ in range(3):
        assert deployed.run(QUEUE_ONLY).status == "SUCCEEDED"
        written.append(deployed.places()[0])
    assert 0 < written[0] < 120
    assert written[-1] == 120


def test_no_call_is_a_batch_whose_partial_failure_could_be_missed(deployed: Deployed) -> None:
    actions = set()

    def note(service: str, action: str, parameters: Any) -> None:
        actions.add(action)

    deployed.send("no event")
    with (
        deployed.emulator.intercept(before_invoke=fail_events(3)),
        deployed.emulator.intercept(before_call=note),
    ):
        deployed.run(TEN)
        deployed.run(QUEUE_ONLY)
    assert {"SendMessage", "DeleteMessage", "PutItem", "ReceiveMessage"} <= actions
    assert not [action for action in actions if "Batch" in action]


TRANSIENT = "Lambda.TooManyRequestsException"


def test_the_history_of_the_worst_case_is_what_the_limit_counts_with(
    deployed: Deployed, load_handler: Any
) -> None:
    limits = load_handler("collect_events")
    collect_fails, sends, deletes = itertools.count(), itertools.count(), itertools.count()

    def worst_invoke(function: str, payload: Any) -> FunctionError | None:
        if "retry_attempt" in payload or next(collect_fails) < 2:
            return FunctionError(TRANSIENT)
        return None

    def worst_call(service: str, action: str, parameters: Any) -> ServiceError | None:
        fails = (action == "SendMessage" and next(sends) % 2 == 0) or (
            action == "DeleteMessage" and next(deletes) >= 0
        )
        return ServiceError("InternalError") if fails else None

    def measure(given: Any) -> int:
        nonlocal collect_fails
        collect_fails = itertools.count()
        with deployed.emulator.intercept(before_invoke=worst_invoke, before_call=worst_call):
            return len(deployed.run(given).history)

    one_new, empty = measure({"start_seq": 1, "end_seq": 2}), measure(QUEUE_ONLY)
    assert empty <= limits.HISTORY_OF_RUN + limits.HISTORY_OF_QUEUED
    assert one_new == limits.HISTORY_OF_RUN + limits.HISTORY_OF_NEW
    assert empty == limits.HISTORY_OF_RUN + limits.HISTORY_OF_QUEUED  # the event came back queued


@every(4)
def test_a_thousand_events_fit_into_one_run(deployed: Deployed, stride: int) -> None:
    execution = deployed.run({"start_seq": 0, "end_seq": 1000 // stride})
    assert execution.status == "SUCCEEDED"
    assert deployed.places() == (1000 // stride, 0, 0)
    assert len(execution.history) * stride <= 25_000


def test_a_run_calls_what_the_roles_allow_and_the_roles_allow_what_a_run_calls(
    deployed: Deployed, artifacts: Artifacts
) -> None:
    calls = set()

    def note(service: str, action: str, parameters: Any) -> None:
        calls.add(f"{service}:{'InvokeFunction' if action == 'Invoke' else action}")

    event = {"sequence_no": 5, "random_value": "a", "generated_unix_time": 9, "retry_attempt": 3}
    deployed.send("no event")
    deployed.send(event)
    with deployed.emulator.intercept(before_call=note):
        deployed.run(QUEUE_ONLY)
        deployed.send({**event, "random_value": "another"})
        deployed.run(QUEUE_ONLY)
        with deployed.emulator.intercept(before_invoke=fail_events(3)):
            deployed.run(TEN)
            deployed.run(QUEUE_ONLY)
    template = parse_template(artifacts.files["cft/nested-stacks/iam-role-stack.yaml"])
    allowed = {
        action
        for role in template.resources.values()
        for policy in role["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in (
            [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        )
    }
    # what AWS's services call on the roles' behalf, and an emulator's do not
    unseen = {action for action in allowed if action.split(":")[0] in ("kms", "logs", "xray")}
    assert calls - {"states:StartExecution"} == allowed - unseen - {"states:StartExecution"}
