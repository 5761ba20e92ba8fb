"""Targets: what the words OLD and NEW of a command line represent.

A path that exists is that path; anything else has to be a revision. With one word, it is compared
with what it belongs to: a path with HEAD, a revision with the working tree.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from carnation.changes.reviews.trees import Tree, is_built, open_file, open_folder
from carnation.console import clean
from carnation.errors import UsageError, suggest_name
from carnation.lazy import TYPE_CHECKING
from carnation.records import NamedTuple

if TYPE_CHECKING:
    from carnation.account import Account

_HEAD = "HEAD"
DEPLOYED = "deployed"


class AccountLocation(NamedTuple):
    """Where what is deployed is read: an account, in a region, and which of a workflow's stacks."""

    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    environment: str = "dev"


def open_targets(
    old: str | None,
    new: str | None,
    place: AccountLocation = AccountLocation(),  # noqa: B008
) -> tuple[Tree, Tree]:
    """Open the two sides of a comparison; without words, HEAD and the working tree."""
    if old is None:
        old, new = _HEAD, "."
    elif new is None:
        old, new = (_HEAD, old) if os.path.exists(old) else (old, ".")
    if DEPLOYED in (old.partition(":")[0], new.partition(":")[0]):
        return _open_deployed(old, new, place)
    _reject_place(place)
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


def _reject_place(place: AccountLocation) -> None:
    for name, value, default in zip(AccountLocation._fields, place, AccountLocation(), strict=True):
        if value != default:
            option = f"--{name.replace('_', '-')}"
            raise UsageError(
                f"{option} names the account of deployed[:STACK], and neither side of this "
                f"comparison is. Name one: carnation diff deployed {option} {value}"
            )


def _open_deployed(old: str, new: str, place: AccountLocation) -> tuple[Tree, Tree]:
    """Open what an account holds, `deployed` or `deployed:STACK`, next to a tree that is built.

    The tree says which workflows are meant; the stack of each is `<workflow>-<environment>`
    unless it is named, and those that do not stand are left out.
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
    stacks = {name: stack or f"{name}-{place.environment}" for name in names}
    files, in_flight = _read_stacks(stacks, place)
    standing = tuple({path[: path.index("/", len("build/")) + 1] for path in files})
    kept = [path for path in tree.paths if path.startswith(standing)]
    there = Tree(
        words[away], tuple(files), lambda paths: {path: files[path] for path in paths},
        in_flight=in_flight,
    )  # fmt: skip
    return (there, tree.narrow(kept)) if away == 0 else (tree.narrow(kept), there)


def _read_stacks(
    stacks: Mapping[str, str], place: AccountLocation
) -> tuple[dict[str, bytes], dict[str, str]]:
    """Read the stacks of workflows that exist, and what runs; `AccountError` where none does."""
    from carnation.account import Account, find_deployed, read_deployed
    from carnation.errors import AccountError

    account = Account(place.profile, place.region, place.endpoint_url)
    files: dict[str, bytes] = {}
    in_flight: dict[str, str] = {}
    for name, stack in stacks.items():
        found = find_deployed(account, stack)
        if found is not None and found.exists:
            in_flight[name] = _count_in_flight(account, found.outputs)
            for path, content in read_deployed(account, stack, name).items():
                files[f"build/{name}/{path}"] = content
    if not files:
        named = " or ".join(f"'{stack}'" for stack in stacks.values())
        raise AccountError(
            f"stack {named} not found in account {account.number}, {account.region}. "
            "Check --environment, --profile and --region, or name it as deployed:STACK.",
            reason="no-stack",
        )
    return files, in_flight


def _count_in_flight(account: Account, outputs: Mapping[str, str]) -> str:
    """Describe how many executions run, and what they hold on to."""
    from carnation.account.deployment.in_flight import count_in_flight
    from carnation.errors import AccountError

    try:
        return count_in_flight(account, outputs)
    except AccountError as error:
        return f"the number of running executions is unknown: {error.code or error}"


def _open_path(path: str) -> Tree:
    return open_folder(path) if os.path.isdir(path) else open_file(path)


def _open_beside(revision: str, path: str) -> Tree:
    """Open what a revision holds of a path."""
    from carnation.changes.reviews.git import find_commit, is_repository, open_revision

    folder, name = (path, "") if os.path.isdir(path) else os.path.split(path)
    commit = find_commit(folder, revision)
    if not commit:
        revision = clean(revision)
        if not is_repository(folder):
            where = os.path.abspath(folder)
            raise UsageError(
                f"'{revision}' not found: no such file or folder, and {where} is not in a Git "
                f"repository."
            )
        near = suggest_name(revision, os.listdir(folder or "."))
        raise UsageError(f"'{revision}' not found: no such file, folder, or Git revision.{near}")
    tree = open_revision(folder, revision, commit, name)
    if name and not tree.paths:
        raise UsageError(f"file '{path}' not found in '{revision}'.")
    return _rename(tree, revision, name, path) if name else tree


def _rename(tree: Tree, revision: str, name: str, path: str) -> Tree:
    """Return a tree of one file under the name that it has on the other side."""

    def read(paths: Sequence[str]) -> dict[str, bytes]:
        return dict.fromkeys(paths, tree.read([name])[name])

    folder = os.path.dirname(path)

    def find(other: str) -> bytes | None:
        return tree.find(os.path.relpath(other, folder or "."))

    return Tree(f"{revision}:{path}", (path,), read, find)
