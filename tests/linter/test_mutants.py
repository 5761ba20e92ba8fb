"""Mutants: what is wrong in one place is refused, and what it was made of is not."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from carnation.document import read_document
from carnation.linter import find_problems
from tests.depth import every
from tests.mutants import Mutant, make_mutants
from tests.rule_cases import REFUSALS, RISKS

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared" / "corpus" / "valid"


def judge(bases: list[Any]) -> list[tuple[Mutant, set[str]]]:
    """Make the mutants of valid definitions, and find what refuses each of them."""
    mutants = (mutant for base in bases if not find_refusals(base) for mutant in make_mutants(base))
    return [(one, find_refusals(one.definition)) for one in mutants]


@cache
def judge_our_own(stride: int) -> list[tuple[Mutant, set[str]]]:
    """Judge the mutants of our own definitions, once for all tests."""
    return judge(list_bases()[::stride])


def find_refusals(definition: Any, type: str = "STANDARD") -> set[str]:
    return {rule.id for rule, _ in find_problems(definition, type=type, families=("refusal",))}


def measure(judged: list[tuple[Mutant, set[str]]]) -> tuple[int, int, Counter[str]]:
    """Count the mutants, those that are refused, and what slips through."""
    missed = Counter(
        f"{mutant.rule}: {mutant.what.partition(': ')[2]}" for mutant, found in judged if not found
    )
    return len(judged), len(judged) - missed.total(), missed


def list_bases() -> list[Any]:
    bases = [case.kept for case in (*REFUSALS, *RISKS) if case.type == "STANDARD"]
    for path in sorted((ROOT / "build").rglob("*.asl.json")):
        bases.append(read_document(str(path)).value)
    return list({json.dumps(base): base for base in bases}.values())


@every(9)
def test_mutants_of_our_own_definitions_are_refused(stride: int) -> None:
    made, caught, missed = measure(judge_our_own(stride))
    print(f"{caught} of {made} mutants refused")
    assert made > 20_000 / stride
    assert caught >= made * 0.95, missed.most_common(20)


@every(9)
def test_a_mutant_breaks_the_rule_that_it_is_named_after(stride: int) -> None:
    named: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for mutant, found in judge_our_own(stride):
        named[mutant.rule] += 1
        if found and mutant.rule not in found:
            wrong[f"{mutant.rule}, not {sorted(found)}"] += 1
    assert len(named) >= 25
    assert sum(wrong.values()) <= sum(named.values()) * 0.05, wrong.most_common(20)


@pytest.mark.slow
@pytest.mark.skipif(not CORPUS.exists(), reason="needs ../shared/corpus")
@every(3)
def test_mutants_of_published_definitions_are_refused(stride: int) -> None:
    files = sorted(path for path in CORPUS.rglob("*") if path.is_file())[:: 40 * stride]
    bases = [read_document(str(path)).value for path in files]
    made, caught, missed = measure(judge(bases))
    print(f"{caught} of {made} mutants refused")
    assert made > 2_000 / stride
    assert caught >= made * 0.95, missed.most_common(20)
