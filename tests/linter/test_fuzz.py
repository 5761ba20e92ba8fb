"""Anything may stand in a file: never a traceback, never a hang."""

from __future__ import annotations

import contextlib
import json
import random
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carnation.asl import KNOWN, STATE_TYPES
from carnation.asl.comparisons import COMPARISONS
from carnation.asl.expressions import parse_jsonata
from carnation.document import Document, parse_document, read_document
from carnation.errors import DocumentError
from carnation.linter import find_problems, review_definition
from carnation.linter.fixes import fix_document
from carnation.sources import Files, find_sources
from tests.depth import every
from tests.rule_cases import REFUSALS, RISKS

parse_jsonata("1")  # the library raises the recursion limit when it is loaded; hypothesis minds

FIELDS = sorted({name for fields in KNOWN.values() for name in fields})
WORDS = [
    *FIELDS, *STATE_TYPES, *sorted(COMPARISONS), "And", "Or", "Not", "Variable", "A", "a.$", "",
    "$", "$.a", "$$", "$v", "$.a[0", "States.Format('{}', $.a)", "{% $states.input %}", "{% ( %}",
    "${X}", "arn:aws:states:::lambda:invoke", "States.ALL", "DISTRIBUTED", "EXPRESS", "JSONata",
    "\ud800", "x" * 99,
]  # fmt: skip
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from(WORDS),
    st.text(max_size=20),
)
documents = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.sampled_from(WORDS), st.text(max_size=5)), inner, max_size=5),
        st.fixed_dictionaries(
            {
                "StartAt": st.sampled_from(["A", "B"]),
                "States": st.dictionaries(st.sampled_from("AB"), inner),
            },
        ),
    ),
    max_leaves=30,
)


@every(6)
def test_the_rules_accept_any_document(stride: int) -> None:
    @given(documents, st.sampled_from(["STANDARD", "EXPRESS"]))
    @settings(max_examples=300 // stride)
    def review_any(document: Any, type: str) -> None:
        for rule, problem in find_problems(document, type=type):
            assert problem.message, rule.id

    review_any()


def replace_somewhere(value: Any, chance: random.Random, other: Any) -> Any:
    """Return a copy of a document in which one part is another."""
    copy = json.loads(json.dumps(value))
    places: list[tuple[Any, Any]] = []
    waiting = [copy]
    while waiting:
        item = waiting.pop()
        keys: Any = (
            item if isinstance(item, dict) else range(len(item)) if isinstance(item, list) else ()
        )
        for key in keys:
            places.append((item, key))
            waiting.append(item[key])
    holder, key = chance.choice(places)
    holder[key] = other
    return copy


@given(st.randoms(use_true_random=False), scalars | st.just({}) | st.just([]) | st.just([{}]))
@settings(max_examples=400)
def test_the_rules_accept_a_definition_with_anything_in_any_place(
    chance: random.Random, other: Any
) -> None:
    case = chance.choice([*REFUSALS, *RISKS])
    document = replace_somewhere(case.kept, chance, other)
    for rule, problem in find_problems(document, type=case.type):
        assert problem.message, rule.id


POLICY = {"Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}
ROLE = {"Policies": [{"PolicyName": "p", "PolicyDocument": POLICY}]}


@every(6)
def test_a_template_with_anything_in_any_place_is_reviewed_and_fixed(stride: int) -> None:
    @settings(max_examples=300 // stride)
    @given(st.randoms(use_true_random=False), scalars | st.sampled_from([{}, [], [{}]]))
    def check(chance: random.Random, other: Any) -> None:
        review_and_fix(chance, other)

    check()


def review_and_fix(chance: random.Random, other: Any) -> None:
    """Review and fix a template in one place of which stands something else."""
    case = chance.choice([*REFUSALS, *RISKS])
    machine = {"Definition": case.broken, "RoleArn": {"Fn::GetAtt": ["R", "Arn"]}}
    template = {
        "Resources": {
            "R": {"Type": "AWS::IAM::Role", "Properties": ROLE},
            "M": {"Type": "AWS::StepFunctions::StateMachine", "Properties": machine},
        }
    }
    text = json.dumps(replace_somewhere(template, chance, other), allow_nan=True)
    with contextlib.suppress(DocumentError):
        document = parse_document(text, "x.json")
        review(document)
        found = find_sources("x.json", [document], Files()).sources
        prefixes = {one.pointer: one.type for one in found if one.is_editable}
        fixed = fix_document(document, prefixes)
        parse_document(fixed.text, "x.json")
        assert bool(fixed.fixes) == (fixed.text != text)


@every(8)
def test_what_is_declared_may_be_anything(stride: int) -> None:
    @given(documents, documents)
    @settings(max_examples=200 // stride)
    def declare(schema: Any, results: Any) -> None:
        declared = {"input": schema, "results": results}
        for case in RISKS[::7]:
            for rule, problem in find_problems(case.broken, declared=declared):
                assert problem.message, rule.id

    declare()


def read_and_review(text: str, name: str) -> None:
    """Read and review, or be refused in a sentence that begins with the name."""
    try:
        document = parse_document(text, name)
    except DocumentError as refused:
        error = refused
    else:
        review(document)
        return
    assert re.match(re.escape(name) + r":\d+:\d+: ", str(error)), str(error)


def review(document: Document) -> None:
    for found in find_sources(document.where, [document], Files()).sources:
        review_definition(found)
    review_definition(document)


NAMES = ["x.json", "x.json5", "x.yaml"]


@given(st.binary(max_size=200), st.sampled_from(NAMES))
@settings(max_examples=300)
def test_any_bytes_are_read_or_refused_in_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str
) -> None:
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(data)
    with contextlib.suppress(DocumentError):
        review(read_document(str(path)))


PIECES = [
    *"{}[]:,\"'\n\t -&*!|>?%@`#",
    "a",
    "1",
    "${X}",
    "//",
    "/*",
    "*/",
    "\\",
    "true",
    "NaN",
    "\x00",
    "\ufeff",
    "&a ",
    "*a",
    "<<: ",
    "1e999",
    "\\ud800",
]


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join), st.sampled_from(NAMES))
@settings(max_examples=500)
def test_any_text_is_read_or_refused_in_a_sentence(text: str, name: str) -> None:
    read_and_review(text, name)


@given(st.data())
@settings(max_examples=150)
def test_a_definition_cut_anywhere_is_read_or_refused_in_a_sentence(data: st.DataObject) -> None:
    case = data.draw(st.sampled_from([*REFUSALS, *RISKS]))
    text = json.dumps(case.kept)
    at = data.draw(st.integers(0, len(text)))
    to = data.draw(st.integers(at, len(text)))
    read_and_review(text[:at] + text[to:], data.draw(st.sampled_from(NAMES)))


HOSTILE = {
    "a nest of lists": "[" * 100_000,
    "a closed nest of lists": "[" * 800 + "]" * 800,
    "a nest of objects": '{"a":' * 100_000,
    "an open string": '"' + "a" * 1_000_000,
    "many quotes": '"\\' * 200_000,
    "an open comment": "/*" + "*" * 200_000,
    "a long number": "1" * 100_000,
    "a long name": json.dumps({"StartAt": "x" * 10**6, "States": {"x" * 10**6: {"Type": "Pass"}}}),
    "many blanks": " " * 1_000_000,
    "a bomb of aliases": "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"a{i + 1}: &a{i + 1} [{','.join([f'*a{i}'] * 9)}]\n" for i in range(12)),
    "a bomb of merges": "a0: &a0 {x: 1}\n"
    + "".join(f"a{i + 1}: &a{i + 1} {{<<: [*a{i},*a{i},*a{i}]}}\n" for i in range(20)),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_text_is_read_or_refused_in_a_sentence(text: str, name: str) -> None:
    read_and_review(text, name)


def nest(depth: int, kind: str) -> dict[str, Any]:
    inner: dict[str, Any] = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    for level in range(depth):
        body = {"ItemProcessor": inner} if kind == "Map" else {"Branches": [inner]}
        name = f"{kind}{level}"
        inner = {"StartAt": name, "States": {name: {"Type": kind, **body, "End": True}}}
    return inner


@pytest.mark.parametrize("kind", ["Map", "Parallel"])
def test_a_definition_nests_as_deep_as_it_likes(kind: str) -> None:
    assert not list(find_problems(nest(200, kind), families=("refusal",)))


@every(4)
def test_rules_and_payloads_nest_as_deep_as_they_like(stride: int) -> None:
    rule: dict[str, Any] = {"Variable": "$.a", "IsNull": True}
    payload: Any = 1
    for _ in range(20_000 // stride):  # each level has a pointer as long as it is deep
        rule, payload = {"Not": rule}, {"a": [payload]}
    definition = {
        "StartAt": "C",
        "States": {
            "C": {"Type": "Choice", "Choices": [{**rule, "Next": "P"}], "Default": "P"},
            "P": {"Type": "Pass", "Parameters": payload, "End": True},
        },
    }
    assert not list(find_problems(definition, families=("refusal",)))
    list(find_problems(definition))


def test_a_loop_of_growing_data_comes_to_an_end() -> None:
    states = {
        f"S{i}": {"Type": "Pass", "Parameters": {f"a{i}.$": "$"}, "Next": f"S{(i + 1) % 50}"}
        for i in range(50)
    }
    list(find_problems({"StartAt": "S0", "States": states}))


@every(3)
def test_thousands_of_mistakes_take_no_longer_than_thousands_of_states(stride: int) -> None:
    count = 10_000 // stride
    sdk = "arn:aws:states:::aws-sdk:ec2:doNothing"
    states: dict[str, Any] = {
        f"State{i}": {"Type": "Task", "Resource": f"{sdk}{i}", "Nxt": 1, "Next": f"Stat{i}"}
        for i in range(count)
    }
    found = list(find_problems({"StartAt": "State0", "States": states}))
    assert len(found) > 3 * count
    name = "x" * 1_000_000
    list(find_problems({"StartAt": f"{name}y", "States": {name: {"Type": name, name: 1}}}))


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="cannot be read"):
        read_document(str(tmp_path / "none.json"))
    with pytest.raises(DocumentError, match="cannot be read"):
        read_document(str(tmp_path))
