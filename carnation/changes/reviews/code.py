"""Code: a package that changed, by its files and lines, and the workflows that use it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from carnation.changes.impacts import CODE, KINDS
from carnation.changes.records import Change, render_value
from carnation.changes.reviews.trees import Tree
from carnation.document.values import Json
from carnation.records import NamedTuple

_KEY = re.compile(r"(?<=/)(\w[\w.-]*)\.[0-9a-f]{16}\.zip")
_NAME = re.compile(r"\w[\w.-]*")


class PackageChange(NamedTuple):
    """A package that changed: where in its sources, who uses it, and the review that tells it."""

    lines: tuple[str, ...]
    workflows: tuple[str, ...]
    told_by: str


def find_package(change: Change) -> str:
    """Return the name of the package that a change of code is about; '' of any other change."""
    if KINDS[change.kind].family != CODE:
        return ""
    found = _KEY.search(f"{render_value(change.after)} {render_value(change.before)}")
    if found:
        return found[1]
    named = change.part.endswith("manifest.json") and _NAME.fullmatch(change.subject)
    return change.subject if named else ""


def find_packages(
    named: Sequence[tuple[str, Sequence[Change]]],
    manifests: Mapping[str, Mapping[str, Json]],
    sides: tuple[Tree, Tree],
) -> dict[str, PackageChange]:
    """Return the packages that changed, of reviews by their names; each is told by the first."""
    found: dict[str, PackageChange] = {}
    for name, changes in named:
        for package in dict.fromkeys(map(find_package, changes)):
            if package and package not in found:
                lines = tuple(_compare_sources(package, *sides))
                found[package] = PackageChange(lines, _list_users(package, manifests), name)
    return found


def _list_users(package: str, manifests: Mapping[str, Mapping[str, Json]]) -> tuple[str, ...]:
    path = f"code/python/{package}.zip"
    return tuple(name for name, manifest in manifests.items() if path in manifest["artifacts"])


def _compare_sources(package: str, old: Tree, new: Tree) -> Iterator[str]:
    """Yield each file of a package that changed, with its lines, as the new side counts them."""
    folder = f"lambdas/{package}"
    before, after = old.read_folder(folder), new.read_folder(folder)
    if not before or not after:  # what is deployed, or built elsewhere, has no sources
        return
    for path in sorted({*before, *after}):
        if path not in before:
            yield f"{path} (new)"
        elif path not in after:
            yield f"{path} (removed)"
        elif before[path] != after[path]:
            yield f"{path} {_format_lines(before[path], after[path])}"


def _format_lines(before: bytes, after: bytes) -> str:
    r"""Describe which lines are others.

    >>> _format_lines(b"a\nb\nc\nd", b"a\nx\nc")
    'line 2, after line 3'
    """
    from difflib import SequenceMatcher  # who changed no code need not load it

    edits = SequenceMatcher(None, before.splitlines(), after.splitlines(), autojunk=False)
    words = []
    for tag, _, _, start, end in edits.get_opcodes():
        if tag == "delete":
            words.append(f"after line {start}")
        elif tag != "equal":
            words.append(f"line {end}" if end - start == 1 else f"lines {start + 1}-{end}")
    return ", ".join(words[:6]) + (f" and {len(words) - 6} more places" if words[6:] else "")
