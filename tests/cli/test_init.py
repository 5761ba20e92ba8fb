"""`carnation init`: projects that build and pass their tests; `hello` is the Start page's."""

from __future__ import annotations

from pathlib import Path

import pytest

from carnation.__main__ import main
from carnation.workflow import scaffold
from carnation.workflow.scaffold import SHAPES
from tests.forked import run_pytest

pytestmark = pytest.mark.early

ROOT = Path(__file__).parents[2]
SCAFFOLD = Path(scaffold.__file__).parent


def run_tests(folder: Path) -> str:
    done = run_pytest(folder, "-q")
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.parametrize("shape", sorted({*SHAPES} - {"hello"}))
def test_the_project_of_each_shape_builds_passes_its_tests_and_has_no_finding(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    shape: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init", ".", "--shape", shape]) == 0

    assert main(["build"]) == 0

    capsys.readouterr()
    assert main(["lint"]) == 0
    assert "nothing found" in "".join(capsys.readouterr())
    assert "passed" in run_tests(tmp_path)


def test_a_folder_named_after_a_shape_gets_that_shape(tmp_path: Path) -> None:
    assert main(["init", str(tmp_path / "order")]) == 0
    assert main(["init", str(tmp_path / "shop")]) == 0
    assert (tmp_path / "order" / "definitions" / "order.py").exists()
    assert (tmp_path / "shop" / "definitions" / "hello.py").exists()


def test_the_events_shape_is_the_reference() -> None:
    """Its files are copies, because the reference lies outside of the package."""
    events = SCAFFOLD / "shapes" / "events"
    definition = (ROOT / "definitions" / "carnation.py").read_text()
    copy = (events / "definitions" / "events.py").read_text()
    assert copy == definition.replace('name="carnation"', 'name="events"')
    copies = [path for path in events.glob("lambdas/*/**/*") if path.suffix in (".py", ".json")]
    assert len(copies) == 5
    for path in copies:
        assert path.read_bytes() == (ROOT / path.relative_to(events)).read_bytes()


def test_a_definition_becomes_a_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source, project = tmp_path / "wait.asl.json", tmp_path / "project"
    source.write_text('{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}')
    project.mkdir()

    assert main(["init", str(project), "--from", str(source)]) == 0

    assert (project / "definitions" / "wait.py").exists()
    monkeypatch.chdir(project)
    assert main(["build"]) == 0
    assert "1 passed" in run_tests(project)
    assert main(["init", str(project), "--from", str(source)]) == 2
    assert "already exists" in capsys.readouterr().err


def test_what_cannot_be_adopted_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("[]")
    project = tmp_path / "project"
    project.mkdir()
    assert main(["init", str(project), "--from", str(tmp_path / "x.json")]) == 2
    assert list(project.iterdir()) == []


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
