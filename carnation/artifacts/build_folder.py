"""The store: `build/` on disk, read, compared and written whole or not at all.

A tree is written next to the old one and the two change places by renaming, so a crash leaves the
old tree or the new one; what it leaves half done, the next start mends:

    build/.<workflow>.part    being written: thrown away
    build/.<workflow>.new     complete: takes its place if nothing stands there
    build/.<workflow>.old     the tree before: comes back if nothing else can, else thrown away

Commands that read or write `build/` at the same time wait for each other.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from carnation.records import NamedTuple

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

from carnation.artifacts.contents import MANIFEST, Artifacts
from carnation.artifacts.exports import find_exporters, list_imports
from carnation.artifacts.function_zips import make_package
from carnation.document import digest, parse_json, read_file
from carnation.errors import ArtifactError, suggest_name
from carnation.workflow import validate_name

_RELEASES = "releases/"


class Difference(NamedTuple):
    """One file of `build/` that is not what the definitions say: `kind` is added, changed, removed.

    `path` is relative to `build/<workflow>/`.
    """

    workflow: str
    path: str
    kind: str


@contextmanager
def _build_locked(root: str, *, exclusive: bool = False) -> Iterator[None]:
    """Hold `build/` still: several readers at once, or one writer; where it exists."""
    build = os.path.join(root, "build")
    if exclusive:
        os.makedirs(build, exist_ok=True)
    if fcntl is None or not os.path.isdir(build):
        yield
        return
    folder = os.open(build, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
        yield
    finally:
        os.close(folder)


def compare_artifacts(root: str, artifacts: Artifacts) -> list[Difference]:
    """Compare what was made with what is in `build/`, file by file; writes nothing."""
    with _build_locked(root):
        there = _read_tree(_tree_of(root, artifacts.workflow))
    files = {path: text.encode() for path, text in artifacts.files.items()}
    differences = [
        Difference(artifacts.workflow, path, "changed" if path in there else "added")
        for path, content in files.items()
        if there.get(path) != content
    ]
    differences += [
        Difference(artifacts.workflow, path, "removed")
        for path in there
        if path not in files and not path.startswith(_RELEASES) and not path.endswith(".zip")
    ]
    return differences


def reject_changed_release(root: str, artifacts: Artifacts) -> None:
    """Raise `ArtifactError` if this version was released with another definition."""
    with _build_locked(root):
        _reject_changed_release(root, artifacts)


def _reject_changed_release(root: str, artifacts: Artifacts) -> None:
    path = _find_release(root, artifacts)
    if os.path.exists(path) and read_file(path) != _definition_of(artifacts):
        raise ArtifactError(
            f"the definition of '{artifacts.workflow}' differs from the one that was "
            f"released as {artifacts.version} "
            f"(build/{artifacts.workflow}/{release_name(artifacts)}). Released definitions "
            "cannot change. Increase the workflow's version."
        )


def release_name(artifacts: Artifacts) -> str:
    """Return the path, below `build/<workflow>/`, at which this version is frozen."""
    return f"{_RELEASES}{artifacts.version}.asl.json"


def is_released(root: str, artifacts: Artifacts) -> bool:
    """Return whether this version is frozen already."""
    return os.path.exists(_find_release(root, artifacts))


def _find_release(root: str, artifacts: Artifacts) -> str:
    return os.path.join(_tree_of(root, artifacts.workflow), *release_name(artifacts).split("/"))


def write_artifacts(root: str, artifacts: Artifacts, *, release: bool = False) -> None:
    """Write a workflow's tree into `build/`, whole or not at all; releases stay what they are.

    With `release`, freeze the definition as `releases/<version>.asl.json` as well. Raises
    `ArtifactError` where this version was released with another definition.
    """
    with _build_locked(root, exclusive=True):
        _repair_build_folder(root)
        _reject_changed_release(root, artifacts)
        _write_tree(root, artifacts, release)


def _write_tree(root: str, artifacts: Artifacts, release: bool) -> None:
    tree = _tree_of(root, artifacts.workflow)
    files = {path: text.encode() for path, text in artifacts.files.items()}
    kept = {path: data for path, data in _read_tree(tree).items() if path.startswith(_RELEASES)}
    if release:
        kept[release_name(artifacts)] = _definition_of(artifacts)
    part, new, _ = _steps_of(tree)
    contents = {**files, **kept}
    try:
        for folder in {os.path.dirname(path) for path in contents}:
            os.makedirs(os.path.join(part, folder), exist_ok=True)
        for path, content in contents.items():
            _write_file(os.path.join(part, path), content, lasting=path in kept)
        os.rename(part, new)
        _change_places(tree)
    except OSError:  # a full or read-only disk
        _repair(tree)
        raise


def remove_tree(root: str, workflow: str) -> None:
    """Remove the tree of a workflow that `definitions/` no longer makes."""
    tree = _tree_of(root, workflow)
    _, _, old = _steps_of(tree)
    with _build_locked(root, exclusive=True):
        if os.path.exists(tree):
            os.rename(tree, old)
            _delete(old)


def list_trees(root: str) -> list[str]:
    """List the workflows that have a tree in `build/`."""
    build = os.path.join(root, "build")
    names = sorted(os.listdir(build)) if os.path.isdir(build) else []
    return [name for name in names if os.path.isfile(os.path.join(build, name, MANIFEST))]


def repair_build_folder(root: str) -> None:
    """Finish or undo what a crash left half done; without a crash, do nothing."""
    if os.path.isdir(os.path.join(root, "build")):
        with _build_locked(root, exclusive=True):
            _repair_build_folder(root)


def _repair_build_folder(root: str) -> None:
    build = os.path.join(root, "build")
    for name in sorted(os.listdir(build)):
        workflow, dot, step = name[1:].rpartition(".")
        if name.startswith(".") and dot and step in ("part", "new", "old"):
            _repair(os.path.join(build, workflow))


def _repair(tree: str) -> None:
    part, new, old = _steps_of(tree)
    for candidate in (new, old):
        if not os.path.exists(tree) and os.path.exists(candidate):
            os.rename(candidate, tree)
    for leftover in (part, new, old):
        _delete(leftover)


def _change_places(tree: str) -> None:
    _, new, old = _steps_of(tree)
    if os.path.exists(tree):
        os.rename(tree, old)
    os.rename(new, tree)
    _delete(old)


def _delete(folder: str) -> None:
    if os.path.exists(folder):
        from shutil import rmtree  # costs 5 ms, and a build without changes deletes nothing

        rmtree(folder)


def _tree_of(root: str, workflow: str) -> str:
    return os.path.join(root, "build", workflow)


def _steps_of(tree: str) -> tuple[str, str, str]:
    build, name = os.path.split(tree)
    part, new, old = (os.path.join(build, f".{name}.{step}") for step in ("part", "new", "old"))
    return part, new, old


def _definition_of(artifacts: Artifacts) -> bytes:
    return artifacts.definition.encode()


def _write_file(path: str, content: bytes, *, lasting: bool) -> None:
    """Write a file; what no build could make again, a release, waits until the disk has it."""
    with open(path, "wb") as file:
        file.write(content)
        if lasting:
            file.flush()
            os.fsync(file.fileno())


def _read_tree(tree: str) -> dict[str, bytes]:
    return dict(_read_files(tree))


def _read_files(tree: str) -> Iterator[tuple[str, bytes]]:
    for parent, folders, names in os.walk(tree):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(parent, name)
            yield os.path.relpath(path, tree).replace(os.sep, "/"), read_file(path)


def read_artifacts(root: str, workflow: str) -> Artifacts:
    """Read a workflow's tree from `build/` and make its packages again, each checked by digest.

    Raises `ArtifactError` where the tree is missing, or a file or a package is not the one that the
    manifest names: what runs or is deployed is what was reviewed, or nothing.
    """
    validate_name(workflow)
    with _build_locked(root):
        tree = _read_tree(_tree_of(root, workflow))
    if MANIFEST not in tree:
        known = list_trees(root)
        hint = suggest_name(workflow, known) or " Build it with: carnation build"
        raise ArtifactError(
            f"workflow '{workflow}' not found in build/ (built: "
            f"{', '.join(known) or 'nothing yet'}).{hint}"
        )
    manifest = parse_json(tree[MANIFEST].decode(), f"build/{workflow}/{MANIFEST}")
    paths: Mapping[str, Mapping[str, str]] = manifest["artifacts"]
    packages = {
        path: make_package(root, os.path.basename(path)[:-4], entry.get("source", ""))
        for path, entry in paths.items()
        if path.endswith(".zip")
    }
    for path, entry in paths.items():
        _check_digest(workflow, path, packages.get(path, tree.get(path)), entry["sha256"])
    files = {path: data.decode() for path, data in tree.items() if path in paths}
    files[MANIFEST] = tree[MANIFEST].decode()
    return Artifacts(workflow, manifest["version"], files, packages, manifest)


def read_children(root: str, artifacts: Artifacts) -> list[Artifacts]:
    """Read the workflows that one starts or imports from, and theirs, the last ones first."""
    found: dict[str, Artifacts] = {artifacts.workflow: artifacts}

    def read(parent: Artifacts) -> Iterator[Artifacts]:
        exporters = find_exporters(os.path.join(root, "build"), list_imports(parent))
        for name in (*parent.manifest.get("children", ()), *exporters):
            if name not in found:
                found[name] = child = read_artifacts(root, name)
                yield from read(child)
                yield child

    return list(read(artifacts))


def _check_digest(workflow: str, path: str, content: bytes | None, expected: str) -> None:
    if content is None:
        problem = " is missing"
    elif digest(content) != expected:
        made = f", made from lambdas/{os.path.basename(path)[:-4]}/," if path[-4:] == ".zip" else ""
        problem = f"{made} is not the one that the manifest names"
    else:
        return
    raise ArtifactError(
        f"build/{workflow}/{path}{problem}. Rebuild it with: carnation build {workflow}"
    )
