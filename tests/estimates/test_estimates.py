"""Estimates against executions: the reference workflow, AWS's recordings, and small machines."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from carnation.artifacts import read_artifacts
from carnation.cli.estimate import main
from carnation.document import read_document
from carnation.emulator import Emulator
from carnation.engine import Execution, Failed, Succeeded, Task, compile_definition
from carnation.estimates import Facts, Model, find_breaks, find_figures, make_model, sample_schema
from tests.conftest import ROOT, SHARED
from tests.engine_fakes import Script, machine, task

CASES = SHARED / "conformance" / "cases"
CORPUS = SHARED / "corpus" / "valid"
needs_recordings = pytest.mark.skipif(not CASES.is_dir(), reason=f"no recordings in {CASES}")
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no corpus in {CORPUS}")
pytestmark = pytest.mark.filterwarnings("default")  # the vendors' warnings are not ours


def measure(value: Any) -> int:
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"),
                                                           ensure_ascii=False)  # fmt: skip
    return len(text.encode())


def over(inner: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """A machine that maps a chain of states over the items of its input."""
    mode = fields.pop("mode", {"Mode": "INLINE"})
    processor = {"ProcessorConfig": mode, **inner}
    return machine({"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor, **fields})


def count(definition: Any, items: int, **answers: Any) -> tuple[int, int, int]:
    """Run a definition over so many items; give its events, transitions and largest payload."""
    given = {"items": [{"id": "x" * 30}] * items}
    execution = Execution(compile_definition(definition), given, Script(**answers))
    execution.run()
    assert execution.status == "SUCCEEDED"
    names = Counter(event.type for event in execution.events)
    entered = sum(number for name, number in names.items() if name.endswith("StateEntered"))
    retried = names["TaskScheduled"] - names["TaskStateEntered"]
    sizes = [measure(event.details[field]) for event in execution.events
             for field in ("input", "output") if field in event.details]  # fmt: skip
    return len(execution.events), 1 + entered + retried, max(sizes)


def estimate(definition: Any, items: int, **facts: Any) -> tuple[int, int, int]:
    facts.setdefault("given", {"items": [{"id": "x" * 30}]})
    figures = find_figures(make_model(definition, Facts(**facts)), items)
    return figures.events, figures.transitions, figures.payload


def chain(prefix: str, *states: dict[str, Any]) -> dict[str, Any]:
    """A chain of states whose names begin with a prefix: names are unique in a definition."""
    text = json.dumps(machine(*states))
    for letter in "ABC":
        for field in (f'"{letter}": {{"Type"', f'"Next": "{letter}"', f'"StartAt": "{letter}"'):
            text = text.replace(field, field.replace(f'"{letter}"', f'"{prefix}{letter}"'))
    made: dict[str, Any] = json.loads(text)
    return made


PASS = {"Type": "Pass"}
CALL = {"FunctionName": "f"}
BOTH = {"Type": "Parallel", "Branches": [chain("l", PASS), chain("r", PASS, PASS)]}
TWICE = {"Type": "Map", "ItemsPath": "$.both", "ItemProcessor": chain("in", PASS)}
SMALL = [
    over(chain("i", PASS)),
    over(chain("i", PASS, {"Type": "Wait", "Seconds": 1}), MaxConcurrency=3),
    over(chain("i", BOTH)),
    over(chain("i", task(ResultPath=None, Parameters=CALL)), MaxConcurrency=1),
    over(chain("i", TWICE), ResultPath="$.done", ItemSelector={"both": [1, 2]}),
]


@pytest.mark.parametrize("definition", SMALL)
@pytest.mark.parametrize("items", [1, 7, 100, 333])
def test_a_map_over_any_number_of_items_counts_what_the_engine_counts(
    definition: dict[str, Any], items: int
) -> None:
    result = {"Payload": 1}
    events, transitions, payload = count(definition, items, iA=Succeeded(result))
    said = estimate(definition, items, results={"iA": result})
    assert said[:2] == (events, transitions)
    assert said[2] == pytest.approx(payload, rel=0.02, abs=4)


# the reference workflow


class Reference:
    """The deployed reference workflow, and a sample of what its first function gives."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        artifacts = read_artifacts(str(ROOT), "carnation")
        deployment = emulator.deploy(
            "t", artifacts.list_uploads(), artifacts.find_key("-root-stack.yaml"),
            {"ArtifactBucket": "artifacts-t", "ProjectName": "t"}, bucket="artifacts-t",
        )  # fmt: skip
        self.arn = deployment.outputs["StateMachineArn"]

    def run(self, items: int) -> list[dict[str, Any]]:
        given = {"start_seq": 1, "end_seq": items + 1}
        return self.emulator.execute(self.arn, given).history

    def make_model(self) -> Model:
        history = self.run(10)
        results = [event["taskSucceededEventDetails"]["output"] for event in history
                   if event["type"] == "TaskSucceeded"]  # fmt: skip
        path = ROOT / "build/carnation/code/state-machine/carnation.asl.json"
        facts = Facts(
            given={"start_seq": 1, "end_seq": 11},
            results={"CollectEvents": json.loads(results[0]),
                     "ProcessEvent": json.loads(results[1])},
            substitutions={"MaxConcurrency": "10"},
        )  # fmt: skip
        return make_model(read_document(str(path)).value, facts)


@pytest.fixture(scope="module")
def reference() -> Iterator[Reference]:
    with Emulator(in_process=True) as emulator:
        yield Reference(emulator)


def test_the_reference_workflow_counts_what_its_executions_count(reference: Reference) -> None:
    model = reference.make_model()
    for items in (40, 150):
        history = reference.run(items)
        figures = find_figures(model, items)
        entered = sum(event["type"].endswith("StateEntered") for event in history)
        sizes = [measure(details[field]) for event in history for details in event.values()
                 if isinstance(details, dict) for field in ("input", "output")
                 if field in details]  # fmt: skip
        assert figures.events == len(history)
        assert figures.transitions == entered + 1
        assert figures.payload == pytest.approx(max(sizes), rel=0.02)
        assert figures.invocations == items + 1


# what AWS recorded


def list_recorded() -> Iterator[dict[str, Any]]:
    """Yield recorded successes without a Map whose tasks each gave one result."""
    for path in sorted(CASES.glob("*/*.json")):
        case = json.loads(path.read_text(encoding="utf-8"))
        if case["kind"] != "execution" or not case.get("history") or case["type"] != "STANDARD":
            continue
        if case["expected"].get("status") == "SUCCEEDED":
            if '"Type": "Map"' in json.dumps(case["definition"]):
                continue
            results: dict[str, Any] = {}
            for asked in case["tasks"]:
                output = (asked["outcome"] or {}).get("output", list_recorded)
                results[asked["state"]] = (
                    output if results.get(asked["state"], output) == output else list_recorded
                )
            if list_recorded not in results.values():
                yield case | {"results": results}


@needs_recordings
def test_histories_that_aws_recorded_have_as_many_events_and_transitions() -> None:
    counted = 0
    for case in list_recorded():
        facts = Facts(given=case["input"], results=case["results"])
        figures = find_figures(make_model(case["definition"], facts), 1)
        history = case["history"]
        counted += 1
        # the recorder dropped events inside a Parallel; the last number still counts them
        assert figures.events == max(event["id"] for event in history), case["id"]
        entered = sum(event["type"].endswith("StateEntered") for event in history)
        assert figures.transitions == entered + 1, case["id"]
        sizes = [measure(event["details"][field]) for event in history
                 if event["type"] != "TaskSubmitted" for field in ("input", "output")
                 if (event.get("details") or {}).get(field) is not None]  # fmt: skip
        if not case["volatile"] and not case["context_dependent"]:
            assert figures.payload == pytest.approx(max(sizes), rel=0.02), case["id"]
    assert counted >= 200


# limits


def find_first(definition: Any, **facts: Any) -> tuple[str, int, str, str]:
    facts.setdefault("given", {"items": [{"id": "x" * 30}]})
    first = find_breaks(make_model(definition, Facts(**facts)))[0]
    return first.limit, first.items, first.state, first.remedy


def test_the_history_of_an_inline_map_breaks_where_the_engine_fails() -> None:
    definition = over(chain("i", PASS, PASS), ResultPath=None)
    limit, items, state, remedy = find_first(definition, given={"items": [1]})
    assert (limit, state) == ("a history of 25,000 events", "A")
    assert "DISTRIBUTED" in remedy
    ends = {}
    for many in (items - 1, items):
        execution = Execution(compile_definition(definition), {"items": [1] * many}, Script())
        execution.run()
        ends[many] = execution.status
    assert ends == {items - 1: "SUCCEEDED", items: "FAILED"}


def test_a_payload_breaks_where_the_engine_fails() -> None:
    definition = over(chain("i", {"Type": "Pass"}))
    given = {"items": [{"id": "x" * 400}]}
    limit, items, _, remedy = find_first(definition, given=given)
    assert limit == "a payload of 256 KiB"
    assert "S3" in remedy
    ends = {}
    for many in (items * 98 // 100, items * 102 // 100):
        many_items = {"items": given["items"] * many}
        if measure(many_items) > 256 * 1024:
            ends[many] = "FAILED"
            continue
        execution = Execution(compile_definition(definition), many_items, Script())
        execution.run()
        ends[many] = execution.status
    assert list(ends.values()) == ["SUCCEEDED", "FAILED"]


def test_a_distributed_map_counts_children_and_breaks_later() -> None:
    read = {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSON"},
            "Parameters": {"Bucket": "b", "Key": "k"}}  # fmt: skip
    mode = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    definition = over(
        chain("i", task()), mode=mode, ItemReader=read, ItemBatcher={"MaxItemsPerBatch": 10},
        ResultPath=None, MaxConcurrency=2000,
    )  # fmt: skip
    del definition["States"]["A"]["ItemsPath"]
    model = make_model(definition, Facts(given={}))
    figures = find_figures(model, 1005)
    assert (figures.children, figures.executions) == ({"A": 101}, 1)
    assert figures.events < 20
    assert figures.dollars["Step Functions"] == pytest.approx(figures.transitions * 0.000025)
    soft = [one for one in find_breaks(model) if not one.is_hard]
    assert any("concurrent functions" in one.limit and one.items == 10_001 for one in soft)


def test_express_children_are_priced_by_their_time() -> None:
    mode = {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}
    model = make_model(over(chain("i", task()), mode=mode), Facts(given={"items": [1]}))
    assert find_figures(model, 100).dollars["Express children"] > 0
    assert find_figures(model, 100).transitions < 10


def test_retried_and_failing_items_count_what_the_engine_counts() -> None:
    retrier = {"ErrorEquals": ["E"], "MaxAttempts": 1}
    catcher = {"ErrorEquals": ["F"], "ResultPath": None, "Next": "iB"}
    definition = over(chain("i", task(Retry=[retrier], Catch=[catcher], ResultPath=None), PASS))
    result = {"Payload": 1}

    def answer(name: str, *, always: bool) -> Any:
        def perform(asked: Task) -> Any:
            chosen = asked.context["Map"]["Item"]["Index"] % 10 == 0
            return (
                Failed(name, "") if chosen and (always or not asked.attempt) else Succeeded(result)
            )

        return perform

    retried = count(definition, 100, iA=answer("E", always=False))
    assert estimate(definition, 100, results={"iA": result}, retry=0.1)[:2] == retried[:2]
    failed = count(definition, 100, iA=answer("F", always=True))
    said = estimate(definition, 100, results={"iA": result}, fail=0.1, error="F")
    assert said[:2] == failed[:2]


def test_a_definition_without_a_map_counts_executions() -> None:
    model = make_model(machine(task(), task()), Facts(given={}, seconds={"A": 2.0}, memory=1024))
    figures = find_figures(model, 50)
    assert (figures.executions, figures.invocations, figures.transitions) == (50, 100, 150)
    assert figures.gb_seconds == pytest.approx(50 * 2.1)
    assert figures.seconds == pytest.approx(2.1)


def test_five_minutes_end_an_express_execution() -> None:
    definition = machine({"Type": "Wait", "Seconds": 301})
    breaks = find_breaks(make_model(definition, Facts(given={}, express=True)))
    assert breaks[0].limit == "an Express execution's five minutes"


def test_a_loop_without_an_end_is_said_to_be_one() -> None:
    definition = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "A"}}}
    model = make_model(definition, Facts(given={}))
    assert "does not end" in model.notes[0]


# shapes


def test_a_schema_gives_a_sample() -> None:
    whole = {"type": "object", "properties": {
        "a": {"const": 3}, "b": {"enum": ["x"]}, "c": {"anyOf": [{"type": "boolean"}]},
        "d": {"type": "array", "items": {"type": "null"}}, "e": {"type": ["string", "null"]},
        "f": {"type": "string", "format": "date-time"}, "g": True}}  # fmt: skip
    made = sample_schema(whole)
    assert made == {"a": 3, "b": "x", "c": True, "d": [None], "e": "x" * 24,
                    "f": "2016-03-14T01:59:00Z", "g": {}}  # fmt: skip


# the verb


@pytest.fixture
def path(tmp_path: Path) -> str:
    file = tmp_path / "m.asl.json"
    file.write_text(json.dumps(over(chain("i", {"Type": "Pass"}))), encoding="utf-8")
    return str(file)


def test_a_table_has_a_column_for_each_size_and_says_what_breaks(
    path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([path, "--items", "1000,100000", "--input", '{"items": [1]}']) == 0
    text = capsys.readouterr().out
    assert text.startswith("items ")
    assert "1,000" in text
    assert "Breaks first: a history of 25,000 events in 'A'" in text


def test_json_holds_sizes_and_limits(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([path, "--items", "5", "--format", "json", "--input", '{"items": [1]}']) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["sizes"][0]["items"] == 5
    assert document["limits"][0]["limit"] == "a history of 25,000 events"


def test_the_load_that_the_project_declares_is_estimated_unless_items_are_given(
    path: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(Path(path).parent)
    declared = "[tool.carnation.load.m]\nexecutions_a_day = 24\nitems = 1000\n"
    Path("pyproject.toml").write_text(declared, encoding="utf-8")
    words = ["m.asl.json", "--input", '{"items": [1]}']
    assert main([*words, "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [one["items"] for one in document["sizes"]] == [1000]
    once = document["sizes"][0]["total_dollars"]
    assert document["month"]["dollars"] == pytest.approx(once * 24 * 30, rel=1e-3)
    assert main(words) == 0
    assert "a month at 24 executions a day of 1,000 items" in capsys.readouterr().out
    assert main([*words, "--items", "5", "--format", "json"]) == 0
    assert "month" not in json.loads(capsys.readouterr().out)


def test_a_built_workflow_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["carnation", "--fail", "1%", "--retry", "0.02"]) == 0
    assert "functions invoked" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--items", "0"], "an integer"),
        (["--items", "a"], "an integer"),
        (["--input", "{"], "Pass JSON, or @FILE"),
        (["--input", "@none.json"], "--input: none.json: the file cannot be read"),
        (["--results", "[]"], "--results must be an object"),
        (["--fail", "200%"], "a share is at most"),
        (["--memory", "3"], "a function has 128 to 10240 MB"),
        (["--seconds", "A=x"], "expected a number"),
        (["--set", "x"], "NAME=VALUE"),
    ],
)
def test_wrong_options_are_one_line_each(
    path: str, options: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([path, *options]) == 2
    text = capsys.readouterr().err
    assert problem in text
    assert text.count("\n") == 1


def test_what_is_no_definition_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "none")]) == 2
    (tmp_path / "a.json").write_text("{}", encoding="utf-8")
    assert main([str(tmp_path / "a.json")]) == 2
    assert "it has neither StartAt nor States" in capsys.readouterr().err


def test_a_template_with_one_machine_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    properties = {"Definition": machine(task()), "StateMachineType": "EXPRESS"}
    template = {"Resources": {"M": {"Type": "AWS::StepFunctions::StateMachine",
                                    "Properties": properties}}}  # fmt: skip
    (tmp_path / "t.json").write_text(json.dumps(template), encoding="utf-8")
    assert main([str(tmp_path / "t.json"), "--items", "10"]) == 0
    assert "executions" in capsys.readouterr().out


def test_help_starts_without_the_engine() -> None:
    program = "import sys, carnation.cli.estimate; assert 'carnation.engine' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


@needs_corpus
def test_definitions_from_everywhere_are_estimated_or_refused_in_a_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    statuses = Counter(main([str(file), "--items", "1000"])
                       for file in sorted(CORPUS.rglob("*.json"))[::12])  # fmt: skip
    capsys.readouterr()
    assert set(statuses) <= {0, 2}
    assert statuses[0] >= 20
