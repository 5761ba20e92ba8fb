from __future__ import annotations

import configparser
import fnmatch
import importlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import carnation
from carnation.cli.commands import COMMANDS

ROOT = Path(__file__).parents[1]
LIGHT_SIZE = 20_000_000  # bytes; 16.4 million were seen, 18.8 million in blocks on disk


def run_python(
    *arguments: str, cwd: Path = ROOT, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd, env={"PATH": os.environ["PATH"], **environment},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def read_setup() -> configparser.ConfigParser:
    setup = configparser.ConfigParser(interpolation=None)
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    return setup


def read_tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".zip"
    }


# the light install


def read_light_command() -> list[str]:
    page = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    commands = re.findall(r"^pip install --no-deps (.*)$", page, re.MULTILINE)
    assert len(commands) == 2, "the page installs the packages, then carnation"
    assert commands[1] == "."
    return commands[0].split()


def light_names() -> list[str]:
    return [requirement.partition("==")[0] for requirement in read_light_command()]


def close_requirements(name: str) -> set[str]:
    """List a distribution and all it requires here, as their metadata say, extras left out."""
    found = {name.lower()}
    for requirement in importlib.metadata.requires(name) or ():
        if ";" not in requirement:
            found |= close_requirements(re.split(r"[\s<>=(!~]", requirement)[0])
    return found


@pytest.fixture(scope="module")
def light_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the files of the light packages, and of no other, out of this environment."""
    target = tmp_path_factory.mktemp("light")
    for name in light_names():
        try:
            files = importlib.metadata.distribution(name).files or ()
        except importlib.metadata.PackageNotFoundError:
            pytest.skip(f"{name} is not installed here")  # such as next to the official SDK
        for file in files:
            source = Path(str(file.locate()))
            if ".." not in file.parts and source.exists():  # `..` are scripts beside site-packages
                (target / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target / file)
    return target


def run_light(light_folder: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(ROOT), str(light_folder)])
    return run_python("-S", *arguments, cwd=cwd, PYTHONPATH=path, PYTHONDONTWRITEBYTECODE="1")


def test_the_light_command_names_the_sdk_and_all_that_troposphere_takes() -> None:
    expected = {"stepfunctions-without-sagemaker"} | close_requirements("troposphere")
    assert {name.lower() for name in light_names()} == expected


def test_the_light_command_pins_what_setup_pins() -> None:
    pins = dict(
        requirement.split("==") for requirement in read_light_command() if "==" in requirement
    )
    name = "stepfunctions-without-sagemaker"
    assert f"{name}=={pins[name]}" in read_setup()["options.extras_require"]["sdk"]
    assert pins["troposphere"] == importlib.metadata.version("troposphere")


def test_a_light_install_has_no_sagemaker_and_gives_the_same_bytes(
    light_folder: Path, tmp_path: Path
) -> None:
    probe = "from importlib.util import find_spec as f; print(*map(f, ('sagemaker', 'boto3')))"
    assert run_light(light_folder, "-c", probe, cwd=tmp_path).stdout == "None None\n"
    for folder in ("definitions", "lambdas"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    done = run_light(light_folder, "-m", "carnation", "build", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    built = read_tree(tmp_path / "build")
    reviewed = read_tree(ROOT / "build")
    assert sorted(built) == sorted(path for path in reviewed if "/releases/" not in path)
    assert [path for path in built if built[path] != reviewed[path]] == []


def test_a_light_install_finds_the_reviewed_build_current(light_folder: Path) -> None:
    done = run_light(light_folder, "-m", "carnation", "build", "--check", cwd=ROOT)
    assert done.stdout.endswith(": build/ is current\n"), done.stdout + done.stderr


def test_a_light_install_takes_about_20_mb(light_folder: Path) -> None:
    files = [path for path in light_folder.rglob("*") if path.is_file()]
    ours = [path for path in (ROOT / "carnation").rglob("*.py") if path.is_file()]
    assert 5_000_000 < sum(path.stat().st_size for path in files + ours) < LIGHT_SIZE


def test_without_the_sdk_the_error_says_how_to_install_it(tmp_path: Path) -> None:
    (tmp_path / "definitions").mkdir()
    done = run_light(tmp_path / "empty", "-c", "import carnation.states", cwd=tmp_path)
    assert "Install it with: pip install 'carnation[sdk]'" in done.stderr


def test_without_the_sdk_each_command_has_its_help() -> None:
    code = """
import sys
from importlib import import_module
sys.modules["stepfunctions"] = None
from carnation.cli.commands import COMMANDS
for name in COMMANDS:
    assert import_module(f"carnation.cli.{name}")._make_parser().format_help()
"""
    done = run_python("-c", code)
    assert done.returncode == 0, done.stderr


# what setup.cfg says


@pytest.mark.parametrize(
    "pin", ["stepfunctions-without-sagemaker==3.0.0", "sagemaker<3", "setuptools<82"]
)
def test_each_pin_stands_with_its_reason_on_the_line_before(pin: str) -> None:
    lines = [line.strip() for line in (ROOT / "setup.cfg").read_text(encoding="utf-8").splitlines()]
    reason = lines[lines.index(pin) - 1]
    assert reason.startswith("# ")
    assert len(reason.split()) > 5


def test_the_project_says_which_pythons_it_runs_on() -> None:
    setup = read_setup()
    assert setup["options"]["python_requires"] == ">=3.11"
    minors = re.findall(r"Python :: 3\.(\d+)", setup["metadata"]["classifiers"])
    assert minors == ["11", "12", "13", "14"]


def test_the_command_carnation_is_declared_and_runs() -> None:
    assert read_setup()["options.entry_points"]["console_scripts"].split() == [
        "carnation", "=", "carnation.__main__:run",
    ]  # fmt: skip
    done = run_python("-m", "carnation", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert [verb for verb in COMMANDS if f"  {verb} " not in done.stdout] == []


# what installing does


def test_installing_takes_carnation_alone_and_leaves_the_reviewed_build_alone(
    tmp_path: Path,
) -> None:
    if run_python("-c", "import setuptools").returncode:
        pytest.skip("setuptools, which builds the distribution, is not installed here")
    left_out = shutil.ignore_patterns("__pycache__", "*.egg-info", ".*")
    for folder in ("build", "carnation", "definitions", "lambdas", "tests"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=left_out)
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy2(ROOT / name, tmp_path / name)
    before = read_tree(tmp_path / "build")
    code = "import setuptools; setuptools.setup()"
    done = run_python("-c", code, "--quiet", "build", "egg_info", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert read_tree(tmp_path / "build") == before
    taken = set(read_tree(tmp_path / ".setuptools" / "lib"))
    ours = read_tree(tmp_path / "carnation")
    assert taken == {f"carnation/{path}" for path in ours if "__pycache__" not in path}
    assert "carnation/py.typed" in taken
    declared = (tmp_path / "carnation.egg-info" / "entry_points.txt").read_text()
    assert "carnation = carnation.__main__:run" in declared


def test_no_tool_considers_the_reviewed_build_a_package() -> None:
    assert read_setup()["build"]["build_base"] == ".setuptools"
    assert not (ROOT / "build" / "__init__.py").exists()


def run_git(*arguments: str) -> subprocess.CompletedProcess[str]:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("this is no clone, or git is not installed here")
    return subprocess.run(
        [git, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )  # fmt: skip


def test_the_reviewed_build_is_not_ignored() -> None:
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    patterns = [line.strip("/") for line in lines if line and not line.startswith("#")]
    assert [pattern for pattern in patterns if fnmatch.fnmatch("build", pattern)] == []


def test_git_keeps_the_artifacts_and_ignores_the_packages() -> None:
    ignored = run_git(
        "check-ignore", "--no-index", "build/carnation/manifest.json",
        "build/carnation/code/python/process_event.zip", "build/.carnation.part/manifest.json",
    )  # fmt: skip
    assert ignored.stdout.splitlines() == [
        "build/carnation/code/python/process_event.zip",
        "build/.carnation.part/manifest.json",
    ]


def test_no_file_names_a_machine_or_the_host_of_a_registry() -> None:
    # put together here, so that this file does not match
    words = [
        "/tmp" + "/w/", "/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/[a-z]", "/opt" + "/pypi",
        "/Us" + "ers/", "pypi" + r"\.org/simple", "pythonhosted" + r"\.org",
        "registry" + r"\.npmjs",
    ]  # fmt: skip
    listed = run_git("ls-files", "--cached", "--others", "--exclude-standard", "-z")
    pattern = re.compile("|".join(words))
    found = [
        f"{name}: {match[0]}"
        for name in listed.stdout.split("\0")
        if name and (ROOT / name).is_file()
        for match in pattern.finditer((ROOT / name).read_text(encoding="utf-8", errors="replace"))
    ]
    assert found == []


# what one imports, and what one runs


def test_the_front_gives_these_nouns_and_no_others() -> None:
    assert carnation.__all__ == [
        "Bucket",
        "CarnationError",
        "Function",
        "Table",
        "Workflow",
        "event_stacks",
        "make_definition",
    ]
    assert carnation.__all__ == sorted(carnation.__all__)
    for name in carnation.__all__:
        assert getattr(carnation, name).__name__ == name
    with pytest.raises(AttributeError, match="module 'carnation' has no 'build_all'"):
        _ = carnation.build_all


def list_rooms() -> list[str]:
    fronts = (ROOT / "carnation").glob("*/__init__.py")
    public = (path for path in fronts if "__all__" in path.read_text(encoding="utf-8"))
    return sorted(f"carnation.{path.parent.name}" for path in public)


@pytest.mark.parametrize("room", list_rooms())
def test_each_room_gives_what_its_front_promises(room: str) -> None:
    if room == "carnation.emulator":
        pytest.importorskip("moto")
    module = importlib.import_module(room)
    assert len(set(module.__all__)) == len(module.__all__)
    assert [name for name in module.__all__ if not hasattr(module, name)] == []


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_each_command_has_a_help_with_an_example(command: str) -> None:
    done = run_python("-m", "carnation", command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: carnation {command} ")
    assert "example: " in done.stdout


def test_build_is_also_a_module_that_one_runs() -> None:
    done = run_python("-m", "carnation.build", "--help")
    assert done.stdout.startswith("usage: carnation build ")


def test_every_module_with_a_main_is_a_command() -> None:
    modules = (ROOT / "carnation" / "cli").glob("*.py")
    found = {path.stem for path in modules if "\ndef main(" in path.read_text(encoding="utf-8")}
    assert found == set(COMMANDS)


def test_no_package_bears_the_name_of_a_command() -> None:
    entries = {path.stem for path in (ROOT / "carnation").iterdir()}
    assert entries & set(COMMANDS) == {"build"}  # the door for `python -m carnation.build`
