"""New projects: `SHAPES`, the example workflows to start from, and `create_project`."""

from __future__ import annotations

import os
from collections.abc import Mapping

from carnation.errors import UsageError
from carnation.records import NamedTuple


class Shape(NamedTuple):
    """An example workflow: what it shows, and the command that runs it."""

    summary: str
    run: str


SHAPES = {
    "hello": Shape("one Lambda function", """carnation run hello --input '{"name": "Ada"}'"""),
    "order": Shape(
        "a function, a table, a queue, and an event rule",
        """carnation run order --input '{"id": "o-1", "amount": 20}' --show orders""",
    ),
    "events": Shape(
        "the events pattern: failed events are queued, retried, and kept in a dead-letter queue",
        "carnation run events --input @lambdas/collect_events/events/make-ten.json",
    ),
    "distributed": Shape(
        "a Distributed Map over the rows of an uploaded CSV file",
        "carnation run import-csv --put files/in/prices.csv=samples/prices.csv --show rows",
    ),
}

_PYPROJECT = """[dependency-groups]
dev = ["carnation[sdk,run]", "pytest"]

[tool.pytest.ini_options]
testpaths = ["tests"]
"""
_WORKFLOW = """name: check
on: [push, pull_request]
permissions:
  contents: read
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - uses: actions/setup-python@v6
        with:
          python-version: "3.13"
      - run: python -m pip install --group dev
      - run: carnation build --check
      - run: carnation lint
      - run: pytest
"""
_PRE_COMMIT = """repos:
  - repo: local
    hooks:
      - id: carnation-build
        name: build/ is up to date
        entry: carnation build --check
        language: system
        pass_filenames: false
"""
PROJECT_FILES = {
    "pyproject.toml": _PYPROJECT,
    ".gitignore": "__pycache__/\n.carnation/\n.pytest_cache/\n.venv/\n",
    ".github/workflows/check.yml": _WORKFLOW,
    ".pre-commit-config.yaml": _PRE_COMMIT,
}
"""The files that every project gets: path to text."""

ADOPTED_TEST = '''"""The adopted definitions have no validation error; mock their tasks."""

from carnation.linter import lint


def test_no_definition_has_an_error():
    assert [finding for finding in lint().findings if finding.severity == "error"] == []
'''


def create_project(folder: str, shape: str = "hello") -> list[str]:
    """Write a project with the example workflow of a shape below `folder`; return the paths.

    Raises `UsageError`, and writes nothing, where something is in the way: a file that exists, or a
    link or a file instead of a folder.
    """
    return write_project(folder, {**_read_shape(shape), **PROJECT_FILES})


def write_project(folder: str, files: Mapping[str, str]) -> list[str]:
    """Write files (path to text) below `folder`, all or none; return their paths."""
    check_free(folder, files)
    written: list[str] = []
    try:
        for path, text in files.items():
            target = os.path.join(folder, path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "x", encoding="utf-8", newline="\n") as file:
                written.append(target)
                file.write(text)
    except OSError as error:
        for target in written:
            os.remove(target)
        place, reason = error.filename or folder, os.strerror(error.errno or 0).lower()
        raise UsageError(f"cannot write {place}: {reason}. No file was left.") from error
    return list(files)


def check_free(folder: str, paths: Mapping[str, str]) -> None:
    """Raise `UsageError` where one of the paths below `folder` cannot be created."""
    obstacles = sorted({found for path in paths if (found := _find_obstacle(folder, path))})
    if obstacles:
        raise UsageError(
            f"already exists: {', '.join(obstacles)}. Nothing was written. "
            "Move it, or choose an empty folder."
        )


def _read_shape(shape: str) -> dict[str, str]:
    root = os.path.join(os.path.dirname(__file__), "shapes", shape)
    files = {}
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(set(folders) - {"__pycache__"})
        for name in sorted(names):
            path = os.path.join(folder, name)
            with open(path, encoding="utf-8") as file:
                files[os.path.relpath(path, root).replace(os.sep, "/")] = file.read()
    return files


def _find_obstacle(folder: str, path: str) -> str:
    """Return the part of a path that cannot be created; '' where all of it can."""
    parts = path.split("/")
    for end in range(1, len(parts)):
        parent = "/".join(parts[:end])
        there = os.path.join(folder, parent)
        if os.path.islink(there) or (os.path.lexists(there) and not os.path.isdir(there)):
            return parent
    return path if os.path.lexists(os.path.join(folder, path)) else ""
