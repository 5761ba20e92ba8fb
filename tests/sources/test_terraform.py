"""Terraform's files: expressions worked out, files followed, what is unknown a placeholder."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from carnation.errors import DocumentError
from carnation.sources import Reading, Source, read_sources

pytest.importorskip("hcl2")
DEFINITION = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(definition: str, more: str = "", rest: str = "") -> Reading:
    body = f"  definition = {definition}\n{more}"
    Path("main.tf").write_text(f'resource "aws_sfn_state_machine" "m" {{\n{body}}}\n{rest}')
    return read_sources("main.tf")


def read_one(definition: str, more: str = "", rest: str = "") -> Source:
    (found,) = read(definition, more, rest).sources
    assert found.error is None
    return found


OBJECT = '{ StartAt = "A", "States" : { A = { Type = "Succeed" } } }'


@pytest.mark.parametrize(
    ("definition", "rest"),
    [
        (f"jsonencode({OBJECT})", ""),
        (f"<<EOF\n{json.dumps(DEFINITION)}\nEOF\n", ""),
        (f"<<-EOF\n    {json.dumps(DEFINITION)}\n  EOF\n", ""),
        (json.dumps(json.dumps(DEFINITION)), ""),
        ('file("${path.module}/flow.json")', ""),
        ('templatefile("flow.json", { x = aws_lambda_function.f.arn })', ""),
        ('replace(file("flow.json"), "X", var.x)', ""),
        ("local.flow", f"locals {{\n flow = jsonencode({OBJECT})\n}}"),
        ('jsonencode(merge(local.a, { StartAt = "A" }))', f"locals {{\n a = {OBJECT}\n}}"),
        ('jsonencode(yamldecode(file("flow.yaml")))', ""),
        (
            "data.template_file.x.rendered",
            'data "template_file" "x" {\n template = file("flow.json")\n}',
        ),
        (
            'jsonencode({ StartAt = "A",\n'
            ' States = { for n in ["A"] : n => { Type = "Succeed" } } })',
            "",
        ),
        ("var.flow", f'variable "flow" {{\n default = {json.dumps(json.dumps(DEFINITION))}\n}}'),
    ],
)
def test_a_definition_is_seen_however_it_is_written(definition: str, rest: str) -> None:
    Path("flow.json").write_text(json.dumps(DEFINITION))
    Path("flow.yaml").write_text("StartAt: A\nStates: {A: {Type: Succeed}}\n")
    assert read_one(definition, rest=rest).value == DEFINITION


def test_what_only_apply_knows_is_a_placeholder_and_places_are_kept() -> None:
    found = read_one(
        'jsonencode({\n  StartAt = "A"\n  States = {\n    A = {\n      Type = "Task"\n'
        '      Resource = aws_lambda_function.f.arn\n      Comment = "in ${var.env}"\n'
        "      TimeoutSeconds = var.a ? 1 : 2\n      End = true\n    }\n  }\n})",
        '  type = "EXPRESS"\n  logging_configuration {\n    level = "ALL"\n  }\n',
    )
    state = found.value["States"]["A"]
    assert state["Resource"] == "${aws_lambda_function.f.arn}"
    assert state["Comment"] == "in ${var.env}"
    assert state["TimeoutSeconds"].startswith("${")
    assert (found.type, found.properties["LoggingConfiguration"]["Level"]) == ("EXPRESS", "ALL")
    assert found.locate("/States/A/Resource").line == 7


def test_a_template_of_terraform_is_filled_and_what_it_lacks_is_reported() -> None:
    Path("flow.json").write_text(
        '{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "${fn}",\n'
        '"Comment": "${other}", "TimeoutSeconds": ${seconds}, "End": true}}}'
    )
    found = read_one('templatefile("flow.json", { fn = a.f.arn, seconds = 3 })')
    assert found.where == "flow.json"
    assert found.value["States"]["A"]["TimeoutSeconds"] == "${seconds}"
    assert [note.message.rpartition(" ")[2] for note in found.notes] == ["'${other}'"]
    assert found.locate("/States/A/Comment").line == 2


def test_each_branch_and_each_element_is_a_machine() -> None:
    other = OBJECT.replace("Succeed", "Fail")
    first, second = read(f"var.x ? jsonencode({OBJECT}) : jsonencode({other})").sources
    assert [one.value["States"]["A"]["Type"] for one in (first, second)] == ["Succeed", "Fail"]
    for name in "ab":
        Path(f"{name}.json").write_text(json.dumps({**DEFINITION, "Comment": name}))
    each = read('file("${each.value}.json")', '  for_each = toset(["a", "b"])\n').sources
    assert [(one.name, one.value["Comment"]) for one in each] == [("m-a", "a"), ("m-b", "b")]


def test_a_module_for_state_machines_is_one() -> None:
    Path("main.tf").write_text(
        'module "flow" {\n  source = "terraform-aws-modules/step-functions/aws"\n'
        f"  definition = jsonencode({OBJECT})\n}}\n"
    )
    assert [one.name for one in read_sources("main.tf").sources] == ["flow"]


@pytest.mark.parametrize(
    ("definition", "why"),
    [
        ("var.definition", "var.definition"),
        ('file("none.json")', "file 'none.json' not found"),
        ("aws_s3_object.x.content", "only known when it is deployed"),
    ],
)
def test_a_machine_that_cannot_be_seen_is_named(definition: str, why: str) -> None:
    reading = read(definition)
    assert list(reading.sources) == []
    (missed,) = reading.unseen
    assert (missed.name, missed.line) == ("m", 1)
    assert why in missed.why


def test_what_is_no_terraform_is_an_error_with_its_place() -> None:
    Path("main.tf").write_text('resource "aws_sfn_state_machine" "m" {\n  definition = = 1\n}\n')
    with pytest.raises(DocumentError, match=r"main\.tf:2:"):
        read_sources("main.tf")


def test_without_the_parser_each_machine_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hcl2.api", None)
    (missed,) = read("jsonencode({})").unseen
    assert missed.name == "m"
    assert "carnation[terraform]" in missed.why


def test_variables_have_the_values_of_their_files_and_those_without_are_named(
    folder: Path,
) -> None:
    (folder / "terraform.tfvars").write_text('limit = 9\nname = "a"\n')
    (folder / "more.auto.tfvars").write_text('name = "b"\n')
    (folder / "broken.auto.tfvars").write_text("name = [\n")
    (folder / "z.auto.tfvars.json").write_text('{"on": true}')
    variables = 'variable "wait" {\n default = 30\n}\n' + "".join(
        f'variable "{name}" {{}}\n' for name in ("limit", "name", "on", "left", "unread")
    )
    values = (
        '{ wait = var.wait, limit = var.limit, name = "is ${var.name}: ${var.on}", on = var.on, '
        "other = var.other, left = var.left }"
    )
    state = f'{{ A = {{ Type = "Pass", Result = {values}, End = true }} }}'
    source = read_one(f'jsonencode({{ StartAt = "A", States = {state} }})', rest=variables)
    assert source.value["States"]["A"]["Result"] == {
        "wait": 30, "limit": 9, "name": "is b: true", "on": True,
        "other": "${var.other}", "left": "${var.left}",
    }  # fmt: skip
    assert source.unfilled["States"]["A"]["Result"]["limit"] == "${var.limit}"
    assert source.defaults == {"var.wait": 30, "var.limit": 9, "var.name": "b", "var.on": True}
    assert source.unset == ("var.left",)
