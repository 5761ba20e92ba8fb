from __future__ import annotations

import io
import os
import threading
import zipfile
from pathlib import Path
from typing import Any

import pytest

from carnation import artifacts
from carnation.artifacts import (
    Difference,
    build_folder,
    compare_artifacts,
    list_trees,
    make_artifacts,
    make_package,
    pack_files,
    read_artifacts,
    remove_tree,
    repair_build_folder,
    write_artifacts,
)
from carnation.errors import ArtifactError, DefinitionError, WorkflowError
from carnation.stacks import Function, Sources
from carnation.states import Pass, Succeed
from carnation.workflow import Workflow


def lay_function(root: Path, name: str, **files: str) -> None:
    folder = root / "lambdas" / name
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in {"handler.py": "def handle(event, context): ...\n", **files}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def render(sources: Sources) -> dict[str, str]:
    package = sources.packages["greet"]
    key = artifacts.render.keyed_path(f"{sources.workflow}/{package.path}", package.sha256)
    return {"cft/w-root-stack.yaml": f"Code: {key}\n"}


def make_workflow(version: str = "1.0.0", end: str = "Done", stacks: Any = render) -> Workflow:
    return Workflow(
        name="w",
        version=version,
        states={"StartAt": end, "States": {end: {"Type": "Succeed", "Comment": "${Where}"}}},
        functions=[Function("greet", description="Greets")],
        stacks=stacks,
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    lay_function(tmp_path, "greet")
    return tmp_path


def read_tree(root: Path) -> dict[str, bytes]:
    build = root / "build"
    return {
        str(path.relative_to(build)): path.read_bytes()
        for path in sorted(build.rglob("*"))
        if path.is_file()
    }


def test_the_manifest_holds_version_digest_size_key_and_needs(root: Path) -> None:
    made = make_artifacts(str(root), make_workflow())
    entries = made.manifest["artifacts"]
    assert (made.manifest["workflow"], made.manifest["version"]) == ("w", "1.0.0")
    package = entries["code/python/greet.zip"]
    assert package["bytes"] == len(made.packages["code/python/greet.zip"])
    assert package["key"] == f"w/code/python/greet.{package['sha256'][:16]}.zip"
    assert entries["cft/w-root-stack.yaml"]["needs"] == ["code/python/greet.zip"]
    assert entries["code/state-machine/w.asl.json"]["needs"] == ["${Where}"]
    assert set(made.list_uploads()) == {entry["key"] for entry in entries.values()}
    assert made.find_key("-root-stack.yaml") == entries["cft/w-root-stack.yaml"]["key"]


def test_a_key_changes_with_the_content_and_a_path_does_not(root: Path) -> None:
    before = make_artifacts(str(root), make_workflow())
    lay_function(root, "greet", **{"handler.py": "def handle(event, context): return 1\n"})
    after = make_artifacts(str(root), make_workflow())
    assert set(before.files) == set(after.files)
    assert set(before.list_uploads()) & set(after.list_uploads()) == {
        before.manifest["artifacts"][f"code/state-machine/w.{kind}.json"]["key"]
        for kind in ("asl", "policy")
    }


def test_a_workflow_without_stacks_has_no_root_template(root: Path) -> None:
    made = make_artifacts(str(root), make_workflow(stacks="none"))
    with pytest.raises(ArtifactError, match="found 0 files that end in '-root-stack.yaml'"):
        made.find_key("-root-stack.yaml")


def test_a_definition_beyond_aws_limit_is_refused_with_both_numbers(root: Path) -> None:
    states = Pass("A", result="x" * 1_100_000)
    with pytest.raises(DefinitionError, match=r"has 1,100,\d+ bytes; the limit is 1,048,576"):
        make_artifacts(str(root), Workflow(name="w", version="1.0.0", states=states))


def test_what_was_written_is_read_back_and_compares_equal(root: Path) -> None:
    made = make_artifacts(str(root), make_workflow())
    kinds = {difference.kind for difference in compare_artifacts(str(root), made)}
    assert kinds == {"added"}
    write_artifacts(str(root), made)
    assert compare_artifacts(str(root), made) == []
    assert read_artifacts(str(root), "w") == made
    assert list_trees(str(root)) == ["w"]


def test_a_stale_a_foreign_and_a_missing_file_are_distinguished(root: Path) -> None:
    made = make_artifacts(str(root), make_workflow())
    write_artifacts(str(root), made)
    tree = root / "build" / "w"
    (tree / "manifest.json").write_text("{}")
    (tree / "cft" / "w-root-stack.yaml").unlink()
    (tree / "cft" / "old-stack.yaml").write_text("")
    (tree / "code" / "greet.zip").write_text("a package is never committed, and may lie here")
    assert set(compare_artifacts(str(root), made)) == {
        Difference("w", "manifest.json", "changed"),
        Difference("w", "cft/w-root-stack.yaml", "added"),
        Difference("w", "cft/old-stack.yaml", "removed"),
    }


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda tree: (tree / "cft/w-root-stack.yaml").write_text("x"), "is not the one that the"),
        (lambda tree: (tree / "cft/w-root-stack.yaml").unlink(), "w-root-stack.yaml is missing"),
        (
            lambda tree: (tree / "manifest.json").unlink(),
            r"workflow .w. not found in build/ \(built: not",
        ),
        (
            lambda tree: (tree / "manifest.json").write_text("{"),
            r"manifest\.json:1:2: this is not valid JSON",
        ),
    ],
)
def test_what_runs_is_what_was_reviewed_or_nothing(root: Path, spoil: Any, message: str) -> None:
    write_artifacts(str(root), make_artifacts(str(root), make_workflow()))
    spoil(root / "build" / "w")
    with pytest.raises(Exception, match=message) as caught:
        read_artifacts(str(root), "w")
    assert type(caught.value).__module__ == "carnation.errors"


def test_a_handler_that_changed_since_the_build_is_refused(root: Path) -> None:
    write_artifacts(str(root), make_artifacts(str(root), make_workflow()))
    lay_function(root, "greet", **{"handler.py": "changed = True\n"})
    with pytest.raises(
        ArtifactError, match=r"greet\.zip, made from lambdas/greet/, is not the one"
    ):
        read_artifacts(str(root), "w")


def test_a_release_is_frozen_and_a_changed_definition_asks_for_a_new_version(root: Path) -> None:
    write_artifacts(str(root), make_artifacts(str(root), make_workflow()), release=True)
    frozen = (root / "build/w/releases/1.0.0.asl.json").read_bytes()
    changed = make_artifacts(str(root), make_workflow(end="Other"))
    with pytest.raises(ArtifactError, match=r"differs from the one that was released as 1\.0\.0"):
        write_artifacts(str(root), changed)
    newer = make_artifacts(str(root), make_workflow("1.1.0", end="Other"))
    write_artifacts(str(root), newer, release=True)
    assert (root / "build/w/releases/1.0.0.asl.json").read_bytes() == frozen
    assert (root / "build/w/releases/1.1.0.asl.json").exists()
    assert compare_artifacts(str(root), newer) == []


class Crash(Exception):
    """What the tests let happen in the middle of writing."""


CALLS = ("open", "fsync", "rename", "makedirs", "rmtree")


def crash_at(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Let the n-th call that touches the disk raise, after all calls before it were done."""
    left = [number]

    def wrap(owner: Any, name: str) -> None:
        original = getattr(owner, name)

        def call(*args: Any, **given: Any) -> Any:
            if name != "open" or "w" in str(args[1:2]):
                left[0] -= 1
                if left[0] == 0:
                    raise Crash(name)
            return original(*args, **given)

        monkeypatch.setattr(owner, name, call, raising=False)

    monkeypatch.setattr(build_folder, "open", open, raising=False)
    for owner, name in [(build_folder, "open"), (os, "fsync"), (os, "rename"), (os, "makedirs")]:
        wrap(owner, name)
    import shutil

    wrap(shutil, "rmtree")


@pytest.mark.parametrize("first", [True, False], ids=["the first build", "a later build"])
def test_a_crash_anywhere_leaves_the_old_tree_or_the_new_one(root: Path, first: bool) -> None:
    old = make_artifacts(str(root), make_workflow("1.0.0"))
    if not first:
        write_artifacts(str(root), old, release=True)
    before = read_tree(root)
    new = make_artifacts(str(root), make_workflow("2.0.0", end="Other"))
    outcomes = set()
    for number in range(1, 100):
        with pytest.MonkeyPatch.context() as patch:
            crash_at(patch, number)
            try:
                write_artifacts(str(root), new)
            except Crash:
                crashed = True
            else:
                crashed = False
        repair_build_folder(str(root))
        after = read_tree(root)
        written = compare_artifacts(str(root), new) == []
        assert written or after == before, f"call {number} left a mixture"
        outcomes.add(written)
        if not crashed:
            break
        if written:
            __import__("shutil").rmtree(root / "build")
            if not first:
                write_artifacts(str(root), old, release=True)
    assert outcomes == {True, False}
    assert number > 10
    assert not [name for name in os.listdir(root / "build") if name.startswith(".")]


def test_a_tree_nobody_makes_any_more_is_removed_whole(root: Path) -> None:
    write_artifacts(str(root), make_artifacts(str(root), make_workflow()))
    remove_tree(str(root), "w")
    assert os.listdir(root / "build") == []


def test_a_package_reads_back_and_is_the_same_for_any_order_and_time(root: Path) -> None:
    lay_function(root, "greet", **{"b/inner.py": "x = 1\n", "a.txt": "ä"})
    first = make_package(str(root), "greet")
    for number, path in enumerate(sorted((root / "lambdas").rglob("*"))):
        os.utime(path, (number, number))
    assert make_package(str(root), "greet") == first
    with zipfile.ZipFile(io.BytesIO(first)) as package:
        assert package.testzip() is None
        assert package.namelist() == ["a.txt", "b/inner.py", "handler.py"]
        assert package.read("a.txt").decode() == "ä"
        assert {entry.compress_type for entry in package.infolist()} == {zipfile.ZIP_STORED}
        assert {entry.external_attr >> 16 for entry in package.infolist()} == {0o100644}


def test_samples_caches_and_dotfiles_stay_out_of_a_package(root: Path) -> None:
    lay_function(
        root, "greet", **{"events/a.json": "{}", "__pycache__/x.pyc": "", ".env": "SECRET=1"}
    )
    with zipfile.ZipFile(io.BytesIO(make_package(str(root), "greet"))) as package:
        assert package.namelist() == ["handler.py"]


def test_a_link_out_of_the_folder_is_refused(root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    (root / "lambdas" / "greet" / "link.txt").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(WorkflowError, match="is a link out of its folder"):
        make_package(str(root), "greet")


def test_a_function_without_a_handler_is_named(root: Path) -> None:
    with pytest.raises(WorkflowError, match=r"'greeet' has no file lambdas/greeet/handler\.py"):
        make_package(str(root), "greeet")


def test_a_package_with_too_many_files_is_refused() -> None:
    with pytest.raises(WorkflowError, match="65,535 files"):
        pack_files({f"{number}": b"" for number in range(65_536)})


def lay_wheel(folder: Path, name: str, files: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr("folder/", "")
        for path, text in files.items():
            wheel.writestr(path, text)


def note_fetched(wheels: Path) -> None:
    from carnation.artifacts.wheels import write_stamp

    write_stamp(str(wheels), "# deps\ntiny==1.0\n")


@pytest.fixture
def wheels(root: Path) -> Path:
    from carnation.artifacts.wheels import find_wheels

    lay_function(root, "greet", **{"requirements.txt": "# deps\ntiny==1.0\n"})
    folder = Path(find_wheels(str(root), "greet"))
    files = {"tiny/__init__.py": "x = 1\n", "tiny-1.0.data/purelib/more.py": "y = 2\n",
             "tiny-1.0.data/scripts/run": "no"}  # fmt: skip
    lay_wheel(folder, "tiny-1.0-py3-none-any.whl", files)
    note_fetched(folder)
    return folder


def test_the_wheels_of_a_function_are_packed_as_they_lie_when_installed(
    root: Path, wheels: Path
) -> None:
    with zipfile.ZipFile(io.BytesIO(make_package(str(root), "greet"))) as package:
        assert package.namelist() == ["handler.py", "more.py", "tiny/__init__.py"]


def test_a_wheel_that_was_changed_added_or_removed_since_is_named(root: Path, wheels: Path) -> None:
    wheel = wheels / "tiny-1.0-py3-none-any.whl"
    content = wheel.read_bytes()
    other = wheels / "evil-1.0-py3-none-any.whl"
    for change, reason in (
        (lambda: wheel.write_bytes(content + b"x"), r"tiny-1\.0-\S+ has changed since"),
        (wheel.unlink, r"tiny-1\.0-\S+ was removed"),
        (lambda: other.write_bytes(content), r"evil-1\.0-\S+ was not fetched"),
    ):
        change()
        with pytest.raises(WorkflowError, match=rf"{reason}.*carnation fetch greet"):
            make_package(str(root), "greet")
        wheel.write_bytes(content)


def test_hashes_in_the_requirements_hold_at_each_build(root: Path, wheels: Path) -> None:
    from carnation.artifacts.wheels import write_stamp
    from carnation.document import digest

    wheel = wheels / "tiny-1.0-py3-none-any.whl"
    for found, allowed in ((digest(wheel.read_bytes()), True), ("0" * 64, False)):
        text = f"tiny==1.0 --hash=sha256:{found}\n"
        lay_function(root, "greet", **{"requirements.txt": text})
        write_stamp(str(wheels), text)
        if allowed:
            make_package(str(root), "greet")
        else:
            with pytest.raises(WorkflowError, match="which no --hash of its requirements allows"):
                make_package(str(root), "greet")


def test_changed_requirements_ask_to_be_fetched(root: Path, wheels: Path) -> None:
    lay_function(root, "greet", **{"requirements.txt": "tiny==1.1\n"})
    with pytest.raises(WorkflowError, match=r"Fetch them with: carnation fetch greet"):
        make_package(str(root), "greet")


def test_requirements_that_were_never_fetched_ask_for_it_too(root: Path) -> None:
    lay_function(root, "greet", **{"requirements.txt": "tiny==1.1\n"})
    with pytest.raises(WorkflowError, match="have not been fetched"):
        make_package(str(root), "greet")


def test_a_requirement_without_an_exact_version_is_refused_with_its_line(root: Path) -> None:
    lay_function(root, "greet", **{"requirements.txt": "\ntiny>=1\n"})
    with pytest.raises(WorkflowError, match=r"requirements\.txt:2: 'tiny>=1' is not pinned"):
        make_package(str(root), "greet")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("evil-1-x.whl", {"../../out.py": ""}, "leaves its folder"),
        ("same-1-x.whl", {"handler.py": ""}, "is also in a wheel"),
    ],
)
def test_a_wheel_that_does_harm_is_refused(
    root: Path, wheels: Path, name: str, content: dict[str, str], message: str
) -> None:
    lay_wheel(wheels, name, content)
    note_fetched(wheels)
    with pytest.raises(WorkflowError, match=message):
        make_package(str(root), "greet")


def test_a_broken_wheel_is_named(root: Path, wheels: Path) -> None:
    (wheels / "broken-1-x.whl").write_text("no zip")
    note_fetched(wheels)
    with pytest.raises(WorkflowError, match=r"invalid wheel \S*broken-1-x\.whl"):
        make_package(str(root), "greet")


def test_a_succeed_alone_is_a_workflow(root: Path) -> None:
    made = make_artifacts(str(root), Workflow(name="s", version="1.0.0", states=Succeed("A")))
    assert list(made.files) == [
        "manifest.json",
        "cft/s-root-stack.yaml",
        "code/state-machine/s.asl.json",
        "code/state-machine/s.policy.json",
    ]


def test_a_folder_that_is_a_link_is_refused(root: Path, tmp_path: Path) -> None:
    (tmp_path / "common").mkdir()
    (root / "lambdas" / "greet" / "common").symlink_to(tmp_path / "common")
    with pytest.raises(WorkflowError, match="common is a link to a folder"):
        make_package(str(root), "greet")


@pytest.mark.parametrize(
    ("lay", "reason"),
    [
        (lambda path: path.symlink_to(path.name), "link to no file"),
        (lambda path: os.mkfifo(path), "not a regular file"),
    ],
)
def test_what_is_not_a_file_is_refused_and_not_waited_for(
    root: Path, lay: Any, reason: str
) -> None:
    lay(root / "lambdas" / "greet" / "odd")
    with pytest.raises(WorkflowError, match=f"odd is (a |){reason}"):
        make_package(str(root), "greet")


def test_writers_of_a_build_folder_wait_for_each_other(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_artifacts(str(root), make_workflow())
    inside: list[int] = []
    most: list[int] = []
    real = build_folder._write_tree

    def write(*given: Any) -> None:
        inside.append(1)
        most.append(len(inside))
        real(*given)
        inside.pop()

    monkeypatch.setattr(build_folder, "_write_tree", write)
    threads = [threading.Thread(target=write_artifacts, args=(str(root), made)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert most == [1] * 4
    assert compare_artifacts(str(root), made) == []
