"""The build cache: whatever a workflow was made of changes, it is made again."""

from __future__ import annotations

import atexit
import compileall
import json
import os
import py_compile
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from carnation.artifacts.building import build_workflows
from carnation.artifacts.wheels import write_stamp
from tests.conftest import ROOT

DEFINITION = """
from carnation.states import Pass
from carnation.workflow import Workflow

def make_workflow():
    return Workflow(name="{name}", version="1.0.0", states=Pass("{state}"))
"""
DRIVER = """
import json, sys
from carnation.artifacts import build_cache, making
from carnation.artifacts.building import build_workflows
build_cache._LATELY = 0
names, make = [], making.Maker.make
def note(self, module, cache):
    names.append(module)
    return make(self, module, cache)
making.Maker.make = note
built = build_workflows({root!r}, write={write!r}, use_cache=True)
print(json.dumps({{"made": names, "uncached": dict(built.uncached), "stale": built.is_stale}}))
"""


LIBRARIES = Path(tempfile.mkdtemp(prefix="carnation-libraries-"))
"""What Python looks in: this folder has no other entries, which tests beside these could change."""
(LIBRARIES / "carnation").symlink_to(ROOT / "carnation")
atexit.register(shutil.rmtree, LIBRARIES, ignore_errors=True)


def define(root: Path, name: str = "one", text: str = DEFINITION, state: str = "A") -> None:
    (root / "definitions").mkdir(exist_ok=True)
    text = text.replace("{name}", name.replace("_", "-")).replace("{state}", state)
    (root / "definitions" / f"{name}.py").write_text(textwrap.dedent(text))


def build(
    root: Path,
    *options: str,
    folder: Path | None = None,
    write: bool = True,
    driver: str = DRIVER,
    **environment: str,
) -> dict[str, Any]:
    """Build in a process of its own; return which modules were made, and what has no entry."""
    time.sleep(0.02)  # what has just been written may be written once more within the same tick
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT") if name in os.environ}
    done = subprocess.run(
        [sys.executable, *options, "-c", driver.format(root=str(root), write=write)],
        cwd=folder or root,
        env={**kept, "PYTHONPATH": str(LIBRARIES), **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.fixture(autouse=True, scope="module")
def compiled() -> None:
    """Have all bytecode written: a folder that it makes is a change of what is installed."""
    compileall.compile_dir(ROOT / "carnation", quiet=2)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a project of three workflows that is built, whose every entry holds."""
    define(tmp_path)
    define(tmp_path, "two", TWO)
    define(tmp_path, "three", THREE)
    (tmp_path / "definitions" / "_shared.py").write_text("STATE = 'Shared'\n")
    (tmp_path / "definitions" / "comment.txt").write_text("A comment")
    folder = tmp_path / "lambdas" / "greet"
    folder.mkdir(parents=True)
    (folder / "handler.py").write_text("import words\ndef handle(event, context): ...\n")
    (folder / "words.py").write_text("HELLO = 'hello'\n")
    assert build(tmp_path) == {"made": ["one", "three", "two"], "uncached": {}, "stale": True}
    assert build(tmp_path) == {"made": [], "uncached": {}, "stale": False}
    return tmp_path


TWO = """
from pathlib import Path

from carnation.states import Pass
from carnation.workflow import Workflow
from definitions import _shared

COMMENT = Path(__file__).parent / "comment.txt"

def make_workflow():
    states = Pass(_shared.STATE, comment=COMMENT.read_text())
    return Workflow(name="{name}", version="1.0.0", states=states)
"""
THREE = """
from carnation.resources import Child, Function
from carnation.states import Chain, Pass
from carnation.workflow import Workflow

GREET = Function("greet", "Greets")

def make_workflow():
    states = Chain([GREET.invoke("Greet"), Child("one").start_execution("Start")])
    return Workflow(name="{name}", version="1.0.0", states=states, resources=[GREET, Child("one")])
"""


def edit(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        path = root / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return change


def edit_unseen(root: Path) -> None:
    """Edit a definition to the same size and time."""
    path = root / "definitions" / "one.py"
    before = path.stat()
    edit("definitions/one.py", '"A"', '"B"')(root)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def hide_helper(root: Path) -> None:
    (root / "definitions" / "_shared").mkdir()
    (root / "definitions" / "_shared" / "__init__.py").write_text("STATE = 'Hidden'")


FOUR = DEFINITION.format(name="four", state="A")
CHINA = '[tool.carnation]\npartition = "aws-cn"\n'
CHANGES: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "a definition": (edit("definitions/one.py", '"A"', '"B"'), ["one"]),
    "a definition of the same size and time": (edit_unseen, ["one"]),
    "a helper": (edit("definitions/_shared.py", "Shared", "Divided"), ["two"]),
    "a file that is read": (edit("definitions/comment.txt", "A comment", "Another"), ["two"]),
    "a handler": (edit("lambdas/greet/handler.py", "...", "return 1"), ["three"]),
    "a handler's module": (edit("lambdas/greet/words.py", "hello", "good morning"), ["three"]),
    "a new module": (lambda root: (root / "lambdas/greet/more.py").write_text(""), ["three"]),
    "a new definition": (
        lambda root: (root / "definitions/four.py").write_text(FOUR),
        ["four", "one", "three", "two"],
    ),
    "a package that hides a helper": (
        lambda root: hide_helper(root),
        ["one", "three", "two"],
    ),
    "a module of the root": (
        lambda root: (root / "helpers.py").write_text(""),
        ["one", "three", "two"],
    ),
    "a partition": (
        lambda root: (root / "pyproject.toml").write_text(CHINA),
        ["one", "three", "two"],
    ),
    "other settings": (lambda root: (root / "pyproject.toml").write_text("[tool.other]\n"), []),
    "a file that nobody reads": (lambda root: (root / "notes.txt").write_text("notes"), []),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_has_another_input_is_made_again_and_nothing_else(root: Path, name: str) -> None:
    change, made = CHANGES[name]
    change(root)
    assert build(root)["made"] == made
    assert build(root)["made"] == []


def test_a_module_that_comes_in_the_way_of_another_is_loaded(root: Path) -> None:
    (root / "troposphere.py").write_text("1/0")
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        build(root)


def test_a_definition_that_is_gone_takes_its_parent_along(root: Path) -> None:
    (root / "definitions" / "one.py").unlink()
    with pytest.raises(AssertionError, match=r"starts definitions/one.py, which does not exist"):
        build(root)


def test_what_was_changed_in_build_is_written_again_from_the_entry(root: Path) -> None:
    path = root / "build" / "one" / "code" / "state-machine" / "one.asl.json"
    text = path.read_text()
    path.write_text(text + " ")
    assert build(root, write=False) == {"made": [], "uncached": {}, "stale": True}
    assert build(root)["made"] == []
    assert path.read_text() == text
    shutil.rmtree(root / "build")
    assert build(root) == {"made": [], "uncached": {}, "stale": True}
    assert path.read_text() == text


def test_a_project_that_was_moved_or_a_broken_entry_is_made_again(root: Path) -> None:
    moved = root.parent / "moved"
    shutil.copytree(root, moved)
    assert build(moved)["made"] == ["one", "three", "two"]
    (entry,) = (root / "definitions" / "__pycache__").glob("one.*.build")
    whole = entry.read_bytes()
    for broken in (b"", whole[:-1], whole[:50] + b"?" + whole[51:], whole[4:]):
        entry.write_bytes(broken)
        assert build(root)["made"] == ["one"]
    assert entry.read_bytes() == whole or build(root)["made"] == []


def test_code_that_changed_makes_everything_again(root: Path) -> None:
    libraries = root.parent / f"{root.name}-libraries"
    shutil.copytree(
        ROOT / "carnation", libraries / "carnation", ignore=shutil.ignore_patterns("__pycache__")
    )
    compileall.compile_dir(libraries, quiet=1)  # a first run's bytecode changes the folders
    path = {"PYTHONPATH": str(libraries)}
    everything = ["one", "three", "two"]
    assert build(root, **path)["made"] == everything
    assert build(root, **path)["made"] == []
    for name in ("linter/rules/structure.py", "services/iam.bin", "states/__init__.py"):
        (libraries / "carnation" / name).touch()
        assert build(root, **path)["made"] == everything, name
        assert build(root, **path)["made"] == []
    (libraries / "carnation" / "lazy").mkdir()  # a package goes before a module
    (libraries / "carnation" / "lazy" / "__init__.py").write_text(
        (ROOT / "carnation" / "lazy.py").read_text()
    )
    assert build(root, **path)["made"] == everything
    first = root.parent / f"{root.name}-first"
    first.mkdir()
    both = {"PYTHONPATH": f"{first}{os.pathsep}{libraries}"}
    assert build(root, **both)["made"] in ([], everything)
    assert build(root, **both)["made"] == []
    shutil.copytree(libraries / "carnation", first / "carnation")
    assert build(root, **both)["made"] == everything


def test_another_folder_is_no_other_input_and_other_options_are(root: Path) -> None:
    assert build(root, folder=root.parent)["made"] == []
    assert build(root, folder=root / "lambdas")["made"] == []
    assert build(root, PYTHONHASHSEED="7")["made"] == []
    assert build(root, "-O")["made"] == ["one", "three", "two"]


def test_without_bytecode_there_are_no_entries(tmp_path: Path) -> None:
    define(tmp_path)
    for _ in range(2):
        found = build(tmp_path, "-B")
        assert found["made"] == ["one"]
        assert list(found["uncached"]) == ["one"]
    assert not (tmp_path / "definitions" / "__pycache__").exists()
    elsewhere = tmp_path / "elsewhere"
    prefix = {"PYTHONPYCACHEPREFIX": str(elsewhere)}
    assert build(tmp_path, **prefix)["made"] == ["one"]
    assert build(tmp_path, **prefix)["made"] == []
    assert not (tmp_path / "definitions" / "__pycache__").exists()


def test_a_wrong_definition_is_named_each_time_and_others_keep_their_entries(root: Path) -> None:
    define(root, "wrong", "def make_workflow(): return 7\n")
    for _ in range(2):
        with pytest.raises(AssertionError, match="it must return a Workflow"):
            build(root)
    define(root, "wrong")
    assert build(root)["made"] == ["wrong"]


def test_a_helper_is_known_by_its_content_not_by_its_time(root: Path) -> None:
    """Python goes by a module's time, and would run what its source no longer says."""
    shared = root / "definitions" / "_shared.py"
    edit("definitions/_shared.py", "Shared", "Shaken")(root)
    os.utime(shared, (10**9, 10**9))
    py_compile.compile(str(shared), doraise=True)
    edit("definitions/_shared.py", "Shaken", "Shaded")(root)
    os.utime(shared, (10**9, 10**9))
    assert build(root)["made"] == ["two"]
    assert "Shaded" in (root / "build/two/code/state-machine/two.asl.json").read_text()
    assert build(root)["made"] == []


def test_a_helper_that_could_not_be_imported_is_an_input(tmp_path: Path) -> None:
    define(
        tmp_path,
        text="""
        from carnation.states import Pass
        from carnation.workflow import Workflow

        try:
            from definitions._optional import STATE
        except ImportError:
            STATE = "Fallback"

        def make_workflow():
            return Workflow(name="{name}", version="1.0.0", states=Pass(STATE))
        """,
    )
    helper = tmp_path / "definitions" / "_optional.py"
    helper.write_text("import not_there\nSTATE = 'Optional'\n")
    for _ in range(2):  # from its source, then from its bytecode
        assert build(tmp_path) == {"made": ["one"], "uncached": {}, "stale": True}
        assert build(tmp_path)["made"] == []
        shutil.rmtree(tmp_path / "build")
        with (tmp_path / "definitions" / "one.py").open("a") as file:
            file.write("# edited\n")
    helper.write_text("STATE = 'Optional'\n")
    assert build(tmp_path)["made"] == ["one"]


def test_a_folder_of_helpers_that_is_a_link_is_followed(tmp_path: Path) -> None:
    define(
        tmp_path,
        text="""
        from carnation.states import Pass
        from carnation.workflow import Workflow
        from shared import STATE

        def make_workflow():
            return Workflow(name="{name}", version="1.0.0", states=Pass(STATE))
        """,
    )
    for name in ("First", "Second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(
            "from pathlib import Path\n"
            "STATE = (Path(__file__).resolve().parent / 'state.txt').read_text()\n"
        )
        (tmp_path / name / "state.txt").write_text(name)
    (tmp_path / "shared").symlink_to("First")
    assert build(tmp_path)["uncached"] == {}
    assert build(tmp_path)["made"] == []
    (tmp_path / "shared").unlink()
    (tmp_path / "shared").symlink_to("Second")
    assert build(tmp_path)["made"] == ["one"]


@pytest.mark.parametrize("folder", ["definitions", "definitions/sub", "lambdas"])
def test_where_a_build_is_started_changes_nothing(root: Path, folder: str) -> None:
    (root / "definitions" / "sub").mkdir()
    (root / "definitions" / "sub" / "deep.py").write_text("import os\nSTATE = os.sep\n")
    define(root, "two", TWO.replace("from definitions import _shared", SUB))
    for _ in range(2):
        found = build(root, folder=root / folder)
        reason = "definitions/sub/deep.py, line 3: os.environ"
        assert found["uncached"].get("two", reason) == reason
        assert "two" in found["made"]
        (root / "definitions" / "sub" / "deep.py").write_text(
            "import os\nSTATE = 'x'\nos.environ.get('X')\n"
        )


SUB = "from definitions.sub import deep as _shared"


def test_a_pipe_is_read_by_nobody_else(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("there are no named pipes here")
    os.mkfifo(tmp_path / "pipe")
    pipe = tmp_path / "pipe"
    value = f"(open({str(pipe)!r}).read())"
    define(tmp_path, text=READ.replace("{line}", "").replace("{value}", value))
    writer = subprocess.Popen([sys.executable, "-c", f"open({str(pipe)!r}, 'w').write('x')"])
    try:
        reason = f"it reads {pipe}, which is no regular file"
        assert build(tmp_path)["uncached"] == {"one": reason}
    finally:
        writer.wait()


READ = """
{line}
from carnation.states import Pass
from carnation.workflow import Workflow

def make_workflow():
    return Workflow(name="{name}", version="1.0.0", states=Pass("A", comment=str({value})))
"""


def test_what_may_read_more_than_files_is_always_made(tmp_path: Path) -> None:
    define(tmp_path, text=READ.replace("{line}", "import time").replace("{value}", "time.time()"))
    for _ in range(2):
        found = build(tmp_path)
        assert found["made"] == ["one"]
        assert found["uncached"] == {"one": "definitions/one.py, line 2: time"}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("open('words.txt').read()", "it opens 'words.txt', a relative path"),
        ("open('{root}/log.txt', 'a')", "it writes '{root}/log.txt'"),
        ("open(0).read()", "it reads or writes a stream"),
        ("re.compile('[[a]')", "it shows a warning"),
    ],
)
def test_what_would_not_happen_again_gives_no_entry(
    tmp_path: Path, value: str, reason: str
) -> None:
    (tmp_path / "words.txt").write_text("words")
    value, reason = (text.replace("{root}", str(tmp_path)) for text in (value, reason))
    define(tmp_path, text=READ.replace("{line}", "import re").replace("{value}", value))
    assert build(tmp_path)["uncached"] == {"one": reason}
    assert build(tmp_path)["made"] == ["one"]


def test_a_change_while_it_is_made_gives_no_entry(tmp_path: Path) -> None:
    define(tmp_path)
    future = time.time() + 1000
    os.utime(tmp_path / "definitions" / "one.py", (future, future))
    reason = f"{tmp_path}/definitions/one.py has changed while it was made"
    for _ in range(2):
        found = build(tmp_path)
        assert found["made"] == ["one"]
        assert found["uncached"] == {"one": reason}


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("(folder / '_local.py').write_text('')", "_local.py"),
        ("(folder / 'comment.txt').unlink()", "comment.txt"),
        ("(folder / 'comment.txt').write_text('Another')", "comment.txt"),
        ("(folder / '_shared.py').unlink()", "_shared.py"),
    ],
)
def test_what_comes_and_goes_while_it_is_made_gives_no_entry(
    root: Path, change: str, what: str
) -> None:
    edit("definitions/two.py", "def make_workflow", "# edited\ndef make_workflow")(root)
    driver = DRIVER.replace(
        "    return make(self, module, cache)",
        f"    made = make(self, module, cache)\n    {change}\n    return made",
    )
    folder = f"from pathlib import Path\nfolder = Path({str(root / 'definitions')!r})\n"
    found = build(root, driver=folder + driver)
    assert found["made"] == ["two"]
    assert found["uncached"] == {"two": f"{root}/definitions/{what} has changed while it was made"}


def test_what_was_not_there_is_an_input_too(tmp_path: Path) -> None:
    """A file, a module, a module of a package: they are looked for, and then they appear."""
    define(
        tmp_path,
        text="""
        from pathlib import Path
        from carnation.states import Pass
        from carnation.workflow import Workflow

        try:
            COMMENT = (Path(__file__).parent / "comment.txt").read_text()
        except FileNotFoundError:
            COMMENT = "none"
        try:
            from definitions._local import STATE
        except ImportError:
            STATE = "A"
        try:
            import settings
        except ImportError:
            settings = None

        def make_workflow():
            states = Pass(settings.STATE if settings else STATE, comment=COMMENT)
            return Workflow(name="{name}", version="1.0.0", states=states)
        """,
    )
    build(tmp_path)  # makes the folder for bytecode, next to what is not there
    assert build(tmp_path)["uncached"] == {}
    for path, text in (
        ("definitions/comment.txt", "some"),
        ("definitions/_local.py", "STATE = 'Local'"),
        ("settings.py", "STATE = 'Set'"),
    ):
        assert build(tmp_path)["made"] == []
        (tmp_path / path).write_text(text)
        assert build(tmp_path) == {"made": ["one"], "uncached": {}, "stale": True}, path


def test_helpers_are_loaded_for_each_definition_anew(tmp_path: Path) -> None:
    """So what one leaves in them is no input of the next."""
    text = """
    from carnation.states import Pass
    from carnation.workflow import Workflow
    from definitions import _numbers

    def make_workflow():
        states = Pass(f"Number {next(_numbers.NUMBERS)} of {_numbers.read_word()}")
        return Workflow(name="{name}", version="1.0.0", states=states)
    """
    for name in ("one", "two"):
        define(tmp_path, name, text)
    (tmp_path / "definitions" / "_numbers.py").write_text(
        textwrap.dedent(
            """
            from functools import cache
            from itertools import count
            from pathlib import Path

            NUMBERS = count(1)

            @cache
            def read_word():
                return (Path(__file__).parent / "word.txt").read_text()
            """
        )
    )
    (tmp_path / "definitions" / "word.txt").write_text("Apples")
    assert build(tmp_path)["uncached"] == {}
    assert build(tmp_path)["made"] == []
    (tmp_path / "definitions" / "word.txt").write_text("Pears")
    assert build(tmp_path)["made"] == ["one", "two"]
    for name in ("one", "two"):
        definition = tmp_path / "build" / name / "code" / "state-machine" / f"{name}.asl.json"
        assert "Number 1 of Pears" in definition.read_text()


def test_a_file_of_a_function_that_is_read_and_not_packed_is_an_input(tmp_path: Path) -> None:
    define(
        tmp_path,
        text="""
        from pathlib import Path
        from carnation.states import Pass
        from carnation.workflow import Workflow

        SAMPLE = Path(__file__).parents[1] / "lambdas" / "greet" / "events" / "sample.json"

        def render(sources):
            return {"cft/one-root-stack.yaml": SAMPLE.read_text()}

        def make_workflow():
            return Workflow(name="{name}", version="1.0.0", states=Pass("A"), stacks=render)
        """,
    )
    sample = tmp_path / "lambdas" / "greet" / "events" / "sample.json"
    sample.parent.mkdir(parents=True)
    sample.write_text("{}")
    assert build(tmp_path)["uncached"] == {}
    assert build(tmp_path)["made"] == []
    sample.write_text("[]")
    assert build(tmp_path)["made"] == ["one"]


def test_a_handler_that_moves_into_a_wheel_is_missed(root: Path) -> None:
    """The package is the same, and the function has no handler of its own any more."""
    handler = root / "lambdas" / "greet" / "handler.py"
    folder = root / ".carnation" / "wheels" / "greet"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / "greeting-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("handler.py", handler.read_bytes())
    handler.unlink()
    (root / "lambdas" / "greet" / "requirements.txt").write_text("greeting==1.0\n")
    write_stamp(str(folder), "greeting==1.0\n")
    with pytest.raises(AssertionError, match="has no file lambdas/greet/handler.py"):
        build(root)


def test_of_descriptions_of_what_is_installed_the_newest_are_kept(root: Path) -> None:
    folder = root / "definitions" / "__pycache__"
    (kept,) = folder.glob("*.installation")
    tag = kept.name.partition(".")[2]
    for number in range(6):
        path = folder / f"{number}.{tag}"
        path.write_bytes(b"")
        os.utime(path, (10**9 + number, 10**9 + number))
    other = folder / "0.cpython-999.installation"
    other.write_bytes(b"")
    kept.unlink()
    assert build(root)["made"] == ["one", "three", "two"]
    left = {path.name.partition(".")[0] for path in folder.glob(f"*.{tag}")}
    assert {"3", "4", "5"} < left
    assert len(left) == 4
    assert other.exists()
    assert build(root)["made"] == []


@pytest.mark.parametrize("shape", ["hello", "order", "events", "distributed"])
def test_what_init_creates_has_an_entry(tmp_path: Path, shape: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "carnation", "init", "shaped", "--shape", shape],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found = build(tmp_path / "shaped")
    assert found["made"]
    assert found["uncached"] == {}
    assert build(tmp_path / "shaped")["made"] == []


def test_every_workflow_of_this_project_has_an_entry_equal_to_what_is_made(tmp_path: Path) -> None:
    for name in ("definitions", "lambdas"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    modules = sorted(path.stem for path in (tmp_path / "definitions").glob("*.py"))
    assert build(tmp_path) == {"made": modules, "uncached": {}, "stale": True}
    texts = {path: path.read_bytes() for path in (tmp_path / "build").rglob("*") if path.is_file()}
    shutil.rmtree(tmp_path / "build")
    assert build(tmp_path) == {"made": [], "uncached": {}, "stale": True}
    assert {path: path.read_bytes() for path in texts} == texts


def test_a_helper_that_was_loaded_before_is_loaded_anew_and_put_back(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper = ModuleType("definitions._shared")
    helper.__file__ = str(root / "definitions" / "_shared.py")
    helper.STATE = "Earlier"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "definitions._shared", helper)
    monkeypatch.delitem(sys.modules, "definitions", raising=False)
    shutil.rmtree(root / "build")
    built = build_workflows(str(root), ["two"])
    assert '"StartAt": "Shared"' in built.made["two"].artifacts.definition
    assert sys.modules["definitions._shared"] is helper
