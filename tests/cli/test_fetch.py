"""`carnation fetch`: a function's requirements, brought once, whole or not at all."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from carnation.__main__ import main
from carnation.artifacts import make_package, wheels
from carnation.artifacts.function_zips import pack_files
from carnation.cli import fetch
from carnation.document import digest
from carnation.emulator.embedded import use_local_packages
from carnation.errors import WorkflowError

REQUIREMENTS = "idna==3.7\n"
Pip = Callable[[list[str]], "tuple[int, str]"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a project with two functions, one of which requires something."""
    (tmp_path / "definitions").mkdir()
    for name in ("needy", "plain"):
        folder = tmp_path / "lambdas" / name
        folder.mkdir(parents=True)
        (folder / "handler.py").write_text("def handle(event, context): return event\n")
    (tmp_path / "lambdas" / "needy" / "requirements.txt").write_text(REQUIREMENTS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def stand_in_for_pip(monkeypatch: pytest.MonkeyPatch, *names: str, error: str = "") -> list[Any]:
    """Let `pip download` put wheels into its folder, or fail; gives the commands it was asked."""
    commands = []

    def run(command: list[str], **options: Any) -> Any:
        commands.append(command)
        place = next(o for o in command if o.startswith(("--dest=", "--target=")))
        folder = Path(place.partition("=")[2])
        for wheel in names:
            with zipfile.ZipFile(folder / wheel, "w") as archive:
                name = wheel.split("-")[0]
                archive.writestr(f"{name}/__init__.py", "VERSION = 1\n")
                archive.writestr(f"{name}-1.data/scripts/tool", "#!python\n")
                archive.writestr(f"{name}-1.data/purelib/{name}_extra.py", "X = 1\n")
        return subprocess.CompletedProcess(command, 1 if error else 0, "", error)

    monkeypatch.setattr(fetch.subprocess, "run", run)
    return commands


IDNA = "idna-3.7-py3-none-any.whl"


def test_what_a_function_requires_is_fetched_for_lambda_and_packed(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commands = stand_in_for_pip(monkeypatch, IDNA)
    assert fetch.main([]) == 0
    assert capsys.readouterr().out == "needy: 1 wheels\nplain: no requirements\n"
    (command,) = commands
    assert command[:4] == [sys.executable, "-m", "pip", "download"]
    assert {"--only-binary=:all:", "--python-version=3.13"} <= set(command)
    assert all(o.endswith("_aarch64") for o in command if o.startswith("--platform="))
    package = make_package(str(project), "needy")
    source = (project / "lambdas" / "needy" / "handler.py").read_bytes()
    wheel = {"idna/__init__.py": b"VERSION = 1\n", "idna_extra.py": b"X = 1\n"}
    assert package == pack_files({"handler.py": source, **wheel})


def test_only_the_named_function_is_fetched(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stand_in_for_pip(monkeypatch, IDNA)
    assert fetch.main(["plain"]) == 0
    assert capsys.readouterr().out == "plain: no requirements\n"
    assert fetch.main(["nothing"]) == 2
    assert "function 'nothing' not found in lambdas/" in capsys.readouterr().err


def test_building_before_fetching_says_so(project: Path) -> None:
    with pytest.raises(WorkflowError, match=r"Fetch them with: carnation fetch needy"):
        make_package(str(project), "needy")


def test_building_after_the_requirements_changed_says_so(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in_for_pip(monkeypatch, IDNA)
    fetch.main([])
    make_package(str(project), "needy")
    (project / "lambdas" / "needy" / "requirements.txt").write_text("idna==3.8\n")
    with pytest.raises(WorkflowError, match="have changed since"):
        make_package(str(project), "needy")


def test_a_failed_download_keeps_what_was_there_and_gives_pips_reason(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stand_in_for_pip(monkeypatch, IDNA)
    fetch.main([])
    before = make_package(str(project), "needy")
    stand_in_for_pip(monkeypatch, error="noise\nERROR: No matching distribution found for idna\n")
    assert fetch.main(["needy"]) == 2
    assert "No matching distribution found for idna" in capsys.readouterr().err
    assert make_package(str(project), "needy") == before


def test_a_requirement_brought_in_by_another_must_be_named(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stand_in_for_pip(monkeypatch, IDNA, "six-1.16.0-py2.py3-none-any.whl")
    assert fetch.main(["needy"]) == 2
    assert "Add: six==1.16.0" in capsys.readouterr().err
    with pytest.raises(WorkflowError, match="have not been fetched"):
        make_package(str(project), "needy")


def test_the_same_is_installed_for_this_machine_where_that_is_asked(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commands = stand_in_for_pip(monkeypatch, "idna-3.7-cp313-cp313-manylinux_2_17_aarch64.whl")
    assert fetch.main(["--local"]) == 0
    assert "needy: 1 wheels, and the same for this machine" in capsys.readouterr().out
    here = commands[1]
    assert here[3] == "install"
    assert not [option for option in here if option.startswith(("--platform", "--python"))]
    folder = wheels.read_local_packages(str(project), "needy")
    assert folder == str(project / ".carnation" / "packages" / "needy")
    assert wheels.read_local_packages(str(project), "plain") is None
    (project / "lambdas" / "needy" / "requirements.txt").write_text("idna==3.8\n")
    with pytest.raises(WorkflowError, match="carnation fetch --local needy"):
        wheels.read_local_packages(str(project), "needy")


def test_a_run_uses_what_was_installed_for_this_machine_or_says_what_is_missing(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in_for_pip(monkeypatch, "idna-3.7-cp313-cp313-manylinux_2_17_aarch64.whl")
    fetch.main([])
    package = make_package(str(project), "needy")
    artifacts = SimpleNamespace(packages={"code/lambda/needy.zip": package})
    emulator = SimpleNamespace(wheels={})
    said: list[str] = []
    arguments: Any = (emulator, str(project), [artifacts], said.append)
    use_local_packages(*arguments)
    assert "carnation fetch --local needy" in said[0]
    fetch.main(["--local"])
    use_local_packages(*arguments)
    assert len(said) == 1
    assert emulator.wheels == {digest(package): project / ".carnation" / "packages" / "needy"}


PYDANTIC = """annotated_types==0.7.0
pydantic==2.11.7
pydantic_core==2.33.2
typing_extensions==4.12.2
typing_inspection==0.4.1
"""
GREETS = """from pydantic import BaseModel

class Greeting(BaseModel):
    name: str

def handle(event, context):
    return {"greeting": f"Hello, {Greeting(**event).name}"}
"""


@pytest.mark.exhaustive  # it asks a package index, by pip
def test_a_handler_with_pydantic_runs_here_once_its_packages_were_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init", "hello"]) == 0
    monkeypatch.chdir(tmp_path / "hello")
    Path("lambdas/greet/handler.py").write_text(GREETS)
    Path("lambdas/greet/requirements.txt").write_text(PYDANTIC)
    if main(["fetch", "--local", "greet"]) != 0:
        pytest.skip(f"pip reached no package index: {capsys.readouterr().err[:300]}")
    assert main(["build"]) == 0
    capsys.readouterr()
    assert main(["run", "hello", "--input", '{"name": "Ada"}']) == 0
    assert '{"greeting": "Hello, Ada"}' in capsys.readouterr().out
