"""`carnation prove`: machines of the usual kinds, each with what holds of it and what does not."""

from __future__ import annotations

import gc
import json
from pathlib import Path
from typing import Any

import pytest

from carnation.cli.prove import main as prove_command
from carnation.errors import BrokenPromiseError, ProofError
from carnation.testing.proofs import prove
from carnation.testing.proofs.scenarios import FaultPoint
from carnation.testing.proofs.stubs import StubbedEnvironment, at_most_once, completes

ANY = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 2}]


def call(action: str, given: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    resource = f"arn:aws:states:::{action}"
    ends = {} if "Next" in fields else {"End": True}
    return {"Type": "Task", "Resource": resource, "Parameters": given or {}, **ends, **fields}


def chain(**states: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


CHARGE = call("lambda:invoke", {"FunctionName": "charge", "Payload.$": "$"}, Retry=ANY,
              ResultPath="$.charged", Next="Ship")  # fmt: skip
SHIP = call("sqs:sendMessage", {"QueueUrl": "q", "MessageBody.$": "$"}, Retry=ANY)
REFUND = call("lambda:invoke", {"FunctionName": "refund", "Payload.$": "$"}, Retry=ANY)
CAUGHT = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Refund"}]
PUT = call("aws-sdk:dynamodb:putItem", {"TableName": "t", "Item": {"id": {"S.$": "$"}}})
EACH = {"StartAt": "Pay", "States": {"Pay": PUT}}
MACHINES: dict[str, tuple[dict[str, Any], Any]] = {
    "order": (chain(Charge=CHARGE, Ship=SHIP), {"id": 7}),
    "saga": (
        chain(Charge=CHARGE, Ship=SHIP | {"Catch": CAUGHT}, Refund=REFUND), {"id": 7},
    ),
    "loop over items": (
        chain(Each={"Type": "Map", "ItemsPath": "$.ids", "Iterator": EACH, "End": True}),
        {"ids": ["a", "b"]},
    ),
    "two branches": (
        chain(Both={"Type": "Parallel", "End": True,
                    "Branches": [chain(Pay=SHIP), chain(Tell=call("sns:publish"))]}),
        {"id": 7},
    ),
    "approval": (
        chain(Ask=call("sqs:sendMessage.waitForTaskToken", {"QueueUrl": "q", "MessageBody": "?"},
                       TimeoutSeconds=60)),
        {},
    ),
    "job": (chain(Run=call("glue:startJobRun.sync", {"JobName": "nightly"}, Retry=ANY)), {}),
    "poller": (
        chain(Look=call("aws-sdk:glue:getCrawler", {"Name": "c"}, Next="Done?"),
              **{"Done?": {"Type": "Choice", "Default": "Rest", "Choices": [
                  {"Variable": "$.Crawler.State", "StringEquals": "READY", "Next": "Good"}]}},
              Rest={"Type": "Wait", "Seconds": 30, "Next": "Look"}, Good={"Type": "Succeed"}),
        {},
    ),
    "child": (
        chain(Start=call("states:startExecution.sync:2", {"StateMachineArn": "arn:child"})), {},
    ),
    "jsonata": (
        {"QueryLanguage": "JSONata", **chain(Charge={
            "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Retry": ANY,
            "Arguments": {"FunctionName": "charge", "Payload": "{% $states.input %}"},
            "End": True})},
        {"id": 7},
    ),
    "without retry": (
        chain(Charge=call("lambda:invoke", {"FunctionName": "charge", "Payload.$": "$"},
                          Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Gave up"}]),
              **{"Gave up": {"Type": "Fail", "Error": "GaveUp"}}),
        {"id": 7},
    ),
}  # fmt: skip
RESULTS = {"Look": {"Crawler": {"State": "READY"}}}
FIRST_CALLS = {
    "order": "Charge", "saga": "Charge", "loop over items": "Pay", "two branches": "Pay",
    "approval": "Ask", "job": "Run", "poller": "Look", "child": "Start", "jsonata": "Charge",
    "without retry": "Charge",
}  # fmt: skip


@pytest.mark.parametrize("name", MACHINES)
def test_every_machine_completes_but_where_nobody_tries_again(name: str) -> None:
    definition, given = MACHINES[name]
    world = StubbedEnvironment(definition, RESULTS)
    kinds = ("throttle", "lose")
    if name == "without retry":
        with pytest.raises(BrokenPromiseError, match="ended as FAILED GaveUp"):
            prove(world, completes, [given], kinds=kinds)
    else:  # what fails is redriven
        proof = prove(world, completes, [given], kinds=kinds)
        assert proof.scenarios > 2
        assert set(proof.kinds) == set(kinds)


@pytest.mark.parametrize("name", MACHINES)
def test_no_call_without_a_key_of_its_own_is_done_once_whatever_happens(name: str) -> None:
    definition, given = MACHINES[name]
    world, invariant = StubbedEnvironment(definition, RESULTS), at_most_once(FIRST_CALLS[name])
    assert prove(world, invariant, [given], kinds=["throttle"]).scenarios > 1
    with pytest.raises(BrokenPromiseError) as error:
        prove(world, invariant, [given])
    complaint, head, *scenario = str(error.value).splitlines()
    assert "2 times" in complaint
    assert head == "What happened:"
    assert len(scenario) <= 9
    assert sum("✗" in line for line in scenario) == 1  # the shortest has one fault


def test_what_happens_to_two_calls_at_once_is_an_invariant_of_ones_own() -> None:
    def refunded_if_not_shipped(world: Any) -> Any:
        done = {one.state for one in world.attempts if one.times and one.error is None}
        if world.is_settled and "Charge" in done and not done & {"Ship", "Refund"}:
            yield "charged, and neither shipped nor refunded"

    definition, given = MACHINES["saga"]
    world = StubbedEnvironment(definition)
    assert prove(world, refunded_if_not_shipped, [given]).scenarios > 20
    broken = chain(Charge=CHARGE, Ship=SHIP | {"Catch": [{**CAUGHT[0], "Next": "Bad"}]},
                   Bad={"Type": "Fail"})  # fmt: skip
    with pytest.raises(BrokenPromiseError, match="neither shipped nor refunded"):
        prove(StubbedEnvironment(broken), refunded_if_not_shipped, [given], times=3)


def test_pairs_of_faults_come_after_single_ones_and_their_points_are_not_kept() -> None:
    definition, given = MACHINES["order"]
    world, ends, kept = StubbedEnvironment(definition), [], []

    def watch(world: StubbedEnvironment) -> None:
        if world.is_settled:
            ends.append(sum("✗" in line for line in world.log))
            if len(ends) % 100 == 0:
                gc.collect()
                kept.append(sum(type(one) is FaultPoint for one in gc.get_objects()))

    once = prove(world, watch, [given])
    ends.clear()
    gc.collect()
    gc.freeze()  # what other tests have left is neither counted nor looked through
    twice = prove(world, watch, [given], together=2)
    assert max(ends[: once.scenarios]) == 1
    assert max(ends) == 2
    assert len(ends) == twice.scenarios + once.scenarios - 1  # those run again for their points
    assert len(kept) >= 3
    assert max(kept) < 10 * once.points


def test_a_fault_happens_as_often_as_it_is_configured_at_the_same_call() -> None:
    def is_enough(world: Any) -> Any:
        if sum(one.error is not None for one in world.attempts) > 2:
            yield "the retries are used up"

    definition, given = MACHINES["job"]
    world = StubbedEnvironment(definition)
    for times in (1, 2):  # as many as it has retries
        prove(world, is_enough, [given], kinds=["throttle"], times=times)
    with pytest.raises(BrokenPromiseError):
        prove(world, is_enough, [given], kinds=["throttle"], times=3)
    with pytest.raises(ProofError, match="once or more"):
        prove(world, completes, [given], times=0)


def write(folder: Path) -> str:
    path = folder / "order.asl.json"
    path.write_text(json.dumps(MACHINES["order"][0]), encoding="utf-8")
    return str(path)


def _run_json(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> str:
    assert prove_command([*arguments, "--format", "json"]) == 0
    return capsys.readouterr().out


def test_the_command_says_what_holds_and_reports_what_breaks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path)
    assert prove_command([path, "--invariant", "completes", "--input", '{"id": 1}']) == 0
    assert capsys.readouterr().out.startswith("holds in ")
    once = json.loads(_run_json(capsys, [path, "--invariant", "completes"]))
    twice = json.loads(_run_json(capsys, [path, "--invariant", "completes", "--together", "2"]))
    assert twice["scenarios"] > 5 * once["scenarios"]
    assert prove_command([path, "--invariant", "at-most-once:Ship", "--format", "json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["holds"] is False
    assert "'Ship' was done 2 times" in told["complaint"]
    assert any("✗" in line for line in told["scenario"])


def test_the_command_accepts_an_invariant_from_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = tmp_path / "rules.py"
    rules.write_text("def quiet(world):\n    return 'loud' if world.attempts else None\n")
    assert prove_command([write(tmp_path), "--invariant", f"{rules}:quiet"]) == 1
    assert "loud" in capsys.readouterr().out


@pytest.mark.parametrize(("option", "said"), [
    ("always", "unknown invariant 'always'"), ("none.py:f", "file none.py not found"),
    ("rules.py:odd", "has no function 'odd'"),
])  # fmt: skip
def test_the_command_refuses_what_is_no_invariant(
    option: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = write(tmp_path)
    monkeypatch.chdir(tmp_path)
    Path("rules.py").write_text("")
    assert prove_command([path, "--invariant", option]) == 2
    assert said in capsys.readouterr().err
