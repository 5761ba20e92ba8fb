from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from carnation.document import parse_document
from carnation.linter import find_problems, load_rules, review_definition
from tests.rule_cases import OK, REFUSALS, RISKS, Case

READ_ONLY = {
    "repeated-key",
    "byte-order-mark",
    "unreadable-document",
    "jsonata-not-checked",
    "undefined-substitution",
}
OF_TEMPLATES = {
    "missing-permission",
    "unneeded-permission",
    "open-permission",
    "missing-definition",
    "several-definitions",
    "invalid-machine-name",
    "logging-without-destination",
    "key-without-policy",
}
OTHERWISE = {"definition-too-large", *READ_ONLY, *OF_TEMPLATES}


def find_rules(definition: Any, type: str = "STANDARD", family: str = "") -> set[str]:
    families = (family,) if family else ()
    return {rule.id for rule, _ in find_problems(definition, type=type, families=families)}


def name_case(case: Case) -> str:
    return f"{case.rule}: {case.sentence}"


@pytest.mark.parametrize("case", [*REFUSALS, *RISKS], ids=name_case)
def test_a_definition_that_breaks_a_rule_is_found_and_one_that_keeps_it_is_not(case: Case) -> None:
    assert case.rule in find_rules(case.broken, case.type)
    assert case.rule not in find_rules(case.kept, case.type)


@pytest.mark.parametrize("case", [*REFUSALS, *RISKS], ids=name_case)
def test_the_definition_that_keeps_a_rule_is_one_that_aws_would_take(case: Case) -> None:
    assert find_rules(case.kept, case.type, "refusal") == set()


@pytest.mark.parametrize("case", RISKS, ids=name_case)
def test_a_definition_with_a_risk_is_one_that_aws_would_take(case: Case) -> None:
    assert find_rules(case.broken, case.type, "refusal") == set()


def test_every_rule_has_a_case() -> None:
    assert {rule.id for rule in load_rules()} == OTHERWISE | {c.rule for c in (*REFUSALS, *RISKS)}


@pytest.mark.parametrize("rule", load_rules(), ids=lambda rule: rule.id)
def test_every_rule_says_problem_solution_and_source(rule: Any) -> None:
    page = rule.explain()
    assert page.index("Problem: ") < page.index("Solution: ") < page.index("Source: https://")
    assert rule.id == rule.id.lower()
    assert rule.severity in ("error", "warning", "note")


def test_a_definition_above_one_mebibyte_is_refused() -> None:
    found = [rule.id for rule, _ in find_problems(OK, size=1024 * 1024 + 1)]
    assert found == ["definition-too-large"]
    assert not list(find_problems(OK, size=1024 * 1024))


@pytest.mark.parametrize("value", [None, [], 3, "x"])
def test_what_is_no_mapping_is_no_definition(value: Any) -> None:
    assert [rule.id for rule, _ in find_problems(value)] == ["malformed-definition"]


def test_a_finding_names_line_column_pointer_state_and_the_code_of_aws() -> None:
    text = (
        '{"StartAt": "A", "States": {\n "A": {"Type": "Pass", "Next": "B"},\n'
        ' "B": {"Type": "Succeed", "X": 1}}}'
    )
    (found,) = review_definition(parse_document(text, "x.asl.json"))
    assert (found.rule, found.line, found.column) == ("unknown-field", 3, 32)
    assert (found.path, found.pointer) == ("x.asl.json", "/States/B/X")
    assert (found.state, found.code) == ("B", "SCHEMA_VALIDATION_FAILED")


def test_a_key_that_stands_twice_and_a_byte_order_mark_are_findings() -> None:
    text = '\ufeff{"StartAt": "A", "StartAt": "A", "States": {"A": {"Type": "Succeed"}}}'
    found = review_definition(parse_document(text, "x.json"))
    assert [finding.rule for finding in found] == ["byte-order-mark", "repeated-key"]


def comment(text: str, where: str) -> list[str]:
    definition = {"StartAt": "A", "States": {"A": {"Type": "Fail", "Comment": ""}}}
    if where == "state":
        definition["States"]["A"]["Comment"] = text  # type: ignore[index]
    else:
        definition["Comment"] = text
    found = review_definition(parse_document(json.dumps(definition), "x.json"))
    return [finding.rule for finding in found]


def test_a_finding_is_suppressed_with_a_reason_and_not_without() -> None:
    told = "Ends. carnation: ignore fail-without-error because nobody looks"
    assert comment("", "state") == ["fail-without-error"]
    assert comment(told, "state") == []
    assert comment(told, "machine") == []
    assert comment("carnation: ignore fail-without-error", "state") == ["fail-without-error"]
    assert comment(told.replace("fail", "fall"), "state") == ["fail-without-error"]


REMARKED = """# first
StartAt: A
States:
  A: {Type: Pass, Next: B}
  B:
    Type: Fail
  # carnation: ignore fail-without-error because nobody looks
  C:
    Type: Fail
"""
REMARK = "# carnation: ignore fail-without-error because nobody looks"


def suppress(text: str) -> list[str]:
    found = review_definition(parse_document(text, "x.yaml"))
    return [finding.state for finding in found if finding.rule == "fail-without-error"]


def test_a_remark_in_a_file_suppresses_in_its_state() -> None:
    bare = REMARKED.replace(REMARK, "# as it is")
    assert suppress(bare) == ["B", "C"]
    assert suppress(REMARKED) == ["B"]
    assert suppress(bare.replace("  B:", f"  B: {REMARK}")) == ["C"]
    assert suppress(bare.replace("Fail\n  #", f"Fail  {REMARK}\n  #")) == ["C"]
    assert suppress(bare.replace("# first", REMARK)) == []
    assert suppress(bare.replace("# first", REMARK.partition(" because")[0])) == ["B", "C"]


def test_without_the_library_jsonata_is_not_checked_and_the_lint_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "jsonata", None)
    definition = {
        "StartAt": "A",
        "QueryLanguage": "JSONata",
        "States": {"A": {"Type": "Succeed", "Output": "{% broken( %}"}},
    }
    assert find_rules(definition) == {"jsonata-not-checked"}
    assert find_rules(OK) == set()


@pytest.mark.parametrize("kind", ["choice", "", "parallel"])
def test_a_state_of_a_misspelled_type_still_leads_to_others(kind: str) -> None:
    inner = {"StartAt": "C", "States": {"C": {"Type": "Succeed"}}}
    rule = {"Variable": "$.a", "IsNull": True, "Next": "B"}
    state = {"Type": kind, "Choices": [rule]} if kind == "choice" else {
        "Type": kind, "Branches": [inner], "Next": "B", "Retry": []}  # fmt: skip
    after = {"Type": "Pass", "InputPath": "$.a.b", "End": True}
    definition = {"StartAt": "A", "States": {"A": state, "B": after}}
    assert find_rules(definition) == {"unknown-state-type"}
