from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CASES = ROOT.parent / "shared" / "conformance"
needs_recordings = pytest.mark.skipif(
    not CASES.is_dir(), reason=f"the recordings made on AWS are not in {CASES}"
)


def load(name: str) -> ModuleType:
    folder = str(ROOT / "benchmarks")
    sys.path.insert(0, folder)
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(folder)


@pytest.fixture(scope="module")
def summary() -> dict[str, Any]:
    conformance = load("conformance")
    cases = conformance.load_cases(CASES)
    found: dict[str, Any] = conformance.summarize([conformance.run_case(case) for case in cases])
    return found


@needs_recordings
def test_outcomes_are_those_that_aws_recorded(summary: dict[str, Any]) -> None:
    assert summary["counted"] > 700
    assert summary["outcomes"] >= 0.99


@needs_recordings
def test_histories_are_those_that_aws_recorded(summary: dict[str, Any]) -> None:
    assert summary["histories"] > 300
    assert summary["types"] >= 0.98
    assert summary["details"] >= 0.98
    assert summary["ids"] >= 0.95


@needs_recordings
def test_the_page_on_fidelity_is_current_and_gives_a_reason_for_each_miss(
    summary: dict[str, Any],
) -> None:
    fidelity = load("fidelity")
    page = fidelity.make_page(summary)
    assert (ROOT / "docs" / "fidelity.md").read_text(encoding="utf-8") == page
    assert "not yet looked into" not in page


def test_the_benchmark_prints_rates_and_misses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    conformance = load("conformance")
    passing = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
    case = {"id": "a--good", "kind": "execution", "definition": passing, "input": {"n": 1}}
    good = {**case, "expected": {"status": "SUCCEEDED", "output": {"n": 1.0}}}
    bad = {**case, "id": "a--bad", "expected": {"status": "FAILED", "error": "E"}}
    broken = {**bad, "id": "a--broken", "definition": {"StartAt": "A", "States": {}}}
    for each in (good, bad, broken):
        (tmp_path / f"{each['id']}.json").write_text(json.dumps(each), encoding="utf-8")
    assert conformance.main([str(tmp_path), "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["cases"], found["outcomes"]) == (3, 0.3333)
    assert [miss["id"] for miss in found["misses"]] == ["a--bad", "a--broken"]
    assert conformance.main([str(tmp_path)]) == 0
    assert "DefinitionError: the definition: States is missing" in capsys.readouterr().out


@needs_recordings
def test_variants_of_recorded_executions_have_the_outcome_that_the_language_fixes() -> None:
    found = list(load("variants").find_differences(CASES, every=30))
    assert len(found) > 150
    assert [one for one in found if one[0]] == []


def test_variants_are_made_of_cases_that_hold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = {"Type": "Pass", "Parameters": {"n.$": "$.n"}, "End": True}
    definition = {"StartAt": "A", "States": {"A": state}}
    case = {"id": "a", "kind": "execution", "definition": definition, "input": {"n": 1}}
    good = {**case, "expected": {"status": "SUCCEEDED", "output": {"n": 1}}}
    (tmp_path / "a.json").write_text(json.dumps(good), encoding="utf-8")
    assert load("variants").main([str(tmp_path)]) == 0
    assert "10 of 10 variants hold" in capsys.readouterr().out
    wrong = {"Type": "Wait", "Seconds": 1, "End": True}
    variants = load("variants")
    made = variants.put_into_map({**good, "definition": {"StartAt": "A", "States": {"A": wrong}}})
    made["expected"]["output"] = [{"n": 2}]
    (tmp_path / "b.json").write_text(json.dumps({**made, "id": "b"}), encoding="utf-8")
    assert variants.main([str(tmp_path)]) == 0  # a case that does not hold fixes nothing
    assert "10 of 10 variants hold" in capsys.readouterr().out
