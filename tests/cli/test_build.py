from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from carnation import __main__
from carnation.cli import build
from tests.conftest import PYTHONS, ROOT

DEFINITION = """
from carnation.states import Pass
from carnation.workflow import Workflow

def make_workflow():
    return Workflow(name="{name}", version="{version}", states=Pass("{state}"))
"""


def define(root: Path, name: str = "one", version: str = "1.0.0", state: str = "A") -> None:
    folder = root / "definitions"
    folder.mkdir(exist_ok=True)
    text = DEFINITION.format(name=name, version=version, state=state)
    (folder / f"{name}.py").write_text(text)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    define(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_build_prints_what_changed_and_the_next_one_that_nothing_did(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build.main([]) == 0
    assert capsys.readouterr().out == (
        "added  build/one/manifest.json\n"
        "added  build/one/cft/one-root-stack.yaml\n"
        "added  build/one/code/state-machine/one.asl.json\n"
        "added  build/one/code/state-machine/one.policy.json\n"
        "one 1.0.0: 4 files written\n"
        "build/one/cft/one-root-stack.yaml deploys 'one', which lists no resources. "
        'If another tool deploys it: Workflow(stacks="none").\n'
    )
    assert build.main([]) == 0
    assert capsys.readouterr().out == "one 1.0.0: nothing changed\n"
    define(root, state="B")
    assert build.main([]) == 0
    assert "changed  build/one/code/state-machine/one.asl.json\n" in capsys.readouterr().out


def test_check_lists_what_is_stale_exits_1_and_writes_nothing(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build.main([])
    define(root, state="B")
    before = {path: path.read_bytes() for path in (root / "build").rglob("*") if path.is_file()}
    capsys.readouterr()
    assert build.main(["--check"]) == 1
    out = capsys.readouterr().out
    assert "changed  build/one/code/state-machine/one.asl.json" in out
    assert "one 1.0.0: 3 files stale; run: carnation build" in out
    after = {path: path.read_bytes() for path in (root / "build").rglob("*") if path.is_file()}
    assert after == before
    build.main([])
    capsys.readouterr()
    assert build.main(["--check"]) == 0
    assert capsys.readouterr().out == "one 1.0.0: build/ is current\n"


def test_the_differences_are_there_for_a_machine_to_read(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build.main(["--check", "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)["differences"]
    assert {"workflow": "one", "path": "manifest.json", "kind": "added"} in found


def test_a_workflow_that_is_gone_leaves_build_too(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    define(root, "two")
    build.main([])
    (root / "definitions" / "two.py").unlink()
    assert build.main(["--check"]) == 1
    assert (root / "build" / "two").exists()
    assert build.main(["one"]) == 0
    assert (root / "build" / "two").exists()
    assert build.main([]) == 0
    assert not (root / "build" / "two").exists()
    assert "removed  build/two/" in capsys.readouterr().out


def test_only_the_workflows_named_are_built(root: Path) -> None:
    define(root, "two")
    assert build.main(["two"]) == 0
    assert os.listdir(root / "build") == ["two"]


def test_a_release_is_frozen_and_a_change_without_a_new_version_is_an_error(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build.main(["--release"]) == 0
    assert "released  build/one/releases/1.0.0.asl.json" in capsys.readouterr().out
    define(root, state="B")
    for arguments in ([], ["--check"], ["--release"]):
        assert build.main(arguments) == 2
        assert "carnation: the definition of 'one' differs from" in capsys.readouterr().err
    define(root, version="1.0.1", state="B")
    assert build.main([]) == 0


def test_a_build_stops_on_what_aws_would_refuse_and_names_the_line_of_python(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "definitions" / "one.py").write_text(
        "from carnation.states import Pass\n"
        "from carnation.workflow import Workflow\n\n"
        "def make_workflow():\n"
        "    state = Pass('A', parameters={'id.$': 'order'})\n"
        "    return Workflow(name='one', version='1.0.0', states=state)\n"
    )
    assert build.main([]) == 2
    err = capsys.readouterr().err
    assert "AWS would reject the definition of 'one'. state 'A' (" in err
    assert "one.py:5): the path 'order', column 1" in err
    assert "carnation lint --explain invalid-path" in err
    assert not (root / "build").exists()


def test_an_error_of_ours_is_one_line_and_exit_2(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build.main(["onne"]) == 2
    captured = capsys.readouterr()
    assert captured.err == (
        "carnation: workflow 'onne' not found in definitions/. Did you mean 'one'?\n"
    )
    assert captured.out == ""


def test_an_error_in_a_users_module_keeps_its_traceback_without_our_frames(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "definitions" / "one.py").write_text("def make_workflow():\n    return 1 / 0\n")
    assert build.main([]) == 2
    err = capsys.readouterr().err
    assert "ZeroDivisionError" in err
    assert "definitions/one.py" in err
    assert os.path.join("carnation", "workflow.py") not in err


def run_build(cwd: Path, *arguments: str, python: str = sys.executable, **env: str) -> str:
    done = subprocess.run(
        [python, "-m", "carnation", "build", *arguments],
        cwd=cwd,
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def read_built(root: Path) -> dict[str, bytes]:
    build_folder = root / "build"
    return {
        str(path.relative_to(build_folder)): path.read_bytes()
        for path in build_folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def reference() -> dict[str, bytes]:
    return {path: data for path, data in read_built(ROOT).items() if not path.endswith(".zip")}


def lay_project(root: Path) -> Path:

    for folder in ("definitions", "lambdas"):
        shutil.copytree(ROOT / folder, root / folder)
    return root


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "1", "AWS_DEFAULT_REGION": "cn-north-1"},
        {"PYTHONHASHSEED": "2", "AWS_ACCESS_KEY_ID": "AKIA0", "AWS_SECRET_ACCESS_KEY": "x"},
        {"PYTHONHASHSEED": "3", "TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONUTF8": "0"},
    ],
    ids=["another region", "with credentials", "another zone and locale"],
)
def test_the_bytes_are_the_same_under_any_environment_and_folder(
    tmp_path: Path, reference: dict[str, bytes], environment: dict[str, str]
) -> None:
    root = lay_project(tmp_path / "elsewhere")
    run_build(root / "lambdas", **environment)
    assert read_built(root) == reference


@pytest.mark.parametrize("version", sorted(PYTHONS))
def test_the_bytes_are_the_same_on_every_python_there_is(
    tmp_path: Path, reference: dict[str, bytes], version: str
) -> None:
    root = lay_project(tmp_path)
    # the SDK and troposphere are pure Python: another interpreter can borrow them
    path = os.pathsep.join([str(ROOT), sysconfig.get_paths()["purelib"]])
    run_build(root, python=PYTHONS[version], PYTHONPATH=path)
    assert read_built(root) == reference


def test_a_build_loads_nothing_heavy(tmp_path: Path) -> None:
    root = lay_project(tmp_path)
    code = (
        "import sys, carnation.cli.build; status = carnation.cli.build.main([]); "
        "print(sorted({name.split('.')[0] for name in sys.modules})); sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True,
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
    )  # fmt: skip
    loaded = set(eval(done.stdout.splitlines()[-1], {"__builtins__": {}}))
    heavy = {"moto", "boto3", "botocore", "cfnlint", "sagemaker", "numpy", "pandas"}
    assert not loaded & (heavy | {"pkg_resources", "yaml", "requests"})


def test_the_committed_build_is_current() -> None:
    assert "build/ is current" in run_build(ROOT, "--check")


def test_the_verbs_stand_under_one_name(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main(["build"]) == 0
    assert __main__.main(["--version"]) == 0
    assert "carnation 0." in capsys.readouterr().out
    assert __main__.main(["--help"]) == 0
    assert "  build       Build definitions/" in capsys.readouterr().out
    assert __main__.main([]) == 2
    assert __main__.main(["bild"]) == 2
    assert "unknown command 'bild'. Did you mean 'build'?" in capsys.readouterr().err


def test_a_call_that_names_nothing_is_reported_as_an_open_permission(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "definitions" / "one.py").write_text(
        "from carnation.states import integrate\n"
        "from carnation.workflow import Workflow\n"
        "def make_workflow():\n"
        "    given = {'QueryExecutionId': 'q'}\n"
        "    read = integrate('Read', 'athena:getQueryResults', parameters=given)\n"
        "    return Workflow(name='one', version='1.0.0', states=read)\n"
    )
    assert build.main([]) == 0
    out = capsys.readouterr().out
    assert "one: open-permission: the role may athena:GetQueryResults on " in out
    assert "state 'Read'" in out
    assert build.main([]) == 0
    assert "open-permission" not in capsys.readouterr().out


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS], ids=errno.errorcode.get)
@pytest.mark.parametrize("call", ["makedirs", "rename"])
def test_a_full_or_read_only_disk_is_one_line_and_leaves_what_was_there(
    call: str,
    number: int,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def fail(path: object, *_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), str(path))

    assert build.main([]) == 0
    capfd.readouterr()
    before = {path: path.read_bytes() for path in root.rglob("build/**/*") if path.is_file()}
    define(root, state="B")
    with monkeypatch.context() as broken:
        broken.setattr(os, call, fail)
        broken.setattr(os, "dup2", lambda *_: None)  # the test's own output stays open
        assert build.main([]) == 2
    error = capfd.readouterr().err
    assert error.startswith("carnation: cannot write")
    assert os.strerror(number).lower() in error
    assert len(error.splitlines()) == 1
    after = {path: path.read_bytes() for path in root.rglob("build/**/*") if path.is_file()}
    assert after == before
    assert build.main([]) == 0  # and the next build writes it


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no /dev/full")
@pytest.mark.parametrize(
    "command", [["build"], ["lint", "--format", "json"], ["draw", "one"]], ids=str
)
def test_output_that_cannot_be_written_is_one_line(command: list[str], root: Path) -> None:
    if command != ["build"]:
        assert build.main([]) == 0
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "carnation", *command], cwd=root, stdout=full,
            stderr=subprocess.PIPE, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert done.stderr == "carnation: cannot write output: no space left on device\n"
