"""A project on disk: its root folder, and `[tool.carnation]` of its pyproject.toml."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from carnation.errors import UsageError, WorkflowError, suggest_name

PARTITIONS = (
    "aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f",
)  # fmt: skip
"""Source: https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html"""


def find_root(start: str) -> str:
    """Find the project: the nearest folder, from `start` upwards, that holds `definitions/`."""
    folder = os.path.abspath(start)
    while not os.path.isdir(os.path.join(folder, "definitions")):
        parent = os.path.dirname(folder)
        if parent == folder:
            raise WorkflowError(
                f"no definitions/ folder found in {os.path.abspath(start)} or its parents. "
                "Run this command in a carnation project."
            )
        folder = parent
    return folder


def read_partition(start: str) -> str:
    """Read `partition` of `[tool.carnation]`: where a project's workflows live.

    Gives '' where the project does not say, as most should not: then `${Partition}` stays in what
    is built, and the stacks put in the partition they are deployed to. Raises `UsageError` for a
    partition that AWS does not have.
    """
    path, text = read_nearest(start)
    if "partition" not in text or "tool.carnation" not in text:
        return ""
    table = find_table(parse_toml(path, text), "tool", "carnation")
    for key in table:
        if key not in ("lint", "partition"):
            near = suggest_name(key, ["lint", "partition"])
            raise UsageError(f"{path}: unknown setting '{key}' in [tool.carnation].{near}")
    partition = table.get("partition", "")
    if "partition" in table and partition not in PARTITIONS:
        near = suggest_name(str(partition), PARTITIONS)
        raise UsageError(
            f"{path}: partition is {partition!r}; it takes {', '.join(PARTITIONS)}.{near}"
        )
    return str(partition)


def read_nearest(start: str) -> tuple[str, str]:
    """Read the nearest pyproject.toml, from a folder upwards; both texts are '' where none is."""
    folder = os.path.abspath(start)
    while not os.path.isfile(os.path.join(folder, "pyproject.toml")):
        parent = os.path.dirname(folder)
        if parent == folder:
            return "", ""
        folder = parent
    path = os.path.join(folder, "pyproject.toml")
    with open(path, encoding="utf-8") as file:
        return path, file.read()


def find_table(table: Any, *keys: str) -> Mapping[str, Any]:
    """Return the table that keys lead to; empty where one of them is missing."""
    for key in keys:
        table = table.get(key, {}) if isinstance(table, Mapping) else {}
    return table if isinstance(table, Mapping) else {}


def parse_toml(path: str, text: str) -> dict[str, Any]:
    """Parse a pyproject.toml; raises `UsageError` where it is not valid TOML."""
    import tomllib  # nobody else pays for it

    try:
        table: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: invalid TOML: {error}.") from error
    return table
