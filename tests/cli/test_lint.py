from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from carnation.cli import lint
from carnation.linter import Finding, find_rule, load_rules
from carnation.linter import formats as reports

ROOT = Path(__file__).parents[2]
BROKEN = '{\n  "StartAt": "A",\n  "States": {\n    "A": {"Type": "Pass", "Next": "Bb"},\n    "B": {"Type": "Fail"}\n  }\n}\n'  # fmt: skip  # noqa: E501
RISKY = '{"StartAt": "A", "States": {"A": {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": true, "Next": "B"}]}, "B": {"Type": "Fail"}}}'  # fmt: skip  # noqa: E501
FINE = '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}'


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = lint.main(arguments)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_a_pipe_gets_a_line_for_each_finding_and_nothing_else(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "a.asl.json").write_text(BROKEN)
    assert run(capsys, "a.asl.json") == (
        1,
        "a.asl.json:4:35: error missing-target: state 'Bb' not found. Did you mean 'B'?"
        " (state 'A')\n"
        "a.asl.json:5:5: error unreachable-state: no path from 'StartAt' reaches this state"
        " (state 'B')\n",
        "carnation: checked 1 state machine in 1 file: 2 errors found\n",
    )
    (root / "a.asl.json").write_text(FINE)
    assert run(capsys, "a.asl.json")[:2] == (0, "")


class Terminal:
    """A standard output that says it is a terminal."""

    encoding = "ascii"

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None: ...

    def isatty(self) -> bool:
        return True


def on_terminal(monkeypatch: pytest.MonkeyPatch, *arguments: str, **env: str) -> str:
    terminal = Terminal()
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdout", terminal)
    lint.main(arguments)
    return terminal.text


def test_a_terminal_gets_the_lines_it_is_about_and_color(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "a.asl.json").write_text(BROKEN)
    text = on_terminal(monkeypatch, "a.asl.json")
    assert "\x1b[31merror\x1b[0m missing-target" in text
    assert '     4 |     "A": {"Type": "Pass", "Next": "Bb"},\n' in text
    assert f"\n       | {' ' * 34}^\n" in text
    plain = on_terminal(monkeypatch, "a.asl.json", NO_COLOR="1")
    assert "\x1b" not in plain


def test_what_a_file_brings_along_cannot_steer_the_terminal(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = json.dumps({"StartAt": "A", "States": {"A\ud800": {"Type": "\x1b[31mgrün\n"}}})
    (root / "a.asl.json").write_text(text)
    said = on_terminal(monkeypatch, "a.asl.json", NO_COLOR="1")
    assert "\x1b" not in said
    assert "[31mgr?n" in said


def test_notes_are_shown_when_they_are_asked_for(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "a.asl.json").write_text(RISKY)
    status, out, _ = run(capsys, "a.asl.json")
    assert (status, out.count("\n")) == (0, 1)
    assert "warning choice-without-default" in out
    _, out, _ = run(capsys, "a.asl.json", "--notes")
    assert "note fail-without-error" in out


@pytest.mark.parametrize(
    ("level", "status"), [("error", 0), ("warning", 1), ("note", 1), ("never", 0)]
)
def test_the_exit_status_depends_on_the_level_to_fail_on(
    root: Path, capsys: pytest.CaptureFixture[str], level: str, status: int
) -> None:
    (root / "a.asl.json").write_text(RISKY)
    assert run(capsys, "a.asl.json", "--fail-on", level)[0] == status


def test_the_type_decides_what_is_refused(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    task = {"Type": "Task", "Resource": "arn:aws:states:eu-west-1:1:activity:a", "End": True}
    (root / "a.asl.json").write_text(json.dumps({"StartAt": "A", "States": {"A": task}}))
    assert run(capsys, "a.asl.json")[0] == 0
    status, out, _ = run(capsys, "a.asl.json", "--type", "EXPRESS")
    assert status == 1
    assert "pattern-in-express" in out


def lay_build(root: Path) -> None:
    folder = root / "build" / "one" / "code" / "state-machine"
    folder.mkdir(parents=True)
    (folder / "one.asl.json").write_text(BROKEN)
    (root / "build" / "two").mkdir()


def test_without_a_name_all_of_build_is_linted_and_a_workflow_goes_by_its_name(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, err = run(capsys)
    assert status == 2
    assert "no definitions found in build/" in err
    lay_build(root)
    everything = run(capsys)
    assert everything[0] == 1
    assert run(capsys, "one") == everything
    (root / "one").mkdir()  # as the package of the same name, beside build/
    assert run(capsys, "one") == everything
    assert run(capsys, "./one")[0] == 2  # nothing was looked at
    status, _, err = run(capsys, "onne")
    assert status == 2
    assert "Did you mean 'one'?" in err


def test_the_shapes_that_a_workflow_declares_stand_in_its_manifest(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = root / "build" / "w" / "code" / "state-machine"
    folder.mkdir(parents=True)
    state = '{"Type": "Pass", "InputPath": "$.total", "End": true}'
    (folder / "w.asl.json").write_text(f'{{"StartAt": "A", "States": {{"A": {state}}}}}')
    schema = {"type": "object", "properties": {"id": {}}}
    for manifest, found in ((schema, 1), (None, 0)):
        declared = {"declared": {"input": manifest}} if manifest else []
        (root / "build" / "w" / "manifest.json").write_text(json.dumps(declared))
        _, out, _ = run(capsys, "w")
        assert out.count("path-never-produced") == found
    (root / "build" / "w" / "manifest.json").write_text("{")
    assert run(capsys, "w")[1] == ""


def test_a_folder_is_walked_for_definitions_and_templates(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path, text in {
        "a.asl.json": FINE,
        "b.asl.yaml": "StartAt: A\nStates:\n  A:\n    Type: Pas\n",
        "package.json": '{"name": "x"}',
        "broken.json": "{",
        "plain.json": FINE.replace("Succeed", "Suceed"),
        "broken.asl.json": '{"StartAt": }',
        "node_modules/c.asl.json": "{",
        "t/template.yaml": TEMPLATE,
    }.items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(text)
    status, out, _ = run(capsys, ".")
    assert status == 1
    assert [line.split(" ")[0] for line in out.splitlines()] == [
        "b.asl.yaml:4:11:",
        "broken.asl.json:1:13:",
        "plain.json:1:43:",
        "t/template.yaml:12:50:",
    ]


TEMPLATE = """\
Resources:
  Role: {Type: AWS::IAM::Role}
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      Type: EXPRESS
      DefinitionString: !Sub |
        {
          "StartAt": "A",
          "States": {
            "A": {"Type": "Task", "Resource": "${Function.Arn}",
                  "End": true, "TimeoutSeconds": 0}
          }
        }
"""


def test_a_definition_in_a_template_is_found_at_its_place_in_the_template(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "t.yaml").write_text(TEMPLATE)
    status, out, _ = run(capsys, "t.yaml", "--format", "json")
    (found,) = [f for f in json.loads(out)["findings"] if f["severity"] == "error"]
    assert status == 1
    assert (found["line"], found["rule"]) == (12, "wrong-value")
    assert found["pointer"] == (
        "/Resources/Machine/Properties/DefinitionString/Fn::Sub#/States/A/TimeoutSeconds"
    )
    assert found["aws"]["location"] == "/States/A/TimeoutSeconds"


def test_a_broken_definition_in_a_template_is_a_finding(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "t.yaml").write_text(TEMPLATE.replace('"StartAt": "A",', '"StartAt" "A",'))
    status, out, _ = run(capsys, "t.yaml")
    assert status == 1
    assert out.startswith("t.yaml:7:25: error unreadable-document: the definition of Machine: ")


def test_a_rule_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "--explain", "missing-target")
    assert status == 0
    assert out.startswith("missing-target (refusal, error, AWS: MISSING_TRANSITION_TARGET)\n\n")
    assert "\nSolution: " in out
    status, _, err = run(capsys, "--explain", "mising-target")
    assert status == 2
    assert "Did you mean 'missing-target'?" in err


SETTINGS = '[tool.carnation.lint]\nfail-on = "warning"\nseverity = {severity}\n'


def configure(root: Path, severity: str) -> None:
    (root / "pyproject.toml").write_text(SETTINGS.replace("{severity}", severity))
    (root / "a.asl.json").write_text(RISKY)


def test_a_project_changes_severities_and_the_level_to_fail_on(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(root, '{ "choice-without-default" = "off", "fail-without-error" = "error" }')
    status, out, _ = run(capsys, "a.asl.json")
    assert status == 1
    assert [line.split(" ")[2] for line in out.splitlines()] == ["fail-without-error:"]
    (root / "inner").mkdir()
    monkeypatch.chdir(root / "inner")
    assert run(capsys, "../a.asl.json")[0] == 1


@pytest.mark.parametrize(
    ("severity", "message"),
    [
        ('{ "no-such-rule" = "off" }', "unknown rule 'no-such-rule'"),
        ('{ "fail-without-error" = "loud" }', "the severity of 'fail-without-error' is 'loud'"),
        ("3", "fail-on must be"),
        ("{", "invalid TOML"),
        ("{}\nsevrity = 1", "[tool.carnation.lint] has no 'sevrity'. Did you mean 'severity'?"),
    ],
)
def test_wrong_settings_are_wrong_use(
    root: Path, capsys: pytest.CaptureFixture[str], severity: str, message: str
) -> None:
    configure(root, severity)
    status, _, err = run(capsys, "a.asl.json")
    assert status == 2
    assert message in err


def test_other_settings_in_pyproject_are_left_alone(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "pyproject.toml").write_text("[tool.other]\nx = 1\n")
    (root / "a.asl.json").write_text(RISKY)
    assert run(capsys, "a.asl.json")[0] == 0


FINDING = Finding(
    rule="missing-target",
    severity="error",
    message="no 100%\nstate",
    path="a,b:c.json",
    line=3,
    column=7,
    pointer="/States/A/Catch/0/Next",
    state="A",
    code="MISSING_TRANSITION_TARGET",
)


def test_problems_are_printed_as_commands_of_github() -> None:
    assert reports.render_github([FINDING]) == [
        "::error file=a%2Cb%3Ac.json,line=3,col=7,title=missing-target::no 100%25%0Astate"
    ]


def test_every_format_can_be_printed(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in (("a", BROKEN), ("b", FINE)):
        (root / f"{name}.asl.json").write_text(text)
        for form in ("json", "sarif"):
            _, out, _ = run(capsys, f"{name}.asl.json", "--format", form)
            json.loads(out)
    assert run(capsys, "a.asl.json", "--format", "github")[1].count("::error ") == 2
    assert run(capsys, "b.asl.json", "--format", "github")[1] == ""


def read_sarif(findings: list[Finding]) -> Any:
    return json.loads(reports.render_sarif(findings, {rule.id: rule for rule in load_rules()}))


def test_sarif_has_the_shape_that_its_standard_gives_it() -> None:
    log = read_sarif([FINDING, FINDING._replace(rule="literal-path", severity="note")])
    assert log["version"] == "2.1.0"
    (run_,) = log["runs"]
    rules = run_["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["literal-path", "missing-target"]
    for result in run_["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        assert result["message"]["text"]
        (location,) = result["locations"]
        physical = location["physicalLocation"]
        assert physical["artifactLocation"]["uri"] == "a%2Cb:c.json"
        assert min(physical["region"].values()) >= 1
    assert read_sarif([])["runs"][0]["results"] == []


SCHEMA = ROOT / ".cache" / "sarif-schema-2.1.0.json"


@pytest.mark.skipif(not SCHEMA.exists(), reason="run: python scripts/fetch_sarif_schema.py")
def test_sarif_fits_its_schema() -> None:
    import jsonschema

    validator = jsonschema.Draft4Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    rules = [FINDING._replace(rule=rule.id, severity=rule.severity) for rule in load_rules()]
    log = read_sarif([FINDING, *rules, FINDING._replace(rule="cfn-lint-E1", source="a.py:1")])
    assert [error.message for error in validator.iter_errors(log)] == []
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert len([*validator.iter_errors(log)]) == 1


class Piped:
    """Standard input as a pipe gives it."""

    def __init__(self, text: str) -> None:
        self.buffer = io.BytesIO(text.encode())


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (BROKEN, "standard input:"),
        ("\ufeff" + BROKEN, "standard input:"),
        ("StartAt: A\nStates:\n  A: {Type: Fail, Next: B}\n", "standard input:3:25: "),
        ("{", "standard input:1:2: "),
    ],
)
def test_standard_input_is_read_as_json_or_yaml(
    root: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    where: str,
) -> None:
    monkeypatch.setattr("sys.stdin", Piped(text))
    status, out, _ = run(capsys, "-")
    assert status == 1
    assert out.startswith(where)


def test_the_hook_for_pre_commit_runs_the_verb_on_definitions(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import shlex

    import yaml

    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert hook["id"] == "carnation-lint"
    pattern = re.compile(hook["files"])
    for name in ("a.asl.json", "b/c.asl.yaml", "d.asl.yml", "e.asl", "f.asl.json5"):
        assert pattern.search(name)
    assert not any(map(pattern.search, ("a.json", "asl.yaml", "x.asl.py")))
    (root / "a.asl.json").write_text(BROKEN)
    command = shlex.split(hook["entry"])
    assert command[0] == "carnation"
    command[:1] = [sys.executable, "-m", "carnation"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([*command, "a.asl.json"], capture_output=True, text=True, env=env)
    assert done.returncode == 1
    assert done.stdout.startswith("a.asl.json:")
    assert "checked 1 state machine in 1 file" in done.stderr


@pytest.mark.parametrize("columns", [60, 80, 140])
def test_a_long_line_is_cut_around_its_finding(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))

    class Line:
        def line_text(self, line: int) -> str:
            return "x" * 500 + "\tHERE" + "y" * 500

    found = FINDING._replace(column=502)
    _, shown, mark = reports.render_text([found], {found.path: Line()}, color=False, frames=True)
    assert shown[mark.index("^")] == "H"
    assert len(shown) <= columns
    assert reports.count_severities([found]) == "1 error"


def test_the_page_of_the_rules_is_current() -> None:
    page = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    assert page == reports.render_pages(load_rules()), "run: python scripts/write_rules.py"


def test_the_lint_of_a_jsonpath_definition_loads_nothing_heavy(root: Path) -> None:
    (root / "a.asl.json").write_text(RISKY)
    (root / "b.asl.json").write_text('{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}')
    code = (
        "import sys; from carnation.cli.lint import main; main(['b.asl.json']); "
        "small = sorted(sys.modules); main(['a.asl.json']); print((small, sorted(sys.modules)))"
    )
    done = subprocess.run(  # without the start-up files of an environment, which load much
        [sys.executable, "-S", "-c", code], cwd=root, capture_output=True, text=True, check=True,
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
    )  # fmt: skip
    small, loaded = map(set, eval(done.stdout.splitlines()[-1], {"__builtins__": {}}))
    assert not {"argparse", "dataclasses", "enum", "json", "re", "signal", "typing"} & small
    heavy = {"yaml", "jsonata", "botocore", "boto3", "inspect", "troposphere", "stepfunctions"}
    assert not heavy & {name.partition(".")[0] for name in loaded}
    assert not {"carnation.permissions", "carnation.sources.templates"} & loaded


def test_the_committed_definitions_have_nothing_to_refuse_or_to_warn_of(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    status, out, err = run(capsys, "--fail-on", "warning")
    assert (status, out) == (0, "")
    assert re.search(r"checked \d+ state machines in \d+ files: nothing found", err)
    assert find_rule("missing-target").family == "refusal"


STACK = """\
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      Nme: x
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:role/r
      Definition:
        QueryLanguage: JSONata
        StartAt: A
        States:
          A: {Type: Map, Items: [1], MaxConcurrency: "{% 1 %}", End: true,
              ItemProcessor: {StartAt: B, States: {B: {Type: Succeed, QueryLanguage: JSONata}}}}
"""


def test_cfn_lint_looks_at_the_templates_when_it_is_asked_to(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "t.yaml").write_text(STACK)
    (root / "a.asl.json").write_text(FINE)
    assert run(capsys, ".")[:2] == (0, "")
    status, out, _ = run(capsys, ".", "--cfn-lint")
    assert status == 1
    (line,) = out.splitlines()
    assert line.startswith("t.yaml:5:7: error cfn-lint-E3002: ")
    assert "Nme" in line
    _, out, _ = run(capsys, "t.yaml", "--cfn-lint", "--format", "sarif")
    (rule,) = {result["ruleId"] for result in json.loads(out)["runs"][0]["results"]}
    assert rule == "cfn-lint-E3002"


def test_without_cfn_lint_the_verb_says_how_to_get_it(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "t.yaml").write_text(STACK)
    monkeypatch.setitem(sys.modules, "cfnlint.config", None)
    status, _, err = run(capsys, "t.yaml", "--cfn-lint")
    assert status == 2
    assert "pip install 'carnation[cloudformation]'" in err


def test_one_machine_of_a_file_is_linted_by_its_name(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = (
        {"StartAt": "A", "States": {"A": {"Type": "Pass", **end}}}
        for end in ({"End": True}, {"Next": "B"})
    )
    machines = {
        name: {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"Definition": written}}
        for name, written in (("Good", good), ("Bad", bad), ("Both", {"Fn::If": ["P", good, bad]}))
    }
    (root / "t.json").write_text(json.dumps({"Resources": machines}))
    assert run(capsys, "t.json#Good")[0] == 0
    assert run(capsys, "t.json#Bad")[0] == 1
    status, _, err = run(capsys, "t.json#Both")
    assert status == 1
    assert "checked 2 state machines in 1 file" in err
    status, _, err = run(capsys, "t.json#Godo")
    assert status == 2
    assert "Did you mean 'Good'" in err


def test_what_is_not_seen_is_named_and_nothing_seen_is_an_error(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    machine = {
        "Type": "AWS::Serverless::StateMachine",
        "Properties": {"DefinitionUri": "s3://bucket/key"},
    }
    (root / "t.json").write_text(json.dumps({"Resources": {"Far": machine}}))
    status, out, err = run(capsys, "t.json")
    assert (status, out) == (2, "")
    assert "not seen: Far: its definition is in a bucket" in err
    (root / "a.asl.json").write_text(FINE)
    status, _, err = run(capsys, ".")
    assert status == 0
    assert "checked 1 state machine in 1 file" in err
    assert "1 not seen" in err
    _, out, _ = run(capsys, ".", "--format", "json")
    assert [one["name"] for one in json.loads(out)["unseen"]] == ["Far"]


def test_a_definition_that_a_template_names_is_judged_once_and_as_deployed(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wait = {"Type": "Wait", "Seconds": 600, "End": True}
    (root / "w.asl.json").write_text(json.dumps({"StartAt": "A", "States": {"A": wait}}))
    properties = {"DefinitionUri": "w.asl.json", "Type": "EXPRESS"}
    machine = {"Type": "AWS::Serverless::StateMachine", "Properties": properties}
    (root / "t.json").write_text(json.dumps({"Resources": {"M": machine}}))
    _, alone, _ = run(capsys, "w.asl.json")
    _, out, err = run(capsys, ".")
    assert len(out.splitlines()) > len(alone.splitlines())
    assert all(line.startswith("w.asl.json:") for line in out.splitlines())
    assert "checked 1 state machine in 1 file" in err
