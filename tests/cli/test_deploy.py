"""`carnation deploy`, `destroy`, `versions`, `rollback`: from a tree to a stack and back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from carnation.account import Account, find_deployed
from carnation.cli import build, deploy, destroy, diff, rollback, versions
from carnation.emulator import Emulator, ServiceError
from carnation.services.named_resources import LOOKUPS
from tests.conftest import ROOT
from tests.deployed import TINY, UNMADE, break_call, make_tiny, write_definition

pytestmark = pytest.mark.filterwarnings("default")  # the vendors' warnings are not ours

BUCKET = "carnation-artifacts-123456789012-us-east-1"


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(in_process=True) as emulator:
        yield emulator


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return make_tiny(tmp_path, monkeypatch)


def run(capsys: pytest.CaptureFixture[str], verb: Any, *words: str) -> tuple[int, str, str]:
    capsys.readouterr()
    status = verb.main(list(words))
    out, err = capsys.readouterr()
    return status, out, err


def test_the_reference_stack_is_deployed_protected_and_a_second_time_nothing_happens(
    emulator: Emulator, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    status, out, err = run(capsys, deploy, "carnation", "--yes")
    assert (status, err) == (0, "")
    assert "StoreStack/Table" in out  # the events of nested stacks are followed
    assert "carnation-dev is CREATE_COMPLETE" in out
    (stack,) = emulator.client("cloudformation").describe_stacks(StackName="carnation-dev")[
        "Stacks"
    ]
    assert stack["EnableTerminationProtection"]
    arn = {row["OutputKey"]: row["OutputValue"] for row in stack["Outputs"]}["StateMachineAliasArn"]
    assert emulator.execute(arn, {"start_seq": 1, "end_seq": 4}).status == "SUCCEEDED"
    calls: list[str] = []

    def watch(service: str, action: str, parameters: Any) -> None:
        calls.append(action)

    with emulator.intercept(before_call=watch):
        status, out, _ = run(capsys, deploy, "carnation", "--yes")
    assert (status, "No changes." in out) == (0, True)
    assert not {"PutObject", "CreateChangeSet", "ExecuteChangeSet"} & set(calls)


_VARIANTS = {"approval", "archive", "direct", "express", "orders-express"}
"""Workflows much like another one, which are played with the exhaustive part."""
BUILT = [
    pytest.param(name, marks=[pytest.mark.exhaustive] if name in _VARIANTS else [])
    for name in sorted(path.parent.name for path in (ROOT / "build").glob("*/manifest.json"))
]


@pytest.mark.parametrize("workflow", BUILT)
def test_every_built_workflow_is_deployed_and_its_stack_is_what_was_built(
    emulator: Emulator,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    workflow: str,
) -> None:
    monkeypatch.chdir(ROOT)
    manifest = json.loads((ROOT / "build" / workflow / "manifest.json").read_text())
    words = [
        w for n, v in manifest.get("examples", {}).items() for w in ("--parameter", f"{n}={v}")
    ]
    status, out, err = run(capsys, deploy, workflow, "--yes", *words)
    assert (status, err) == (0, "")
    assert f"{workflow}-dev is CREATE_COMPLETE" in out
    assert "No changes." in run(capsys, deploy, workflow, "--yes")[1]
    assert run(capsys, diff, f"deployed:{workflow}-dev", ".")[1] == "nothing changed\n"


def test_the_bucket_is_private_encrypted_versioned_and_refuses_plain_http(
    emulator: Emulator, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, deploy, "tiny", "--yes")[0] == 0
    s3 = emulator.client("s3")
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    block = s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
    assert all(block.values())
    (statement,) = json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    rules = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"


def test_only_what_is_new_is_uploaded(
    emulator: Emulator,
    tiny: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run(capsys, deploy, "tiny", "--yes")
    write_definition(tiny, monkeypatch, TINY.replace('"Note", result=1', '"Note", result=2'))
    status, out, _ = run(capsys, deploy, "tiny", "--yes")
    assert status == 0
    assert "3 objects" in out  # root template, definition, manifest
    assert "Note" in out  # what changes is told in the definition's words


def read_account(emulator: Emulator) -> dict[str, Any]:
    """Read all that a plan could leave behind: stacks and their settings, buckets, versions."""
    s3, cloudformation = emulator.client("s3"), emulator.client("cloudformation")
    found: dict[str, Any] = {
        stack["StackName"]: (
            stack["StackStatus"],
            stack["EnableTerminationProtection"],
            stack.get("LastUpdatedTime"),
            cloudformation.list_change_sets(StackName=stack["StackName"])["Summaries"],
        )
        for stack in cloudformation.describe_stacks()["Stacks"]
    }  # fmt: skip
    for bucket in s3.list_buckets()["Buckets"]:
        listed = s3.list_object_versions(Bucket=bucket["Name"])
        found[bucket["Name"]] = [
            (row["Key"], row["VersionId"])
            for kind in ("Versions", "DeleteMarkers")
            for row in listed.get(kind, ())
        ]
    return found


@pytest.mark.parametrize(
    "before", ["nothing", "a stack", "a stack without protection", "a failure"]
)
def test_a_plan_leaves_the_account_as_it_was(
    emulator: Emulator,
    tiny: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    before: str,
) -> None:
    if before == "a failure":
        broken = TINY.replace('"Letters": queue("letters")', f'"Letters": {UNMADE}')
        write_definition(tiny, monkeypatch, broken)
    if before != "nothing":
        status = run(capsys, deploy, "tiny", "--yes")[0]
        assert status == (2 if before == "a failure" else 0)
    if before == "a stack without protection":
        emulator.client("cloudformation").update_termination_protection(
            StackName="tiny-dev", EnableTerminationProtection=False
        )
        there = read_account(emulator)
        status, out, _ = run(capsys, deploy, "tiny", "--plan")
        assert (status, read_account(emulator)) == (0, there)
        assert "termination protection is off" in out
    write_definition(tiny, monkeypatch, TINY.replace("result=1", "result=2"))
    if before != "a failure":
        load = "[tool.carnation.load.tiny]\nexecutions_a_day = 1000\n"
        (tiny / "pyproject.toml").write_text(load, encoding="utf-8")
    there = read_account(emulator)
    status, out, _ = run(capsys, deploy, "tiny", "--plan")
    assert (status, read_account(emulator)) == (0, there)
    assert ("a month at 1,000 executions a day" in out) == (before != "a failure")
    assert "No changes were made." in out
    if before == "a failure":
        assert "CloudFormation makes no change set before that" in out
    else:
        announced = out.index("will be removed again")
        assert announced < out.index("CloudFormation will perform these actions:")
        assert ("so is the bucket" in out) == (before == "nothing")


def test_what_a_plan_cannot_remove_again_is_named(
    emulator: Emulator, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(service: str, action: str, parameters: Any) -> ServiceError | None:
        return ServiceError("AccessDenied", "no") if action == "DeleteBucket" else None

    with emulator.intercept(before_call=refuse):
        status, out, _ = run(capsys, deploy, "tiny", "--plan")
    assert status == 0
    (bucket,) = (row["Name"] for row in emulator.client("s3").list_buckets()["Buckets"])
    assert f"{bucket} could not be removed (AccessDenied)" in out


def test_json_is_one_document(
    emulator: Emulator, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = run(capsys, deploy, "tiny", "--yes", "--format", "json")
    report = json.loads(out)
    assert report["executed"] is True
    assert report["status"] == "CREATE_COMPLETE"
    assert "StateMachineArn" in report["outputs"]


def test_a_replacement_of_what_holds_data_needs_its_name(
    emulator: Emulator,
    tiny: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run(capsys, deploy, "tiny", "--yes")
    write_definition(tiny, monkeypatch, TINY.replace('queue("queue")', 'queue("other")'))
    status, _, err = run(capsys, deploy, "tiny", "--yes")
    assert status == 2
    assert "--allow-replacement Queue" in err
    assert "Letters" not in err
    found = find_deployed(Account(), "tiny-dev")
    assert found is not None
    assert found.outputs["QueueUrl"].endswith("tiny-dev-queue")
    assert run(capsys, deploy, "tiny", "--yes", "--allow-replacement", "Queue")[0] == 0
    urls = emulator.client("sqs").list_queues()["QueueUrls"]
    assert sum(url.endswith(("tiny-dev-queue", "tiny-dev-other")) for url in urls) == 2  # retained


def test_what_a_parameter_would_delete_is_seen_in_the_change_set(
    emulator: Emulator, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    run(capsys, deploy, "carnation", "--yes")
    key = "KeyArn=arn:aws:kms:us-east-1:123456789012:key/another"
    status, out, _ = run(capsys, deploy, "carnation", "--plan", "--parameter", key)
    assert status == 0
    assert "Key is removed from the stack (AWS::KMS::Key); the present one is retained" in out
    assert "needs --allow-replacement Key" in out
    status, _, err = run(capsys, deploy, "carnation", "--yes", "--parameter", key)
    assert (status, "add --allow-replacement Key" in err) == (2, True)


def test_a_failure_is_reported_by_its_first_cause_out_of_the_nested_stack(
    emulator: Emulator,
    tiny: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = TINY.replace('"Letters": queue("letters")', f'"Letters": {UNMADE}')
    write_definition(tiny, monkeypatch, broken)
    status, _, err = run(capsys, deploy, "tiny", "--yes")
    assert status == 2
    assert "Queues/Letters (AWS::SNS::Subscription" in err
    assert "ROLLBACK_COMPLETE" in err
    assert not emulator.client("sqs").list_queues().get("QueueUrls")
    write_definition(tiny, monkeypatch, TINY)
    status, out, _ = run(capsys, deploy, "tiny", "--yes")
    assert (status, "clearing its name" in out) == (0, True)


def test_a_failed_update_puts_everything_back(
    emulator: Emulator,
    tiny: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run(capsys, deploy, "tiny", "--yes")
    broken = TINY.replace('"VisibilityTimeout": 30', '"VisibilityTimeout": 31').replace(
        '"Live": {', f'"Bad": {UNMADE}, "Live": {{"DependsOn": "Bad", '
    )
    write_definition(tiny, monkeypatch, broken)
    status, _, err = run(capsys, deploy, "tiny", "--yes")
    assert status == 2
    assert "Bad (AWS::SNS::Subscription" in err
    assert "UPDATE_ROLLBACK_COMPLETE" in err
    found = find_deployed(Account(), "tiny-dev")
    assert found is not None
    answer = emulator.client("sqs").get_queue_attributes(
        QueueUrl=found.outputs["QueueUrl"], AttributeNames=["VisibilityTimeout"]
    )
    assert answer["Attributes"]["VisibilityTimeout"] == "30"


def test_a_stale_build_and_a_lint_error_stop_before_any_call(
    emulator: Emulator,
    tiny: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tiny / "definitions" / "tiny.py").write_text(TINY.replace('"1.0.0"', '"1.0.1"'))
    with break_call(monkeypatch, 0, "fails") as calls:
        status, _, err = run(capsys, deploy, "tiny", "--yes")
    assert (status, calls) == (2, [])
    assert "carnation build tiny" in err
    assert build.main([]) == 0


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("ExpiredToken", "credentials have expired"),
        ("InvalidClientTokenId", "does not know these credentials in us-east-1"),
        ("AccessDenied", "may not sts:GetCallerIdentity"),
    ],
)
def test_what_aws_says_against_the_credentials_is_one_paragraph_with_the_remedy(
    emulator: Emulator, tiny: Path, capsys: pytest.CaptureFixture[str], code: str, words: str
) -> None:
    with emulator.intercept(before_call=lambda *_: ServiceError(code, "no")):
        status, _, err = run(capsys, deploy, "tiny", "--yes")
    assert status == 2
    assert words in err
    assert "--profile" in err
    assert err.count("\n") == 1


def test_without_credentials_region_or_a_known_profile_it_says_what_to_do(
    tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "no AWS Region configured" in run(capsys, deploy, "tiny", "--yes")[2]
    status, _, err = run(capsys, deploy, "tiny", "--yes", "--region", "eu-west-1")
    assert (status, "AWS credentials not found" in err) == (2, True)
    assert "could not be found" in run(capsys, deploy, "tiny", "--profile", "nobody")[2]
    local = ("tiny", "--yes", "--endpoint-url", "http://127.0.0.1:9")
    for more in ((), ("--region", "eu-west-1")):
        err = run(capsys, deploy, *local, *more)[2]
        assert ("carnation serve" in err, "sso login" in err) == (True, False)


def test_an_endpoint_that_does_not_answer_is_named(
    emulator: Emulator,
    tiny: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    words = ("tiny", "--yes", "--endpoint-url", "http://127.0.0.1:9")
    status, _, err = run(capsys, deploy, *words)
    assert status == 2
    assert "cannot connect to" in err
    assert "127.0.0.1:9" in err


def test_a_bucket_of_somebody_else_is_refused(
    emulator: Emulator, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def deny(service: str, action: str, parameters: Any) -> ServiceError | None:
        return ServiceError("403", "Forbidden", 403) if action == "HeadBucket" else None

    with emulator.intercept(before_call=deny):
        status, _, err = run(capsys, deploy, "tiny", "--yes", "--bucket", "theirs")
    assert status == 2
    assert "belongs to another account" in err
    status, _, err = run(capsys, deploy, "tiny", "--yes", "--bucket", "nowhere")
    assert (status, "bucket 'nowhere' not found" in err) == (2, True)


@pytest.mark.parametrize("state", ["UPDATE_ROLLBACK_FAILED", "ROLLBACK_FAILED", "DELETE_FAILED"])
def test_a_stack_in_a_bad_state_is_refused_with_the_way_out(
    emulator: Emulator, tiny: Path, capsys: pytest.CaptureFixture[str], state: str
) -> None:
    run(capsys, deploy, "tiny", "--yes")
    _set_status(state)
    status, _, err = run(capsys, deploy, "tiny", "--yes")
    assert status == 2
    assert state in err
    assert "again" in err


def _set_status(state: str) -> None:
    from carnation.emulator.cloudformation.service import MOUNT

    assert MOUNT.service is not None
    stack = MOUNT.service.engine.stores["123456789012", "us-east-1"].find("tiny-dev")
    assert stack is not None
    stack.status = state


def test_a_deployment_waits_for_another_one_and_then_goes_on(
    emulator: Emulator,
    tiny: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run(capsys, deploy, "tiny", "--yes")
    _set_status("UPDATE_IN_PROGRESS")
    monkeypatch.setattr(
        "carnation.account.deployment.execution.follow",
        lambda *_, **__: _set_status("UPDATE_COMPLETE"),
    )
    status, out, _ = run(capsys, deploy, "tiny", "--yes")
    assert status == 0
    assert "waiting" in out


def test_of_two_at_once_the_slower_one_stops_cleanly(
    emulator: Emulator,
    tiny: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run(capsys, deploy, "tiny", "--yes")
    original = Account.call
    inner: list[int] = []

    def call(account: Account, service: str, action: str, /, **parameters: Any) -> Any:
        if action == "execute_change_set" and not inner:
            inner.append(0)
            inner[0] = deploy.main(["tiny", "--yes", "--parameter", "Size=large"])
        return original(account, service, action, **parameters)

    monkeypatch.setattr(Account, "call", call)
    status, _, err = run(capsys, deploy, "tiny", "--yes", "--parameter", "Size=huge")
    assert (status, inner) == (2, [0])
    assert "the stack was changed by another deployment" in err
    found = find_deployed(Account(), "tiny-dev")
    assert found is not None
    assert found.parameters["Size"] == "large"


def test_parameters_stay_as_they_are_and_unknown_ones_are_refused(
    emulator: Emulator, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, deploy, "tiny", "--yes", "--parameter", "Size=large")
    assert "No changes." in run(capsys, deploy, "tiny", "--yes")[1]
    assert "no parameter 'Sise'" in run(capsys, deploy, "tiny", "--parameter", "Sise=1")[2]
    assert "expected NAME=VALUE" in run(capsys, deploy, "tiny", "--parameter", "Size")[2]


def test_the_project_gives_values_for_an_environment_and_the_command_line_beats_them(
    emulator: Emulator, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = "[tool.carnation.environments.prod]\nSize = 'large'\nOther = 'of another workflow'\n"
    (tiny / "pyproject.toml").write_text(table)
    prod = ("tiny", "--environment", "prod", "--yes")
    for words, size in (((), "large"), (("--parameter", "Size=huge"), "huge"), ((), "large")):
        assert run(capsys, deploy, *prod, *words)[0] == 0
        found = find_deployed(Account(region="us-east-1"), "tiny-prod")
        assert found is not None
        assert found.parameters["Size"] == size
    (tiny / "pyproject.toml").write_text(table + "[tool.carnation.environments.prod.tiny]\nB = 1\n")
    assert "'tiny' has no parameter 'B'" in run(capsys, deploy, *prod)[2]
    (tiny / "pyproject.toml").write_text(table.replace("Size", "Sise"))
    assert "Did you mean 'Size'" in run(capsys, deploy, *prod)[2]


def test_the_tags_of_a_workflow_are_put_on_its_stack_beside_those_of_others(
    emulator: Emulator,
    tiny: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for tags, expected in (
        ({"team": "a"}, {"team": "a"}),
        ({"cost": "b"}, {"team": "a", "cost": "b"}),
    ):
        write_definition(
            tiny, monkeypatch, TINY.replace("stacks=render,", f"stacks=render, tags={tags},")
        )
        _, out, _ = run(capsys, deploy, "tiny", "--yes")
        assert "tags: team=a" in out
        found = find_deployed(Account(region="us-east-1"), "tiny-dev")
        assert found is not None
        assert found.tags == expected
        assert "No changes" in run(capsys, deploy, "tiny", "--yes")[1]


def test_without_a_person_or_yes_nothing_is_executed(
    emulator: Emulator, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, err = run(capsys, deploy, "tiny")
    assert (status, "--yes" in err) == (2, True)


def test_versions_are_listed_and_the_alias_moves_back_and_forth(
    emulator: Emulator,
    tiny: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run(capsys, deploy, "tiny", "--yes")
    assert "the first" in run(capsys, rollback, "tiny", "--yes")[2]
    write_definition(tiny, monkeypatch, TINY.replace('"Note", result=1', '"Note", result=2'))
    run(capsys, deploy, "tiny", "--yes")
    assert "2" in run(capsys, versions, "tiny")[1]
    status, out, _ = run(capsys, rollback, "tiny", "--yes")
    assert status == 0
    assert "version 2 → 1" in out
    assert "continues with the version" in out
    routes = json.loads(run(capsys, versions, "tiny", "--format", "json")[1])["versions"]
    assert [(row["number"], row["weight"]) for row in routes] == [(2, 0), (1, 100)]
    assert "--to 2" in run(capsys, deploy, "tiny", "--yes")[1]  # nothing to do, but a detour
    assert "No changes." in run(capsys, rollback, "tiny", "--to", "1", "--yes")[1]
    assert "Versions: 2, 1" in run(capsys, rollback, "tiny", "--to", "7", "--yes")[2]
    assert run(capsys, rollback, "tiny", "--to", "2", "--yes")[0] == 0


def test_destroy_says_what_is_lost_and_keeps_what_is_retained(
    emulator: Emulator, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "stack 'tiny-dev' not found" in run(capsys, destroy, "tiny", "--yes")[2]
    run(capsys, deploy, "tiny", "--yes")
    report = json.loads(run(capsys, destroy, "tiny", "--plan", "--format", "json")[1])
    assert {row["path"] for row in report["retained"]} == {
        "Queues/Queue",
        "Queues/Letters",
    }
    assert "Version" in {row["path"] for row in report["deleted"]}  # it goes with its machine
    assert report["lost"] == []
    assert find_deployed(Account(), "tiny-dev") is not None
    assert run(capsys, destroy, "tiny", "--yes")[0] == 0
    assert find_deployed(Account(), "tiny-dev") is None
    assert len(emulator.client("sqs").list_queues()["QueueUrls"]) == 2


def test_destroy_says_which_executions_end_with_it_and_protects_again_what_it_cannot_delete(
    emulator: Emulator,
    tiny: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run(capsys, deploy, "tiny", "--yes")
    monkeypatch.setattr("carnation.cli.destroy.count_running", lambda *_: 2)
    assert "lost: 2 executions in flight" in run(capsys, destroy, "tiny", "--plan")[1]
    assert "Add --yes, or use --plan" in run(capsys, destroy, "tiny", "--format", "json")[2]
    with emulator.intercept(
        before_call=lambda service, action, _: (
            ServiceError("AccessDenied", "no", 403) if action == "DeleteStack" else None
        )
    ):
        status, _, err = run(capsys, destroy, "tiny", "--yes")
    assert (status, "may not cloudformation:DeleteStack" in err) == (2, True)
    found = find_deployed(Account(), "tiny-dev")
    assert found is not None
    assert found.protected


def test_diff_compares_with_what_is_deployed(
    emulator: Emulator,
    tiny: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run(capsys, deploy, "tiny", "--yes")
    assert "nothing changed" in run(capsys, diff, "deployed")[1]
    write_definition(tiny, monkeypatch, TINY.replace('"Note", result=1', '"Note", result=2'))
    assert "Note" in run(capsys, diff, "deployed:tiny-dev", ".")[1]
    assert "no built workflow" in run(capsys, diff, "deployed:other-dev", ".")[2]


def test_diff_takes_the_place_of_the_stack_as_the_other_verbs_do(
    emulator: Emulator,
    tiny: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run(capsys, deploy, "tiny", "--yes", "--environment", "test")
    (tiny / "definitions" / "other.py").write_text(TINY.replace('"tiny"', '"other"'))
    assert build.main([]) == 0
    where = ("--endpoint-url", emulator.endpoint, "--region", "us-east-1")
    assert run(capsys, diff, "deployed", *where, "--environment", "test")[1] == "nothing changed\n"
    status, _, err = run(capsys, diff, "deployed", *where)
    assert (status, "stack 'other-dev' or 'tiny-dev' not found" in err) == (2, True)
    status, _, err = run(capsys, diff, ".", ".", "--region", "eu-west-1")
    assert (status, "carnation diff deployed --region eu-west-1" in err) == (2, True)


def test_the_region_is_read_where_every_other_tool_of_aws_reads_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    assert Account().region == "eu-north-1"
    assert Account(region="eu-west-1").region == "eu-west-1"


TABLE = "carnation-dev-events"


def is_protected(emulator: Emulator) -> bool:
    table = emulator.client("dynamodb").describe_table(TableName=TABLE)["Table"]
    return bool(table["DeletionProtectionEnabled"])


def test_tables_are_protected_when_the_new_stack_stands(
    emulator: Emulator, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    status, out, _ = run(capsys, deploy, "carnation", "--yes")
    assert (status, "deletion protection of its tables" in out) == (0, True)
    assert is_protected(emulator)
    found = find_deployed(Account(), "carnation-dev")
    assert found is not None
    assert found.parameters["DeletionProtection"] == "true"
    assert "No changes." in run(capsys, deploy, "carnation", "--yes")[1]


def test_tables_stay_unprotected_where_that_was_said(
    emulator: Emulator, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    unlocked = ("--parameter", "DeletionProtection=false")
    assert run(capsys, deploy, "carnation", "--yes", *unlocked)[0] == 0
    assert not is_protected(emulator)


def test_a_first_deployment_that_fails_leaves_nothing_in_the_way_of_the_next(
    emulator: Emulator, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    logs, dynamodb = emulator.client("logs"), emulator.client("dynamodb")
    group = "/aws/lambda/carnation-dev-collect-events"  # is made after the table
    logs.create_log_group(logGroupName=group)
    status, _, err = run(capsys, deploy, "carnation", "--yes")
    assert (status, "ROLLBACK" in err) == (2, False)  # it is seen before anything is made
    monkeypatch.delitem(LOOKUPS, "AWS::Logs::LogGroup")  # from now on it comes as a surprise
    assert run(capsys, deploy, "carnation", "--yes")[0] == 2
    assert TABLE not in dynamodb.list_tables()["TableNames"]
    protected = ("--parameter", "DeletionProtection=true")
    assert run(capsys, deploy, "carnation", "--yes", *protected)[0] == 2
    assert TABLE in dynamodb.list_tables()["TableNames"]  # which is what is avoided
