"""`carnation init`: from an empty folder to a workflow that built, ran, and has a test."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from carnation.__main__ import main

ROOT = Path(__file__).parents[2]


def call(folder: Path, *command: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_new_project_builds_runs_and_passes_its_test(tmp_path: Path) -> None:
    call(tmp_path, "carnation", "init")
    call(tmp_path, "carnation", "build")
    ran = call(tmp_path, "carnation", "run", "hello", "--input", '{"name": "Ada"}')
    tested = call(tmp_path, "pytest", "-q")

    assert "Hello, Ada" in ran
    assert "1 passed" in tested


@pytest.mark.parametrize("taken", ["pyproject.toml", "lambdas"])
def test_what_exists_is_listed_and_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], taken: str
) -> None:
    (tmp_path / taken).write_text("mine")

    assert main(["init", str(tmp_path)]) == 2

    assert f"already exists: {taken}." in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [taken]
    assert (tmp_path / taken).read_text() == "mine"


def test_a_link_leads_nowhere_else(tmp_path: Path) -> None:
    project, other = tmp_path / "project", tmp_path / "other"
    project.mkdir()
    other.mkdir()
    (project / "lambdas").symlink_to(other)

    assert main(["init", str(project)]) == 2

    assert list(other.iterdir()) == []


def test_an_empty_folder_is_pointed_to_init(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    assert main([]) == 2

    assert "carnation init" in capsys.readouterr().out.splitlines()[-1]
