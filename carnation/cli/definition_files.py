"""`find_definition_file`: the file that FILE or WORKFLOW of a command line names."""

from __future__ import annotations

import os

from carnation.errors import UsageError, suggest_name
from carnation.sources import split_target


def find_definition_file(target: str) -> str:
    """Return the file itself, or the built definition of a workflow; `-` is standard input.

    Raises `UsageError` if neither exists.
    """
    path = os.path.join("build", target, "code", "state-machine", f"{target}.asl.json")
    if target == "-" or os.path.isfile(split_target(target)[0]):
        return target
    if os.path.isfile(path):
        return path
    near = suggest_name(target, [*list_built(), *os.listdir(".")])
    raise UsageError(f"'{target}' not found: no such file or built workflow.{near}")


def list_built() -> list[str]:
    """List the folders in build/."""
    return sorted(os.listdir("build")) if os.path.isdir("build") else []
