"""A project's settings, in `[tool.carnation]` of its pyproject.toml."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from carnation.errors import UsageError, suggest_name
from carnation.rules import ERROR, SEVERITIES, Settings, find_rule


def read_settings(start: str) -> tuple[Settings, str]:
    """Read `[tool.carnation.lint]` of the nearest pyproject.toml, from a folder upwards.

    Gives how severe each rule is, and the severity from which on the project wants to fail.
    Raises `UsageError` for what cannot be read, or is no setting.
    """
    folder = os.path.abspath(start)
    while not os.path.isfile(os.path.join(folder, "pyproject.toml")):
        parent = os.path.dirname(folder)
        if parent == folder:
            return Settings(), ERROR
        folder = parent
    path = os.path.join(folder, "pyproject.toml")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if "tool.carnation.lint" not in text:  # then nobody pays for a reader of TOML
        return Settings(), ERROR
    return _check_settings(path, _parse_toml(path, text))


def _parse_toml(path: str, text: str) -> dict[str, Any]:
    try:
        if sys.version_info >= (3, 11):
            import tomllib
        else:
            import tomli as tomllib
    except ImportError as error:
        raise UsageError(
            f"{path}: reading [tool.carnation.lint] takes Python 3.11, or tomli on Python 3.10. "
            "Install it: pip install tomli"
        ) from error
    try:
        table: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: this is no TOML ({error}). Mend the file.") from error
    return table


def _check_settings(path: str, table: Mapping[str, Any]) -> tuple[Settings, str]:
    lint: Any = table
    for key in ("tool", "carnation", "lint"):
        lint = lint.get(key, {}) if isinstance(lint, Mapping) else {}
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
