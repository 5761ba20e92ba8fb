"""The page on SAM, CDK and Terraform: each way is tried once with the real tool."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from carnation.__main__ import main
from carnation.document import parse_document
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "sam-cdk-terraform.md"
DEFINITION = "build/keep/code/state-machine/keep.asl.json"


def read_example(language: str, number: int = 0) -> str:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)[number]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "definitions").mkdir()
    (tmp_path / "definitions" / "keep.py").write_text(read_example("python"))
    monkeypatch.chdir(tmp_path)
    assert main(["build"]) == 0
    files = {path.name for path in (tmp_path / "build").rglob("*") if path.is_file()}
    assert files == {"keep.asl.json", "keep.policy.json", "manifest.json"}
    return tmp_path


def print_policy(target: str, names: str, capsys: pytest.CaptureFixture[str]) -> Any:
    capsys.readouterr()
    assert main(["lint", "--policy", target, "--names", names]) == 0
    text = capsys.readouterr().out
    Path("keep.policy.json").write_text(text)
    return json.loads(text)


def list_resources(policy: Any) -> list[Any]:
    return [one for statement in policy["Statement"] for one in statement["Resource"] if one != "*"]


def test_sam_accepts_the_definition_and_the_policy(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    translator = pytest.importorskip("samtranslator.translator.translator")
    parser = pytest.importorskip("samtranslator.parser.parser")
    (project / "template.yaml").write_text(read_example("yaml"))
    policy = print_policy("template.yaml", "sub", capsys)
    arn = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${StockName}"
    table = {"Fn::Sub": [arn, {"StockName": {"Ref": "Stock"}}]}
    assert list_resources(policy) == [table, {"Ref": "Told"}]
    template = parse_document((project / "template.yaml").read_text(), "template.yaml").value
    machine = template["Resources"]["Keep"]["Properties"]
    assert json.loads(Path(machine["DefinitionUri"]).read_text())["States"]
    machine["DefinitionUri"] = "s3://bucket/keep.asl.json"  # as `sam package` leaves it
    made = translator.Translator({}, parser.Parser()).translate(template, {})["Resources"]
    assert made["Keep"]["Type"] == "AWS::StepFunctions::StateMachine"
    assert made["Keep"]["Properties"]["DefinitionSubstitutions"]["StockName"] == {"Ref": "Stock"}
    assert made["Keep"]["Properties"]["RoleArn"] == {"Fn::GetAtt": ["KeepRole", "Arn"]}
    included = made["KeepRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Fn::Transform"]
    assert included["Parameters"]["Location"] == "keep.policy.json"


def test_cdk_accepts_the_definition_and_the_policy(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    python = os.environ.get("CDK_PYTHON", sys.executable)
    found = subprocess.run([python, "-c", "import aws_cdk"], capture_output=True)
    if found.returncode or not shutil.which("node"):
        pytest.skip(
            "aws-cdk-lib is not installed (or in the Python that CDK_PYTHON names), or node is "
            "not on PATH"
        )
    print_policy("keep", "plain", capsys)
    (project / "app.py").write_text(read_example("python", 1).replace("App()", 'App(outdir="o")'))
    subprocess.run([python, "app.py"], check=True, timeout=300)
    made = json.loads((project / "o" / "Keep.template.json").read_text())["Resources"]
    machine = next(
        one["Properties"]
        for one in made.values()
        if one["Type"] == "AWS::StepFunctions::StateMachine"
    )
    assert set(machine["DefinitionSubstitutions"]) == {"StockName", "ToldArn", "Partition"}
    role = next(one["Properties"] for one in made.values() if one["Type"] == "AWS::IAM::Role")
    allowed = json.dumps(role["Policies"][0]["PolicyDocument"])
    assert "dynamodb:PutItem" in allowed
    assert '"Ref": "Stock' in allowed
    assert "${" not in allowed


def test_terraform_accepts_the_definition_and_the_policy(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    terraform = shutil.which("terraform") or shutil.which("tofu")
    if terraform is None:
        pytest.skip("terraform is not installed, nor tofu")
    print_policy("keep", "plain", capsys)
    (project / "main.tf").write_text(read_example("hcl"))
    asked = "jsonencode([local.definition, local.policy])\n"
    answer = subprocess.run(
        [terraform, "console"], input=asked, capture_output=True, text=True, check=True, timeout=120
    )
    text = re.search(r'^"\[.*\]"$', answer.stdout, re.MULTILINE)
    assert text, answer
    definition, policy = map(json.loads, json.loads(json.loads(text[0])))
    assert definition["States"]["Save"]["Parameters"]["TableName"] == "stock"
    assert definition["States"]["Save"]["Resource"] == "arn:aws:states:::dynamodb:putItem"
    assert list_resources(policy) == [
        "arn:aws:dynamodb:eu-west-1:123456789012:table/stock",
        "arn:aws:sns:eu-west-1:123456789012:told",
    ]


def test_names_without_a_policy_or_with_several_definitions_are_wrong_use(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["lint", "--names", "plain"])
    assert "--names" in capsys.readouterr().err
    shutil.copy(DEFINITION, project / "one.asl.json")
    assert main(["lint", "--policy", "one.asl.json", "--names", "plain"]) == 0
    assert "${Partition}:dynamodb:${Region}" in capsys.readouterr().out
    (project / "none.json").write_text("{}")
    assert main(["lint", "--policy", "none.json", "--names", "plain"]) == 2
