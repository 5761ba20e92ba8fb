"""Calls of services, checked on the line of Python that makes them.

The check is the one of the lint (`carnation.services.calls`): a service or an action that does not
exist, and, as deep as they are written, parameters that the action does not take. What is newer
than carnation passes with a comment that says so, as a finding of the lint is suppressed.
"""

from __future__ import annotations

import re
from typing import Any

from carnation.errors import DefinitionError
from carnation.states.arguments import UNSET, is_dynamic


def reject_unknown_call(owner: str, action: str, comment: Any) -> None:
    """Raise `DefinitionError` for a call that Step Functions surely does not have."""
    from carnation.services.call_names import check_name  # reads a data file

    found = None if is_ignored("unknown-integration", comment) else check_name(action)
    if found is not None and not found.is_newer:
        raise DefinitionError(f"{owner}: {found.message}. {_format_rule('unknown-integration')}")


def reject_parameters(owner: str, action: str, given: Any, comment: Any) -> None:
    """Raise `DefinitionError` for parameters that the action does not take, and for lost ones."""
    from carnation.services.calls import check_call
    from carnation.services.task_calls import (
        MISSING,
        NEWER,
        UNKNOWN,
        WRONG,
    )  # reads a data file

    sent = None if given is UNSET else given
    if is_ignored("unknown-integration", comment):
        return
    for found in check_call(action, sent, is_dynamic=is_dynamic):
        rule = "wrong-parameter" if found.kind == WRONG else "unknown-parameter"
        is_empty = found.kind == MISSING and not sent and action.startswith("aws-sdk:")
        if not (is_empty or found.kind == NEWER or is_ignored(rule, comment)):
            hint = f" {_format_rule(rule)}" if found.kind == UNKNOWN else ""
            end = "" if found.message.endswith("?") else "."
            raise DefinitionError(f"{owner}: {found.message}{end}{hint}")


def is_ignored(rule: str, comment: Any) -> bool:
    """Return whether a state's comment suppresses a rule, and says why.

    >>> is_ignored("unknown-integration", "carnation: ignore unknown-integration because it is new")
    True
    """
    pattern = rf"carnation:\s*ignore\s+{rule}\s+because\s+\S"
    return isinstance(comment, str) and re.search(pattern, comment) is not None


def _format_rule(rule: str) -> str:
    return f"Is it newer than carnation? comment='carnation: ignore {rule} because …' lets it be."
