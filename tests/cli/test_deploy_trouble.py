"""What goes wrong around a deployment: each is one clear paragraph with the remedy, and no harm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from carnation.account import Account, find_deployed
from carnation.account.deployment import (
    discard_change_set,
    ensure_bucket,
    make_change_set,
    upload_missing,
)
from carnation.artifacts import read_artifacts
from carnation.cli import build, deploy
from carnation.emulator import Emulator, ServiceError
from carnation.errors import AccountError
from tests.deployed import TINY, make_tiny

pytestmark = pytest.mark.filterwarnings("default")  # the vendors' warnings are not ours

BUCKET = "carnation-artifacts-123456789012-us-east-1"
Answer = Callable[[dict[str, Any]], Any]


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(in_process=True) as emulator:
        yield emulator


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return make_tiny(tmp_path, monkeypatch)


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    capsys.readouterr()
    status = deploy.main(list(words))
    out, err = capsys.readouterr()
    return status, out, err


def answer(monkeypatch: pytest.MonkeyPatch, action: str, with_: Answer) -> None:
    """Let an action of the account answer otherwise, or raise."""
    original = Account.call

    def call(account: Account, service: str, name: str, /, **parameters: Any) -> Any:
        if name == action:
            return with_(parameters)
        return original(account, service, name, **parameters)

    monkeypatch.setattr(Account, "call", call)


def fail(code: str, message: str) -> Answer:
    def raise_it(parameters: dict[str, Any]) -> Any:
        raise AccountError(message, reason="refused", code=code, message=message)

    return raise_it


def test_an_interrupted_deployment_goes_on_and_the_next_run_finds_it(
    emulator: Emulator,
    tiny: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:

        def interrupt(*_: Any, **__: Any) -> None:
            raise KeyboardInterrupt

        patch.setattr("carnation.account.deployment.execution.follow", interrupt)
        status, _, err = run(capsys, "tiny", "--yes")
    assert (status, "CloudFormation continues" in err) == (2, True)
    found = find_deployed(Account(), "tiny-dev")
    assert found is not None
    assert (found.status, found.protected) == ("CREATE_COMPLETE", False)
    status, out, _ = run(capsys, "tiny", "--yes")
    assert (status, "No changes." in out) == (0, True)
    assert "Termination protection was off; it has been turned on." in out


def test_a_stack_is_never_discarded_with_the_change_set_that_made_it(
    emulator: Emulator, tiny: Path
) -> None:
    account, artifacts = Account(), read_artifacts(str(tiny), "tiny")
    upload_missing(account, ensure_bucket(account, None), artifacts.list_uploads())
    key = artifacts.find_key("-root-stack.yaml")
    url = f"https://{BUCKET}.s3.us-east-1.amazonaws.com/{key}"
    made = make_change_set(account, "tiny-dev", url, {"ArtifactBucket": BUCKET}, (), is_new=True)
    assert made is not None
    account.call("cloudformation", "execute_change_set", ChangeSetName=made.arn)
    discard_change_set(account, made)
    found = find_deployed(account, "tiny-dev")
    assert found is not None
    assert found.status == "CREATE_COMPLETE"


def test_a_change_set_that_cannot_be_made_is_explained_by_the_nested_one_that_cannot(
    emulator: Emulator,
    tiny: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inner = "arn:aws:cloudformation:us-east-1:123456789012:changeSet/carnation-Queues/1a2b"
    told = {
        inner: {
            "Status": "FAILED", "StackName": "tiny-dev-Queues",
            "StatusReason": "Parameters: [Environment] must have values",
        }
    }  # fmt: skip
    outer = {
        "Status": "FAILED", "StackName": "tiny-dev",
        "StatusReason": f"Nested change set {inner} was not successfully created: Currently in "
        "FAILED.",
    }  # fmt: skip
    answer(
        monkeypatch, "describe_change_set", lambda given: told.get(given["ChangeSetName"], outer)
    )
    status, _, err = run(capsys, "tiny", "--yes")
    assert status == 2
    assert "tiny-dev-Queues: Parameters: [Environment] must have values. Fix" in err
    del told[inner]
    answer(monkeypatch, "describe_change_set", lambda given: fail("ChangeSetNotFound", "gone")({})
           if given["ChangeSetName"] == inner else outer)  # fmt: skip
    assert "Currently in FAILED. Fix" in run(capsys, "tiny", "--yes")[2]
    assert not emulator.client("cloudformation").describe_stacks()["Stacks"]


@pytest.mark.parametrize(
    ("action", "code", "message"),
    [
        ("create_change_set", "AlreadyExistsException", "Stack [tiny-dev] already exists"),
        ("create_change_set", "ValidationError", "is in UPDATE_IN_PROGRESS state and can not be "
         "updated."),
        ("execute_change_set", "ChangeSetNotFound", "ChangeSet [x] does not exist"),
        ("execute_change_set", "InvalidChangeSetStatus", "cannot be executed in its current state"),
    ],
)  # fmt: skip
def test_whoever_was_slower_than_somebody_else_is_named(
    emulator: Emulator,
    tiny: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    action: str,
    code: str,
    message: str,
) -> None:
    answer(monkeypatch, action, fail(code, message))
    status, _, err = run(capsys, "tiny", "--yes")
    assert status == 2
    assert "the stack was changed by another deployment" in err
    assert "Run the command again" in err


def test_a_plan_that_somebody_else_overtook_is_not_executed(
    emulator: Emulator,
    tiny: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run(capsys, "tiny", "--yes")
    original = Account.call
    inner: list[int] = []

    def call(account: Account, service: str, action: str, /, **parameters: Any) -> Any:
        if action == "create_change_set" and not inner:
            inner.append(0)
            inner[0] = deploy.main(["tiny", "--yes", "--parameter", "Size=large"])
        return original(account, service, action, **parameters)

    monkeypatch.setattr(Account, "call", call)
    status, _, err = run(capsys, "tiny", "--yes", "--parameter", "Size=huge")
    assert (status, inner, "changed by another deployment" in err) == (2, [0], True)
    found = find_deployed(Account(), "tiny-dev")
    assert found is not None
    assert found.parameters["Size"] == "large"


def test_a_bucket_in_another_region_is_refused(
    emulator: Emulator,
    tiny: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        answer(patch, "head_bucket", lambda _: {"BucketRegion": "eu-west-1"})
        status, _, err = run(capsys, "tiny", "--yes", "--bucket", "far-away")
        assert (status, "'far-away' is in eu-west-1" in err) == (2, True)
        assert "Give a bucket of that region" in err
    answer(monkeypatch, "head_bucket", fail("301", "Moved Permanently"))
    assert "is in another region" in run(capsys, "tiny", "--yes", "--bucket", "far-away")[2]


def test_a_bucket_that_somebody_else_made_meanwhile_is_refused(
    emulator: Emulator,
    tiny: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer(monkeypatch, "create_bucket", fail("BucketAlreadyExists", "taken"))
    status, _, err = run(capsys, "tiny", "--yes")
    assert (status, f"access to bucket '{BUCKET}' denied" in err) == (2, True)
    assert "--bucket" in err


def test_a_misspelled_region_is_distinguished_from_a_network_that_is_down(
    tiny: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.setenv(f"AWS_{name}", "AKIAEXAMPLE000000000")

    def refuse(*_: Any, **__: Any) -> Any:
        from botocore.exceptions import EndpointConnectionError

        raise EndpointConnectionError(endpoint_url="https://sts.amazonaws.com/")

    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", refuse)
    status, _, err = run(capsys, "tiny", "--yes", "--region", "eu-wst-1")
    assert (status, "Did you mean 'eu-west-1'?" in err) == (2, True)
    status, _, err = run(capsys, "tiny", "--yes", "--region", "eu-west-1")
    assert (status, "Did you mean" in err, "the network" in err) == (2, False, True)


@pytest.mark.parametrize(
    ("settings", "refused"),
    [
        ("", False),
        ('severity = { "fail-without-error" = "error" }', True),
        ('fail-on = "note"', True),
        ('fail-on = "never"\nseverity = { "fail-without-error" = "error" }', False),
    ],
)
def test_the_lint_before_a_deployment_is_the_projects_own(
    emulator: Emulator,
    tiny: Path,
    capsys: pytest.CaptureFixture[str],
    settings: str,
    refused: bool,
) -> None:
    text = TINY.replace('Succeed("Done")', 'Fail("Done")').replace("Succeed\n", "Fail\n")
    (tiny / "definitions" / "tiny.py").write_text(text)
    (tiny / "pyproject.toml").write_text(f"[tool.carnation.lint]\n{settings}\n")
    assert build.main([]) == 0
    status, _, err = run(capsys, "tiny", "--yes")
    assert (status, "carnation lint tiny" in err) == ((2, True) if refused else (0, False)), err


def test_a_call_that_is_not_allowed_is_named_as_iam_names_it(
    emulator: Emulator, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def deny(service: str, action: str, parameters: Any) -> ServiceError | None:
        denied = action == "ListObjectsV2"
        return ServiceError("AccessDenied", "no", 403) if denied else None

    with emulator.intercept(before_call=deny):
        status, _, err = run(capsys, "tiny", "--yes")
    assert (status, err.count("\n")) == (2, 1)
    assert "may not s3:ListBucket in us-east-1" in err
    assert "Have s3:ListBucket allowed" in err


SLOTS = """            "Count": {"Type": "Number", "Default": 1, "MinValue": 1, "MaxValue": 9},
            "Flag": {"Type": "String", "Default": "true", "AllowedValues": [True, "false"]},
            "Word": {"Type": "String", "Default": "ab", "MinLength": 2, "MaxLength": 3},
            "Key": {"Type": "String", "Default": "k", "NoEcho": True, "AllowedPattern": "k+",
                    "ConstraintDescription": "it is made of k"},
            "Java": {"Type": "String", "Default": "", "AllowedPattern": "[a-z&&[^b]]*(?<n>x)?"},
            "Many": {"Type": "CommaDelimitedList", "Default": "a", "AllowedPattern": "a"},
            "Size":"""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("Count=0", "Count does not accept '0': expected a number from 1 to 9."),
        ("Count=many", "Count does not accept 'many': expected a number."),
        ("Flag=yes", "Flag does not accept 'yes': expected true, false."),
        ("Word=a", "Word does not accept 'a': expected 2 characters or more, 3 at the most."),
        ("Key=secret", "Key does not accept that value: it is made of k."),
        ("Flag=true", ""),
        ("Java=x", ""),
        ("Many=a,a", ""),
    ],
)
def test_a_value_that_the_template_excludes_is_refused_before_anything_is_made(
    emulator: Emulator, tiny: Path, capsys: pytest.CaptureFixture[str], given: str, said: str
) -> None:
    text = TINY.replace('            "Size":', SLOTS)
    (tiny / "definitions" / "tiny.py").write_text(text)
    assert build.main([]) == 0
    status, out, err = run(capsys, "tiny", "--plan", "--parameter", given)
    assert (status, said in err) == (2 if said else 0, True)
    assert "secret" not in out + err
    assert ("will be removed again" in out) == (not said)


def test_a_program_is_not_asked(
    emulator: Emulator, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = run(capsys, "tiny", "--format", "json")
    assert (status, out, "Add --yes, or use --plan" in err) == (2, "", True)
