"""Revisions: the documents of a commit, read from git's objects; nothing is checked out or written.

git is started as a list of arguments, and only with what was verified to be a commit.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence

from carnation.changes.reviews.trees import SUFFIXES, Tree
from carnation.errors import UsageError


def find_commit(folder: str, revision: str) -> str:
    """Return the commit that a revision represents; '' if it represents none.

    What begins with a hyphen is no revision but an option, and git is never asked for it.
    """
    if not revision or revision.startswith("-") or not revision.isprintable():
        return ""
    answer = _run_git(
        folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
    )
    return answer.stdout.decode("ascii", "replace").strip() if answer.returncode == 0 else ""


def is_repository(folder: str) -> bool:
    """Return whether a folder is in a git repository."""
    return _run_git(folder, "rev-parse", "--git-dir").returncode == 0


def open_revision(folder: str, revision: str, commit: str, path: str = "") -> Tree:
    """Open what a commit holds of a folder, or one path in it."""
    limit = ["--", path] if path else []
    listing = _run_git(folder, "ls-tree", "-r", "-z", commit, *limit)
    if listing.returncode:
        reason = listing.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        raise UsageError(f"git cannot list '{revision}' in {folder}: {reason}.")
    objects: dict[str, str] = {}
    for entry in listing.stdout.decode("utf-8", "surrogateescape").split("\0"):
        facts, _, name = entry.partition("\t")
        if facts.startswith("100") and (path or name.endswith(SUFFIXES)):  # no links, no modules
            objects[name] = facts.split()[2]
    return Tree(
        revision,
        tuple(sorted(objects)),
        lambda paths: _read_objects(folder, {name: objects[name] for name in paths}),
        lambda name: _find_object(folder, commit, name),
        lambda inner: _read_folder(folder, commit, inner),
    )


def _read_folder(folder: str, commit: str, inner: str) -> dict[str, bytes]:
    """Read every file that a commit holds in a folder; none where it has no such folder."""
    listing = _run_git(folder, "ls-tree", "-r", "-z", commit, "--", inner)
    objects = {}
    for entry in listing.stdout.decode("utf-8", "surrogateescape").split("\0"):
        facts, _, name = entry.partition("\t")
        if facts.startswith("100"):
            objects[name] = facts.split()[2]
    return _read_objects(folder, objects)


def _find_object(folder: str, commit: str, path: str) -> bytes | None:
    """Return what a commit holds at a path from the folder; None where it holds no file there."""
    if path.startswith("/"):
        return None
    answer = _run_git(folder, "cat-file", "blob", f"{commit}:./{path}")
    return answer.stdout if answer.returncode == 0 else None


def _read_objects(folder: str, objects: dict[str, str]) -> dict[str, bytes]:
    if not objects:
        return {}
    wanted = "".join(f"{name}\n" for name in objects.values()).encode()
    output = _run_git(folder, "cat-file", "--batch", given=wanted).stdout
    contents: dict[str, bytes] = {}
    place = 0
    for path in objects:
        line = output.index(b"\n", place)
        header = output[place:line].split()
        if len(header) != 3:
            raise UsageError(f"git has no content for {path}. Fetch it, or clone without filters.")
        end = line + 1 + int(header[2])
        contents[path] = output[line + 1 : end]
        place = end + 1
    return contents


def _run_git(
    folder: str, *arguments: str, given: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    command: Sequence[str] = ["git", "-C", folder or ".", *arguments]
    # no locks, no fetching of what is missing, no questions
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1",
                   "GIT_TERMINAL_PROMPT": "0"}  # fmt: skip
    try:
        return subprocess.run(  # noqa: S603 - a list, and every revision verified
            command, input=given, capture_output=True, env=environment, check=False
        )
    except FileNotFoundError as error:
        raise UsageError(
            "git is not installed. Name two files or two folders to compare."
        ) from error
