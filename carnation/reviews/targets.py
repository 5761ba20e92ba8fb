"""Targets: what the words OLD and NEW of a command line stand for.

A path that exists is that path; anything else has to be a revision. With one word, it is compared
with what it belongs to: a path with HEAD, a revision with the working tree.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from carnation.console import clean
from carnation.errors import UsageError, suggest_name
from carnation.reviews.trees import Tree, is_built, open_file, open_folder

_HEAD = "HEAD"
DEPLOYED = "deployed"


def open_targets(old: str | None, new: str | None) -> tuple[Tree, Tree]:
    """Open the two sides of a comparison; without words, HEAD and the working tree."""
    if old is None:
        old, new = _HEAD, "."
    elif new is None:
        old, new = (_HEAD, old) if os.path.exists(old) else (old, ".")
    if DEPLOYED in (old.partition(":")[0], new.partition(":")[0]):
        return _open_deployed(old, new)
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


def _open_deployed(old: str, new: str) -> tuple[Tree, Tree]:
    """Open what an account holds, `deployed` or `deployed:STACK`, beside a tree that is built.

    The tree says which workflows are meant; the stack of each is `<workflow>-dev` unless named.
    """
    words = (old, new)
    away = 0 if old.partition(":")[0] == DEPLOYED else 1
    here, stack = words[1 - away], words[away].partition(":")[2]
    tree = _open_path(here) if os.path.exists(here) else _open_beside(here, ".")
    names = sorted({path.split("/")[1] for path in tree.paths if is_built(path)})
    if stack:
        names = [name for name in names if stack.rpartition("-")[0] == name]
    if not names:
        raise UsageError(
            f"'{here}' holds no built workflow that '{words[away]}' could be a stack of. Run it in "
            "a project, and name the stack as deployed:<workflow>-<environment>."
        )
    from carnation.account import Account, read_deployed

    account = Account()
    files: dict[str, bytes] = {}
    for name in names:
        for path, content in read_deployed(account, stack or f"{name}-dev", name).items():
            files[f"build/{name}/{path}"] = content
    kept = [path for path in tree.paths if path.startswith(tuple(f"build/{n}/" for n in names))]
    there = Tree(words[away], tuple(files), lambda paths: {path: files[path] for path in paths})
    return (there, tree.narrow(kept)) if away == 0 else (tree.narrow(kept), there)


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
