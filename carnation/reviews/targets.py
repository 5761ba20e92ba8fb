"""Targets: what the words OLD and NEW of a command line stand for.

A path that exists is that path; anything else has to be a revision. With one word, it is compared
with what it belongs to: a path with HEAD, a revision with the working tree.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from carnation.changes.wording import clean
from carnation.errors import UsageError, suggest_name
from carnation.reviews.trees import Tree, open_file, open_folder

_HEAD = "HEAD"


def open_targets(old: str | None, new: str | None) -> tuple[Tree, Tree]:
    """Open the two sides of a comparison; without words, HEAD and the working tree."""
    if old is None:
        old, new = _HEAD, "."
    elif new is None:
        old, new = (_HEAD, old) if os.path.exists(old) else (old, ".")
    exist = (os.path.exists(old), os.path.exists(new))
    if all(exist):
        if os.path.isdir(old) != os.path.isdir(new):
            raise UsageError(
                f"'{old}' and '{new}' are a folder and a file. Name two of the same sort."
            )
        return _open_path(old), _open_path(new)
    if exist[1]:
        return _open_beside(old, new), _open_path(new)
    if exist[0]:
        return _open_path(old), _open_beside(new, old)
    return _open_beside(old, "."), _open_beside(new, ".")


def _open_path(path: str) -> Tree:
    return open_folder(path) if os.path.isdir(path) else open_file(path)


def _open_beside(revision: str, path: str) -> Tree:
    """Open what a revision holds of a path."""
    from carnation.reviews.revisions import find_commit, is_repository, open_revision

    folder, name = (path, "") if os.path.isdir(path) else os.path.split(path)
    commit = find_commit(folder, revision)
    if not commit:
        revision = clean(revision)
        if not is_repository(folder):
            where = os.path.abspath(folder)
            raise UsageError(
                f"there is no file or folder '{revision}', and {where} is in no git repository "
                "whose revision it could be."
            )
        near = suggest_name(revision, os.listdir(folder or "."))
        raise UsageError(f"there is no file, folder or git revision '{revision}'.{near}")
    tree = open_revision(folder, revision, commit, name)
    if name and not tree.paths:
        raise UsageError(f"there is no file '{path}' in '{revision}'.")
    return _rename(tree, revision, name, path) if name else tree


def _rename(tree: Tree, revision: str, name: str, path: str) -> Tree:
    """Give a tree of one file under the name that it has on the other side."""

    def read(paths: Sequence[str]) -> dict[str, bytes]:
        return dict.fromkeys(paths, tree.read([name])[name])

    return Tree(f"{revision}:{path}", (path,), read)
