"""Names and versions of workflows: `validate_name`, `validate_version`; neither needs the SDK."""

from __future__ import annotations

from carnation.errors import WorkflowError
from carnation.lazy import TYPE_CHECKING, compile_lazily
from carnation.project import find_root as find_root

if TYPE_CHECKING:
    import re

_NAME = compile_lazily(r"[a-z][a-z0-9-]{0,39}\Z")
_VERSION = compile_lazily(r"\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?\Z")


def validate_name(name: object) -> None:
    """Raise `WorkflowError` for an invalid name of a workflow, and of its folder in `build/`."""
    form = "up to 40 lowercase letters, digits, and hyphens, beginning with a letter"
    _validate(_NAME, name, "name", form)


def validate_version(version: object) -> None:
    """Raise `WorkflowError` for an invalid version of a workflow."""
    _validate(_VERSION, version, "version", "three numbers, as in '1.2.0'")


def _validate(pattern: re.Pattern[str], value: object, what: str, form: str) -> None:
    if not isinstance(value, str) or not pattern.match(value):
        raise WorkflowError(f"invalid {what} of a workflow: expected {form}, got {value!r}.")
