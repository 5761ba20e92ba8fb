"""A project's settings, in `[tool.carnation]` of its pyproject.toml."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from carnation.errors import UsageError, suggest_name
from carnation.rules import ERROR, SEVERITIES, Settings, find_rule

PARTITIONS = (
    "aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f",
)  # fmt: skip
"""Source: https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html"""


def read_settings(start: str) -> tuple[Settings, str]:
    """Read `[tool.carnation.lint]` of the nearest pyproject.toml, from a folder upwards.

    Gives how severe each rule is, and the severity from which on the project wants to fail.
    Raises `UsageError` for what cannot be read, or is no setting.
    """
    path, text = _read_nearest(start)
    if "tool.carnation.lint" not in text:  # then nobody pays for a reader of TOML
        return Settings(), ERROR
    return _check_settings(path, _parse_toml(path, text))


def read_partition(start: str) -> str:
    """Read `partition` of `[tool.carnation]`: where a project's workflows live.

    Gives '' where the project does not say, as most should not: then `${Partition}` stays in what
    is built, and the stacks put in the partition they are deployed to. Raises `UsageError` for a
    partition that AWS does not have.
    """
    path, text = _read_nearest(start)
    if "partition" not in text or "tool.carnation" not in text:
        return ""
    table = _find_table(_parse_toml(path, text), "tool", "carnation")
    for key in table:
        if key not in ("lint", "partition"):
            near = suggest_name(key, ["lint", "partition"])
            raise UsageError(f"{path}: [tool.carnation] has no '{key}'.{near}")
    partition = table.get("partition", "")
    if "partition" in table and partition not in PARTITIONS:
        near = suggest_name(str(partition), PARTITIONS)
        raise UsageError(
            f"{path}: partition is {partition!r}; it takes {', '.join(PARTITIONS)}.{near}"
        )
    return str(partition)


def _read_nearest(start: str) -> tuple[str, str]:
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


def _find_table(table: Any, *keys: str) -> Mapping[str, Any]:
    for key in keys:
        table = table.get(key, {}) if isinstance(table, Mapping) else {}
    return table if isinstance(table, Mapping) else {}


def _parse_toml(path: str, text: str) -> dict[str, Any]:
    try:
        if sys.version_info >= (3, 11):
            import tomllib
        else:
            import tomli as tomllib
    except ImportError as error:
        raise UsageError(
            f"{path}: reading [tool.carnation] takes Python 3.11, or tomli on Python 3.10. "
            "Install it: pip install tomli"
        ) from error
    try:
        table: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: this is no TOML ({error}). Mend the file.") from error
    return table


def _check_settings(path: str, table: Mapping[str, Any]) -> tuple[Settings, str]:
    lint = _find_table(table, "tool", "carnation", "lint")
    for key in lint:
        if key not in ("fail-on", "severity"):
            near = suggest_name(key, ["fail-on", "severity"])
            raise UsageError(f"{path}: [tool.carnation.lint] has no '{key}'.{near}")
    severities = lint.get("severity", {})
    fail_on = lint.get("fail-on", ERROR)
    if fail_on not in (*SEVERITIES, "never") or not isinstance(severities, Mapping):
        raise UsageError(
            f"{path}: fail-on takes {', '.join(SEVERITIES)} or never; severity a table"
        )
    for rule_id, severity in severities.items():
        find_rule(rule_id)
        if severity not in (*SEVERITIES, "off"):
            raise UsageError(
                f"{path}: the severity of '{rule_id}' is {severity!r}; it takes "
                f"{', '.join(SEVERITIES)} or off."
            )
    return Settings(severities), fail_on
