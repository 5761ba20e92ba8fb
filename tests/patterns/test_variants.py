"""The variants of the reference workflow: what they share with it, and what is their own.

That each keeps the promise wherever a run stops, `tests/testing/test_proofs.py` proves.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from carnation.artifacts import make_artifacts, read_artifacts
from carnation.asl import walk_states
from carnation.cli.estimate import main as estimate
from carnation.emulator import Emulator
from carnation.errors import BrokenPromiseError
from carnation.patterns.events import jsonata, writes
from carnation.patterns.events.injection import FaultInjector
from carnation.patterns.events.invariants import all_invariants
from carnation.patterns.events.ledger import WRITTEN, find_events
from carnation.states import Task, make_definition
from carnation.testing.proofs import Environment, prove
from carnation.workflow import load_workflows
from tests.conftest import ROOT
from tests.patterns.test_reference import Deployed

COLUMNS = ("carnation", "direct", "express", "distributed")
VARIANTS = ("archive", "direct", "jsonata", "distributed", "express")


def read_definition(name: str) -> dict[str, Any]:
    path = ROOT / "build" / name / "code" / "state-machine" / f"{name}.asl.json"
    definition: dict[str, Any] = json.loads(path.read_text())
    return definition


def list_transitions(definition: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield `(state, how, next state)` for every transition, in order."""
    for place in walk_states(definition):
        state = place.body
        yield place.name, "type", state["Type"]
        for how in ("Next", "Default"):
            if how in state:
                yield place.name, how, state[how]
        for how, rules in (("choice", state.get("Choices", ())), ("catch", state.get("Catch", ()))):
            for rule in rules:
                yield place.name, how, rule["Next"]


def test_jsonata_has_the_states_and_transitions_of_the_reference() -> None:
    reference, variant = read_definition("carnation"), read_definition("jsonata")
    assert list(list_transitions(variant)) == list(list_transitions(reference))
    assert variant["QueryLanguage"] == "JSONata"
    assert not re.search(r'"\$\.|\.\$"|Path"', json.dumps(variant))


def test_direct_has_them_too_around_another_piece_of_work() -> None:
    reference, variant = read_definition("carnation"), read_definition("direct")
    names = {"WriteEvents": "ProcessEvents", "WriteEvent": "ProcessEvent"}
    found = [[names.get(part, part) for part in row] for row in list_transitions(variant)]
    assert found == [list(row) for row in list_transitions(reference)]


def test_what_the_work_assigns_stays_beside_the_item() -> None:
    work = jsonata.invoke_function("Pay", "pay", assign={"paid": "{% $states.result.Payload %}"})
    made = make_definition(jsonata.map_and_requeue("All", work), query_language="JSONata")
    state = made["States"]["All"]["ItemProcessor"]["States"]["Pay"]
    assert state["Assign"] == {
        "paid": "{% $states.result.Payload %}",
        "item": "{% $states.input %}",
    }


@pytest.mark.filterwarnings("default")  # the vendors' warnings are not ours
@pytest.mark.parametrize("name", VARIANTS)
def test_copies_last_retries_and_what_is_no_event_go_the_reference_s_ways(name: str) -> None:
    def fault(event: Any) -> tuple[str, str] | None:
        attempt = (event.get("sequence_no"), event.get("retry_attempt"))
        return ("Broken", "") if attempt in ((2, 0), (9, 3)) else None

    queued = {"random_value": "a", "generated_unix_time": 1_700_000_000_000}
    copy = {"sequence_no": 5, **queued, "retry_attempt": 1}
    last = {"sequence_no": 9, **queued, "retry_attempt": 3}
    failing = FaultInjector(fault)
    with Emulator(in_process=True) as emulator:
        deployed = Deployed(emulator, read_artifacts(str(ROOT), name))
        for body in (copy, copy, last, "no event"):
            deployed.send(body)
        with emulator.intercept(
            before_invoke=failing.before_invoke, before_call=failing.before_call
        ):
            run = deployed.run({"start_seq": 1, "end_seq": 4})
        assert (run.status, run.error) == ("FAILED", "EventsFailed")
        (waiting,) = deployed.bodies("QueueUrl")
        assert (waiting["sequence_no"], waiting["retry_attempt"]) == (2, 1)
        letters = emulator.messages(deployed.outputs["DeadLetterQueueUrl"])
        assert [letter.attributes["reason"] for letter in letters if letter.body == "no event"]
        assert [json.loads(one.body) for one in letters if one.body != "no event"] == [last]
        assert deployed.run({"start_seq": 0, "end_seq": 0}).status == "SUCCEEDED"
        events = find_events(emulator, deployed.outputs)
        written = sorted(one.event for one in events if one.place == WRITTEN)
    assert written == ["1", "2", "3", "5"]


@pytest.mark.filterwarnings("default")  # the vendors' warnings are not ours
def test_the_proof_finds_an_update_that_writes_anew_what_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def write_anew(state_id: str, *, arguments: dict[str, Any], **fields: Any) -> Task:
        values = arguments["ExpressionAttributeValues"]
        # the time alone would not do: two writes often fall into one millisecond
        values[":writer"] = {"S": "{% $states.context.Execution.Id %}"}
        settings = ", ".join(f"{name[1:]} = {name}" for name in values)
        arguments["UpdateExpression"] = f"SET {settings}"
        return Task(state_id, arguments=arguments, **fields)

    monkeypatch.setattr(writes, "Task", write_anew)
    (workflow,) = load_workflows(str(ROOT), ["direct"])
    queue_only = {"start_seq": 0, "end_seq": 0}
    runs = [{"start_seq": 1, "end_seq": 2}, queue_only, queue_only]
    with (
        pytest.raises(BrokenPromiseError, match="was written 2 times"),
        Environment(make_artifacts(str(ROOT), workflow)) as world,
    ):
        prove(world, all_invariants, runs, fails={1: 1}, then=queue_only, overlap=True)


@pytest.mark.filterwarnings("default")  # the vendors' warnings are not ours
@pytest.mark.parametrize("name", ["express", "distributed"])
def test_the_proof_finds_a_map_that_lets_go_of_the_executions_that_it_lost(
    name: str, tmp_path: Path
) -> None:
    held = (ROOT / "definitions" / f"{name}.py").read_text()
    let_go = held.replace("tolerated_failure_percentage=0", "tolerated_failure_percentage=100")
    assert let_go != held
    (tmp_path / "definitions").mkdir()
    (tmp_path / "definitions" / f"{name}.py").write_text(let_go)
    (tmp_path / "lambdas").symlink_to(ROOT / "lambdas")
    (workflow,) = load_workflows(str(tmp_path))
    with (
        Environment(make_artifacts(str(tmp_path), workflow)) as world,
        pytest.raises(BrokenPromiseError, match="lost|nowhere"),
    ):
        prove(world, all_invariants, [{"start_seq": 1, "end_seq": 3}], kinds=["lose-child"])


@pytest.mark.parametrize("name", VARIANTS)
def test_the_page_says_of_every_variant_when_to_choose_it(name: str) -> None:
    page = (ROOT / "docs" / "variants.md").read_text()
    assert f"| [`{name}`](../definitions/{name}.py) |" in page


def test_the_page_s_figures_are_what_its_commands_give(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    page = (ROOT / "docs" / "variants.md").read_text()
    commands = re.findall(r"^carnation estimate (\w+) ([^`]*?)$(?=\ncarnation)", page, re.M)
    options = {name: shlex.split(rest) for name, rest in commands}
    rows = {
        row[0]: row[1:]
        for row in (line.strip("|").split(" | ") for line in page.splitlines())
        if len(row) == 5
    }
    costs = zip(*(row for name, row in rows.items() if "dollars" in name), strict=True)
    times = next(row for name, row in rows.items() if "0.1 s a call" in name)
    for name, said, took in zip(COLUMNS, costs, times, strict=True):
        given = options["distributed" if name == "distributed" else "express"]
        assert estimate([name, *given, "--format", "json"]) == 0
        sizes = json.loads(capsys.readouterr().out)["sizes"]
        found = [size["total_dollars"] for size in sizes]
        assert [float(f"{found[0]:.2g}"), round(found[1], 2)] == [float(one) for one in said]
        assert f"{sizes[0]['seconds']:.1f} s" == took.strip()
