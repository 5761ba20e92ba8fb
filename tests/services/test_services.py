from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore
import pytest

from carnation.asl import walk_states
from carnation.document import read_document
from carnation.services import (
    INTEGRATIONS,
    Shape,
    find_action,
    find_errors,
    find_parameters,
    find_result,
    find_task_parameters,
    find_task_result,
    list_actions,
)
from carnation.services.apis import FILE
from carnation.services.packed_files import find_origin
from tests.conftest import SHARED
from tests.generated import check_tables

ROOT = Path(__file__).parents[2]
beside_shared = pytest.mark.skipif(not SHARED.exists(), reason="needs ../shared")


# actions


def test_an_action_is_found_with_what_it_needs() -> None:
    assert find_action("dynamodb", "putItem") == ("Item", "TableName")
    assert find_action("s3", "listBuckets") == ()
    assert find_action("rds", "startDBInstance") == ("DbInstanceIdentifier",)
    assert find_action("appsync", "graphql") == ()


def test_an_action_that_a_known_service_lacks_is_none() -> None:
    assert find_action("s3", "getObjekt") is None
    assert "getObject" in list_actions("s3")
    assert "graphql" in list_actions("appsync")


def test_of_a_service_nobody_knows_every_action_is_believed() -> None:
    assert find_action("newservice", "doIt") == ()
    assert list_actions("newservice") == ()


def test_a_token_that_the_sdk_makes_is_not_needed() -> None:
    assert find_action("emrcontainers", "startJobRun") == ("VirtualClusterId",)


def test_optimized_integrations_know_their_patterns() -> None:
    assert INTEGRATIONS["lambda:invoke"].patterns == ("", "waitForTaskToken")
    assert "sync:2" in INTEGRATIONS["states:startExecution"].patterns
    assert len(INTEGRATIONS) > 60


@pytest.mark.slow
def test_the_apis_are_those_of_botocore() -> None:
    botocore = pytest.importorskip("botocore")
    made_from = find_origin(FILE).rpartition(" ")[2]
    if botocore.__version__ != made_from:
        pytest.skip(f"made from botocore {made_from}; {botocore.__version__} is installed")
    assert check_tables()["write_apis"] == 0, "run scripts/write_apis.py"


# shapes


def test_members_stand_in_the_order_of_the_model_and_know_what_is_needed() -> None:
    shape = find_parameters("dynamodb", "putItem")
    assert shape is not None
    assert list(shape.members)[:2] == ["TableName", "Item"]
    assert shape.required == ("TableName", "Item")
    assert shape.members["ReturnValues"].enum[:2] == ("NONE", "ALL_OLD")
    assert repr(shape.members).startswith("<members TableName, Item, ")


def test_a_shape_that_holds_itself_is_expanded_as_far_as_one_looks() -> None:
    shape = find_parameters("dynamodb", "putItem")
    assert shape is not None
    value = shape.members["Item"].item
    for _ in range(50):
        assert value is not None
        assert "Bool" in value.members
        value = value.members["L"].item


@pytest.mark.parametrize(
    ("service", "action", "member"),
    [
        ("s3", "putObject", "SsekmsKeyId"),
        ("rds", "createDBInstance", "DbInstanceIdentifier"),
        ("rds", "createDBInstance", "MultiAZ"),
        ("cloudformation", "createStack", "RoleARN"),
        ("sfn", "startExecution", "StateMachineArn"),
    ],
)
def test_of_the_capitals_a_name_begins_with_only_the_first_stays(
    service: str, action: str, member: str
) -> None:
    shape = find_parameters(service, action)
    assert shape is not None
    assert member in shape.members


def test_an_action_that_gives_nothing_has_an_empty_structure() -> None:
    assert find_result("sqs", "deleteMessage") == Shape("structure")


def test_what_no_model_knows_is_none() -> None:
    assert find_parameters("tomorrow", "invoke") is None
    assert find_result("s3", "getObjekt") is None
    assert find_task_parameters("nobody:calls") is None
    assert find_task_result("nobody:calls") is None


def test_every_optimized_integration_says_what_it_takes() -> None:
    assert [name for name in INTEGRATIONS if find_task_parameters(name) is None] == []


def test_an_optimized_integration_accepts_json_where_its_api_expects_text() -> None:
    shape = find_task_parameters("arn:aws:states:::sqs:sendMessage.waitForTaskToken")
    assert shape is not None
    assert shape.members["MessageBody"].kind == "document"
    assert shape.members["QueueUrl"].kind == "string"


def test_a_job_that_is_waited_for_gives_its_description() -> None:
    task = find_task_result("ecs:runTask.sync")
    run = find_task_result("glue:startJobRun.sync")
    assert task is not None
    assert run is not None
    assert "TaskArn" in task.members
    assert "JobRunState" in run.members
    assert find_task_result("eks:runJob.sync") is None
    assert find_task_result("elasticmapreduce:addStep.sync") is None


def test_what_a_callback_gives_is_up_to_who_calls_back() -> None:
    assert find_task_result("sqs:sendMessage.waitForTaskToken") is None
    assert find_task_result("aws-sdk:sqs:sendMessage.waitForTaskToken") is None


# what others wrote and AWS recorded


def find_strange(value: Any, shape: Shape | None, path: str) -> Iterator[str]:
    """Yield the members that a shape does not have, and those it needs and the value has not."""
    if shape is None:
        return
    if shape.kind == "structure" and isinstance(value, dict):
        names = {name.removesuffix(".$"): inner for name, inner in value.items()}
        yield from (f"{path} lacks {name}" for name in shape.required if name not in names)
        for name, inner in names.items():
            if name in shape.members:
                yield from find_strange(inner, shape.members[name], f"{path}.{name}")
            else:
                yield f"{path}.{name}"
    elif shape.item:
        inside = value.values() if isinstance(value, dict) else value
        for inner in inside if isinstance(inside, (list, type({}.values()))) else ():
            yield from find_strange(inner, shape.item, path)


def list_parameters() -> Iterator[tuple[str, Any]]:
    for path in sorted((SHARED / "corpus" / "valid").rglob("*")):
        if path.is_file():
            for place in walk_states(read_document(str(path)).value):
                resource = place.body.get("Resource")
                if isinstance(resource, str) and ":states:::" in resource:
                    given = place.body.get("Parameters", place.body.get("Arguments"))
                    yield resource.partition(":::")[2], given


@beside_shared
@pytest.mark.slow
def test_published_definitions_give_their_tasks_what_the_shapes_say() -> None:
    pairs = list(list_parameters())
    known = [(call, given) for call, given in pairs if find_task_parameters(call)]
    assert len(known) > 1000
    assert len(known) > len(pairs) * 0.98
    strange = {
        line
        for call, given in known
        if isinstance(given, dict)
        for line in find_strange(given, find_task_parameters(call), call)
    }
    # spelled as the API does, which Step Functions rejects; and one that gives nothing at all
    wrong = (
        "aws-sdk:cloudwatchlogs:putLogEvents",
        "aws-sdk:sfn:startSyncExecution lacks",
        "batch:submitJob.sync.RetryStrategy.attempts",
    )
    assert {line for line in strange if not line.startswith(wrong)} == set()


@beside_shared
def test_what_aws_recorded_of_tasks_has_the_shape_of_their_results() -> None:
    seen, strange = 0, set()
    for path in sorted((SHARED / "conformance" / "cases").rglob("*.json")):
        for task in json.loads(path.read_text(encoding="utf-8")).get("tasks", ()):
            result = (task.get("outcome") or {}).get("output")
            if task["kind"] == "Task" and result is not None:
                call = f"{task['resource_type']}:{task['resource']}"
                strange.update(find_strange(result, find_task_result(call), call))
                seen += 1
    assert seen > 50
    assert strange == set()


# errors


def test_the_errors_are_those_of_botocore() -> None:
    first = (ROOT / "carnation" / "services" / "errors.txt").read_text().partition("\n")[0]
    if not first.endswith(f" {botocore.__version__}"):
        pytest.skip(f"{first}; {botocore.__version__} is installed")
    assert check_tables()["write_errors"] == 0, "run scripts/write_errors.py"


def test_the_names_of_clients_are_made_of_those_of_botocore() -> None:
    first = (ROOT / "carnation" / "services" / "clients.txt").read_text().partition("\n")[0]
    if not first.endswith(f" {botocore.__version__}"):
        pytest.skip(f"{first}; {botocore.__version__} is installed")
    assert check_tables()["write_clients"] == 0, "run scripts/write_clients.py"


def test_errors_are_spelled_as_the_integration_spells_them() -> None:
    assert "EventBridge.FailedEntry" in (find_errors("events") or ())
    assert "SecretsManager.X" not in (find_errors("aws-sdk:secretsmanager") or ())
    assert find_errors("aws-sdk:tomorrow") is None
