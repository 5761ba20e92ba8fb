"""`carnation start`, `status`, `dlq`, `recover`, `drift`: the night after."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator
from typing import Any

import pytest

from carnation.account import Account, find_deployed
from carnation.account.operations import follow_execution
from carnation.account.operations.dead_letters import DeadLetter, redrive_letters
from carnation.account.operations.letter_filters import read_filters
from carnation.cli import deploy, dlq, drift, recover, start, status
from carnation.emulator import Emulator, FunctionError, ServiceError
from carnation.errors import UsageError
from tests.conftest import ROOT

pytestmark = pytest.mark.filterwarnings("default")  # the vendors' warnings are not ours

TEN = '{"start_seq": 1, "end_seq": 11}'


class Night:
    """The reference workflow, deployed; and what the verbs say of it."""

    def __init__(self, emulator: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
        self.emulator, self.capsys = emulator, capsys
        found = find_deployed(Account(), "carnation-dev")
        assert found is not None
        self.outputs = found.outputs

    def run(self, verb: Any, *words: str) -> tuple[int, str, str]:
        self.capsys.readouterr()
        code = verb.main(list(words))
        out, err = self.capsys.readouterr()
        return code, out, err

    def read(self, verb: Any, *words: str) -> Any:
        return json.loads(self.run(verb, *words, "--format", "json")[1])

    def bury(self, *numbers: int, reason: str = "Boom") -> None:
        for number in numbers:
            event = {"sequence_no": number, "random_value": "x", "generated_unix_time": 5,
                     "retry_attempt": 3}  # fmt: skip
            self.emulator.client("sqs").send_message(
                QueueUrl=self.outputs["DeadLetterQueueUrl"],
                MessageBody=json.dumps(event),
                MessageAttributes={"reason": {"DataType": "String", "StringValue": reason}},
            )

    def list_numbers(self, queue: str) -> list[int]:
        messages = self.emulator.messages(self.outputs[queue])
        return sorted(json.loads(message.body)["sequence_no"] for message in messages)


class Deployed:
    """The emulator of this module, deployed once, and what lay in its stores then."""

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self.emulator: Emulator | None = None

    def open(self, monkeypatch: pytest.MonkeyPatch) -> Emulator:
        """Put back what was, or deploy where nothing stands or more was changed than that."""
        if self.emulator is None or not self.emulator.restore(self.snapshot):
            self.close()
            # handlers elsewhere: their output is theirs
            self.emulator = self._stack.enter_context(Emulator(other_python=lambda _: None))
            assert deploy.main(["carnation", "--yes"]) == 0
            self.snapshot = self.emulator.create_snapshot()
            self.environment = {k: v for k, v in os.environ.items() if k.startswith("AWS_")}
        for name, value in self.environment.items():
            monkeypatch.setenv(name, value)
        return self.emulator

    def close(self) -> None:
        self._stack.close()
        self.emulator = None


@pytest.fixture(scope="module")
def deployed() -> Iterator[Deployed]:
    opened = Deployed()
    yield opened
    opened.close()


@pytest.fixture
def night(
    deployed: Deployed, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Night:
    monkeypatch.chdir(ROOT)
    return Night(deployed.open(monkeypatch), capsys)


@pytest.fixture
def changed_night(night: Night, deployed: Deployed) -> Iterator[Night]:
    """Give a night in which more is changed than what lies in the stores."""
    yield night
    deployed.close()


def test_a_second_start_of_the_same_input_is_the_same_execution(night: Night) -> None:
    code, out, _ = night.run(start, "carnation", "--once", "--input", TEN)
    assert code == 0
    assert "SUCCEEDED" in out
    code, out, _ = night.run(
        start, "carnation", "--once", "--input", '{"end_seq":11,"start_seq":1}'
    )
    assert code == 0
    assert "execution already exists" in out
    assert len(night.emulator.items(night.outputs["TableName"])) == 10


def test_a_failure_is_explained_with_state_item_error_input_and_the_next_command(
    night: Night,
) -> None:
    code, out, _ = night.run(start, "carnation", "--input", '{"start_seq": 1}')
    assert code == 1
    for words in ("CollectEvents", "InvalidInput", "'end_seq' is missing", '{"start_seq": 1}'):
        assert words in out
    assert "carnation recover" not in out  # it keeps the input
    assert "correct the input, then carnation start carnation --environment dev" in out

    def refuse(service: str, action: str, parameters: Any) -> ServiceError | None:
        return ServiceError("Down", "no queue") if action == "SendMessage" else None

    def fail(function: str, payload: Any) -> FunctionError | None:
        return FunctionError("Broken") if payload.get("sequence_no") == 3 else None

    with night.emulator.intercept(before_invoke=fail, before_call=refuse):
        report = night.read(start, "carnation", "--input", TEN)
    assert report["failure"]["state"] == "PutInQueue"
    assert report["failure"]["item"] == 2
    assert '"sequence_no":3' in report["failure"]["input"].replace(" ", "")


def test_a_run_that_put_its_events_away_leads_to_the_dead_letters(night: Night) -> None:
    def fail(function: str, payload: Any) -> FunctionError | None:
        return FunctionError("Broken") if payload.get("sequence_no") == 3 else None

    with night.emulator.intercept(before_invoke=fail):
        code, out, _ = night.run(start, "carnation", "--input", TEN)
    assert code == 1
    assert "carnation dlq list" in out
    code, out, _ = night.run(recover, "carnation")
    assert (code, "No executions to redrive" in out) == (0, True)


def test_input_that_is_no_json_is_refused_before_any_call(night: Night) -> None:
    code, _, err = night.run(start, "carnation", "--input", "{start: 1}")
    assert (code, "--input:1:2: this is not valid JSON" in err) == (2, True)
    path = "@lambdas/collect_events/events/make-ten.json"
    assert night.run(start, "carnation", "--input", path, "--no-follow")[0] == 0


def test_what_ended_with_events_in_it_is_redriven_after_a_look(night: Night) -> None:
    def refuse(service: str, action: str, parameters: Any) -> ServiceError | None:
        return ServiceError("Down", "no queue") if action == "SendMessage" else None

    def fail(function: str, payload: Any) -> FunctionError | None:
        return FunctionError("Broken") if payload.get("sequence_no") == 3 else None

    with night.emulator.intercept(before_invoke=fail, before_call=refuse):
        night.run(start, "carnation", "--input", TEN)
    code, out, _ = night.run(recover, "carnation", "--plan")
    assert code == 1
    assert "FAILED" in out
    code, _, err = night.run(recover, "carnation")
    assert (code, "--yes" in err) == (2, True)  # nobody is here to look
    report = night.read(recover, "carnation", "--yes")
    assert list(report["redriven"].values()) == ["FAILED"]  # with every event put away
    assert len(night.emulator.items(night.outputs["TableName"])) == 9
    assert night.list_numbers("QueueUrl") == [3]


def test_the_status_reports_routes_queues_alarms_and_executions(changed_night: Night) -> None:
    night = changed_night
    night.bury(1, 2)
    night.run(start, "carnation", "--input", TEN)
    report = night.read(status, "carnation")
    assert report["versions"][0]["weight"] == 100
    assert [row["visible"] for row in report["queues"]] == [0, 2, 0]  # undelivered is the last
    assert len(report["alarms"]) == 16
    assert report["executions"][0]["status"] == "SUCCEEDED"
    alarm = "carnation-dev-dead-letters-depth"
    night.emulator.client("cloudwatch").set_alarm_state(
        AlarmName=alarm, StateValue="ALARM", StateReason="2 letters"
    )
    code, out, _ = night.run(status, "carnation")
    assert code == 1
    assert alarm in out
    assert "14" not in out.partition("alarms")[2][:30]


def test_what_may_not_be_seen_is_reported_and_the_rest_is_shown(night: Night) -> None:
    def deny(service: str, action: str, parameters: Any) -> ServiceError | None:
        return ServiceError("AccessDenied", "no") if action == "DescribeAlarms" else None

    with night.emulator.intercept(before_call=deny):
        code, out, _ = night.run(status, "carnation")
    assert code == 0
    assert "may not cloudwatch:DescribeAlarms" in out
    assert "carnation-dev-queue" in out


def test_dead_letters_are_listed_by_event_with_reason_and_attempts(night: Night) -> None:
    night.bury(1, 1, 2)
    code, out, _ = night.run(dlq, "list", "carnation")
    assert code == 0
    assert "3 dead letters, 2 events" in out
    assert "Boom" in out
    letters = night.read(dlq, "show", "carnation", "--where", "sequence_no=2")["letters"]
    assert [json.loads(letter["body"])["sequence_no"] for letter in letters] == [2]
    visible = night.emulator.client("sqs").receive_message(
        QueueUrl=night.outputs["DeadLetterQueueUrl"], MaxNumberOfMessages=10
    )["Messages"]
    assert len(visible) == 3  # looking at them hides none


def test_chosen_letters_go_back_to_the_queue_at_a_rate(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    night.bury(*range(1, 26))
    waits: list[float] = []
    words = ("--where", "sequence_no>20", "--rate", "4", "--fresh", "--yes")
    monkeypatch.setattr(
        "carnation.account.operations.dead_letters.redrive_letters",
        lambda *a, **k: _redrive(*a, pause=waits.append, **k),
    )
    code, _, _ = night.run(dlq, "redrive", "carnation", *words)
    assert code == 0
    assert night.list_numbers("QueueUrl") == [21, 22, 23, 24, 25]
    assert night.list_numbers("DeadLetterQueueUrl") == list(range(1, 21))
    assert waits == [0.25] * 4
    bodies = [json.loads(m.body) for m in night.emulator.messages(night.outputs["QueueUrl"])]
    assert {body["retry_attempt"] for body in bodies} == {1}
    run = night.emulator.execute(night.outputs["StateMachineArn"], {"start_seq": 0, "end_seq": 0})
    assert run.status == "SUCCEEDED"


def _redrive(*arguments: Any, **options: Any) -> Any:
    return redrive_letters(*arguments, **options)


def test_a_purge_deletes_only_what_stands_in_the_file(night: Night, tmp_path: Any) -> None:
    night.bury(1, 2, 3)
    assert "--to" in night.run(dlq, "purge", "carnation", "--yes")[2]
    path = tmp_path / "letters.jsonl"
    words = ("purge", "carnation", "--to", str(path), "--yes")
    assert night.run(dlq, *words, "--where", "sequence_no<3")[0] == 0
    written = [json.loads(json.loads(line)["body"]) for line in path.read_text().splitlines()]
    assert [event["sequence_no"] for event in written] == [1, 2]
    assert night.list_numbers("DeadLetterQueueUrl") == [3]
    assert "already exists" in night.run(dlq, *words)[2]  # never written over
    gone = str(tmp_path / "no" / "such" / "folder")
    assert "Nothing was deleted" in night.run(dlq, *words[:3], gone, "--yes")[2]
    assert night.list_numbers("DeadLetterQueueUrl") == [3]


@pytest.mark.parametrize(
    ("word", "fits"),
    [
        ("reason=Boom", True),
        ("reason!=Boom", False),
        ("reason~^Bo", True),
        ("sequence_no>=7", True),
        ("sequence_no>7", False),
        ("sequence_no<=7", True),
        ("sequence_no<7", False),
        ("reason>7", False),
        ("nothing=1", False),
    ],
)
def test_a_filter_means_what_it_says(word: str, fits: bool) -> None:
    letter = DeadLetter("i", "h", '{"sequence_no": 7}', {"sequence_no": 7}, "Boom", "", 0, {})
    assert read_filters([word])(letter) is fits


@pytest.mark.parametrize("word", ["reason", "=x", "sequence_no>seven", "reason~("])
def test_a_filter_that_is_none_is_refused(word: str) -> None:
    with pytest.raises(UsageError, match="--where"):
        read_filters([word])


def test_a_negative_rate_is_refused(night: Night) -> None:
    assert "--rate" in night.run(dlq, "redrive", "carnation", "--rate", "-1")[2]


def test_there_is_no_drift_right_after_a_deployment(night: Night) -> None:
    code, out, _ = night.run(drift, "carnation")
    assert (code, "No drift" in out) == (0, True)


def test_drift_is_found_in_definition_role_alarm_and_alias(changed_night: Night) -> None:
    night = changed_night
    emulator, outputs = night.emulator, night.outputs
    machines = emulator.client("stepfunctions")
    arn = outputs["StateMachineArn"]
    definition = json.loads(machines.describe_state_machine(stateMachineArn=arn)["definition"])
    definition["TimeoutSeconds"] = 60
    machines.update_state_machine(stateMachineArn=arn, definition=json.dumps(definition))
    role = {"RoleName": "carnation-dev-state-machine", "PolicyName": "extra"}
    statement = {"Effect": "Allow", "Action": "sqs:PurgeQueue", "Resource": "*"}
    more = {"Version": "2012-10-17", "Statement": [statement]}
    emulator.client("iam").put_role_policy(**role, PolicyDocument=json.dumps(more))
    cloudwatch = emulator.client("cloudwatch")
    cloudwatch.delete_alarms(AlarmNames=["carnation-dev-queue-age"])
    name = "carnation-dev-dead-letters-depth"
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    kept = ("Namespace", "MetricName", "Statistic", "Period", "EvaluationPeriods",
            "ComparisonOperator", "AlarmActions", "OKActions", "TreatMissingData")  # fmt: skip
    cloudwatch.put_metric_alarm(
        AlarmName=name, Threshold=9, **{field: alarm[field] for field in kept}
    )
    found = night.read(drift, "carnation")["drift"]
    told = {(row["what"], row["where"]) for row in found}
    assert told == {
        ("definition", "/TimeoutSeconds"),
        ("role", "RoleStack/StateMachineRole"),
        ("alarm", "AlarmStack/QueueAgeAlarm"),
        ("alarm", "AlarmStack/DeadLettersDepthAlarm"),
    }


class Growing:
    """An account with one execution whose history grows between two looks, and within one."""

    is_local = True

    def __init__(self) -> None:
        self.read: list[int] = []
        self.length = 0

    def call(self, *_: str, **__: Any) -> dict[str, Any]:
        self.length += 3
        return {"status": "RUNNING" if self.length < 9 else "SUCCEEDED"}

    def list(self, *_: str, reverseOrder: bool, **__: Any) -> Iterator[Any]:  # noqa: N803
        assert reverseOrder
        for number in range(self.length, 0, -1):
            self.read.append(number)
            yield {"id": number, "type": "PassStateEntered"}
            if number == self.length - 1:  # a page ends: what came meanwhile moves it along
                yield {"id": number, "type": "PassStateEntered"}


def test_who_follows_an_execution_reads_what_is_new_and_each_event_once() -> None:
    account, told = Growing(), list[Any]()

    found, events = follow_execution(account, "arn", told.append, lambda _: None)  # type: ignore[arg-type]

    assert (found["status"], events) == ("SUCCEEDED", told)
    assert [event["id"] for event in told] == [*range(1, 10)]
    assert account.read == [3, 2, 1, 6, 5, 4, 3, 9, 8, 7, 6]


def test_of_a_long_map_only_failures_are_reported(night: Night) -> None:
    def fail(function: str, event: Any) -> None:
        if event.get("sequence_no") == 7:
            raise FunctionError("Boom", "no")

    words = ("carnation", "--region", "us-east-1", "--input", '{"start_seq": 1, "end_seq": 26}')
    with night.emulator.intercept(before_invoke=fail):
        _, out, _ = night.run(start, *words)

    assert "AnyFailed" in out
    assert "ProcessEvents" in out
    assert "WasQueued" not in out
    assert out.count("LambdaFunctionFailed") + out.count("TaskFailed") == 1
    assert "carnation dlq list carnation --environment dev --region us-east-1, or" in out


def test_a_watched_long_map_shows_how_far_it_is(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("carnation.console.is_terminal", lambda stream: True)
    _, _, err = night.run(start, "carnation", "--input", '{"start_seq": 1, "end_seq": 26}')
    assert "of 25 items" in err
    assert err.endswith("\r\x1b[K")


def test_moments_are_reported_in_utc(night: Night) -> None:
    night.run(start, "carnation", "--input", TEN)
    _, out, _ = night.run(status, "carnation")
    assert len(re.findall(r"20\d\d-\d\d-\d\d \d\d:\d\d UTC", out)) == 2
    found = night.read(status, "carnation")
    assert found["executions"][0]["started"].endswith("+00:00")
