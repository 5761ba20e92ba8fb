"""`carnation lint --fix`: what has one safe answer is fixed, and nothing else changes."""

from __future__ import annotations

import json
import os
import stat
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from carnation.cli.lint import main
from carnation.document import parse_document
from carnation.document.editing import Edit, edit_text
from carnation.linter import find_problems
from carnation.linter.fixes import FIXERS, fix_document
from tests.rule_cases.builders import LAMBDA, errors, machine, only, pass_, resource, retry, task

DDB = "arn:aws:states:::dynamodb:putItem"
ITEM = {"TableName": "t", "Item": {}}
TWICE = [errors("A", "B"), errors("B", "C", MaxAttempts=1), errors("A")]
CASES: dict[str, tuple[Any, Any]] = {
    "miscased-error-name": (retry(errors("states.timeout")), retry(errors("States.Timeout"))),
    "wrong-error-prefix": (
        only(task(DDB, Parameters=ITEM, Retry=[errors("DynamoDb.ResourceNotFoundException")])),
        only(task(DDB, Parameters=ITEM, Retry=[errors("DynamoDB.ResourceNotFoundException")])),
    ),
    "literal-path": (
        only(pass_(Parameters={"a": {"id": "$.id", "b": 1}})),
        only(pass_(Parameters={"a": {"id.$": "$.id", "b": 1}})),
    ),
    "dead-retrier": (
        retry(*TWICE),
        retry(errors("A", "B"), errors("C", MaxAttempts=1)),
    ),
    "states-all-not-alone": (
        retry(errors("A", "States.ALL", "B", MaxAttempts=2)),
        retry(errors("States.ALL", MaxAttempts=2)),
    ),
    "states-all-not-last": (
        retry(errors("States.ALL", MaxAttempts=2), errors("A"), errors("B", BackoffRate=3)),
        retry(errors("A"), errors("B", BackoffRate=3), errors("States.ALL", MaxAttempts=2)),
    ),
    "unknown-field": (
        only({"Type": "Pass", "end": True}),
        only({"Type": "Pass", "End": True}),
    ),
    "unknown-nested-field": (
        machine(
            A={"Type": "Choice", "Choices": [{"Not": {"variable": "$.s", "IsNull": True},
                                              "Next": "B"}], "Default": "B"},
            B=pass_(),
        ),
        machine(
            A={"Type": "Choice", "Choices": [{"Not": {"Variable": "$.s", "IsNull": True},
                                              "Next": "B"}], "Default": "B"},
            B=pass_(),
        ),
    ),
    "unknown-state-type": (
        only({"Type": "pass", "End": True}),
        only({"Type": "Pass", "End": True}),
    ),
    "missing-target": (
        machine(A=pass_(Next="b"), B=pass_()),
        machine(A=pass_(Next="B"), B=pass_()),
    ),
    "unknown-integration": (
        resource("arn:aws:states:::aws-sdk:sqs:SendMessage",
                 Parameters={"QueueUrl": "q", "MessageBody": "b"}),
        resource("arn:aws:states:::aws-sdk:sqs:sendMessage",
                 Parameters={"QueueUrl": "q", "MessageBody": "b"}),
    ),
    "unknown-parameter": (
        resource("arn:aws:states:::aws-sdk:rds:startDBInstance",
                 Parameters={"DBInstanceIdentifier.$": "$.d"}),
        resource("arn:aws:states:::aws-sdk:rds:startDBInstance",
                 Parameters={"DbInstanceIdentifier.$": "$.d"}),
    ),
    "wrong-parameter": (
        resource("arn:aws:states:::dynamodb:putItem",
                 Parameters={"TableName": "t", "Item": {}, "ReturnValues": "all_old"}),
        resource("arn:aws:states:::dynamodb:putItem",
                 Parameters={"TableName": "t", "Item": {}, "ReturnValues": "ALL_OLD"}),
    ),
}  # fmt: skip
UNSAFE = [
    retry(errors("States.Nothing")),
    only(pass_(Parameters={"id": "$.id", "id.$": "$.id"})),
    only(pass_(Parameters={"ids": ["$.id"]})),
    retry(errors("States.TaskFailed"), errors("Mine")),
    retry(errors("States.ALL", "States.Runtime")),
    only({"Type": "Pass", "ends": True, "End": True}),
    only({"Type": "Pass", "end": True, "End": True}),
    machine(A=pass_(Next="C"), B=pass_()),
    resource("arn:aws:states:::aws-sdk:sqs:sendMassage"),
    resource("arn:aws:states:::aws-sdk:rds:startDBInstance"),
    resource("arn:aws:states:::lambda:envoke"),
]


def count(definition: Any) -> Counter[str]:
    return Counter(rule.id for rule, _ in find_problems(definition))


def fix(text: str, where: str = "x.asl.json") -> Any:
    return fix_document(parse_document(text, where), {"": "STANDARD"})


def test_every_rule_that_is_fixed_has_a_case() -> None:
    assert CASES.keys() == FIXERS.keys()


@pytest.mark.parametrize("rule", CASES)
def test_a_fix_removes_the_finding_and_changes_nothing_else(rule: str) -> None:
    broken, mended = CASES[rule]
    before = count(broken)
    assert before[rule]
    for indent in (None, 2, "\t"):
        fixed = fix(json.dumps(broken, indent=indent) + "\n")
        assert json.loads(fixed.text) == mended
        assert {one.rule for one in fixed.fixes} == {rule}
        if rule not in ("states-all-not-last", "states-all-not-alone", "dead-retrier"):
            assert len(fixed.text.splitlines()) == len(
                json.dumps(broken, indent=indent).split("\n")
            )
    after = count(mended)
    assert not after[rule]
    assert not after - before


@pytest.mark.parametrize("rule", [*CASES])
def test_a_fix_is_made_in_yaml_too_where_it_is_sure(rule: str) -> None:
    import yaml

    broken, mended = CASES[rule]
    text = "# why\n" + yaml.safe_dump(broken, sort_keys=False)
    fixed = fix(text, "x.asl.yaml")
    if rule in ("states-all-not-last",):
        assert fixed == (text, ())
        return
    assert fixed.text.startswith("# why\n")
    if rule == "dead-retrier":
        assert not any(name == "B" for one in yaml.safe_load(fixed.text)["States"]["A"]["Retry"][1:]
                       for name in one["ErrorEquals"])  # fmt: skip
    else:
        assert yaml.safe_load(fixed.text) == mended


@pytest.mark.parametrize("definition", UNSAFE)
def test_what_has_no_single_answer_is_left_alone(definition: Any) -> None:
    text = json.dumps(definition, indent=1)
    assert fix(text) == (text, ())


def test_a_fix_that_would_make_a_new_finding_is_not_made_and_the_others_are() -> None:
    definition = machine(
        A=task(LAMBDA, Next="B", Retry=[errors("states.all"), errors("Mine")]),
        B=pass_(Parameters={"id": "$.Payload.id"}),
    )
    fixed = fix(json.dumps(definition))
    assert [one.rule for one in fixed.fixes] == ["literal-path"]
    assert json.loads(fixed.text)["States"]["A"] == definition["States"]["A"]


def test_a_catcher_that_never_acts_stays_where_only_it_leads_to_a_state() -> None:
    catch = [{**errors("E"), "Next": "B"}, {**errors("E"), "Next": "C"}]
    text = json.dumps(machine(A=task(LAMBDA, Next="B", Catch=catch), B=pass_(), C=pass_()))
    assert fix(text) == (text, ())


def test_what_is_suppressed_or_off_is_left_alone() -> None:
    why = "carnation: ignore literal-path because it is a text"
    text = json.dumps(only(pass_(Parameters={"id": "$.id"}, Comment=why)))
    assert fix(text).text == text
    text = json.dumps(only(pass_(Parameters={"id": "$.id"})))
    document = parse_document(text, "x.json")
    assert fix_document(document, {"": "STANDARD"}, ["literal-path"]).text == text


JSON5 = """{
  // starts here
  StartAt: 'a/b', "States": {
    'A/b': {Type: "Pass", Parameters: {id: '$.id', 'a b': "$.x", }, "end" : true, },
  },
}
"""


def test_comments_quotes_and_blanks_stay_as_they_are() -> None:
    mended = JSON5.replace("'a/b'", "'A/b'").replace('"end"', '"End"')
    mended = mended.replace("id:", '"id.$":').replace("'a b':", "'a b.$':")
    assert fix(JSON5, "x.json5").text == mended


@pytest.mark.parametrize(
    ("text", "edit"),
    [
        ('{"a": 1}', Edit("replace", "/a", "b")),
        ('{"a": "x"}', Edit("replace", "/b", "c")),
        ('{"a": 1}', Edit("rename", "/b", "c")),
        (r'{"\u0061": 1}', Edit("rename", "/a", "c")),
        (r'{"\u0061": {}}', Edit("rename", "/a", "c")),
        ('{"a": /* : */ 1}', Edit("rename", "/a", "c")),
        ('{"a": ["x"]}', Edit("remove", "/a/0")),
        ('{"a": [1, 2]}', Edit("remove", "/a/5/b")),
        ('{"a": [1, {}]}', Edit("last", "/a/1")),
    ],
)
def test_an_edit_that_is_not_certain_is_not_made(text: str, edit: Edit) -> None:
    assert edit_text(parse_document(text, "x.json5"), [edit]) in (None, '{"a": []}')


def test_a_block_of_yaml_is_not_edited_and_its_items_are_whole_lines() -> None:
    document = parse_document("a: |\n  x\nb:\n- one\n- two # why\n- {c: 1}\n", "x.yaml")
    assert edit_text(document, [Edit("replace", "/a", "y")]) is None
    assert edit_text(document, [Edit("remove", "/b/1")]) is None
    assert edit_text(document, [Edit("remove", "/b/2")]) is None
    without = document.text.replace("- one\n", "")
    assert edit_text(document, [Edit("remove", "/b/0")]) == without
    renamed = document.text.replace("b:", "it's.$:")
    assert edit_text(document, [Edit("rename", "/b", "it's.$")]) == renamed


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


BROKEN = '{"StartAt": "a",\r\n "States": {"A": {"Type": "Succeed"}}}'
MENDED = BROKEN.replace('"a"', '"A"')


def test_a_file_is_fixed_and_what_was_done_is_said(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = root / "x.asl.json"
    path.write_bytes(BROKEN.encode())
    path.chmod(0o640)
    assert main(["x.asl.json", "--diff"]) == 1
    out, err = capsys.readouterr()
    assert '-{"StartAt": "a",' in out
    assert '+{"StartAt": "A",' in out
    assert err == ""
    assert path.read_bytes() == BROKEN.encode()
    assert main(["x.asl.json", "--fix"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("x.asl.json:1:13: fixed missing-target: ")
    assert path.read_bytes() == MENDED.encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert main(["x.asl.json", "--diff"]) == 0
    assert capsys.readouterr() == ("", "")


def test_a_byte_order_mark_is_taken_away(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "x.asl.json").write_text(f"\ufeff{MENDED}", encoding="utf-8", newline="")
    assert main(["x.asl.json", "--fix"]) == 0
    assert "fixed byte-order-mark" in capsys.readouterr().err
    assert (root / "x.asl.json").read_bytes() == MENDED.encode()


def test_a_definition_in_a_template_is_fixed_where_it_is_no_text(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def write(field: str, value: Any) -> str:
        properties = {field: value, "RoleArn": {"Fn::GetAtt": ["R", "Arn"]}}
        made = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
        return json.dumps({"Resources": {"M": made}}, indent=2)

    (root / "t.json").write_text(write("Definition", json.loads(BROKEN)))
    (root / "u.json").write_text(write("DefinitionString", BROKEN))
    main(["t.json", "u.json", "--fix"])
    assert capsys.readouterr().err.count("fixed") == 1
    assert (root / "t.json").read_text() == write("Definition", json.loads(MENDED))
    assert (root / "u.json").read_text() == write("DefinitionString", BROKEN)


DEFINITION = """
from carnation.states import Pass
from carnation.workflow import Workflow

def make_workflow():
    first = Pass("A", parameters={"id": "$.id"})
    return Workflow(name="tiny", version="1.0.0", states=first)
"""


def make_project(root: Path) -> Path:
    (root / "definitions").mkdir()
    (root / "definitions" / "tiny.py").write_text(DEFINITION)
    folder = root / "build" / "tiny" / "code" / "state-machine"
    folder.mkdir(parents=True)
    (root / "build" / "tiny" / "manifest.json").write_text("{}")
    path = folder / "tiny.asl.json"
    path.write_text(json.dumps(only(pass_(Parameters={"id": "$.id"}))))
    return path


def test_a_definition_built_here_is_not_fixed_but_its_line_of_python_is_named(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = make_project(root)
    before = path.read_text()
    for option in ("--fix", "--diff"):
        assert main(["tiny", option]) == 0
        err = capsys.readouterr().err
        assert "not fixed literal-path" in err
        assert f"Change definitions{os.sep}tiny.py:6 and run `carnation build`." in err
    assert path.read_text() == before


def test_a_finding_in_what_is_built_names_the_line_of_python(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_project(root)
    main(["tiny"])
    assert f"(state 'A', made in definitions{os.sep}tiny.py:6)" in capsys.readouterr().out
    main(["tiny", "--format", "json"])
    (found,) = json.loads(capsys.readouterr().out)["findings"]
    assert found["source"] == f"definitions{os.sep}tiny.py:6"


def test_a_definition_whose_python_fails_is_reviewed_without_its_lines(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_project(root)
    (root / "definitions" / "tiny.py").write_text("raise OSError")
    main(["tiny"])
    assert capsys.readouterr().out.endswith("(state 'A')\n")


def test_what_cannot_be_fixed_says_so(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-", "--fix"]) == 2
    assert "--fix cannot be used with standard input" in capsys.readouterr().err
    (root / "x.asl.json").write_text("{")
    assert main(["x.asl.json", "--fix"]) == 1
    (root / "x.asl.json").write_text("[]")
    assert main(["x.asl.json", "--fix"]) == 1


def test_a_file_that_cannot_be_written_stays_whole(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object) -> None:
        raise PermissionError(13, "Permission denied")

    (root / "x.asl.json").write_text(BROKEN, newline="")
    monkeypatch.setattr("os.replace", refuse)
    assert main(["x.asl.json", "--fix"]) == 2
    assert "cannot write x.asl.json: Permission denied" in capsys.readouterr().err
    assert [path.name for path in root.iterdir()] == ["x.asl.json"]
    assert (root / "x.asl.json").read_bytes() == BROKEN.encode()
