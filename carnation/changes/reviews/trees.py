"""Trees: the paths of a folder, of a file or of a revision, and how to read them.

Listing is cheap and comes first; only files that may hold a definition or a template are read.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence

from carnation.document import read_file, read_inner_file
from carnation.records import NamedTuple

DEFINITION_SUFFIXES = (".asl.json", ".asl.yaml", ".asl.yml", ".asl.json5", ".asl")
SUFFIXES = (*DEFINITION_SUFFIXES, ".json", ".json5", ".yaml", ".yml", ".template")
MANIFEST = "manifest.json"
_SKIPPED = frozenset({"node_modules", "__pycache__", "venv", "cdk.out"})
_RELEASES = "/releases/"


def _find_nothing(path: str) -> bytes | None:
    return None


def _read_nothing(folder: str) -> dict[str, bytes]:
    return {}


class Tree(NamedTuple):
    """Documents under one roof: `read` gives the bytes of some of `paths`.

    `find` gives those of a file that a document names, None where there is none; `read_folder`
    those of every file in a folder, which sources of code are. `in_flight` says, where the tree is
    deployed, how many executions run of each workflow.
    """

    name: str
    paths: tuple[str, ...]
    read: Callable[[Sequence[str]], dict[str, bytes]]
    find: Callable[[str], bytes | None] = _find_nothing
    read_folder: Callable[[str], dict[str, bytes]] = _read_nothing
    in_flight: Mapping[str, str] = {}

    def narrow(self, paths: Sequence[str]) -> Tree:
        """Return the same tree with some of its paths only."""
        return self._replace(paths=tuple(paths))


def open_folder(folder: str) -> Tree:
    """Open a folder; hidden ones in it, and those of other tools, are passed over."""

    def read(paths: Sequence[str]) -> dict[str, bytes]:
        places = {path: os.path.join(folder, *path.split("/")) for path in paths}
        return {path: read_inner_file(place, folder) for path, place in places.items()}

    def find(path: str) -> bytes | None:
        place = os.path.join(folder, path)
        return read_inner_file(place, folder) if os.path.isfile(place) else None

    def read_folder(inner: str) -> dict[str, bytes]:
        return read([f"{inner}/{path}" for path in _list_sources(os.path.join(folder, inner))])

    return Tree(folder, tuple(_list_folder(folder)), read, find, read_folder)


def _list_sources(folder: str) -> Iterator[str]:
    for path, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        for name in sorted(files):
            if not os.path.islink(os.path.join(path, name)):
                yield os.path.relpath(os.path.join(path, name), folder).replace(os.sep, "/")


def _list_folder(folder: str) -> Iterator[str]:
    built = os.path.join(folder, "build")
    # a folder with built workflows is told by them: no need to walk all of it
    inside = os.path.isdir(built) and any(
        os.path.isfile(os.path.join(built, name, MANIFEST)) for name in os.listdir(built)
    )
    for path, folders, files in os.walk(built if inside else folder):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and name not in _SKIPPED
        )
        for name in sorted(files):
            if name.endswith(SUFFIXES):
                yield os.path.relpath(os.path.join(path, name), folder).replace(os.sep, "/")


def open_file(path: str) -> Tree:
    """Open one file, as a tree of its own."""
    return Tree(path, (path,), lambda paths: {name: read_file(name) for name in paths}, find_bytes)


def find_bytes(path: str) -> bytes | None:
    """Read a file; None where there is none."""
    return read_file(path) if os.path.isfile(path) else None


def choose_paths(old: Tree, new: Tree) -> tuple[Tree, Tree]:
    """Keep what is to be compared: built workflows where there are any, else every document."""
    trees = []
    built = [path for tree in (old, new) for path in tree.paths if is_built(path)]
    for tree in (old, new):
        paths = [path for path in tree.paths if path.endswith(SUFFIXES) or len(tree.paths) == 1]
        if built:
            paths = [path for path in paths if path.startswith("build/")]
        trees.append(tree.narrow([path for path in paths if _RELEASES not in f"/{path}"]))
    return trees[0], trees[1]


def is_built(path: str) -> bool:
    """Return whether a path is a built workflow's `build/<workflow>/manifest.json`."""
    parts = path.split("/")
    return len(parts) == 3 and parts[0] == "build" and parts[2] == MANIFEST
