"""Stack policies: which resources an update may modify, replace or delete.

A stack without a policy allows all, one with a policy only what a statement of it allows and none
denies.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from carnation.errors import EmulatorError, TemplateError

MODIFY, REPLACE, DELETE = "Update:Modify", "Update:Replace", "Update:Delete"
_ACTIONS = frozenset({MODIFY, REPLACE, DELETE, "Update:*"})
_ID = "LogicalResourceId/"
_CONDITIONS = ("StringEquals", "StringLike")
_MAX_LENGTH = 16_384


def check_policy(text: str, logical_ids: Collection[str]) -> str:
    """Return a policy, or raise `TemplateError` for one that CloudFormation would refuse."""
    try:
        document = json.loads(text)
        valid = len(text) <= _MAX_LENGTH and isinstance(document, Mapping) and set(document) <= {
            "Statement", "Version", "Id",
        }  # fmt: skip
        rows = list(_list_statements(text)) if valid else []
    except (ValueError, TypeError):
        valid = False
    if not valid or not all(map(_is_statement, rows)):
        raise TemplateError("Error validating stack policy: Invalid stack policy")
    for row in rows:
        for name in _list(row, "Resource") + _list(row, "NotResource"):
            if not set("*?") & set(name) and name.removeprefix(_ID) not in logical_ids:
                raise TemplateError(
                    f"Error validating stack policy: Unknown logical id '{name}' in statement "
                    f"{json.dumps(row)} - stack policies can only be applied to logical ids "
                    "referenced in the template"
                )
    return text


def _list_statements(text: str) -> Iterator[Any]:
    found = json.loads(text).get("Statement") or ()
    yield from [found] if isinstance(found, Mapping) else found


def _list(statement: Mapping[str, Any], name: str) -> list[str]:
    found = statement.get(name, [])
    return list(found) if isinstance(found, list) else [found]


def _is_statement(row: Any) -> bool:
    if not isinstance(row, Mapping) or row.get("Effect") not in ("Allow", "Deny"):
        return False
    actions = _list(row, "Action") + _list(row, "NotAction")
    resources = _list(row, "Resource") + _list(row, "NotResource")
    conditions = row.get("Condition") or {}
    return (
        row.get("Principal") == "*"
        and bool(actions) and set(map(str, actions)) <= _ACTIONS
        and all(isinstance(name, str) and name.startswith((_ID, "*")) for name in resources)
        and isinstance(conditions, Mapping)
        and all(
            operator in _CONDITIONS and isinstance(keys, Mapping) and set(keys) == {"ResourceType"}
            for operator, keys in conditions.items()
        )
    )  # fmt: skip


def reject_denied(policy: str | None, action: str, logical_id: str, kind: str) -> None:
    """Raise `EmulatorError`, with the reason that CloudFormation gives, for what is not allowed."""
    rows = list(_list_statements(policy or "{}"))
    matching = [
        (number, row)
        for number, row in enumerate(rows, 1)
        if _applies(row, action, logical_id, kind)
    ]
    for number, row in matching:
        if row["Effect"] == "Deny":
            actions = ", ".join(_list(row, "Action") or [action])
            resources = ", ".join(_list(row, "Resource") or [f"{_ID}{logical_id}"])
            raise EmulatorError(
                f"Action denied by stack policy: Statement [#{number}] does not allow [{actions}] "
                f"for resource [{resources}];"
            )
    if rows and not matching:
        raise EmulatorError(
            f"Action not allowed by stack policy: no statement allows [{action}] for resource "
            f"[{_ID}{logical_id}];"
        )


def _applies(row: Mapping[str, Any], action: str, logical_id: str, kind: str) -> bool:
    return (
        _covers(row, "Action", "NotAction", action)
        and _covers(row, "Resource", "NotResource", f"{_ID}{logical_id}")
        and all(
            any(fnmatchcase(kind, name) for name in _list(keys, "ResourceType"))
            for keys in (row.get("Condition") or {}).values()
        )
    )


def _covers(row: Mapping[str, Any], name: str, negated: str, value: str) -> bool:
    if negated in row:
        return not any(fnmatchcase(value, one) for one in _list(row, negated))
    return any(fnmatchcase(value, one) for one in _list(row, name))
