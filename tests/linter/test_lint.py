"""`lint()` as a call: a report of findings, the type of what is built, what cannot be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from carnation.errors import UsageError
from carnation.linter import WARNING, Settings, lint
from carnation.linter.built import read_type

MISSING = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_report_has_its_findings_in_order_and_knows_the_worst(folder: Path) -> None:
    (folder / "b.asl.json").write_text(json.dumps(MISSING))
    (folder / "a.asl.json").write_text("{")
    report = lint(".", Settings({"missing-target": "note"}))
    assert report.findings == tuple(sorted(report.findings, key=lambda one: one.path))
    assert {"unreadable-document", "missing-target"} <= {one.rule for one in report.findings}
    assert (report.definitions, report.worst) == (1, "error")
    errors = {one.rule for one in report.select("error")}
    assert "unreadable-document" in errors
    assert "missing-target" not in errors
    assert report.select("never") == []


def test_a_target_may_be_a_path(folder: Path) -> None:
    assert lint(folder) == lint([folder]) == lint(str(folder))


def test_a_target_that_does_not_exist_is_an_error_and_an_empty_report_has_no_worst(
    folder: Path,
) -> None:
    with pytest.raises(UsageError, match=r"a\.asl\.json"):
        lint(["a.asl.json"])
    (folder / "none").mkdir()
    assert lint("./none", Settings(lowest=WARNING)).worst is None


def write_built(folder: Path, kind: str) -> str:
    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {"StateMachineType": kind, "DefinitionS3Location": {"Key": "w/k.1"}},
    }
    inner = folder / "build" / "w" / "code" / "state-machine"
    inner.mkdir(parents=True, exist_ok=True)
    (folder / "build" / "w" / "cft").mkdir(exist_ok=True)
    template = folder / "build" / "w" / "cft" / "root.json"
    template.write_text(json.dumps({"Resources": {"Machine": machine}}))
    path = "code/state-machine/w.asl.json"
    manifest = {"artifacts": {path: {"key": "w/k.1"}}}
    (folder / "build" / "w" / "manifest.json").write_text(json.dumps(manifest))
    wait = {"Type": "Wait", "Seconds": 600, "End": True}
    (inner / "w.asl.json").write_text(json.dumps({"StartAt": "A", "States": {"A": wait}}))
    return str(inner / "w.asl.json")


def test_a_built_definition_has_the_type_of_the_machine_that_runs_it(folder: Path) -> None:
    path = write_built(folder, "STANDARD")
    assert read_type(path) == "STANDARD"
    standard = {one.rule for one in lint("w").findings}
    assert read_type(write_built(folder, "EXPRESS")) == "EXPRESS"
    express = {one.rule for one in lint("w").findings} - standard
    assert express, "a Wait of ten minutes is more than an Express execution may last"
    assert {one.rule for one in lint("w", type="STANDARD").findings} == standard


def test_a_folder_is_linted_without_the_files_that_links_out_of_it_lead_to(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "secret.txt").write_text('{"token": "abc"')
    (inside / "real.asl.json").write_text('{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}')
    (inside / "within.asl.json").symlink_to("real.asl.json")
    for name in ("out.asl.json", "out.yaml"):
        (inside / name).symlink_to("../secret.txt")
    report = lint([str(inside)])
    assert (report.definitions, report.findings) == (2, ())
    assert [Path(one.where).name for one in report.unseen] == ["out.asl.json", "out.yaml"]
    assert all("link" in one.why for one in report.unseen)
    named = lint([str(inside / "out.asl.json")])  # whoever names it wants it read
    assert [one.rule for one in named.findings] == ["unreadable-document"]
