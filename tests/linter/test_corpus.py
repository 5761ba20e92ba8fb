"""The figures on the corpus of published definitions, which lies beside the repository."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from carnation.document import read_document
from carnation.linter import find_problems

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
pytestmark = [
    pytest.mark.skipif(not CORPUS.exists(), reason="needs ../shared/corpus"),
    pytest.mark.slow,
]


def list_files(label: str) -> list[Path]:
    return sorted(path for path in (CORPUS / label).rglob("*") if path.is_file())


@cache
def find_in(path: Path, *families: str) -> list[tuple[Any, Any]]:
    document = read_document(str(path))
    return list(find_problems(document.value, size=document.measure(), families=families))


def test_no_valid_definition_is_refused() -> None:
    refused = {
        path.name: [problem for _, problem in found]
        for path in list_files("valid")
        if (found := find_in(path, "refusal"))
    }
    assert refused == {}


def test_every_invalid_definition_is_refused() -> None:
    files = list_files("invalid")
    missed = [path.name for path in files if not find_in(path, "refusal")]
    assert len(missed) <= len(files) * 0.05, missed


def test_risks_of_level_error_fire_on_less_than_one_percent_of_what_is_valid() -> None:
    files = list_files("valid")
    hit = [
        path.name
        for path in files
        if any(rule.severity == "error" for rule, _ in find_in(path, "risk"))
    ]
    assert len(hit) < len(files) * 0.01, hit


def test_a_risk_that_fires_on_a_quarter_of_what_is_valid_is_a_note() -> None:
    files = list_files("valid")
    counts: dict[tuple[str, str], int] = {}
    for path in files:
        for key in {(rule.id, rule.severity) for rule, _ in find_in(path, "risk")}:
            counts[key] = counts.get(key, 0) + 1
    assert not [key for key, n in counts.items() if n > len(files) / 4 and key[1] != "note"]


def test_what_services_refuse_is_found_in_few_of_the_valid_and_is_a_mistake_there() -> None:
    found: dict[str, set[str]] = {}
    for path in list_files("valid"):
        for rule, _ in find_in(path, "call"):
            found.setdefault(rule.id, set()).add(path.name)
    assert found == {
        # logGroupName, RetryStrategy.attempts, a call with nothing
        "unknown-parameter": {
            "003_amazon-states-language-task-state.md_block7.json",
            "005_workflow.asl.json",
            "050_nested-stepfunctions-callLambdaWithAwaitUsingTask.json",
        },
        # a number for a mapping, and the names of things in place of their URLs
        "wrong-parameter": {
            "004_stage-glue.asl.json",
            "046_workflow.asl.json",
            "061_state-machine.asl.json",
        },
    }
