"""A project on disk: its root folder, and `[tool.carnation]` of its pyproject.toml."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping

from carnation.errors import UsageError, WorkflowError, suggest_name
from carnation.lazy import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

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
    _reject_unknown_keys(path, table)
    partition = table.get("partition", "")
    if "partition" in table and partition not in PARTITIONS:
        near = suggest_name(str(partition), PARTITIONS)
        raise UsageError(
            f"{path}: partition is {partition!r}; expected {', '.join(PARTITIONS)}.{near}"
        )
    return str(partition)


def _reject_unknown_keys(path: str, table: Mapping[str, Any]) -> None:
    known = ("environments", "lint", "load", "partition")
    for key in table:
        if key not in known:
            near = suggest_name(key, known)
            raise UsageError(f"{path}: unknown setting '{key}' in [tool.carnation].{near}")


def read_environment(
    start: str, environment: str, workflow: str, parameters: Collection[str]
) -> dict[str, str]:
    """Read the values that `[tool.carnation.environments.<environment>]` gives for a workflow.

    Values in the table itself are for every workflow that has such a parameter, those in a table
    below it, named like a workflow, for that one. Raises `UsageError` for a name that the workflow
    does not have, unless it may be another workflow's.
    """
    path, text = read_nearest(start)
    if "environments" not in text:
        return {}
    table = find_table(parse_toml(path, text), "tool", "carnation")
    _reject_unknown_keys(path, table)
    where = f"{path}: [tool.carnation.environments.{environment}"
    shared = find_table(table, "environments", environment)
    own = find_table(shared, workflow)
    values = {name: value for name, value in shared.items() if not isinstance(value, Mapping)}
    for name in (*values, *own):
        near = suggest_name(name, parameters)
        if name not in parameters and (name in own or near):
            label = f"{where}.{workflow}]" if name in own else f"{where}]"
            raise UsageError(f"{label}: '{workflow}' has no parameter '{name}'.{near}")
    given = {**values, **own}
    return {name: _write(value) for name, value in given.items() if name in parameters}


def read_loads(start: str) -> dict[str, tuple[int, int]]:
    """Read `[tool.carnation.load.<workflow>]`: executions a day, and the items of each.

    Raises `UsageError` for anything but integers >= 1.
    """
    path, text = read_nearest(start)
    if "load" not in text:
        return {}
    table = find_table(parse_toml(path, text), "tool", "carnation")
    _reject_unknown_keys(path, table)
    return {name: _read_load(f"{path}: [tool.carnation.load.{name}]", one)
            for name, one in find_table(table, "load").items()}  # fmt: skip


def _read_load(where: str, table: Any) -> tuple[int, int]:
    known = ("executions_a_day", "items")
    if not isinstance(table, Mapping):
        raise UsageError(f"{where}: expected a table with {' and '.join(known)}.")
    for key, value in table.items():
        if key not in known:
            raise UsageError(f"{where}: unknown setting '{key}'.{suggest_name(key, known)}")
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= 10**9:
            raise UsageError(f"{where}: {key} is {value!r}; expected an integer >= 1.")
    if "executions_a_day" not in table:
        raise UsageError(f"{where}: executions_a_day is missing.")
    return table["executions_a_day"], table.get("items", 1)


def _write(value: Any) -> str:
    """Write a value as CloudFormation takes it.

    >>> _write(True), _write(30)
    ('true', '30')
    """
    return str(value).lower() if isinstance(value, bool) else str(value)


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
