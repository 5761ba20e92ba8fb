"""The records stacks are rendered from: functions, their packages, and the built sources."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from carnation.errors import UsageError
from carnation.services.limits import LEAST_MEMORY, MOST_MEMORY

RUNTIME = "python3.13"
ARCHITECTURE = "arm64"


_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*\Z")
_LONGEST_NAME = 29  # a role's 64 characters, less project and environment
_TAKEN = ("schedule", "state_machine")  # the roles' own names
_VARIABLE = re.compile(r"(?!AWS_)[A-Za-z][A-Za-z0-9_]+\Z")


class _Fields(NamedTuple):
    name: str
    description: str
    timeout: int
    memory: int
    environment: Mapping[str, str]


class Function(_Fields):
    """A Lambda function: the code of `lambdas/<name>/`, with `handler.handle` as its handler.

    `name` has up to 29 small letters, digits and single underscores; `timeout` is in seconds (1 to
    900), `memory` in MB (128 to 10,240); `environment` holds literal values, beside those that the
    stacks give. Raises `UsageError` for what AWS would refuse.
    Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html

    >>> Function("process_event", description="Writes one event").title
    'ProcessEvent'
    """

    __slots__ = ()

    def __new__(
        cls,
        name: str,
        description: str,
        timeout: int = 30,
        memory: int = 256,
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> Function:
        """Check every field, and name the one that is wrong."""
        short = isinstance(name, str) and len(name) <= _LONGEST_NAME and name not in _TAKEN
        for field, value, holds, form in (
            ("name", name, short and _NAME.match(name), _NAME_FORM),
            ("description", description, _is_text(description), "text of up to 256 characters"),
            ("timeout", timeout, _is_within(timeout, 1, 900), "whole seconds from 1 to 900"),
            (
                "memory",
                memory,
                _is_within(memory, LEAST_MEMORY, MOST_MEMORY),
                "whole MB from 128 to 10,240",
            ),
            ("environment", environment, _is_environment(environment), _ENVIRONMENT_FORM),
        ):
            if not holds:
                raise UsageError(f"function {name!r}: its {field} is {value!r}; it takes {form}.")
        return super().__new__(cls, name, description, timeout, memory, environment)

    @property
    def title(self) -> str:
        """The name as logical IDs have it."""
        return "".join(part.title() for part in self.name.split("_"))

    @property
    def resource(self) -> str:
        """The name as the function's resource has it, behind project and environment."""
        return self.name.replace("_", "-")


_NAME_FORM = (
    f"up to {_LONGEST_NAME} small letters, digits and single underscores, a letter first, and not "
    f"{' or '.join(_TAKEN)}"
)
_ENVIRONMENT_FORM = "texts by names of letters, digits and underscores, none beginning with AWS_"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= 256


def _is_within(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _is_environment(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(name, str) and _VARIABLE.match(name) and isinstance(text, str)
        for name, text in value.items()
    )


class Package(NamedTuple):
    """A function's zip: its SHA-256 in hexadecimal, and its path below `build/<workflow>/`."""

    name: str
    sha256: str
    path: str


class Sources(NamedTuple):
    """What templates are rendered from: the definition and the packages, as they were built."""

    workflow: str
    version: str
    definition: Mapping[str, Any]
    definition_path: str
    definition_sha256: str
    packages: Mapping[str, Package]
