"""Targets: the files that a lint reads, for what a caller names.

A target is a file, a folder, the name of a built workflow, or `-` (standard input).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from carnation.document import leads_out
from carnation.errors import UsageError
from carnation.records import NamedTuple
from carnation.sources import is_in_file, reject_target, split_target

DEFINITION_SUFFIXES = (".asl.json", ".asl.yaml", ".asl.yml", ".asl.json5", ".asl")
TEMPLATE_SUFFIXES = (".yaml", ".yml", ".template", ".json", ".json5", ".tf", ".tofu")
STDIN = "-"
_MACHINES = os.path.join("build", "{}", "code", "state-machine")
_SKIPPED = {".git", "node_modules", ".venv", "__pycache__", ".aws-sam", ".mypy_cache", ".tox"}


class TargetFile(NamedTuple):
    """A file to read; one that was named must hold a definition, or the machine of that name.

    One that was not named was found in `folder`.
    """

    path: str
    named: bool
    machine: str = ""
    folder: str = ""

    @property
    def holds_definition(self) -> bool:
        """Whether the whole file has to be a definition, if it is not a template."""
        return self.named or self.path.endswith(DEFINITION_SUFFIXES)


def find_files(targets: Sequence[str] = ()) -> Iterator[TargetFile]:
    """Yield the files to read: those of all of `build/` without targets.

    Raises `UsageError` for a target that does not exist, and where `build/` is empty.
    """
    if not targets:
        built = list(_list_built("build")) if os.path.isdir("build") else []
        if not built:
            raise UsageError(
                "no definitions found in build/. Name a file, or run `carnation build` first."
            )
        yield from (TargetFile(path, True) for path in built)
    for target in targets:
        if target == STDIN:
            yield TargetFile(target, True)
        elif is_in_file(target):
            path, machine = split_target(target)
            yield TargetFile(path, True, machine)
        elif os.path.isdir(target) and not _is_built(target):
            yield from (TargetFile(path, False, folder=target) for path in walk_folder(target))
        else:
            yield from (TargetFile(path, True) for path in _find_workflow(target))


def walk_folder(folder: str) -> Iterator[str]:
    """Yield the files in a folder whose names say that they may hold a definition."""
    for path, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        for name in sorted(files):
            if name.endswith((*DEFINITION_SUFFIXES, *TEMPLATE_SUFFIXES)):
                yield os.path.normpath(os.path.join(path, name))


def is_link_out(path: str, folder: str) -> bool:
    """Return whether a file that was found in a folder is a link to one outside of it."""
    return os.path.islink(path) and leads_out(path, folder)


def _list_built(folder: str) -> Iterator[str]:
    for workflow in sorted(os.listdir(folder)):
        inner = os.path.join(folder, workflow, "code", "state-machine")
        if os.path.isdir(inner):
            yield from _list_definitions(inner)


def _list_definitions(folder: str) -> list[str]:
    """List the definitions of a built workflow; the policy beside them is not one."""
    names = sorted(name for name in os.listdir(folder) if name.endswith(DEFINITION_SUFFIXES))
    return [os.path.join(folder, name) for name in names]


def _is_built(name: str) -> bool:
    """Return whether a built workflow is meant; the folder of that name is `./name`."""
    return os.sep not in name and os.path.isdir(_MACHINES.format(name))


def _find_workflow(name: str) -> list[str]:
    folder = _MACHINES.format(name)
    if _is_built(name):
        return _list_definitions(folder)
    reject_target(name)
