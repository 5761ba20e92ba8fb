"""The Start page: what it says is done literally, and prints what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.pages import Command, follow, read_steps

pytestmark = pytest.mark.early

START = (ROOT / "docs" / "start.md").read_text(encoding="utf-8")
BRING = (ROOT / "docs" / "bring.md").read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("COLUMNS", "80")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@example.com")
    return tmp_path


@pytest.mark.slow
def test_the_start_page_goes_as_it_says(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    differ = follow(START, folder, capsys, skip=lambda line: "pip install" in line)

    assert differ == []
    assert "1 failed" not in capsys.readouterr().out


def test_the_bring_page_goes_as_it_says(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert follow(BRING, folder, capsys, skip=lambda line: False) == []


def test_from_nothing_to_a_tested_workflow_there_are_five_commands() -> None:
    commands = [step.line for step in read_steps(START) if isinstance(step, Command)]

    first_test = commands.index("pytest")

    assert first_test + 1 <= 5
    assert [line.split()[1] for line in commands[1:first_test]] == ["init", "build", "run"]
