"""The verb adopt: what it reads, writes, refuses, and where it says something is wrong."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from carnation.__main__ import main
from carnation.adoption import adopting
from carnation.cli import adopt
from carnation.workflow import load_workflows

ORDER = {
    "StartAt": "Charge",
    "States": {
        "Charge": {"Type": "Task", "Resource": "${ChargeFunction}", "Next": "Ship"},
        "Ship": {"Type": "Pass", "End": True},
    },
}
TEMPLATE = """\
Resources:
  OrderMachine:
    Type: AWS::Serverless::StateMachine
    Properties:
      DefinitionSubstitutions:
        ChargeFunction: !GetAtt Charge.Arn
      # of the property
      Definition:
        StartAt: Charge
        States:
          # takes the money
          Charge:
            Type: Task
            Resource: ${ChargeFunction}  # set below
            Next: Ship
          Ship: {Type: Pass, End: true}
  Second:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      DefinitionString: !Sub |
        {"StartAt": "Ask", "States": {"Ask": {"Type": "Task", "End": true,
          "Resource": "arn:${AWS::Partition}:states:::lambda:invoke",
          "TimeoutSeconds": ${Timeout}, "Parameters": {"FunctionName": "${!Literal}"}}}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("order.asl.json").write_text(json.dumps(ORDER, indent=2))
    return tmp_path


def read_error(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err.strip().removeprefix("carnation: ")


def test_a_definition_becomes_a_workflow_that_is_loaded_and_built(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["adopt", "order.asl.json", "--out", "definitions"]) == 0
    assert capsys.readouterr().out == "definitions/order.py\n"
    (workflow,) = load_workflows(str(folder))
    assert (workflow.name, workflow.make_definition()) == ("order", ORDER)
    assert main(["build"]) == 0
    assert json.loads(Path("build/order/code/state-machine/order.asl.json").read_text()) == ORDER


def test_without_out_a_module_is_printed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["adopt", "order.asl.json"]) == 0
    out = capsys.readouterr().out
    assert out.startswith('"""The workflow order, adopted from order.asl.json."""\n')
    assert main(["adopt", "order.asl.json", "order.asl.json"]) == 0
    assert "# order_2.py\n" in capsys.readouterr().out


def test_a_module_that_exists_is_kept_unless_force_is_given(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("definitions").mkdir()
    Path("definitions/order.py").write_text("mine")
    Path("other.asl.json").write_text(json.dumps(ORDER))
    arguments = ["adopt", "order.asl.json", "other.asl.json", "--out", "definitions"]
    assert main(arguments) == 2
    assert "definitions/order.py already exists. Nothing was written" in read_error(capsys)
    assert [path.name for path in Path("definitions").iterdir()] == ["order.py"]
    assert Path("definitions/order.py").read_text() == "mine"
    assert main([*arguments, "--force"]) == 0
    assert "Charge" in Path("definitions/order.py").read_text()


def test_check_says_that_the_way_back_is_exact(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["adopt", "--check", "order.asl.json", "--out", "definitions"]) == 0
    assert capsys.readouterr().out == "order.asl.json: order: exact\n"
    assert not Path("definitions").exists()


def test_check_exits_with_1_and_the_place_where_the_way_back_is_not_exact(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_other(definition: Any, *arguments: Any) -> str:
        return write(json.loads(json.dumps(definition).replace("Function}", "}")), *arguments)

    write = adopting.render_module
    monkeypatch.setattr(adopting, "render_module", write_other)
    assert main(["adopt", "--check", "order.asl.json"]) == 1
    assert capsys.readouterr().out == (
        "order.asl.json:6:19: '/States/Charge/Resource' is not exact: "
        "it is '${ChargeFunction}' and becomes '${Charge}'\n"
    )
    assert main(["adopt", "order.asl.json", "--out", "definitions"]) == 2
    assert "Nothing was written" in read_error(capsys)
    assert not Path("definitions").exists()


def test_templates_hold_definitions_of_every_form(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("template.yaml").write_text(TEMPLATE)
    assert main(["adopt", "template.yaml", "--out", "definitions"]) == 0
    assert capsys.readouterr().out == "definitions/order_machine.py\ndefinitions/second.py\n"
    first, second = load_workflows(str(folder))
    assert first.make_definition() == ORDER
    assert second.make_definition()["States"]["Ask"] == {
        "Type": "Task", "Resource": "arn:${Partition}:states:::lambda:invoke",
        "TimeoutSeconds": "${Timeout}", "Parameters": {"FunctionName": "${Literal}"}, "End": True,
    }  # fmt: skip
    text = Path("definitions/order_machine.py").read_text()
    assert text.startswith('"""The workflow order-machine, adopted from OrderMachine in template.')
    assert "    # takes the money\n    # set below\n    charge = Task(" in text
    assert "of the property" not in text


def test_serverless_holds_definitions(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("serverless.yml").write_text(
        "service: orders\nstepFunctions:\n  stateMachines:\n    charge:\n      definition:\n"
        "        StartAt: A\n        States:\n          # pays\n          A:\n"
        "            Type: Task\n            Resource: !GetAtt charge.Arn\n"
        "            End: true\n    other: ${file(other.yml)}\n"
    )
    assert main(["adopt", "serverless.yml"]) == 0
    out = capsys.readouterr().out
    assert out.startswith('"""The workflow charge, adopted from charge in serverless.yml."""')
    assert '    # pays\n    a = Task("A", resource="${charge.Arn}")' in out


def test_what_is_left_to_do_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("new.asl.json").write_text(
        '{"StartAt": "A", "States": {"A": {"Type": "Succeed", "Zap": 1}}}'
    )
    assert main(["adopt", "order.asl.json", "new.asl.json", "--out", "definitions"]) == 0
    assert capsys.readouterr().err.splitlines() == [
        "order needs values where it is deployed: ${ChargeFunction}",
        "new.asl.json:1:61: kept as extra: a Succeed has no field 'Zap'.",
        "Next: carnation build, then carnation lint.",
    ]


def test_a_field_that_has_no_place_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("new.asl.json").write_text(json.dumps({**ORDER, "Zing": 1}))
    assert main(["adopt", "--check", "new.asl.json"]) == 2
    assert "a StateMachine has no field 'Zing'" in read_error(capsys)


def test_comments_of_yaml_and_json5_are_kept(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("a.asl.yaml").write_text(
        "# All of it\n#\nStartAt: 'A # b'\nStates:\n  'A # b':  # first\n    Type: Pass\n"
        "    # in it\n    Next: C\n  # before C\n  C: {Type: Succeed}\n# at the end\n"
    )
    Path("a.json5").write_text(
        "/* All\n * of it */ {StartAt: 'A', States: {A: {Type: 'Pass', // first\n"
        'Comment: "// none", End: true}}}'
    )
    assert main(["adopt", "a.asl.yaml"]) == 0
    out = capsys.readouterr().out
    assert '"""\n\n# All of it\n#\n# at the end\n\nfrom' in out
    assert "    # first\n    # in it\n    a_b = Pass(" in out
    assert "    # before C\n    c = Succeed(" in out
    assert main(["adopt", "a.json5"]) == 0
    out = capsys.readouterr().out
    assert "# All\n# of it\n" in out
    assert '    # first\n    a = Pass("A", comment="// none")' in out


def test_definitions_of_one_name_are_distinguished_by_their_folders(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("orders", "refunds", "a/refunds"):
        (folder / name).mkdir(parents=True)
        (folder / name / "statemachine.asl.json").write_text(json.dumps(ORDER))
    files = [f"{name}/statemachine.asl.json" for name in ("orders", "refunds", "a/refunds")]
    assert main(["adopt", *files, "--out", "definitions"]) == 0
    assert capsys.readouterr().out.split() == [
        "definitions/orders_statemachine.py",
        "definitions/refunds_statemachine.py",
        "definitions/refunds_statemachine_2.py",
    ]


def test_standard_input_is_read(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = io.TextIOWrapper(io.BytesIO(json.dumps(ORDER).encode()))
    monkeypatch.setattr("sys.stdin", given)
    assert main(["adopt", "-"]) == 0
    assert "The workflow standard-input, adopted from standard input." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("x.json", "{\n  'a': 1}", "x.json:2:3: this is not valid JSON"),
        (
            "x.json",
            "[1]",
            "x.json:1:1: not a state machine definition: it has neither StartAt nor States",
        ),
        ("x.json", '{"a":\n 1}', "x.json:1:1: not a state machine definition"),
        ("x.yaml", "a: [", "x.yaml:2:1: this is not valid YAML"),
        (
            "x.json",
            '{"StartAt": "A", "States": {\n"A": {"Type": "Pass", "Next": "B"}}}',
            "x.json:2:31: AWS would reject this definition: state 'A': state 'B' not found.",
        ),
        (
            "x.json",
            '{"StartAt": "Fist", "States": {"First": {"Type": "Pass", "End": true}}}',
            "x.json:1:13: AWS would reject this definition: state 'Fist' not found. Did "
            "you mean 'First'? Fix it first;",
        ),
        (
            "x.json",
            '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true},\n"A": {}}}',
            "x.json:2:1: duplicate key 'A'",
        ),
        (
            "x.json",
            '{"StartAt": "A", "States": {"A": {"Type": "Pass",\n"Next": "${Next}"}}}',
            "x.json:1:29: a placeholder is used where the graph must be known.",
        ),
        (
            "x.json",
            '{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "${F}",\n'
            '"TimeoutSeconds": 0, "End": true}}}',
            "x.json:2:19: AWS would reject this definition: state 'A': 'TimeoutSeconds' is 0",
        ),
        (
            "x.yaml",
            "Resources:\n  A: {Type: 'AWS::Serverless::StateMachine', Properties: {DefinitionUri: "
            "a.json}}",
            "x.yaml: A: file 'a.json' not found",
        ),
        (
            "x.yaml",
            "Resources:\n  A:\n    Type: AWS::StepFunctions::StateMachine\n    Properties:\n"
            "      DefinitionString: '{'",
            "x.yaml:5:25: the definition of A: this is not valid JSON",
        ),
        ("nothing.json", None, "nothing.json: the file cannot be read"),
    ],
)
def test_what_is_no_definition_is_refused_with_its_place(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, text: str | None, message: str
) -> None:
    if text is not None:
        Path(name).write_text(text)
    assert main(["adopt", "order.asl.json", name, "--out", "definitions"]) == 2
    assert read_error(capsys).startswith(message)
    assert not Path("definitions").exists()


def test_check_names_every_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.json").write_text("[]")
    assert main(["adopt", "--check", "bad.json", "order.asl.json", "bad.json"]) == 2
    read = capsys.readouterr()
    assert read.out == "order.asl.json: order: exact\n"
    assert len(read.err.splitlines()) == 2


def check(folder: Path, value: Any) -> int:
    (folder / "x.asl.json").write_text(value if isinstance(value, str) else json.dumps(value))
    return adopt.main(["--check", str(folder / "x.asl.json")])


def test_ways_that_join_behind_a_choice_without_a_default_are_kept(folder: Path) -> None:
    rules = [{"Variable": "$.e", "StringEquals": name, "Next": name} for name in "AB"]
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Which"}]
    invoke = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
              "Parameters": {"FunctionName": "f"}}  # fmt: skip
    states = {
        "Work": {**invoke, "Catch": catch, "Next": "Tell"},
        "Tell": {"Type": "Pass", "End": True},
        "Which": {"Type": "Choice", "Choices": rules},
        **{name: {"Type": "Pass", "Next": "Over"} for name in "AB"},
        "Over": {"Type": "Succeed"},
    }
    assert check(folder, {"StartAt": "Work", "States": states}) == 0
    one = {**invoke, "Retry": [], "Catch": [], "End": True}
    assert check(folder, {"StartAt": "A", "States": {"A": one}}) == 0


@pytest.mark.parametrize("field", ["Catch", "Retry"])
def test_a_placeholder_for_a_part_of_the_graph_is_refused_with_its_place(
    folder: Path, capsys: pytest.CaptureFixture[str], field: str
) -> None:
    text = (
        '{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "${F}", "End": true,\n'
        f'"{field}": ${{parts}}}}}}}}'
    )
    assert check(folder, text) == 2
    assert "x.asl.json:2:" in capsys.readouterr().err


def test_check_says_what_aws_or_the_build_would_refuse(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = {"Type": "Pass", "Parameters": {"x.$": "States.format('{}', $.b)"}, "End": True}
    assert check(folder, {"StartAt": "A", "States": {"A": state}}) == 1
    said = capsys.readouterr().out
    assert "exact" in said
    assert "States.Format" in said
