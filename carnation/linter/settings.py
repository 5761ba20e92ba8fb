"""A project's settings, in `[tool.carnation]` of its pyproject.toml."""

from __future__ import annotations

from collections.abc import Mapping

from carnation.document.values import Json
from carnation.errors import UsageError, suggest_name
from carnation.linter.findings import ERROR, SEVERITIES
from carnation.linter.runner import Settings, find_rule
from carnation.project import find_table, parse_toml, read_nearest


def read_settings(start: str) -> tuple[Settings, str]:
    """Read `[tool.carnation.lint]` of the nearest pyproject.toml, from a folder upwards.

    Gives how severe each rule is, and the severity from which on the project wants to fail.
    Raises `UsageError` for what cannot be read, or is no setting.
    """
    path, text = read_nearest(start)
    if "tool.carnation.lint" not in text:  # then nobody pays for a reader of TOML
        return Settings(), ERROR
    return _check_settings(path, parse_toml(path, text))


def _check_settings(path: str, table: Mapping[str, Json]) -> tuple[Settings, str]:
    lint = find_table(table, "tool", "carnation", "lint")
    for key in lint:
        if key not in ("fail-on", "severity"):
            near = suggest_name(key, ["fail-on", "severity"])
            raise UsageError(f"{path}: [tool.carnation.lint] has no '{key}'.{near}")
    severities = lint.get("severity", {})
    fail_on = lint.get("fail-on", ERROR)
    if fail_on not in (*SEVERITIES, "never") or not isinstance(severities, Mapping):
        raise UsageError(
            f"{path}: fail-on must be {', '.join(SEVERITIES)} or never; severity must be a table"
        )
    for rule_id, severity in severities.items():
        find_rule(rule_id)
        if severity not in (*SEVERITIES, "off"):
            raise UsageError(
                f"{path}: the severity of '{rule_id}' is {severity!r}; expected "
                f"{', '.join(SEVERITIES)} or off."
            )
    return Settings(severities), fail_on
