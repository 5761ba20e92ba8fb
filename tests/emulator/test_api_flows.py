"""Conversations with the Step Functions API whose answers AWS's documentation fixes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from carnation.emulator import Emulator
from carnation.emulator.interpreter.api import aliases, versions

ROLE = "arn:aws:iam::123456789012:role/r"
PASS = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
LABELED = {
    "StartAt": "M",
    "States": {
        "M": {
            "Type": "Map",
            "Label": "lab",
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "C",
                "States": {
                    "C": {
                        "Type": "Choice",
                        "Choices": [{"Variable": "$", "NumericEquals": 2, "Next": "F"}],
                        "Default": "S",
                    },
                    "F": {"Type": "Fail", "Error": "E"},
                    "S": {"Type": "Succeed"},
                },
            },
            "End": True,
        }
    },
}


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(in_process=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def sfn(emulator: Emulator) -> Any:
    return emulator.client("stepfunctions")


def create(sfn: Any, name: str, definition: Any = None, **more: Any) -> Any:
    text = json.dumps(definition or PASS)
    return sfn.create_state_machine(name=name, definition=text, roleArn=ROLE, **more)


def refused(call: Callable[..., Any], **params: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**params)
    return str(caught.value.response["Error"]["Code"])


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_deleted_machine_waits_for_its_executions(sfn: Any) -> None:
    activity = sfn.create_activity(name="a")["activityArn"]
    task = {"Type": "Task", "Resource": activity, "Next": "A"}
    waiting = {"StartAt": "T", "States": {"T": task, **PASS["States"]}}  # type: ignore[dict-item]
    arn = create(sfn, "deleted", waiting)["stateMachineArn"]
    started = sfn.start_execution(stateMachineArn=arn)["executionArn"]
    token = sfn.get_activity_task(activityArn=activity)["taskToken"]
    sfn.delete_state_machine(stateMachineArn=arn)
    assert sfn.describe_state_machine(stateMachineArn=arn)["status"] == "DELETING"
    deleting = "StateMachineDeleting"
    assert refused(sfn.start_execution, stateMachineArn=arn) == deleting
    assert refused(sfn.update_state_machine, stateMachineArn=arn, roleArn=ROLE) == deleting
    assert refused(sfn.publish_state_machine_version, stateMachineArn=arn) == deleting
    assert refused(sfn.list_state_machine_aliases, stateMachineArn=arn) == deleting
    assert refused(create, sfn=sfn, name="deleted") == deleting
    described = sfn.describe_execution(executionArn=started)
    assert described["redriveStatusReason"] == "State machine is in DELETING status"
    sfn.send_task_success(taskToken=token, output="{}")
    wait_until(lambda: sfn.describe_execution(executionArn=started)["status"] == "ABORTED")
    events = sfn.get_execution_history(executionArn=started)["events"]
    assert "PassStateEntered" not in [event["type"] for event in events]
    assert refused(sfn.describe_state_machine, stateMachineArn=arn) == "StateMachineDoesNotExist"
    assert create(sfn, "deleted")["stateMachineArn"] == arn


def test_creating_again_compares_what_was_published(sfn: Any) -> None:
    made = create(sfn, "again", publish=True, versionDescription="one")
    again = create(sfn, "again", publish=True, versionDescription="one")
    assert made["stateMachineVersionArn"] == again["stateMachineVersionArn"]
    for other in ({}, {"publish": True}, {"publish": True, "versionDescription": "two"}):
        with pytest.raises(ClientError, match="StateMachineAlreadyExists"):
            create(sfn, "again", **other)


def test_quotas_of_versions_and_aliases(sfn: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "MAX_VERSIONS", 1)
    monkeypatch.setattr(aliases, "MAX_ALIASES", 1)
    made = create(sfn, "many", publish=True)
    arn, quota = made["stateMachineArn"], "ServiceQuotaExceededException"
    route = [{"stateMachineVersionArn": made["stateMachineVersionArn"], "weight": 100}]
    for _ in range(2):  # the same request again is answered
        sfn.create_state_machine_alias(name="one", routingConfiguration=route)
    more = {"name": "two", "routingConfiguration": route}
    assert refused(sfn.create_state_machine_alias, **more) == quota
    update = {"stateMachineArn": arn, "roleArn": ROLE, "publish": True}
    assert refused(sfn.update_state_machine, **update) == quota


def test_a_key_has_to_be_usable(emulator: Emulator, sfn: Any) -> None:
    kms = emulator.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    asymmetric = kms.create_key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]
    owned = {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": key}
    arn = create(sfn, "keyed", encryptionConfiguration=owned)["stateMachineArn"]
    started = sfn.start_execution(stateMachineArn=arn)["executionArn"]
    kms.disable_key(KeyId=key)
    state = "KmsInvalidStateException"
    assert refused(sfn.start_execution, stateMachineArn=arn) == state
    assert refused(sfn.describe_state_machine, stateMachineArn=arn) == state
    assert refused(sfn.describe_execution, executionArn=started) == state
    assert refused(sfn.get_execution_history, executionArn=started) == state
    metadata = {"includedData": "METADATA_ONLY"}
    described = sfn.describe_state_machine(stateMachineArn=arn, **metadata)
    assert described["definition"] == "{}"
    for wrong in (key, asymmetric["KeyId"]):
        configuration = {"encryptionConfiguration": {**owned, "kmsKeyId": wrong}}
        found = refused(sfn.create_activity, name="keyed", **configuration)
        assert found == "InvalidEncryptionConfiguration"


def test_a_map_run_counts_its_redrives(sfn: Any) -> None:
    arn = create(sfn, "labeled", LABELED)["stateMachineArn"]
    described = sfn.describe_state_machine(stateMachineArn=f"{arn}/lab")
    assert (described["label"], described["stateMachineArn"]) == ("lab", f"{arn}/lab")
    assert json.loads(described["definition"])["StartAt"] == "C"
    missing = refused(sfn.describe_state_machine, stateMachineArn=f"{arn}/other")
    assert missing == "StateMachineDoesNotExist"
    started = sfn.start_execution(stateMachineArn=arn, input="[1, 2]")["executionArn"]

    def failed(redrives: int) -> bool:
        found = sfn.describe_execution(executionArn=started)
        return (found["status"], found["redriveCount"]) == ("FAILED", redrives)

    wait_until(lambda: failed(0))
    (run,) = sfn.list_map_runs(executionArn=started)["mapRuns"]
    assert sfn.describe_map_run(mapRunArn=run["mapRunArn"])["redriveCount"] == 0
    sfn.redrive_execution(executionArn=started)
    wait_until(lambda: failed(1))
    counted = sfn.describe_map_run(mapRunArn=run["mapRunArn"])
    assert (counted["redriveCount"], counted["executionCounts"]["total"]) == (1, 2)
    assert counted["itemCounts"]["pendingRedrive"] == 0
    assert counted["executionCounts"]["failuresNotRedrivable"] == 0
    listed = sfn.list_executions(mapRunArn=run["mapRunArn"], redriveFilter="REDRIVEN")
    (child,) = listed["executions"]
    assert (child["status"], child["redriveCount"]) == ("FAILED", 1)
    events = sfn.get_execution_history(executionArn=child["executionArn"])["events"]
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    assert "ExecutionRedriven" in [event["type"] for event in events]


def test_warnings_do_not_fail_a_definition(sfn: Any) -> None:
    states = {
        "R": {"Type": "Pass", "Result": {"a.$": "$.b"}, "Next": "P"},
        "P": {"Type": "Pass", "Parameters": {"a": "$.b"}, "End": True},
    }
    text = json.dumps({"StartAt": "R", "States": states})
    silent = sfn.validate_state_machine_definition(definition=text)
    assert (silent["result"], silent["diagnostics"]) == ("OK", [])
    told = sfn.validate_state_machine_definition(definition=text, severity="WARNING")
    found = {(each["severity"], each["code"]) for each in told["diagnostics"]}
    assert told["result"] == "OK"
    assert found == {("WARNING", "NO_DOLLAR"), ("WARNING", "PASS_RESULT_IS_STATIC")}
    first = sfn.validate_state_machine_definition(definition=text, severity="WARNING", maxResults=1)
    assert (len(first["diagnostics"]), first["truncated"]) == (1, True)


def test_what_is_nested_too_deeply_is_refused(sfn: Any) -> None:
    deep = "[" * 5000 + "]" * 5000
    arn = create(sfn, "deep")["stateMachineArn"]
    started = refused(sfn.start_execution, stateMachineArn=arn, input=deep)
    assert started == "InvalidExecutionInput"
    made = refused(sfn.update_state_machine, stateMachineArn=arn, definition=deep)
    assert made == "InvalidDefinition"
    state = '{"Type": "Pass", "End": true}'
    assert refused(sfn.test_state, definition=state, input=deep) == "InvalidExecutionInput"


def test_what_breaks_a_service_is_an_error_of_botocore(emulator: Emulator) -> None:
    kms = emulator.client("kms")
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    # the library that emulates KMS looks for an ID where AWS takes an ARN
    assert refused(kms.disable_key, KeyId=arn) == "InternalFailure"


def test_what_is_tested_with_a_mock_only(sfn: Any) -> None:
    arn = "arn:aws:states:us-east-1:123456789012:activity:a"
    job = {"JobName": "j", "JobQueue": "q", "JobDefinition": "d"}
    token = {"FunctionName": "f", "Payload": {"t.$": "$$.Task.Token"}}
    for resource, parameters in (
        (arn, {}),
        ("arn:aws:states:::batch:submitJob.sync", job),
        ("arn:aws:states:::lambda:invoke.waitForTaskToken", token),
    ):
        task = {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True}
        state = json.dumps(task)
        assert refused(sfn.test_state, definition=state, roleArn=ROLE) == "ValidationException"
        mocked = sfn.test_state(definition=state, mock={"result": "{}"})
        assert (mocked["status"], mocked["output"]) == ("SUCCEEDED", "{}")


def test_a_state_shows_the_variables_that_it_leaves(sfn: Any) -> None:
    state = {"Type": "Pass", "Assign": {"b": 2}, "End": True}
    given = {"definition": json.dumps(state), "variables": '{"a": 1}', "inspectionLevel": "DEBUG"}
    tested = sfn.test_state(**given)
    assert json.loads(tested["inspectionData"]["variables"]) == {"a": 1, "b": 2}
    assert refused(sfn.test_state, **given, stateName="A") == "InvalidDefinition"
