"""The composite action: its shell steps run here, with a `gh` that writes down what it is asked."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from carnation.__main__ import main
from tests.conftest import ROOT

ACTION = yaml.safe_load((ROOT / ".github/actions/carnation/action.yml").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
_GH = """#!/bin/sh
echo "$@" >> "$GH_LOG"
case "$*" in *--paginate*) cat "$GH_COMMENT";; esac
"""
_VALUES = {"inputs.base": "main", "github.event.pull_request.number": "7",
           "github.repository": "ada/shop", "github.token": "none"}  # fmt: skip


def test_the_page_lists_the_inputs_and_outputs() -> None:
    rows = re.findall(r"^\| `([a-z]+)` \|", PAGE, re.MULTILINE)
    assert rows == [*ACTION["inputs"], *ACTION["outputs"]]


def test_no_step_puts_an_expression_into_its_script() -> None:
    """What a pull request names reaches a script by the environment only."""
    assert [step["run"] for step in STEPS if "${{" in step["run"]] == []


class Runner:
    """GitHub's part: it runs the steps, and knows the outputs of those before."""

    def __init__(self, folder: Path, project: Path) -> None:
        self.folder, self.project = folder, project
        programs = folder / "bin"
        programs.mkdir(parents=True)
        carnation = f'#!/bin/sh\nexec "{sys.executable}" -m carnation "$@"\n'
        for name, text in (("gh", _GH), ("carnation", carnation)):
            (programs / name).write_text(text)
            (programs / name).chmod(0o755)
        self.log, self.comment = folder / "gh.log", folder / "comment"
        self.comment.touch()
        self.environment = {
            **os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{programs}:{os.environ['PATH']}",
            "GH_LOG": str(self.log), "GH_COMMENT": str(self.comment),
            "RUNNER_TEMP": str(folder), "GITHUB_OUTPUT": str(folder / "output"),
            "GITHUB_STEP_SUMMARY": str(folder / "summary"),
        }  # fmt: skip

    def run(self, step: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        values = {**_VALUES, "steps.diff.outputs.file": str(self.folder / "carnation.md")}
        given = {
            name: re.sub(r"\$\{\{ (.*?) \}\}", lambda match: values[match[1]], text)
            for name, text in step.get("env", {}).items()
        }
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
            cwd=self.project, env={**self.environment, **given},
            capture_output=True, text=True, check=False,
        )  # fmt: skip


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    assert main(["init"]) == 0
    assert main(["build"]) == 0
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "first"]):
        names = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
        subprocess.run(["git", *names, *words], cwd=project, check=True)
    return Runner(tmp_path / "runner", project)


@pytest.mark.slow
def test_the_steps_check_and_comment_a_change(runner: Runner) -> None:
    definition = runner.project / "definitions" / "hello.py"
    definition.write_text(definition.read_text().replace('"Greeted"', '"Welcomed"'))
    install, check, lint, diff, comment = STEPS
    assert install["run"].startswith("python -m pip install")
    stale = runner.run(check)
    assert stale.returncode == 1, stale.stdout
    assert main(["build"]) == 0
    for step in (check, lint, diff, comment):
        done = runner.run(step)
        assert done.returncode == 0, done.stdout + done.stderr
    text = (runner.folder / "carnation.md").read_text()
    assert text.startswith("<!-- carnation -->\n")
    assert "Welcomed" in text
    assert (runner.folder / "summary").read_text() == text
    assert '"version": "2.1.0"' in (runner.folder / "carnation.sarif").read_text()
    assert "--method POST repos/ada/shop/issues/7/comments" in runner.log.read_text()
    runner.comment.write_text("42")
    assert runner.run(comment).returncode == 0
    assert "--method PATCH repos/ada/shop/issues/comments/42" in runner.log.read_text()
