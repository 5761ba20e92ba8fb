"""The root template's parameters, and values for them that CloudFormation would refuse."""

from __future__ import annotations

import contextlib
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from carnation.artifacts import Artifacts
from carnation.document import parse_document
from carnation.errors import UsageError, suggest_name

Slots = Mapping[str, Mapping[str, Any]]
DATA_PROTECTION = "DeletionProtection"
"""The root's parameter that says whether tables refuse to be deleted."""


def find_root(artifacts: Artifacts) -> str:
    """Return the text of the root template."""
    return next(text for path, text in artifacts.files.items() if path.endswith("-root-stack.yaml"))


def find_parameters(artifacts: Artifacts) -> dict[str, Mapping[str, Any]]:
    """Find the parameters of the root template: name to what the template says of it."""
    value = parse_document(find_root(artifacts), "root-stack.yaml").value
    slots: dict[str, Mapping[str, Any]] = dict(value.get("Parameters") or {})
    return slots


def reject_unknown(names: Sequence[str], known: Slots) -> None:
    """Raise `UsageError` for a parameter that the template does not have."""
    for name in names:
        if name not in known:
            raise UsageError(
                f"the root template has no parameter '{name}'; it has "
                f"{', '.join(known) or 'none'}.{suggest_name(name, known)}"
            )


def reject_missing(names: Sequence[str]) -> None:
    """Raise `UsageError` for parameters that nobody gives a value."""
    if names:
        raise UsageError(
            f"the root template requires {', '.join(names)}. Give "
            f"{' '.join(f'--parameter {name}=…' for name in names)}"
        )


def reject_values(values: Mapping[str, str], slots: Slots) -> None:
    """Raise `UsageError` for a value that the template's own constraints exclude.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
    """
    for name, value in values.items():
        slot = slots[name]
        wanted = next(_find_wanted(value, slot), "")
        if wanted:
            told = "that value" if str(slot.get("NoEcho")).lower() == "true" else f"'{value}'"
            told_why = slot.get("ConstraintDescription") or wanted
            raise UsageError(f"parameter {name} does not accept {told}: {told_why}.")


def _find_wanted(value: str, slot: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wanted instead of a value; lists and what AWS looks up are AWS's to judge."""
    allowed = [_write(one) for one in slot.get("AllowedValues", ())]
    if allowed and value not in allowed:
        yield f"expected {', '.join(allowed)}"
    if slot.get("Type") == "Number":
        yield from _check_number(value, slot)
    if slot.get("Type") != "String":
        return
    # Java's patterns are not all Python's, which warns of what it would read otherwise
    with contextlib.suppress(re.error, FutureWarning), warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        if not re.fullmatch(str(slot.get("AllowedPattern", "(?s:.*)")), value):
            yield f"it has to match {slot['AllowedPattern']}"
    shortest, longest = int(slot.get("MinLength", 0)), int(slot.get("MaxLength", len(value)))
    if not shortest <= len(value) <= longest:
        yield f"expected {shortest} characters or more, {slot.get('MaxLength', 4096)} at the most"


def _check_number(value: str, slot: Mapping[str, Any]) -> Iterator[str]:
    try:
        number = float(value)
    except ValueError:
        yield "expected a number"
        return
    lowest, highest = slot.get("MinValue", number), slot.get("MaxValue", number)
    if not float(lowest) <= number <= float(highest):
        yield f"expected a number from {lowest} to {highest}"


def _write(value: Any) -> str:
    """Write a value as CloudFormation compares it: YAML's `true` is the word."""
    return str(value).lower() if isinstance(value, bool) else str(value)
