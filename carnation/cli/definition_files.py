"""The files that FILE or WORKFLOW of a command line names."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from carnation.errors import UsageError
from carnation.sources import is_in_file, reject_target


def find_definition_file(target: str) -> str:
    """Return the file itself, or the built definition of a workflow; `-` is standard input.

    Raises `UsageError` if neither exists.
    """
    path = os.path.join("build", target, "code", "state-machine", f"{target}.asl.json")
    if target == "-" or is_in_file(target):
        return target
    if os.path.isfile(path):
        return path
    reject_target(target)


def list_built() -> list[str]:
    """List the folders in build/."""
    return sorted(os.listdir("build")) if os.path.isdir("build") else []


def find_definition_files(targets: Sequence[str]) -> Iterator[str]:
    """Yield the files to read, those of all of `build/` without targets; `-` is standard input."""
    built = list_built()
    if not targets and not built:
        raise UsageError(
            "no definitions found in build/. Name a file, or run `carnation build` first."
        )
    if targets:
        yield from map(find_definition_file, targets)
        return
    for name in built:
        path = os.path.join("build", name, "code", "state-machine", f"{name}.asl.json")
        if os.path.isfile(path):
            yield path
